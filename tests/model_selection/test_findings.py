"""What a finished search says beside its table: optimism, importances, frames."""

import inspect

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris, make_classification
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skbayes import BayesSearchCV, GridSearchCV, HalvingBayesSearchCV, ManualSearchCV
from skbayes.model_selection import Finalists, estimate_optimism, one_standard_error

X, y = load_iris(return_X_y=True)
NOISY = make_classification(150, 8, flip_y=0.3, random_state=0)
GRID = {"C": [1e-2, 0.1, 1.0, 10.0, 100.0], "gamma": [0.01, 0.1, 1.0]}
SPACE = {"C": (1e-2, 1e2, "log-uniform"), "gamma": (1e-3, 1e1, "log-uniform")}


def searches():
    return [
        GridSearchCV(SVC(), GRID),
        ManualSearchCV(SVC(), [{"C": C} for C in GRID["C"]]),
        BayesSearchCV(SVC(), SPACE, n_iter=8, random_state=0),
        HalvingBayesSearchCV(SVC(), SPACE, n_iter=8, random_state=0),
    ]


@pytest.mark.parametrize("search", searches(), ids=lambda search: type(search).__name__)
def test_before_fit_there_are_none(search):
    for name in ("optimism_", "importances_"):
        assert not hasattr(search, name)
    with pytest.raises(NotFittedError):
        search.to_frame()


@pytest.mark.parametrize("search", searches(), ids=lambda search: type(search).__name__)
def test_every_search_has_them(search):
    search.fit(*NOISY)
    optimism = search.optimism_
    assert optimism.lower < 0 <= optimism.estimate < optimism.upper
    frame = search.to_frame()
    assert frame["mean_test_score"].tolist() == search.cv_results_["mean_test_score"].tolist()
    assert {"param_C", "rank_test_score"} <= set(frame.columns)
    if len(search.history_) >= 5:  # on the last rung of a halving search there are fewer
        assert search.importances_.to_frame()["share"].between(0, 1).all()


def test_the_share_of_test_rows_is_that_of_the_folds():
    cv = RepeatedStratifiedKFold(n_splits=5, n_repeats=2, random_state=0)
    search = GridSearchCV(SVC(), GRID, cv=cv).fit(*NOISY)
    expected = estimate_optimism(search.cv_results_, search.best_index_, test_train_ratio=0.25)
    assert search.optimism_ == expected
    wrong = estimate_optimism(search.cv_results_, search.best_index_)  # ten folds of a tenth each
    assert expected.upper - expected.lower > 1.1 * (wrong.upper - wrong.lower)


@pytest.mark.slow
def test_finals_leave_less_luck():
    tree, grid = DecisionTreeClassifier(random_state=0), {"min_samples_leaf": list(range(1, 25))}
    estimates = []
    for seed in range(6):  # on one set of data chance may have it otherwise
        data = make_classification(150, 8, flip_y=0.3, random_state=seed)
        plain = GridSearchCV(tree, grid).fit(*data)
        finals = GridSearchCV(tree, grid, finalists=Finalists(4, n_repeats=6)).fit(*data)
        estimates.append((finals.optimism_.estimate, plain.optimism_.estimate))
    with_finals, without = np.mean(estimates, axis=0)
    assert with_finals < 0.75 * without


def test_several_metrics_need_one_that_decides():
    search = GridSearchCV(SVC(), GRID, scoring=["accuracy", "f1"], refit="f1").fit(*NOISY)
    table = {name: v for name, v in search.cv_results_.items() if "accuracy" not in name}
    expected = estimate_optimism(table, search.best_index_, test_train_ratio=0.25)
    assert search.optimism_.estimate == pytest.approx(expected.estimate)
    search.set_params(refit=one_standard_error("C", metric="f1")).fit(*NOISY)  # the rule names it
    expected = estimate_optimism(table, search.best_index_, test_train_ratio=0.25)
    assert search.optimism_.estimate == pytest.approx(expected.estimate)
    search.set_params(refit=False).fit(*NOISY)
    with pytest.raises(AttributeError, match="optimism_ is about the candidate at best_index_"):
        search.optimism_  # noqa: B018


def test_importances_are_the_same_when_looked_at_twice():
    search = BayesSearchCV(SVC(), SPACE, n_iter=10, random_state=0).fit(X, y)
    first, second = search.importances_, search.importances_
    np.testing.assert_array_equal(first.to_frame()["share"], second.to_frame()["share"])


def test_looking_at_a_search_computes_nothing(monkeypatch):
    asked = []
    name = "skbayes.model_selection._findings.importances_of"
    monkeypatch.setattr(name, lambda search: asked.append(1) or _raise())
    search = GridSearchCV(SVC(), {"C": [1.0, 2.0]}).fit(X, y)
    members = dict(inspect.getmembers(search))
    assert {"best_params_", "cv_results_", "predict", "to_frame", "fit"} <= members.keys()
    assert "GridSearchCV" in search._repr_html_()
    assert not asked
    with pytest.raises(ValueError, match="asked for"):
        _ = search.importances_


def _raise():
    raise ValueError("asked for")


@pytest.mark.parametrize(
    "changes",
    [
        {"keep_predictions": False},
        {"refit": False},
        {"refit": lambda results: 0},
        {"refit": False, "scoring": ["accuracy", "f1_macro"]},
    ],
)
def test_a_fit_leaves_nothing_of_an_earlier_one(changes):
    search = GridSearchCV(SVC(), {"C": [0.01, 1.0]}, keep_predictions=True).fit(X, y)
    search.set_params(**changes).fit(X[::2], y[::2])
    fresh = clone(search).fit(X[::2], y[::2])
    assert vars(search).keys() == vars(fresh).keys()
