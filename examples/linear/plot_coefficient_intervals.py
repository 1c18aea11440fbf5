"""
Which measurements are linked to the disease?
=============================================

A regression gives every feature a coefficient. The question is which of them could as well be zero. Ten
measurements of 442 diabetes patients, in standard deviations, and how far the disease had advanced a year
later.
"""

# %%
from sklearn.datasets import load_diabetes

from skbayes import LinearRegressionMLE, MAPRidgeCV
from skbayes.plots import CoefficientDisplay

X, y = load_diabetes(return_X_y=True, as_frame=True)
X = X / X.std()
models = {
    "least squares": LinearRegressionMLE().fit(X, y),
    "ridge by evidence": MAPRidgeCV(tune="evidence").fit(X, y),
}
CoefficientDisplay.from_estimator(models)

# %%
# The same as numbers. The six that are measured in blood serum, s1 to s6, are nearly the same thing in parts:
table = models["ridge by evidence"].summary(level=0.95)
print(table.round(2))
known = table[table["lower"] * table["upper"] > 0].index.drop("intercept")
print("\n95 % interval without zero:", ", ".join(known))
print("\ncorrelation of s1 with s2:", X["s1"].corr(X["s2"]).round(2))

# %%
# Answer
# ------
# Of four: body mass index, blood pressure, sex and the serum measurement ``s5``. Their 95 % intervals do not
# contain zero, by least squares as by the ridge. Of ``s1``, ``s2``, ``s3`` and ``s4`` least squares knows
# next to nothing, its intervals are the widest: they go up and down together (``s1`` and ``s2`` correlate by
# 0.9), so that the data cannot tell which of them is the cause. That does not mean that they are unimportant,
# but that these data do not say.
#
# The ridge, whose strength the evidence chose, halves these intervals, and leaves those alone that were
# narrow. The largest estimate of least squares, ``s1``, shrinks to a quarter.
