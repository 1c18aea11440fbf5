"""The door of the linear models: what they accept, and what all of them have after `fit`.

Notation: X (n, p), y (n,) or (n, k), s (n,) sample weights (how often a row counts), o (n,) offset, eta = X w + b + o.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from .._sklearn import Documented, check_sample_weight

__all__ = ["LinearModel", "bounds_of", "check_offset", "check_weight"]

Array = NDArray[Any]


class LinearModel(Documented, BaseEstimator):
    """Base of all linear models: eta = X coef + intercept, for dense and sparse X."""

    coef_: Array
    intercept_: Any

    def _linear_predictor(self, X: Any, offset: ArrayLike | None = None) -> Array:
        """Return X coef + intercept (+ offset), (n,) or (n, k)."""
        check_is_fitted(self, "coef_")
        X, shift = self._new_rows(X, offset)
        eta: Array = safe_sparse_dot(X, self.coef_.T, dense_output=True) + self.intercept_
        if shift is not None:
            eta = eta + (shift if eta.ndim == 1 else shift[:, None])
        return eta

    def _new_rows(self, X: Any, offset: ArrayLike | None) -> tuple[Any, Array | None]:
        """Return new rows and their offset, in the type that the model computes with."""
        X = validate_data(
            self,
            X,
            accept_sparse=["csr", "csc", "coo"],
            reset=False,
            dtype=[np.float64, np.float32],
        )
        return X, None if offset is None else check_offset(offset, X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def check_weight(weight: ArrayLike | None, X: Any) -> Array | None:
    """Return the sample weights in the dtype of X; None stays None.

    Raises
    ------
    ValueError
        If there is not one for each row, one is negative or not finite, or all are zero.
    """
    if weight is None:
        return None
    checked: Array = check_sample_weight(weight, X, dtype=X.dtype)
    if not np.any(checked):
        raise ValueError(
            "sample_weight is zero for every row, so there are no data. Give at least one row a positive weight."
        )
    return checked


def check_offset(offset: ArrayLike, X: Any) -> Array:
    """Return the offset in the dtype of X.

    Raises
    ------
    ValueError
        If there is not one finite number for each row.
    """
    values = check_array(offset, ensure_2d=False, dtype=X.dtype, input_name="offset")
    if values.shape != (X.shape[0],):
        raise ValueError(
            f"offset needs one number for each of the {X.shape[0]} rows of X; got an array of shape {values.shape}."
        )
    return values


def bounds_of(bounds: Any, names: Array | None, n_features: int) -> tuple[Array, Array]:
    """Return (lower, upper), each (p,), of what a user gave as `bounds`.

    Parameters
    ----------
    bounds : None, pair or mapping
        None: no bounds. (lower, upper), each a number, an array of shape (p,), or None. Or a mapping from feature
        names to such pairs of numbers; the others have no bounds.
    names : ndarray of str or None
        Feature names.
    n_features : int
        p.

    Raises
    ------
    ValueError
        If a name is unknown, a shape is wrong, or a lower bound is above its upper one.
    """
    lower, upper = np.full(n_features, -np.inf), np.full(n_features, np.inf)
    if bounds is None:
        return lower, upper
    if isinstance(bounds, Mapping):
        for name, pair in bounds.items():
            j = _position(name, names)
            lower[j], upper[j] = _ends(pair, bounds)
    else:
        low, high = _ends(bounds, bounds)
        for side, given in ((lower, low), (upper, high)):
            values = np.asarray(given, dtype=float)
            if values.shape not in ((), (n_features,)):
                raise ValueError(
                    f"bounds needs numbers or arrays with one entry per feature, of shape ({n_features},); "
                    f"got shape {values.shape}."
                )
            side[:] = values
    if np.isnan(lower).any() or np.isnan(upper).any() or np.any(lower > upper):
        j = int(np.argmin(lower <= upper))
        raise ValueError(
            f"bounds needs lower <= upper for every feature; got {lower[j]} and {upper[j]} for feature {j}."
        )
    return lower, upper


def _ends(pair: Any, bounds: Any) -> tuple[Any, Any]:
    try:
        low, high = pair
    except (TypeError, ValueError):
        raise ValueError(
            f"bounds needs a pair (lower, upper), or a dict of such pairs by feature name; got {bounds!r}. "
            "Use None for a side without a bound."
        ) from None
    return -np.inf if low is None else low, np.inf if high is None else high


def _position(name: Any, names: Array | None) -> int:
    if names is None:
        raise ValueError(
            f"bounds names the feature {name!r}, but X has no feature names. Fit on a data frame, or give arrays."
        )
    known = list(names)
    if name not in known:
        raise ValueError(
            f"bounds names the feature {name!r}, which X does not have; it has {known}."
        )
    return known.index(name)
