"""Eight functions, turned so that higher is better, with their known maxima."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .dimensions import Cat, Float, Int, Params
from .problem import Function

__all__ = ["PUBLIC_FUNCTIONS", "box", "vector"]

Floats = NDArray[np.float64]


def box(n_dims: int, low: float, high: float) -> tuple[Float, ...]:
    """Return dimensions x0, x1, ... with the same bounds."""
    return tuple(Float(f"x{k}", low, high) for k in range(n_dims))


def vector(params: Params) -> Floats:
    """Return x0, x1, ... of a candidate."""
    return np.array([params[f"x{k}"] for k in range(len(params))])


def camel(params: Params) -> float:
    """Minus the six-hump camel of Dixon and Szegő (1978); two equal maxima."""
    x, y = params["x0"], params["x1"]
    return -((4 - 2.1 * x**2 + x**4 / 3) * x**2 + x * y + (-4 + 4 * y**2) * y**2)


_WEIGHTS = np.array([1.0, 1.2, 3.0, 3.2])
_WIDTHS = np.array([[3, 10, 30], [0.1, 10, 35], [3, 10, 30], [0.1, 10, 35]])
_CENTRES = 1e-4 * np.array(
    [[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]]
)


def hartmann3(params: Params) -> float:
    """Hartmann's three-dimensional function, constants of Dixon and Szegő (1978)."""
    distances = (_WIDTHS * (vector(params) - _CENTRES) ** 2).sum(axis=1)
    return float(_WEIGHTS @ np.exp(-distances))


# Where the maximum lies: away from the centre, which many designs begin with.
GRIEWANK_CENTRE = np.array([71.0, -133.0, 12.0, 204.0, -88.0, 55.0])


def griewank(params: Params) -> float:
    """Minus Griewank's function (1981) in six dimensions, shifted: a bowl with many ripples."""
    x = vector(params) - GRIEWANK_CENTRE
    waves = np.prod(np.cos(x / np.sqrt(np.arange(1, len(x) + 1))))
    return -float((x**2).sum() / 4000 - waves + 1)


def michalewicz(params: Params) -> float:
    """Michalewicz's function (1992) with steepness 10: narrow ridges in a plain."""
    x = vector(params)
    k = np.arange(1, len(x) + 1)
    return float((np.sin(x) * np.sin(k * x**2 / math.pi) ** 20).sum())


def styblinski_tang(params: Params) -> float:
    """Minus the function of Styblinski and Tang (1990): two valleys in each dimension."""
    x = vector(params)
    return -float(0.5 * (x**4 - 16 * x**2 + 5 * x).sum())


def branches(params: Params) -> float:
    """A category opens one of three landscapes over shared and own parameters; maximum 0 in "c"."""
    rate = (math.log10(params["rate"]) + 5) / 5
    w, n = params["w"], params["n"]
    if params["kind"] == "a":
        return -0.4 - 3 * (rate - 0.2) ** 2 - 0.05 * abs(n - 3)
    if params["kind"] == "b":
        return -0.1 - 5 * (rate - 0.8) ** 2 - 4 * (w - 0.35) ** 2
    return -3 * (rate - 0.55) ** 2 - 6 * (w - 0.9) ** 2 - 0.02 * (n - 9) ** 2


# Of fifteen dimensions three matter: where each has its best value.
SPARSE_CENTRE = {2: 0.31, 5: 0.77, 11: 0.12}


def sparse_quadratic(params: Params) -> float:
    """A quadratic in three of the dimensions, with one interaction; maximum 0."""
    bowl = sum(
        5 * (k % 3 + 1) * (params[f"x{k}"] - centre) ** 2 for k, centre in SPARSE_CENTRE.items()
    )
    return -bowl - (params["x2"] - params["x5"] + 0.46) ** 2


_HARTMANN3_MAX = 3.8627797873327696

PUBLIC_FUNCTIONS = (
    Function("camel", (Float("x0", -3, 3), Float("x1", -2, 2)), camel, 1.0316284534898774),
    Function("hartmann3", box(3, 0, 1), hartmann3, _HARTMANN3_MAX),
    Function("griewank6", box(6, -300, 300), griewank, 0.0),
    Function("michalewicz5", box(5, 0, math.pi), michalewicz, 4.687658179088148),
    Function("styblinski6", box(6, -5, 5), styblinski_tang, 6 * 39.16616570377142),
    Function("noisy_hartmann3", box(3, 0, 1), hartmann3, _HARTMANN3_MAX, noise=0.3),
    Function(
        "branches",
        (
            Cat("kind", ("a", "b", "c")),
            Float("rate", 1e-5, 1.0, log=True),
            Float("w", 0, 1),
            Int("n", 1, 12),
        ),
        branches,
        0.0,
    ),
    Function("sparse15", box(15, 0, 1), sparse_quadratic, 0.0),
)
