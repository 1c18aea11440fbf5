"""Where scores come from: two searches of one origin have scores that can be compared."""

from collections.abc import Mapping
from typing import Any

import joblib

from ..optimizer import EarlierSearch, History, Trial
from ._run import SearchRun

__all__ = ["earlier_searches", "origin_of"]


def origin_of(run: SearchRun, metric: str | None) -> str | None:
    """Return a digest of all that a score depends on but the candidate; None if there is none.

    That is the data, folds, metadata, scorer and the estimator with its own parameters. There is
    none if one of them cannot be pickled, such as a scorer that is a lambda.
    """
    setup = run.setup
    parts = (
        setup.estimator, setup.X, setup.y, run.folds, setup.scorer, metric,
        dict(setup.fit_params), dict(setup.score_params),
    )  # fmt: skip
    try:
        digest: str | None = joblib.hash(parts)
    except Exception:  # pickling runs code of others, which may raise anything
        return None
    return digest


def earlier_searches(
    history: Any, origin: str | None, defaults: Mapping[str, Any]
) -> list[EarlierSearch]:
    """Return what `history=` was given as earlier searches that know whether they are of `origin`.

    Raises
    ------
    TypeError
        If it is none of what `history=` takes.
    """
    if history is None:
        return []
    if isinstance(history, EarlierSearch):
        own = defaults if history.defaults is None else history.defaults
        return [EarlierSearch(tuple(history.trials), history.same_objective, own)]
    if isinstance(history, History):
        is_same = history.origin is not None and history.origin == origin
        return [EarlierSearch(history, is_same, defaults)]
    if hasattr(history, "history_"):
        return earlier_searches(history.history_, origin, defaults)
    if isinstance(history, list | tuple):
        trials = tuple(entry for entry in history if isinstance(entry, Trial))
        found = earlier_searches(History(trials), origin, defaults) if trials else []
        for entry in history:
            if not isinstance(entry, Trial):
                found += earlier_searches(entry, origin, defaults)
        return found
    raise TypeError(
        f"history must be a History, a finished search, an EarlierSearch, or a list of them; got "
        f"{history!r}. Give history=search.history_."
    )
