"""What a picture of a path is made of: the coefficients at each strength of the prior, and what chose among them.

Notation: A strengths, p coefficients.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from ..linear_model import (
    MAPElasticNet,
    MAPElasticNetCV,
    MAPLasso,
    MAPLassoCV,
    MAPLogisticRegression,
    MAPLogisticRegressionCV,
    MAPRidge,
    MAPRidgeClassifier,
    MAPRidgeClassifierCV,
    MAPRidgeCV,
)
from ._linear import coefficients, inner

__all__ = ["path_data"]

Array = NDArray[np.float64]

# Of those that choose a strength: what they choose it for, the name of the strength, and of the grid.
_FIXED = {
    MAPLassoCV: (MAPLasso, "alpha", "alphas_"),
    MAPElasticNetCV: (MAPElasticNet, "alpha", "alphas_"),
    MAPRidgeCV: (MAPRidge, "alpha", "alphas"),
    MAPRidgeClassifierCV: (MAPRidgeClassifier, "alpha", "alphas"),
    MAPLogisticRegressionCV: (MAPLogisticRegression, "C", "Cs_"),
}
# Strengths where a grid of fewer was searched: the lines need points.
_FEWEST = 30


def path_data(
    estimator: Any,
    X: Any,
    y: ArrayLike,
    *,
    parameter: str | None = None,
    values: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    output: int = 0,
    curve: bool = True,
) -> dict[str, Any]:
    """Return what `PathDisplay` is made of, without drawing it: fits a model for each strength.

    Parameters
    ----------
    estimator : estimator
        A fitted model that chose its strength (`MAPLassoCV`, `MAPElasticNetCV`, `MAPRidgeCV`, `MAPRidgeClassifierCV`,
        `MAPLogisticRegressionCV`), or any linear model or pipeline that ends with one, fitted or not.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Features.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Target.
    parameter : str, default=None
        What changes along the path, such as ``"alpha"`` or ``"prior__scale"``. None: that of the model that chose it.
    values : array-like of shape (n_values,), default=None
        Its values. None: those that the model chose from; where these are fewer than 30, as many between them
        too.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows; not for a pipeline.
    output : int, default=0
        Which row of coefficients, where there is one for each class or target.
    curve : bool, default=True
        Whether the cross-validation by which the strength was chosen is in the data, where there was one.

    Returns
    -------
    data : dict
        ``values`` (A,), ascending, ``coefs`` (A, p), ``features`` (p names), ``parameter``, ``chosen`` (float or
        None), and ``curve``: None, or a dict of ``values``, ``mean``, ``error`` (None or the standard error over the
        folds) and ``label``.

    Raises
    ------
    NotFittedError
        If a model that chooses its strength is not fitted.
    ValueError
        If there is no `parameter` or no `values` for a model that does not choose, it has no such parameter, or the
        output does not exist.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skbayes.linear_model import MAPLassoCV
    >>> from skbayes.plots import path_data
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = MAPLassoCV(cv=5).fit(X, y)
    >>> data = path_data(model, X, y)
    >>> data["coefs"].shape, data["curve"]["label"]
    ((100, 10), 'mean squared error (5 folds)')
    >>> data["chosen"] == model.alpha_ and data["chosen"] in data["values"]
    True
    """
    estimator, X, names = _out_of_pipeline(estimator, X)
    chooser = next((kind for kind in _FIXED if isinstance(estimator, kind)), None)
    if chooser is None:
        template, chosen, found = estimator, None, None
        if parameter is None or values is None:
            raise ValueError(
                f"A path needs the parameter that changes and its values; got parameter={parameter!r} and"
                f" values={values!r} for {type(estimator).__name__}, which has no path of its own, as MAPLassoCV"
                f" has. Give for example parameter='alpha', values=np.geomspace(1e-3, 1e3, 100)."
            )
    else:
        check_is_fitted(estimator, "coef_")
        template, parameter, chosen, values = _of_chooser(estimator, chooser, output, values)
        found = _curve_of(estimator) if curve else None
    grid = np.unique(np.asarray(values, dtype=np.float64))
    if not grid.size or not np.isfinite(grid).all():
        raise ValueError(f"values needs finite numbers; got {values!r}. Leave out the others.")
    coefs, features = _fitted(template, parameter, grid, X, y, sample_weight, output)
    return {
        "values": grid,
        "coefs": coefs,
        "features": features if names is None else names,
        "parameter": parameter,
        "chosen": chosen,
        "curve": found,
    }


def _out_of_pipeline(estimator: Any, X: Any) -> tuple[Any, Any, list[str] | None]:
    """Return a model that chose its strength as if it were alone, with what it sees and the names of that."""
    if not isinstance(inner(estimator), tuple(_FIXED)) or inner(estimator) is estimator:
        return estimator, X, None
    found = coefficients(estimator)
    return found.model, X if found.before is None else found.before.transform(X), found.features


def _fitted(
    template: Any,
    parameter: str,
    grid: Array,
    X: Any,
    y: ArrayLike,
    sample_weight: ArrayLike | None,
    output: int,
) -> tuple[Array, list[str]]:
    """Return the coefficients at each value (A, p), and their names."""
    rows, features = [], None
    weights = {} if sample_weight is None else {"sample_weight": sample_weight}
    for value in grid:
        model = _with(template, parameter, float(value)).fit(X, y, **weights)
        found = coefficients(model)
        if not 0 <= output < len(found.coef):
            raise ValueError(
                f"output needs the number of a class or target, 0 to {len(found.coef) - 1}; got {output}. Correct it."
            )
        rows.append(found.coef[output])
        features = found.features
    return np.array(rows, dtype=np.float64), features or []


def _with(template: Any, parameter: str, value: float) -> Any:
    """Return an unfitted copy with one value of a parameter."""
    model = clone(template)
    try:
        return model.set_params(**{parameter: value})
    except (AttributeError, ValueError) as error:
        raise ValueError(
            f"parameter needs one that {model!r} can set; got {parameter!r} ({error}). Correct the name, and give a"
            f" part that it belongs to as an object, such as prior=Normal() and not prior='normal'."
        ) from error


def _of_chooser(
    estimator: Any, chooser: type, output: int, values: Any
) -> tuple[Any, str, float, Array]:
    """Return the model of one strength, the name of that, the one chosen, and the grid."""
    fixed, parameter, grid_name = _FIXED[chooser]
    known = fixed().get_params()
    given = {name: value for name, value in estimator.get_params().items() if name in known}
    if "l1_ratio" in known and hasattr(estimator, "l1_ratio_"):
        given["l1_ratio"] = float(
            np.ravel(estimator.l1_ratio_)[output % np.size(estimator.l1_ratio_)]
        )
    for name in (
        "penalty",
        "precompute",
    ):  # the first is that of l1_ratio, the second has other choices there
        given.pop(name, None)
    strengths = np.ravel(getattr(estimator, f"{parameter}_"))
    chosen = float(strengths[output % strengths.size])
    grid = np.asarray(getattr(estimator, grid_name) if values is None else values, dtype=float)
    if grid.ndim > 1:  # one for each l1_ratio
        ratios = np.ravel(estimator.l1_ratio)
        grid = grid[int(np.argmin(np.abs(ratios - estimator.l1_ratio_)))]
    if values is None and grid.size < _FEWEST:
        positive = np.append(grid[grid > 0.0], chosen)
        between = np.geomspace(float(positive.min()), float(positive.max()), _FEWEST)
        grid = np.concatenate([grid, [chosen], between])
    return fixed(**given), parameter, chosen, grid


def _curve_of(estimator: Any) -> dict[str, Any] | None:
    """Return the cross-validation over strengths, where a model of its own grid kept it."""
    if isinstance(estimator, MAPLassoCV | MAPElasticNetCV):
        values, errors = np.asarray(estimator.alphas_), np.asarray(estimator.mse_path_)
        if errors.ndim > 2:
            ratio = int(np.argmin(np.abs(np.ravel(estimator.l1_ratio) - estimator.l1_ratio_)))
            values, errors = values[ratio] if values.ndim > 1 else values, errors[ratio]
        return _over_folds(values, np.atleast_2d(errors), "mean squared error")
    if isinstance(estimator, MAPLogisticRegressionCV):
        scores = estimator.scores_
        if isinstance(scores, dict):  # the legacy layout: by class, and strengths before ratios
            scores = next(iter(scores.values()))
            scores = scores[:, None] if scores.ndim == 2 else np.swapaxes(scores, 1, 2)
        ratios = np.atleast_1d(estimator.l1_ratios_)
        ratio = 0
        if ratios.size > 1:
            ratio = int(np.argmin(np.abs(ratios - np.mean(estimator.l1_ratio_))))
        name = estimator.scoring if isinstance(estimator.scoring, str) else "score"
        name = "accuracy" if name == "warn" or estimator.scoring is None else name
        return _over_folds(estimator.Cs_, scores[:, ratio].T, f"mean {name}")
    left_out = getattr(estimator, "cv_results_", None)
    if left_out is None or np.ndim(left_out) != 2 or estimator.scoring is not None:
        return None
    # Squared errors of the rows left out, one at a time.
    return {
        "values": np.ravel(estimator.alphas).astype(float),
        "mean": np.mean(left_out, axis=0),
        "error": None,
        "label": "mean squared error (leave-one-out)",
    }


def _over_folds(values: Any, found: Array, label: str) -> dict[str, Any]:
    """Return the curve of numbers (A, n_folds)."""
    n_folds = found.shape[1]
    error = found.std(axis=1, ddof=1) / np.sqrt(n_folds) if n_folds > 1 else None
    return {
        "values": np.asarray(values, dtype=np.float64),
        "mean": found.mean(axis=1),
        "error": error,
        "label": f"{label} ({n_folds} folds)",
    }
