"""Test functions with known minima; each takes a dict and is to be minimised."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = [
    "HARTMANN6_CENTRES",
    "HARTMANN6_WEIGHTS",
    "HARTMANN6_WIDTHS",
    "PROBLEMS",
    "Problem",
    "branin",
    "hartmann6",
    "mixed",
]


@dataclass(frozen=True)
class Problem:
    """A function, its space in skbayes's short notation, and its smallest value."""

    func: Callable[[dict[str, Any]], float]
    space: dict[str, Any]
    minimum: float


def branin(p: dict[str, Any]) -> float:
    """Branin (1972), in the form of Dixon and Szegő (1978); three minima of equal value.

    Minimum 0.397887 (10 / (8 pi)), for example at (pi, 2.275).
    """
    x, y = p["x"], p["y"]
    valley = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
    return valley**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


HARTMANN6_WEIGHTS = np.array([1.0, 1.2, 3.0, 3.2])
HARTMANN6_WIDTHS = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
HARTMANN6_CENTRES = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)


def hartmann6(p: dict[str, Any]) -> float:
    """Hartmann's six-dimensional function, constants of Dixon and Szegő (1978).

    Minimum -3.32237 at (0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573).
    """
    x = np.array([p[f"x{i}"] for i in range(6)])
    return -float(
        HARTMANN6_WEIGHTS @ np.exp(-(HARTMANN6_WIDTHS * (x - HARTMANN6_CENTRES) ** 2).sum(axis=1))
    )


# Of each category: where its valley lies in x and in log10(rate), and how high its floor is.
_KINDS = {"a": (0.2, -3, 0.25), "b": (0.7, -2, 0.0), "c": (0.45, -1, 0.1), "d": (0.9, -2, 0.4)}


def mixed(p: dict[str, Any]) -> float:
    """Two reals (one logarithmic), a logarithmic integer and a category: ours, checked by eye.

    Each category has its own valley, and n turns it. Minimum 0 at kind="b", n=40, x=0.7,
    rate=0.01, because every term is non-negative and vanishes there.
    """
    centre, exponent, floor = _KINDS[p["kind"]]
    x = p["x"] - centre
    n = math.log10(p["n"] / 40)
    rate = math.log10(p["rate"]) - exponent
    return floor + 4 * (x + 0.3 * n) ** 2 + 0.5 * n**2 + 0.3 * (rate - 0.5 * x) ** 2


PROBLEMS = {
    "branin": Problem(branin, {"x": (-5.0, 10.0), "y": (0.0, 15.0)}, 10 / (8 * math.pi)),
    "hartmann6": Problem(hartmann6, {f"x{i}": (0.0, 1.0) for i in range(6)}, -3.322368011415512),
    "mixed": Problem(
        mixed,
        {
            "x": (0.0, 1.0),
            "rate": (1e-4, 1.0, "log-uniform"),
            "n": (1, 1000, "log-uniform"),
            "kind": ["a", "b", "c", "d"],
        },
        0.0,
    ),
}
