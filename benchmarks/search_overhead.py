"""How much time does a whole search spend outside the fits? `python benchmarks/search_overhead.py`

A search of 50 candidates and five folds with one job, on an estimator whose `fit` sleeps. Printed: wall time divided
by the time inside `fit`, the median over the repeats, for skbayes and, where it is installed, scikit-optimize.
"""

import argparse
import importlib.util
import os
import statistics
import sys
import time
import warnings

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin

N_CANDIDATES, N_SPLITS, N_DIMS = 50, 5, 6
NAMES = [f"x{k}" for k in range(N_DIMS)]


class Sleeper(RegressorMixin, BaseEstimator):
    """Its fit takes a given time; its score is a smooth function of six parameters."""

    def __init__(self, seconds=0.05, x0=0.5, x1=0.5, x2=0.5, x3=0.5, x4=0.5, x5=0.5):
        self.seconds = seconds
        self.x0, self.x1, self.x2, self.x3, self.x4, self.x5 = x0, x1, x2, x3, x4, x5

    def fit(self, X, y):
        """Sleep."""
        start = time.perf_counter()
        time.sleep(self.seconds)
        Sleeper.time_in_fits += time.perf_counter() - start
        self.is_fitted_ = True
        return self

    def score(self, X, y):
        """Return minus the squared distance to a point."""
        return -sum((getattr(self, name) - 0.3) ** 2 for name in NAMES)


def ratio(search_class, seconds, seed):
    """Return wall time over time in fits of one whole search."""
    X, y = np.zeros((50, 2)), np.zeros(50)
    Sleeper.time_in_fits = 0.0
    space = dict.fromkeys(NAMES, (0.0, 1.0))
    search = search_class(
        Sleeper(seconds), space, n_iter=N_CANDIDATES, cv=N_SPLITS, n_jobs=1, random_state=seed
    )
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search.fit(X, y)
    return (time.perf_counter() - start) / Sleeper.time_in_fits


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seconds", type=float, nargs="*", default=[0.01, 0.05])
    options = parser.parse_args()
    from skbayes import BayesSearchCV

    searches = {"skbayes": BayesSearchCV}
    if importlib.util.find_spec("skopt"):
        from skopt import BayesSearchCV as Skopt

        searches["scikit-optimize"] = Skopt
    print("| seconds per fit | " + " | ".join(searches) + " |")
    print("| --- |" + " --- |" * len(searches))
    for seconds in options.seconds:
        cells = []
        for search_class in searches.values():
            ratios = [ratio(search_class, seconds, seed) for seed in range(options.repeats)]
            cells.append(f"{statistics.median(ratios):.2f}")
            sys.stdout.flush()
        print(f"| {seconds} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
