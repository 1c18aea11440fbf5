"""The gradient of the Laplace evidence, by differences: the mode moves with the scales, and the curvature with it."""

import numpy as np
import pytest

from skbayes.likelihoods import (
    Bernoulli,
    Categorical,
    Gamma,
    Gaussian,
    Likelihood,
    NegativeBinomial,
    Poisson,
    StudentT,
)
from skbayes.linear_model._design import Design
from skbayes.linear_model._evidence_surface import EvidenceSurface, Setting
from skbayes.linear_model._laplace_evidence import log_evidence_of
from skbayes.priors import HalfCauchy, Normal

RNG = np.random.default_rng(0)
N = 40
X = RNG.normal(size=(N, 4))
ETA = X @ [0.7, 0.3, 0.0, -0.5] + 0.3
NOISE = RNG.standard_t(4, size=N)
COUNTS = RNG.poisson(np.exp(ETA) * RNG.gamma(2.0, size=N) / 2.0)
LABELS = (RNG.random(N) < 1.0 / (1.0 + np.exp(-ETA))) * 1
CASES = {
    "gaussian": (Gaussian(), ETA + NOISE),
    "gaussian, noise known": (Gaussian(0.5), ETA + NOISE),
    "gaussian, noise with a prior": (Gaussian(HalfCauchy(0.3)), ETA + NOISE),
    "poisson": (Poisson(), COUNTS),
    "gamma": (Gamma(), RNG.gamma(2.0, size=N) * np.exp(ETA)),
    "negative binomial": (NegativeBinomial(), COUNTS),
    "student t": (StudentT(df=3.0), ETA + NOISE),
    "logit": (Bernoulli(), LABELS),
    "probit": (Bernoulli("probit"), LABELS),
    "softmax": (Categorical(), RNG.integers(0, 3, N)),
}


def surface_of(name, scale=(1.0, 0.5, 2.0, 1.0), intercept_prior=None):
    likelihood, y = CASES[name]
    weight = np.arange(N) % 3 + 1.0
    offset = None if name == "softmax" else np.linspace(-0.2, 0.2, N)
    codes = np.array([0, 1, 1, 2])
    setting = Setting(
        Design(X), y, likelihood, np.array(scale), codes, 3, weight, offset, True, intercept_prior
    )
    return EvidenceSurface(setting)


def differences(value, theta, step=1e-3):
    gradient = []
    for e in step * np.eye(theta.size):
        near, far = value(theta + e) - value(theta - e), value(theta + 2 * e) - value(theta - 2 * e)
        gradient.append((8.0 * near - far) / (12.0 * step))
    return np.array(gradient)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("kind", ["plain", "a flat feature and a prior of the intercept"])
def test_the_gradient_is_that_of_the_evidence(name, kind):
    options = (
        {}
        if kind == "plain"
        else {"scale": (np.inf, 0.5, 2.0, 1.0), "intercept_prior": Normal(scale=2.0)}
    )
    surface = surface_of(name, **options)
    theta = np.array([0.1, -0.3, 0.2, 0.3][: 3 + (surface.unknown is not None)])
    # A surface of its own for each value: none begins where another ended.
    expected = differences(lambda t: surface_of(name, **options).at(t).value, theta)
    np.testing.assert_allclose(surface.at(theta).gradient, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_the_value_is_the_evidence_of_the_model_there(name):
    surface = surface_of(name)
    theta = np.array([0.1, -0.3, 0.2, 0.3][: 3 + (surface.unknown is not None)])
    point = surface.at(theta)
    expected = log_evidence_of(surface.objective(theta), point.w) + surface.log_hyper_prior(theta)
    assert point.value == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("name", ["poisson", "softmax", "student t"])
def test_a_way_there_makes_no_difference(name):
    far, near = surface_of(name), surface_of(name)
    theta = np.array([0.1, -0.3, 0.2, 0.3][: 3 + (far.unknown is not None)])
    for shift in (3.0, -3.0):
        far.at(theta + shift)
    assert far.at(theta).value == pytest.approx(near.at(theta).value, rel=1e-8)


@pytest.mark.parametrize("name", CASES)
def test_third_derivatives_are_those_of_the_hessian(name):
    likelihood, y = CASES[name]
    likelihood = likelihood if likelihood.is_fixed else likelihood.start(y)
    if name == "softmax":
        eta, root = RNG.normal(size=(N, 3)), RNG.normal(size=(N, 3, 3))
        variance = root @ root.transpose(0, 2, 1)
    else:
        eta, variance = ETA, RNG.random(N)
    # The general form of the base class goes by differences of the Hessian.
    expected = Likelihood.hessian_slope(likelihood, y, eta, variance)
    scale = np.abs(expected).max() + 1e-12
    np.testing.assert_allclose(
        likelihood.hessian_slope(y, eta, variance), expected, atol=1e-8 * scale
    )


def test_the_third_derivative_of_probit_has_its_tail():
    z = np.array([-20.0, -90.0, -110.0, -1e4])
    # log Φ(z) = −z²/2 − log(−z) − ½ log 2π − 1/z² + 5/2z⁴ − … (Abramowitz and Stegun 26.2.12), differentiated.
    expected = -2.0 / z**3 + 24.0 / z**5
    found = Bernoulli("probit").hessian_slope(np.ones(4), z, np.ones(4))
    np.testing.assert_allclose(found, expected, rtol=5e-3)
