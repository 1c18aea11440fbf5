"""An optimizer that is told scores from part of the resource, and proposes for all of it."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..space import Space
from ._checks import checked_trial
from ._observations import EncodedTrials
from ._optimizer import Optimizer
from ._rung_effects import adjust_rung_scores
from ._trial import Trial

__all__ = ["MultiFidelityOptimizer"]

Floats = NDArray[np.float64]


class MultiFidelityOptimizer(Optimizer):
    """Optimizer of a score that can be had cheaply first: from few rows, few iterations, one fold.

    A point may be told several times, on one rung after the other. The surrogate sees one score of
    each: the one from its highest rung, put on the scale of the highest rung that any point reached.

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
    From rung k to k + 1 a score changes by d plus noise N(0, s²). Both are estimated from the points
    told on both rungs, those weighing most whose score on rung k is next to that of the point in
    question. The d of the steps that are missing is added to its score, and the s² are told to the
    surrogate as noise. A point that fails on its highest rung has failed.

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

        Raises
        ------
        TypeError
            If the score is not a real number, or None without fold scores.
        ValueError
            If the point lies outside the space, or the rung, the noise variance or the status cannot
            be.
        """
        trial = checked_trial(
            len(self._trials), params, score, status, noise_variance, fold_scores, fit_time
        )
        self._pending.pop(self._told.add(trial, rung), None)
        self._trials.append(trial)


class _RungTrials(EncodedTrials):
    """Trials encoded one by one; one that was told on a lower rung gives way to itself on a higher one."""

    def __init__(self, space: Space, n_rungs: int, earlier: Iterable[Trial]) -> None:
        super().__init__(space)
        self._n_rungs = n_rungs
        self._row_of: dict[Hashable, int] = {}
        self._rung_scores: list[Floats] = []
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
            self._rung_scores.append(np.full(self._n_rungs, np.nan))
        else:
            self._snapshot = None
            cost = self._trials[row].fit_time
            self._trials[row] = trial if cost is None else replace(trial, fit_time=cost)
            self._scores[row] = trial.score
            if trial.noise_variance is not None:
                self._noise_variances[row] = trial.noise_variance
        self._rung_scores[row][rung] = trial.score
        return key

    def _adjusted_scores(self) -> tuple[Floats, Floats | None]:
        scores, fold_noise = super()._adjusted_scores()
        if not len(scores):
            return scores, fold_noise
        S = np.array(self._rung_scores)
        # An earlier trial that was pruned has an estimate and no score.
        is_estimate = np.isfinite(scores) & ~np.isfinite(S).any(axis=1)
        S[is_estimate, -1] = scores[is_estimate]
        adjusted = adjust_rung_scores(S)
        has_failed = ~np.isfinite(scores)
        noise = np.where(has_failed, 0.0, np.nan_to_num(adjusted.noise_variance))
        if fold_noise is not None:
            noise += fold_noise
        return np.where(has_failed, np.nan, adjusted.scores), noise if noise.any() else None
