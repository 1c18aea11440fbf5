"""The maximiser on surfaces whose maximum is known, without a surrogate."""

import itertools

import numpy as np
import pytest

from skbayes.optimizer._maximize import _climb, candidates, maximize
from skbayes.space import Integer, as_space

NOWHERE = np.empty((0, 2))


class Bumps:
    """Gaussian bumps in the cube: many local maxima, one best."""

    has_gradient = True

    def __init__(self, seed, d=2, n=12, width=0.08):
        rng = np.random.default_rng(seed)
        self.centres, self.heights = rng.random((n, d)), rng.uniform(0.5, 1.5, size=n)
        self.width = width

    def value(self, U):
        return self.value_and_gradient(U)[0]

    def value_and_gradient(self, U):
        difference = U[:, None, :] - self.centres
        bumps = self.heights * np.exp(-0.5 * (difference**2).sum(axis=2) / self.width**2)
        return bumps.sum(axis=1), -np.einsum("mn,mnd->md", bumps, difference) / self.width**2


class Blind(Bumps):
    has_gradient = False

    def value(self, U):
        return super().value_and_gradient(U)[0]

    def value_and_gradient(self, U):
        raise AssertionError("there is no gradient")


def grid_2d(n):
    axis = np.linspace(0, 1, n)
    return np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)


# Gradients reach the top of the best bump; local random search comes within its last width,
# 0.1 / 2^5, of it: a relative fall of ½ (0.003 / 0.08)² = 0.0008.
@pytest.mark.parametrize(("kind", "tolerance"), [(Bumps, 1e-5), (Blind, 2e-3)])
@pytest.mark.parametrize("seed", range(8))
def test_finds_the_best_of_many_bumps(kind, tolerance, seed):
    surface, space = kind(seed), as_space({"x": (0.0, 1.0), "y": (0.0, 1.0)})
    best = surface.value(grid_2d(401)).max()
    u = maximize(surface, space, np.random.default_rng(0), around=NOWHERE, exclude=set())
    assert surface.value(u[None])[0] >= best * (1 - tolerance)


@pytest.mark.parametrize("kind", [Bumps, Blind])
@pytest.mark.parametrize("seed", range(4))
def test_finds_the_best_of_all_integers_and_choices(kind, seed):
    class Table(kind):
        """The third column is an unordered category that only scales the bumps."""

        def value_and_gradient(self, U):
            value, gradient = Bumps.value_and_gradient(self, U[:, :2])
            weight = np.array([0.3, 1.0, 0.6])[np.minimum((U[:, 2] * 3).astype(int), 2)]
            gradient = np.column_stack([gradient * weight[:, None], np.zeros(len(U))])
            return value * weight, gradient

        def value(self, U):
            return Table.value_and_gradient(self, U)[0]

    space = as_space({"a": (1, 20), "b": (1, 60, "log-uniform"), "c": ["x", "y", "z"]})
    surface = Table(seed, width=0.15)
    everything = np.array([space.encode(params) for params in space.points()])
    u = maximize(surface, space, np.random.default_rng(0), around=np.empty((0, 3)), exclude=set())
    value = surface.value(u[None])[0]
    if kind is Bumps:
        np.testing.assert_array_equal(u, everything[surface.value(everything).argmax()])
    # the local random search may miss the very top by a neighbouring integer
    assert value >= surface.value(everything).max() * 0.99


def test_gives_the_next_best_when_the_best_is_excluded():
    space = as_space({"a": (1, 12), "b": (1, 12)})
    surface = Bumps(3)
    everything = np.array([space.encode(params) for params in space.points()])
    ranked = everything[np.argsort(-surface.value(everything))]
    exclude = set()
    for expected in ranked[:5]:
        u = maximize(surface, space, np.random.default_rng(0), around=NOWHERE, exclude=exclude)
        np.testing.assert_array_equal(u, expected)
        exclude.add(space.key(u))


def test_gives_nothing_when_everything_is_excluded():
    space = as_space({"a": (1, 3), "b": ["x", "y"]})
    exclude = {space.key(space.encode(params)) for params in space.points()}
    u = maximize(Bumps(0), space, np.random.default_rng(0), around=NOWHERE, exclude=exclude)
    assert u is None


@pytest.mark.parametrize("kind", [Bumps, Blind])
@pytest.mark.parametrize("seed", range(4))
def test_stays_inside_the_constraint_and_finds_the_best_there(kind, seed):
    space = as_space(
        {"x": (0.0, 1.0), "y": (0.0, 1.0)}, constraint=lambda p: p["x"] + p["y"] <= 0.9
    )
    surface, grid = kind(seed), grid_2d(401)
    best = surface.value(grid[grid.sum(axis=1) <= 0.9]).max()
    u = maximize(surface, space, np.random.default_rng(0), around=NOWHERE, exclude=set())
    assert u.sum() <= 0.9
    # On the border the climb ends where a step would cross it, not at the very top along it.
    assert surface.value(u[None])[0] >= 0.97 * best


def test_a_climb_goes_as_far_as_the_constraint_allows():
    class Slope:
        has_gradient = True

        def value(self, U):
            return U.sum(axis=1)

        def value_and_gradient(self, U):
            return U.sum(axis=1), np.ones_like(U)

    space = as_space(
        {"x": (0.0, 1.0), "y": (0.0, 1.0)}, constraint=lambda p: p["x"] + p["y"] <= 0.9
    )
    x = np.array([[0.1, 0.2], [0.4, 0.3]])
    top, f = _climb(Slope(), space, x, x.sum(axis=1), np.array([True, True]))
    assert ((top.sum(axis=1) <= 0.9) & (f > 0.85)).all()


def test_candidates_are_random_points_and_changes_of_the_given_ones():
    space = as_space({"x": (0.0, 1.0), "n": (1, 9), "kind": ["a", "b", "c"]})
    around = np.array([space.encode({"x": 0.5, "n": 5, "kind": "b"})])
    U, n_random = candidates(space, np.random.default_rng(0), around)
    changed = U[n_random:] != around
    assert changed.any(axis=0).all()  # every coordinate in some
    assert (changed.sum(axis=1) <= 2).any()  # and not all of them in all
    assert changed.any(axis=1).mean() > 0.5  # a small change of an integer may snap back
    moves = np.abs(U[n_random:, 0] - 0.5)[changed[:, 0]]
    assert moves.max() < 0.5  # five of the largest width, 0.1
    assert moves.min() < 0.01
    np.testing.assert_array_equal(U, space.snap(U))


def test_looks_closely_around_the_points_it_is_given():
    # A needle of width 1e-3 is found from a point beside it and hardly otherwise.
    space = as_space({f"x{i}": (0.0, 1.0) for i in range(4)})
    surface = Bumps(0, d=4, n=1, width=1e-3)
    near = surface.centres + 3e-3
    u = maximize(surface, space, np.random.default_rng(0), around=near, exclude=set())
    assert surface.value(u[None])[0] > 0.99 * surface.heights[0]


@pytest.mark.parametrize("kind", [Bumps, Blind])
def test_inactive_dimensions_are_no_obstacle(kind):
    class Padded(kind):
        def value(self, U):
            return Padded.value_and_gradient(self, U)[0]

        def value_and_gradient(self, U):
            filled = np.where(np.isnan(U), 0.0, U)
            value, gradient = Bumps.value_and_gradient(self, filled)
            return value, np.where(np.isnan(U), 0.0, gradient)

    space = as_space(
        {
            "kernel": ["rbf", "poly"],
            "degree": Integer(2, 9, active_if={"kernel": "poly"}),
            "C": (0.0, 1.0),
        }
    )
    surface = Padded(1, d=3, width=0.4)
    u = maximize(surface, space, np.random.default_rng(0), around=np.empty((0, 3)), exclude=set())
    cells = [("rbf", None), *(("poly", degree) for degree in range(2, 10))]
    grid = [
        space.encode({"kernel": k, "C": C} if k == "rbf" else {"kernel": k, "degree": n, "C": C})
        for (k, n), C in itertools.product(cells, np.linspace(0, 1, 201).tolist())
    ]
    best = surface.value(np.array(grid)).max()
    assert surface.value(u[None])[0] >= best * (1 - 1e-4)


def test_the_generator_fixes_the_answer():
    space = as_space({"x": (0.0, 1.0), "y": (0.0, 1.0)})
    first, again = (
        maximize(Bumps(0), space, np.random.default_rng(5), around=NOWHERE, exclude=set())
        for _ in range(2)
    )
    np.testing.assert_array_equal(first, again)
