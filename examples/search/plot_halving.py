"""
Can a little of the data tell which candidates are bad?
=======================================================

``HalvingBayesSearchCV`` scores every candidate cheaply first, and lets only the best third go on to three
times as much of a resource. That is quick, and it can drop the best candidate too early. Two searches, and a
look behind the curtain: afterwards every candidate that they saw is scored in full, to see whom they dropped.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import rankdata
from sklearn.datasets import load_diabetes, make_friedman1
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.svm import SVR

from skbayes import HalvingBayesSearchCV, ManualSearchCV

plt.style.use("tableau-colorblind10")


def hindsight(halving, X, y, **full_resource):
    """Return the candidates, their scores on the first rung and in full, and which were on the last rung."""
    halving.fit(X, y)
    table, rungs = halving.cv_results_, halving.cv_results_["iter"]
    params = [{k: p[k] for k in p if k not in full_resource} for p in table["params"]]
    started = [p for p, rung in zip(params, rungs, strict=True) if rung == 0]
    reached = [p for p, rung in zip(params, rungs, strict=True) if rung == max(rungs)]
    model = halving.estimator.set_params(**full_resource)
    full = ManualSearchCV(model, started, cv=3, refit=False).fit(X, y)
    return (
        started,
        table["mean_test_score"][rungs == 0],
        full.cv_results_["mean_test_score"],
        np.array([p in reached for p in started]),
    )


# %%
# Rows as the resource, for a support vector regression
# -----------------------------------------------------
X, y = make_friedman1(900, noise=1.0, random_state=0)
space = {
    "C": (1e-2, 3e1, "log-uniform"),
    "gamma": (1e-3, 1e1, "log-uniform"),
    "epsilon": (1e-2, 1e0, "log-uniform"),
}
options = {"n_iter": 27, "factor": 3, "cv": 3, "random_state": 0}
rows = hindsight(HalvingBayesSearchCV(SVR(), space, min_resources=100, **options), X, y)

# %%
# Trees as the resource, for boosting on the diabetes data
# --------------------------------------------------------
X, y = load_diabetes(return_X_y=True)
space = {"learning_rate": (0.01, 1.0, "log-uniform"), "max_depth": (1, 5), "subsample": (0.3, 1.0)}
boosting = GradientBoostingRegressor(random_state=0)
trees = hindsight(
    HalvingBayesSearchCV(
        boosting, space, resource="n_estimators", min_resources=5, max_resources=45, **options
    ),
    X,
    y,
    n_estimators=45,
)

# %%
# Where each candidate stood early, and where it stands in the end
# ----------------------------------------------------------------
figure, panels = plt.subplots(1, 2, figsize=(9, 4.5), layout="constrained")
for ax, name, (_, early, full, went_on) in zip(
    panels, ("rows", "trees"), (rows, trees), strict=True
):
    rank_early, rank_full = rankdata(-early), rankdata(-full)
    ax.plot([1, 27], [1, 27], color="0.8", linewidth=1)
    ax.plot(rank_early[~went_on], rank_full[~went_on], "o", color="0.6", label="dropped")
    ax.plot(rank_early[went_on], rank_full[went_on], "C1D", markersize=8, label="reached the end")
    ax.set(
        title=name,
        xlabel=f"rank with a ninth of the {name}",
        ylabel=f"rank with all {name} (1 is best)",
    )
    winner = int(np.argmax(full))
    n_better = int(np.sum(full > full[went_on].max()))
    print(
        f"{name:6} best of all {full[winner]:.3f}, which was number {rank_early[winner]:.0f} early;"
        f" best that reached the end {full[went_on].max():.3f}, with {n_better} better ones dropped"
    )
candidates, early, full, _ = trees
for what, scores in {"with 5 trees": early, "with 45 trees": full}.items():
    seven = [candidates[k] for k in np.argsort(-scores)[:7]]
    means = {name: f"{np.mean([params[name] for params in seven]):.2f}" for name in space}
    print(f"the best seven {what}, on average: {means}")
figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)

# %%
# Answer
# ------
# It depends on the resource. A ninth of the rows ranks the candidates nearly as all rows do, and the best of
# all reached the end. A ninth of the trees misleads: the candidates that are best with five trees have a
# learning rate about twice as large as those that are best with forty-five. The best of all was dropped, and
# so were others that are better than the best that reached the end.
#
# So halve over rows, as ``HalvingBayesSearchCV`` does if nothing is said, and over a parameter of the
# estimator only if what is good with little of it is good with much.
