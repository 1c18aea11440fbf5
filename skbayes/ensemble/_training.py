"""One training run of an estimator with `partial_fit`, its step size on a schedule, and snapshots on the way."""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from inspect import signature
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from .._sklearn import metadata_rows, safe_split, set_step_size
from ..solvers import SCHEDULES

__all__ = ["Run", "as_schedule", "find_step_size", "seeded", "train"]

# What estimators call the size of a step; the first one that is a number is taken.
STEP_SIZE_NAMES = ("step_size", "eta0", "learning_rate_init", "learning_rate")


@dataclass(frozen=True)
class Run:
    """What a training run is.

    Parameters
    ----------
    model : estimator object
        To be trained, with `partial_fit`.
    step_size_param : str
        The parameter that holds its step size.
    step_sizes : ndarray of shape (n_steps,)
        The step size of each call of `partial_fit`.
    n_epochs : int
        Passes over the data; divides `n_steps`.
    n_snapshots : int
        How many, after equal parts of the run.
    """

    model: Any
    step_size_param: str
    step_sizes: NDArray[np.float64]
    n_epochs: int
    n_snapshots: int


def train(
    run: Run,
    X: Any,
    y: Any,
    classes: NDArray[Any] | None,
    params: Mapping[str, Any],
    rng: np.random.Generator,
) -> list[Any]:
    """Train a model, and return copies of it: one at the end of each cycle, the last one the model itself.

    Parameters
    ----------
    run : Run
        What to do.
    X : array-like of shape (n_samples, n_features)
        Training data that rows can be taken from.
    y : array-like of shape (n_samples,)
        Target.
    classes : ndarray of shape (n_classes,) or None
        All labels, for the first call of `partial_fit`; None for a regressor.
    params : mapping of str to object
        Metadata for `partial_fit`; entries of length n_samples are cut to the batch.
    rng : Generator
        Shuffles the rows anew for each epoch.

    Returns
    -------
    snapshots : list of estimators
        The oldest first.
    """
    n_steps = len(run.step_sizes)
    named = signature(run.model.partial_fit).parameters
    extra: dict[str, Any] = (
        {"classes": classes} if classes is not None and "classes" in named else {}
    )
    if "n_total" in named:  # else each epoch would be taken for new rows
        weight = params.get("sample_weight")
        extra["n_total"] = len(y) if weight is None else float(np.sum(weight))
    snapshots = []
    for t, rows in enumerate(_batches(len(y), run.n_epochs, n_steps, rng)):
        set_step_size(run.model, run.step_size_param, float(run.step_sizes[t]))
        X_batch, y_batch = safe_split(run.model, X, y, rows)
        of_batch = metadata_rows(X, params=params, indices=rows)
        if not _weighs_nothing(of_batch, params):
            run.model.partial_fit(X_batch, y_batch, **extra, **of_batch)
        # as in `cyclic_cosine`: cycle k begins with step ceil(k · n_steps / n_snapshots)
        if (t + 1) * run.n_snapshots // n_steps > t * run.n_snapshots // n_steps:
            snapshots.append(run.model if t + 1 == n_steps else deepcopy(run.model))
    return snapshots


def _weighs_nothing(of_batch: Mapping[str, Any], params: Mapping[str, Any]) -> bool:
    """Whether all rows of a batch have weight zero: as good as absent, and solvers refuse such a batch."""
    weight = of_batch.get("sample_weight")
    # If all rows of all batches have, the estimator is to say so itself.
    return weight is not None and not np.any(weight) and bool(np.any(params["sample_weight"]))


def _batches(
    n_samples: int, n_epochs: int, n_steps: int, rng: np.random.Generator
) -> Iterator[NDArray[np.intp]]:
    for _ in range(n_epochs):
        yield from np.array_split(rng.permutation(n_samples), n_steps // n_epochs)


def as_schedule(schedule: Any, n_snapshots: int) -> Callable[[int, int], Any]:
    """Return a schedule of the given name; one that takes `n_cycles` gets the number of snapshots.

    Parameters
    ----------
    schedule : str or callable
        A key of `SCHEDULES`, or a function like those.
    n_snapshots : int
        Number of cycles.

    Raises
    ------
    ValueError
        If the name is not known.
    TypeError
        If it is neither a name nor callable.
    """
    if isinstance(schedule, str):
        if schedule not in SCHEDULES:
            known = ", ".join(map(repr, SCHEDULES))
            raise ValueError(
                f"schedule={schedule!r} is not known. Choose one of {known}, or give a function."
            )
        schedule = SCHEDULES[schedule]
    if not callable(schedule):
        raise TypeError(
            f"schedule must be a name or a function of (t, n_steps); got {schedule!r}. See skbayes.solvers.SCHEDULES."
        )
    is_bound = isinstance(schedule, partial) and "n_cycles" in schedule.keywords
    if not is_bound and "n_cycles" in signature(schedule).parameters:
        return partial(schedule, n_cycles=n_snapshots)
    return schedule


def find_step_size(model: Any, name: str) -> str:
    """Return the name of the parameter that holds the step size.

    Parameters
    ----------
    model : estimator object
        With `get_params`.
    name : str
        The name, or ``"auto"``.

    Raises
    ------
    ValueError
        If there is no such parameter, or the solver takes no steps.
    """
    params = model.get_params(deep=True)
    # MLPRegressor has partial_fit all the same, and fits to the end at each call.
    if params.get("solver") == "lbfgs":
        raise ValueError(
            f"{type(model).__name__} with solver='lbfgs' has no step size, and its snapshots would be equal. Use "
            "solver='adam' or 'sgd'."
        )
    if name != "auto":
        if name in params:
            return name
        raise ValueError(
            f"{type(model).__name__} has no parameter step_size_param={name!r}. It has {', '.join(sorted(params))}."
        )
    for known in STEP_SIZE_NAMES:
        if isinstance(params.get(known), Real) and not isinstance(params[known], bool):
            return known
    # A number or a name: a linear model whose solver is an object. The ensemble asks for a number.
    if "solver__step_size" in params:
        return "solver__step_size"
    raise ValueError(
        f"{type(model).__name__} has no step size under the names {', '.join(STEP_SIZE_NAMES)}. Give step_size_param= "
        "the parameter that partial_fit reads at each call, or choose an estimator with one, such as SGDClassifier "
        "or MLPClassifier."
    )


def seeded(estimator: Any, step_size_param: str, rng: np.random.Generator) -> Any:
    """Return a clone with a seed wherever it has none, whose own schedule of the step size is off."""
    model = clone(estimator)
    params = model.get_params(deep=True)
    for name in sorted(params):
        if name.rpartition("__")[2] == "random_state" and params[name] is None:
            model.set_params(**{name: int(rng.integers(np.iinfo(np.int32).max))})
    prefix = step_size_param.removesuffix(step_size_param.rpartition("__")[2])
    for own in (f"{prefix}learning_rate", f"{prefix}schedule"):
        if isinstance(params.get(own), str):
            model.set_params(**{own: "constant"})
    # A snapshot is of where the run is, and not of where it has been on average.
    if params.get(f"{prefix}averaging") is True:
        model.set_params(**{f"{prefix}averaging": False})
    return model
