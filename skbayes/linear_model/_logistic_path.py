"""The problem behind the logistic regressions: one matrix, one target, and any C and l1_ratio.

Notation: K classes; two are one Bernoulli target with w (p + 1,), more are one categorical target with w (K, p + 1)
flattened; without an intercept p in place of p + 1. s are sample weights times class weights.
"""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import compute_class_weight

from ..likelihoods import Bernoulli, Categorical, Likelihood
from ..priors import Prior
from ..solvers import Solver, SolverResult
from ._design import Design
from ._logistic_options import intercept_prior_of, prior_of, solver_for
from ._match import matching
from ._minimum_norm import of_least_norm
from ._objective import LinearObjective
from ._record import Record
from ._seen import Expansion

__all__ = ["LogisticMode", "LogisticProblem", "class_weights", "warn_of_no_convergence"]

Array = NDArray[Any]

# How a warning begins for scikit-learn's solver names: the words by which its users filter such warnings.
_OPENINGS = {
    "liblinear": "Liblinear failed to converge, increase the number of iterations. It stopped",
    "newton-cholesky": "Newton solver did not converge",
    "sag": "The max_iter was reached which means the coef_ did not converge",
    "saga": "The max_iter was reached which means the coef_ did not converge",
}
_OPENING = "{solver} failed to converge"


@dataclass(frozen=True)
class LogisticMode:
    """Where the solver ended.

    Attributes
    ----------
    w : ndarray of shape (1, p + 1) or (K, p + 1)
        Coefficients, the intercept last.
    result : SolverResult
        As the solver gave it.
    solver : Solver
        What solved it.
    prior : Prior
        Of the coefficients.
    make : callable
        Without arguments; returns the objective.
    """

    w: Array
    result: SolverResult
    solver: Solver
    prior: Prior
    make: Callable[[], LinearObjective]


@dataclass(frozen=True)
class LogisticProblem:
    """A logistic regression without its strength.

    Attributes
    ----------
    X : ndarray or CSR matrix of shape (n, p)
        Features.
    code : ndarray of shape (n,)
        Class of each row, 0 to K - 1.
    n_classes : int
        K, at least 2; a class need not have rows.
    weight, offset : ndarray of shape (n,) or None
        s, and what is added to eta.
    solver, fit_intercept, intercept_scaling
        As of the estimator.
    options : dict
        `max_iter`, `tol`, `random_state` for the solver.
    seen : Expansion or None
        What earlier rows say, which are not among these.
    """

    X: Any
    code: Array
    n_classes: int
    solver: str
    fit_intercept: bool
    intercept_scaling: float
    options: dict[str, Any]
    weight: Array | None = None
    offset: Array | None = None
    seen: Expansion | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the coefficients with the intercept as last column."""
        n_rows = 1 if self.n_classes == 2 else self.n_classes
        return n_rows, self.X.shape[1] + self.fit_intercept

    def solve(self, C: float, l1_ratio: float, start: Array | None = None) -> LogisticMode:
        """Return the mode of the posterior at this strength, looked for from `start` on."""
        prior, likelihood = prior_of(C, l1_ratio), self._likelihood()
        make = partial(
            LinearObjective,
            Design(self.X),
            self._target(),
            likelihood,
            prior,
            weight=self.weight,
            offset=self.offset,
            fit_intercept=self.fit_intercept,
            intercept_prior=intercept_prior_of(C, l1_ratio, self.intercept_scaling, self.solver),
            n_classes=None if self.n_classes == 2 else self.n_classes,
            seen=self.seen,
        )
        solver, objective = matching(
            solver_for(self.solver, l1_ratio),
            self.options,
            lambda split: make(split=split),
            likelihood,
            prior,
        )
        if start is None:
            w0 = np.zeros(self.shape) if self.seen is None else self.seen.centre
            start = w0.astype(self.X.dtype)
        result = solver.solve(objective, start.ravel())
        if math.isinf(C):
            result = of_least_norm(objective, result)
        w = self._centred(result.w.reshape(self.shape), C, l1_ratio)
        if l1_ratio > 0 and self.n_classes > 2:  # the shift may have been a step of its own
            result = replace(result, value=objective.value(w.ravel()))
        return LogisticMode(w, result, solver, prior, make)

    @property
    def parts(self) -> tuple[Any, ...]:
        """Return X, the classes by number, weights and offset."""
        return self.X, self.code, self.weight, self.offset

    def records(self, mode: LogisticMode) -> list[Record]:
        """Return what a mode leaves for the posterior."""
        return [Record(mode.make, mode.w.ravel(), self.parts)]

    def _likelihood(self) -> Likelihood:
        return Bernoulli() if self.n_classes == 2 else Categorical()

    def _target(self) -> Array:
        return self.code.astype(self.X.dtype) if self.n_classes == 2 else self.code

    def _centred(self, w: Array, C: float, l1_ratio: float) -> Array:
        """Return of all coefficients that give the same probabilities those that the prior likes best.

        The same vector added to every class changes no probability. A flat prior does not mind: then those that sum
        to zero over the classes, which makes the solution the same for every solver.
        """
        if self.n_classes == 2 or (self.seen is not None and self.seen.is_diagonal):
            return w
        p = self.X.shape[1]
        shift = w.mean(axis=0)
        if l1_ratio > 0 and not math.isinf(C):
            shift[:p] = _best_shift(w[:, :p], l1_ratio)
        return w - shift


def _best_shift(w: Array, l1_ratio: float) -> Array:
    """Return for each column the c that minimises Σ_k l1_ratio |w_k − c| + (1 − l1_ratio) (w_k − c)² / 2."""
    K = len(w)
    # Convex, and a parabola between any two of the w_k: its minimum is at one of them or at that of a parabola. Zero
    # comes first, for of equally good ones it is taken: then nothing moves.
    candidates = [np.zeros_like(w[:1]), w]
    if l1_ratio < 1:
        tilt = l1_ratio / (1 - l1_ratio) * np.linspace(-1.0, 1.0, K + 1, dtype=w.dtype)
        candidates.append(w.mean(axis=0) + tilt[:, None])
    shifts = np.concatenate(candidates)
    distance = np.abs(w - shifts[:, None])  # (candidates, K, p)
    cost = l1_ratio * distance.sum(axis=1) + (1 - l1_ratio) / 2 * np.square(distance).sum(axis=1)
    return np.take_along_axis(shifts, cost.argmin(axis=0)[None], axis=0)[0]


def class_weights(class_weight: Any, classes: Array, code: Array, weight: Array | None) -> Array:
    """Return the weight of each class; "balanced" counts a row as often as its sample weight says."""
    if class_weight != "balanced":
        return compute_class_weight(class_weight, classes=classes, y=classes[code])
    count = np.bincount(code, weights=weight, minlength=len(classes))
    # A class without weight has no row for its own weight to act on.
    return np.divide(count.sum(), len(classes) * count, out=np.zeros(len(classes)), where=count > 0)


def warn_of_no_convergence(mode: LogisticMode, solver: str, stacklevel: int = 4) -> None:
    """Say which tolerance was not reached, what was, and what to do."""
    opening = _OPENINGS.get(solver, _OPENING).format(solver=solver)
    warnings.warn(
        f"{opening} after {mode.result.n_iter} iterations. {type(mode.solver).__name__}: {mode.result.message}. "
        "Increase the number of iterations (max_iter), scale the data, or give a larger tol.",
        ConvergenceWarning,
        stacklevel=stacklevel,  # by default the caller of a decorated `fit` that calls this
    )
