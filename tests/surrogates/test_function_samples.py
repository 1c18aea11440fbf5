"""Functions drawn from a posterior: at the chosen points they vary as it does, everywhere near it."""

import numpy as np
import pytest

from skbayes.surrogates import ExtraTrees, GaussianProcess, RandomForest, RankingEnsemble
from skbayes.surrogates._function_samples import distinct_rows

rng = np.random.default_rng(0)
U = rng.random((25, 2))
SCORES = np.sin(5 * U[:, 0]) + U[:, 1]
CHOSEN = rng.random((40, 2))


@pytest.mark.parametrize("hyperparameters", ["map", "ensemble"])
def test_at_the_chosen_points_draws_have_the_moments_of_the_posterior(hyperparameters):
    process = GaussianProcess(hyperparameters=hyperparameters, random_state=0).fit(
        U[:8], SCORES[:8]
    )
    n = 4000
    draws = process.sample_functions(n, CHOSEN, 1)(CHOSEN)
    assert draws.shape == (n, len(CHOSEN))
    posterior = process.posterior(CHOSEN)
    # Five standard errors; of a mixture's mean too, since its members are shared out to less than one draw.
    np.testing.assert_array_less(
        np.abs(draws.mean(axis=0) - posterior.mean), 5 * posterior.std / np.sqrt(n) + 1e-9
    )
    np.testing.assert_allclose(draws.std(axis=0), posterior.std, rtol=0.08)
    np.testing.assert_allclose(
        np.cov(draws.T), posterior.covariance, atol=0.08 * posterior.std.max() ** 2
    )


def test_between_chosen_points_a_draw_is_the_mean_given_its_values_there():
    process = GaussianProcess(random_state=0).fit(U[:8], SCORES[:8])
    functions = process.sample_functions(3, CHOSEN, 1)
    values, others = functions(CHOSEN), rng.random((10, 2))
    for k in range(3):
        conditioned = process.condition(CHOSEN, values[k])
        # A fantasy has a noise of 1e-3 of the signal's standard deviation, which is about 1.
        np.testing.assert_allclose(
            functions(others)[k], conditioned.posterior(others).mean, atol=5e-3
        )


def test_a_draw_is_one_function_however_it_is_asked():
    functions = GaussianProcess(random_state=0).fit(U, SCORES).sample_functions(5, CHOSEN, 1)
    many = rng.random((9000, 2))  # more than are evaluated at a time
    values = functions(many)
    np.testing.assert_allclose(
        functions(many[[0, 5000, 8999]]), values[:, [0, 5000, 8999]], atol=1e-9
    )
    assert functions(np.empty((0, 2))).shape == (5, 0)


def test_the_same_seed_draws_the_same_functions():
    process = GaussianProcess(hyperparameters="ensemble", random_state=0).fit(U, SCORES)
    one, same, other = (process.sample_functions(5, CHOSEN, seed)(CHOSEN) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other)


def test_inactive_entries_categories_and_repeated_points():
    V = np.array([[0.25, 0.3], [0.25, 0.3], [0.75, np.nan], [0.75, np.nan], [0.25, 0.9]])
    process = GaussianProcess(categories=(2, 0), random_state=0).fit(V, [0.0, 0.1, 1.0, 0.9, 0.4])
    values = process.sample_functions(200, V, 0)(V)
    np.testing.assert_allclose(values[:, 0], values[:, 1], atol=1e-9)
    np.testing.assert_allclose(values[:, 2], values[:, 3], atol=1e-9)
    np.testing.assert_array_equal(distinct_rows(V), V[[0, 2, 4]])


@pytest.mark.parametrize(
    "forest", [RandomForest(30, random_state=0), ExtraTrees(30, random_state=0)]
)
def test_the_trees_of_a_forest_are_its_functions(forest):
    forest.fit(U, SCORES)
    values = forest.sample_functions(1000, CHOSEN)(CHOSEN)
    assert values.shape == (30, len(CHOSEN))
    np.testing.assert_allclose(values.mean(axis=0), forest.posterior(CHOSEN).mean)
    assert forest.sample_functions(7, CHOSEN)(CHOSEN).shape == (7, len(CHOSEN))


def test_a_surrogate_that_cannot_draw_gives_its_mean():
    ensemble = RankingEnsemble(sources=[(U, SCORES)], random_state=0).fit(U[:6], SCORES[:6])
    values = ensemble.sample_functions(10, CHOSEN)(CHOSEN)
    np.testing.assert_array_equal(values, ensemble.posterior(CHOSEN).mean[None])
