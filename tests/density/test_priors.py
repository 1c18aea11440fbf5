"""Maximum a posteriori: conjugate pairs, whose mode and curvature are formulas, and what a prior does otherwise."""

import numpy as np
import pytest
from scipy import stats

from skbayes.density import DistributionEstimator
from skbayes.priors import Gamma, HalfCauchy, Laplace, LogNormal, Normal, StudentT

RNG = np.random.default_rng(0)


def test_a_normal_mean_with_a_normal_prior():
    x = RNG.normal(3.0, 2.0, 25)
    model = DistributionEstimator("norm", {"loc": Normal(1.0, 0.5)}, fixed={"scale": 2.0})
    posterior = model.fit(x[:, None]).posterior_
    precision = 25 / 4.0 + 1 / 0.25
    assert posterior.mean[0] == pytest.approx((x.sum() / 4.0 + 1.0 / 0.25) / precision, rel=1e-7)
    assert posterior.std[0] == pytest.approx(precision**-0.5, rel=1e-6)
    assert model.objective_ == pytest.approx(
        -model.log_likelihood_ - stats.norm.logpdf(model.params_["loc"], 1.0, 0.5)
    )


def test_a_poisson_mean_with_a_gamma_prior():
    # The posterior is Gamma(k + Σx, rate + n) of mu itself, and the mode (k + Σx − 1)/(rate + n): no Jacobian.
    x = RNG.poisson(2.0, 20)
    model = DistributionEstimator("poisson", {"mu": Gamma(3.0, 2.0)}).fit(x[:, None])
    mode = (3.0 + x.sum() - 1.0) / (2.0 + 20)
    assert model.params_["mu"] == pytest.approx(mode, rel=1e-7)
    # The curvature of the log density of Gamma(k', r') at its mode: (k' − 1)/mode².
    assert model.posterior_.std[0] == pytest.approx(mode / np.sqrt(2.0 + x.sum()), rel=1e-6)


def test_weights_count_against_the_prior_as_rows_do():
    x = RNG.poisson(2.0, 20)
    weight = RNG.integers(0, 3, 20)
    weighted = DistributionEstimator("poisson", {"mu": Gamma(3.0, 2.0)})
    weighted.fit(x[:, None], sample_weight=weight)
    mode = (3.0 + weight @ x - 1.0) / (2.0 + weight.sum())
    assert weighted.params_["mu"] == pytest.approx(mode, rel=1e-7)


@pytest.mark.parametrize(
    "prior",
    [Gamma(3.0, 1.0), LogNormal(), HalfCauchy(0.5), Normal(2.0, 0.3), StudentT(loc=2.0, scale=0.3)],
    ids=lambda prior: type(prior).__name__,
)
def test_the_mode_is_that_of_likelihood_times_prior_on_a_grid(prior):
    x = stats.expon.rvs(scale=2.0, size=10, random_state=1)
    model = DistributionEstimator("expon", {"scale": prior}, fixed={"loc": 0}).fit(x[:, None])
    grid = np.linspace(0.5, 6.0, 20_001)
    together = -10 * np.log(grid) - x.sum() / grid
    together += [prior.log_density(np.array([value])) for value in grid]
    assert model.params_["scale"] == pytest.approx(grid[np.argmax(together)], abs=3e-4)


def test_a_flat_prior_is_maximum_likelihood():
    x = stats.gamma.rvs(3.0, size=50, random_state=0)[:, None]
    flat = DistributionEstimator("gamma", {"a": "flat"}, fixed={"loc": 0}).fit(x)
    assert flat.params_ == DistributionEstimator("gamma", fixed={"loc": 0}).fit(x).params_


def test_a_narrow_prior_holds_and_a_wide_one_lets_go():
    x = stats.gamma.rvs(3.0, size=50, random_state=0)[:, None]
    mle = DistributionEstimator("gamma", fixed={"loc": 0}).fit(x)
    wide = DistributionEstimator("gamma", {"a": Normal(1.0, 1e4)}, fixed={"loc": 0}).fit(x)
    narrow = DistributionEstimator("gamma", {"a": Normal(1.0, 1e-5)}, fixed={"loc": 0}).fit(x)
    held = DistributionEstimator("gamma", fixed={"loc": 0, "a": 1.0}).fit(x)
    assert wide.params_ == pytest.approx(mle.params_, rel=1e-6)
    assert narrow.params_ == pytest.approx(held.params_, rel=1e-5)


@pytest.mark.parametrize("scale", [0.01, 10.0])
def test_a_prior_with_a_kink_holds_the_parameter_at_it_or_moves_it_by_so_much(scale):
    # |Σ(x − 1)|/σ² against 1/b: a soft threshold, as in the lasso.
    x = np.array([0.5, 1.5, 2.5, 3.0])
    model = DistributionEstimator("norm", {"loc": Laplace(1.0, scale)}, fixed={"scale": 1.0})
    model.fit(x[:, None])
    expected = max(x.mean() - 1.0 / (4 * scale), 1.0)
    assert model.params_["loc"] == pytest.approx(expected, rel=1e-7)
    assert model.posterior_.conditional == ({"loc"} if expected == 1.0 else set())


def test_a_prior_saves_a_likelihood_without_a_maximum():
    # Student's t on a sample of light tails: df would run away.
    x = stats.norm.ppf((np.arange(100) + 0.5) / 100)[:, None]
    model = DistributionEstimator("t", {"df": Gamma(2.0, 0.1)}).fit(x)
    assert model.converged_
    assert 10.0 < model.params_["df"] < 100.0


def test_a_prior_of_positive_numbers_makes_loc_one():
    x = stats.norm.rvs(loc=-0.5, size=30, random_state=0)[:, None]
    model = DistributionEstimator("norm", {"loc": Gamma(2.0, 1.0)}).fit(x)
    assert model.params_["loc"] > 0.0
    grid = np.linspace(1e-3, 2.0, 20_001)
    residual = ((x - grid) ** 2).mean(axis=0)
    together = -15.0 * np.log(residual) + np.log(grid) - grid
    assert model.params_["loc"] == pytest.approx(grid[np.argmax(together)], abs=2e-4)


def test_a_kink_outside_the_range_of_the_parameter_is_passed_by():
    # Laplace's prior at 0 is the exponential distribution of a scale: b e^{-s/b} with the likelihood s^-n e^{-S/s} of
    # exponential data gives s²/b + n s − S = 0.
    x = np.array([[1.0], [2.0], [6.0]])
    model = DistributionEstimator("expon", {"scale": Laplace(scale=2.0)}, fixed={"loc": 0.0}).fit(x)
    assert model.params_["scale"] == pytest.approx(
        (-3.0 + np.sqrt(9.0 + 4.0 * 9.0 / 2.0)), rel=1e-6
    )


@pytest.mark.parametrize("name", ["horseshoe", "group"])
def test_a_prior_that_is_none_of_a_single_number_is_refused(name):
    with pytest.raises(ValueError, match="density of a single number"):
        DistributionEstimator("norm", {"loc": name}).fit([[1.0], [2.0]])
