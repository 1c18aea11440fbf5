"""Which of several metrics a finished search was after: the one by which its history goes."""

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV as TheirGridSearchCV
from sklearn.tree import DecisionTreeClassifier

from skbayes import BayesSearchCV, GridSearchCV, HalvingBayesSearchCV
from skbayes.model_selection import load_history, search_history, search_metric
from skbayes.optimizer import History, Trial
from skbayes.plots import source_of

X, y = load_iris(return_X_y=True)
TREE = DecisionTreeClassifier(random_state=0)
METRICS = ["accuracy", "f1_macro"]
GRID = {"max_depth": [1, 2, 3]}


def first(results):
    return 0


@pytest.mark.parametrize(
    ("kind", "arguments", "metric"),
    [
        (GridSearchCV, {"scoring": "accuracy"}, None),
        (TheirGridSearchCV, {}, None),
        (GridSearchCV, {"scoring": METRICS, "refit": "f1_macro"}, "f1_macro"),
        (TheirGridSearchCV, {"scoring": METRICS, "refit": "f1_macro"}, "f1_macro"),
        (TheirGridSearchCV, {"scoring": METRICS, "refit": first}, None),
        (GridSearchCV, {"scoring": METRICS, "refit": False}, None),
        (BayesSearchCV, {"scoring": METRICS, "refit": False, "objective": "f1_macro"}, "f1_macro"),
        (BayesSearchCV, {"scoring": METRICS, "refit": first, "objective": "f1_macro"}, "f1_macro"),
        # The first that is not to be low.
        (BayesSearchCV, {"scoring": METRICS, "refit": False, "objectives": ["-fit_time", "f1_macro"]}, "f1_macro"),
        (HalvingBayesSearchCV, {"scoring": METRICS, "refit": "f1_macro"}, "f1_macro"),
    ],
)  # fmt: skip
def test_it_is_the_one_that_the_history_and_the_name_of_the_score_go_by(kind, arguments, metric):
    own = {"n_iter": 3, "random_state": 0} if issubclass(kind, BayesSearchCV) else {}
    search = kind(TREE, GRID, cv=3, **own, **arguments).fit(X, y)
    assert search_metric(search) == metric
    if search.multimetric_ and metric is None:
        with pytest.raises(ValueError, match="Name one of them"):
            search_history(search)
        return
    name = metric or search.scoring
    assert source_of(search).score_name == (
        f"mean test score ({name})" if name else "mean test score"
    )
    column = search.cv_results_[f"mean_test_{metric or 'score'}"]
    assert set(search_history(search).scores) <= set(column)


def test_a_history_has_no_metrics_to_choose_among():
    assert search_metric(History()) is None


def test_what_is_no_finished_search_is_refused():
    with pytest.raises(NotFittedError, match="not fitted"):
        search_metric(GridSearchCV(TREE, GRID))
    with pytest.raises(TypeError, match="got DecisionTreeClassifier"):
        search_metric(TREE)


def test_a_trial_without_the_metric_asked_for_has_failed_by_it():
    trials = (
        Trial(0, {}, 0.9, metrics={"f1": 0.8}),
        Trial(1, {}, 0.8, metrics={"f1": np.nan}),
        Trial(2, {}, np.nan, "timeout", metrics={"f1": np.nan}),
        Trial(3, {}, np.nan, metrics={"f1": 0.7, "recall": np.nan}),  # neither was the score
    )
    assert [t.outcome for t in History(trials)] == ["complete", "complete", "timeout", "complete"]
    read = search_history(History(trials), metric="f1")
    assert [trial.status for trial in read] == ["complete", "failed", "timeout", "complete"]
    read = search_history(History(trials), metric="recall")
    assert [trial.status for trial in read] == ["failed", "failed", "timeout", "failed"]


@pytest.mark.parametrize("kind", [GridSearchCV, TheirGridSearchCV])
def test_the_table_and_the_history_say_the_same_of_a_metric_that_is_not_finite(kind):
    def broken(estimator, X, y):
        return np.nan if estimator.max_depth == 2 else 1.0

    scoring = {"accuracy": lambda e, X, y: e.score(X, y), "broken": broken}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that scores are not finite
        search = kind(TREE, GRID, cv=3, scoring=scoring, refit="accuracy").fit(X, y)
    read = search_history(search, metric="broken")
    assert [trial.status for trial in read] == ["complete", "failed", "complete"]
    assert [trial.outcome for trial in read] == [trial.status for trial in read]


def test_what_became_of_a_candidate_is_known_also_if_none_of_its_metrics_was_searched_for(tmp_path):
    path = tmp_path / "search.jsonl"
    GridSearchCV(TREE, GRID, cv=3, scoring=METRICS, refit=False, journal=path).fit(X, y)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))  # ended with a fold to go
    for history in (load_history(path), search_history(load_history(path), metric="f1_macro")):
        assert [trial.outcome for trial in history] == ["complete", "complete", "pruned"]
