"""What ranges check: their bounds, their prior, and the values that they are given."""

import math
from typing import Any

from ..exceptions import SpaceTypeError, SpaceValueError
from ._values import is_number, native, shown

__all__ = ["PRIORS", "bound", "check_range", "given_number", "outside", "whole"]

PRIORS = ("uniform", "log-uniform")


def bound(value: Any, what: str, label: str) -> Any:
    """Return a bound as a finite native number; an error if it is none."""
    number = native(value)
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise SpaceTypeError(
            f"{label} needs numbers as bounds; got {what}={shown(value)}. "
            "Give finite numbers low < high, or a list if these are choices."
        )
    try:
        is_finite = math.isfinite(number)
    except OverflowError:  # an integer beyond the largest float
        is_finite = False
    if not is_finite:
        raise SpaceValueError(
            f"{label} needs finite bounds; got {what}={shown(value)}. "
            "Give finite numbers low < high, or a scipy.stats distribution with long tails."
        )
    return number


def whole(value: Any, what: str, label: str) -> int:
    """Return a bound as an int; an error if it has a fraction."""
    number = bound(value, what, label)
    if number != int(number):
        raise SpaceValueError(
            f"{label} needs integers as bounds; got {what}={shown(value)}. "
            "Give integers, or use Real."
        )
    return int(number)


def check_range(low: float, high: float, prior: Any, label: str) -> None:
    """Refuse an empty range and an unknown prior."""
    if not low < high:
        choices = [low] if low == high else [low, high]
        raise SpaceValueError(
            f"{label} needs low < high; got low={low!r}, high={high!r}. Swap or widen the bounds, "
            f"or write a list if these are choices: {choices!r}."
        )
    if not isinstance(prior, str) or prior not in PRIORS:
        raise SpaceValueError(
            f"{label} has an unknown prior; got prior={shown(prior)}. "
            "Use 'uniform' or 'log-uniform', or a scipy.stats distribution for any other."
        )


def given_number(value: Any, label: str, takes: str) -> float:
    """Return a value as a native number; an error if it is none."""
    number = native(value)
    if not is_number(number):
        raise SpaceTypeError(f"{label} takes numbers {takes}; got {shown(value)}. Give one.")
    return number


def outside(label: str, value: Any, low: float, high: float) -> SpaceValueError:
    """Return the error for a value outside of a range."""
    return SpaceValueError(
        f"{label} takes values from {low!r} to {high!r}; got {shown(value)}. "
        "Give a value inside, or widen the dimension."
    )
