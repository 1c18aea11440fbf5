"""What weighs the acquisition, as arguments of BayesSearchCV."""

import numpy as np
import pytest
from scipy import stats
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris

from skbayes import BayesSearchCV, Optimizer

X, y = load_iris(return_X_y=True)
SPACE = {"C": stats.lognorm(1.0), "gamma": (1e-4, 1e1, "log-uniform")}


class Scored(ClassifierMixin, BaseEstimator):
    """Scores by its parameters alone, and refuses small gamma."""

    def __init__(self, C=1.0, gamma=1.0):
        self.C = C
        self.gamma = gamma

    def fit(self, X, y):
        if self.gamma < 1e-3:
            raise ValueError("gamma is too small")
        self.classes_ = np.unique(y)
        return self

    def score(self, X, y):
        return -((np.log10(self.C) - 0.3) ** 2) - (np.log10(self.gamma) + 2.5) ** 2


def search(**changes):
    return BayesSearchCV(Scored(), SPACE, n_iter=12, cv=2, random_state=0, refit=False, **changes)


def candidates(**changes):
    return search(**changes).fit(X, y).cv_results_["params"]


@pytest.mark.filterwarnings("ignore:.*fits failed", "ignore:.*non-finite")
@pytest.mark.parametrize(
    ("name", "value"), [("failures", "weigh"), ("prior_weight", 0.0), ("random_fraction", 0.9)]
)
def test_arguments_and_optimizer_kwargs_reach_the_optimizer(name, value):
    default = candidates()
    given = candidates(**{name: value})
    assert given != default
    assert given == candidates(optimizer_kwargs={name: value})
    # An explicit argument wins.
    other = {"failures": "worst", "prior_weight": 50.0, "random_fraction": 0.2}[name]
    assert given == candidates(**{name: value}, optimizer_kwargs={name: other})


@pytest.mark.filterwarnings("ignore:.*fits failed", "ignore:.*non-finite")
def test_the_search_is_that_of_an_optimizer_told_the_same():
    fitted = search(prior_weight=4.0, random_fraction=0.3).fit(X, y)
    seed = np.random.RandomState(0).randint(np.iinfo(np.int32).max)
    sequence = np.random.SeedSequence(seed).spawn(1)[0]
    optimizer = Optimizer(
        SPACE,
        initial_points=[{"C": 1.0, "gamma": 1.0}],
        prior_weight=4.0,
        random_fraction=0.3,
        random_state=int(sequence.generate_state(1)[0]),
    )
    for trial in fitted.history_:
        assert optimizer.ask() == trial.params
        optimizer.tell(trial.params, trial.score, status=trial.status)


@pytest.mark.filterwarnings("ignore:.*fits failed", "ignore:.*non-finite")
def test_fit_times_are_there_for_the_score_per_second():
    fitted = search(acquisition="log_ei_per_second").fit(X, y)
    assert all(trial.fit_time > 0.0 for trial in fitted.history_)
    assert fitted.stopped_by_ == "budget"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"failures": "ignore"}, "failures"),
        ({"prior_weight": -1.0}, "prior_weight"),
        ({"random_fraction": 1.1}, "random_fraction"),
    ],
)
def test_wrong_values_are_refused_before_any_fit(changes, message):
    with pytest.raises(ValueError, match=message):
        search(**changes).fit(X, y)
