"""The head of the page: what was searched, what came out, and how long it took."""

import math
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import numpy as np

from ..optimizer import STATUSES
from ._cells import cell, items_as_code, one_line
from ._material import Material
from ._table import parameter_cell

__all__ = ["errors_of", "incumbent_of", "remark_of", "summary_of"]

# A page is read by a person: of so many reasons, each with so many characters.
_MOST_ERRORS, _LONGEST_ERROR, _LONGEST_REASON = 20, 10_000, 300
# What `stopped_by_` means to a reader; a stopping rule goes by its own name.
_REASONS = {
    "budget": "all candidates asked for were evaluated",
    "exhausted": "the space has no candidate left",
    "callback": "a callback said so",
    "time_budget": "time_budget was used up",
    "interrupt": "it was interrupted",
    "error": "it ended with an error",
}


def summary_of(material: Material) -> list[dict[str, str]]:
    """Return the figures on top of the page: a label, a value, and a note each."""
    tiles = [_score_tile(material), _candidates_tile(material), _time_tile(material)]
    stopped = getattr(material.search, "stopped_by_", None)
    if stopped is not None:
        reason = _REASONS.get(stopped, "the stopping rule was met")
        tiles.append(_tile("ended by", str(stopped), reason))
    return tiles


def _tile(label: str, value: str, *notes: str) -> dict[str, str]:
    return {"label": label, "value": value, "note": "; ".join(note for note in notes if note)}


def _score_tile(material: Material) -> dict[str, str]:
    label = f"best {material.source.score_name}"
    score, spread = _best_score(material)
    if score is None:
        return _tile(label, "none", "no candidate has a score")
    return _tile(label, f"{score:.4g}", spread, _optimism(material))


def _best_score(material: Material) -> tuple[float | None, str]:
    trial = material.best_trial
    score = getattr(material.search, "best_score_", None)
    if score is None:
        score = None if trial is None else trial.score
    if score is None or not math.isfinite(score):
        return None, ""
    folds = np.array([] if trial is None else trial.fold_scores or (), dtype=float)
    known = folds[np.isfinite(folds)]
    spread = (
        f"standard deviation {known.std():.2g} over {len(known)} folds" if len(known) > 1 else ""
    )
    return float(score), spread


def _optimism(material: Material) -> str:
    # None was chosen, or there is too little to tell.
    with suppress(AttributeError, ValueError, IndexError):
        estimate = material.search.optimism_.estimate
        return f"as the best of many about {estimate:.2g} too high" if estimate > 0.0 else ""
    return ""


def _candidates_tile(material: Material) -> dict[str, str]:
    counts = Counter(trial.outcome for trial in material.trials)
    listed = ", ".join(f"{counts[status]} {status}" for status in STATUSES if counts[status])
    rungs = getattr(material.search, "n_candidates_", None)
    if material.partial and rungs is not None:
        rest = f"{len(material.trials)} evaluations on {len(rungs)} rungs"
        return _tile("candidates", str(rungs[0]), rest, _fits(material))
    return _tile("candidates", str(len(material.trials)), listed, _fits(material))


def remark_of(material: Material) -> str | None:
    """Return what is to be said of the scores in the pictures; None if nothing is."""
    rungs = None if material.header is None else material.header.rungs
    if not material.partial and rungs is None:
        return None
    resource = getattr(material.search, "resource", None) or "".join(rungs or {"resource": []})
    remark = f"A row for each rung: those pruned are on lower ones, where their scores are of fewer {resource}."
    if rungs is None or resource in ("n_samples", "folds"):
        return remark
    # Without an origin a run that went on from the journal may have had more than the one that began it.
    is_known = material.source.history.origin is not None
    last = f": on the last rung it is {rungs[resource][-1]}" if is_known else ""
    return f"{remark} {resource} is left out of the parameters{last}."


def _fits(material: Material) -> str:
    n_fits = int(material.fits[-1] or 0) if material.fits else 0
    n_folds = getattr(material.search, "n_splits_", None)
    if n_folds is None and material.header is not None:
        # On a ladder of subsamples each rung has folds of its own.
        n_folds = material.header.n_splits or material.header.n_folds
    if not n_folds and any(trial.fold_scores for trial in material.trials):
        n_folds = max(len(trial.fold_scores or ()) for trial in material.trials)
    return f"{n_fits} fits on {n_folds} folds" if n_folds else ""


def _time_tile(material: Material) -> dict[str, str]:
    spent, is_clock = material.clock
    if not spent:
        return _tile("time", "unknown")
    known = [seconds for seconds in spent if seconds is not None]
    value = duration(max(known, default=0.0))
    if not is_clock:
        return _tile("time", value, "of fits and scores, added up")
    runs = [run for trial in material.trials for run in trial.runs or ()]
    begun = datetime.fromtimestamp(
        min(run.started for run in runs if math.isfinite(run.started)), UTC
    )
    lasted = sum(
        run.fit_time + run.score_time
        for run in runs
        if math.isfinite(run.fit_time + run.score_time)
    )
    return _tile(
        "time", value, f"begun {begun:%Y-%m-%d %H:%M} UTC", f"{duration(lasted)} of fits and scores"
    )


def duration(seconds: float) -> str:
    """Return seconds as a person says them."""
    if seconds < 1.0:
        return f"{seconds * 1000.0:.3g} ms"
    if seconds < 100.0:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 100:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def incumbent_of(material: Material) -> dict[str, Any] | None:
    """Return the candidate that was chosen: where it is, its parameters, and these as Python code."""
    row = material.best_row
    if row is None:
        return None
    trial = material.best_trial
    params = None if trial is None else trial.params
    if material.results is not None:
        params = material.results["params"][row]
    if params is None:
        return None
    refit = getattr(material.search, "refit", None)
    score, _ = _best_score(material)
    return {
        "row": row,
        "score": None if score is None else cell(score),
        "params": [[name, parameter_cell(params, name)] for name in params],
        "code": _as_code(params),
        "chosen_by": one_line(refit) if callable(refit) else None,
    }


def _as_code(params: Any) -> str:
    if not params:
        return "{}"
    return "".join(["{\n", *(f"    {item},\n" for item in items_as_code(params)), "}"])


def errors_of(material: Material) -> list[dict[str, Any]]:
    """Return why folds failed: how many for one reason, its last line, and the whole of it; the commonest first."""
    return [
        {"count": count, "reason": _last_line(error), "traceback": error[-_LONGEST_ERROR:]}
        for error, count in material.errors[:_MOST_ERRORS]
    ]


def _last_line(error: str) -> str:
    # Not splitlines: a message may have what that takes for the end of a line.
    lines = [line for line in error.split("\n") if line.strip()]
    return lines[-1].strip()[:_LONGEST_REASON] if lines else "unknown"
