"""What a rung of a halving search is: rows, folds, or the value of a parameter."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier
from sklearn.utils.multiclass import check_classification_targets

from .._sklearn import scorer_for_weights
from ..optimizer import History, Trial
from ._halving_rungs import Ladder, plan_ladder
from ._proposals import Params
from ._run import SearchRun
from ._subsamples import subsampled_folds

__all__ = ["HalvingRun", "RungArguments", "open_halving"]

# As in scikit-learn: the fewest rows with which each class can be in training and test part of each fold.
_ROWS_PER_FOLD_AND_CLASS = 2


@dataclass(frozen=True)
class HalvingRun(SearchRun):
    """The data, folds and scorers of one `fit`, with the rungs.

    Parameters
    ----------
    resource : str
        ``"n_samples"``, ``"folds"``, or the name of a parameter.
    ladder : Ladder
        How much each rung gives.
    whole : SearchRun
        The run without rungs: all of its folds are those of a candidate.
    """

    resource: str
    ladder: Ladder
    whole: SearchRun

    @property
    def has_parameter(self) -> bool:
        """Whether the resource is a parameter of the estimator."""
        return self.resource not in ("n_samples", "folds")

    @property
    def n_splits(self) -> int:
        """Folds of a candidate."""
        return len(self.whole.folds)

    def params(self, point: Params, rung: int) -> Params:
        """Return what to set on the estimator; a new dict each time."""
        if not self.has_parameter:
            return dict(point)
        return {**point, self.resource: self.ladder.resources[rung]}

    def positions(self, rung: int) -> tuple[int, ...]:
        """Return which of `folds` are to be run on a rung: those of `folds` that were not run before."""
        if self.resource == "folds":
            first = self.ladder.resources[rung - 1] if rung else 0
            return tuple(range(first, self.ladder.resources[rung]))
        K = self.n_splits
        first = rung * K if self.resource == "n_samples" else 0
        return tuple(range(first, first + K))

    def growth(self, rung: int) -> float:
        """How many times longer than on the rung below a fit takes, if it takes as long as its resource is large."""
        if self.resource == "folds":
            return 1.0
        return self.ladder.resources[rung] / self.ladder.resources[rung - 1]

    def point(self, params: Params) -> Params:
        """Return the parameters without the resource."""
        return {name: value for name, value in params.items() if name != self.resource}

    def last_history(self, rungs: Iterable[int], trials: Iterable[Trial]) -> History:
        """Return the trials on the last rung, as points of the space."""
        top = len(self.ladder.resources) - 1
        last = [trial for rung, trial in zip(rungs, trials, strict=True) if rung == top]
        return History(
            tuple(
                replace(trial, number=k, params=self.point(trial.params))
                for k, trial in enumerate(last)
            )
        )

    def at_the_top(self) -> SearchRun:
        """Return the run of an ordinary search whose candidates all have the resource of the last rung."""
        folds = self.whole.folds
        if self.resource == "n_samples":
            folds = self.folds[-self.n_splits :]
        elif self.resource == "folds":
            folds = folds[: self.ladder.resources[-1]]
        return replace(self.whole, folds=folds)

    def with_whole(self, estimator: Any, scorer: Any) -> "HalvingRun":
        """Return the same run, an ordinary search being one with this estimator and scorer."""
        scorer = scorer_for_weights(scorer) if self.setup.score_params else scorer
        setup = replace(self.setup, estimator=clone(estimator), scorer=scorer)
        return replace(self, whole=replace(self.whole, setup=setup))


@dataclass(frozen=True)
class RungArguments:
    """The arguments of a halving search that say what its rungs are, as given.

    Parameters
    ----------
    resource : str
        What increases.
    min_resources, max_resources : int or str
        From where to where.
    factor : float
        By how much from rung to rung.
    n_candidates : int
        On the lowest rung.
    """

    resource: str
    min_resources: Any
    max_resources: Any
    factor: float
    n_candidates: int


def open_halving(run: SearchRun, arguments: RungArguments, rng: np.random.Generator) -> HalvingRun:
    """Plan the rungs of a run, and draw the subsamples of its folds.

    Parameters
    ----------
    run : SearchRun
        Data and folds.
    arguments : RungArguments
        As the user gave them.
    rng : numpy.random.Generator
        Source of the subsamples.

    Returns
    -------
    run : HalvingRun
        With the folds of all rungs.

    Raises
    ------
    ValueError
        If the resource is none, or its limits cannot be.
    """
    resource = arguments.resource
    labels = _labels(run)
    n_most = _most(run, resource)
    smallest = 1
    if resource == "n_samples":
        n_classes = 1 if labels is None else len(np.unique(labels))
        smallest = _ROWS_PER_FOLD_AND_CLASS * len(run.folds) * n_classes
    low, high = _limits(arguments, smallest, n_most)
    ladder = plan_ladder(
        arguments.n_candidates,
        low,
        high,
        arguments.factor,
        exhausts=arguments.min_resources == "exhaust",
        # Few folds leave few rungs: the last one is to be all of them.
        from_top=resource == "folds",
    )
    folds = run.folds
    if resource == "n_samples":
        assert n_most is not None
        fractions = [rows / n_most for rows in ladder.resources]
        folds = subsampled_folds(run.folds, fractions, labels, rng)
    return HalvingRun(run.setup, folds, run.metadata, resource, ladder, run)


def _labels(run: SearchRun) -> NDArray[Any] | None:
    """Classes by row, if it is a classifier that learns one of several."""
    y = run.setup.y
    if y is None or not is_classifier(run.setup.estimator):
        return None
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y.ravel()
    check_classification_targets(y)
    return y if y.ndim == 1 else None


def _most(run: SearchRun, resource: str) -> int | None:
    """How much there is of a resource; None if that is for the user to say."""
    if resource == "n_samples":
        X = run.setup.X
        return int(X.shape[0]) if hasattr(X, "shape") else len(X)
    if resource == "folds":
        return len(run.folds)
    known: Mapping[str, Any] = run.setup.estimator.get_params(deep=True)
    if resource not in known:
        raise ValueError(
            f"Cannot use resource={resource!r}: {type(run.setup.estimator).__name__} has no such parameter. "
            "Name one that takes integers, or use 'n_samples' or 'folds'."
        )
    return None


def _limits(arguments: RungArguments, smallest: int, n_most: int | None) -> tuple[int, int]:
    resource, low, high = arguments.resource, arguments.min_resources, arguments.max_resources
    if high == "auto":
        if n_most is None:
            raise ValueError(
                f"max_resources='auto' needs resource='n_samples' or 'folds'; got resource={resource!r}. "
                f"Give the largest {resource} to use, for example max_resources=100."
            )
        high = n_most
    if isinstance(low, str):
        low = smallest
    if n_most is not None and high > n_most:
        raise ValueError(
            f"max_resources={high} is more than there is: {n_most} {resource.removeprefix('n_')}. "
            "Use 'auto' for all."
        )
    if low > high:
        raise ValueError(
            f"min_resources_={low} is greater than max_resources_={high}. "
            f"The rungs go from the one to the other: give min_resources (it was "
            f"{arguments.min_resources!r}) at most max_resources, or more {resource.removeprefix('n_')}."
        )
    return int(low), int(high)
