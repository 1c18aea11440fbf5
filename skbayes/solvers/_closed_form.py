"""Closed form: the minimum of a quadratic objective, by one factorisation.

Notation: g the gradient at w, H the Hessian; w − H⁻¹ g is the minimum. In floating point it is that up to an error of
about ε times the condition of H; the same step from there, with the gradient of the data themselves and the factor at
hand, takes the error down again (iterative refinement).
"""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ._base import Solver, SolverResult

__all__ = ["ClosedForm"]

Array = NDArray[Any]

# A step of refinement costs one pass over the data; two are enough unless H is nearly singular.
_MAX_STEPS = 10


class ClosedForm(Solver):
    """Closed form for a Gaussian likelihood with a flat or normal prior.

    By Cholesky of the p x p matrix, or of the n x n one if there are fewer rows than features; of a singular matrix
    by its spectrum, which gives the solution of least norm.

    Parameters
    ----------
    tol : float, default=1e-14
        Largest Newton decrement √(gᵀ H⁻¹ g), as a part of its value at the start, that ends the refinement; positive.

    See Also
    --------
    Newton : For other smooth objectives.

    Notes
    -----
    One Newton step is the answer; further ones, at most nine, refine it. A factor of an ill-conditioned matrix that
    no refinement brings below the tolerance is still the best that the data type has, and counts as converged.

    References
    ----------
    .. [1] Golub, Van Loan (2013). Matrix computations, 4th edition, section 3.5.3. Johns Hopkins University Press.

    Examples
    --------
    >>> from skbayes.linear_model import MAPRegressor
    >>> from skbayes.solvers import ClosedForm
    >>> model = MAPRegressor(prior="flat", solver=ClosedForm())
    >>> model.fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]).coef_.round(6)
    array([2.])
    """

    needs: ClassVar[frozenset[str]] = frozenset({"quadratic", "smooth"})

    def __init__(self, tol: float = 1e-14) -> None:
        self.tol = tol

    def solve(self, objective: Any, w0: Array) -> SolverResult:
        """Return the minimum.

        Parameters
        ----------
        objective : Objective
            Quadratic.
        w0 : ndarray of shape (m,)
            Where to begin; of a singular problem the answer is the minimum nearest to it.

        Returns
        -------
        result : SolverResult
            With the number of steps as `n_iter`.
        """
        inverse = objective.inverse_curvature()
        w = np.asarray(w0, dtype=np.float64)
        first = last = np.inf
        for n_steps in range(_MAX_STEPS):
            gradient = objective.value_and_gradient(w)[1]
            step = inverse(gradient)
            decrement = float(np.sqrt(max(gradient @ step, 0.0)))
            first = decrement if n_steps == 0 else first
            # A step that is no smaller than the last one is rounding.
            if decrement <= self.tol * first or decrement > 0.5 * last:
                break
            w, last = w - step, decrement
        message = f"Newton decrement {decrement:.3g} of tolerance {self.tol * first:.3g}"
        w = w.astype(w0.dtype)
        return SolverResult(w, objective.value(w), n_steps, True, message)
