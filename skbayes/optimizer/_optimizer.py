"""Ask and tell: the loop of a search with the evaluations left to the caller.

`tell` records and returns at once; `ask` thinks. Every proposal has its own stream of random
numbers, numbered from the seed, so that the same sequence of calls gives the same proposals.
"""

import warnings
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..exceptions import ExhaustedSpaceError, SpaceTypeError, SpaceValueError
from ..space import Space, as_space
from ._batch import propose
from ._believing import Believing
from ._checks import check_count, checked_trial, plain_params, seed_sequence
from ._design import default_n_initial, initial_design
from ._earlier import EarlierSearch, split_history
from ._exploration import check_fraction, random_share
from ._metric_constraints import MetricConstraint, as_metric_constraints
from ._observations import EncodedTrials
from ._opening import Opening
from ._suggest import as_acquisition, as_surrogate
from ._transfer import WarmStart, as_sources, with_sources
from ._trial import History, Trial
from ._unseen import unseen
from ._weights import Weighting

__all__ = ["Optimizer"]

Floats = NDArray[np.float64]
Params = dict[str, Any]


class Optimizer(Believing):
    """Bayesian optimisation of a score over a design space, one question at a time.

    Parameters
    ----------
    space : dict, list of dict, list of Dimension, or Space
        The design space in any notation that `as_space` takes.
    surrogate : str or Surrogate, default="auto"
        The regression model of the score: ``"gp"``, ``"forest"``, ``"extra_trees"`` or an object.
        ``"auto"`` is the Gaussian process.
    acquisition : str, MarginalAcquisition or JointAcquisition, default="auto"
        What makes a point worth evaluating: ``"log_ei"``, ``"ei"``, ``"pi"``, ``"ucb"``,
        ``"thompson"``, ``"mes"``, ``"kg"``, ``"portfolio"`` or an object. ``"auto"`` is
        ``"log_ei"``. ``"log_ei_per_second"`` prefers what is
        quick to evaluate, by the fit times told.
    initial_points : list of dict, default=None
        Points to propose first, in this order.
    n_initial_points : int, default=None
        How many points to evaluate before the surrogate chooses, `initial_points` and the trials of
        `history` included. None: four more than there are dimensions, but 6 to 12; k
        unordered choices count as k - 1 dimensions. At least one for each branch.
    initial_design : {"sobol", "latin_hypercube", "random", "grid"}, default="sobol"
        How the other initial points are spread.
    history : History, EarlierSearch, or iterable of them or of Trial, default=None
        Earlier trials. A History or trials are of the same objective: they teach the surrogate and
        are not proposed again; `history` of the optimizer does not contain them. Those outside the
        space are left out with a warning. An `EarlierSearch` may be of another objective, over a
        smaller or larger space: it weighs as much as it ranks the new scores.
    constraint : callable, default=None
        ``constraint(params) -> bool``; points where it is false are never proposed.
    failures : {"auto", "worst", "weigh"}, default="auto"
        What failed trials teach. ``"worst"``: they count as the worst score seen. ``"weigh"``: the
        surrogate does not see them, and the acquisition is multiplied by the probability of success.
        ``"auto"``: as ``"worst"``, unless it shows that they come at random wherever one looks; then
        the surrogate does not see them.
    prior_weight : float, default=10.0
        How strongly the priors of the space weigh the acquisition, which is multiplied by their
        relative density to the power ``prior_weight / n`` after n trials; non-negative, 0 for not at
        all. A scipy distribution is its own prior; that of a range, Beta(2, 2), expects the best
        inside it rather than at its ends.
    random_fraction : float, default=0.0
        Probability that a proposal after the initial design is a draw from the prior; 0 to 1.
    metric_constraints : dict, default=None
        Bounds of metrics that are told along with the score, as ``{"latency": "<= 0.1"}``. The acquisition
        is multiplied by the probability of keeping to them, and the score to beat is the best that does.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default=None
        Seed. None is different each time.

    Raises
    ------
    ValueError, TypeError
        If the space, an initial point or any other argument cannot be used.

    See Also
    --------
    minimize : The whole loop around a function.
    suggest : The same as a pure function.

    Examples
    --------
    >>> from skbayes.optimizer import Optimizer
    >>> optimizer = Optimizer({"x": (-5.0, 5.0)}, random_state=0)
    >>> for _ in range(15):
    ...     params = optimizer.ask()
    ...     optimizer.tell(params, score=-((params["x"] - 1.0) ** 2))
    >>> abs(optimizer.history.incumbent.params["x"] - 1.0) < 0.1
    True
    """

    # How much of its weight the prior of the interior of ranges gets.
    _interior_share = 1.0

    def __init__(
        self,
        space: Any,
        *,
        surrogate: Any = "auto",
        acquisition: Any = "auto",
        initial_points: Sequence[Mapping[str, Any]] | None = None,
        n_initial_points: int | None = None,
        initial_design: str = "sobol",
        history: Iterable[Trial | Iterable[Trial] | EarlierSearch] | EarlierSearch | None = None,
        constraint: Any = None,
        failures: str = "auto",
        prior_weight: float = 10.0,
        random_fraction: float = 0.0,
        metric_constraints: Mapping[str, str] | tuple[MetricConstraint, ...] | None = None,
        random_state: Any = None,
    ) -> None:
        self.space: Space = as_space(space, constraint)
        self._seeds = seed_sequence(random_state)
        design_seed, surrogate_seed = self._seeds.spawn(2)
        seed = int(surrogate_seed.generate_state(1)[0] // 2)
        earlier, others = split_history(history, self.space)
        sources = as_sources(others, self.space)
        self._surrogate = with_sources(as_surrogate(surrogate, self.space, seed), sources)
        self._acquisition = as_acquisition(acquisition)
        self._weighting = Weighting(
            self.space,
            self._acquisition,
            self._surrogate,
            failures=failures,
            prior_weight=prior_weight,
            seed=seed,
            constraints=as_metric_constraints(metric_constraints),
            interior_share=self._interior_share,
        )
        self._random_fraction = check_fraction(random_fraction, "random_fraction")
        self._trials: list[Trial] = []
        self._history = History()
        self._told = EncodedTrials(self.space)
        self._pending: dict[Hashable, Floats] = {}
        self._fitted = (None, None)
        self._learn_earlier(earlier)
        n_initial = (
            default_n_initial(self.space)
            if n_initial_points is None
            else check_count(n_initial_points, "n_initial_points", 0)
        )
        given = [plain_params(params) for params in initial_points or ()]
        design = self._draw_design(
            initial_design, n_initial, given, np.random.default_rng(design_seed)
        )
        warm_start = WarmStart(sources, self.space)
        self._opening = Opening(self.space, given, warm_start, design, n_initial)

    @property
    def history(self) -> History:
        """All trials told so far, without the earlier ones given at the start."""
        if len(self._history) != len(self._trials):  # one copy when asked for, not one per trial
            self._history = History(tuple(self._trials))
        return self._history

    def ask(self, n: int | None = None) -> Any:
        """Propose what to evaluate next.

        Points that were asked for and not yet told count as being evaluated: they are not proposed
        again, and the surrogate expects of them what it predicts.

        Parameters
        ----------
        n : int or None, default=None
            How many points to evaluate side by side. None: one, returned by itself.

        Returns
        -------
        params : dict, or list of dict
            One point for ``n=None``; otherwise a list of n distinct points, shorter or empty at the
            end of a finite space.

        Raises
        ------
        ExhaustedSpaceError
            If ``n=None`` and every point of a finite space has been proposed or told.
        ValueError
            If `n` is not a positive integer.
        """
        n_asked = 1 if n is None else check_count(n, "n", 1)
        points = self._choose(n_asked)
        self.add_pending(points)
        if n is not None:
            return points
        if not points:
            raise ExhaustedSpaceError(
                f"All points of the design space have been proposed: {len(self._told)} told, "
                f"{len(self._pending)} pending. Stop here, or widen the space."
            )
        return points[0]

    def add_pending(self, points: Iterable[Mapping[str, Any]]) -> None:
        """Count points as being evaluated that were not asked for here: by another process, or before a restart.

        As after `ask`, they are not proposed until they are told, and the surrogate expects of them what
        it predicts.

        Parameters
        ----------
        points : iterable of dict
            Points of the space; those told already count no further.

        Raises
        ------
        ValueError, TypeError
            If a point lies outside the space.

        Examples
        --------
        >>> from skbayes.optimizer import Optimizer
        >>> optimizer = Optimizer({"n": (1, 3)}, random_state=0)
        >>> optimizer.add_pending([{"n": 2}])
        >>> sorted(params["n"] for params in optimizer.ask(3))
        [1, 3]
        """
        waiting = {self.space.key(u): u for u in map(self.space.encode, points)}
        self._pending |= {key: u for key, u in waiting.items() if key not in self._told.keys}

    def tell(
        self,
        params: Mapping[str, Any],
        score: float | None = None,
        *,
        noise_variance: float | None = None,
        fold_scores: Iterable[float] | None = None,
        fit_time: float | None = None,
        status: str | None = None,
        metrics: Mapping[str, float] | None = None,
    ) -> None:
        """Record the score of a point and return at once.

        Parameters
        ----------
        params : dict
            A point of the space, asked for or not.
        score : float or None, default=None
            Higher is better. nan means that there is none, and an infinite score counts as that.
            None: the mean of `fold_scores`, and none if some of the folds were not run.
        noise_variance : float or None, default=None
            Known variance of the score, in its squared unit.
        fold_scores : iterable of float or None, default=None
            The scores that `score` is the mean of, one for each fold, nan for a fold not run. From
            those of a pruned trial the surrogate gets an estimate of the mean over all folds.
        fit_time : float or None, default=None
            Seconds that the evaluation took.
        status : str or None, default=None
            ``"complete"``, ``"failed"``, ``"pruned"``, ``"timeout"`` or ``"memory"``. None:
            ``"complete"`` with a finite score, ``"pruned"`` with ``score=None`` and scores of some
            of the folds, otherwise ``"failed"``.
        metrics : dict or None, default=None
            What else was measured, by name; what the metric constraints are about.

        Raises
        ------
        TypeError
            If the score is not a real number, or None without fold scores.
        ValueError
            If the point lies outside the space, the noise variance is negative, or the status is
            unknown or ``"complete"`` without a score.
        """
        trial = checked_trial(
            len(self._trials), params, score, status, noise_variance, fold_scores, fit_time, metrics
        )
        self._pending.pop(self._told.add(trial), None)
        self._trials.append(trial)

    def _choose(self, n: int) -> list[Params]:
        """Up to n new points: those given, then the initial design, then by the model."""
        taken = self._told.keys | self._pending.keys()
        chosen = self._opening.take(n, taken, self._told.observations())
        n_left = n - len(chosen)
        if not n_left:
            return chosen
        rng = np.random.default_rng(self._seeds.spawn(1)[0])
        drawn = random_share(self.space, n_left, self._random_fraction, taken, rng)
        if len(drawn):
            chosen += [self.space.decode(u) for u in drawn]
            taken |= {self.space.key(self.space.encode(params)) for params in chosen}
            n_left = n - len(chosen)
        model = self._model() if n_left else None
        if model is None:
            more = list(unseen(self.space, n_left, taken, rng))
        else:
            waiting = [*self._pending.values(), *map(self.space.encode, chosen)]
            pending = np.array(waiting).reshape(len(waiting), self.space.n_dims)
            more = self._propose(model, rng, n_left, pending, taken)
        return chosen + [self.space.decode(u) for u in more]

    def _propose(
        self, model: Any, rng: np.random.Generator, n: int, pending: Floats, taken: set[Hashable]
    ) -> list[Floats]:
        """Up to n new encoded points by the model."""
        return propose(**self._task(model), rng=rng, n=n, pending=pending, exclude=taken)

    def _learn_earlier(self, history: Iterable[Trial]) -> None:
        outside = 0
        for trial in history:
            try:
                self._told.add(trial)
            except (SpaceValueError, SpaceTypeError):
                outside += 1
        if outside:
            warnings.warn(
                f"{outside} of the {outside + len(self._told)} earlier trials lie outside the "
                "design space, or have other parameters, and were left out. Widen the space to use "
                "them.",
                UserWarning,
                stacklevel=3,
            )

    def _draw_design(
        self, method: str, n_initial: int, given: list[Params], rng: np.random.Generator
    ) -> list[Params]:
        known = self._told.keys | {self.space.key(self.space.encode(params)) for params in given}
        n = max(0, n_initial - len(known))
        U = initial_design(self.space, n, method, rng, exclude=known)
        return [self.space.decode(u) for u in U]
