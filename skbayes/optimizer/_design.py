"""Initial designs: the points before the first fit, spread over the prior's unit cube.

A design is drawn in the unit cube, where the prior is uniform, and snapped to valid points by the
space; points that break the constraint or repeat are dropped and replaced.
"""

from collections.abc import Callable, Hashable, Set

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from ..space import Space
from ._unseen import distinct, unseen

__all__ = ["DESIGNS", "default_n_initial", "initial_design"]

Floats = NDArray[np.float64]

# A constraint or few distinct values may drop most points: so many times more are drawn, at most.
_MAX_SURPLUS = 64
# A full grid of at most this many points is shuffled; of a larger one, points are drawn.
_MAX_GRID = 10_000


def initial_design(
    space: Space,
    n: int,
    method: str,
    rng: np.random.Generator,
    *,
    exclude: Set[Hashable] = frozenset(),
) -> Floats:
    """Return n distinct points that fill the space.

    Parameters
    ----------
    space : Space
        The design space.
    n : int
        Number of points; non-negative.
    method : {"sobol", "latin_hypercube", "random", "grid"}
        How the points are spread.
    rng : numpy.random.Generator
        Source of randomness.
    exclude : set, default=frozenset()
        Keys of points that may not come, for example those given by the user.

    Returns
    -------
    U : ndarray of shape (m, n_dims), m <= n
        Encoded points; m < n only when a finite space has no more.

    Raises
    ------
    ValueError
        If `method` is not known.
    """
    if method not in DESIGNS:
        known = ", ".join(repr(name) for name in DESIGNS)
        raise ValueError(f"initial_design={method!r} is not known. Choose one of {known}.")
    if n == 0:
        return np.empty((0, space.n_dims))
    found: list[Floats] = []
    keys: set[Hashable] = set()
    n_drawn = n
    while len(found) < n and n_drawn <= _MAX_SURPLUS * n:
        # Drawn afresh when points were dropped: the first n of one sequence fill space better
        # than n from several.
        cube = DESIGNS[method](n_drawn, space.n_dims, rng)
        snapped = space.snap(cube)
        allowed = (u for u in snapped if space.is_allowed(u))
        found, keys = distinct(allowed, space, exclude, n)
        n_drawn *= 4
    if len(found) < n:
        found += list(unseen(space, n - len(found), exclude | keys, rng))
    return np.array(found).reshape(len(found), space.n_dims)


def default_n_initial(space: Space) -> int:
    """Return how many points to evaluate before the first fit when the user does not say.

    Over 22 tuning problems 5 were too few and 16 too many; between, it hardly matters (issue 3).
    """
    # A category with k choices has k - 1 contrasts to learn, like as many dimensions.
    n = sum(max(1, k - 1) for k in space.n_categories)
    return min(max(n + 4, 6), 12)


def _sobol(n: int, d: int, rng: np.random.Generator) -> Floats:
    # The sequence is balanced at powers of two; its first n points are the next best thing.
    sequence = qmc.Sobol(d, scramble=True, seed=rng)
    return np.asarray(sequence.random_base2(int(np.ceil(np.log2(n))))[:n])


def _latin_hypercube(n: int, d: int, rng: np.random.Generator) -> Floats:
    return np.asarray(qmc.LatinHypercube(d, seed=rng).random(n))


def _random(n: int, d: int, rng: np.random.Generator) -> Floats:
    return rng.random((n, d))


def _grid(n: int, d: int, rng: np.random.Generator) -> Floats:
    """Draw n centres of the coarsest regular grid that has as many, in random order."""
    levels = int(np.ceil(n ** (1 / d) - 1e-9))
    if levels**d <= _MAX_GRID:
        chosen = rng.permutation(levels**d)[:n]
        cells = np.stack(np.unravel_index(chosen, (levels,) * d), axis=1)
    else:
        cells = rng.integers(levels, size=(n, d))
    return np.asarray((cells + 0.5) / levels)


DESIGNS: dict[str, Callable[[int, int, np.random.Generator], Floats]] = {
    "sobol": _sobol,
    "latin_hypercube": _latin_hypercube,
    "random": _random,
    "grid": _grid,
}
