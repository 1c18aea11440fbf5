"""Proximal Newton: likelihoods with curvature, priors with kinks, and few features at a time.

Notation: F = f + h, h a `SeparablePenalty`; g, H gradient and (expected) Hessian of f at w; W the working set. A step
minimises the model gᵀd + ½ dᵀHd + h(w + d) over d in W; its decrease Δ is negative.

References
----------
.. [1] Lee, Sun, Saunders (2014). Proximal Newton-type methods for minimizing composite functions. SIAM J. Optim. 24,
   1420-1443. doi:10.1137/130921428
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ._base import SeparablePenalty, Solver, SolverResult
from ._gram_descent import gram_descent
from ._line_search import goal_of, rounding_error

__all__ = ["ProximalNewton"]

Array = NDArray[Any]

# Up to so many parameters there is no working set: the Hessian of 200 costs about what the choice of a set does.
_SMALL = 200
# The first working set, as of coordinate descent.
_FIRST_SIZE = 100
# A step is solved for up to this part of the gap at its start: epochs cost little beside the Hessian.
_FORCING = 1e-2
# Fraction of the model's decrease that a step must keep, and how a step is shortened [1]_.
_ARMIJO, _SHORTER = 1e-4, 0.5
_MAX_HALVINGS = 40
# A round on a working set ends at this part of what is missing outside of it.
_OF_OUTSIDE = 0.1
_MAX_EPOCHS = 10_000


class ProximalNewton(Solver):
    """Newton's method for a smooth likelihood and a separable prior with kinks or bounds, by working sets.

    Parameters
    ----------
    max_iter : int, default=100
        Most Newton steps.
    tol : float, default=1e-5
        Converged when the log density missing is about tol² / 2 per observation (their total weight), by the last
        step's model in the working set and by one step of each parameter outside of it.

    See Also
    --------
    CoordinateDescent : For a Gaussian likelihood, where the model is exact.

    Notes
    -----
    A working set holds the parameters off their kinks and those that come nearest to leaving them, at first 100, later
    twice as many as are off. On it the quadratic model at w is minimised by coordinate descent on its Gram matrix
    (compiled by numba where that can be imported), and a step that does not lower F enough is halved [1]_. The
    gradient by all parameters is evaluated once per working set.

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
    array([[1.12, 0.  ]])
    """

    needs: ClassVar[frozenset[str]] = frozenset({"gradient", "hessian", "separable"})

    def __init__(self, max_iter: int = 100, tol: float = 1e-5) -> None:
        self.max_iter = max_iter
        self.tol = tol

    def solve(self, objective: Any, w0: Array) -> SolverResult:
        penalty = objective.penalty
        w = np.clip(np.asarray(w0, dtype=np.float64), penalty.lower, penalty.upper)
        goal = goal_of(self.tol, objective)
        is_whole = "restriction" not in objective.offers or w.size <= _SMALL
        gradient = None if is_whole else objective.value_and_gradient(w)[1]
        allowed = None if goal is None else 0.5 * goal * goal
        n_iter = 0
        missing = np.inf
        while True:
            chosen = np.arange(w.size) if is_whole else _working_set(w, gradient, penalty)
            part = _restricted(objective, chosen, w)
            inside = 0.5 * allowed if is_whole else max(0.3 * allowed, _OF_OUTSIDE * missing_outside)
            end = _newton(part, w[part.indices], inside, self.max_iter - n_iter)
            n_iter += end.n_steps
            w = part.embed(end.w)
'''+"E_PLACEHOLDER" if False else ''
