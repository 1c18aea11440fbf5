"""log p(y) of a fitted model: exact where it is normal, near the integral where it is not, and its two roads."""

import numpy as np
import pytest
from scipy import integrate
from scipy.linalg import null_space
from scipy.stats import multivariate_normal, norm

from skbayes.likelihoods import (
    Bernoulli,
    Categorical,
    Gamma,
    Gaussian,
    NegativeBinomial,
    Poisson,
    StudentT,
)
from skbayes.linear_model import _laplace_evidence as module
from skbayes.linear_model._design import Design
from skbayes.linear_model._laplace import laplace_form
from skbayes.linear_model._laplace_evidence import log_evidence_of
from skbayes.linear_model._objective import LinearObjective
from skbayes.priors import Flat, Laplace, Normal
from skbayes.priors import StudentT as StudentTPrior
from skbayes.solvers import Newton


def at_mode(X, y, likelihood, prior, **options):
    """The objective and its mode."""
    objective = LinearObjective(
        Design(X), y, likelihood, prior.for_features(None, X.shape[1]), **options
    )
    return objective, Newton(max_iter=200, tol=1e-12).solve(objective, objective.start()).w


def evidence(X, y, likelihood, prior, **options):
    return log_evidence_of(*at_mode(X, y, likelihood, prior, **options))


def restricted(X, y, flat, loc, scale, noise):
    """log ∫ p(y | w) p(w) dw by scipy, the coefficients of the columns `flat` integrated against dw (Harville 1974)."""
    K = null_space(flat.T) if flat.size else np.eye(len(y))
    C = noise**2 * np.eye(len(y)) + (X * scale**2) @ X.T
    log_density = multivariate_normal(cov=K.T @ C @ K).logpdf(K.T @ (y - X @ loc))
    return log_density - (0.5 * np.linalg.slogdet(flat.T @ flat)[1] if flat.size else 0.0)


@pytest.mark.parametrize(("n", "p"), [(60, 5), (20, 45), (30, 30), (400, 3)])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("n_flat", [0, 2])
def test_of_normal_data_it_is_the_multivariate_normal_density(n, p, fit_intercept, n_flat):
    rng = np.random.default_rng(n + p)
    X = rng.normal(size=(n, p)) + 1.0
    y = X[:, 0] + 3.0 + 0.7 * rng.normal(size=n)
    scale, loc = np.linspace(0.5, 2.0, p), np.linspace(-0.3, 0.3, p)
    scale[:n_flat] = np.inf
    found = evidence(X, y, Gaussian(0.7), Normal(loc=loc, scale=scale), fit_intercept=fit_intercept)
    flat = X[:, :n_flat]
    flat = np.column_stack([flat, np.ones(n)]) if fit_intercept else flat
    expected = restricted(X[:, n_flat:], y, flat, loc[n_flat:], scale[n_flat:], 0.7)
    assert found == pytest.approx(expected, rel=1e-10)


def test_a_covariance_and_a_prior_of_the_intercept():
    rng = np.random.default_rng(0)
    X, A = rng.normal(size=(25, 3)), rng.normal(size=(3, 3))
    y, C = X.sum(axis=1) + rng.normal(size=25), A @ A.T + np.eye(3)
    prior, level = Normal(scale=0.5, covariance=C), Normal(loc=1.0, scale=2.0)
    found = evidence(X, y, Gaussian(1.0), prior, intercept_prior=level)
    cov = np.eye(25) + 0.25 * X @ C @ X.T + 4.0
    assert found == pytest.approx(multivariate_normal(np.ones(25), cov).logpdf(y), rel=1e-10)


def test_a_point_near_the_mode_is_as_good_as_the_mode():
    # Of a quadratic what a Newton step gains is known exactly, so a solver's tolerance costs no digit.
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 4))
    y = X.sum(axis=1) + rng.normal(size=30)
    objective, w = at_mode(X, y, Gaussian(1.0), Normal())
    assert log_evidence_of(objective, w + 0.01) == pytest.approx(
        log_evidence_of(objective, w), rel=1e-12
    )


CASES = {
    "poisson": (Poisson(), lambda eta, rng: rng.poisson(np.exp(eta))),
    "logit": (Bernoulli(), lambda eta, rng: (rng.random(eta.size) < 1 / (1 + np.exp(-eta))) * 1),
    "gamma": (Gamma(3.0), lambda eta, rng: rng.gamma(3.0, size=eta.size) * np.exp(eta) / 3.0),
    "negative_binomial": (NegativeBinomial(0.5), lambda eta, rng: rng.poisson(np.exp(eta))),
    "student_t": (
        StudentT(4.0, 0.5),
        lambda eta, rng: eta + 0.5 * rng.standard_t(4, size=eta.size),
    ),
}


def by_quadrature(objective, w, x, y, scale):
    """log ∫ p(y, slope, intercept), by the rule of Gauss and Legendre in posterior standard deviations about w."""
    nodes, weights = np.polynomial.legendre.leggauss(80)
    # Of a normal posterior the integrand has fallen by exp(−98) at 14; others have heavier tails.
    grid = np.stack(np.meshgrid(14.0 * nodes, 14.0 * nodes)).reshape(2, -1)
    root = np.linalg.cholesky(np.linalg.inv(objective.hessian(w)))
    slope, intercept = w[:, None] + root @ grid
    eta = np.outer(x, slope) + intercept
    likelihood = objective.data.likelihood
    log_density = likelihood.log_density(np.repeat(y, grid.shape[1]), eta.ravel()).reshape(
        eta.shape
    )
    total = log_density.sum(axis=0) + norm(scale=scale).logpdf(slope)
    mass = np.exp(total - total.max()) @ np.outer(14.0 * weights, 14.0 * weights).ravel()
    return np.log(mass * np.prod(np.diag(root))) + total.max()


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("scale", [0.3, 2.0])
def test_it_is_near_the_integral_over_slope_and_intercept(name, scale):
    likelihood, draw = CASES[name]
    error = []
    for n in (30, 240):
        rng = np.random.default_rng(1)
        x = rng.normal(size=n)
        y = draw(0.5 * x + 0.2, rng)
        objective, w = at_mode(x[:, None], y, likelihood, Normal(scale=scale))
        exact = by_quadrature(objective, w, x, y, scale)
        error.append(abs(log_evidence_of(objective, w) - exact))
    # The error of Laplace's method is of the order 1/n: with two parameters and thirty rows some hundredths of a nat.
    assert error[0] < 0.1
    assert error[1] < 0.02


@pytest.mark.parametrize("name", [*CASES, "softmax"])
@pytest.mark.parametrize("flat", [False, True])
def test_by_rows_it_is_the_same_as_by_parameters(name, flat):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(24, 90))
    if name == "softmax":
        likelihood, y = Categorical(), rng.integers(0, 3, 24)
    else:
        likelihood, draw = CASES[name]
        y = draw(X[:, 0], rng)
    scale = np.full(90, 0.3)
    scale[0] = np.inf if flat else 0.3
    objective, w = at_mode(X, y, likelihood, Normal(scale=scale))
    precision = objective.prior.precisions(w)[0]
    by_rows = module._log_det_by_rows(objective, w, precision)
    by_parameters = module.log_det_of(module.curvature_factor(objective, w))
    assert by_rows == pytest.approx(by_parameters, rel=1e-10)


@pytest.mark.parametrize("name", CASES)
def test_a_form_that_is_there_is_used_and_makes_no_difference(name):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(24, 90)) + 1.0
    likelihood, draw = CASES[name]
    y = draw(X[:, 0] - 1.0, rng)
    objective, w = at_mode(X, y, likelihood, Normal(scale=0.3))
    form = laplace_form(objective, w, "low_rank")
    # The low-rank form is of the Fisher information, which is the curvature of canonical links only.
    assert module._is_whole(form, objective, w) == (name in ("poisson", "logit"))
    assert log_evidence_of(objective, w, form) == pytest.approx(
        log_evidence_of(objective, w), rel=1e-10
    )


def test_of_two_classes_softmax_and_logit_agree():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(50, 3)), rng.integers(0, 2, 50)
    soft = evidence(X, y, Categorical(), Normal(scale=0.8))
    logit = evidence(X, y, Bernoulli(), Normal(scale=0.8 * np.sqrt(2.0)))
    # The log odds are √2 times the coordinate on the line of intercepts that sum to zero.
    assert soft == pytest.approx(logit - 0.5 * np.log(2.0), rel=1e-10)


def test_a_weight_of_two_is_the_row_twice():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 3)), rng.poisson(1.0, 40)
    weight = np.arange(40) % 3.0
    rows = np.repeat(np.arange(40), weight.astype(int))
    weighted = evidence(X, y, Poisson(), Normal(), weight=weight)
    assert weighted == pytest.approx(evidence(X[rows], y[rows], Poisson(), Normal()), rel=1e-10)


def test_a_prior_with_heavy_tails_has_one_too():
    rng = np.random.default_rng(0)
    x = rng.normal(size=60)
    y = 2.0 * x + rng.normal(size=60)
    prior = StudentTPrior(df=3.0, scale=0.5)
    found = evidence(x[:, None], y, Gaussian(1.0), prior, fit_intercept=False)

    def density(w):
        return np.exp(-0.5 * np.sum((y - x * w) ** 2) + 80.0 + prior.log_density([w]))

    mass = integrate.quad(density, 1.0, 3.0, epsabs=0.0)[0]
    assert found == pytest.approx(np.log(mass) - 80.0 - 30.0 * np.log(2.0 * np.pi), abs=0.01)


def test_where_it_is_undefined_it_says_what_to_do():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 2)), rng.normal(size=30)
    w = np.zeros(3)

    def ask(prior, X=X, **options):
        resolved = prior.for_features(None, X.shape[1])
        return log_evidence_of(
            LinearObjective(Design(X), y, Gaussian(1.0), resolved, **options), w[: X.shape[1] + 1]
        )

    with pytest.raises(
        AttributeError, match=r"without a prior.*got Flat\(\).*Use a prior such as Normal"
    ):
        ask(Flat())
    with pytest.raises(AttributeError, match=r"second derivative there; got Laplace.*smooth prior"):
        ask(Laplace())
    with pytest.raises(AttributeError, match=r"within bounds.*Leave the bounds out"):
        ask(Normal(), bounds=(0.0, 1.0))
    with pytest.raises(AttributeError, match=r"not positive definite.*collinear features a prior"):
        ask(Normal(scale=[np.inf, np.inf]), X=X[:, [0, 0]], intercept_prior=Normal())
