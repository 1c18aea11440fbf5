"""The table of `linear.py`: how many times faster than the fastest peer, row by row.

    python benchmarks/linear_report.py benchmarks/results/linear.jsonl
    python benchmarks/linear_report.py benchmarks/results/linear.jsonl --rst docs/linear_table.txt
    python benchmarks/linear_report.py benchmarks/results/linear.jsonl --all
    python benchmarks/linear_report.py --memory benchmarks/results/linear_memory.jsonl --rst docs/linear_memory.txt

A factor is the median over the rounds of (CPU time of the peer / CPU time of skbayes) within a round; above 1, skbayes
is faster. Of a row measured more than once the last measurement counts. `--all` prints every solver.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from linear_rows import ROWS

Record = dict[str, Any]
Table = dict[tuple[str, float], dict[str, Record]]


def read(paths: list[Path]) -> Table:
    """Return the records of each (row, target) by solver, in the order of the rows."""
    found: Table = {}
    for path in paths:
        for line in path.read_text().splitlines():
            record = json.loads(line)
            key = record["row"], record.get("target", 0.0)
            found.setdefault(key, {})[record["solver"]] = record
    order = list(ROWS)
    return dict(sorted(found.items(), key=lambda item: (order.index(item[0][0]), -item[0][1])))


def clock(row: str) -> str:
    """Return what is compared: with two processes, the wall."""
    return "wall" if row.startswith("lassocv2") else "cpu"


def seconds(record: Record) -> float:
    """Return the median over the rounds."""
    return float(np.median(record[clock(record["row"])]))


def factor(peer: Record, ours: Record) -> float:
    """Return the median of the ratios within rounds."""
    key = clock(ours["row"])
    n = min(len(peer[key]), len(ours[key]))
    return float(np.median(np.divide(peer[key][:n], ours[key][:n])))


def show(value: float) -> str:
    """Return milliseconds or seconds with three digits."""
    return f"{1000 * value:.3g} ms" if value < 1 else f"{value:.3g} s"


def goal(row: str) -> str:
    """Return what the row should reach, nothing where it is parity."""
    return f"{ROWS[row].factor:g}" if ROWS[row].factor != 1 else "1"


def lines_of(table: Table) -> list[list[str]]:
    """Return the cells of the table."""
    lines = []
    for (row, target), records in table.items():
        peers = {name: r for name, r in records.items() if not name.startswith("skbayes")}
        if not peers:
            continue
        fastest = min(peers, key=lambda name: seconds(peers[name]))
        cells = [
            ROWS[row].title,
            f"{target:.0e}" if target else "",
            fastest,
            show(seconds(peers[fastest])),
        ]
        for name in ("skbayes", "skbayes core"):
            ours = records.get(name if ROWS[row].has_kernels else "skbayes")
            cells += (
                [show(seconds(ours)), f"{factor(peers[fastest], ours):.3g}"] if ours else ["", ""]
            )
        lines.append([*cells, goal(row)])
    return lines


HEAD = [
    "problem",
    "to",
    "fastest peer",
    "its time",
    "skbayes[fast]",
    "times faster",
    "skbayes",
    "times faster",
    "goal",
]


def memory_lines(table: Table) -> list[list[str]]:
    """Return the cells of the table of peaks, in multiples of X."""
    lines = []
    for (row, _), records in table.items():
        peers = [
            f"{n}: {r['memory']:.2g}"
            for n, r in records.items()
            if not n.startswith("skbayes") and "memory" in r
        ]
        ours = (
            f"{records['skbayes']['memory']:.2g}" if "memory" in records.get("skbayes", {}) else ""
        )
        lines.append([ROWS[row].title, ours, ", ".join(peers)])
    return lines


MEMORY_HEAD = ["problem", "skbayes", "peers"]


def everything(table: Table) -> None:
    """Print every solver of every row."""
    for (row, target), records in table.items():
        print(f"\n{row} {target:g}: {ROWS[row].title}")
        for name, record in sorted(records.items(), key=lambda item: seconds(item[1])):
            more = {
                key: record[key]
                for key in ("tol", "reached", "alpha", "mean_square")
                if record.get(key) is not None
            }
            said = ", ".join(f"{key} {value:.4g}" for key, value in more.items())
            print(f"  {name:24} {show(seconds(record)):>9}  {said}")


def write_rst(path: Path, head: list[str], lines: list[list[str]]) -> None:
    """Write a csv-table that the documentation includes."""
    quoted = [", ".join(f'"{cell}"' for cell in cells) for cells in (head, *lines)]
    body = "\n".join(f"   {line}" for line in quoted[1:])
    path.write_text(f".. csv-table::\n   :header: {quoted[0]}\n\n{body}\n")


def main() -> None:
    """Read the command line and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--rst", type=Path, help="write the table there")
    parser.add_argument(
        "--all",
        action="store_true",
        help="print every solver, with the tolerance and what it reached",
    )
    parser.add_argument(
        "--memory", action="store_true", help="the table of peaks, in multiples of X"
    )
    options = parser.parse_args()
    table = read(options.paths)
    if options.all:
        return everything(table)
    head, lines = (MEMORY_HEAD, memory_lines(table)) if options.memory else (HEAD, lines_of(table))
    if options.rst:
        write_rst(options.rst, head, lines)
    for cells in (head, *lines):
        print(" | ".join(cells))
    return None


if __name__ == "__main__":
    main()
