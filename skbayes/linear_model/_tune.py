"""Tuning by the evidence: `tune="evidence"` and `tune="ard"` of MAPRegressor and MAPClassifier.

Notation: w ~ N(m, S C S) the prior as the user gave it; under "evidence" one factor τ multiplies all scales, or one for
each group of features; under "ard" each feature has its own. The factors, and what is unknown of the likelihood, are
those of highest evidence (type-II maximum likelihood).
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import cholesky, solve_triangular

from ..exceptions import IncompatibleModelError
from ..priors import Group, Normal, Prior
from ..solvers import SolverResult
from ._design import Design
from ._evidence_surface import unknown_parameter
from ._fit import MAPFit, fit_map, mode_of
from ._model import Model
from ._tune_gaussian import tuned_gaussian
from ._tune_laplace import tuned_laplace
from ._tuning import Scaled, Tuned

__all__ = ["fit_tuned", "group_codes"]

Array = NDArray[Any]


def fit_tuned(
    design: Design, y: Array, model: Model, offset: Array | None, how: str, groups: Array | None
) -> MAPFit:
    """Return the fit at the noise and the prior scales of highest evidence.

    Parameters
    ----------
    design, y, model, offset :
        As for `fit_map`.
    how : str
        "evidence" or "ard".
    groups : ndarray of shape (p,) or None
        Number of the group of each feature; None: all are one.

    Raises
    ------
    IncompatibleModelError
        If the prior is no normal one, or there are bounds; it says what to do.
    ValueError
        If the evidence is undefined.
    """
    loc, precision = _checked(model, how, groups)
    if precision.ndim == 2:
        root = cholesky(precision, lower=True)
        task = _task(_whitened(design.X, root), y, model, offset, np.ones(loc.size), how, groups)
    else:
        root = None
        with np.errstate(divide="ignore"):
            scale = 1.0 / np.sqrt(precision)
        task = _task(design.X, y, model, offset, scale, how, groups)
    task = _about_zero(task, design, loc)
    found = tuned_gaussian(task) if _has_closed_form(model) else tuned_laplace(task)
    has_prior = np.isfinite(task.scale)
    if np.min(found.scale[has_prior] / task.scale[has_prior]) < model.prior.least_factor:
        return fit_map(design, y, model, offset)
    if root is None:
        prior: Prior = Normal(loc=loc, scale=found.scale)
    else:
        covariance = solve_triangular(root, np.eye(loc.size), lower=True)
        prior = Normal(loc=loc, scale=found.scale[0], covariance=covariance.T @ covariance)
        found = replace(found, coef=solve_triangular(root.T, found.coef.T).T)
    prior = prior.for_features(None, loc.size)
    known = replace(model, likelihood=found.likelihood, prior=prior)
    return _fitted(design, y, known, offset, found, loc)


def group_codes(groups: Any, names: Array | None, n_features: int, how: str | None) -> Array | None:
    """Return the number of the group of each feature, from the labels that a user gives; None for none.

    Raises
    ------
    ValueError
        If there are labels and nothing to use them for, a name is unknown, or there is not one for each feature.
    """
    if groups is None:
        return None
    if how != "evidence":
        raise ValueError(
            f"groups= says which features share a factor of tune='evidence'; got tune={how!r}. "
            "Use tune='evidence', or groups=None."
        )
    feature_names = None if names is None else list(names)
    return np.asarray(Group(groups=groups).for_features(feature_names, n_features).groups)


def _checked(model: Model, how: str, groups: Array | None) -> tuple[Array, Array]:
    """Return centre and precision of the prior, (p,) and (p,) or (p, p)."""
    prior, stated = model.prior, model.stated_prior
    if prior.is_joint:
        raise IncompatibleModelError(
            f"tune={how!r} finds scales of the coefficients of each class, and this prior is of those of all classes "
            f"together; got {stated!r}. Search over prior__discount, or use tune=None."
        )
    loc, precision = prior.quadratic() if hasattr(prior, "quadratic") else (None, None)
    if precision is None or not np.any(precision) or hasattr(prior, "at_information"):
        raise IncompatibleModelError(
            f"tune={how!r} needs a normal prior, whose scales it finds; got {stated!r}. Use prior='normal'; or "
            "tune='loo', or BayesSearchCV over prior__scale, for another prior; or tune=None."
        )
    if precision.ndim == 2 and (how == "ard" or groups is not None):
        raise IncompatibleModelError(
            f"tune={how!r} with a scale for each feature or group needs a normal prior without a covariance; got "
            f"{stated!r}. Use tune='evidence' without groups, which finds one factor, or covariance=None."
        )
    if precision.ndim == 2 and model.seen is not None:
        raise IncompatibleModelError(
            f"tune={how!r} cannot be combined with `update` under a prior with a covariance; got {stated!r}. "
            "Set tune=None before `update`, which keeps the scales found."
        )
    if model.bounds is not None:
        raise IncompatibleModelError(
            f"tune={how!r} integrates over all coefficients, also those out of bounds; got bounds. "
            "Leave them out, or use tune='loo' or tune=None."
        )
    return np.asarray(loc), np.asarray(precision)


def _has_closed_form(model: Model) -> bool:
    """Return whether second moments say all: Gaussian, noise unknown, intercept flat."""
    name = unknown_parameter(model.likelihood)
    return (
        model.likelihood.is_quadratic
        and name is not None
        and getattr(model.likelihood, name) is None
        and model.intercept_prior is None
        and model.seen is None
    )


def _task(
    X: Any,
    y: Array,
    model: Model,
    offset: Array | None,
    scale: Array,
    how: str,
    groups: Array | None,
) -> Scaled:
    codes = np.zeros(scale.size, dtype=np.intp) if groups is None else groups
    codes = np.arange(scale.size) if how == "ard" else codes
    return Scaled(X, y, offset, model, scale, codes, int(codes.max(initial=0)) + 1, how)


def _whitened(X: Any, root: Array) -> Array:
    """Return X R⁻ᵀ for the precision R Rᵀ: features whose coefficients are independent, of scale 1."""
    dense = X.toarray() if sparse.issparse(X) else X
    white: Array = solve_triangular(root, dense.T.astype(np.float64, copy=False), lower=True).T
    return white


def _about_zero(task: Scaled, design: Design, loc: Array) -> Scaled:
    """Return the task with coefficients counted from the centre of their prior."""
    if not np.any(loc):
        return task
    seen = task.model.seen
    if seen is not None:
        shift = seen.layout.spread(loc, 0.0)
        model = replace(task.model, seen=replace(seen, centre=seen.centre - shift))
        task = replace(task, model=model)
    if np.ndim(task.model.likelihood.start_intercept(task.y, task.model.weight)):
        return task  # the same for every class changes no probability
    base = design.matvec(loc.astype(design.dtype))
    return replace(task, offset=base if task.offset is None else base + task.offset)


def _fitted(
    design: Design, y: Array, model: Model, offset: Array | None, found: Tuned, loc: Array
) -> MAPFit:
    """Return the fit at the scales found, its mode found with them or from there."""
    rows = found.coef + loc
    if model.fit_intercept:
        rows = np.concatenate([rows, np.asarray(found.intercept)[..., None]], axis=-1)
    w = rows.astype(design.dtype).ravel()
    if found.is_mode and model.solver in ("auto", "closed_form"):
        result = SolverResult(w, np.nan, found.n_iter, found.converged, found.message)
        return mode_of(design, y, model, offset, result, found.log_evidence)
    fit = fit_map(design, y, model, offset, w)
    result = fit.result
    if not found.converged:
        result = replace(result, converged=False, message=found.message)
    n_iter = fit.n_iter + found.n_iter
    return replace(fit, result=result, n_iter=n_iter, log_evidence=found.log_evidence)
