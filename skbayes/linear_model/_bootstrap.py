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
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from ..exceptions import IncompatibleModelError
from ..posteriors import CoefficientPosterior, DrawsForm, PosteriorFacts
from ._fit import fit_map
from ._match import matching
from ._model import Model, centred_over_classes

__all__ = ["N_DRAWS", "bootstrap_draws", "bootstrap_posterior"]

Array = NDArray[Any]

# The ends of a 95 % interval are the 12th draw from either end: they vary by a fifth of a standard deviation, which is
# less than the bootstrap itself is off at a few dozen rows.
N_DRAWS = 500


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
    refit = record.refit or _refit_of(objective, record.w)
    draws = np.empty((n_draws, record.w.size))
    for draw in draws:
        # Divided by s: what multiplies the weights of the fit. A row of weight 0 stays out.
        g = rng.standard_gamma(s)
        draw[:] = refit(np.divide(g * (s.sum() / g.sum()), s, out=np.zeros_like(s), where=s > 0.0))
    return draws


def _generator(random_state: Any) -> np.random.Generator:
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(2**31, size=4))
    return np.random.default_rng(random_state)


def _refit_of(objective: Any, w: Array) -> Callable[[Array], Array]:
    """Return the function from what multiplies the weights to the mode, looked for from w on."""
    data, prior = objective.data, objective.prior.coefficient_prior
    model = _model_of(objective)
    is_majorised = hasattr(prior, "majorizer") and not prior.is_smooth
    solver, _ = matching("auto", {}, lambda split: objective, data.likelihood, prior)
    start = w.astype(objective.dtype)

    def refit(factor: Array) -> Array:
        weight = factor if data.weight is None else factor * data.weight
        if is_majorised:
            changed = replace(model, weight=weight.astype(objective.dtype))
            result = fit_map(data.design, data.y, changed, data.offset, start).result
        else:  # the parts are the same: only the weights are other ones
            result = solver.solve(objective.reweighted(weight), start)
        if not result.converged:
            _warn(result.message)
        if data.layout.n_classes is None:
            return result.w
        return centred_over_classes(result.w.reshape(data.layout.shape), model).ravel()

    return refit


def _model_of(objective: Any) -> Model:
    """Return what was fitted, its likelihood without unknowns."""
    data, prior = objective.data, objective.prior
    p = data.layout.n_features
    return Model(
        data.likelihood,
        prior.coefficient_prior,
        prior.coefficient_prior,
        "auto",
        data.weight,
        (prior.lower[:p], prior.upper[:p]) if prior.is_bounded else None,
        data.layout.fit_intercept,
        prior.intercept_prior,
        {},
    )


def _warn(message: str) -> None:
    warnings.warn(
        f"A refit of posterior='bootstrap' did not converge: {message}. Scale the features.",
        ConvergenceWarning,
        stacklevel=4,
    )
