"""Maximum likelihood estimates that are a formula: no search, and the exact maximum.

Each function takes values x (n,), weights w (n,) and the fixed parameters by name, and returns all free parameters, or
None where this pattern of fixed parameters has no formula. Values outside the support give NaN or an infinite
estimate, which the caller looks at.

References
----------
.. [1] Johnson, Kotz, Balakrishnan (1994, 1995). Continuous univariate distributions, 2nd ed., volumes 1 and 2. Wiley.
.. [2] Johnson, Kemp, Kotz (2005). Univariate discrete distributions, 3rd ed. Wiley.
.. [3] Minka (2002). Estimating a gamma distribution. Technical report, Microsoft Research.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import digamma, polygamma

__all__ = ["CLOSED_FORMS", "closed_form"]

Array = NDArray[np.float64]
Fixed = Mapping[str, float]
Found = dict[str, float] | None
Form = Callable[[Array, Array, Fixed], Found]


def closed_form(dist: Any, x: Array, weight: Array, fixed: Fixed) -> Found:
    """Return the estimate of all free parameters if there is a formula for it."""
    form = CLOSED_FORMS.get(type(dist))
    if form is None:
        return None
    with np.errstate(all="ignore"):
        found = form(x, weight, fixed)
    if found is None:
        return None
    return {name: float(value) for name, value in found.items() if name not in fixed}


def _mean(x: Array, w: Array) -> float:
    return float(np.dot(w, x) / w.sum())


def _median(x: Array, w: Array) -> float:
    """Return where the weight on both sides is equal; the middle if that is so between two values."""
    order = np.argsort(x, kind="stable")
    x, below = x[order], np.cumsum(w[order])
    half = 0.5 * below[-1]
    # Sums of weights that differ by rounding alone are equal.
    slack = 1e-12 * half
    first = int(np.searchsorted(below, half - slack))
    last = int(np.searchsorted(below, half + slack))
    return float(0.5 * (x[first] + x[min(last, x.size - 1)]))


def _norm(x: Array, w: Array, fixed: Fixed) -> Found:
    loc = fixed.get("loc", _mean(x, w))
    return {"loc": loc, "scale": np.sqrt(_mean(np.square(x - loc), w))}


def _expon(x: Array, w: Array, fixed: Fixed) -> Found:
    loc = fixed.get("loc", float(x.min()))
    return {"loc": loc, "scale": _mean(x - loc, w)}


def _laplace(x: Array, w: Array, fixed: Fixed) -> Found:
    loc = fixed.get("loc", _median(x, w))
    return {"loc": loc, "scale": _mean(np.abs(x - loc), w)}


def _uniform(x: Array, w: Array, fixed: Fixed) -> Found:
    low, high = float(x.min()), float(x.max())
    if "scale" in fixed:
        # All that covers the data is equally likely: the middle.
        return {"loc": 0.5 * (low + high - fixed["scale"]), "scale": fixed["scale"]}
    loc = fixed.get("loc", low)
    return {"loc": loc, "scale": high - loc}


def _lognorm(x: Array, w: Array, fixed: Fixed) -> Found:
    if "loc" not in fixed:
        return None
    log = np.log(x - fixed["loc"])
    centre = np.log(fixed["scale"]) if "scale" in fixed else _mean(log, w)
    return {"s": np.sqrt(_mean(np.square(log - centre), w)), "scale": np.exp(centre)}


def _pareto(x: Array, w: Array, fixed: Fixed) -> Found:
    if "loc" not in fixed:
        return None
    y = x - fixed["loc"]
    scale = fixed.get("scale", float(y.min()))
    return {"b": 1.0 / _mean(np.log(y / scale), w), "scale": scale}


def _powerlaw(x: Array, w: Array, fixed: Fixed) -> Found:
    if "loc" not in fixed:
        return None
    y = x - fixed["loc"]
    scale = fixed.get("scale", float(y.max()))
    a = fixed.get("a", -1.0 / _mean(np.log(y / scale), w))
    return {"a": a, "scale": scale}


def _invgauss(x: Array, w: Array, fixed: Fixed) -> Found:
    if "loc" not in fixed or "mu" in fixed or "scale" in fixed:
        return None
    y = x - fixed["loc"]
    mean = _mean(y, w)
    # Of mean m and shape λ, which scipy writes as mu = m/λ and scale = λ; 1/λ is the mean of (y − m)²/m²y [1]_.
    scale = 1.0 / _mean(np.square(y - mean) / (mean * mean * y), w)
    return {"mu": mean / scale, "scale": scale}


def _root_mean_square(divisor: float, *, from_edge: bool = False) -> Form:
    """Return the form of a family whose (x − loc)² has the mean divisor · scale²."""

    def form(x: Array, w: Array, fixed: Fixed) -> Found:
        if "loc" not in fixed and not from_edge:
            return None
        loc = fixed.get("loc", float(x.min()))
        return {"loc": loc, "scale": np.sqrt(_mean(np.square(x - loc), w) / divisor)}

    return form


def _gamma(x: Array, w: Array, fixed: Fixed) -> Found:
    if "loc" not in fixed or ("scale" in fixed and "a" not in fixed):
        return None
    y = x - fixed["loc"]
    a = fixed.get("a", _gamma_shape(np.log(_mean(y, w)) - _mean(np.log(y), w)))
    return {"a": a, "scale": _mean(y, w) / a}


def _gamma_shape(s: float) -> float:
    """Return the root of log a − ψ(a) = s > 0, NaN for another s; Newton steps in 1/a [3]_."""
    if not s > 0.0:
        return float("nan")
    a = (3.0 - s + np.sqrt((s - 3.0) ** 2 + 24.0 * s)) / (12.0 * s)
    # The start is right to 2 %, and each step squares the error.
    for _ in range(5):
        a = 1.0 / (1.0 / a + (np.log(a) - digamma(a) - s) / (a - a * a * polygamma(1, a)))
    return float(a)


def _weibull(x: Array, w: Array, fixed: Fixed) -> Found:
    if "loc" not in fixed or "c" not in fixed:
        return None
    return {"scale": _mean((x - fixed["loc"]) ** fixed["c"], w) ** (1.0 / fixed["c"])}


def _levy(x: Array, w: Array, fixed: Fixed) -> Found:
    if "loc" not in fixed:
        return None
    return {"scale": 1.0 / _mean(1.0 / (x - fixed["loc"]), w)}


def _loguniform(x: Array, w: Array, fixed: Fixed) -> Found:
    if "loc" not in fixed or "scale" not in fixed:
        return None
    y = (x - fixed["loc"]) / fixed["scale"]
    return {"a": float(y.min()), "b": float(y.max())}


def _poisson(x: Array, w: Array, fixed: Fixed) -> Found:
    return {"mu": _mean(x, w) - fixed["loc"]}


def _geom(x: Array, w: Array, fixed: Fixed) -> Found:
    return {"p": 1.0 / (_mean(x, w) - fixed["loc"])}


def _bernoulli(x: Array, w: Array, fixed: Fixed) -> Found:
    return {"p": _mean(x, w) - fixed["loc"]}


def _binom(x: Array, w: Array, fixed: Fixed) -> Found:
    if "n" not in fixed:
        return None
    return {"p": (_mean(x, w) - fixed["loc"]) / fixed["n"]}


def _nbinom(x: Array, w: Array, fixed: Fixed) -> Found:
    if "n" not in fixed:
        return None
    return {"p": fixed["n"] / (fixed["n"] + _mean(x, w) - fixed["loc"])}


def _randint(x: Array, w: Array, fixed: Fixed) -> Found:
    return {"low": float(x.min()) - fixed["loc"], "high": float(x.max()) + 1.0 - fixed["loc"]}


def _dlaplace(x: Array, w: Array, fixed: Fixed) -> Found:
    # The mean of |x| is 1/sinh a.
    return {"a": np.arcsinh(1.0 / _mean(np.abs(x - fixed["loc"]), w))}


def _planck(x: Array, w: Array, fixed: Fixed) -> Found:
    # Geometric from 0 on: the mean is 1/(exp λ − 1).
    return {"lambda_": np.log1p(1.0 / (_mean(x, w) - fixed["loc"]))}


#: By the class of the distribution, so that one of the user's own is never taken for another of the same name.
CLOSED_FORMS: dict[type, Form] = {
    type(dist): form
    for dist, form in (
        (stats.norm, _norm),
        (stats.expon, _expon),
        (stats.laplace, _laplace),
        (stats.uniform, _uniform),
        (stats.lognorm, _lognorm),
        (stats.pareto, _pareto),
        (stats.powerlaw, _powerlaw),
        (stats.invgauss, _invgauss),
        (stats.rayleigh, _root_mean_square(2.0)),
        (stats.maxwell, _root_mean_square(3.0)),
        (stats.halfnorm, _root_mean_square(1.0, from_edge=True)),
        (stats.gamma, _gamma),
        (stats.weibull_min, _weibull),
        (stats.levy, _levy),
        (stats.loguniform, _loguniform),
        (stats.poisson, _poisson),
        (stats.geom, _geom),
        (stats.bernoulli, _bernoulli),
        (stats.binom, _binom),
        (stats.nbinom, _nbinom),
        (stats.randint, _randint),
        (stats.dlaplace, _dlaplace),
        (stats.planck, _planck),
    )
}
