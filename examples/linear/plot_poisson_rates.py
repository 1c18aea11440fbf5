"""
Is a machine that never failed a good one?
==========================================

Twelve machines, the days that each was watched, and how often it failed. Failures divided by days is the
obvious rate. But two of the machines never failed, and were watched for two or three weeks. The data are
simulated, so that the truth is known.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from skbayes import MAPRegressor
from skbayes.priors import Normal

plt.style.use("tableau-colorblind10")

rng = np.random.default_rng(0)
names = [f"machine {letter}" for letter in "ABCDEFGHIJKL"]
days = rng.integers(5, 400, size=12)
true_rate = np.exp(-3.0 + 0.6 * rng.normal(size=12))
failures = rng.poisson(true_rate * days)

# %%
# Counts have a Poisson likelihood, and the days come in as the offset log(days), so that the coefficients are
# about the rate per day. Each machine has its own; the intercept is what they have in common. How different
# the machines are, the scale of the prior, is found by the evidence.
machines = pd.DataFrame(np.eye(12), columns=names)
model = MAPRegressor("poisson", Normal(), tune="evidence").fit(
    machines, failures, offset=np.log(days)
)
draws, intercepts = model.sample_posterior(4000, random_state=0)
rates = np.exp(draws + np.reshape(intercepts, (-1, 1)))
low, high = np.quantile(rates, [0.05, 0.95], axis=0)
mean = np.exp(model.coef_ + model.intercept_)

table = pd.DataFrame(
    {
        "days": days,
        "failures": failures,
        "divided": failures / days,
        "model": mean,
        "truth": true_rate,
    },
    names,
).sort_values("days")
print(table.round(3))
held = (low < true_rate) & (true_rate < high)
print(
    f"\nThe scale of the prior is {model.prior_.scale[0]:.2f}; {held.sum()} of 12 intervals hold the truth."
)
for name in ("divided", "model"):
    error = np.sqrt(np.mean((table[name] - table["truth"]) ** 2))
    print(f"error of {name!r}: {error:.4f} failures per day")

# %%
order = np.argsort(days)
rows = np.arange(12)
figure, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
ax.hlines(rows, low[order], high[order], color="C0", linewidth=3, alpha=0.5, label="90 % interval")
ax.plot(mean[order], rows, "o", color="C0", label="model")
ax.plot((failures / days)[order], rows, "x", color="C1", markersize=8, label="failures / days")
ax.plot(true_rate[order], rows, "k|", markersize=14, label="truth")
ax.axvline(np.exp(model.intercept_), color="0.6", linestyle=":", label="all machines")
ax.set_yticks(rows, [f"{names[i]}, {days[i]} days" for i in order])
ax.set(xlabel="failures per day", title="From the least to the longest watched")
figure.legend(loc="outside lower center", ncols=5)

# %%
# Answer
# ------
# Nobody knows yet. Machines H and F failed 0 times in 11 and 21 days, and 0 / 11 says nothing but that they
# were watched briefly. The model puts them near the rate of all machines, with intervals so wide that they
# may be among the best or the worst but for A and B. (In truth F fails more often than most.) Where there are
# many days, as for A and L, the model says nearly what the counts say. No constant was chosen: how far single
# machines are drawn towards all of them follows from how different those are that are known well.
