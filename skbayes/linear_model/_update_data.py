"""The rows of an `update`, checked against those of the fit."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d, validate_data

from ._base import check_offset, check_weight
from ._class_predictions import check_offset_of_classes

__all__ = ["NewRows", "checked_classes", "checked_targets"]

Array = NDArray[Any]


@dataclass(frozen=True)
class NewRows:
    """X (n, p), targets (n,) or (n, k) or class numbers (n,), weights and offset (n,) or None."""

    X: Any
    y: Array
    weight: Array | None
    shift: Array | None


def checked_targets(model: Any, X: Any, y: Any, weight: Any, offset: Any) -> NewRows:
    """Return the rows for a regressor.

    Raises
    ------
    ValueError
        If they do not fit the features and targets of the model.
    """
    X, y = validate_data(
        model,
        X,
        y,
        accept_sparse=["csr", "csc"],
        dtype=[np.float64, np.float32],
        multi_output=True,
        y_numeric=True,
        reset=False,
    )
    y = np.asarray(y, dtype=X.dtype)
    n_targets = 1 if y.ndim == 1 else y.shape[1]
    known = 1 if model.coef_.ndim == 1 else len(model.coef_)
    if n_targets != known:
        raise ValueError(
            f"y has {n_targets} columns and had {known} in fit. Give the same targets in update."
        )
    if y.ndim == 2 and model._has_one_target():
        y = y[:, 0]
    model._check_new_targets(y)
    shift = None if offset is None else check_offset(offset, X)
    return NewRows(X, y, check_weight(weight, X), shift)


def checked_classes(model: Any, X: Any, y: Any, weight: Any, offset: Any) -> NewRows:
    """Return the rows for a classifier; class weights go into the weights.

    Raises
    ------
    ValueError
        If they do not fit the features of the model, or there is a class that the model does not know.
    """
    X, y = validate_data(
        model, X, y, accept_sparse=["csr", "csc"], dtype=[np.float64, np.float32], reset=False
    )
    check_classification_targets(y)
    labels: Array = column_or_1d(y)
    classes = model.classes_
    unknown = np.setdiff1d(labels, classes)
    if unknown.size:
        raise ValueError(
            f"y has the classes {unknown.tolist()!r}, which were not in fit: it had {classes.tolist()!r}. "
            "Fit to all rows, so that each class has coefficients."
        )
    if isinstance(model.class_weight, str):
        raise ValueError(
            f"update cannot know the frequencies that class_weight={model.class_weight!r} needs. "
            "Give a dict, such as {class: weight}."
        )
    check_offset_of_classes(offset, classes)
    if offset is not None and len(model.coef_) > 1:
        raise ValueError(
            "offset is added to the log odds of two classes, which a row for each class has not; it would cancel. "
            "Use likelihood='bernoulli'."
        )
    shift = None if offset is None else check_offset(offset, X)
    codes = np.searchsorted(classes, labels)
    weights = model._weights_of_new_rows(codes, check_weight(weight, X), X)
    return NewRows(X, codes, weights, shift)
