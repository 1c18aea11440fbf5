"""Newton's method: closed forms, agreement with the quasi-Newton road, and the data on which plain IRLS goes astray."""

import numpy as np
import pytest
from scipy import sparse, stats
from sklearn.linear_model import LogisticRegression

from skbayes.likelihoods import Bernoulli, Categorical, Gaussian, Poisson, StudentT
from skbayes.linear_model._design import Design
from skbayes.linear_model._objective import LinearObjective
from skbayes.priors import Flat, Normal
from skbayes.priors import StudentT as StudentTPrior
from skbayes.solvers import Newton, Objective, _newton


class Rosenbrock(Objective):
    """(1 − a)² + 100 (b − a²)²: no rows, no intercept, and not convex."""

    dtype = np.float64
    offers = frozenset({"gradient", "hessian", "smooth", "bounds"})
    n_parameters = 2
    lower, upper = np.full(2, -np.inf), np.full(2, np.inf)

    def value(self, w):
        return self.value_and_gradient(w)[0]

    def value_and_gradient(self, w):
        a, b = w
        slope = np.array([-2 * (1 - a) - 400 * a * (b - a**2), 200 * (b - a**2)])
        return (1 - a) ** 2 + 100 * (b - a**2) ** 2, slope

    def hessian(self, w):
        a, b = w
        return np.array([[2 - 400 * (b - 3 * a**2), -400 * a], [-400 * a, 200.0]])

    def precondition(self, w):
        return lambda r: r / 200.0


def logistic(n=200, p=5, seed=0, separable=False):
    rng = np.random.default_rng(seed)
    Z = rng.standard_normal((n, p))
    X, eta = Z * np.logspace(-2, 2, p) + 1.0, Z @ rng.standard_normal(p)
    y = eta > 0 if separable else rng.random(n) < 1 / (1 + np.exp(-eta))
    return X, y.astype(float)


def test_a_quadratic_takes_one_step():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((50, 4)) * [1.0, 1e3, 1e-3, 1.0]
    y = X @ [1.0, 1e-3, 1e3, 0.0] + 5.0 + rng.standard_normal(50)
    objective = LinearObjective(Design(X), y, Gaussian(0.5), Normal(scale=10.0))
    result = Newton(tol=1e-8).solve(objective, np.zeros(5))
    Z = np.column_stack([X, np.ones(50)])
    precision = Z.T @ Z / 0.25 + np.diag([0.01] * 4 + [0.0])
    assert result.n_iter == 1
    np.testing.assert_allclose(result.w, np.linalg.solve(precision, Z.T @ y / 0.25), rtol=1e-8)


def test_an_intercept_alone_is_the_logarithm_of_the_mean():
    y = np.array([0.0, 3.0, 4.0, 1.0])
    weight = np.array([1.0, 2.0, 1.0, 0.0])
    objective = LinearObjective(Design(np.zeros((4, 1))), y, Poisson(), Normal(), weight=weight)
    result = Newton(tol=1e-10).solve(objective, np.array([0.0, -3.0]))
    assert result.w[1] == pytest.approx(np.log(10.0 / 4.0), rel=1e-9)
    eta = np.log(2.5)
    expected = -weight @ stats.poisson(np.exp(eta)).logpmf(y) - stats.norm.logpdf(0.0)
    assert result.value == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("C", [0.01, 1.0, 100.0])
def test_scikit_learns_logistic_regression_is_found(C):
    X, y = logistic()
    objective = LinearObjective(Design(X), y, Bernoulli(), Normal(scale=np.sqrt(C)))
    result = Newton(tol=1e-10).solve(objective, objective.start())
    peer = LogisticRegression(C=C, tol=1e-12, solver="newton-cholesky", max_iter=1000).fit(X, y)
    np.testing.assert_allclose(result.w[:5], peer.coef_[0], rtol=1e-6)
    assert result.w[5] == pytest.approx(peer.intercept_[0], rel=1e-6)


def test_separable_classes_end_where_nothing_is_left_to_gain():
    X, y = logistic(separable=True)
    objective = LinearObjective(Design(X), y, Bernoulli(), Flat())
    result = Newton().solve(objective, objective.start())
    # The maximum lies at infinity; the likelihood comes as near to 1 as the tolerance says.
    assert result.converged
    assert np.isfinite(result.w).all()
    assert 0.0 <= result.value < 1e-5
    eta = objective.linear_predictor(result.w)
    assert np.all((eta > 0) == (y == 1))


def test_collinear_columns_share_their_effect():
    X, y = logistic()
    alone = LinearObjective(Design(X), y, Bernoulli(), Flat())
    twice = LinearObjective(
        Design(np.column_stack([X, X[:, 2], np.zeros(200)])), y, Bernoulli(), Flat()
    )
    one = Newton(tol=1e-9).solve(alone, alone.start())
    two = Newton(tol=1e-9).solve(twice, twice.start())
    assert two.converged
    assert two.value == pytest.approx(one.value, rel=1e-12)
    # Which of the two has how much, only rounding says; it says nothing large.
    assert abs(two.w[2]) < 10 * abs(one.w[2])
    assert two.w[2] + two.w[5] == pytest.approx(one.w[2], rel=1e-6)
    assert two.w[6] == 0.0  # about a column of zeros nothing is known


@pytest.mark.parametrize("seed", range(5))
def test_a_likelihood_that_is_not_concave_ends_at_a_minimum(seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((60, 3))
    y = X @ [2.0, -1.0, 0.0] + 0.1 * rng.standard_normal(60)
    y[:15] += rng.choice([-30.0, 30.0], 15)
    objective = LinearObjective(
        Design(X), y, StudentT(df=2.0, scale=0.1), StudentTPrior(df=3.0, scale=1.0)
    )
    start = 5.0 * rng.standard_normal(4)
    assert np.linalg.eigvalsh(objective.hessian(start)).min() < 0  # the problem is there
    result = Newton(tol=1e-9).solve(objective, start)
    assert result.converged
    assert result.value < objective.value(start)
    assert np.abs(objective.value_and_gradient(result.w)[1]).max() < 1e-6
    assert np.linalg.eigvalsh(objective.hessian(result.w)).min() > 0


def test_an_indefinite_hessian_is_damped_in_the_scale_of_its_diagonal():
    rng = np.random.default_rng(0)
    scale = np.logspace(-3, 3, 5)
    A = rng.standard_normal((5, 5))
    hessian = (A + A.T) * scale * scale[:, None]
    r = rng.standard_normal(5) * scale
    x = _newton.damped_solve(hessian, r)
    # One τ for all: (H + τ |diag H|) x = r, and so large that the matrix is positive definite.
    damping = (r - hessian @ x) / (np.abs(np.diag(hessian)) * x)
    np.testing.assert_allclose(damping, damping[0], rtol=1e-6)
    assert np.linalg.eigvalsh(hessian + damping[0] * np.diag(np.abs(np.diag(hessian)))).min() > 0
    assert r @ x > 0


def test_a_start_far_off_needs_short_steps():
    # From here the full step multiplies a Poisson mean by e^1000.
    X, y = np.ones((20, 1)), np.full(20, 3.0)
    objective = LinearObjective(Design(X), y, Poisson(), Flat(), fit_intercept=False)
    with np.errstate(over="ignore"):
        result = Newton(tol=1e-9).solve(objective, np.array([-7.0]))
    assert result.converged
    assert result.w[0] == pytest.approx(np.log(3.0), rel=1e-9)


def test_rosenbrocks_valley_is_walked_to_its_end():
    result = Newton(tol=1e-8).solve(Rosenbrock(), np.array([-1.2, 1.0]))
    assert result.converged
    np.testing.assert_allclose(result.w, 1.0, rtol=1e-7)


@pytest.mark.parametrize("likelihood", [Bernoulli(), Categorical()], ids=repr)
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix])
def test_conjugate_gradients_make_the_same_steps(likelihood, form, monkeypatch):
    X, y = logistic()
    target = y if isinstance(likelihood, Bernoulli) else y.astype(int) + (X[:, 0] > 1.0)
    objective = LinearObjective(Design(form(X)), target, likelihood, Normal())
    by_cholesky = Newton(tol=1e-9).solve(objective, objective.start())
    monkeypatch.setattr(_newton, "_LARGEST_HESSIAN", 0)
    by_products = Newton(tol=1e-9).solve(objective, objective.start())
    assert by_products.converged
    eta = [objective.linear_predictor(result.w) for result in (by_cholesky, by_products)]
    eta = [e - e.mean(axis=1, keepdims=True) if e.ndim == 2 else e for e in eta]
    np.testing.assert_allclose(eta[1], eta[0], rtol=1e-6, atol=1e-6)


def test_no_convergence_is_said_with_what_was_reached():
    X, y = logistic()
    objective = LinearObjective(Design(X), y, Bernoulli(), Flat())
    result = Newton(max_iter=2, tol=1e-6).solve(objective, objective.start())
    assert not result.converged
    assert result.n_iter == 2
    assert "tol=1e-06" in result.message
    assert "2 Newton steps" in result.message


def test_a_tolerance_below_rounding_ends_all_the_same():
    X, y = logistic()
    objective = LinearObjective(Design(X), y, Bernoulli(), Normal())
    result = Newton(tol=1e-30).solve(objective, objective.start())
    assert result.converged
    assert result.n_iter < 30
    assert "rounding" in result.message


def test_float32_stays():
    X, y = logistic()
    double = LinearObjective(Design(X), y, Bernoulli(), Normal())
    single = LinearObjective(Design(X.astype("f")), y.astype("f"), Bernoulli(), Normal())
    start = single.start()
    result = Newton().solve(single, start)
    assert result.w.dtype == np.float32
    expected = Newton().solve(double, double.start())
    # Columns of 100 times the rounding of float32, in units of the coefficients' own errors.
    np.testing.assert_allclose(
        double.linear_predictor(result.w.astype(float)),
        double.linear_predictor(expected.w),
        atol=1e-4,
    )
    np.testing.assert_array_equal(start, single.start())  # the start is left as it was
