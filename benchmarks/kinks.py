"""How often the intervals of the lasso's posteriors contain the truth, zeros and non-zeros apart.

    python benchmarks/kinks.py                        # a table
    python benchmarks/kinks.py --rst docs/kinks_table.txt

Each data set: y = X w + noise of standard deviation 1, features of unit variance and a common correlation. In the first
setting w is drawn from the Laplace prior of the model; in the others k coefficients are 0.3 or 0.6 with either sign,
all others are zero, and the scale of the prior is that of the alpha that MAPLassoCV chooses. The noise is estimated.
Cells: the share in percent of intervals of 90 % that contain the truth, and their mean length over that of least
squares with the true features known (or all of them).
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: one core
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import norm

from skbayes.linear_model import MAPLassoCV, MAPRegressor
from skbayes.priors import Laplace

__all__ = ["KINDS", "SETTINGS", "Setting", "Tally", "simulate"]

KINDS = ("support", "smoothed", "bootstrap")
LEVEL = 0.9
PRIOR_SCALE = 0.2
SIZES = np.array([0.3, 0.6])  # three and six standard errors at n = 100


@dataclass(frozen=True)
class Setting:
    """What is simulated.

    Attributes
    ----------
    label : str
        Of the row of the table.
    n, p : int
        Rows and features.
    k : int or None
        Non-zeros; None: w is drawn from the prior.
    correlation : float
        Of each pair of features.
    """

    label: str
    n: int
    p: int
    k: int | None
    correlation: float = 0.5

    def scale_for(self, X: np.ndarray, y: np.ndarray) -> float:
        """Return the scale of the Laplace prior that the model has."""
        if self.k is None:
            return PRIOR_SCALE
        chosen = MAPLassoCV(cv=5).fit(X, y)
        return float(chosen.noise_scale_**2 / (chosen.alpha_ * self.n))

    def draw(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return X, y and w."""
        X = np.sqrt(1.0 - self.correlation) * rng.standard_normal((self.n, self.p))
        X += np.sqrt(self.correlation) * rng.standard_normal((self.n, 1))
        w = rng.laplace(0.0, PRIOR_SCALE, self.p) if self.k is None else np.zeros(self.p)
        if self.k is not None:
            w[: self.k] = rng.choice(SIZES, self.k) * rng.choice([-1.0, 1.0], self.k)
        return X, X @ w + rng.standard_normal(self.n), w


SETTINGS = (
    Setting("w drawn from the prior, 20 features", 100, 20, None),
    Setting("2 of 20 not zero", 100, 20, 2),
    Setting("5 of 20 not zero", 100, 20, 5),
    Setting("20 of 20 not zero", 100, 20, 20),
    Setting("5 of 100 not zero, 60 rows", 60, 100, 5),
)


@dataclass
class Tally:
    """What was counted of one kind: rows of (contained, length) for each data set, NaN where there is none."""

    zeros: list[tuple[float, float]]
    others: list[tuple[float, float]]
    seconds: float = 0.0

    def add(self, w: np.ndarray, lower: np.ndarray, upper: np.ndarray, unit: float) -> None:
        inside, length = (lower <= w) & (w <= upper), (upper - lower) / unit
        for some, rows in ((w == 0.0, self.zeros), (w != 0.0, self.others)):
            if some.any():
                rows.append((float(inside[some].mean()), float(length[some].mean())))


def simulate(setting: Setting, n_sets: int, kinds: tuple[str, ...] = KINDS) -> dict[str, Tally]:
    """Return the tallies of some data sets."""
    tallies = {kind: Tally([], []) for kind in kinds}
    for seed in range(n_sets):
        X, y, w = setting.draw(np.random.default_rng([seed, setting.p, setting.k or 0]))
        prior = Laplace(scale=setting.scale_for(X, y))
        unit = 2.0 * norm.ppf(0.5 + 0.5 * LEVEL) * _standard_error(X, w)
        for kind in kinds:
            model = MAPRegressor(prior=prior, posterior=kind, random_state=0)
            start = time.perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of a round that did not settle: counted as it is
                lower, upper = model.fit(X, y).posterior_.interval(LEVEL)
            tallies[kind].seconds += time.perf_counter() - start
            tallies[kind].add(w, lower[: w.size], upper[: w.size], unit)
    return tallies


def _standard_error(X: np.ndarray, w: np.ndarray) -> float:
    """Return the mean standard error of least squares on the features that are in, for noise 1."""
    Z = X[:, w != 0.0]
    Z = Z - Z.mean(axis=0)
    return float(np.sqrt(np.diag(np.linalg.inv(Z.T @ Z))).mean())


def cells(tally: Tally, n_sets: int) -> list[str]:
    """Return the cells of one kind: non-zeros, zeros, milliseconds."""
    found = [_cell(tally.others), _cell(tally.zeros)]
    return [*found, f"{1e3 * tally.seconds / n_sets:.0f} ms"]


def _cell(rows: list[tuple[float, float]]) -> str:
    if not rows:
        return "–"
    inside, length = np.array(rows).T
    error = 100.0 * inside.std() / np.sqrt(inside.size)
    return f"{100.0 * inside.mean():.0f} ± {error:.0f} % ({length.mean():.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=200)
    parser.add_argument("--rst", type=Path, default=None)
    arguments = parser.parse_args()
    lines = [
        ".. csv-table:: 90 % intervals of the lasso: share that contains the truth, with its simulation error, and",
        f"   in brackets the mean length over that of least squares on the true features; {arguments.sets} data sets",
        '   :header: "truth", "posterior", "non-zeros", "zeros", "time"',
        "",
    ]
    for setting in SETTINGS:
        for kind, tally in simulate(setting, arguments.sets).items():
            row = [setting.label, f"``{kind}``", *cells(tally, arguments.sets)]
            lines.append("   " + ",".join(f'"{cell}"' for cell in row))
            print(lines[-1], flush=True)
    if arguments.rst is not None:
        arguments.rst.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
