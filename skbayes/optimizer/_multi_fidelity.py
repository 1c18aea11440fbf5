"""An optimizer that is told scores from part of the resource, and proposes for all of it."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..space import Space
from ._checks import checked_trial
from ._observations import EncodedTrials, Observations
from ._optimizer import Optimizer
from ._trial import Trial

__all__ = ["MultiFidelityOptimizer"]

Floats = NDArray[np.float64]


class MultiFidelityOptimizer(Optimizer):
    """Optimizer of a score that can be had cheaply first: from few rows, few iterations, one fold.

    A point may be told several times, on one rung after the other. The surrogate learns from one rung:
    the highest one with more scores than the space has dimensions.

    Parameters
    ----------
    space : dict, list of dict, list of Dimension, or Space
        The design space, as for `Optimizer`.
    n_rungs : int
        How many amounts of resource there are, at least 1.
    **options : object
        As for `Optimizer`. Earlier trials of the same objective count as told on the last rung.

    Raises
    ------
    ValueError, TypeError
        If an argument cannot be used.

    See Also
    --------
    Optimizer : With one amount of resource.
    skbayes.HalvingBayesSearchCV : Who decides which point goes on to the next rung.

    Notes
    -----
    Scores of one rung are comparable, and those of the highest are next to what is wanted; fewer than
    one more than the dimensions make no model [1]_. A point that fails on any rung has failed.

    What the lower rungs know besides is left out, because it misleads where a score early says little of
    the score in the end, as with boosting iterations and the learning rate: 50 candidates on four rungs
    ended 0.0148 (standard error 0.0011) below the best R² of a table with the highest rung alone, 0.0256
    (0.0011) with the scores of lower rungs put on its scale by what those rose that were scored on
    both, and 0.0172 (0.0012) with the resource as a further dimension of the Gaussian process, which was
    the worse way for an SVC with rows as the resource (``benchmarks/fidelities.py``).

    References
    ----------
    .. [1] Falkner, Klein, Hutter (2018). BOHB: robust and efficient hyperparameter optimization at scale.
       ICML, PMLR 80, 1437-1446.

    Examples
    --------
    >>> from skbayes.optimizer import MultiFidelityOptimizer
    >>> optimizer = MultiFidelityOptimizer({"x": (0.0, 1.0)}, n_rungs=2, random_state=0)
    >>> points = optimizer.ask(4)
    >>> for params in points:  # cheaply, and all scores come out low
    ...     optimizer.tell(params, score=-1.0 - abs(params["x"] - 0.4), rung=0)
    >>> for params in points[:2]:
    ...     optimizer.tell(params, score=-abs(params["x"] - 0.4), rung=1)
    >>> [len(optimizer.history), len(points)]
    [6, 4]
    """

    def __init__(self, space: Any, *, n_rungs: int, **options: Any) -> None:
        super().__init__(space, **options)
        earlier = self._told.observations().trials
        self._told: _RungTrials = _RungTrials(self.space, n_rungs, earlier)

    def tell(
        self,
        params: Mapping[str, Any],
        score: float | None = None,
        *,
        rung: int = -1,
        noise_variance: float | None = None,
        fold_scores: Iterable[float] | None = None,
        fit_time: float | None = None,
        status: str | None = None,
        metrics: Mapping[str, float] | None = None,
    ) -> None:
        """Record the score of a point on one rung and return at once.

        Parameters
        ----------
        params : dict
            A point of the space, asked for or not.
        score : float or None, default=None
            Higher is better, as for `Optimizer.tell`.
        rung : int, default=-1
            The rung it was scored on, from 0; -1 is the last one.
        noise_variance, fold_scores : optional
            As for `Optimizer.tell`.
        fit_time : float or None, default=None
            Seconds that the evaluation took. That of a point's first rung is its cost.
        status : str or None, default=None
            As for `Optimizer.tell`.
        metrics : dict or None, default=None
            What else was measured.

        Raises
        ------
        TypeError
            If the score is not a real number, or None without fold scores.
        ValueError
            If the point lies outside the space, or the rung, the noise variance or the status cannot
            be.
        """
        trial = checked_trial(
            len(self._trials), params, score, status, noise_variance, fold_scores, fit_time, metrics
        )
        self._pending.pop(self._told.add(trial, rung), None)
        self._trials.append(trial)


class _RungTrials(EncodedTrials):
    """Trials encoded one by one, each point once, whatever the number of rungs it was told on."""

    def __init__(self, space: Space, n_rungs: int, earlier: Iterable[Trial]) -> None:
        super().__init__(space)
        self._n_rungs = n_rungs
        self._row_of: dict[Hashable, int] = {}
        self._on_rungs: list[dict[int, Trial]] = []
        for trial in earlier:
            self.add(trial)

    def add(self, trial: Trial, rung: int = -1) -> Hashable:
        """Encode a trial, which must lie inside the space, and return its key."""
        if not -self._n_rungs <= rung < self._n_rungs:
            raise ValueError(
                f"There are {self._n_rungs} rungs, and rung={rung} is none of them. Count from 0."
            )
        key = self._space.key(self._space.encode(trial.params))
        row = self._row_of.get(key)
        if row is None:
            row = self._row_of[key] = len(self)
            super().add(trial)
            self._on_rungs.append({})
        else:
            # Its latest score says whether it failed, its first seconds are what it costs to try.
            self._snapshot = None
            self._scores[row] = trial.score
            trial = replace(trial, fit_time=self._trials[row].fit_time)
        self._on_rungs[row][rung % self._n_rungs] = trial
        return key

    def _observations(self) -> Observations:
        """The trials of the rung to learn from, and the points that failed on any."""
        whole = super()._observations()
        if not len(self):
            return whole
        S = np.full((len(self), self._n_rungs), np.nan)
        noise = S.copy()
        for row, on_rungs in enumerate(self._on_rungs):
            for rung, trial in on_rungs.items():
                # Of one that was pruned on the last rung, the estimate from its folds.
                S[row, rung] = whole.scores[row] if trial.is_partial else trial.score
                if trial.noise_variance is not None:
                    noise[row, rung] = trial.noise_variance
        rung = self._rung_to_learn_from(np.isfinite(S).sum(axis=0))
        has_failed = ~np.isfinite(whole.scores)
        rows = np.flatnonzero(np.isfinite(S[:, rung]) | has_failed)
        fold_noise = None if whole.fold_noise is None else whole.fold_noise[rows]
        return Observations(
            U=whole.U[rows],
            scores=np.where(has_failed, np.nan, S[:, rung])[rows],
            noise_variance=noise[rows, rung],
            keys=whole.keys,
            trials=tuple(self._on_rungs[row].get(rung, self._trials[row]) for row in rows),
            fold_noise=fold_noise,
        )

    def _rung_to_learn_from(self, counts: NDArray[np.intp]) -> int:
        enough = np.flatnonzero(counts > self._space.n_dims)
        return int(enough[-1] if len(enough) else np.argmax(counts))
