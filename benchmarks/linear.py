"""Time and memory of linear models against scikit-learn, celer, skglm, adelie and glum, in interleaved rounds.

    python benchmarks/linear.py                                  # all rows, results in benchmarks/results/linear.jsonl
    python benchmarks/linear.py --rows 'lasso10-*' loo-200x5000 --rounds 3 --out /tmp/few.jsonl
    python benchmarks/linear.py --rows 'logistic-*' --solvers skbayes 'sklearn*'
    python benchmarks/linear.py --memory --out benchmarks/results/linear_memory.jsonl
    python benchmarks/linear.py --list
    python benchmarks/linear_report.py benchmarks/results/linear.jsonl --rst docs/linear_table.txt

Every solver has a process of its own with one BLAS thread, and the processes take turns. For one fit and for a path,
the loosest tolerance of its own (in steps of half a decade) is sought first that ends within 1e-4 and 1e-8 of the best
value that any solver has reached, in shares of the null model's; of a path the worst strength counts. That value is
kept from call to call (`--known`), and the tolerances of peers with it. Searches over strengths run at their default
tolerances. `skbayes` uses the extra `fast` (numba) where it is installed, `skbayes core` never does.
glmnet has no wheel for Python 3.11 and is not measured.
"""

from __future__ import annotations

import argparse
import contextlib
import fnmatch
import json
import os
import select
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from linear_rows import LOOSE, ROWS, Row

OURS = ("skbayes", "skbayes core")
HERE = Path(__file__).parent
RESULTS = HERE / "results"
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
LONG = (
    3.0  # seconds: such a fit is measured in the first round only, its noise being small beside it
)
N_TIGHT = 2  # solvers that must have been run at a tolerance of 1e-12 for their best value to be the reference
SHORTEST = 0.1  # seconds: quicker fits are repeated within a measurement
COMPILATION = 120.0  # seconds more for the first fit: kernels of peers and ours are compiled in it
FIRST, TIGHTER = (
    1e-2,
    1e-2,
)  # where the search for a tolerance begins, and how it goes on to the next target
LOOSEST, TIGHTEST = 0, -32  # exponents of sqrt(10): tolerances from 1 to 1e-16


class Slow(Exception):
    """A solver took longer than the limit."""


class Worker:
    """A solver of a row in its process.

    Parameters
    ----------
    row, solver : str
        Names.
    limit : float
        Seconds that a fit may take.
    """

    def __init__(self, row: str, solver: str, limit: float) -> None:
        self.row, self.solver, self.limit = row, solver, limit
        self.start()

    def start(self) -> None:
        """Start the process and wait until its data are made."""
        command = [sys.executable, str(HERE / "linear_worker.py"), self.row, self.solver]
        one = dict.fromkeys(THREADS, "1")
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(
            command, env={**os.environ, **one}, stderr=subprocess.DEVNULL, text=True, **pipes
        )
        self.null = self._read(120)["null"]

    def ask(self, grace: float = 0.0, **command: Any) -> dict[str, Any]:
        """Return what the process answers to a command, within the limit and some grace."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        try:
            return self._read(grace + self.limit * max(1, command.get("repeat", 1)))
        except Slow:
            self.start()
            raise

    def _cpu(self) -> float:
        """Return the CPU seconds that the process has taken."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _read(self, limit: float) -> dict[str, Any]:
        assert self.process.stdout is not None
        start, begun = self._cpu(), time.monotonic()
        # Beside other work the clock runs on while the process waits: it is the CPU time that is limited.
        while not select.select([self.process.stdout], [], [], 0.5)[0]:
            if self._cpu() - start > limit or time.monotonic() - begun > 10 * limit:
                self.close()
                raise Slow(f"more than {limit:.0f} s")
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the process ended")
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()


@dataclass
class Known:
    """What is kept between calls: the best values of each row, and the tolerance that each solver needs."""

    path: Path
    values: dict[str, list[float]] = field(default_factory=dict)
    tols: dict[str, float | None] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Known:
        """Read the file, if there is one."""
        return cls(path, **json.loads(path.read_text())) if path.exists() else cls(path)

    def save(self) -> None:
        """Write the file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps({"values": self.values, "tols": self.tols}, indent=1))

    def distance(self, row: str, values: list[float], null: float) -> float:
        """Return how far values are from the best known ones, which become better if these are."""
        best = np.minimum(self.values.get(row, values), values)
        self.values[row] = best.tolist()
        return float(np.max(np.subtract(values, best)) / null)


def seek(
    worker: Worker, name: str, target: float, start: float, known: Known, log: Any
) -> float | None:
    """Return the loosest tolerance in half decades that reaches the target, or None."""
    seen: dict[int, bool] = {}

    def hits(half: int) -> bool:
        if half not in seen:
            reply = worker.ask(tol=10 ** (half / 2), repeat=1)
            if "error" in reply:
                raise RuntimeError(reply["error"])
            far = known.distance(name, reply["values"], worker.null)
            log(f"    {worker.solver} at 1e{half / 2}: {far:.1e} in {reply['cpu']:.3f} s")
            seen[half] = far <= target
        return seen[half]

    half, step = round(2 * np.log10(start)), 1
    while not hits(half):
        half, step = half - 2, 2
        if half < TIGHTEST:
            return None
    if step == 1:  # from where it was last time, half a decade looser, then whole ones
        while half + step <= LOOSEST and hits(half + step):
            half, step = half + step, 2
    if half < LOOSEST and hits(half + 1):
        half += 1
    return float(10 ** (half / 2))


def tolerances(
    row: Row, name: str, workers: list[Worker], known: Known, log: Any
) -> dict[tuple[str, float], Any]:
    """Return the tolerance of each solver for each target; those that cannot reach it are left out."""
    if row.task not in ("solve", "path"):
        return {(worker.solver, 0.0): None for worker in workers}
    if name not in known.values:  # so that the best value is known before anybody is judged
        n_tight = 0
        for worker in workers:
            with contextlib.suppress(Slow):
                reply = worker.ask(tol=1e-12, repeat=1)
                known.distance(name, reply["values"], worker.null)
                n_tight += 1
            if n_tight == N_TIGHT:
                break
    found: dict[tuple[str, float], Any] = {}
    for worker in workers:
        tol: float | None = FIRST / TIGHTER
        for target in row.targets:
            key = f"{name}|{worker.solver}|{target:g}"
            if key not in known.tols or worker.solver in OURS:
                start = known.tols.get(key) or (tol or target) * TIGHTER
                try:
                    known.tols[key] = seek(worker, name, target, start, known, log)
                except (Slow, RuntimeError) as error:
                    log(f"  {name} {worker.solver}: {error}")
                    known.tols[key] = None
                known.save()
            tol = known.tols[key]
            if tol is not None:
                found[worker.solver, target] = tol
            else:
                log(f"    {worker.solver} does not reach {target:g}")
    return found


def prepare(
    name: str, workers: dict[str, Worker], tols: dict[tuple[str, float], Any], log: Any
) -> list[dict[str, Any]]:
    """Return the records of a row without times, after one more fit that does not count."""
    records = []
    for (solver, target), tol in tols.items():
        try:
            reply = workers[solver].ask(tol=tol, repeat=1)
        except Slow as error:
            log(f"  {name} {solver} left out: {error}")
            continue
        record = {
            "row": name,
            "solver": solver,
            "target": target,
            "tol": tol,
            "cpu": [],
            "wall": [],
        }
        record["repeat"] = int(np.clip(SHORTEST / max(reply["cpu"], 1e-4), 1, 50))
        record |= {key: reply[key] for key in ("alpha", "mean_square", "values") if key in reply}
        records.append(record)
    return records


def take_turns(records: list[dict[str, Any]], workers: dict[str, Worker], n_rounds: int) -> None:
    """Add the times of some rounds to the records."""
    for turn in range(n_rounds):
        for target in dict.fromkeys(record["target"] for record in records):
            here = [record for record in records if record["target"] == target]
            if turn > 0:
                here = [record for record in here if np.median(record["cpu"]) < LONG]
            shift = turn % max(len(here), 1)  # nobody is always the first
            for record in here[shift:] + here[:shift]:
                with contextlib.suppress(Slow):
                    worker = workers[record["solver"]]
                    reply = worker.ask(tol=record["tol"], repeat=record["repeat"])
                    record["cpu"].append(reply["cpu"])
                    record["wall"].append(reply["wall"])


def measure(
    name: str, workers: list[Worker], n_rounds: int, known: Known, log: Any
) -> list[dict[str, Any]]:
    """Return a record for each solver and target of a row."""
    by_name = {worker.solver: worker for worker in workers}
    tols = tolerances(ROWS[name], name, workers, known, log)
    records = prepare(name, by_name, tols, log) if n_rounds else []
    take_turns(records, by_name, n_rounds)
    records = [record for record in records if record["cpu"]]
    for record in records:
        if "values" in record:
            null = by_name[record["solver"]].null
            record["reached"] = known.distance(name, record.pop("values"), null)
        log(f"  {name} {record['target']:g} {record['solver']}: {np.median(record['cpu']):.4f} s")
    return records


def peaks(name: str, workers: list[Worker], tol: float) -> list[dict[str, Any]]:
    """Return a record of the peak memory of each solver."""
    return [
        {"row": name, "solver": worker.solver, **worker.ask(memory=True, tol=tol)}
        for worker in workers
    ]


def first_fit(name: str, solver: str, limit: float, log: Any) -> Worker | None:
    """Return a solver whose first fit has gone well."""
    worker = None
    try:
        worker = Worker(name, solver, limit)
        tol = LOOSE if ROWS[name].task in ("solve", "path") else None
        reply = worker.ask(grace=COMPILATION, tol=tol, repeat=1)
        if "error" in reply:
            raise RuntimeError(reply["error"])
        return worker
    except (Slow, RuntimeError) as error:
        log(f"  {name} {solver} left out: {error}")
        if worker:
            worker.close()
        return None


def run(name: str, options: argparse.Namespace, known: Known) -> list[dict[str, Any]]:
    """Measure one row."""

    def log(line: str) -> None:
        if options.verbose or not line.startswith("    "):
            print(line, flush=True)

    row = ROWS[name]
    wanted = [
        solver
        for solver in (*(OURS if row.has_kernels else OURS[:1]), *row.solvers)
        if any(fnmatch.fnmatch(solver, pattern) for pattern in options.solvers)
    ]
    workers: list[Worker] = []
    try:
        for solver in wanted:
            worker = first_fit(name, solver, options.limit, log)
            workers += [worker] if worker else []
        if options.memory:
            return peaks(name, workers, LOOSE)
        return measure(name, workers, options.rounds, known, log)
    finally:
        for worker in workers:
            worker.close()


def main() -> None:
    """Read the command line and measure the rows."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", nargs="+", default=["*"], help="names or patterns")
    parser.add_argument("--solvers", nargs="+", default=["*"], help="names or patterns")
    parser.add_argument("--rounds", type=int, default=5, help="0: seek the tolerances only")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds that a fit may take")
    parser.add_argument("--memory", action="store_true", help="peak memory instead of time")
    parser.add_argument("--known", type=Path, default=RESULTS / "linear_known.json")
    parser.add_argument("--out", type=Path, default=RESULTS / "linear.jsonl")
    parser.add_argument("--list", action="store_true", help="print the rows")
    parser.add_argument("--verbose", action="store_true", help="print the search for tolerances")
    options = parser.parse_args()
    names = [name for name in ROWS if any(fnmatch.fnmatch(name, p) for p in options.rows)]
    if options.list:
        print(
            "\n".join(
                f"{name:22} {ROWS[name].title} (factor {ROWS[name].factor:g})" for name in names
            )
        )
        return
    known = Known.load(options.known)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    for name in names:
        try:
            records = run(name, options, known)
        except (Slow, RuntimeError) as error:
            print(f"  {name} stopped: {error}", flush=True)
            continue
        known.save()
        with options.out.open("a") as file:
            file.writelines(json.dumps(record) + "\n" for record in records)


if __name__ == "__main__":
    main()
