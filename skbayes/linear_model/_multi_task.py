"""MAPMultiTaskElasticNet and MAPMultiTaskLasso: several targets with the same features, in scikit-learn's terms."""

import warnings
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import validate_data

from .._sklearn import Interval, StrOptions, fit_context
from ._base import LinearModel, check_weight
from ._design import Design, weighted_mean
from ._lasso_outcome import SparseCoefficients
from ._multi_task_posterior import RowSparseMode, RowSparseOutcome
from ._ridge_data import RidgeData
from ._ridge_solve import solve_ridge
from ._row_sparse import RowSparseFit, row_sparse

__all__ = ["MAPMultiTaskElasticNet", "MAPMultiTaskLasso"]

Array = NDArray[Any]


class MAPMultiTaskElasticNet(SparseCoefficients, MultiOutputMixin, RegressorMixin, LinearModel):
    """Elastic net of several targets, in which a feature is in for all of them or for none.

    The numbers are those of `sklearn.linear_model.MultiTaskElasticNet` at the same arguments; X is not copied.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the prior, non-negative.
    l1_ratio : float, default=0.5
        Share of the norms of the rows, from 0 (ridge) to 1 (multi-task lasso).
    fit_intercept : bool, default=True
        Whether there are intercepts; their prior is flat.
    copy_X : bool, default=True
        There for scikit-learn's sake: X is never overwritten, and never copied.
    max_iter : int, default=1000
        Largest number of iterations, positive.
    tol : float, default=0.0001
        The duality gap at which to stop, as a part of the sum of squares of the centred targets; non-negative.
    warm_start : bool, default=False
        Whether to begin at the coefficients of the fit before.
    random_state : int, RandomState or None, default=None
        There for scikit-learn's sake: nothing here is random.
    selection : {"cyclic", "random"}, default="cyclic"
        There for scikit-learn's sake: the solver goes over no coordinates.

    Attributes
    ----------
    coef_ : ndarray of shape (n_targets, n_features)
        Coefficients; a column is zero, or it is not, for all targets.
    intercept_ : ndarray of shape (n_targets,)
        Intercepts; 0.0 without them.
    sparse_coef_ : sparse matrix of shape (n_targets, n_features)
        The coefficients without their zeros.
    n_iter_ : int
        Iterations.
    dual_gap_ : float
        Duality gap at the end, per row.
    eps_ : float
        The tolerance, scaled by the sum of squares of the centred targets.
    objective_ : float
        What is minimised, at the end.
    converged_ : bool
        Whether the tolerance was reached.
    posterior_ : list of CoefficientPosterior
        Of each target: the posterior of its coefficients and, last, the intercept, given which features are in, with
        one noise scale for all targets. Formed when something is asked of it.
    coef_std_ : ndarray of shape (n_targets, n_features)
        Posterior standard deviations of the coefficients.
    intercept_std_ : ndarray of shape (n_targets,)
        Posterior standard deviations of the intercepts; zeros without them.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Feature names, if X had some.

    See Also
    --------
    MAPMultiTaskLasso : The same with `l1_ratio` = 1.
    MAPElasticNet : For one target, or several that share nothing.

    Notes
    -----
    With n the sum of the weights s, it minimises Σ s ‖y − W x − b‖² / 2n + alpha · l1_ratio · Σ_j ‖w_j‖ +
    alpha (1 − l1_ratio) ‖W‖² / 2, where w_j are the coefficients of feature j for all targets [1]_: a group prior on
    each w_j times a normal one.

    References
    ----------
    .. [1] Obozinski, Taskar, Jordan (2010). Joint covariate selection and joint subspace selection for multiple
       classification problems. Statistics and Computing 20, 231-252. doi:10.1007/s11222-008-9111-x

    Examples
    --------
    >>> from skbayes.linear_model import MAPMultiTaskElasticNet
    >>> model = MAPMultiTaskElasticNet(alpha=0.1)
    >>> model.fit([[0, 0], [1, 1], [2, 2]], [[0, 0], [1, 1], [2, 2]]).coef_.round(2)
    array([[0.46, 0.46],
           [0.46, 0.46]])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "alpha": [Interval(Real, 0, None, closed="left")],
        "l1_ratio": [Interval(Real, 0, 1, closed="both")],
        "fit_intercept": ["boolean"],
        "copy_X": ["boolean"],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "warm_start": ["boolean"],
        "random_state": ["random_state"],
        "selection": [StrOptions({"cyclic", "random"})],
    }

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        l1_ratio: float = 0.5,
        fit_intercept: bool = True,
        copy_X: bool = True,
        max_iter: int = 1000,
        tol: float = 1e-4,
        warm_start: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
    ) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.selection = selection

    @fit_context()
    def fit(
        self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> "MAPMultiTaskElasticNet":
        """Find the mode of the posterior.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples, n_targets)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            How often each row counts; non-negative.

        Returns
        -------
        self : MAPMultiTaskElasticNet
            The fitted model.

        Raises
        ------
        ValueError
            If the data are wrong, or there is one target only.
        """
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=["csr", "csc"],
            dtype=[np.float64, np.float32],
            multi_output=True,
            y_numeric=True,
        )
        Y = np.asarray(y, dtype=np.float64)
        if Y.ndim == 1:
            name = "Lasso" if isinstance(self, MAPMultiTaskLasso) else "ElasticNet"
            raise ValueError(
                f"For mono-task outputs, use MAP{name}; got y of shape {Y.shape}. Or give y a second dimension."
            )
        weight = check_weight(sample_weight, X)
        s = np.ones(len(Y)) if weight is None else weight.astype(np.float64)
        mean = weighted_mean(X, s) if self.fit_intercept else np.zeros(X.shape[1])
        level = weighted_mean(Y, s) if self.fit_intercept else np.zeros(Y.shape[1])
        V = Y - level
        self.eps_ = float(self.tol * np.sum(s[:, None] * V * V))
        fit = self._solve(X, V, s, mean)
        self.n_iter_, self.dual_gap_ = fit.n_iter, fit.gap / float(s.sum())
        self.converged_ = fit.gap <= self.eps_ or self.alpha == 0.0
        self.coef_ = np.asfortranarray(fit.coef.T.astype(X.dtype))
        self.intercept_ = (level - mean @ fit.coef).astype(X.dtype) if self.fit_intercept else 0.0
        self.objective_ = self._objective(X, Y, s)
        a, c = self._strengths(s)
        W, b = fit.coef, level - mean @ fit.coef
        self._outcome = RowSparseOutcome(RowSparseMode(X, Y, s, W, b, a, c, self.fit_intercept))
        if not self.converged_:
            self._warn()
        return self

    def _solve(self, X: Any, V: Array, s: Array, mean: Array) -> RowSparseFit:
        a, b = self._strengths(s)
        if a == 0.0:  # no kink: ridge, or least squares, in closed form
            strengths = np.full(V.shape[1], b)
            data = RidgeData(X, V, s, self.fit_intercept)
            ridge = solve_ridge(data, strengths, "cholesky", tol=self.tol)
            return RowSparseFit(ridge.coef, 0.0, 1)
        start = getattr(self, "coef_", None) if self.warm_start else None
        W = np.zeros((X.shape[1], V.shape[1])) if start is None else np.asarray(start).T
        design = Design(X, mean if self.fit_intercept else None)
        return row_sparse(design, V, s, a, b, W, gap=self.eps_, max_iter=self.max_iter)

    def _strengths(self, s: Array) -> tuple[float, float]:
        """Return what the norms and half the squares count in the sum over rows."""
        total = float(s.sum())
        return self.alpha * self.l1_ratio * total, self.alpha * (1.0 - self.l1_ratio) * total

    def _objective(self, X: Any, Y: Array, s: Array) -> float:
        R = Y - (X @ self.coef_.T + self.intercept_)
        rows = float(np.linalg.norm(self.coef_, axis=0).sum())
        squares = float(np.sum(np.square(self.coef_, dtype=np.float64)))
        penalty = self.alpha * (self.l1_ratio * rows + 0.5 * (1.0 - self.l1_ratio) * squares)
        return float(np.sum(s[:, None] * R * R)) / (2.0 * float(s.sum())) + penalty

    def _warn(self) -> None:
        warnings.warn(
            "Objective did not converge. You might want to increase the number of iterations. "
            f"Tolerance of the duality gap: {self.eps_:.3e}, reached: {self.dual_gap_:.3e} a row after {self.n_iter_} "
            "iterations. Raise max_iter or tol, or scale the features.",
            ConvergenceWarning,
            stacklevel=3,
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = False
        return tags


class MAPMultiTaskLasso(MAPMultiTaskElasticNet):
    """Lasso of several targets, in which a feature is in for all of them or for none.

    The numbers are those of `sklearn.linear_model.MultiTaskLasso` at the same arguments; X is not copied.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the prior, non-negative.
    fit_intercept : bool, default=True
        Whether there are intercepts; their prior is flat.
    copy_X : bool, default=True
        There for scikit-learn's sake: X is never overwritten, and never copied.
    max_iter : int, default=1000
        Largest number of iterations, positive.
    tol : float, default=0.0001
        The duality gap at which to stop, as a part of the sum of squares of the centred targets; non-negative.
    warm_start : bool, default=False
        Whether to begin at the coefficients of the fit before.
    random_state : int, RandomState or None, default=None
        There for scikit-learn's sake: nothing here is random.
    selection : {"cyclic", "random"}, default="cyclic"
        There for scikit-learn's sake: the solver goes over no coordinates.

    Attributes
    ----------
    coef_ : ndarray of shape (n_targets, n_features)
        Coefficients; a column is zero, or it is not, for all targets.
    intercept_ : ndarray of shape (n_targets,)
        Intercepts; 0.0 without them.
    sparse_coef_ : sparse matrix of shape (n_targets, n_features)
        The coefficients without their zeros.
    n_iter_ : int
        Iterations.
    dual_gap_ : float
        Duality gap at the end, per row.
    eps_ : float
        The tolerance, scaled by the sum of squares of the centred targets.
    objective_ : float
        What is minimised, at the end.
    converged_ : bool
        Whether the tolerance was reached.
    posterior_ : list of CoefficientPosterior
        Of each target: the posterior of its coefficients and, last, the intercept, given which features are in, with
        one noise scale for all targets. Formed when something is asked of it.
    coef_std_ : ndarray of shape (n_targets, n_features)
        Posterior standard deviations of the coefficients.
    intercept_std_ : ndarray of shape (n_targets,)
        Posterior standard deviations of the intercepts; zeros without them.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Feature names, if X had some.

    See Also
    --------
    MAPMultiTaskElasticNet : The same with a normal prior as well.
    MAPLasso : For one target, or several that share nothing.

    Notes
    -----
    With n the sum of the weights s, it minimises Σ s ‖y − W x − b‖² / 2n + alpha Σ_j ‖w_j‖, where w_j are the
    coefficients of feature j for all targets: a group prior on each w_j.

    Examples
    --------
    >>> from skbayes.linear_model import MAPMultiTaskLasso
    >>> model = MAPMultiTaskLasso(alpha=0.1)
    >>> model.fit([[0, 1], [1, 2], [2, 4]], [[0, 0], [1, 1], [2, 3]]).coef_.round(3)
    array([[0.   , 0.608],
           [0.   , 0.946]])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        name: what
        for name, what in MAPMultiTaskElasticNet._parameter_constraints.items()
        if name != "l1_ratio"
    }
    l1_ratio = 1.0

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        max_iter: int = 1000,
        tol: float = 1e-4,
        warm_start: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.selection = selection
