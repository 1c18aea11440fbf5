"""L-BFGS: agreement with Newton on every likelihood, few passes over the rows, and the box."""

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import lsq_linear

from skbayes.likelihoods import Bernoulli, Categorical, Gamma, Gaussian, NegativeBinomial, Poisson
from skbayes.linear_model._design import Design
from skbayes.linear_model._objective import LinearObjective
from skbayes.priors import Flat, Normal
from skbayes.priors import StudentT as StudentTPrior
from skbayes.solvers import LBFGS, Newton, Objective

LIKELIHOODS = {
    "gaussian": Gaussian(0.5),
    "logit": Bernoulli(),
    "probit": Bernoulli("probit"),
    "poisson": Poisson(),
    "gamma": Gamma(shape=2.0),
    "negative_binomial": NegativeBinomial(dispersion=0.5),
    "categorical": Categorical(),
}
PRIORS = {
    "flat": Flat(),
    "normal": Normal(loc=0.1, scale=[0.3, np.inf, 1.0, 2.0]),
    "covariance": Normal(covariance=0.5 * np.eye(4) + 0.3),
    "student_t": StudentTPrior(df=3.0, scale=0.5),
}


def data(name, n=150, p=4, seed=0):
    rng = np.random.default_rng(seed)
    Z = rng.standard_normal((n, p))
    # Columns of very different scale and far from zero, as users have them.
    X = Z * np.logspace(-2, 2, p) + np.linspace(0.0, 100.0, p)
    eta = 0.5 * Z @ rng.standard_normal(p) + 0.5
    if name == "categorical":
        eta = np.column_stack([eta, -eta, 0.0 * eta])
    y = np.asarray(LIKELIHOODS[name].sample(eta, random_state=seed))
    return X, y if name == "categorical" else y.astype(float)


def make(name, prior="normal", form=np.asarray, **options):
    X, y = data(name)
    return LinearObjective(Design(form(X)), y, LIKELIHOODS[name], PRIORS[prior], **options)


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix])
@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize("name", LIKELIHOODS)
def test_both_solvers_end_at_the_same_minimum(name, prior, form):
    rng = np.random.default_rng(1)
    offset = 0.1 * rng.standard_normal((150, 3) if name == "categorical" else 150)
    objective = make(name, prior, form, weight=rng.random(150) * 2, offset=offset)
    newton = Newton(tol=1e-10).solve(objective, objective.start())
    lbfgs = LBFGS(tol=1e-10).solve(objective, objective.start())
    assert newton.converged
    assert lbfgs.converged
    assert lbfgs.value == pytest.approx(newton.value, rel=1e-11)
    # Softmax leaves the mean of the classes to the prior, and a flat one to chance.
    eta = [objective.linear_predictor(result.w) for result in (newton, lbfgs)]
    if name == "categorical":
        eta = [e - e.mean(axis=1, keepdims=True) for e in eta]
    np.testing.assert_allclose(eta[1], eta[0], rtol=1e-6, atol=1e-6)
    scale = np.sqrt(objective.hessian_diagonal(lbfgs.w))
    gradient = objective.value_and_gradient(lbfgs.w)[1]
    assert np.abs(gradient / scale).max() < 1e-5


def test_more_features_than_rows():
    rng = np.random.default_rng(2)
    X = rng.standard_normal((30, 200))
    y = rng.poisson(np.exp(X[:, 0])).astype(float)
    objective = LinearObjective(Design(X), y, Poisson(), Normal(scale=0.5))
    newton = Newton(tol=1e-9).solve(objective, objective.start())
    lbfgs = LBFGS(tol=1e-9).solve(objective, objective.start())
    assert lbfgs.converged
    np.testing.assert_allclose(lbfgs.w, newton.w, rtol=1e-6, atol=1e-8)


class CountedLikelihood(Bernoulli):
    """Counts the observations it was asked about."""

    n_asked = 0

    def value_and_gradient(self, y, eta):
        CountedLikelihood.n_asked += len(eta)
        return super().value_and_gradient(y, eta)


def large(seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((20_000, 5))
    y = (rng.random(20_000) < 1 / (1 + np.exp(-2.0 * X[:, 0]))).astype(float)
    return LinearObjective(Design(X), y, CountedLikelihood(), Normal())


def test_a_sample_of_the_rows_saves_passes_over_all(monkeypatch):
    objective = large()
    CountedLikelihood.n_asked = 0
    nested = LBFGS(tol=1e-8).solve(objective, objective.start())
    asked = CountedLikelihood.n_asked
    monkeypatch.setattr("skbayes.solvers._lbfgs._SAMPLE", 0.0)
    CountedLikelihood.n_asked = 0
    plain = LBFGS(tol=1e-8).solve(objective, objective.start())
    assert asked < CountedLikelihood.n_asked
    np.testing.assert_allclose(nested.w, plain.w, rtol=1e-6, atol=1e-8)


def test_a_start_better_than_a_sample_can_tell_is_kept():
    objective = large()
    minimum = LBFGS(tol=1e-9).solve(objective, objective.start())
    again = LBFGS(tol=1e-7).solve(objective, minimum.w)
    assert again.n_iter == 0
    np.testing.assert_array_equal(again.w, minimum.w)


def test_the_same_data_take_the_same_steps():
    first, second = (LBFGS().solve(large(), large().start()) for _ in range(2))
    np.testing.assert_array_equal(first.w, second.w)


def test_a_rows_order_by_class_is_no_trap():
    # A sample of the first rows would see one class alone.
    objective = large()
    order = np.argsort(objective.data.y)
    ordered = LinearObjective(
        Design(objective.design.X[order]), objective.data.y[order], Bernoulli(), Normal()
    )
    expected = LBFGS(tol=1e-9).solve(objective, objective.start())
    result = LBFGS(tol=1e-9).solve(ordered, ordered.start())
    np.testing.assert_allclose(result.w, expected.w, rtol=1e-6, atol=1e-8)


def test_float32_stays():
    X, y = data("poisson")
    single = LinearObjective(Design(X.astype("f")), y.astype("f"), Poisson(), Normal())
    double = LinearObjective(Design(X), y, Poisson(), Normal())
    result = LBFGS().solve(single, single.start())
    expected = LBFGS().solve(double, double.start())
    assert result.w.dtype == np.float32
    assert result.converged
    # In log density: as near as float32 tells values of this size apart.
    assert double.value(result.w.astype(float)) == pytest.approx(expected.value, rel=1e-6)


def test_no_convergence_is_said_with_what_was_reached():
    objective = make("logit")
    result = LBFGS(max_iter=1, tol=1e-7).solve(objective, objective.start())
    assert not result.converged
    assert result.n_iter == 1
    assert "tol=1e-07" in result.message
    assert "1 iterations of L-BFGS" in result.message


def test_a_tolerance_below_rounding_ends_all_the_same():
    objective = make("logit")
    result = LBFGS(tol=1e-30, max_iter=10_000).solve(objective, objective.start())
    assert result.converged
    assert result.n_iter < 100
    assert "rounding" in result.message


def test_separable_classes_end_where_nothing_is_left_to_gain():
    X, _ = data("logit")
    y = (X[:, 0] > 0).astype(float)
    objective = LinearObjective(Design(X), y, Bernoulli(), Flat())
    result = LBFGS().solve(objective, objective.start())
    assert result.converged
    assert 0.0 <= result.value < 1e-5
    assert np.isfinite(result.w).all()


class Valley(Objective):
    """(1 − a)² + 100 (b − a²)², with a box: no rows and no intercept."""

    dtype = np.float64
    offers = frozenset({"gradient", "bounds"})
    n_parameters = 2

    def __init__(self, upper=np.inf):
        self.lower, self.upper = np.full(2, -np.inf), np.array([upper, np.inf])

    def value(self, w):
        return self.value_and_gradient(w)[0]

    def value_and_gradient(self, w):
        a, b = w
        slope = np.array([-2 * (1 - a) - 400 * a * (b - a**2), 200 * (b - a**2)])
        return (1 - a) ** 2 + 100 * (b - a**2) ** 2, slope

    def hessian_diagonal(self, w):
        return np.array([800.0, 200.0])

    def precondition(self, w):
        return lambda r: r / self.hessian_diagonal(w)


@pytest.mark.parametrize("upper", [np.inf, 0.5])
def test_rosenbrocks_valley_is_walked_to_its_end(upper):
    # With a ≤ 1/2: the minimum over b is at a², and (1 − a)² falls up to the bound.
    best = min(upper, 1.0)
    result = LBFGS(tol=1e-9).solve(Valley(upper), np.array([-1.2, 1.0]))
    assert result.converged
    np.testing.assert_allclose(result.w, [best, best**2], rtol=1e-6)


@pytest.mark.parametrize("form", [np.asarray, sparse.csc_matrix])
def test_least_squares_in_a_box(form):
    X, y = data("gaussian")
    lower, upper = np.array([0.0, -1.0, -0.01, 0.0]), np.array([np.inf, 1.0, 0.0, np.inf])
    objective = LinearObjective(
        Design(form(X)), y, Gaussian(0.5), Flat(), bounds=(lower, upper), fit_intercept=False
    )
    result = LBFGS(tol=1e-9).solve(objective, objective.start())
    expected = lsq_linear(X, y, (lower, upper), tol=1e-14).x
    assert result.converged
    np.testing.assert_allclose(result.w, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", ["poisson", "categorical"])
def test_in_a_box_the_gradient_points_out_at_the_bounds_and_is_zero_inside(name):
    objective = make(name, bounds=(0.0, 0.002))
    result = LBFGS(tol=1e-8, max_iter=5000).solve(objective, objective.start())
    assert result.converged
    w, gradient = result.w, objective.value_and_gradient(result.w)[1]
    scaled = gradient / np.sqrt(objective.hessian_diagonal(w))
    at_lower, at_upper = w == objective.lower, w == objective.upper
    assert at_lower.any()
    assert at_upper.any()
    assert np.all(scaled[at_lower] > -1e-5)
    assert np.all(scaled[at_upper] < 1e-5)
    assert np.abs(scaled[~at_lower & ~at_upper]).max() < 1e-5


def test_no_convergence_in_a_box_is_said():
    objective = make("poisson", bounds=(0.0, 0.002))
    result = LBFGS(max_iter=1, tol=1e-9).solve(objective, objective.start())
    assert not result.converged
    assert "inside the bounds" in result.message
