"""MAPLasso: Laplace prior, Gaussian likelihood, in scikit-learn's terms."""

from typing import Any, ClassVar

from ._elastic_net import MAPElasticNet

__all__ = ["MAPLasso"]


class MAPLasso(MAPElasticNet):
    """Lasso: the mode of the posterior of a Laplace prior and a Gaussian likelihood.

    The numbers are those of `sklearn.linear_model.Lasso` at the same arguments; X is neither centred nor copied.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the prior, non-negative. 0 is maximum likelihood, for which LinearRegressionMLE is meant.
    fit_intercept : bool, default=True
        Whether there is an intercept; its prior is flat.
    precompute : bool or array-like of shape (n_features, n_features), default=False
        Whether the whole Gram matrix is computed at once, or that matrix, of centred data. False: as much of it as the
        solution needs, which is nearly always faster. Sparse X never has it.
    copy_X : bool, default=True
        There for scikit-learn's sake: X is never overwritten.
    max_iter : int or None, default=1000
        Largest number of passes over the coefficients, positive; None is 1000.
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
    MAPLassoCV : The strength chosen by cross-validation.
    MAPRegressor : Any likelihood and prior.

    Notes
    -----
    The mode minimises ‖y − Xw − b‖² / 2n + alpha |w|₁ [1]_; with weights, n is their sum and the square a weighted one.
    With noise scale σ that is a Laplace prior of scale σ² / (n alpha). See MAPElasticNet for the noise.

    References
    ----------
    .. [1] Tibshirani (1996). Regression shrinkage and selection via the lasso. J. R. Statist. Soc. B 58, 267-288.
       doi:10.1111/j.2517-6161.1996.tb02080.x

    Examples
    --------
    >>> from skbayes.linear_model import MAPLasso
    >>> model = MAPLasso(alpha=0.1).fit([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]], [0.0, 1.0, 2.0])
    >>> model.coef_.round(2), round(float(model.intercept_), 2)
    (array([0.85, 0.  ]), 0.15)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        name: allowed
        for name, allowed in MAPElasticNet._parameter_constraints.items()
        if name != "l1_ratio"
    }

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        fit_intercept: bool = True,
        precompute: Any = False,
        copy_X: bool = True,
        max_iter: int | None = 1000,
        tol: float = 1e-4,
        warm_start: bool = False,
        positive: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
    ) -> None:
        super().__init__(
            alpha=alpha,
            l1_ratio=1.0,
            fit_intercept=fit_intercept,
            precompute=precompute,
            copy_X=copy_X,
            max_iter=max_iter,
            tol=tol,
            warm_start=warm_start,
            positive=positive,
            random_state=random_state,
            selection=selection,
        )
