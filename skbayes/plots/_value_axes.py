"""An axis for the values of one parameter in their own scale: numbers from end to end, choices in equal steps.

A place on it is a number from 0 (bottom) to 1 (top); nan stands for a parameter that is not active.
"""

import math
import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..exceptions import SpaceTypeError, SpaceValueError
from ..space import Categorical, Dimension, Distribution, Space, space_of
from ._text import choice_texts

__all__ = ["ValueAxis", "number_axis", "number_texts", "parameter_axis"]

Floats = NDArray[np.float64]

# More ticks than these are not read one by one.
_MOST_TICKS = 6
# Choices are all named up to here; of more, every second or every third.
_MOST_CHOICES = 12
# A tick nearer than this part of the axis to its end would touch the number there.
_TOO_NEAR = 0.09
# A range of positive values that spans more than this is shown by its logarithm, as `space_of` does.
_LOG_RATIO = 100.0
# Between these quantiles of a distribution lies what a search tries, but for one candidate in fifty.
_QUANTILES = (0.01, 0.99)


@dataclass(frozen=True)
class ValueAxis:
    """Where the values of some trials lie on the axis of a parameter, and its ticks.

    Parameters
    ----------
    scale : {"linear", "log", "choices"}
        Of the numbers; ``"choices"``: in equal steps, in their order.
    positions : ndarray of shape (n_trials,)
        From 0 to 1; nan where there is no value.
    ticks : tuple of float
        Places that have a label.
    tick_labels : tuple of str
        As many.
    """

    scale: str
    positions: Floats
    ticks: tuple[float, ...]
    tick_labels: tuple[str, ...]


def parameter_axis(
    name: str, params: Sequence[Mapping[str, Any]], space: Space | None
) -> ValueAxis:
    """Return the axis of a parameter.

    Parameters
    ----------
    name : str
        The parameter.
    params : sequence of dict
        Of the trials; one that lacks the name is not active there.
    space : Space or None
        Says ends, scale and choices. None, or a value outside: by what the trials have.
    """
    values = [each[name] for each in params if name in each]
    dimensions = _dimensions(name, values, space)
    if any(isinstance(each, Categorical) for each in dimensions) or not all(map(_is_real, values)):
        return _choices(name, params, dimensions)
    known = np.array([each.get(name, np.nan) for each in params], dtype=float)
    ranges = [_range(name, each) for each in dimensions]
    ends = [end for low, high, _ in ranges for end in (low, high)] + [float(v) for v in values]
    is_whole = all(isinstance(end, numbers.Integral) for end in values) and all(
        float(end).is_integer() for end in ends
    )
    is_log = any(is_log for *_, is_log in ranges)
    return number_axis(known, min(ends), max(ends), is_log=is_log, is_whole=is_whole)


def number_axis(
    values: ArrayLike, low: float, high: float, *, is_log: bool = False, is_whole: bool = False
) -> ValueAxis:
    """Return an axis of numbers from `low` to `high`.

    Parameters
    ----------
    values : array-like of shape (n,)
        Numbers; those beyond an end are put there, nan has no place.
    low, high : float
        Ends. Where they are equal there is one tick, in the middle.
    is_log : bool, default=False
        Whether it shows logarithms; not if an end is not positive.
    is_whole : bool, default=False
        Whether only whole numbers have ticks.
    """
    is_log = is_log and low > 0.0
    if not low < high:
        places = np.where(np.isnan(np.asarray(values, dtype=float)), np.nan, 0.5)
        return ValueAxis("linear", places, (0.5,), tuple(number_texts([low])))

    low, high = float(low), float(high)

    def place(x: ArrayLike) -> Floats:
        v = np.clip(np.asarray(x, dtype=float), low, high)
        return _log_place(v, low, high) if is_log else _linear_place(v, low, high)

    ticks = _log_ticks(low, high) if is_log else _ticks(low, high)
    # A range of a few neighbouring float64 does not hold all multiples: two may be rounded to one place.
    placed = {float(place(t)): t for t in ticks}
    inner = [t for where, t in placed.items() if _TOO_NEAR <= where <= 1.0 - _TOO_NEAR]
    if is_whole:
        inner = [t for t in inner if float(t).is_integer()]
    marked = [low, *inner, high]
    return ValueAxis(
        "log" if is_log else "linear",
        place(values),
        tuple(float(place(t)) for t in marked),
        tuple(number_texts(marked)),
    )


def _linear_place(v: Floats, low: float, high: float) -> Floats:
    # The difference of two huge numbers need not be one, that of their halves is; half of the least number is none.
    part = 1.0 if math.isfinite(high - low) else 0.5
    return (part * v - part * low) / (part * high - part * low)


def _log_place(v: Floats, low: float, high: float) -> Floats:
    ratio = high / low
    if not math.isfinite(ratio):
        return (np.log(v) - math.log(low)) / (math.log(high) - math.log(low))
    # The last bit of the two logarithms need not be the same.
    return np.minimum(np.log(v / low) / math.log(ratio), 1.0)


def number_texts(values: Sequence[float]) -> list[str]:
    """Return numbers with three digits, or with as many as it takes to tell them apart."""
    different = len(set(values))
    texts: list[str] = []
    for digits in range(3, 18):
        texts = [_number_text(value, digits) for value in values]
        if len(set(texts)) == different:
            break
    return texts


def _number_text(value: float, digits: int) -> str:
    # A whole number below a million is read more easily than its power of ten.
    if float(value).is_integer() and abs(value) < 1e6:
        return f"{int(value)}"
    text = f"{value:.{digits}g}"
    mantissa, _, power = text.partition("e")
    return f"{mantissa}e{int(power)}" if power else mantissa


def _is_real(value: Any) -> bool:
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_)
    return is_number and math.isfinite(value)


def _dimensions(name: str, values: Sequence[Any], space: Space | None) -> list[Dimension]:
    pairs = () if space is None else zip(space.names, space.dimensions, strict=True)
    found = [dimension for known, dimension in pairs if known == name]
    return found or list(space_of([{name: value} for value in values]).dimensions)


def _range(name: str, dimension: Dimension) -> tuple[float, float, bool]:
    """Return the ends of a dimension of numbers, and whether it is logarithmic."""
    if not isinstance(dimension, Distribution):
        known: Any = dimension
        return float(known.low), float(known.high), known.prior == "log-uniform"
    unit_map = dimension.unit_map(name)
    if unit_map.is_flat:
        low, high = float(unit_map.decode(0.0)), float(unit_map.decode(1.0))
        return low, high, bool(getattr(unit_map, "is_log", False))
    low, high = (float(unit_map.decode(u)) for u in _QUANTILES)
    return low, high, low > 0.0 and high / low > _LOG_RATIO


def _choices(
    name: str, params: Sequence[Mapping[str, Any]], dimensions: Sequence[Dimension]
) -> ValueAxis:
    first, *others = [_listed(name, dimension) for dimension in dimensions]
    choices = _Choices(name, first)
    for value in chain.from_iterable(others):
        choices.index(value)
    where = [choices.index(each[name]) if name in each else np.nan for each in params]
    n = len(choices.values)
    step = -(-n // _MOST_CHOICES)
    texts = choice_texts(choices.values)
    shown = range(0, n, step)
    return ValueAxis(
        "choices",
        (np.array(where, dtype=float) + 0.5) / n,
        tuple((i + 0.5) / n for i in shown),
        tuple(texts[i] for i in shown),
    )


def _listed(name: str, dimension: Dimension) -> list[Any]:
    """Return the values of a dimension that can be listed, in its own order; of a range none but those tried."""
    if not isinstance(dimension, Categorical):
        return []
    unit_map: Any = dimension.unit_map(name)
    return [unit_map.value(i) for i in range(unit_map.n_values)]


class _Choices:
    """Objects of any kind in the order in which they were met, told apart as a space tells choices apart."""

    def __init__(self, name: str, values: Sequence[Any]) -> None:
        self._name = name
        self.values = list(values)
        self._map: Any = self._as_map() if values else None

    def index(self, value: Any) -> int:
        """Return the place of an object; a new one comes last."""
        if self._map is not None:
            try:
                return int(self._map.position(value))
            except (SpaceValueError, SpaceTypeError):
                pass
        self.values.append(value)
        self._map = self._as_map()
        return len(self.values) - 1

    def _as_map(self) -> Any:
        return Categorical(self.values, ordered=False).unit_map(self._name)


def _ticks(low: float, high: float) -> list[float]:
    """Return round numbers inside: steps of 1, 2 or 5 times a power of ten."""
    width = 0.5 * high - 0.5 * low  # half of it: the whole may be beyond float64
    power = 10.0 ** math.floor(math.log10(width)) if width > 0.0 else 0.0
    # The smallest positive numbers have no power of ten below them.
    steps = [m * p for p in (0.1 * power, power, 10.0 * power) for m in (1.0, 2.0, 5.0)]
    for step in steps:
        if step > 0.0 and 2.0 * width / step <= _MOST_TICKS:
            first, last = math.ceil(low / step), math.floor(high / step)
            return [k * step for k in range(first, last + 1)]
    return []


def _log_ticks(low: float, high: float) -> list[float]:
    """Return powers of ten inside, thinned; of less than two decades, round numbers."""
    first, last = math.ceil(math.log10(low)), math.floor(math.log10(high))
    if last - first < 1:
        return _ticks(low, high)
    step = max(1, -(-(last - first + 1) // _MOST_TICKS))
    return [float(f"1e{k}") for k in range(first, last + 1) if k % step == 0]
