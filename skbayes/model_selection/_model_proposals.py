"""Candidates proposed by optimizers: one for each space that has its own budget, one after the other."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from ..evaluation import Candidate
from ..optimizer import (
    EarlierSearch,
    History,
    MetricConstraint,
    MultiObjectiveOptimizer,
    Optimizer,
    Progress,
    Trial,
    expected_seconds,
    violations,
)
from ..space import Space
from ._proposals import Params

__all__ = ["ModelProposals", "known_to", "own_parameters"]


class ModelProposals:
    """Waves of candidates from a model of the score.

    Parameters
    ----------
    optimizers : sequence of Optimizer
        One per space.
    budgets : sequence of int
        How many candidates each of them may propose.
    n_points : int
        Candidates per wave.
    constraints : sequence of MetricConstraint, default=()
        A trial that does not keep to them counts for no stopping rule.
    """

    has_model = True

    def __init__(
        self,
        optimizers: Sequence[Optimizer],
        budgets: Sequence[int],
        n_points: int,
        constraints: Sequence[MetricConstraint] = (),
    ) -> None:
        self._optimizers = list(optimizers)
        self._left = list(budgets)
        self._n_points = n_points
        self._constraints = tuple(constraints)
        self._told: list[list[Trial]] = [[] for _ in self._optimizers]
        self._adopted: list[list[Params]] = [[] for _ in self._optimizers]
        self._current = 0
        self._n_running = 0
        self._is_in_waves = True
        self.n_candidates = sum(budgets)
        self.names = frozenset(
            name for each in self._optimizers for name in each.space.names if name is not None
        )

    @staticmethod
    def place(points: Sequence[Params], spaces: Sequence[Space]) -> list[list[Params]]:
        """Sort the user's initial points by the first space that contains each; refuse the others."""
        placed: list[list[Params]] = [[] for _ in spaces]
        for point in points:
            homes = [k for k, space in enumerate(spaces) if space.contains(point)]
            if not homes:
                spaces[0].encode(point)  # raises, and says why
            placed[homes[0]].append(point)
        return placed

    def ask(self, n: int | None) -> list[Candidate]:
        """Return the next candidates from the space in turn; a space without points left gives way.

        It does so when all of its candidates are told: a trial belongs to the space in turn.
        """
        self._is_in_waves = n is None
        while self._current < len(self._optimizers):
            k = self._current
            n_asked = min(self._n_points if n is None else n, self._left[k])
            wave, self._adopted[k] = self._adopted[k][:n_asked], self._adopted[k][n_asked:]
            self._optimizers[k].add_pending(wave)
            if n_asked > 0 and not wave:
                wave = self._optimizers[k].ask(n_asked)
            if wave:
                self._left[k] -= len(wave)
                self._n_running += len(wave)
                return [Candidate(params) for params in wave]
            if self._n_running:
                return []
            self._current += 1
        return []

    def adopt(self, known: Sequence[Params]) -> None:
        """Propose candidates of an earlier run first, each from the first space that has it not yet and has room."""
        homes = list(zip(self._optimizers, self._adopted, self._left, strict=True))
        seen: list[set[Any]] = [set() for _ in homes]
        for params in known:
            for (optimizer, adopted, room), keys in zip(homes, seen, strict=True):
                space = optimizer.space
                key = space.key(space.encode(params)) if space.contains(params) else None
                if key is not None and key not in keys and len(adopted) < room:
                    keys.add(key)
                    adopted.append(params)
                    break

    def tell(self, trial: Trial, candidate: Candidate) -> None:
        """Record a trial with the optimizer that proposed it."""
        self._n_running -= 1
        self._told[self._current].append(trial)
        self._tell(self._current, trial)

    def tell_again(self, trial: Trial) -> None:
        """Put a trial with more folds in the place of the one with the same parameters."""
        for k, told in enumerate(self._told):
            for place, earlier in enumerate(told):
                if earlier.params is trial.params:
                    told[place] = replace(trial, number=earlier.number)
                    if trial.status != "pruned":
                        self._tell(k, trial)

    def _tell(self, k: int, trial: Trial) -> None:
        optimizer = self._optimizers[k]
        if isinstance(optimizer, MultiObjectiveOptimizer):
            # One that is complete by its score may lack another objective.
            status = None if trial.status == "complete" else trial.status
            optimizer.tell(
                trial.params, metrics=trial.metrics, fit_time=trial.fit_time, status=status
            )
            return
        optimizer.tell(
            trial.params,
            trial.score,
            fold_scores=trial.fold_scores,
            fit_time=trial.fit_time,
            status=trial.status,
            metrics=trial.metrics,
        )

    def expected_seconds(self, params: Params) -> float | None:
        """Return the seconds of a fit by the optimizer's model of fit times; None if it has none."""
        k = min(self._current, len(self._optimizers) - 1)
        return expected_seconds(self._told[k], self._optimizers[k].space, params)

    def progress(self, history: History) -> Progress | None:
        """Return the trials and the model of the space in turn; None before the wave is complete."""
        if self._is_in_waves and self._n_running:
            return None
        k = self._current
        return Progress(History(tuple(map(self._if_kept, self._told[k]))), self._optimizers[k])

    def _if_kept(self, trial: Trial) -> Trial:
        """The trial, without its score if it does not keep to the constraints."""
        if not self._constraints or violations(self._constraints, [trial.metrics])[0] == 0.0:
            return trial
        return replace(trial, score=np.nan, fold_scores=None, status="pruned")

    def end_turn(self) -> bool:
        """Give way to the next space, and return whether there is one."""
        self._left[self._current] = 0
        return any(self._left)

    def histories(self) -> list[History]:
        """Return the trials of each space."""
        return [History(tuple(trials)) for trials in self._told]

    def score_posterior(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the model's mean and std of the score at every candidate told, each (n_candidates,)."""
        means, stds = [np.empty(0)], [np.empty(0)]
        for optimizer, trials in zip(self._optimizers, self._told, strict=True):
            mean = std = np.full(len(trials), np.nan)
            # Without a finite score, or with a surrogate that cannot be fitted, there is none; the
            # results of the search stay.
            with suppress(ValueError):
                posterior = optimizer.score_posterior([trial.params for trial in trials])
                mean, std = posterior.mean, posterior.std
            means.append(mean)
            stds.append(std)
        return np.concatenate(means), np.concatenate(stds)

    def objective_posteriors(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Return mean and std of each of several objectives at every candidate told; empty with one."""
        found: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        for optimizer, trials in zip(self._optimizers, self._told, strict=True):
            if not isinstance(optimizer, MultiObjectiveOptimizer):
                return {}
            posteriors = {}
            with suppress(ValueError):
                posteriors = optimizer.objective_posteriors([trial.params for trial in trials])
            for objective in optimizer.objectives:
                name, empty = objective.name, np.full(len(trials), np.nan)
                posterior = posteriors.get(name)
                part = (empty, empty) if posterior is None else (posterior.mean, posterior.std)
                before = found.get(name, (np.empty(0), np.empty(0)))
                found[name] = (
                    np.concatenate([before[0], part[0]]),
                    np.concatenate([before[1], part[1]]),
                )
        return found


def own_parameters(estimator: Any, space: Space) -> list[Params]:
    """Return the estimator's own parameters as a candidate, if they lie in the space."""
    return space.restrict(estimator.get_params(deep=True))[:1]


def known_to(
    space: Space, earlier: Sequence[EarlierSearch], is_only_space: bool
) -> list[EarlierSearch]:
    """Return what a space can learn from; the only one gets all trials, and warns of those outside."""
    if is_only_space:
        return list(earlier)
    return [
        replace(
            search, trials=[trial for trial in search.trials if _has_place(space, trial, search)]
        )
        for search in earlier
    ]


def _has_place(space: Space, trial: Trial, search: EarlierSearch) -> bool:
    return bool(space.restrict({**(search.defaults or {}), **trial.params}))
