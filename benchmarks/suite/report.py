"""Compare what was run: tables as reStructuredText and a figure.

    python -m benchmarks.suite.report
    python -m benchmarks.suite.report --short --rst docs/benchmark_tables.txt --plot docs/_static/benchmark.svg

Peers may have run other problems, seeds and budgets than each other: there is one set of tables for
each set of problems that some peer has run, with all peers that have run these. The paired
differences use all that two peers have in common.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from .paths import RESULTS
from .problems import PROBLEMS, named
from .results import Results, load_results
from .tables import AT, board, failures, overheads, paired_differences, per_problem

__all__ = ["boards", "report"]


def boards(results: Results) -> list[tuple[list[str], list[str]]]:
    """Return (peers, problems) of each comparison, the most problems first."""
    covered = {peer: frozenset(results.problems_of([peer])) for peer in results.peers}
    sets = {names for peer, names in covered.items() if peer != "random"}
    chosen = []
    for names in sorted(sets, key=lambda names: (-len(names), sorted(names))):
        peers = [peer for peer in results.peers if covered[peer] >= names]
        chosen.append((peers, [name for name in results.scales if name in names]))
    return chosen


def heading(text: str) -> str:
    """A section title."""
    return f"{text}\n{'-' * len(text)}\n"


def report(results: Results, ours: str, is_short: bool = False) -> str:
    """Write all tables, or without those of single problems and of the overhead."""
    parts = []
    for peers, names in boards(results):
        listed = ", ".join(f"``{name}``" for name in names)
        parts += [heading(f"Comparison on {len(names)} problems"), f"Problems: {listed}.\n"]
        parts.append(board(results, peers, names))
    parts.append(heading("Paired differences"))
    parts += [paired_differences(results, ours, kind) for kind in ("live", "synthetic", "all")]
    if is_short:
        return "\n".join(part for part in parts if part)
    parts.append(heading("Single problems"))
    parts += [per_problem(results, n) for n in AT]
    parts.append(heading("Overhead"))
    parts += [overheads(results, clock) for clock in ("cpu", "s")]
    parts.append(failures(results))
    return "\n".join(part for part in parts if part)


def raised(results: Results) -> dict[str, float]:
    """Return the best known score of each live task, counting all runs."""
    best = {name: scale.best for name, scale in results.scales.items()}
    for record in results.records:
        name = record["problem"]
        if PROBLEMS[name].optimum is None and record["true"]:
            best[name] = max(best[name], *record["true"])
    return best


def selected(results: Results, peers: list[str] | None, names: list[str]) -> Results:
    """Keep some peers (random among them) and problems."""
    kept = set(peers or results.peers) | {"random"}
    return Results(
        {key: runs for key, runs in results.runs.items() if key[0] in kept and key[1] in names},
        {name: scale for name, scale in results.scales.items() if name in names},
        [r for r in results.records if r["peer"] in kept and r["problem"] in names],
    )


def parsed() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    parser.add_argument("--runs", type=Path, nargs="+", help="folders of runs, if not <out>/runs")
    parser.add_argument("--reference", type=Path, help="folder, if not <out>/reference")
    parser.add_argument("--peers", nargs="+", help="only these and random search")
    parser.add_argument(
        "--problems", nargs="+", default=["all"], help="names, or groups such as live"
    )
    parser.add_argument("--ours", default="skbayes", help="the peer compared with all others")
    parser.add_argument("--rst", type=Path, help="file of the tables, if not <out>/tables.rst")
    parser.add_argument("--short", action="store_true", help="without single problems and overhead")
    parser.add_argument("--plot", type=Path, help="file of the figure (svg); without it none")
    parser.add_argument(
        "--freeze",
        action="store_true",
        help="first raise <out>/best_known.json to the best score of any run",
    )
    return parser.parse_args()


def main() -> None:
    """Write the tables, and the figure if asked for."""
    options = parsed()
    folders = options.runs or [options.out / "runs"]
    reference = options.reference or options.out / "reference"
    frozen = options.out / "best_known.json"
    best = json.loads(frozen.read_text(encoding="utf-8")) if frozen.exists() else {}
    results = load_results(folders, reference, best)
    if options.freeze:
        best = raised(results)
        frozen.write_text(json.dumps(best, indent=1), encoding="utf-8")
        results = load_results(folders, reference, best)
    missing = [name for name in named(options.problems) if name not in results.scales]
    if missing:
        print(
            f"Left out for want of a reference (benchmarks.suite.reference): {', '.join(missing)}\n"
        )
    results = selected(results, options.peers, named(options.problems))
    text = report(results, options.ours, options.short)
    path = options.rst or options.out / "tables.rst"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(text)
    if options.plot and boards(results):
        from .plot import save

        peers, names = boards(results)[0]
        save(results, peers, names, options.ours, options.plot)


if __name__ == "__main__":
    main()
