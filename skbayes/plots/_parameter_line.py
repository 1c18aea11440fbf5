"""One parameter on a line: its prior, its likelihood and its posterior as functions of it, whatever model it is of.

Notation: v values of the parameter; L(v) likelihood, p(v) prior density. The other parameters are *held* at their
estimates, where L(v) p(v) is the posterior given these; or *averaged* over, where L(v) = ∫ L(v, u) p(u | v) du.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, ndtr
from scipy.stats import norm, t
from sklearn.utils.validation import check_is_fitted

from ..exceptions import IncompatibleModelError
from ._linear import LinearRows, linear_rows

__all__ = ["ParameterLine", "line_of"]

Array = NDArray[np.float64]
Function = Callable[[Array], Array]

# Nodes for each of the other parameters by how many of them there are, over so many standard deviations: the
# trapezoidal rule of a bell needs about one node in a standard deviation, also where correlation makes it narrow.
_NODES, _NODE_REACH = {1: 33, 2: 15}, 5.0
# Of two slices of a prior: they differ by rounding only if the prior treats the coefficients by themselves.
_APART = 1e-8


@dataclass(frozen=True)
class ParameterLine:
    """A parameter and what is known of it.

    Parameters
    ----------
    name : str
        Its name.
    estimate : float
        Where the model has it.
    log_prior : callable
        Of values (k,): log density up to a constant, minus infinity where impossible.
    log_likelihood : callable
        Likewise.
    posterior : frozen distribution of scipy.stats or None
        None: the density whose logarithm is the sum of both.
    given : str
        What the curves are given; empty: nothing.
    unit : float
        About the width of the posterior.
    is_costly : bool, default=False
        Whether a value of the likelihood takes thousands of densities.
    lower, upper : float
        Bounds of what is possible.
    """

    name: str
    estimate: float
    log_prior: Function
    log_likelihood: Function
    posterior: Any
    given: str
    unit: float
    is_costly: bool = False
    lower: float = -np.inf
    upper: float = np.inf


def line_of(
    estimator: Any, parameter: Any, feature: int, output: int, others: str | None
) -> ParameterLine:
    """Return the line of one parameter of a fitted distribution or linear model.

    Raises
    ------
    NotFittedError
        If the model is not fitted.
    IncompatibleModelError
        If the averages that are asked for are not known.
    ValueError
        If there is no such parameter, or it has no density.
    """
    if others not in (None, "averaged", "held"):
        raise ValueError(f"others needs 'averaged', 'held' or None; got {others!r}. Use None.")
    if hasattr(estimator, "distribution") and hasattr(estimator, "score_samples"):
        return _of_distribution(estimator, parameter, feature, others)
    return _of_coefficient(linear_rows(estimator), parameter, output, others)


# Coefficients of a linear model.


def _of_coefficient(
    table: LinearRows, parameter: Any, output: int, others: str | None
) -> ParameterLine:
    names = table.features + ([] if table.intercept is None else ["intercept"])
    j = _place(parameter, names)
    if not 0 <= output < len(table.rows):
        raise ValueError(
            f"output needs the number of a class or target, 0 to {len(table.rows) - 1}; got {output}. Correct it."
        )
    if table.posteriors is None:
        raise IncompatibleModelError(
            f"Prior and likelihood are of a model with a posterior; got {type(table.model).__name__} without one. Use"
            f" a model of skbayes.linear_model with posterior='auto'."
        )
    each = len(table.rows) // len(
        table.posteriors
    )  # more than one where outputs are fitted together
    posterior, place = table.posteriors[output // each], output % each * len(names) + j
    try:
        record = table.model._records[output // each]
    except AttributeError as reason:
        raise IncompatibleModelError(
            f"Prior and likelihood need the objective of the fit, which {type(table.model).__name__} does not have:"
            f" {reason}"
        ) from reason
    objective, w = record.objective, record.w
    name = ", ".join(part for part in (names[j], table.rows[output]) if part)
    if others is None:
        is_normal = posterior.kind in ("exact", "laplace") and 0.0 < posterior.std[place] < np.inf
        is_apart = is_normal and _is_apart(objective.prior, w, place)
        others = "averaged" if is_apart and w.size > 1 else "held"
    log_prior = partial(_prior_along, objective.prior, w, place)
    if others == "held":
        given = "given the other coefficients" if w.size > 1 else ""
        slope = partial(_likelihood_along, objective.data, w, place)
        unit = _unit(posterior.std[place], w[place])
        return ParameterLine(name, float(w[place]), log_prior, slope, None, given, unit)
    _check_averaged(objective.prior, posterior, w, place, name)
    mean, std, dof = float(posterior.mean[place]), float(posterior.std[place]), posterior.dof
    # The marginal posterior over the marginal prior is, up to a constant, the likelihood with the others averaged.
    marginal = norm(mean, std) if dof is None else t(dof, mean, std)

    def log_likelihood(v: Array) -> Array:
        prior = log_prior(v)
        if np.ptp(prior) == 0.0:
            return np.asarray(marginal.logpdf(v))
        return np.where(np.isfinite(prior), norm(mean, std).logpdf(v) - prior, -np.inf)

    return ParameterLine(name, mean, log_prior, log_likelihood, marginal, "", std)


def _unit(std: Any, estimate: Any) -> float:
    """Return a standard deviation, or where that is none, a small part of the estimate."""
    if 0.0 < std < np.inf:
        return float(std)
    return 1e-3 * abs(float(estimate)) or 1e-3


def _place(parameter: Any, names: list[str]) -> int:
    if parameter is None and len(names) == 1:
        return 0
    if isinstance(parameter, int | np.integer) and 0 <= parameter < len(names):
        return int(parameter)
    if parameter not in names:
        shown = names[:10] + (["..."] if len(names) > 10 else [])
        raise ValueError(
            f"parameter needs one of {shown}; got {parameter!r}. Give a name, or the number of a coefficient."
        )
    return names.index(parameter)


def _check_averaged(prior: Any, posterior: Any, w: Array, place: int, name: str) -> None:
    if posterior.kind not in ("exact", "laplace") or posterior.facts.is_robust:
        raise IncompatibleModelError(
            f"others='averaged' divides a normal posterior by the prior; got kind={posterior.kind!r}. Use"
            f" others='held'."
        )
    if not 0.0 < posterior.std[place] < np.inf:
        raise IncompatibleModelError(
            f"others='averaged' needs a standard deviation of {name}; got {posterior.std[place]}. Use others='held'."
        )
    if not _is_apart(prior, w, place):
        raise IncompatibleModelError(
            f"others='averaged' needs a prior of {name} by itself; got one that ties coefficients together. Use"
            f" others='held'."
        )


def _is_apart(prior: Any, w: Array, place: int) -> bool:
    """Return whether the log prior is a sum of a function of this parameter and one of all others."""
    elsewhere = w + 0.5 * np.arange(1, w.size + 1) / w.size * (1.0 + np.abs(w))
    elsewhere[place] = w[place]
    v = w[place] + np.array([-1.0, 0.0, 1.0]) * (1.0 + abs(w[place]))
    here, there = _prior_along(prior, w, place, v), _prior_along(prior, elsewhere, place, v)
    if not (np.isfinite(here) & np.isfinite(there)).all():
        return False
    change = (here - here[1]) - (there - there[1])
    return bool(np.abs(change).max() <= _APART * (1.0 + np.abs(here).max() + np.abs(there).max()))


def _prior_along(prior: Any, w: Array, place: int, v: Array) -> Array:
    points = np.repeat(w[None, :], len(v), axis=0)
    points[:, place] = v
    return np.array([-prior.value(point) for point in points])


def _likelihood_along(data: Any, w: Array, place: int, v: Array) -> Array:
    """Return the log likelihood, up to a constant, with the other parameters at w."""
    ahead = w.copy()
    ahead[place] += 1.0
    eta = np.asarray(data.linear_predictor(w), dtype=np.float64)
    column = np.asarray(data.linear_predictor(ahead), dtype=np.float64) - eta
    found = []
    for value in v:
        with np.errstate(all="ignore"):  # far out, where the answer is minus infinity or NaN
            terms, _ = data.likelihood.value_and_gradient(data.y, eta + (value - w[place]) * column)
        terms = np.asarray(terms, dtype=np.float64)
        found.append(float(np.sum(terms if data.weight is None else terms * data.weight)))
    return np.array(found)


# Parameters of a distribution.


def _of_distribution(
    estimator: Any, parameter: Any, feature: int, others: str | None
) -> ParameterLine:
    check_is_fitted(estimator)
    n_features = estimator.n_features_in_
    if not 0 <= feature < n_features:
        raise ValueError(
            f"feature is the number of a column, 0 to {n_features - 1}; got {feature}. Correct it."
        )
    fit = estimator._fits[feature]
    posterior = fit.posterior
    names = list(posterior.names)
    j = _place(parameter, names)
    name = names[j]
    if fit.observed is None:
        raise ValueError(
            "The likelihood needs the data, which were left behind when the estimator was pickled or copied. Fit again."
        )
    if fit.family.domains[name].is_integer:
        raise ValueError(
            f"{name} is a whole number and has no density. Choose another of {names}, or see"
            f" LikelihoodDisplay for a few values of it."
        )
    unknown = [k for k in range(len(names)) if k != j and 0.0 < posterior.std[k] < np.inf]
    if others is None:
        known = len(names) - 1 - len(unknown)
        is_possible = not known and len(unknown) in _NODES
        others = "averaged" if unknown and is_possible else "held"
    if others == "averaged" and unknown and len(unknown) not in _NODES:
        raise IncompatibleModelError(
            f"others='averaged' is for at most {max(_NODES)} other parameters; got {len(unknown)}. Use others='held'."
        )
    nodes, weights = np.empty((1, 0)), np.zeros(1)
    if others == "averaged" and unknown:
        nodes, weights = _nodes(fit, posterior, unknown)
    else:
        unknown = []
    held = {
        n: v
        for k, (n, v) in enumerate(zip(names, posterior.mean, strict=True))
        if k != j and k not in unknown
    }
    given = ", ".join(f"{n} = {v:.3g}" for n, v in held.items())
    domain = fit.family.domains[name]
    return ParameterLine(
        name,
        float(posterior.mean[j]),
        partial(_density_prior, fit, name),
        partial(_averaged, fit, name, [names[k] for k in unknown], nodes, weights),
        None,
        f"given {given}" if given else "",
        _unit(posterior.std[j], posterior.mean[j]),
        len(nodes) > 1,
        domain.lower,
        domain.upper,
    )


def _density_prior(fit: Any, name: str, v: Array) -> Array:
    prior = fit.prior.get(name)
    if prior is None:
        return np.zeros(len(v))
    return np.array([prior.log_density(np.array([value])) for value in v], dtype=np.float64)


def _nodes(fit: Any, posterior: Any, unknown: list[int]) -> tuple[Array, Array]:
    """Return values of the other parameters (m, k) and the logarithms of their weights, prior included, (m,)."""
    n = _NODES[len(unknown)]
    reach = np.linspace(0.0, _NODE_REACH, n // 2 + 1)[1:]
    ends = [posterior.interval(float(2.0 * ndtr(z) - 1.0)) for z in reach]
    columns, logs = [], []
    for k in unknown:
        below, above = ([float(end[side][k]) for end in ends] for side in (0, 1))
        column = np.array([*reversed(below), float(posterior.mean[k]), *above])
        columns.append(column)
        prior = _density_prior(fit, posterior.names[k], column)
        logs.append(np.log(np.gradient(column)) + prior)
    return np.array(list(product(*columns))), np.array([sum(row) for row in product(*logs)])


def _averaged(
    fit: Any, name: str, names: list[str], nodes: Array, weights: Array, v: Array
) -> Array:
    """Return the log likelihood at values of one parameter, averaged over the nodes of the others."""
    family, m = fit.family, len(nodes)
    theta = np.tile(fit.solution.theta, (len(v) * m, 1))
    theta[:, family.names.index(name)] = np.repeat(v, m)
    for column, other in enumerate(names):
        theta[:, family.names.index(other)] = np.tile(nodes[:, column], len(v))
    found = np.empty(len(theta))
    step = max(1, 2**20 // max(1, fit.observed.n))
    with np.errstate(
        all="ignore"
    ):  # outside of the support, where minus infinity or NaN is the answer
        for start in range(0, len(theta), step):
            terms = fit.observed.log_terms(family, theta[start : start + step])
            found[start : start + step] = terms @ fit.observed.weight
        found = np.where(np.isnan(found), -np.inf, found).reshape(len(v), m) + weights
        return np.asarray(logsumexp(found, axis=1))
