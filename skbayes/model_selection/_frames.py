"""The table of a finished search as a data frame."""

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._pandas import MISSING, frame_of

__all__ = ["results_frame"]


def results_frame(search: Any) -> Any:
    """Return `cv_results_` as a frame with a row for each candidate, in the order of evaluation.

    Parameters
    ----------
    search : object
        A fitted search.

    Returns
    -------
    frame : pandas.DataFrame
        The columns of `cv_results_` but `params`: each parameter has a column ``param_<name>`` of its own, with a
        missing value where a candidate does not have it.

    Raises
    ------
    NotFittedError
        If the search is not fitted.
    ImportError
        Without pandas.
    """
    check_is_fitted(search, "cv_results_")
    columns = {
        name: _entries(values) for name, values in search.cv_results_.items() if name != "params"
    }
    return frame_of(columns, f"{type(search).__name__}.to_frame()")


def _entries(values: Any) -> list[Any]:
    masks = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else None
    data = np.ma.getdata(values) if masks is not None else values
    listed = list(data)
    if masks is None:
        return listed
    return [MISSING if masked else value for value, masked in zip(listed, masks, strict=True)]
