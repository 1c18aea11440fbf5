"""How many seconds an evaluation takes: a Gaussian process on the logarithm of the fit times.

Fit times vary by powers of ten over a space and are positive, so their logarithms are modelled:
log t ~ N(m, s²), log E[t] = m + s²/2.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..space import Space
from ._observations import Observations, encode_trials
from ._side_model import SideModel
from ._trial import Trial

__all__ = ["CostModel", "LogSeconds", "expected_seconds"]

Floats = NDArray[np.float64]

# A clock says nothing of shorter times.
_SHORTEST = 1e-6
# Two times make a difference.
_FEWEST = 2


class CostModel:
    """Learns the seconds of an evaluation.

    Parameters
    ----------
    space : Space
        The design space.
    seed : int
        Seed of the random starts of the fit.
    """

    def __init__(self, space: Space, seed: int) -> None:
        self._model = SideModel(space.n_categories, seed)

    def fitted(self, observations: Observations) -> "LogSeconds | None":
        """Return the logarithm of the expected seconds; None with less than two fit times."""
        fit_times = [trial.fit_time for trial in observations.trials]
        times = np.array([np.nan if t is None else t for t in fit_times], dtype=float)
        is_known = np.isfinite(times) & (times >= 0.0)
        if is_known.sum() < _FEWEST:
            return None
        log_times = np.log(np.maximum(times[is_known], _SHORTEST))
        is_fitted = self._model.fit(observations.U[is_known], log_times, "fit times")
        return LogSeconds(self._model) if is_fitted else None


@dataclass(frozen=True)
class LogSeconds:
    """The logarithm of the expected seconds, as a log-weight.

    Parameters
    ----------
    model : SideModel
        Of log seconds.
    """

    model: SideModel

    def value(self, U: Floats) -> Floats:
        mean, std = self.model.mean_and_std(U)
        return mean + 0.5 * std**2

    def value_and_gradient(self, U: Floats) -> tuple[Floats, Floats]:
        mean, std, d_mean, d_std = self.model.value_and_gradient(U)
        return mean + 0.5 * std**2, d_mean + std[:, None] * d_std


def expected_seconds(
    trials: Iterable[Trial], space: Space, params: Mapping[str, Any]
) -> float | None:
    """Predict how long an evaluation will take, from the fit times of others.

    Parameters
    ----------
    trials : iterable of Trial
        Those with a `fit_time` count; all in the space.
    space : Space
        The design space.
    params : dict
        A point of it.

    Returns
    -------
    seconds : float or None
        The median of the model's log-normal distribution; None with less than two fit times.
    """
    log_seconds = CostModel(space, seed=0).fitted(encode_trials(trials, space))
    if log_seconds is None:
        return None
    mean, _ = log_seconds.model.mean_and_std(space.encode(params)[None, :])
    return float(np.exp(mean[0]))
