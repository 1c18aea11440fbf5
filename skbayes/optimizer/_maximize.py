"""Maximise an acquisition surface over a mixed space.

Many random points and small changes of the best observed ones are valued at once; the best of them
climb together, first with every ordered dimension taken as continuous, then, snapped to valid
points, in turn by single moves of the discrete dimensions and by gradient along the continuous
ones, until nothing gains. All valid points met on the way are ranked, and the best that was not
tried before is the answer.

Notation: U points (m, n_dims), values (m,); x, f the points and values of the few that climb.
"""

from collections.abc import Hashable, Set
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..space import Space
from ._ascent import ascend
from ._unseen import distinct

__all__ = ["AcquisitionSurface", "Pool", "candidates", "explore", "maximize"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# Fewer under a constraint, which is asked about each of them through a decoded dict.
_N_RANDOM, _N_RANDOM_CONSTRAINED = 400, 100
# Changes of each observed point that is searched around: `_N_REPEATS` of each of these widths, in
# units of the cube; from a tenth of the range down to fine tuning.
_WIDTHS, _N_REPEATS = (0.1, 0.03, 0.01, 0.003), 4
# How many climb: from random points, and from changes of the best observed ones.
_N_GLOBAL, _N_LOCAL = 5, 3
# What is then left to gain in log EI is little as a rule, and the next ask makes up for it.
_ASCENT_ITERATIONS = 12
# Turns of discrete moves and climbs; and how many of the climbers still take part in them.
_MAX_TURNS, _N_FINALISTS = 8, 4
# Local random search, for surrogates without a gradient: the width halves each round.
_SEARCH_ROUNDS, _SEARCH_WIDTH, _SEARCH_COPIES = 6, 0.1, 16


class AcquisitionSurface(Protocol):
    """What is maximised: values, and gradients if there are any, at encoded points."""

    @property
    def has_gradient(self) -> bool:
        """Whether `value_and_gradient` works."""

    def value(self, U: Floats) -> Floats:
        """Values (m,) at points (m, n_dims)."""

    def value_and_gradient(self, U: Floats) -> tuple[Floats, Floats]:
        """Values (m,) and gradients (m, n_dims)."""


def maximize(
    surface: AcquisitionSurface,
    space: Space,
    rng: np.random.Generator,
    *,
    around: Floats,
    exclude: Set[Hashable],
) -> Floats | None:
    """Return the best new point that was found.

    Parameters
    ----------
    surface : AcquisitionSurface
        What to maximise.
    space : Space
        Where.
    rng : numpy.random.Generator
        Source of randomness.
    around : ndarray of shape (b, n_dims)
        Points to search around beside everywhere: the best observed ones. May be empty.
    exclude : set
        Keys of the points that may not be returned.

    Returns
    -------
    u : ndarray of shape (n_dims,) or None
        An encoded point; None if all that were met are excluded.
    """
    return explore(surface, space, rng, around=around).first_new(exclude)


def explore(
    surface: AcquisitionSurface, space: Space, rng: np.random.Generator, *, around: Floats
) -> "Pool":
    """Return all valid points that a search for the maximum met; arguments as for `maximize`."""
    pool = Pool(space)
    U, n_random = candidates(space, rng, around)
    values = surface.value(U)
    pool.add(U, values)
    x, f = _starts(space, U, values, n_random)
    is_continuous = _continuous_columns(space, rng)
    if surface.has_gradient:
        x, f = _climb(surface, space, x, f, _ordered_columns(space))
        pool.add(x, f)
        finalists = np.argsort(-f)[:_N_FINALISTS]
        x, f = x[finalists], f[finalists]
    if not surface.has_gradient or space.constraint is not None:
        # A climb ends where it meets the border of what is allowed; this goes on along it.
        x, f = _random_search(surface, space, x, f, rng)
        pool.add(x, f)
    if not is_continuous.all():
        _alternate(surface, space, x, f, is_continuous, pool)
    return pool


class Pool:
    """Points met so far and their values, to be ranked at the end.

    Parameters
    ----------
    space : Space
        Where the points live.
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        self._U: list[Floats] = []
        self._values: list[Floats] = []

    def add(self, U: Floats, values: Floats) -> None:
        """Take in valid points (m, n_dims) with their values (m,)."""
        self._U.append(U)
        self._values.append(values)

    def first_new(self, exclude: Set[Hashable]) -> Floats | None:
        """Return the best allowed point that is not excluded, or None."""
        found = self.best_new(exclude, 1)
        return found[0] if found else None

    def best_new(self, exclude: Set[Hashable], n: int) -> list[Floats]:
        """Return up to n distinct points, the best of those allowed and not excluded."""
        U, values = np.concatenate(self._U), np.concatenate(self._values)
        ranked = (U[i] for i in np.argsort(-values, kind="stable"))
        allowed = (u for u in ranked if self._space.is_allowed(u))
        return distinct(allowed, self._space, exclude, n)[0]


def candidates(space: Space, rng: np.random.Generator, around: Floats) -> tuple[Floats, int]:
    """Random points, then changes of the points to search around; and how many the former are.

    The changes may break the constraint: checking a few of them later is cheaper.
    """
    n_random = _N_RANDOM if space.constraint is None else _N_RANDOM_CONSTRAINED
    U = space.sample(n_random, rng)
    if not len(around):
        return U, len(U)
    widths = np.tile(np.repeat(_WIDTHS, _N_REPEATS), len(around))[:, None]
    centres = np.repeat(around, len(_WIDTHS) * _N_REPEATS, axis=0)
    return np.vstack([U, _changed(space, centres, widths, rng)]), len(U)


def _changed(space: Space, U: Floats, width: Floats | float, rng: np.random.Generator) -> Floats:
    """Change about half of the coordinates of each point, at least one."""
    moves = rng.random(U.shape) < 0.5
    moves[np.arange(len(U)), rng.integers(U.shape[1], size=len(U))] = True
    anywhere = rng.random(U.shape)
    moved = np.where(_ordered_columns(space), U + width * rng.standard_normal(U.shape), anywhere)
    moved = np.where(moves, np.clip(moved, 0.0, 1.0), U)
    # A dimension that wakes up with its branch has no value yet: any.
    return space.snap(np.where(np.isnan(moved), anywhere, moved))


def _starts(space: Space, U: Floats, values: Floats, n_random: int) -> tuple[Floats, Floats]:
    """The best random points and the best changed ones, all allowed."""
    chosen: list[int] = []
    for first, last, n in ((0, n_random, _N_GLOBAL), (n_random, len(U), _N_LOCAL)):
        ranked = first + np.argsort(-values[first:last], kind="stable")
        allowed = (i for i in ranked if space.is_allowed(U[i]))
        chosen += [int(i) for i, _ in zip(allowed, range(n), strict=False)]
    return U[chosen], values[chosen]


def _climb(
    surface: AcquisitionSurface, space: Space, x: Floats, f: Floats, columns: Bools
) -> tuple[Floats, Floats]:
    """Gradient ascent along the given columns, snapped; a point that gained nothing stays."""

    def objective(U: Floats) -> tuple[Floats, Floats]:
        value, gradient = surface.value_and_gradient(U)
        if space.constraint is not None:
            is_allowed = [space.is_allowed(u) for u in space.snap(U)]
            value = np.where(is_allowed, value, -np.inf)
        return value, gradient

    top, _ = ascend(objective, x, columns & ~np.isnan(x), _ASCENT_ITERATIONS)
    top = space.snap(np.where(np.isnan(top), 0.5, top))
    f_top = surface.value(top)
    if space.constraint is not None:
        f_top = np.where([space.is_allowed(u) for u in top], f_top, -np.inf)
    gained = f_top > f
    return np.where(gained[:, None], top, x), np.where(gained, f_top, f)


def _random_search(
    surface: AcquisitionSurface, space: Space, x: Floats, f: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Local random search around each point, ever narrower."""
    for step in range(_SEARCH_ROUNDS):
        U = _changed(space, np.repeat(x, _SEARCH_COPIES, axis=0), _SEARCH_WIDTH / 2**step, rng)
        values = surface.value(U)
        if space.constraint is not None:
            values = np.where([space.is_allowed(u) for u in U], values, -np.inf)
        best = values.reshape(len(x), -1).argmax(axis=1) + np.arange(len(x)) * _SEARCH_COPIES
        gained = values[best] > f
        x, f = np.where(gained[:, None], U[best], x), np.where(gained, values[best], f)
    return x, f


def _alternate(
    surface: AcquisitionSurface,
    space: Space,
    x: Floats,
    f: Floats,
    is_continuous: Bools,
    pool: Pool,
) -> None:
    """Discrete moves and climbs in turn until none gains; what is met goes into the pool."""
    for _ in range(_MAX_TURNS):
        if surface.has_gradient and is_continuous.any():
            x, f = _climb(surface, space, x, f, is_continuous)
            pool.add(x, f)
        U = [space.neighbours(u) for u in x]
        owner = np.repeat(np.arange(len(x)), [len(moves) for moves in U])
        if not owner.size:
            break
        moves = np.concatenate(U)
        values = surface.value(moves)
        pool.add(moves, values)
        gained = []
        for i in range(len(x)):
            mine = np.flatnonzero(owner == i)
            if mine.size and values[best := mine[values[mine].argmax()]] > f[i]:
                x[i], f[i] = moves[best], values[best]
                gained.append(i)
        if not gained:
            break
        x, f = x[gained], f[gained]


def _ordered_columns(space: Space) -> Bools:
    return np.asarray(np.array(space.n_categories) == 0)


def _continuous_columns(space: Space, rng: np.random.Generator) -> Bools:
    """Columns whose entries snapping leaves alone: no discrete value is hit by chance 16 times."""
    U = rng.random((16, space.n_dims))
    snapped = space.snap(U)
    return np.asarray((np.isnan(snapped) | np.isclose(snapped, U, rtol=0, atol=1e-12)).all(axis=0))
