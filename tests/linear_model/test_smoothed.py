"""posterior="smoothed": exact where it is, near a long Gibbs chain where it is not, and the same by every road."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.integrate import quad

from skbayes.exceptions import IncompatibleModelError
from skbayes.likelihoods import Bernoulli, Categorical, Gaussian, Poisson
from skbayes.linear_model._design import Design
from skbayes.linear_model._objective import LinearObjective
from skbayes.linear_model._record import Record
from skbayes.linear_model._site_systems import DenseSystem, DiagonalSystem, KernelSystem, system_at
from skbayes.linear_model._smoothed import smooth, smoothed_posterior
from skbayes.priors import ElasticNet, Flat, Group, Horseshoe, Laplace, Normal, Prior
from tests.linear_model.bayesian_lasso import batch_error, gibbs

KINKED = {
    "laplace": Laplace(loc=0.1, scale=0.2),
    "elastic_net": ElasticNet(l1_scale=0.2, l2_scale=0.5),
    "group": Group(scale=0.2),
    "horseshoe": Horseshoe(scale=0.1, slab_scale=2.0),
}


def objective_of(X, y, prior, likelihood=None, **options):
    """Return the objective of data and prior; noise 1 unless another likelihood is given."""
    prior = prior.for_features(None, X.shape[1])
    return LinearObjective(Design(X), y, likelihood or Gaussian(scale=1.0), prior, **options)


def smoothed(X, y, prior, likelihood=None, covariance="auto", **options):
    objective = objective_of(X, y, prior, likelihood, **options)
    return smooth(objective, np.zeros(objective.n_parameters), covariance)


def sparse_truth(n, p, correlation, seed=0):
    """Return correlated features far from zero and a target of three of them."""
    rng = np.random.default_rng(seed)
    X = np.sqrt(1.0 - correlation) * rng.standard_normal((n, p)) + 3.0
    X += np.sqrt(correlation) * rng.standard_normal((n, 1))
    return X, X[:, :3] @ [1.0, -0.5, 0.3] + rng.standard_normal(n)


def on_a_grid(objective, axes):
    """Return log evidence, means and variances of a posterior of two parameters, by a sum over a grid."""
    W = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    logs = -np.array([objective.value(w) for w in W.reshape(-1, 2)]).reshape(W.shape[:2])
    density = np.exp(logs - logs.max())
    total = density.sum()
    mean = np.einsum("ij,ijk", density, W) / total
    variance = np.einsum("ij,ijk", density, (W - mean) ** 2) / total
    cell = np.prod([axis[1] - axis[0] for axis in axes])
    return logs.max() + np.log(total * cell), mean, variance


def around(found, reach, n):
    """Return n points along each of two axes, `reach` standard deviations to either side."""
    return [
        m + np.sqrt(v) * np.linspace(-reach, reach, n)
        for m, v in zip(found.mean, found.variance, strict=True)
    ]


# -- where it is exact


@pytest.mark.parametrize("name", KINKED)
def test_one_feature_has_the_moments_and_the_evidence_of_the_integral(name):
    rng = np.random.default_rng(1)
    x = rng.standard_normal(12)
    y = 0.4 * x + rng.standard_normal(12)
    objective = objective_of(x[:, None], y, KINKED[name], fit_intercept=False)

    def density(w, power=0):
        return w**power * np.exp(-objective.value(np.array([w])))

    breaks = [-3.0, -0.5, 0.0, 0.1, 0.3, 0.6, 1.0, 3.0]  # beyond ±3 it is below 1e-15
    pairs = list(pairwise(breaks))
    total, first, second = (
        sum(quad(density, a, b, args=(k,), epsabs=0.0, epsrel=1e-10)[0] for a, b in pairs)
        for k in range(3)
    )
    found = smooth(objective, np.zeros(1))
    assert found.converged
    assert found.log_evidence == pytest.approx(np.log(total), abs=1e-6)
    assert found.mean[0] == pytest.approx(first / total, rel=1e-6)
    assert found.variance[0] == pytest.approx(second / total - (first / total) ** 2, rel=1e-5)


@pytest.mark.parametrize("name", KINKED)
def test_orthogonal_features_are_each_by_themselves(name):
    # The posterior factorises, and each factor is a problem of one feature, where the approximation is exact.
    rng = np.random.default_rng(2)
    Q = np.linalg.qr(rng.standard_normal((30, 3)))[0] * [3.0, 5.0, 10.0]
    y = Q @ [0.3, 0.0, -0.2] + rng.standard_normal(30)
    together = smoothed(Q, y, KINKED[name], fit_intercept=False)
    apart = [smoothed(Q[:, [j]], y, KINKED[name], fit_intercept=False) for j in range(3)]
    np.testing.assert_allclose(together.mean, [one.mean[0] for one in apart], atol=1e-6)
    np.testing.assert_allclose(together.variance, [one.variance[0] for one in apart], rtol=1e-5)
    # Each of the three repeats the likelihood of w = 0.
    at_zero = objective_of(Q, y, Flat(), fit_intercept=False).value(np.zeros(3))
    evidence = sum(one.log_evidence + at_zero for one in apart) - at_zero
    assert together.log_evidence == pytest.approx(evidence, abs=1e-5)


def test_one_group_has_the_moments_of_a_fine_grid():
    X, y = sparse_truth(15, 3, 0.8, seed=3)
    X = X[:, :2] - X[:, :2].mean(axis=0)
    objective = objective_of(X, y, Group([0, 0], scale=0.3), fit_intercept=False)
    found = smooth(objective, np.zeros(2))
    log_evidence, mean, variance = on_a_grid(objective, around(found, 8.0, 161))
    # The kink costs the grid about its cell, a tenth of a standard deviation, squared.
    assert found.log_evidence == pytest.approx(log_evidence, abs=3e-3)
    np.testing.assert_allclose(found.mean, mean, atol=3e-3 * np.sqrt(variance).min())
    np.testing.assert_allclose(found.variance, variance, rtol=5e-3)


# -- where it is near: against a Gibbs sampler


def assert_near(found, draws, of_mean, of_std):
    """Compare means (in standard deviations) and standard deviations, beyond four errors of the chain."""
    p = draws.shape[1]
    mean, std = draws.mean(axis=0), draws.std(axis=0)
    error = batch_error(draws)
    assert np.all(np.abs(found.mean[:p] - mean) <= of_mean * std + 4.0 * error)
    # The variance's error is that of the mean of squares.
    of_square = batch_error((draws - mean) ** 2) / std**2
    ratio = found.variance[:p] / std**2
    assert np.all(np.abs(ratio - 1.0) <= 2.0 * of_std + 4.0 * of_square)


@pytest.mark.parametrize(("n", "p", "correlation"), [(50, 8, 0.0), (50, 8, 0.9), (20, 40, 0.3)])
def test_bayesian_lasso_is_near_its_gibbs_sampler(n, p, correlation):
    X, y = sparse_truth(n, p, correlation)
    Z = X - X.mean(axis=0)
    draws = gibbs(Z.T @ Z, Z.T @ y, np.full(p, 10.0), n_draws=6000)
    assert_near(smoothed(X, y, Laplace(scale=0.1)), draws, of_mean=0.02, of_std=0.03)


def test_elastic_net_is_near_its_gibbs_sampler():
    X, y = sparse_truth(40, 10, 0.7)
    Z = X - X.mean(axis=0)
    draws = gibbs(Z.T @ Z, Z.T @ y, np.full(10, 8.0), l2=4.0, n_draws=6000)
    found = smoothed(X, y, ElasticNet(l1_scale=1.0 / 8.0, l2_scale=0.5))
    assert_near(found, draws, of_mean=0.02, of_std=0.03)


def test_group_lasso_is_near_its_gibbs_sampler():
    X, y = sparse_truth(40, 12, 0.5)
    groups = np.repeat([0, 1, 2], [3, 4, 5])
    Z = X - X.mean(axis=0)
    rate = np.sqrt([3.0, 4.0, 5.0]) / 0.1
    draws = gibbs(Z.T @ Z, Z.T @ y, rate, groups=groups, n_draws=6000)
    found = smoothed(X, y, Group(groups, scale=0.1))
    assert_near(found, draws, of_mean=0.03, of_std=0.04)


@pytest.mark.slow
@pytest.mark.parametrize("rate", [3.0, 30.0])
@pytest.mark.parametrize("correlation", [0.3, 0.99])
def test_bayesian_lasso_is_near_a_long_chain(rate, correlation):
    X, y = sparse_truth(30, 60, correlation, seed=5)
    Z = X - X.mean(axis=0)
    draws = gibbs(Z.T @ Z, Z.T @ y, np.full(60, rate), n_draws=60_000, seed=1)
    assert_near(smoothed(X, y, Laplace(scale=1.0 / rate)), draws, of_mean=0.02, of_std=0.03)


def test_horseshoe_is_near_the_integral_though_it_is_not_log_concave():
    # Of two features; the posterior has a peak at zero and a slope beside it, and no normal density has.
    rng = np.random.default_rng(6)
    X = rng.standard_normal((20, 2)) @ [[1.0, 0.7], [0.0, 0.5]]
    y = X @ [0.8, 0.0] + rng.standard_normal(20)
    objective = objective_of(X, y, Horseshoe(scale=0.1), fit_intercept=False)
    found = smooth(objective, np.zeros(2))
    _, mean, variance = on_a_grid(objective, [np.linspace(-2.0, 2.0, 121)] * 2)
    np.testing.assert_allclose(found.mean, mean, atol=0.15 * np.sqrt(variance).min())
    np.testing.assert_allclose(np.sqrt(found.variance / variance), 1.0, atol=0.2)


# -- likelihoods that are not Gaussian


@pytest.mark.parametrize("likelihood", [Bernoulli(), Poisson()])
def test_other_likelihoods_are_near_the_integral(likelihood):
    rng = np.random.default_rng(7)
    X = rng.standard_normal((40, 2)) @ [[1.0, 0.5], [0.0, 0.8]]
    y = likelihood.sample(X @ [1.0, 0.0], 0).astype(float)
    objective = objective_of(X, y, Laplace(scale=0.3), likelihood, fit_intercept=False)
    found = smooth(objective, np.zeros(2))
    assert found.converged
    _, mean, variance = on_a_grid(objective, around(found, 7.0, 101))
    # The second-order expansion at the mean is what is off: a Laplace approximation has the same error.
    assert np.all(np.abs(found.mean - mean) <= 0.1 * np.sqrt(variance))
    np.testing.assert_allclose(np.sqrt(found.variance / variance), 1.0, atol=0.08)


def test_classes_have_the_posterior_of_their_expansion():
    rng = np.random.default_rng(8)
    X = rng.standard_normal((60, 3))
    y = np.argmax(X @ rng.standard_normal((3, 3)) + rng.gumbel(size=(60, 3)), axis=1)
    objective = objective_of(X, y.astype(float), Laplace(scale=0.5), Categorical())
    found = smooth(objective, np.zeros(12))
    # At the fixed point the mean is stationary for the likelihood with the sites as its prior.
    gradient = objective.value_and_gradient(found.mean)[1]
    pull = found.sites.precision * found.mean - found.sites.shift
    np.testing.assert_allclose(gradient + pull, 0.0, atol=1e-4)
    posterior = smoothed_posterior(Record(lambda: objective, np.zeros(12), (X, y, None, None)))
    np.testing.assert_allclose(posterior.std**2, found.variance, rtol=1e-8)
    # The same number added to all intercepts changes nothing: their sum is fixed.
    level = np.zeros((1, 12))
    level[0, 3::4] = 1.0
    assert posterior.form.along(level)[0] == pytest.approx(0.0, abs=1e-10)


# -- one answer by every road


@pytest.mark.parametrize("kind", ["dense", "sparse", "float32"])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("intercept_prior", [None, Normal(scale=2.0)])
def test_the_kernel_gives_what_the_matrix_gives(kind, fit_intercept, intercept_prior):
    X, y = sparse_truth(12, 30, 0.2)
    weight = np.random.default_rng(0).integers(0, 3, 12).astype(float)
    X = {"dense": X, "sparse": sparse.csr_matrix(X), "float32": X.astype(np.float32)}[kind]
    options = {"fit_intercept": fit_intercept, "intercept_prior": intercept_prior, "weight": weight}
    objective = objective_of(X, y, Laplace(scale=0.3), **options)
    w = np.zeros(objective.n_parameters)
    kernel = system_at(objective, w, "auto")
    assert isinstance(kernel, KernelSystem)
    precisions = objective.prior.precisions(w)
    dense = DenseSystem(objective.hessian(w), kernel.b, objective.layout, precisions)
    rng = np.random.default_rng(1)
    precision, shift = np.append(rng.uniform(0.5, 20.0, 30), [0.0] * fit_intercept), w + 0.3
    one, other = kernel.solve(precision, shift), dense.solve(precision, shift)
    rtol = 1e-3 if kind == "float32" else 1e-8  # the cross products are of single precision
    np.testing.assert_allclose(one.mean, other.mean, rtol=rtol, atol=rtol)
    np.testing.assert_allclose(one.variance, other.variance, rtol=rtol)
    assert one.log_det == pytest.approx(other.log_det, rel=rtol)
    index = np.array([0, 3, 7])
    np.testing.assert_allclose(kernel.block(index), dense.block(index), rtol=rtol, atol=rtol)
    forms = kernel.form(precision), dense.form(precision)
    np.testing.assert_allclose(forms[0].dense(), forms[1].dense(), rtol=rtol, atol=rtol)


def test_the_diagonal_form_is_exact_for_orthogonal_features_and_has_the_same_mean():
    rng = np.random.default_rng(9)
    Q = np.linalg.qr(rng.standard_normal((30, 4)))[0] * 5.0
    y = Q @ [0.3, 0.0, -0.2, 0.1] + rng.standard_normal(30)
    one = smoothed(Q, y, Laplace(scale=0.2), covariance="diagonal", fit_intercept=False)
    other = smoothed(Q, y, Laplace(scale=0.2), fit_intercept=False)
    assert isinstance(one.system, DiagonalSystem)
    np.testing.assert_allclose(one.mean, other.mean, atol=1e-6)
    np.testing.assert_allclose(one.variance, other.variance, rtol=1e-5)
    assert np.isnan(one.log_evidence)


def test_a_smooth_prior_gives_the_posterior_that_it_has():
    # No kink, no site: the conjugate posterior, and its evidence, are exact.
    X, y = sparse_truth(20, 3, 0.5)
    objective = objective_of(X, y, Normal(scale=0.5))
    found = smooth(objective, np.zeros(4))
    H = objective.hessian(np.zeros(4))
    np.testing.assert_allclose(found.variance, np.diag(np.linalg.inv(H)), rtol=1e-9)
    np.testing.assert_allclose(objective.value_and_gradient(found.mean)[1], 0.0, atol=1e-8)


def test_features_without_a_prior_keep_the_spread_of_least_squares():
    X, y = sparse_truth(25, 3, 0.5)
    found = smoothed(X, y, Laplace(scale=np.inf))
    A = np.column_stack([X, np.ones(25)])
    np.testing.assert_allclose(found.mean, np.linalg.lstsq(A, y, rcond=None)[0], atol=1e-8)
    np.testing.assert_allclose(found.variance, np.diag(np.linalg.inv(A.T @ A)), rtol=1e-7)


@pytest.mark.parametrize("covariance", ["full", "auto"])
def test_a_feature_that_says_nothing_keeps_its_prior(covariance):
    X, y = sparse_truth(10, 20, 0.0)
    X[:, 5] = 0.0
    found = smoothed(X, y, Laplace(scale=0.4), covariance=covariance)
    assert found.converged
    assert found.mean[5] == pytest.approx(0.0, abs=1e-6)
    assert found.variance[5] == pytest.approx(2.0 * 0.4**2, rel=1e-5)


@given(unit=st.floats(1e-3, 1e3))
def test_units_do_not_matter(unit):
    # X in another unit, and the prior with it: the same model.
    X, y = sparse_truth(15, 4, 0.5)
    one = smoothed(X, y, Laplace(scale=0.3))
    other = smoothed(X * unit, y, Laplace(scale=0.3 / unit))
    np.testing.assert_allclose(other.mean[:4] * unit, one.mean[:4], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(other.variance[:4] * unit**2, one.variance[:4], rtol=1e-5)
    assert other.log_evidence == pytest.approx(one.log_evidence, abs=1e-5)


def test_a_weight_of_two_is_the_row_twice():
    X, y = sparse_truth(15, 4, 0.5)
    weight = np.arange(15.0) % 3
    rows = np.repeat(np.arange(15), weight.astype(int))
    one = smoothed(X, y, Laplace(scale=0.3), weight=weight)
    other = smoothed(X[rows], y[rows], Laplace(scale=0.3))
    np.testing.assert_allclose(one.mean, other.mean, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(one.variance, other.variance, rtol=1e-6)


# -- as a posterior, and what it refuses


def record_of(X, y, prior, **options):
    objective = objective_of(X, y, prior, **options)
    return Record(lambda: objective, np.zeros(objective.n_parameters), (X, y, None, None))


def test_the_posterior_holds_mean_spread_and_evidence():
    X, y = sparse_truth(12, 30, 0.5)
    record = record_of(X, y, Laplace(scale=0.3))
    posterior, found = smoothed_posterior(record), smooth(record.objective, record.w)
    np.testing.assert_allclose(posterior.mean, found.mean)
    np.testing.assert_allclose(posterior.std**2, found.variance, rtol=1e-8)
    assert (posterior.kind, posterior.is_conditional) == ("smoothed", False)
    assert posterior.log_evidence == found.log_evidence
    draws = posterior.sample(4000, random_state=0)
    # A standard deviation of 4000 draws is off by 1.1 %; 31 of them, five of these.
    np.testing.assert_allclose(draws.std(axis=0), posterior.std, rtol=0.06)


def test_the_diagonal_form_has_no_evidence():
    X, y = sparse_truth(20, 4, 0.5)
    posterior = smoothed_posterior(record_of(X, y, Laplace(scale=0.3)), "diagonal")
    with pytest.raises(AttributeError, match="covariance='full'"):
        _ = posterior.log_evidence


def test_bounds_are_refused():
    X, y = sparse_truth(20, 4, 0.5)
    with pytest.raises(IncompatibleModelError, match="knows no bounds"):
        smoothed(X, y, Laplace(scale=0.3), bounds=(0.0, np.inf))


def test_a_robust_covariance_is_refused():
    X, y = sparse_truth(20, 4, 0.5)
    with pytest.raises(IncompatibleModelError, match="no estimate but a density"):
        smoothed_posterior(record_of(X, y, Laplace(scale=0.3)), "robust")


class Bridge(Prior):
    """A kink without moments to match."""

    @property
    def is_smooth(self):
        return False

    def log_density(self, w):
        return -float(np.sqrt(np.abs(w)).sum()) - np.log(4.0) * np.size(w)

    def prox(self, w, step):
        raise NotImplementedError


def test_a_prior_without_moments_is_refused():
    X, y = sparse_truth(20, 4, 0.5)
    with pytest.raises(IncompatibleModelError, match=r"needs a prior with `tilted`.*Bridge"):
        smoothed(X, y, Bridge())
