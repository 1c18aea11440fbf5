"""Points that were not tried yet: never the same proposal twice, and a clean end when none is left.

Two points are the same when their decoded values are. `distinct` walks through ranked points,
`unseen` samples, and enumerates what is left of a small space when sampling finds too little.
"""

from collections.abc import Hashable, Iterable, Set
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from ..exceptions import SpaceValueError
from ..space import Space

__all__ = ["distinct", "key_as_told", "unseen"]

Floats = NDArray[np.float64]

# Rounds of sampling before a finite space is enumerated. With 4 n points a round, a space of
# which a tenth is left is missed by all rounds with probability 0.9^16 < 0.2 even for n = 1.
_ROUNDS = 4
# Larger spaces are not enumerated: where a constraint forbids nearly all of their points, the walk
# through the others would not end.
_MAX_LISTED = 20_000
# The enumeration stops after so many unseen points: enough to choose from, and one pass over the
# tried ones is its only other cost.
_MAX_ENUMERATED = 256


def key_as_told(u: Floats, space: Space) -> Hashable | None:
    """Key that the point will have when its decoded values are told; None if they are refused.

    Overlapping branches may hold the same values under other coordinates, of which they are told.
    """
    try:
        return space.key(space.encode(space.decode(u)))
    except SpaceValueError:
        return None


def distinct(
    U: Iterable[Floats], space: Space, exclude: Set[Hashable], n: int
) -> tuple[list[Floats], set[Hashable]]:
    """Return the first n points of U that are not excluded nor repeated, and their keys."""
    found: list[Floats] = []
    keys: set[Hashable] = set()
    for u in U:
        if len(found) == n:
            break
        key = key_as_told(u, space)
        if key is not None and key not in exclude and key not in keys:
            found.append(u)
            keys.add(key)
    return found, keys


def unseen(space: Space, n: int, exclude: Set[Hashable], rng: np.random.Generator) -> Floats:
    """Return up to n distinct points from the prior that are not excluded; fewer if no more exist.

    Parameters
    ----------
    space : Space
        The design space.
    n : int
        Number of points wanted.
    exclude : set
        Keys of the points that may not come.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    U : ndarray of shape (m, n_dims), m <= n
        Encoded points; m < n only when the space (almost surely, if of more than 20,000 points) has
        no more.
    """
    found: list[Floats] = []
    taken = set(exclude)
    for _ in range(_ROUNDS):
        more, keys = distinct(space.sample(4 * n, rng), space, taken, n - len(found))
        found += more
        taken |= keys
        if len(found) == n:
            break
    if len(found) < n:
        look = _enumerated if space.n_points <= _MAX_LISTED else _sampled
        found += look(space, n - len(found), taken, rng)
    return np.array(found).reshape(len(found), space.n_dims)


def _sampled(
    space: Space, n: int, exclude: Set[Hashable], rng: np.random.Generator
) -> list[Floats]:
    """Draw once more; of a few points that a constraint has left, one of 2 % is missed by 0.98^256 < 0.006."""
    return distinct(space.sample(_MAX_ENUMERATED, rng), space, exclude, n)[0]


def _enumerated(
    space: Space, n: int, exclude: Set[Hashable], rng: np.random.Generator
) -> list[Floats]:
    encoded = (space.encode(params) for params in space.points())
    left = list(islice((u for u in encoded if space.key(u) not in exclude), _MAX_ENUMERATED + n))
    return [left[i] for i in rng.permutation(len(left))[:n]]
