"""MAPRidgeCV: the strength of a normal prior chosen by leave-one-out, by folds, or by the evidence."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.metrics import get_scorer
from sklearn.utils.validation import validate_data

from .._sklearn import StrOptions, fit_context
from ._base import check_weight
from ._mean_predictions import MeanPredictions
from ._ridge import MAPRidge
from ._ridge_data import RidgeData
from ._ridge_options import as_targets
from ._ridge_search import RIDGE_CV_CONSTRAINTS, RidgeSearch

__all__ = ["MAPRidgeCV"]


class MAPRidgeCV(MeanPredictions, MultiOutputMixin, RegressorMixin, RidgeSearch):
    """Ridge regression whose strength is chosen from a list.

    The numbers are those of `sklearn.linear_model.RidgeCV` at the same arguments. One factorisation serves all
    strengths.

    Parameters
    ----------
    alphas : float or array-like of shape (n_alphas,), default=(0.1, 1.0, 10.0)
        Strengths to choose from: positive, with `cv` also 0.
    fit_intercept : bool, default=True
        Whether there is an intercept; its prior is flat.
    scoring : str, callable or None, default=None
        What is maximised. None: minus the mean squared error with leave-one-out, R² with `cv`.
    cv : int, splitter, iterable or None, default=None
        Folds; None: leave-one-out, exactly and without refits.
    gcv_mode : {"auto", "svd", "eigen"} or None, default=None
        How leave-one-out factorises: ``"eigen"``, as ``"auto"`` and None, by the eigenvectors of the smaller Gram
        matrix, unless it is too ill-conditioned for the smallest strength; ``"svd"`` by a QR decomposition and
        singular values.
    store_cv_results : bool, default=False
        Whether to keep `cv_results_`; only without `cv`.
    alpha_per_target : bool, default=False
        Whether each target has a strength of its own; only without `cv`.
    tune : {"loo", "cv", "evidence"} or None, default=None
        What chooses. None: ``"cv"`` where `cv` is given, else ``"loo"``. ``"evidence"``: the strength with the largest
        probability of the data, any positive number; `alphas`, `scoring` and `cv` are then not used, and each target
        has its own.

    Attributes
    ----------
    alpha_ : float or ndarray of shape (n_targets,)
        The strength chosen.
    best_score_ : float or ndarray of shape (n_targets,)
        Its score; the log evidence with ``tune="evidence"``.
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients of the fit to all rows.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept; 0.0 without one.
    noise_scale_ : float or ndarray of shape (n_targets,)
        Estimated standard deviation of the noise, in the unit of y; NaN where no degrees of freedom are left for it.
    cv_results_ : ndarray of shape (n_samples, n_alphas) or (n_samples, n_targets, n_alphas)
        Only with `store_cv_results`: weighted squared leave-one-out errors, or with `scoring` the predictions.
    posterior_ : CoefficientPosterior or list of CoefficientPosterior
        Posterior of the coefficients and, last, the intercept, given the strength; one for each target if there are
        several. Formed when something is asked of it.
    coef_std_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Posterior standard deviations of the coefficients.
    intercept_std_ : float or ndarray of shape (n_targets,)
        Posterior standard deviation of the intercept; 0.0 without one.
    log_evidence_ : float or ndarray of shape (n_targets,)
        Logarithm of the marginal likelihood p(y) at the strength chosen.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Feature names, if X had some.

    See Also
    --------
    MAPRidge : With a given strength.

    Notes
    -----
    With residual e_i and leverage h_i of row i in the fit of all rows, the fit without it misses it by
    e_i / (1 − h_i) [1]_.

    References
    ----------
    .. [1] Allen (1974). The relationship between variable selection and data augmentation and a method for prediction.
       Technometrics 16, 125-127. doi:10.1080/00401706.1974.10489157

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skbayes.linear_model import MAPRidgeCV
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = MAPRidgeCV(alphas=[0.001, 0.01, 0.1, 1.0]).fit(X, y)
    >>> float(model.alpha_), round(model.score(X, y), 3)
    (0.01, 0.517)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **RIDGE_CV_CONSTRAINTS,
        "gcv_mode": [StrOptions({"auto", "svd", "eigen"}), None],
        "alpha_per_target": ["boolean"],
        "tune": [StrOptions({"loo", "cv", "evidence"}), None],
    }
    _fixed_model = MAPRidge

    def __init__(
        self,
        alphas: Any = (0.1, 1.0, 10.0),
        *,
        fit_intercept: bool = True,
        scoring: Any = None,
        cv: Any = None,
        gcv_mode: str | None = None,
        store_cv_results: bool = False,
        alpha_per_target: bool = False,
        tune: str | None = None,
    ) -> None:
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.scoring = scoring
        self.cv = cv
        self.gcv_mode = gcv_mode
        self.store_cv_results = store_cv_results
        self.alpha_per_target = alpha_per_target
        self.tune = tune

    @fit_context()
    def fit(
        self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None, **params: Any
    ) -> "MAPRidgeCV":
        """Choose the strength, and fit with it.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets.
        sample_weight : float or array-like of shape (n_samples,), default=None
            How often each row counts; non-negative. Leave-one-out leaves out a row with all its weight.
        **params : dict
            Metadata for the scorer and the splitter, with scikit-learn's metadata routing on.

        Returns
        -------
        self : MAPRidgeCV
            The fitted model.

        Raises
        ------
        ValueError
            If data, weights or strengths are wrong or of the wrong shape, or arguments contradict one another.
        TypeError
            If a strength is no number.
        """
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=["csr", "csc"],
            dtype=[np.float64, np.float32],
            multi_output=True,
            y_numeric=True,
            ensure_min_samples=2,
        )
        Y, is_single = as_targets(y, np.float64)
        data = RidgeData(X, Y, check_weight(sample_weight, X), self.fit_intercept)
        self._choose_and_fit(data, np.asarray(y), is_single, params)
        return self

    def _scorer_of_default(self) -> Any:
        return get_scorer("r2")
