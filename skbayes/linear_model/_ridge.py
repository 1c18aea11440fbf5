"""MAPRidge: normal prior, Gaussian likelihood, in scikit-learn's terms."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import validate_data

from .._sklearn import fit_context
from ._base import check_weight
from ._mean_predictions import MeanPredictions
from ._ridge_data import RidgeData
from ._ridge_options import RIDGE_CONSTRAINTS, Array, RidgeModel, as_targets, noise_scale
from ._sequential import Sequential

__all__ = ["MAPRidge"]


class MAPRidge(Sequential, MeanPredictions, MultiOutputMixin, RegressorMixin, RidgeModel):
    """Ridge regression: the mode of the posterior of a normal prior and a Gaussian likelihood.

    The numbers are those of `sklearn.linear_model.Ridge` at the same arguments; X is not copied.

    Parameters
    ----------
    alpha : float or array-like of shape (n_targets,), default=1.0
        Strength of the prior, non-negative: noise variance over prior variance. 0 is maximum likelihood; where that
        has many solutions, a direct solver gives the one of least norm. An array has one for each target.
    fit_intercept : bool, default=True
        Whether there is an intercept; its prior is flat.
    copy_X : bool, default=True
        There for scikit-learn's sake: X is never overwritten, and never copied.
    max_iter : int or None, default=None
        Largest number of iterations of solvers that iterate, positive; None: as many as they should ever need.
    tol : float, default=0.0001
        Where solvers that iterate end, non-negative: at a gradient of this size relative to that at zero.
    solver : str, default="auto"
        ``"auto"`` takes a closed form, and conjugate gradients for large sparse X. ``"closed_form"`` and ``"cholesky"``
        take a Cholesky factor of the smaller Gram matrix, with corrections from the residuals or an SVD where it is
        ill-conditioned; ``"svd"`` takes singular values through a QR decomposition; ``"sparse_cg"``, ``"lsqr"``,
        ``"sag"`` and ``"saga"`` are conjugate gradients; ``"lbfgs"`` is for `positive`.
    positive : bool, default=False
        Whether coefficients must be at least zero.
    random_state : int, RandomState or None, default=None
        There for scikit-learn's sake: no solver here is random.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept; 0.0 without one.
    noise_scale_ : float or ndarray of shape (n_targets,)
        Estimated standard deviation of the noise, in the unit of y; NaN where no degrees of freedom are left for it.
        Not there after conjugate gradients and with `positive`, which do not know the effective degrees of freedom.
    objective_ : float or ndarray of shape (n_targets,)
        Σ s (y − x·w − b)² + alpha ‖w‖².
    n_iter_ : ndarray of shape (n_targets,) or None
        Iterations; 1 in closed form. None where scikit-learn's solver of the given name reports none.
    solver_ : str
        The solver used, by scikit-learn's name.
    converged_ : bool
        Whether the tolerance was reached.
    posterior_ : CoefficientPosterior or list of CoefficientPosterior
        Posterior of the coefficients and, last, the intercept; one for each target if there are several. Formed when
        something is asked of it.
    coef_std_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Posterior standard deviations of the coefficients.
    intercept_std_ : float or ndarray of shape (n_targets,)
        Posterior standard deviation of the intercept; 0.0 without one.
    log_evidence_ : float or ndarray of shape (n_targets,)
        Logarithm of the marginal likelihood p(y); undefined under a flat prior, which an AttributeError says.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Feature names, if X had some.

    See Also
    --------
    MAPRidgeCV : The strength chosen by leave-one-out, folds or evidence.
    MAPRegressor : Any likelihood and prior.
    LinearRegressionMLE : The same without a prior.

    Notes
    -----
    With noise scale σ and prior w ~ Normal(0, τ²), the mode minimises Σ s (y − x·w − b)² + alpha ‖w‖² with
    alpha = σ² / τ² [1]_. So the prior scale is ``noise_scale_ / sqrt(alpha)``, where σ² = Σ s r² / (Σ s − γ) and γ is
    the trace of the map from y to the fitted values.

    References
    ----------
    .. [1] Hoerl, Kennard (1970). Ridge regression: biased estimation for nonorthogonal problems. Technometrics 12,
       55-67. doi:10.1080/00401706.1970.10488634

    Examples
    --------
    >>> from skbayes.linear_model import MAPRidge
    >>> model = MAPRidge(alpha=1.0).fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0])
    >>> model.coef_.round(3), round(float(model.intercept_), 3)
    (array([1.333]), 1.667)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = RIDGE_CONSTRAINTS

    def __init__(
        self,
        alpha: Any = 1.0,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        max_iter: int | None = None,
        tol: float = 1e-4,
        solver: str = "auto",
        positive: bool = False,
        random_state: Any = None,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.solver = solver
        self.positive = positive
        self.random_state = random_state

    @fit_context()
    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> "MAPRidge":
        """Find the mode of the posterior.

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
        self : MAPRidge
            The fitted model.

        Raises
        ------
        ValueError
            If data, weights or strengths are wrong or of the wrong shape, or the solver cannot do what is asked of it.
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
        self._fit_rows(X, y, check_weight(sample_weight, X))
        return self

    def _fit_rows(self, X: Any, y: Any, weight: Array | None) -> None:
        """Fit to rows that were checked."""
        Y, is_single = as_targets(y, X.dtype)
        fit = self._fit_targets(RidgeData(X, Y, weight, self.fit_intercept), is_single)
        scale = noise_scale(fit, is_single)
        if scale is not None:
            self.noise_scale_ = scale
        elif hasattr(self, "noise_scale_"):
            del self.noise_scale_
