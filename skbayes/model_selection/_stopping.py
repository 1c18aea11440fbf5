"""The stopping rules of one search: which of them ends it, or one space's turn, and when they look."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .._sklearn import BaseSearchCV
from ..optimizer import History, StoppingRule, as_stopping_rules, first_reason
from ._proposals import Proposals
from ._run import SearchRun

__all__ = ["StoppingWatch", "check_one_score", "open_watch", "test_train_ratio"]


class StoppingWatch:
    """Asks the stopping rules after each wave.

    Parameters
    ----------
    rules : sequence of StoppingRule
        Those that end all spaces first.
    test_train_ratio : float or None
        Mean ratio of test to training samples of the folds.
    verbose : int
        Above 0 the reason of a rule is printed.
    """

    def __init__(
        self, rules: Sequence[StoppingRule], test_train_ratio: float | None, verbose: int
    ) -> None:
        self._rules = rules
        self._test_train_ratio = test_train_ratio
        self._verbose = verbose
        self.last_rule: str | None = None

    def ask(self, history: History, proposals: Proposals) -> str | None:
        """Return the name of the rule that ends the search here; None to go on.

        A rule that is about one space ends that space's turn, and the search goes on with the next.
        """
        progress = proposals.progress(history) if self._rules else None
        if progress is None:
            return None
        progress = replace(progress, test_train_ratio=self._test_train_ratio)
        spoken = first_reason(self._rules, progress)
        if spoken is None:
            return None
        rule, reason = spoken
        self.last_rule = rule.name
        if self._verbose > 0:
            print(f"{rule.name} after {len(history)} candidates: {reason}")
        goes_on = not rule.ends_all_spaces and proposals.end_turn()
        return None if goes_on else rule.name


def open_watch(search: BaseSearchCV, run: SearchRun, proposals: Proposals) -> StoppingWatch:
    """Check the `stopping` of a search, before any fit."""
    rules = as_stopping_rules(
        search.stopping,
        has_model=proposals.has_model,
        n_folds=len(run.folds),
        owner=f"this {type(search).__name__}",
    )
    ratio = test_train_ratio(run) if rules else None
    return StoppingWatch(rules, ratio, int(search.verbose))


def check_one_score(search: BaseSearchCV, names: Iterable[str]) -> None:
    """Refuse stopping rules where several metrics leave open which score they look at."""
    if search.stopping is not None:
        raise ValueError(
            f"stopping={search.stopping!r} looks at one score, and {type(search).__name__} has the "
            f"metrics {sorted(names)} with refit={search.refit!r}. Name one of them in refit=."
        )


def test_train_ratio(run: SearchRun) -> float:
    """Return how many test samples there are for each training sample, on average over the folds."""
    ratios = [_n_rows(test) / max(_n_rows(train), 1) for train, test in run.folds]
    return float(np.mean(ratios))


def _n_rows(rows: Any) -> int:
    """Count what a fold selects: indices, or a mask of all rows."""
    rows = np.asarray(rows)
    return int(rows.sum()) if rows.dtype == bool else len(rows)
