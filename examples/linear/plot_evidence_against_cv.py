"""
Can the strength of a ridge be chosen without cross-validation?
===============================================================

The evidence is the probability of the training data with the coefficients integrated out. It needs no folds:
one fit says how probable a strength is. Does it choose as well as cross-validation?
"""

# %%
# One data set
# ------------
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.model_selection import KFold, cross_val_score

from skbayes import MAPRidge, MAPRidgeCV

plt.style.use("tableau-colorblind10")

X, y = load_diabetes(return_X_y=True, as_frame=True)
X = X / X.std()
alphas = np.logspace(-2, 4, 31)
folds = KFold(10, shuffle=True, random_state=0)
evidence = [MAPRidge(alpha=alpha).fit(X, y).log_evidence_ for alpha in alphas]
errors = [
    -cross_val_score(MAPRidge(alpha=alpha), X, y, cv=folds, scoring="neg_mean_squared_error").mean()
    for alpha in alphas
]
figure, panels = plt.subplots(2, 1, figsize=(7, 5), layout="constrained", sharex=True)
panels[0].plot(alphas, evidence, "C0-")
panels[0].axvline(alphas[np.argmax(evidence)], color="C0", linewidth=1)
panels[0].set(ylabel="log evidence\n(higher is better)")
panels[1].plot(alphas, errors, "C1-")
panels[1].axvline(alphas[np.argmin(errors)], color="C1", linewidth=1)
panels[1].set(ylabel="error in 10 folds\n(lower is better)", xlabel="alpha", xscale="log")
print(
    f"alpha by evidence {alphas[np.argmax(evidence)]:.1f}, by folds {alphas[np.argmin(errors)]:.1f}"
)
print(f"errors there {errors[np.argmax(evidence)]:.0f} and {np.min(errors):.0f}")

# %%
# Many small ones
# ---------------
# Sixty patients at a time, forty times, and the mean squared error on all others.
choosers = {
    "evidence": MAPRidgeCV(tune="evidence"),
    "leave one out": MAPRidgeCV(alphas=alphas),
    "10 folds": MAPRidgeCV(alphas=alphas, cv=10),
}
rng = np.random.default_rng(0)
error, alpha = np.empty((3, 40)), np.empty((3, 40))
for k in range(40):
    rows = rng.permutation(len(X))
    train, test = rows[:60], rows[60:]
    for m, model in enumerate(choosers.values()):
        model.fit(X.iloc[train], y.iloc[train])
        error[m, k] = np.mean((model.predict(X.iloc[test]) - y.iloc[test]) ** 2)
        alpha[m, k] = model.alpha_
for m, name in enumerate(choosers):
    lead = error[m] - error[0]
    above = f"{lead.mean():.0f} ± {lead.std() / np.sqrt(40):.0f}"
    low, high = np.quantile(alpha[m], [0.1, 0.9])
    print(
        f"{name:14} error {error[m].mean():.0f}, above that of the evidence {above} (standard error),"
        f" alpha mostly {low:.1f} to {high:.1f}"
    )

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for m, (name, mark) in enumerate(zip(choosers, "osx", strict=True)):
    ax.plot(alpha[m], error[m], mark, label=name)
ax.set(xscale="log", xlabel="chosen alpha", ylabel="mean squared error on other patients")
ax.legend()

# %%
# Answer
# ------
# Yes. On all 442 rows it hardly matters: the error is flat for every alpha below 100, and cross-validation
# picks a point of the flat part (1.0, where the evidence says 16). With sixty rows it matters, and there the
# evidence chooses better: its alpha is mostly between 8 and 21, where ten folds, each scored on six patients,
# wander from 0.2 to 63 and pay 106 ± 30 in squared error. Exact leave-one-out is between the two.
#
# The evidence trusts the model: normal noise of one size, and coefficients that are of one size too. Where
# that is badly wrong folds are the safer judge.
