"""What the weights of the acquisition give: failures, priors and seconds, over seeds.

    python benchmarks/weights.py failures --seeds 8
    python benchmarks/weights.py prior --seeds 8
    python benchmarks/weights.py cost --seeds 8

Each table has the mean of log10 of the regret of the best evaluation (lower is better), and its standard error.
"""

from __future__ import annotations

import argparse
import math
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from functions import PROBLEMS, branin, hartmann6, mixed
from scipy import stats

from skbayes import Optimizer
from skbayes.acquisition import PerSecond

Params = dict[str, Any]
BEST6 = np.array([0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573])
CUBE4 = {f"x{i}": (0.0, 1.0) for i in range(4)}
FLOOR = 1e-9
N = 40


def sphere4(p: Params) -> float:
    """Sum of squares about 0.37 in four dimensions; minimum 0."""
    return sum((p[f"x{i}"] - 0.37) ** 2 for i in range(4))


def search(
    func: Callable[[Params], float],
    space: Any,
    minimum: float,
    n: int,
    *,
    fails: Callable[[Params], bool] = lambda p: False,
    seconds: Callable[[Params], float] = lambda p: 1.0,
    **options: Any,
) -> tuple[np.ndarray, np.ndarray]:
    """Best regret after each evaluation, and the seconds spent until then."""
    optimizer = Optimizer(space, **options)
    clock = np.random.default_rng(options["random_state"])
    regrets, spent = [], []
    for _ in range(n):
        p = optimizer.ask()
        # A clock is right to a tenth.
        spent.append(seconds(p) * math.exp(0.1 * clock.standard_normal()))
        value = math.inf if fails(p) else func(p)
        optimizer.tell(p, math.nan if fails(p) else -value, fit_time=spent[-1])
        regrets.append(value - minimum)
    return np.minimum.accumulate(regrets), np.cumsum(spent)


def summary(regrets: np.ndarray) -> str:
    logs = np.log10(np.maximum(regrets, FLOOR))
    return f"{logs.mean():6.2f} ± {logs.std() / math.sqrt(len(logs)):.2f}"


# ---------------------------------------------------------------- failures


def by_chance(p: Params) -> bool:
    """A third of all points, for no reason in them."""
    return zlib.crc32(repr(sorted(p.items())).encode()) % 1000 < 333


def failing() -> dict[str, tuple[Any, ...]]:
    """Functions with about a third of the space failing: away from the best, beside it, by chance."""
    h = PROBLEMS["hartmann6"].space
    w = np.array([1, -1, 0.5, 1, -0.7, 0.3])
    x = lambda p: np.array([p[f"x{i}"] for i in range(6)])  # noqa: E731
    b, m = PROBLEMS["branin"], PROBLEMS["mixed"]
    return {
        "branin, x > 5": (branin, b.space, b.minimum, lambda p: p["x"] > 5),
        "branin, beside the best": (
            branin,
            b.space,
            b.minimum,
            lambda p: abs(p["x"] - math.pi) > 0.3 and p["x"] > math.pi - 3 and p["y"] < 7.5,
        ),
        "hartmann6, half-space": (hartmann6, h, -3.32237, lambda p: w @ (x(p) - BEST6) > 0.31),
        "sphere4, best on the border": (
            sphere4,
            CUBE4,
            0.0,
            lambda p: p["x0"] > 0.38 and p["x1"] < 0.9,
        ),
        "sphere4, by chance": (sphere4, CUBE4, 0.0, by_chance),
        "hartmann6, by chance": (hartmann6, h, -3.32237, by_chance),
        "mixed, by chance": (mixed, m.space, m.minimum, by_chance),
    }


def failures(seeds: int) -> None:
    print(f"{'problem':28} {'failures':8} {'at 25':>14} {'at 40':>14}")
    for name, (func, space, minimum, fails) in failing().items():
        for mode in ("worst", "weigh", "auto"):
            runs = [
                search(func, space, minimum, N, fails=fails, failures=mode, random_state=seed)[0]
                for seed in range(seeds)
            ]
            at = [summary(np.array(runs)[:, k - 1]) for k in (25, N)]
            print(f"{name:28} {mode:8} {at[0]} {at[1]}", flush=True)


# ---------------------------------------------------------------- priors


def believed() -> dict[str, tuple[Any, ...]]:
    """Functions with normal priors, near the best (off by half a std) or misleading."""
    spaces = {}
    for kind in ("good", "misleading"):
        good = kind == "good"
        x, y = (math.pi + 0.8, 3.075) if good else (2.0, 13.0)
        cut = lambda low, high, m: stats.truncnorm((low - m) / 3, (high - m) / 3, m, 3)  # noqa: E731
        plane = {"x": cut(-5, 10, x), "y": cut(0, 15, y)}
        spaces[f"branin, {kind}"] = (branin, plane, PROBLEMS["branin"].minimum)
        off = (
            np.array([0.1, -0.1, 0.1, -0.1, 0.1, -0.1])
            if good
            else np.where(BEST6 > 0.5, -0.5, 0.5)
        )
        six = {f"x{i}": stats.norm(c, 0.2) for i, c in enumerate(BEST6 + off)}
        spaces[f"hartmann6, {kind}"] = (hartmann6, six, -3.32237)
        four = {f"x{i}": stats.norm(0.45 if good else 0.9, 0.2) for i in range(4)}
        spaces[f"sphere4, {kind}"] = (sphere4, four, 0.0)
    return spaces


def prior(seeds: int) -> None:
    print(f"{'problem':28} {'beta':>5} {'at 16':>14} {'at 25':>14} {'at 40':>14}")
    for name, (func, space, minimum) in believed().items():
        for beta in (0.0, 2.0, 10.0):
            runs = [
                search(func, space, minimum, N, prior_weight=beta, random_state=seed)[0]
                for seed in range(seeds)
            ]
            at = [summary(np.array(runs)[:, k - 1]) for k in (16, 25, N)]
            print(f"{name:28} {beta:5.0f} {at[0]} {at[1]} {at[2]}", flush=True)


# ---------------------------------------------------------------- seconds


def hills(p: Params) -> float:
    """A broad hill that is cheap, and a higher one that is dear; minimum 0."""
    broad = 0.8 * math.exp(-((p["a"] - 0.2) ** 2 + (p["b"] - 0.3) ** 2) / 0.08)
    return 1.0 - max(broad, math.exp(-((p["a"] - 0.9) ** 2 + (p["b"] - 0.8) ** 2) / 0.04))


def priced(ratio: float) -> dict[str, tuple[Any, ...]]:
    """Functions whose dearest points take `ratio` times as long as the cheapest."""
    r = math.log(ratio)
    h, b = PROBLEMS["hartmann6"].space, PROBLEMS["branin"]
    square = {"a": (0.0, 1.0), "b": (0.0, 1.0)}
    return {
        "branin": (branin, b.space, b.minimum, lambda p: math.exp(r * (p["x"] + 5) / 15)),
        "hartmann6, best dear": (
            hartmann6, h, -3.32237, lambda p: math.exp(r * (p["x2"] + p["x5"]) / 2),
        ),
        "hartmann6, best cheap": (
            hartmann6, h, -3.32237, lambda p: math.exp(r * (p["x0"] + p["x1"]) / 2),
        ),
        "sphere4, best dear": (
            sphere4, CUBE4, 0.0, lambda p: math.exp(r * math.sqrt(1 - p["x0"])),
        ),
        "hills, a cheap one misleads": (hills, square, 0.0, lambda p: math.exp(r * p["a"])),
    }  # fmt: skip


def cost(seeds: int, ratio: float = 30.0) -> None:
    print("T: the seconds that 40 evaluations by log_ei take")
    print(f"{'problem':28} {'e':>4} {'after T/2':>14} {'after T':>14} {'at 25':>14} {'at 40':>14}")
    for name, (func, space, minimum, seconds) in priced(ratio).items():
        budget = 0.0
        for exponent in (0.0, 0.5, 1.0):
            runs = [
                search(
                    func, space, minimum, 60, seconds=seconds,
                    acquisition=PerSecond(exponent=exponent), random_state=seed,
                )
                for seed in range(seeds)
            ]  # fmt: skip
            budget = budget or float(np.mean([spent[N - 1] for _, spent in runs]))
            row = [
                np.array([regret[max(np.searchsorted(spent, t) - 1, 0)] for regret, spent in runs])
                for t in (0.5 * budget, budget)
            ]
            row += [np.array([regret[k - 1] for regret, _ in runs]) for k in (25, N)]
            print(f"{name:28} {exponent:4.1f}", *map(summary, row), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["failures", "prior", "cost"])
    parser.add_argument("--seeds", type=int, default=8)
    arguments = parser.parse_args()
    {"failures": failures, "prior": prior, "cost": cost}[arguments.what](arguments.seeds)
