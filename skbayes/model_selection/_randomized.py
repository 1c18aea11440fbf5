"""Random search: candidates drawn from distributions, the same as scikit-learn's for the same seed."""

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.model_selection import ParameterSampler
from sklearn.utils import check_random_state

from .._sklearn import Interval
from ._base import Search
from ._journal_codec import JournalCodec, codec_of_lists
from ._parameters import check_parameter_names
from ._proposals import FixedProposals, Proposals
from ._run import SearchRun

__all__ = ["RandomizedSearchCV"]


class RandomizedSearchCV(Search):
    """Random search on the engine of skbayes; scikit-learn's candidates, results and attributes.

    Parameters
    ----------
    estimator : estimator object
        With a `score` method, or give `scoring`.
    param_distributions : dict or list of dicts
        Parameter names and scipy distributions (anything with `rvs`) or lists of values. If all are lists,
        candidates are drawn without replacement.
    n_iter : int, default=10
        Number of candidates, at least 1.
    scoring : str, callable, list, tuple or dict, default=None
        How to score the test part of a fold; None for the estimator's own `score`. Several metrics as in
        scikit-learn.
    n_jobs : int, default=None
        Evaluations side by side, through joblib's active back-end; -1 for all cores.
    refit : bool, str or callable, default=True
        Refit the best candidate on all data; the name of the metric that decides; or a callable that takes
        `cv_results_` and returns the index of the best.
    cv : int, splitter or iterable, default=None
        Folds, as in scikit-learn; None means 5. They are drawn once per `fit`.
    verbose : int, default=0
        Above 0 the number of fits and now and then a line of progress are printed; above 1 a line for each fit too.
    pre_dispatch : int or str, default='2*n_jobs'
        How many evaluations joblib prepares ahead.
    random_state : int, RandomState instance or None, default=None
        Seed of the candidates: one seed, one list of candidates.
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
        One entry per candidate, with scikit-learn's columns.
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
    BayesSearchCV : Takes the same distributions, and learns from each score.

    Examples
    --------
    >>> from skbayes import RandomizedSearchCV
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> X, y = load_iris(return_X_y=True)
    >>> search = RandomizedSearchCV(SVC(), {"C": loguniform(1e-2, 1e2)}, n_iter=4, random_state=0)
    >>> search.fit(X, y).best_score_ > 0.95
    True
    """

    _has_twin = True
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **Search._parameter_constraints,
        "param_distributions": [dict, list],
        "n_iter": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Any,
        param_distributions: Any,
        *,
        n_iter: int = 10,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: int | str = "2*n_jobs",
        random_state: Any = None,
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
        self.param_distributions = param_distributions
        self.n_iter = n_iter
        self.random_state = random_state
        self.stopping = stopping
        self.asynchronous = asynchronous
        self.racing = racing
        self.time_budget = time_budget
        self.fit_timeout = fit_timeout
        self.fit_memory_limit = fit_memory_limit
        self.journal = journal
        self.finalists = finalists
        self.keep_predictions = keep_predictions

    def _proposals(self, run: SearchRun, seed: int | None) -> Proposals:
        sampler = ParameterSampler(
            self.param_distributions,
            self.n_iter,
            random_state=self.random_state if seed is None else seed,
        )
        names = {name for part in sampler.param_distributions for name in part}
        check_parameter_names(self.estimator, names, "param_distributions")
        return FixedProposals(sampler)

    def _codec(self) -> JournalCodec:
        return codec_of_lists("param_distributions", self.param_distributions)

    def _draw_seed(self) -> int | None:
        # Only a journal must know the candidates again, where scikit-learn's own are never the same twice.
        if self.random_state is not None or self.journal is None:
            return None
        return int(check_random_state(None).randint(np.iinfo(np.int32).max))
