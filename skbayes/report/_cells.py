"""Values as the cells of a table that JSON and JavaScript can hold: numbers, texts, or nothing."""

import math
import numbers
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

__all__ = ["Cell", "cell", "column", "items_as_code", "one_line"]

Cell = float | int | str | None

# JavaScript has floats alone: beyond this not every integer is one.
_MOST = 2**53
# Of an object with an endless repr so much is kept; it is read by a person.
_LONGEST = 1000
# In the repr of an object without a better one.
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+(?=[>,])")


def cell(value: Any) -> Cell:
    """Return a number as it is, anything else as a text; nan, which no one can sort, as None."""
    if type(value) is float:  # most are
        return None if math.isnan(value) else value
    if isinstance(value, str):
        return value[:_LONGEST]
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, numbers.Integral):
        return int(value) if abs(int(value)) <= _MOST else one_line(int(value))
    if isinstance(value, numbers.Real):
        number = float(value)
        return None if math.isnan(number) else number
    return one_line(value)


def one_line(value: Any, longest: int | None = _LONGEST) -> str:
    """Return the repr of an object on one line, without its address, which says nothing."""
    try:
        # A line end is of the layout, as what follows it: those inside a text are written \n.
        text = re.sub(r"\s*\n\s*", " ", _ADDRESS.sub("", repr(value)))
    except Exception:  # a broken repr must not lose the page
        text = f"<{type(value).__name__}>"
    return text if longest is None or len(text) <= longest else f"{text[: longest - 1]}…"


def items_as_code(params: Mapping[str, Any]) -> list[str]:
    """Return parameters as the items of a Python dict, where numbers are Python's own and need no import."""
    return [f"{one_line(name, None)}: {_as_code(params[name])}" for name in params]


def _as_code(value: Any) -> str:
    if isinstance(value, np.number | np.bool_ | np.str_):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({str(value)!r})"
    return one_line(value, None)


def column(
    name: str, label: str, group: str, cells: Iterable[Cell], *, hidden: bool = False
) -> dict[str, Any]:
    """Return a column of the table; `hidden` until the reader asks for its group."""
    values = list(cells)
    is_number = all(isinstance(value, int | float) or value is None for value in values)
    return {
        "name": name,
        "label": label,
        "group": group,
        "kind": "number" if is_number else "text",
        "hidden": hidden,
        "values": values,
    }
