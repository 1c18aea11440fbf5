"""The front of a search: the candidates than which no other is better in one objective and as good in all."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .._pandas import MISSING, frame_of
from ..optimizer import TIMES, as_objectives, non_dominated

__all__ = ["pareto_front"]


def pareto_front(results: Mapping[str, Any], objectives: Sequence[str]) -> Any:
    """Return the candidates of a search that no other one dominates.

    Parameters
    ----------
    results : dict
        `cv_results_` of any search, scikit-learn's own too.
    objectives : list of str
        Names of one to three metrics of the table, ``"fit_time"`` and ``"score_time"``; smaller is better with
        ``"-"`` before the name.

    Returns
    -------
    front : pandas.DataFrame
        A row for each candidate of the front, the best by the first objective first: `index` in `results`, mean
        and standard deviation over the folds of each objective in its own sign, and the parameters.

    Raises
    ------
    ImportError
        Without pandas.
    ValueError
        If the table has no such metric, or there are more than 3 objectives.

    See Also
    --------
    skbayes.BayesSearchCV : Searches for the front: ``objectives=``.

    Notes
    -----
    Incomplete and failed candidates are left out, and with metric constraints those that do not keep to them. The
    front is that of the observed means, of which noise makes the best ones look better than they are.

    Examples
    --------
    >>> from skbayes.model_selection import pareto_front
    >>> results = {
    ...     "params": [{"C": 0.1}, {"C": 1.0}, {"C": 10.0}],
    ...     "mean_test_score": np.array([0.8, 0.9, 0.85]),
    ...     "std_test_score": np.array([0.01, 0.02, 0.01]),
    ...     "mean_fit_time": np.array([0.1, 0.2, 0.3]),
    ...     "std_fit_time": np.array([0.0, 0.0, 0.0]),
    ... }
    >>> pareto_front(results, ["score", "-fit_time"])[["index", "score", "fit_time", "param_C"]]
       index  score  fit_time  param_C
    0      1    0.9       0.2      1.0
    1      0    0.8       0.1      0.1
    """
    aims = as_objectives(objectives)
    labels = [_label(results, aim.name) for aim in aims]
    means = np.stack(
        [np.asarray(results[f"mean_{label}"], dtype=float) for label in labels], axis=1
    )
    counts = np.isfinite(means).all(axis=1)
    if "status" in results:
        counts &= np.asarray(results["status"]) == "complete"
    if "is_feasible" in results:
        counts &= np.asarray(results["is_feasible"], dtype=bool)
    signs = np.array([-1.0 if aim.is_minimised else 1.0 for aim in aims])
    rows = np.flatnonzero(counts)
    rows = rows[non_dominated(means[rows] * signs)]
    rows = rows[np.argsort(-signs[0] * means[rows, 0], kind="stable")]
    columns: dict[str, Sequence[Any]] = {"index": rows.tolist()}
    for aim, label in zip(aims, labels, strict=True):
        for name, column in ((aim.name, f"mean_{label}"), (f"std_{aim.name}", f"std_{label}")):
            columns[name] = np.asarray(results[column], dtype=float)[rows].tolist()
    params = [results["params"][row] for row in rows]
    for name in dict.fromkeys(name for each in results["params"] for name in each):
        columns[f"param_{name}"] = [each.get(name, MISSING) for each in params]
    return frame_of(columns, "pareto_front")


def _label(results: Mapping[str, Any], name: str) -> str:
    """The name of the columns of a metric."""
    if name in TIMES:
        return name
    if f"mean_test_{name}" in results:
        return f"test_{name}"
    names = [key.removeprefix("mean_test_") for key in results if key.startswith("mean_test_")]
    if names == ["score"]:  # the one metric, whatever its name was
        return "test_score"
    raise ValueError(
        f"The table has no metric {name!r}; it has {sorted(names)}, {' and '.join(TIMES)}. Name one of them."
    )
