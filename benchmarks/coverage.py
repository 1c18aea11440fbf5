"""How often intervals contain the truth, over thousands of simulated data sets.

    python benchmarks/coverage.py            # a table; --rst docs/coverage_table.txt writes it

Each data set has four features of its own, and five more rows to be predicted. Where the truth is drawn from the prior,
the intervals of the exact posterior would contain it as often as they say; what is missing is what the approximation
costs. Where it is fixed, the prior's error comes on top. Each cell: the shares in percent that intervals of 50 %, 90 %
and 99 % contain; an arrow where a share is below its level by more than three simulation errors. The simulation error
takes the data sets as independent, not the numbers within one.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: one core
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit
from scipy.stats import norm, t

from skbayes.likelihoods import Gaussian, NegativeBinomial, StudentT
from skbayes.linear_model import MAPRegressor
from skbayes.priors import Normal

__all__ = ["LEVELS", "Setting", "coverage", "settings"]

LEVELS = (0.5, 0.9, 0.99)
P, NEW_ROWS = 4, 5
DISPERSION, DF = 0.5, 4.0
FIXED = np.array([1.0, -0.6, 0.3, 0.0, 0.5])  # coefficients, intercept

Draw = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def gaussian(eta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return eta + rng.standard_normal(eta.size)


def bernoulli(eta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (rng.random(eta.size) < expit(eta)).astype(float)


def poisson(eta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return rng.poisson(np.exp(eta)).astype(float)


def negative_binomial(eta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    frailty = rng.gamma(1.0 / DISPERSION, DISPERSION, size=eta.size)
    return rng.poisson(np.exp(eta) * frailty).astype(float)


def student_t(eta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return eta + rng.standard_t(DF, size=eta.size)


@dataclass(frozen=True)
class Setting:
    """What is simulated and how it is fitted.

    Attributes
    ----------
    label : str
        Of the row of the table.
    draw : callable
        Observations of linear predictors.
    likelihood : Likelihood or str
        Of the model.
    n : int
        Rows.
    scale : float or None
        Of the normal priors of the coefficients and of the intercept; None: flat.
    truth : ndarray of shape (5,) or None
        Coefficients and intercept; None: drawn from the prior.
    """

    label: str
    draw: Draw
    likelihood: Any
    n: int
    scale: float | None
    truth: np.ndarray | None

    def model(self) -> MAPRegressor:
        """Return the estimator, not yet fitted."""
        if self.scale is None:
            return MAPRegressor(self.likelihood, "flat")
        prior = Normal(scale=self.scale)
        return MAPRegressor(self.likelihood, prior, intercept_prior=Normal(scale=self.scale))


def settings() -> Iterator[Setting]:
    """Yield the rows of the table."""
    known, unknown = Gaussian(scale=1.0), Gaussian()
    for n in (12, 100):
        yield Setting("gaussian, noise known", gaussian, known, n, 1.0, None)
    for n in (12, 100):
        yield Setting("gaussian, noise estimated, flat prior", gaussian, unknown, n, None, FIXED)
    for n in (12, 100):
        yield Setting("gaussian, noise estimated", gaussian, unknown, n, 1.0, None)
    for label, draw, likelihood, scale, sizes in (
        ("bernoulli", bernoulli, "bernoulli", 1.0, (25, 250)),
        ("Poisson", poisson, "poisson", 0.7, (25, 250)),
        ("negative binomial", negative_binomial, NegativeBinomial(), 0.7, (25, 250)),
        ("Student-t", student_t, StudentT(df=DF), 1.0, (25, 250)),
    ):
        for n in sizes:
            yield Setting(label, draw, likelihood, n, scale, None)
    for label, draw, likelihood, sizes in (
        ("gaussian, noise estimated", gaussian, unknown, (12, 100)),
        ("bernoulli", bernoulli, "bernoulli", (25, 250)),
        ("Poisson", poisson, "poisson", (25, 250)),
        ("negative binomial", negative_binomial, NegativeBinomial(), (25, 250)),
        ("Student-t", student_t, StudentT(df=DF), (25, 250)),
    ):
        for n in sizes:
            yield Setting(label, draw, likelihood, n, 0.5, FIXED)


@dataclass(frozen=True)
class Coverage:
    """Shares of intervals with the truth in them; rows are `LEVELS`.

    Attributes
    ----------
    coefficients, intercept, predictor, observation : ndarray of shape (n_data_sets, 3)
        Shares in each data set, of the coefficients, the intercept, the linear predictors of new rows and the
        observations there.
    n_failed : int
        Data sets without a posterior, left out of these.
    """

    coefficients: np.ndarray
    intercept: np.ndarray
    predictor: np.ndarray
    observation: np.ndarray
    n_failed: int

    @property
    def parts(self) -> tuple[np.ndarray, ...]:
        """Return the four arrays."""
        return self.coefficients, self.intercept, self.predictor, self.observation


def coverage(setting: Setting, n_data_sets: int, seed: int = 0) -> Coverage:
    """Simulate data sets and return in which of them intervals contain the truth."""
    shares: list[list[list[float]]] = []
    n_failed = 0
    for child in np.random.SeedSequence(seed).spawn(n_data_sets):
        rng = np.random.default_rng(child)
        truth = setting.truth
        if truth is None:
            truth = setting.scale * rng.standard_normal(P + 1)
        X = rng.standard_normal((setting.n + NEW_ROWS, P))
        eta = X @ truth[:P] + truth[P]
        y = setting.draw(eta, rng)
        old, new = slice(setting.n), slice(setting.n, None)
        try:
            model = setting.model().fit(X[old], y[old])
            shares.append(_shares(model, truth, X[new], eta[new], y[new]))
        except (np.linalg.LinAlgError, FloatingPointError):
            n_failed += 1
    parts = np.array(shares).transpose(1, 0, 2)
    return Coverage(*parts, n_failed)


def _shares(
    model: Any, truth: np.ndarray, X: np.ndarray, eta: np.ndarray, y: np.ndarray
) -> list[list[float]]:
    """Return the shares (4, 3) of one data set."""
    posterior = model.posterior_
    A = np.column_stack([X, np.ones(len(X))])
    centre, std = A @ posterior.mean, np.sqrt(posterior.variance_along(A))
    shares: list[list[float]] = [[], [], [], []]
    for level in LEVELS:
        inside = _within(posterior.interval(level), truth)
        shares[0].append(float(inside[:P].mean()))
        shares[1].append(float(inside[P]))
        tail = 0.5 * (1.0 + level)
        width = norm.ppf(tail) if posterior.dof is None else t.ppf(tail, posterior.dof)
        shares[2].append(float(np.mean(np.abs(eta - centre) <= width * std)))
        shares[3].append(float(_within(model.predict_interval(X, level), y).mean()))
    return shares


def _within(interval: tuple[np.ndarray, np.ndarray], value: np.ndarray) -> np.ndarray:
    lower, upper = interval
    return (lower <= value) & (value <= upper)


def cells(found: Coverage) -> list[str]:
    """Return the cells of a row: four triples, and the largest simulation errors."""
    texts, errors = [], []
    for shares in found.parts:
        mean = 100.0 * shares.mean(axis=0)
        error = 100.0 * shares.std(axis=0) / np.sqrt(len(shares))
        errors.append(error)
        short = mean < 100.0 * np.array(LEVELS) - 3.0 * error
        marks = [f"{m:.1f}{'↓' if s else ''}" for m, s in zip(mean, short, strict=True)]
        texts.append(" / ".join(marks))
    return [*texts, " / ".join(f"{e:.1f}" for e in np.max(errors, axis=0))]


HEADER = [
    "likelihood",
    "truth",
    "rows",
    "coefficients",
    "intercept",
    "linear predictor",
    "new observation",
    "simulation error, at most",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rst", type=Path)
    parser.add_argument("--data-sets", type=int, default=2000)
    options = parser.parse_args()
    rows = []
    for k, setting in enumerate(settings()):
        begin = time.process_time()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = coverage(setting, options.data_sets, seed=k)
        truth = "from the prior" if setting.truth is None else "fixed"
        rows.append([setting.label, truth, str(setting.n), *cells(found)])
        messages = {str(warning.message).split(":")[0][:60] for warning in caught}
        seconds = time.process_time() - begin
        print(", ".join(rows[-1]), f"[{seconds:.0f} s, {found.n_failed} failed]", flush=True)
        if caught:
            print(f"   {len(caught)} warnings: {messages}", flush=True)
    if options.rst is not None:
        quoted = [", ".join(f'"{cell}"' for cell in row) for row in (HEADER, *rows)]
        head = f".. csv-table::\n   :header: {quoted[0]}\n\n"
        body = "\n".join("   " + line for line in quoted[1:])
        options.rst.write_text(head + body + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
