"""
Do 90 % intervals hold 90 % of what comes?
==========================================

A model that predicts intervals makes a promise that new data can check. The target is a measured area from
scikit-learn's breast cancer data (``"area error"``): positive, with many small and a few very large values.
Three likelihoods see the same four features of one half of the rows, and are held to their promise on the
other half.
"""

# %%
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

from skbayes import MAPRegressor
from skbayes.plots import CalibrationIntervalDisplay
from skbayes.priors import Normal

frame = load_breast_cancer(as_frame=True).frame
features = ["mean radius", "mean texture", "mean smoothness", "mean symmetry"]
X = np.log(frame[features])
X_train, X_test, y_train, y_test = train_test_split(
    (X - X.mean()) / X.std(), frame["area error"], test_size=0.5, random_state=0
)
models = {
    likelihood: MAPRegressor(likelihood, Normal(scale=scale)).fit(X_train, y_train)
    for likelihood, scale in {"gaussian": 100.0, "student_t": 100.0, "gamma": 1.0}.items()
}
CalibrationIntervalDisplay.from_estimator(models, X_test, y_test)

# %%
# How wide they are, and how many reach below zero, where no area can be:
for name, model in models.items():
    for level in (0.5, 0.9):
        lower, upper = model.predict_interval(X_test, level=level)
        held = np.mean((lower <= y_test) & (y_test <= upper))
        print(
            f"{name:10} {level:.0%} intervals: {held:.0%} held, mean width {np.mean(upper - lower):3.0f},"
            f" {np.mean(lower < 0):4.0%} reach below 0"
        )

# %%
# Answer
# ------
# If the likelihood is right. Those of the gamma distribution do: their curve stays inside the grey band, in
# which 95 % of calibrated models would be. A normal distribution cannot be narrow for small areas and wide
# for large ones. It is wide for all, so that its 90 % intervals hold 99 % of the areas, are two and a half
# times as wide, and most of them reach below zero.
#
# Student's t is nearly calibrated and still not a good model: more than half of its 90 % intervals reach
# below zero, and they are wider than those of the gamma distribution. Calibration alone does not make a good
# interval. Of models that are calibrated prefer the one whose intervals are narrow.
