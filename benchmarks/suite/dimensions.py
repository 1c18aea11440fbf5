"""A space that favours no peer: a list of real, whole and categorical dimensions.

A dimension may have a condition, `active_if`: the name of a category of the same space and the
choices at which the dimension plays a part; that category stands before it in the list. Peers without
conditions get the space flat, with all dimensions active.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Cat", "Dimension", "Float", "Int", "Params", "canonical", "is_active", "sample"]

Params = dict[str, Any]
Condition = tuple[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Float:
    """A real number from `low` to `high`; with `log` its logarithm is uniform."""

    name: str
    low: float
    high: float
    log: bool = False
    active_if: Condition | None = None

    def sample(self, rng: np.random.Generator) -> float:
        """Draw from the prior."""
        if not self.log:
            return float(rng.uniform(self.low, self.high))
        drawn = math.exp(rng.uniform(math.log(self.low), math.log(self.high)))
        return min(max(drawn, self.low), self.high)

    def nearest(self, value: Any) -> float:
        """Return the value as a float within the bounds."""
        return float(min(max(float(value), self.low), self.high))


@dataclass(frozen=True)
class Int:
    """A whole number from `low` to `high`; with `log` its probability falls as 1 / value."""

    name: str
    low: int
    high: int
    log: bool = False
    active_if: Condition | None = None

    def sample(self, rng: np.random.Generator) -> int:
        """Draw from the prior; the ends have their full share."""
        if not self.log:
            return int(rng.integers(self.low, self.high + 1))
        ends = math.log(self.low - 0.5), math.log(self.high + 0.5)
        return self.nearest(math.exp(rng.uniform(*ends)))

    def nearest(self, value: Any) -> int:
        """Return the value as an int within the bounds."""
        return int(min(max(round(float(value)), self.low), self.high))


@dataclass(frozen=True)
class Cat:
    """One of some choices, without order."""

    name: str
    choices: tuple[Any, ...]
    active_if: Condition | None = None

    def sample(self, rng: np.random.Generator) -> Any:
        """Draw a choice, all alike."""
        return self.choices[int(rng.integers(len(self.choices)))]

    def nearest(self, value: Any) -> Any:
        """Return the choice that equals the value."""
        for choice in self.choices:
            if choice == value:
                return choice
        raise ValueError(f"{value!r} is none of the choices of {self.name}: {self.choices}.")


Dimension = Float | Int | Cat


def sample(space: Sequence[Dimension], rng: np.random.Generator) -> Params:
    """Draw a point with all its dimensions, active or not."""
    return {dimension.name: dimension.sample(rng) for dimension in space}


def is_active(dimension: Dimension, params: Mapping[str, Any]) -> bool:
    """Tell whether a dimension plays a part at a point."""
    if dimension.active_if is None:
        return True
    parent, values = dimension.active_if
    return parent in params and params[parent] in values


def canonical(space: Sequence[Dimension], params: Mapping[str, Any]) -> Params:
    """Return a point in plain Python values of the declared types, within the bounds.

    A peer that knows conditions may leave out what is inactive; nothing else may be missing.
    """
    point: Params = {}
    for dimension in space:
        if dimension.name in params:
            point[dimension.name] = dimension.nearest(params[dimension.name])
        elif is_active(dimension, point):
            raise ValueError(f"The point {dict(params)} lacks {dimension.name}, which is active.")
    return point
