"""What is evaluated: a candidate is a point with the folds to score it on, a task one of its folds."""

from dataclasses import dataclass
from typing import Any

__all__ = ["Candidate", "Task"]


@dataclass(frozen=True)
class Candidate:
    """Parameters to be scored.

    Parameters
    ----------
    params : dict of str to object
        Parameters to set on the estimator: the user's own objects.
    folds : tuple of int, default=None
        Positions in the folds of the search; None for all of them.
    """

    params: dict[str, Any]
    folds: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Task:
    """One (candidate, fold): the unit of work of every search.

    Parameters
    ----------
    candidate : int
        Number of the candidate, in the order of asking, from 0.
    fold : int
        Position in the folds of the search.
    params : dict of str to object
        Parameters to set on the estimator.
    """

    candidate: int
    fold: int
    params: dict[str, Any]
