"""What a picture of a likelihood is made of: points, curves of candidates, and the heights of these at the points.

Notation: x the n points of one column, θ_c the candidates.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rv_discrete
from sklearn.utils.validation import check_is_fitted

from ._matplotlib import COLOURS

__all__ = ["likelihood_data"]

Array = NDArray[np.float64]

# Points of a smooth curve, and the part of the range of the data that is shown on either side.
_GRID, _MARGIN = 400, 0.35
# So much of the range is drawn beyond an end of the support, to show the step.
_EDGE = 0.03


def likelihood_data(
    estimator: Any,
    candidates: Sequence[Mapping[str, float]] = ({},),
    X: Any = None,
    *,
    labels: Sequence[str] | None = None,
    feature: int = 0,
) -> dict[str, Any]:
    """Return what `LikelihoodDisplay` is made of, without drawing it.

    Parameters
    ----------
    estimator : DistributionEstimator
        Fitted.
    candidates : sequence of dict of str to float, default=({},)
        Parameters of each curve by name, at most four; those not named are as estimated, ``{}`` is the estimate.
    X : array-like of shape (n_samples, n_features), default=None
        Points; None: those of `fit`.
    labels : sequence of str, default=None
        What each candidate is called; None: by its parameters.
    feature : int, default=0
        Which column.

    Returns
    -------
    data : dict
        ``x`` (n,), ``heights`` (n_candidates, n) the density of each point under each candidate, ``log_likelihood``
        (n_candidates,), ``grid`` (n_grid,) and ``curves`` (n_candidates, n_grid), ``labels``, ``is_discrete`` and
        ``name``, that of the column or None.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If it is no distribution, or the candidates are one dict and not a sequence of them.
    ValueError
        If there is no candidate or more than four, the labels are not as many, a parameter is impossible, or the
        column does not exist.

    Notes
    -----
    The likelihood of parameters θ is Π_i p(x_i | θ), its logarithm Σ_i log p(x_i | θ): each point as it is, without
    weights.

    Examples
    --------
    >>> from skbayes.density import DistributionEstimator
    >>> from skbayes.plots import likelihood_data
    >>> model = DistributionEstimator("norm").fit([[1.0], [2.0], [4.0]])
    >>> data = likelihood_data(model, [{"loc": 2.0, "scale": 1.0}])
    >>> print(data["heights"].round(3), round(float(data["log_likelihood"][0]), 3))
    [[0.242 0.399 0.054]] -5.257
    """
    candidates = candidates if isinstance(candidates, Mapping) else list(candidates)
    _check(estimator, candidates, labels, feature)
    n_features = estimator.n_features_in_
    given = [_of_column(candidate, feature, n_features) for candidate in candidates]
    tables = [estimator.likelihood(params, X) for params in given]
    chosen = [t.params if n_features == 1 else t.params[feature] for t in tables]
    fitted = estimator.distribution_ if n_features == 1 else estimator.distribution_[feature]
    x = tables[0].x[:, feature]
    if np.isnan(x).any():
        raise ValueError(
            "LikelihoodDisplay draws values, and some of these are censored; got NaN in X. Give X without them."
        )
    is_discrete = isinstance(fitted.dist, rv_discrete)
    drawn = [fitted.dist(**params) for params in chosen]
    grid = _grid(x, drawn, is_discrete=is_discrete)
    densities = [frozen.pmf if is_discrete else frozen.pdf for frozen in drawn]
    heights = np.array([density(x) for density in densities])
    logarithms = [frozen.logpmf if is_discrete else frozen.logpdf for frozen in drawn]
    # Not of the heights, which are zero where their logarithm is still a number.
    together = np.array([logarithm(x).sum() for logarithm in logarithms])
    names = getattr(estimator, "feature_names_in_", None)
    return {
        "x": x,
        "heights": heights,
        "log_likelihood": together,
        "grid": grid,
        "curves": np.array([density(grid) for density in densities]),
        "labels": [_label(params) for params in chosen] if labels is None else list(labels),
        "is_discrete": is_discrete,
        "name": None if names is None else str(names[feature]),
    }


def _check(estimator: Any, candidates: Any, labels: Sequence[str] | None, feature: int) -> None:
    check_is_fitted(estimator)
    if not hasattr(estimator, "distribution_"):
        raise TypeError(
            f"LikelihoodDisplay is of a distribution; got {type(estimator).__name__}. Give a fitted"
            f" DistributionEstimator; of a coefficient there is ParameterDisplay."
        )
    if isinstance(candidates, Mapping):
        raise TypeError(
            f"candidates needs a list of dicts, one for each curve; got {candidates!r}. Put it into a list."
        )
    if not 1 <= len(candidates) <= len(COLOURS):
        raise ValueError(
            f"LikelihoodDisplay needs one to {len(COLOURS)} candidates; got {len(candidates)}. Draw the others in a"
            f" picture of their own."
        )
    if labels is not None and len(labels) != len(candidates):
        raise ValueError(
            f"labels needs a name for each of {len(candidates)} candidates; got {len(labels)}. Give as many, or None."
        )
    n_features = estimator.n_features_in_
    if not 0 <= feature < n_features:
        raise ValueError(
            f"feature is the number of a column, 0 to {n_features - 1}; got {feature}. Correct it."
        )


def _of_column(candidate: Mapping[str, float], feature: int, n_features: int) -> Any:
    return [dict(candidate) if j == feature else {} for j in range(n_features)]


def _label(params: Mapping[str, float]) -> str:
    return ", ".join(f"{name}={value:.3g}" for name, value in params.items())


def _grid(x: Array, drawn: list[Any], *, is_discrete: bool) -> Array:
    """Return where curves are computed: beyond the data on both sides, but hardly beyond what is possible."""
    # One point, or equal ones, have no range of their own: that of the narrowest curve.
    widths = [float(frozen.ppf(0.95) - frozen.ppf(0.05)) for frozen in drawn]
    spread = max(float(np.ptp(x)), 1.0 if is_discrete else min(widths))
    supports = [frozen.support() for frozen in drawn]
    beyond = 0.0 if is_discrete else _EDGE * spread
    first = min(*(float(end[0]) for end in supports), float(x.min())) - beyond
    last = max(*(float(end[1]) for end in supports), float(x.max())) + beyond
    low = max(float(x.min()) - _MARGIN * spread, first)
    high = min(float(x.max()) + _MARGIN * spread, last)
    if is_discrete:
        return np.unique(np.round(np.linspace(np.floor(low), np.ceil(high), _GRID)))
    return np.linspace(low, high, _GRID)
