"""Whether a solver keeps the contract of `Solver`."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from ..solvers import SeparablePenalty, Solver, SolverResult
from ._common import check_close, check_parameter_object, expect

__all__ = ["check_solver"]

Array = NDArray[Any]


def check_solver(
    solver: Solver, objective: Any = None, w0: Array | None = None, tolerance: float = 1e-4
) -> None:
    """Check that a solver keeps the contract: it ends at a minimum, reports it truly, and touches no argument.

    Parameters
    ----------
    solver : Solver
        The solver, with a tolerance and a number of iterations at which it should reach a minimum.
    objective : Objective or None, default=None
        A convex objective that offers what the solver needs. None: small least-squares problems, without a prior and
        with a Laplace prior, whichever offers it.
    w0 : ndarray of shape (m,) or None, default=None
        Where to begin; None: at zero.
    tolerance : float, default=1e-4
        How far above the minimum the result may end, relative to what was gained from `w0`.

    Raises
    ------
    AssertionError
        If the contract is broken; the message says where, what the solver gives, and what is expected.

    Notes
    -----
    Checked are: parameters only stored; `needs` is a frozenset of names; the result is a `SolverResult` whose value is
    the objective's at its w; no nearby point is lower by more than the tolerance; `w0` is not written to; two runs give
    the same numbers (with ``random_state=0`` if it has one); a start at the minimum stays there.

    Examples
    --------
    >>> from skbayes.checks import check_solver
    >>> from skbayes.solvers import SOLVERS
    >>> check_solver(SOLVERS["lbfgs"]())
    """
    expect(
        isinstance(solver, Solver),
        solver,
        "is no skbayes.solvers.Solver; derive it from that class.",
    )
    check_parameter_object(solver)
    expect(isinstance(solver.needs, frozenset), solver, "has no frozenset of names as `needs`.")
    if objective is not None:
        lacking = sorted(solver.needs - objective.offers)
        expect(not lacking, solver, f"needs {lacking}, which this objective does not offer.")
    candidates = [LeastSquares(0.0), LeastSquares(1.0)] if objective is None else [objective]
    suited = [candidate for candidate in candidates if solver.needs <= candidate.offers]
    expect(
        len(suited) > 0,
        solver,
        f"needs {sorted(solver.needs)}, more than the built-in problems offer. Give an objective.",
    )
    for candidate in suited:
        start = np.zeros(candidate.n_parameters) if w0 is None else w0
        _check_solution(solver, candidate, start, tolerance)


def _check_solution(solver: Any, objective: Any, w0: Array, tolerance: float) -> None:
    kept = w0.copy()
    solver = clone(solver)
    if "random_state" in solver.get_params():
        solver.set_params(random_state=0)
    result = clone(solver).solve(objective, w0)
    expect(np.array_equal(w0, kept), solver, "writes to w0.")
    expect(
        isinstance(result, SolverResult),
        solver,
        f"returns a {type(result).__name__}, no SolverResult.",
    )
    expect(np.shape(result.w) == w0.shape, solver, f"returns w of shape {np.shape(result.w)}.")
    expect(isinstance(result.message, str), solver, "returns a message that is no text.")
    again = clone(solver).solve(objective, w0)
    expect(np.array_equal(result.w, again.w), solver, "gives other numbers when it is run again.")
    value = objective.value(result.w)
    check_close(solver, "value", result.value, value, 1e-8, "the objective at its w")
    gained = objective.value(w0) - value
    expect(gained >= 0.0, solver, f"ends {-gained:.3g} above where it began.")
    allowed = tolerance * max(gained, 1e-3 * (1.0 + abs(value)))
    rng = np.random.default_rng(0)
    for size in (1e-4, 1e-3, 1e-2, 1e-1):
        for direction in [*np.eye(w0.size), *rng.standard_normal((10, w0.size))]:
            for sign in (-1.0, 1.0):
                lower = objective.value(result.w + sign * size * direction)
                expect(
                    lower >= value - allowed,
                    solver,
                    f"ends at {value:.10g} ({result.message}); a point {size:g} away has {lower:.10g}.",
                )
    stayed = clone(solver).solve(objective, result.w)
    expect(stayed.value <= value + allowed, solver, "climbs when it is started at the minimum.")


class LeastSquares:
    """A small problem of which all is known: ½ ‖X w − y‖² + ½ ‖w‖² + l1 Σ |w|, 60 rows and four parameters."""

    def __init__(self, l1: float) -> None:
        rng = np.random.default_rng(7)
        self.X = rng.standard_normal((60, 4)) * np.array([1.0, 0.5, 2.0, 1.0])
        self.y = self.X @ np.array([1.0, -2.0, 0.0, 0.5]) + 0.3 * rng.standard_normal(60)
        # Large enough that one of the four parameters is zero at the minimum.
        weights, infinite = np.full(4, 10.0 * l1), np.full(4, np.inf)
        self.penalty = SeparablePenalty(np.zeros(4), weights, np.zeros(4), -infinite, infinite)
        self.lower, self.upper = -infinite, infinite
        smooth = {"smooth", "bounds"} if l1 == 0.0 else {"prox"}
        always = {"gradient", "hessian", "quadratic", "separable", "proximal", "batch"}
        self.offers = frozenset(always | smooth)
        self.n_parameters, self.n_samples, self.total_weight = 4, 60, 60.0

    def smooth_value(self, w: Array) -> float:
        """Return f(w)."""
        return self.value_and_gradient(w)[0]

    def value(self, w: Array) -> float:
        """Return F(w) = f(w) + h(w)."""
        return self.smooth_value(w) + self.penalty.value(w)

    def nonsmooth_value(self, w: Array) -> float:
        """Return h(w)."""
        return self.penalty.value(w)

    def prox(self, w: Array, step: float | Array) -> Array:
        """Return the argument of min_z ½ Σ (z − w)² / step + h(z)."""
        return self.penalty.prox(w, step)

    def value_and_gradient(self, w: Array) -> tuple[float, Array]:
        """Return f(w) and its gradient."""
        residual = self.X @ w - self.y
        value = 0.5 * float(residual @ residual + w @ w)
        return value, self.X.T @ residual + w

    def hessian(self, w: Array) -> Array:
        """Return the second derivative of f."""
        return self.X.T @ self.X + np.eye(4)

    def hessian_diagonal(self, w: Array) -> Array:
        """Return its diagonal."""
        return np.diag(self.hessian(w)).copy()

    def hessian_operator(self, w: Array) -> Callable[[Array], Array]:
        """Return v -> H v."""
        return lambda v: self.hessian(w) @ v

    def precondition(self, w: Array) -> Callable[[Array], Array]:
        """Return r -> H⁻¹ r."""
        return lambda r: np.linalg.solve(self.hessian(w), r)

    def gram(self, S: Any, T: Any = None) -> Array:
        """Return a block of the Hessian of f."""
        return self.hessian(np.zeros(4))[np.ix_(S, S if T is None else T)]

    def batch(self, rows: Any) -> Any:
        """Return the objective of some of the rows, scaled to all of them, with the whole prior."""
        part = object.__new__(LeastSquares)
        part.__dict__.update(self.__dict__)
        chosen = np.arange(60)[rows]
        root = np.sqrt(60.0 / max(chosen.size, 1))
        part.X, part.y = root * self.X[chosen], root * self.y[chosen]
        return part
