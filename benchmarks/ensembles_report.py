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
    kept: Cells = {}
    extra: dict[tuple[str, str], dict[str, list[float]]] = {}
    for row in rows:
        key = row["task"], row["arm"]
        if row["step"] == chosen[key]:
            kept.setdefault(key, {})[int(row["seed"])] = float(row["loss"])
            for name in ("loss", "told", "models", "error", "seconds"):
                if row[name]:
                    extra.setdefault(key, {}).setdefault(name, []).append(float(row[name]))
    remarks = [
        f"| {task} | {arm} | {chosen[task, arm]} | "
        + ", ".join(f"{name} {np.mean(values):.4g}" for name, values in found.items())
        for (task, arm), found in extra.items()
    ]
    return kept, remarks


def gain(kept: Cells, tasks: list[str], arm: str, base: str) -> str:
    """Mean difference to the base over the tasks in percent of its mean loss, interval, and wins."""
    by_task, wins, losses = [], 0, 0
    for task in tasks:
        a, b = kept[task, arm], kept[task, base]
        seeds = sorted(a.keys() & b.keys())
        differences = np.array([a[seed] - b[seed] for seed in seeds])
        wins += int((differences < -1e-9).sum())
        losses += int((differences > 1e-9).sum())
        by_task.append(100 * differences / np.mean([b[seed] for seed in seeds]))
    rng = np.random.default_rng(0)
    draws = [rng.choice(d, size=(N_BOOTSTRAP, len(d))).mean(axis=1) for d in by_task]
    low, high = np.quantile(np.mean(draws, axis=0), [0.025, 0.975])
    mean = np.mean([d.mean() for d in by_task])
    ties = sum(map(len, by_task)) - wins - losses
    return f"{mean:+.1f} % [{low:+.1f}, {high:+.1f}] | {wins} / {ties} / {losses}"


def report(options: argparse.Namespace) -> None:
    """Print the tables."""
    for path in options.files:
        kept, remarks = cells(path)
        tasks = list(dict.fromkeys(task for task, _ in kept))
        arms = list(dict.fromkeys(arm for _, arm in kept))
        groups = {"all": tasks} if "best" in arms else {}
        if "best" in arms:
            groups |= {
                kind: [t for t in tasks if t.endswith(kind)] for kind in ("one model", "families")
            }
        print(f"\n{path}: loss against {arms[0]!r}, and wins / ties / losses")
        for name, members in [*groups.items(), *((task, [task]) for task in tasks)]:
            print(f"\n{name} (mean loss of {arms[0]!r}: {mean_loss(kept, members, arms[0]):.4f})")
            for arm in arms[1:]:
                if any((task, arm) not in kept for task in members):
                    continue
                print(f"| {arm} | {gain(kept, members, arm, arms[0])} |")
        if "snapshots" in arms:
            print("\nsnapshots against independent runs of equal cost")
            for task in tasks:
                print(f"| {task} | {gain(kept, [task], 'snapshots', 'independent runs')} |")
        if options.details:
            print("\n".join(["", *remarks]))


def mean_loss(kept: Cells, tasks: list[str], arm: str) -> float:
    """Mean over the tasks and seeds."""
    return float(np.mean([np.mean(list(kept[task, arm].values())) for task in tasks]))
