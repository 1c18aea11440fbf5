"""MAPLassoCV and MAPElasticNetCV: the strength chosen by cross-validation, in scikit-learn's terms."""

from collections.abc import Sequence
from functools import partial
from numbers import Integral, Number, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin
from sklearn.model_selection import check_cv
from sklearn.utils import check_scalar
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.validation import check_consistent_length, column_or_1d, validate_data

from .._sklearn import Interval, StrOptions, fit_context, raise_for_params, routing_enabled
from ..solvers import order_of
from ._base import LinearModel, check_weight
from ._lasso import MAPElasticNet
from ._lasso_descent import DescentOptions, alpha_grid
from ._lasso_folds import fold_errors, pooled
from ._lasso_outcome import SparseCoefficients, warn_unless_converged
from ._lasso_path import enet_path, lasso_path
from ._quadratic import CentredQuadratic

__all__ = ["MAPElasticNetCV", "MAPLassoCV"]

Array = NDArray[Any]


class _PathCV(RegressorMixin, SparseCoefficients, LinearModel):
    """Cross-validation over a path; what MAPLassoCV and MAPElasticNetCV share."""

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "eps": [Interval(Real, 0, None, closed="neither")],
        "alphas": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "fit_intercept": ["boolean"],
        "precompute": [StrOptions({"auto"}), "array-like", "boolean"],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "copy_X": ["boolean"],
        "cv": ["cv_object"],
        "verbose": ["verbose"],
        "n_jobs": [Integral, None],
        "positive": ["boolean"],
        "random_state": ["random_state"],
        "selection": [StrOptions({"cyclic", "random"})],
    }

    @fit_context()
    def fit(
        self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None, **params: Any
    ) -> "_PathCV":
        """Choose the strength by cross-validation, and fit all rows with it.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,)
            Target.
        sample_weight : float or array-like of shape (n_samples,), default=None
            How often each row counts, in fits and in test errors; non-negative. Folds count alike.
        **params : dict
            With metadata routing on, what the splitter asks for.

        Returns
        -------
        self : object
            The fitted model.

        Raises
        ------
        ValueError
            If data, weights or strengths are wrong, or there are several targets.
        """
        raise_for_params(params, self, "fit")
        X, y = self._checked(X, y)
        weight = None if isinstance(sample_weight, Number) else check_weight(sample_weight, X)
        ratios = np.atleast_1d(getattr(self, "l1_ratio", 1.0))
        grids = self._grids(X, y, weight, ratios)
        folds = list(check_cv(self.cv).split(X, y, **self._split_params(sample_weight, params)))
        order = order_of(self.selection, self.random_state)
        options = DescentOptions(self.tol, self.max_iter, self.positive, order)
        verbose = int(self.verbose)
        errors, paths, moments = fold_errors(
            X, y, weight, folds, grids, self.fit_intercept, options, self.n_jobs, verbose
        )
        self._choose(errors, ratios, grids)
        warn_unless_converged(paths, self.max_iter)
        self._refit(X, y, weight, None if moments is None else pooled(moments).gram)
        return self

    def _checked(self, X: Any, y: Any) -> tuple[Any, Array]:
        of_X = {
            "accept_sparse": "csc",
            "dtype": [np.float64, np.float32],
            "accept_large_sparse": False,
        }
        of_y = {"dtype": [np.float64, np.float32], "ensure_2d": False}
        X, y = validate_data(self, X, y, validate_separately=(of_X, of_y))
        check_consistent_length(X, y)
        if y.ndim > 1 and y.shape[1] > 1:
            name = type(self).__name__
            raise ValueError(
                f"For multi-task outputs, use MultiTask{name.removeprefix('MAP')}: {name} fits one target; "
                f"got {y.shape[1]}."
            )
        return X, column_or_1d(y, warn=True).astype(X.dtype, copy=False)

    def _grids(
        self, X: Any, y: Array, weight: Array | None, ratios: Array
    ) -> list[tuple[float, Array]]:
        if isinstance(self.alphas, Integral):
            form = CentredQuadratic(X, y, weight, self.fit_intercept)
            n_alphas = int(self.alphas)
            return [
                (float(r), alpha_grid(form, r, self.eps, n_alphas, self.positive)) for r in ratios
            ]
        check = partial(check_scalar, target_type=Real, min_val=0.0, include_boundaries="left")
        for index, alpha in enumerate(self.alphas):
            check(alpha, f"alphas[{index}]")
        alphas = np.sort(np.asarray(self.alphas, dtype=np.float64))[::-1]
        return [(float(ratio), alphas) for ratio in ratios]

    def _split_params(self, sample_weight: Any, params: dict[str, Any]) -> dict[str, Any]:
        if not routing_enabled():
            return {}
        return process_routing(self, "fit", sample_weight=sample_weight, **params).splitter.split

    def _choose(self, errors: Array, ratios: Array, grids: Sequence[tuple[float, Array]]) -> None:
        mean = errors.mean(axis=1)
        row, column = np.unravel_index(np.argmin(mean), mean.shape)
        self.mse_path_ = np.squeeze(np.moveaxis(errors, 2, 1))
        self.alpha_ = grids[row][1][column]
        if hasattr(self, "l1_ratio"):
            self.l1_ratio_ = ratios[row]
        self._ratio = float(ratios[row])
        chosen = isinstance(self.alphas, Integral) and len(grids) > 1
        self.alphas_ = np.asarray([grid for _, grid in grids]) if chosen else grids[0][1]

    def _refit(self, X: Any, y: Array, weight: Array | None, G: Array | None) -> None:
        model = MAPElasticNet(
            self.alpha_,
            l1_ratio=self._ratio,
            fit_intercept=self.fit_intercept,
            precompute=self.precompute if isinstance(self.precompute, bool) else False,
            max_iter=self.max_iter,
            tol=self.tol,
            positive=self.positive,
            random_state=self.random_state,
            selection=self.selection,
        )
        del self._ratio
        model._fit_checked(X, y[:, None], weight, G)
        for name in (
            "coef_",
            "intercept_",
            "dual_gap_",
            "objective_",
            "n_iter_",
            "converged_",
            "noise_scale_",
        ):
            setattr(self, name, getattr(model, name))

    def get_metadata_routing(self) -> MetadataRouter:
        """Return who wants which metadata: this model and its splitter.

        Returns
        -------
        routing : MetadataRouter
            As scikit-learn's metadata routing reads it.
        """
        to_split = MethodMapping().add(caller="fit", callee="split")
        router = MetadataRouter(owner=self).add_self_request(self)
        return router.add(splitter=check_cv(self.cv), method_mapping=to_split)


class MAPElasticNetCV(_PathCV):
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
    >>> model.l1_ratio_, model.coef_.round(1)
    (np.float64(1.0), array([ 1.,  0.,  0., -2.]))
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **_PathCV._parameter_constraints,
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


class MAPLassoCV(_PathCV):
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
