"""Whether a prior keeps the contract of `Prior`."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..priors import Prior
from ._common import check_close, check_mean, check_parameter_object, derivative, expect

__all__ = ["check_prior"]

# Agreement of derivatives with central differences of doubles (6e-6 apart), and of two roads to one number.
_DIFFERENCE, _ROUNDING = 1e-6, 1e-10


def check_prior(prior: Prior, n_features: int = 3, random_state: int = 0) -> None:
    """Check that a prior keeps the contract: whatever it defines has to agree with its log density.

    Parameters
    ----------
    prior : Prior
        The prior; one whose parameters are arrays needs as many entries as there are features.
    n_features : int, default=3
        For how many features it is checked.
    random_state : int, default=0
        Seed of the points and draws.

    Raises
    ------
    AssertionError
        If the contract is broken; the message says where, what the prior gives, and what is expected.

    Notes
    -----
    Checked are: parameters only stored; `for_features` leaves the original as it is; `log_density` finite in the
    support; `gradient` and `hessian` against differences; `prox` against the objective that it minimises;
    `separable`, `quadratic` and `majorizer` against the log density; draws of `sample`, if it does not refuse with
    a ValueError for a flat prior, against the density, in shape and in total mass; float32 in, float32 out; no
    argument is written to.

    Examples
    --------
    >>> from skbayes.checks import check_prior
    >>> from skbayes.priors import Laplace
    >>> check_prior(Laplace(scale=0.5))
    """
    expect(
        isinstance(prior, Prior), prior, "is no skbayes.priors.Prior; derive it from that class."
    )
    check_parameter_object(prior)
    before = prior.get_params(deep=False)
    resolved = prior.for_features(None, n_features)
    expect(type(resolved) is type(prior), prior, "is of another type after for_features.")
    after = prior.get_params(deep=False)
    unchanged = all(after[name] is value for name, value in before.items())
    expect(unchanged, prior, "is changed by for_features, which should return another prior.")
    rng = np.random.default_rng(random_state)
    points = _points(resolved, n_features, rng)
    expect(
        resolved.is_smooth is False or hasattr(resolved, "gradient"),
        prior,
        "says is_smooth and has no gradient.",
    )
    usable = resolved.is_smooth or hasattr(resolved, "prox") or hasattr(resolved, "majorizer")
    expect(usable, prior, "has a kink and neither prox nor majorizer: no solver can use it.")
    for check in (_check_types, _check_derivatives, _check_prox, _check_forms, _check_majorizer):
        check(resolved, points, rng)
    _check_draws(resolved, n_features, random_state)


def _points(prior: Any, n_features: int, rng: np.random.Generator) -> list[NDArray[np.float64]]:
    """Return points inside the support: real numbers where it has them, else positive ones."""
    points = list(2.0 * rng.standard_normal((5, n_features)))
    if not all(np.isfinite(prior.log_density(w)) for w in points):
        points = [np.abs(w) + 0.05 for w in points]
    for w in points:
        value = prior.log_density(w)
        expect(
            np.ndim(value) == 0,
            prior,
            f"has a log density of shape {np.shape(value)}, not a number.",
        )
        expect(
            np.isfinite(value), prior, f"has the log density {value} at {w}, which is not finite."
        )
    return points


def _check_derivatives(prior: Any, points: list[NDArray[np.float64]], rng: Any) -> None:
    for w in points:
        if hasattr(prior, "gradient"):
            slope = derivative(prior.log_density, w)
            check_close(prior, "gradient", prior.gradient(w), slope, _DIFFERENCE, "a difference")
        if hasattr(prior, "hessian"):
            curvature = derivative(prior.gradient, w)
            hessian = np.asarray(prior.hessian(w))
            if hessian.ndim == 1:
                hessian = np.diag(hessian)
            check_close(
                prior, "hessian", hessian, curvature, _DIFFERENCE, "a difference of gradient"
            )


def _check_prox(prior: Any, points: list[NDArray[np.float64]], rng: np.random.Generator) -> None:
    if not hasattr(prior, "prox"):
        return
    for w in points:
        for step in (0.1, 1.0, 10.0):
            z = np.asarray(prior.prox(w, step))
            expect(
                z.shape == w.shape,
                prior,
                f"has a prox of shape {z.shape} for {w.shape} parameters.",
            )

            def cost(v: NDArray[np.float64], w: Any = w, step: float = step) -> float:
                return float(0.5 * np.square(v - w).sum() - step * prior.log_density(v))

            lowest = cost(z)
            rivals = [w, np.zeros_like(w), z + 1e-3 * (w - z)]
            rivals += [z + size * rng.standard_normal(w.size) for size in (1e-4, 1e-2, 1.0)]
            rivals += [z + h * unit for h in (-0.1, 0.1) for unit in np.eye(w.size)]
            best = min(cost(rival) for rival in rivals)
            expect(
                lowest <= best + _ROUNDING * (1.0 + abs(best)),
                prior,
                f": prox(w={w}, step={step}) costs {lowest:.10g}; another point costs {best:.10g}.",
            )


def _check_forms(prior: Any, points: list[NDArray[np.float64]], rng: Any) -> None:
    heights = np.array([prior.log_density(w) for w in points])
    n = points[0].size
    if hasattr(prior, "separable"):
        loc, l1, l2 = prior.separable()
        for name, array in (("loc", loc), ("l1", l1), ("l2", l2)):
            expect(
                np.shape(array) == (n,), prior, f"has separable() with {name} not of shape ({n},)."
            )
        expect(np.all(l1 >= 0) and np.all(l2 >= 0), prior, "has a negative weight in separable().")
        costs = [np.sum(l1 * np.abs(w - loc) + 0.5 * l2 * (w - loc) ** 2) for w in points]
        _check_same_shape(prior, "separable()", heights, np.array(costs))
    if hasattr(prior, "quadratic"):
        loc, precision = (np.asarray(array) for array in prior.quadratic())
        expect(np.shape(loc) == (n,), prior, f"has quadratic() with loc not of shape ({n},).")
        expect(
            precision.shape in ((n,), (n, n)), prior, f"has a precision of shape {precision.shape}."
        )
        matrix = np.diag(precision) if precision.ndim == 1 else precision
        costs = [0.5 * (w - loc) @ matrix @ (w - loc) for w in points]
        _check_same_shape(prior, "quadratic()", heights, np.array(costs))


def _check_same_shape(prior: Any, what: str, heights: NDArray[Any], costs: NDArray[Any]) -> None:
    """Check that minus the log density and the cost differ by a constant."""
    differences = heights[1:] - heights[0]
    check_close(prior, what, costs[0] - costs[1:], differences, _ROUNDING, "log_density")


def _check_majorizer(prior: Any, points: list[NDArray[np.float64]], rng: Any) -> None:
    if not hasattr(prior, "majorizer"):
        return
    for part in prior.majorizer(None):
        expect(
            np.shape(part) == points[0].shape,
            prior,
            f"has majorizer(None) of shape {np.shape(part)}.",
        )
    for w in points:
        loc, l1, l2 = prior.majorizer(w)
        at = np.sum(l1 * np.abs(w - loc) + 0.5 * l2 * (w - loc) ** 2)
        for v in [*points, np.asarray(loc, dtype=float), 100.0 * w, w * (1.0 + 1e-6)]:
            bound = np.sum(l1 * np.abs(v - loc) + 0.5 * l2 * (v - loc) ** 2) - at
            rise = prior.log_density(w) - prior.log_density(v)
            expect(
                rise <= bound + _ROUNDING * (1.0 + abs(bound)),
                prior,
                f": majorizer({w}) rises by {bound:.6g} to {v} and −log p by {rise:.6g}: it is no bound.",
            )


def _check_types(prior: Any, points: list[NDArray[np.float64]], rng: Any) -> None:
    w = points[0]
    kept, single = w.copy(), w.astype(np.float32)
    for name, arguments in (("gradient", ()), ("hessian", ()), ("prox", (0.5,))):
        if hasattr(prior, name):
            result = getattr(prior, name)(single, *arguments)
            expect(
                result.dtype == np.float32,
                prior,
                f"gives {name} as {result.dtype} for w in float32.",
            )
            getattr(prior, name)(w, *arguments)
            expect(np.array_equal(w, kept), prior, f"writes to the w that {name} is given.")


def _check_draws(prior: Any, n_features: int, random_state: int) -> None:
    if not hasattr(prior, "sample"):
        return
    n = 4000
    try:
        draws = prior.sample(n, random_state=random_state)
    except ValueError:  # a scale is infinite: there is nothing to draw from
        return
    shape = np.shape(draws)
    expect(shape == (n, n_features), prior, f"draws {shape}; expected {(n, n_features)}.")
    again = prior.sample(n, random_state=random_state)
    expect(np.array_equal(draws, again), prior, "draws differently with the same random_state.")
    # For draws of density p, and any box inside the support, E 1[w in box] / p(w) is the volume of the box.
    low, high = np.quantile(draws, [0.25, 0.75], axis=0)
    # Which box it is must not depend on the draws that are weighed.
    fresh = prior.sample(n, random_state=random_state + 1)
    inside = np.all((fresh >= low) & (fresh <= high), axis=1)
    mass = np.zeros(n)
    mass[inside] = [np.exp(-prior.log_density(w)) / np.prod(high - low) for w in fresh[inside]]
    check_mean(prior, "1/p in a box, over its volume,", mass, 1.0, "1 (sample against log_density)")
