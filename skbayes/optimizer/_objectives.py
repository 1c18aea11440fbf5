"""What a search with several objectives is after: names, signs, and which vary by powers of ten.

Inside, every objective is better when higher, and a time is the negative logarithm of its seconds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..acquisition import MOST_OBJECTIVES

__all__ = [
    "TIMES",
    "Objective",
    "as_objectives",
    "as_reference",
    "inner_scores",
    "reference_values",
    "scores_by_name",
]

Floats = NDArray[np.float64]

# Metrics that the clock gives.
TIMES = ("fit_time", "score_time")
# A clock says nothing of shorter times.
_SHORTEST = 1e-6


@dataclass(frozen=True)
class Objective:
    """One of several objectives.

    Parameters
    ----------
    name : str
        Of a metric.
    is_minimised : bool
        Whether smaller is better.
    is_log : bool
        Whether it is positive and modelled by its logarithm.

    See Also
    --------
    as_objectives : Reads them.

    Examples
    --------
    >>> from skbayes.optimizer import Objective
    >>> print(Objective("fit_time", is_minimised=True, is_log=True))
    -fit_time
    """

    name: str
    is_minimised: bool
    is_log: bool

    def inner(self, values: Floats) -> Floats:
        """Return values so that higher is better.

        Parameters
        ----------
        values : ndarray
            Of the metric, in its own sign and unit.

        Returns
        -------
        inner : ndarray
            Negated if it is minimised, of its logarithm if that is modelled.
        """
        if self.is_log:
            values = np.log(np.maximum(values, _SHORTEST))
        return -values if self.is_minimised else values

    def outer(self, mean: Floats, std: Floats) -> tuple[Floats, Floats]:
        """Return moments of the metric from those of `inner`.

        Parameters
        ----------
        mean, std : ndarray of shape (n,)
            Of `inner` values.

        Returns
        -------
        mean, std : ndarray of shape (n,)
            In the metric's own sign and unit.

        Notes
        -----
        With a logarithm N(m, s²) the mean is exp(m + s²/2), and the std that times √(exp(s²) − 1).
        """
        mean = -mean if self.is_minimised else mean
        if not self.is_log:
            return mean, std
        with np.errstate(over="ignore"):
            mean = np.exp(mean + 0.5 * std**2)
            return mean, mean * np.sqrt(np.expm1(std**2))

    def __str__(self) -> str:
        return f"-{self.name}" if self.is_minimised else self.name


def as_objectives(objectives: Any, log_scale: Iterable[str] = TIMES) -> tuple[Objective, ...]:
    """Read objectives as users write them.

    Parameters
    ----------
    objectives : list of str
        One to three names of metrics, each with ``"-"`` before it if smaller is better.
    log_scale : iterable of str, default=("fit_time", "score_time")
        Names of those that are positive and modelled by their logarithms.

    Returns
    -------
    objectives : tuple of Objective
        In the same order.

    Raises
    ------
    TypeError
        If they are no sequence of strings.
    ValueError
        If there is none, one comes twice, or there are more than 3.

    Examples
    --------
    >>> from skbayes.optimizer import as_objectives
    >>> [str(objective) for objective in as_objectives(["roc_auc", "-fit_time"])]
    ['roc_auc', '-fit_time']
    """
    is_sequence = isinstance(objectives, Sequence) and not isinstance(objectives, str)
    if not is_sequence or not all(isinstance(each, str) for each in objectives):
        raise TypeError(
            "objectives must be a list of names, with '-' before one of which smaller is better; got "
            f"{objectives!r}. Give for example ['roc_auc', '-fit_time']."
        )
    logarithmic = {log_scale} if isinstance(log_scale, str) else set(log_scale)
    found = [
        Objective(
            each.removeprefix("-"), each.startswith("-"), each.removeprefix("-") in logarithmic
        )
        for each in objectives
    ]
    names = [each.name for each in found]
    if not all(names) or len(set(names)) < len(names):
        raise ValueError(
            f"Each of the objectives needs a name of its own; got {list(objectives)!r}."
        )
    if not 1 <= len(found) <= MOST_OBJECTIVES:
        raise ValueError(
            f"There can be 1 to {MOST_OBJECTIVES} objectives; got {len(found)}: {list(objectives)!r}. Leave out "
            "those that matter least, or keep to them by metric_constraints=."
        )
    return tuple(found)


def inner_scores(
    metrics: Sequence[Mapping[str, float] | None], objectives: Sequence[Objective]
) -> Floats:
    """Return the objectives of some trials by their metrics, higher is better.

    Shape (n_trials, n_objectives); all of a row are nan where any of them is not finite.
    """
    values = np.array(
        [
            [(each or {}).get(objective.name, np.nan) for objective in objectives]
            for each in metrics
        ],
        dtype=float,
    ).reshape(len(metrics), len(objectives))
    is_whole = np.isfinite(values).all(axis=1)
    S = np.full_like(values, np.nan)
    for j, objective in enumerate(objectives):
        S[is_whole, j] = objective.inner(values[is_whole, j])
    return S


def scores_by_name(
    scores: Any, objectives: Sequence[Objective], told: Mapping[str, float]
) -> dict[str, float]:
    """Return what was told of the objectives, by name; they may be among the other metrics told."""
    names = [objective.name for objective in objectives]
    if scores is None:
        return {}
    if isinstance(scores, Mapping):
        lacking = [name for name in names if name not in scores and name not in told]
        if lacking:
            raise ValueError(
                f"scores={dict(scores)!r} lacks the objectives {lacking}. Give nan if there is no score."
            )
        return dict(scores)
    if isinstance(scores, str) or not isinstance(scores, Sequence | np.ndarray):
        raise TypeError(
            f"scores must be a dict, or a sequence in the order of {names}; got {scores!r}."
        )
    if len(scores) != len(names):
        raise ValueError(
            f"scores={list(scores)!r} needs one number for each objective, in the order of {names}."
        )
    return dict(zip(names, scores, strict=True))


def as_reference(reference: Any, objectives: Sequence[Objective]) -> Floats:
    """Return a reference as `inner` scores; nan where it follows from the scores."""
    values = reference_values(reference, objectives)
    return np.array(
        [objective.inner(value) for objective, value in zip(objectives, values, strict=True)]
    )


def reference_values(
    reference: Mapping[str, float] | Sequence[float] | None, objectives: Sequence[Objective]
) -> Floats:
    """Return a reference point as an array.

    Parameters
    ----------
    reference : dict of str to float, sequence of float, or None
        The worst values that still count, each in its own sign: by name, or in the order of the objectives.
    objectives : sequence of Objective
        Of what.

    Returns
    -------
    values : ndarray of shape (n_objectives,)
        nan where none was given.

    Raises
    ------
    ValueError
        If it names something else, or has not one number for each objective.

    Examples
    --------
    >>> from skbayes.optimizer import as_objectives, reference_values
    >>> reference_values({"fit_time": 2.0}, as_objectives(["accuracy", "-fit_time"]))
    array([nan,  2.])
    """
    names = [objective.name for objective in objectives]
    if reference is None:
        return np.full(len(names), np.nan)
    if isinstance(reference, Mapping):
        unknown = sorted(set(reference) - set(names))
        if unknown:
            raise ValueError(
                f"reference names {unknown}, and the objectives are {names}. Leave these out."
            )
        reference = [reference.get(name, np.nan) for name in names]
    values = np.asarray(reference, dtype=float)
    if values.shape != (len(names),):
        raise ValueError(
            f"reference={reference!r} needs one number for each objective. Give them in the order of {names}."
        )
    return values
