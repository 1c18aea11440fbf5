"""What a solver is: it minimises an objective F(w), about which it knows no more than the objective offers.

Notation: w (m,) the parameters; F = f + h, with f smooth and h a sum of one convex function per parameter that may have
a kink or be infinite outside a box. A solver minimises: F is the negative log posterior, up to a constant.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from .._sklearn import Documented

__all__ = ["Objective", "SeparablePenalty", "Solver", "SolverResult"]

Array = NDArray[Any]


@dataclass(frozen=True)
class SolverResult:
    """Where a solver ended, and how.

    Parameters
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

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.solvers import SolverResult
    >>> SolverResult(np.zeros(2), 0.0, 3, True, "the gradient is 0, the tolerance 0.001").converged
    True
    """

    w: Array
    value: float
    n_iter: int
    converged: bool
    message: str


@dataclass(frozen=True)
class SeparablePenalty:
    """A convex function of each parameter: an absolute value, a square, and a box.

    Parameters
    ----------
    loc : ndarray of shape (m,)
        Centre of both terms.
    l1 : ndarray of shape (m,)
        Weight of the absolute value; non-negative. A parameter without a penalty, such as the intercept, has zeros.
    l2 : ndarray of shape (m,)
        Weight of the square; non-negative.
    lower : ndarray of shape (m,)
        Least values; minus infinity for none.
    upper : ndarray of shape (m,)
        Largest values; infinity for none.

    Notes
    -----
    h(w) = Σ_j l1_j |w_j − loc_j| + l2_j (w_j − loc_j)² / 2, and infinite outside lower ≤ w ≤ upper.

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.solvers import SeparablePenalty
    >>> zero, one, far = np.zeros(2), np.ones(2), np.full(2, np.inf)
    >>> lasso = SeparablePenalty(loc=zero, l1=one, l2=zero, lower=-far, upper=far)
    >>> print(lasso.prox(np.array([3.0, -0.5]), 1.0) + 0.0)
    [2. 0.]
    """

    loc: Array
    l1: Array
    l2: Array
    lower: Array
    upper: Array

    def value(self, w: Array) -> float:
        """Evaluate h, infinity outside the box.

        Parameters
        ----------
        w : ndarray of shape (m,)
            Where.

        Returns
        -------
        value : float
            h(w).
        """
        if np.any(w < self.lower) or np.any(w > self.upper):
            return np.inf
        d = w - self.loc
        return float(self.l1 @ np.abs(d) + 0.5 * (self.l2 @ (d * d)))

    def prox(self, w: Array, step: float | Array) -> Array:
        """Return the proximal point of w.

        Parameters
        ----------
        w : ndarray of shape (m,)
            From where.
        step : float or ndarray of shape (m,)
            Positive; one per parameter in a diagonal metric.

        Returns
        -------
        z : ndarray of shape (m,)
            argmin_z ½ Σ (z_j − w_j)² / step_j + h(z).
        """
        d = w - self.loc
        shrunk = np.sign(d) * np.maximum(np.abs(d) - step * self.l1, 0.0)
        # One convex function per parameter: its minimum inside the box is the clipped one.
        z: Array = np.clip(self.loc + shrunk / (1.0 + step * self.l2), self.lower, self.upper)
        return z

    @property
    def is_bounded(self) -> bool:
        """Whether any parameter has a finite bound."""
        return bool(np.isfinite(self.lower).any() or np.isfinite(self.upper).any())


class Objective(ABC):
    """What a solver sees: F = f + h, f smooth, and no more about it than it says itself.

    See Also
    --------
    Solver : What minimises it.

    Notes
    -----
    `offers` names what the objective honestly has beyond `value`; what a solver needs, it looks for there.

    ==================  ============================================================================================
    name                what there is then
    ==================  ============================================================================================
    ``gradient``        `value_and_gradient` of f, up to a constant; `precondition`
    ``hessian``         ``hessian(w)`` of f, (m, m); ``hessian_operator(w)``, a function v -> H v
    ``smooth``          F = f: neither kinks nor bounds
    ``bounds``          F = f within ``lower`` ≤ w ≤ ``upper``, which may be infinite
    ``separable``       h is ``penalty``, a `SeparablePenalty`
    ``prox``            ``prox(w, step)`` and ``nonsmooth_value(w)`` of an h that is not zero
    ``proximal``        the same, where h may be zero
    ``quadratic``       f is quadratic: ``gram(S, T)``, a block of its Hessian
    ``columns``         one linear predictor per row: ``design``, ``curvature(w)``, ``quadratic_at(w)``
    ``batch``           ``n_samples``; ``batch(rows)``, the objective of these rows scaled to all
    ``noise``           ``noised(dropout, drop_connect, rng)``: the same objective, with noise on its batches
    ``duality_gap``     ``duality_gap(w)``: F(w) minus a lower bound of its minimum
    ``rescaling``       ``rescaled(w)``: the same objective in coordinates of about equal curvature
    ``restriction``     ``restricted(parameters, w)``: the same objective, all other parameters held
    ==================  ============================================================================================

    An objective that sums over observations has ``total_weight``, their number; tolerances are relative to it.

    Examples
    --------
    >>> from skbayes.solvers import Objective
    >>> sorted(Objective.__abstractmethods__)
    ['n_parameters', 'offers', 'precondition', 'value', 'value_and_gradient']
    """

    @property
    @abstractmethod
    def offers(self) -> frozenset[str]:
        """Names of what the objective has."""

    @property
    @abstractmethod
    def n_parameters(self) -> int:
        """Length of w."""

    @abstractmethod
    def value(self, w: Array) -> float:
        """Evaluate F.

        Parameters
        ----------
        w : ndarray of shape (m,)
            Where.

        Returns
        -------
        value : float
            F(w), with all constants; infinite outside the bounds.
        """

    @abstractmethod
    def value_and_gradient(self, w: Array) -> tuple[float, Array]:
        """Evaluate the smooth part and its gradient.

        Parameters
        ----------
        w : ndarray of shape (m,)
            Where.

        Returns
        -------
        value : float
            f(w), up to a constant.
        gradient : ndarray of shape (m,)
            Its gradient, in the type of w.
        """

    @abstractmethod
    def precondition(self, w: Array) -> Callable[[Array], Array]:
        """Return the solve with a matrix that is near the Hessian of f at w.

        Parameters
        ----------
        w : ndarray of shape (m,)
            Where.

        Returns
        -------
        solve : callable
            r -> M⁻¹ r, M positive definite.
        """


class Solver(Documented, BaseEstimator, ABC):
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
