"""Draw the README's figure: two searches beside random search. `python benchmarks/readme_figure.py`

Left, real data: the task of examples/quickstart.py with 30 candidates, mean of the best score so far. Right, a function
of six parameters (Hartmann-6): mean of the distance to its minimum so far. Ten seeds, bands of one standard error.
Writes docs/_static/convergence.svg (needs the extra `plots`).
"""

import argparse
from pathlib import Path

import matplotlib as mpl
import numpy as np
from functions import PROBLEMS
from scipy.stats import loguniform
from sklearn.datasets import load_breast_cancer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skbayes import BayesSearchCV, RandomizedSearchCV, minimize
from skbayes.space import as_space

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


def regret_so_far(search_class, seed, n_calls=60):
    """Return the distance to Hartmann-6's minimum after each evaluation, shape (n_calls,)."""
    problem = PROBLEMS["hartmann6"]
    if search_class is BayesSearchCV:
        values = minimize(problem.func, problem.space, n_calls, random_state=seed).func_vals
    else:
        space = as_space(problem.space)
        points = space.sample(n_calls, np.random.default_rng(seed))
        values = np.array([problem.func(space.decode(u)) for u in points])
    return np.minimum.accumulate(values) - problem.minimum


def draw(axes, measure, step, n_seeds):
    """Draw mean and standard error of a measure for both searches."""
    for search_class in (BayesSearchCV, RandomizedSearchCV):
        name = search_class.__name__
        color, line = STYLES[name]
        runs = np.array([measure(search_class, seed) for seed in range(n_seeds)])
        mean, error = runs.mean(axis=0), runs.std(axis=0, ddof=1) / np.sqrt(len(runs))
        x = step * np.arange(1, len(mean) + 1)
        label = name.removesuffix("SearchCV")
        axes.plot(x, mean, line, color=color, label={"Randomized": "random"}.get(label, "skbayes"))
        axes.fill_between(x, mean - error, mean + error, color=color, alpha=0.2, linewidth=0)
        print(f"{measure.__name__}, {name}: {mean[-1]:.5f} ± {error[-1]:.5f} after {x[-1]}")
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)


def main():
    """Run the searches and write the figure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=10)
    options = parser.parse_args()
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.2), layout="constrained")
    draw(left, best_so_far, N_SPLITS, options.seeds)
    left.set(
        xlabel="fits", ylabel="best ROC AUC so far", ylim=(0.988, 0.997), title="SVC, 2 parameters"
    )
    draw(right, regret_so_far, 1, options.seeds)
    right.set(
        xlabel="evaluations", ylabel="distance to the minimum", title="Hartmann, 6 parameters"
    )
    OUTPUT.parent.mkdir(exist_ok=True)
    figure.savefig(OUTPUT, metadata={"Date": None})


if __name__ == "__main__":
    main()
