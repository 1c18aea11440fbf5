"""Corners of the posterior: nothing free, huge counts, single precision, undetermined predictors."""

import numpy as np
import pytest

from skbayes.linear_model import MAPClassifier, MAPMultiTaskLasso, MAPRegressor


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_multi_task_posterior_with_no_row_left_is_that_of_the_means(fit_intercept):
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((40, 3)), rng.standard_normal((40, 2))
    model = MAPMultiTaskLasso(alpha=1e3, fit_intercept=fit_intercept).fit(X, Y)
    centred = Y - Y.mean(axis=0) if fit_intercept else Y
    # One noise scale for both targets, and the variance of a mean.
    variance = np.square(centred).sum() / (2 * (40 - fit_intercept)) / 40 * fit_intercept
    assert not model.coef_std_.any()
    np.testing.assert_allclose(model.intercept_std_, np.sqrt(variance), rtol=1e-12)


def test_std_of_large_counts_holds_in_single_precision():
    # The variance of the mean is a few 1e-9 there, lost beside 1 in float32, and the mean adds no more than it does.
    rng = np.random.default_rng(0)
    X = rng.standard_normal((20, 4))
    y = rng.poisson(np.exp(17.0 + 0.1 * X[:, 0])).astype(float)
    model = MAPRegressor("poisson").fit(X, y)
    _, double = model.predict(X, return_std=True)
    _, single = model.predict(X.astype(np.float32), return_std=True)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, double, rtol=1e-5)


@pytest.mark.parametrize("likelihood", ["poisson", "negative_binomial", "gamma"])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_std_of_a_mean_whose_square_overflows_is_a_number(likelihood):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((50, 2))
    model = MAPRegressor(likelihood).fit(X, 1.0 + rng.poisson(np.exp(X[:, 0])))
    mean, std = model.predict(X[:2], return_std=True, offset=[600.0, 800.0])
    assert 0.05 < std[0] / mean[0] < 10.0
    assert mean[1] == std[1] == np.inf


@pytest.mark.filterwarnings("ignore")  # a fit through all points has much to say
def test_std_of_a_count_that_nothing_determines_is_infinite():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((10, 30))
    model = MAPRegressor("poisson", "flat").fit(X, rng.poisson(2.0, size=10))
    _, std = model.predict(rng.standard_normal((3, 30)), return_std=True)
    assert np.all(std == np.inf)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_prior_of_what_all_classes_share_is_not_lost_beside_features_in_large_units(fit_intercept):
    # The data determine the differences of the classes to 1e-7 and leave their mean to the prior, so that each
    # coefficient has a variance of 1/K: that of the mean of K standard normal ones.
    rng = np.random.default_rng(0)
    X = 1e7 * rng.standard_normal((60, 2))
    y = np.argmax(
        1e-7 * X @ [[1.0, -1.0, 0.0], [0.0, 1.0, -1.0]] + rng.gumbel(size=(60, 3)), axis=1
    )
    model = MAPClassifier(fit_intercept=fit_intercept).fit(X, y)
    np.testing.assert_allclose(model.coef_std_, 3**-0.5, rtol=1e-6)


@pytest.mark.filterwarnings("ignore")  # what the solver says of such units is not the point
def test_units_of_one_feature_leave_the_others_their_digits():
    # Without a prior the posterior of the other coefficients does not know the unit of this one.
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 3))
    y = np.argmax(X @ rng.standard_normal((3, 3)) + rng.gumbel(size=(200, 3)), axis=1)
    units = np.array([1.0, 1e7, 1.0])
    plain, scaled = (MAPClassifier("flat", tol=1e-10).fit(Z, y).coef_std_ for Z in (X, X * units))
    np.testing.assert_allclose(scaled * units, plain, rtol=1e-4)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_averaged_probabilities_do_not_know_the_unit_of_a_feature(fit_intercept):
    # What the prior says is nothing beside the data in both units, but for the mean of the classes, which is no matter.
    rng = np.random.default_rng(0)
    X = 1e4 * rng.standard_normal((60, 2))
    y = np.argmax(
        1e-4 * X @ [[1.0, -1.0, 0.0], [0.0, 1.0, -1.0]] + rng.gumbel(size=(60, 3)), axis=1
    )
    near, far = (
        MAPClassifier(fit_intercept=fit_intercept, tol=1e-10)
        .fit(Z, y)
        .predict_proba(Z, averaged=True)
        for Z in (X, 1e4 * X)
    )
    np.testing.assert_allclose(far, near, atol=1e-6)
