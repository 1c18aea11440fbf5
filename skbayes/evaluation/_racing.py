"""Racing: after each fold of a candidate, can it still win?"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr
from sklearn.base import BaseEstimator

__all__ = ["ForgivingRule", "RacingRule", "WinProbability", "as_racing_rule"]

Floats = NDArray[np.float64]


class RacingRule(BaseEstimator):
    """Base of the racing rules."""

    def is_hopeless(self, scores: Floats, candidate: int) -> bool:
        """Say whether a candidate can no longer win."""
        raise NotImplementedError


class WinProbability(RacingRule):
    """First version: paired t of the final difference to the leader."""

    def __init__(self, threshold: float = 0.1) -> None:
        self.threshold = threshold

    def is_hopeless(self, scores: Floats, candidate: int) -> bool:
        """Say whether a candidate can no longer win."""
        Y = np.asarray(scores, dtype=float)
        is_run = ~np.isnan(Y)
        mask = is_run[candidate]
        m, K = int(mask.sum()), Y.shape[1]
        if not 0 < m < K:
            return False
        complete = is_run.all(axis=1)
        rivals = complete if complete.any() else is_run[:, mask].all(axis=1)
        means = np.where(rivals, (Y if complete.any() else Y[:, mask]).mean(axis=1), -np.inf)
        leader = int(means.argmax())
        if leader == candidate or not np.isfinite(means[leader]):
            return False
        behind = float((Y[leader] - Y[candidate])[mask].mean())
        if not behind > 0.0:
            return False
        D = Y[leader] - Y
        common = np.isfinite(D)
        c = common.sum(axis=1)
        has = c > 1
        has[leader] = False
        if not has.any():
            return False
        D, c = np.where(common, D, 0.0)[has], c[has]
        gap = D.sum(axis=1) / c
        variance = (np.where(common[has], D - gap[:, None], 0.0) ** 2).sum(axis=1) / (c - 1)
        near = np.argsort(np.abs(gap), kind="stable")[: max(3, -(-len(gap) // 2))]
        s2 = float(np.median(variance[near]))
        error = np.sqrt(s2 * (1.0 / m - 1.0 / K))
        if error == 0.0:
            return True
        return bool(stdtr(max(len(near), 1), -behind / error) < self.threshold)


class ForgivingRule(RacingRule):
    """Give up whose mean so far is below the leader's worst fold."""

    def is_hopeless(self, scores: Floats, candidate: int) -> bool:
        """Say whether a candidate can no longer win."""
        Y = np.asarray(scores, dtype=float)
        complete = ~np.isnan(Y).any(axis=1)
        if not complete.any() or complete[candidate]:
            return False
        means = np.where(complete, Y.mean(axis=1), -np.inf)
        leader = int(means.argmax())
        return bool(np.nanmean(Y[candidate]) < Y[leader].min())


def as_racing_rule(racing: object) -> RacingRule | None:
    """Return the rule that `racing=` was given."""
    if racing is None or racing is False:
        return None
    if racing is True:
        return WinProbability()
    if callable(getattr(racing, "is_hopeless", None)) and not isinstance(racing, type):
        return racing  # type: ignore[return-value]
    raise TypeError(f"racing must be True, False or a racing rule; got {racing!r}.")
