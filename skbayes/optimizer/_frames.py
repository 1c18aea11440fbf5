"""A history as a data frame: a row for each trial."""

from collections.abc import Sequence
from typing import Any

from .._pandas import MISSING, frame_of

__all__ = ["history_frame"]


def history_frame(trials: Sequence[Any]) -> Any:
    """Return a frame of trials; `History.to_frame` says what it holds."""
    columns: dict[str, list[Any]] = {"number": [trial.number for trial in trials]}
    for name in dict.fromkeys(name for trial in trials for name in trial.params):
        columns[f"param_{name}"] = [trial.params.get(name, MISSING) for trial in trials]
    for name in ("score", "status"):
        columns[name] = [getattr(trial, name) for trial in trials]
    n_folds = max((len(trial.fold_scores or ()) for trial in trials), default=0)
    for k in range(n_folds):
        folds = [trial.fold_scores or () for trial in trials]
        columns[f"split{k}_score"] = [row[k] if k < len(row) else MISSING for row in folds]
    for name in ("noise_variance", "fit_time"):
        values = [getattr(trial, name) for trial in trials]
        columns[name] = [float("nan") if value is None else float(value) for value in values]
    for name in dict.fromkeys(name for trial in trials for name in trial.metrics or ()):
        columns[f"metric_{name}"] = [(trial.metrics or {}).get(name, MISSING) for trial in trials]
    return frame_of(columns, "History.to_frame()")
