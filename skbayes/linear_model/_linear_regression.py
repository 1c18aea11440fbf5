"""LinearRegressionMLE: Gaussian likelihood alone, in scikit-learn's terms."""

from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import linalg, sparse
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import validate_data

from .._sklearn import Interval, fit_context
from ._base import LinearModel, check_weight
from ._gaussian_record import ridge_records
from ._mean_predictions import MeanPredictions
from ._ridge_data import RidgeData
from ._ridge_options import Array, as_targets, sigma
from ._ridge_solve import choose_road, solve_ridge
from ._sequential import Sequential
from ._spectrum import spectrum_of
from ._symmetric import cholesky

__all__ = ["LinearRegressionMLE"]

# Where the least squared singular value is above this part of the largest, the Gram matrix gives coefficients and
# singular values to at least seven digits; else the data are factorised themselves.
_WELL_CONDITIONED = 1e-8


class LinearRegressionMLE(
    Sequential, MeanPredictions, MultiOutputMixin, RegressorMixin, LinearModel
):
    """Least squares: the maximum of a Gaussian likelihood.

    The numbers are those of `sklearn.linear_model.LinearRegression` at the same arguments; X is not copied.

    Parameters
    ----------
    fit_intercept : bool, default=True
        Whether there is an intercept.
    copy_X : bool, default=True
        There for scikit-learn's sake: X is never overwritten, and never copied.
    tol : float, default=1e-06
        For dense X, the part of the largest singular value below which others count as zero; for large sparse X the
        gradient, relative to that at zero, at which conjugate gradients end. Non-negative.
    n_jobs : int or None, default=None
        There for scikit-learn's sake: all targets are solved for together.
    positive : bool, default=False
        Whether coefficients must be at least zero; for dense X only.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients; where many are equally good, those of least norm.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept; 0.0 without one.
    rank_ : int
        Rank of the centred X; for dense X without `positive`.
    singular_ : ndarray of shape (min(n_samples, n_features),)
        Its singular values, the largest first; likewise.
    noise_scale_ : float or ndarray of shape (n_targets,)
        Estimated standard deviation of the noise, from the residuals and the degrees of freedom left, in the unit of y;
        NaN where none are left. For dense X without `positive`.
    posterior_ : CoefficientPosterior or list of CoefficientPosterior
        Posterior of the coefficients and, last, the intercept; one for each target if there are several. Formed when
        something is asked of it.
    coef_std_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Posterior standard deviations of the coefficients.
    intercept_std_ : float or ndarray of shape (n_targets,)
        Posterior standard deviation of the intercept; 0.0 without one.
    log_evidence_ : float or ndarray of shape (n_targets,)
        Undefined under a flat prior: an AttributeError says so.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Feature names, if X had some.

    See Also
    --------
    MAPRidge : The same with a normal prior.

    Examples
    --------
    >>> from skbayes.linear_model import LinearRegressionMLE
    >>> model = LinearRegressionMLE().fit(
    ...     [[1.0, 1.0], [1.0, 2.0], [2.0, 2.0], [2.0, 3.0]], [6.0, 8.0, 9.0, 11.0]
    ... )
    >>> model.coef_.round(6), round(float(model.intercept_), 6)
    (array([1., 2.]), 3.0)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "fit_intercept": ["boolean"],
        "copy_X": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "n_jobs": [None, Integral],
        "positive": ["boolean"],
    }

    def __init__(
        self,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        tol: float = 1e-6,
        n_jobs: int | None = None,
        positive: bool = False,
    ) -> None:
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.tol = tol
        self.n_jobs = n_jobs
        self.positive = positive

    @fit_context()
    def fit(
        self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> "LinearRegressionMLE":
        """Find the maximum of the likelihood.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets.
        sample_weight : float or array-like of shape (n_samples,), default=None
            How often each row counts; non-negative.

        Returns
        -------
        self : LinearRegressionMLE
            The fitted model.

        Raises
        ------
        ValueError
            If data or weights are wrong or of the wrong shape.
        TypeError
            If X is sparse and coefficients must be positive.
        """
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=False if self.positive else ["csr", "csc"],
            dtype=[np.float64, np.float32],
            multi_output=True,
            y_numeric=True,
        )
        self._fit_rows(X, y, check_weight(sample_weight, X))
        return self

    def _fit_rows(self, X: Any, y: Any, weight: Array | None) -> None:
        """Fit to rows that were checked."""
        Y, is_single = as_targets(y, X.dtype)
        data = RidgeData(X, Y, weight, self.fit_intercept)
        for name in ("rank_", "singular_", "noise_scale_"):
            if hasattr(self, name):
                delattr(self, name)
        if self.positive or sparse.issparse(X):
            road = "nonnegative" if self.positive else choose_road(X)
            zero = np.zeros(Y.shape[1])
            # A tolerance of zero would let conjugate gradients run until rounding stops them.
            tol = max(self.tol, float(np.finfo(np.float64).eps))
            fit = solve_ridge(data, zero, road, tol=tol)
            coef, intercept, power, left = fit.coef, fit.intercept, fit.residual_power, None
        else:
            coef, intercept, power, left = self._fit_dense(data, is_single)
        self.coef_ = np.ascontiguousarray(coef.T).astype(X.dtype, copy=False)
        self.intercept_ = intercept.astype(X.dtype, copy=False) if self.fit_intercept else 0.0
        if is_single:
            self.coef_ = self.coef_[0]
            self.intercept_ = self.intercept_[0] if self.fit_intercept else 0.0
        zero = np.zeros(data.n_targets)
        make = partial(
            ridge_records, data, zero, coef, intercept, power, left, is_positive=self.positive
        )
        self._remember(make, data.parts, is_single=is_single)

    def _fit_dense(self, data: RidgeData, is_single: bool) -> tuple[Array, Array, Array, Array]:
        """Return coefficients (p, k), intercepts, residual powers and degrees of freedom left, (k,).

        Set rank, singular values and noise scale.
        """
        found = self._by_gram(data)
        if found is None:
            found = self._by_factors_of_data(data)
        coef, intercept, singular = found
        top = float(singular.max(initial=0.0))
        self.singular_ = singular.astype(data.X.dtype, copy=False)
        self.rank_ = int(np.sum(singular > self.tol * top)) if top > 0 else 0
        left = np.full(data.n_targets, data.total - self.rank_ - self.fit_intercept)
        power = data.residual_power(coef, intercept)
        self.noise_scale_ = sigma(power, left, is_single)
        return coef, intercept, power, left

    def _by_gram(self, data: RidgeData) -> tuple[Array, Array, Array] | None:
        """Return coefficients, intercepts and singular values, or None where the Gram would lose too many digits."""
        n, p = data.X.shape
        level = max(_WELL_CONDITIONED, self.tol**2)
        if 2 * n <= p:
            spectrum = spectrum_of(data)
            known = spectrum.values[np.isfinite(spectrum.values)]
            is_clear = known.min(initial=np.inf) > level * known.max(initial=0.0)
            return spectrum.least_squares(data, self.tol) if is_clear else None
        if n <= p:  # nearly square matrices are rarely well-conditioned
            return None
        m = data.moments()
        values = linalg.eigvalsh(m.gram, check_finite=False)[::-1]
        factor = cholesky(m.gram) if values[-1] > level * values[0] else None
        if factor is None:
            return None
        coef = factor.solve(m.cross)
        return coef, m.target_mean - m.mean @ coef, np.sqrt(values)

    def _by_factors_of_data(self, data: RidgeData) -> tuple[Array, Array, Array]:
        if data.X.shape[0] > data.X.shape[1]:
            return spectrum_of(data, by_qr=True).least_squares(data, self.tol)
        Z = np.asarray(data.X - data.mean if data.fit_intercept else data.X, dtype=np.float64)
        Z = Z if data.root is None else data.root[:, None] * Z
        coef, _, _, singular = linalg.lstsq(Z, data.scaled_targets(), cond=self.tol)
        return coef, data.target_mean - data.mean @ coef, singular

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = not self.positive
        return tags
