"""What a solver is: it minimises an objective F(w), about which it knows no more than the objective offers.

Notation: w (m,) the parameters; F = f + h, with f smooth and h a sum of one convex function per parameter that may have
a kink or be infinite outside a box. A solver minimises: F is the negative log posterior, up to a constant.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

__all__ = ["Objective", "SeparablePenalty", "Solver", "SolverResult"]

Array = NDArray[Any]


@dataclass(frozen=True)
class SolverResult:
    """Where a solver ended, and how.

    Attributes
    ----------
    w : ndarray of shape (m,)
        The parameters.
    value : float
        F(w).
    n_iter : int
        Iterations made; of what, says the solver.
    converged : bool
        Whether the tolerance was reached.
    message : str
        The tolerance and what was reached, for the warning if it was not.
    """

    w: Array
    value: float
    n_iter: int
    converged: bool
    message: str


@dataclass(frozen=True)
class SeparablePenalty:
    """h(w) = Σ_j l1_j |w_j − loc_j| + l2_j (w_j − loc_j)² / 2, and infinite outside lower ≤ w ≤ upper.

    Attributes
    ----------
    loc, l1, l2, lower, upper : ndarray of shape (m,)
        Centre, weights of the two terms (non-negative), and box, per parameter. A parameter without a penalty,
        such as the intercept, has zeros and infinite bounds.
    """

    loc: Array
    l1: Array
    l2: Array
    lower: Array
    upper: Array

    def value(self, w: Array) -> float:
        """Return h(w)."""
        if np.any(w < self.lower) or np.any(w > self.upper):
            return np.inf
        d = w - self.loc
        return float(self.l1 @ np.abs(d) + 0.5 * (self.l2 @ (d * d)))

    def prox(self, w: Array, step: float | Array) -> Array:
        """Return argmin_z ½ Σ (z_j − w_j)² / step_j + h(z)."""
        d = w - self.loc
        shrunk = np.sign(d) * np.maximum(np.abs(d) - step * self.l1, 0.0)
        # One convex function per parameter: its minimum inside the box is the clipped one.
        z: Array = np.clip(self.loc + shrunk / (1.0 + step * self.l2), self.lower, self.upper)
        return z

    @property
    def is_bounded(self) -> bool:
        """Whether any parameter has a finite bound."""
        return bool(np.isfinite(self.lower).any() or np.isfinite(self.upper).any())


class Objective(Protocol):
    """What a solver sees. `offers` names what the objective honestly has beyond `value`.

    ``gradient``: value_and_gradient(w) of f, precondition(w). ``hessian``: hessian(w), hessian_operator(w).
    ``quadratic``: f is quadratic; gram(S, T). ``separable``: `penalty`, which f excludes. ``prox``: prox(w, step) and
    nonsmooth_value(w) of h. ``bounds``: lower, upper. ``batch``: n_samples, batch(rows). ``duality_gap``:
    duality_gap(w). ``columns``: the raw matrix, for compiled kernels; quadratic_at(w).
    """

    @property
    def offers(self) -> frozenset[str]:
        """Return the names of what the objective has."""

    @property
    def n_parameters(self) -> int:
        """Return m."""

    def value(self, w: Array) -> float:
        """Return F(w)."""

    def value_and_gradient(self, w: Array) -> tuple[float, Array]:
        """Return f(w) and its gradient."""

    def precondition(self, w: Array) -> Callable[[Array], Array]:
        """Return a function r -> M⁻¹ r, where M is near the Hessian of f at w and positive definite."""


class Solver(BaseEstimator, ABC):
    """Base class of all solvers: a parameter object with `needs` and `solve`.

    Attributes
    ----------
    needs : frozenset of str
        What an objective must offer.
    """

    needs: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    def solve(self, objective: Any, w0: Array) -> SolverResult:
        """Minimise the objective.

        Parameters
        ----------
        objective : Objective
            Offers all that the solver needs.
        w0 : ndarray of shape (m,)
            Where to begin; itself it is left as it is.

        Returns
        -------
        result : SolverResult
            The minimum found, and whether the tolerance was reached.
        """
