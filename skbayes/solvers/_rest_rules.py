"""When a parameter rests at its centre, and how far a point is from the minimum: for one strength, and for any.

Notation: w = loc + v; c = Xᵀ(y − Xw), and c less the gradient of the second term of the penalty is the pull on a
parameter: it rests at its centre while the pull is no more than l1.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._base import SeparablePenalty
from ._gram_descent import gram_descent, parts_of, uniform_descent, young_terms

__all__ = ["Point", "UniformPenalty", "rule_of"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Point:
    """What is known at w.

    Attributes
    ----------
    w, v : ndarray of shape (p,)
        Parameters, and their distance from their centres.
    rss : float
        ‖y − Xw‖².
    c : ndarray of shape (p,)
        Xᵀ(y − Xw).
    pull : ndarray of shape (p,)
        c less the gradient of the second term.
    gap : float
        Duality gap.
    value : float
        F(w).
    """

    w: Array
    v: Array
    rss: float
    c: Array
    pull: Array
    gap: float
    value: float


@dataclass(frozen=True)
class UniformPenalty:
    """h(w) = l1 |w|₁ + l2 ‖w‖² / 2, for w ≥ 0 if positive: a separable penalty without its arrays.

    Parameters
    ----------
    strength : float
        l1, positive.
    ridge : float
        l2, non-negative.
    is_positive : bool
        Whether parameters must be at least 0.
    """

    strength: float
    ridge: float
    is_positive: bool

    loc = 0.0
    upper = np.inf

    @property
    def lower(self) -> float:
        """Lower bound of every parameter."""
        return 0.0 if self.is_positive else -np.inf


def rule_of(penalty: SeparablePenalty | UniformPenalty) -> Any:
    """Return the rule of one strength for all where there is one: it takes a few operations instead of many."""
    if isinstance(penalty, UniformPenalty):
        return _UniformRule(penalty.strength, penalty.ridge, penalty.is_positive)
    l1, l2 = penalty.l1, penalty.l2
    is_positive = len(l1) > 0 and penalty.lower[0] == 0.0
    is_uniform = (
        len(l1) > 0
        and l1[0] > 0
        and (l1 == l1[0]).all()
        and (l2 == l2[0]).all()
        and not penalty.loc.any()
        and (penalty.upper == np.inf).all()
        and (penalty.lower == (0.0 if is_positive else -np.inf)).all()
    )
    if is_uniform:
        return _UniformRule(float(l1[0]), float(l2[0]), is_positive)
    return _SeparableRule(penalty)


class _UniformRule:
    """l1 |w|₁ + l2 ‖w‖² / 2, with w ≥ 0 if positive."""

    def __init__(self, l1: float, l2: float, is_positive: bool) -> None:
        self.l1, self.l2, self.is_positive = l1, l2, is_positive

    def restless(self) -> Array:
        return np.empty(0, dtype=np.intp)

    def evaluate(self, form: Any, w: Array, known: tuple[float, Array] | None = None) -> Point:
        rss, c = form.evaluate(w) if known is None else known
        pull = c - self.l2 * w if self.l2 else c
        size = float(pull.max() if self.is_positive else max(pull.max(), -pull.min()))
        kappa = min(1.0, self.l1 / size) if size > 0 else 1.0
        ridge = self.l2 * float(w @ w)
        kink = self.l1 * float(np.abs(w).sum())
        gap = 0.5 * (1.0 - kappa) ** 2 * (rss + ridge) + max(kink - kappa * float(w @ pull), 0.0)
        return Point(w, w, rss, c, pull, gap, 0.5 * (rss + ridge) + kink)

    def urgency(self, at: Point) -> Array:
        return (at.pull if self.is_positive else np.abs(at.pull)) / self.l1 - 1.0

    def solve(
        self, S: Any, anchor: tuple[float, Array], v: Array, tol_abs: float, budget: int, rng: Any
    ) -> tuple[Array, int]:
        chosen = S.indices
        solved, _, used = uniform_descent(
            S.gram,
            anchor[1][chosen],
            anchor[0],
            self.l1,
            self.l2,
            self.is_positive,
            v[chosen],
            tol_abs,
            budget,
            rng,
        )
        full = np.zeros_like(v)
        full[chosen] = solved
        return full, used


class _SeparableRule:
    """Any separable penalty."""

    def __init__(self, penalty: SeparablePenalty) -> None:
        self.penalty = penalty
        self.centred = SeparablePenalty(
            np.zeros_like(penalty.l1),
            penalty.l1,
            penalty.l2,
            penalty.lower - penalty.loc,
            penalty.upper - penalty.loc,
        )

    def restless(self) -> Array:
        # A parameter without a kink, or whose centre is outside the box, is nowhere at rest.
        centred = self.centred
        return np.flatnonzero((centred.l1 == 0) | (centred.lower > 0) | (centred.upper < 0))

    def evaluate(self, form: Any, w: Array, known: tuple[float, Array] | None = None) -> Point:
        penalty = self.penalty
        rss, c = form.evaluate(w) if known is None else known
        v = w - penalty.loc
        pull = c - penalty.l2 * v
        curvature = form.diagonal + penalty.l2 if (penalty.l1 == 0).any() else penalty.l2
        kappa, terms = young_terms(self.centred, v, pull, curvature)
        ridge = float(penalty.l2 @ (v * v))
        gap = 0.5 * (1.0 - kappa) ** 2 * (rss + ridge) + float(terms.sum())
        value = 0.5 * (rss + ridge) + float(penalty.l1 @ np.abs(v))
        return Point(w, v, rss, c, pull, gap, value)

    def urgency(self, at: Point) -> Array:
        """Return how far each parameter at rest is beyond its condition; in units of its strength."""
        centred = self.centred
        falling = np.where(centred.upper == 0, -at.pull, np.abs(at.pull))
        push = np.where(centred.lower == 0, at.pull, falling)
        return push / np.where(centred.l1 > 0, centred.l1, 1.0) - 1.0

    def solve(
        self, S: Any, anchor: tuple[float, Array], v: Array, tol_abs: float, budget: int, rng: Any
    ) -> tuple[Array, int]:
        """Return v with its parameters in S solved for, and the passes made; those outside S are 0."""
        chosen = S.indices
        restricted = SeparablePenalty(*(part[chosen] for part in parts_of(self.centred)))
        yy, q = anchor
        solved, _, used = gram_descent(
            S.gram, q[chosen], yy, restricted, v[chosen], tol_abs, budget, rng
        )
        full = np.zeros_like(v)
        full[chosen] = solved
        return full, used
