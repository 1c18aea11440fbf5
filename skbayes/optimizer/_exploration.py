"""The exploration share: now and then a proposal that no model has chosen.

A model may be wrong for good where it never looks: a length scale far too long, a region given up
after one bad fold. A share of draws from the prior looks everywhere in the end.
"""

import numbers
from collections.abc import Hashable, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..space import Space
from ._unseen import unseen

__all__ = ["check_fraction", "random_share"]

Floats = NDArray[np.float64]


def check_fraction(value: Any, name: str) -> float:
    """Return a number from 0 to 1."""
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_)
    if not is_number or not 0.0 <= float(value) <= 1.0:
        raise ValueError(f"{name} must be a number from 0 to 1; got {value!r}.")
    return float(value)


def random_share(
    space: Space, n: int, fraction: float, exclude: Set[Hashable], rng: np.random.Generator
) -> Floats:
    """Return those of n proposals that are drawn from the prior, each with probability `fraction`.

    Parameters
    ----------
    space : Space
        The design space.
    n : int
        Number of proposals.
    fraction : float
        From 0 to 1.
    exclude : set
        Keys of the points that may not come.
    rng : numpy.random.Generator
        The stream of these proposals. What the model draws from it afterwards does not depend on
        the fraction.

    Returns
    -------
    U : ndarray of shape (m, n_dims), m <= n
        Distinct encoded points.
    """
    if fraction == 0.0:
        return np.empty((0, space.n_dims))
    own = rng.spawn(1)[0]
    return unseen(space, int((own.random(n) < fraction).sum()), exclude, own)
