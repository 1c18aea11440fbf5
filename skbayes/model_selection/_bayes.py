"""Bayesian search: a model of the cross-validation score proposes the candidates."""

from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import check_random_state

from .._sklearn import ImpliedScoring, Interval, get_scorers, is_multimetric, named_scorers
from ..evaluation import CandidateResult
from ..optimizer import optimizer_options, search_state
from ..space import Space, as_space, split_budget
from ._aims import aims_of, implied_scoring, posterior_columns
from ._argument_names import NAMES_ELSEWHERE, knows_names
from ._base import Search
from ._bayes_proposals import bayes_proposals
from ._extended import add_model_columns
from ._journal_codec import JournalCodec, codec_of_spaces
from ._loop import SearchLog
from ._model_proposals import ModelProposals
from ._proposals import Proposals
from ._results import test_score_names
from ._run import SearchRun

__all__ = ["BayesSearchCV"]

# What the optimizer takes under the same name, and `optimizer_kwargs` may give too.
_OPTIMIZER_OPTIONS = (
    "surrogate",
    "acquisition",
    "failures",
    "prior_weight",
    "random_fraction",
    "n_initial_points",
    "constraint",
    "random_state",
)


class BayesSearchCV(ImpliedScoring, Search):
    """Bayesian search over parameters: a better model than a grid finds, from fewer fits.

    A Gaussian process models the mean cross-validation score over the space; each next candidate is where the
    expected improvement is largest. Takes what `GridSearchCV`, `RandomizedSearchCV` and scikit-optimize's
    `BayesSearchCV` take as space, and has their attributes.

    Parameters
    ----------
    estimator : estimator object
        With a `score` method, or give `scoring`.
    search_spaces : dict, list of dicts, list of (dict, int)
        Parameter names and what to search: :class:`~skbayes.Real`, :class:`~skbayes.Integer`,
        :class:`~skbayes.Categorical`, a frozen scipy distribution, a list or array of choices, a range
        ``(low, high)`` or ``(low, high, "log-uniform")``. Dicts in a list are branches that share `n_iter`;
        with a ``(dict, n)`` in the list each entry has its own budget, as in scikit-optimize.
    n_iter : int, default=50
        Number of candidates, at least 1.
    scoring : str, callable, list, tuple or dict, default=None
        How to score the test part of a fold; None for the estimator's own `score`. Several metrics as in
        scikit-learn.
    n_jobs : int, default=None
        Evaluations side by side, through joblib's active back-end; -1 for all cores. The search is the same for
        any number.
    refit : bool, str or callable, default=True
        Refit the best candidate on all data; the name of the metric that decides; or a callable that takes
        `cv_results_` and returns the index of the best.
    cv : int, splitter or iterable, default=None
        Folds, as in scikit-learn; None means 5. They are drawn once per `fit`.
    verbose : int, default=0
        Above 0 the space as understood, the number of fits and now and then a line of progress are printed; above 1
        a line for each fit too.
    pre_dispatch : int or str, default='2*n_jobs'
        How many evaluations joblib prepares ahead.
    random_state : int, RandomState instance or None, default=None
        Seed of the search: one seed, one search.
    error_score : 'raise' or float, default=np.nan
        Score of a fit that fails; ``'raise'`` to stop the search there. With NaN the model learns to avoid the
        place.
    return_train_score : bool, default=False
        Score the training parts too.
    n_points : int, default=1
        Candidates proposed together, at least 1. More of them keep more cores busy: up to n_points x n_splits
        fits run side by side.
    surrogate : str or surrogate object, default='auto'
        Model of the score: ``'gp'``, ``'forest'``, ``'extra_trees'``, or an object with `fit` and `posterior`.
    acquisition : str or acquisition object, default='auto'
        Value of trying a point: ``'log_ei'``, ``'ei'``, ``'pi'``, ``'ucb'``, ``'thompson'``, ``'mes'``,
        ``'kg'``, ``'portfolio'``, or an object.
        ``'log_ei_per_second'`` prefers candidates that are quick to fit. With `objectives` ``'log_ehvi'``.
    initial_points : list of dicts, default=None
        Candidates to try first, in order. Before them come the estimator's own parameters, if they lie in the
        space.
    n_initial_points : int, default=None
        Candidates before the model takes over, at least 0; None chooses by the number of dimensions.
    constraint : callable, default=None
        Takes a candidate (a dict) and returns whether it is allowed.
    failures : {'auto', 'worst', 'weigh'}, default='auto'
        What candidates teach that failed. ``'worst'``: they count as the worst score seen. ``'weigh'``: the model
        does not see them, and the acquisition is multiplied by the probability of success. ``'auto'``: as
        ``'worst'``, unless they come at random wherever one looks; then the model does not see them.
    prior_weight : float, default=10.0
        How strongly the priors of the space weigh the acquisition, in candidates: distributions, and for a range
        that its best value lies inside rather than at its ends; non-negative, 0 for not at all. See
        :class:`~skbayes.Optimizer`.
    random_fraction : float, default=0.0
        Probability that a candidate after the initial ones is drawn from the prior; 0 to 1.
    objective : str, default=None
        The metric to search for, when there are several and `refit` names none of them.
    objectives : list of str, default=None
        Two or three metrics to search for together, by expected hypervolume improvement; ``"-"`` before a name:
        smaller is better. Names in `scoring`, ``"fit_time"`` and ``"score_time"``; with ``scoring=None`` names of
        scikit-learn's scorers. `refit` names a metric or chooses from `cv_results_`, or is False.
    metric_constraints : dict, default=None
        What a metric must keep to, as ``{"fit_time": "<= 0.1", "recall": ">= 0.8"}``, in seconds and the metric's
        own unit. Names as for `objectives`. The best candidate is the best of those that keep to all of them.
    finalists : int or Finalists, default=None
        How many of the best candidates are scored on more folds before one is chosen: an int for three more
        repeats of cross-validation for each, or a :class:`~skbayes.model_selection.Finalists`. They come after
        `time_budget`.
    asynchronous : bool, default=False
        Start the next evaluation whenever a worker is free: no worker waits, and the search depends on which
        evaluation ends first. Through loky, threads or Dask; other back-ends run in batches.
    racing : bool or RacingRule, default=False
        Give a candidate up after some of its folds when it can no longer win. Its status is ``"pruned"``.
    time_budget : float, default=None
        Seconds after which no evaluation is started and those that run are given up, positive. At least one
        candidate is evaluated.
    stopping : str, StoppingRule or list of them, default=None
        When to stop before `n_iter`: ``'no_improvement'``, ``'regret_bound'``, or an object such as
        ``TargetScore(0.95)``; each of a list may end the search. They look after each wave of `n_points`. Of
        spaces with their own budgets a target ends the whole search, any other rule the turn of one space.
    fit_timeout : float, default=None
        Seconds after which a single fit is ended, positive. Its candidate has the status ``"timeout"``.
    fit_memory_limit : int or str, default=None
        Memory at which a single fit is ended, in bytes or as ``"2GB"``. Its candidate has the status
        ``"memory"``.
    journal : str or path-like, default=None
        File, or directory of such files, to which each finished (candidate, fold) is written. `fit` with an existing
        journal goes on where it ended.
    history : History, finished search, EarlierSearch, or list of them, default=None
        Earlier searches, over the same parameters, fewer or more. Those on the same data, folds and metric go
        on: their trials teach the model and are not tried again. Of any other the best candidates are tried
        early, and it weighs as much as it ranks the new scores. See :class:`~skbayes.optimizer.EarlierSearch`.
    keep_predictions : bool or path-like, default=False
        Keep what each candidate predicts for the test parts in `predictions_`: in memory, or with a path in files of
        that directory.
    optimizer_kwargs : dict, default=None
        Arguments as for ``skopt.Optimizer``; an explicit argument wins.

    Attributes
    ----------
    cv_results_ : dict of arrays
        One entry per candidate, with scikit-learn's columns and `status`, `n_splits_evaluated`,
        `posterior_mean_test_score`, `posterior_std_test_score` (of several objectives, for each, as
        `posterior_mean_test_roc_auc`); with `metric_constraints` also `is_feasible` and `constraint_violation`.
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
    pareto_front_ : DataFrame
        The candidates of which no other is as good in all objectives and better in one; only with `objectives`.
        See :func:`~skbayes.model_selection.pareto_front`.
    predictions_ : OutOfFoldPredictions
        Only with `keep_predictions`.
    history_ : History
        The candidates and scores, for the `history` of another search.
    optimizer_results_ : list of OptimizeResult
        scikit-optimize's result objects, one for each space with its own budget.
    stopped_by_ : str
        ``"budget"``, ``"exhausted"`` (a finite space has no candidate left), ``"callback"``, ``"time_budget"``,
        ``"interrupt"`` (Ctrl-C), or the name of the stopping rule.

    See Also
    --------
    RandomizedSearchCV : Candidates at random.
    skbayes.Optimizer : The same without cross-validation: ask and tell.

    Examples
    --------
    >>> from skbayes import BayesSearchCV
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> X, y = load_iris(return_X_y=True)
    >>> search = BayesSearchCV(
    ...     SVC(),
    ...     {
    ...         "C": (1e-3, 1e3, "log-uniform"),
    ...         "gamma": (1e-4, 1e1, "log-uniform"),
    ...         "kernel": ["rbf", "poly"],
    ...     },
    ...     n_iter=15,
    ...     random_state=0,
    ... )
    >>> search.fit(X, y).best_score_ >= 0.98
    True
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **Search._parameter_constraints,
        "search_spaces": "no_validation",  # as_space says more
        "n_iter": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
        "n_points": [Interval(Integral, 1, None, closed="left")],
        "surrogate": "no_validation",
        "acquisition": "no_validation",
        "initial_points": ["array-like", None],
        "n_initial_points": [Interval(Integral, 0, None, closed="left"), None],
        "constraint": [callable, None],
        "failures": [str],
        "prior_weight": [Interval(Real, 0, None, closed="left")],
        "random_fraction": [Interval(Real, 0, 1, closed="both")],
        "objective": [str, None],
        "objectives": "no_validation",  # as_objectives says more
        "metric_constraints": "no_validation",  # as_metric_constraints says more
        "finalists": "no_validation",
        "keep_predictions": "no_validation",
        "history": "no_validation",
        "optimizer_kwargs": [dict, None],
    }

    @knows_names(NAMES_ELSEWHERE)
    def __init__(
        self,
        estimator: Any,
        search_spaces: Any,
        *,
        n_iter: int = 50,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: int | str = "2*n_jobs",
        random_state: Any = None,
        error_score: Any = np.nan,
        return_train_score: bool = False,
        n_points: int = 1,
        surrogate: Any = "auto",
        acquisition: Any = "auto",
        initial_points: Sequence[dict[str, Any]] | None = None,
        n_initial_points: int | None = None,
        constraint: Callable[[dict[str, Any]], bool] | None = None,
        failures: str = "auto",
        prior_weight: float = 10.0,
        random_fraction: float = 0.0,
        objective: str | None = None,
        objectives: Sequence[str] | None = None,
        metric_constraints: Mapping[str, str] | None = None,
        finalists: Any = None,
        asynchronous: bool = False,
        racing: Any = False,
        time_budget: float | None = None,
        stopping: Any = None,
        fit_timeout: float | None = None,
        fit_memory_limit: Any = None,
        journal: Any = None,
        history: Any = None,
        keep_predictions: Any = False,
        optimizer_kwargs: dict[str, Any] | None = None,
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
        self.search_spaces = search_spaces
        self.n_iter = n_iter
        self.random_state = random_state
        self.n_points = n_points
        self.surrogate = surrogate
        self.acquisition = acquisition
        self.initial_points = initial_points
        self.n_initial_points = n_initial_points
        self.constraint = constraint
        self.failures = failures
        self.prior_weight = prior_weight
        self.random_fraction = random_fraction
        self.objective = objective
        self.objectives = objectives
        self.metric_constraints = metric_constraints
        self.finalists = finalists
        self.asynchronous = asynchronous
        self.racing = racing
        self.time_budget = time_budget
        self.stopping = stopping
        self.fit_timeout = fit_timeout
        self.fit_memory_limit = fit_memory_limit
        self.journal = journal
        self.history = history
        self.keep_predictions = keep_predictions
        self.optimizer_kwargs = optimizer_kwargs

    @property
    def total_iterations(self) -> int:
        """Number of candidates over all spaces, an int."""
        return sum(n_iter for _, n_iter in split_budget(self.search_spaces, self.n_iter))

    def _objective(self) -> str | None:
        named = super()._objective() or self.objective
        return named or aims_of(self).scored

    def _implied_scoring(self) -> Any:
        return implied_scoring(self)

    def _proposals(self, run: SearchRun, seed: int | None) -> Proposals:
        aims = aims_of(self)
        aims.check_search(self)
        scorer, _ = get_scorers(self)
        if is_multimetric(scorer):
            self._check_objective(list(named_scorers(scorer)))
        elif not callable(self.scoring):  # which may return a dict
            aims.check_names(["score"])
        options = self._optimizer_options()
        spaces = self._spaces(options["constraint"])
        del options["constraint"], options["random_state"]
        return bayes_proposals(self, run, seed, spaces, aims, self._objective(), options)

    def _log(
        self, run: SearchRun, proposals: Proposals, callbacks: list[Callable[[Any], Any]]
    ) -> SearchLog:
        watch, constraints = self._watch(run, proposals), aims_of(self).constraints
        return SearchLog(proposals, self._objective(), callbacks, watch, constraints=constraints)

    def _spaces(self, constraint: Any) -> list[Space]:
        parts = split_budget(self.search_spaces, self.n_iter)
        return [as_space(spec, constraint=constraint) for spec, _ in parts]

    def _codec(self) -> JournalCodec:
        return codec_of_spaces("search_spaces", self._spaces(None))

    def _draw_seed(self) -> int:
        # An int, drawn as scikit-learn draws: None follows numpy's global seed.
        random_state = check_random_state(self._optimizer_options()["random_state"])
        return int(random_state.randint(np.iinfo(np.int32).max))

    def _optimizer_options(self) -> dict[str, Any]:
        options = optimizer_options(self.optimizer_kwargs)
        for name in _OPTIMIZER_OPTIONS:
            given = getattr(self, name)
            default = signature(BayesSearchCV).parameters[name].default
            is_default = given is None or (isinstance(given, str | Real) and given == default)
            if not is_default or name not in options:
                options[name] = given
        return options

    def _check_metrics(self, result: CandidateResult) -> None:
        super()._check_metrics(result)
        if callable(self.scoring) and result.status == "complete":
            aims_of(self).check_names(test_score_names([result]) or ["score"])

    def _check_objective(self, names: Sequence[str]) -> None:
        aims_of(self).check_names(names)
        if self._objective() not in names:
            raise ValueError(
                f"BayesSearchCV has the metrics {sorted(names)} and must know which to search for; got "
                f"refit={self.refit!r}, objective={self.objective!r}. Name one of them in refit= or objective=."
            )

    def _extend(
        self, results: dict[str, Any], proposals: Proposals, evaluated: Sequence[CandidateResult]
    ) -> None:
        assert isinstance(proposals, ModelProposals)  # made above
        aims, metric = aims_of(self), self._objective()
        posterior = None if aims.objectives else proposals.score_posterior()
        add_model_columns(results, evaluated, posterior, metric)
        results.update(posterior_columns(proposals.objective_posteriors()))
        aims.add_columns(results, evaluated)
        self.optimizer_results_ = [search_state(part) for part in proposals.histories()]
