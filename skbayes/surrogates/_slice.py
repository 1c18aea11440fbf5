"""Slice sampling: draws from a density known up to a factor, without a step size to tune.

Notation: f the log density, x the state. A level below f(x) is drawn, then a point uniformly from
the slice {x : f(x) > level}, along one coordinate at a time.

Reference: Neal (2003). Slice sampling. Annals of Statistics 31, 705-767, figures 3 and 5.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["slice_sample"]

FloatArray = NDArray[np.float64]

# An interval that has been widened so often reaches across anything that the widths were meant for;
# Neal's limit keeps the draws exact all the same.
_MAX_WIDENINGS = 8
# Each shrinking halves the interval on average: after these it is below a float's last digit, which
# a continuous density does not ask for.
_MAX_SHRINKINGS = 60


def slice_sample(
    log_density: Callable[[FloatArray], float],
    start: FloatArray,
    widths: FloatArray,
    n: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Return n successive states of the chain, one sweep through all coordinates apart.

    Parameters
    ----------
    log_density : callable
        Logarithm of the density, up to a constant; minus infinity outside the support.
    start : ndarray of shape (p,)
        Where the chain begins; inside the support.
    widths : ndarray of shape (p,)
        Typical sizes of a slice; they change the cost, not the distribution.
    n : int
        Number of sweeps.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    states : ndarray of shape (n, p)
        The state after each sweep.
    """
    x, f = np.array(start, dtype=float), log_density(start)
    states = np.empty((n, len(x)))
    for i in range(n):
        for j in rng.permutation(len(x)):
            x, f = _moved(log_density, x, f, int(j), float(widths[j]), rng)
        states[i] = x
    return states


def _moved(
    log_density: Callable[[FloatArray], float],
    x: FloatArray,
    f: float,
    j: int,
    width: float,
    rng: np.random.Generator,
) -> tuple[FloatArray, float]:
    """Return a point of the slice along coordinate j, and its log density."""

    def at(value: float) -> FloatArray:
        y = x.copy()
        y[j] = value
        return y

    level = f + math.log1p(-rng.random())
    low = x[j] - width * rng.random()
    high = low + width
    n_low = int(rng.integers(_MAX_WIDENINGS + 1))
    for _ in range(n_low):
        if log_density(at(low)) <= level:
            break
        low -= width
    for _ in range(_MAX_WIDENINGS - n_low):
        if log_density(at(high)) <= level:
            break
        high += width
    for _ in range(_MAX_SHRINKINGS):
        y = at(low + (high - low) * rng.random())
        f_y = log_density(y)
        if f_y > level:
            return y, f_y
        if y[j] < x[j]:
            low = y[j]
        else:
            high = y[j]
    return x, f
