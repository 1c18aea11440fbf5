"""Proximal Newton: against scikit-learn, against the conditions of a minimum, and on all shapes of data."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from skbayes.likelihoods import Bernoulli, Categorical, NegativeBinomial, Poisson, StudentT
from skbayes.linear_model._design import Design
from skbayes.linear_model._objective import LinearObjective
from skbayes.priors import ElasticNet, Laplace, Normal
from skbayes.priors import StudentT as StudentTPrior
from skbayes.solvers import LBFGS, ProximalNewton, _proximal_newton

TIGHT = 1e-9


def logistic_regression(l1_ratio, **arguments):
    """Return scikit-learn's model; before its 1.8 l1_ratio says nothing beside another `penalty`."""
    model = LogisticRegression(l1_ratio=l1_ratio, random_state=0, **arguments)
    if model.penalty == "l2":
        model.set_params(penalty="l1" if l1_ratio == 1 else "elasticnet")
    return model


def data(n=80, p=12, n_classes=2, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    X[:, 1] = 0.7 * X[:, 0] + 0.5 * X[:, 1] + 2.0
    eta = X[:, :n_classes] + rng.gumbel(size=(n, n_classes))
    return X, np.argmax(eta, axis=1).astype(float)


def counts(n=80, p=12, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    return X, rng.poisson(np.exp(0.5 * X[:, 0] - 0.4 * X[:, 1] + 0.3)).astype(float)


def solved(X, y, likelihood, prior, tol=TIGHT, **options):
    objective = LinearObjective(Design(X), y, likelihood, prior, **options)
    result = ProximalNewton(tol=tol).solve(objective, objective.start())
    assert result.converged
    assert result.value == pytest.approx(objective.value(result.w), rel=1e-12)
    return objective, result.w


def violation(objective, w):
    """Largest distance of minus the gradient of f from the subdifferential of h, within the box."""
    h = objective.penalty
    slope = objective.value_and_gradient(w)[1] + h.l2 * (w - h.loc)
    up = slope + np.where(w >= h.loc, h.l1, -h.l1)
    down = -slope + np.where(w <= h.loc, h.l1, -h.l1)
    return max(np.max(-up[w < h.upper], initial=0.0), np.max(-down[w > h.lower], initial=0.0))


@pytest.mark.parametrize("p", [12, 300])  # all parameters at once, and working sets
@pytest.mark.parametrize("scale", [0.3, 1.0])
def test_l1_logistic_is_that_of_saga(p, scale):
    X, y = data(p=p)
    objective, w = solved(X, y, Bernoulli(), Laplace(scale=scale))
    assert violation(objective, w) < 1e-6
    peer = logistic_regression(l1_ratio=1, C=scale, solver="saga", tol=1e-12, max_iter=200_000)
    peer.fit(X, y)
    np.testing.assert_allclose(w[:-1], peer.coef_[0], rtol=1e-6, atol=1e-8)


def test_l1_logistic_without_intercept_is_that_of_liblinear():
    X, y = data(p=40)
    _, w = solved(X, y, Bernoulli(), Laplace(scale=0.3), fit_intercept=False)
    peer = logistic_regression(
        l1_ratio=1, C=0.3, solver="liblinear", fit_intercept=False, tol=1e-10, max_iter=100_000
    )
    np.testing.assert_allclose(w, peer.fit(X, y).coef_[0], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_elastic_net_logistic_is_that_of_saga(n_classes):
    # -log p = |w| / b + w² / 2 s²; scikit-learn: loss + (ρ |w| + (1 - ρ) w² / 2) / C.
    C, ratio = 0.5, 0.6
    X, y = data(n_classes=n_classes)
    prior = ElasticNet(l1_scale=C / ratio, l2_scale=np.sqrt(C / (1 - ratio)))
    _, w = solved(X, y, Bernoulli() if n_classes == 2 else Categorical(), prior)
    peer = logistic_regression(l1_ratio=ratio, C=C, solver="saga", tol=1e-12, max_iter=200_000)
    peer.fit(X, y)
    rows = w.reshape(-1, X.shape[1] + 1)
    np.testing.assert_allclose(rows[:, :-1], peer.coef_, rtol=1e-6, atol=1e-8)


def test_multinomial_l1_with_working_sets_is_that_of_saga():
    X, y = data(p=120, n_classes=3)
    objective, w = solved(X, y, Categorical(), Laplace(scale=0.2))
    assert objective.n_parameters > _proximal_newton._SMALL
    peer = logistic_regression(l1_ratio=1, C=0.2, solver="saga", tol=1e-12, max_iter=200_000)
    np.testing.assert_allclose(w.reshape(3, -1)[:, :-1], peer.fit(X, y).coef_, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("likelihood", [Poisson(), NegativeBinomial(dispersion=0.5)])
def test_conditions_hold_with_scales_centres_and_bounds(likelihood):
    X, y = counts()
    p = X.shape[1]
    scale = np.linspace(0.02, 0.5, p)
    scale[2] = np.inf
    loc = np.zeros(p)
    loc[3], loc[4] = 0.2, -5.0
    lower, upper = np.full(p, -np.inf), np.full(p, np.inf)
    lower[4:7], upper[7] = 0.0, -0.1
    prior = Laplace(loc=loc, scale=scale)
    objective, w = solved(X, y, likelihood, prior, bounds=(lower, upper))
    assert violation(objective, w) < 1e-5
    assert np.all(w >= objective.lower)
    assert np.all(w <= objective.upper)
    # A flat feature lies where the likelihood alone has no slope.
    assert abs(objective.value_and_gradient(w)[1][2]) < 1e-5


def test_student_t_likelihood_ends_where_no_parameter_wants_to_move():
    # Its log density is not concave: the expected Hessian makes the steps.
    rng = np.random.default_rng(0)
    X = rng.standard_normal((100, 8))
    y = X[:, 0] + 0.1 * rng.standard_t(2.0, size=100)
    objective, w = solved(X, y, StudentT(df=3.0, scale=0.1), Laplace(scale=0.1))
    assert violation(objective, w) < 1e-4


def test_a_working_set_does_not_change_the_answer(monkeypatch):
    X, y = counts(p=150)
    prior = Laplace(scale=0.2)
    _, at_once = solved(X, y, Poisson(), prior)
    monkeypatch.setattr(_proximal_newton, "_SMALL", 0)
    monkeypatch.setattr(_proximal_newton, "_FIRST_SIZE", 5)
    _, by_sets = solved(X, y, Poisson(), prior)
    np.testing.assert_allclose(by_sets, at_once, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csc_matrix, np.asfortranarray])
@pytest.mark.parametrize("p", [20, 250])
def test_every_container_gives_the_answer_of_a_dense_array(container, p):
    X, y = counts(p=p)
    X = np.where(np.abs(X) > 0.5, X, 0.0)
    _, dense = solved(X, y, Poisson(), Laplace(scale=0.2))
    _, other = solved(container(X), y, Poisson(), Laplace(scale=0.2))
    np.testing.assert_allclose(other, dense, rtol=1e-7, atol=1e-9)


def test_weight_two_is_the_row_twice():
    X, y = counts(p=220)
    weight = np.random.default_rng(0).integers(0, 3, size=len(y)).astype(float)
    _, weighted = solved(X, y, Poisson(), Laplace(scale=0.3), weight=weight)
    rows = np.repeat(np.arange(len(y)), weight.astype(int))
    _, repeated = solved(X[rows], y[rows], Poisson(), Laplace(scale=0.3))
    np.testing.assert_allclose(weighted, repeated, rtol=1e-7, atol=1e-9)


def test_an_offset_is_a_feature_with_a_fixed_coefficient():
    X, y = counts(p=220)
    exposure = np.linspace(-1.0, 1.0, len(y))
    _, with_offset = solved(X, y, Poisson(), Laplace(scale=0.3), offset=exposure)
    # The bounds of the last column leave it one place.
    wide = np.column_stack([X, exposure])
    box = np.full(221, -np.inf), np.full(221, np.inf)
    box[0][-1] = box[1][-1] = 1.0
    _, as_feature = solved(wide, y, Poisson(), Laplace(scale=0.3), bounds=box)
    np.testing.assert_allclose(np.delete(as_feature, 220), with_offset, rtol=1e-6, atol=1e-8)


def test_a_prior_without_restrictions_is_solved_whole():
    # Student's t is smooth but no quadratic: only the box is separable, and L-BFGS-B knows it too.
    X, y = counts()
    prior = StudentTPrior(df=3.0, scale=0.5)
    objective, w = solved(X, y, Poisson(), prior, bounds=(0.0, np.inf), tol=1e-6)
    assert "restriction" not in objective.offers
    other = LBFGS(tol=1e-8).solve(objective, objective.start())
    assert objective.value(w) == pytest.approx(other.value, rel=1e-9)


def test_a_normal_prior_of_the_intercept_is_kept():
    X, y = counts()
    free = solved(X, y, Poisson(), Laplace(scale=0.3))[1][-1]
    held = solved(X, y, Poisson(), Laplace(scale=0.3), intercept_prior=Normal(loc=5.0, scale=0.01))
    assert abs(held[1][-1] - 5.0) < abs(free - 5.0)
    assert violation(*held) < 1e-4


def test_exact_copies_of_a_column_do_not_stall():
    X, y = data(p=10)
    X = np.column_stack([X, X])
    objective, w = solved(X, y, Bernoulli(), Laplace(scale=100.0), tol=1e-6)
    _, single = solved(X[:, :10], y, Bernoulli(), Laplace(scale=100.0), tol=1e-8)
    # Copies share a coefficient at the same cost.
    np.testing.assert_allclose(w[:10] + w[10:20], single[:10], rtol=1e-3, atol=1e-4)
    assert violation(objective, w) < 1e-3


def test_float32_stays_float32():
    X, y = counts(p=220)
    _, exact = solved(X, y, Poisson(), Laplace(scale=0.3))
    objective = LinearObjective(Design(X.astype(np.float32)), y, Poisson(), Laplace(scale=0.3))
    result = ProximalNewton(tol=1e-4).solve(objective, objective.start())
    assert result.w.dtype == np.float32
    np.testing.assert_allclose(result.w, exact, atol=2e-3)


def test_it_says_when_it_did_not_converge():
    X, y = counts()
    objective = LinearObjective(Design(X), y, Poisson(), Laplace(scale=1.0))
    result = ProximalNewton(max_iter=1, tol=1e-10).solve(objective, objective.start())
    assert not result.converged
    assert "after 1 Newton steps" in result.message
    assert "tol=1e-10" in result.message
