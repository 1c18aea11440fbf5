"""A finished search, ours or of scikit-learn, as a history, a space and an optimizer."""

import math

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV as TheirGridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from skbayes import BayesSearchCV, GridSearchCV, HalvingBayesSearchCV, Optimizer
from skbayes.acquisition import UpperConfidenceBound
from skbayes.model_selection import optimizer_from, search_history, search_space
from skbayes.optimizer import History, Trial

X, y = load_iris(return_X_y=True)
RANGES = {"C": (1e-2, 1e2, "log-uniform"), "kernel": ["rbf", "linear"]}
GRID = {"C": [0.1, 1.0, 30.0], "kernel": ["rbf", "linear"]}
METRICS = ["accuracy", "f1_macro"]


class Fails(ClassifierMixin, BaseEstimator):
    """A classifier that fails for a in the upper half."""

    def __init__(self, a=0.0):
        self.a = a

    def fit(self, X, y):
        if self.a > 0.5:
            raise ValueError("a is too large")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.zeros(len(X))

    def score(self, X, y):
        return -self.a


@pytest.fixture(scope="module")
def bayes():
    return BayesSearchCV(
        SVC(), RANGES, n_iter=9, cv=3, acquisition="ucb", prior_weight=3.0, random_state=0
    ).fit(X, y)


def test_the_optimizer_knows_all_that_the_search_tried(bayes):
    optimizer = optimizer_from(bayes)
    assert isinstance(optimizer, Optimizer)
    ours = [(t.params, t.score, t.status, t.fold_scores) for t in bayes.history_]
    assert [(t.params, t.score, t.status, t.fold_scores) for t in optimizer.history] == ours
    assert isinstance(optimizer.acquisition, UpperConfidenceBound)
    assert optimizer.space.describe() == search_space(bayes).describe()


def test_it_goes_on_by_ask_and_tell(bayes):
    optimizer = optimizer_from(bayes)
    tried = [trial.params for trial in optimizer.history]
    for _ in range(3):
        params = optimizer.ask()
        assert params not in tried
        tried.append(params)
        optimizer.tell(params, 0.5)
    assert len(optimizer.history) == 12
    assert optimizer_from(bayes).ask() == optimizer_from(bayes).ask()


def test_the_constraint_is_kept_to():
    def small(params):
        return params["C"] < 1.0

    search = BayesSearchCV(SVC(), RANGES, n_iter=4, cv=3, constraint=small, random_state=0)
    optimizer = optimizer_from(search.fit(X, y))
    assert all(params["C"] < 1.0 for params in optimizer.ask(5))


def test_what_the_search_learnt_from_is_learnt_from_again(bayes):
    again = BayesSearchCV(SVC(), RANGES, n_iter=2, cv=3, history=bayes, random_state=1).fit(X, y)
    optimizer = optimizer_from(again)
    assert len(optimizer.history) == 2
    # The earlier trials are of the same data and folds: they are evidence, and not proposed again.
    earlier = [trial.params for trial in bayes.history_]
    std = optimizer.score_posterior(earlier).std
    alone = Optimizer(search_space(again), history=again.history_, random_state=0)
    assert np.median(std) < np.median(alone.score_posterior(earlier).std)


@pytest.mark.parametrize("kind", [GridSearchCV, TheirGridSearchCV])
def test_a_grid_is_the_space_that_it_spans(kind):
    search = kind(SVC(), GRID, cv=3).fit(X, y)
    space, optimizer = search_space(search), optimizer_from(search)
    assert "0.1 to 30.0" in space.describe()
    assert space.names == ("C", "kernel")
    np.testing.assert_array_equal(optimizer.history.scores, search.cv_results_["mean_test_score"])
    assert optimizer.history.trials[2].fold_scores == tuple(
        search.cv_results_[f"split{k}_test_score"][2] for k in range(3)
    )
    assert space.contains(optimizer.ask())


def test_spaces_with_budgets_of_their_own_are_branches():
    spaces = [
        ({"C": (0.1, 10.0), "kernel": ["rbf"]}, 3),
        ({"degree": (1, 3), "kernel": ["poly"]}, 2),
    ]
    search = BayesSearchCV(SVC(), spaces, cv=3, random_state=0).fit(X, y)
    space = search_space(search)
    assert all(space.contains(trial.params) for trial in search.history_)
    assert len(optimizer_from(search).history) == 5


def test_of_a_halving_search_it_is_the_last_rung():
    search = HalvingBayesSearchCV(SVC(), RANGES, n_iter=9, cv=3, random_state=0).fit(X, y)
    assert len(optimizer_from(search).history) == len(search.history_)


@pytest.mark.parametrize("kind", [GridSearchCV, TheirGridSearchCV])
def test_any_metric_can_be_the_score(kind):
    search = kind(SVC(), GRID, cv=3, scoring=METRICS, refit="f1_macro").fit(X, y)
    table = search.cv_results_
    for metric, column in (
        (None, "mean_test_f1_macro"),
        ("f1_macro", "mean_test_f1_macro"),
        ("accuracy", "mean_test_accuracy"),
        ("fit_time", "mean_fit_time"),
        ("score_time", "mean_score_time"),
    ):
        np.testing.assert_allclose(search_history(search, metric=metric).scores, table[column])
    np.testing.assert_allclose(
        optimizer_from(search, metric="-fit_time").history.scores, -table["mean_fit_time"]
    )
    quick = optimizer_from(search, metric="-fit_time").history.incumbent
    assert quick.number == np.argmin(table["mean_fit_time"])


@pytest.mark.parametrize("kind", [GridSearchCV, TheirGridSearchCV])
def test_without_a_deciding_metric_one_must_be_named(kind):
    search = kind(SVC(), GRID, cv=3, scoring=METRICS, refit=False).fit(X, y)
    with pytest.raises(ValueError, match=r"metrics \['accuracy', 'f1_macro'\]"):
        optimizer_from(search)
    assert len(optimizer_from(search, metric="accuracy").history) == 6
    with pytest.raises(ValueError, match="got metric='recall'"):
        search_history(search, metric="recall")


def test_of_several_objectives_the_optimizer_is_after_one():
    search = BayesSearchCV(
        SVC(), RANGES, n_iter=8, cv=3, objectives=["accuracy", "-fit_time"], refit=False,
        random_state=0,
    ).fit(X, y)  # fmt: skip
    by_score, by_time = optimizer_from(search), optimizer_from(search, metric="-fit_time")
    np.testing.assert_array_equal(by_score.history.scores, search.history_.scores)
    assert (by_time.history.scores < 0.0).all()
    assert np.isfinite(by_time.acquisition_value([by_time.ask()])).all()


def test_a_history_with_another_metric_loses_what_was_of_the_first():
    trials = (
        Trial(0, {"a": 1}, 0.9, fold_scores=(0.8, 1.0), fit_time=2.0, metrics={"size": 3.0}),
        Trial(1, {"a": 2}, 0.8, metrics={}),
    )
    history = search_history(History(trials), metric="-size")
    assert history.trials[0].score == -3.0
    assert history.trials[0].fold_scores is None
    assert math.isnan(history.trials[1].score)
    with pytest.raises(ValueError, match=r"No trial has the metric 'speed'.*'size'"):
        search_history(History(trials), metric="speed")


@pytest.mark.parametrize("kind", [GridSearchCV, TheirGridSearchCV])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.filterwarnings("ignore:One or more of the test scores")
def test_failed_candidates_stay_failed(kind):
    search = kind(Fails(), {"a": [0.0, 0.4, 0.9]}, cv=3, refit=False).fit(X, y)
    optimizer = optimizer_from(search)
    assert [trial.status for trial in optimizer.history] == ["complete", "complete", "failed"]
    assert optimizer.history.incumbent.params == {"a": 0.0}


@pytest.mark.parametrize("function", [optimizer_from, search_space, search_history])
def test_a_search_must_be_fitted(function):
    with pytest.raises(NotFittedError):
        function(TheirGridSearchCV(KNeighborsClassifier(), {"n_neighbors": [1]}))
