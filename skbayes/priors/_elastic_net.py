"""Elastic net prior: the product of a Laplace and a normal density, sparse and grouping.

Notation: m the location, b and s the scales of the two factors, d = w − m, k = s/b;
p(w) = Π_j exp(−|d|/b − d²/2s²) / Z, Z = 2s √(π/2) erfcx(k/√2).
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erfcx, log_ndtr, ndtri_exp

from ._base import Prior
from ._features import as_floats, standard_draws
from ._laplace import soft_threshold
from ._tilted import tilted_by_kink

__all__ = ["ElasticNet"]


class ElasticNet(Prior):
    """Elastic net distribution of each coefficient: sparse as Laplace, and correlated features share as under Normal.

    Parameters
    ----------
    loc : float, array-like of shape (n_features,) or dict of str to float, default=0.0
        Where the kink is; finite. A dict goes by feature name; features that it does not name have the default.
    l1_scale : float, array-like of shape (n_features,) or dict of str to float, default=1.0
        Scale b of the Laplace factor, in the unit of a coefficient; positive. ``inf`` leaves the factor out.
    l2_scale : float, array-like of shape (n_features,) or dict of str to float, default=1.0
        Scale s of the normal factor, in the unit of a coefficient; positive. ``inf`` leaves the factor out; a
        feature with both infinite is unpenalised.

    See Also
    --------
    Laplace : The first factor alone.
    Normal : The second factor alone.

    Notes
    -----
    −log p(w) = Σ_j |w_j − m_j|/b_j + (w_j − m_j)²/2s_j² + log Z_j. With noise of standard deviation σ and n samples,
    scikit-learn's ``alpha * l1_ratio`` is σ²/(n b) and its ``alpha * (1 - l1_ratio)`` is σ²/(n s²).

    References
    ----------
    .. [1] Zou, Hastie (2005). Regularization and variable selection via the elastic net. J. R. Stat. Soc. B 67,
       301-320. DOI 10.1111/j.1467-9868.2005.00503.x

    Examples
    --------
    >>> from skbayes.priors import ElasticNet
    >>> print(ElasticNet(l1_scale=2.0, l2_scale=1.0).prox([3.0, 0.2], step=1.0))
    [1.25 0.  ]
    """

    _per_feature = {"loc": "finite", "l1_scale": "scale", "l2_scale": "scale"}  # noqa: RUF012

    def __init__(
        self,
        loc: ArrayLike | dict[str, float] = 0.0,
        l1_scale: ArrayLike | dict[str, float] = 1.0,
        l2_scale: ArrayLike | dict[str, float] = 1.0,
    ) -> None:
        self.loc = loc
        self.l1_scale = l1_scale
        self.l2_scale = l2_scale

    @property
    def is_smooth(self) -> bool:
        return False

    def _log_normalizers(self, shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Return log Z of each coefficient, 0 where it is unpenalised."""
        b = np.broadcast_to(self._numbers("l1_scale"), shape)
        s = np.broadcast_to(self._numbers("l2_scale"), shape)
        both, only_l1 = np.isfinite(s), np.isfinite(b) & np.isinf(s)
        logs = np.zeros(shape)
        logs[both] = np.log(s[both]) + np.log(erfcx(s[both] / b[both] * np.sqrt(0.5)))
        logs[both] += 0.5 * np.log(2.0 * np.pi)
        logs[only_l1] = np.log(2.0 * b[only_l1])
        return logs

    def log_density(self, w: ArrayLike) -> float:
        w = as_floats(w)
        loc, l1, l2 = self.separable()
        d = w - loc
        logs = self._log_normalizers(w.shape)
        return float(-np.sum(l1 * np.abs(d) + 0.5 * l2 * d * d)) - float(logs.sum())

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
            w drawn towards the location, and not beyond it.
        """
        w = as_floats(w)
        loc, l1, l2 = self.separable()
        z = loc + soft_threshold(w - loc, 0.0, step * l1) / (1.0 + step * l2)
        return z.astype(w.dtype, copy=False)

    def separable(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Location and weights of −log p(w) = Σ l1 |w − loc| + l2/2 (w − loc)² + constant.

        Returns
        -------
        loc, l1, l2 : ndarray of shape (n_features,)
            m, 1/b, and 1/s²; of shape () before `for_features`.
        """
        loc, l1, l2 = np.broadcast_arrays(
            self._numbers("loc"), 1.0 / self._numbers("l1_scale"), self._numbers("l2_scale") ** -2.0
        )
        return loc, l1, l2

    def spread(self) -> NDArray[np.float64]:
        """Return the standard deviation of a normal density that is about as wide.

        Returns
        -------
        spread : ndarray of shape (n_features,)
            The variances 2b² and s² of the two factors combined as those of normal densities; ``inf`` where a feature
            is unpenalised.
        """
        _, l1, l2 = self.separable()
        with np.errstate(divide="ignore"):
            return 1.0 / np.sqrt(0.5 * l1 * l1 + l2)

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
        return log_integral - self._log_normalizers(mean.shape), loc + centre, spread

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
            If both scales of a feature are infinite.
        """
        b, s = np.broadcast_arrays(self._numbers("l1_scale"), self._numbers("l2_scale"))
        loc, smaller = standard_draws(self._numbers("loc"), np.minimum(b, s), "ElasticNet")
        b, s = np.broadcast_to(b, smaller.shape), np.broadcast_to(s, smaller.shape)
        rng = np.random.default_rng(random_state)
        log_tail = -rng.standard_exponential((n, loc.size))  # logarithm of a uniform number
        with np.errstate(invalid="ignore"):
            k = s / b
            # |d| is s z − s²/b for z normal beyond k: its survival function is Φ(−z)/Φ(−k).
            both = s * (-ndtri_exp(log_tail + log_ndtr(-k)) - k)
        size = np.where(np.isinf(s), -b * log_tail, both)
        return loc + np.where(rng.random(size.shape) < 0.5, -size, size)
