"""Newton's method with a safe step (iteratively reweighted least squares, for a linear model).

Notation: g, H gradient and Hessian of F at w; the step solves (H + τ diag H) step = −g, τ as small as a Cholesky
allows. The decrement √(gᵀ H⁻¹ g) is the distance to the minimum in posterior standard deviations, and half its square
the log density still missing.

References
----------
.. [1] Nocedal, Wright (2006). Numerical optimization, 2nd ed., chapters 3 and 7. Springer.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from ._base import Solver, SolverResult
from ._line_search import Point, Progress, search

__all__ = ["Newton"]

Array = NDArray[Any]
Solve = Callable[[Array], Array]

# Above, the Hessian is not formed: a Cholesky of 3000 takes 9 GFlop, as much as hundreds of products with it.
_LARGEST_HESSIAN = 3000
# Damping of the scaled Hessian: the least that makes exactly collinear columns factorisable; then a hundred times more
# at each failure. A negative eigenvalue is at least −m in these units.
_LEAST_DAMPING = 1e-13
# Conjugate gradients end when the residual has fallen to this part, or to the root of the gradient's own fall [1]_.
_FORCING = 0.1
_MAX_PRODUCTS = 200


class Newton(Solver):
    """Newton's method: Cholesky of the damped Hessian, then a line search.

    Parameters
    ----------
    max_iter : int, default=100
        Most steps.
    tol : float, default=1e-05
        Converged when √(gᵀ H⁻¹ g) ≤ tol · √n, n the number of observations (their total weight): the log density
        missing is then about tol² / 2 per observation. An objective without observations: tol times the decrement at
        the start, or 1.

    See Also
    --------
    LBFGS : Without the exact Hessian, and faster where rows are many.

    Notes
    -----
    Where H is not positive definite (collinear columns without a prior; a likelihood or prior that is not log-concave)
    it is damped as Levenberg did, in the scale of its own diagonal, until it is. With more than 3000 parameters it is
    never formed: the step is then made by preconditioned conjugate gradients.

    References
    ----------
    .. [1] Nocedal, Wright (2006). Numerical optimization, 2nd ed., chapters 3 and 7. Springer.

    Examples
    --------
    >>> from skbayes.linear_model import MAPRegressor
    >>> from skbayes.solvers import Newton
    >>> model = MAPRegressor("poisson", solver=Newton(tol=1e-10))
    >>> model.fit([[0.0], [1.0], [2.0]], [1, 2, 4]).converged_
    True
    """

    needs: ClassVar[frozenset[str]] = frozenset({"gradient", "hessian", "smooth"})

    def __init__(self, max_iter: int = 100, tol: float = 1e-5) -> None:
        self.max_iter = max_iter
        self.tol = tol

    def solve(self, objective: Any, w0: Array) -> SolverResult:
        w = np.asarray(w0, dtype=np.float64)
        point = Point(w, *objective.value_and_gradient(w))
        progress = Progress(objective, self.tol)
        n_iter = 0
        while True:
            direction = _direction(objective, point)
            progress.note(point.value, point.gradient, direction)
            if progress.is_done or progress.is_idle or n_iter >= self.max_iter:
                break
            following = search(objective.value_and_gradient, point, direction, progress.error)
            if following is None:
                break
            point = following
            n_iter += 1
        return SolverResult(
            w=point.w.astype(w0.dtype),
            value=objective.value(point.w),
            n_iter=n_iter,
            converged=progress.has_converged(n_iter < self.max_iter),
            message=progress.message(f"{n_iter} Newton steps"),
        )


def _direction(objective: Any, point: Point) -> Array:
    if point.w.size > _LARGEST_HESSIAN:
        return _conjugate_gradients(objective, point)
    return -damped_solve(objective.hessian(point.w), point.gradient)


def damped_solve(hessian: Array, r: Array) -> Array:
    """Return (H + τ |diag H|)⁻¹ r with the least τ that makes the matrix positive definite."""
    size = np.abs(np.diag(hessian))
    floor = np.finfo(np.float64).tiny + np.finfo(np.float64).eps * size.max(initial=0.0)
    # A parameter about which nothing is known keeps a scale and, its gradient being 0, its place.
    scale = 1.0 / np.sqrt(np.maximum(size, floor))
    scaled = hessian * scale * scale[:, None]
    diagonal = np.diag(scaled).copy()
    damping = _LEAST_DAMPING
    while True:
        np.fill_diagonal(scaled, diagonal + damping)
        try:
            factor = linalg.cho_factor(scaled, lower=True, check_finite=False)
        except linalg.LinAlgError:
            damping *= 100.0
            continue
        return scale * linalg.cho_solve(factor, scale * r, check_finite=False)


def _conjugate_gradients(objective: Any, point: Point) -> Array:
    """Return an approximate Newton direction; steps end at a direction of negative curvature [1]_."""
    multiply = objective.hessian_operator(point.w)
    precondition = objective.precondition(point.w)
    residual = -point.gradient
    solved = precondition(residual)
    product = float(residual @ solved)
    at_start = product
    target = min(_FORCING, np.sqrt(np.sqrt(product))) ** 2 * product
    direction, step = solved.copy(), np.zeros_like(residual)
    for _ in range(_MAX_PRODUCTS):
        image = multiply(direction)
        bend = float(direction @ image)
        if bend <= 0.0:
            return step if np.any(step) else solved
        t = product / bend
        step += t * direction
        residual -= t * image
        solved = precondition(residual)
        following = float(residual @ solved)
        if following <= target or following >= at_start * 1e8:
            break
        direction = solved + (following / product) * direction
        product = following
    return step
