"""What a fitted linear model says of its coefficients, whoever made it: names, means and the posterior.

Notation: p features, K rows of coefficients, one for each class or target.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import NotFittedError

__all__ = [
    "Coefficients",
    "LinearRows",
    "coefficients",
    "inner",
    "linear_rows",
    "named_models",
    "unwrapped",
]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LinearRows:
    """Coefficients of one fitted model.

    Parameters
    ----------
    model : object
        The linear model itself, out of its pipeline or search.
    before : object or None
        What transforms X before the model sees it.
    features : list of str
        Names, p of them.
    rows : list of str
        What each of the K rows is of: ``"class a"``, ``"target 1"``; one empty text if there is one row.
    coef : ndarray of shape (K, p)
        Posterior means, or the estimates of a model without a posterior.
    intercept : ndarray of shape (K,) or None
        Likewise; None: there is none.
    posteriors : list or None
        Of the rows one after the other, coefficients first and the intercept last; None: the model has none.
    """

    model: Any
    before: Any
    features: list[str]
    rows: list[str]
    coef: Array
    intercept: Array | None
    posteriors: list[Any] | None

    @property
    def is_conditional(self) -> bool:
        """Whether the posterior is given which coefficients are zero."""
        return any(getattr(p, "is_conditional", False) for p in self.posteriors or [])

    def std(self) -> Array:
        """Return standard deviations of coefficients and, last, the intercept, (K, p) or (K, p + 1); NaN: unknown."""
        if self.posteriors is None:
            return np.full((len(self.rows), len(self.features) + 1), np.nan)
        return self._in_rows([p.std for p in self.posteriors])

    def interval(self, level: float) -> tuple[Array, Array]:
        """Return central intervals in the shape of `std`."""
        if self.posteriors is None:
            return self.std(), self.std()
        ends = [p.interval(level) for p in self.posteriors]
        return self._in_rows([e[0] for e in ends]), self._in_rows([e[1] for e in ends])

    def _in_rows(self, parts: list[Any]) -> Array:
        return np.concatenate(parts).astype(np.float64).reshape(len(self.rows), -1)


def named_models(models: Any) -> dict[str, Any]:
    """Return models by name; one alone has the empty name.

    Raises
    ------
    ValueError
        If the dict is empty.
    """
    if not isinstance(models, Mapping):
        return {"": models}
    if not models:
        raise ValueError(
            "A comparison needs at least one model; got an empty dict. Give {name: fitted model}."
        )
    return {str(name): model for name, model in models.items()}


@dataclass(frozen=True)
class Coefficients:
    """The estimates of one fitted model, without its posterior.

    Parameters
    ----------
    model, before, features
        As of `LinearRows`.
    coef : ndarray of shape (K, p)
        Estimates.
    """

    model: Any
    before: Any
    features: list[str]
    coef: Array


def coefficients(model: Any) -> Coefficients:
    """Return the estimates of a fitted model, search or pipeline.

    Raises
    ------
    NotFittedError
        If it is not fitted.
    TypeError
        If it is no linear model.
    """
    model, before, names = unwrapped(model)
    if not hasattr(model, "coef_"):
        if hasattr(model, "fit") and not hasattr(model, "n_features_in_"):
            raise NotFittedError(
                f"This {type(model).__name__} instance is not fitted yet. Call 'fit' first."
            )
        raise TypeError(
            f"A linear model has coef_; got {type(model).__name__}, which has none. Give a fitted linear model, a"
            f" pipeline that ends with one, or a search over these."
        )
    coef = model.coef_.toarray() if hasattr(model.coef_, "toarray") else np.asarray(model.coef_)
    coef = np.atleast_2d(coef.astype(np.float64))
    names = getattr(model, "feature_names_in_", None) if names is None else names
    features = [f"x{j}" for j in range(coef.shape[1])] if names is None else _told_apart(names)
    return Coefficients(model, before, features, coef)


def linear_rows(model: Any) -> LinearRows:
    """Return what a fitted model, search or pipeline says of its coefficients.

    Raises
    ------
    NotFittedError
        If it is not fitted.
    TypeError
        If it is no linear model.
    """
    found = coefficients(model)
    model, coef = found.model, found.coef
    n_rows, n_features = coef.shape
    posteriors = _posteriors(model)
    intercept = np.broadcast_to(np.ravel(getattr(model, "intercept_", 0.0)), (n_rows,))
    has_intercept = bool(getattr(model, "fit_intercept", np.any(intercept)))
    if posteriors is not None:
        mean = np.concatenate([p.mean for p in posteriors]).reshape(n_rows, -1)
        coef, has_intercept = mean[:, :n_features], mean.shape[1] > n_features
        intercept = mean[:, -1]
    return LinearRows(
        model,
        found.before,
        found.features,
        _row_labels(model, n_rows),
        coef,
        intercept.astype(np.float64) if has_intercept else None,
        posteriors,
    )


def inner(model: Any) -> Any:
    """Return the last step of a pipeline, or the best one of a search; any other model is that itself."""
    model = getattr(model, "best_estimator_", model)
    return model.steps[-1][1] if hasattr(model, "steps") else model


def unwrapped(model: Any) -> tuple[Any, Any, Sequence[str] | None]:
    """Return the model itself, what comes before it, and the names of what that hands on."""
    model = getattr(model, "best_estimator_", model)
    if not hasattr(model, "steps"):
        return model, None, None
    before, last = model[:-1] if len(model.steps) > 1 else None, model.steps[-1][1]
    if before is None:
        return last, None, None
    try:
        return last, before, list(before.get_feature_names_out())
    except (AttributeError, ValueError):  # a step that does not tell the names of its columns
        return last, before, None


def _posteriors(model: Any) -> list[Any] | None:
    try:
        posterior = model.posterior_
    except AttributeError:  # also of a model of ours with posterior=None
        return None
    posteriors = list(posterior) if isinstance(posterior, list) else [posterior]
    try:
        for part in posteriors:
            part.std  # noqa: B018  # formed now: only then is it known whether there is one
    except ValueError as reason:
        warnings.warn(
            f"The coefficients of {type(model).__name__} are shown without intervals. {reason}",
            UserWarning,
            stacklevel=5,
        )
        return None
    return posteriors


def _row_labels(model: Any, n_rows: int) -> list[str]:
    if n_rows == 1:
        return [""]
    classes = getattr(model, "classes_", None)
    if classes is None or len(classes) != n_rows:
        return [f"target {k}" for k in range(n_rows)]
    return [f"class {label}" for label in classes]


def _told_apart(names: Sequence[Any]) -> list[str]:
    """Return names as texts, with a number after those that are there already, or are that of the intercept."""
    found: list[str] = ["intercept"]
    for name in map(str, names):
        n = 1 + sum(other == name or other.startswith(f"{name} (") for other in found)
        found.append(name if name not in found else f"{name} ({n})")
    return found[1:]
