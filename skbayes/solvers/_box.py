"""Descent inside a box: L-BFGS-B of scipy on variables of unit curvature.

References
----------
.. [1] Byrd, Lu, Nocedal, Zhu (1995). A limited memory algorithm for bound constrained optimization. SIAM J. Sci.
   Comput. 16, 1190-1208.
"""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from ._base import SolverResult
from ._line_search import Progress

__all__ = ["in_box"]

Array = NDArray[Any]

# Values per iteration that the line search may take: it is mostly one.
_VALUES = 10
# L-BFGS-B takes a step for its last one when it cannot lower the value: beginning anew forgets the pairs that misled
# it.
_RESTARTS = 3


class _Options(Protocol):
    max_iter: int
    tol: float
    memory: int


def in_box(objective: Any, w: Array, dtype: Any, solver: _Options) -> SolverResult:
    """Return where L-BFGS-B ends; `w` is moved into the box first.

    In the scaled variables x = √diag(H) w the decrement is the norm of the projected gradient, as far as the diagonal
    is the Hessian.
    """
    lower, upper = objective.lower, objective.upper
    curvature = objective.hessian_diagonal(np.clip(w, lower, upper))
    scale = 1.0 / np.sqrt(np.where(curvature > 0.0, curvature, 1.0))
    low, high = lower / scale, upper / scale

    def scaled(x: Array) -> tuple[float, Array]:
        value, gradient = objective.value_and_gradient(x * scale)
        return value, gradient * scale

    progress = Progress(objective, solver.tol)
    x = np.clip(w / scale, low, high)
    n_iter = 0
    for _ in range(_RESTARTS):
        value, gradient = scaled(x)
        inside = np.clip(x - gradient, low, high) - x
        progress.note(value, -inside, inside)
        if progress.has_converged(n_iter < solver.max_iter) or n_iter >= solver.max_iter:
            break
        found = minimize(
            scaled,
            x,
            jac=True,
            method="L-BFGS-B",
            bounds=np.stack([low, high], axis=1),
            options={
                "maxiter": solver.max_iter - n_iter,
                "maxfun": _VALUES * solver.max_iter,
                "maxcor": solver.memory,
                # scipy looks at the largest entry, not at the norm.
                "gtol": progress.goal / np.sqrt(x.size),
                "ftol": 0.0,
            },
        )
        x = np.clip(found.x, low, high)
        n_iter += int(found.nit)
    value, gradient = scaled(x)
    inside = np.clip(x - gradient, low, high) - x
    progress.note(value, -inside, inside)
    end = np.clip(x * scale, lower, upper)
    return SolverResult(
        w=end.astype(dtype),
        value=objective.value(end),
        n_iter=n_iter,
        converged=progress.has_converged(n_iter < solver.max_iter),
        message=progress.message(f"{n_iter} iterations of L-BFGS-B inside the bounds"),
    )
