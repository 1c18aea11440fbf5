"""What the surrogate sees of a history: encoded points, their scores, what is known of the noise.

The optimizer keeps its trials encoded from the day they are told, so that asking does not encode
them again; `suggest` given a plain history encodes it here.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..space import Space
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
        Scores, higher is better; nan for a failed trial.
    noise_variance : ndarray of shape (n,)
        Known variances of the scores; nan where unknown.
    keys : frozenset
        Keys of the points, by which two points are the same.
    """

    U: Floats
    scores: Floats
    noise_variance: Floats
    keys: frozenset[Hashable]

    @property
    def n_finite(self) -> int:
        """How many trials have a score."""
        return int(np.isfinite(self.scores).sum())

    @property
    def U_finite(self) -> Floats:
        """The points of the trials that have a score."""
        return self.U[np.isfinite(self.scores)]

    @property
    def scores_finite(self) -> Floats:
        """Their scores."""
        return self.scores[np.isfinite(self.scores)]

    def training_data(self) -> tuple[Floats, Floats, Floats | None]:
        """Points, finite scores and noise variances to fit a surrogate to; needs one finite score.

        A failed trial takes the worst score seen: bad enough for its region to be avoided, and
        not so bad that it would dwarf the differences between the good ones.
        """
        is_finite = np.isfinite(self.scores)
        scores = np.where(is_finite, self.scores, self.scores[is_finite].min())
        if not np.isfinite(self.noise_variance[is_finite]).all():
            # Known for some only: the model estimates one for all rather than mix two meanings.
            return self.U, scores, None
        typical = np.median(self.noise_variance[is_finite])
        return self.U, scores, np.where(is_finite, self.noise_variance, typical)


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
        self.keys: set[Hashable] = set()

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, trial: Trial) -> Hashable:
        """Encode a trial, which must lie inside the space, and return its key."""
        u = self._space.encode(trial.params)
        key = self._space.key(u)
        self._rows.append(u)
        self._scores.append(trial.score)
        self._noise_variances.append(
            np.nan if trial.noise_variance is None else trial.noise_variance
        )
        self.keys.add(key)
        return key

    def observations(self) -> Observations:
        """Return all trials so far."""
        return Observations(
            U=np.array(self._rows).reshape(len(self._rows), self._space.n_dims),
            scores=np.array(self._scores, dtype=float),
            noise_variance=np.array(self._noise_variances, dtype=float),
            keys=frozenset(self.keys),
        )


def encode_trials(trials: Iterable[Trial], space: Space) -> Observations:
    """Encode finished trials; an error if one lies outside the space."""
    encoded = EncodedTrials(space)
    for trial in trials:
        encoded.add(trial)
    return encoded.observations()
