"""From an estimator's arguments to the parts of one fit: names become parts, features get their entries."""

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from .._registry import resolve
from .._sklearn import Interval, StrOptions
from ..exceptions import IncompatibleModelError
from ..likelihoods import Likelihood
from ..priors import PRIORS, Prior
from ._base import bounds_of
from ._seen import Expansion

__all__ = ["MODEL_CONSTRAINTS", "Model", "centred_over_classes", "model_of"]

Array = NDArray[Any]

# The checks of the arguments that MAPRegressor and MAPClassifier share.
MODEL_CONSTRAINTS: dict[str, Any] = {
    "prior": [str, Prior],
    "intercept_prior": [None, Prior],
    "bounds": [None, tuple, list, dict],
    "fit_intercept": ["boolean"],
    "solver": "no_validation",
    "tune": [StrOptions({"evidence", "ard", "loo"}), None],
    "groups": [None, dict, "array-like"],
    "posterior": [StrOptions({"auto", "laplace", "support", "smoothed", "bootstrap"}), None],
    "covariance": [StrOptions({"auto", "full", "low_rank", "diagonal", "robust"})],
    "max_iter": [None, Interval(Integral, 1, None, closed="left")],
    "tol": [None, Interval(Real, 0, None, closed="neither")],
    "warm_start": ["boolean"],
    "random_state": ["random_state"],
}


@dataclass(frozen=True)
class Model:
    """What is fitted: the parts, with all that belongs to features and rows resolved.

    Attributes
    ----------
    likelihood, prior : Likelihood, Prior
        Parts of this fit's own; the prior has one entry per feature.
    stated_prior : Prior
        The prior as the user wrote it, for messages.
    solver : str or Solver
        As the user gave it.
    weight : ndarray of shape (n,) or None
        Sample weights.
    bounds : pair of ndarray of shape (p,), or None
        The box of the coefficients; None: no bounds.
    fit_intercept : bool
        Whether there is an intercept.
    intercept_prior : Prior or None
        None: flat.
    options : dict
        `max_iter`, `tol` and `random_state` for a solver given by name, where they are given.
    seen : Expansion or None
        What earlier rows say, which are not among the data; None: there are none.
    """

    likelihood: Likelihood
    prior: Prior
    stated_prior: Prior
    solver: Any
    weight: Array | None
    bounds: tuple[Array, Array] | None
    fit_intercept: bool
    intercept_prior: Prior | None
    options: dict[str, Any]
    seen: Expansion | None = None


def model_of(estimator: Any, X: Any, likelihood: Likelihood, weight: Array | None) -> Model:
    """Return the model that the estimator's arguments describe for the features of X."""
    names = getattr(estimator, "feature_names_in_", None)
    n_features = X.shape[1]
    stated_prior = resolve(estimator.prior, PRIORS, "prior")
    _refuse_positive(stated_prior, "prior")
    prior = clone(stated_prior)
    if hasattr(prior, "for_classes"):
        classes = getattr(estimator, "classes_", None)
        is_one = np.ndim(likelihood.start_intercept(np.arange(2.0))) == 0
        prior = prior.for_classes(classes, is_one)
    prior = prior.for_features(names, n_features)
    intercept_prior = estimator.intercept_prior
    if intercept_prior is not None:
        _refuse_positive(intercept_prior, "intercept_prior")
        intercept_prior = clone(intercept_prior).for_features(None, 1)
    bounds = None
    if estimator.bounds is not None:
        bounds = _representable(bounds_of(estimator.bounds, names, n_features), X.dtype)
    given = {name: getattr(estimator, name) for name in ("max_iter", "tol", "random_state")}
    return Model(
        likelihood,
        prior,
        stated_prior,
        estimator.solver,
        weight,
        bounds,
        bool(estimator.fit_intercept),
        intercept_prior,
        {name: value for name, value in given.items() if value is not None},
    )


def _refuse_positive(prior: Prior, argument: str) -> None:
    if prior.is_positive:
        raise IncompatibleModelError(
            f"{argument} needs a density for negative numbers too; got {prior!r}, which is of a scale. "
            "Use another, such as Normal or Laplace; bounds=(0, None) keeps coefficients from being negative."
        )


def _representable(bounds: tuple[Array, Array], dtype: Any) -> tuple[Array, Array]:
    """Return the largest box within this one whose ends are numbers of a type.

    A coefficient of single precision at a bound of 0.3 would be 0.30000001: outside, where the prior is zero.
    """
    with np.errstate(over="ignore"):  # a bound beyond the type is none
        lower, upper = (side.astype(dtype) for side in bounds)
    lower = np.where(lower < bounds[0], np.nextafter(lower, dtype.type(np.inf)), lower)
    upper = np.where(upper > bounds[1], np.nextafter(upper, dtype.type(-np.inf)), upper)
    # Where no number of the type lies between the ends, the upper one.
    return np.minimum(lower, upper).astype(np.float64), upper.astype(np.float64)


def centred_over_classes(rows: Array, model: Model) -> Array:
    """Of all coefficients of K classes that are as probable, return those that sum to zero over the classes.

    The same vector added to every class changes no probability: where the prior does not mind either, the solver ends
    anywhere on a line.
    """
    if (
        len(rows) == 1
        or model.prior.is_joint
        or (model.seen is not None and model.seen.is_diagonal)
    ):
        return rows
    n_features = rows.shape[1] - model.fit_intercept
    centred = rows - rows.mean(axis=0)
    if model.fit_intercept and model.intercept_prior is not None:
        centred[:, n_features:] = rows[:, n_features:]
    density = model.prior.log_density
    before, after = (sum(map(density, W[:, :n_features])) for W in (rows, centred))
    if after < before:
        centred[:, :n_features] = rows[:, :n_features]
    return centred
