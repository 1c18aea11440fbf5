"""MAPLassoCV and MAPElasticNetCV: the strength chosen by cross-validation, in scikit-learn's terms."""

from numbers import Real
from typing import Any, ClassVar

from .._sklearn import Interval
from ._lasso_choice import PathCV
from ._lasso_path import enet_path, lasso_path

__all__ = ["MAPElasticNetCV", "MAPLassoCV"]


class MAPElasticNetCV(PathCV):
    """Elastic net with its strength, and the part of the absolute value in it, chosen by cross-validation.

    The numbers are those of `sklearn.linear_model.ElasticNetCV` at the same arguments.

    Parameters
    ----------
    l1_ratio : float or list of float, default=0.5
        Part of the strength that is of the absolute value, in (0, 1]; of several the best is chosen.
    eps : float, default=0.001
        The last strength over the first, positive, if they are chosen here.
    alphas : int or array-like, default=100
        Strengths, non-negative, or how many: from the least at which all coefficients are zero, in geometric steps.
    fit_intercept : bool, default=True
        Whether there is an intercept; its prior is flat.
    precompute : {"auto"}, bool or array-like of shape (n_features, n_features), default="auto"
        Whether the last fit computes the whole Gram matrix. Folds of tall data always use theirs, others never.
    max_iter : int, default=1000
        Largest number of passes over the coefficients, positive.
    tol : float, default=0.0001
        The descent ends when the duality gap is at most this part of ‖y − ȳ‖² / n; non-negative.
    cv : int, splitter or iterable, default=None
        Folds; None: five.
    copy_X : bool, default=True
        There for scikit-learn's sake: X is never overwritten.
    verbose : bool or int, default=False
        How much joblib tells.
    n_jobs : int or None, default=None
        Folds fitted at a time.
    positive : bool, default=False
        Whether coefficients must be at least zero.
    random_state : int, RandomState or None, default=None
        For random selection.
    selection : {"cyclic", "random"}, default="cyclic"
        Order of the coefficients in a pass.

    Attributes
    ----------
    alpha_ : float
        The strength chosen.
    l1_ratio_ : float
        The part chosen.
    coef_ : ndarray of shape (n_features,)
        Coefficients.
    intercept_ : float
        Intercept; 0.0 without one.
    sparse_coef_ : sparse matrix of shape (1, n_features)
        The coefficients that are not zero.
    mse_path_ : ndarray of shape (n_l1_ratio, n_alphas, n_folds) or (n_alphas, n_folds)
        Mean squared error of each test fold.
    alphas_ : ndarray of shape (n_alphas,) or (n_l1_ratio, n_alphas)
        Strengths tried.
    objective_ : float
        What is minimised, at the solution.
    dual_gap_ : float
        The objective is at most this above its minimum.
    n_iter_ : int
        Passes of the last fit.
    converged_ : bool
        Whether the last fit reached the tolerance.
    noise_scale_ : float
        Estimated standard deviation of the noise, in the unit of y.
    posterior_ : CoefficientPosterior
        Posterior of the coefficients and, last, the intercept, given the strength and which coefficients are zero.
        Formed when something is asked of it.
    coef_std_ : ndarray of shape (n_features,)
        Posterior standard deviations of the coefficients.
    intercept_std_ : float
        Posterior standard deviation of the intercept; 0.0 without one.
    log_evidence_ : float
        Logarithm of the marginal likelihood p(y); undefined under a flat prior or at a kink, which an AttributeError
        says.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Feature names, if X had some.

    See Also
    --------
    MAPElasticNet : With a given strength; formula and sources.

    Notes
    -----
    With more rows than columns, and folds that partition the rows, nothing but the moments of each fold is used: the
    paths and the test errors follow from sums of them. Otherwise rows of a test fold get the weight 0, and X is not
    copied for it.

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.linear_model import MAPElasticNetCV
    >>> X = np.random.default_rng(0).standard_normal((60, 4))
    >>> model = MAPElasticNetCV(l1_ratio=[0.5, 1.0], cv=3).fit(X, X @ [1.0, 0.0, 0.0, -2.0])
    >>> float(model.l1_ratio_), model.coef_.round(1)
    (0.5, array([ 1.,  0.,  0., -2.]))
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **PathCV._parameter_constraints,
        "l1_ratio": [Interval(Real, 0, 1, closed="both"), "array-like"],
    }

    path = staticmethod(enet_path)

    def __init__(
        self,
        *,
        l1_ratio: Any = 0.5,
        eps: float = 1e-3,
        alphas: Any = 100,
        fit_intercept: bool = True,
        precompute: Any = "auto",
        max_iter: int = 1000,
        tol: float = 1e-4,
        cv: Any = None,
        copy_X: bool = True,
        verbose: Any = False,
        n_jobs: int | None = None,
        positive: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
    ) -> None:
        self.l1_ratio = l1_ratio
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.copy_X = copy_X
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.positive = positive
        self.random_state = random_state
        self.selection = selection


class MAPLassoCV(PathCV):
    """Lasso with its strength chosen by cross-validation.

    The numbers are those of `sklearn.linear_model.LassoCV` at the same arguments.

    Parameters
    ----------
    eps : float, default=0.001
        The last strength over the first, positive, if they are chosen here.
    alphas : int or array-like, default=100
        Strengths, non-negative, or how many: from the least at which all coefficients are zero, in geometric steps.
    fit_intercept : bool, default=True
        Whether there is an intercept; its prior is flat.
    precompute : {"auto"}, bool or array-like of shape (n_features, n_features), default="auto"
        Whether the last fit computes the whole Gram matrix. Folds of tall data always use theirs, others never.
    max_iter : int, default=1000
        Largest number of passes over the coefficients, positive.
    tol : float, default=0.0001
        The descent ends when the duality gap is at most this part of ‖y − ȳ‖² / n; non-negative.
    copy_X : bool, default=True
        There for scikit-learn's sake: X is never overwritten.
    cv : int, splitter or iterable, default=None
        Folds; None: five.
    verbose : bool or int, default=False
        How much joblib tells.
    n_jobs : int or None, default=None
        Folds fitted at a time.
    positive : bool, default=False
        Whether coefficients must be at least zero.
    random_state : int, RandomState or None, default=None
        For random selection.
    selection : {"cyclic", "random"}, default="cyclic"
        Order of the coefficients in a pass.

    Attributes
    ----------
    alpha_ : float
        The strength chosen.
    coef_ : ndarray of shape (n_features,)
        Coefficients.
    intercept_ : float
        Intercept; 0.0 without one.
    sparse_coef_ : sparse matrix of shape (1, n_features)
        The coefficients that are not zero.
    mse_path_ : ndarray of shape (n_alphas, n_folds)
        Mean squared error of each test fold.
    alphas_ : ndarray of shape (n_alphas,)
        Strengths tried.
    objective_ : float
        What is minimised, at the solution.
    dual_gap_ : float
        The objective is at most this above its minimum.
    n_iter_ : int
        Passes of the last fit.
    converged_ : bool
        Whether the last fit reached the tolerance.
    noise_scale_ : float
        Estimated standard deviation of the noise, in the unit of y.
    posterior_ : CoefficientPosterior
        Posterior of the coefficients and, last, the intercept, given the strength and which coefficients are zero.
        Formed when something is asked of it.
    coef_std_ : ndarray of shape (n_features,)
        Posterior standard deviations of the coefficients.
    intercept_std_ : float
        Posterior standard deviation of the intercept; 0.0 without one.
    log_evidence_ : float
        Logarithm of the marginal likelihood p(y); undefined under a flat prior or at a kink, which an AttributeError
        says.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Feature names, if X had some.

    See Also
    --------
    MAPLasso : With a given strength; formula and sources.
    MAPElasticNetCV : With a second term; how the folds are computed.

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.linear_model import MAPLassoCV
    >>> X = np.random.default_rng(0).standard_normal((60, 4))
    >>> model = MAPLassoCV(cv=3).fit(X, X @ [1.0, 0.0, 0.0, -2.0])
    >>> model.coef_.round(1)
    array([ 1.,  0.,  0., -2.])
    """

    path = staticmethod(lasso_path)

    def __init__(
        self,
        *,
        eps: float = 1e-3,
        alphas: Any = 100,
        fit_intercept: bool = True,
        precompute: Any = "auto",
        max_iter: int = 1000,
        tol: float = 1e-4,
        copy_X: bool = True,
        cv: Any = None,
        verbose: Any = False,
        n_jobs: int | None = None,
        positive: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
    ) -> None:
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.tol = tol
        self.copy_X = copy_X
        self.cv = cv
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.positive = positive
        self.random_state = random_state
        self.selection = selection
