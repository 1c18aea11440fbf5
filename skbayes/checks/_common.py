"""What the suites share: the contract of a parameter object, finite differences, comparison with a clear sentence."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, clone

__all__ = ["check_close", "check_mean", "check_parameter_object", "derivative", "expect"]

# Differences over a step h err by h² times a third derivative and by eps/h times the size of the value.
STEP = 6e-6


def expect(is_true: Any, part: Any, what: str) -> None:
    """Raise an AssertionError that begins with the part, unless the condition holds."""
    if not bool(np.all(is_true)):
        raise AssertionError(f"{part!r} {what}")


def check_parameter_object(part: Any) -> None:
    """Check that ``__init__`` only stores, so that clone, get_params and set_params work."""
    expect(
        isinstance(part, BaseEstimator),
        part,
        "is no sklearn.base.BaseEstimator: it has no get_params.",
    )
    own = part.get_params(deep=False)
    fresh = type(part)(**own)
    changed = [name for name, value in own.items() if getattr(fresh, name) is not value]
    expect(not changed, part, f"changes {changed} in __init__, which should only store them.")
    twin = clone(part)
    expect(type(twin) is type(part), part, f"is cloned to another type, {type(twin).__name__}.")


def derivative(function: Callable[[NDArray[Any]], Any], at: NDArray[Any]) -> NDArray[np.float64]:
    """Return central differences by each entry of `at`, along the last axis of the result."""
    columns = []
    for j in range(at.size):
        h = np.zeros(at.shape)
        h.flat[j] = STEP * max(1.0, abs(float(at.flat[j])))
        up, down = np.asarray(function(at + h)), np.asarray(function(at - h))
        columns.append((up - down) / (2.0 * h.flat[j]))
    return np.stack(columns, axis=-1)


def check_close(
    part: Any, what: str, got: ArrayLike, wanted: ArrayLike, tolerance: float, against: str
) -> None:
    """Check agreement within `tolerance`, relative to the largest entry that is wanted (at least 1)."""
    got, wanted = np.asarray(got, dtype=float), np.asarray(wanted, dtype=float)
    expect(
        got.shape == wanted.shape,
        part,
        f"returns {what} of shape {got.shape}; expected {wanted.shape}.",
    )
    error = np.abs(got - wanted)
    allowed = tolerance * max(1.0, float(np.abs(wanted).max(initial=0.0)))
    if not np.all(error <= allowed):  # a NaN fails too
        worst = int(np.argmax(np.where(np.isnan(error), np.inf, error)))
        raise AssertionError(
            f"{part!r}: {what} is {got.flat[worst]:.6g} where {against} gives {wanted.flat[worst]:.6g}"
            f" (entry {worst}; allowed is a difference of {allowed:.2g})."
        )


def check_mean(part: Any, what: str, draws: NDArray[Any], wanted: ArrayLike, against: str) -> None:
    """Check that independent draws, one per row, have the mean that is wanted within six standard errors."""
    # Six: of a thousand such comparisons none fails by chance.
    error = 6.0 * draws.std(axis=0) / np.sqrt(draws.shape[0]) + 1e-9 * (1.0 + np.abs(wanted))
    off = np.abs(draws.mean(axis=0) - wanted)
    expect(
        off <= error,
        part,
        f": the mean of {what} over draws differs from {against} by up to {np.max(off):.3g}; chance"
        f" explains {np.max(error):.3g}.",
    )
