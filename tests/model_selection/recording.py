"""What the tests of scikit-learn's callbacks share: callbacks that keep what they are told, and searches to tell it."""

import os
import threading
from collections import Counter

from joblib import parallel_config
from sklearn.datasets import load_iris
from sklearn.svm import SVC

from skbayes import BayesSearchCV
from skbayes.evaluation import RacingRule

X, y = load_iris(return_X_y=True)
RANGE = {"C": (1e-2, 1e2, "log-uniform")}
GRID = {"C": [0.1, 1.0, 10.0]}
ROOT = ("fit", 0)
SEARCH = (*ROOT, "search", 0)
REFIT = (*ROOT, "refit-with-best-params", 1)


class Recorder:
    """Knows its events, and cannot be pickled: it may be called in this process only."""

    def __init__(self):
        self.events = []
        self.lock = threading.Lock()
        self.places = set()
        self.contexts = {}

    def setup(self, estimator, context):
        self.events.append(("setup", ()))

    def teardown(self, estimator, context):
        self.events.append(("teardown", ()))

    def note(self, what, context):
        self.events.append((what, path_of(context)))
        self.places.add((os.getpid(), threading.get_ident()))
        self.contexts[path_of(context)] = context

    def on_fit_task_begin(self, estimator, context):
        self.note("begin", context)

    def on_fit_task_end(self, estimator, context):
        self.note("end", context)

    def paths(self, what="begin"):
        return [path for event, path in self.events if event == what]

    def tasks(self, what="begin"):
        return Counter(path[-2] for path in self.paths(what))


class PropagatedRecorder(Recorder):
    """Follows into the estimators of the candidates."""

    max_propagation_depth = None


def path_of(context):
    above = () if context.parent is None else path_of(context.parent)
    return (*above, context.task_name, context.task_id)


def trial(k):
    return (*SEARCH, "trial", k)


def leaf(k, fold):
    return (*trial(k), "candidate-split-evaluation", fold)


def bayes(estimator=None, space=RANGE, **options):
    options = {"n_iter": 4, "cv": 3, "random_state": 0, "n_points": 2, **options}
    return BayesSearchCV(estimator or SVC(), space, **options)


class LosesAfterOneFold(RacingRule):
    """Gives every candidate up but the first."""

    def is_hopeless(self, scores, candidate):
        return candidate > 0


ENGINES = {
    "one job": ({}, None),
    "loky": ({"n_jobs": 2}, "loky"),
    "threads": ({"n_jobs": 2}, "threading"),
    "multiprocessing": ({"n_jobs": 2}, "multiprocessing"),
    "asynchronous": ({"n_jobs": 2, "asynchronous": True}, "threading"),
}


def fitted_on(engine, search, recorder):
    options, backend = ENGINES[engine]
    search = search.set_params(**options).set_callbacks(recorder)
    if backend is None:
        return search.fit(X, y)
    with parallel_config(backend):
        return search.fit(X, y)
