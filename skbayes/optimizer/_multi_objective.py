"""Ask and tell with several objectives: the loop of a search for a front."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from .._registry import resolve
from ..acquisition import MULTI_OBJECTIVE_ACQUISITIONS, MultiObjectiveAcquisition
from ..posteriors import GaussianPosterior
from ..space import as_space
from ..surrogates import GaussianProcess
from ._checks import checked_trial
from ._earlier import split_history
from ._front_batch import FrontTask, front_surface, propose_front
from ._metric_constraints import as_metric_constraints, keeps_to
from ._objective_models import FrontSurface, ObjectiveModels
from ._objectives import TIMES, as_objectives, as_reference, inner_scores, scores_by_name
from ._observations import Observations
from ._optimizer import Optimizer
from ._pareto import hypervolume, non_dominated, reference_of
from ._suggest import fit_surrogate
from ._trial import Trial

__all__ = ["MultiObjectiveOptimizer"]

Floats = NDArray[np.float64]

_ACQUISITIONS = {**MULTI_OBJECTIVE_ACQUISITIONS, "auto": MULTI_OBJECTIVE_ACQUISITIONS["log_ehvi"]}


class MultiObjectiveOptimizer(Optimizer):
    """Bayesian optimisation of two or three scores at once: a search for what they can be traded at.

    Parameters
    ----------
    space : dict, list of dict, list of Dimension, or Space
        The design space, as for `Optimizer`.
    objectives : list of str
        Names of one to three scores. Higher is better, and smaller with ``"-"`` before the name.
    reference : dict or sequence of float or None, default=None
        The worst score of each objective that counts, in its own sign and unit; None, or nan for one of
        them: a tenth of the range of its scores below the worst of them.
    log_scale : sequence of str, default=("fit_time", "score_time")
        Names of objectives and metrics that are positive and vary by powers of ten, such as times and sizes:
        their logarithms are modelled, and the hypervolume is taken in those.
    surrogate : str or Surrogate, default="auto"
        The regression model of each score. ``"auto"`` is the Gaussian process, of scores that are
        standardised but for outliers.
    acquisition : str or MultiObjectiveAcquisition, default="auto"
        ``"log_ehvi"`` or an object; ``"auto"`` is that.
    metric_constraints : dict, default=None
        Bounds of objectives or of other metrics that are told, as ``{"latency": "<= 0.1"}``.
    history : iterable of Trial, default=None
        Earlier trials of the same objectives, with their `metrics`.
    **options : object
        `initial_points`, `n_initial_points`, `initial_design`, `constraint`, `failures`, `prior_weight`,
        `random_fraction` and `random_state`, as for `Optimizer`.

    Raises
    ------
    ValueError, TypeError
        If the space, the objectives or any other argument cannot be used.

    See Also
    --------
    Optimizer : Of a single score.
    skbayes.BayesSearchCV : With cross-validation: ``objectives=``.

    Notes
    -----
    The next point is where the expected hypervolume improvement is largest. Its front is that of the
    posterior means at the points told. Its reference lies a tenth of the range of those means below the
    worst of them, in each objective.

    Examples
    --------
    >>> from skbayes.optimizer import MultiObjectiveOptimizer
    >>> optimizer = MultiObjectiveOptimizer({"x": (-2.0, 4.0)}, ["gain", "-cost"], random_state=0)
    >>> for _ in range(20):
    ...     x = optimizer.ask()["x"]
    ...     optimizer.tell({"x": x}, {"gain": -((x - 2.0) ** 2), "cost": x**2})
    >>> all(-0.1 < trial.params["x"] < 2.1 for trial in optimizer.pareto_front())
    True
    """

    # The best there is in one objective, such as the quickest model, often lies at an end of a range. Hypervolume after
    # 60 evaluations with a tenth, this and all of the weight: ZDT2 .97, .96, .85, DTLZ2 .56, .70, .76, forests of which
    # accuracy and time count .95, .98, .95 (shares of the true front's, 4 seeds, benchmarks/multi_objective.py run
    # --options '{"prior_weight": 3.3}' and 33 for the others).
    _interior_share = 0.3

    def __init__(
        self,
        space: Any,
        objectives: Sequence[str],
        *,
        reference: Mapping[str, float] | Sequence[float] | None = None,
        log_scale: Sequence[str] = TIMES,
        surrogate: Any = "auto",
        acquisition: Any = "auto",
        metric_constraints: Mapping[str, str] | None = None,
        history: Iterable[Trial] | None = None,
        **options: Any,
    ) -> None:
        self.objectives = as_objectives(objectives, log_scale)
        self._reference = as_reference(reference, self.objectives)
        self._constraints = as_metric_constraints(metric_constraints, log_scale)
        own = resolve(acquisition, _ACQUISITIONS, "acquisition")
        if not isinstance(own, MultiObjectiveAcquisition):
            raise TypeError(
                f"acquisition={acquisition!r} is of a single score, and the objectives are "
                f"{list(map(str, self.objectives))}. Use 'auto', or a MultiObjectiveAcquisition."
            )
        if isinstance(surrogate, str) and surrogate in ("auto", "gp"):
            # What is below the median of one objective, and squashed by the default, may be the best there is
            # in another.
            surrogate = GaussianProcess(output_transform="log_outliers")
        super().__init__(
            space,
            surrogate=surrogate,
            acquisition=own,
            metric_constraints=self._constraints,
            history=self._as_told(history, space, options.get("constraint")),
            **options,
        )
        self._surrogates = [clone(self._surrogate, safe=False) for _ in self.objectives]

    def tell(  # type: ignore[override]  # several scores in the place of one
        self,
        params: Mapping[str, Any],
        scores: Mapping[str, float] | Sequence[float] | None = None,
        *,
        fit_time: float | None = None,
        status: str | None = None,
        metrics: Mapping[str, float] | None = None,
    ) -> None:
        """Record the scores of a point and return at once.

        Parameters
        ----------
        params : dict
            A point of the space, asked for or not.
        scores : dict, sequence of float or None, default=None
            The objectives by name, or in their order; each in its own sign and unit. None, or one of them
            not finite: the point has failed.
        fit_time : float or None, default=None
            Seconds that the evaluation took; of an objective ``"fit_time"`` itself if `scores` has none.
        status : str or None, default=None
            As for `Optimizer.tell`.
        metrics : dict or None, default=None
            What else was measured, by name; what the metric constraints may be about.

        Raises
        ------
        TypeError
            If `scores` is neither a mapping nor a sequence.
        ValueError
            If an objective lacks or there are too many, the point lies outside the space, or the status is
            unknown or ``"complete"`` without finite scores.
        """
        told = {} if metrics is None else dict(metrics)
        if fit_time is not None:
            told.setdefault("fit_time", fit_time)
        told |= scores_by_name(scores, self.objectives, told)
        score = self._score(told)
        trial = checked_trial(
            len(self._trials), params, score, status, None, None, fit_time, told or None
        )
        self._pending.pop(self._told.add(trial), None)
        self._trials.append(trial)

    def pareto_front(self) -> list[Trial]:
        """Return the trials of which no other is as good in all objectives and better in one.

        Returns
        -------
        trials : list of Trial
            By what was observed, in the order told; with metric constraints, of those that keep to them.
            `metrics` holds the objectives.
        """
        trials = [trial for trial in self._trials if self._counts(trial)]
        S = inner_scores([trial.metrics for trial in trials], self.objectives)
        return [trial for trial, is_on in zip(trials, non_dominated(S), strict=True) if is_on]

    def hypervolume(self, reference: Mapping[str, float] | Sequence[float] | None = None) -> float:
        """Return the volume that the front dominates.

        Parameters
        ----------
        reference : dict, sequence of float or None, default=None
            The worst score of each objective that counts, in its own sign and unit. None: that of the
            search.

        Returns
        -------
        volume : float
            In the product of the objectives' units, of logarithms for those on `log_scale`; 0 without a
            front.

        Raises
        ------
        ValueError
            If `reference` does not fit the objectives.
        """
        front = [trial.metrics for trial in self.pareto_front()]
        if not front:
            return 0.0
        given = as_reference(reference, self.objectives) if reference is not None else None
        given = self._reference if given is None else given
        S = inner_scores(front, self.objectives)
        all_scores = inner_scores(
            [t.metrics for t in self._trials if t.is_complete], self.objectives
        )
        return hypervolume(S, np.where(np.isnan(given), reference_of(all_scores), given))

    def objective_posteriors(
        self, params_list: Sequence[Mapping[str, Any]]
    ) -> dict[str, GaussianPosterior]:
        """Return what is believed of the noise-free objectives of some points.

        Parameters
        ----------
        params_list : list of dict
            Points of the space.

        Returns
        -------
        posteriors : dict of str to GaussianPosterior
            By name, each with mean and standard deviation in its own sign and unit.

        Raises
        ------
        ValueError
            If there are no scores yet, a point lies outside the space, or a surrogate cannot be fitted.
        """
        U = np.array([self.space.encode(params) for params in params_list])
        models = self._model()
        if models is None:
            raise ValueError(
                "There is no posterior: the surrogates need finite scores and fits without error. Tell more "
                "trials."
            )
        found = {}
        for objective, model in zip(self.objectives, models.models, strict=True):
            inner = model.score_posterior(U.reshape(len(U), self.space.n_dims))
            found[objective.name] = GaussianPosterior(*objective.outer(inner.mean, inner.std))
        return found

    def score_posterior(self, params_list: Sequence[Mapping[str, Any]]) -> GaussianPosterior:
        """Return what is believed of the first objective, which is the `score` of a trial.

        Parameters
        ----------
        params_list : list of dict
            Points of the space.

        Returns
        -------
        posterior : GaussianPosterior
            Mean and standard deviation; higher is better.

        Raises
        ------
        ValueError
            As for `objective_posteriors`.
        """
        first = self.objectives[0]
        posterior = self.objective_posteriors(params_list)[first.name]
        return GaussianPosterior(
            -posterior.mean if first.is_minimised else posterior.mean, posterior.std
        )

    def score_interval(
        self, params_list: Sequence[Mapping[str, Any]], level: float = 0.95
    ) -> tuple[Floats, Floats]:
        """Refuse: quantiles are of one score.

        Parameters
        ----------
        params_list : list of dict
            Not used.
        level : float, default=0.95
            Not used.

        Raises
        ------
        ValueError
            Always.
        """
        raise ValueError(
            f"score_interval is of one score, and the objectives are {list(map(str, self.objectives))}. Look at "
            "objective_posteriors() instead."
        )

    def regret_bound(self, kappa: float = 3.0) -> float:
        """Refuse: a front has no single regret.

        Parameters
        ----------
        kappa : float, default=3.0
            Not used.

        Raises
        ------
        ValueError
            Always.
        """
        raise ValueError(
            f"regret_bound is of one score, and the objectives are {list(map(str, self.objectives))}. Look at "
            "hypervolume() instead."
        )

    def _model(self) -> ObjectiveModels | None:
        """The surrogates fitted to all that was told; None if one cannot be."""
        observations = self._told.observations()
        fitted_to, models = self._fitted
        if fitted_to is not observations:
            models = self._fit(observations) if observations.n_finite else None
            self._fitted = (observations, models)
        return models

    def _fit(self, observations: Observations) -> ObjectiveModels | None:
        lessons = self._weighting.lessons(observations)
        S = inner_scores([trial.metrics for trial in lessons.trials], self.objectives)
        fitted = []
        for surrogate, scores in zip(self._surrogates, S.T, strict=True):
            of_one = replace(
                lessons, scores=scores, noise_variance=np.full(len(S), np.nan), fold_noise=None
            )
            model = fit_surrogate(surrogate, of_one)
            if model is None:
                return None
            fitted.append(model)
        return ObjectiveModels(tuple(fitted))

    def _propose(
        self, model: Any, rng: np.random.Generator, n: int, pending: Floats, taken: set[Hashable]
    ) -> list[Floats]:
        models, task = self._front_task(model)
        return propose_front(models, task, rng, n, pending=pending, exclude=taken)

    def _surface(self, model: Any, rng: np.random.Generator) -> FrontSurface:
        waiting = np.array([*self._pending.values()])
        models, task = self._front_task(model)
        return front_surface(models, task, waiting.reshape(len(waiting), self.space.n_dims))

    def _front_task(self, model: Any) -> tuple[ObjectiveModels, FrontTask]:
        """What proposals are made of, whatever their number."""
        observations = self._told.observations()
        keeping = self._weighting.kept(observations)
        is_known = np.isfinite(observations.scores)
        kept = np.ones(len(is_known), dtype=bool) if keeping is None else keeping.rows
        task = FrontTask(
            U=observations.U[is_known],
            kept=kept[is_known],
            space=self.space,
            acquisition=self._acquisition,
            reference=model.forward(self._reference),
            weights=self._weighting.weights(observations),
            keeping=keeping,
        )
        return self._weighting.believing(model, observations), task

    def _score(self, metrics: Mapping[str, float]) -> float:
        """The first objective, higher is better; nan if any of them is not finite."""
        values = [metrics.get(objective.name, np.nan) for objective in self.objectives]
        if not np.isfinite(values).all():
            return np.nan
        return float(-values[0] if self.objectives[0].is_minimised else values[0])

    def _counts(self, trial: Trial) -> bool:
        return trial.is_complete and bool(keeps_to(self._constraints, [trial.metrics])[0])

    def _as_told(self, history: Any, space: Any, constraint: Any) -> list[Trial]:
        """Earlier trials with the score of this search."""
        same, others = split_history(history, as_space(space, constraint))
        if others:
            raise ValueError(
                "A search with several objectives learns from trials of the same objectives alone; history= "
                "holds an EarlierSearch of another. Leave it out, or give its best points as initial_points."
            )
        names = [objective.name for objective in self.objectives]
        for trial in same:
            if trial.is_complete and not set(names) <= set(trial.metrics or ()):
                raise ValueError(
                    f"history= holds a trial without the objectives {names}: its metrics are "
                    f"{trial.metrics!r}. Give trials of a search with these objectives."
                )
        return [replace(trial, score=self._score(trial.metrics or {})) for trial in same]
