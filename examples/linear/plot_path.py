"""
How many features are enough?
=============================

A lasso sets coefficients to zero, the more the stronger it is. The path shows what comes in when, from the
strongest lasso that keeps anything to the weakest, and cross-validation says from where on more features do
not help. Ten measurements of 442 diabetes patients.
"""

# %%
import numpy as np
from sklearn.datasets import load_diabetes

from skbayes import MAPLasso, MAPLassoCV
from skbayes.plots import PathDisplay

X, y = load_diabetes(return_X_y=True, as_frame=True)
X = X / X.std()
model = MAPLassoCV(cv=10).fit(X, y)
PathDisplay.from_estimator(model, X, y)

# %%
# The strength with the smallest error, and the strongest one whose error is within one standard error of it:
error = model.mse_path_.mean(axis=1)
standard_error = model.mse_path_.std(axis=1, ddof=1) / np.sqrt(10)
best = np.argmin(error)
strong = np.flatnonzero(error <= error[best] + standard_error[best])[0]
for name, k in {"smallest error": best, "within one standard error": strong}.items():
    coef = MAPLasso(alpha=model.alphas_[k]).fit(X, y).coef_
    kept = X.columns[coef != 0]
    print(
        f"{name:26} alpha {model.alphas_[k]:.2f}  error {error[k]:.0f} ± {standard_error[k]:.0f}  {', '.join(kept)}"
    )

# %%
# Answer
# ------
# Four, as far as these data can tell: body mass index, ``s5``, blood pressure and ``s3``, which come in
# first, in this order. Seven have the smallest error, 2987, but four are within a standard error of it. The
# curve below the path is flat from there on: more features neither help nor harm.
#
# Of the last ones the coefficients run far apart without a gain in error: ``s1`` and ``s2`` measure nearly
# the same, and what one adds the other takes away.
