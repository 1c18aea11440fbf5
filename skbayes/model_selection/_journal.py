"""The journal of a search: of what it is, and what of that may change before a run that continues it."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import scipy
import sklearn

from .._sklearn import BaseSearchCV
from .._version import __version__
from ..evaluation import Journal, JournalHeader, fingerprint
from ._halving_run import HalvingRun
from ._journal_codec import JournalCodec
from ._origin import origin_of
from ._run import SearchRun

__all__ = ["open_journal"]

# Arguments of a search that have no say in what is proposed next: the estimator, data and space are in the
# fingerprint already; the others say how much is run, where, and what is shown of it.
_NO_SAY = {
    "estimator", "search_spaces", "param_grid", "param_distributions", "candidates", "scoring", "cv",
    "n_iter", "n_jobs", "pre_dispatch", "verbose", "refit", "return_train_score",
    "stopping", "time_budget", "fit_timeout", "fit_memory_limit", "journal", "finalists", "keep_predictions",
}  # fmt: skip


def open_journal(
    search: BaseSearchCV,
    run: SearchRun,
    codec: Callable[[], JournalCodec],
    objective: str | None,
    seed: int | None = None,
    path: Any = None,
) -> AbstractContextManager[Journal | None]:
    """Open the journal that a search was given, locked until the end of the ``with`` block.

    Parameters
    ----------
    search : BaseSearchCV
        Its `journal` is a path, or None.
    run : SearchRun
        Data, folds and scorers.
    codec : callable
        Returns how its parameters are written.
    objective : str or None
        The metric that is searched for.
    seed : int, default=None
        Seed of the search. With ``random_state=None`` go on with ``journal.header.seed``: it is this one in a new
        journal, and that of the first run in another.
    path : str or path-like, default=None
        Another one than the search was given.

    Returns
    -------
    journal : context manager
        Of a Journal; of None without `journal`.

    Raises
    ------
    JournalError
        If it is of something else, in use, or damaged.
    """
    path = search.journal if path is None else path
    if path is None:
        return nullcontext()
    setup, written = run.setup, codec()
    # A candidate of a halving search is what an ordinary search has once it is on the last rung. On subsamples each
    # rung has folds of its own.
    whole, n_splits, rungs = run, len(run.folds), None
    if isinstance(run, HalvingRun):
        whole, n_splits = run.at_the_top(), run.n_splits
        rungs = {run.resource: list(run.ladder.resources)}
    header = JournalHeader(
        search=type(search).__name__,
        fingerprint={
            "data X": fingerprint(setup.X),
            "target y": fingerprint(setup.y),
            "metadata": fingerprint([dict(setup.fit_params), dict(setup.score_params)]),
            "folds": fingerprint([_as_rows(fold) for fold in run.folds]),
            "scorers": fingerprint(setup.scorer),
            "estimator": fingerprint(setup.estimator),
            written.argument: fingerprint(written.content),
        },
        n_folds=len(run.folds),
        proposals=fingerprint([_settings(search), objective, _versions()]),
        random_state=fingerprint(getattr(search, "random_state", None)),
        seed=seed,
        objective=objective,
        origin=origin_of(whole, objective),
        n_splits=None if n_splits == len(run.folds) else n_splits,
        rungs=rungs,
        skbayes=__version__,
    )
    limits = {name: getattr(search, name, None) for name in ("fit_timeout", "fit_memory_limit")}
    return Journal.open(
        path,
        header,
        written,
        conditions={"error_score": setup.error_score, **limits},
        needs_train_scores=setup.return_train_score,
        needs_predictions=setup.predictor is not None,
    )


def _settings(search: BaseSearchCV) -> Mapping[str, Any]:
    return {k: v for k, v in search.get_params(deep=False).items() if k not in _NO_SAY}


def _versions() -> list[str]:
    # The same proposals to the last digit can be expected of the same arithmetic only.
    return [__version__, np.__version__, scipy.__version__, sklearn.__version__]


def _as_rows(fold: Any) -> list[np.ndarray]:
    return [np.asarray(rows) for rows in fold]
