"""Laplace prior: a kink at its location, so the MAP estimate is sparse (the lasso).

Notation: m the location, b > 0 the scale, d = w − m; p(w) = Π_j exp(−|d_j|/b_j) / 2b_j.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._base import Prior
from ._features import as_floats, standard_draws
from ._tilted import tilted_by_kink

__all__ = ["Laplace", "soft_threshold"]


class Laplace(Prior):
    """Laplace distribution of each coefficient: many estimates are exactly at the location.

    Parameters
    ----------
    loc : float, array-like of shape (n_features,) or dict of str to float, default=0.0
        Where the kink is; finite. A dict goes by feature name; features that it does not name have the default.
    scale : float, array-like of shape (n_features,) or dict of str to float, default=1.0
        Mean absolute deviation b, in the unit of a coefficient; positive. ``inf`` leaves a feature unpenalised.

    See Also
    --------
    ElasticNet : Correlated features share.
    Horseshoe : Sparse, and shrinks large coefficients less.

    Notes
    -----
    −log p(w) = Σ_j |w_j − m_j|/b_j + log 2b_j, for which the MAP estimate is the lasso: with noise of standard
    deviation σ and n samples, scikit-learn's ``alpha`` is σ²/(n b).

    References
    ----------
    .. [1] Tibshirani (1996). Regression shrinkage and selection via the lasso. J. R. Stat. Soc. B 58, 267-288.
       DOI 10.1111/j.2517-6161.1996.tb02080.x

    Examples
    --------
    >>> from skbayes.priors import Laplace
    >>> print(Laplace(scale=2.0).prox([3.0, 0.2], step=1.0))
    [2.5 0. ]
    """

    _per_feature = {"loc": "finite", "scale": "scale"}  # noqa: RUF012

    def __init__(
        self,
        loc: ArrayLike | dict[str, float] = 0.0,
        scale: ArrayLike | dict[str, float] = 1.0,
    ) -> None:
        self.loc = loc
        self.scale = scale

    @property
    def is_smooth(self) -> bool:
        return False

    def log_density(self, w: ArrayLike) -> float:
        w = as_floats(w)
        scale = np.broadcast_to(self._numbers("scale"), w.shape)
        bound = np.isfinite(scale)
        d, scale = (w - self._numbers("loc"))[bound], scale[bound]
        return float(-np.sum(np.abs(d) / scale) - np.log(2.0 * scale).sum())

    def prox(self, w: ArrayLike, step: float | NDArray[Any]) -> NDArray[Any]:
        """Return the argument of min_z ½‖z − w‖² − step · log p(z).

        Parameters
        ----------
        w : array-like of shape (n_parameters,)
            Where to start.
        step : float or array-like of shape (n_parameters,)
            Step size; positive.

        Returns
        -------
        z : ndarray of shape (n_parameters,)
            w drawn towards the location by step / b, and not beyond it.
        """
        w = as_floats(w)
        return soft_threshold(w, self._numbers("loc"), step / self._numbers("scale"))

    def separable(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Location and weights of −log p(w) = Σ l1 |w − loc| + l2/2 (w − loc)² + constant.

        Returns
        -------
        loc, l1, l2 : ndarray of shape (n_features,)
            m, 1/b, and zeros; of shape () before `for_features`.
        """
        loc, l1 = np.broadcast_arrays(self._numbers("loc"), 1.0 / self._numbers("scale"))
        return loc, l1, np.zeros(loc.shape)

    def spread(self) -> NDArray[np.float64]:
        """Return the standard deviation of a normal density that is about as wide.

        Returns
        -------
        spread : ndarray of shape (n_features,)
            √2 b; ``inf`` where a feature is unpenalised.
        """
        return np.sqrt(2.0) * self._numbers("scale")

    def tilted(
        self, mean: ArrayLike, variance: ArrayLike
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return integral and moments of p(w) N(w; mean, variance), coefficient by coefficient.

        Parameters
        ----------
        mean, variance : array-like of shape (n_parameters,)
            Of the normal density.

        Returns
        -------
        log_integral, mean, variance : ndarray of shape (n_parameters,)
            Logarithm of the integral of the product, and mean and variance of the product as a density; of a
            coefficient that is unpenalised the prior counts as 1.
        """
        loc, l1, l2 = self.separable()
        mean, variance = as_floats(mean).astype(float), as_floats(variance).astype(float)
        log_integral, centre, spread = tilted_by_kink(l1, l2, mean - loc, variance)
        height = np.log(0.5 * np.where(l1 > 0.0, l1, 2.0))
        return log_integral + height, loc + centre, spread

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

        Raises
        ------
        ValueError
            If a scale is infinite.
        """
        loc, scale = standard_draws(self._numbers("loc"), self._numbers("scale"), "Laplace")
        return np.random.default_rng(random_state).laplace(loc, scale, size=(n, loc.size))


def soft_threshold(w: NDArray[Any], loc: ArrayLike, threshold: ArrayLike) -> NDArray[Any]:
    """Return w drawn towards loc by the threshold, and not beyond it; of the type of w."""
    d = w - loc
    z = loc + np.sign(d) * np.maximum(np.abs(d) - threshold, 0.0)
    return z.astype(w.dtype, copy=False)
