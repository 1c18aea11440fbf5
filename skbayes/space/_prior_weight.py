"""The density of a space's priors relative to its highest value, as a weight of points of the cube."""

import numpy as np

from ._base import Floats
from ._space import Space

__all__ = ["PriorWeight"]


class PriorWeight:
    """How much a space's distributions say for each point, on the natural scale of each.

    The cube is made so that every prior is flat in it: a point of a wide tail and one of the mode
    are sampled alike often for the room that they have. This is what the flattening takes away:
    the density itself, relative to its maximum, of x, or of log x where all values are positive.
    Uniform and log-uniform priors, integers and choices weigh the same everywhere.

    Parameters
    ----------
    space : Space
        The design space.

    See Also
    --------
    Distribution : The dimension whose density it is.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.stats import norm
    >>> from skbayes.space import PriorWeight, as_space
    >>> weight = PriorWeight(as_space({"x": norm(3.0, 2.0), "C": (0.0, 1.0)}))
    >>> U = np.array([[0.5, 0.2], [norm.cdf(1.0), 0.2]])
    >>> print(weight.value(U).round(3) + 0.0)  # at the mode, and a standard deviation off: −1/2
    [ 0.  -0.5]
    """

    def __init__(self, space: Space) -> None:
        maps = [column.map for column in space._cube.columns]
        self._shaped = [(j, unit_map) for j, unit_map in enumerate(maps) if not unit_map.is_flat]

    @property
    def is_flat(self) -> bool:
        """Whether all points weigh the same."""
        return not self._shaped

    def value(self, U: Floats) -> Floats:
        """Sum of the log-weights of a point's active entries.

        Parameters
        ----------
        U : ndarray of shape (n, n_dims)
            Points of the cube; NaN where inactive.

        Returns
        -------
        w : ndarray of shape (n,)
            At most 0.
        """
        return self.value_and_gradient(U)[0]

    def value_and_gradient(self, U: Floats) -> tuple[Floats, Floats]:
        """The same with its gradient.

        Parameters
        ----------
        U : ndarray of shape (n, n_dims)
            Points of the cube; NaN where inactive.

        Returns
        -------
        w : ndarray of shape (n,)
            At most 0.
        gradient : ndarray of shape (n, n_dims)
            0 where inactive.
        """
        w, gradient = np.zeros(len(U)), np.zeros(np.shape(U))
        for j, unit_map in self._shaped:
            rows = ~np.isnan(U[:, j])
            value, slope = unit_map.log_weight(U[rows, j])
            w[rows] += value
            gradient[rows, j] = slope
        return w, gradient
