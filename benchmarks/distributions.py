"""Maximum likelihood of twenty families of scipy.stats: ours against scipy's own two fits, on simulated data.

    python benchmarks/distributions.py                     # all; --families norm,gamma --seeds 2 for a part
    python benchmarks/distributions.py --rst docs/distributions_table.txt

``fit`` is ``scipy.stats.<family>.fit`` (continuous families only), ``stats.fit`` is ``scipy.stats.fit`` with bounds a
factor of 20 around the truth: what a user who knows nothing better may give. A fit has failed if it raises, or gives
the data no finite likelihood, or less than the parameters that they were drawn from, which are never the best. Times
are of this process, medians over all cases of a family.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: one core

import argparse
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from skbayes.density import DistributionEstimator

SIZES = (50, 500, 5000)
# Less than this part of a nat per case is no difference: five digits beyond what a model comparison looks at.
TOLERANCE = 1e-6
# A singular likelihood is what a fit found if a density is so many times what the spread of the data allows.
SINGULAR = 1e5


@dataclass(frozen=True)
class Row:
    """One line of the table: a family, what its data are drawn from, and what is known."""

    name: str
    truth: dict[str, float]
    fixed: dict[str, float] = field(default_factory=dict)

    @property
    def dist(self) -> Any:
        return getattr(stats, self.name)

    @property
    def is_discrete(self) -> bool:
        return isinstance(self.dist, stats.rv_discrete)

    @property
    def label(self) -> str:
        known = {k: v for k, v in self.fixed.items() if not (self.is_discrete and k == "loc")}
        return self.name + "".join(f", {k}={v:g}" for k, v in known.items())


ZERO = {"loc": 0.0}
ROWS = [
    Row("norm", {"loc": 3.0, "scale": 2.0}),
    Row("laplace", {"loc": 3.0, "scale": 2.0}),
    Row("logistic", {"loc": 3.0, "scale": 2.0}),
    Row("gumbel_r", {"loc": 3.0, "scale": 2.0}),
    Row("cauchy", {"loc": 3.0, "scale": 2.0}),
    Row("t", {"df": 4.0, "loc": 3.0, "scale": 2.0}),
    Row("skewnorm", {"a": 3.0, "loc": 3.0, "scale": 2.0}),
    Row("genextreme", {"c": -0.2, "loc": 3.0, "scale": 2.0}),
    Row("expon", {"loc": 1.0, "scale": 2.0}),
    Row("pareto", {"b": 3.0, "loc": 0.0, "scale": 2.0}, ZERO),
    Row("gamma", {"a": 2.5, "loc": 0.0, "scale": 2.0}, ZERO),
    Row("weibull_min", {"c": 1.5, "loc": 0.0, "scale": 2.0}, ZERO),
    Row("lognorm", {"s": 0.7, "loc": 0.0, "scale": 2.0}, ZERO),
    Row("invgauss", {"mu": 1.5, "loc": 0.0, "scale": 2.0}, ZERO),
    Row("beta", {"a": 2.0, "b": 3.5, "loc": 0.0, "scale": 1.0}, {"loc": 0.0, "scale": 1.0}),
    Row("poisson", {"mu": 3.5, "loc": 0}, ZERO),
    Row("geom", {"p": 0.3, "loc": 0}, ZERO),
    Row("nbinom", {"n": 4.0, "p": 0.4, "loc": 0}, ZERO),
    Row("zipf", {"a": 2.5, "loc": 0}, ZERO),
    Row("betabinom", {"n": 12, "a": 2.0, "b": 3.0, "loc": 0}, {"n": 12, "loc": 0.0}),
]
# Beyond the twenty: all parameters free, where the likelihood may have no maximum.
HARD = [
    Row("gamma", {"a": 2.5, "loc": 1.0, "scale": 2.0}),
    Row("weibull_min", {"c": 1.5, "loc": 1.0, "scale": 2.0}),
    Row("weibull_min", {"c": 0.7, "loc": 1.0, "scale": 2.0}),
    Row("lognorm", {"s": 0.7, "loc": 1.0, "scale": 2.0}),
    Row("beta", {"a": 2.0, "b": 3.5, "loc": 1.0, "scale": 2.0}),
    Row("truncnorm", {"a": -1.0, "b": 1.5, "loc": 1.0, "scale": 2.0}),
]


def ours(row: Row, x: Any) -> dict[str, float]:
    model = DistributionEstimator(row.name, fixed=row.fixed or None).fit(x[:, None])
    params: dict[str, float] = model.params_
    return params


def family_fit(row: Row, x: Any) -> dict[str, float]:
    held = {f"f{name}": value for name, value in row.fixed.items()}
    return dict(zip(row.truth, row.dist.fit(x, **held), strict=True))


def stats_fit(row: Row, x: Any) -> dict[str, float]:
    spread = float(np.ptp(x))
    bounds: dict[str, tuple[float, float]] = {}
    for name, value in row.truth.items():
        if name in row.fixed:
            bounds[name] = (row.fixed[name], row.fixed[name])
        elif name == "loc":
            bounds[name] = (float(x.min()) - spread, float(x.max()) + spread)
        elif name == "p":
            bounds[name] = (0.0, 1.0)
        else:
            size = abs(value)
            has_sign = row.dist is stats.skewnorm or value < 0.0
            bounds[name] = (-20.0 * size, 20.0 * size) if has_sign else (size / 20.0, 20.0 * size)
    if row.is_discrete:
        bounds.setdefault("loc", (0, 0))
    found = stats.fit(row.dist, x, bounds, optimizer=seeded)
    return dict(found.params._asdict())


def seeded(function: Any, bounds: Any, **options: Any) -> Any:
    from scipy.optimize import differential_evolution

    return differential_evolution(function, bounds, seed=0, **options)


def log_likelihood(row: Row, x: Any, params: dict[str, float]) -> float:
    density = row.dist.logpmf if row.is_discrete else row.dist.logpdf
    with np.errstate(all="ignore"):
        terms = density(x, *[params[name] for name in row.truth])
    if not row.is_discrete and terms.max() > np.log(SINGULAR / np.std(x)):
        return np.inf
    return float(terms.sum())


@dataclass
class Tally:
    """What became of one way to fit, over the cases of a row."""

    seconds: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    refused: int = 0
    warned: int = 0
    singular: int = 0
    failed: int = 0

    def run(
        self, fit: Callable[[Row, Any], dict[str, float]], row: Row, x: Any, at_truth: float
    ) -> None:
        begin = time.process_time()
        value = np.nan
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                params = fit(row, x)
            except Exception:
                self.refused += 1
            else:
                value = log_likelihood(row, x, params)
        self.seconds.append(time.process_time() - begin)
        self.warned += any(note.category.__name__ == "ConvergenceWarning" for note in caught)
        self.singular += value == np.inf
        self.failed += not np.isnan(value) and not value >= at_truth - TOLERANCE
        self.values.append(value if np.isfinite(value) else np.nan)


def measure(row: Row, n_seeds: int) -> dict[str, Tally]:
    ways: dict[str, Any] = {"ours": ours, "fit": family_fit, "stats.fit": stats_fit}
    if row.is_discrete:
        del ways["fit"]
    tallies = {way: Tally() for way in ways}
    for size in SIZES:
        for seed in range(n_seeds):
            rng = np.random.default_rng([seed, size])
            x = row.dist.rvs(**row.truth, size=size, random_state=rng).astype(float)
            at_truth = log_likelihood(row, x, row.truth)
            for way, fit in ways.items():
                tallies[way].run(fit, row, x, at_truth)
    return tallies


def cells(row: Row, tallies: dict[str, Tally]) -> list[str]:
    """Return the entries of one line."""
    own = tallies["ours"]
    out = [row.label, str(len(own.values)), trouble(own)]
    for way in ("fit", "stats.fit"):
        other = tallies.get(way)
        if other is None:
            out += ["", "", "", ""]
            continue
        ahead = np.array(own.values) - np.array(other.values)
        least = np.nanmin(ahead) if np.isfinite(ahead).any() else np.nan
        above = int(np.nansum(ahead > 0.01))
        ratio = np.median(other.seconds) / np.median(own.seconds)
        shown = "0" if abs(least) < TOLERANCE else f"{least:+.2g}" if np.isfinite(least) else "–"
        out += [shown, str(above), trouble(other), f"{ratio:.1f}"]
    return [*out, f"{1000 * np.median(own.seconds):.1f}"]


def trouble(tally: Tally) -> str:
    """Return what went wrong, said and unsaid."""
    parts = [
        (tally.refused, "raised"),
        (tally.warned, "warned"),
        (tally.singular, "singular"),
        (tally.failed, "below the truth"),
    ]
    return "; ".join(f"{count} {what}" for count, what in parts if count) or "0"


HEADER = [
    "family",
    "cases",
    "failures",
    "least gain over ``fit``",
    "gain > 0.01",
    "failures of ``fit``",
    "time of ``fit`` / ours",
    "least gain over ``stats.fit``",
    "gain > 0.01",
    "failures of ``stats.fit``",
    "time of ``stats.fit`` / ours",
    "ours, ms",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rst", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--families", default="")
    options = parser.parse_args()
    chosen = [name for name in options.families.split(",") if name]
    lines = []
    for row in ROWS + HARD:
        if chosen and row.name not in chosen:
            continue
        line = cells(row, measure(row, options.seeds))
        print(" | ".join(line), flush=True)
        lines.append(line)
    if options.rst is not None:
        quoted = [", ".join(f'"{cell}"' for cell in line) for line in [HEADER, *lines]]
        head = f".. csv-table::\n   :header: {quoted[0]}\n\n"
        options.rst.write_text(
            head + "\n".join("   " + line for line in quoted[1:]) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
