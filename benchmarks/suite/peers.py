"""One adapter per peer, all with the same three methods.

An adapter is made for a space, a seed and a budget. `ask` returns a point; exactly one `tell`
follows, with a score that is to be maximised. Most have `load` too, which takes in points that were
not asked for, so that `ask` is next; only the measurement of the overhead uses it. Peers live in
different environments, so each imports its package when it is made. All run with their own defaults
unless the docstring says otherwise. The order of calls and the seeds are part of the results: the
same seed gives the same trace.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .dimensions import Cat, Dimension, Float, Params, sample
from .smac_peer import Smac
from .torch_peers import Botorch, Hebo

__all__ = ["PEERS", "Peer"]

Space = Sequence[Dimension]


class Random:
    """Draws from the priors."""

    distribution = "numpy"

    def __init__(self, space: Space, seed: int, budget: int) -> None:
        self.space, self.rng = space, np.random.default_rng(seed)

    def ask(self) -> Params:
        """Draw a point."""
        return sample(self.space, self.rng)

    def tell(self, params: Params, score: float, fold_scores: Sequence[float] = ()) -> None:
        """Learn nothing."""

    def load(self, points: Sequence[Params], scores: Sequence[float]) -> None:
        """Learn nothing."""


class Skbayes:
    """Our Optimizer. It sees conditions, and the scores of the folds if `sees_folds`."""

    distribution = "skbayes"
    sees_folds = False

    def __init__(self, space: Space, seed: int, budget: int, **options: Any) -> None:
        from skbayes import Optimizer

        self.optimizer = Optimizer(self._notation(space), random_state=seed, **options)

    def ask(self) -> Params:
        """Ask for one point."""
        return self.optimizer.ask()

    def tell(self, params: Params, score: float, fold_scores: Sequence[float] = ()) -> None:
        """Tell the mean, or the mean and what it is the mean of."""
        folds = {"fold_scores": fold_scores} if self.sees_folds and fold_scores else {}
        self.optimizer.tell(params, score, **folds)

    def load(self, points: Sequence[Params], scores: Sequence[float]) -> None:
        """Tell one after the other."""
        for params, score in zip(points, scores, strict=True):
            self.optimizer.tell(params, score)

    def _notation(self, space: Space) -> Any:
        """A dict, or a list of dicts where one category decides on all the rest."""
        conditions = {d.active_if[0] if d.active_if else None for d in space}
        roots = [d for d in space if d.active_if is None]
        if len(roots) > 1 or conditions != {None, roots[0].name}:
            return {d.name: self._dimension(d, d.active_if) for d in space}
        return [
            {roots[0].name: [choice]}
            | {
                d.name: self._dimension(d)
                for d in space
                if d.active_if is not None and choice in d.active_if[1]
            }
            for choice in roots[0].choices
        ]

    @staticmethod
    def _dimension(dimension: Dimension, active_if: Any = None) -> Any:
        from skbayes import Categorical, Integer, Real

        condition = {active_if[0]: list(active_if[1])} if active_if else None
        if isinstance(dimension, Cat):
            return Categorical(list(dimension.choices), active_if=condition)
        prior = "log-uniform" if dimension.log else "uniform"
        kind = Real if isinstance(dimension, Float) else Integer
        return kind(dimension.low, dimension.high, prior, active_if=condition)


class SkbayesFolds(Skbayes):
    """Our Optimizer, told the score of every fold as BayesSearchCV tells it."""

    sees_folds = True


class SkoptGP:
    """scikit-optimize's Optimizer as its BayesSearchCV makes it; it thinks in `tell`."""

    distribution = "scikit-optimize"

    def __init__(self, space: Space, seed: int, budget: int) -> None:
        from skopt import Optimizer
        from skopt.space import Categorical, Integer, Real

        def as_dimension(d: Dimension) -> Any:
            if isinstance(d, Cat):  # positions: choices such as None have no order
                return Categorical([str(k) for k in range(len(d.choices))], name=d.name)
            prior = "log-uniform" if d.log else "uniform"
            return (Real if isinstance(d, Float) else Integer)(
                d.low, d.high, prior=prior, name=d.name
            )

        self.space = space
        self.optimizer = Optimizer(
            [as_dimension(d) for d in space],
            base_estimator="GP",
            n_initial_points=10,
            random_state=seed,
        )

    def ask(self) -> Params:
        """Ask for one point and keep it for `tell`."""
        self.asked = self.optimizer.ask()
        return {
            d.name: d.choices[int(value)] if isinstance(d, Cat) else value
            for d, value in zip(self.space, self.asked, strict=True)
        }

    def tell(self, params: Params, score: float, fold_scores: Sequence[float] = ()) -> None:
        """Tell the loss of the point that was asked for."""
        self.optimizer.tell(self.asked, -score)

    def load(self, points: Sequence[Params], scores: Sequence[float]) -> None:
        """Tell all at once: it fits once."""

        def plain(d: Dimension, value: Any) -> Any:
            return str(d.choices.index(value)) if isinstance(d, Cat) else value

        rows = [[plain(d, params[d.name]) for d in self.space] for params in points]
        self.optimizer.tell(rows, [-score for score in scores])


class OptunaTPE:
    """Optuna's default sampler. Conditions are stated by suggesting step by step."""

    distribution = "optuna"
    sees_conditions = True

    def __init__(self, space: Space, seed: int, budget: int) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        warnings.simplefilter("ignore")  # its notes on experimental parts
        self.optuna = optuna
        self.study = optuna.create_study(direction="maximize", sampler=self._sampler(seed))
        self.space = space
        self.distributions = {d.name: self._distribution(d) for d in space}
        self.is_flat = not self.sees_conditions or all(d.active_if is None for d in space)

    def _sampler(self, seed: int) -> Any:
        return self.optuna.samplers.TPESampler(seed=seed)

    def _distribution(self, dimension: Dimension) -> Any:
        kinds = self.optuna.distributions
        if isinstance(dimension, Cat):
            return kinds.CategoricalDistribution(dimension.choices)
        is_real = isinstance(dimension, Float)
        kind = kinds.FloatDistribution if is_real else kinds.IntDistribution
        return kind(dimension.low, dimension.high, log=dimension.log)

    def ask(self) -> Params:
        """Start a trial."""
        if self.is_flat:
            self.trial = self.study.ask(self.distributions)
            return dict(self.trial.params)
        self.trial = self.study.ask()
        params: Params = {}
        for d in self.space:
            if d.active_if is None or params.get(d.active_if[0]) in d.active_if[1]:
                params[d.name] = self._suggest(d)
        return params

    def _suggest(self, d: Dimension) -> Any:
        if isinstance(d, Cat):
            return self.trial.suggest_categorical(d.name, d.choices)
        is_real = isinstance(d, Float)
        suggest = self.trial.suggest_float if is_real else self.trial.suggest_int
        return suggest(d.name, d.low, d.high, log=d.log)

    def tell(self, params: Params, score: float, fold_scores: Sequence[float] = ()) -> None:
        """Finish the trial."""
        self.study.tell(self.trial, score)

    def load(self, points: Sequence[Params], scores: Sequence[float]) -> None:
        """Add finished trials."""
        for params, score in zip(points, scores, strict=True):
            trial = self.optuna.trial.create_trial(
                params=params, distributions=self.distributions, value=score
            )
            self.study.add_trial(trial)


class OptunaGP(OptunaTPE):
    """Optuna's Gaussian process. It models what all trials have, so it gets the space flat."""

    sees_conditions = False

    def _sampler(self, seed: int) -> Any:
        return self.optuna.samplers.GPSampler(seed=seed)


class HyperoptTPE:
    """hyperopt's TPE through its documents, as `fmin` does; conditions are nested choices."""

    distribution = "hyperopt"

    def __init__(self, space: Space, seed: int, budget: int) -> None:
        from hyperopt import Trials, tpe
        from hyperopt.base import JOB_STATE_DONE, Domain

        logging.getLogger("hyperopt").setLevel(logging.ERROR)
        self.space, self.rng = space, np.random.default_rng(seed)
        self.suggest, self.done = tpe.suggest, JOB_STATE_DONE
        self.domain, self.trials = Domain(lambda point: 0.0, self._notation(space)), Trials()

    def _notation(self, space: Space) -> dict[str, Any]:
        from hyperopt import hp

        nodes: dict[str, Any] = {}
        for d in reversed(space):  # children before their parent
            if not isinstance(d, Cat):
                nodes[d.name] = self._number(d)
                continue
            branches: list[Any] = list(range(len(d.choices)))
            children = [c for c in space if c.active_if is not None and c.active_if[0] == d.name]
            if children:
                branches = [
                    {c.name: nodes[c.name] for c in children if choice in c.active_if[1]}
                    for choice in d.choices
                ]
            nodes[d.name] = hp.choice(d.name, branches)
        return {d.name: nodes[d.name] for d in space if d.active_if is None}

    @staticmethod
    def _number(d: Dimension) -> Any:
        from hyperopt import hp

        if isinstance(d, Float):
            if d.log:
                return hp.loguniform(d.name, math.log(d.low), math.log(d.high))
            return hp.uniform(d.name, d.low, d.high)
        # The ends are rounded values too; a little less than a half keeps the rounding inside.
        low, high = d.low - 0.49, d.high + 0.49
        if d.log:
            return hp.qloguniform(d.name, math.log(low), math.log(high), 1)
        return hp.quniform(d.name, low, high, 1)

    def ask(self) -> Params:
        """Write the next document."""
        ids = self.trials.new_trial_ids(1)
        self.trials.refresh()
        seed = int(self.rng.integers(2**31 - 1))
        self.document = self.suggest(ids, self.domain, self.trials, seed)[0]
        values = self.document["misc"]["vals"]
        return {
            d.name: d.choices[int(values[d.name][0])] if isinstance(d, Cat) else values[d.name][0]
            for d in self.space
            if len(values[d.name])  # none where a dimension plays no part
        }

    def tell(self, params: Params, score: float, fold_scores: Sequence[float] = ()) -> None:
        """File the document with its loss."""
        self.document["state"] = self.done
        self.document["result"] = {"loss": -score, "status": "ok"}
        self.trials.insert_trial_docs([self.document])
        self.trials.refresh()

    def load(self, points: Sequence[Params], scores: Sequence[float]) -> None:
        """File documents of our own making."""
        ids = self.trials.new_trial_ids(len(points))
        for number, params, score in zip(ids, points, scores, strict=True):
            values = {
                d.name: [d.choices.index(params[d.name]) if isinstance(d, Cat) else params[d.name]]
                for d in self.space
            }
            misc = {"tid": number, "cmd": self.domain.cmd, "workdir": None, "vals": values}
            misc["idxs"] = {name: [number] for name in values}
            result = {"loss": -score, "status": "ok"}
            document = self.trials.new_trial_docs([number], [None], [result], [misc])[0]
            document["state"] = self.done
            self.trials.insert_trial_docs([document])
        self.trials.refresh()


Peer = Any
PEERS: dict[str, Callable[..., Peer]] = {
    "random": Random,
    "skbayes": Skbayes,
    "skbayes_folds": SkbayesFolds,
    "skopt_gp": SkoptGP,
    "optuna_tpe": OptunaTPE,
    "optuna_gp": OptunaGP,
    "hyperopt_tpe": HyperoptTPE,
    "smac_rf": Smac,
    "hebo": Hebo,
    "botorch_logei": Botorch,
}
