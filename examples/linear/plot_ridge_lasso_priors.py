"""
What does a prior do to the coefficients?
=========================================

A prior says what coefficients were thought probable before the data. Each shape moves the estimates in its
own way: first one coefficient of which the data say one number, then the ten of a real regression.
"""

# %%
# One coefficient
# ---------------
# The datum is one measurement of w with a standard error of one. The most probable w then depends on the
# prior alone.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes

from skbayes import MAPRegressor
from skbayes.likelihoods import Gaussian
from skbayes.priors import Flat, Horseshoe, Laplace, Normal, StudentT

plt.style.use("tableau-colorblind10")

measured = np.linspace(-6.0, 6.0, 121)
priors = {
    "Flat": (Flat(), "k:"),
    "Normal (ridge)": (Normal(scale=1.0), "C0--"),
    "Laplace (lasso)": (Laplace(scale=0.5), "C1-"),
    "StudentT": (StudentT(df=2.0, scale=0.5), "C4-."),
    "Horseshoe": (Horseshoe(), "C3--"),
}
figure, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
for name, (prior, style) in priors.items():
    one = MAPRegressor(Gaussian(scale=1.0), prior, fit_intercept=False)
    estimates = [one.fit([[1.0]], [value]).coef_[0] for value in measured]
    ax.plot(measured, estimates, style, label=name)
ax.set(xlabel="w as measured (standard errors)", ylabel="most probable w")
ax.legend()

# %%
# Ten coefficients
# ----------------
# The diabetes data, with all columns and the target in standard deviations.
X, y = load_diabetes(return_X_y=True, as_frame=True)
X, y = X / X.std(), y / y.std()
chosen = {
    "Flat": Flat(),
    "Normal (ridge)": Normal(scale=0.1),
    "Laplace (lasso)": Laplace(scale=0.05),
    "StudentT": StudentT(scale=0.05),
    "Horseshoe": Horseshoe(),
}
coefs = {name: MAPRegressor(prior=prior).fit(X, y).coef_ for name, prior in chosen.items()}
order = np.argsort(-abs(coefs["Flat"]))
figure, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
for k, ((name, coef), mark) in enumerate(zip(coefs.items(), "osD^v", strict=True)):
    colour = priors[name][1].strip("-.:")
    place = np.arange(10) + 0.13 * (k - 2)
    ax.vlines(place, 0.0, coef[order], color=colour, linewidth=2)
    ax.plot(place, coef[order], mark, color=colour, label=name, markersize=6)
    print(f"{name:16}", coef[order].round(2), f"{np.sum(coef == 0)} exactly 0")
ax.axhline(0.0, color="0.6", linewidth=1)
ax.set_xticks(range(10), X.columns[order])
ax.set(ylabel="most probable coefficient")
ax.legend()

# %%
# Answer
# ------
# It draws them towards zero, and the shape decides which ones:
#
# - **Normal** takes from each the same share, large or small. None becomes zero.
# - **Laplace** takes from each the same amount, and what is smaller becomes exactly zero: of the ten ``s2``,
#   ``s4`` and ``age``. Large coefficients pay as well.
# - **StudentT** and **Horseshoe** take much from small coefficients and little from large ones. With the
#   scales used here the horseshoe leaves most of the ten nearly where least squares put them.
#
# Least squares gives ``s1`` and ``s2``, which measure nearly the same, large values of opposite sign. Normal,
# Laplace and StudentT agree that they are small. All agree on ``bmi`` and ``bp``, of which the data know
# enough. A prior decides where the data do not.
