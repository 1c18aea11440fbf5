"""The one gate to pandas, which only frames need: tables of trials and candidates as data frames."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["MISSING", "frame_of"]

#: Stands for a value that is not there; None and nan are values.
MISSING: Any = object()

_NULLABLE = {int: "Int64", bool: "boolean"}


def frame_of(columns: Mapping[str, Sequence[Any]], what: str) -> Any:
    """Return a pandas data frame.

    Parameters
    ----------
    columns : mapping of str to sequence
        Values by column, all of one length. An entry that is `MISSING` becomes nan in a column of floats
        and ``pandas.NA`` in any other.
    what : str
        Who asks, for the message.

    Returns
    -------
    frame : pandas.DataFrame
        Columns of ints, bools and floats have such a type (nullable if an entry is missing), all others
        hold the objects.

    Raises
    ------
    ImportError
        Without pandas.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError(
            f"{what} needs pandas, which is not installed. Run: pip install pandas"
        ) from error
    data = {}
    for name, values in columns.items():
        values = [_native(value) for value in values]
        kinds = {type(value) for value in values if value is not MISSING}
        kind = kinds.pop() if len(kinds) == 1 else object
        is_whole = all(value is not MISSING for value in values)
        if kind is float:
            data[name] = pd.Series(
                [float("nan") if v is MISSING else v for v in values], dtype=float
            )
            continue
        filled = pd.Series([pd.NA if v is MISSING else v for v in values], dtype=object)
        fits = kind is bool or (kind is int and all(v is MISSING or abs(v) < 2**63 for v in values))
        if fits:
            filled = filled.astype(kind if is_whole else _NULLABLE[kind])
        data[name] = filled
    return pd.DataFrame(data)


def _native(value: Any) -> Any:
    # By its type: estimators have a dtype too.
    is_scalar = isinstance(value, np.generic | np.ndarray) and value.ndim == 0
    return value.item() if is_scalar else value
