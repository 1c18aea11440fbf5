"""The door of the room: values, limits of censored ones, and weights, as the user gives them."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from .._sklearn import check_sample_weight

__all__ = ["checked_data", "checked_weight"]

Array = NDArray[np.float64]


def checked_data(
    estimator: BaseEstimator,
    X: Any,
    lower: ArrayLike | None,
    upper: ArrayLike | None,
    *,
    reset: bool,
) -> tuple[Array, Array | None, Array | None]:
    """Return X and the limits as arrays of one shape, NaN where there is no limit.

    Raises
    ------
    ValueError
        If a shape is wrong, limits are in the wrong order, or an entry is NaN and has no limits.
    """
    is_censored = lower is not None or upper is not None
    X = validate_data(
        estimator,
        X,
        reset=reset,
        dtype=np.float64,
        ensure_all_finite="allow-nan" if is_censored else True,
        # What a fit keeps must not change with what the user does to X.
        copy=reset,
    )
    lower = _limits(lower, "lower", X.shape)
    upper = _limits(upper, "upper", X.shape)
    if lower is not None and upper is not None:
        _check_order(lower, upper)
    if is_censored:
        known = [~np.isnan(limit) for limit in (lower, upper) if limit is not None]
        lost = np.isnan(X) & ~np.any(known, axis=0)
        if np.any(lost):
            raise ValueError(
                f"X contains NaN where neither lower nor upper says anything; got {int(lost.sum())} such entries. Leave"
                f" these rows out."
            )
    return X, lower, upper


def checked_weight(sample_weight: ArrayLike | None, n_samples: int) -> Array | None:
    """Return one weight for each row; None stays None.

    Raises
    ------
    ValueError
        If there is not one for each row, one is negative or not finite, or all are zero.
    """
    if sample_weight is None:
        return None
    # Only the number of rows of X matters: entries that are censored may be NaN.
    weight: Array = check_sample_weight(sample_weight, np.zeros((n_samples, 1)), np.float64)
    if not np.any(weight):
        raise ValueError(
            "sample_weight is zero for every row, so there are no data. Give at least one row a positive weight."
        )
    return weight


def _limits(limits: ArrayLike | None, name: str, shape: tuple[int, ...]) -> Array | None:
    """Return one limit for each entry of X, NaN where there is none; None stays None.

    Raises
    ------
    ValueError
        If the shape is not that of X.
    """
    if limits is None:
        return None
    array = np.array(limits, dtype=np.float64)
    if array.ndim == 1 and shape[1] == 1:
        array = array[:, None]
    if array.shape != shape:
        raise ValueError(
            f"{name} needs one limit for each entry of X, shape {shape}; got shape {array.shape}. Put NaN where the"
            f" value itself was seen."
        )
    return array


def _check_order(lower: Array, upper: Array) -> None:
    wrong = lower > upper
    if np.any(wrong):
        row, column = (int(i[0]) for i in np.nonzero(wrong))
        raise ValueError(
            f"lower must not be above upper; got lower={lower[row, column]:g} and upper={upper[row, column]:g} in row"
            f" {row}, column {column}. Swap or correct them."
        )
