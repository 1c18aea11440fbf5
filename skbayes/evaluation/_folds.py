"""The folds of a search, drawn once: a shuffling splitter would otherwise score each candidate on other data."""

from typing import Any

from sklearn.base import is_classifier
from sklearn.model_selection import check_cv

__all__ = ["draw_folds"]


def draw_folds(
    cv: Any, estimator: Any, X: Any, y: Any, split_params: dict[str, Any]
) -> list[tuple[Any, Any]]:
    """Draw the (train, test) indices of every fold.

    Parameters
    ----------
    cv : int, splitter, iterable or None
        As in scikit-learn's searches.
    estimator : estimator object
        Folds are stratified when it is a classifier and `cv` is an integer or None.
    X : array-like of shape (n_samples, ...)
        Training data.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs) or None
        Target.
    split_params : dict
        Metadata of the splitter, such as `groups`.

    Returns
    -------
    folds : list of (train, test) index arrays
        One pair per fold.

    Raises
    ------
    ValueError
        If the splitter yields another number of folds than it announces, or none.
    """
    splitter = check_cv(cv, y, classifier=is_classifier(estimator))
    announced = splitter.get_n_splits(X, y, **split_params)
    folds = list(splitter.split(X, y, **split_params))
    if len(folds) != announced:
        raise ValueError(
            "cv.split and cv.get_n_splits return inconsistent results. "
            f"Expected {announced} splits, got {len(folds)}. Mend the splitter given as cv."
        )
    if not folds:
        raise ValueError(
            "No fits were performed. Was the CV iterator empty? Were there no candidates? "
            "Give cv as an integer, a splitter, or a list of (train, test) pairs."
        )
    return folds
