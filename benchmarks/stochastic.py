"""How near the stochastic solvers come to the mode, on data in memory, where exact solvers say where it is.

    python benchmarks/stochastic.py            # a table; --rst docs/stochastic_table.txt writes it

5000 rows, 30 correlated features whose units span six powers of ten, at means of up to ten times their spread. The
entries are nats of the log posterior below the mode (of L-BFGS, or of proximal gradient where there are kinks) after
10 and after 100 passes, in batches of 100 rows. Half a nat for each parameter is what one posterior standard deviation
costs.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: one core

import argparse
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skbayes.likelihoods import Bernoulli
from skbayes.linear_model import MAPRegressor
from skbayes.priors import Laplace, Normal
from skbayes.solvers import LBFGS, SOLVERS, ProximalGradient, StochasticSolver

N, P, BATCH = 5000, 30, 100
PASSES = (10, 100)
NAMES = [name for name, kind in SOLVERS.items() if issubclass(kind, StochasticSolver)]


def problems(seed: int) -> dict[str, tuple[Any, Any, Any, Any, Any]]:
    """Return X, y, likelihood, prior and exact solver by name."""
    rng = np.random.default_rng(seed)
    Z = rng.standard_normal((N, P)) @ (np.eye(P) + rng.standard_normal((P, P)) / np.sqrt(P))
    eta = 0.3 + Z @ rng.standard_normal(P) * 0.7 / np.sqrt(P)
    units = 10.0 ** rng.uniform(-3, 3, P)
    X = (Z + rng.uniform(-10, 10, P)) * units
    label = (rng.random(N) < 1 / (1 + np.exp(-eta))).astype(float)
    count = rng.poisson(np.exp(eta)).astype(float)
    smooth, kinked = LBFGS(tol=1e-9, max_iter=5000), ProximalGradient(tol=1e-10, max_iter=50_000)
    # Prior scales in the unit of each coefficient: worth a good part of what the data say.
    scale = 0.3 / units
    return {
        "logistic, normal prior": (X, label, Bernoulli(), Normal(scale=scale), smooth),
        "Poisson, normal prior": (X, count, "poisson", Normal(scale=scale), smooth),
        "logistic, Laplace prior": (X, label, Bernoulli(), Laplace(scale=0.05 / units), kinked),
    }


def nats(value: float) -> str:
    return f"{value:.4f}" if value < 0.1 else f"{value:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rst", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    cells: dict[str, list[str]] = {name: [] for name in NAMES}
    seconds = dict.fromkeys(NAMES, 0.0)
    header = []
    for problem in problems(0):
        header += [f"{problem}, {passes} passes" for passes in PASSES]
        lost = {(name, passes): [] for name in NAMES for passes in PASSES}
        for seed in range(options.seeds):
            X, y, likelihood, prior, exact = problems(seed)[problem]
            lowest = MAPRegressor(likelihood, prior, solver=exact).fit(X, y).objective_
            for name in NAMES:
                for passes in PASSES:
                    solver = SOLVERS[name](batch_size=BATCH, max_iter=passes, random_state=seed)
                    begin = time.process_time()
                    model = MAPRegressor(likelihood, prior, solver=solver).fit(X, y)
                    seconds[name] += time.process_time() - begin
                    lost[name, passes].append(model.objective_ - lowest)
        for name in NAMES:
            cells[name] += [nats(float(np.max(lost[name, passes]))) for passes in PASSES]
    lines = [",".join(["solver", *header])]
    lines += [",".join([f"``{name}``", *cells[name]]) for name in NAMES]
    per_pass = {name: seconds[name] / (3 * options.seeds * sum(PASSES)) for name in NAMES}
    print("\n".join(lines))
    print({name: f"{1000 * value:.1f} ms a pass" for name, value in per_pass.items()})
    if options.rst is not None:
        head = f'.. csv-table::\n   :header: "solver", {", ".join(chr(34) + h + chr(34) for h in header)}\n\n'
        body = "\n".join("   " + line for line in lines[1:])
        options.rst.write_text(head + body + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
