"""How the time of one suggestion grows with the trials told and with the dimensions, one BLAS thread.

    python -m benchmarks.ask_scaling --peers skbayes
    python -m benchmarks.ask_scaling --peers skopt_gp optuna_gp optuna_tpe hyperopt_tpe  # where they live
    python -m benchmarks.ask_scaling --rst docs/ask_scaling.txt --plot docs/_static/ask_scaling.svg

The first two append what they measure to <out>/ask_scaling.jsonl (what is there already is not
measured again); the last makes tables and a figure of it. Told are points half random and half near
the best one, as in a search; then the peer asks and is told in turn. Timed are `ask` and `tell`, after
one untimed turn in which its first fit starts cold. A peer that takes more than ten seconds of CPU time
is not measured at larger sizes. Wall time needs an idle machine; `--clock cpu` shows the other.
"""

from __future__ import annotations

import os

os.environ.update(  # before numpy
    dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
)

import argparse
import json
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .suite.dimensions import Params, canonical
from .suite.own_functions import levy
from .suite.paths import RESULTS
from .suite.peers import PEERS
from .suite.plot import COLORS, LINES
from .suite.problem import Function
from .suite.public_functions import box
from .suite.run import Clock, version
from .suite.tables import NOTHING, csv_table

SIZES = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
DIMENSIONS = (2, 5, 10, 20, 50)
SIZE, DIMENSION = 200, 10  # of the one while the other varies
PATIENCE = 10.0
NOISE = 0.1  # beside Levy's tens: small, not nothing
LOADABLE = [name for name, peer in PEERS.items() if hasattr(peer, "load")]
Record = dict[str, Any]
Sums = dict[tuple[str, int, int], float]


def problem(n_dims: int) -> Function:
    """Levy's function with a little noise."""
    return Function(f"levy{n_dims}", box(n_dims, -10, 10), levy, 0.0, noise=NOISE)


def trials(task: Function, n: int, rng: np.random.Generator) -> tuple[list[Params], list[float]]:
    """Points, every second one near the maximum at 1, and their scores."""
    shape = (n, len(task.space))
    near = np.clip(1 + 2 * rng.standard_normal(shape), -10, 10)
    rows = np.where((np.arange(n) % 2 == 0)[:, None], rng.uniform(-10, 10, shape), near)
    points = [{f"x{k}": float(x) for k, x in enumerate(row)} for row in rows]
    return points, [task.evaluate(params, rng).observed for params in points]


def measure(peer: str, n: int, n_dims: int, repeats: int) -> Record:
    """Time some suggestions of a peer after n trials."""
    task, rng = problem(n_dims), np.random.default_rng([n, n_dims])
    optimizer = PEERS[peer](task.space, 0, n + repeats + 1)
    optimizer.load(*trials(task, n - 1, rng))
    asks, tells = Clock(), Clock()
    for _ in range(repeats + 1):
        with asks:
            asked = optimizer.ask()
        params = canonical(task.space, asked)
        score = task.evaluate(params, rng).observed
        with tells:
            optimizer.tell(params, score)
        if sum(asks.cpu) + sum(tells.cpu) > 2 * PATIENCE and len(asks.cpu) > 1:
            break
    return {
        "peer": peer,
        "version": version(peer),
        "n": n,
        "d": n_dims,
        "ask_s": asks.wall[1:],
        "tell_s": tells.wall[1:],
        "ask_cpu": asks.cpu[1:],
        "tell_cpu": tells.cpu[1:],
    }


def read(path: Path) -> list[Record]:
    """Return what has been measured."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


def medians(records: Iterable[Record], clock: str = "s", with_tell: bool = True) -> Sums:
    """Return the median seconds of each peer, size and dimension; `clock` is "s" (wall) or "cpu"."""
    found = {}
    for r in records:
        asks, tells = r[f"ask_{clock}"], r[f"tell_{clock}"]
        seconds = np.add(asks, tells) if with_tell else asks
        found[r["peer"], r["n"], r["d"]] = float(statistics.median(seconds))
    return found


def measure_line(peer: str, line: Sequence[tuple[int, int]], path: Path, repeats: int) -> None:
    """Measure a peer along sizes or dimensions, as far as its time allows."""
    for n, n_dims in line:
        known = medians(read(path), "cpu")
        if (peer, n, n_dims) not in known:
            record = measure(peer, n, n_dims, repeats)
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
            known |= medians([record], "cpu")
            print(
                f"{peer}, n = {n}, d = {n_dims}: {1e3 * known[peer, n, n_dims]:.3g} ms CPU",
                flush=True,
            )
        if known[peer, n, n_dims] > PATIENCE:
            return


def table(title: str, found: Sums, line: Sequence[tuple[int, int]], head: Sequence[str]) -> str:
    """Milliseconds along a line."""
    rows = []
    for peer in dict.fromkeys(key[0] for key in found):
        cells = [found.get((peer, n, n_dims)) for n, n_dims in line]
        rows.append([peer, *(NOTHING if c is None else f"{1e3 * c:.3g}" for c in cells)])
    return csv_table(title, ["peer", *head], rows)


def tables(records: Sequence[Record], clock: str) -> str:
    """All tables."""
    parts = []
    sort = {"s": "wall time", "cpu": "CPU time"}[clock]
    for with_tell, what in ((True, "One ask and tell"), (False, "One ask alone")):
        found = medians(records, clock, with_tell)
        title = f"{what} in ms, median {sort}, {DIMENSION} dimensions"
        sizes = [(n, DIMENSION) for n in SIZES]
        parts.append(table(title, found, sizes, [f"n = {n}" for n in SIZES]))
        title = f"{what} in ms, median {sort}, {SIZE} trials"
        dims = [(SIZE, d) for d in DIMENSIONS]
        parts.append(table(title, found, dims, [f"d = {d}" for d in DIMENSIONS]))
    return "\n".join(parts)


def draw(found: Sums, axis: int, ax: Any) -> Any:
    """Draw seconds against trials (axis 1) or dimensions (axis 2) and return the axes."""
    other, value, label = {1: (2, DIMENSION, "trials"), 2: (1, SIZE, "dimensions")}[axis]
    peers = list(dict.fromkeys(key[0] for key in found))
    others = [peer for peer in peers if peer != "skbayes"]
    for peer in peers:
        rows = sorted((k[axis], s) for k, s in found.items() if k[0] == peer and k[other] == value)
        k = others.index(peer) if peer in others else 0
        color, line = (COLORS[k % len(COLORS)], LINES[k % len(LINES)])
        if peer == "skbayes":
            color, line = "black", "-"
        ax.loglog(*zip(*rows, strict=True), line, marker=".", color=color, label=peer)
    fixed = f"{DIMENSION} dimensions" if axis == 1 else f"{SIZE} trials"
    ax.set(xlabel=label, ylabel="seconds for one ask and tell", title=fixed)
    if axis == 2:  # less than two decades: their own marks, not those of the powers of ten
        ax.set_xticks(DIMENSIONS, labels=[str(d) for d in DIMENSIONS])
        ax.xaxis.minorticks_off()
    ax.grid(alpha=0.3)
    return ax


def save(found: Sums, path: Path) -> None:
    """Write the figure."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "skbayes"  # the same file for the same figures
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
    for axis, ax in zip((1, 2), axes, strict=True):
        draw(found, axis, ax)
    axes[0].legend(frameon=False, fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def main() -> None:
    """Measure what is asked for, then write tables and figure of all that was measured."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--peers", nargs="*", default=[], choices=LOADABLE)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--dimensions", type=int, nargs="*", default=DIMENSIONS)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    parser.add_argument("--rst", type=Path, help="file of the tables; without it none")
    parser.add_argument("--plot", type=Path, help="file of the figure (svg); without it none")
    parser.add_argument("--clock", choices=["s", "cpu"], default="s", help="wall or CPU time")
    options = parser.parse_args()
    path = options.out / "ask_scaling.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    for peer in options.peers:
        if version(peer) is None:
            print(f"{peer} is not installed here and is left out")
            continue
        by_size = [(n, DIMENSION) for n in sorted(options.sizes)]
        measure_line(peer, by_size, path, options.repeats)
        by_dimension = [(SIZE, d) for d in sorted(options.dimensions)]
        measure_line(peer, by_dimension, path, options.repeats)
    records = read(path)
    print(tables(records, options.clock))
    if options.rst:
        options.rst.write_text(tables(records, options.clock), encoding="utf-8")
    if options.plot:
        save(medians(records, options.clock), options.plot)


if __name__ == "__main__":
    main()
