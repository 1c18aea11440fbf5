"""MAPClassifier: stationary points, class weights, links, and what belongs to rows and features."""

import numpy as np
import pytest
from scipy import sparse, stats
from sklearn.datasets import load_iris

from skbayes.likelihoods import Bernoulli
from skbayes.linear_model import MAPClassifier
from skbayes.priors import ElasticNet, Flat, Group, Laplace, Normal
from skbayes.priors import StudentT as StudentTPrior

PRIORS = {
    "normal": Normal(scale=0.5),
    "correlated": Normal(covariance=0.25 * (0.5 * np.eye(4) + 0.5)),
    "laplace": Laplace(scale=0.2),
    "elastic_net": ElasticNet(l1_scale=0.5, l2_scale=0.5),
    "student_t": StudentTPrior(scale=0.2),
    "group": Group(groups=[0, 0, 1, 1], scale=0.3),
}


@pytest.fixture(scope="module")
def iris():
    X, y = load_iris(return_X_y=True)
    return X - X.mean(axis=0), y


def objective(model, W, b, X, codes, weight=1.0):
    eta = X @ W.T + b
    eta = eta[:, 0] if len(W) == 1 else eta
    prior = sum(model.prior_.log_density(row) for row in W)
    return -np.sum(weight * model.likelihood_.log_density(codes, eta)) - prior


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("prior", PRIORS)
def test_no_small_step_lowers_the_objective(iris, prior, n_classes):
    X, y = iris
    X, y = X[y > 2 - n_classes], y[y > 2 - n_classes]
    codes = np.unique(y, return_inverse=True)[1]
    model = MAPClassifier(PRIORS[prior], tol=1e-9).fit(X, y)
    W, b = model.coef_, model.intercept_
    best = objective(model, W, b, X, codes)
    assert model.objective_ == pytest.approx(best, rel=1e-10)
    for k in range(len(W)):
        for j in range(4):
            for step in (1e-3, -1e-3, 1e-2, -1e-2):
                moved = W.copy()
                moved[k, j] += step
                assert objective(model, moved, b, X, codes) > best
        for step in (1e-2, -1e-2):
            shifted = b + step * np.eye(len(W))[k]
            # The same step of all intercepts changes nothing; of one it does.
            assert objective(model, W, shifted, X, codes) > best


@pytest.mark.parametrize("solver", ["newton", "lbfgs", "proximal_gradient", "proximal_newton"])
def test_the_solvers_agree(iris, solver):
    X, y = iris[0], iris[1] == 1
    best = MAPClassifier(Normal(scale=0.5), tol=1e-10).fit(X, y)
    model = MAPClassifier(Normal(scale=0.5), solver=solver, tol=1e-10, max_iter=20_000).fit(X, y)
    assert model.objective_ == pytest.approx(best.objective_, rel=1e-9)
    np.testing.assert_allclose(model.coef_, best.coef_, rtol=1e-4)


def test_probit_is_the_normal_distribution_function(iris):
    X, y = iris[0], np.array(["no", "yes"])[(iris[1] == 1).astype(int)]
    model = MAPClassifier(Normal(scale=0.5), likelihood=Bernoulli(link="probit")).fit(X, y)
    probability = stats.norm.cdf(X @ model.coef_[0] + model.intercept_[0])
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], probability, rtol=1e-8)
    assert list(model.classes_) == ["no", "yes"]
    assert np.array_equal(model.predict(X) == "yes", probability > 0.5)


@pytest.mark.parametrize("prior", ["normal", "laplace"])
def test_class_weights_multiply_the_rows(iris, prior):
    X, y = iris
    per_class = {0: 1.0, 1: 3.0, 2: 0.5}
    by_class = MAPClassifier(PRIORS[prior], class_weight=per_class, tol=1e-10).fit(X, y)
    by_row = MAPClassifier(PRIORS[prior], tol=1e-10).fit(
        X, y, sample_weight=np.array([1.0, 3.0, 0.5])[y]
    )
    np.testing.assert_allclose(by_class.coef_, by_row.coef_, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("prior", ["normal", "laplace", "group"])
def test_a_weight_counts_rows(iris, prior):
    X, y = iris
    weight = np.random.default_rng(0).integers(0, 3, len(y))
    weighted = MAPClassifier(PRIORS[prior], tol=1e-9).fit(X, y, sample_weight=weight)
    repeated = MAPClassifier(PRIORS[prior], tol=1e-9).fit(X.repeat(weight, 0), y.repeat(weight))
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("prior", ["normal", "laplace", "group"])
@pytest.mark.parametrize("layout", [sparse.csr_array, sparse.csc_matrix, np.asfortranarray])
def test_every_layout_of_the_data_is_the_same_model(iris, prior, layout):
    X, y = np.maximum(iris[0], 0.0), iris[1]
    dense = MAPClassifier(PRIORS[prior], tol=1e-9).fit(X, y)
    other = MAPClassifier(PRIORS[prior], tol=1e-9).fit(layout(X), y)
    np.testing.assert_allclose(other.coef_, dense.coef_, rtol=1e-4, atol=1e-6)


def test_separable_classes_have_no_maximum_of_the_likelihood_but_one_of_the_posterior():
    X, y = np.array([[-2.0], [-1.0], [1.0], [2.0]]), [0, 0, 1, 1]
    wide = MAPClassifier(Normal(scale=100.0)).fit(X, y)
    narrow = MAPClassifier(Normal(scale=1.0)).fit(X, y)
    assert wide.converged_
    assert wide.coef_[0, 0] > narrow.coef_[0, 0] > 0.0
    flat = MAPClassifier(Flat()).fit(X, y)
    assert flat.score(X, y) == 1.0
    assert np.isfinite(flat.coef_).all()


def test_float32_stays_float32(iris):
    X, y = iris
    model = MAPClassifier().fit(X.astype(np.float32), y)
    assert model.coef_.dtype == model.predict_proba(X.astype(np.float32)).dtype == np.float32
    np.testing.assert_allclose(model.coef_, MAPClassifier().fit(X, y).coef_, atol=2e-3)


def test_offset_is_a_coefficient_fixed_at_one(iris):
    X, y = iris[0], iris[1] == 1
    model = MAPClassifier("flat").fit(X[:, :3], y, offset=X[:, 3])
    pinned = MAPClassifier(Normal(loc=[0, 0, 0, 1], scale=[np.inf] * 3 + [1e-6])).fit(X, y)
    np.testing.assert_allclose(model.coef_[0], pinned.coef_[0, :3], rtol=1e-4)
    p = model.predict_proba(X[:, :3], offset=X[:, 3])
    np.testing.assert_allclose(p, pinned.predict_proba(X), rtol=1e-4)
