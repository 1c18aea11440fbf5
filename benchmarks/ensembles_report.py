"""The report of `ensembles.py`: losses against those of the best single model."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np

N_BOOTSTRAP = 10_000
Cells = dict[tuple[str, str], dict[int, float]]


def cells(path: str) -> tuple[Cells, list[str]]:
    """Return the losses by (task, arm) and seed, each arm with its best step size, and some remarks."""
    with Path(path).open() as file:
        rows = list(csv.DictReader(file))
    chosen: dict[tuple[str, str], str] = {}
    for task, arm in dict.fromkeys((row["task"], row["arm"]) for row in rows):
        told: dict[str, list[float]] = {}
        for row in rows:
            if (row["task"], row["arm"]) == (task, arm):
                told.setdefault(row["step"], []).append(float(row["told"]))
        chosen[task, arm] = min(told, key=lambda step: float(np.mean(told[step])))
    kept: Cells = {key: {} for key in chosen}
    extra: dict[tuple[str, str], dict[str, list[float]]] = {}
    for row in rows:
        key = row["task"], row["arm"]
        if row["step"] == chosen[key]:
            kept[key][int(row["seed"])] = float(row["loss"])
            for name in ("loss", "told", "models", "error", "alone", "differ", "seconds"):
                if row.get(name):
                    extra.setdefault(key, {}).setdefault(name, []).append(float(row[name]))
    remarks = [
        f"| {task} | {arm} | {chosen[task, arm]} | "
        + ", ".join(f"{name} {np.mean(values):.4g}" for name, values in found.items())
        for (task, arm), found in extra.items()
    ]
    return kept, remarks


def gain(kept: Cells, tasks: list[str], arm: str, base: str) -> str:
    """Mean difference to the base over the tasks in percent of its mean loss, interval, and wins."""
    pairs, wins, losses = [], 0, 0
    for task in tasks:
        a, b = kept[task, arm], kept[task, base]
        pair = np.array([(a[seed], b[seed]) for seed in sorted(a.keys() & b.keys())])
        wins += int((pair[:, 0] < pair[:, 1] - 1e-9).sum())
        losses += int((pair[:, 0] > pair[:, 1] + 1e-9).sum())
        pairs.append(pair)
    rng = np.random.default_rng(0)
    drawn = []
    for pair in pairs:
        means = pair[rng.integers(len(pair), size=(N_BOOTSTRAP, len(pair)))].mean(axis=1)
        drawn.append(means[:, 0] / means[:, 1] - 1)
    low, high = 100 * np.quantile(np.mean(drawn, axis=0), [0.025, 0.975])
    mean = 100 * np.mean([pair[:, 0].mean() / pair[:, 1].mean() - 1 for pair in pairs])
    ties = sum(map(len, pairs)) - wins - losses
    return f"{mean:+.1f} % [{low:+.1f}, {high:+.1f}] | {wins} / {ties} / {losses}"


def report(options: argparse.Namespace) -> None:
    """Print the tables."""
    for path in options.files:
        kept, remarks = cells(path)
        tasks = list(dict.fromkeys(task for task, _ in kept))
        arms = list(dict.fromkeys(arm for _, arm in kept))
        base = options.base or arms[0]
        groups = {task: [task] for task in tasks}
        if "best" in arms:
            kinds = {k: [t for t in tasks if t.endswith(k)] for k in ("one model", "families")}
            groups = {"all": tasks, **kinds, **groups}
        print(f"\n{path}: loss against {base!r}, and wins / ties / losses")
        for name, members in groups.items():
            print(f"\n{name} (mean loss of {base!r}: {mean_loss(kept, members, base):.4f})")
            for arm in arms:
                if arm != base and all((task, arm) in kept for task in members):
                    print(f"| {arm} | {gain(kept, members, arm, base)} |")
        if options.details:
            print("\n".join(["", *remarks]))


def mean_loss(kept: Cells, tasks: list[str], arm: str) -> float:
    """Mean over the tasks and seeds."""
    return float(np.mean([np.mean(list(kept[task, arm].values())) for task in tasks]))
