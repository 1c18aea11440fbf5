"""The user's rule about which points are allowed: asked carefully, and sampled under."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..exceptions import SpaceTypeError, SpaceValueError
from ._base import Floats
from ._values import shown

__all__ = ["Constraint", "draw_allowed", "is_met"]

Constraint = Callable[[dict[str, Any]], bool]

_BLOCK = 64
# A constraint that keeps one point in a thousand is met twenty times in so many.
_MAX_DRAWS = 20_000


def is_met(constraint: Constraint, params: dict[str, Any]) -> bool:
    """Ask the constraint about a point; an error if it gives no answer."""
    try:
        answer = constraint(dict(params))
        if answer is not None:
            return bool(answer)
    except Exception as error:
        raise SpaceTypeError(
            f"The constraint failed at the point {shown(params)}; it raised "
            f"{type(error).__name__}: {error}. Make it return True or False for every point of the "
            "space; inactive parameters are not in the dict."
        ) from error
    raise SpaceTypeError(
        f"The constraint returned None at the point {shown(params)}. Return True or False."
    )


def draw_allowed(
    draw: Callable[[int, np.random.Generator], Floats],
    is_allowed: Callable[[Floats], bool],
    listed: Iterable[Floats],
    n: int,
    rng: np.random.Generator,
) -> Floats:
    """Draw n points under a constraint by rejection.

    Parameters
    ----------
    draw : callable
        Takes a number and a generator; returns points from the prior.
    is_allowed : callable
        The constraint on an encoded point.
    listed : iterable of ndarray of shape (n_dims,)
        The allowed points of a small space, for when rejection finds none; empty for a large one.
    n : int
        How many; positive.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    U : ndarray of shape (n, n_dims)
        Allowed points. Those found are repeated where 20,000 draws and 20 for each point did not give enough.
    """
    found: list[Floats] = []
    n_drawn, most = 0, max(_MAX_DRAWS, 20 * n)
    while len(found) < n and n_drawn < most:
        block = draw(max(n, _BLOCK), rng)
        found += [u for u in block if is_allowed(u)]
        n_drawn += len(block)
    if len(found) >= n:
        return np.array(found[:n])
    found = found or list(listed)
    if not found:
        raise SpaceValueError(
            f"The constraint allows hardly any point of the space: none of {n_drawn} random ones. "
            "Widen the constraint, or narrow the dimensions to where it holds."
        )
    chosen = np.resize(rng.permutation(len(found)), n)
    return np.array(found)[chosen]
