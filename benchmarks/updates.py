"""How far a model that was updated in chunks ends from one fit to all rows, where `update` is not exact.

    python benchmarks/updates.py               # a table; --rst docs/updates_table.txt writes it

2000 and 20,000 rows of 10 correlated features in 2, 8 and 32 chunks; a normal prior of scale 1 and an intercept. The
figures are the largest distance of a coefficient or intercept from that of the fit to all rows, in its posterior
standard deviations: the mean over ten data sets. Under a Gaussian likelihood it is rounding, at most 1e-10.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: one core

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from skbayes.linear_model import MAPClassifier, MAPRegressor
from skbayes.priors import Laplace

P, SEEDS = 10, 10
SIZES, CHUNKS = (2000, 20_000), (2, 8, 32)
Array = NDArray[Any]
MODELS: dict[str, Any] = {
    "Gaussian": MAPRegressor(),
    "logistic": MAPClassifier(tol=1e-8),
    "logistic, Laplace prior": MAPClassifier(Laplace(scale=0.1), tol=1e-7),
    "softmax of 3 classes": MAPClassifier(tol=1e-8),
    "Poisson": MAPRegressor("poisson", tol=1e-8),
    "gamma": MAPRegressor("gamma", tol=1e-8),
    "negative binomial": MAPRegressor("negative_binomial", tol=1e-8),
    "Student t": MAPRegressor("student_t", tol=1e-8),
}


def targets(eta: Array, rng: np.random.Generator) -> dict[str, Array]:
    """Return a target for each model."""
    n, mean = eta.size, np.exp(0.7 * eta)
    label = (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(int)
    classes = np.column_stack([eta, -eta, 0 * eta]) + rng.gumbel(size=(n, 3))
    return {
        "Gaussian": eta + 0.5 * rng.standard_normal(n),
        "logistic": label,
        "logistic, Laplace prior": label,
        "softmax of 3 classes": classes.argmax(axis=1),
        "Poisson": rng.poisson(mean).astype(float),
        "gamma": rng.gamma(2.0, mean / 2.0),
        "negative binomial": rng.negative_binomial(3, 3 / (3 + mean)).astype(float),
        "Student t": eta + 0.5 * rng.standard_t(4, n),
    }


def distance(model: Any, whole: Any, X: Array, y: Array, n_chunks: int) -> float:
    """Return the largest distance in standard deviations."""
    found = clone(model)
    for k, rows in enumerate(np.array_split(np.arange(len(y)), n_chunks)):
        (found.update if k else found.fit)(X[rows], y[rows])
    away = [np.ravel(getattr(found, a) - getattr(whole, a)) for a in ("coef_", "intercept_")]
    std = [np.ravel(whole.coef_std_), np.ravel(whole.intercept_std_)]
    moved, unit = np.abs(np.concatenate(away)), np.concatenate(std)
    return float(np.max(moved[unit > 0.0] / unit[unit > 0.0]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rst", type=Path, default=None)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    arguments = parser.parse_args()
    found: dict[str, list[list[float]]] = {name: [] for name in MODELS}
    for seed in range(arguments.seeds):
        rng = np.random.default_rng(seed)
        mix = np.eye(P) + rng.standard_normal((P, P)) / np.sqrt(P)
        w = rng.standard_normal(P) / np.sqrt(P)
        rows: dict[str, list[float]] = {name: [] for name in MODELS}
        for n in SIZES:
            X = rng.standard_normal((n, P)) @ mix
            y = targets(0.3 + X @ w, rng)
            for name, model in MODELS.items():
                whole = clone(model).fit(X, y[name])
                rows[name] += [distance(model, whole, X, y[name], chunks) for chunks in CHUNKS]
        for name in MODELS:
            found[name].append(rows[name])
    columns = [f"{n} rows, {chunks} chunks" for n in SIZES for chunks in CHUNKS]
    header = ", ".join(f'"{name}"' for name in ["likelihood", *columns])
    lines = [".. csv-table::", f"   :header: {header}", ""]
    for name, values in found.items():
        means = np.mean(values, axis=0)
        entries = [f"{mean:.2f}" if mean >= 0.005 else f"{mean:.0e}" for mean in means]
        lines.append("   " + ",".join([f'"{name}"', *entries]))
    text = "\n".join(lines) + "\n"
    print(text)
    if arguments.rst is not None:
        arguments.rst.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
