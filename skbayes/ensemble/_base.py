"""What the averaging estimators share: prediction by a weighted mean, and the methods that there are to predict by."""

from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    RegressorMixin,
    is_classifier,
    is_regressor,
)
from sklearn.utils import Tags, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, column_or_1d

from .._sklearn import Documented
from ._averaging import as_probabilities, best_method, labels_of, respond

__all__ = [
    "AveragingClassifier",
    "AveragingEstimator",
    "AveragingRegressor",
    "check_kind",
    "single_target",
]

Array = NDArray[Any]


class AveragingEstimator(Documented, BaseEstimator):
    """A fitted one has `estimators_`, `weights_`, `methods_`, `scales_`, `rule_`, and of a classifier `classes_`."""

    estimators_: list[Any]
    weights_: Array

    def _average(self, X: Any) -> Array:
        """Return the weighted mean of what the estimators say of X."""
        check_is_fitted(self)
        models = zip(self.estimators_, self.weights_, self.methods_, self.scales_, strict=True)
        classes = getattr(self, "classes_", None)
        return sum(
            weight / scale * respond(model, X, method, self.rule_, classes)
            for model, weight, method, scale in models
        )

    def _set_features(self) -> None:
        """Take over what the first estimator knows of the features."""
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimators_[0], name):
                setattr(self, name, getattr(self.estimators_[0], name))
            elif name in vars(self):  # of an earlier fit to a data frame
                delattr(self, name)


def _has(method: str) -> Any:
    """Return the check whether there is a method: what is averaged, before `fit` the most that the template has."""

    def check(self: Any) -> bool:
        return bool((getattr(self, "rule_", None) or best_method(self._template())) == method)

    return check


class AveragingClassifier(ClassifierMixin, AveragingEstimator):
    """Averages probabilities, decisions or votes."""

    classes_: Array

    def __sklearn_tags__(self) -> Tags:
        return _like(super().__sklearn_tags__(), self._template())

    def predict(self, X: Any) -> Array:
        """Return the class for which the average speaks.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data, as for `fit`.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            Of equal classes the first.
        """
        return labels_of(self._average(X), self.classes_)

    @available_if(_has("predict_proba"))  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> Array:
        """Return the weighted mean of the probabilities; only if the estimators have probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data, as for `fit`.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        return as_probabilities(self._average(X))

    @available_if(_has("decision_function"))  # type: ignore[untyped-decorator]
    def decision_function(self, X: Any) -> Array:
        """Return the weighted mean of the decisions; only if the estimators have decisions and no probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data, as for `fit`.

        Returns
        -------
        decisions : ndarray of shape (n_samples,) or (n_samples, n_classes)
            Positive for the second of two classes; else the largest is that of the predicted class.
        """
        return self._average(X)


class AveragingRegressor(RegressorMixin, AveragingEstimator):
    """Averages predictions."""

    def __sklearn_tags__(self) -> Tags:
        return _like(super().__sklearn_tags__(), self._template())

    def predict(self, X: Any) -> Array:
        """Return the weighted mean of the predictions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data, as for `fit`.

        Returns
        -------
        values : ndarray of shape (n_samples,)
            In the unit of the target.
        """
        return self._average(X)


def check_kind(owner: Any, template: Any, what: str) -> None:
    """Refuse a template of another kind than the ensemble.

    Parameters
    ----------
    owner : AveragingClassifier or AveragingRegressor
        The ensemble.
    template : estimator object
        What its members will be, or a search for it.
    what : str
        What it is called in the message.

    Raises
    ------
    TypeError
        If one is a classifier and the other is not.
    """
    name = type(owner).__name__
    wanted, others = "classifier", "regressor"
    fits, is_other = is_classifier(template), is_regressor(template)
    if not is_classifier(owner):
        wanted, others, fits, is_other = others, wanted, is_other, fits
    if not fits:
        other = name.replace(wanted.capitalize(), others.capitalize())
        advice = f"Use {other}." if is_other else "Only classifiers and regressors can be averaged."
        raise TypeError(f"{name} needs a {wanted}; got {what}. {advice}")


def _like(tags: Tags, template: Any) -> Tags:
    """Return the tags with what the template says of itself; after those of the mixins, which do not know it."""
    inner = get_tags(template)
    for name in ("input_tags", "classifier_tags", "regressor_tags", "non_deterministic"):
        setattr(tags, name, deepcopy(getattr(inner, name)))
    if tags.classifier_tags is not None:
        tags.classifier_tags.multi_label = False  # one target: see single_target
    return tags


def single_target(owner: Any, y: Any) -> Any:
    """Return the target, checked to be one column, of the right kind.

    Parameters
    ----------
    owner : AveragingClassifier or AveragingRegressor
        Who learns from it.
    y : array-like of shape (n_samples,) or (n_samples, 1)
        The target.

    Raises
    ------
    ValueError
        If it is None, has several columns, or does not fit the owner.
    """
    name = type(owner).__name__
    if y is None:
        raise ValueError(
            f"{name} requires y to be passed, but the target y is None. Call fit(X, y)."
        )
    if not hasattr(y, "shape"):
        y = np.asarray(y)
    if len(y.shape) == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    if len(y.shape) != 1:
        raise ValueError(
            f"{name} takes one target; got y of shape {y.shape} ({type_of_target(y)}). Fit one ensemble for each "
            "column, or give sklearn.multioutput's estimators an ensemble."
        )
    if isinstance(owner, ClassifierMixin):
        check_classification_targets(y)
    return y
