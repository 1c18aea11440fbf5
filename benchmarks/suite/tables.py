"""The tables of the report, as reStructuredText."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from .inference import Estimate, average, friedman, mean_ranks, paired, shares_won
from .problems import GROUPS
from .results import Results

__all__ = ["board", "csv_table", "failures", "overheads", "paired_differences", "per_problem"]

AT = (15, 25, 50, 100)
WORTH_AT = (25, 50, 100)
KINDS = {"live": "live tasks", "synthetic": "functions", "all": "all problems"}
NOTHING = "–"
Rows = list[list[str]]


def csv_table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table."""
    lines = [f".. csv-table:: {title}", "   :header-rows: 1", "   :delim: ;", ""]
    lines += ["   " + "; ".join(cell or " " for cell in row) for row in (head, *rows)]
    return "\n".join(lines) + "\n"


def mean_score(results: Results, peer: str, names: Sequence[str], n: int) -> Estimate | None:
    """Mean normalised score of a peer; None if it lacks one of the problems."""
    samples = [np.array(list(results.scores(peer, name, n).values())) for name in names]
    if not samples or not all(len(values) for values in samples):
        return None
    # A single run borrows its variance from random search, the widest of all.
    draws = [np.array(list(results.scores("random", name, n).values())) for name in names]
    return average(samples, [float(values.var(ddof=1)) for values in draws])


def n_seeds(results: Results, peer: str, names: Sequence[str]) -> str:
    """How many seeds a peer has, the fewest and the most of a problem."""
    counts = [len(results.runs[peer, name].seeds) for name in names]
    return str(min(counts)) if min(counts) == max(counts) else f"{min(counts)}–{max(counts)}"


def score_table(results: Results, peers: Sequence[str], names: Sequence[str], kind: str) -> str:
    """Mean normalised scores, the best peer at the last column first."""
    rows = []
    for peer in peers:
        found = [mean_score(results, peer, names, n) for n in AT]
        key = [-estimate.mean if estimate else 0.0 for estimate in reversed(found)]
        cells = [estimate.shown() if estimate else NOTHING for estimate in found]
        rows.append((key, [peer, n_seeds(results, peer, names), *cells]))
    title = f"Mean normalised score, {KINDS[kind]} ({len(names)}), 95 % intervals over seeds"
    head = ["peer", "seeds", *(f"at {n}" for n in AT)]
    return csv_table(title, head, [row for _, row in sorted(rows)])


def rank_table(results: Results, peers: Sequence[str], names: Sequence[str], kind: str) -> str:
    """Mean rank over problem and seed, and the fraction of problems won, of those complete at n."""
    cells = {peer: [[NOTHING] * len(AT), [NOTHING] * len(AT)] for peer in peers}
    counts = []
    for column, n in enumerate(AT):
        there = [p for p in peers if mean_score(results, p, names, n) is not None]
        if len(there) < 2:
            continue
        found = [[results.scores(peer, name, n) for peer in there] for name in names]
        ranks, n_pairs = mean_ranks(found)
        counts.append(f"{n_pairs} at {n}")
        means = np.array([[np.mean(list(by_seed.values())) for by_seed in row] for row in found])
        for peer, rank, won in zip(there, ranks, shares_won(means), strict=True):
            cells[peer][0][column] = f"{rank:.2f}" if np.isfinite(rank) else NOTHING
            cells[peer][1][column] = f"{won:.2f}"
    title = (
        f"Mean rank and fraction won, {KINDS[kind]}; problem and seed pairs: {', '.join(counts)}"
    )
    head = ["peer", *(f"rank at {n}" for n in AT), *(f"won at {n}" for n in AT)]
    rows = [[peer, *both[0], *both[1]] for peer, both in cells.items()]
    return csv_table(title, head, sorted(rows, key=lambda row: row[len(AT) - 1]))


def worth_table(results: Results, peers: Sequence[str], names: Sequence[str]) -> str:
    """How many random candidates a peer's score is worth: the geometric mean."""
    rows = []
    for peer in peers:
        cells = []
        for n in WORTH_AT:
            if mean_score(results, peer, names, n) is None:
                cells.append(NOTHING)
                continue
            mean = average([np.log(results.worths(peer, name, n)) for name in names])
            low, high = np.exp([mean.mean - mean.half, mean.mean + mean.half])
            cells.append(f"{np.exp(mean.mean):.0f} [{low:.0f}, {high:.0f}]")
        rows.append([peer, *cells])
    title = f"Random candidates that it takes to reach the same score, live tasks ({len(names)})"
    return csv_table(title, ["peer", *(f"at {n}" for n in WORTH_AT)], rows)


def nemenyi_text(results: Results, peers: Sequence[str], names: Sequence[str], n: int) -> str:
    """Friedman's test over the problems, and who is not told apart from the best."""
    there = [p for p in peers if mean_score(results, p, names, n) is not None]
    means = [
        [np.mean(list(results.scores(peer, name, n).values())) for peer in there] for name in names
    ]
    test = friedman(np.array(means)) if means and there else None
    if test is None:
        return ""
    order = np.argsort(test.mean_ranks)
    listed = ", ".join(f"{there[k]} {test.mean_ranks[k]:.2f}" for k in order)
    limit = test.mean_ranks.min() + test.distance
    close = [there[k] for k in order[1:] if test.mean_ranks[k] <= limit]
    return (
        f"After {n} evaluations Friedman's test over {len(names)} problems gives p = "
        f"{test.p_value:.2g}; mean ranks: {listed}. Nemenyi's critical distance at 5 % is "
        f"{test.distance:.2f}; not told apart from the first: {', '.join(close) or 'none'}.\n"
    )


def board(results: Results, peers: Sequence[str], names: Sequence[str]) -> str:
    """All tables of some peers on problems that each of them has run."""
    parts = []
    for kind in KINDS:
        chosen = [name for name in names if name in GROUPS[kind]]
        if chosen:
            parts.append(score_table(results, peers, chosen, kind))
            parts.append(rank_table(results, peers, chosen, kind))
        if chosen and kind == "live":
            parts.append(worth_table(results, peers, chosen))
    parts += [nemenyi_text(results, peers, names, n) for n in AT]
    return "\n".join(part for part in parts if part)


def paired_differences(results: Results, ours: str, kind: str = "all") -> str:
    """Our score less that of each peer, on the problems and seeds that both have."""
    rows = []
    for peer in results.peers:
        for n in AT:
            sides = [
                [results.scores(p, name, n) for name in results.scales if name in GROUPS[kind]]
                for p in (ours, peer)
            ]
            test = paired(*sides) if peer != ours else None
            if test is not None:
                shown = test.over_seeds.mean, test.over_seeds.half, test.half_over_problems
                cells = [f"{shown[0]:+.3f}", *(f"± {half:.3f}" for half in shown[1:])]
                count = f"{test.n_problems} / {test.n_pairs}"
                rows.append([peer, str(n), count, *cells, f"{test.p_value:.2g}"])
    head = [
        "peer",
        "evaluations",
        "problems / pairs",
        "difference",
        "over seeds",
        "over problems",
        "Wilcoxon's p",
    ]
    title = f"{ours} less each peer, same problem and seed, {KINDS[kind]}; 95 % intervals"
    return csv_table(title, head, rows) if rows else ""


def per_problem(results: Results, n: int) -> str:
    """Mean normalised score on each problem."""
    rows: Rows = []
    for name in results.scales:
        row = [name]
        for peer in results.peers:
            values = list(results.scores(peer, name, n).values())
            row.append(f"{np.mean(values):.3f}" if values else NOTHING)
        rows.append(row)
    return csv_table(f"Mean normalised score at {n}", ["problem", *results.peers], rows)


def overheads(results: Results, clock: str) -> str:
    """Median and 95th percentile of the time in `ask` and `tell` around n = 10, 25, 50, 100.

    `clock` is "cpu" for CPU time or "s" for wall time.
    """
    windows = {10: range(9, 12), 25: range(23, 27), 50: range(47, 50), 100: range(96, 100)}
    rows = []
    for peer in results.peers:
        spent = [
            np.add(record[f"ask_{clock}"][: len(record[f"tell_{clock}"])], record[f"tell_{clock}"])
            for record in results.records
            if record["peer"] == peer
        ]
        cells = []
        for window in windows.values():
            times = [1e3 * run[k] for run in spent for k in window if k < len(run)]
            shown = [f"{t:.3g}" for t in np.percentile(times, [50, 95])] if times else []
            cells.append(" / ".join(shown) or NOTHING)
        if spent:
            rows.append([peer, *cells])
    sort = {"cpu": "CPU time", "s": "wall time"}[clock]
    title = f"{sort} of one ask and tell after n trials in ms, median / 95 %"
    return csv_table(title, ["peer", *(f"n = {n}" for n in windows)], rows) if rows else ""


def failures(results: Results) -> str:
    """Runs that failed or were stopped."""
    rows = [
        [
            r["peer"],
            r["problem"],
            str(r["seed"]),
            f"{len(r['scores'])} / {r['budget']}",
            f"``{' '.join(r['error'].replace('`', ' ').split())}``",
        ]
        for r in results.records
        if r["error"]
    ]
    head = ["peer", "problem", "seed", "evaluations", "why"]
    return csv_table("Runs that failed or were stopped", head, rows) if rows else ""
