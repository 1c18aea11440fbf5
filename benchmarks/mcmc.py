"""Laplace posteriors against long runs of Hamiltonian Monte Carlo.

    python benchmarks/mcmc.py            # a table; --rst docs/mcmc_table.txt writes it

The densities sampled are written out here and share nothing with the package but the noise scale or dispersion that it
estimated. Each is sampled by eight chains from far apart; R-hat and effective sample sizes are printed. Differences of
means are in posterior standard deviations (of the samples), standard deviations are ratios to those of the samples.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: one core
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_linnerud

from skbayes.likelihoods import Gaussian, NegativeBinomial, StudentT
from skbayes.linear_model import MAPRegressor
from skbayes.priors import Laplace, Normal

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.hamiltonian import Chains, effective_sample_size, hamiltonian, split_r_hat

N_CHAINS, N_DRAWS = 8, 10_000
DF = 4.0

# (y, eta, parameter of the likelihood) -> log density without its constant, and its derivative by eta
Family = Callable[[np.ndarray, np.ndarray, float], tuple[np.ndarray, np.ndarray]]


def logistic(y: np.ndarray, eta: np.ndarray, _: float) -> tuple[np.ndarray, np.ndarray]:
    return y * eta - np.logaddexp(0.0, eta), y - expit(eta)


def poisson(y: np.ndarray, eta: np.ndarray, _: float) -> tuple[np.ndarray, np.ndarray]:
    mean = np.exp(eta)
    return y * eta - mean, y - mean


def negative_binomial(y: np.ndarray, eta: np.ndarray, a: float) -> tuple[np.ndarray, np.ndarray]:
    tail = np.logaddexp(0.0, eta + np.log(a))
    return y * eta - (y + 1.0 / a) * tail, y - (y + 1.0 / a) * expit(eta + np.log(a))


def student_t(y: np.ndarray, eta: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
    r = (y - eta) / scale
    return -0.5 * (DF + 1.0) * np.log1p(r**2 / DF), (DF + 1.0) * r / (DF + r**2) / scale


def gaussian(y: np.ndarray, eta: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
    r = (y - eta) / scale
    return -0.5 * r**2, r / scale


@dataclass(frozen=True)
class Problem:
    """A data set and a model of it.

    Attributes
    ----------
    label : str
        Of the row of the table.
    X, y : ndarray
        Data.
    model : MAPRegressor
        Not yet fitted.
    family : callable
        The likelihood, written out.
    prior : {"normal", "laplace"}
        Of the coefficients; flat for the intercept.
    prior_scale : float
        Its scale.
    samples_scale : bool
        Whether the noise scale is sampled as well, under 1/σ, and not held at its estimate.
    """

    label: str
    X: np.ndarray
    y: np.ndarray
    model: Any
    family: Family
    prior_scale: float
    prior: str = "normal"
    samples_scale: bool = field(default=False)


def problems() -> list[Problem]:
    """Return what is compared."""
    rng = np.random.default_rng(0)
    cancer, iris = load_breast_cancer(), load_iris()
    X, y = load_diabetes(return_X_y=True)
    diabetes = standardised(X), (y - y.mean()) / y.std()
    exercise, body = load_linnerud(return_X_y=True)
    Z = rng.standard_normal((60, 4))
    counts = rng.poisson(np.exp(-0.5 + Z @ [0.6, -0.4, 0.2, 0.0])).astype(float)
    two = (
        iris.target > 0
    )  # versicolor against virginica: hardly separable by two features, nearly by four
    flowers = standardised(iris.data[two]), (iris.target[two] == 2).astype(float)
    few = tuple(part[np.r_[0:10, 50:60]] for part in flowers)
    t, lasso = StudentT(df=DF), Laplace(scale=0.05)
    linnerud = standardised(body), exercise[:, 2]

    def model(likelihood: Any, prior: Any, **options: Any) -> MAPRegressor:
        return MAPRegressor(likelihood, prior, **options)

    normal = Normal(scale=1.0)
    return [
        Problem("diabetes, gaussian, normal", *diabetes, model("gaussian", normal), gaussian, 1.0),
        Problem(
            "breast cancer, logistic, normal",
            standardised(cancer.data),
            cancer.target.astype(float),
            model("bernoulli", normal),
            logistic,
            1.0,
        ),
        Problem(
            "iris, logistic, normal", *flowers, model("bernoulli", Normal(scale=5.0)), logistic, 5.0
        ),
        Problem(
            "iris, 20 rows, logistic, wide normal",
            *few,
            model("bernoulli", Normal(scale=20.0)),
            logistic,
            20.0,
        ),
        Problem("simulated, Poisson, normal", Z, counts, model("poisson", normal), poisson, 1.0),
        Problem(
            "linnerud (jumps), negative binomial, normal",
            *linnerud,
            model(NegativeBinomial(), normal),
            negative_binomial,
            1.0,
        ),
        Problem("diabetes, Student-t, normal", *diabetes, model(t, normal), student_t, 1.0),
        Problem(
            "the same, scale sampled too",
            *diabetes,
            model(t, normal),
            student_t,
            1.0,
            samples_scale=True,
        ),
        Problem(
            "diabetes, Gaussian, Laplace: ``support``",
            *diabetes,
            model(Gaussian(), lasso, posterior="support", tol=1e-10),
            gaussian,
            0.05,
            "laplace",
        ),
        Problem(
            "diabetes, Gaussian, Laplace: ``smoothed``",
            *diabetes,
            model(Gaussian(), lasso, posterior="smoothed", tol=1e-10),
            gaussian,
            0.05,
            "laplace",
        ),
    ]


def standardised(X: np.ndarray) -> np.ndarray:
    return (X - X.mean(axis=0)) / X.std(axis=0)


def density_of(problem: Problem, parameter: float) -> Any:
    """Return the log posterior of positions (C, m) with its gradient; the logarithm of a sampled scale comes last."""
    n, p = problem.X.shape
    A = np.column_stack([problem.X, np.ones(n)])

    def density(W: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        coef, eta = W[:, :p], W[:, : p + 1] @ A.T
        scale = np.exp(W[:, p + 1 :]) if problem.samples_scale else parameter
        value, slope = problem.family(problem.y, eta, scale)
        gradient = slope @ A
        log_density = value.sum(axis=1)
        if problem.prior == "laplace":
            log_density -= np.abs(coef).sum(axis=1) / problem.prior_scale
            gradient[:, :p] -= np.sign(coef) / problem.prior_scale
        else:
            log_density -= 0.5 * np.square(coef / problem.prior_scale).sum(axis=1)
            gradient[:, :p] -= coef / problem.prior_scale**2
        if not problem.samples_scale:
            return log_density, gradient
        # Of a density f(r / σ) / σ with r = y − η: ∂ log p / ∂ log σ = r ∂ log p / ∂η − 1. The prior 1/σ is flat in
        # the logarithm.
        log_density -= n * W[:, -1]
        by_scale = np.sum((problem.y - eta) * slope, axis=1) - n
        return log_density, np.column_stack([gradient, by_scale])

    return density


def parameter_of(model: Any) -> float:
    """Return the noise scale or the dispersion that was estimated."""
    parameters = model.likelihood_.get_params(deep=False)
    return float(parameters.get("scale", parameters.get("dispersion", np.nan)))


def sampled(problem: Problem, mode: np.ndarray, parameter: float) -> Chains:
    """Return draws of the posterior of a problem."""
    rng = np.random.default_rng(1)
    place = np.append(mode, np.log(parameter)) if problem.samples_scale else mode
    # Three times the error that one feature alone would have, for data of about unit curvature a row.
    spread = 3.0 / np.sqrt(len(problem.y))
    start = place + spread * rng.standard_normal((N_CHAINS, place.size))
    return hamiltonian(density_of(problem, parameter), start, N_DRAWS, rng)


def row(problem: Problem) -> list[str]:
    """Return one row of the table."""
    begin = time.process_time()
    model = problem.model.fit(problem.X, problem.y)
    posterior = model.posterior_
    mode = np.append(model.coef_, model.intercept_)
    chains = sampled(problem, mode, parameter_of(model))
    draws = chains.draws[:, :, : mode.size]
    r_hat, size = split_r_hat(draws), effective_sample_size(draws)
    mean, std = (getattr(draws.reshape(-1, mode.size), f)(axis=0) for f in ("mean", "std"))
    shift = np.abs(posterior.mean - mean) / std
    ratio = posterior.std / std
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a large k, which stands in the table
        k = posterior.diagnostics(random_state=0).pareto_k
    print(
        f"{problem.label}: {time.process_time() - begin:.1f} s, R-hat {r_hat.max():.4f}, effective size "
        f"{size.min():.0f} to {size.max():.0f}, acceptance {chains.acceptance:.2f}, step {chains.step:.2f}",
        flush=True,
    )
    return [
        problem.label,
        f"{len(problem.y)} x {problem.X.shape[1]}",
        "exact" if posterior.kind == "exact" else f"{k:.2f}",
        f"{np.sqrt(np.mean(shift**2)):.2f}",
        f"{shift.max():.2f}",
        f"{ratio.min():.2f} to {ratio.max():.2f}",
        f"{r_hat.max():.3f}",
        f"{size.min():.0f}",
    ]


HEADER = [
    "data, likelihood, prior",
    "rows x features",
    "Pareto k",
    "error of means, root mean square",
    "largest",
    "standard deviations, ratio",
    "R-hat",
    "effective draws, at least",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rst", type=Path)
    options = parser.parse_args()
    rows = [row(problem) for problem in problems()]
    quoted = [", ".join(f'"{cell}"' for cell in cells) for cells in (HEADER, *rows)]
    print("\n".join(quoted))
    if options.rst is not None:
        head = f".. csv-table::\n   :header: {quoted[0]}\n\n"
        body = "\n".join("   " + line for line in quoted[1:])
        options.rst.write_text(head + body + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
