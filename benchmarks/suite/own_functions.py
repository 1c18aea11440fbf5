"""Six more functions: turned, shifted, mixed, and observed with uneven noise."""

from __future__ import annotations

import math

import numpy as np

from .dimensions import Cat, Float, Int, Params
from .problem import Function
from .public_functions import box, vector

__all__ = ["OWN_FUNCTIONS"]

_CENTRE = np.array([2.5, 7.5])
_TURN = np.array([[math.cos(math.pi / 6), -0.5], [0.5, math.cos(math.pi / 6)]])  # by 30 degrees


def turned_branin(params: Params) -> float:
    """Minus Branin's function, form of Dixon and Szegő (1978), turned about the middle of its box.

    At least 10 / (8 pi) everywhere in the plane (a square plus that), so turning adds no minimum.
    """
    x, y = _CENTRE + _TURN @ (vector(params) - _CENTRE)
    valley = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
    return -float(valley**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10)


ACKLEY_CENTRE = np.array([11.0, -7.0, 3.0, 19.0, -23.0, 5.0])


def ackley(params: Params) -> float:
    """Minus Ackley's function (1987) in six dimensions, shifted: a funnel in a rippled plain."""
    x = vector(params) - ACKLEY_CENTRE
    funnel = 20 - 20 * math.exp(-0.2 * math.sqrt((x**2).mean()))
    return -float(funnel + math.e - math.exp(np.cos(2 * math.pi * x).mean()))


def levy(params: Params) -> float:
    """Minus the function of Levy and Montalvo (1985); maximum 0 where all are 1."""
    w = 1 + (vector(params) - 1) / 4
    inner = ((w[:-1] - 1) ** 2 * (1 + 10 * np.sin(math.pi * w[:-1] + 1) ** 2)).sum()
    last = (w[-1] - 1) ** 2 * (1 + math.sin(2 * math.pi * w[-1]) ** 2)
    return -float(math.sin(math.pi * w[0]) ** 2 + inner + last)


def rosenbrock(params: Params) -> float:
    """Minus log(1 + the function of Rosenbrock, 1960): a bent valley, scaled as losses often are."""
    x = vector(params)
    return -math.log1p(float((100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()))


# Of each method: its loss at best, and where that lies in log10(rate) and log2(size).
METHODS = {
    "a": (0.30, -1.0, 2.0),
    "b": (0.00, -2.0, 5.0),
    "c": (0.10, -3.5, 6.5),
    "d": (0.05, -2.5, 4.0),
    "e": (0.60, -0.5, 8.0),
    "f": (0.40, -3.0, 3.0),
}


def six_methods(params: Params) -> float:
    """A category of six, a rate, a log-integer, a fraction and a switch; ours.

    Maximum 0 at method "b", rate 0.01, size 32, mix 0.6 and the switch on: all terms vanish there.
    """
    floor, exponent, octave = METHODS[params["method"]]
    rate = math.log10(params["rate"]) - exponent
    size = math.log2(params["size"]) - octave
    mix = params["mix"] - 0.6
    loss = floor + 0.3 * rate**2 + 0.08 * size**2 + 0.1 * rate * size + mix**2
    return -(loss + (0 if params["switch"] else 0.15 + 0.3 * abs(mix)))


def goldstein_price(params: Params) -> float:
    """Minus log of the function of Goldstein and Price (1971), standardised (Picheny et al. 2013)."""
    x, y = 4 * vector(params) - 2
    first = 19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2
    second = 18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2
    value = (1 + (x + y + 1) ** 2 * first) * (30 + (2 * x - 3 * y) ** 2 * second)
    return -(math.log(value) - 8.693) / 2.427


def _uneven_noise(params: Params) -> float:
    # From a twentieth of the function's own standard deviation (1, by its scaling) to half of it.
    return 0.05 + 0.45 * params["x0"]


OWN_FUNCTIONS = (
    Function(
        "turned_branin",
        (Float("x0", -5, 10), Float("x1", 0, 15)),
        turned_branin,
        -10 / (8 * math.pi),
    ),
    Function("ackley6", box(6, -32.768, 32.768), ackley, 0.0),
    Function("levy4", box(4, -10, 10), levy, 0.0),
    Function("rosenbrock8", box(8, -2, 2), rosenbrock, 0.0),
    Function(
        "six_methods",
        (
            Cat("method", tuple(METHODS)),
            Float("rate", 1e-5, 1.0, log=True),
            Int("size", 1, 512, log=True),
            Float("mix", 0, 1),
            Cat("switch", (False, True)),
        ),
        six_methods,
        0.0,
    ),
    Function(
        "uneven_goldstein_price",
        box(2, 0, 1),
        goldstein_price,
        -(math.log(3) - 8.693) / 2.427,
        noise=_uneven_noise,
    ),
)
