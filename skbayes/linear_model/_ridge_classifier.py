"""MAPRidgeClassifier: ridge regression on labels of −1 and 1, one target for each class."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin
from sklearn.metrics import get_scorer
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import column_or_1d, compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from .._sklearn import StrOptions, fit_context
from ._base import LinearModel, check_weight
from ._ridge_data import RidgeData
from ._ridge_options import RIDGE_CONSTRAINTS, Array, RidgeModel
from ._ridge_search import RIDGE_CV_CONSTRAINTS, Predicted, RidgeSearch
from ._uncertain import Uncertain

__all__ = ["MAPRidgeClassifier", "MAPRidgeClassifierCV"]


class RidgeLabels(Uncertain, ClassifierMixin, LinearModel):
    """What ridge classifiers share: labels in, linear predictors and labels out."""

    class_weight: Any
    classes_: Array
    label_binarizer_: LabelBinarizer

    def _prepare(
        self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None
    ) -> tuple[Any, Array, Array, Array | None]:
        """Return X, labels, targets of −1 and 1 (n, k), and weights."""
        X, labels = validate_data(
            self,
            X,
            y,
            accept_sparse=["csr", "csc"],
            dtype=[np.float64, np.float32],
            multi_output=True,
        )
        check_classification_targets(labels)
        self.label_binarizer_ = LabelBinarizer(pos_label=1, neg_label=-1)
        Y = self.label_binarizer_.fit_transform(labels).astype(X.dtype)
        self.classes_ = self.label_binarizer_.classes_
        if len(self.classes_) < 2:
            raise ValueError(
                f"{type(self).__name__} needs labels of at least two classes; got one class: {self.classes_[0]!r}. "
                "Give rows of another class."
            )
        if not self._is_multilabel():
            labels = column_or_1d(labels, warn=True)
        weight = check_weight(sample_weight, X)
        if self.class_weight:
            by_class = compute_sample_weight(self.class_weight, labels).astype(X.dtype)
            weight = by_class if weight is None else weight * by_class
        return X, labels, Y, weight

    def _is_multilabel(self) -> bool:
        return str(self.label_binarizer_.y_type_).startswith("multilabel")

    def decision_function(self, X: Any) -> Array:
        """Return the linear predictor.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.

        Returns
        -------
        eta : ndarray of shape (n_samples,) or (n_samples, n_classes)
            Positive for the second of two classes; else the class with the largest is predicted.
        """
        return self._linear_predictor(X)

    def predict(self, X: Any) -> Array:
        """Predict labels.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.

        Returns
        -------
        y_pred : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Labels; of a multilabel problem 0 or 1 for each output.
        """
        return labels_of(self, self.decision_function(X))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def labels_of(model: Any, eta: Array) -> Array:
    """Return the labels of linear predictors."""
    if model._is_multilabel():
        # The threshold lies between the two codes.
        return np.asarray(model.label_binarizer_.inverse_transform(np.where(eta > 0, 1, -1)))
    index = (eta > 0).astype(int) if eta.ndim == 1 else eta.argmax(axis=1)
    return np.asarray(model.classes_[index])


class MAPRidgeClassifier(RidgeLabels, RidgeModel):
    """Classification by ridge regression on labels of −1 and 1.

    The numbers are those of `sklearn.linear_model.RidgeClassifier` at the same arguments.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the prior, non-negative, as in `MAPRidge`.
    fit_intercept : bool, default=True
        Whether there is an intercept; its prior is flat.
    copy_X : bool, default=True
        There for scikit-learn's sake: X is never overwritten, and never copied.
    max_iter : int or None, default=None
        Largest number of iterations of solvers that iterate, positive; None: as many as they should ever need.
    tol : float, default=0.0001
        Where solvers that iterate end, non-negative: at a gradient of this size relative to that at zero.
    class_weight : dict, "balanced" or None, default=None
        Factors of the sample weights by label; ``"balanced"``: the inverse of how frequent a label is.
    solver : str, default="auto"
        As in `MAPRidge`.
    positive : bool, default=False
        Whether coefficients must be at least zero.
    random_state : int, RandomState or None, default=None
        There for scikit-learn's sake: no solver here is random.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_classes, n_features)
        Coefficients; one row for two classes.
    intercept_ : float or ndarray of shape (n_classes,)
        Intercepts; 0.0 without one.
    classes_ : ndarray of shape (n_classes,)
        Labels.
    label_binarizer_ : LabelBinarizer
        From labels to targets.
    objective_ : ndarray of shape (n_targets,)
        Σ s (target − x·w − b)² + alpha ‖w‖².
    n_iter_ : ndarray of shape (n_targets,) or None
        As in `MAPRidge`.
    solver_ : str
        The solver used, by scikit-learn's name.
    converged_ : bool
        Whether the tolerance was reached.
    posterior_ : CoefficientPosterior or list of CoefficientPosterior
        Posterior of the coefficients and, last, the intercept, of a Gaussian likelihood of the targets −1 and 1; one
        for each target if there are several. Formed when something is asked of it.
    coef_std_ : ndarray of shape (n_features,) or (n_classes, n_features)
        Posterior standard deviations of the coefficients.
    intercept_std_ : float or ndarray of shape (n_classes,)
        Posterior standard deviation of the intercept; 0.0 without one.
    log_evidence_ : float or ndarray of shape (n_classes,)
        Logarithm of the marginal likelihood of the targets of −1 and 1.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Feature names, if X had some.

    See Also
    --------
    MAPLogisticRegression : With probabilities of classes.

    Examples
    --------
    >>> from skbayes.linear_model import MAPRidgeClassifier
    >>> model = MAPRidgeClassifier().fit([[0.0], [1.0], [2.0], [3.0]], ["a", "a", "b", "b"])
    >>> model.predict([[0.5], [2.5]])
    array(['a', 'b'], dtype='<U1')
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **RIDGE_CONSTRAINTS,
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        alpha: Any = 1.0,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        max_iter: int | None = None,
        tol: float = 1e-4,
        class_weight: Any = None,
        solver: str = "auto",
        positive: bool = False,
        random_state: Any = None,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.class_weight = class_weight
        self.solver = solver
        self.positive = positive
        self.random_state = random_state

    @fit_context()
    def fit(
        self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> "MAPRidgeClassifier":
        """Fit one target for each class, or one for two classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Labels; 0 and 1 in several columns are outputs of their own.
        sample_weight : float or array-like of shape (n_samples,), default=None
            How often each row counts; non-negative.

        Returns
        -------
        self : MAPRidgeClassifier
            The fitted model.

        Raises
        ------
        ValueError
            If data, labels or weights are wrong or of the wrong shape.
        """
        X, _, Y, weight = self._prepare(X, y, sample_weight)
        self._fit_targets(RidgeData(X, Y, weight, self.fit_intercept), is_single=False)
        return self


class MAPRidgeClassifierCV(RidgeLabels, RidgeSearch):
    """Ridge classifier whose strength is chosen from a list.

    The numbers are those of `sklearn.linear_model.RidgeClassifierCV` at the same arguments.

    Parameters
    ----------
    alphas : float or array-like of shape (n_alphas,), default=(0.1, 1.0, 10.0)
        Strengths to choose from: positive, with `cv` also 0.
    fit_intercept : bool, default=True
        Whether there is an intercept; its prior is flat.
    scoring : str, callable or None, default=None
        What is maximised. None: minus the mean squared error with leave-one-out, accuracy with `cv`.
    cv : int, splitter, iterable or None, default=None
        Folds; None: leave-one-out, exactly and without refits.
    class_weight : dict, "balanced" or None, default=None
        Factors of the sample weights by label; ``"balanced"``: the inverse of how frequent a label is.
    store_cv_results : bool, default=False
        Whether to keep `cv_results_`; only without `cv`.

    Attributes
    ----------
    alpha_ : float
        The strength chosen.
    best_score_ : float
        Its score.
    coef_ : ndarray of shape (n_features,) or (n_classes, n_features)
        Coefficients; one row for two classes.
    intercept_ : float or ndarray of shape (n_classes,)
        Intercepts; 0.0 without one.
    classes_ : ndarray of shape (n_classes,)
        Labels.
    label_binarizer_ : LabelBinarizer
        From labels to targets.
    cv_results_ : ndarray of shape (n_samples, n_targets, n_alphas)
        Only with `store_cv_results`: weighted squared leave-one-out errors, or with `scoring` the predictions.
    posterior_ : CoefficientPosterior or list of CoefficientPosterior
        Posterior of the coefficients and, last, the intercept, of a Gaussian likelihood of the targets −1 and 1; one
        for each target if there are several. Formed when something is asked of it.
    coef_std_ : ndarray of shape (n_features,) or (n_classes, n_features)
        Posterior standard deviations of the coefficients.
    intercept_std_ : float or ndarray of shape (n_classes,)
        Posterior standard deviation of the intercept; 0.0 without one.
    log_evidence_ : float or ndarray of shape (n_classes,)
        Logarithm of the marginal likelihood of the targets of −1 and 1.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Feature names, if X had some.

    See Also
    --------
    MAPRidgeCV : Of targets that are numbers.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skbayes.linear_model import MAPRidgeClassifierCV
    >>> X, y = load_iris(return_X_y=True)
    >>> MAPRidgeClassifierCV(alphas=[0.1, 1.0]).fit(X, y).alpha_
    1.0
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **RIDGE_CV_CONSTRAINTS,
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }
    _fixed_model = MAPRidgeClassifier

    def __init__(
        self,
        alphas: Any = (0.1, 1.0, 10.0),
        *,
        fit_intercept: bool = True,
        scoring: Any = None,
        cv: Any = None,
        class_weight: Any = None,
        store_cv_results: bool = False,
    ) -> None:
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.scoring = scoring
        self.cv = cv
        self.class_weight = class_weight
        self.store_cv_results = store_cv_results

    @fit_context()
    def fit(
        self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None, **params: Any
    ) -> "MAPRidgeClassifierCV":
        """Choose the strength, and fit with it.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Labels.
        sample_weight : float or array-like of shape (n_samples,), default=None
            How often each row counts; non-negative.
        **params : dict
            Metadata for the scorer and the splitter, with scikit-learn's metadata routing on.

        Returns
        -------
        self : MAPRidgeClassifierCV
            The fitted model.

        Raises
        ------
        ValueError
            If data, labels, weights or strengths are wrong, or arguments contradict one another.
        TypeError
            If a strength is no number.
        """
        X, labels, Y, weight = self._prepare(X, y, sample_weight)
        self._choose_and_fit(RidgeData(X, Y, weight, self.fit_intercept), labels, False, params)
        return self

    def _stand_in(self) -> Any:
        return PredictedLabels(self)

    def _scorer_of_default(self) -> Any:
        return get_scorer("accuracy")


class PredictedLabels(ClassifierMixin, Predicted):
    """Stands in for a fitted classifier before a scorer: its X are linear predictors already."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.classes_ = model.classes_

    def decision_function(self, X: Array) -> Array:
        """Return X, flat for two classes."""
        return X.ravel() if X.ndim == 2 and X.shape[1] == 1 else X

    def predict(self, X: Array) -> Array:
        """Return the labels."""
        return labels_of(self.model, self.decision_function(X))
