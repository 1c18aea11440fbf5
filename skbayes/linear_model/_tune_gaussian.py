"""Noise and prior scales of highest evidence for a Gaussian likelihood with unknown noise: by second moments alone.

Notation: s_j the scales of the prior as the user gave them, which fix how the coefficients compare; factors τ multiply
them, one for each group of features. F the features without a prior (s = inf): they are integrated out, like the
intercept.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..likelihoods import Gaussian
from ._design import Design, weighted_mean
from ._evidence import ridge_evidence, ridge_evidence_wide
from ._feature_reduction import reduced
from ._group_evidence import group_evidence
from ._moments import Moments, moments_of
from ._relevance import ARDEvidence, ard_evidence, ard_evidence_wide
from ._symmetric import CholeskyFactor, cholesky
from ._tuning import Scaled, Tuned

__all__ = ["tuned_gaussian"]

Array = NDArray[Any]

# What the prior of a coefficient that ARD drops allows it, in standard errors of its own: 1e-12 of the squares.
_DROPPED = 1e-6
# Below this reciprocal condition a Cholesky factor of a Gram matrix has no digit left.
_COLLINEAR = 1e-14
_MESSAGE = "the prior scales of highest evidence were still changing by more than 1e-4 of the fitted values"


@dataclass(frozen=True)
class _Problem:
    """Centred second moments of the features with a prior, F projected out; `factor` is of those of F."""

    gram: Array
    cross: Array
    power: float
    n_flat: int
    log_det_flat: float
    factor: CholeskyFactor | None


def tuned_gaussian(task: Scaled) -> Tuned:
    """Return the noise and the prior scales of highest evidence, and the mode, of a flat intercept."""
    target = np.asarray(task.y, dtype=np.float64)
    target = target if task.offset is None else target - task.offset
    if task.X.shape[1] > task.X.shape[0] and np.all(np.isfinite(task.scale)):
        if task.how == "ard":
            return _wide_ard(task, target)
        if task.n_groups == 1:
            return _wide(task, target)
    if 1 < task.n_groups < task.X.shape[1]:
        smaller = reduced(task)
        return smaller.back(_tall(smaller.task, target))
    return _tall(task, target)


def _tall(task: Scaled, target: Array) -> Tuned:
    """By the second moments of the features, (p, p)."""
    model, scale = task.model, task.scale
    moments = moments_of(task.X, target[:, None], model.weight, model.fit_intercept, np.float64)
    has_prior = np.isfinite(scale)
    problem = _projected(moments, has_prior, model.fit_intercept)
    s, codes = scale[has_prior], task.codes[has_prior]
    gram, cross = problem.gram * np.outer(s, s), problem.cross * s
    given = gram, cross, problem.power, moments.total
    flat: dict[str, Any] = {"n_flat": problem.n_flat, "log_det_flat": problem.log_det_flat}
    coef, widened = np.zeros_like(scale), scale.copy()
    found: Any
    if task.how == "ard":
        found = ard_evidence(*given, **flat)
        coef[has_prior] = s * found.coef
        widened[has_prior] = s * _least(found, np.diag(gram))
    elif task.n_groups == 1:
        found = ridge_evidence(*given, **flat)
        coef[has_prior] = s * found.solution
        widened[has_prior] = s * found.prior_scale
    else:
        found = group_evidence(*given, codes, task.n_groups, **flat)
        coef[has_prior] = s * found.coef
        widened[has_prior] = s * found.prior_scale[codes]
    if problem.factor is not None:
        rest = moments.cross[~has_prior, 0] - moments.gram[~has_prior] @ coef
        coef[~has_prior] = problem.factor.solve(rest)
    intercept = float(moments.target_mean[0] - moments.mean @ coef)
    return _of(coef, intercept, widened, found)


def _least(found: ARDEvidence, power: Array) -> Array:
    """Return the prior scales, of a dropped coefficient what allows it 1e-12 of its least-squares value."""
    size = np.sqrt(power) + np.finfo(float).tiny
    return np.maximum(found.prior_scale, np.minimum(_DROPPED * found.noise_scale / size, 1.0))


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


def _wide(task: Scaled, target: Array) -> Tuned:
    """By the products of the rows, (n, n)."""
    X, model, scale = task.X, task.model, task.scale
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
    return _of(coef, float(centre - mean @ coef), scale * found.prior_scale, found)


def _wide_ard(task: Scaled, target: Array) -> Tuned:
    """A scale for each feature, by rows that are fewer."""
    model, weight = task.model, task.model.weight
    is_centred = model.fit_intercept
    mean = weighted_mean(task.X, weight) if is_centred else np.zeros(task.scale.size)
    centre = float(np.average(target, weights=weight)) if is_centred else 0.0
    Z = Design(task.X, mean if is_centred else None).columns(slice(None)) * task.scale
    root = np.ones(target.size) if weight is None else np.sqrt(weight, dtype=np.float64)
    Z *= root[:, None]
    found = ard_evidence_wide(
        Z, (target - centre) * root, float(root @ root), n_flat=int(is_centred)
    )
    scale = task.scale * _least(found, np.einsum("ij,ij->j", Z, Z))
    coef = task.scale * found.coef
    return _of(coef, float(centre - mean @ coef), scale, found)


def _of(coef: Array, intercept: float, scale: Array, found: Any) -> Tuned:
    return Tuned(
        likelihood=Gaussian(scale=found.noise_scale),
        scale=scale,
        coef=coef,
        intercept=np.float64(intercept),
        log_evidence=found.log_evidence,
        n_iter=found.n_iter,
        converged=bool(getattr(found, "converged", True)),
        message=_MESSAGE,
        is_mode=True,
    )
