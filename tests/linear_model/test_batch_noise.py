"""`dropout` and `drop_connect` of the stochastic solvers: what the noise is on average, and what the steps find."""

from itertools import product

import numpy as np
import pytest
from scipy import sparse

from skbayes.checks import check_solver
from skbayes.checks._solvers import LeastSquares
from skbayes.exceptions import IncompatibleModelError
from skbayes.likelihoods import Bernoulli, Categorical, Gaussian
from skbayes.linear_model import MAPClassifier, MAPRegressor
from skbayes.linear_model._design import Design
from skbayes.linear_model._objective import LinearObjective
from skbayes.priors import Dropout, ElasticNet, Flat, Laplace, Normal
from skbayes.solvers import SGD, SOLVERS

STOCHASTIC = ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam"]
N_DRAWS = 4000


def rows(n=12, p=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, p)) + [0.5, 0.0, -1.0][:p], rng


def mean_gradient(objective, w, rates, n=N_DRAWS, seed=1):
    """Mean over the noise of the gradients of one batch, and its standard error."""
    noised = objective.noised(*rates, np.random.default_rng(seed))
    rows = np.arange(objective.n_samples)
    draws = np.array([noised.batch(rows).value_and_gradient(w)[1] for _ in range(n)])
    return draws.mean(axis=0), draws.std(axis=0) / np.sqrt(n)


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix, sparse.csc_matrix])
@pytest.mark.parametrize("rates", [(0.3, 0.0), (0.0, 0.3), (0.2, 0.1)])
def test_the_mean_gradient_of_gaussian_noise_has_the_ridge_of_dropout(form, rates):
    X, rng = rows()
    y, s, w = rng.normal(size=12), rng.uniform(0.5, 2.0, 12), np.array([1.0, -2.0, 0.5, 0.3])
    objective = LinearObjective(Design(form(X)), y, Gaussian(0.7), Normal(scale=2.0), weight=s)
    mean, error = mean_gradient(objective, w, rates)
    # Factors of mean 1 and variance δ/(1 − δ); of two independent ones the product has 1 + v = Π (1 + v_k).
    variance = 1.0 / np.prod([1.0 - rate for rate in rates]) - 1.0
    _, expected = objective.value_and_gradient(w)
    expected[:3] += variance * (s @ X**2) / 0.7**2 * w[:3]
    # Five standard errors: of 36 numbers none is beyond these but one in 50000 times.
    assert np.all(np.abs(mean - expected) < 5.0 * error)
    assert np.all(np.abs(expected - objective.value_and_gradient(w)[1])[:3] > 10.0 * error[:3])


def test_the_intercept_of_a_row_stays_and_zeros_of_a_sparse_matrix_are_not_stored():
    X, rng = rows(200)
    X[rng.random(X.shape) < 0.5] = 0.0
    thin = sparse.csr_matrix(X)
    objective = LinearObjective(Design(thin), np.zeros(200), Gaussian(1.0), Flat())
    batch = objective.noised(0.5, 0.0, np.random.default_rng(0)).batch(np.arange(100))
    noised = batch.design.X
    assert noised.nnz <= thin[:100].nnz
    ratio = noised.toarray()[thin[:100].toarray() != 0] / X[:100][X[:100] != 0]
    assert set(np.unique(ratio.round(12))) == {0.0, 2.0}
    assert 0.35 < np.mean(ratio == 0.0) < 0.65  # six standard errors of 150 draws would be 0.24
    alone = np.array([0.0, 0.0, 0.0, 1.7])
    np.testing.assert_allclose(batch.linear_predictor(alone), 1.7)
    np.testing.assert_array_equal(thin.toarray(), X)  # the data are left as they are


def test_drop_connect_draws_for_each_class_and_dropout_for_all_of_them():
    X, _ = rows(300, 2)
    y = np.resize([0, 1, 2], 300)
    objective = LinearObjective(Design(X), y, Categorical(), Flat(), fit_intercept=False)
    w = np.tile([1.0, 0.0], 3)  # all classes see the first feature alike
    spread = {}
    for name, rates in {"dropout": (0.4, 0.0), "drop_connect": (0.0, 0.4)}.items():
        batch = objective.noised(*rates, np.random.default_rng(0)).batch(slice(0, 300))
        eta = batch.linear_predictor(w)
        np.testing.assert_allclose(np.unique((eta / X[:, :1]).round(12)), [0.0, 1.0 / 0.6])
        spread[name] = np.mean(np.ptp(eta, axis=1) > 0.0)
    assert spread["dropout"] == 0.0
    assert 0.6 < spread["drop_connect"] < 0.82  # 1 − 0.6³ − 0.4³ = 0.72, five standard errors 0.13


class Enumerated:
    """The expectation over all patterns of a small model, each with its probability."""

    def __init__(self, likelihood, noise, rate, n=4):
        self.X, _ = rows(n, 2)
        self.K = 3 if likelihood == "categorical" else 1
        self.part = Categorical() if self.K == 3 else Bernoulli()
        self.y = np.resize([0, 1, 2] if self.K == 3 else [0.0, 1.0], n)
        self.noise, self.rate = noise, rate

    def objective(self):
        return LinearObjective(Design(self.X), self.y, self.part, Flat(), fit_intercept=False)

    def value(self, w):
        """Expectation of the negative log likelihood."""
        W = w.reshape(self.K, 2)
        shape = (1, 2) if self.noise == "dropout" else (self.K, 2)
        total = 0.0
        for pattern in product([0, 1], repeat=shape[0] * 2):
            stays = np.reshape(pattern, shape)
            weight = np.prod(np.where(stays, 1.0 - self.rate, self.rate))
            eta = self.X @ (W * stays / (1.0 - self.rate)).T
            eta = eta if self.K == 3 else eta[:, 0]
            total -= weight * self.part.log_density(self.y, eta).sum()
        return total

    def marginalised(self, w):
        """The negative log likelihood and ½ δ/(1 − δ) Σ x_ij² w_jᵀ D_i w_j; of DropConnect, the diagonal of D_i."""
        W = w.reshape(self.K, 2)
        D = self.objective().curvature(w).reshape(-1, self.K, self.K)
        D = D * np.eye(self.K) if self.noise == "drop_connect" else D
        penalty = sum(
            x[j] ** 2 * W[:, j] @ d @ W[:, j]
            for x, d in zip(self.X, D, strict=True)
            for j in (0, 1)
        )
        return self.objective().value(w) + 0.5 * self.rate / (1.0 - self.rate) * penalty


@pytest.mark.parametrize("likelihood", ["bernoulli", "categorical"])
@pytest.mark.parametrize("noise", ["dropout", "drop_connect"])
def test_the_mean_gradient_is_that_of_the_expectation_over_all_patterns(likelihood, noise):
    exact = Enumerated(likelihood, noise, 0.3)
    w = np.random.default_rng(5).normal(size=2 * exact.K)
    step = 1e-5
    slope = [
        (exact.value(w + step * e) - exact.value(w - step * e)) / (2 * step) for e in np.eye(w.size)
    ]
    rates = (0.3, 0.0) if noise == "dropout" else (0.0, 0.3)
    mean, error = mean_gradient(exact.objective(), w, rates)
    assert np.all(np.abs(mean - slope) < 5.0 * error)
    assert np.abs(exact.objective().value_and_gradient(w)[1] - slope).max() > 5.0 * error.max()


@pytest.mark.parametrize("likelihood", ["bernoulli", "categorical"])
@pytest.mark.parametrize("noise", ["dropout", "drop_connect"])
def test_to_second_order_the_expectation_is_the_marginalised_penalty(likelihood, noise):
    # The penalty is of order w², what it leaves out of order w³ (of two classes w⁴): of half of w it is an eighth.
    exact = Enumerated(likelihood, noise, 0.3)
    w = 0.02 * np.random.default_rng(5).normal(size=2 * exact.K)
    left = [abs(exact.value(c * w) - exact.marginalised(c * w)) for c in (1.0, 0.5)]
    added = exact.value(w) - exact.objective().value(w)
    assert 0.0 < left[0] < 0.02 * added
    assert left[1] < 0.15 * left[0]


@pytest.mark.parametrize("name", STOCHASTIC)
def test_the_steps_find_what_the_prior_dropout_says_in_closed_form(name):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1500, 4)) + [0.0, 1.0, 2.0, 0.0]
    y = X @ [1.0, -1.0, 0.5, 0.0] + 2.0 + 0.5 * rng.normal(size=1500)
    exact = MAPRegressor(Gaussian(0.5), Dropout(0.3)).fit(X, y)
    solver = SOLVERS[name](dropout=0.3, batch_size=64, max_iter=25, random_state=0)
    model = MAPRegressor(Gaussian(0.5), "flat", solver=solver).fit(X, y)
    plain = MAPRegressor(Gaussian(0.5), "flat").fit(X, y)
    # Noise of the mean of 600 steps: some hundredths of what the noise shrinks the coefficients by.
    error = np.abs(np.append(model.coef_ - exact.coef_, model.intercept_ - exact.intercept_))
    assert error.max() < 0.05 * np.abs(plain.coef_ - exact.coef_).max()
    assert model.converged_
    assert model.n_iter_ == 25
    again = MAPRegressor(Gaussian(0.5), "flat", solver=solver).fit(X, y)
    np.testing.assert_array_equal(again.coef_, model.coef_)
    connected = SOLVERS[name](drop_connect=0.3, batch_size=64, max_iter=25, random_state=0)
    same = MAPRegressor(Gaussian(0.5), "flat", solver=connected).fit(sparse.csr_matrix(X), y)
    np.testing.assert_allclose(same.coef_, exact.coef_, atol=0.05)


def test_features_that_are_nearly_one_do_not_slow_the_steps():
    # Without noise coordinates that stretch the directions of next to no variance suit; with it they would drown.
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1500, 1)) + 0.01 * rng.normal(size=(1500, 8))
    y = X.sum(axis=1) + 0.5 * rng.normal(size=1500)
    exact = MAPRegressor(Gaussian(0.5), Dropout(0.3)).fit(X, y)
    solver = SGD(dropout=0.3, batch_size=64, max_iter=25, random_state=0)
    model = MAPRegressor(Gaussian(0.5), "flat", solver=solver).fit(X, y)
    # The noise in y is that of 8 features of size 1, 3.5 times as large as y's own: the mean of 600 steps knows a
    # coefficient to some 0.1; where the steps drown it is off by 1.
    np.testing.assert_allclose(model.coef_, exact.coef_, atol=0.2)


def test_with_a_kink_in_the_prior_there_are_zeros_and_the_others_are_as_in_closed_form():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 5))
    y = X @ [1.0, -1.0, 0.0, 0.0, 0.0] + 0.5 * rng.normal(size=2000)
    ridge = 0.25 / 0.5**2 * (X**2).sum(axis=0)  # δ/(1 − δ) = 1/4
    exact = MAPRegressor(
        Gaussian(0.5), ElasticNet(l1_scale=0.002, l2_scale=1.0 / np.sqrt(ridge))
    ).fit(X, y)
    solver = SGD(dropout=0.2, batch_size=100, max_iter=40, random_state=0)
    model = MAPRegressor(Gaussian(0.5), Laplace(scale=0.002), solver=solver).fit(X, y)
    np.testing.assert_array_equal(model.coef_ == 0.0, exact.coef_ == 0.0)
    assert np.count_nonzero(model.coef_) == 2
    np.testing.assert_allclose(model.coef_, exact.coef_, atol=0.02)


@pytest.mark.parametrize("is_sparse", [False, True])
def test_a_stream_drops_features_too(is_sparse):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20000, 4)) + [0.0, 1.0, 2.0, 0.0]
    y = X @ [1.0, -1.0, 0.5, 0.0] + 2.0 + 0.5 * rng.normal(size=20000)
    exact = MAPRegressor(Gaussian(0.5), Dropout(0.3)).fit(X, y)
    plain = MAPRegressor(Gaussian(0.5), "flat").fit(X, y)
    form = sparse.csr_matrix if is_sparse else np.asarray

    def streamed():
        model = MAPRegressor(Gaussian(0.5), "flat", solver=SGD(dropout=0.3, random_state=0))
        for part in np.split(np.arange(20000), 10):
            model.partial_fit(form(X[part]), y[part])
        return model.coef_

    error = np.abs(streamed() - exact.coef_).max()
    assert error < 0.1 * np.abs(plain.coef_ - exact.coef_).max()
    np.testing.assert_array_equal(streamed(), streamed())


def test_classes_in_a_stream_and_early_stopping_take_noise():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 3))
    y = np.argmax(X + rng.gumbel(size=X.shape), axis=1)
    solver = SGD(drop_connect=0.3, validation_fraction=0.2, max_iter=50, random_state=0)
    model = MAPClassifier("flat", solver=solver).fit(X, y)
    plain = MAPClassifier("flat").fit(X, y)
    assert np.linalg.norm(model.coef_) < 0.95 * np.linalg.norm(plain.coef_)
    online = MAPClassifier("flat", solver=SGD(drop_connect=0.3, random_state=0))
    online.partial_fit(X, y, classes=[0, 1, 2])
    assert np.linalg.norm(online.coef_) < 0.95 * np.linalg.norm(plain.coef_)
    assert online.score(X, y) > plain.score(X, y) - 0.02


def test_without_noise_nothing_changes_and_the_contract_is_kept():
    X, rng = rows(300)
    y = X[:, 0] + rng.normal(size=300)
    base = MAPRegressor(solver=SGD(random_state=0)).fit(X, y)
    zero = MAPRegressor(solver=SGD(random_state=0, dropout=0.0, drop_connect=0.0)).fit(X, y)
    np.testing.assert_array_equal(base.coef_, zero.coef_)
    check_solver(SGD(max_iter=200, dropout=0.0), tolerance=1e-2)


def test_rates_out_of_range_and_objectives_without_noise_are_refused():
    X, rng = rows(30)
    y = rng.normal(size=30)
    for name in ("dropout", "drop_connect"):
        with pytest.raises(ValueError, match=rf"SGD needs {name} in \[0, 1\); got 1.0"):
            MAPRegressor(solver=SGD(**{name: 1.0})).fit(X, y)
    with pytest.raises(IncompatibleModelError, match="LeastSquares offers no 'noise'"):
        SGD(dropout=0.1).solve(LeastSquares(0.0), np.zeros(4))
