"""A posterior by refits: the weighted likelihood bootstrap.

Each draw is the mode for other weights of the rows: row i counts g_i instead of s_i times, with g_i from the gamma
distribution of shape s_i, scaled so that they sum to Σ s as before: without sample weights n times a Dirichlet
distribution with parameters 1 [1]_. A row of weight 2 is two rows, down to the distribution of its g. The log prior is
added once, as it is; the parameters of the likelihood (noise) stay those of the fit. A coefficient that is at the kink
of its prior in a draw is so in the posterior: with zeros, and not normal.

References
----------
.. [1] Newton, Raftery (1994). Approximate Bayesian inference with the weighted likelihood bootstrap. J. R. Statist.
   Soc. B 56, 3-48. doi:10.1111/j.2517-6161.1994.tb01956.x
"""

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from ..exceptions import IncompatibleModelError
from ..posteriors import CoefficientPosterior, DrawsForm, PosteriorFacts
from ..priors import ElasticNet, Prior
from ..solvers import (
    LBFGS,
    SOLVERS,
    Newton,
    ProximalGradient,
    ProximalNewton,
    Solver,
)
from ._fit import fit_map
from ._match import matching
from ._model import Model, centred_over_classes
from ._objective import LinearObjective

__all__ = ["N_DRAWS", "bootstrap_draws", "bootstrap_posterior"]

Array = NDArray[Any]

# The ends of a 95 % interval are the 12th draw from either end: they vary by a fifth of a standard deviation, which is
# less than the bootstrap itself is off at a few dozen rows.
N_DRAWS = 500
# A refit may end at a distance of a hundredth of a standard deviation: (0.01)²/2 of log density are missing then. By
# gradients and a prox that is about where no coordinate moves by more than this part of the largest one in a step.
_ERROR = 0.01
_STEP = 1e-5
# Up to so many parameters a Hessian of all classes costs about as much as a few gradients.
_SMALL = 200


def bootstrap_posterior(record: Any, random_state: Any = None) -> CoefficientPosterior:
    """Return the draws as a posterior: its mean is theirs, not the mode.

    Raises
    ------
    IncompatibleModelError
        If the model has learned from rows that are no longer there.
    """
    draws = bootstrap_draws(record, random_state)
    mean = draws.mean(axis=0)
    facts = PosteriorFacts(
        mean, DrawsForm(draws - mean), "bootstrap", n_outputs=record.layout.n_classes
    )
    return CoefficientPosterior(facts, log_evidence=_no_evidence)


def _no_evidence(facts: PosteriorFacts) -> float:
    raise AttributeError("log_evidence needs a density, and posterior='bootstrap' has draws only.")


def bootstrap_draws(record: Any, random_state: Any = None, n_draws: int = N_DRAWS) -> Array:
    """Return modes for random weights of the rows, (n_draws, m).

    Parameters
    ----------
    record : Record
        With the data.
    random_state : int, RandomState, Generator or None, default=None
        Seed of the weights.
    n_draws : int
        How many.

    Raises
    ------
    IncompatibleModelError
        If the model has learned from rows that are no longer there.
    """
    objective = record.objective
    if objective.prior.seen is not None:
        raise IncompatibleModelError(
            "posterior='bootstrap' weighs the rows again, and those before the last `update` are no longer there. "
            "Use another posterior, or fit to all rows at once."
        )
    s = objective.data.weight
    s = np.ones(objective.n_samples) if s is None else s.astype(np.float64)
    rng = _generator(random_state)
    own = _Refit(objective, record.w)
    refit = record.refit or own
    draws = np.empty((n_draws, record.w.size))
    for draw in draws:
        # Divided by s: what multiplies the weights of the fit. A row of weight 0 stays out.
        g = rng.standard_gamma(s)
        draw[:] = refit(np.divide(g * (s.sum() / g.sum()), s, out=np.zeros_like(s), where=s > 0.0))
    own.warn_unless_converged(n_draws)
    return draws


def _generator(random_state: Any) -> np.random.Generator:
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(2**31, size=4))
    return np.random.default_rng(random_state)


class _Refit:
    """The function from what multiplies the weights to the mode, looked for from w on."""

    def __init__(self, objective: Any, w: Array) -> None:
        self.objective = objective
        self.start = w.astype(objective.dtype)
        self.failures: list[str] = []
        prior = objective.prior.coefficient_prior
        self.is_majorised = hasattr(prior, "majorizer") and not prior.is_smooth
        # What replaces a prior that is majorised has the form of an elastic net.
        solved = _under(objective, ElasticNet()) if self.is_majorised else objective
        self.solver = _solver_for(solved)
        self.model = _model_of(objective, self.solver)

    def __call__(self, factor: Array) -> Array:
        objective, data = self.objective, self.objective.data
        weight = (factor if data.weight is None else factor * data.weight).astype(objective.dtype)
        if self.is_majorised:
            model = replace(self.model, weight=weight)
            result = fit_map(data.design, data.y, model, data.offset, self.start).result
        else:  # the parts are the same: only the weights are other ones
            result = self.solver.solve(objective.reweighted(weight), self.start)
        if not result.converged:
            self.failures.append(result.message)
        if data.layout.n_classes is None:
            return result.w
        return centred_over_classes(result.w.reshape(data.layout.shape), self.model).ravel()

    def warn_unless_converged(self, n_draws: int) -> None:
        """Warn once of all refits."""
        if self.failures:
            warnings.warn(
                f"{len(self.failures)} of {n_draws} refits of posterior='bootstrap' did not converge: "
                f"{self.failures[0]}. Scale the features.",
                ConvergenceWarning,
                stacklevel=4,
            )


def _solver_for(objective: Any) -> Solver:
    """Return a solver for many refits, each near the mode, that ends far within the spread of the draws."""
    data, prior = objective.data, objective.prior.coefficient_prior
    # Of a few classes the whole Hessian costs less than the steps along gradients that it saves.
    is_small = objective.layout.n_classes is not None and objective.n_parameters <= _SMALL
    by_newton = is_small and SOLVERS["proximal_newton"].needs <= objective.offers
    name = "proximal_newton" if by_newton else "auto"
    solver, _ = matching(name, {}, lambda split: objective, data.likelihood, prior)
    if isinstance(solver, ProximalGradient):
        return clone(solver).set_params(tol=max(_STEP, solver.tol))
    if isinstance(solver, (LBFGS, Newton, ProximalNewton)):
        tol = _ERROR / np.sqrt(objective.total_weight)
        return clone(solver).set_params(tol=max(tol, solver.tol))
    return solver


def _model_of(objective: Any, solver: Solver) -> Model:
    """Return what was fitted, its likelihood without unknowns."""
    data, prior = objective.data, objective.prior
    return Model(
        data.likelihood,
        prior.coefficient_prior,
        prior.coefficient_prior,
        solver,
        data.weight,
        _bounds_of(objective),
        data.layout.fit_intercept,
        prior.intercept_prior,
        {},
    )


def _under(objective: Any, prior: Prior) -> LinearObjective:
    """Return the objective with another prior of the coefficients."""
    data = objective.data
    return LinearObjective(
        data.design,
        data.y,
        data.likelihood,
        prior.for_features(None, data.layout.n_features),
        weight=data.weight,
        offset=data.offset,
        fit_intercept=data.layout.fit_intercept,
        intercept_prior=objective.prior.intercept_prior,
        bounds=_bounds_of(objective),
        n_classes=data.layout.n_classes,
    )


def _bounds_of(objective: Any) -> tuple[Array, Array] | None:
    prior, p = objective.prior, objective.layout.n_features
    return (prior.lower[:p], prior.upper[:p]) if prior.is_bounded else None
