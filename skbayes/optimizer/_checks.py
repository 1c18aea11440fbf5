"""What is told to the optimizer, checked at the door."""

import numbers
from collections.abc import Iterable, Mapping
from math import isfinite, isnan
from typing import Any

import numpy as np

from ._trial import STATUSES, Trial

__all__ = ["check_count", "checked_trial", "plain_params", "seed_sequence"]


def check_count(value: Any, name: str, least: int) -> int:
    """Return an integer of at least `least`."""
    is_integer = isinstance(value, numbers.Integral) and not isinstance(value, bool | np.bool_)
    if not is_integer or int(value) < least:
        raise ValueError(f"{name} must be an integer of at least {least}; got {value!r}.")
    return int(value)


def checked_trial(
    number: int,
    params: Mapping[str, Any],
    score: Any,
    status: str | None,
    noise_variance: Any,
    fold_scores: Iterable[float] | None,
    fit_time: float | None,
    metrics: Mapping[str, float] | None = None,
) -> Trial:
    """Return what was told as a trial; `params` are checked where they are encoded."""
    folds = None if fold_scores is None else tuple(float(s) for s in fold_scores)
    if score is None and (folds or status not in (None, "complete")):
        score, status = _by_folds(folds, status)
    score = _check_score(score)
    return Trial(
        number=number,
        params=dict(params),
        score=score,
        status=_check_status(status, score),
        noise_variance=_check_noise_variance(noise_variance),
        fold_scores=folds,
        fit_time=None if fit_time is None else float(fit_time),
        metrics=None if metrics is None else {k: float(v) for k, v in metrics.items()},
    )


def seed_sequence(random_state: Any) -> np.random.SeedSequence:
    """Return the root of all random streams; a generator is drawn from, so it moves on."""
    if isinstance(random_state, np.random.Generator):
        return np.random.SeedSequence(random_state.integers(2**32, size=4).tolist())
    if isinstance(random_state, np.random.RandomState):
        return np.random.SeedSequence(random_state.randint(2**31 - 1, size=4).tolist())
    if random_state is None:
        return np.random.SeedSequence()
    if isinstance(random_state, numbers.Integral) and int(random_state) >= 0:
        return np.random.SeedSequence(int(random_state))
    raise ValueError(
        "random_state must be None, a non-negative integer, a numpy Generator or a RandomState; "
        f"got {random_state!r}."
    )


def plain_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same point with native Python numbers in place of numpy's."""
    return {k: v.item() if isinstance(v, np.generic) else v for k, v in params.items()}


def _by_folds(folds: tuple[float, ...] | None, status: str | None) -> tuple[float, str | None]:
    """Return the score and, unless it is given, the status of a trial told by its folds alone."""
    n_run = sum(map(isfinite, folds or ()))
    if folds and n_run == len(folds):
        return float(np.mean(folds)), status
    return np.nan, "pruned" if status is None and n_run else status


def _check_score(score: Any) -> float:
    """Return the score as a float; an infinite one is none, like nan."""
    if not isinstance(score, numbers.Real) or isinstance(score, bool | np.bool_):
        raise TypeError(
            f"score must be a real number, or nan for a failed trial; got {score!r} of type "
            f"{type(score).__name__}. Give a number, or fold_scores without a score."
        )
    return float(score) if isfinite(score) else np.nan


def _check_status(status: str | None, score: float) -> str:
    """Return the status, which follows from the score if it is None."""
    if status is None:
        return "failed" if isnan(score) else "complete"
    if status not in STATUSES:
        raise ValueError(f"status={status!r} is not known. Choose one of {', '.join(STATUSES)}.")
    if status == "complete" and isnan(score):
        raise ValueError("A trial without a finite score is not complete; give status='failed'.")
    return status


def _check_noise_variance(noise_variance: Any) -> float | None:
    """Return a non-negative finite number, or None."""
    if noise_variance is None:
        return None
    if not isinstance(noise_variance, numbers.Real) or not 0 <= float(noise_variance) < np.inf:
        raise ValueError(
            f"noise_variance must be None or a finite number >= 0; got {noise_variance!r}."
        )
    return float(noise_variance)
