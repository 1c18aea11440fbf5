"""L-BFGS from a good first guess of the inverse Hessian, begun on a sample of the rows.

Notation: g gradient of F; M⁻¹ the preconditioner of the objective, near the inverse Hessian; s, y the last steps of w
and of g. The decrement √(gᵀ M⁻¹ g) is the distance to the minimum in posterior standard deviations, and half its
square the log density still missing, as far as M is the Hessian.

References
----------
.. [1] Liu, Nocedal (1989). On the limited memory BFGS method for large scale optimization. Math. Program. 45, 503-528.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ._base import Solver, SolverResult
from ._box import in_box
from ._line_search import Point, Progress, search

__all__ = ["LBFGS"]

Array = NDArray[Any]
Solve = Callable[[Array], Array]

# A first solution from this part of the rows: they are the only copy of data that the solver makes.
_SAMPLE = 0.04
# How near a solution on a sample is made: to this part of m nats, where its own minimum is m / 2 from the true one.
_NOISE = 0.1
# Rows per parameter that a sample must have to be worth a solution.
_ROWS_PER_PARAMETER = 5
# A preconditioner made far from the minimum describes another curvature: after this many iterations a new one is
# made, then after twice as many, and so on. Only one that is near the Hessian is worth it: a mere diagonal knows less
# than the pairs of steps that a new one makes obsolete (sparse text, 50000 features: 15 iterations without, 24 with).
_REFRESH = 6
# unless the goal will be reached in about so many at the present pace.
_SOON = 4
# A pair whose curvature is less than this part of what its lengths allow is rounding, or a non-convex stretch.
_LEAST_CURVATURE = 1e-12


class LBFGS(Solver):
    """Limited-memory BFGS, preconditioned, for smooth objectives, with or without a box.

    Parameters
    ----------
    max_iter : int, default=500
        Most iterations; those on a sample of the rows do not count.
    tol : float, default=1e-05
        Converged when √(gᵀ M⁻¹ g) ≤ tol · √n, n the number of observations (their total weight): the log density
        missing is then about tol² / 2 per observation. An objective without observations: tol times the decrement at
        the start, or 1.
    memory : int, default=10
        Pairs of steps kept.

    See Also
    --------
    Newton : With the exact Hessian.

    Notes
    -----
    The first guess of the inverse Hessian is one factorisation that the objective offers, here a Gram of few rows;
    after that each iteration costs one gradient. Where the objective can be restricted to rows, a solution on 4 % of
    them is the start, unless `w0` is better already. With finite bounds L-BFGS-B of scipy runs on the variables
    scaled by the diagonal of M.

    References
    ----------
    .. [1] Liu, Nocedal (1989). On the limited memory BFGS method for large scale optimization. Math. Program. 45,
       503-528. DOI 10.1007/BF01589116

    Examples
    --------
    >>> from skbayes.linear_model import MAPRegressor
    >>> from skbayes.solvers import LBFGS
    >>> model = MAPRegressor("poisson", solver=LBFGS(memory=20))
    >>> model.fit([[0.0], [1.0], [2.0]], [1, 2, 4]).converged_
    True
    """

    needs: ClassVar[frozenset[str]] = frozenset({"gradient", "bounds"})

    def __init__(self, max_iter: int = 500, tol: float = 1e-5, memory: int = 10) -> None:
        self.max_iter = max_iter
        self.tol = tol
        self.memory = memory

    def solve(self, objective: Any, w0: Array) -> SolverResult:
        w = np.asarray(w0, dtype=np.float64)
        if np.isfinite(objective.lower).any() or np.isfinite(objective.upper).any():
            return in_box(objective, w, w0.dtype, self)
        run = _descend(objective, _start(objective, w, self.memory), self)
        return SolverResult(
            w=run.point.w.astype(w0.dtype),
            value=objective.value(run.point.w),
            n_iter=run.n_iter,
            converged=run.converged,
            message=run.message,
        )


@dataclass(frozen=True)
class _Run:
    point: Point
    n_iter: int
    converged: bool
    message: str


def _start(objective: Any, w: Array, memory: int) -> Array:
    """Return a point to begin at: the solution on a sample of the rows, or w if the sample cannot tell them apart."""
    if "batch" not in objective.offers:
        return w
    size = int(_SAMPLE * objective.n_samples)
    m = objective.n_parameters
    if size < _ROWS_PER_PARAMETER * m:
        return w
    # A fixed seed: the same data give the same iterations.
    rows = np.random.default_rng(0).choice(
        objective.n_samples, size=size, replace=False, shuffle=False
    )
    rows.sort()
    sample = objective.batch(rows)
    scale = objective.n_samples / size
    # Its own minimum fits the sample better than the true one does by m / 2 nats (Wilks): nearer is not worth a step.
    rough = LBFGS(max_iter=2 * _REFRESH, memory=memory)
    before = sample.value_and_gradient(w)[0]
    goal = float(np.sqrt(_NOISE * m * scale))
    found = _descend(sample, _start(sample, w, memory), rough, goal).point
    return found.w if before - found.value > m * scale else w


def _descend(objective: Any, w: Array, solver: "LBFGS", goal: float | None = None) -> _Run:
    """Return where preconditioned L-BFGS from w ends."""
    point = Point(w, *objective.value_and_gradient(w))
    inverse = _Inverse(objective.precondition(w), solver.memory)
    progress = Progress(objective, solver.tol, goal)
    is_sharp = getattr(objective, "has_sharp_preconditioner", False)
    n_iter, refresh = 0, _REFRESH
    while True:
        direction = -inverse(point.gradient)
        progress.note(point.value, point.gradient, direction)
        if progress.is_done or progress.is_idle or n_iter >= solver.max_iter:
            break
        following = search(objective.value_and_gradient, point, direction, progress.error)
        if following is None and inverse.is_fresh:
            break
        is_due = is_sharp and n_iter + 1 >= refresh and progress.steps_left > _SOON
        if following is None or is_due:
            refresh = 3 * (n_iter + 1)
            point = point if following is None else following
            inverse = _Inverse(objective.precondition(point.w), solver.memory)
        else:
            inverse.learn(following.w - point.w, following.gradient - point.gradient)
            point = following
        n_iter += 1
    converged = progress.has_converged(n_iter < solver.max_iter)
    return _Run(point, n_iter, converged, progress.message(f"{n_iter} iterations of L-BFGS"))


class _Inverse:
    """The inverse Hessian as L-BFGS knows it: the preconditioner, corrected by the last steps [1]_."""

    def __init__(self, precondition: Solve, memory: int) -> None:
        self._precondition = precondition
        self._pairs: deque[tuple[Array, Array, float]] = deque(maxlen=memory)
        self._scale = 1.0

    @property
    def is_fresh(self) -> bool:
        """Whether no step was learnt from."""
        return not self._pairs

    def learn(self, s: Array, y: Array) -> None:
        """Take in a step; one against the curvature is passed over."""
        product = float(s @ y)
        along = float(y @ self._precondition(y))
        if (
            product > _LEAST_CURVATURE * float(np.linalg.norm(s) * np.linalg.norm(y))
            and along > 0.0
        ):
            self._pairs.append((s, y, 1.0 / product))
            self._scale = product / along

    def __call__(self, gradient: Array) -> Array:
        q = gradient.copy()
        parts = []
        for s, y, rho in reversed(self._pairs):
            part = rho * float(s @ q)
            q -= part * y
            parts.append(part)
        r = self._scale * self._precondition(q)
        for (s, y, rho), part in zip(self._pairs, reversed(parts), strict=True):
            r += (part - rho * float(y @ r)) * s
        return r
