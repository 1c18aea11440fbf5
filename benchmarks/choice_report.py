"""The report of `choice.py`: rules and estimates replayed on what its searches have recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np
from choice import N_FOLDS, SEARCHES, TASKS, Record

from skbayes.model_selection import (
    _selection,
    best_posterior_mean,
    estimate_optimism,
    one_standard_error,
)

N_BOOTSTRAP = 10_000
# True scores closer than this are equal.
TIE = 1e-9
Rule = Callable[[Record, dict[str, Any]], int]


def table_of(record: Record) -> dict[str, Any]:
    """The columns of `cv_results_` that rules read."""
    folds = np.array(record["folds"])
    table: dict[str, Any] = {f"split{k}_test_score": folds[:, k] for k in range(folds.shape[1])}
    table |= {"mean_test_score": folds.mean(axis=1), "params": record["params"]}
    times = np.array(record["fit_time"])
    # The spread over the folds was not kept; a fifth is what such short fits have.
    return table | {"mean_fit_time": times, "std_fit_time": 0.2 * times}


def best_observed(record: Record, table: dict[str, Any]) -> int:
    """The best score."""
    return int(table["mean_test_score"].argmax())


def of_the_search(record: Record, table: dict[str, Any]) -> int:
    """The best posterior mean of the search's own model, whose noise is learnt."""
    posterior = np.array(record.get("posterior_mean_test_score", table["mean_test_score"]))
    return int(np.lexsort((-table["mean_test_score"], -posterior))[0])


def with_noise(share: float) -> Rule:
    """`best_posterior_mean` told another share of the variance over the folds."""

    def rule(record: Record, table: dict[str, Any]) -> int:
        with patch.object(_selection, "_ROUGH_SHARE", share):
            return best_posterior_mean(table)

    return rule


def simplest(by_time: bool = False, paired: bool = True) -> Rule:
    """`one_standard_error` by the task's parameter, or by the fit time."""

    def rule(record: Record, table: dict[str, Any]) -> int:
        complexity = None if by_time else TASKS[record["task"]].complexity
        return one_standard_error(complexity, paired=paired)(table)

    return rule


def finals(n_repeats: int) -> Rule:
    """The best of five after further repeats of the cross-validation."""

    def rule(record: Record, table: dict[str, Any]) -> int:
        first = {int(k): table["mean_test_score"][int(k)] for k in record["repeats"]}
        means = {
            int(k): np.mean([first[int(k)], *np.mean(repeats[:n_repeats], axis=1)])
            for k, repeats in record["repeats"].items()
        }
        return max(means, key=lambda k: float(means[k]))

    return rule


RULES: dict[str, Rule] = {
    "best_posterior_mean": lambda record, table: best_posterior_mean(table),
    "posterior of the search": of_the_search,
    "told no noise": with_noise(0.0),
    "told 0.1 s²/K": with_noise(0.1),
    "told all of s²/K": with_noise(1.0),
    "told 3 s²/K": with_noise(3.0),
    "one_standard_error(parameter)": simplest(),
    "one_standard_error()": simplest(by_time=True),
    "one_standard_error(parameter, paired=False)": simplest(paired=False),
    "finalists=Finalists(5, 1)": finals(1),
    "finalists=5": finals(3),
    "the best in truth": lambda record, table: int(np.argmax(record["truth"])),
}


def simplicity(record: Record, index: int) -> float:
    """Share of the candidates that are simpler by the task's parameter."""
    name = TASKS[record["task"]].complexity
    values = np.array([params[name.removeprefix("-")] for params in record["params"]], dtype=float)
    values = -values if name.startswith("-") else values
    return float((values < values[index]).mean())


def by_task(records: list[Record], value: Callable[[Record], float]) -> dict[str, np.ndarray]:
    """A value of each record, by task."""
    values: dict[str, list[float]] = {}
    for record in records:
        values.setdefault(record["task"], []).append(value(record))
    return {task: np.array(of_task) for task, of_task in values.items()}


def with_interval(values: dict[str, np.ndarray]) -> str:
    """Mean over the tasks of their means, with a 95 % interval of draws within tasks."""
    rng = np.random.default_rng(0)
    draws = [rng.choice(v, size=(N_BOOTSTRAP, len(v))).mean(axis=1) for v in values.values()]
    low, high = np.quantile(np.mean(draws, axis=0), [0.025, 0.975])
    mean = np.mean([v.mean() for v in values.values()])
    return f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]"


def report_choice(records: list[Record]) -> None:
    """Print what the rules gain."""
    tables = [table_of(record) for record in records]
    gaps = by_task(records, lambda r: max(r["truth"]) - float(np.median(r["truth"])))
    units = {task: float(values.mean()) for task, values in gaps.items()}
    rows: dict[str, dict[tuple[str, int, str], tuple[float, float]]] = {}
    for name, rule in RULES.items():
        rows[name] = {}
        for record, table in zip(records, tables, strict=True):
            chosen, best = rule(record, table), best_observed(record, table)
            gain = (record["truth"][chosen] - record["truth"][best]) / units[record["task"]]
            simpler = simplicity(record, best) - simplicity(record, chosen)
            rows[name][key_of(record)] = gain, simpler
    print("\n| rule | Bayesian search | random search | won / tied / lost | simpler by |")
    print("| --- | --- | --- | --- | --- |")
    for name, row in rows.items():
        shown = [
            with_interval(by_task(of_kind(records, kind), lambda r, row=row: row[key_of(r)][0]))
            for kind in SEARCHES
        ]
        gains = np.array([gain for gain, _ in row.values()])
        wins = f"{(gains > TIE).sum()} / {(abs(gains) <= TIE).sum()} / {(gains < -TIE).sum()}"
        simpler = np.mean([simpler for _, simpler in row.values()])
        print(f"| {name} | {' | '.join(shown)} | {wins} | {simpler:+.0%} |")
    print(f"\n| gains by task | {' | '.join(units)} |\n| --- |{' --- |' * len(units)}")
    for name, row in rows.items():
        means = by_task(records, lambda r, row=row: row[key_of(r)][0])
        print(f"| {name} | {' | '.join(f'{v.mean():+.2f}' for v in means.values())} |")


def of_kind(records: list[Record], kind: str) -> list[Record]:
    """The records of one kind of search."""
    return [record for record in records if record["search"] == kind]


def key_of(record: Record) -> tuple[str, int, str]:
    """What tells records apart."""
    return record["task"], record["seed"], record["search"]


def tibshirani(folds: np.ndarray, best: int) -> float:
    """Tibshirani and Tibshirani (2009): how much better the best of each fold is there."""
    return float((folds.max(axis=0) - folds[best]).mean())


def left_out(folds: np.ndarray, best: int) -> float:
    """How much worse those are on a fold that are best on all others."""
    K = folds.shape[1]
    rest = (folds.sum(axis=1, keepdims=True) - folds).argmax(axis=0)
    return float(folds[best].mean() - folds[rest, np.arange(K)].mean())


def own_posterior(record: Record, best: int) -> float:
    """What the search's own posterior takes off; nothing for a search without one."""
    means = record.get("posterior_mean_test_score")
    return 0.0 if means is None else float(np.mean(record["folds"][best]) - means[best])


ESTIMATES: dict[str, Callable[[Record, int], float]] = {
    "none": lambda r, best: 0.0,
    "estimate_optimism": lambda r, best: float(estimate_optimism(table_of(r), best)),
    "posterior of the search": own_posterior,
    "best of each fold [2]": lambda r, best: tibshirani(np.array(r["folds"]), best),
    "fold left out": lambda r, best: left_out(np.array(r["folds"]), best),
}


def overstated(record: Record, index: int, refitted: bool) -> float:
    """Score less truth, of the fold models or of the model refitted to all rows."""
    truth = record["truth"][index] if refitted else np.mean(record["truth_of_folds"][index])
    return float(np.mean(record["folds"][index]) - truth)


def report_optimism(records: list[Record]) -> None:
    """Print estimates of optimism against the truth, in standard errors of a score."""
    best = {key_of(r): int(np.mean(r["folds"], axis=1).argmax()) for r in records}

    def error(record: Record) -> float:
        folds = np.array(record["folds"][best[key_of(record)]])
        return float(folds.var(ddof=1) * (1 / N_FOLDS + 1 / (N_FOLDS - 1)))

    units = {task: float(np.sqrt(v.mean())) for task, v in by_task(records, error).items()}

    def mean(of: list[Record], value: Callable[[Record], float]) -> float:
        scaled = by_task(of, lambda r: value(r) / units[r["task"]])
        return float(np.mean([v.mean() for v in scaled.values()]))

    print(
        "\n| search | estimate | mean | measured: fold models | refitted | error | error, refitted |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for kind in SEARCHES:
        chosen = of_kind(records, kind)
        truths = [mean(chosen, lambda r, f=f: overstated(r, best[key_of(r)], f)) for f in (0, 1)]
        for name, estimate in ESTIMATES.items():
            values = {key_of(r): estimate(r, best[key_of(r)]) for r in chosen}
            errors = []
            for refitted in (False, True):
                squares = by_task(
                    chosen,
                    lambda r, v=values, f=refitted: (
                        ((v[key_of(r)] - overstated(r, best[key_of(r)], f)) / units[r["task"]]) ** 2
                    ),
                )
                errors.append(np.sqrt(np.mean([v.mean() for v in squares.values()])))
            shown = [mean(chosen, lambda r, v=values: v[key_of(r)]), *truths, *errors]
            print(f"| {kind} | {name} | " + " | ".join(f"{value:.2f}" for value in shown) + " |")
    report_coverage(records, units)


def report_coverage(records: list[Record], units: dict[str, float]) -> None:
    """Print how often the interval holds the measured optimism, for the choice of several rules."""
    rules = {
        "best observed": best_observed,
        **{n: RULES[n] for n in ("best_posterior_mean", "one_standard_error(parameter)")},
    }
    print("\n| search | chosen by | holds that of the fold models | of the refitted | width |")
    print("| --- | --- | --- | --- | --- |")
    by_kind: dict[str, list[list[bool]]] = {}
    for kind in SEARCHES:
        for name, rule in rules.items():
            holds, widths = [], []
            for record in of_kind(records, kind):
                table = table_of(record)
                index = rule(record, table)
                found = estimate_optimism(table, index)
                values = [overstated(record, index, refitted) for refitted in (False, True)]
                holds.append([found.lower <= value <= found.upper for value in values])
                widths.append((found.upper - found.lower) / units[record["task"]])
                if name == "best observed":
                    by_kind.setdefault(record["task"], []).append(holds[-1])
            shares = np.mean(holds, axis=0)
            print(
                f"| {kind} | {name} | {shares[0]:.0%} | {shares[1]:.0%} | {np.mean(widths):.1f} |"
            )
    print("\n| task | holds that of the fold models | of the refitted |\n| --- | --- | --- |")
    for task, holds in by_kind.items():
        shares = np.mean(holds, axis=0)
        print(f"| {task} | {shares[0]:.0%} | {shares[1]:.0%} |")
