"""Points that share a surface are those that conditioning the surrogate for each of them would choose."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skbayes import Optimizer
from skbayes.acquisition import ACQUISITIONS
from skbayes.optimizer import _batch
from skbayes.optimizer._shared_surface import choose_together
from skbayes.optimizer._surface import Surface
from skbayes.posteriors import GaussianPosterior
from skbayes.surrogates import GaussianProcess


def surface_of(seed, name="log_ei", weights=(), n_observed=15):
    rng = np.random.default_rng(seed)
    U = rng.random((n_observed, 2))
    scores = np.sin(5 * U[:, 0]) + U[:, 1] ** 2
    model = GaussianProcess(random_state=0).fit(U, scores)
    incumbent = float(model.posterior(U).mean.max())
    return Surface(model, ACQUISITIONS[name](), incumbent, weights), rng.random((60, 2))


def one_after_the_other(surface, U, n):
    """The other road: the surrogate is conditioned anew for each point."""
    model, incumbent, chosen = surface.model, surface.incumbent, []
    for _ in range(n):
        values = Surface(model, surface.acquisition, incumbent, surface.weights).value(U)
        values[chosen] = -np.inf
        chosen.append(int(values.argmax()))
        point = U[chosen[-1:]]
        mean = model.posterior(point).mean
        incumbent = max(incumbent, float(mean[0]))
        model = model.condition(point, mean)
    return U[chosen]


class LeftIsBetter:
    """A log-weight that is large on the left."""

    def value(self, U):
        return -3.0 * U[:, 0]

    def value_and_gradient(self, U):
        return self.value(U), np.tile([-3.0, 0.0], (len(U), 1))


@given(
    seed=st.integers(0, 1000), name=st.sampled_from(["log_ei", "ei", "ucb"]), weigh=st.booleans()
)
def test_they_are_those_of_conditioning_for_each(seed, name, weigh):
    surface, U = surface_of(seed, name, (LeftIsBetter(),) if weigh else ())
    n = 4
    together = np.array(choose_together(surface, U, n))
    np.testing.assert_array_equal(together, one_after_the_other(surface, U, n))


def test_no_more_points_than_there_are_and_none_twice():
    surface, U = surface_of(0)
    chosen = choose_together(surface, U[:5], 9)
    assert len(np.unique(chosen, axis=0)) == len(chosen) == 5


def test_without_a_joint_posterior_there_is_one_point():
    class Marginal(GaussianProcess):
        def posterior(self, U):
            joint = super().posterior(U)
            return GaussianPosterior(joint.mean, joint.std)

    surface, U = surface_of(0)
    model = Marginal(random_state=0).fit(U, np.sin(5 * U[:, 0]))
    chosen = choose_together(Surface(model, surface.acquisition, 0.5), U, 4)
    np.testing.assert_array_equal(chosen, U[:1])


def told(n=30, **kwargs):
    optimizer = Optimizer({"x": (0.0, 1.0), "y": (0.0, 1.0)}, random_state=0, **kwargs)
    rng = np.random.default_rng(0)
    for x, y in rng.random((n, 2)):
        optimizer.tell({"x": float(x), "y": float(y)}, -((x - 0.3) ** 2) - (y - 0.6) ** 2)
    return optimizer


@pytest.fixture
def n_surfaces(monkeypatch):
    counted = []
    explore = _batch.explore

    def counting(*args, **kwargs):
        counted.append(1)
        return explore(*args, **kwargs)

    monkeypatch.setattr(_batch, "explore", counting)
    return counted


@pytest.mark.parametrize(("n", "expected"), [(1, 1), (8, 8), (9, 5), (40, 8), (100, 13)])
def test_up_to_eight_points_have_a_surface_each_and_more_share(n, expected, n_surfaces):
    points = told().ask(n)
    assert len(n_surfaces) == expected
    assert len({(p["x"], p["y"]) for p in points}) == n


def test_few_points_share_beside_many_that_are_being_evaluated(n_surfaces):
    optimizer = told()
    optimizer.ask(250)
    n_surfaces.clear()
    optimizer.ask(4)
    assert len(n_surfaces) == 2


def test_points_that_share_a_surface_do_not_crowd():
    # Sharing must not bring points closer together than each one's own surface does.
    def nearest(points):
        U = np.array([[p["x"], p["y"]] for p in points])
        distances = np.linalg.norm(U[:, None] - U, axis=2)
        np.fill_diagonal(distances, np.inf)
        return float(np.median(distances.min(axis=0)))

    alone = told().ask(8)
    together = told().ask(32)
    # 32 points in the same area are sqrt(8/32) = 1/2 as far apart; half of that again for chance.
    assert nearest(together) > nearest(alone) / 4
