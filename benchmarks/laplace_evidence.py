"""How far the Laplace evidence of a slope and an intercept is from the integral, over simulated data sets.

    python benchmarks/laplace_evidence.py                # prints the table; half a minute
    python benchmarks/laplace_evidence.py --rst docs/laplace_evidence_table.txt

The integral is by the rule of Gauss and Legendre, 80 x 80 nodes over 14 posterior standard deviations either way. The
slope has a standard normal prior and is drawn from it, the intercept is flat. A data set of one class, or of fewer
than two events, is left out: with a flat intercept its integral may be infinite.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: one core
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
from pathlib import Path

import numpy as np
from scipy.special import expit
from scipy.stats import norm

from skbayes.likelihoods import Bernoulli, Likelihood, Poisson
from skbayes.linear_model import MAPRegressor
from skbayes.solvers import Newton

NODES, WEIGHTS = np.polynomial.legendre.leggauss(80)
FAR = 14.0
SIZES = (20, 50, 200)


def error(likelihood: Likelihood, x: np.ndarray, y: np.ndarray) -> float:
    """The Laplace evidence less the integral, in nats."""
    model = MAPRegressor(likelihood, solver=Newton(tol=1e-10)).fit(x[:, None], y)
    root = np.linalg.cholesky(model.posterior_.covariance)
    grid = np.stack(np.meshgrid(FAR * NODES, FAR * NODES)).reshape(2, -1)
    slope, intercept = model.posterior_.mean[:, None] + root @ grid
    eta = np.outer(x, slope) + intercept
    total = norm.logpdf(slope)
    for row, value in zip(eta, y, strict=True):
        total = total + likelihood.log_density(np.full(row.size, value), row)
    weight = np.outer(FAR * WEIGHTS, FAR * WEIGHTS).ravel()
    exact = np.log(np.exp(total - total.max()) @ weight * np.prod(np.diag(root))) + total.max()
    return float(model.log_evidence_ - exact)


def errors(name: str, n: int, n_data: int) -> list[float]:
    """Errors of one likelihood over data sets of n rows."""
    found = []
    for seed in range(n_data):
        rng = np.random.default_rng(seed)
        x = rng.standard_normal(n)
        eta = x * rng.standard_normal() + 0.2
        if name == "logistic":
            likelihood: Likelihood = Bernoulli()
            y = (rng.random(n) < expit(eta)) * 1.0
        else:
            likelihood, y = Poisson(), rng.poisson(np.exp(eta)) * 1.0
        if y.sum() >= 2 and (name == "poisson" or y.sum() <= n - 2):
            found.append(error(likelihood, x, y))
    return found


def main() -> None:
    """Simulate, print, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data-sets", type=int, default=100)
    parser.add_argument("--rst", type=Path)
    given = parser.parse_args()
    lines = [
        ".. csv-table::",
        '   :header: "regression", "rows", "data sets", "median error (nats)", "largest"',
        "",
    ]
    for name in ("logistic", "poisson"):
        for n in SIZES:
            sizes = np.abs(errors(name, n, given.data_sets))
            cells = [name, str(n), str(sizes.size), f"{np.median(sizes):.4f}", f"{sizes.max():.4f}"]
            lines.append("   " + ", ".join(f'"{cell}"' for cell in cells))
            print(lines[-1], flush=True)
    if given.rst is not None:
        given.rst.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
