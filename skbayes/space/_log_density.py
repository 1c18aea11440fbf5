"""The log density of a prior along its unit interval, relative to its maximum, as a table.

Notation: u coordinate, the cumulative probability; p the density of x, or of log x (that is x p(x))
where no value is negative, as for scales, rates and counts, which matter by their ratios.
"""

from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from ._base import Floats

__all__ = ["LogDensityTable", "has_density", "of_continuous"]

# Knots evenly spread in the normal quantile of u, so that the tails get their share: between two of
# them a normal log density is off by less than 1e-3.
_N_KNOTS = 257


class LogDensityTable:
    """A log density over its maximum, by linear interpolation between some coordinates.

    Parameters
    ----------
    u : ndarray of shape (k,)
        Increasing coordinates.
    log_density : ndarray of shape (k,)
        Logarithms of the density there; infinite ones (a pole, a gap) are left out.
    """

    def __init__(self, u: Floats, log_density: Floats) -> None:
        kept = np.isfinite(log_density)
        self._u, w = u[kept], log_density[kept]
        self._w = w - w.max()
        # Constant beyond the ends.
        self._slopes = np.concatenate([[0.0], np.diff(w) / np.diff(self._u), [0.0]])

    def __call__(self, u: Floats) -> tuple[Floats, Floats]:
        """Values at coordinates (n,), at most 0, and their slopes."""
        return (
            np.interp(u, self._u, self._w),
            self._slopes[np.searchsorted(self._u, u, side="right")],
        )


def has_density(distribution: Any) -> bool:
    """Whether a distribution tells its density, as all frozen ones of scipy.stats do."""
    return hasattr(distribution, "logpdf") and hasattr(distribution, "support")


def of_continuous(distribution: Any, tail: float) -> LogDensityTable | None:
    """The table of a frozen distribution between two quantiles; None if it has no density to tell."""
    if not has_density(distribution):
        return None
    u = ndtr(np.linspace(ndtri(tail), -ndtri(tail), _N_KNOTS))
    x = np.asarray(distribution.ppf(u), dtype=float)
    with np.errstate(divide="ignore", over="ignore"):
        log_density = np.asarray(distribution.logpdf(x), dtype=float)
        if distribution.support()[0] >= 0.0:
            log_density = log_density + np.log(x)
    return LogDensityTable(u, log_density) if np.isfinite(log_density).any() else None
