"""How a joint acquisition is maximised: settled and climbed where it can be, over a set where not."""

import numpy as np
import pytest

from skbayes.acquisition import JointAcquisition, UpperConfidenceBound
from skbayes.optimizer import Optimizer
from skbayes.optimizer._batch import propose
from skbayes.optimizer._observations import encode_trials
from skbayes.optimizer._suggest import as_surrogate, fit_surrogate
from skbayes.optimizer._trial import History, Trial
from skbayes.space import as_space

JOINT = ["mes", "kg", "portfolio", "thompson"]
MIXED = {
    "x": (0.0, 1.0),
    "rate": (1e-4, 1.0, "log-uniform"),
    "n": (1, 40),
    "kind": ["a", "b", "c"],
}
PLANE = as_space({"x": (0.0, 1.0), "y": (0.0, 1.0)})


def score(p):
    # Best, 0, at x = 0.3, rate = 0.01, n = 20, kind = "b".
    return (
        -4 * (p["x"] - 0.3) ** 2
        - 0.2 * (np.log10(p["rate"]) + 2) ** 2
        - 0.002 * (p["n"] - 20) ** 2
        - 0.5 * (p["kind"] != "b")
    )


def search(acquisition, seed, n):
    optimizer = Optimizer(MIXED, acquisition=acquisition, random_state=seed)
    for _ in range(n):
        params = optimizer.ask()
        optimizer.tell(params, score(params))
    return optimizer.history


@pytest.mark.parametrize("acquisition", JOINT)
def test_the_optimum_of_a_mixed_space_is_neared(acquisition):
    # Of 20,000 random candidates one in 490 is better than −0.05: 30 of them reach it in 6 %.
    incumbent = search(acquisition, 0, n=30).incumbent
    assert incumbent.score > -0.05
    assert incumbent.params["kind"] == "b"


@pytest.mark.parametrize("acquisition", JOINT)
def test_the_same_seed_gives_the_same_points(acquisition):
    first, second = (search(acquisition, 3, n=15).trials for _ in range(2))
    assert [t.params for t in first] == [t.params for t in second]


@pytest.mark.parametrize("acquisition", JOINT)
@pytest.mark.parametrize("surrogate", ["gp", "forest"])
def test_a_batch_has_distinct_points(acquisition, surrogate):
    optimizer = Optimizer(MIXED, acquisition=acquisition, surrogate=surrogate, random_state=0)
    for params in optimizer.ask(12):
        optimizer.tell(params, score(params))
    batch = optimizer.ask(4)
    assert len({tuple(params.values()) for params in batch}) == 4
    assert all(optimizer.space.contains(params) for params in batch)


# ---------------------------------------------------------------- the hook


class OverASet(JointAcquisition):
    """UCB valued on a set, which keeps what it was given."""

    def __init__(self):
        self.seen = []

    def value(self, posterior, context):
        self.seen.append((posterior, context))
        return UpperConfidenceBound().value(posterior.mean, posterior.std, context.incumbent)


class Settled(OverASet):
    """The same with a marginal acquisition left."""

    def marginal(self, posterior, context):
        return UpperConfidenceBound()


@pytest.fixture(scope="module")
def fitted():
    U = PLANE.sample(14, np.random.default_rng(0))
    trials = [
        Trial(i, p, float(np.sin(5 * p["x"]) - (p["y"] - 0.4) ** 2))
        for i, p in enumerate(map(PLANE.decode, U))
    ]
    observations = encode_trials(History(tuple(trials)), PLANE)
    return fit_surrogate(as_surrogate("gp", PLANE, 0), observations), observations


def proposed(fitted, acquisition):
    model, observations = fitted
    [u] = propose(
        model,
        observations,
        PLANE,
        acquisition,
        np.random.default_rng(1),
        pending=np.empty((0, 2)),
        exclude=observations.keys,
    )
    posterior = model.posterior(u[None])
    return UpperConfidenceBound().value(posterior.mean, posterior.std, 0.0)[0]


def test_what_can_be_settled_is_climbed(fitted):
    grid = np.stack(np.meshgrid(*[np.linspace(0, 1, 201)] * 2), axis=-1).reshape(-1, 2)
    posterior = fitted[0].posterior(grid)
    highest = UpperConfidenceBound().value(posterior.mean, posterior.std, 0.0).max()
    # Twelve iterations of ascent leave less than a thousandth, of scores of variance 1.
    assert proposed(fitted, Settled()) > highest - 1e-3
    assert proposed(fitted, OverASet()) < proposed(fitted, Settled())


def test_the_set_holds_the_incumbent_and_the_context_the_noise(fitted):
    acquisition = OverASet()
    proposed(fitted, acquisition)
    [(posterior, context)] = acquisition.seen
    model, observations = fitted
    assert context.incumbent == pytest.approx(model.posterior(observations.U).mean.max())
    assert np.isclose(posterior.mean, context.incumbent, rtol=0, atol=1e-12).any()
    assert context.noise_variance == model.noise_variance_ > 0
