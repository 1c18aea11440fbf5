"""One solver of `linear.py` in a process of its own: reads commands as JSON lines, answers with measurements.

    python benchmarks/linear_worker.py ROW SOLVER

A command is {"tol": ..., "repeat": ..., "keep": ...}; the answer holds CPU and wall seconds of a fit, the values that
it reached and, for "memory", the peak beside the data. `skbayes core` is ours without the compiled kernels.
"""

from __future__ import annotations

import ctypes
import gc
import json
import sys
import time
import warnings
from typing import Any

if sys.argv[2] == "skbayes core":
    sys.modules["numba"] = None  # type: ignore[assignment]  # in this process, the extra is not installed

import numpy as np
from linear_peers import PEERS, Solver
from linear_rows import ROWS, Problem, Row


def solver_of(row: Row, name: str) -> Solver:
    """Return the function that a row and a name mean."""
    if name.startswith("skbayes"):
        from linear_ours import OURS

        return OURS[row.task]
    return PEERS[row.task][name]


def reached(row: Row, problem: Problem, found: dict[str, Any]) -> dict[str, Any]:
    """Return the values of the objective that a solution has, in shares of the null model's."""
    if row.task == "solve":
        return {"values": [problem.value(found["coef"], found["intercept"])]}
    if row.task == "path":
        triples = zip(found["coefs"], found["intercepts"], problem.alphas, strict=True)
        return {"values": [problem.value(*triple) for triple in triples]}
    residual = problem.y - problem.X @ found["coef"] - found["intercept"]
    return {"alpha": float(found["alpha"]), "mean_square": float((residual**2).mean())}


def resident(key: str) -> int:
    """Return VmRSS (now) or VmHWM (the highest since the last reset) in bytes."""
    with open("/proc/self/status") as file:
        line = next(line for line in file if line.startswith(key))
    return int(line.split()[1]) * 1024


def memory(solver: Solver, problem: Problem, tol: float | None) -> float:
    """Return the peak of a fit beside what was there before it, as a multiple of the bytes of X."""
    solver(problem, tol)  # what is compiled or imported once does not count
    gc.collect()
    # What the first fit has freed goes back to the system, to be counted again.
    ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # resets the high-water mark
    before = resident("VmRSS")
    solver(problem, tol)
    X = problem.X
    n_bytes = X.nbytes if isinstance(X, np.ndarray) else X.data.nbytes + X.indices.nbytes
    return (resident("VmHWM") - before) / n_bytes


def timed(solver: Solver, problem: Problem, tol: float | None, repeat: int) -> dict[str, Any]:
    """Return CPU and wall seconds of one fit, the mean of some."""
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(repeat):
        found = solver(problem, tol)
    used, passed = time.process_time() - cpu, time.perf_counter() - wall
    return {"cpu": used / repeat, "wall": passed / repeat, "found": found}


def main(row: Row, name: str) -> None:
    """Serve until the input ends."""
    warnings.filterwarnings("ignore")  # calibration tries tolerances that cannot be reached
    out, sys.stdout = sys.stdout, sys.stderr  # peers print
    problem, solver = row.make(), solver_of(row, name)
    null = problem.null_value() if row.task in ("solve", "path") else 1.0
    print(json.dumps({"ready": True, "null": null}), file=out, flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        try:
            if command.get("memory"):
                reply = {"memory": memory(solver, problem, command["tol"])}
            else:
                reply = timed(solver, problem, command["tol"], command["repeat"])
                reply |= reached(row, problem, reply.pop("found"))
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(reply), file=out, flush=True)


if __name__ == "__main__":
    main(ROWS[sys.argv[1]], sys.argv[2])
