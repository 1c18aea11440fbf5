"""What a picture of convergence shows of scores: the scores, their negatives, or how much they lack of an optimum."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._text import literal, shortened

__all__ = ["View", "at_the_end", "finite", "worst_shown"]

Floats = NDArray[np.float64]

# Tukey's fence for what is far out: so many interquartile ranges below the lower quartile.
_FAR_OUT = 3.0
# Letters of the name of a score; more are higher than the picture.
_NAME_LENGTH = 48


@dataclass(frozen=True)
class View:
    """How scores are drawn.

    Parameters
    ----------
    optimum : float or None
        If it is known, the regret is drawn.
    sign : float
        −1 to draw negatives.
    """

    optimum: float | None
    sign: float

    def of(self, scores: Any) -> Floats:
        """Return what is drawn of scores."""
        given = np.asarray(scores, dtype=float)
        return self.sign * given if self.optimum is None else self.optimum - given

    @property
    def is_lower_better(self) -> bool:
        """Whether what is drawn is better when lower."""
        return self.optimum is not None or self.sign < 0.0

    def label(self, score_name: str) -> str:
        """Return the label of the axis."""
        if self.optimum is not None:
            highest = f"{self.optimum:.6g}".replace("-", "−")
            return f"{highest} − best {literal(shortened(score_name, _NAME_LENGTH))} so far"
        if self.sign > 0.0:
            return f"best {literal(shortened(score_name, _NAME_LENGTH))} so far"
        # A name that is not ours is that of what is drawn.
        name = re.sub(r"^mean test score \(neg_(.*)\)$", r"mean test \1", score_name)
        name = "value" if name == "score" else re.sub("^mean test score", "−mean test score", name)
        return f"lowest {literal(shortened(name, _NAME_LENGTH))} so far"


def finite(arrays: Sequence[Any]) -> Floats:
    """Return all finite numbers of some arrays."""
    parts = [np.ravel(np.asarray(each, dtype=float)) for each in arrays]
    numbers = np.concatenate([np.empty(0), *parts])
    return numbers[np.isfinite(numbers)]


def worst_shown(scores: Floats, curves: Floats) -> float:
    """Return the lowest score that gets its place in the picture; one far out would press all others together.

    Parameters
    ----------
    scores : ndarray of shape (n_trials,)
        Of the trials that have one.
    curves : ndarray of shape (n_steps,)
        Heights of the curves, which are shown whole.
    """
    if not scores.size:
        return -np.inf
    low, high = np.quantile(scores, [0.25, 0.75])
    return min(float(low - _FAR_OUT * (high - low)), float(curves.min(initial=np.inf)))


def at_the_end(heights: Floats, n_searches: int) -> str:
    """Return what a legend says of the end of a curve."""
    known = finite([heights])
    if n_searches == 1:
        return f": best {known[-1]:.4g}" if known.size else ""
    ends = f": ends at {known[-1]:.4g}" if known.size else ""
    return f" ({n_searches} searches){ends}"
