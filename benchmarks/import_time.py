"""What does `import skbayes` cost beside the scikit-learn modules that it needs? `python benchmarks/import_time.py`

Fresh interpreters, the two imports in turn; printed: median seconds of each and their ratio.
"""

import argparse
import statistics
import subprocess
import sys
import time

NEEDED = "import sklearn.model_selection, sklearn.ensemble"


def seconds(statement):
    """Return the time that a statement takes in a new interpreter, without the interpreter's own start."""
    code = f"import time; t = time.perf_counter(); {statement}; print(time.perf_counter() - t)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(run.stdout)


def main():
    """Print the medians and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    for statement in (NEEDED, "import skbayes"):  # file caches warm
        seconds(statement)
    pairs = []
    for _ in range(options.repeats):
        pairs.append((seconds(NEEDED), seconds("import skbayes")))
        time.sleep(0.05)
    needed, ours = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(b / a for a, b in pairs)
    print(f"{NEEDED}: {needed:.3f} s; import skbayes: {ours:.3f} s; ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
