"""The numbers behind the pictures of the page: those of the displays of `plots`, as lists."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..plots import (
    importance_data,
    parallel_coordinates_data,
    pareto_data,
    timeline_data,
)
from ..space import Categorical, Space
from ._cells import cell
from ._material import Material
from ._table import parameter_cell

__all__ = ["importance_of", "parallel_of", "pareto_of", "timeline_of", "trials_of"]

# A bar for each fold; of more, the latest. Beyond this a browser takes seconds for a picture.
_MOST_BARS = 10_000


def trials_of(material: Material) -> dict[str, Any]:
    """Return what all pictures share: of each trial its score, status, parameters, and what was spent."""
    trials = material.trials
    names = dict.fromkeys(name for trial in trials for name in trial.params)
    return {
        "number": [trial.number for trial in trials],
        "score": [trial.score if trial.is_complete else None for trial in trials],
        "partial": [cell(score) for score in material.partial] or None,
        "status": [trial.outcome for trial in trials],
        "params": {n: [parameter_cell(t.params, n) for t in trials] for n in names},
        "fits": material.fits,
        "seconds": material.clock[0],
        "is_clock": material.clock[1],
    }


def parallel_of(material: Material) -> dict[str, Any]:
    """Return the axes of parallel coordinates, with the place of each trial; or why there are none."""
    if not any(trial.params for trial in material.trials):
        return {"missing": "No candidate has parameters."}
    data = parallel_coordinates_data(material.source)
    places = np.asarray(data["positions"])
    params = [trial.params for trial in material.trials]
    return {
        "names": data["names"],
        "n_choices": [
            _n_choices(material.source.space, name, params, ticks)
            for name, ticks in zip(data["names"], data["ticks"], strict=True)
        ],
        "positions": [_cells(places[:, j]) for j in range(places.shape[1])],
        "ticks": data["ticks"],
        "tick_labels": data["tick_labels"],
        "score_positions": _cells(data["score_positions"]),
        "score_ticks": data["score_ticks"],
        "score_tick_labels": data["score_tick_labels"],
    }


def _n_choices(
    space: Space | None, name: str, params: Sequence[Any], ticks: Sequence[float]
) -> int:
    """How many choices an axis has, which lie in the middles of as many parts of it; 0 for one of numbers."""
    pairs = () if space is None else zip(space.names, space.dimensions, strict=True)
    is_listed = any(known == name and isinstance(each, Categorical) for known, each in pairs)
    has_texts = any(isinstance(parameter_cell(each, name), str) for each in params)
    return round(0.5 / ticks[0]) if is_listed or has_texts else 0


def _cells(values: Any) -> list[Any]:
    return [cell(value) for value in np.asarray(values, dtype=float).tolist()]


def importance_of(material: Material) -> dict[str, Any]:
    """Return shares of the variance of the score, the largest first; or why there are none."""
    try:
        if hasattr(material.search, "history_"):
            data = importance_data(material.search)
        else:
            data = importance_data(material.source)
    except (ValueError, AttributeError) as reason:  # too few trials, or no one score
        return {"missing": str(reason)}
    pairs = zip(data["pair_names"], data["pairs"].tolist(), strict=True)
    return {
        "names": data["names"],
        **{
            key: _cells(data[key])
            for key in ("first_order", "first_order_std", "total", "total_std")
        },
        "pairs": [[*pair, cell(share)] for pair, share in pairs],
        "explained": cell(data["explained"]),
        "n_trials": data["n_trials"],
    }


def timeline_of(material: Material) -> dict[str, Any]:
    """Return a bar for each fold that was run; or why there is none."""
    try:
        data = timeline_data(material.source)
    except ValueError as reason:
        return {"missing": str(reason)}
    shown = np.argsort(data["start"], kind="stable")[-_MOST_BARS:]
    place = {trial.number: k for k, trial in enumerate(material.trials)}
    return {
        "row_names": list(data["row_names"]),
        "n_runs": len(data["start"]),
        "n_unknown": int(data["n_unknown"]),
        "n_hosts": int(data["n_hosts"]),
        "utilisation": cell(data["utilisation"]),
        "row": [int(k) for k in data["row"][shown]],
        "trial": [place[int(number)] for number in data["candidate"][shown]],
        "fold": [int(fold) for fold in data["fold"][shown]],
        "start": _cells(data["start"][shown]),
        "seconds": _cells(data["duration"][shown]),
        "status": [data["status"][k] for k in shown],
        "breaks": [
            _cells(each) for each in zip(data["break_at"], data["break_length"], strict=True)
        ],
    }


def pareto_of(material: Material) -> dict[str, Any] | None:
    """Return the scores by two or three objectives, each in its own sign; None for a search after one score."""
    if getattr(material.search, "objectives", None) is None:
        return None
    try:
        data = pareto_data(material.search)
    except ValueError:  # one objective, or more than can be shown
        return None
    return {
        "names": data["labels"],
        "is_minimised": [name.startswith("-") for name in data["objectives"]],
        "is_log": [bool(each) for each in data["is_log"]],
        "values": [_cells(column) for column in data["values"].T],
        "on_front": [bool(each) for each in data["is_on_front"]],
        "is_feasible": [bool(each) for each in data["is_feasible"]],
    }
