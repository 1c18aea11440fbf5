"""What a picture of two or three objectives is made of: their values, and which candidates no other one dominates."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult
from scipy.special import ndtri

from ..model_selection import search_history
from ..optimizer import (
    TIMES,
    MultiObjectiveOptimizer,
    Objective,
    Trial,
    as_metric_constraints,
    as_objectives,
    hypervolume,
    non_dominated,
    reference_values,
    violations,
)
from ._source import source_of

__all__ = ["pareto_data"]

Floats = NDArray[np.float64]

# Standard deviations to either side that hold 95 % of a normal distribution.
_TWO_SIDED_95 = float(ndtri(0.975))


@dataclass(frozen=True)
class _Table:
    """Metrics of the candidates by name, in their own sign and unit; the posterior is means and deviations."""

    metrics: list[dict[str, float]]
    stds: list[dict[str, float]]
    posterior: tuple[list[dict[str, float]], list[dict[str, float]]]
    is_complete: NDArray[np.bool_]
    labels: dict[str, str]


def pareto_data(
    search: Any,
    objectives: Sequence[str] | None = None,
    *,
    reference: Mapping[str, float] | Sequence[float] | None = None,
    metric_constraints: Mapping[str, str] | None = None,
    log_scale: Iterable[str] = TIMES,
    posterior: bool = True,
) -> dict[str, Any]:
    """Return what `ParetoDisplay` is made of, without drawing it.

    Parameters
    ----------
    search : fitted search, dict, MultiObjectiveOptimizer, History, iterable of Trial, or path-like
        A search of ours or of scikit-learn, or its `cv_results_`; a path is that of a journal or of an exported
        history. The trials of a history need `metrics`.
    objectives : list of str, default=None
        Two or three names of metrics, ``"fit_time"`` and ``"score_time"``, each with ``"-"`` before it if smaller is
        better; None: those of the search.
    reference : dict, sequence of float or None, default=None
        The worst value of each objective that counts, in its own sign and unit; None: no hypervolume is computed.
    metric_constraints : dict, default=None
        Bounds of metrics, as ``{"fit_time": "<= 0.1"}``; None: those of the search, if it has any.
    log_scale : iterable of str, default=("fit_time", "score_time")
        Names of objectives that are positive and vary by powers of ten: they have logarithmic axes, and the
        hypervolume is taken in their logarithms.
    posterior : bool, default=True
        Whether to return what the search's own models believe of the objectives: those of a Bayesian search are in
        `cv_results_`, those of a `MultiObjectiveOptimizer` are fitted. nan where there are none.

    Returns
    -------
    data : dict
        Names and values of the arguments of `ParetoDisplay`.

    Raises
    ------
    NotFittedError
        If a search has not been fitted.
    TypeError
        If `search` is none of these, or the objectives are no list of strings.
    ValueError
        If there are not two or three objectives, a metric is not known, or the reference does not fit.

    Notes
    -----
    The front is that of the observed means, among the candidates that are complete and keep to the constraints. Noise
    makes the best ones look better than they are; the posterior says by how much, for it is of what the objectives are
    without noise, given all candidates. Its interval has 2.5 % on either side. Of a time, and of what else is modelled
    by its logarithm, it is that of a log-normal distribution with the posterior's mean μ and standard deviation σ:
    exp(m ± 1.96 s) around exp(m), with s² = log(1 + σ²/μ²) and m = log μ − s²/2.

    Examples
    --------
    >>> from skbayes.plots import pareto_data
    >>> results = {
    ...     "params": [{"C": 0.1}, {"C": 1.0}, {"C": 10.0}],
    ...     "mean_test_score": np.array([0.8, 0.9, 0.85]),
    ...     "std_test_score": np.array([0.01, 0.02, 0.01]),
    ...     "mean_fit_time": np.array([0.1, 0.2, 0.3]),
    ...     "std_fit_time": np.array([0.0, 0.0, 0.0]),
    ... }
    >>> data = pareto_data(results, ["score", "-fit_time"])
    >>> data["is_on_front"].tolist(), data["labels"]
    ([True, True, False], ['mean test score', 'mean fit time (seconds)'])
    """
    table, own, own_constraints = _read(search, with_posterior=posterior)
    given = own if objectives is None else as_objectives(objectives, log_scale)
    if given is None:
        raise ValueError(
            "ParetoDisplay needs to know which metrics to compare, and this search has no objectives; got "
            f"objectives=None. Choose two or three of {sorted(table.labels)}, with '-' before one of which smaller is "
            "better."
        )
    if not 2 <= len(given) <= 3:
        raise ValueError(
            f"ParetoDisplay shows two or three objectives; got {list(map(str, given))}. Give as many."
        )
    names = [_known(each.name, table) for each in given]
    values = _columns(table.metrics, names)
    is_whole = table.is_complete & np.isfinite(values).all(axis=1)
    values[~is_whole] = np.nan
    wanted = own_constraints if metric_constraints is None else metric_constraints
    constraints = as_metric_constraints(wanted, log_scale)
    metrics = [
        {c.name: row.get(_known(c.name, table), np.nan) for c in constraints}
        for row in table.metrics
    ]
    is_feasible = (
        violations(constraints, metrics) == 0.0 if constraints else np.ones(len(values), dtype=bool)
    )
    inner = _inner(values, given)
    is_counted = is_whole & is_feasible
    least = reference_values(reference, given)
    return {
        "objectives": [str(each) for each in given],
        "labels": [table.labels[name] for name in names],
        "values": values,
        "stds": np.where(is_whole[:, None], _columns(table.stds, names), np.nan),
        **_intervals(
            table, names, is_whole, [*TIMES, *(each.name for each in own or () if each.is_log)]
        ),
        "is_on_front": non_dominated(np.where(is_counted[:, None], inner, np.nan)),
        "is_feasible": is_feasible & is_whole,
        "is_log": [each.is_log for each in given],
        "reference": least,
        "hypervolume": np.nan
        if np.isnan(least).any()
        else hypervolume(inner[is_counted], _inner(least[None], given)[0]),
        "bounds": [
            (names.index(name), float(c.bound))
            for c in constraints
            if (name := _known(c.name, table)) in names
        ],
    }


def _intervals(
    table: _Table, names: Sequence[str], is_whole: NDArray[np.bool_], logs: Sequence[str]
) -> dict[str, Floats]:
    """Centre and ends of the posterior of each objective."""
    mean, std = (
        np.where(is_whole[:, None], _columns(each, names), np.nan) for each in table.posterior
    )
    is_log = np.array([name in logs for name in names])[None, :] & (mean > 0.0)
    with np.errstate(all="ignore"):
        spread = np.sqrt(np.log1p((std / mean) ** 2))
        centre = np.where(is_log, np.log(mean) - 0.5 * spread**2, mean)
        half = _TWO_SIDED_95 * np.where(is_log, spread, std)
        ends = {"mean": centre, "lower": centre - half, "upper": centre + half}
        return {
            f"posterior_{name}": np.where(is_log, np.exp(each), each) for name, each in ends.items()
        }


def _read(search: Any, *, with_posterior: bool) -> tuple[_Table, tuple[Objective, ...] | None, Any]:
    """Return the metrics of the candidates, and the objectives and constraints of the search if it has any."""
    if isinstance(search, Mapping) and not isinstance(search, OptimizeResult):
        if "params" not in search:
            raise ValueError(
                f"A table needs the columns of cv_results_; got {sorted(search)}. Give search.cv_results_."
            )
        return _of_results(search, None, with_posterior), None, None
    if hasattr(search, "get_params") and hasattr(search, "fit"):
        if not hasattr(search, "cv_results_"):
            search_history(search)  # says what is missing
        scoring = getattr(search, "scoring", None)
        own = getattr(search, "objectives", None)
        called = scoring if isinstance(scoring, str) else None
        table = _of_results(search.cv_results_, called, with_posterior)
        objectives = None if own is None else as_objectives(own)
        return table, objectives, getattr(search, "metric_constraints", None)
    own = search.objectives if isinstance(search, MultiObjectiveOptimizer) else None
    trials = tuple(source_of(search).history)
    if not trials:
        raise ValueError(
            "ParetoDisplay needs at least one candidate; got a search without any. Tell some first."
        )
    metrics = [
        {"score": trial.score, "fit_time": _number(trial.fit_time), **(trial.metrics or {})}
        for trial in trials
    ]
    names = dict.fromkeys(name for each in metrics for name in each)
    labels = {
        name: name.replace("_", " ") + " (seconds)" if name in TIMES else name for name in names
    }
    is_complete = np.array([trial.status == "complete" for trial in trials], dtype=bool)
    nothing: list[dict[str, float]] = [{} for _ in trials]
    believed = (
        _believed(search, trials) if own is not None and with_posterior else (nothing, nothing)
    )
    return _Table(metrics, nothing, believed, is_complete, labels), own, None


def _believed(
    optimizer: MultiObjectiveOptimizer, trials: Sequence[Trial]
) -> tuple[list[dict[str, float]], list[dict[str, float]]]:
    """Means and standard deviations of the objectives at trials."""
    try:
        found = optimizer.copy().objective_posteriors([trial.params for trial in trials])
    except ValueError:  # too few scores for a model
        found = {}
    return tuple(  # type: ignore[return-value]  # of two
        [
            {name: float(getattr(each, what)[k]) for name, each in found.items()}
            for k in range(len(trials))
        ]
        for what in ("mean", "std")
    )


def _of_results(results: Mapping[str, Any], scoring: str | None, with_posterior: bool) -> _Table:
    columns, labels = {}, {}
    for key in results:
        name = key.removeprefix("mean_")
        if name in TIMES and key != name:
            columns[name], labels[name] = name, f"mean {name.replace('_', ' ')} (seconds)"
        elif name.startswith("test_") and key != name:
            metric = name.removeprefix("test_")
            called = scoring if metric == "score" else metric
            columns[metric] = name
            labels[metric] = "mean test score" if called is None else f"mean test score ({called})"
    n = len(results["params"])
    status = np.asarray(results.get("status", ["complete"] * n))

    def rows(kind: str) -> list[dict[str, float]]:
        found = {
            metric: np.asarray(results.get(f"{kind}_{name}", np.full(n, np.nan)), dtype=float)
            for metric, name in columns.items()
        }
        return [{metric: float(values[k]) for metric, values in found.items()} for k in range(n)]

    kinds = ("posterior_mean", "posterior_std") if with_posterior else ("", "")
    believed = (rows(kinds[0]), rows(kinds[1]))
    return _Table(rows("mean"), rows("std"), believed, status == "complete", labels)


def _known(name: str, table: _Table) -> str:
    """The name that a metric has in the table: "score" if there is one only, whatever it was called."""
    if name in table.labels:
        return name
    scores = [known for known in table.labels if known not in TIMES]
    if scores == ["score"]:
        return "score"
    raise ValueError(
        f"The search has no metric {name!r}; it has {sorted(table.labels)}. Name some of these."
    )


def _columns(metrics: Sequence[Mapping[str, float]], names: Sequence[str]) -> Floats:
    rows = [[each.get(name, np.nan) for name in names] for each in metrics]
    return np.array(rows, dtype=float).reshape(len(metrics), len(names))


def _inner(values: Floats, objectives: Sequence[Objective]) -> Floats:
    """Values so that higher is better in every column, logarithms of those on a logarithmic axis."""
    return np.stack(
        [each.inner(column) for each, column in zip(objectives, values.T, strict=True)], axis=1
    )


def _number(value: float | None) -> float:
    return np.nan if value is None else value
