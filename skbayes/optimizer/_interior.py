"""A weak prior on where the best point lies: inside the ranges rather than on their borders.

Who gives a range puts it around the values that they expect, so its ends are the least likely. The
model knows nothing of that: it is most uncertain in the corners of the cube, and without this prior
about a quarter of its later suggestions go there. As evidence grows the prior fades (Hvarfner et al.
(2022). πBO: augmenting acquisition functions with user beliefs. ICLR. arXiv:2204.11051), so that a
best point at an end is found too, a few evaluations later.

Notation: U points (m, n_dims) of the cube; q(u) = 4 u (1 − u), the density of Beta(2, 2) over its
maximum; log-weight Σ_j log(ε + (1 − ε) q(u_j)) over the ranges.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from ..space import Space

__all__ = ["InteriorWeight", "towards_middle"]

Floats = NDArray[np.float64]

# An end weighs as little as this, and not nothing.
_FLOOR = 0.02
# Shape of the Beta distribution of the initial design's coordinates: its density falls to the ends
# as the square root. Its points are few, and some should lie near the ends.
_DESIGN_SHAPE = 1.5


class InteriorWeight:
    """Log-weight that is 0 in the middle of the ranges and falls towards their ends.

    Parameters
    ----------
    space : Space
        The design space. Categories, and distributions that say themselves where the best is, play
        no part.
    """

    def __init__(self, space: Space) -> None:
        self._is_range = np.array(space.is_range, dtype=bool)

    @property
    def is_flat(self) -> bool:
        """Whether all points weigh the same."""
        return not self._is_range.any()

    def value(self, U: Floats) -> Floats:
        """Log-weights (m,), at most 0."""
        return np.asarray(np.log(self._shares(U)).sum(axis=1))

    def value_and_gradient(self, U: Floats) -> tuple[Floats, Floats]:
        """Log-weights (m,) and gradients (m, n_dims), 0 where a column plays no part."""
        shares = self._shares(U)
        slope = np.where(self._plays(U), 4.0 * (1.0 - _FLOOR) * (1.0 - 2.0 * U), 0.0)
        return np.log(shares).sum(axis=1), slope / shares

    def _plays(self, U: Floats) -> NDArray[np.bool_]:
        return self._is_range & ~np.isnan(U)

    def _shares(self, U: Floats) -> Floats:
        q = np.where(self._plays(U), 4.0 * U * (1.0 - U), 1.0)
        return np.asarray(_FLOOR + (1.0 - _FLOOR) * q)


def towards_middle(cube: Floats, space: Space) -> Floats:
    """Move an evenly spread design (n, n_dims) off the ends of the ranges, its order kept."""
    return np.where(space.is_range, betaincinv(_DESIGN_SHAPE, _DESIGN_SHAPE, cube), cube)
