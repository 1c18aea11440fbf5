"""How often intervals contain what they claim to: at many levels, on rows that the model has not seen.

Notation: n rows, L levels, M series (models, and within them targets); s_i weights of rows; p_i what the model itself
says of the probability of the interval of row i.

References
----------
.. [1] Gneiting, Balabdaoui, Raftery (2007). Probabilistic forecasts, calibration and sharpness. J. R. Stat. Soc. B 69,
   243-268. doi:10.1111/j.1467-9868.2007.00587.x
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom
from sklearn.utils.validation import check_array

from ._linear import inner, named_models, unwrapped
from ._series import SERIES

__all__ = ["calibration_interval_data", "checked_levels", "coverage_data"]

Array = NDArray[np.float64]

# Every five per cent, and one per cent from the ends, where it matters most.
_LEVELS = (0.01, *np.arange(1, 20) / 20, 0.99)


def calibration_interval_data(
    models: Any,
    X: Any,
    y: ArrayLike,
    *,
    levels: Sequence[float] | None = None,
    sample_weight: ArrayLike | None = None,
    band: float = 0.95,
) -> dict[str, Any]:
    """Return what `CalibrationIntervalDisplay` is made of, without drawing it.

    Parameters
    ----------
    models : estimator or dict of str to estimator
        Fitted, each with ``predict_interval(X, level)``; pipelines that end with one, and searches over these.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows that the models were not fitted to.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        What was observed.
    levels : sequence of float, default=None
        Probabilities that the intervals claim, between 0 and 1; None: every five per cent, 1 % and 99 %.
    sample_weight : array-like of shape (n_samples,), default=None
        How often each row counts; non-negative.
    band : float, default=0.95
        Probability of the band in which a calibrated model would be, at each level by itself.

    Returns
    -------
    data : dict
        ``levels`` (L,), ``coverage`` (M, L), ``expected`` (M, L) the coverage if the models are right, ``widths``
        (M, L) the mean widths, ``band_lower`` and ``band_upper`` (L,), or (M, L) where not all series expect the same,
        ``labels`` (M), ``n_samples`` and ``band``.

    Raises
    ------
    TypeError
        If a model has no `predict_interval`.
    ValueError
        If a level is impossible, there is no row, an interval is NaN, or there are more than ten series.

    Notes
    -----
    Coverage is Σ s_i [lower_i <= y_i <= upper_i] / Σ s_i. If the model is right it is expected to be Σ s_i p_i / Σ s_i,
    which is the level. Of counts it is higher: there is no interval of just 90 %, and the smallest with at least that
    may have 97 %. So p_i is computed (``interval_probability`` of the model) where all ends are whole numbers; of a
    model that cannot say it, the level stands for it.

    The band is of the binomial distribution of n trials with the expected coverage as their probability: rows
    independent of one another, as new rows are given the model. Where the p_i differ, it holds at least as much [2]_.
    With weights n is (Σ s)² / Σ s².

    Calibration says nothing about sharpness [1]_: of two calibrated models the one with the smaller ``widths`` is
    better.

    References
    ----------
    .. [1] Gneiting, Balabdaoui, Raftery (2007). Probabilistic forecasts, calibration and sharpness. J. R. Stat. Soc.
       B 69, 243-268. doi:10.1111/j.1467-9868.2007.00587.x
    .. [2] Hoeffding (1956). On the distribution of the number of successes in independent trials. Ann. Math. Statist.
       27, 713-721. doi:10.1214/aoms/1177728178

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skbayes.linear_model import MAPRidge
    >>> from skbayes.plots import calibration_interval_data
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = MAPRidge(0.1).fit(X[:300], y[:300])
    >>> data = calibration_interval_data(model, X[300:], y[300:], levels=[0.5, 0.9])
    >>> data["coverage"].round(2), data["band_lower"].round(2), data["band_upper"].round(2)
    (array([[0.53, 0.9 ]]), array([0.42, 0.85]), array([0.58, 0.94]))
    """
    claimed = checked_levels(_LEVELS if levels is None else levels)
    for model in named_models(models).values():
        _check_has_intervals(model)
    observed = check_array(y, ensure_2d=False, dtype="numeric", input_name="y")
    series: dict[str, tuple[Array, Array, Array]] = {}
    expected: dict[str, Array] = {}
    for name, model in named_models(models).items():
        lower, upper, probabilities = _intervals(model, X, claimed)
        n_targets = lower.shape[2]
        if np.size(observed) != lower[0].size:
            raise ValueError(
                f"y needs a value for each row and target, of shape {lower.shape[1:]}; got shape {observed.shape}."
            )
        for k in range(n_targets):
            of_target = f"target {k}" if n_targets > 1 else ""
            label = ", ".join(part for part in (name, of_target) if part)
            columns = observed.reshape(len(observed), -1)
            series[label] = (columns[:, k], lower[..., k], upper[..., k])
            if probabilities is not None:
                expected[label] = probabilities[..., k]
    return coverage_data(series, claimed, sample_weight, band, expected)


def _check_has_intervals(model: Any) -> None:
    last = inner(model)
    if not hasattr(last, "predict_interval"):
        raise TypeError(
            f"Intervals come from predict_interval(X, level); got {type(last).__name__}, which has none. Give a"
            f" regressor of skbayes.linear_model, or use CalibrationIntervalDisplay.from_predictions."
        )


def _intervals(model: Any, X: Any, levels: Array) -> tuple[Array, Array, Array | None]:
    """Return lower ends, upper ends and what the model says of their probabilities, (L, n, k); None: the levels."""
    last, before, _ = unwrapped(model)
    seen = X if before is None else before.transform(X)
    pairs = [last.predict_interval(seen, float(level)) for level in levels]
    ends = np.array(pairs, dtype=float)
    ends = ends[..., None] if ends.ndim == 3 else ends
    # Infinite ones are whole too, and what is NaN is refused later.
    is_whole = bool((np.floor(ends) == ends).all())
    if not is_whole or not hasattr(last, "interval_probability"):
        return ends[:, 0], ends[:, 1], None
    found = np.array([last.interval_probability(seen, *pair) for pair in pairs], dtype=float)
    return ends[:, 0], ends[:, 1], found.reshape(ends[:, 0].shape)


def checked_levels(levels: Any) -> Array:
    """Return levels as an array, ascending.

    Raises
    ------
    ValueError
        If one is no probability inside (0, 1).
    """
    values = np.sort(np.ravel(np.asarray(levels, dtype=np.float64)))
    if not values.size or not (values[0] > 0.0 and values[-1] < 1.0):
        raise ValueError(
            f"levels needs probabilities between 0 and 1, both excluded; got {levels!r}. Give (0.5, 0.9)."
        )
    return values


def coverage_data(
    series: Mapping[str, tuple[Array, Array, Array]],
    levels: Array,
    sample_weight: ArrayLike | None,
    band: float,
    probabilities: Mapping[str, Array] | None = None,
) -> dict[str, Any]:
    """Return the data of intervals by name: y (n,), lower (L, n), upper (L, n), and if known p (L, n)."""
    if not 0.0 < band < 1.0:
        raise ValueError(
            f"band needs a probability between 0 and 1, both excluded; got {band!r}. Use 0.95."
        )
    if len(series) > len(SERIES):
        raise ValueError(
            f"At most {len(SERIES)} series can be told apart; got {len(series)}. Compare fewer models or targets."
        )
    first = next(iter(series.values()))[0]
    weight = np.ones(first.size) if sample_weight is None else _weight(sample_weight, first.size)
    coverage, widths, expected = [], [], []
    for label, (y, lower, upper) in series.items():
        if np.isnan(lower).any() or np.isnan(upper).any():
            raise ValueError(
                f"Intervals need ends; got NaN in those of {label or 'the model'}. Leave these rows out."
            )
        coverage.append(np.average((lower <= y) & (y <= upper), axis=1, weights=weight))
        widths.append(np.average(upper - lower, axis=1, weights=weight))
        known = (probabilities or {}).get(label)
        expected.append(
            levels if known is None else np.average(known, axis=1, weights=weight).clip(0.0, 1.0)
        )
    n = float(weight.sum() ** 2 / np.sum(weight**2))
    tail = 0.5 * (1.0 - band)
    trials = max(1, round(n))
    # Series that expect the same, as all of no counts do, have one band.
    shared = expected[0] if np.ptp(expected, axis=0).max() == 0.0 else np.array(expected)
    return {
        "levels": levels,
        "coverage": np.array(coverage),
        "expected": np.array(expected),
        "widths": np.array(widths),
        "band_lower": binom.ppf(tail, trials, shared) / trials,
        "band_upper": binom.ppf(1.0 - tail, trials, shared) / trials,
        "labels": list(series),
        "n_samples": int(np.count_nonzero(weight)),
        "band": band,
    }


def _weight(sample_weight: ArrayLike, n: int) -> Array:
    weight = np.asarray(sample_weight, dtype=np.float64)
    if (
        weight.shape != (n,)
        or not np.isfinite(weight).all()
        or (weight < 0.0).any()
        or not weight.any()
    ):
        raise ValueError(
            f"sample_weight needs a number for each of {n} rows, none negative and not all zero; got an array of shape"
            f" {weight.shape}. Correct it."
        )
    return weight
