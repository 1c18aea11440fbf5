"""What a picture of coefficients is made of: means and intervals by feature name, of one model or several.

Notation: S series (models, and within them classes or targets), p coefficients shown, L levels.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.sparsefuncs import mean_variance_axis
from sklearn.utils.validation import check_array

from ._calibration_data import checked_levels
from ._linear import LinearRows, linear_rows, named_models

__all__ = ["MOST_SERIES", "coefficient_data"]

Array = NDArray[np.float64]

# So many can be told apart by colour and by shape.
MOST_SERIES = 10
# Rows of intervals that fit on a page one below the other, and features whose names do.
_MOST_ROWS, _MOST_FEATURES = 60, 25
_ORDERS = ("magnitude", "given")
_INTERCEPT = "intercept"


def coefficient_data(
    models: Any,
    *,
    levels: Sequence[float] = (0.5, 0.95),
    features: Sequence[str] | None = None,
    max_features: int | None = None,
    order: str = "magnitude",
    outputs: Sequence[Any] | None = None,
    intercept: bool = False,
    X: Any = None,
) -> dict[str, Any]:
    """Return what `CoefficientDisplay` is made of, without drawing it.

    Parameters
    ----------
    models : estimator or dict of str to estimator
        Fitted linear models, pipelines that end with one, or searches over these. Of scikit-learn's own models, which
        have no posterior, the coefficients alone.
    levels : sequence of float, default=(0.5, 0.95)
        Probabilities of the intervals, ascending, between 0 and 1.
    features : sequence of str, default=None
        Which coefficients, in this order; None: those with the largest means.
    max_features : int or None, default=None
        How many at most, positive; None: 25, or fewer if there are several series.
    order : {"magnitude", "given"}, default="magnitude"
        Largest absolute mean first, or as in the model.
    outputs : sequence of class labels or int, default=None
        Which classes, or numbers of targets; None: all.
    intercept : bool, default=False
        Whether the intercept is shown too, last.
    X : {array-like, sparse matrix} of shape (n_samples, n_features), default=None
        Data whose standard deviations the coefficients are multiplied by, so that features in different units can be
        compared: the effect of one standard deviation. A pipeline transforms them first. None: coefficients as they
        are.

    Returns
    -------
    data : dict
        ``estimates`` (S, p), ``stds`` (S, p), ``lower`` and ``upper`` (L, S, p); NaN where a model has no such
        coefficient or no posterior. ``levels``, ``features`` (p names), ``labels`` (S), ``n_left_out``, ``is_zero``
        (S, p), ``is_conditional`` and ``is_standardized``.

    Raises
    ------
    NotFittedError
        If a model is not fitted.
    TypeError
        If it is no linear model.
    ValueError
        If a level, a name, an output, the order or the number is impossible, or there are more than ten series.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skbayes.linear_model import MAPRidge
    >>> from skbayes.plots import coefficient_data
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> data = coefficient_data(MAPRidge(0.01).fit(X, y), max_features=3)
    >>> data["features"], data["estimates"].round(), data["n_left_out"]
    (['s5', 'bmi', 's1'], array([[ 592.,  521., -381.]]), 7)
    >>> print(data["lower"].shape, data["upper"][1].round())
    (2, 1, 3) [[844. 650. 178.]]
    """
    claimed = checked_levels(levels).tolist()
    if order not in _ORDERS:
        raise ValueError(f"order needs one of {list(_ORDERS)}; got {order!r}. Use 'magnitude'.")
    if max_features is not None and max_features < 1:
        raise ValueError(f"max_features needs a positive number; got {max_features}. Use None.")
    tables = {name: linear_rows(model) for name, model in named_models(models).items()}
    series = [
        part
        for name, table in tables.items()
        for part in _series_of(name, table, claimed, outputs, intercept, X)
    ]
    if len(series) > MOST_SERIES:
        raise ValueError(
            f"At most {MOST_SERIES} series of coefficients can be told apart; got {len(series)}. Choose classes or"
            f" targets with outputs=, or compare fewer models."
        )
    names = list(dict.fromkeys(name for part in series for name in part["names"]))
    has_intercept = intercept and _INTERCEPT in names
    if has_intercept:  # last, also where a second model has features that the first has not
        names = [*(name for name in names if name != _INTERCEPT), _INTERCEPT]
    stacked = {what: _stacked(series, names, what) for what in ("estimates", "stds", "ends")}
    n_features = len(names) - has_intercept
    chosen = _chosen(stacked["estimates"], names, n_features, features, max_features, order)
    estimates, stds = stacked["estimates"][:, chosen, 0], stacked["stds"][:, chosen, 0]
    ends = stacked["ends"][:, chosen]
    half = len(claimed)
    return {
        "estimates": estimates,
        "stds": stds,
        "lower": np.moveaxis(ends[..., :half], 2, 0),
        "upper": np.moveaxis(ends[..., half:], 2, 0),
        "levels": claimed,
        "features": [names[j] for j in chosen],
        "labels": [part["label"] for part in series],
        "n_left_out": len(names) - len(chosen),
        "is_zero": (estimates == 0.0) & ~(stds > 0.0),
        "is_conditional": any(table.is_conditional for table in tables.values()),
        "is_standardized": X is not None,
    }


def _series_of(
    name: str, table: LinearRows, levels: list[float], outputs: Any, intercept: bool, X: Any
) -> list[dict[str, Any]]:
    """Return a series for each row of one model: values (p, 1), and ends (p, 2 L), lower before upper."""
    p, has_intercept = len(table.features), intercept and table.intercept is not None
    width = p + has_intercept
    estimate = table.coef
    if has_intercept and table.intercept is not None:
        estimate = np.column_stack([table.coef, table.intercept])
    pairs = [table.interval(level) for level in levels]
    ends = np.stack([lower for lower, _ in pairs] + [upper for _, upper in pairs], axis=-1)
    factor = np.ones(width)
    if X is not None:
        factor[:p] = _spread(table, X)
    names = [*table.features, _INTERCEPT] if has_intercept else table.features
    return [
        {
            "label": ", ".join(part for part in (name, table.rows[k]) if part),
            "names": names,
            "estimates": (estimate[k] * factor)[:, None],
            "stds": (table.std()[k, :width] * factor)[:, None],
            "ends": ends[k, :width] * factor[:, None],
        }
        for k in _outputs(table, outputs)
    ]


def _outputs(table: LinearRows, outputs: Sequence[Any] | None) -> list[int]:
    """Return the numbers of the rows asked for."""
    if outputs is None:
        return list(range(len(table.rows)))
    classes = getattr(table.model, "classes_", None)
    known = list(range(len(table.rows)))
    if classes is not None and len(classes) == len(known):
        known = list(classes)
    unknown = [output for output in outputs if output not in known]
    if unknown or not len(outputs):
        raise ValueError(
            f"outputs needs classes or numbers of targets among {known}; got {list(outputs)!r}. Correct it."
        )
    return [known.index(output) for output in outputs]


def _spread(table: LinearRows, X: Any) -> Array:
    """Return the standard deviation of each column that the model sees, (p,)."""
    if table.before is not None:
        X = table.before.transform(X)
    X = check_array(X, accept_sparse=["csr", "csc"], dtype=np.float64)
    if X.shape[1] != len(table.features):
        raise ValueError(
            f"X needs the {len(table.features)} features of the model; got {X.shape[1]} columns. Give the data of the"
            f" fit."
        )
    variance = mean_variance_axis(X, axis=0)[1] if hasattr(X, "tocsr") else X.var(axis=0)
    return np.asarray(np.sqrt(variance))


def _stacked(series: list[dict[str, Any]], names: list[str], what: str) -> Array:
    """Return one value of all series by name, (S, p, k); NaN where a series has no such name."""
    place = {name: j for j, name in enumerate(names)}
    stacked = np.full((len(series), len(names), series[0][what].shape[1]), np.nan)
    for row, part in zip(stacked, series, strict=True):
        row[[place[name] for name in part["names"]]] = part[what]
    return stacked


def _chosen(
    estimates: Array,
    names: list[str],
    n_features: int,
    features: Sequence[str] | None,
    max_features: int | None,
    order: str,
) -> list[int]:
    """Return the places of the coefficients to show, in order."""
    if features is not None:
        unknown = [name for name in features if name not in names]
        if unknown or not len(features):
            shown = names[:10] + (["..."] if len(names) > 10 else [])
            raise ValueError(
                f"features needs names of coefficients, of {shown}; got {list(features)!r}. Correct it."
            )
        return [names.index(name) for name in features]
    size = np.max(np.nan_to_num(np.abs(estimates[..., 0]), nan=-1.0), axis=0)
    most = max_features or min(_MOST_FEATURES, max(5, _MOST_ROWS // len(estimates)))
    largest = sorted(range(n_features), key=lambda j: -size[j])[:most]
    of_features = largest if order == "magnitude" else sorted(largest)
    return [*of_features, *range(n_features, len(names))]  # and the intercept
