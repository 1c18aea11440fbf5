"""Half-Cauchy prior: a positive scale of which only the largest plausible size is known.

Notation: w > 0, s the scale; p(w) = Π_j 2 / (π s_j (1 + w_j²/s_j²)).
"""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._base import Prior
from ._features import as_floats

__all__ = ["HalfCauchy"]


class HalfCauchy(Prior):
    """Half-Cauchy distribution of a positive parameter.

    Parameters
    ----------
    scale : float, array-like of shape (n_parameters,) or dict of str to float, default=1.0
        Median; positive.

    See Also
    --------
    Gamma : Lighter tails.

    Notes
    -----
    log p(w) = log 2/π − log s − log(1 + w²/s²), finite at zero and with tails w⁻²: the usual choice for the scale of
    a group of effects [1]_.

    References
    ----------
    .. [1] Gelman (2006). Prior distributions for variance parameters in hierarchical models. Bayesian Anal. 1,
       515-534. DOI 10.1214/06-BA117A

    Examples
    --------
    >>> from skbayes.priors import HalfCauchy
    >>> print(HalfCauchy(scale=2.0).gradient([2.0]))
    [-0.5]
    """

    _per_feature = {"scale": "positive"}  # noqa: RUF012

    def __init__(self, scale: ArrayLike | dict[str, float] = 1.0) -> None:
        self.scale = scale

    @property
    def is_positive(self) -> bool:
        return True

    def log_density(self, w: ArrayLike) -> float:
        w, scale = as_floats(w), self._numbers("scale")
        if not np.all(w >= 0.0):
            return -math.inf
        tails = np.log1p(np.square(w / scale))
        return float(np.sum(math.log(2.0 / math.pi) - np.log(scale) - tails))

    def gradient(self, w: ArrayLike) -> NDArray[Any]:
        """Derivative of `log_density` by each parameter.

        Parameters
        ----------
        w : array-like of shape (n_parameters,)
            Where to evaluate; positive.

        Returns
        -------
        gradient : ndarray of shape (n_parameters,)
            −2w / (s² + w²).
        """
        w = as_floats(w)
        width = np.square(self._numbers("scale"))
        return (-2.0 * w / (width + w * w)).astype(w.dtype, copy=False)

    def hessian(self, w: ArrayLike) -> NDArray[Any]:
        """Diagonal of the second derivative of `log_density`.

        Parameters
        ----------
        w : array-like of shape (n_parameters,)
            Where to evaluate; positive.

        Returns
        -------
        hessian : ndarray of shape (n_parameters,)
            2 (w² − s²) / (s² + w²)²; positive in the tail.
        """
        w = as_floats(w)
        width = np.square(self._numbers("scale"))
        hessian = 2.0 * ((w * w - width) / (width + w * w)) / (width + w * w)
        return hessian.astype(w.dtype, copy=False)

    def sample(
        self, n: int = 1, random_state: int | np.random.Generator | None = None
    ) -> NDArray[np.float64]:
        """Draw from the prior.

        Parameters
        ----------
        n : int, default=1
            Number of draws.
        random_state : int, numpy.random.Generator or None, default=None
            Seed or generator.

        Returns
        -------
        draws : ndarray of shape (n, n_parameters)
            One draw per row; one column if all parameters are scalars.
        """
        scale = np.atleast_1d(self._numbers("scale"))
        draws = np.random.default_rng(random_state).standard_cauchy((n, scale.size))
        return scale * np.abs(draws)
