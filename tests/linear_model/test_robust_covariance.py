"""The sandwich covariance: its formula, and the spread of estimates where the likelihood is wrong.

Notation: A (n, p + 1) features and a column of ones; Σ = H⁻¹ (Σ s g gᵀ) H⁻¹ with g the scores of the rows.
"""

import numpy as np
import pytest
from scipy.special import expit

from skbayes.linear_model import MAPClassifier, MAPRegressor
from skbayes.priors import Normal

RNG = np.random.default_rng(0)
N, P = 60, 4
X = RNG.standard_normal((N, P)) + [0.0, 5.0, -1.0, 0.5]
A = np.column_stack([X, np.ones(N)])
COUNTS = RNG.poisson(np.exp(0.5 + 0.4 * X[:, 0])).astype(float)
WEIGHTS = RNG.integers(0, 4, N).astype(float)
BREAD = np.diag([0.25] * P + [0.0])


@pytest.mark.parametrize("weight", [None, WEIGHTS], ids=["no weights", "weights"])
def test_the_sandwich_is_its_formula(weight):
    model = MAPRegressor("poisson", Normal(scale=2.0), covariance="robust", tol=1e-10)
    model.fit(X, COUNTS, sample_weight=weight)
    mean = np.exp(X @ model.coef_ + model.intercept_)
    s = np.ones(N) if weight is None else weight
    bread = np.linalg.inv(A.T @ ((s * mean)[:, None] * A) + BREAD)
    scores = (COUNTS - mean)[:, None] * A
    expected = bread @ (scores.T * s) @ scores @ bread
    np.testing.assert_allclose(model.posterior_.std, np.sqrt(np.diag(expected)), rtol=1e-5)
    np.testing.assert_allclose(model.posterior_.covariance, expected, atol=1e-5 * expected.max())


def test_the_sandwich_of_a_classifier_is_its_formula():
    label = COUNTS > 1
    model = MAPClassifier(Normal(scale=2.0), covariance="robust", tol=1e-10).fit(X, label)
    mean = expit(X @ model.coef_[0] + model.intercept_)
    bread = np.linalg.inv(A.T @ ((mean * (1.0 - mean))[:, None] * A) + BREAD)
    scores = (label - mean)[:, None] * A
    expected = bread @ scores.T @ scores @ bread
    np.testing.assert_allclose(model.posterior_.covariance, expected, atol=1e-5 * expected.max())


def test_the_sandwich_of_a_wide_model_is_its_formula():
    rows, y = X[:3], COUNTS[:3]
    model = MAPRegressor("poisson", Normal(scale=2.0), covariance="robust", tol=1e-10).fit(rows, y)
    mean = np.exp(rows @ model.coef_ + model.intercept_)
    B = A[:3]
    bread = np.linalg.inv(B.T @ (mean[:, None] * B) + BREAD)
    scores = (y - mean)[:, None] * B
    expected = bread @ scores.T @ scores @ bread
    np.testing.assert_allclose(model.posterior_.covariance, expected, atol=1e-5 * expected.max())


# -- misspecified models: standard errors against the spread of estimates over simulated data sets


def heteroscedastic(rng, rows):
    return rows[:, 0] + rng.standard_normal(len(rows)) * (0.2 + rows[:, 0] ** 2)


def overdispersed(rng, rows):
    mean = np.exp(0.5 + 0.4 * rows[:, 0])
    return rng.poisson(mean * rng.gamma(1.0, 1.0, len(rows))).astype(float)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("likelihood", "simulate"), [("gaussian", heteroscedastic), ("poisson", overdispersed)]
)
def test_robust_standard_errors_are_those_of_repeated_data(likelihood, simulate):
    estimates, errors = [], {"robust": [], "full": []}
    for seed in range(1000):
        rng = np.random.default_rng([seed, 5])
        rows = rng.standard_normal((300, 2))
        y = simulate(rng, rows)
        for covariance, found in errors.items():
            model = MAPRegressor(likelihood, "flat", covariance=covariance).fit(rows, y)
            found.append(model.posterior_.std)
        estimates.append([*model.coef_, model.intercept_])
    spread = np.std(estimates, axis=0)
    robust, full = (np.mean(errors[name], axis=0) for name in ("robust", "full"))
    # A spread of 1000 estimates is known to 1/√2000 = 2 %; of 300 rows the sandwich is some per cent too small.
    np.testing.assert_allclose(robust, spread, rtol=0.12)
    assert full[0] < 0.75 * spread[0]  # the feature on which the variance depends
