"""What the surrogate sees of a history: encoded points, their scores, what is known of the noise.

The optimizer keeps its trials encoded from the day they are told, so that asking does not encode
them again; `suggest` given a plain history encodes it here.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..space import Space
from ._partial_scores import with_predictions
from ._trial import Trial

__all__ = ["EncodedTrials", "Observations", "encode_trials"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Observations:
    """The trials of a history in the unit cube.

    Parameters
    ----------
    U : ndarray of shape (n, n_dims)
        Encoded points; nan where a dimension is inactive.
    scores : ndarray of shape (n,)
        Scores, higher is better; nan for a failed trial. Of a trial pruned after some of its folds
        the estimate of its mean over all.
    noise_variance : ndarray of shape (n,)
        Known variances of the scores; nan where unknown.
    keys : frozenset
        Keys of the points, by which two points are the same.
    trials : tuple of Trial, default=()
        The trials themselves, in the same order; for what else they tell.
    fold_noise : ndarray of shape (n,), default=None
        Variances that the folds not run add; None if every trial has all of its folds.
    """

    U: Floats
    scores: Floats
    noise_variance: Floats
    keys: frozenset[Hashable]
    trials: tuple[Trial, ...] = ()
    fold_noise: Floats | None = None

    @property
    def n_finite(self) -> int:
        """How many trials have a score."""
        return int(np.isfinite(self.scores).sum())

    @property
    def U_finite(self) -> Floats:
        """The points of the trials that have a score."""
        return self.U[np.isfinite(self.scores)]

    def training_data(self) -> tuple[Floats, Floats, Floats | None]:
        """Points, finite scores and noise variances to fit a surrogate to; needs one finite score.

        A failed trial takes the worst score seen: bad enough for its region to be avoided, and
        not so bad that it would dwarf the differences between the good ones.
        """
        is_finite = np.isfinite(self.scores)
        scores = np.where(is_finite, self.scores, self.scores[is_finite].min())
        if not np.isfinite(self.noise_variance[is_finite]).all():
            # Known for some only: the model estimates one for all rather than mix two meanings.
            # To that one it adds what the folds not run add.
            return self.U, scores, self.fold_noise
        typical = np.median(self.noise_variance[is_finite])
        noise = np.where(is_finite, self.noise_variance, typical)
        return self.U, scores, noise if self.fold_noise is None else noise + self.fold_noise


class EncodedTrials:
    """Trials encoded one by one as they are told; grows, and gives snapshots.

    Parameters
    ----------
    space : Space
        The design space.
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        self._rows: list[Floats] = []
        self._scores: list[float] = []
        self._noise_variances: list[float] = []
        self._trials: list[Trial] = []
        self.keys: set[Hashable] = set()
        self._snapshot: Observations | None = None

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, trial: Trial) -> Hashable:
        """Encode a trial, which must lie inside the space, and return its key."""
        u = self._space.encode(trial.params)
        key = self._space.key(u)
        self._snapshot = None
        self._rows.append(u)
        self._trials.append(trial)
        self._scores.append(trial.score)
        self._noise_variances.append(
            np.nan if trial.noise_variance is None else trial.noise_variance
        )
        self.keys.add(key)
        return key

    def observations(self) -> Observations:
        """Return all trials so far."""
        if self._snapshot is None:
            self._snapshot = self._observations()
        return self._snapshot

    def _observations(self) -> Observations:
        scores, fold_noise = self._adjusted_scores()
        return Observations(
            U=np.array(self._rows).reshape(len(self._rows), self._space.n_dims),
            scores=scores,
            noise_variance=np.array(self._noise_variances, dtype=float),
            keys=frozenset(self.keys),
            trials=tuple(self._trials),
            fold_noise=fold_noise,
        )

    def _adjusted_scores(self) -> tuple[Floats, Floats | None]:
        """The scores, estimated where folds were not run, and what that adds to the noise."""
        scores = np.array(self._scores, dtype=float)
        is_partial = np.array([trial.is_partial for trial in self._trials], dtype=bool)
        if not is_partial.any():
            return scores, None
        # Of a trial that failed no fold counts: some of the scores are what a failure was set to.
        counts = [trial.is_partial or trial.is_complete for trial in self._trials]
        folds = [t.fold_scores if c else None for t, c in zip(self._trials, counts, strict=True)]
        return with_predictions(scores, folds, is_partial)


def encode_trials(trials: Iterable[Trial], space: Space) -> Observations:
    """Encode finished trials; an error if one lies outside the space."""
    encoded = EncodedTrials(space)
    for trial in trials:
        encoded.add(trial)
    return encoded.observations()
