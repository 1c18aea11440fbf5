"""
How long do workers wait for each other?
========================================

Fit times differ, also from fold to fold. A search that evaluates one candidate after the other has to wait
for the slowest fold of each before it can propose the next. ``asynchronous=True`` starts the next fit as soon
as a worker is free, and ``racing=True`` does not run the remaining folds of a candidate that can no longer
win.
"""

# %%
# So that the picture is the same on every computer, the fits are light and *wait* for a time that varies as
# fit times do: some of them sixteen times as long as others. Four threads stand for four workers.
import time

import numpy as np
from joblib import parallel_config
from sklearn.datasets import load_breast_cancer
from sklearn.naive_bayes import GaussianNB

from skbayes import BayesSearchCV
from skbayes.plots import TimelineDisplay

X, y = load_breast_cancer(return_X_y=True)


class SlowGaussianNB(GaussianNB):
    """Takes a while to fit, by a number that its parameters and rows decide."""

    def fit(self, X, y):
        rng = np.random.default_rng([int(-1e3 * np.log10(self.var_smoothing)), int(X.sum())])
        time.sleep(rng.choice([0.02, 0.04, 0.08, 0.16, 0.32]))
        return super().fit(X, y)


space = {"var_smoothing": (1e-12, 1.0, "log-uniform")}


def draw(title, **options):
    search = BayesSearchCV(
        SlowGaussianNB(), space, n_iter=16, cv=4, n_jobs=4, random_state=0, **options
    )
    with parallel_config("threading"):
        search.fit(X, y)
    display = TimelineDisplay.from_estimator(search)
    display.figure_.suptitle(title)


draw("one candidate after the other")

# %%
draw("asynchronous", asynchronous=True)

# %%
draw("asynchronous and racing", asynchronous=True, racing=True)

# %%
# Answer
# ------
# About half of the time: each gap in the first picture is a worker that waits for the slowest fold of a
# candidate. Without waiting for each other the workers are busy for about nine tenths of the time, and most
# of the rest is at the end, where no candidate is left to start. More workers make the difference larger, for
# the slowest of many is slower (:doc:`/engine` has measurements).
#
# Racing does not make the workers busier, it makes the work less: the hatched candidates were given up after
# some of their four folds, and the search is done sooner.
#
# The price of both is that the search depends on which fit ends first, so that it is not the same twice. The
# first one is.
