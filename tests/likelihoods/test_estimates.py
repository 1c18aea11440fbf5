"""Parameters of a likelihood itself: estimated, under a prior, given; starts; and what is refused."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import psi
from sklearn.base import clone

from skbayes.likelihoods import (
    LIKELIHOODS,
    Bernoulli,
    Categorical,
    Gamma,
    Gaussian,
    NegativeBinomial,
    Poisson,
    StudentT,
)
from skbayes.priors import Gamma as GammaPrior
from skbayes.priors import HalfCauchy, LogNormal


def test_noise_scale_leaves_degrees_of_freedom_out_of_the_divisor():
    y, eta = np.array([1.0, 2.0, 4.0, 3.0]), np.array([2.0, 2.0, 2.0, 2.0])
    # Σ r² = 1 + 0 + 4 + 1 = 6 over 4 and over 3
    assert Gaussian().update(y, eta).scale == pytest.approx(np.sqrt(1.5), rel=1e-14)
    assert Gaussian().update(y, eta, dof=1.0).scale == pytest.approx(np.sqrt(2.0), rel=1e-14)
    weighted = Gaussian().update(y, eta, weight=[2.0, 1.0, 0.0, 1.0], dof=1.0)
    assert weighted.scale == pytest.approx(1.0, rel=1e-14)  # (2 + 0 + 0 + 1) / 3


def test_an_interpolating_fit_has_a_small_positive_noise_scale():
    y = np.array([1.0, 2.0, 4.0, 3.0])
    # √eps of the root mean square of y, √7.5
    scale = Gaussian().update(y, y, dof=4.0).scale
    assert scale == pytest.approx(np.sqrt(7.5 * np.finfo(float).eps), rel=1e-12)
    assert 0.0 < StudentT().update(y, y, dof=4.0).scale <= scale * (1 + 1e-12)
    assert Gaussian().start(np.zeros(3)).scale > 0.0


def test_noise_scale_under_a_prior_is_the_most_probable():
    rng = np.random.default_rng(0)
    y, eta, prior = rng.normal(size=30), np.zeros(30), LogNormal(1.0, 0.2)
    best = Gaussian(prior).update(y, eta, dof=3.0).scale
    # Stationary: −27/σ + Σ r²/σ³ + d log p/dσ = 0
    slope = -27.0 / best + np.sum(y**2) / best**3 + prior.gradient([best])[0]
    assert slope == pytest.approx(
        0.0, abs=1e-4
    )  # the place is known to √eps, the slope to ten times n of that
    alone = Gaussian().update(y, eta, dof=3.0).scale
    assert alone < best < np.exp(1.0)


def test_gamma_shape_is_the_maximum_of_the_likelihood():
    y = stats.gamma(3.0).rvs(size=4000, random_state=0)
    eta = np.full(y.shape, np.log(y.mean()))
    shape, _, _ = stats.gamma.fit(y, floc=0.0)  # the same equation by scipy's root finding
    assert Gamma().update(y, eta).shape == pytest.approx(shape, rel=1e-6)


def test_gamma_shape_of_exact_values_is_large_and_finite():
    y = np.full(5, 2.0)
    assert Gamma().update(y, np.log(y)).shape == pytest.approx(1e10, rel=1e-3)


def test_dispersion_is_found_again_and_is_none_for_poisson_counts():
    rng = np.random.default_rng(0)
    eta = rng.normal(1.0, 0.5, size=5000)
    y = NegativeBinomial(0.8).sample(eta, random_state=1)
    # The standard error is about 0.03.
    assert NegativeBinomial().update(y, eta).dispersion == pytest.approx(0.8, abs=0.1)
    even = np.array([2.0, 3.0, 3.0, 4.0, 3.0, 3.0])  # varies less than a Poisson's
    assert NegativeBinomial().update(even, np.full(6, np.log(3.0))).dispersion < 1e-6


def test_student_t_scale_with_many_degrees_of_freedom_is_the_gaussian_s():
    rng = np.random.default_rng(0)
    y, eta = rng.normal(size=50), np.zeros(50)
    weight = rng.integers(0, 3, size=50).astype(float)
    expected = Gaussian().update(y, eta, weight, dof=4.0).scale
    assert StudentT(df=1e9).update(y, eta, weight, dof=4.0).scale == pytest.approx(
        expected, rel=1e-7
    )


def test_student_t_scale_is_the_maximum_of_the_likelihood():
    y = stats.t(4.0, scale=2.0).rvs(size=3000, random_state=0)
    _, _, scale = stats.t.fit(y, f0=4.0, floc=0.0)
    # scipy's search stops at 1e-4 or so
    assert StudentT().update(y, np.zeros(y.size)).scale == pytest.approx(scale, rel=1e-3)


def test_an_outlier_hardly_moves_the_start_of_student_t():
    y = np.append(np.linspace(-1.0, 1.0, 21), 1e6)
    assert abs(StudentT().start_intercept(y)) < 0.1
    assert StudentT().start(y).scale < 1.5


@pytest.mark.parametrize(
    ("likelihood", "parameter", "prior"),
    [
        (Gamma, "shape", GammaPrior(2.0, 100.0)),
        (NegativeBinomial, "dispersion", HalfCauchy(1e-3)),
        (StudentT, "scale", LogNormal(5.0, 0.05)),
    ],
)
def test_a_strong_prior_pulls_the_parameter_to_where_it_believes_it(likelihood, parameter, prior):
    y = np.array([1.0, 2.0, 4.0, 9.0, 1.0, 30.0])
    free = likelihood().start(y).get_params()[parameter]
    held = likelihood(**{parameter: prior}).start(y).get_params()[parameter]
    typical = prior.mode()[()] if isinstance(prior, LogNormal) else 1e-2
    assert abs(np.log(held / typical)) < abs(np.log(free / typical))


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_a_start_is_fixed_and_a_clone_of_it_too(name):
    y = np.array([1, 0, 1, 2]) if name == "categorical" else np.array([1.0, 1.0, 1.0, 1.0])
    start = LIKELIHOODS[name]().start(y)
    assert start.is_fixed
    assert clone(start).get_params() == start.get_params()


@pytest.mark.parametrize(
    ("likelihood", "y", "expected"),
    [
        (Gaussian(), [1.0, 2.0, 6.0], 3.0),
        (Bernoulli(), [1, 0, 0, 0], np.log(1 / 3)),
        (Bernoulli("probit"), [1, 0], 0.0),
        (Poisson(), [0, 4], np.log(2.0)),
        (Gamma(), [1.0, 3.0], np.log(2.0)),
        (NegativeBinomial(), [0, 4], np.log(2.0)),
        (StudentT(), [-1.0, 0.0, 1.0], 0.0),
    ],
    ids=repr,
)
def test_intercepts_to_start_from(likelihood, y, expected):
    assert likelihood.start_intercept(y) == pytest.approx(expected, abs=1e-9)


def test_intercepts_of_classes_are_centred_logarithms_of_their_shares():
    level = Categorical().start_intercept([0, 1, 1, 1, 2], [1.0, 1.0, 1.0, 1.0, 0.0])
    assert level.sum() == pytest.approx(0.0, abs=1e-12)
    assert level[1] - level[0] == pytest.approx(np.log(3.0), rel=1e-12)
    assert np.isfinite(level[2])


@pytest.mark.parametrize(
    "likelihood", [Bernoulli(), Bernoulli("probit"), Poisson(), NegativeBinomial()], ids=repr
)
def test_observations_all_alike_have_a_finite_start(likelihood):
    assert -20.0 < likelihood.start_intercept(np.zeros(100)) < -2.0


@pytest.mark.parametrize(
    ("likelihood", "y", "message"),
    [
        (
            Poisson(),
            [1.0, -1.0],
            r"poisson likelihood needs y >= 0; got y\[1\]=-1.0 \(1 of 2 values",
        ),
        (Gamma(), [0.0, 1.0], r"gamma likelihood needs y > 0; got y\[0\]=0.0"),
        (NegativeBinomial(), [np.inf], r"needs y >= 0; got y\[0\]=inf"),
        (Bernoulli(), [0, 1, 2], r"needs labels 0 and 1; got y\[2\]=2"),
        (Categorical(), [0.0, 1.5], r"needs class numbers 0, 1, 2, ...; got y\[1\]=1.5"),
        (Gaussian(), [0.0, np.nan], r"gaussian likelihood needs finite numbers; got y\[1\]=nan"),
        (StudentT(), [np.inf], r"Student-t likelihood needs finite numbers"),
    ],
)
def test_observations_outside_the_support_are_refused(likelihood, y, message):
    with pytest.raises(ValueError, match=message):
        likelihood.check_target(np.asarray(y))


@pytest.mark.parametrize(
    ("likelihood", "message"),
    [
        (Gaussian(), r"Gaussian has no density while its scale is to be estimated; got scale=None"),
        (Gaussian(-1.0), r"Gaussian needs a positive finite scale; got scale=-1\.0"),
        (Gaussian(np.nan), r"positive finite scale; got scale=nan"),
        (Gamma(0.0), r"Gamma needs a positive finite shape; got shape=0\.0"),
        (NegativeBinomial(-2), r"positive finite dispersion; got dispersion=-2"),
        (StudentT(df=-1.0, scale=1.0), r"positive finite df; got df=-1\.0"),
        (
            Bernoulli("cloglog"),
            r"Bernoulli\(link='cloglog'\) is not known. Use 'logit' or 'probit'",
        ),
    ],
    ids=repr,
)
def test_a_parameter_out_of_range_is_refused(likelihood, message):
    with pytest.raises(ValueError, match=message):
        likelihood.log_density([1.0], [0.0])


def test_gamma_shape_leaves_out_the_parameters_that_eta_was_fitted_with():
    rng = np.random.default_rng(0)
    y, eta, weight = rng.gamma(3.0, 1.0, 40), rng.normal(1.0, 0.1, 40), rng.uniform(0.5, 2.0, 40)
    k = Gamma().update(y, eta, weight, dof=5.0).shape
    ratio = y / np.exp(eta)
    unit = weight @ (ratio - np.log(ratio) - 1.0) / (weight.sum() - 5.0)
    assert np.log(k) - psi(k) == pytest.approx(unit, rel=1e-9)
    assert k < Gamma().update(y, eta, weight).shape
