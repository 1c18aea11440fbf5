"""The search loop under all searches: ask for candidates, evaluate their folds, tell the results, choose, refit.

scikit-learn's `BaseSearchCV` gives delegation (`predict`, `score`, ...), tags, routing and the HTML view. Its `fit` is
replaced: it draws the folds anew at each wave, and fails when one wave fails.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import deepcopy
from typing import Any, ClassVar

from sklearn.base import clone
from sklearn.utils import Tags, get_tags
from sklearn.utils.metadata_routing import UNUSED

from .._sklearn import (
    SEARCH_CONSTRAINTS,
    BaseSearchCV,
    Documented,
    check_refit_is_a_scorer,
    fit_context,
    get_scorers,
    is_multimetric,
    named_scorers,
    root_callback_context,
)
from ..evaluation import CandidateResult, Journal, OutOfFoldPredictions
from ..optimizer import History, as_callbacks
from ._callbacks import SearchEvents
from ._candidate_scores import metric_of_refit
from ._engine import ENGINE_CONSTRAINTS, EngineSettings, check_engine, uses_engine
from ._extended import add_status_columns
from ._finalists import Finals, open_finals
from ._findings import SearchFindings
from ._journal import open_journal
from ._journal_codec import JournalCodec
from ._loop import SearchLog
from ._origin import origin_of
from ._progress import ProgressReport
from ._proposals import Proposals
from ._results import (
    check_failures,
    cv_results_table,
    deciding_column,
    select_best,
    test_score_names,
)
from ._run import SearchRun, keeps_predictions, open_run
from ._stopping import StoppingWatch, check_one_score, open_watch, test_train_ratio

__all__ = ["Search"]


class Search(SearchFindings, Documented, BaseSearchCV):
    """What grid, randomized, manual and Bayesian search share; not for direct use."""

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **SEARCH_CONSTRAINTS,
        "stopping": "no_validation",  # as_stopping_rules says more
        **ENGINE_CONSTRAINTS,
    }
    # Whether scikit-learn has a search of this name, whose columns and callbacks are not to be added to.
    _has_twin: ClassVar[bool] = False
    # `callback` is ours, not metadata to be routed to the estimator.
    __metadata_request__fit: ClassVar[dict[str, str]] = {"callback": UNUSED}

    def _open_run(self, X: Any, y: Any, params: dict[str, Any]) -> SearchRun:
        """Return data, folds and scorers, checked."""
        return open_run(self, X, y, params)

    def _proposals(self, run: SearchRun, seed: int | None) -> Proposals:
        """Return where the candidates come from; wrong arguments are refused here, before any fit."""
        raise NotImplementedError

    def _codec(self) -> JournalCodec:
        """Return how the parameters are written to a journal."""
        raise NotImplementedError

    def _draw_seed(self) -> int | None:
        """Return the seed of the proposals, which a journal keeps; None if they have none of their own."""
        return None

    def _objective(self) -> str | None:
        """Return the metric that `history_` holds when there are several; None if none is named."""
        return self.refit if isinstance(self.refit, str) else None

    def _deciding_metric(self) -> str | None:
        return (metric_of_refit(self.refit) or self._objective()) if self.multimetric_ else None

    def _extend(
        self, results: dict[str, Any], proposals: Proposals, evaluated: Sequence[CandidateResult]
    ) -> None:
        """Add columns of `cv_results_` and attributes beyond scikit-learn's."""
        if uses_engine(self) or any(result.status == "pruned" for result in evaluated):
            add_status_columns(results, evaluated, self._objective())

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        # scikit-learn copies the estimator's kind only; what X and y may be is the estimator's matter too.
        tags.target_tags = deepcopy(inner.target_tags)
        tags.input_tags = deepcopy(inner.input_tags)
        return tags

    @fit_context()
    def fit(self, X: Any, y: Any = None, *, callback: Any = None, **params: Any) -> "Search":
        """Search for the best parameters, and refit the estimator with them on all data.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, n_samples)
            Training data; anything that the estimator takes: array, sparse matrix, data frame, list.
            For a precomputed kernel or distance the shape is (n_samples, n_samples).
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Target; None for unsupervised learning.
        callback : callable or list of callables, default=None
            Called after each candidate with the state of the search, scikit-optimize's result object:
            `x_iters`, `func_vals`, `x`, `fun` (negated scores; nan for a candidate without one), and `history`.
            A true return value ends the search; what was evaluated stays, also if a callback raises.
        **params : dict of str -> object
            Metadata for the estimator, the scorer and the splitter, such as `sample_weight` and `groups`.
            Entries of length n_samples are cut to the folds.

        Returns
        -------
        self : object
            The fitted search.

        Raises
        ------
        ValueError
            If an argument, the space or a parameter's name is wrong (before any fit), or if every fit
            of the whole search failed.
        """
        callbacks = as_callbacks(callback)
        settings = check_engine(self, self._objective())
        run = self._open_run(X, y, params)
        seed = self._draw_seed()
        with open_journal(self, run, self._codec, self._objective(), seed) as journal:
            if journal is not None:
                seed = journal.header.seed
            proposals = self._proposals(run, seed)
            if journal is not None and (self.asynchronous or not journal.same_proposals):
                self._adopt(journal, proposals)
            log = self._log(run, proposals, callbacks)
            finals = open_finals(self, run, settings, self._objective(), seed)
            self._forget()
            self._search(run, log, settings, journal, finals)
        return self

    def _forget(self) -> None:
        """Drop what an earlier `fit` found: one with other arguments does not set all of it anew."""
        for name in [name for name in vars(self) if name[0] != "_" and name[-1] == "_"]:
            delattr(self, name)

    def _adopt(self, journal: Journal, proposals: Proposals) -> None:
        """Begin with the candidates of a journal: they would not be proposed again."""
        known = journal.candidates
        if self.verbose > 0 and known:
            print(f"Beginning with {len(known)} candidates of the journal {journal.path}")
        proposals.adopt([candidate.params for candidate in known])

    def _search(
        self,
        run: SearchRun,
        log: SearchLog,
        settings: EngineSettings,
        journal: Journal | None,
        finals: Finals | None,
    ) -> None:
        """Evaluate, tabulate, refit."""
        context = root_callback_context(self, max_subtasks=1 + (self.refit is not False))
        context.call_on_fit_task_begin(
            estimator=self, X=run.setup.X, y=run.setup.y, metadata=run.metadata
        )
        evaluated = self._evaluate(run, log, settings, context, journal)
        self._tabulate(run, evaluated, log.proposals, finals)
        if self.refit:
            self._refit(run, context)
        context.call_on_fit_task_end(
            estimator=self, X=run.setup.X, y=run.setup.y, metadata=run.metadata
        )

    def _evaluate(
        self,
        run: SearchRun,
        log: SearchLog,
        settings: EngineSettings,
        context: Any,
        journal: Journal | None = None,
    ) -> list[CandidateResult]:
        """Evaluate what is proposed; what was evaluated is kept whatever happens."""
        proposals = log.proposals
        self.n_splits_ = run.n_splits
        self._test_train_ratio = test_train_ratio(run)
        self._announce(proposals.n_candidates, run.n_splits)
        has_trials = uses_engine(self) or not self._has_twin
        report = ProgressReport(log, self.time_budget, is_silent=self.verbose <= 0)
        events = SearchEvents(self, run, context, proposals.n_candidates, has_trials)
        try:
            with settings.pool(run, proposals, events, journal) as pool:
                for result in pool.run(proposals.ask):
                    self._check_metrics(result)
                    log.add(result)
                    if events.candidate_ended(result):
                        log.stopped_by = log.stopped_by or "callback"
                    report.update(pool)
                    if log.stopped_by is not None:
                        break
            events.close()
        except BaseException:
            self._keep_partial(run, log)
            raise
        if pool.stopped_by == "interrupt" and not log.has_result:
            raise KeyboardInterrupt  # there is nothing to keep
        if not log.evaluated:
            raise ValueError(
                "No fits were performed. Was the CV iterator empty? Were there no candidates? "
                f"{type(self).__name__} got an empty list of candidates; give at least one."
            )
        self.stopped_by_ = log.reason(pool.stopped_by)
        report.end(self.stopped_by_)
        self._remember(run, log.history, log.evaluated)
        return log.evaluated

    def _keep_partial(self, run: SearchRun, log: SearchLog) -> None:
        """Set the results of a search that ends with an error; nothing is refitted."""
        if log.evaluated:
            self.stopped_by_ = "error"
            self._remember(run, log.history, log.evaluated)
            with suppress(ValueError):  # all fits failed: the first error says more
                self._tabulate(run, log.evaluated, log.proposals)

    def _remember(
        self, run: SearchRun, history: History, evaluated: Sequence[CandidateResult]
    ) -> None:
        # Several metrics and none of them named: there is no one score that a history could hold.
        if self._objective() is not None or test_score_names(evaluated) is None:
            self.history_ = History(history.trials, origin_of(run, self._objective()))
        if keeps_predictions(self):
            self.predictions_ = OutOfFoldPredictions.of(evaluated, run.folds, run.setup)

    def _log(
        self, run: SearchRun, proposals: Proposals, callbacks: list[Callable[[Any], Any]]
    ) -> SearchLog:
        """Return who takes the results."""
        return SearchLog(proposals, self._objective(), callbacks, self._watch(run, proposals))

    def _watch(self, run: SearchRun, proposals: Proposals) -> StoppingWatch:
        """Return the stopping rules; wrong ones are refused here, before any fit."""
        scorer, _ = get_scorers(self)
        if is_multimetric(scorer) and self._objective() is None:
            check_one_score(self, named_scorers(scorer))
        return open_watch(self, run, proposals)

    def _announce(self, n_candidates: int, n_splits: int) -> None:
        if self.verbose > 0:
            print(
                f"Fitting {n_splits} folds for each of {n_candidates} candidates, "
                f"totalling {n_candidates * n_splits} fits"
            )

    def _check_metrics(self, result: CandidateResult) -> None:
        # What a callable `scoring` returns is known only now; refuse a wrong `refit` before more fits.
        names = test_score_names([result])
        if callable(self.scoring) and names is not None:
            check_refit_is_a_scorer(self, names)
            self._check_objective(names)
            if self._objective() is None:
                check_one_score(self, names)

    def _check_objective(self, names: Sequence[str]) -> None:
        """Refuse several metrics if a search that needs one of them was not told which."""

    def _tabulate(
        self,
        run: SearchRun,
        evaluated: Sequence[CandidateResult],
        proposals: Proposals,
        finals: Finals | None = None,
    ) -> None:
        """Set the table of results and the best of it; what is known is set if the finals end with an error."""
        check_failures(evaluated, self.error_score)
        results = cv_results_table(evaluated, self.return_train_score)
        self._extend(results, proposals, evaluated)
        if finals is not None and self.stopped_by_ != "interrupt":
            try:
                finals.hold(results)
            except BaseException:
                self.stopped_by_ = "error"
                with suppress(Exception):  # the first error says more
                    self._choose(run, evaluated, results)
                raise
            self.stopped_by_ = "interrupt" if finals.was_interrupted else self.stopped_by_
        self._choose(run, evaluated, results)

    def _choose(
        self, run: SearchRun, evaluated: Sequence[CandidateResult], results: dict[str, Any]
    ) -> None:
        """Set the table and the best of it."""
        self.cv_results_ = results
        self.scorer_ = named_scorers(run.setup.scorer)
        names = test_score_names(evaluated)
        self.multimetric_ = names is not None
        metric = self.refit if self.multimetric_ else "score"
        if self.refit or not self.multimetric_:
            self.best_index_ = self._select_best(metric, results)
            if not callable(self.refit):
                self.best_score_ = float(
                    results[deciding_column(results, metric)][self.best_index_]
                )
            self.best_params_ = results["params"][self.best_index_]

    def _select_best(self, metric: str, results: dict[str, Any]) -> int:
        """Return the row of the best candidate."""
        return select_best(self.refit, metric, results)

    def _refit(self, run: SearchRun, context: Any) -> None:
        setup = run.setup
        # Parameters are cloned too: an estimator among them must not be fitted in place.
        self.best_estimator_ = clone(setup.estimator).set_params(
            **clone(self.best_params_, safe=False)
        )
        node = context.subcontext(task_name="refit-with-best-params")
        seen = {"estimator": self, "X": setup.X, "y": setup.y, "metadata": run.metadata}
        with node.propagate_callback_context(self.best_estimator_):
            node.call_on_fit_task_begin(**seen)
            start = time.time()
            target = () if setup.y is None else (setup.y,)
            self.best_estimator_.fit(setup.X, *target, **setup.fit_params)
            self.refit_time_ = time.time() - start
        if hasattr(self.best_estimator_, "feature_names_in_"):
            self.feature_names_in_ = self.best_estimator_.feature_names_in_
        node.call_on_fit_task_end(**seen)
