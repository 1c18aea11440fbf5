"""How a model should use scores from part of the resource: five ways, replayed on tables of scores.

    python benchmarks/fidelities.py tables --out fidelities
    python benchmarks/fidelities.py run fidelities --seeds 40
    python benchmarks/fidelities.py function --seeds 16

The first command scores 160 to 250 candidates of three tasks on each of four rungs, in some ten
minutes of processor time. The second lets a halving search with 50 candidates choose among them,
each proposed by a Gaussian process (8 at random first) that sees

- "highest rung": the scores of the highest rung with more of them than there are dimensions;
- "last score": of each candidate the score from its highest rung, as it is;
- "one scale": the same, with what is missing to the last rung added: the mean rise of the candidates
  near by in score that were scored on both rungs, and its variance told as noise;
- "a dimension": all scores, with the logarithm of the resource as a further dimension;
- nothing, the candidates being drawn at random.

The loss is the best score in the table on the last rung minus the best that the search got there.

The third command shows what the model gains over random candidates in six dimensions: Hartmann's
function, on three rungs; on the two lower ones with wrong weights and noise.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: the matrices are small
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from functions import HARTMANN6_CENTRES, HARTMANN6_WEIGHTS, HARTMANN6_WIDTHS
from numpy.typing import NDArray
from scipy.stats import qmc
from sklearn import datasets
from sklearn.base import clone, is_classifier
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.svm import SVC

from skbayes.acquisition import ACQUISITIONS
from skbayes.model_selection._halving_rungs import HalvingScheduler
from skbayes.optimizer import MultiFidelityOptimizer
from skbayes.space import as_space
from skbayes.surrogates import GaussianProcess

Floats = NDArray[np.float64]
LOG = "log-uniform"
N_STARTED, N_AT_RANDOM, N_POINTS, FACTOR = 50, 8, 2, 3
BOOSTING = {
    "learning_rate": (0.01, 1.0, LOG),
    "max_leaf_nodes": (3, 60, LOG),
    "min_samples_leaf": (2, 100, LOG),
    "l2_regularization": (1e-3, 1e2, LOG),
}


def classes() -> tuple[Any, Any]:
    """Three classes, 20 features of which 8 tell."""
    return datasets.make_classification(
        4500, 20, n_informative=8, n_redundant=4, n_classes=3, flip_y=0.05, class_sep=0.8, random_state=0
    )  # fmt: skip


# name: data, estimator, space, resource, rungs, candidates
TASKS: dict[str, tuple[Callable[[], Any], Any, dict[str, Any], str, list[int], int]] = {
    "SVC, rows": (
        lambda: datasets.load_digits(return_X_y=True),
        SVC(),
        {"C": (1e-2, 1e4, LOG), "gamma": (1e-6, 1e-1, LOG)},
        "n_samples",
        [66, 199, 599, 1797],
        250,
    ),
    "boosting, rows": (
        classes,
        HistGradientBoostingClassifier(max_iter=30, early_stopping=False, random_state=0),
        BOOSTING,
        "n_samples",
        [166, 500, 1500, 4500],
        200,
    ),
    "boosting, iterations": (
        lambda: datasets.make_friedman1(1200, 10, noise=1.0, random_state=0),
        HistGradientBoostingRegressor(early_stopping=False, random_state=0),
        {**BOOSTING, "learning_rate": (0.005, 1.0, LOG)},
        "max_iter",
        [5, 15, 45, 135],
        160,
    ),
}


def tables(options: argparse.Namespace) -> None:
    """Score all candidates of all tasks on all rungs."""
    Path(options.out).mkdir(exist_ok=True)
    for label, (load, estimator, spec, resource, rungs, n) in TASKS.items():
        X, y = load()
        space = as_space(spec)
        U = qmc.Sobol(space.n_dims, seed=1).random(256)[:n]
        rng = np.random.default_rng(0)
        kind = StratifiedKFold if is_classifier(estimator) else KFold
        splitter = kind(3, shuffle=True, random_state=0)
        folds = [(rng.permutation(a), rng.permutation(b)) for a, b in splitter.split(X, y)]
        scores = np.zeros((n, len(rungs)))
        for i, u in enumerate(U):
            for k, r in enumerate(rungs):
                share = r / len(X) if resource == "n_samples" else 1.0
                more = {} if resource == "n_samples" else {resource: r}
                model = clone(estimator).set_params(**space.decode(u), **more)
                cut = [[rows[: int(share * len(rows))] for rows in fold] for fold in folds]
                fold_scores = [model.fit(X[a], y[a]).score(X[b], y[b]) for a, b in cut]
                scores[i, k] = np.mean(fold_scores)
        np.savez(Path(options.out) / f"{label}.npz", U=U, S=scores, rungs=rungs)


def as_told(U: Floats, S: Floats, rungs: Floats) -> tuple[Floats, Floats, None]:
    """The score from the highest rung of each candidate."""
    return U, np.array([row[np.isfinite(row)][-1] for row in S]), None


def highest(U: Floats, S: Floats, rungs: Floats) -> tuple[Floats, Floats, None]:
    """The highest rung with more scores than dimensions, or the lowest."""
    enough = np.flatnonzero(np.isfinite(S).sum(axis=0) > U.shape[1])
    k = enough[-1] if len(enough) else 0
    there = np.isfinite(S[:, k])
    return U[there], S[there, k], None


def one_scale(U: Floats, S: Floats, rungs: Floats) -> tuple[Floats, Floats, Floats]:
    """Scores with the rises that are missing added, rung by rung, and their variances."""
    scores, noise = S[:, 0].copy(), np.zeros(len(S))
    for k in range(1, S.shape[1]):
        both, left = np.isfinite(S[:, k]), np.isnan(S[:, k])
        below, rise = S[both, k - 1], (S[:, k] - S[:, k - 1])[both]
        if both.any() and left.any():
            # The nearest third by rank, at least eight, with tricube weights.
            order = np.sort(below)
            places = [
                np.searchsorted(order, x) + np.searchsorted(order, x, "right")
                for x in (scores[left], below)
            ]
            distance = 0.5 * np.abs(places[0][:, None] - places[1])
            nearest = min(len(below), max(8, -(-len(below) // 3)))
            width = np.sort(distance, axis=1)[:, nearest - 1 : nearest] + 1.0
            w = np.maximum(1.0 - (distance / width) ** 3, 0.0) ** 3
            w /= w.sum(axis=1, keepdims=True)
            mean = w @ rise
            free = 1.0 - (w**2).sum(axis=1)
            squares = (w * (rise - mean[:, None]) ** 2).sum(axis=1)
            scores[left] += mean
            noise[left] += np.where(free > 1e-9, squares / np.maximum(free, 1e-9), 0.0) * (
                2.0 - free
            )
        scores[both], noise[both] = S[both, k], 0.0
    return U, scores, noise


def a_dimension(U: Floats, S: Floats, rungs: Floats) -> tuple[Floats, Floats, None]:
    """All scores, the place of the rung as last column."""
    i, k = np.nonzero(np.isfinite(S))
    place = np.log(rungs / rungs[0]) / np.log(rungs[-1] / rungs[0])
    return np.column_stack([U[i], place[k]]), S[i, k], None


WAYS: dict[str, Any] = {
    "highest rung": highest,
    "last score": as_told,
    "one scale": one_scale,
    "a dimension": a_dimension,
    "at random": None,
}


def search(table: dict[str, Floats], way: Any, seed: int) -> float:
    """Run one halving search on a table, and return its loss."""
    U, S, rungs = table["U"], table["S"], table["rungs"].astype(float)
    order = list(np.random.default_rng(seed).permutation(len(U)))
    scheduler = HalvingScheduler(len(rungs), N_STARTED, FACTOR)
    model = GaussianProcess(random_state=0)
    chosen: list[int] = []
    seen = np.full((N_STARTED, len(rungs)), np.nan)
    while jobs := scheduler.next(N_POINTS):
        n_new = sum(job.rung == 0 for job in jobs)
        free = [i for i in order if i not in chosen]
        if way is None or len(chosen) < N_AT_RANDOM:
            chosen += free[:n_new]
        elif n_new:
            chosen += propose(model, way, U, seen[: len(chosen)], rungs, chosen, free, n_new)
        for job in jobs:
            score = S[chosen[job.candidate], job.rung]
            seen[job.candidate, job.rung] = score
            scheduler.record(job, score)
    return float(S[:, -1].max() - np.nanmax(seen[:, -1]))


def propose(
    model: GaussianProcess, way: Any, U: Floats, seen: Floats, rungs: Floats, chosen: list[int],
    free: list[int], n: int,
) -> list[int]:  # fmt: skip
    """The free candidates with the largest expected improvement, one given the other."""
    points, scores, noise = way(U[chosen], seen, rungs)
    is_flat = noise is None or not noise.any()
    posterior_model: Any = model.fit(points, scores, noise_variance=None if is_flat else noise)
    # Asked at the whole resource.
    rows = np.column_stack([U, np.ones(len(U))]) if points.shape[1] > U.shape[1] else U
    known = rows[chosen] if points.shape[1] > U.shape[1] else points
    picked: list[int] = []
    for _ in range(n):
        posterior = posterior_model.posterior(rows[free])
        incumbent = posterior_model.posterior(known).mean.max()
        values = ACQUISITIONS["log_ei"]().value(posterior.mean, posterior.std, incumbent)
        picked.append(free[int(np.argmax(values))])
        free = [i for i in free if i not in picked]
        fantasy = rows[picked[-1:]]
        posterior_model = posterior_model.condition(
            fantasy, posterior_model.posterior(fantasy).mean
        )
        known = np.vstack([known, fantasy])
    return picked


def run(options: argparse.Namespace) -> None:
    """Print the losses."""
    print("| task |" + "".join(f" {name} |" for name in WAYS))
    print("| --- |" + " --- |" * len(WAYS))
    for label in options.tasks:
        table = dict(np.load(Path(options.folder) / f"{label}.npz"))
        cells = []
        for way in WAYS.values():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)
                losses = np.array([search(table, way, seed) for seed in range(options.seeds)])
            error = losses.std(ddof=1) / np.sqrt(len(losses))
            cells.append(f" {losses.mean():.4f} ({error:.4f}) |")
        print(f"| {label} |" + "".join(cells), flush=True)


# Of Hartmann's function of six variables.
MAXIMUM = 3.32237


def hartmann(x: Floats, n_below: int = 0) -> float:
    """The function, its weights the wronger the more rungs below the last one."""
    weights = HARTMANN6_WEIGHTS + 0.3 * n_below * np.array([-1.0, 1.0, -1.0, 1.0])
    return float(weights @ np.exp(-(HARTMANN6_WIDTHS * (x - HARTMANN6_CENTRES) ** 2).sum(axis=1)))


def climb(has_model: bool, n_started: int, seed: int, n_rungs: int = 3) -> float:
    """Search the function, and return how far the best value on the last rung is below the maximum."""
    rng = np.random.default_rng(seed)
    names = [f"x{i}" for i in range(6)]
    optimizer = MultiFidelityOptimizer(
        dict.fromkeys(names, (0.0, 1.0)), n_rungs=n_rungs, random_state=seed
    )
    scheduler = HalvingScheduler(n_rungs, n_started, FACTOR)
    points: list[dict[str, float]] = []
    best = -np.inf
    while jobs := scheduler.next(1):
        [job] = jobs
        if job.rung == 0:
            points.append(
                optimizer.ask() if has_model else dict(zip(names, rng.random(6), strict=True))
            )
        point, n_below = points[job.candidate], n_rungs - 1 - job.rung
        score = hartmann(np.array(list(point.values())), n_below) + 0.1 * n_below * rng.normal()
        scheduler.record(job, score)
        optimizer.tell(point, score, rung=job.rung)
        best = max(best, score) if n_below == 0 else best
    return MAXIMUM - best


def function(options: argparse.Namespace) -> None:
    """Print the losses on the function."""
    print("| candidates | by the model | at random |\n| ---: | --- | --- |")
    for n in (27, 81):
        cells = []
        for has_model in (True, False):
            losses = np.array([climb(has_model, n, seed) for seed in range(options.seeds)])
            cells.append(f"{losses.mean():.2f} ({losses.std(ddof=1) / np.sqrt(len(losses)):.2f})")
        print(f"| {n} | {cells[0]} | {cells[1]} |", flush=True)


def main() -> None:
    """Make tables, or run on them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(required=True)
    makes = commands.add_parser("tables")
    makes.add_argument("--out", default="fidelities")
    makes.set_defaults(call=tables)
    runs = commands.add_parser("run")
    runs.add_argument("folder")
    runs.add_argument("--seeds", type=int, default=40, help="how many")
    runs.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    runs.set_defaults(call=run)
    functions = commands.add_parser("function")
    functions.add_argument("--seeds", type=int, default=16, help="how many")
    functions.set_defaults(call=function)
    options = parser.parse_args()
    options.call(options)


if __name__ == "__main__":
    main()
