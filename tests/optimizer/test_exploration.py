"""The exploration share: how many, from where, and that the same seed gives the same."""

import numpy as np
import pytest
from scipy import stats

from skbayes.optimizer import Optimizer
from skbayes.optimizer._exploration import random_share
from skbayes.space import as_space

SPACE = as_space({"x": (0.0, 1.0), "n": (1, 9)})


def proposals(fraction, n=20, seed=0, batch=None):
    optimizer = Optimizer(SPACE, random_fraction=fraction, n_initial_points=5, random_state=seed)
    for _ in range(n):
        asked = optimizer.ask(batch)
        for params in [asked] if batch is None else asked:
            optimizer.tell(params, -((params["x"] - 0.3) ** 2))
    return [tuple(trial.params.values()) for trial in optimizer.history]


def test_the_share_is_that_of_a_binomial_and_drawn_from_the_prior():
    rng = np.random.default_rng(0)
    drawn = [random_share(SPACE, 1, 0.3, frozenset(), rng) for _ in range(600)]
    count = sum(len(U) for U in drawn)
    assert stats.binomtest(count, 600, 0.3).pvalue > 1e-3
    x = np.concatenate(drawn)[:, 0]
    assert stats.kstest(x, "uniform").pvalue > 1e-3


def test_at_one_no_model_chooses():
    x = np.array([p[0] for p in proposals(1.0, n=60)])[5:]
    assert stats.kstest(x, "uniform").pvalue > 1e-3
    # A search would be at 0.3 by now.
    assert np.mean(np.abs(x - 0.3) < 0.05) < 0.3


def test_one_seed_one_search_and_none_is_as_before():
    assert proposals(0.4) == proposals(0.4)
    assert proposals(0.4, batch=3, n=5) == proposals(0.4, batch=3, n=5)
    plain = Optimizer(SPACE, n_initial_points=5, random_state=0)
    for _ in range(20):
        params = plain.ask()
        plain.tell(params, -((params["x"] - 0.3) ** 2))
    assert proposals(0.0) == [tuple(trial.params.values()) for trial in plain.history]
    assert proposals(0.4) != proposals(0.0)


def test_what_the_model_draws_does_not_depend_on_the_fraction():
    rngs = [np.random.default_rng(0) for _ in range(2)]
    for rng, fraction in zip(rngs, (0.2, 0.9), strict=True):
        random_share(SPACE, 3, fraction, frozenset(), rng)
    assert rngs[0].random() == rngs[1].random() == np.random.default_rng(0).random()


def test_the_initial_design_comes_first():
    assert proposals(1.0)[:5] == proposals(0.0)[:5]


@pytest.mark.parametrize("fraction", [0.0, 0.5, 1.0])
def test_nothing_is_proposed_twice_until_the_space_is_exhausted(fraction):
    optimizer = Optimizer({"n": (1, 12)}, random_fraction=fraction, random_state=0)
    seen = []
    while asked := optimizer.ask(5):
        seen += [params["n"] for params in asked]
        for params in asked:
            optimizer.tell(params, -abs(params["n"] - 4.0))
    assert sorted(seen) == list(range(1, 13))


@pytest.mark.parametrize("fraction", [-0.1, 1.5, np.nan, "often", True])
def test_a_share_outside_of_zero_and_one_is_refused(fraction):
    with pytest.raises(ValueError, match="random_fraction must be a number from 0 to 1"):
        Optimizer(SPACE, random_fraction=fraction)
