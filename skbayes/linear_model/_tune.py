"""Noise and prior scales of highest evidence for a Gaussian likelihood with a normal prior: `tune=` of MAPRegressor.

Notation: s_j the scales of the prior as the user gave them, which fix how the coefficients compare; under "evidence"
one factor τ multiplies them all, under "ard" each has a factor of its own. F the features without a prior (s = inf):
they are integrated out, like the intercept.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..exceptions import IncompatibleModelError
from ..likelihoods import Gaussian
from ..priors import Normal
from ..solvers import SolverResult
from ._design import Design, weighted_mean
from ._evidence import ridge_evidence, ridge_evidence_wide
from ._model import Model
from ._moments import Moments, moments_of
from ._relevance import ARDEvidence, ard_evidence
from ._symmetric import CholeskyFactor, cholesky

__all__ = ["Tuned", "tuned"]

Array = NDArray[Any]


# What the prior of a coefficient that ARD drops allows it, in standard errors of its own: 1e-12 of the squares.
_DROPPED = 1e-6
# Below this reciprocal condition a Cholesky factor of a Gram matrix has no digit left.
_COLLINEAR = 1e-14
_MESSAGE = "the prior scales of highest evidence were still changing by more than 1e-4 of the fitted values"


@dataclass(frozen=True)
class Tuned:
    """A model at its highest evidence.

    Attributes
    ----------
    model : Model
        With a likelihood and a prior that are known.
    log_evidence : float
        log p(y).
    result : SolverResult
        The mode.
    """

    model: Model
    log_evidence: float
    result: SolverResult


@dataclass(frozen=True)
class _Problem:
    """Centred second moments of the features with a prior, F projected out; `factor` is of those of F."""

    gram: Array
    cross: Array
    power: float
    n_flat: int
    log_det_flat: float
    factor: CholeskyFactor | None


def tuned(X: Any, y: Array, model: Model, offset: Array | None, how: str) -> Tuned:
    """Return the noise and the prior of highest evidence, and the mode that belongs to them.

    Raises
    ------
    IncompatibleModelError
        If likelihood or prior are others than a Gaussian with unknown noise and a normal one without bounds.
    """
    loc, scale = _checked(model, how)
    target = np.asarray(y, dtype=np.float64) - Design(X).matvec(loc.astype(X.dtype))
    target = target if offset is None else target - offset
    if how == "evidence" and X.shape[1] > X.shape[0] and np.all(np.isfinite(scale)):
        return _wide(X, target, model, loc, scale)
    return _tall(X, target, model, loc, scale, how)


def _checked(model: Model, how: str) -> tuple[Array, Array]:
    """Return centre and scales of the prior."""
    likelihood, prior = model.likelihood, model.prior
    if not likelihood.is_quadratic or likelihood.is_fixed:
        raise IncompatibleModelError(
            f"tune={how!r} needs a Gaussian likelihood with unknown noise; got {likelihood!r}. "
            "Use likelihood='gaussian', or tune=None."
        )
    loc, precision = prior.quadratic() if hasattr(prior, "quadratic") else (None, None)
    if precision is None or precision.ndim != 1 or not np.any(precision):
        raise IncompatibleModelError(
            f"tune={how!r} needs a normal prior with a scale for each feature; got {model.stated_prior!r}. "
            "Use prior='normal', or tune=None."
        )
    if model.bounds is not None or model.intercept_prior is not None:
        raise IncompatibleModelError(
            f"tune={how!r} integrates over all coefficients and a flat intercept; got bounds or an intercept_prior. "
            "Leave them out, or use tune=None."
        )
    with np.errstate(divide="ignore"):
        return np.asarray(loc), 1.0 / np.sqrt(precision)


def _tall(X: Any, target: Array, model: Model, loc: Array, scale: Array, how: str) -> Tuned:
    """By the second moments of the features, (p, p)."""
    moments = moments_of(X, target[:, None], model.weight, model.fit_intercept, np.float64)
    has_prior = np.isfinite(scale)
    problem = _projected(moments, has_prior, model.fit_intercept)
    s = scale[has_prior]
    solve = ard_evidence if how == "ard" else ridge_evidence
    found = solve(
        problem.gram * np.outer(s, s),
        problem.cross * s,
        problem.power,
        moments.total,
        n_flat=problem.n_flat,
        log_det_flat=problem.log_det_flat,
    )
    coef = np.zeros_like(scale)
    coef[has_prior] = s * (found.coef if isinstance(found, ARDEvidence) else found.solution)
    if problem.factor is not None:
        rest = moments.cross[~has_prior, 0] - moments.gram[~has_prior] @ coef
        coef[~has_prior] = problem.factor.solve(rest)
    widened = scale.copy()
    # A dropped coefficient gets the prior that allows it a millionth of a millionth of its least-squares value.
    least = (
        _DROPPED * found.noise_scale / (s * np.sqrt(np.diag(problem.gram)) + np.finfo(float).tiny)
    )
    widened[has_prior] = s * np.maximum(found.prior_scale, np.minimum(least, 1.0))
    intercept = float(moments.target_mean[0] - moments.mean @ coef)
    return _of(model, loc, widened, coef, intercept, found, X.dtype)


def _projected(moments: Moments, has_prior: Array, fit_intercept: bool) -> _Problem:
    """Return the moments of the features with a prior, those without one projected out."""
    gram, cross, power = moments.gram, moments.cross[:, 0], float(moments.power[0])
    log_det = float(np.log(moments.total)) if fit_intercept else 0.0
    if has_prior.all():
        return _Problem(gram, cross, power, int(fit_intercept), log_det, None)
    flat = ~has_prior
    factor = _factor(gram[np.ix_(flat, flat)], np.flatnonzero(flat))
    border = np.column_stack([gram[np.ix_(flat, has_prior)], cross[flat]])
    removed = border.T @ factor.solve(border)
    return _Problem(
        gram[np.ix_(has_prior, has_prior)] - removed[:-1, :-1],
        cross[has_prior] - removed[:-1, -1],
        power - removed[-1, -1],
        int(fit_intercept) + int(flat.sum()),
        log_det + 2.0 * float(np.sum(np.log(np.diag(factor.lower) / factor.scale))),
        factor,
    )


def _factor(inner: Array, index: Array) -> CholeskyFactor:
    factor = cholesky(inner)
    if factor is None or factor.rcond < _COLLINEAR:
        raise ValueError(
            f"The evidence is undefined: features {index.tolist()} have a flat prior (scale=inf) and are collinear. "
            "Give one of them a prior, or leave it out."
        )
    return factor


def _wide(X: Any, target: Array, model: Model, loc: Array, scale: Array) -> Tuned:
    """By the products of the rows, (n, n)."""
    weight = model.weight
    mean = weighted_mean(X, weight) if model.fit_intercept else np.zeros(X.shape[1])
    centre = np.average(target, weights=weight) if model.fit_intercept else 0.0
    design = Design(X, mean if model.fit_intercept else None)
    root = np.ones(X.shape[0]) if weight is None else np.sqrt(weight, dtype=np.float64)
    found = ridge_evidence_wide(
        np.asarray(design.row_gram(np.square(scale)), dtype=np.float64) * np.outer(root, root),
        (target - centre) * root,
        float(root @ root),
        n_flat=int(model.fit_intercept),
    )
    coef = np.square(scale) * design.rmatvec((found.solution * root).astype(X.dtype))
    return _of(model, loc, scale * found.prior_scale, coef, centre - mean @ coef, found, X.dtype)


def _of(
    model: Model, loc: Array, scale: Array, coef: Array, intercept: float, found: Any, dtype: Any
) -> Tuned:
    """Return what was found; `coef` is counted from `loc`."""
    # The intercept is that of y − X loc already, for coefficients counted from loc.
    w = np.append(coef + loc, intercept) if model.fit_intercept else coef + loc
    prior = Normal(loc=loc, scale=scale).for_features(None, loc.size)
    likelihood = Gaussian(scale=found.noise_scale)
    result = SolverResult(
        w.astype(dtype), np.nan, found.n_iter, getattr(found, "converged", True), _MESSAGE
    )
    return Tuned(replace(model, likelihood=likelihood, prior=prior), found.log_evidence, result)
