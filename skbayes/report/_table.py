"""The candidates as the columns of a table, most telling first."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..optimizer import Trial
from ._cells import Cell, cell, column, items_as_code
from ._material import Material

__all__ = ["codes_of", "parameter_cell", "table_of"]

Column = dict[str, Any]

# Shown on demand: with many folds and metrics nothing else could be seen.
_HIDDEN = {"folds", "training", "times", "model", "other"}
# Texts that without quotes would look like something else.
_QUOTED = {"", "None", "True", "False", "nan", "inf", "-inf"}
_ORDER = ("candidate", "score", "parameters", "metrics", "times", "model", "folds", "training", "other")  # fmt: skip


def table_of(material: Material) -> list[Column]:
    """Return the columns, in the order in which they are shown; each has a value for each candidate."""
    if material.results is not None:
        columns = _of_results(material)
    else:
        columns = _of_trials(material.trials, material.source.score_name)
    return sorted(columns, key=lambda each: _ORDER.index(each["group"]))


def codes_of(material: Material) -> list[str]:
    """Return the parameters of each row as Python code: in JSON, unlike here, 1 and 1.0 are the same."""
    results = material.results
    listed = [t.params for t in material.trials] if results is None else results["params"]
    return [f"{{{', '.join(items_as_code(params))}}}" for params in listed]


def parameter_cell(params: Mapping[str, Any], name: str) -> Cell:
    """Return the value of a parameter; None where it is not active, which a nan is not."""
    if name not in params:
        return None
    value = params[name]
    if isinstance(value, str) and value in _QUOTED:
        return repr(str(value))
    found = cell(value)
    return "nan" if found is None else found


def _of_trials(trials: Sequence[Trial], score_name: str) -> list[Column]:
    columns = [
        column("candidate", "candidate", "candidate", [trial.number for trial in trials]),
        column("status", "status", "candidate", [trial.outcome for trial in trials]),
        column("score", score_name, "score", [cell(trial.score) for trial in trials]),
    ]
    columns += _parameters([trial.params for trial in trials])
    n_folds = max((len(trial.fold_scores or ()) for trial in trials), default=0)
    for k in range(n_folds):
        values = [_fold(trial, k) for trial in trials]
        columns.append(_column(f"split{k}_score", f"fold {k}", "folds", values))
    times = [None if trial.fit_time is None else cell(trial.fit_time) for trial in trials]
    columns.append(_column("fit_time", "fit time (s)", "times", times))
    for name in dict.fromkeys(name for trial in trials for name in trial.metrics or {}):
        values = [cell((trial.metrics or {}).get(name, np.nan)) for trial in trials]
        if name != "fit_time":
            group = "times" if name == "score_time" else "metrics"
            columns.append(_column(f"metric_{name}", _metric_label(name), group, values))
    if all(value is None for value in times):
        columns = [each for each in columns if each["name"] != "fit_time"]
    # The one metric is the score.
    scores = next(each["values"] for each in columns if each["name"] == "score")
    return [e for e in columns if e["name"] != "metric_score" or e["values"] != scores]


def _fold(trial: Trial, k: int) -> Cell:
    scores = trial.fold_scores or ()
    return cell(scores[k]) if k < len(scores) else None


def _of_results(material: Material) -> list[Column]:
    results = material.results
    assert results is not None
    n_candidates = len(results["params"])
    columns = [column("candidate", "candidate", "candidate", range(n_candidates))]
    statuses = _statuses(material, n_candidates)
    columns.append(column("status", "status", "candidate", statuses))
    for name, values in results.items():
        if name in ("params", "status") or name.startswith("param_"):
            continue
        cells = [cell(value) for value in np.ma.getdata(values).tolist()]
        columns.append(_column(name, *_label_and_group(name, material), cells))
    return columns + _parameters(results["params"])


def _statuses(material: Material, n_candidates: int) -> list[str]:
    if len(material.trials) == n_candidates:
        return [trial.outcome for trial in material.trials]
    return [
        str(each) for each in (material.results or {}).get("status", ["complete"] * n_candidates)
    ]


def _label_and_group(name: str, material: Material) -> tuple[str, str]:
    """How a column of `cv_results_` is called on the page, and in which group it is."""
    fold = re.fullmatch(r"split(\d+)_(test|train)_(.+)", name)
    if fold:
        metric = "" if fold[3] == "score" else f" {fold[3]}"
        group = "folds" if fold[2] == "test" else "training"
        return f"fold {fold[1]}{'' if group == 'folds' else ' train'}{metric}", group
    if name.endswith(("fit_time", "score_time")):
        return f"{name.replace('_', ' ')} (s)", "model" if "posterior" in name else "times"
    if "_train_" in name:
        return name.replace("_", " "), "training"
    if name.startswith("posterior_"):
        return name.replace("_", " "), "model"
    kind = re.fullmatch(r"(mean|std|rank)(_finalist)?_test_(.+)", name)
    if kind:
        label = f"{kind[1]}{' finalist' if kind[2] else ''} test {kind[3]}"
        return label, "score" if kind[3] in ("score", _metric(material)) else "metrics"
    is_score = name in ("is_feasible", "constraint_violation", "iter", "n_resources")
    return name.replace("_", " "), "score" if is_score else "other"


def _metric(material: Material) -> str:
    named = re.search(r"\((.+)\)$", material.source.score_name)
    return named[1] if named else "score"


def _parameters(listed: Iterable[Mapping[str, Any]]) -> list[Column]:
    listed = list(listed)
    names = dict.fromkeys(name for params in listed for name in params)
    return [
        column(f"param_{name}", name, "parameters", [parameter_cell(p, name) for p in listed])
        for name in names
    ]


def _metric_label(name: str) -> str:
    # Where there is one metric only, a candidate that was given up has the mean of some folds, and no score.
    return {"score_time": "score time (s)", "score": "mean of folds run"}.get(name, name)


def _column(name: str, label: str, group: str, cells: Iterable[Cell]) -> Column:
    return column(name, label, group, cells, hidden=group in _HIDDEN)
