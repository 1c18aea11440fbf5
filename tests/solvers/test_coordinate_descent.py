"""Coordinate descent: one strength and many, boxes, parameters without a kink; the conditions of the minimum."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skbayes.likelihoods import Gaussian
from skbayes.linear_model import MAPRegressor
from skbayes.priors import ElasticNet, Laplace, Normal
from skbayes.solvers import CoordinateDescent, SeparablePenalty, WorkingSet, minimize_separable
from skbayes.solvers._gram_descent import gram_descent, gram_gap, symmetric_solver


class Form:
    """½ ‖y − Xw‖² from X itself."""

    eps = np.finfo(float).eps

    def __init__(self, X, y):
        self.X, self.y, self.n_parameters = X, y, X.shape[1]

    @property
    def diagonal(self):
        return (self.X**2).sum(axis=0)

    def evaluate(self, w):
        r = self.y - self.X @ w
        return float(r @ r), self.X.T @ r

    def gram(self, S, T):
        return self.X[:, S].T @ self.X[:, T]


def problem(seed, n, p):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) + 0.7 * rng.standard_normal((n, 1))
    return Form(X, X[:, :3] @ [1.0, -2.0, 1.5] + rng.standard_normal(n))


def random_penalty(seed, p, form):
    """Strengths, centres and boxes of all kinds side by side."""
    rng = np.random.default_rng(seed)
    strength = 0.2 * np.abs(form.X.T @ form.y).max()
    l1 = strength * rng.uniform(0.2, 1.0, p) * (rng.random(p) > 0.1)
    l2 = 5.0 * rng.uniform(0.0, 1.0, p) * (rng.random(p) > 0.5)
    loc = 0.3 * rng.standard_normal(p) * (rng.random(p) > 0.5)
    lower = np.where(rng.random(p) > 0.6, rng.uniform(-0.5, 0.1, p), -np.inf)
    upper = np.where(rng.random(p) > 0.6, rng.uniform(0.1, 0.5, p), np.inf)
    return SeparablePenalty(loc, l1, l2, lower, upper)


def moved_by_a_prox_step(form, penalty, w):
    """How far a proximal step moves w: 0 at the minimum, and only there."""
    _, c = form.evaluate(w)
    step = 1.0 / np.linalg.norm(form.X, 2) ** 2
    return np.abs(penalty.prox(w + step * c, step) - w).max()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10000), st.sampled_from([(30, 12), (60, 5), (25, 40)]))
def test_any_separable_penalty_is_minimised(seed, shape):
    form = problem(seed, *shape)
    penalty = random_penalty(seed, shape[1], form)
    result = minimize_separable(
        form, penalty, np.zeros(shape[1]), tol_abs=1e-12 * form.y @ form.y, max_epochs=20000
    )
    assert moved_by_a_prox_step(form, penalty, result.w) < 1e-6
    assert np.all((penalty.lower <= result.w) & (result.w <= penalty.upper))
    expected = 0.5 * form.evaluate(result.w)[0] + penalty.value(result.w)
    assert result.value == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("n_flat", [0, 1, 7])
@pytest.mark.parametrize("kind", ["one strength", "many strengths", "positive"])
def test_working_sets_reach_the_minimum_of_all(n_flat, kind):
    form = problem(0, 80, 500)
    strength = 0.1 * np.abs(form.X.T @ form.y).max()
    l1 = np.full(500, strength)
    if kind == "many strengths":
        l1 *= np.random.default_rng(0).uniform(0.5, 2.0, 500)
    l1[:n_flat] = 0.0
    lower = np.full(500, 0.0 if kind == "positive" else -np.inf)
    lower[:n_flat] = -np.inf
    zeros = np.zeros(500)
    penalty = SeparablePenalty(zeros, l1, zeros, lower, np.full(500, np.inf))
    S = WorkingSet(form)
    result = minimize_separable(
        form, penalty, zeros, tol_abs=1e-11 * form.y @ form.y, max_epochs=20000, working_set=S
    )
    assert result.converged
    assert 0 < np.count_nonzero(result.w) < 81
    assert len(S) < 500  # most columns were never asked for
    assert moved_by_a_prox_step(form, penalty, result.w) < 1e-7


def test_a_working_set_keeps_the_gram_matrix_of_its_indices():
    form = problem(1, 20, 30)
    S = WorkingSet(form)
    for indices in ([3, 1], [1, 2, 29], [5], list(range(30))):
        S.add(np.array(indices))
        X = form.X[:, S.indices]
        np.testing.assert_allclose(S.gram, X.T @ X, rtol=1e-12)
        assert S.gram.flags.c_contiguous
    assert sorted(S.indices) == list(range(30))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10000), st.booleans())
def test_the_gap_of_any_point_bounds_its_distance(seed, is_boxed):
    # Weak duality. Parameters without a kink are left out: for those the gap has an equation, not a bound.
    form = problem(seed, 20, 8)
    penalty = random_penalty(seed, 8, form)
    l1 = np.maximum(penalty.l1, 1.0)
    open_ = np.full(8, np.inf)
    lower, upper = (penalty.lower, penalty.upper) if is_boxed else (-open_, open_)
    penalty = SeparablePenalty(np.zeros(8), l1, penalty.l2, lower, upper)
    H, q, yy = form.X.T @ form.X, form.X.T @ form.y, form.y @ form.y

    def value(w):
        return 0.5 * (w @ H @ w - 2 * q @ w + yy) + penalty.value(w)

    best, _, _ = gram_descent(H, q, yy, penalty, penalty.prox(np.zeros(8), 0.0), 1e-13 * yy, 10000)
    w = np.clip(np.random.default_rng(seed).standard_normal(8), penalty.lower, penalty.upper)
    assert value(w) - value(best) <= gram_gap(H, q, yy, penalty, w) * (1 + 1e-9)
    assert gram_gap(H, q, yy, penalty, best) <= 1e-11 * yy


def test_a_singular_system_has_its_shortest_solution():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((30, 5))
    X = np.c_[X, X[:, 2]]  # an exact copy
    A, b = X.T @ X, X.T @ rng.standard_normal(30)
    np.testing.assert_allclose(
        symmetric_solver(A)(b), np.linalg.pinv(A, rcond=1e-12) @ b, rtol=1e-8
    )


@pytest.mark.parametrize("intercept_prior", [None, Normal(loc=1.0, scale=0.5)])
@pytest.mark.parametrize(
    "prior",
    [
        Laplace(scale=0.1),
        Laplace(loc=0.2, scale=0.2),
        ElasticNet(l1_scale=0.1, l2_scale=0.3),
        Normal(scale=0.4),
    ],
)
@pytest.mark.parametrize("bounds", [None, (0.0, None), (-0.3, 0.5)])
def test_it_agrees_with_proximal_gradient(prior, bounds, intercept_prior):
    form = problem(3, 60, 10)
    fits = [
        MAPRegressor(
            Gaussian(1.0),
            prior,
            bounds=bounds,
            intercept_prior=intercept_prior,
            solver=solver,
            tol=1e-12,
            max_iter=50000,
        ).fit(form.X + 1.0, form.y)
        for solver in ("coordinate_descent", "proximal_gradient")
    ]
    # Both at the end of their tolerance: the objectives agree to rounding, the coefficients to its square root.
    assert fits[0].objective_ == pytest.approx(fits[1].objective_, rel=1e-9)
    np.testing.assert_allclose(fits[0].coef_, fits[1].coef_, atol=1e-5)


def test_random_order_has_the_same_minimum():
    form = problem(4, 60, 30)
    fits = [
        MAPRegressor(prior=Laplace(scale=0.1), likelihood=Gaussian(1.0), solver=solver).fit(
            form.X, form.y
        )
        for solver in (
            CoordinateDescent(tol=1e-12),
            CoordinateDescent(tol=1e-12, selection="random", random_state=0, max_iter=5000),
        )
    ]
    np.testing.assert_allclose(fits[0].coef_, fits[1].coef_, rtol=1e-5, atol=1e-8)


def test_an_unknown_order_is_refused():
    form = problem(4, 20, 3)
    with pytest.raises(ValueError, match="needs 'cyclic' or 'random'; got 'greedy'"):
        MAPRegressor(prior="laplace", solver=CoordinateDescent(selection="greedy")).fit(
            form.X, form.y
        )
