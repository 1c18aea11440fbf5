"""Accelerated proximal gradient: for any objective F = f + h with a gradient of f and a prox of h.

Notation: w (m,) parameters, L > 0 the curvature that a step allows for, p(y) = prox(y − ∇f(y) / L, 1 / L) the step.
"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ._base import Solver, SolverResult
from ._coordinates import own_coordinates

__all__ = ["ProximalGradient"]

Array = NDArray[Any]

# The curvature is doubled until the step descends, and tried a little lower at the next one: 0.9 loses a tenth of the
# evaluations to steps refused if L is right, and finds an L ten times smaller in 22 steps.
_RAISE, _LOWER = 2.0, 0.9
# Doublings within one step; 2^60 is more than the range between the smallest and the largest curvature of any data.
_MAX_RAISES = 60


class ProximalGradient(Solver):
    """Accelerated proximal gradient with restarts, for every prior that has a prox.

    Parameters
    ----------
    max_iter : int, default=5000
        Steps at most, at least 1.
    tol : float, default=1e-08
        Ends when no coordinate would move by more than this part of the largest one in a step; positive.

    Attributes
    ----------
    needs : frozenset of str
        A gradient and a prox.

    See Also
    --------
    SGD : Steps on batches, for data that do not fit in memory.

    Notes
    -----
    w⁺ = prox(y − ∇f(y) / L, 1 / L) and y⁺ = w⁺ + β (w⁺ − w), with the β of [1]_. L is searched: it is doubled until
    f(w⁺) ≤ f(y) + ∇f(y)·(w⁺ − y) + L ‖w⁺ − y‖² / 2. When the step and the momentum point apart,
    (y − w⁺)·(w⁺ − w) > 0, the momentum is dropped [2]_, which makes it as fast as the conditioning allows without being
    told it. The steps are made in coordinates in which the columns of the data are centred and of equal curvature
    wherever the objective has such ones.

    References
    ----------
    .. [1] Beck, Teboulle (2009). A fast iterative shrinkage-thresholding algorithm for linear inverse problems. SIAM J.
       Imaging Sciences 2, 183-202. doi:10.1137/080716542
    .. [2] O'Donoghue, Candès (2015). Adaptive restart for accelerated gradient schemes. Foundations of Computational
       Mathematics 15, 715-732. doi:10.1007/s10208-013-9150-3

    Examples
    --------
    >>> from skbayes.likelihoods import Gaussian
    >>> from skbayes.linear_model import MAPRegressor
    >>> from skbayes.priors import Laplace
    >>> model = MAPRegressor(Gaussian(scale=0.1), Laplace(scale=0.1), solver="proximal_gradient")
    >>> model.fit([[0.0], [1.0], [2.0], [3.0]], [1.0, 3.1, 4.9, 7.0]).coef_.round(2)
    array([1.96])
    """

    needs: ClassVar[frozenset[str]] = frozenset({"gradient", "proximal"})

    def __init__(self, max_iter: int = 5000, tol: float = 1e-8) -> None:
        self.max_iter = max_iter
        self.tol = tol

    def solve(self, objective: Any, w0: Array) -> SolverResult:
        """Minimise the objective.

        Parameters
        ----------
        objective : Objective
            Offers a gradient and a prox.
        w0 : ndarray of shape (m,)
            Where to begin.

        Returns
        -------
        result : SolverResult
            `n_iter` counts the steps.
        """
        inner = own_coordinates(objective, w0)
        here = _begin(inner, inner.into(w0))
        reached, n_iter = np.inf, 0
        while n_iter < self.max_iter and reached > self.tol:
            here, reached = _step(inner, here)
            n_iter += 1
        w = inner.out_of(here.w).astype(w0.dtype, copy=False)
        message = (
            f"a step still moves a parameter by {reached:.1e} of the largest, "
            f"tol={self.tol:.1e}, after {n_iter} steps"
        )
        return SolverResult(w, objective.value(w), n_iter, bool(reached <= self.tol), message)


@dataclass(frozen=True)
class _Position:
    w: Array  # the last point of the prox
    y: Array  # where the next gradient is taken
    f: float  # f(y)
    gradient: Array  # ∇f(y)
    curvature: float  # L
    momentum: float  # t of the sequence of [1]


def _begin(objective: Any, w: Array) -> _Position:
    f, gradient = objective.value_and_gradient(w)
    return _Position(w, w, f, gradient, _first_curvature(objective, w, gradient), 1.0)


def _first_curvature(objective: Any, w: Array, gradient: Array) -> float:
    """Return the curvature of f along its gradient."""
    size = float(np.linalg.norm(gradient))
    if size == 0.0:
        return 1.0
    # A part of 1e-4 of the scale of w: far above rounding, and f is smooth at that scale.
    length = 1e-4 * (1.0 + float(np.linalg.norm(w)))
    _, ahead = objective.value_and_gradient(w - (length / size) * gradient)
    curvature = float(np.linalg.norm(gradient - ahead)) / length
    return curvature if np.isfinite(curvature) and curvature > 0.0 else 1.0


def _step(objective: Any, here: _Position) -> tuple[_Position, float]:
    """Return the next position, and the largest move as a part of the largest parameter."""
    curvature = _LOWER * here.curvature
    for _ in range(_MAX_RAISES):
        new = objective.prox(here.y - here.gradient / curvature, 1.0 / curvature)
        move = new - here.y
        f_new, gradient_new = objective.value_and_gradient(new)
        if _descends(here, f_new, gradient_new, move, curvature):
            break
        curvature *= _RAISE
    # What a parameter is measured by: itself, or what the gradient would make of it from zero.
    size = float(
        np.max(np.abs(new), initial=0.0) + np.max(np.abs(here.gradient), initial=0.0) / curvature
    )
    reached = float(np.max(np.abs(move), initial=0.0)) / size if size > 0.0 else 0.0
    if (here.y - new) @ (new - here.w) > 0.0 or not np.any(new - here.w):
        return _Position(new, new, f_new, gradient_new, curvature, 1.0), reached
    momentum = 0.5 * (1.0 + math.sqrt(1.0 + 4.0 * here.momentum**2))
    y = new + ((here.momentum - 1.0) / momentum) * (new - here.w)
    f_y, gradient_y = objective.value_and_gradient(y)
    if not np.isfinite(f_y):  # the extrapolation left where f is finite; the point itself did not
        return _Position(new, new, f_new, gradient_new, curvature, 1.0), reached
    return _Position(new, y, f_y, gradient_y, curvature, momentum), reached


def _descends(here: _Position, f: float, gradient: Array, move: Array, curvature: float) -> bool:
    """Whether f lies under the parabola of the given curvature."""
    if not np.isfinite(f):
        return False
    rise = f - here.f - float(here.gradient @ move)
    allowed = 0.5 * curvature * float(move @ move)
    if abs(rise) > 1e3 * np.finfo(here.w.dtype).eps * abs(here.f):
        return rise <= allowed
    # The difference of two values has lost its digits; that of the gradients has not (for a parabola it is 2 · rise).
    return 0.5 * float((gradient - here.gradient) @ move) <= allowed
