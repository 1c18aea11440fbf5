"""The table of conversions in docs/priors.rst: scikit-learn's arguments and our priors are one objective."""

import numpy as np
import pytest
from sklearn import linear_model as theirs
from sklearn.datasets import make_classification

from skbayes.likelihoods import Gamma, Gaussian
from skbayes.linear_model import MAPClassifier, MAPRegressor
from skbayes.priors import ElasticNet, Flat, Laplace, Normal

N, ALPHA, RHO, SIGMA, SHAPE, C = 80, 0.3, 0.4, 0.7, 1.8, 0.6
TIGHT = 1e-12
# Of a named estimator's coefficients at the tight tolerances below: 1e-6 is the promise, these models do better.
CLOSE = 1e-6


def features(n_features: int = 4) -> np.ndarray:
    X = np.random.default_rng(0).normal(size=(N, n_features))
    return X + 0.5 * X[:, [0]]


X = features()
MEAN = np.exp(0.3 * X @ [1.0, 0.0, -1.0, 0.5])
RNG = np.random.default_rng(1)
NUMBERS = X @ [1.0, 0.0, -2.0, 0.3] + 3.0 + SIGMA * RNG.normal(size=N)
COUNTS = RNG.poisson(MEAN)
POSITIVE = RNG.gamma(SHAPE, MEAN / SHAPE)

REGRESSORS = {
    "LinearRegression": (theirs.LinearRegression(), NUMBERS, Gaussian(SIGMA), Flat()),
    "Ridge": (
        theirs.Ridge(ALPHA, solver="cholesky"),
        NUMBERS,
        Gaussian(SIGMA),
        Normal(scale=SIGMA / ALPHA**0.5),
    ),
    "Lasso": (
        theirs.Lasso(ALPHA, tol=TIGHT, max_iter=100_000),
        NUMBERS,
        Gaussian(SIGMA),
        Laplace(scale=SIGMA**2 / (N * ALPHA)),
    ),
    "ElasticNet": (
        theirs.ElasticNet(ALPHA, l1_ratio=RHO, tol=TIGHT, max_iter=100_000),
        NUMBERS,
        Gaussian(SIGMA),
        ElasticNet(
            l1_scale=SIGMA**2 / (N * ALPHA * RHO), l2_scale=SIGMA / (N * ALPHA * (1 - RHO)) ** 0.5
        ),
    ),
    "PoissonRegressor": (
        theirs.PoissonRegressor(alpha=ALPHA, tol=1e-10, solver="newton-cholesky"),
        COUNTS,
        "poisson",
        Normal(scale=(N * ALPHA) ** -0.5),
    ),
    "GammaRegressor": (
        theirs.GammaRegressor(alpha=ALPHA, tol=1e-10, solver="newton-cholesky"),
        POSITIVE,
        Gamma(shape=SHAPE),
        Normal(scale=(N * ALPHA * SHAPE) ** -0.5),
    ),
}


@pytest.mark.parametrize("name", REGRESSORS)
def test_a_regressor_of_scikit_learn_is_a_likelihood_and_a_prior(name):
    their, y, likelihood, prior = REGRESSORS[name]
    expected = their.fit(X, y)
    model = MAPRegressor(likelihood, prior, tol=TIGHT).fit(X, y)
    np.testing.assert_allclose(model.coef_, expected.coef_, rtol=CLOSE, atol=1e-9)
    np.testing.assert_allclose(model.intercept_, expected.intercept_, rtol=CLOSE)
    np.testing.assert_allclose(model.predict(X), expected.predict(X), rtol=CLOSE)


PENALTIES = {
    "l2": (0.0, Normal(scale=C**0.5)),
    "l1": (1.0, Laplace(scale=C)),
    "elastic net": (RHO, ElasticNet(l1_scale=C / RHO, l2_scale=(C / (1 - RHO)) ** 0.5)),
}


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("penalty", PENALTIES)
def test_a_logistic_regression_of_scikit_learn_is_a_prior(penalty, n_classes):
    l1_ratio, prior = PENALTIES[penalty]
    A, y = make_classification(
        N, 5, n_informative=4, n_redundant=0, n_classes=n_classes, random_state=0
    )
    # saga knows all three; its own stopping rule is no bound on the error, so it runs long.
    solver = "newton-cholesky" if l1_ratio == 0 else "saga"
    options = {"penalty": {0.0: "l2", 1.0: "l1"}.get(l1_ratio, "elasticnet")}
    if not hasattr(theirs.LogisticRegression(), "l1_ratio") or l1_ratio == 0:
        options = {}
    expected = theirs.LogisticRegression(
        C=C,
        solver=solver,
        l1_ratio=l1_ratio,
        tol=1e-12,
        max_iter=100_000,
        random_state=0,
        **options,
    ).fit(A, y)
    model = MAPClassifier(prior, tol=TIGHT).fit(A, y)
    np.testing.assert_allclose(model.coef_, expected.coef_, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(model.predict_proba(A), expected.predict_proba(A), rtol=CLOSE)
