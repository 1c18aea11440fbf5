"""Draw the README's figure: best score so far against fits, on real data. `python benchmarks/readme_figure.py`

The task of examples/quickstart.py with 30 candidates and ten seeds: the mean of the best score so far and a band of
one standard error. Writes docs/_static/convergence.svg (needs the extra `plots`).
"""

import argparse
from pathlib import Path

import matplotlib as mpl
import numpy as np
from scipy.stats import loguniform
from sklearn.datasets import load_breast_cancer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skbayes import BayesSearchCV, RandomizedSearchCV

N_CANDIDATES, N_SPLITS = 30, 5
# Blue and orange of Okabe and Ito's palette: told apart by colour-blind readers too.
STYLES = {"BayesSearchCV": ("#0072B2", "-"), "RandomizedSearchCV": ("#D55E00", "--")}
OUTPUT = Path(__file__).parents[1] / "docs" / "_static" / "convergence.svg"

mpl.use("svg")
mpl.rcParams["svg.hashsalt"] = "skbayes"  # the same file for the same figures
from matplotlib import pyplot as plt  # noqa: E402


def best_so_far(search_class, seed):
    """Return the best mean score after each candidate, shape (n_candidates,)."""
    X, y = load_breast_cancer(return_X_y=True)
    model = make_pipeline(StandardScaler(), SVC())
    space = {"svc__C": loguniform(1e-3, 1e4), "svc__gamma": loguniform(1e-6, 1e1)}
    search = search_class(
        model, space, n_iter=N_CANDIDATES, scoring="roc_auc", cv=N_SPLITS, random_state=seed
    )
    return np.maximum.accumulate(search.fit(X, y).cv_results_["mean_test_score"])


def main():
    """Run the searches and write the figure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=10)
    options = parser.parse_args()
    figure, axes = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
    fits = N_SPLITS * np.arange(1, N_CANDIDATES + 1)
    for search_class in (BayesSearchCV, RandomizedSearchCV):
        name = search_class.__name__
        color, line = STYLES[name]
        runs = np.array([best_so_far(search_class, seed) for seed in range(options.seeds)])
        mean, error = runs.mean(axis=0), runs.std(axis=0, ddof=1) / np.sqrt(len(runs))
        axes.plot(fits, mean, line, color=color, label=name)
        axes.fill_between(fits, mean - error, mean + error, color=color, alpha=0.2, linewidth=0)
        print(f"{name}: {mean[-1]:.5f} ± {error[-1]:.5f} after {fits[-1]} fits")
    axes.set(xlabel="fits", ylabel="best ROC AUC so far", ylim=(0.988, 0.997))
    axes.legend(loc="lower right", frameon=False)
    axes.grid(alpha=0.3)
    OUTPUT.parent.mkdir(exist_ok=True)
    figure.savefig(OUTPUT, metadata={"Date": None})


if __name__ == "__main__":
    main()
