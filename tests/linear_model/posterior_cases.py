"""One fit of every linear model, and the covariance of its posterior computed from the textbook.

Notation: A (n, p + 1) the features and a column of ones, P the diagonal prior precision (0 for the intercept), σ the
noise scale, S the coefficients that are not zero.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import clone, is_classifier

from skbayes.linear_model import (
    LinearRegressionMLE,
    MAPClassifier,
    MAPElasticNet,
    MAPElasticNetCV,
    MAPGammaRegressor,
    MAPLasso,
    MAPLassoCV,
    MAPLogisticRegression,
    MAPLogisticRegressionCV,
    MAPMultiTaskElasticNet,
    MAPMultiTaskLasso,
    MAPPoissonRegressor,
    MAPRegressor,
    MAPRidge,
    MAPRidgeClassifier,
    MAPRidgeClassifierCV,
    MAPRidgeCV,
    MAPStudentTRegressor,
)
from skbayes.priors import Normal

RNG = np.random.default_rng(0)
N, P = 60, 4
# Means of up to a hundred times the spread: a variance around the origin would be far off.
X = RNG.standard_normal((N, P)) * [1.0, 2.0, 0.5, 1.0] + [0.0, 100.0, -1.0, 0.5]
SIGNAL = (X - X.mean(axis=0)) @ [1.0, -0.3, 0.0, 0.5]
A = np.column_stack([X, np.ones(N)])
NAMES = ["age", "dose", "weight", "height"]
NOISY = SIGNAL + 0.7 * RNG.standard_normal(N)
TARGETS = {
    "number": NOISY + 3.0,
    "count": RNG.poisson(np.exp(0.5 + 0.5 * SIGNAL)).astype(float),
    "positive": np.exp(0.5 * SIGNAL) * RNG.gamma(3.0, 1.0 / 3.0, N),
    "two": np.array(["no", "yes"])[(NOISY > 0.2).astype(int)],
    "three": np.array(["high", "low", "middle"])[np.digitize(NOISY, [-1.0, 1.0])],
    "several": np.column_stack([NOISY, 0.5 * SIGNAL + RNG.standard_normal(N)]),
}

# (model, y) -> covariance of coefficients and intercept, computed here
Reference = Callable[[Any, np.ndarray], np.ndarray]


# -- the textbook


def least_squares(penalty: np.ndarray, active: np.ndarray | None = None) -> Reference:
    """σ² (AᵀA + penalty)⁻¹ on the active columns, with σ² = |r|² / (n − γ) and γ = tr (AᵀA + penalty)⁻¹ AᵀA."""

    def covariance(model: Any, y: np.ndarray) -> np.ndarray:
        y = np.where(y == "yes", 1.0, -1.0) if y.dtype.kind == "U" else y
        full = np.zeros((P + 1, P + 1))
        coef = np.ravel(model.coef_)
        index = np.append(coef != 0.0, True) if active is None else active
        B = A[:, index]
        weights = np.broadcast_to(penalty(model) if callable(penalty) else penalty, P)
        inverse = np.linalg.inv(B.T @ B + np.diag(np.append(weights, 0.0)[index]))
        residual = y - X @ coef - model.intercept_
        noise = residual @ residual / (N - np.trace(inverse @ B.T @ B))
        full[np.ix_(index, index)] = noise * inverse
        return full

    return covariance


def curvature(
    weigh: Callable[[Any, np.ndarray, np.ndarray], np.ndarray], precision: Any
) -> Reference:
    """(Aᵀ diag(d) A + P)⁻¹ with d = −∂² log p / ∂η²."""

    def covariance(model: Any, y: np.ndarray) -> np.ndarray:
        eta = X @ np.ravel(model.coef_) + model.intercept_
        prior = precision(model) if callable(precision) else precision
        d = weigh(model, y, eta)
        return np.linalg.inv(A.T @ (d[:, None] * A) + np.diag([prior] * P + [0.0]))

    return covariance


def of_bernoulli(model: Any, y: np.ndarray, eta: np.ndarray) -> np.ndarray:
    return expit(eta) * expit(-eta)


def of_poisson(model: Any, y: np.ndarray, eta: np.ndarray) -> np.ndarray:
    return np.exp(eta)


def of_student_t(model: Any, y: np.ndarray, eta: np.ndarray) -> np.ndarray:
    ratio = ((y - eta) / model.noise_scale_) ** 2 / model.df
    return (model.df + 1) / model.df / model.noise_scale_**2 * (1 - ratio) / (1 + ratio) ** 2


def softmax_curvature(precision: Any) -> Reference:
    """Pseudo-inverse of Σ (diag(π) − ππᵀ) ⊗ aaᵀ + P: without the direction that changes no probability."""

    def covariance(model: Any, y: np.ndarray) -> np.ndarray:
        pi = softmax(X @ model.coef_.T + model.intercept_, axis=1)
        K = pi.shape[1]
        W = np.einsum("nk,kl->nkl", pi, np.eye(K)) - np.einsum("nk,nl->nkl", pi, pi)
        H = np.einsum("nkl,ni,nj->kilj", W, A, A).reshape(K * (P + 1), -1)
        prior = precision(model) if callable(precision) else precision
        H += np.diag(np.tile([prior] * P + [0.0], K))
        return np.linalg.pinv(H, rcond=1e-10, hermitian=True)

    return covariance


# -- the models


@dataclass
class Case:
    model: Any
    target: str
    reference: Reference | None
    kind: str


def ridge_like(model: Any) -> float:
    return getattr(model, "alpha_", getattr(model, "alpha", None))


def elastic(model: Any) -> float:
    ratio = getattr(model, "l1_ratio_", getattr(model, "l1_ratio", 1.0))
    return N * ridge_like(model) * (1.0 - ratio)


FLAT = least_squares(np.zeros(P), np.full(P + 1, True))
RIDGE = least_squares(ridge_like, np.full(P + 1, True))
KINKED = least_squares(elastic)
CASES = {
    "LinearRegressionMLE": Case(LinearRegressionMLE(), "number", FLAT, "exact"),
    "MAPRidge": Case(MAPRidge(alpha=2.0), "number", RIDGE, "exact"),
    "MAPRidgeCV": Case(MAPRidgeCV(alphas=(0.5, 5.0)), "number", RIDGE, "exact"),
    "MAPRidgeClassifier": Case(MAPRidgeClassifier(alpha=2.0), "two", RIDGE, "exact"),
    "MAPRidgeClassifierCV": Case(MAPRidgeClassifierCV(alphas=(0.5, 5.0)), "two", RIDGE, "exact"),
    "MAPRegressor": Case(
        MAPRegressor(prior=Normal(scale=0.5)),
        "number",
        least_squares(lambda m: m.noise_scale_**2 / 0.25, np.full(P + 1, True)),
        "exact",
    ),
    "MAPLasso": Case(MAPLasso(alpha=0.2, tol=1e-10), "number", KINKED, "support"),
    "MAPElasticNet": Case(MAPElasticNet(alpha=0.2, tol=1e-10), "number", KINKED, "support"),
    "MAPLassoCV": Case(MAPLassoCV(alphas=[0.1, 0.2], cv=3, tol=1e-10), "number", KINKED, "support"),
    "MAPElasticNetCV": Case(
        MAPElasticNetCV(alphas=[0.1, 0.2], cv=3, tol=1e-10), "number", KINKED, "support"
    ),
    "MAPStudentTRegressor": Case(
        MAPStudentTRegressor(alpha=2.0, tol=1e-6),
        "number",
        curvature(of_student_t, lambda m: 2.0 / m.noise_scale_**2),
        "laplace",
    ),
    "MAPPoissonRegressor": Case(
        MAPPoissonRegressor(alpha=0.1, solver="newton", tol=1e-8), "count", curvature(of_poisson, 0.1 * N), "laplace"
    ),
    # The shape is estimated, and scales the whole of the covariance: see the test of its own.
    "MAPGammaRegressor": Case(MAPGammaRegressor(alpha=0.1, solver="newton", tol=1e-8), "positive", None, "laplace"),
    "MAPClassifier": Case(
        MAPClassifier(Normal(scale=0.5), tol=1e-10), "two", curvature(of_bernoulli, 4.0), "laplace"
    ),
    "MAPLogisticRegression": Case(
        MAPLogisticRegression(C=0.5, tol=1e-10, max_iter=1000),
        "three",
        softmax_curvature(2.0),
        "laplace",
    ),
    "MAPLogisticRegressionCV": Case(
        MAPLogisticRegressionCV(
            Cs=[0.5], cv=3, tol=1e-10, l1_ratios=(0.0,), scoring="neg_log_loss",
            use_legacy_attributes=False, max_iter=1000,
        ),
        "two",
        curvature(of_bernoulli, 2.0),
        "laplace",
    ),
    "MAPMultiTaskLasso": Case(MAPMultiTaskLasso(alpha=0.2), "several", None, "support"),
    "MAPMultiTaskElasticNet": Case(MAPMultiTaskElasticNet(alpha=0.2), "several", None, "support"),
}  # fmt: skip
SINGLE = [name for name, case in CASES.items() if case.target != "several"]
NUMBERS = [name for name in SINGLE if not is_classifier(CASES[name].model)]


def fitted(name: str, data: Any = X, **options: Any) -> Any:
    return clone(CASES[name].model).fit(data, TARGETS[CASES[name].target], **options)


def first(posterior: Any) -> Any:
    return posterior[0] if isinstance(posterior, list) else posterior
