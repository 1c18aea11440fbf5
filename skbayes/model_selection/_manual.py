"""Manual search: an explicit list of candidates, and one more by hand whenever the user likes."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from .._sklearn import no_callback_context
from ..evaluation import CandidateResult
from ..optimizer import History, Optimizer
from ..space import space_of
from ._base import Search
from ._engine import check_engine
from ._extended import add_model_columns
from ._finalists import open_finals
from ._journal_codec import JournalCodec, codec_of_candidates
from ._loop import SearchLog
from ._parameters import check_parameter_names
from ._proposals import FixedProposals, Params, Proposals
from ._run import SearchRun, open_run

__all__ = ["ManualSearchCV"]


class ManualSearchCV(Search):
    """Search over an explicit list of candidates; `try_candidate` adds one more by hand.

    Parameters
    ----------
    estimator : estimator object
        With a `score` method, or give `scoring`.
    candidates : list of dicts, default=None
        Parameters to try, in order; an empty dict is the estimator as it is. None to begin with
        `try_candidate`.
    scoring : str, callable, list, tuple or dict, default=None
        How to score the test part of a fold; None for the estimator's own `score`. Several metrics as in
        scikit-learn.
    n_jobs : int, default=None
        Evaluations side by side, through joblib's active back-end; -1 for all cores.
    refit : bool, str or callable, default=True
        Refit the best candidate on all data; the name of the metric that decides; or a callable that takes
        `cv_results_` and returns the index of the best.
    cv : int, splitter or iterable, default=None
        Folds, as in scikit-learn; None means 5. They are drawn once, and kept for `try_candidate`.
    verbose : int, default=0
        Above 0 the number of fits and now and then a line of progress are printed; above 1 a line for each fit too.
    pre_dispatch : int or str, default='2*n_jobs'
        How many evaluations joblib prepares ahead.
    error_score : 'raise' or float, default=np.nan
        Score of a fit that fails; ``'raise'`` to stop the search there.
    return_train_score : bool, default=False
        Score the training parts too.
    stopping : str, StoppingRule or list of them, default=None
        When to stop before all candidates are tried: ``'no_improvement'``, or an object such as
        ``TargetScore(0.95)``; each of a list may end the search. Not ``'regret_bound'``, which needs a model.
    asynchronous : bool, default=False
        Start the next evaluation whenever a worker is free: no worker waits, and the search depends on which
        evaluation ends first. Through loky, threads or Dask; other back-ends run in batches.
    racing : bool or RacingRule, default=False
        Give a candidate up after some of its folds when it can no longer win. Its status is ``"pruned"``.
    time_budget : float, default=None
        Seconds after which no evaluation is started and those that run are given up, positive. At least one
        candidate is evaluated.
    fit_timeout : float, default=None
        Seconds after which a single fit is ended, positive. Its candidate has the status ``"timeout"``.
    fit_memory_limit : int or str, default=None
        Memory at which a single fit is ended, in bytes or as ``"2GB"``. Its candidate has the status
        ``"memory"``.
    journal : str or path-like, default=None
        File, or directory of such files, to which each finished (candidate, fold) is written. `fit` with an existing
        journal goes on where it ended.
    finalists : int or Finalists, default=None
        How many of the best candidates are scored on more folds before one is chosen: an int for three more
        repeats of cross-validation for each, or a :class:`~skbayes.model_selection.Finalists`. They come after
        `time_budget`.
    keep_predictions : bool or path-like, default=False
        Keep what each candidate predicts for the test parts in `predictions_`: in memory, or with a path in files of
        that directory.

    Attributes
    ----------
    cv_results_ : dict of arrays
        One entry per candidate, with scikit-learn's columns and `status`, `n_splits_evaluated`,
        `posterior_mean_test_score`, `posterior_std_test_score`.
    best_estimator_ : estimator
        The best candidate, fitted on all data; only with `refit`.
    best_score_ : float
        Its mean test score, with `finalists` over the folds of the finals too; not with a callable `refit`.
    best_params_ : dict
        Its parameters.
    best_index_ : int
        Its position in `cv_results_`.
    scorer_ : callable or dict
        The scorer, or one per metric.
    n_splits_ : int
        Number of folds.
    refit_time_ : float
        Seconds of the refit.
    multimetric_ : bool
        Whether there are several metrics.
    history_ : History
        The candidates and scores, for the `history` of another search; absent with several metrics of which
        `refit` names none.
    predictions_ : OutOfFoldPredictions
        What each candidate predicts for the test parts; only with `keep_predictions`.
    stopped_by_ : str
        ``"budget"``, ``"callback"``, ``"time_budget"``, ``"interrupt"`` (Ctrl-C), or the name of the stopping
        rule.

    See Also
    --------
    BayesSearchCV : Takes the `history_` of this search and goes on from there.

    Examples
    --------
    >>> from skbayes import ManualSearchCV
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> X, y = load_iris(return_X_y=True)
    >>> search = ManualSearchCV(SVC(), [{"C": 0.01}, {"C": 1.0}]).fit(X, y)
    >>> search.try_candidate(X, y, C=1.0, kernel="linear").best_params_
    {'C': 1.0, 'kernel': 'linear'}
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **Search._parameter_constraints,
        "candidates": "no_validation",  # checked with a message that names the entry
    }

    def __init__(
        self,
        estimator: Any,
        candidates: Sequence[Mapping[str, Any]] | None = None,
        *,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: int | str = "2*n_jobs",
        error_score: Any = np.nan,
        return_train_score: bool = False,
        stopping: Any = None,
        asynchronous: bool = False,
        racing: Any = False,
        time_budget: float | None = None,
        fit_timeout: float | None = None,
        fit_memory_limit: Any = None,
        journal: Any = None,
        finalists: Any = None,
        keep_predictions: Any = False,
    ) -> None:
        super().__init__(
            estimator=estimator,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.candidates = candidates
        self.stopping = stopping
        self.asynchronous = asynchronous
        self.racing = racing
        self.time_budget = time_budget
        self.fit_timeout = fit_timeout
        self.fit_memory_limit = fit_memory_limit
        self.journal = journal
        self.finalists = finalists
        self.keep_predictions = keep_predictions

    def try_candidate(
        self,
        X: Any,
        y: Any = None,
        *,
        metadata: Mapping[str, Any] | None = None,
        **params: Any,
    ) -> "ManualSearchCV":
        """Evaluate one more candidate on the same folds, and update all results; with `finalists` hold the finals anew.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The data that `fit` had. Without an earlier `fit` the folds are drawn here.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Target.
        metadata : mapping of str to object, default=None
            What `fit` got beside X and y, such as ``{"sample_weight": w}``.
        **params : dict of str -> object
            The candidate: parameters to set on the estimator.

        Returns
        -------
        self : object
            With `cv_results_` one entry longer, and refitted if the best candidate changed.

        Raises
        ------
        ValueError
            If the data have another number of rows than those of `fit`, or a parameter is unknown.
        """
        self._validate_params()
        check_parameter_names(self.estimator, params, "try_candidate")
        before: list[CandidateResult] = getattr(self, "_evaluated", [])
        previous = getattr(self, "best_index_", None) if before else None
        if before and _n_rows(X) != self._n_samples:
            raise ValueError(
                f"try_candidate got data of {_n_rows(X)} rows, and fit had {self._n_samples}: the "
                "folds would not be the same. Give the data of fit, or call fit again."
            )
        run = open_run(self, X, y, metadata or {}, folds=self._folds if before else None)
        proposals = FixedProposals([params])
        log = SearchLog(proposals, self._objective(), [], None, before)
        settings = check_engine(self, self._objective())
        finals = open_finals(self, run, settings, self._objective(), None, has_journal=False)
        evaluated = self._evaluate(run, log, settings, no_callback_context)
        self._tabulate(run, evaluated, proposals, finals)
        if self.refit and self.best_index_ != previous:
            self._refit(run, no_callback_context)
        return self

    def _forget(self) -> None:
        super()._forget()
        self._evaluated: list[CandidateResult] = []

    def _proposals(self, run: SearchRun, seed: int | None) -> Proposals:
        candidates = _checked(self.candidates)
        names = {name for candidate in candidates for name in candidate}
        check_parameter_names(self.estimator, names, "candidates")
        return FixedProposals(candidates)

    def _codec(self) -> JournalCodec:
        return codec_of_candidates("candidates", _checked(self.candidates))

    def _remember(
        self, run: SearchRun, history: History, evaluated: Sequence[CandidateResult]
    ) -> None:
        super()._remember(run, history, evaluated)
        # What `try_candidate` goes on from.
        self._folds, self._n_samples = run.folds, _n_rows(run.setup.X)
        self._evaluated = list(evaluated)

    def _extend(
        self, results: dict[str, Any], proposals: Proposals, evaluated: Sequence[CandidateResult]
    ) -> None:
        if hasattr(self, "history_"):
            posterior = _posterior(self.history_)
            add_model_columns(results, evaluated, posterior, self._objective())


def _checked(candidates: Any) -> list[Params]:
    if not isinstance(candidates, list | tuple):
        raise TypeError(
            f"candidates must be a list of dicts; got {candidates!r}. "
            "Give for example [{'C': 1.0}, {'C': 10.0}], or begin with try_candidate."
        )
    for k, candidate in enumerate(candidates):
        if not isinstance(candidate, Mapping):
            raise TypeError(
                f"candidates[{k}] must be a dict of parameters; got {candidate!r}. "
                "Give for example {'C': 1.0}."
            )
    return [dict(candidate) for candidate in candidates]


def _posterior(history: History) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and std of the score at each candidate, by a model over the space they span."""
    if history.incumbent is None:
        return np.full(len(history), np.nan), np.full(len(history), np.nan)
    candidates = [trial.params for trial in history]
    model = Optimizer(space_of(candidates), random_state=0)
    for trial in history:
        model.tell(trial.params, trial.score, fold_scores=trial.fold_scores, status=trial.status)
    posterior = model.score_posterior(candidates)
    return posterior.mean, posterior.std


def _n_rows(X: Any) -> int:
    return int(X.shape[0]) if hasattr(X, "shape") else len(X)
