"""The journal of a halving search, read: what each candidate had on its rung, and whether that is all of the resource.

A candidate on each rung has a number of its own. What a rung is depends on the resource: folds of their own on a larger
subsample, folds beside those of the rungs below, or another value of a parameter.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..evaluation import FoldResult, JournalHeader, KnownCandidate

__all__ = ["OnRung", "on_rungs"]

Folds = tuple[FoldResult | None, ...]


@dataclass(frozen=True)
class OnRung:
    """A candidate on one rung, or of a search without rungs.

    Parameters
    ----------
    params : dict
        As they stand in the journal, without the resource.
    folds : tuple of FoldResult or None
        All that a candidate on the last rung has, of those known.
    is_last : bool
        Whether this is the last rung.
    """

    params: dict[str, Any]
    folds: Folds
    is_last: bool = True


def on_rungs(
    header: JournalHeader, candidates: Sequence[KnownCandidate]
) -> tuple[list[OnRung], str | None]:
    """Return each candidate as it was on its rung, and the origin of the scores on the last one.

    Parameters
    ----------
    header : JournalHeader
        Of an older version without `rungs`, where all that can be told is which subsample is the last.
    candidates : sequence of KnownCandidate
        By number.

    Returns
    -------
    found : list of OnRung
        One for each.
    origin : str or None
        None if a run that continued the journal gave more of the resource than the one that began it: of its objective
        nothing is known.
    """
    [(resource, rungs)] = (header.rungs or {"": [0]}).items()
    if not resource or resource == "n_samples":
        return [_on_subsample(each, header) for each in candidates], header.origin
    if resource == "folds":
        reached = [1 + max(each.folds) for each in candidates]
        top = max([rungs[-1], *reached])
        found = list(_by_folds(candidates, top, below=rungs[-2] if len(rungs) > 1 else 0))
    else:
        values = [each.params.get(resource, 0) for each in candidates]
        top = max([rungs[-1], *values])
        found = [
            OnRung(
                {name: value for name, value in each.params.items() if name != resource},
                tuple(each.folds.get(k) for k in range(header.n_folds)),
                is_last=value == top,
            )
            for each, value in zip(candidates, values, strict=True)
        ]
    return found, header.origin if top == rungs[-1] else None


def _on_subsample(candidate: KnownCandidate, header: JournalHeader) -> OnRung:
    n_splits = header.n_splits or header.n_folds
    first = min(candidate.folds) // n_splits * n_splits  # of its rung; 0 where there are none
    folds = tuple(candidate.folds.get(k) for k in range(first, first + n_splits))
    return OnRung(candidate.params, folds, is_last=first + n_splits == header.n_folds)


def _by_folds(candidates: Sequence[KnownCandidate], top: int, below: int) -> Iterator[OnRung]:
    """Add to the folds of each candidate those that it had on lower rungs, where it had another number."""
    so_far: dict[str, dict[int, FoldResult]] = {}
    for each in candidates:
        known = so_far.setdefault(json.dumps(each.params, sort_keys=True), {})
        first = min(each.folds)
        had = {k: fold for k, fold in known.items() if k < first} | each.folds
        known.update(each.folds)
        # What the last rung alone has begins behind the folds of the one below.
        yield OnRung(each.params, tuple(map(had.get, range(top))), is_last=max(had) >= below)
