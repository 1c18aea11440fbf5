"""HalvingBayesSearchCV: scikit-learn's attributes, every kind of resource, determinism, failures, engines."""

import json
from itertools import pairwise

import numpy as np
import pytest
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_digits, make_classification, make_regression
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import make_scorer
from sklearn.model_selection import GroupKFold, HalvingRandomSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from skbayes import BayesSearchCV, HalvingBayesSearchCV
from skbayes.optimizer import TargetScore

X, Y = make_classification(240, 6, n_informative=4, flip_y=0.1, random_state=0)
TREE = DecisionTreeClassifier(random_state=0)
DEPTHS = {
    "max_depth": (1, 20),
    "min_samples_leaf": (1, 40),
    "ccp_alpha": (1e-6, 1e-1, "log-uniform"),
}
C = {"C": (1e-3, 1e3, "log-uniform")}


def halving(estimator=TREE, space=DEPTHS, **arguments):
    arguments = {"n_iter": 12, "cv": 3, "random_state": 0, **arguments}
    return HalvingBayesSearchCV(estimator, space, **arguments)


def table(search):
    results = search.cv_results_
    columns = [name for name in results if "time" not in name and "posterior" not in name]
    # as text, in which a nan is like another
    return {name: repr(np.ma.getdata(results[name]).tolist()) for name in columns}


@pytest.mark.parametrize("minimum", ["exhaust", "smallest", 40])
@pytest.mark.parametrize("n", [5, 9, 20])
def test_attributes_are_scikit_learns(n, minimum):
    ours = halving(n_iter=n, min_resources=minimum).fit(X, Y)
    theirs = HalvingRandomSearchCV(
        TREE, {"max_depth": list(range(1, 21)), "min_samples_leaf": list(range(1, 41))},
        n_candidates=n, min_resources=minimum, cv=3, random_state=0,
    ).fit(X, Y)  # fmt: skip
    for name in (
        "n_resources_", "n_candidates_", "n_remaining_candidates_", "min_resources_", "max_resources_",
        "n_iterations_", "n_possible_iterations_", "n_required_iterations_", "n_splits_",
        "multimetric_", "factor",
    ):  # fmt: skip
        assert getattr(ours, name) == getattr(theirs, name), name
    columns = {name for name in theirs.cv_results_ if not name.startswith("param_")}
    columns -= {name for name in columns if "train" in name}  # not asked for by default
    assert columns <= set(ours.cv_results_)
    for name in ("iter", "n_resources"):
        assert_array_equal(np.sort(ours.cv_results_[name]), theirs.cv_results_[name])
        assert ours.cv_results_[name].dtype.kind == theirs.cv_results_[name].dtype.kind


def worse_on_many_rows(estimator, X, y):
    return estimator.score(X, y) - len(y)


def test_the_best_is_the_best_of_the_last_rung():
    search = halving(n_iter=20, scoring=worse_on_many_rows).fit(X, Y)
    results = search.cv_results_
    last = results["iter"] == search.n_iterations_ - 1
    assert last[search.best_index_]
    assert search.best_score_ == results["mean_test_score"][last].max()
    assert search.best_params_ == results["params"][search.best_index_]
    assert results["rank_test_score"][search.best_index_] > 1


def test_who_is_on_a_rung_was_in_the_best_share_of_the_one_below():
    search = halving(n_iter=20, n_points=20).fit(
        X, Y
    )  # one wave: the rungs are full before the next
    results = search.cv_results_
    key = [tuple(sorted(params.items())) for params in results["params"]]
    for rung in range(1, search.n_iterations_):
        below = {
            k: s
            for k, s, i in zip(key, results["mean_test_score"], results["iter"], strict=True)
            if i == rung - 1
        }
        went_on = {k for k, i in zip(key, results["iter"], strict=True) if i == rung}
        limit = sorted(below.values(), reverse=True)[len(went_on) - 1]
        assert all(below[k] >= limit for k in went_on)


def test_rows_are_subsamples_of_the_folds():
    seen = []

    class Recorder(DecisionTreeClassifier):
        def fit(self, X, y, sample_weight=None, check_input=True):
            seen.append(("train", X[:, 0].copy(), y))
            return super().fit(X, y, sample_weight, check_input)

        def score(self, X, y, **kwargs):
            seen.append(("test", X[:, 0].copy(), y))
            return super().score(X, y, **kwargs)

    numbered = np.column_stack([np.arange(len(X)), X])
    search = halving(Recorder(random_state=0), n_iter=9, refit=False).fit(numbered, Y)
    folds = list(StratifiedKFold(3).split(X, Y))
    by_size: dict = {}
    for k, (kind, rows, _) in enumerate(seen):
        fold = folds[k // 2 % 3][kind == "test"]
        assert set(rows) <= set(fold)
        by_size.setdefault((kind, k // 2 % 3), {})[len(rows)] = set(rows)
    for (kind, j), sizes in by_size.items():
        fold = folds[j][kind == "test"]
        assert sorted(sizes) == [round(len(fold) * r / len(X)) for r in search.n_resources_]
        ordered = [sizes[n] for n in sorted(sizes)]
        assert all(a < b for a, b in pairwise(ordered))


def test_on_all_rows_the_score_is_that_of_the_plain_search():
    search = halving(n_iter=9, min_resources=80, refit=False).fit(X, Y)
    top = np.flatnonzero(search.cv_results_["n_resources"] == len(X))
    assert len(top)
    for row in top:
        params = search.cv_results_["params"][row]
        plain = BayesSearchCV(TREE, DEPTHS, initial_points=[params], n_iter=2, cv=3).fit(X, Y)
        index = plain.cv_results_["params"].index(params)
        assert (
            plain.cv_results_["mean_test_score"][index]
            == search.cv_results_["mean_test_score"][row]
        )


@pytest.mark.parametrize("name", ["n_estimators", "gradientboostingclassifier__n_estimators"])
def test_a_parameter_is_a_resource(name):
    model = GradientBoostingClassifier(random_state=0)
    if "__" in name:
        model = make_pipeline(StandardScaler(), model)
    space = {name.replace("n_estimators", "learning_rate"): (0.01, 1.0, "log-uniform")}
    search = halving(model, space, n_iter=9, resource=name, max_resources=18).fit(X, Y)
    assert search.n_resources_ == [2, 6, 18]
    assert search.n_candidates_ == [9, 3, 1]
    assert_array_equal(search.cv_results_[f"param_{name}"], search.cv_results_["n_resources"])
    assert search.best_params_[name] == 18
    assert search.best_estimator_.get_params()[name] == 18
    assert search.history_.trials[0].params.keys() == space.keys()


def test_folds_are_a_resource_and_none_is_run_twice():
    n_fits = 0

    class Counting(DecisionTreeClassifier):
        def fit(self, X, y, sample_weight=None, check_input=True):
            nonlocal n_fits
            n_fits += 1
            return super().fit(X, y, sample_weight, check_input)

    search = halving(Counting(random_state=0), n_iter=9, cv=10, resource="folds", refit=False).fit(
        X, Y
    )
    assert search.n_resources_ == [1, 3, 10]
    assert search.n_candidates_ == [9, 3, 1]
    assert n_fits == 9 * 1 + 3 * 2 + 1 * 7
    results = search.cv_results_
    splits = np.array([results[f"split{k}_test_score"] for k in range(10)]).T
    assert_array_equal(np.isfinite(splits).sum(axis=1), results["n_resources"])
    assert_array_equal(results["n_splits_evaluated"], results["n_resources"])
    assert_allclose(results["mean_test_score"], np.nanmean(splits, axis=1), rtol=1e-12)  # rounding
    assert_allclose(results["std_test_score"], np.nanstd(splits, axis=1), atol=1e-12)
    assert set(results["status"]) == {"complete"}
    assert results["rank_test_score"][np.nanargmax(results["mean_test_score"])] == 1
    whole = search.history_.trials[0]
    assert len(whole.fold_scores) == 10


@pytest.mark.parametrize(
    "arguments", [{}, {"resource": "folds", "cv": 5}, {"n_points": 4}, {"n_iter": 8, "factor": 2}]
)
def test_one_seed_one_search_whatever_the_number_of_workers(arguments):
    first = halving(**arguments).fit(X, Y)
    again = halving(**arguments).fit(X, Y)
    with parallel_config("threading"):
        parallel = halving(n_jobs=3, **arguments).fit(X, Y)
    assert table(first) == table(again) == table(parallel)
    other = halving(**{**arguments, "random_state": 1}).fit(X, Y)
    assert table(first)["params"] != table(other)["params"]


@pytest.mark.parametrize("resource", ["n_samples", "folds"])
def test_asynchronously_the_rungs_are_the_same(resource):
    with parallel_config("threading"):
        search = halving(n_iter=18, cv=9, resource=resource, asynchronous=True, n_jobs=4).fit(X, Y)
    assert (
        search.n_candidates_ == halving(n_iter=18, cv=9, resource=resource).fit(X, Y).n_candidates_
    )
    assert search.stopped_by_ == "budget"
    assert search.best_index_ in np.flatnonzero(
        search.cv_results_["iter"] == search.n_iterations_ - 1
    )


class Failing(ClassifierMixin, BaseEstimator):
    """Fails where c is above one half, and on many rows above one quarter."""

    def __init__(self, c=0.0):
        self.c = c

    def fit(self, X, y):
        if self.c > 0.5 or (self.c > 0.25 and len(X) > 100):
            raise ValueError("too much of c")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        # the worse c, the better on the way up
        return np.where(np.arange(len(X)) < self.c * len(X), 1, 0)


def test_failed_candidates_never_go_on():
    y = np.ones(len(X))  # the larger c, the better the score
    search = HalvingBayesSearchCV(
        Failing(), {"c": (0.0, 1.0)}, n_iter=27, cv=StratifiedKFold(3), random_state=0, min_resources=80,
        n_initial_points=12,
    )  # fmt: skip
    with pytest.warns(FitFailedWarning, match="fits failed"):
        search.fit(X, np.where(np.arange(len(X)) % 40, y, 0))
    results = search.cv_results_
    failed = results["status"] == "failed"
    assert failed.any()
    assert np.isnan(results["mean_test_score"][failed]).all()
    c = np.array([params["c"] for params in results["params"]])
    assert set(c[failed & (results["iter"] == 0)]).isdisjoint(c[results["iter"] == 1])
    assert failed[results["iter"] == 1].any()  # too much of c for many rows
    assert search.best_params_["c"] <= 0.25
    assert np.isfinite(search.best_score_)


def test_the_best_is_sought_where_there_is_a_score():
    # All that got to the last rung failed there.
    search = HalvingBayesSearchCV(
        Failing(),
        {"c": [0.3, 0.35, 0.4]},
        n_iter=3,
        cv=3,
        min_resources=80,
        random_state=0,
        refit=False,
    )
    with pytest.warns(FitFailedWarning, match="fits failed"):
        search.fit(X, Y)
    assert search.cv_results_["iter"].max() == 1
    assert search.cv_results_["iter"][search.best_index_] == 0
    assert np.isfinite(search.best_score_)


def test_a_space_with_few_points_ends_at_the_top():
    search = halving(Ridge(), {"alpha": [0.1, 1.0, 10.0, 100.0]}, n_iter=50)
    search.fit(*make_regression(90, 5, noise=1.0, random_state=0))
    assert search.n_candidates_ == [4, 2]  # planned for what there is
    assert search.n_resources_ == [30, 90]
    constrained = halving(
        Ridge(), {"alpha": [0.1, 1.0, 10.0, 100.0]}, n_iter=50, constraint=lambda p: p["alpha"] > 1
    ).fit(*make_regression(90, 5, noise=1.0, random_state=0))
    assert constrained.n_candidates_ == [2, 1]
    assert constrained.stopped_by_ == "exhausted"


def test_metadata_reach_fit_score_and_splitter():
    weight = np.where(Y == 1, 3.0, 1.0)
    groups = np.arange(len(X)) // 8
    search = halving(cv=GroupKFold(3), scoring=make_scorer(weighted_count), min_resources=80)
    search.fit(X, Y, sample_weight=weight, groups=groups)
    results = search.cv_results_
    # The score is the sum of the weights of the test rows: that of a subsample, and above its size.
    n_test = results["n_resources"] / 3
    assert (results["mean_test_score"] > 1.2 * n_test).all()
    assert (results["mean_test_score"] < 3.0 * n_test).all()
    largest = results["mean_test_score"][results["iter"] == results["iter"].max()]
    assert_allclose(largest, weight.sum() / 3, rtol=1e-12)  # rounding


def weighted_count(y, predicted, sample_weight=None):
    return sample_weight.sum()


def test_several_metrics():
    search = halving(LogisticRegression(), C, scoring=["accuracy", "roc_auc"], refit="roc_auc").fit(
        X, Y
    )
    results = search.cv_results_
    last = results["iter"] == results["iter"].max()
    assert search.best_score_ == results["mean_test_roc_auc"][last].max()
    with pytest.raises(ValueError, match="must know which to search for"):
        halving(LogisticRegression(), C, scoring=["accuracy", "roc_auc"], refit=False).fit(X, Y)


def test_refit_may_choose():
    search = halving(refit=lambda results: int(np.argmax(results["mean_test_score"]))).fit(X, Y)
    assert search.best_index_ == search.cv_results_["mean_test_score"].argmax()


def test_a_plain_search_goes_on_from_the_last_rung():
    search = halving(min_resources=20).fit(X, Y)
    assert search.max_resources_ == len(X)
    n_top = search.n_candidates_[-1]
    assert len(search.history_) == n_top
    plain = BayesSearchCV(TREE, DEPTHS, n_iter=1, cv=3, random_state=0)
    origin = plain.fit(X, Y).history_.origin
    same = halving(min_resources=80, n_iter=3).fit(X, Y)  # 80 and 240 rows
    assert same.n_resources_[-1] == len(X)
    assert same.history_.origin == origin
    assert search.n_resources_[-1] < len(X)
    assert search.history_.origin != origin  # other rows
    halving(min_resources=80, n_iter=3, history=plain).fit(X, Y)


def test_with_a_parameter_the_last_rung_is_an_estimator_with_all_of_it():
    space = {"learning_rate": (0.01, 1.0, "log-uniform")}
    model = GradientBoostingClassifier(random_state=0)
    search = halving(model, space, n_iter=3, resource="n_estimators", max_resources=6).fit(X, Y)
    plain = BayesSearchCV(clone(model).set_params(n_estimators=6), space, n_iter=1, cv=3).fit(X, Y)
    assert search.history_.origin == plain.history_.origin


def test_stopping_rules_look_at_the_last_rung():
    search = halving(n_iter=100, min_resources=80, stopping=TargetScore(0.1)).fit(X, Y)
    assert search.stopped_by_ == "target_score"
    assert search.n_candidates_[-1] == 1
    assert search.n_candidates_[0] < 10


def test_a_journal_goes_on(tmp_path):
    arguments = {"n_iter": 9, "journal": tmp_path / "search.jsonl", "random_state": None}
    np.random.seed(3)  # noqa: NPY002  what random_state=None follows, as in scikit-learn
    whole = halving(**arguments).fit(X, Y)
    lines = (tmp_path / "search.jsonl").read_text().splitlines(keepends=True)
    n_fits = len(lines) - 1
    (tmp_path / "search.jsonl").write_text("".join(lines[: 1 + n_fits // 2]))
    again = halving(**arguments).fit(X, Y)
    assert table(again) == table(whole)
    assert len((tmp_path / "search.jsonl").read_text().splitlines()) >= 1 + n_fits


def test_an_asynchronous_journal_goes_on(tmp_path):
    arguments = {"n_iter": 12, "journal": tmp_path / "search.jsonl", "asynchronous": True}
    with parallel_config("threading"):
        halving(n_jobs=3, **arguments).fit(X, Y)
        lines = (tmp_path / "search.jsonl").read_text().splitlines(keepends=True)
        n_kept = len(lines) // 2
        (tmp_path / "search.jsonl").write_text("".join(lines[:n_kept]))
        again = halving(n_jobs=3, **arguments).fit(X, Y)
    assert again.n_candidates_ == [12, 4, 2]
    lines = (tmp_path / "search.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines[1:]]
    done = [(repr(sorted(record["params"].items())), record["fold"]) for record in records]
    assert len(done) == len(set(done))  # nothing twice
    assert len({params for params, _ in done}) == 12  # all those of the first half among them
    # Beside those of this search there may be who went on in the first half, and in another order of ends does not.
    rows = zip(again.cv_results_["params"], again.cv_results_["iter"], strict=True)
    own = {(repr(sorted(params.items())), 3 * rung + k) for params, rung in rows for k in range(3)}
    assert len(own) == 3 * sum(again.n_candidates_)
    assert set(done[n_kept - 1 :]) <= own <= set(done)


def test_no_time_at_all_is_one_candidate():
    search = halving(time_budget=1e-6).fit(X, Y)
    assert search.stopped_by_ == "time_budget"
    assert search.n_candidates_ == [1]
    assert search.n_resources_ == [26]
    assert search.n_iterations_ == 1
    assert search.best_index_ == 0
    assert len(search.history_) == 0  # nothing was scored on all rows


def test_callbacks_stop_it():
    seen = []

    def stop(state):
        seen.append(len(state.history))
        return len(seen) == 4

    search = halving().fit(X, Y, callback=stop)
    assert search.stopped_by_ == "callback"
    assert sum(search.n_candidates_) == 4


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"resource": "n_trees", "max_resources": 9}, "no such parameter"),
        ({"resource": "max_features"}, "max_resources='auto' needs"),
        ({"resource": "max_depth", "max_resources": 9}, "part of the searched parameters"),
        ({"min_resources": 300}, "min_resources_=300 is greater than max_resources_=240"),
        ({"max_resources": 1000}, "more than there is: 240 samples"),
        ({"resource": "folds", "max_resources": 4}, "more than there is: 3 folds"),
        ({"min_resources": "most"}, "min_resources='most' is not known"),
        ({"max_resources": "all"}, "max_resources='all' is not known"),
        ({"factor": 1}, "factor"),
        ({"search_spaces": [(DEPTHS, 5), (C, 5)]}, "one ladder for all"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_refused(arguments, match):
    with pytest.raises(ValueError, match=match):
        halving().set_params(**arguments).fit(X, Y)


def test_it_finds_what_the_data_want():
    # Most of the space is bad: with 50 candidates on 27th parts of the rows and the best of them on all.
    digits = load_digits(return_X_y=True)
    space = {"C": (1e-3, 1e4, "log-uniform"), "gamma": (1e-7, 1e1, "log-uniform")}
    search = HalvingBayesSearchCV(SVC(), space, cv=3, random_state=0).fit(*digits)
    assert search.best_score_ > 0.96
    cost = np.dot(search.n_candidates_, search.n_resources_) / len(digits[1])
    assert cost < 9  # of 50 candidates with all rows


HALVING_COMMON = {"cv": 2, "error_score": "raise", "random_state": 0, "min_resources": "smallest"}


@parametrize_with_checks(
    [
        HalvingBayesSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, n_iter=3, **HALVING_COMMON),
        HalvingBayesSearchCV(LogisticRegression(), C, n_iter=3, **HALVING_COMMON),
        HalvingBayesSearchCV(TREE, DEPTHS, n_iter=3, resource="folds", cv=3, error_score="raise"),
    ],
)
def test_scikit_learns_checks(estimator, check):
    # scikit-learn lists six failures that it expects of its own halving searches.
    check(estimator)
