"""
Must a model be fitted again to all rows when new ones come?
============================================================

Twenty diabetes patients a day, and a model that is to be right every evening. ``update`` takes the posterior
of yesterday as the prior of today and looks at today's rows alone.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.utils import shuffle

from skbayes import MAPRegressor
from skbayes.priors import Normal

plt.style.use("tableau-colorblind10")

X, y = shuffle(*load_diabetes(return_X_y=True, as_frame=True), random_state=0)
X = X / X.std()
days = [slice(start, start + 20) for start in range(0, len(X), 20)]

model = MAPRegressor(prior=Normal(scale=20.0))
evenings = []
for day, rows in enumerate(days):
    model = model.update(X[rows], y[rows]) if day else model.fit(X[rows], y[rows])
    whole = MAPRegressor(prior=Normal(scale=20.0)).fit(X[: rows.stop], y[: rows.stop])
    evenings.append((model.coef_, model.coef_std_, whole.coef_, whole.coef_std_))
coef, std, coef_of_all, std_of_all = np.array(evenings).swapaxes(0, 1)
print(f"Over {len(days)} days, the largest relative difference from a fit to all rows so far:")
print(f"coefficients        {abs(coef / coef_of_all - 1.0).max():.0e}")
print(f"standard deviations {abs(std / std_of_all - 1.0).max():.0e}")

# %%
figure, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
evening = np.arange(1, len(days) + 1)
shown = {"bmi": "body mass index", "bp": "blood pressure", "age": "age"}
for k, (column, name) in enumerate(shown.items()):
    j = X.columns.get_loc(column)
    ax.fill_between(
        evening, coef[:, j] - std[:, j], coef[:, j] + std[:, j], color=f"C{k}", alpha=0.25
    )
    ax.plot(evening, coef[:, j], ["-", "--", "-."][k], color=f"C{k}", linewidth=2, label=name)
    ax.plot(evening, coef_of_all[:, j], ".", color="black", markersize=4)
ax.plot([], [], "k.", label="fit to all rows so far")
ax.axhline(0.0, color="0.6", linewidth=1)
ax.set(
    xlabel="days", ylabel="coefficient ± standard deviation\n(progression per standard deviation)"
)
ax.legend(ncols=2)

# %%
# Answer
# ------
# No. On every evening the updated model (lines) is the model that a fit to all rows so far would give (dots),
# coefficients and standard deviations, up to rounding. The old rows are not needed again: what counts of them
# are sums, which the model keeps. The bands narrow as they should, about as one over the root of the number
# of rows.
#
# For a Gaussian likelihood this is exact. For counts or classes an update is near the joint fit and not equal
# to it; how near is measured in :doc:`/update_and_transfer`.
