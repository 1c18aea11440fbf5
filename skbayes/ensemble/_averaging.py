"""What the models of an ensemble say, as numbers that can be averaged.

A rule says what is averaged, and how labels come from the average:

    "predict_proba"      probabilities, (n, n_classes)    the most probable class
    "decision_function"  decisions, (n,) or (n, n_classes)  the sign, the largest
    "vote"               1 for the class that a model predicts, (n, n_classes)  the class with most votes
    "predict"            predictions of a regressor, (n,)    none
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "as_numbers",
    "as_probabilities",
    "best_method",
    "common_rule",
    "labels_of",
    "most",
    "respond",
]

Array = NDArray[Any]


def common_rule(methods: Sequence[str], is_classifier: bool) -> str:
    """Return how models are averaged of which each was asked for one of the methods.

    Parameters
    ----------
    methods : sequence of str
        One for each model, at least one.
    is_classifier : bool
        Whether they are classifiers.

    Returns
    -------
    rule : str
        Votes, if classifiers give different things or nothing but labels.
    """
    if not is_classifier:
        return "predict"
    first = methods[0]
    return first if first != "predict" and all(method == first for method in methods) else "vote"


def best_method(model: Any) -> str:
    """Return the method by which a classifier says most."""
    # `available_if` takes methods away which the model's parameters exclude, and hasattr sees that
    for method in ("predict_proba", "decision_function"):
        if hasattr(model, method):
            return method
    return "predict"


def respond(model: Any, X: Any, method: str, rule: str, classes: Array | None) -> Array:
    """Return what a fitted model says of rows X, as numbers.

    Parameters
    ----------
    model : estimator object
        Fitted; a classifier must have seen all classes.
    X : array-like of shape (n_samples, n_features)
        Data.
    method : str
        What to ask it for.
    rule : str
        How it will be averaged.
    classes : ndarray of shape (n_classes,) or None
        Of a classifier, sorted.
    """
    return as_numbers(getattr(model, method)(X), method, rule, classes)


def as_numbers(values: Any, method: str, rule: str, classes: Array | None) -> Array:
    """Return what a method of a model returned, as the numbers that the rule averages."""
    if rule != "vote":
        numbers = np.asarray(values, dtype=np.float64)
        return numbers.reshape(len(numbers), -1)[:, 0] if rule == "predict" else numbers
    assert classes is not None
    values = np.asarray(values)
    places = _places(values.reshape(-1), classes) if method == "predict" else most(values)
    votes = np.zeros((len(places), len(classes)))
    votes[np.arange(len(places)), places] = 1.0
    return votes


def labels_of(average: Array, classes: Array) -> Array:
    """Return the class that an average of probabilities, decisions or votes speaks for."""
    return classes[most(average)]


def as_probabilities(average: Array) -> Array:
    """Return an average of probabilities without the rounding error that would make one larger than 1."""
    return np.minimum(average, 1.0)


def most(scores: Array) -> Array:
    """Return the column of the largest number; of one number for two classes, 1 if it is positive."""
    return (scores > 0).astype(np.intp) if scores.ndim == 1 else scores.argmax(axis=1)


def _places(labels: Array, classes: Array) -> Array:
    if labels.dtype.kind == "U" and classes.dtype.kind != "U":
        classes = classes.astype(str)  # labels that are objects are kept in files as strings
    order = np.argsort(classes)
    return order[np.searchsorted(classes, labels, sorter=order)]
