"""The same code runs on scikit-optimize 0.10.2 and on skbayes, by changing the import alone.

CI installs scikit-optimize for this; it is no dependency.
"""

from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

pytestmark = pytest.mark.slow
X, y = load_iris(return_X_y=True)


@pytest.fixture(params=["skopt", "skbayes"])
def lib(request):
    """The import that changes."""
    face, space = import_module(request.param), import_module(f"{request.param}.space")
    return SimpleNamespace(
        BayesSearchCV=face.BayesSearchCV,
        Real=space.Real,
        Integer=space.Integer,
        Categorical=space.Categorical,
    )


def dimensions(lib):
    return {
        "C": lib.Real(1e-3, 1e3, prior="log-uniform"),
        "gamma": lib.Real(1e-4, 1e1, "log-uniform", base=10),
        "degree": lib.Integer(1, 8),
        "kernel": lib.Categorical(["linear", "poly", "rbf"], transform="onehot"),
    }


def check_results(search, n_iter, n_splits):
    results = search.cv_results_
    assert len(results["params"]) == n_iter
    columns = {"mean_test_score", "std_test_score", "rank_test_score", "mean_fit_time", "params"}
    columns |= {f"split{k}_test_score" for k in range(n_splits)}
    columns |= {f"param_{name}" for params in results["params"] for name in params}
    assert columns <= results.keys()
    assert search.best_score_ == results["mean_test_score"].max()
    assert search.best_params_ == results["params"][search.best_index_]
    assert search.score(X, y) > 0.9


def test_constructor_arguments_results_and_parameter_types(lib):
    search = lib.BayesSearchCV(
        SVC(),
        dimensions(lib),
        n_iter=9,
        optimizer_kwargs={"base_estimator": "GP", "n_initial_points": 6, "acq_func": "EI"},
        scoring="accuracy",
        n_jobs=1,
        n_points=2,
        refit=True,
        cv=3,
        verbose=0,
        pre_dispatch="2*n_jobs",
        random_state=0,
        error_score="raise",
        return_train_score=True,
    )
    search.fit(X, y)
    check_results(search, 9, 3)
    assert "mean_train_score" in search.cv_results_
    types = {"C": float, "gamma": float, "degree": int, "kernel": str}
    for params in search.cv_results_["params"]:
        assert {name: type(value) for name, value in params.items()} == types


@pytest.mark.parametrize("base_estimator", ["GP", "RF", "ET"])
def test_surrogates_by_name(lib, base_estimator):
    search = lib.BayesSearchCV(
        SVC(),
        {"C": (1e-2, 1e2, "log-uniform"), "degree": (1, 4)},
        n_iter=7,
        cv=3,
        random_state=1,
        optimizer_kwargs={"base_estimator": base_estimator, "n_initial_points": 4},
    )
    check_results(search.fit(X, y), 7, 3)


def test_tuples_and_lists_are_ranges_and_choices(lib):
    # A list of exactly two numbers is the one notation that differs: a range there, choices here.
    space = {
        "C": (0.1, 10.0),
        "degree": (1, 5),
        "kernel": ["rbf", "poly"],
        "coef0": [0.0, 0.2, 0.5],
    }
    search = lib.BayesSearchCV(SVC(), space, n_iter=6, cv=3, random_state=0).fit(X, y)
    check_results(search, 6, 3)
    for params in search.cv_results_["params"]:
        assert 0.1 <= params["C"] <= 10.0
        assert params["degree"] in range(1, 6)
        assert params["kernel"] in ("rbf", "poly")
        assert params["coef0"] in (0.0, 0.2, 0.5)


def test_sub_spaces_with_budgets_and_estimators_as_choices(lib):
    pipe = Pipeline([("scale", StandardScaler()), ("model", SVC())])
    linear = {
        "model": lib.Categorical([LinearSVC()]),
        "model__C": lib.Real(1e-2, 1e2, prior="log-uniform"),
    }
    kernel = {
        "model": lib.Categorical([SVC()]),
        "model__C": lib.Real(1e-2, 1e2, prior="log-uniform"),
        "model__kernel": lib.Categorical(["poly", "rbf"]),
    }
    search = lib.BayesSearchCV(pipe, [(linear, 3), (kernel, 5)], cv=3, random_state=0)
    assert search.total_iterations == 8
    search.fit(X, y)
    check_results(search, 8, 3)
    kinds = [type(params["model"]) for params in search.cv_results_["params"]]
    assert kinds == [LinearSVC] * 3 + [SVC] * 5
    assert [len(result.x_iters) for result in search.optimizer_results_] == [3, 5]


def test_callbacks_see_and_stop(lib):
    seen = []

    def note(result):
        seen.append((len(result.x_iters), result.fun, list(result.x)))

    def stop(result):
        return len(result.x_iters) >= 4

    space = {"C": lib.Real(1e-2, 1e2, "log-uniform"), "degree": lib.Integer(1, 4)}
    search = lib.BayesSearchCV(SVC(kernel="poly"), space, n_iter=10, cv=3, random_state=0)
    search.fit(X, y, callback=[note, stop])
    assert [n for n, _, _ in seen] == [1, 2, 3, 4]
    assert len(search.cv_results_["params"]) == 4
    # scikit-optimize minimises: its value is the score negated, its point is sorted by name.
    assert seen[-1][1] == pytest.approx(-search.best_score_)
    assert seen[-1][2] == [search.best_params_["C"], search.best_params_["degree"]]


def test_optimizer_results(lib):
    space = {"C": lib.Real(1e-2, 1e2, "log-uniform"), "degree": lib.Integer(1, 4)}
    search = lib.BayesSearchCV(SVC(), space, n_iter=5, cv=3, random_state=0).fit(X, y)
    (result,) = search.optimizer_results_
    np.testing.assert_allclose(-result.func_vals, search.cv_results_["mean_test_score"])
    assert result.fun == pytest.approx(-search.best_score_)
    assert result.x_iters == [[p["C"], p["degree"]] for p in search.cv_results_["params"]]
    assert result.x == [search.best_params_["C"], search.best_params_["degree"]]


def test_several_metrics(lib):
    search = lib.BayesSearchCV(
        SVC(),
        {"C": lib.Real(1e-2, 1e2, "log-uniform")},
        n_iter=5,
        cv=3,
        scoring=["accuracy", "f1_macro"],
        refit="f1_macro",
        random_state=0,
    ).fit(X, y)
    assert search.best_score_ == search.cv_results_["mean_test_f1_macro"].max()
    assert search.predict(X).shape == y.shape


def test_the_same_seed_is_the_same_search(lib):
    def candidates():
        space = {"C": lib.Real(1e-2, 1e2, "log-uniform"), "degree": lib.Integer(1, 4)}
        search = lib.BayesSearchCV(SVC(), space, n_iter=5, cv=3, random_state=3)
        return search.fit(X, y).cv_results_["params"]

    assert candidates() == candidates()
