"""Initial designs: the points before the first fit, spread over the prior's unit cube.

A design is drawn in the unit cube, where the prior is uniform, and snapped to valid points by the
space; points that break the constraint or repeat are dropped and replaced. Categories, and above all
the branches of a space, get equal shares of it: what is never tried is never learnt.
"""

from collections.abc import Callable, Hashable, Sequence, Set

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from ..space import Space
from ._interior import towards_middle
from ._unseen import distinct, unseen

__all__ = ["DESIGNS", "default_n_initial", "initial_design"]

Floats = NDArray[np.float64]

# A constraint or few distinct values may drop most points: so many times more are drawn, at most.
_MAX_SURPLUS = 64
# A full grid of at most this many points is shuffled; of a larger one, points are drawn.
_MAX_GRID = 10_000
# What these promise in every column, they keep in every branch.
_EVEN = ("sobol", "latin_hypercube")


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
    n_drawn, n_branches = n, min(n, _n_branches(space))
    while n_drawn <= _MAX_SURPLUS * n:
        # Drawn afresh when points were dropped: the first n of one sequence fill space better
        # than n from several.
        cube = DESIGNS[method](n_drawn, space.n_dims, rng)
        cube = _in_equal_shares(cube, space, rng if method in _EVEN else None)
        if method in _EVEN:
            cube = towards_middle(cube, space)
        snapped = space.snap(cube)
        allowed = (u for u in snapped if space.is_allowed(u))
        found, keys = distinct(allowed, space, exclude, n_drawn)
        found = _branches_in_turn(found, space)[:n]
        if len(found) == n and len(set(_branches_of(found, space))) >= n_branches:
            break
        n_drawn *= 4
    if len(found) < n:
        found += list(unseen(space, n - len(found), exclude | keys, rng))
    return np.array(found).reshape(len(found), space.n_dims)


def default_n_initial(space: Space) -> int:
    """Return how many points to evaluate before the first fit when the user does not say.

    Over 22 tuning problems 5 were too few and 16 too many; between, it hardly matters.
    """
    # A category with k choices has k - 1 contrasts to learn, like as many dimensions.
    n = sum(max(1, k - 1) for k in space.n_categories)
    return max(min(max(n + 4, 6), 12), _n_branches(space))


def _n_branches(space: Space) -> int:
    return 1 if space.names[0] is not None else space.n_categories[0]


def _branches_of(U: Sequence[Floats], space: Space) -> list[float]:
    """Return what differs for points of different branches: the column that says which."""
    return [0.0 if space.names[0] is not None else float(u[0]) for u in U]


def _branches_in_turn(U: Sequence[Floats], space: Space) -> list[Floats]:
    """Sort points so that the first of each branch come first, then the second of each, ..."""
    met: dict[float, int] = {}
    turns = []
    for branch in _branches_of(U, space):
        turns.append(met.get(branch, 0))
        met[branch] = turns[-1] + 1
    return [U[i] for i in np.argsort(turns, kind="stable")]


def _in_equal_shares(cube: Floats, space: Space, rng: np.random.Generator | None) -> Floats:
    """Spread each column evenly over the points at which it is active, their order kept.

    The points of one branch, or of one value of a parent, are an arbitrary part of a design. They
    may all lie in one corner, and then the branch is judged by that corner. And a column of n Sobol
    points is even only if n is a power of two, and then in halves, fourths and eighths: of three
    categories the middle one may get none of four points.

    Without a generator numbers stay where they are.
    """
    cube = cube.copy()
    is_category = np.array(space.n_categories) > 0
    categories, numbers = np.flatnonzero(is_category), np.flatnonzero(~is_category)
    # Twice, for which categories of a child are met depends on how those of its parent lie.
    for columns in (categories, categories, numbers if rng is not None else ()):
        active = ~np.isnan(space.snap(cube))
        for j in columns:
            rows = np.flatnonzero(active[:, j])
            if is_category[j]:
                cube[rows, j] = (_ranks(cube[rows, j]) + 0.5) / len(rows)
            elif rng is not None and len(rows) < len(cube):
                cube[rows, j] = (_ranks(cube[rows, j]) + rng.random(len(rows))) / len(rows)
    return cube


def _ranks(values: Floats) -> Floats:
    return np.argsort(np.argsort(values)).astype(float)


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
