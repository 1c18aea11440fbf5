"""MAPElasticNet: elastic net prior, Gaussian likelihood, in scikit-learn's terms."""

import warnings
from functools import partial
from numbers import Integral, Number, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.utils import metadata_routing
from sklearn.utils.validation import check_array, validate_data

from .._sklearn import Interval, StrOptions, fit_context
from ..solvers import WorkingSet, order_of
from ._base import LinearModel, check_weight
from ._gaussian_record import elastic_net_records
from ._lasso_descent import DescentOptions, LassoPath, descend_path
from ._lasso_gram import checked_gram, prefilled
from ._lasso_outcome import SparseCoefficients, noise_scale, warn_unless_converged
from ._lasso_path import enet_path
from ._quadratic import CentredQuadratic
from ._sequential import Sequential

__all__ = ["MAPElasticNet"]

Array = NDArray[Any]


class MAPElasticNet(Sequential, MultiOutputMixin, RegressorMixin, SparseCoefficients, LinearModel):
    """Elastic net: the mode of the posterior of an elastic net prior and a Gaussian likelihood.

    The numbers are those of `sklearn.linear_model.ElasticNet` at the same arguments; X is neither centred nor copied.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the prior, non-negative. 0 is maximum likelihood, for which LinearRegressionMLE is meant.
    l1_ratio : float, default=0.5
        Part of the strength that is of the absolute value, from 0 (normal prior) to 1 (Laplace prior).
    fit_intercept : bool, default=True
        Whether there is an intercept; its prior is flat.
    precompute : bool or array-like of shape (n_features, n_features), default=False
        Whether the whole Gram matrix is computed at once, or that matrix, of centred data. False: as much of it as the
        solution needs, which is nearly always faster. Sparse X never has it.
    max_iter : int or None, default=1000
        Largest number of passes over the coefficients, positive; None is 1000.
    copy_X : bool, default=True
        There for scikit-learn's sake: X is never overwritten.
    tol : float, default=0.0001
        The descent ends when the duality gap is at most this part of ‖y − ȳ‖² / n; non-negative.
    warm_start : bool, default=False
        Whether to begin at the coefficients of the fit before.
    positive : bool, default=False
        Whether coefficients must be at least zero.
    random_state : int, RandomState or None, default=None
        For random selection.
    selection : {"cyclic", "random"}, default="cyclic"
        Order of the coefficients in a pass.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept; 0.0 without one.
    sparse_coef_ : sparse matrix of shape (1, n_features) or (n_targets, n_features)
        The coefficients that are not zero.
    objective_ : float or ndarray of shape (n_targets,)
        What is minimised, at the solution: see Notes.
    dual_gap_ : float or ndarray of shape (n_targets,)
        The objective is at most this above its minimum.
    n_iter_ : int or list of int
        Passes made, over all working sets.
    converged_ : bool
        Whether the tolerance was reached.
    noise_scale_ : float or ndarray of shape (n_targets,)
        Estimated standard deviation of the noise, in the unit of y; NaN where no degrees of freedom are left for it.
    posterior_ : CoefficientPosterior or list of CoefficientPosterior
        Posterior of the coefficients and, last, the intercept, given which coefficients are zero; one for each target
        if there are several. Formed when something is asked of it.
    coef_std_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Posterior standard deviations of the coefficients.
    intercept_std_ : float or ndarray of shape (n_targets,)
        Posterior standard deviation of the intercept; 0.0 without one.
    log_evidence_ : float or ndarray of shape (n_targets,)
        Logarithm of the marginal likelihood p(y); undefined under a flat prior or at a kink, which an AttributeError
        says.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Feature names, if X had some.

    See Also
    --------
    MAPElasticNetCV : The strength chosen by cross-validation.
    MAPRegressor : Any likelihood and prior.

    Notes
    -----
    The mode minimises ‖y − Xw − b‖² / 2n + alpha l1_ratio |w|₁ + alpha (1 − l1_ratio) ‖w‖² / 2 [1]_; with weights, n is
    their sum and the square a weighted one. With noise scale σ that is a prior density proportional to
    exp(−n alpha (l1_ratio |w| + (1 − l1_ratio) w² / 2) / σ²) of each coefficient: for the lasso a Laplace scale of
    σ² / (n alpha). The solver is `CoordinateDescent`. The noise variance is Σ s r² / (Σ s − γ), where γ counts the
    effective parameters: without a second term those that are not zero [2]_.

    References
    ----------
    .. [1] Zou, Hastie (2005). Regularization and variable selection via the elastic net. J. R. Statist. Soc. B 67,
       301-320. doi:10.1111/j.1467-9868.2005.00503.x
    .. [2] Zou, Hastie, Tibshirani (2007). On the degrees of freedom of the lasso. Annals of Statistics 35, 2173-2192.
       doi:10.1214/009053607000000127

    Examples
    --------
    >>> from skbayes.linear_model import MAPElasticNet
    >>> model = MAPElasticNet(alpha=0.1).fit([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]], [0.0, 1.0, 2.0])
    >>> model.coef_.round(2), round(float(model.intercept_), 2)
    (array([0.45, 0.45]), 0.11)
    """

    # A switch for callers that have checked already, not metadata to be routed.
    __metadata_request__fit: ClassVar[dict[str, Any]] = {"check_input": metadata_routing.UNUSED}

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "alpha": [Interval(Real, 0, None, closed="left")],
        "l1_ratio": [Interval(Real, 0, 1, closed="both")],
        "fit_intercept": ["boolean"],
        "precompute": ["boolean", "array-like"],
        "max_iter": [Interval(Integral, 1, None, closed="left"), None],
        "copy_X": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "warm_start": ["boolean"],
        "positive": ["boolean"],
        "random_state": ["random_state"],
        "selection": [StrOptions({"cyclic", "random"})],
    }

    path = staticmethod(enet_path)

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        l1_ratio: float = 0.5,
        fit_intercept: bool = True,
        precompute: Any = False,
        max_iter: int | None = 1000,
        copy_X: bool = True,
        tol: float = 1e-4,
        warm_start: bool = False,
        positive: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
    ) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.copy_X = copy_X
        self.tol = tol
        self.warm_start = warm_start
        self.positive = positive
        self.random_state = random_state
        self.selection = selection

    @fit_context()
    def fit(
        self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None, check_input: bool = True
    ) -> "MAPElasticNet":
        """Find the mode of the posterior.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets, each fitted by itself.
        sample_weight : float or array-like of shape (n_samples,), default=None
            How often each row counts, relative to the others; non-negative. A number is the same for all.
        check_input : bool, default=True
            False leaves out all checks: X is then a float array or a CSC matrix, y a float array.

        Returns
        -------
        self : MAPElasticNet
            The fitted model.

        Raises
        ------
        ValueError
            If data or weights are wrong or of the wrong shape, a Gram matrix is not that of the data, or the
            coefficients become infinite.
        """
        if self.alpha == 0:
            warnings.warn(
                "With alpha=0, this algorithm does not converge well. You are advised to use the LinearRegression "
                "estimator (LinearRegressionMLE here).",
                stacklevel=2,
            )
        if check_input:
            X, y = validate_data(
                self,
                X,
                y,
                accept_sparse="csc",
                dtype=[np.float64, np.float32],
                accept_large_sparse=False,
                multi_output=True,
                y_numeric=True,
            )
            y = check_array(y, dtype=X.dtype, ensure_2d=False)
        y = np.asarray(y, dtype=X.dtype)
        Y = y if y.ndim == 2 else y[:, None]
        weight = None if isinstance(sample_weight, Number) else check_weight(sample_weight, X)
        return self._fit_checked(X, Y, weight, check_gram=check_input)

    def _fit_rows(self, X: Array, y: Array, weight: Array | None) -> None:
        """Fit to rows that were checked."""
        self._fit_checked(np.asfortranarray(X), y if y.ndim == 2 else y[:, None], weight)

    def _fit_checked(
        self,
        X: Any,
        Y: Array,
        weight: Array | None,
        gram: Array | None = None,
        check_gram: bool = False,
    ) -> "MAPElasticNet":
        # Of data that have been checked, Y (n, k); `gram` is that of centred, weighted data where it is known.
        k, p = Y.shape[1], X.shape[1]
        coef = np.zeros((k, p), dtype=X.dtype)
        start = np.atleast_2d(self.coef_) if self.warm_start and hasattr(self, "coef_") else None
        options = DescentOptions(
            self.tol,
            self.max_iter or 1000,
            self.positive,
            order_of(self.selection, self.random_state),
        )
        forms, paths = [], []
        x_mean = None
        for j in range(k):
            form = CentredQuadratic(X, Y[:, j], weight, self.fit_intercept, x_mean)
            x_mean = form.x_mean
            S = WorkingSet(form)
            if gram is not None:
                S = prefilled(form, gram)
            elif self.precompute is not False and not form.is_sparse:
                S = prefilled(form, checked_gram(form, self.precompute, check_gram))
            with np.errstate(over="ignore", invalid="ignore"):  # said below, in words
                path = descend_path(
                    form,
                    np.array([self.alpha]),
                    self.l1_ratio,
                    options,
                    start=None if start is None else start[j],
                    working_set=S,
                )
            if not np.isfinite(S.gram.sum()) or not np.isfinite(path.gaps[0]):
                raise ValueError(
                    "Coordinate descent iterations resulted in non-finite parameter values. The input data may contain "
                    "large values and need to be preprocessed."
                )
            coef[j] = path.coefs[:, 0]
            forms.append(form)
            paths.append(path)
        self._keep(forms, paths, coef, (X, Y, weight, None))
        return self

    def _keep(
        self,
        forms: list[CentredQuadratic],
        paths: list[LassoPath],
        coef: Array,
        data: tuple[Any, ...],
    ) -> None:
        intercept = np.array(
            [form.intercept(w) for form, w in zip(forms, coef, strict=True)], dtype=coef.dtype
        )
        gaps = np.array([path.gaps[0] for path in paths])
        noise = [
            noise_scale(form, w, self.alpha * (1.0 - self.l1_ratio))
            for form, w in zip(forms, coef, strict=True)
        ]
        scale = np.array([sigma for sigma, _ in noise])
        objective = np.array([path.values[0] for path in paths])
        n_iter = [path.n_iters[0] for path in paths]
        single = len(paths) == 1
        self.coef_ = coef[0] if single else coef
        self.intercept_ = (intercept[0] if single else intercept) if self.fit_intercept else 0.0
        self.dual_gap_ = gaps[0] if single else gaps
        self.objective_ = objective[0] if single else objective
        self.noise_scale_ = scale[0] if single else scale
        self.n_iter_: Any = n_iter[0] if single else n_iter
        self.converged_ = all(bool(path.converged[0]) for path in paths)
        total = forms[0].total
        strengths = self.alpha * self.l1_ratio * total, self.alpha * (1.0 - self.l1_ratio) * total
        W = np.column_stack([coef, intercept]) if self.fit_intercept else coef
        make = partial(
            elastic_net_records, data, W, noise, strengths, self.fit_intercept, self.positive
        )
        self._remember(make, data, is_single=single)
        warn_unless_converged(paths, self.max_iter or 1000)
