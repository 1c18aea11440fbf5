"""posterior="bootstrap": each draw is the mode for its weights, and the weights are those of the theory."""

import warnings

import numpy as np
import pytest
from scipy import sparse
from scipy.special import log_softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Lasso, Ridge

from skbayes.exceptions import IncompatibleModelError
from skbayes.likelihoods import Bernoulli, Categorical, Gaussian
from skbayes.linear_model._bootstrap import bootstrap_draws, bootstrap_posterior
from skbayes.linear_model._design import Design
from skbayes.linear_model._fit import fit_map
from skbayes.linear_model._model import Model
from skbayes.linear_model._objective import LinearObjective
from skbayes.linear_model._record import Record
from skbayes.priors import Flat, Group, Horseshoe, Laplace, Normal


def record_of(X, y, prior, likelihood=None, weight=None, **options):
    """Return the record of a fit."""
    likelihood = likelihood or Gaussian(scale=1.0)
    prior = prior.for_features(None, X.shape[1])
    model = Model(likelihood, prior, prior, "auto", weight, options.get("bounds"), True, None, {})
    w = fit_map(Design(X), y, model).w
    return Record(
        lambda: LinearObjective(Design(X), y, likelihood, prior, weight=weight, **options),
        w,
        (X, y, weight, None),
    )


class Recorded:
    """A refit that keeps the factors that it is called with, and returns a weighted mean."""

    def __init__(self, x, weight=None):
        self.x, self.weight, self.factors = x, np.ones(x.size) if weight is None else weight, []

    def __call__(self, factor):
        self.factors.append(factor)
        return np.average(self.x, weights=factor * self.weight)


def recorded(x, weight=None, n_draws=4000):
    """Return the draws of a weighted mean, and the factors of the weights."""
    refit = Recorded(x, weight)
    X = np.zeros((x.size, 0))
    objective = LinearObjective(Design(X), x, Gaussian(scale=1.0), Flat(), weight=weight)
    record = Record(lambda: objective, np.zeros(1), (X, x, weight, None), refit=refit)
    return bootstrap_draws(record, 0, n_draws)[:, 0], np.array(refit.factors)


def test_weights_are_dirichlet():
    x = np.random.default_rng(0).standard_normal(12)
    draws, factors = recorded(x)
    np.testing.assert_allclose(factors.sum(axis=1), 12.0, rtol=1e-12)
    # n times a Dirichlet weight has the variance (n − 1)/(n + 1); 48000 of them are 2 % from it at most.
    assert factors.var() == pytest.approx(11.0 / 13.0, rel=0.03)
    # So the mean of x has the variance Σ (x − x̄)²/n (n + 1); its estimate is off by 2.2 %, times four.
    assert draws.var() == pytest.approx(x.var() / 13.0, rel=0.09)


def test_a_weight_of_two_is_two_rows_in_distribution():
    x, weight = np.array([0.0, 1.0, 3.0, 9.0]), np.array([2.0, 1.0, 3.0, 0.0])
    draws, factors = recorded(x, weight)
    repeated, _ = recorded(np.array([0.0, 0.0, 1.0, 3.0, 3.0, 3.0]))
    variance = np.average((x - np.average(x, weights=weight)) ** 2, weights=weight) / 7.0
    assert draws.var() == pytest.approx(variance, rel=0.09)
    assert repeated.var() == pytest.approx(variance, rel=0.09)
    assert draws.mean() == pytest.approx(repeated.mean(), abs=6.0 * np.sqrt(variance / 4000.0))
    np.testing.assert_array_equal(factors[:, 3], 0.0)  # a row of weight 0 stays out


@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_each_draw_is_the_lasso_of_its_weights(kind):
    rng = np.random.default_rng(1)
    X, n = rng.standard_normal((40, 6)) + 1.0, 40
    y = X[:, 0] + rng.standard_normal(n)
    sample_weight = rng.uniform(0.5, 2.0, n)
    given = X if kind == "dense" else sparse.csr_matrix(X)
    record = record_of(given, y, Laplace(scale=0.1), weight=sample_weight)
    draws = bootstrap_draws(record, 3, 5)
    # The same weights once more, from the same seed, through a refit of scikit-learn's.
    total = sample_weight.sum()

    def by_scikit_learn(factor):
        # −log p = Σ s r²/2 + |w|₁/b, which scikit-learn divides by Σ s.
        model = Lasso(alpha=10.0 / total, tol=1e-12, max_iter=100_000)
        model.fit(X, y, sample_weight=factor * sample_weight)
        return np.append(model.coef_, model.intercept_)

    twin = Record(
        lambda: record.objective,
        record.w,
        (given, y, sample_weight, None),
        refit=by_scikit_learn,
    )
    np.testing.assert_allclose(draws, bootstrap_draws(twin, 3, 5), atol=1e-5)
    np.testing.assert_array_equal(draws == 0.0, bootstrap_draws(twin, 3, 5) == 0.0)


def test_the_prior_counts_once_and_is_not_resampled():
    # A prior so strong that the data have no say: no draw can move.
    rng = np.random.default_rng(2)
    X = rng.standard_normal((30, 3))
    y = X @ [5.0, 0.0, -5.0] + rng.standard_normal(30)
    draws = bootstrap_draws(record_of(X, y, Normal(loc=0.7, scale=1e-4)), 0, 20)
    np.testing.assert_allclose(draws[:, :3], 0.7, atol=1e-3)
    # And a normal prior of scale s is ridge with alpha = 1/s² whatever the weights.
    record = record_of(X, y, Normal(scale=0.5))

    def by_scikit_learn(factor):
        model = Ridge(alpha=4.0).fit(X, y, sample_weight=factor)
        return np.append(model.coef_, model.intercept_)

    twin = Record(lambda: record.objective, record.w, (X, y, None, None), refit=by_scikit_learn)
    np.testing.assert_allclose(
        bootstrap_draws(record, 0, 4), bootstrap_draws(twin, 0, 4), atol=1e-8
    )


@pytest.mark.parametrize("prior", [Laplace(scale=0.05), Group([0, 0, 1, 1], scale=0.05)])
def test_zeros_stay_zeros_in_posterior(prior):
    rng = np.random.default_rng(3)
    X = rng.standard_normal((50, 4))
    y = X[:, 0] + rng.standard_normal(50)
    posterior = bootstrap_posterior(record_of(X, y, prior), 0)
    draws = posterior.sample(300, random_state=0)
    share = (draws[:, 1:4] == 0.0).mean()
    assert 0.1 < share < 1.0
    # Draws at zero count half for either sign.
    all_draws = posterior.mean + posterior.form.draws
    positive = (all_draws > 0.0).mean(axis=0) + 0.5 * (all_draws == 0.0).mean(axis=0)
    np.testing.assert_allclose(posterior.probability_positive, positive)
    lower, upper = posterior.interval(0.9)
    np.testing.assert_allclose(lower, np.quantile(all_draws, 0.05, axis=0), atol=1e-12)
    assert (lower <= upper).all()
    assert (posterior.kind, posterior.is_conditional, posterior.dof) == ("bootstrap", False, None)


def test_spread_of_a_wrong_model_is_that_of_the_sandwich():
    # Noise that grows with x: the curvature knows nothing of it, refits do. 20 % covers 500 draws and second order.
    rng = np.random.default_rng(4)
    x = rng.standard_normal(400)
    y = x + x * rng.standard_normal(400)
    record = record_of(x[:, None], y, Flat())
    A = np.column_stack([x, np.ones(400)])
    r = y - A @ record.w
    bread = np.linalg.inv(A.T @ A)
    sandwich = bread @ (A.T * r**2) @ A @ bread
    std = bootstrap_posterior(record, 0).std
    np.testing.assert_allclose(std, np.sqrt(np.diag(sandwich)), rtol=0.2)
    assert std[0] > 1.3 * np.sqrt(bread[0, 0])


def test_classes_have_a_draw_for_each_and_no_common_shift():
    rng = np.random.default_rng(5)
    X = rng.standard_normal((80, 2))
    scores = X @ rng.standard_normal((2, 3))
    y = np.array([rng.choice(3, p=np.exp(row)) for row in log_softmax(scores, axis=1)])
    draws = bootstrap_draws(record_of(X, y, Normal(scale=1.0), Categorical()), 0, 10)
    assert draws.shape == (10, 9)
    np.testing.assert_allclose(draws.reshape(10, 3, 3).sum(axis=1), 0.0, atol=1e-6)
    assert (draws.std(axis=0) > 0.01).all()


def test_bounds_hold_in_every_draw():
    rng = np.random.default_rng(6)
    X = rng.standard_normal((40, 3))
    y = X @ [0.5, 0.0, -0.5] + rng.standard_normal(40)
    bounds = (np.zeros(3), np.full(3, np.inf))
    draws = bootstrap_draws(record_of(X, y, Normal(scale=1.0), bounds=bounds), 0, 30)
    assert (draws[:, :3] >= 0.0).all()
    assert (draws[:, 2] == 0.0).mean() > 0.5


def test_priors_that_are_majorised_and_other_likelihoods_are_refitted():
    rng = np.random.default_rng(7)
    X = rng.standard_normal((120, 4))
    y = (rng.random(120) < 1.0 / (1.0 + np.exp(-2.0 * X[:, 0]))).astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        draws = bootstrap_draws(record_of(X, y, Horseshoe(scale=0.1), Bernoulli()), 0, 20)
    assert (draws[:, 0] > 0.0).all()
    assert (draws[:, 1:4] == 0.0).mean() > 0.3


def test_the_same_seed_gives_the_same_draws():
    rng = np.random.default_rng(8)
    X = rng.standard_normal((20, 2))
    record = record_of(X, rng.standard_normal(20), Normal(scale=1.0))
    one, same, other = (bootstrap_draws(record, seed, 3) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other)
    old = [bootstrap_draws(record, np.random.RandomState(0), 3) for _ in range(2)]
    np.testing.assert_array_equal(old[0], old[1])


def test_there_is_no_evidence():
    rng = np.random.default_rng(9)
    X = rng.standard_normal((20, 2))
    posterior = bootstrap_posterior(record_of(X, rng.standard_normal(20), Normal(scale=1.0)), 0)
    with pytest.raises(AttributeError, match="has draws only"):
        _ = posterior.log_evidence


def test_rows_that_are_gone_cannot_be_weighed_again():
    rng = np.random.default_rng(10)
    X, y = rng.standard_normal((20, 2)), rng.standard_normal(20)
    record = record_of(X, y, Normal(scale=1.0))
    record.objective.prior.seen = object()  # what `update` leaves of earlier rows
    with pytest.raises(IncompatibleModelError, match="no longer there"):
        bootstrap_draws(record, 0, 2)
