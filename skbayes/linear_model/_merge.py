"""Whether two fitted models are of one kind, so that what they know of their rows adds up."""

from typing import Any

import numpy as np

from ..exceptions import IncompatibleModelError

__all__ = ["check_same_model"]

# Arguments on which no mode depends.
_OF_NO_MATTER = {"n_jobs", "verbose", "copy_X", "warm_start", "random_state"}


def check_same_model(one: Any, other: Any) -> None:
    """Refuse models of different classes, arguments, features or targets.

    Raises
    ------
    IncompatibleModelError
        Saying in what they differ.
    """
    if type(other) is not type(one):
        raise IncompatibleModelError(
            f"merge needs two models of one class; got {type(one).__name__} and {type(other).__name__}."
        )
    if not hasattr(other, "coef_"):
        raise IncompatibleModelError(
            f"merge needs a fitted model; this {type(other).__name__} is not. Call its fit first."
        )
    mine, its = one.get_params(), other.get_params()
    for name in mine.keys() | its.keys():
        if name.split("__")[-1] not in _OF_NO_MATTER and not _are_same(
            mine.get(name), its.get(name)
        ):
            raise IncompatibleModelError(
                f"merge needs two models with the same arguments; got {name}={mine.get(name)!r} and "
                f"{its.get(name)!r}. Fit the parts with clones of one model."
            )
    if one.coef_.shape != other.coef_.shape or np.shape(one.intercept_) != np.shape(
        other.intercept_
    ):
        raise IncompatibleModelError(
            f"merge needs models of the same features and targets; got coefficients of shape {one.coef_.shape} and "
            f"{other.coef_.shape}."
        )
    names = [getattr(model, "feature_names_in_", None) for model in (one, other)]
    if not _are_same(*names):
        first, second = (None if each is None else list(each) for each in names)
        raise IncompatibleModelError(
            f"merge needs models of the same features in the same order; got {first} and {second}. "
            "Fit both on columns with the same names."
        )


def _are_same(a: Any, b: Any) -> bool:
    """Return whether two arguments say the same; parts are compared by their own arguments, which stand beside them."""
    if hasattr(a, "get_params") and not isinstance(a, type):
        return type(a) is type(b)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_are_same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(_are_same, a, b))
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        try:
            return bool(np.array_equal(np.asarray(a), np.asarray(b)))
        except ValueError:  # ragged
            return False
    return a is b or bool(a == b)
