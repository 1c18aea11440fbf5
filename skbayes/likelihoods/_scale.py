"""A likelihood's own parameter, a positive number: given, estimated, or estimated under a prior of its own.

Notation: θ > 0 the parameter. The best θ is looked for along log θ; a prior on θ is a density on the natural
scale, and no Jacobian is added.
"""

from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

__all__ = ["best_parameter", "fixed_parameter", "is_given"]


def is_given(parameter: Any) -> bool:
    """Whether the parameter is a number: neither None nor a prior."""
    return isinstance(parameter, Real)


def fixed_parameter(parameter: Any, name: str, likelihood: str) -> float:
    """Return a given parameter as a float.

    Raises
    ------
    ValueError
        If it is not positive and finite, or still to be estimated.
    """
    if not is_given(parameter):
        raise ValueError(
            f"{likelihood} has no density while its {name} is to be estimated; got {name}={parameter!r}."
            f" Give a number, or take the likelihood that start(y) returns."
        )
    if not 0.0 < parameter < np.inf:
        raise ValueError(
            f"{likelihood} needs a positive finite {name}; got {name}={parameter!r}."
            f" Use None to have it estimated."
        )
    return float(parameter)


def best_parameter(
    log_likelihood: Callable[[float], float], prior: Any, low: float, high: float
) -> float:
    """Return the θ in [low, high] that is most probable given a log likelihood and a prior, or None for none."""

    def cost(log_parameter: float) -> float:
        parameter = float(np.exp(log_parameter))
        value = log_likelihood(parameter)
        if prior is not None:
            value += prior.log_density(np.array([parameter]))
        return -value if np.isfinite(value) else np.inf

    # A grid first: beside a likelihood that is flat far out, a prior may leave two maxima.
    grid = np.linspace(np.log(low), np.log(high), 65)
    costs = [cost(point) for point in grid]
    best = int(np.argmin(costs))
    bounds = (grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)])
    # A maximum cannot be placed better than the root of the rounding of its value.
    found = minimize_scalar(cost, bounds=bounds, method="bounded", options={"xatol": 1e-9})
    return float(np.exp(found.x if found.fun <= costs[best] else grid[best]))
