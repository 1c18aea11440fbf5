"""How a weight multiplies an acquisition, by what sort of number the acquisition is.

A weight (of a prior, of the probability of success, of the seconds it costs) comes as its logarithm,
which may be any finite number. Weights that are the same everywhere never change the ranking.

Notation: a acquisition, w log-weight, both of shape (n_points,). Each function returns the weighted
acquisition and its partial derivatives by a and by w.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

__all__ = ["add_log_weight", "multiply_by_weight", "weigh_lead"]

Floats = NDArray[np.float64]

# Below, softplus(x) = exp(x) to the last bit, and its logarithm is x itself.
_EXPONENTIAL_BELOW = -40.0


def add_log_weight(a: ArrayLike, w: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """a + w: for an acquisition that is the logarithm of a positive one."""
    value = np.asarray(np.add(a, w), dtype=float)
    return value, np.ones_like(value), np.ones_like(value)


def multiply_by_weight(a: ArrayLike, w: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """a · exp(w): for an acquisition that is never negative."""
    weight = np.exp(np.asarray(w, dtype=float))
    value = np.asarray(np.multiply(a, weight), dtype=float)
    return value, np.broadcast_to(weight, value.shape), value


def weigh_lead(a: ArrayLike, w: ArrayLike, incumbent: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """log softplus(a − incumbent) + w: for a score of either sign, such as a confidence bound.

    Times a weight, a negative number would be the better the less it weighs. The lead over the
    incumbent is weighed instead: softplus makes it positive, keeps the order, is the lead itself
    where it is large and its exponential where the incumbent is far ahead.
    """
    lead = np.asarray(np.subtract(a, incumbent), dtype=float)
    is_behind = lead < _EXPONENTIAL_BELOW
    positive = np.logaddexp(0.0, np.where(is_behind, 0.0, lead))
    value = np.asarray(np.where(is_behind, lead, np.log(positive)) + w, dtype=float)
    return value, np.where(is_behind, 1.0, expit(lead) / positive), np.ones_like(value)
