"""Points of the prior from numbers of one's own, for quadrature over a space.

Notation: V (n, n_dims) numbers in [0, 1]. Uniform and independent ones give independent draws from the
prior, and evenly spread ones (a Sobol sequence) points that are spread evenly over it.
"""

import numpy as np
from numpy.typing import ArrayLike

from ._base import Floats
from ._space import Space

__all__ = ["prior_points"]


def prior_points(space: Space, V: ArrayLike) -> Floats:
    """Turn uniform numbers into points of the prior; the constraint of the space is not asked.

    Parameters
    ----------
    space : Space
        The design space.
    V : array-like of shape (n, n_dims)
        Numbers in [0, 1], one for each column of the space, whether it is active or not.

    Returns
    -------
    U : ndarray of shape (n, n_dims)
        Valid points of the cube, NaN where inactive. An entry hangs on the number of its own column, and on
        those of the branch and of the parents that say whether it is active.

    Raises
    ------
    SpaceValueError
        If the shape does not fit.

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
    return space.snap(points)
