"""Forests against scikit-learn's, and the law of total variance written out tree by tree."""

import numpy as np
import pytest

from skbayes.surrogates import ExtraTrees, RandomForest

RNG = np.random.default_rng(5)
U, V = RNG.random((60, 3)), RNG.random((20, 3))
Z = np.where(U[:, 0] > 0.5, 1.0, -1.0) + U[:, 1] + 0.1 * RNG.standard_normal(60)
FORESTS = [RandomForest, ExtraTrees]


@pytest.mark.parametrize("forest", FORESTS)
def test_mean_is_scikit_learn_s(forest):
    ours = forest(n_estimators=30, output_transform=None, random_state=3).fit(U, Z)
    theirs = ours._regressor().fit(U, Z)
    np.testing.assert_allclose(ours.posterior(V).mean, theirs.predict(V), atol=1e-12)


@pytest.mark.parametrize("forest", FORESTS)
def test_std_follows_the_law_of_total_variance(forest):
    ours = forest(n_estimators=30, output_transform=None, random_state=3).fit(U, Z)
    trees = ours._regressor().fit(U, Z).estimators_
    means = np.array([tree.predict(V) for tree in trees])
    impurities = np.array([tree.tree_.impurity[tree.apply(V)] for tree in trees])
    variance = impurities.mean(axis=0) + means.var(axis=0)
    np.testing.assert_allclose(ours.posterior(V).std, np.sqrt(variance), atol=1e-12)


def test_leaf_variances_are_those_of_the_scores_in_the_leaf():
    # Without a bootstrap the leaf's members are known: they are the observations that land there.
    ours = ExtraTrees(n_estimators=1, min_samples_leaf=5, output_transform=None, random_state=0)
    ours.fit(U, Z)
    leaves = ours.forest_.estimators_[0].apply(U)
    expected = [Z[leaves == leaf].std() for leaf in leaves]
    np.testing.assert_allclose(ours.posterior(U).std, expected, atol=1e-12)


@pytest.mark.parametrize("forest", FORESTS)
def test_covariance_has_the_variances_and_shares_leaves(forest):
    posterior = forest(random_state=0).fit(U, Z).posterior(np.vstack([V, V[:1]]))
    np.testing.assert_allclose(np.sqrt(np.diag(posterior.covariance)), posterior.std, rtol=1e-10)
    # The same point twice has the same tree means: their covariance is that of the means.
    twin = posterior.covariance[0, -1]
    assert 0.0 <= twin <= posterior.covariance[0, 0] + 1e-12
    assert np.linalg.eigvalsh(posterior.covariance).min() > -1e-10


def test_known_noise_makes_an_observation_weigh_less():
    X = np.repeat([[0.2], [0.8]], 10, axis=0)
    z = np.tile([0.0, 1.0], 10)
    noise = np.tile([0.0, 100.0], 10)
    forest = ExtraTrees(output_transform=None, random_state=0).fit(X, z, noise_variance=noise)
    # Weights v / (v + noise) with v = 1/4: 1 and 1/401.
    assert forest.posterior([[0.2]]).mean[0] == pytest.approx((1 / 401) / (1 + 1 / 401), rel=1e-6)


def test_inactive_entries_and_categories_are_told_apart():
    X = np.array([[0.1, 0.5], [0.5, 0.5], [0.9, 0.5], [np.nan, 0.5]] * 10)
    z = np.array([0.0, 0.5, 1.0, 3.0] * 10)
    forest = RandomForest(random_state=0, output_transform=None).fit(X, z)
    np.testing.assert_allclose(forest.posterior(X[:4]).mean, z[:4], atol=0.15)


def test_one_split_can_set_any_category_apart():
    # Leaves of ten leave room for one split, and only a column per category offers {1} | {0, 2}.
    codes = np.array([0] * 5 + [1] * 10 + [2] * 5)
    X = (codes + 0.5)[:, None] / 3
    forest = ExtraTrees(
        categories=(3,), min_samples_leaf=10, output_transform=None, random_state=0
    ).fit(X, (codes == 1).astype(float))
    mean = forest.posterior([[1 / 6], [1 / 2], [5 / 6]]).mean
    np.testing.assert_allclose(mean, [0.0, 1.0, 0.0])
