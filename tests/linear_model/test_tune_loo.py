"""`tune="loo"`: no other factor of the prior's scales predicts the rows left out better."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import RidgeCV

from skbayes.exceptions import IncompatibleModelError
from skbayes.likelihoods import Gaussian, Poisson
from skbayes.linear_model import MAPClassifier, MAPRegressor
from skbayes.priors import ElasticNet, Group, Laplace, Normal


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 8)) + 1.0
    eta = 0.4 * X @ [1.0, -1.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0]
    return X, eta, rng


def refitted_score(model, X, y):
    total = 0.0
    for i in range(len(y)):
        keep = np.arange(len(y)) != i
        other = MAPRegressor(model.likelihood_, model.prior_, tol=1e-9).fit(X[keep], y[keep])
        eta = np.array([X[i] @ other.coef_ + other.intercept_])
        total += model.likelihood_.log_density(y[i : i + 1], eta)[0]
    return total


@pytest.mark.parametrize(
    "prior",
    [
        Normal(loc=0.1, scale=[1.0, 2.0] * 4),
        Laplace(),
        ElasticNet(l1_scale=1.0, l2_scale=[1.0, np.inf] * 4),
        Group([0, 0, 0, 1, 1, 2, 2, 2]),
    ],
    ids=lambda prior: type(prior).__name__,
)
@pytest.mark.parametrize("likelihood", ["gaussian", "poisson"])
def test_no_other_factor_has_a_higher_score(data, prior, likelihood):
    X, eta, rng = data
    y = eta + 0.5 * rng.normal(size=80) if likelihood == "gaussian" else rng.poisson(np.exp(eta))
    model = MAPRegressor(likelihood, prior, tune="loo").fit(X, y)
    assert model.loo_score_ == pytest.approx(model.leave_one_out(X, y).score, rel=1e-6)
    names = [name for name in ("scale", "l1_scale", "l2_scale") if hasattr(prior, name)]
    found = {name: getattr(model.prior_, name) for name in names}
    given = {name: np.broadcast_to(getattr(prior, name), 8) for name in names}
    factor = np.concatenate(
        [found[n][np.isfinite(given[n])] / given[n][np.isfinite(given[n])] for n in names]
    )
    np.testing.assert_allclose(factor, factor[0])
    assert all(np.all(np.isinf(found[n]) == np.isinf(given[n])) for n in names)
    for factor in (0.1, 0.5, 0.8, 1.25, 2.0, 10.0):
        other = prior.__class__(**{**prior.get_params(), **{n: factor * found[n] for n in names}})
        score = MAPRegressor(likelihood, other).fit(X, y).leave_one_out(X, y).score
        # Within the last bracket the score is flat, but for jumps where a coefficient leaves its kink.
        assert score < model.loo_score_ + 1e-2


def test_the_score_is_that_of_refits_at_the_scales_found(data):
    X, eta, rng = data
    y = eta + 0.5 * rng.normal(size=80)
    exact = MAPRegressor(Gaussian(0.5), tune="loo").fit(X, y)
    assert exact.loo_score_ == pytest.approx(refitted_score(exact, X, y), rel=1e-8)
    y = rng.poisson(np.exp(eta)).astype(float)
    near = MAPRegressor(Poisson(), tune="loo").fit(X, y)
    assert near.loo_score_ == pytest.approx(refitted_score(near, X, y), rel=3e-3)


@pytest.mark.parametrize("p", [8, 120])
def test_with_unknown_noise_it_ends_near_the_strength_of_least_squared_error(p):
    # RidgeCV minimises Σ e²; the density with the noise of the fit weighs large factors otherwise, of which there are
    # more that matter where p > n.
    rng = np.random.default_rng(1)
    X = rng.normal(size=(100, p))
    y = X @ rng.normal(size=p) / np.sqrt(p) + rng.normal(size=100)
    model = MAPRegressor(tune="loo").fit(X, y)
    ridge = RidgeCV(np.geomspace(1e-3, 1e5, 300), scoring="neg_mean_squared_error").fit(X, y)
    fitted = ((y - model.leave_one_out(X, y).linear_predictor) ** 2).mean()
    assert fitted < (1.01 if p < 100 else 1.05) * -ridge.best_score_


def test_the_unit_of_the_prior_given_does_not_matter(data):
    X, eta, rng = data
    y = rng.poisson(np.exp(eta))
    scores = [
        MAPRegressor("poisson", Laplace(scale=scale), tune="loo").fit(X, y).loo_score_
        for scale in (1e-4, 1.0, 1e4)
    ]
    np.testing.assert_allclose(scores, scores[0], atol=1e-3)


def test_of_pure_noise_no_coefficient_is_left(data):
    X, _, _ = data
    y = np.random.default_rng(8).normal(size=80)
    model = MAPRegressor(prior="laplace", tune="loo").fit(X, y)
    assert np.count_nonzero(model.coef_) <= 2
    ridge = MAPRegressor(tune="loo").fit(X, y)
    assert np.abs(ridge.coef_).max() < 0.1  # standard errors are 0.11


@pytest.mark.parametrize("prior", [Normal(), Laplace()], ids=["normal", "laplace"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_classes_are_tuned_too(prior, n_classes):
    X, y = load_iris(return_X_y=True)
    X, y = X[y > 2 - n_classes], y[y > 2 - n_classes]
    weight = np.resize([1.0, 2.0], len(y))
    model = MAPClassifier(prior, tune="loo").fit(X, y, weight)
    assert model.loo_score_ == pytest.approx(model.leave_one_out(X, y, weight).score, rel=1e-5)
    for factor in (0.5, 2.0):
        other = prior.__class__(scale=factor * model.prior_.scale)
        score = MAPClassifier(other).fit(X, y, weight).leave_one_out(X, y, weight).score
        assert score < model.loo_score_ + 1e-2


def test_several_targets_have_a_factor_each(data):
    X, eta, rng = data
    Y = np.column_stack([eta + 0.3 * rng.normal(size=80), rng.normal(size=80)])
    model = MAPRegressor(tune="loo").fit(X, Y)
    for k in range(2):
        one = MAPRegressor(tune="loo").fit(X, Y[:, k])
        assert model.loo_score_[k] == pytest.approx(one.loo_score_)
        np.testing.assert_allclose(model.prior_[k].scale, one.prior_.scale)
    refit = model.set_params(tune=None).fit(X, Y)
    assert not hasattr(refit, "loo_score_")


def test_what_it_cannot_do_it_says(data):
    X, eta, _ = data
    with pytest.raises(IncompatibleModelError, match="finds a factor for the scales of the prior"):
        MAPRegressor(prior="flat", tune="loo").fit(X, eta)
    with pytest.raises(IncompatibleModelError, match="partial_fit keeps none"):
        MAPRegressor(tune="loo").partial_fit(X, eta)
