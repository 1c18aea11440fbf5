"""Normal prior: the ridge. Diagonal, or with a full covariance.

Notation: m the location, s the scale of each coefficient, d = w − m; C a covariance; S = diag(s).
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import LinAlgError, cho_solve, cholesky, solve_triangular
from sklearn.utils.metaestimators import available_if

from ._base import Prior
from ._features import as_floats, standard_draws

__all__ = ["Normal"]

_LOG_2PI = np.log(2.0 * np.pi)


def _is_diagonal(prior: "Normal") -> bool:
    return prior.covariance is None


class Normal(Prior):
    """Normal distribution of each coefficient, or of all together.

    Parameters
    ----------
    loc : float, array-like of shape (n_features,) or dict of str to float, default=0.0
        Mean; finite. A dict goes by feature name; features that it does not name have the default.
    scale : float, array-like of shape (n_features,) or dict of str to float, default=1.0
        Standard deviation, in the unit of a coefficient; positive. ``inf`` leaves a feature unpenalised.
    covariance : array-like of shape (n_features, n_features) or None, default=None
        Covariance of the coefficients in units of `scale`; symmetric, positive definite. None: independent.

    See Also
    --------
    Laplace : Sparse estimates.
    StudentT : Tolerates single large coefficients.

    Notes
    -----
    −log p(w) = Σ_j (w_j − m_j)²/2s_j² + log s_j + log √2π, for which the MAP estimate is ridge regression: with noise
    of standard deviation σ, scikit-learn's ``alpha`` is σ²/s². With a covariance C the coefficients have the
    covariance S C S where S = diag(s): `scale` stays the one number to search over.

    Examples
    --------
    >>> from skbayes.priors import Normal
    >>> print(round(Normal(scale=2.0).log_density([1.0]), 6))
    -1.737086
    """

    _per_feature = {"loc": "finite", "scale": "scale"}  # noqa: RUF012

    def __init__(
        self,
        loc: ArrayLike | dict[str, float] = 0.0,
        scale: ArrayLike | dict[str, float] = 1.0,
        covariance: ArrayLike | None = None,
    ) -> None:
        self.loc = loc
        self.scale = scale
        self.covariance = covariance

    def for_features(self, names: Sequence[str] | None, n_features: int) -> Self:
        """Return the same prior with its parameters written out, one for each feature.

        Parameters
        ----------
        names : sequence of str or None
            Names of the features; None if they have none.
        n_features : int
            How many features there are.

        Returns
        -------
        prior : Normal
            With arrays in place of numbers and dicts; a covariance is factorised once.

        Raises
        ------
        ValueError
            If a length or a name does not fit the features, a number is out of its range, or the covariance is not
            one.
        """
        resolved = super().for_features(names, n_features)
        if self.covariance is not None:
            shape = np.shape(self.covariance)
            if shape != (n_features, n_features):
                raise ValueError(
                    f"Normal needs a covariance of shape ({n_features}, {n_features}); got shape {shape}."
                    f" Give one row and column for each feature."
                )
            resolved._kept_factor = resolved._factor()
        return resolved

    _kept_factor: NDArray[np.float64] | None = None

    def _factor(self) -> NDArray[np.float64]:
        """Return the lower L with L Lᵀ = S C S."""
        if self._kept_factor is not None:
            return self._kept_factor
        scale, correlation = self._numbers("scale"), np.asarray(self.covariance, dtype=float)
        if not np.all(np.isfinite(scale)):
            raise ValueError(
                f"Normal with a covariance needs finite scales; got scale={self.scale!r}. Use"
                f" covariance=None, or a large number in place of inf."
            )
        # Rounding alone leaves a product of doubles asymmetric by some eps of its size.
        size = np.abs(correlation).max(initial=0.0)
        if not np.all(np.abs(correlation - correlation.T) <= 1e-10 * size):
            raise ValueError(
                "Normal needs a symmetric covariance; got one that is not, or not finite. Use"
                " (covariance + covariance.T) / 2 if only rounding is the cause."
            )
        try:
            lower: NDArray[np.float64] = cholesky(correlation, lower=True)
        except LinAlgError as error:
            raise ValueError(
                f"Normal needs a positive definite covariance; got one whose Cholesky factor does not exist"
                f" ({error}). Add a small number to its diagonal."
            ) from error
        return np.multiply(np.broadcast_to(scale, lower.shape[:1])[:, np.newaxis], lower)

    def _deviation(self, w: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
        w = as_floats(w)
        return w, w - self._numbers("loc")

    def _precision(self) -> NDArray[np.float64]:
        precision: NDArray[np.float64] = self._numbers("scale") ** -2.0
        return precision

    def log_density(self, w: ArrayLike) -> float:
        w, d = self._deviation(w)
        if self.covariance is not None:
            factor = self._factor()
            z = solve_triangular(factor, d, lower=True)
            return float(-0.5 * (z @ z + w.size * _LOG_2PI) - np.log(np.diag(factor)).sum())
        scale = np.broadcast_to(self._numbers("scale"), w.shape)
        bound = np.isfinite(scale)
        d, scale = d[bound], scale[bound]
        return float(-0.5 * np.sum(np.square(d / scale) + _LOG_2PI) - np.log(scale).sum())

    def gradient(self, w: ArrayLike) -> NDArray[Any]:
        """Derivative of `log_density` by each parameter.

        Parameters
        ----------
        w : array-like of shape (n_parameters,)
            Where to evaluate.

        Returns
        -------
        gradient : ndarray of shape (n_parameters,)
            −(w − m)/s², or −(S C S)⁻¹ (w − m).
        """
        w, d = self._deviation(w)
        if self.covariance is not None:
            return -cho_solve((self._factor(), True), d).astype(w.dtype, copy=False)
        return (-d * self._precision()).astype(w.dtype, copy=False)

    def hessian(self, w: ArrayLike) -> NDArray[Any]:
        """Second derivative of `log_density`: minus the precision.

        Parameters
        ----------
        w : array-like of shape (n_parameters,)
            Where to evaluate; only its shape matters.

        Returns
        -------
        hessian : ndarray of shape (n_parameters,) or (n_parameters, n_parameters)
            The diagonal, or with a covariance the matrix.
        """
        w = as_floats(w)
        if self.covariance is not None:
            return -self.quadratic()[1].astype(w.dtype, copy=False)
        return -np.broadcast_to(self._precision(), w.shape).astype(w.dtype)

    def prox(self, w: ArrayLike, step: float | NDArray[Any]) -> NDArray[Any]:
        """Return the argument of min_z ½‖z − w‖² − step · log p(z).

        Parameters
        ----------
        w : array-like of shape (n_parameters,)
            Where to start.
        step : float or array-like of shape (n_parameters,)
            Step size; positive; one number if there is a covariance.

        Returns
        -------
        z : ndarray of shape (n_parameters,)
            w drawn towards the location.
        """
        w, d = self._deviation(w)
        loc = self._numbers("loc")
        if self.covariance is not None:
            # (I + step P)⁻¹ = L (LᵀL + step I)⁻¹ Lᵀ with P = (L Lᵀ)⁻¹
            factor = self._factor()
            inner = factor.T @ factor + float(np.asarray(step)) * np.eye(w.size)
            z = factor @ np.linalg.solve(inner, factor.T @ d)
            return (loc + z).astype(w.dtype, copy=False)
        return (loc + d / (1.0 + step * self._precision())).astype(w.dtype, copy=False)

    @available_if(_is_diagonal)  # type: ignore[untyped-decorator]
    def separable(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Location and weights of −log p(w) = Σ l1 |w − loc| + l2/2 (w − loc)² + constant; without a covariance.

        Returns
        -------
        loc, l1, l2 : ndarray of shape (n_features,)
            m, zeros, and 1/s²; of shape () before `for_features`.
        """
        loc, l2 = np.broadcast_arrays(self._numbers("loc"), self._precision())
        return loc, np.zeros(loc.shape), l2

    def quadratic(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Location and precision.

        Returns
        -------
        loc : ndarray of shape (n_features,)
            The mean; of shape () before `for_features`.
        precision : ndarray of shape (n_features,) or (n_features, n_features)
            1/s², or with a covariance (S C S)⁻¹.
        """
        if self.covariance is None:
            loc, precision = np.broadcast_arrays(self._numbers("loc"), self._precision())
            return loc, precision
        factor = self._factor()
        loc = np.broadcast_to(self._numbers("loc"), factor.shape[:1])
        inverse = solve_triangular(factor, np.eye(factor.shape[0]), lower=True)
        return loc, inverse.T @ inverse

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
        rng = np.random.default_rng(random_state)
        if self.covariance is not None:
            factor = self._factor()
            return self._numbers("loc") + rng.standard_normal((n, factor.shape[0])) @ factor.T
        loc, scale = standard_draws(self._numbers("loc"), self._numbers("scale"), "Normal")
        return loc + scale * rng.standard_normal((n, loc.size))
