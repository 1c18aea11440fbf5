"""How good is the front after 60 evaluations? skbayes, Optuna's samplers and random search.

    python benchmarks/multi_objective.py tabulate --table forest.json
    python benchmarks/multi_objective.py run --peers skbayes random --table forest.json --out runs.jsonl
    python benchmarks/multi_objective.py report runs.jsonl --table forest.json --rst docs/several_metrics_table.txt

`run` appends to a file and leaves out what it holds; peers of another environment (optuna, with torch for its
Gaussian process) are run there and write a file of the same form. `report` takes one or several files.

The problems, all with six parameters in [0, 1], whose fronts are known: ZDT1 and ZDT2 (Zitzler, Deb, Thiele 2000)
with two objectives, DTLZ2 (Deb, Thiele, Laumanns, Zitzler 2005) with three. The best values of five parameters are at
0 in the former and of four at 1/2 in the latter; zdt1_inside is ZDT1 with them at 0.3, and with kinks there. The
defaults of skbayes were chosen with a look at four seeds of the others, and not at this one.

And a live task, a random forest of which accuracy is to be high and the time of a prediction low: `tabulate`
measures all 960 forests of a grid once, accuracies by three folds, times as the least of seven, and the search is
among them: positions on the grid are the parameters, and all peers meet the same numbers. The objective is the
logarithm of the time.

A hypervolume is that of all points evaluated so far, over that of the true front, and so at most 1. The reference is
a tenth of the true front's width beyond its worst value in each objective. Intervals are 95 % of the t distribution
over the seeds, of a difference over the paired seeds.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: the matrices are small
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import time
import warnings
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

N_EVALUATIONS = 60
N_DIMS = 6
COUNTS = (20, 40, 60)

# The grid of the live task: name and values, in their order.
GRID: dict[str, list[Any]] = {
    "n_estimators": [1, 2, 4, 8, 16, 32, 64, 128],
    "max_depth": [2, 4, 6, 8, 12, 16],
    "min_samples_leaf": [1, 2, 4, 8, 16],
    "max_features": [0.1, 0.25, 0.5, 1.0],
}
N_TIMED = 7


class Problem:
    """Objectives to minimise over a box, or over positions on a grid, and a true front.

    Parameters
    ----------
    evaluate : callable
        Takes the parameters as a list, returns the objectives.
    ranges : list of tuple
        Low and high of each; integers if both are.
    front : ndarray of shape (n_points, n_objectives)
        Points of the true front, many enough for its hypervolume.
    """

    def __init__(
        self, evaluate: Callable[[list[Any]], list[float]], ranges: list[Any], front: np.ndarray
    ) -> None:
        self.evaluate, self.ranges, self.front = evaluate, ranges, front
        width = np.ptp(front, axis=0)
        self.reference = front.max(axis=0) + 0.1 * width
        self.n_objectives = front.shape[1]
        self.most = self.volume(front)

    def volume(self, values: np.ndarray) -> float:
        """Hypervolume of what these objectives dominate."""
        from skbayes.optimizer import hypervolume

        return hypervolume(-np.asarray(values), -self.reference)


def zdt(shape: Callable[[float, float], float], best: float = 0.0) -> Problem:
    """A front of f1 = x1 and f2 = g h(f1, g), where g = 1 + 9 mean(|x2 - best|, ...) is best at 1."""

    def evaluate(x: list[float]) -> list[float]:
        g = 1.0 + 9.0 * float(np.mean(np.abs(np.array(x[1:]) - best)))
        return [float(x[0]), g * shape(float(x[0]), g)]

    front = np.array([[f, shape(f, 1.0)] for f in np.linspace(0.0, 1.0, 2001)])
    return Problem(evaluate, [(0.0, 1.0)] * N_DIMS, front)


def dtlz2() -> Problem:
    """A front that is an eighth of a sphere."""

    def evaluate(x: list[float]) -> list[float]:
        u, v = np.array(x[:2]) * np.pi / 2
        r = 1.0 + float(((np.array(x[2:]) - 0.5) ** 2).sum())
        return [r * np.cos(u) * np.cos(v), r * np.cos(u) * np.sin(v), r * np.sin(u)]

    angles = np.linspace(0.0, np.pi / 2, 41)
    front = np.array(
        [[np.cos(u) * np.cos(v), np.cos(u) * np.sin(v), np.sin(u)] for u in angles for v in angles]
    )
    problem = Problem(evaluate, [(0.0, 1.0)] * N_DIMS, front)
    # The points above leave gaps: of the box below the reference the sphere's eighth is not dominated.
    problem.most = 1.1**3 - np.pi / 6
    return problem


def forest(table: dict[str, Any]) -> Problem:
    """Error and log10 seconds of a forest, from a table of all of them."""
    values = {
        tuple(row["position"]): (1.0 - row["accuracy"], np.log10(row["seconds"]))
        for row in table["rows"]
    }
    ranges = [(0, len(choices) - 1) for choices in GRID.values()]
    all_values = np.array(list(values.values()))
    order = all_values[np.lexsort((all_values[:, 1], all_values[:, 0]))]
    front = order[order[:, 1] <= np.minimum.accumulate(order[:, 1])]
    return Problem(lambda x: [float(v) for v in values[tuple(int(k) for k in x)]], ranges, front)


def problems(table: str | None) -> dict[str, Callable[[], Problem]]:
    """All problems; the live one if there is a table."""
    found: dict[str, Callable[[], Problem]] = {
        "zdt1": lambda: zdt(lambda f, g: 1.0 - np.sqrt(f / g)),
        "zdt2": lambda: zdt(lambda f, g: 1.0 - (f / g) ** 2),
        "zdt1_inside": lambda: zdt(lambda f, g: 1.0 - np.sqrt(f / g), best=0.3),
        "dtlz2": dtlz2,
    }
    if table is not None:
        found["forest"] = lambda: forest(json.loads(Path(table).read_text()))
    return found


def tabulate(options: argparse.Namespace) -> None:
    """Measure all forests of the grid."""
    from sklearn.datasets import make_classification
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import StratifiedKFold

    X, y = make_classification(
        1200,
        15,
        n_informative=8,
        n_clusters_per_class=3,
        flip_y=0.05,
        class_sep=0.8,
        random_state=0,
    )
    folds = list(StratifiedKFold(3, shuffle=True, random_state=0).split(X, y))
    rows = []
    positions = list(product(*(range(len(choices)) for choices in GRID.values())))
    # In random order, so that a slow minute of the machine does not fall on neighbours.
    for k in np.random.default_rng(0).permutation(len(positions)):
        params = {
            name: choices[i] for (name, choices), i in zip(GRID.items(), positions[k], strict=True)
        }
        scores, seconds = [], []
        for train, test in folds:
            model = RandomForestClassifier(**params, random_state=0).fit(X[train], y[train])
            scores.append(float((model.predict(X[test]) == y[test]).mean()))
            times = []
            for _ in range(N_TIMED):
                start = time.perf_counter()
                model.predict(X[test])
                times.append(time.perf_counter() - start)
            seconds.append(min(times))
        rows.append(
            {
                "position": list(positions[k]),
                "accuracy": float(np.mean(scores)),
                "seconds": float(np.mean(seconds)),
            }
        )
    Path(options.table).write_text(json.dumps({"grid": GRID, "rows": rows}))


def search_skbayes(problem: Problem, seed: int, options: dict[str, Any]) -> list[list[float]]:
    """Expected hypervolume improvement by skbayes."""
    from skbayes.optimizer import MultiObjectiveOptimizer

    names = [f"f{j}" for j in range(problem.n_objectives)]
    space = {f"x{k}": limits for k, limits in enumerate(problem.ranges)}
    optimizer = MultiObjectiveOptimizer(
        space, [f"-{name}" for name in names], random_state=seed, **options
    )
    values = []
    for _ in range(N_EVALUATIONS):
        params = optimizer.ask()
        values.append(problem.evaluate([params[name] for name in space]))
        optimizer.tell(params, values[-1])
    return values


def search_random(problem: Problem, seed: int, options: dict[str, Any]) -> list[list[float]]:
    """Random search without repetition of a point of the grid."""
    rng = np.random.default_rng(seed)
    values, seen = [], set()
    while len(values) < N_EVALUATIONS:
        x = [
            int(rng.integers(low, high + 1))
            if isinstance(high, int)
            else float(rng.uniform(low, high))
            for low, high in problem.ranges
        ]
        if tuple(x) not in seen:
            seen.add(tuple(x))
            values.append(problem.evaluate(x))
    return values


def search_optuna(sampler: str) -> Callable[[Problem, int, dict[str, Any]], list[list[float]]]:
    """One of Optuna's samplers with its defaults."""

    def search(problem: Problem, seed: int, options: dict[str, Any]) -> list[list[float]]:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        study = optuna.create_study(
            directions=["minimize"] * problem.n_objectives,
            sampler=getattr(optuna.samplers, sampler)(seed=seed, **options),
        )
        values = []
        for _ in range(N_EVALUATIONS):
            trial = study.ask()
            x = [
                trial.suggest_int(f"x{k}", low, high)
                if isinstance(high, int)
                else trial.suggest_float(f"x{k}", low, high)
                for k, (low, high) in enumerate(problem.ranges)
            ]
            values.append(problem.evaluate(x))
            study.tell(trial, values[-1])
        return values

    return search


PEERS: dict[str, Callable[[Problem, int, dict[str, Any]], list[list[float]]]] = {
    "skbayes": search_skbayes,
    "optuna_gp": search_optuna("GPSampler"),
    "optuna_nsga2": search_optuna("NSGAIISampler"),
    "random": search_random,
}


def run(options: argparse.Namespace) -> None:
    """Run what the file does not hold yet, and append it."""
    path = Path(options.out)
    lines = path.read_text().splitlines() if path.exists() else []
    done = {(r["problem"], r["peer"], r["seed"]) for r in map(json.loads, lines)}
    with path.open("a") as file:
        for seed in options.seeds:
            for name in options.problems or problems(options.table):
                problem = problems(options.table)[name]()
                for peer in options.peers:
                    label = options.label or peer
                    if (name, label, seed) in done:
                        continue
                    start = time.perf_counter()
                    values = PEERS[peer](problem, seed, json.loads(options.options))
                    seconds = time.perf_counter() - start
                    record = {
                        "problem": name,
                        "peer": label,
                        "seed": seed,
                        "seconds": seconds,
                        "values": values,
                    }
                    file.write(json.dumps(record) + "\n")
                    file.flush()


def with_interval(values: np.ndarray, form: str = ".3f") -> str:
    """Mean and 95 % interval of the t distribution."""
    from scipy.stats import t

    if len(values) < 2:
        return f"{values.mean():{form}}"
    half = t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return f"{values.mean():{form}} ± {half:.3f}"


def report(options: argparse.Namespace) -> None:
    """Print the table, or write it as a page of the documentation includes it."""
    lines = [line for path in options.files for line in Path(path).read_text().splitlines()]
    records = [json.loads(line) for line in lines]
    peers = list(dict.fromkeys(r["peer"] for r in records))
    peers.sort(key=lambda peer: list(PEERS).index(peer) if peer in PEERS else len(PEERS))
    base = options.base if options.base in peers else peers[0]
    rows = [
        ["Problem", "Search", *(f"after {n}" for n in COUNTS), f"{base} − it", "Won", "Seconds"]
    ]
    for name, make in problems(options.table).items():
        mine = [r for r in records if r["problem"] == name]
        rows += rows_of(name, make(), mine, peers, base)
    if options.rst is None:
        for k, row in enumerate(rows):
            print("| " + " | ".join(row) + " |" + ("\n" + "| --- " * len(row) + "|") * (not k))
        return
    text = ".. list-table::\n   :header-rows: 1\n\n"
    for row in rows:
        text += "".join(
            f"   {'-' if k else '* -'} {cell}\n".replace("   - ", "     - ")
            for k, cell in enumerate(row)
        )
    text = "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
    Path(options.rst).write_text(text, encoding="utf-8")


def rows_of(
    name: str, problem: Problem, records: list[dict[str, Any]], peers: list[str], base: str
) -> list[list[str]]:
    """A row of the table for each peer on a problem."""
    found: dict[str, dict[int, list[float]]] = {}
    seconds: dict[str, list[float]] = {}
    for r in records:
        volumes = [problem.volume(np.array(r["values"][:n])) / problem.most for n in COUNTS]
        found.setdefault(r["peer"], {})[r["seed"]] = volumes
        seconds.setdefault(r["peer"], []).append(r["seconds"])
    rows = []
    for peer in (peer for peer in peers if peer in found):
        columns = np.array(list(found[peer].values())).T
        seeds = [seed for seed in found[peer] if seed in found.get(base, {})]
        gain = np.array([found[base][s][-1] - found[peer][s][-1] for s in seeds])
        row = [name, peer, *map(with_interval, columns)]
        row += (
            ["", ""]
            if peer == base
            else [with_interval(gain, "+.3f"), f"{(gain > 0).sum()} of {len(gain)}"]
        )
        rows.append([*row, f"{np.mean(seconds[peer]):.1f}"])
    return rows


def main() -> None:
    """Tabulate, run, or report."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(required=True)
    maker = commands.add_parser("tabulate")
    maker.add_argument("--table", default="forest.json")
    maker.set_defaults(call=tabulate)
    runner = commands.add_parser("run")
    runner.add_argument("--peers", nargs="+", choices=PEERS, default=["skbayes", "random"])
    runner.add_argument(
        "--problems", nargs="+", default=None, help="all, the live one with a --table"
    )
    runner.add_argument("--seeds", nargs="+", type=int, default=list(range(10)))
    runner.add_argument(
        "--options", default="{}", help="JSON: arguments of the optimizer or sampler"
    )
    runner.add_argument("--label", default=None, help="what to call a variant")
    runner.add_argument("--table", default=None)
    runner.add_argument("--out", default="multi_objective.jsonl")
    runner.set_defaults(call=run)
    reporter = commands.add_parser("report")
    reporter.add_argument("files", nargs="+")
    reporter.add_argument("--base", default="skbayes", help="what the others are compared with")
    reporter.add_argument("--table", default=None)
    reporter.add_argument("--rst", default=None, help="where to write the table")
    reporter.set_defaults(call=report)
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # Optuna's word that a sampler is experimental
    options.call(options)


if __name__ == "__main__":
    main()
