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

__all__ = ["Observations", "encode_trials"]

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


def encode_trials(trials: Iterable[Trial], space: Space) -> Observations:
    """Encode finished trials; an error if one lies outside the space."""
    trials = tuple(trials)
    rows = [space.encode(trial.params) for trial in trials]
    return Observations(
        U=np.array(rows).reshape(len(rows), space.n_dims),
        scores=np.array([trial.score for trial in trials], dtype=float),
        noise_variance=np.array(
            [np.nan if t.noise_variance is None else t.noise_variance for t in trials], dtype=float
        ),
        keys=frozenset(space.key(u) for u in rows),
    )
