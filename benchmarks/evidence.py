"""Evidence maximisation against scikit-learn's BayesianRidge and ARDRegression: time, and whose evidence is higher.

    python benchmarks/evidence.py                                   # prints the table
    python benchmarks/evidence.py --rst docs/evidence_table.txt     # and writes it
    python benchmarks/evidence.py --shapes 100000x100 --rounds 5

CPU time of one core with one BLAS thread, the smallest of rounds in which the two take turns; all at their defaults.
Ours is timed without and with the standard deviations of the coefficients, which scikit-learn always computes. The
last column is log p(y) at our noise and prior scales less that at theirs, computed by one function for both, the
intercept integrated out: where it is positive ours is the higher maximum, or theirs stopped before its own. The
evidence of ARD has many maxima, and which one is found depends on the start.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: one core
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import ARDRegression, BayesianRidge

from skbayes.likelihoods import Gaussian
from skbayes.linear_model import MAPRegressor
from skbayes.priors import Normal

# ARDRegression inverts matrices of the side of the features some hundred times: smaller where they are many.
SHAPES = {
    "ridge": ("100000x100", "5000x500", "1000x1000", "200x5000", "200x20"),
    "ARD": ("100000x100", "5000x500", "400x400", "200x1000", "200x20"),
}
LONG = 5.0  # seconds: such a fit is measured once, its noise being small beside it
SHORTEST = 0.2  # seconds: quicker fits are repeated within a measurement
N_FACTORS = 20


@dataclass(frozen=True)
class Result:
    """One row: seconds of theirs, of ours without and with standard deviations, and the gain in nats."""

    model: str
    shape: str
    theirs: float
    ours: float
    with_std: float
    gain: float


def data(n: int, p: int, sparse: bool) -> tuple[np.ndarray, np.ndarray]:
    """Correlated features (a few hidden factors and noise); all of them matter, or ten."""
    rng = np.random.default_rng(0)
    hidden = rng.standard_normal((n, N_FACTORS))
    X = hidden @ rng.standard_normal((N_FACTORS, p)) / np.sqrt(N_FACTORS)
    X += rng.standard_normal((n, p))
    w = rng.standard_normal(p)
    w[10 if sparse else p :] = 0.0
    eta = X @ w
    return X, eta + eta.std() * rng.standard_normal(n) + 1.0


def seconds(run: Callable[[], Any]) -> float:
    """CPU seconds of one run, the mean of as many as take long enough to be measured."""
    n_runs, start = 0, time.process_time()
    while n_runs == 0 or time.process_time() - start < SHORTEST:
        run()
        n_runs += 1
    return (time.process_time() - start) / n_runs


def rounds_of(runs: list[Callable[[], Any]], n_rounds: int) -> list[float]:
    """The least seconds of each run over rounds in which they take turns."""
    least = [seconds(run) for run in runs]
    for _ in range(n_rounds - 1):
        least = [
            best if best > LONG else min(best, seconds(run))
            for best, run in zip(least, runs, strict=True)
        ]
    return least


def log_evidence(X: np.ndarray, y: np.ndarray, noise: float, scale: Any) -> float:
    """log p(y) at given scales."""
    return float(MAPRegressor(Gaussian(noise), Normal(scale=scale)).fit(X, y).log_evidence_)


def measure(model: str, shape: str, n_rounds: int) -> Result:
    """One row of the table."""
    n, p = map(int, shape.split("x"))
    is_ard = model == "ARD"
    X, y = data(n, p, sparse=is_ard)
    ours = MAPRegressor(tune="ard" if is_ard else "evidence")
    theirs = ARDRegression() if is_ard else BayesianRidge()
    times = rounds_of(
        [
            lambda: theirs.fit(X, y),
            lambda: ours.fit(X, y),
            lambda: ours.fit(X, y).coef_std_,
        ],
        n_rounds,
    )
    # A coefficient that ARDRegression drops has the precision at which it was dropped.
    scale = np.broadcast_to(np.asarray(theirs.lambda_) ** -0.5, (p,))
    scale = np.where(theirs.coef_ == 0.0, 1e-9, scale) if is_ard else scale
    gain = log_evidence(X, y, ours.noise_scale_, ours.prior_.scale)
    gain -= log_evidence(X, y, theirs.alpha_**-0.5, scale)
    return Result(model, shape, *times, gain)


def table(results: list[Result]) -> str:
    """The rows as a table of reStructuredText."""
    lines = [
        ".. csv-table::",
        '   :header: "model", "rows x features", "scikit-learn", "skbayes", "times faster", '
        '"with ``coef_std_``", "times faster", "higher by (nats)"',
        "",
    ]
    for r in results:
        cells = [
            r.model,
            r.shape.replace("x", " x "),
            _time(r.theirs),
            _time(r.ours),
            f"{r.theirs / r.ours:.3g}",
            _time(r.with_std),
            f"{r.theirs / r.with_std:.3g}",
            f"{r.gain:.3g}",
        ]
        lines.append("   " + ", ".join(f'"{cell}"' for cell in cells))
    return "\n".join(lines) + "\n"


def _time(value: float) -> str:
    return f"{value:.3g} s" if value >= 1.0 else f"{1e3 * value:.3g} ms"


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shapes", nargs="+")
    parser.add_argument("--models", nargs="+", default=list(SHAPES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rst", type=Path)
    given = parser.parse_args()
    warnings.filterwarnings("ignore")  # theirs stops at max_iter at some shapes
    results = []
    for model in given.models:
        for shape in given.shapes or SHAPES[model]:
            results.append(measure(model, shape, given.rounds))
            print(results[-1], flush=True)
    text = table(results)
    print(text)
    if given.rst is not None:
        given.rst.write_text(text)


if __name__ == "__main__":
    main()
