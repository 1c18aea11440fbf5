"""How close are the shares of `importances` to the true ones, and how sure are they with good reason?

    python benchmarks/importance.py

The functions whose decomposition is known exactly are those of the package's tests, evaluated at Sobol points. Three
tables: the largest error of a share; how many true shares lie within share ± 1.645 std (nominally 90 %), with .002
for the estimator's own error; and the CPU seconds of an answer.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: the matrices are small
os.environ.setdefault("OMP_NUM_THREADS", "1")

import sys
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

from skbayes.optimizer import Trial, importances
from skbayes.space import as_space
from skbayes.surrogates import GaussianProcess

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.optimizer.test_importances import KNOWN, errors, history_of

SIMPLE = ("additive", "interaction", "category", "logarithmic")


def deviations(
    names: tuple[str, ...], n: int, seeds: int, noise: float = 0.0, surrogate: Any = "auto"
) -> tuple[np.ndarray, np.ndarray]:
    """Errors of all shares and their stated standard deviations, from n evaluations."""
    found = [
        errors(
            importances(history_of(name, n, k, noise), KNOWN[name][0], surrogate, random_state=k),
            name,
        )
        for name in names
        for k in range(seeds)
    ]
    return np.concatenate([e for e, _ in found]), np.concatenate([s for _, s in found])


def root_mean_square(values: np.ndarray) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(values**2)))


def seconds(n_dims: int, n: int) -> float:
    """CPU seconds of an answer about a smooth function."""
    space = as_space({f"x{j}": (0.0, 1.0) for j in range(n_dims)})
    rng = np.random.default_rng(0)
    points = [space.decode(u) for u in rng.random((n, n_dims))]
    history = [Trial(i, p, 3 * p["x0"] + np.sin(6 * p["x1"])) for i, p in enumerate(points)]
    start = process_time()
    importances(history, space, random_state=0)
    return process_time() - start


def main() -> None:
    """Print the tables."""
    print("| function | evaluations | largest error, five seeds |\n| --- | --- | --- |")
    for name, n in [*((name, 64) for name in SIMPLE), ("ishigami", 256), ("ishigami", 512)]:
        print(f"| {name} | {n} | {np.abs(deviations((name,), n, 5)[0]).max():.4f} |", flush=True)
    print("\n| functions | evaluations | noise | covered | error | stated |")
    print("| --- | --- | --- | --- | --- | --- |")
    ensemble = GaussianProcess(hyperparameters="ensemble", output_transform="standardize")
    for label, names, n, noise, seeds, surrogate in (
        ("the simple four", SIMPLE, 16, 0.0, 10, "auto"),
        ("the simple four", SIMPLE, 16, 0.3, 10, "auto"),
        ("the same, by the ensemble", SIMPLE, 16, 0.3, 10, ensemble),
        ("ishigami", ("ishigami",), 32, 0.0, 12, "auto"),
        ("ishigami", ("ishigami",), 128, 0.0, 12, "auto"),
    ):
        error, std = deviations(names, n, seeds, noise, surrogate)
        covered = np.mean(np.abs(error) <= 1.645 * std + 0.002)
        figures = f"{covered:.2f} | {root_mean_square(error):.3f} | {root_mean_square(std):.3f}"
        print(f"| {label} | {n} | {noise} | {figures} |", flush=True)
    print(f"\n10 parameters, 100 trials: {seconds(10, 100):.1f} s")


if __name__ == "__main__":
    main()
