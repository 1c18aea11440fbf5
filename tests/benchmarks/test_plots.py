"""The simulated searches behind the figures of pictures, pages and bands are what they say."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import qmc

from benchmarks.plots import Waves, coverage, deviations, history_of


@pytest.mark.parametrize("column", [0, 2])
def test_the_known_partial_dependence_is_the_mean_over_the_other_parameters(column):
    truth = Waves.draw(3, np.random.default_rng(0))
    values = np.array([0.0, 0.3, 1.0])
    U = qmc.Sobol(3, seed=0).random(2**12)
    means = [truth(np.insert(np.delete(U, column, 1), column, value, 1)).mean() for value in values]
    # 4096 points of a Sobol sequence integrate a smooth function to about 1e-5.
    np.testing.assert_allclose(truth.dependence(column, values), means, atol=1e-4)


def test_random_functions_have_variance_one_and_the_correlation_of_the_kernel():
    rng, u, v = np.random.default_rng(0), np.zeros((1, 2)), np.array([[0.2, 0.1]])
    # The length scales are drawn too: those of the covariance are known in their limits only.
    draws = np.array([(f(u)[0], f(v)[0]) for f in (Waves.draw(2, rng) for _ in range(2000))])
    # 2,000 draws: the standard error of a variance is √(2/2000) = 0.03.
    np.testing.assert_allclose(draws.var(axis=0), 1.0, atol=0.13)

    def matern(length_scale):
        r = np.sqrt(5.0) * np.linalg.norm(v - u) / length_scale
        return (1.0 + r + r * r / 3.0) * np.exp(-r)

    assert matern(1.0 / 3.0) < np.corrcoef(draws.T)[0, 1] < matern(3.0)


def test_no_worker_of_a_simulated_search_runs_two_folds_at_once():
    history = history_of(30)
    runs = sorted((r for t in history for r in t.runs), key=lambda r: (r.worker, r.started))
    assert len(runs) == 150
    assert len({run.worker for run in runs}) == 8
    for one, next_one in pairwise(runs):
        assert one.worker != next_one.worker or one.ended <= next_one.started


def test_bands_of_a_function_that_is_known_well_hold_it_somewhere_and_not_only():
    shares = coverage(12, 0.0, n_functions=1)
    assert shares.shape == (1,)
    assert np.all((shares > 0.5) & (shares <= 1.0))


def test_drawn_functions_vary_more_if_points_on_the_ends_are_drawn():
    inside, on_ends = (deviations(30, 0.5, 0, on_ends=k, draws=300).mean() for k in (False, True))
    assert 0.5 < inside < on_ends < 1.1
