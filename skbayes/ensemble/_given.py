"""Estimators that return predictions which they were given, so that a scorer can score an average."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from ._averaging import as_probabilities, labels_of

__all__ = ["given_predictions"]

Array = NDArray[Any]


class _Given(BaseEstimator):
    """Knows the numbers for some rows, and answers for these only."""

    def __init__(self, numbers: Any = None, classes: Any = None) -> None:
        self.numbers = numbers
        self.classes_ = classes

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def _numbers(self, X: Any) -> Array:
        n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
        if n_rows != len(self.numbers):
            raise ValueError(
                f"The predictions are kept for the {len(self.numbers)} test rows of a fold, and the scorer asked "
                f"for those of {n_rows} rows."
            )
        return self.numbers


class _GivenValues(RegressorMixin, _Given):
    def predict(self, X: Any) -> Array:
        return self._numbers(X)


class _GivenVotes(ClassifierMixin, _Given):
    def predict(self, X: Any) -> Array:
        return labels_of(self._numbers(X), np.asarray(self.classes_))


class _GivenProbabilities(_GivenVotes):
    def predict_proba(self, X: Any) -> Array:
        return as_probabilities(self._numbers(X))


class _GivenDecisions(_GivenVotes):
    def decision_function(self, X: Any) -> Array:
        return self._numbers(X)


_KINDS: dict[str, type[_Given]] = {
    "predict": _GivenValues,
    "vote": _GivenVotes,
    "predict_proba": _GivenProbabilities,
    "decision_function": _GivenDecisions,
}


def given_predictions(numbers: Array, rule: str, classes: Array | None) -> Any:
    """Return a fitted estimator that predicts these numbers.

    Parameters
    ----------
    numbers : ndarray of shape (n_rows,) or (n_rows, n_classes)
        An average.
    rule : str
        What of.
    classes : ndarray of shape (n_classes,) or None
        Of a classifier.
    """
    return _KINDS[rule](numbers, classes)
