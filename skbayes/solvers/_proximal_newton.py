"""Proximal Newton: likelihoods with curvature, priors with kinks, and few parameters at a time.

Notation: F = f + h, h a `SeparablePenalty` centred at loc; v = w − loc; g, H gradient and (expected) Hessian of f at w;
W the working set. A step minimises the model gᵀd + ½ dᵀHd + h(w + d) − h(w) over d in W; the minimum is −Δ.

References
----------
.. [1] Lee, Sun, Saunders (2014). Proximal Newton-type methods for minimizing composite functions. SIAM J. Optim. 24,
   1420-1443. doi:10.1137/130921428
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from ._base import SeparablePenalty, Solver, SolverResult
from ._gram_descent import gram_descent, gram_gap, step_on_face
from ._line_search import goal_of, rounding_error

__all__ = ["ProximalNewton"]

Array = NDArray[Any]

# Up to so many parameters there is no working set: a Hessian of 200 costs about as much as choosing one.
_SMALL = 200
# The first working set, as of coordinate descent.
_FIRST_SIZE = 100
# The model is minimised up to this part of its gap: epochs cost little beside a Hessian, and the step's own error is of
# this order once Newton's method has begun to square it.
_FORCING = 0.1
# A round ends when a step gains less than this part of the round's first: the working set is about to change.
_OF_ROUND = 0.3
# The Hessian is used again while the model was wrong by less than this part of its decrease: steps with it then gain a
# digit each, at the price of a gradient.
_GOOD_MODEL = 0.1
# Part of the model's decrease that a step must keep; a shorter step is half as long [1]_.
_ARMIJO = 1e-4
_MAX_HALVINGS = 40
_MAX_EPOCHS = 10_000
# Rounding of a slope, in units of its kink; and how near to their kinks parameters are taken into the working set
# before they press: the Hessian grows with the square of the set, a round for a few that were missed costs one pass.
_ROUNDING = 1e-9
_NEAR = -0.05


class ProximalNewton(Solver):
    """Newton's method for a smooth likelihood and a separable prior with kinks or bounds, by working sets.

    Parameters
    ----------
    max_iter : int, default=100
        Most Newton steps.
    tol : float, default=1e-05
        Converged when the log density missing is at most tol² / 2 per observation (total weight), as far as the
        quadratic model and its error at the last step say.

    See Also
    --------
    CoordinateDescent : For a Gaussian likelihood, where the model is exact.
    ProximalGradient : By gradients alone.

    Notes
    -----
    A working set holds the parameters off their kinks and those that press hardest to leave them, at first 100, later
    twice as many as are off. On it the quadratic model at w is minimised by coordinate descent on its Gram matrix
    (compiled by numba where that can be imported), and a step that does not lower F enough is halved [1]_. The gradient
    by all parameters is evaluated once per working set.

    References
    ----------
    .. [1] Lee, Sun, Saunders (2014). Proximal Newton-type methods for minimizing composite functions. SIAM J. Optim.
       24, 1420-1443. doi:10.1137/130921428

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.linear_model import MAPClassifier
    >>> from skbayes.priors import Laplace
    >>> from skbayes.solvers import ProximalNewton
    >>> X = np.array([[-2.0, 0.3], [-1.0, -0.2], [0.5, 0.1], [2.0, -0.1]])
    >>> model = MAPClassifier(Laplace(scale=0.8), solver=ProximalNewton()).fit(X, [0, 0, 1, 1])
    >>> model.coef_.round(2)
    array([[0.76, 0.  ]])
    """

    needs: ClassVar[frozenset[str]] = frozenset({"gradient", "hessian", "separable"})

    def __init__(self, max_iter: int = 100, tol: float = 1e-5) -> None:
        self.max_iter = max_iter
        self.tol = tol

    def solve(self, objective: Any, w0: Array) -> SolverResult:
        penalty = objective.penalty
        w = np.clip(np.asarray(w0, dtype=np.float64), penalty.lower, penalty.upper)
        goal = goal_of(self.tol, objective)
        allowed = 0.5 * (self.tol if goal is None else goal) ** 2
        run = _descend(objective, w, allowed, self.max_iter)
        message = (
            f"the log density missing is {run.missing:.3g}, the tolerance {allowed:.3g} (tol={self.tol:g}), after "
            f"{run.n_steps} Newton steps"
        )
        return SolverResult(
            w=run.w.astype(w0.dtype),
            value=objective.value(run.w),
            n_iter=run.n_steps,
            converged=run.missing <= allowed or run.is_stalled,
            message=message,
        )


@dataclass(frozen=True)
class _Run:
    """Where steps ended; `missing` is by how much F may still lie above its minimum in the working set."""

    w: Array
    n_steps: int
    missing: float
    is_stalled: bool


def _descend(objective: Any, w: Array, allowed: float, max_steps: int) -> _Run:
    if "restriction" not in objective.offers:
        return _newton(_Whole(objective), w, allowed, 0.0, max_steps)
    if w.size <= _SMALL:
        return _newton(objective.restricted(np.arange(w.size), w), w, allowed, 0.0, max_steps)
    part = objective.restricted(np.arange(0), w)
    gradient = part.full_gradient(w[part.indices])
    n_steps = 0
    while True:
        pressure = _pressure(w, gradient, objective.penalty)
        part = objective.restricted(_working_set(pressure), w)
        is_all = _is_quiet(pressure, part.indices)
        run = _newton(part, w[part.indices], allowed, _OF_ROUND, max_steps - n_steps)
        n_steps += run.n_steps
        w = part.embed(run.w)
        # With all that press in the working set, what is missing in it is all, unless the step has moved far.
        is_done = is_all and run.missing <= allowed and run.is_stalled
        if not is_done:
            gradient = part.full_gradient(run.w)
            is_quiet = _is_quiet(_pressure(w, gradient, objective.penalty), part.indices)
            is_done = is_quiet and (run.missing <= allowed or run.is_stalled)
        if is_done or n_steps >= max_steps:
            missing = run.missing if is_done else np.inf
            return _Run(w, n_steps, missing, run.is_stalled and is_done)


def _pressure(w: Array, gradient: Array, penalty: SeparablePenalty) -> Array:
    """Return by how much the slope at a parameter at rest exceeds its kink, in units of it; of others, infinity."""
    l1, d = penalty.l1, w - penalty.loc
    slope = gradient + penalty.l2 * d
    if not penalty.is_bounded:
        is_at_rest = (d == 0.0) & (l1 > 0.0)
        return np.where(is_at_rest, np.abs(slope) / np.where(l1 > 0.0, l1, 1.0) - 1.0, np.inf)
    up = np.where(w < penalty.upper, -slope - np.where(d < 0.0, -l1, l1), -np.inf)
    down = np.where(w > penalty.lower, slope - np.where(d > 0.0, -l1, l1), -np.inf)
    unit = np.where(l1 > 0.0, l1, np.abs(slope).max(initial=0.0))
    is_at_rest = ((d == 0.0) & (l1 > 0.0)) | (w == penalty.lower) | (w == penalty.upper)
    pressure = np.maximum(up, down) / np.where(unit > 0.0, unit, 1.0)
    return np.where(is_at_rest, pressure, np.inf)


def _is_quiet(pressure: Array, W: Array) -> bool:
    """Return whether no parameter at rest outside W would leave it."""
    # A slope that exceeds its kink by its own rounding does not.
    is_pressing = pressure > _ROUNDING
    return int(np.count_nonzero(is_pressing)) == int(np.count_nonzero(is_pressing[W]))


def _working_set(pressure: Array) -> Array:
    """Return the parameters that move, and as many again (at first 100) of those that press hardest."""
    size = max(_FIRST_SIZE, 2 * int(np.count_nonzero(np.isinf(pressure))))
    chosen = np.flatnonzero(pressure > _NEAR)
    if chosen.size > size:
        chosen = chosen[np.argpartition(pressure[chosen], chosen.size - size)[chosen.size - size :]]
    return np.sort(chosen)


def _newton(part: Any, w: Array, allowed: float, of_round: float, max_steps: int) -> _Run:
    """Step until `allowed` is missing, or a step gains less than the part `of_round` of the first."""
    n_steps = 0
    first = 0.0
    hessian: Array | None = None
    value, gradient = part.value_and_gradient(w)
    value += part.penalty.value(w)
    while True:
        hessian = part.hessian(w) if hessian is None else hessian
        target, decrease, gap = _model_minimum(part, w, gradient, hessian, allowed)
        first = max(first, decrease)
        missing = decrease + gap
        if n_steps >= max_steps:
            return _Run(w, n_steps, missing, False)
        found = _step(part, w, target, value, gradient)
        if found is None:  # values differ by rounding alone: nothing is left to gain
            is_near = decrease <= rounding_error(part, value)
            end = _end_of_face(part, w, gradient, hessian, target) if is_near else w
            return _Run(end, n_steps, missing, True)
        error = abs(value - found[1] - decrease)
        if found[0] is target:
            # After a whole step about as much is missing as the model was wrong by, and as it was not solved to.
            missing = min(missing, gap + error)
        w, value = found
        n_steps += 1
        if missing <= allowed or decrease <= of_round * first:
            return _Run(w, n_steps, missing, decrease <= rounding_error(part, value))
        gradient = part.value_and_gradient(w)[1]
        hessian = hessian if error <= _GOOD_MODEL * decrease else None


def _model_minimum(
    part: Any, w: Array, gradient: Array, H: Array, allowed: float
) -> tuple[Array, float, float]:
    """Return where the quadratic model at w is least, how far below its value at w that is, and the gap left."""
    penalty, centred = part.penalty, _centred(part.penalty)
    v = w - penalty.loc
    Hv = H @ v
    q = Hv - gradient
    c = part.square(w) + 2.0 * float(q @ v) - float(v @ Hv)
    wanted = max(_FORCING * gram_gap(H, q, c, centred, v), 0.1 * allowed)
    target = v
    while True:
        target, gap, _ = gram_descent(H, q, c, centred, target, wanted, _MAX_EPOCHS)
        d = target - v
        decrease = (
            -float(gradient @ d + 0.5 * (d @ (H @ d))) - centred.value(target) + centred.value(v)
        )
        # The gap at the start may be far above what there was to gain.
        enough = max(0.1 * decrease, 0.1 * allowed)
        if gap <= enough or wanted <= 1e-15 * abs(c) or gap > wanted:
            return penalty.loc + target, max(decrease, 0.0), max(gap, 0.0)
        wanted = 0.5 * enough


def _end_of_face(part: Any, w: Array, gradient: Array, H: Array, target: Array) -> Array:
    """Return where the model at w is least among the parameters that are off their kinks at the target.

    Values cannot tell it from w any more, but gradients can: it has the digits that w lacks.
    """
    loc = part.penalty.loc
    q = H @ (w - loc) - gradient
    return loc + step_on_face(H, q, _centred(part.penalty), target - loc)


def _centred(penalty: SeparablePenalty) -> SeparablePenalty:
    """Return h as a function of w − loc."""
    loc, lower, upper = penalty.loc, penalty.lower - penalty.loc, penalty.upper - penalty.loc
    return SeparablePenalty(np.zeros_like(loc), penalty.l1, penalty.l2, lower, upper)


def _step(
    part: Any, w: Array, target: Array, value: float, gradient: Array
) -> tuple[Array, float] | None:
    """Return a point on the way to the model's minimum where F is lower by enough, and F there; None if none is."""
    penalty = part.penalty
    d = target - w
    slope = float(gradient @ d) + penalty.value(target) - penalty.value(w)
    error = rounding_error(part, value)
    if not slope < 0.0:
        return None
    t = 1.0
    for _ in range(_MAX_HALVINGS):
        moved = target if t == 1.0 else w + t * d
        there = part.value(moved)
        if there <= value + _ARMIJO * t * slope + (error if -t * slope <= error else 0.0):
            return moved, there
        t *= 0.5
        if -t * slope < 0.01 * error:
            return None
    return None


class _Whole:
    """An objective that has no restrictions, in the form of one."""

    def __init__(self, objective: Any) -> None:
        self.objective = objective
        self.penalty = objective.penalty

    def value(self, w: Array) -> float:
        return float(self.objective.smooth_value(w)) + self.penalty.value(w)

    def value_and_gradient(self, w: Array) -> tuple[float, Array]:
        value, gradient = self.objective.value_and_gradient(w)
        return value, gradient

    def hessian(self, w: Array) -> Array:
        """Return the Hessian with the signs of its eigenvalues made positive."""
        values, vectors = np.linalg.eigh(self.objective.hessian(w).astype(np.float64))
        least = np.finfo(np.float64).eps * values.size * np.abs(values).max(initial=0.0)
        values = np.maximum(np.abs(values), least)
        return np.ascontiguousarray((vectors * values) @ vectors.T)

    def square(self, w: Array) -> float:
        """Return gᵀH⁻¹g: twice what the model without h could fall."""
        gradient = self.objective.value_and_gradient(w)[1].astype(np.float64)
        return float(gradient @ linalg.lstsq(self.hessian(w), gradient)[0])
