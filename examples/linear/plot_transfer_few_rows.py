"""
Can a model with few rows learn from a model with many?
=======================================================

Diabetes patients of a body mass index below the median are known well: 223 of them. Of the others there are a
handful. A model of these alone, the model of the light patients as it is, and two models that begin with what
the light patients have shown are compared on all heavy patients that were not used.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes

from skbayes import MAPRegressor, MAPRidge, MAPRidgeCV, prior_from

plt.style.use("tableau-colorblind10")

X, y = load_diabetes(return_X_y=True, as_frame=True)
X = X / X.std()
light = X["bmi"] <= X["bmi"].median()
source = MAPRidge().fit(X[light], y[light])
heavy, progression = X[~light], y[~light]

# %%
# ``prior_from(source)`` is the posterior of the source as a prior. With ``tune="evidence"`` the few rows
# decide how much it counts.
learners = {
    "few rows alone": MAPRidgeCV(tune="evidence"),
    "source as it is": None,
    "prior_from(source)": MAPRegressor(prior=prior_from(source)),
    'the same, tune="evidence"': MAPRegressor(prior=prior_from(source), tune="evidence"),
}
rng = np.random.default_rng(0)
sizes, n_draws = [10, 14, 20, 40, 80, 120], 30
errors = np.empty((len(learners), len(sizes), n_draws))
for k, size in enumerate(sizes):
    for draw in range(n_draws):
        rows = rng.permutation(len(heavy))
        few, others = rows[:size], rows[size:]
        for m, model in enumerate(learners.values()):
            fitted = source if model is None else model.fit(heavy.iloc[few], progression.iloc[few])
            residuals = fitted.predict(heavy.iloc[others]) - progression.iloc[others]
            errors[m, k, draw] = np.sqrt(np.mean(residuals**2))

print("rows".ljust(28), *(f"{size:6}" for size in sizes))
for name, row in zip(learners, errors.mean(axis=2), strict=True):
    print(name.ljust(28), *(f"{error:6.1f}" for error in row))

# %%
figure, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
for m, (name, style) in enumerate(zip(learners, ("o-", "k:", "s--", "D-."), strict=True)):
    spread = 2.0 * errors[m].std(axis=1) / np.sqrt(n_draws)
    ax.errorbar(sizes, errors[m].mean(axis=1), spread, fmt=style, capsize=3, label=name)
ax.set(
    xscale="log",
    xlabel="rows of heavy patients",
    ylabel="root mean squared error on the others",
    xticks=sizes,
)
ax.set_xticks(sizes, sizes)
ax.minorticks_off()
ax.legend(title="mean of 30 draws ± 2 standard errors")

# %%
# Answer
# ------
# Yes, if they are patients of one kind. With 10 rows the transferred model has an error of 65, with 10 rows
# alone it is 80, and alone it takes 40 to 80 rows to get there. From 120 rows on there is little left to
# learn from the others.
#
# The source as it is stays at 68, however many heavy patients are seen: their level is another, and the
# transferred model takes that from its own rows. Letting the evidence decide how much the source counts costs
# three with 10 rows and next to nothing with 80. It is the choice when it is not known whether source and
# target are alike; see :doc:`/update_and_transfer` for a source that misleads.
