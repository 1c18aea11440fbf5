"""A stream of more rows than memory holds, through `partial_fit`: what it ends at, how long it takes, what it keeps.

    python benchmarks/out_of_core.py gaussian --rows 20000000
    python benchmarks/out_of_core.py gaussian --rows 20000000 --solver sgd
    python benchmarks/out_of_core.py bernoulli --rows 1000000 --solver sgd

The rows are drawn in batches from a seed, 50 features of unequal mean, spread (a factor of 10^4) and of correlation up
to about 0.5. `partial_fit` sees each batch once. Then the reference is found: for the Gaussian likelihood the mode in
closed form from X'X, X'y and y'y, which a second pass over the same rows sums up; for the logistic one `fit` by L-BFGS
on all rows in memory, which limits their number. The excess is that of the negative log posterior over all rows.

One line of JSON: rows, solver, excess in nats and as a part of the objective, seconds (CPU) in `partial_fit` and in the
generator, and resident memory before, after the first batch and at the end of the stream.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: one core
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import resource
import time
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skbayes.likelihoods import Bernoulli, Gaussian
from skbayes.linear_model import MAPClassifier, MAPRegressor
from skbayes.priors import Normal
from skbayes.solvers import LBFGS

N_FEATURES = 50
NOISE = 1.0
PRIOR_SCALE = 100.0  # the largest coefficients are a few tens

Array = NDArray[np.float64]


class Source:
    """Rows drawn from a seed; batch k is the same whenever it is asked for."""

    def __init__(self, kind: str, n_rows: int, batch_rows: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        p = N_FEATURES
        self.kind, self.n_rows, self.batch_rows, self.seed = kind, n_rows, batch_rows, seed
        self.mixing = np.eye(p) + rng.standard_normal((p, p)) * (0.5 / np.sqrt(p))
        self.spread = 10.0 ** rng.uniform(-2, 2, p)
        self.mean = self.spread * rng.uniform(-5, 5, p)
        # In units of the spread: together the features explain about as much as the noise.
        self.w = rng.standard_normal(p) / np.sqrt(p)

    def __iter__(self) -> Iterator[tuple[Array, Array]]:
        for k, start in enumerate(range(0, self.n_rows, self.batch_rows)):
            yield self.batch(k, min(self.batch_rows, self.n_rows - start))

    def batch(self, k: int, size: int) -> tuple[Array, Array]:
        rng = np.random.default_rng([self.seed, k])
        Z = rng.standard_normal((size, N_FEATURES)) @ self.mixing
        eta = 0.5 + Z @ self.w
        Z *= self.spread
        Z += self.mean
        if self.kind == "gaussian":
            return Z, eta + NOISE * rng.standard_normal(size)
        return Z, (rng.random(size) < 1.0 / (1.0 + np.exp(-eta))).astype(float)


def resident_mb() -> float:
    """Return the largest resident memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def streamed(model: Any, source: Source) -> dict[str, Any]:
    """Fit the model to the stream, and return what it took."""
    before, seconds, drawing, first = resident_mb(), 0.0, 0.0, None
    extra = {"classes": [0.0, 1.0]} if source.kind == "bernoulli" else {}
    last = time.process_time()
    for X, y in source:
        begin = time.process_time()
        drawing += begin - last
        model.partial_fit(X, y, **extra)
        last = time.process_time()
        seconds += last - begin
        first = first or resident_mb()
    return {
        "seconds": round(seconds, 1),
        "seconds_drawing": round(drawing, 1),
        "mb_before": round(before),
        "mb_first_batch": round(first or before),
        "mb_end": round(resident_mb()),
    }


def gaussian_reference(source: Source) -> tuple[Any, Array]:
    """Return F as a function of (coefficients, intercept), and its minimum, from a pass over the rows."""
    # About the mean of the first batch: sums of squares about zero would lose digits.
    shift = source.batch(0, source.batch_rows)[0].mean(axis=0)
    q = N_FEATURES + 2
    moments = np.zeros((q, q))
    for X, y in source:
        joint = np.column_stack([X - shift, np.ones(len(y)), y])
        moments += joint.T @ joint
    G, c, yy = moments[:-1, :-1], moments[:-1, -1], moments[-1, -1]
    precision = np.append(np.full(N_FEATURES, PRIOR_SCALE**-2), 0.0)
    w = np.linalg.solve(G / NOISE**2 + np.diag(precision), c / NOISE**2)
    w[-1] -= shift @ w[:-1]

    def objective(w: Array) -> float:
        v = w.copy()
        v[-1] += shift @ w[:-1]
        squares = yy - 2.0 * (c @ v) + v @ G @ v
        of_data = 0.5 * squares / NOISE**2 + source.n_rows * np.log(NOISE * np.sqrt(2 * np.pi))
        return of_data - Normal(scale=PRIOR_SCALE).log_density(w[:-1])

    return objective, w


def bernoulli_reference(source: Source) -> tuple[Any, Array]:
    """Return the same for the logistic likelihood, from all rows in memory."""
    X, y = (np.concatenate(parts) for parts in zip(*source, strict=True))
    exact = MAPClassifier(Normal(scale=PRIOR_SCALE), solver=LBFGS(max_iter=1000, tol=1e-10)).fit(
        X, y
    )

    def objective(w: Array) -> float:
        eta = X @ w[:-1] + w[-1]
        of_data = -Bernoulli().log_density(y, eta).sum()
        return float(of_data - Normal(scale=PRIOR_SCALE).log_density(w[:-1]))

    return objective, np.append(exact.coef_, exact.intercept_)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("kind", choices=["gaussian", "bernoulli"])
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--batch-rows", type=int, default=100_000)
    parser.add_argument("--solver", default="auto")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    source = Source(options.kind, options.rows, options.batch_rows, options.seed)
    prior = Normal(scale=PRIOR_SCALE)
    if options.kind == "gaussian":
        model: Any = MAPRegressor(Gaussian(scale=NOISE), prior, solver=options.solver)
    else:
        model = MAPClassifier(prior, solver=options.solver)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = streamed(model, source)
        reference = gaussian_reference if options.kind == "gaussian" else bernoulli_reference
        objective, w = reference(source)
    lowest = objective(w)
    excess = objective(np.append(np.ravel(model.coef_), model.intercept_)) - lowest
    print(
        json.dumps(
            {
                "kind": options.kind,
                "rows": options.rows,
                "solver": options.solver,
                **report,
                "objective": round(lowest, 2),
                "excess_nats": float(f"{excess:.3g}"),
                "excess_part": float(f"{excess / abs(lowest):.2g}"),
                "steps": int(model.n_iter_),
            }
        )
    )


if __name__ == "__main__":
    main()
