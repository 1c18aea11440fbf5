"""From the record of a fit to the posterior of its coefficients, in the kind and the form asked for.

Notation: w (m,) the mode; F(w) the negative log posterior; Σ the covariance at w.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..exceptions import IncompatibleModelError
from ..posteriors import CoefficientPosterior, PosteriorFacts
from ._free import free_parameters
from ._laplace import laplace_form
from ._laplace_evidence import log_evidence_of
from ._record import Record

__all__ = ["KINDS", "posterior_of"]

Array = NDArray[Any]

# Numbers in the linear predictors that are computed at a time: 32 MB.
_CHUNK = 2**22
# What a user may ask for; "auto" is the best that costs no further fits.
KINDS = ("auto", "laplace", "support", "smoothed", "bootstrap")


def posterior_of(
    record: Record, kind: str = "auto", covariance: str = "auto", random_state: Any = None
) -> CoefficientPosterior:
    """Return the posterior of one fit; nothing is computed until it is asked for.

    Parameters
    ----------
    record : Record
        What the fit left.
    kind : {"auto", "laplace", "support", "smoothed", "bootstrap"}, default="auto"
        ``"auto"``: exact where the prior is conjugate, Laplace where it is smooth, support at a kink or a bound.
    covariance : {"auto", "full", "low_rank", "diagonal", "robust"}, default="auto"
        The form of the covariance.
    random_state : int, RandomState, Generator or None, default=None
        Of the bootstrap.

    Returns
    -------
    posterior : CoefficientPosterior
        Of coefficients and intercept.
    """
    if kind == "smoothed":
        from ._smoothed import smoothed_posterior

        return _deferred(record, partial(smoothed_posterior, record, covariance))
    if kind == "bootstrap":
        from ._bootstrap import bootstrap_posterior

        return _deferred(record, partial(bootstrap_posterior, record, random_state))
    return CoefficientPosterior(
        partial(_facts, record, kind, covariance),
        log_density=partial(_log_density, record),
        log_evidence=partial(_log_evidence, record),
    )


def _deferred(record: Record, make: Callable[[], CoefficientPosterior]) -> CoefficientPosterior:
    """Return the posterior that a function makes, which is called when something is asked of it."""
    made: list[CoefficientPosterior] = []

    def once() -> CoefficientPosterior:
        if not made:
            made.append(make())
        return made[0]

    return CoefficientPosterior(
        lambda: once().facts,
        log_density=partial(_log_density, record),
        log_evidence=lambda _: once().log_evidence,
    )


def _facts(record: Record, kind: str, covariance: str) -> PosteriorFacts:
    objective, w = record.objective, record.w
    free = free_parameters(objective, w)
    is_free = bool(free.all())
    if kind == "laplace" and not is_free:
        where = "bounds" if objective.prior.is_smooth else f"{objective.prior.coefficient_prior!r}"
        raise IncompatibleModelError(
            f"posterior='laplace' needs a mode around which the density is smooth; got {int((~free).sum())} of "
            f"{w.size} parameters at a kink or a bound of {where}. Use posterior='support' (given which these are), "
            "'smoothed' or 'bootstrap'."
        )
    is_robust = covariance == "robust"
    if _is_conjugate(objective):
        name = "laplace" if is_robust else "exact"
    else:
        name = "laplace" if is_free and objective.prior.is_smooth else "support"
    return PosteriorFacts(
        mean=w,
        form=laplace_form(objective, w, covariance),
        kind="laplace" if kind == "laplace" else name,
        is_conditional=not is_free,
        dof=None if is_robust else record.dof,
        n_outputs=objective.layout.n_classes,
        is_robust=is_robust,
    )


def _is_conjugate(objective: Any) -> bool:
    """Return whether the negative log posterior is a quadratic function everywhere."""
    prior = objective.prior
    return bool(
        objective.data.likelihood.is_quadratic
        and not prior.is_bounded
        and hasattr(prior.coefficient_prior, "quadratic")
        and (prior.intercept_prior is None or hasattr(prior.intercept_prior, "quadratic"))
    )


def _log_evidence(record: Record, facts: PosteriorFacts) -> float:
    return log_evidence_of(record.objective, record.w, facts.form)


def _log_density(record: Record, W: Array) -> Array:
    """Return −F at each row of W, (n_draws,), up to a constant; the linear predictors of some draws at a time."""
    objective = record.objective
    data, layout = objective.data, objective.layout
    n, K = data.n_samples, layout.n_classes or 1
    shape = (n,) if layout.n_classes is None else (n, K)
    weight = np.ones(n) if data.weight is None else data.weight.astype(np.float64)
    offset = 0.0 if data.offset is None else data.offset
    values = np.empty(len(W))
    size = max(1, _CHUNK // max(1, n * K))
    for start in range(0, len(W), size):
        rows = W[start : start + size].reshape(-1, layout.width)
        eta = np.asarray(data.design.matvec(rows[:, : layout.n_features].T), dtype=np.float64)
        if layout.fit_intercept:
            eta += rows[:, -1]
        for i in range(len(rows) // K):
            of_draw = eta[:, i * K : (i + 1) * K].reshape(shape) + offset
            log_density, _ = data.likelihood.value_and_gradient(data.y, of_draw)
            values[start + i] = weight @ log_density - objective.prior.value(W[start + i])
    return values
