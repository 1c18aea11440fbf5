"""Halving search with a model: many candidates with little of a resource, the best of them with more."""

from collections.abc import Callable, Sequence
from copy import copy
from math import ceil
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import clone

from .._sklearn import Interval, get_scorers, is_multimetric, named_scorers
from ..evaluation import CandidateResult
from ..optimizer import History, MultiFidelityOptimizer, search_state
from ..space import Space
from ._argument_names import NAMES_ELSEWHERE, knows_names
from ._bayes import BayesSearchCV
from ._extended import add_model_columns
from ._halving_log import (
    HalvingLog,
    add_rung_columns,
    best_of_last_rung,
    job_of,
)
from ._halving_proposals import HalvingProposals
from ._halving_run import HalvingRun, RungArguments, open_halving
from ._halving_rungs import HalvingScheduler
from ._loop import SearchLog
from ._model_proposals import ModelProposals, own_parameters
from ._origin import earlier_searches, origin_of
from ._parameters import check_parameter_names
from ._proposals import Proposals
from ._results import select_best
from ._run import SearchRun, open_run

__all__ = ["HalvingBayesSearchCV"]


class HalvingBayesSearchCV(BayesSearchCV):
    """Bayesian search by asynchronous successive halving: most candidates cost a fraction of a fit.

    Every candidate is scored with little of a resource: few rows, few iterations, one fold. The best third goes on
    to three times as much, each as soon as it is known to be among them, and so on up to all of it. New candidates
    come from a model of the scores on the highest of these rungs that has enough of them.

    Parameters
    ----------
    estimator : estimator object
        With a `score` method, or give `scoring`.
    search_spaces : dict, list of dicts
        As for `BayesSearchCV`; dicts in a list share `n_iter`.
    n_iter : int, default=50
        Number of candidates that start on the lowest rung, at least 1.
    factor : float, default=3
        One in so many candidates goes on, to so many times the resource; above 1.
    resource : str, default='n_samples'
        What increases from rung to rung. ``'n_samples'``: rows of both parts of each fold. ``'folds'``: the number of
        folds, of which none is run twice. Or the name of a parameter of the estimator that takes integers, such as
        ``'n_estimators'`` or ``'svc__max_iter'``.
    max_resources : int or 'auto', default='auto'
        What no rung exceeds. ``'auto'``: all rows or folds; of a parameter it must be given.
    min_resources : int, 'exhaust' or 'smallest', default='exhaust'
        The resource of the lowest rung. ``'smallest'``: 1, and of rows twice the folds times the classes.
        ``'exhaust'``: as much as leaves the last rung at `max_resources`, and at least that.
    scoring : str, callable, list, tuple or dict, default=None
        As for `BayesSearchCV`.
    n_jobs : int, default=None
        Evaluations side by side, through joblib's active back-end; -1 for all cores. The search is the same for
        any number unless `asynchronous`.
    refit : bool, str or callable, default=True
        Refit the best candidate on all data; the name of the metric that decides; or a callable that takes
        `cv_results_` and returns the index of the best.
    cv : int, splitter or iterable, default=None
        Folds, as in scikit-learn; None means 5. They are drawn once per `fit`.
    verbose : int, default=0
        Above 0 the space, the rungs and now and then a line of progress are printed; above 1 a line for each fit too.
    pre_dispatch : int or str, default='2*n_jobs'
        How many evaluations joblib prepares ahead.
    random_state : int, RandomState instance or None, default=None
        Seed of the search. An int also decides which rows are drawn; without one these are the same each time.
    error_score : 'raise' or float, default=np.nan
        Score of a fit that fails; ``'raise'`` to stop the search there. A candidate that failed never goes on.
    return_train_score : bool, default=False
        Score the training parts too.
    n_points : int, default=1
        Evaluations of candidates started together, at least 1. More of them keep more cores busy.
    surrogate : str or surrogate object, default='auto'
        As for `BayesSearchCV`.
    acquisition : str or acquisition object, default='auto'
        As for `BayesSearchCV`.
    initial_points : list of dicts, default=None
        Candidates to start first, in order. Before them come the estimator's own parameters, if they lie in the
        space.
    n_initial_points : int, default=None
        Candidates before the model takes over, at least 0; None chooses by the number of dimensions.
    constraint : callable, default=None
        Takes a candidate (a dict) and returns whether it is allowed.
    failures : {'auto', 'worst', 'weigh'}, default='auto'
        As for `BayesSearchCV`.
    prior_weight : float, default=10.0
        As for `BayesSearchCV`.
    random_fraction : float, default=0.0
        Probability that a candidate after the initial ones is drawn from the prior; 0 to 1.
    objective : str, default=None
        The metric to search for, when there are several and `refit` names none of them.
    asynchronous : bool, default=False
        Start the next evaluation whenever a worker is free. As for `BayesSearchCV`.
    time_budget : float, default=None
        Seconds after which no evaluation is started, positive. As for `BayesSearchCV`.
    stopping : str, StoppingRule or list of them, default=None
        When to stop before `n_iter`, as for `BayesSearchCV`. The rules look at the scores on the last rung.
    fit_timeout : float, default=None
        Seconds after which a single fit is ended, positive.
    fit_memory_limit : int or str, default=None
        Memory at which a single fit is ended, in bytes or as ``"2GB"``.
    journal : str or path-like, default=None
        File, or directory of such files, to which each finished (candidate, fold) is written. As for
        `BayesSearchCV`.
    history : History, finished search, EarlierSearch, or list of them, default=None
        Earlier searches, as for `BayesSearchCV`. One without halving is on the same data and folds if the last rung
        has all of the resource.
    optimizer_kwargs : dict, default=None
        Arguments as for ``skopt.Optimizer``; an explicit argument wins.

    Attributes
    ----------
    cv_results_ : dict of arrays
        As of `BayesSearchCV`, with one entry for each candidate on each rung, in the order in which they ended, and
        the columns `iter` (the rung, from 0) and `n_resources`. Where folds are the resource the mean is that over
        the folds run. The posterior is that of the score on the rung that the model learnt from last.
    best_estimator_ : estimator
        The best candidate, fitted on all data; only with `refit`.
    best_score_ : float
        Its mean test score; not with a callable `refit`.
    best_params_ : dict
        Its parameters, the resource among them if that is one.
    best_index_ : int
        Its position in `cv_results_`: the best score among those with the largest resource.
    n_resources_ : list of int
        The resource of each rung that was reached.
    n_candidates_ : list of int
        Number of candidates evaluated on each of them.
    n_remaining_candidates_ : int
        How many of the last would go on: their number divided by `factor`, rounded up.
    min_resources_, max_resources_ : int
        The resource of the lowest rung; what no rung exceeds.
    n_iterations_ : int
        Number of rungs that were reached.
    n_possible_iterations_ : int
        Number of rungs between `min_resources_` and `max_resources_`.
    n_required_iterations_ : int
        Number of rungs after which less than `factor` candidates are left.
    scorer_ : callable or dict
        The scorer, or one per metric.
    n_splits_ : int
        Number of folds.
    refit_time_ : float
        Seconds of the refit.
    multimetric_ : bool
        Whether there are several metrics.
    history_ : History
        The candidates and scores of the last rung, for the `history` of another search.
    rung_history_ : History
        All candidates on all rungs, in the order of `cv_results_`. Scores of two rungs are not of one kind.
    optimizer_results_ : list of OptimizeResult
        scikit-optimize's result object of `history_`.
    stopped_by_ : str
        As of `BayesSearchCV`.

    See Also
    --------
    BayesSearchCV : Every candidate with all of the resource.
    sklearn.model_selection.HalvingRandomSearchCV : Candidates at random, and one rung after the other.

    Notes
    -----
    Rung k gives r_k = `min_resources_` · factor^k, as in scikit-learn, and the rungs of folds are counted down from
    all of them. Of n candidates on a rung floor(n / factor) go on, rounded up once no other can come to it. The
    subsamples of one fold contain each other and keep the proportions of the classes.

    References
    ----------
    .. [1] Li, Jamieson, Rostamizadeh, Gonina, Ben-tzur, Hardt, Recht, Talwalkar (2020). A system for massively
       parallel hyperparameter tuning. Proceedings of MLSys 2, 230-246.
    .. [2] Falkner, Klein, Hutter (2018). BOHB: robust and efficient hyperparameter optimization at scale. ICML,
       PMLR 80, 1437-1446.

    Examples
    --------
    >>> from skbayes import HalvingBayesSearchCV
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.svm import SVC
    >>> X, y = load_digits(return_X_y=True)
    >>> ranges = {"C": (1e-2, 1e3, "log-uniform"), "gamma": (1e-5, 1e-1, "log-uniform")}
    >>> search = HalvingBayesSearchCV(SVC(), ranges, n_iter=27, cv=3, random_state=0).fit(X, y)
    >>> search.n_candidates_, search.n_resources_
    ([27, 9, 3, 1], [66, 198, 594, 1782])
    >>> bool(search.best_score_ > 0.95)
    True
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BayesSearchCV._parameter_constraints,
        "factor": [Interval(Real, 1, None, closed="neither")],
        "resource": [str],
        "max_resources": [Interval(Integral, 0, None, closed="neither"), str],
        "min_resources": [Interval(Integral, 0, None, closed="neither"), str],
    }
    # Folds as the resource are what racing is here: the engine asks every search.
    racing = False

    @knows_names(NAMES_ELSEWHERE)
    def __init__(
        self,
        estimator: Any,
        search_spaces: Any,
        *,
        n_iter: int = 50,
        factor: float = 3,
        resource: str = "n_samples",
        max_resources: int | str = "auto",
        min_resources: int | str = "exhaust",
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
        asynchronous: bool = False,
        time_budget: float | None = None,
        stopping: Any = None,
        fit_timeout: float | None = None,
        fit_memory_limit: Any = None,
        journal: Any = None,
        history: Any = None,
        optimizer_kwargs: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(
            estimator, search_spaces, n_iter=n_iter, scoring=scoring, n_jobs=n_jobs, refit=refit, cv=cv,
            verbose=verbose, pre_dispatch=pre_dispatch, random_state=random_state, error_score=error_score,
            return_train_score=return_train_score, n_points=n_points, surrogate=surrogate,
            acquisition=acquisition, initial_points=initial_points, n_initial_points=n_initial_points,
            constraint=constraint, failures=failures, prior_weight=prior_weight,
            random_fraction=random_fraction, objective=objective, asynchronous=asynchronous,
            time_budget=time_budget, stopping=stopping, fit_timeout=fit_timeout,
            fit_memory_limit=fit_memory_limit, journal=journal, history=history,
            optimizer_kwargs=optimizer_kwargs,
        )  # fmt: skip
        self.factor = factor
        self.resource = resource
        self.max_resources = max_resources
        self.min_resources = min_resources

    def _open_run(self, X: Any, y: Any, params: dict[str, Any]) -> SearchRun:
        run = open_run(self, X, y, params)
        space = self._space()
        self._check_resource(space)
        n_candidates = int(min(self.n_iter, space.n_points))
        arguments = RungArguments(
            self.resource, self.min_resources, self.max_resources, self.factor, n_candidates
        )
        seed = self._optimizer_options()["random_state"]
        # The rows are part of what a journal continues, and the same without a seed for that reason.
        rng = np.random.default_rng(int(seed) if isinstance(seed, int | np.integer) else 0)
        opened = open_halving(run, arguments, rng)
        if not opened.has_parameter:
            return opened
        at_the_top = copy(self)
        top = {self.resource: opened.ladder.resources[-1]}
        at_the_top.estimator = clone(self.estimator).set_params(**top)
        scorer, _ = get_scorers(at_the_top)  # the default one holds the estimator
        return opened.with_whole(at_the_top.estimator, scorer)

    def _space(self) -> Space:
        spaces = self._spaces(self._optimizer_options()["constraint"])
        if len(spaces) > 1:
            raise ValueError(
                f"{type(self).__name__} has one ladder for all candidates; got search_spaces with "
                f"{len(spaces)} budgets of their own. Leave the numbers out: dicts in a list share n_iter."
            )
        return spaces[0]

    def _check_resource(self, space: Space) -> None:
        if self.resource in space.names:
            raise ValueError(
                f"Cannot use parameter {self.resource} as the resource since it is part of the "
                "searched parameters. Take it out of search_spaces."
            )
        for name, words in (
            ("min_resources", ("exhaust", "smallest")),
            ("max_resources", ("auto",)),
        ):
            value = getattr(self, name)
            if isinstance(value, str) and value not in words:
                raise ValueError(
                    f"{name}={value!r} is not known. Give an integer or one of {', '.join(map(repr, words))}."
                )

    def _proposals(self, run: SearchRun, seed: int | None) -> Proposals:
        assert isinstance(run, HalvingRun)  # opened above
        scorer, _ = get_scorers(self)
        if is_multimetric(scorer):
            self._check_objective(list(named_scorers(scorer)))
        options = self._optimizer_options()
        space = self._space()
        check_parameter_names(
            self.estimator, [name for name in space.names if name is not None], "search_spaces"
        )
        n_candidates = int(min(self.n_iter, space.n_points))
        if self.verbose > 0:
            rungs = zip(run.ladder.n_planned(n_candidates), run.ladder.resources, strict=True)
            print(space.describe())
            print("\n".join(f"{n} candidates with {self.resource}={r}" for n, r in rungs))
        [given] = ModelProposals.place([dict(p) for p in self.initial_points or ()], [space])
        del options["constraint"], options["random_state"]
        origin = None if self.history is None else origin_of(run.at_the_top(), self._objective())
        own = self.estimator.get_params(deep=True)
        optimizer = MultiFidelityOptimizer(
            space,
            n_rungs=len(run.ladder.resources),
            initial_points=own_parameters(self.estimator, space) + given,
            history=earlier_searches(self.history, origin, own),
            random_state=int(np.random.SeedSequence(seed).generate_state(1)[0]),
            **options,
        )
        scheduler = HalvingScheduler(len(run.ladder.resources), n_candidates, self.factor)
        return HalvingProposals(optimizer, scheduler, run, n_candidates, self.n_points)

    def _log(
        self, run: SearchRun, proposals: Proposals, callbacks: list[Callable[[Any], Any]]
    ) -> SearchLog:
        assert isinstance(run, HalvingRun)
        assert isinstance(proposals, HalvingProposals)
        watch = self._watch(run, proposals)
        return HalvingLog(run, proposals, self._objective(), callbacks, watch)

    def _announce(self, n_candidates: int, n_splits: int) -> None:
        """Do nothing: the rungs are printed with the space."""

    def _remember(
        self, run: SearchRun, history: History, evaluated: Sequence[CandidateResult]
    ) -> None:
        assert isinstance(run, HalvingRun)
        rungs = [job_of(result).rung for result in evaluated]
        super()._remember(run.at_the_top(), run.last_history(rungs, history), evaluated)
        self.rung_history_ = history
        self.optimizer_results_ = [search_state(self.history_)]
        ladder = run.ladder
        counts = np.bincount(rungs)
        self.n_candidates_ = [int(n) for n in counts]
        self.n_resources_ = list(ladder.resources[: len(counts)])
        self.n_iterations_ = len(counts)
        self.n_remaining_candidates_ = ceil(self.n_candidates_[-1] / self.factor)
        self.min_resources_, self.max_resources_ = ladder.min_resources, ladder.max_resources
        self.n_required_iterations_ = ladder.n_required
        self.n_possible_iterations_ = ladder.n_possible

    def _extend(
        self, results: dict[str, Any], proposals: Proposals, evaluated: Sequence[CandidateResult]
    ) -> None:
        assert isinstance(proposals, HalvingProposals)
        add_model_columns(results, evaluated, proposals.score_posterior(), self._objective())
        add_rung_columns(results, proposals.run, evaluated)

    def _select_best(self, metric: str, results: dict[str, Any]) -> int:
        if callable(self.refit):
            return select_best(self.refit, metric, results)
        return best_of_last_rung(results, metric)
