"""Finals: the best candidates of a search are scored on further folds before one of them is chosen.

The best of many noisy scores is partly the luckiest. Scores on folds that had no part in the selection have no such
luck; together with the first ones they also have less noise.
"""

import os
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from dataclasses import replace
from inspect import signature
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, is_classifier
from sklearn.model_selection import check_cv

from .._sklearn import BaseSearchCV, Documented, is_multimetric, named_scorers
from ..evaluation import CandidateResult, Journal, NoEvents, draw_folds
from ._engine import EngineSettings
from ._journal import open_journal
from ._proposals import FixedProposals
from ._results import ranked_rows
from ._run import SearchRun

__all__ = ["Finalists", "Finals", "all_folds", "open_finals"]

# Beside the key of the proposals, so that the folds are drawn from a stream of their own.
_FOLDS_KEY = 0xF01D


class Finalists(Documented, BaseEstimator):
    """How many candidates are scored again before the choice, and on how many more folds.

    Parameters
    ----------
    n_candidates : int, default=5
        The best so many by their mean score go to the finals; at least 1.
    n_repeats : int, default=3
        Repeats of the whole cross-validation for each of them, on other folds each time; at least 1.

    See Also
    --------
    skbayes.model_selection.best_posterior_mean : Counters the luck of the best without further fits.

    Examples
    --------
    >>> from skbayes import GridSearchCV
    >>> from skbayes.model_selection import Finalists
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> grid = {"C": [0.1, 1.0, 10.0, 100.0]}
    >>> search = GridSearchCV(SVC(), grid, finalists=Finalists(2, n_repeats=2))
    >>> results = search.fit(*load_iris(return_X_y=True)).cv_results_
    >>> print(results["mean_finalist_test_score"].round(3))
    [  nan   nan 0.98  0.962]
    """

    def __init__(self, n_candidates: int = 5, n_repeats: int = 3) -> None:
        self.n_candidates = n_candidates
        self.n_repeats = n_repeats


def open_finals(
    search: BaseSearchCV,
    run: SearchRun,
    settings: EngineSettings,
    metric: str | None,
    seed: int | None,
    has_journal: bool = True,
) -> "Finals | None":
    """Draw the folds of the finals of a search; None if it has none.

    Parameters
    ----------
    search : BaseSearchCV
        Its `finalists` is an int, a Finalists or None.
    run : SearchRun
        Data and folds of the search.
    settings : EngineSettings
        How it runs.
    metric : str or None
        The metric that decides; None if there is only one.
    seed : int or None
        Seed of the search; None for one without randomness.
    has_journal : bool, default=True
        Whether the finals have a journal if the search has one.

    Raises
    ------
    JournalError
        If their journal is of something else, or in use.
    TypeError
        If `finalists` is of another kind, or the splitter has no other folds.
    ValueError
        If it is less than 1, or there are several metrics and none decides.
    """
    finalists = _as_finalists(getattr(search, "finalists", None))
    if finalists is None:
        return None
    if metric is None and is_multimetric(run.setup.scorer):
        raise ValueError(
            f"finalists are the best by one metric, and refit={search.refit!r} names none of "
            f"{sorted(named_scorers(run.setup.scorer))}. Name one in refit=, or set finalists=None."
        )
    keys = np.random.SeedSequence([seed or 0, _FOLDS_KEY]).generate_state(finalists.n_repeats)
    setup = run.setup
    folds = [
        fold
        for key in keys
        for fold in draw_folds(
            _redrawn(search, setup.estimator, setup.y, int(key)),
            setup.estimator,
            setup.X,
            setup.y,
            dict(run.split_params),
        )
    ]
    if all(map(_have_same_test_rows, folds, run.folds)):
        raise _no_other_folds(search)
    finals_run = replace(run, folds=folds, setup=replace(setup, predictor=None))
    journal = _place(search.journal) if has_journal else None
    finals = Finals(
        search, finals_run, settings.of_finals(), metric, finalists.n_candidates, journal
    )
    with finals.open_journal():  # one of something else is refused now, not when the search is over
        pass
    return finals


def _as_finalists(given: Any) -> Finalists | None:
    if given is None:
        return None
    finalists = given if isinstance(given, Finalists) else Finalists(given)
    for name in ("n_candidates", "n_repeats"):
        value = getattr(finalists, name)
        if not isinstance(value, Integral) or isinstance(value, bool):
            raise TypeError(
                f"finalists must be a number of candidates, a Finalists or None; got {given!r}. "
                "Give for example finalists=5."
            )
        if value < 1:
            raise ValueError(
                f"finalists needs {name} >= 1; got {given!r}. Set finalists=None for no finals."
            )
    return finalists


def _redrawn(search: BaseSearchCV, estimator: Any, y: Any, seed: int) -> Any:
    """Return a splitter like the search's that draws other folds."""
    splitter = copy(check_cv(search.cv, y, classifier=is_classifier(estimator)))
    # Asked of the class: TimeSeriesSplit has the attributes all the same.
    arguments = signature(type(splitter)).parameters
    if "shuffle" in arguments:
        splitter.shuffle = True
    if "random_state" not in arguments:
        raise _no_other_folds(search)
    splitter.random_state = seed
    return splitter


def _have_same_test_rows(one: tuple[Any, Any], other: tuple[Any, Any]) -> bool:
    return np.array_equal(np.sort(one[1]), np.sort(other[1]))


def _no_other_folds(search: BaseSearchCV) -> TypeError:
    return TypeError(
        f"finalists need a splitter that can draw other folds, and cv={search.cv!r} cannot. Give an int, "
        "or a splitter with a random_state such as StratifiedKFold or ShuffleSplit; or set finalists=None."
    )


class Finals:
    """The folds of the finals, ready to score candidates on.

    Parameters
    ----------
    search : BaseSearchCV
        Whose finals they are.
    run : SearchRun
        With the folds of all repeats.
    settings : EngineSettings
        How they run.
    metric : str or None
        The metric that decides; None if there is only one.
    n_candidates : int
        How many go to the finals.
    journal : str or path-like, default=None
        Where their results are written.
    """

    def __init__(
        self,
        search: BaseSearchCV,
        run: SearchRun,
        settings: EngineSettings,
        metric: str | None,
        n_candidates: int,
        journal: Any = None,
    ) -> None:
        self._search = search
        self._run = run
        self._settings = settings
        self._metric = metric
        self._n_candidates = n_candidates
        self._journal = journal
        self.was_interrupted = False

    def hold(self, results: dict[str, Any]) -> None:
        """Score the best of a table on further folds, and add the columns of the finals to it.

        ``split<k>_finalist_test_<metric>`` are the scores on the further folds; the mean and the standard deviation,
        ``mean_finalist_test_<metric>`` and ``std_finalist_test_<metric>``, are over those and the folds of the
        search. All are nan for a candidate that was not in the finals or failed there.

        Parameters
        ----------
        results : dict
            `cv_results_`, changed in place.
        """
        metric = self._metric or "score"
        rows = _who_can_win(results, metric)[: self._n_candidates]
        more = np.full((len(results["params"]), self._run.n_splits), np.nan)
        for result in self._evaluate([results["params"][row] for row in rows]):
            more[rows[result.number]] = result.fold_scores(metric)
        first = [results[f"split{k}_test_{metric}"] for k in range(self._search.n_splits_)]
        scores = np.column_stack([*first, more])
        for k, column in enumerate(more.T):
            results[f"split{k}_finalist_test_{metric}"] = column
        results[f"mean_finalist_test_{metric}"] = scores.mean(axis=1)
        results[f"std_finalist_test_{metric}"] = scores.std(axis=1)

    def _evaluate(self, candidates: list[dict[str, Any]]) -> list[CandidateResult]:
        """Return the results of the candidates, numbered by position; of some only if interrupted."""
        if not candidates:
            return []
        search, run = self._search, self._run
        if search.verbose > 0:
            print(
                f"Finals: {run.n_splits} more folds for each of the best {len(candidates)} candidates"
            )
        proposals = FixedProposals(candidates)
        with (
            self.open_journal() as journal,
            self._settings.pool(run, proposals, NoEvents(), journal) as pool,
        ):
            evaluated = list(pool.run(proposals.ask))
        self.was_interrupted = pool.stopped_by == "interrupt"
        return evaluated

    def open_journal(self) -> AbstractContextManager[Journal | None]:
        """Open the journal of the finals; None if they have none."""
        if self._journal is None:
            return nullcontext()
        search = self._search
        return open_journal(search, self._run, search._codec, self._metric, path=self._journal)


def _who_can_win(results: Mapping[str, Any], metric: str) -> list[int]:
    """Return the rows with a score, best first; those that keep to metric constraints if any of them does."""
    can_win = np.isfinite(results[f"mean_test_{metric}"])
    if np.any(can_win & results.get("is_feasible", False)):
        can_win &= results["is_feasible"]
    return [row for row in ranked_rows(results, metric) if can_win[row]]


def _place(journal: Any) -> Any:
    """Return the journal of the finals: in the same directory, or beside the file of the search."""
    if journal is None:
        return None
    path = os.fspath(journal)
    is_directory = os.path.isdir(path) or path.endswith(os.sep)
    return path if is_directory else f"{path}.finalists"


def all_folds(results: Mapping[str, Any], metric: str) -> dict[str, Any]:
    """Return a table of results in which the folds of the finals are folds like the others.

    Parameters
    ----------
    results : mapping
        `cv_results_` with the columns of finals.
    metric : str
        The metric that decides.
    """
    n_splits = sum(
        re.fullmatch(rf"split\d+_test_{re.escape(metric)}", name) is not None for name in results
    )
    table = {name: values for name, values in results.items() if "_finalist_test_" not in name}
    table[f"mean_test_{metric}"] = results[f"mean_finalist_test_{metric}"]
    k = 0
    while (column := f"split{k}_finalist_test_{metric}") in results:
        table[f"split{n_splits + k}_test_{metric}"] = results[column]
        k += 1
    return table
