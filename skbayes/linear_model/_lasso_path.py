"""Paths of the lasso and the elastic net over strengths, with scikit-learn's signature."""

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.linear_model import enet_path as multi_output_path
from sklearn.utils.validation import check_array

from ..solvers import order_of
from ._base import check_weight
from ._lasso_descent import DescentOptions, GramQuadratic, alpha_grid, descend_path
from ._lasso_outcome import warn_unless_converged
from ._moments import moments_of
from ._quadratic import CentredQuadratic

__all__ = ["enet_path", "lasso_path"]

Array = NDArray[Any]

# A whole Gram matrix pays where all of it will be used: along a path most columns come in. Beyond this many
# columns it is no longer small beside the data of which it is made.
LARGEST_GRAM = 4000


def enet_path(
    X: Any,
    y: ArrayLike,
    *,
    l1_ratio: float = 0.5,
    eps: float = 1e-3,
    alphas: Any = 100,
    precompute: Any = "auto",
    Xy: ArrayLike | None = None,
    copy_X: bool = True,
    coef_init: ArrayLike | None = None,
    verbose: Any = False,
    return_n_iter: bool = False,
    positive: bool = False,
    check_input: bool = True,
    **params: Any,
) -> tuple[Any, ...]:
    """Elastic net solutions along a path of strengths, without intercept.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Features; centre them, and y, for a path with an intercept.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Target. Several targets share their features (multi-task), by scikit-learn's own path.
    l1_ratio : float, default=0.5
        Part of the strength that is of the absolute value, from 0 (normal prior) to 1 (Laplace prior).
    eps : float, default=0.001
        The last strength over the first, positive, if they are chosen here.
    alphas : int or array-like, default=100
        Strengths, or how many: from the least at which all coefficients are zero, in geometric steps.
    precompute : {"auto"}, bool or array-like of shape (n_features, n_features), default="auto"
        Whether the whole Gram matrix is computed first, or that matrix. "auto": if there are more rows than columns.
    Xy : array-like of shape (n_features,), default=None
        Xᵀy, to go with a Gram matrix given.
    copy_X : bool, default=True
        There for scikit-learn's sake: X is never overwritten.
    coef_init : array-like of shape (n_features,), default=None
        Where to begin; None: zeros.
    verbose : bool or int, default=False
        There for scikit-learn's sake: nothing is printed.
    return_n_iter : bool, default=False
        Whether the numbers of passes are returned too.
    positive : bool, default=False
        Whether coefficients must be at least zero; for a single target.
    check_input : bool, default=True
        False leaves the checks out: X is then a float array or a CSC matrix.
    **params : dict
        ``tol`` (default 1e-4), ``max_iter`` (1000), ``selection`` ("cyclic"), ``random_state`` (None) and
        ``sample_weight`` (None), as of MAPElasticNet.

    Returns
    -------
    alphas : ndarray of shape (n_alphas,)
        Strengths, falling.
    coefs : ndarray of shape (n_features, n_alphas) or (n_targets, n_features, n_alphas)
        Coefficients.
    dual_gaps : ndarray of shape (n_alphas,)
        How far each objective is above its minimum, at most.
    n_iters : list of int
        Passes over the coefficients; only if `return_n_iter`.

    Raises
    ------
    ValueError
        If a parameter is unknown, data are wrong, or strengths are to be chosen for `l1_ratio` = 0.

    Notes
    -----
    Each solution minimises ‖y − Xw‖² / 2n + alpha l1_ratio |w|₁ + alpha (1 − l1_ratio) ‖w‖² / 2. A path begins each
    strength at the solution before, with the coefficients that the strong rule [1]_ lets through; what it leaves out by
    mistake the duality gap brings back.

    References
    ----------
    .. [1] Tibshirani, Bien, Friedman, Hastie, Simon, Taylor, Tibshirani (2012). Strong rules for discarding
       predictors in lasso-type problems. J. R. Statist. Soc. B 74, 245-266. doi:10.1111/j.1467-9868.2011.01004.x

    Examples
    --------
    >>> from skbayes.linear_model import enet_path
    >>> X, y = [[1.0, 2.3], [2.0, 5.4], [3.1, 4.3]], [1.0, 2.0, 3.1]
    >>> alphas, coefs, gaps = enet_path(X, y, l1_ratio=1.0, alphas=[5.0, 1.0, 0.5], tol=1e-10)
    >>> coefs.round(3)
    array([[0.   , 0.   , 0.469],
           [0.216, 0.443, 0.237]])
    """
    options: dict[str, Any] = {
        "tol": 1e-4,
        "max_iter": 1000,
        "selection": "cyclic",
        "random_state": None,
        "sample_weight": None,
    }
    unknown = params.keys() - options.keys()
    if unknown:
        raise ValueError(
            f"Unexpected parameters in params: {sorted(unknown)}. Known are {sorted(options)}."
        )
    options |= params
    if check_input:
        X = check_array(X, accept_sparse="csc", dtype=[np.float64, np.float32])
        y = check_array(y, dtype=X.dtype, ensure_2d=False)
    y = np.asarray(y, dtype=X.dtype)
    if y.ndim == 2:
        if positive:
            raise ValueError(
                "positive=True is not allowed for multi-output (y.ndim != 1). Fit each target by itself."
            )
        return multi_output_path(
            X,
            y,
            l1_ratio=l1_ratio,
            eps=eps,
            alphas=alphas,
            coef_init=coef_init,
            return_n_iter=return_n_iter,
            **params,
        )
    form = _form(X, y, options["sample_weight"], precompute, Xy)
    if isinstance(alphas, Integral):
        alphas = alpha_grid(form, l1_ratio, eps, int(alphas), positive)
    alphas = np.sort(np.asarray(alphas, dtype=np.float64))[::-1]
    rng = order_of(options["selection"], options["random_state"])
    descent = DescentOptions(options["tol"], options["max_iter"], positive, rng)
    start = None if coef_init is None else np.asarray(coef_init, dtype=np.float64)
    path = descend_path(form, alphas, l1_ratio, descent, start=start)
    warn_unless_converged([path], options["max_iter"])
    result = (alphas, path.coefs.astype(X.dtype, copy=False), path.gaps)
    return (*result, path.n_iters) if return_n_iter else result


def _form(X: Any, y: Array, sample_weight: Any, precompute: Any, Xy: Any) -> Any:
    weight = check_weight(sample_weight, X)
    eps = float(np.finfo(np.float64).eps)
    if isinstance(precompute, np.ndarray | list):
        G = np.ascontiguousarray(precompute, dtype=np.float64)
        y = y.astype(np.float64)
        q = X.T @ y if Xy is None else np.asarray(Xy, dtype=np.float64)
        return GramQuadratic(G, q, float(y @ y), float(X.shape[0]), eps)
    n, p = X.shape
    wanted = (
        n > p and p <= LARGEST_GRAM and not sparse.issparse(X)
        if precompute == "auto"
        else precompute
    )
    if not wanted:
        return CentredQuadratic(X, y, weight, False)
    moments = moments_of(X, y[:, None], weight, False, np.float64)
    return GramQuadratic(
        moments.gram, moments.cross[:, 0], float(moments.power[0]), moments.total, eps
    )


def lasso_path(
    X: Any,
    y: ArrayLike,
    *,
    eps: float = 1e-3,
    alphas: Any = 100,
    precompute: Any = "auto",
    Xy: ArrayLike | None = None,
    copy_X: bool = True,
    coef_init: ArrayLike | None = None,
    verbose: Any = False,
    return_n_iter: bool = False,
    positive: bool = False,
    **params: Any,
) -> tuple[Any, ...]:
    """Lasso solutions along a path of strengths, without intercept.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Features; centre them, and y, for a path with an intercept.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Target. Several targets share their features (multi-task), by scikit-learn's own path.
    eps : float, default=0.001
        The last strength over the first, positive, if they are chosen here.
    alphas : int or array-like, default=100
        Strengths, or how many: from the least at which all coefficients are zero, in geometric steps.
    precompute : {"auto"}, bool or array-like of shape (n_features, n_features), default="auto"
        Whether the whole Gram matrix is computed first, or that matrix. "auto": if there are more rows than columns.
    Xy : array-like of shape (n_features,), default=None
        Xᵀy, to go with a Gram matrix given.
    copy_X : bool, default=True
        There for scikit-learn's sake: X is never overwritten.
    coef_init : array-like of shape (n_features,), default=None
        Where to begin; None: zeros.
    verbose : bool or int, default=False
        There for scikit-learn's sake: nothing is printed.
    return_n_iter : bool, default=False
        Whether the numbers of passes are returned too.
    positive : bool, default=False
        Whether coefficients must be at least zero; for a single target.
    **params : dict
        As of `enet_path`.

    Returns
    -------
    alphas : ndarray of shape (n_alphas,)
        Strengths, falling.
    coefs : ndarray of shape (n_features, n_alphas) or (n_targets, n_features, n_alphas)
        Coefficients.
    dual_gaps : ndarray of shape (n_alphas,)
        How far each objective is above its minimum, at most.
    n_iters : list of int
        Passes over the coefficients; only if `return_n_iter`.

    Raises
    ------
    ValueError
        If a parameter is unknown or data are wrong.

    See Also
    --------
    enet_path : With a second term; formula and sources.

    Examples
    --------
    >>> from skbayes.linear_model import lasso_path
    >>> X, y = [[1.0, 2.3], [2.0, 5.4], [3.1, 4.3]], [1.0, 2.0, 3.1]
    >>> lasso_path(X, y, alphas=[5.0, 1.0], tol=1e-10)[1].round(3)
    array([[0.   , 0.   ],
           [0.216, 0.443]])
    """
    return enet_path(
        X,
        y,
        l1_ratio=1.0,
        eps=eps,
        alphas=alphas,
        precompute=precompute,
        Xy=Xy,
        copy_X=copy_X,
        coef_init=coef_init,
        verbose=verbose,
        return_n_iter=return_n_iter,
        positive=positive,
        **params,
    )
