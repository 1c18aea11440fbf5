"""Proximal gradient: closed forms, agreement with other solvers, and the conditions of a minimum."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import lsq_linear

from skbayes.likelihoods import Bernoulli, Gaussian, Poisson
from skbayes.linear_model._design import Design
from skbayes.linear_model._objective import LinearObjective
from skbayes.priors import Flat, Group, Laplace, Normal, StudentT
from skbayes.solvers import LBFGS, Newton, ProximalGradient

rng = np.random.default_rng(0)
N, P = 120, 6
Z = rng.standard_normal((N, P)) @ (np.eye(P) + 0.4 * rng.standard_normal((P, P)))
# Units from 1e-3 to 1e3 and means far from zero: what steps along the gradient suffer from.
SPREAD = 10.0 ** np.linspace(-3, 3, P)
X = Z * SPREAD + 5.0 * SPREAD
ETA = 0.3 + Z @ np.array([0.8, -0.5, 0.3, 0.0, 0.0, 0.0])
TARGETS = {
    "gaussian": (Gaussian(scale=1.0), ETA + rng.standard_normal(N)),
    "bernoulli": (Bernoulli(), (rng.random(N) < 1 / (1 + np.exp(-ETA))).astype(float)),
    "poisson": (Poisson(), rng.poisson(np.exp(ETA)).astype(float)),
}


def objective(kind, prior, data=X, **options):
    likelihood, y = TARGETS[kind]
    return LinearObjective(Design(data), y, likelihood, prior, **options)


def test_orthonormal_lasso_is_soft_thresholding():
    # XᵀX = I, no intercept: each coefficient is S(x_jᵀy, 1 / b)
    Q, _ = np.linalg.qr(Z)
    y = Q @ np.array([3.0, -2.0, 0.4, 0.1, -0.6, 0.0])
    lasso = LinearObjective(
        Design(Q), y, Gaussian(scale=1.0), Laplace(scale=2.0), fit_intercept=False
    )
    result = ProximalGradient().solve(lasso, np.zeros(P))
    np.testing.assert_allclose(result.w, [2.5, -1.5, 0.0, 0.0, -0.1, 0.0], atol=1e-9)
    assert result.converged


def test_orthonormal_group_lasso_shrinks_lengths():
    # Each group's vector c of correlations becomes c · max(0, 1 − λ / ‖c‖); λ from the prior's own prox at zero step.
    Q, _ = np.linalg.qr(Z)
    c = np.array([3.0, 4.0, 0.03, 0.04, -0.6, 0.8])
    groups = [0, 0, 1, 1, 2, 2]
    prior = Group(groups=groups, scale=2.0)
    problem = LinearObjective(Design(Q), Q @ c, Gaussian(scale=1.0), prior, fit_intercept=False)
    result = ProximalGradient().solve(problem, np.zeros(P))
    np.testing.assert_allclose(result.w, problem.prox(c, 1.0), atol=1e-9)
    assert (result.w[2:4] == 0).all()
    np.testing.assert_allclose(result.w[0] / result.w[1], 0.75, rtol=1e-9)


@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("prior", [Flat(), Normal(scale=50.0), StudentT(df=4.0, scale=20.0)])
def test_it_agrees_with_newton_where_there_is_no_kink(kind, prior):
    problem = objective(kind, prior)
    w0 = problem.start()
    newton = Newton(tol=1e-10).solve(problem, w0)
    result = ProximalGradient().solve(problem, w0)
    assert result.converged
    assert result.value <= newton.value + 1e-8
    np.testing.assert_allclose(
        result.w * np.append(SPREAD, 1), newton.w * np.append(SPREAD, 1), atol=1e-5
    )


def test_bounded_least_squares_is_scipys():
    likelihood, y = TARGETS["gaussian"]
    lower, upper = np.full(P, -0.4), np.full(P, 0.4)
    problem = LinearObjective(
        Design(Z), y, likelihood, Flat(), fit_intercept=False, bounds=(lower, upper)
    )
    result = ProximalGradient().solve(problem, np.zeros(P))
    expected = lsq_linear(Z, y, (-0.4, 0.4), tol=1e-14).x
    np.testing.assert_allclose(result.w, expected, atol=1e-7)


@pytest.mark.parametrize("kind", TARGETS)
def test_bounds_of_a_smooth_objective_agree_with_lbfgs(kind):
    bounds = (np.zeros(P), np.full(P, np.inf))
    problem = objective(kind, Normal(scale=50.0), bounds=bounds)
    w0 = problem.start()
    result = ProximalGradient().solve(problem, w0)
    assert result.converged
    assert result.value <= LBFGS(tol=1e-10).solve(problem, w0).value + 1e-7
    assert (result.w[:P] >= 0).all()


@settings(max_examples=25, deadline=None)
@given(
    scale=st.floats(0.02, 5.0), kind=st.sampled_from(sorted(TARGETS)), seed=st.integers(0, 2**16)
)
def test_the_lasso_ends_where_no_subgradient_points_down(scale, kind, seed):
    # 0 in ∂F: the gradient of f is −sign(w) / b where w is not zero, and within ±1 / b where it is.
    likelihood, y = TARGETS[kind]
    order = np.random.default_rng(seed).permutation(N)
    b = scale / SPREAD
    problem = LinearObjective(Design(X[order]), y[order], likelihood, Laplace(scale=b))
    result = ProximalGradient().solve(problem, problem.start())
    assert result.converged
    gradient = problem.value_and_gradient(result.w)[1]
    w, slope = result.w[:P], gradient[:P] * b
    # The slack is what a relative step of 1e-8 leaves of a slope, over all rows.
    slack = 1e-6 * N * max(1.0, scale)
    assert abs(gradient[P]) < slack
    assert (np.abs(slope) <= 1.0 + slack).all()
    np.testing.assert_allclose(slope[w != 0], -np.sign(w[w != 0]), atol=slack)


def test_what_was_not_reached_is_said():
    problem = objective("poisson", Laplace(scale=10.0))
    result = ProximalGradient(max_iter=2).solve(problem, problem.start())
    assert not result.converged
    assert result.n_iter == 2
    assert "tol=1.0e-08" in result.message


def test_the_start_is_left_as_it_is_and_may_be_the_minimum():
    problem = objective("gaussian", Laplace(scale=10.0))
    w0 = problem.start()
    before = w0.copy()
    result = ProximalGradient().solve(problem, w0)
    np.testing.assert_array_equal(w0, before)
    again = ProximalGradient().solve(problem, result.w)
    assert again.converged
    assert again.n_iter <= 3
    np.testing.assert_allclose(again.value, result.value, rtol=1e-12)


def test_single_precision_stays():
    likelihood, y = TARGETS["gaussian"]
    single = LinearObjective(
        Design(Z.astype(np.float32)), y.astype(np.float32), likelihood, Laplace(scale=0.1)
    )
    result = ProximalGradient(tol=1e-5).solve(single, single.start())
    assert result.w.dtype == np.float32
    assert result.converged
    double = LinearObjective(Design(Z), y, likelihood, Laplace(scale=0.1))
    exact = ProximalGradient().solve(double, double.start())
    np.testing.assert_allclose(result.w, exact.w, atol=2e-3)
