"""Leave-one-out from one fit against as many fits as rows: how near, and at what cost.

    python benchmarks/leave_one_out.py       # a table; --rst docs/leave_one_out_table.txt writes it

Prior scales (and noise, dispersion) are first chosen by ``tune="loo"`` on all rows and then held, for both sides alike.
The refits go to a tolerance of 1e-9, each begun at the one before. Change: the mean over the rows of |η_i without row i
− η_i with it|, of the refits. Error: the mean of |approximate − exact| of the first. Correlation: of the two changes,
exact and approximate, not of the linear predictors themselves, which would be nearer to 1. Log density: the mean over
the rows of the refits, of the approximation, and of the fit itself. Cost: CPU time of ``leave_one_out`` over that of
one fit by default tolerance, medians of eleven on one core; of the refits it is the number of rows.

Data: of scikit-learn (features scaled to unit variance; diabetes² has all squares and products too), or simulated with
the seed 0 from the likelihood of the row: normal features, normal coefficients (of the lasso ten that are not zero).
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: one core

import argparse
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import PolynomialFeatures, scale

from skbayes.likelihoods import NegativeBinomial, StudentT
from skbayes.linear_model import MAPClassifier, MAPRegressor
from skbayes.priors import Laplace, Normal

Array = NDArray[Any]
TIMES = 11


def diabetes(degree: int = 1) -> tuple[Array, Array]:
    """Return scikit-learn's diabetes data, y in units of its spread."""
    X, y = load_diabetes(return_X_y=True)
    if degree > 1:
        X = PolynomialFeatures(degree, include_bias=False).fit_transform(X)
    return scale(X), scale(y)


def labelled(load: Callable[..., Any]) -> tuple[Array, Array]:
    """Return data of classes, scaled."""
    X, y = load(return_X_y=True)
    return scale(X), y


def simulated(n: int, p: int, likelihood: Any, n_active: int | None = None) -> tuple[Array, Array]:
    """Return normal features and draws of a likelihood, by name or object."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, p))
    k = p if n_active is None else n_active
    eta = X[:, :k] @ rng.standard_normal(k) / np.sqrt(k)
    if likelihood == "gaussian":
        return X, eta + 0.5 * rng.standard_normal(n)
    if likelihood == "bernoulli":
        return X, (rng.logistic(size=n) < 3.0 * eta).astype(int)
    if likelihood == "poisson":
        return X, rng.poisson(np.exp(0.5 * eta)).astype(float)
    return X, np.asarray(likelihood.sample(1.0 + 0.5 * eta, random_state=0), dtype=float)


CASES: dict[str, tuple[Callable[[], tuple[Array, Array]], Any]] = {
    "diabetes, gaussian x normal": (diabetes, MAPRegressor("gaussian", Normal())),
    "breast cancer, logit x normal": (
        lambda: labelled(load_breast_cancer),
        MAPClassifier(Normal()),
    ),
    "wine, softmax x normal": (lambda: labelled(load_wine), MAPClassifier(Normal())),
    "diabetes², gaussian x laplace": (
        lambda: diabetes(2),
        MAPRegressor("gaussian", Laplace()),
    ),
    "breast cancer, logit x laplace": (
        lambda: labelled(load_breast_cancer),
        MAPClassifier(Laplace()),
    ),
    "diabetes², student_t x normal": (
        lambda: diabetes(2),
        MAPRegressor(StudentT(df=4.0), Normal()),
    ),
    "simulated, poisson x normal": (
        lambda: simulated(400, 40, "poisson"),
        MAPRegressor("poisson", Normal()),
    ),
    "simulated, negative_binomial x normal": (
        lambda: simulated(300, 60, NegativeBinomial(dispersion=0.5)),
        MAPRegressor("negative_binomial", Normal()),
    ),
    "simulated, logit x normal": (
        lambda: simulated(100, 1000, "bernoulli"),
        MAPClassifier(Normal()),
    ),
    "simulated, gaussian x laplace": (
        lambda: simulated(100, 500, "gaussian", 10),
        MAPRegressor("gaussian", Laplace()),
    ),
}
HEADER = [
    "data, likelihood x prior",
    "rows x features",
    "parameters",
    "change",
    "error",
    "correlation",
    "log density: exact",
    "approximate",
    "of the fit",
    "cost in fits",
]


def row(name: str) -> list[str]:
    """Return one row of the table."""
    make, model = CASES[name]
    X, y = make()
    tuned = clone(model).set_params(tune="loo").fit(X, y)
    known = {"prior": tuned.prior_}
    if not hasattr(tuned, "classes_"):
        known["likelihood"] = tuned.likelihood_
    model = clone(model).set_params(**known)
    exact_model = clone(model).set_params(tol=1e-9, max_iter=100_000, warm_start=True).fit(X, y)
    left_out = exact_model.leave_one_out(X, y)
    of_fit, codes = eta_of(exact_model, X), coded(exact_model, y)
    exact = refits(exact_model, X, y)
    of = tuned.likelihood_.log_density
    densities = [np.mean(of(codes, eta)) for eta in (exact, left_out.linear_predictor, of_fit)]
    change = centred(exact - of_fit)
    approximate = centred(left_out.linear_predictor - of_fit)
    error = np.mean(np.abs(approximate - change))
    correlation = np.corrcoef(change.ravel(), approximate.ravel())[0, 1]
    cost = seconds(lambda: clone(model).fit(X, y).leave_one_out(X, y)) / seconds(
        lambda: clone(model).fit(X, y)
    )
    return [
        name,
        f"{X.shape[0]} x {X.shape[1]}",
        f"{left_out.leverage.sum():.1f}",
        f"{np.mean(np.abs(change)):.3f}",
        f"{error:.2g}",
        f"{correlation:.4f}",
        *(f"{density:.4f}" for density in densities),
        f"{cost - 1.0:.2f}",
    ]


def eta_of(model: Any, X: Array) -> Array:
    """Return linear predictors, (n,) or (n, K)."""
    eta: Array = X @ model.coef_.T + model.intercept_
    return eta[:, 0] if eta.ndim == 2 and eta.shape[1] == 1 else eta


def coded(model: Any, y: Array) -> Array:
    """Return classes by number."""
    return np.searchsorted(model.classes_, y) if hasattr(model, "classes_") else y


def centred(eta: Array) -> Array:
    """Return what matters of the linear predictors of classes: a shift of all of them does not."""
    return eta - eta.mean(axis=1, keepdims=True) if eta.ndim == 2 else eta


def refits(model: Any, X: Array, y: Array) -> Array:
    """Return the linear predictor of each row by a fit without it."""
    etas = []
    for i in range(len(y)):
        keep = np.arange(len(y)) != i
        etas.append(eta_of(model.fit(X[keep], y[keep]), X[i : i + 1])[0])
    return np.array(etas)


def seconds(do: Callable[[], Any]) -> float:
    """Return the median CPU time."""
    taken = []
    for _ in range(TIMES):
        begin = time.process_time()
        do()
        taken.append(time.process_time() - begin)
    return float(np.median(taken))


def rst(rows: list[list[str]]) -> str:
    """Return the table as reStructuredText."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for cells in [HEADER, *rows]:
        for k, cell in enumerate(cells):
            lines.append(("   * - " if k == 0 else "     - ") + cell)
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rst", type=Path, help="write the table to this file")
    parser.add_argument("--cases", nargs="*", default=list(CASES), help="names of rows")
    arguments = parser.parse_args()
    rows = []
    with warnings.catch_warnings():
        # Both sides stop at 1e-9 or where rounding ends them; which of the two does not matter here.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for name in arguments.cases:
            rows.append(row(name))
            print("  ".join(rows[-1]), flush=True)
    if arguments.rst:
        arguments.rst.write_text(rst(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
