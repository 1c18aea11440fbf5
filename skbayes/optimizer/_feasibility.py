"""How probable it is that an evaluation ends with a score: a Gaussian process on success and failure.

Labels +1 and −1 are regressed on, and the probability is that of a new label above 0:
P = Φ(m / √(s² + σ²)), with m and s the posterior's moments and σ² the noise that the process learnt.
Where failures come at random that noise is large, and P is close to the share of successes; where they
have a region it is small, and P is near 0 within and near 1 outside.

References: Rasmussen, Williams (2006). Gaussian Processes for Machine Learning, section 6.5 (least-
squares classification). Gelbart, Snoek, Adams (2014). Bayesian optimization with unknown constraints.
UAI. arXiv 1403.5607
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

from ..space import Space
from ._observations import Observations
from ._side_model import SideModel

__all__ = ["FeasibilityModel", "LogFeasibility", "failed_rows", "without_failures"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# Two failures have a place in common by chance.
_FEWEST = 3
# Of the deviance that the mere share of failures leaves, the others' places must explain so much. Where
# a third of 40 trials failed at random 5 of 36 histories seem to have a region that fails; where a
# half-space, a ball or a corner does, 101 of 108 (2, 4 and 6 dimensions; benchmarks/constants.py failures).
_EXPLAINED = 0.3
_LOG_SQRT_2PI = 0.5 * np.log(2 * np.pi)


def failed_rows(observations: Observations) -> Bools:
    """Which trials failed (n,)."""
    return np.array([trial.is_failed for trial in observations.trials], dtype=bool)


def without_failures(observations: Observations) -> Observations:
    """Return the observations that a surrogate learns from when failures are weighed."""
    kept = ~failed_rows(observations)
    fold_noise = observations.fold_noise
    return replace(
        observations,
        U=observations.U[kept],
        scores=observations.scores[kept],
        noise_variance=observations.noise_variance[kept],
        trials=tuple(t for t, is_kept in zip(observations.trials, kept, strict=True) if is_kept),
        fold_noise=None if fold_noise is None else fold_noise[kept],
    )


class FeasibilityModel:
    """Learns where evaluations fail.

    Parameters
    ----------
    space : Space
        The design space.
    seed : int
        Seed of the random starts of the fit.
    """

    def __init__(self, space: Space, seed: int) -> None:
        self._model = SideModel(space.n_categories, seed)

    def is_region(self, observations: Observations) -> bool:
        """Whether failures follow from the point: the others foretell who failed.

        True while there are too few to tell, and for failures alone.
        """
        is_failed = failed_rows(observations)
        n, n_failed = len(is_failed), int(is_failed.sum())
        if n_failed < _FEWEST or n_failed == n:
            return True
        labels = np.where(is_failed, -1.0, 1.0)
        if not self._model.fit(observations.U, labels, "failures"):
            return True
        mean, std = self._model.leave_one_out(observations.U, labels)
        foretold = float(log_ndtr(labels * mean / std).sum())
        # The share of the others that fared alike, half a trial for none.
        by_share = float(np.log((np.where(is_failed, n_failed, n - n_failed) - 0.5) / n).sum())
        return foretold > (1.0 - _EXPLAINED) * by_share

    def fitted(self, observations: Observations) -> "LogFeasibility | None":
        """Return the log probability of success; None while all have succeeded, or all failed."""
        is_failed = failed_rows(observations)
        if not is_failed.any() or is_failed.all():
            return None
        labels = np.where(is_failed, -1.0, 1.0)
        is_fitted = self._model.fit(observations.U, labels, "failures")
        return LogFeasibility(self._model) if is_fitted else None


@dataclass(frozen=True)
class LogFeasibility:
    """The log probability that an evaluation succeeds, as a log-weight.

    Parameters
    ----------
    model : SideModel
        Of labels +1 and −1.
    has_noise : bool, default=True
        Whether it is about the next evaluation; about the noise-free function otherwise.
    """

    model: SideModel
    has_noise: bool = True

    @property
    def _noise(self) -> float:
        return self.model.noise_variance if self.has_noise else 0.0

    def value(self, U: Floats) -> Floats:
        mean, std = self.model.mean_and_std(U)
        return np.asarray(log_ndtr(mean / np.sqrt(std**2 + self._noise)))

    def value_and_gradient(self, U: Floats) -> tuple[Floats, Floats]:
        mean, std, d_mean, d_std = self.model.value_and_gradient(U)
        spread = np.sqrt(std**2 + self._noise)
        z = mean / spread
        value = log_ndtr(z)
        # d log Φ(z)/dz = φ(z) / Φ(z), taken as a difference of logarithms: both underflow.
        slope = np.exp(-0.5 * z**2 - _LOG_SQRT_2PI - value)
        by_mean, by_std = slope / spread, -slope * z * std / spread**2
        return value, by_mean[:, None] * d_mean + by_std[:, None] * d_std
