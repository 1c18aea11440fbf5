"""Points of the prior from numbers of one's own, for quadrature over a space.

Notation: V (n, n_dims) numbers in [0, 1]. Uniform and independent ones give independent draws from the
prior, and evenly spread ones (a Sobol sequence) points that are spread evenly over it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..exceptions import SpaceTypeError, SpaceValueError
from ._base import Floats
from ._space import Space

__all__ = ["prior_points"]


def prior_points(space: Space, V: ArrayLike, given: Mapping[str, Any] | None = None) -> Floats:
    """Turn uniform numbers into points of the prior; the constraint of the space is not asked.

    Parameters
    ----------
    space : Space
        The design space.
    V : array-like of shape (n, n_dims)
        Numbers in [0, 1], one for each column of the space, whether it is active or not.
    given : dict of str to object, default=None
        Values that some parameters are to have.

    Returns
    -------
    U : ndarray of shape (n, n_dims)
        Valid points of the cube, NaN where inactive. An entry hangs on the number of its own column, and on
        those of the branch and of the parents that say whether it is active. With `given`, those of the n where
        the parameters named are active and may have these values.

    Raises
    ------
    SpaceValueError
        If the shape does not fit, or a parameter does not exist.

    Examples
    --------
    >>> from skbayes.space import Categorical, as_space, prior_points
    >>> space = as_space({"x": (0.0, 1.0), "kernel": Categorical(["a", "b"], prior=[0.9, 0.1])})
    >>> [space.decode(u)["kernel"] for u in prior_points(space, [[0.5, 0.8], [0.5, 0.95]])]
    ['a', 'b']
    """
    points = np.array(V, dtype=float, ndmin=2)
    if points.ndim == 2 and points.shape[1] == space.n_dims:
        for j, column in enumerate(space._cube.columns):
            points[:, j] = column.map.from_uniform(points[:, j])
    held = {name: _coordinates(space, name, value) for name, value in (given or {}).items()}
    for where in held.values():
        for j, u in where.items():
            points[:, j] = u
    snapped = space.snap(points)
    return snapped[_have(snapped, held)] if held else snapped


def _coordinates(space: Space, name: str, value: Any) -> dict[int, float]:
    """The columns of a parameter that have the value, and its coordinate there."""
    found = {}
    if name not in space.names:
        known = list(dict.fromkeys(each for each in space.names if each is not None))
        raise SpaceValueError(f"The space has no parameter {name!r}. Choose one of {known}.")
    for j, column in enumerate(space._cube.columns):
        if column.name == name:
            try:
                found[j] = column.map.encode(value)
            except (SpaceValueError, SpaceTypeError):
                continue
    return found


def _have(points: Floats, held: Mapping[str, Mapping[int, float]]) -> NDArray[np.bool_]:
    """Which points have all the values: of a parameter's columns one is active, and has it."""
    have = np.ones(len(points), dtype=bool)
    for where in held.values():
        have &= ~np.isnan(points[:, list(where)]).all(axis=1)
    return have
