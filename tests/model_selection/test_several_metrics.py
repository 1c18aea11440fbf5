"""Several objectives and metric constraints in BayesSearchCV, end to end."""

import pickle
import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_iris
from sklearn.metrics import accuracy_score, make_scorer, recall_score
from sklearn.svm import SVC

from skbayes import BayesSearchCV, GridSearchCV, HalvingBayesSearchCV
from skbayes.evaluation import CandidateResult, FoldResult
from skbayes.model_selection import load_history, pareto_front
from skbayes.model_selection._loop import metrics_of

X, y = load_iris(return_X_y=True)
y2 = (y == 1).astype(int)
C = {"C": (1e-3, 1e3, "log-uniform")}


class Traded(ClassifierMixin, BaseEstimator):
    """Classes to the power of a share: what is predicted depends on the parameters alone."""

    def __init__(self, a=0.5, b=0.5):
        self.a, self.b = a, b

    def fit(self, X, y):
        if self.a > 0.95:
            raise ValueError("too much of it")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.zeros(len(X))


def gain(estimator, X, y):
    return 1.0 - (estimator.a - 0.2) ** 2 - (estimator.b - 0.5) ** 2


def size(estimator, X, y):
    return (estimator.a - 0.8) ** 2 + (estimator.b - 0.5) ** 2


BOTH = {"gain": gain, "size": size}
SPACE = {"a": (0.0, 1.0), "b": (0.0, 1.0)}


def search(**options):
    options = {"cv": 2, "n_iter": 14, "random_state": 0, "refit": "gain"} | options
    return BayesSearchCV(Traded(), SPACE, scoring=options.pop("scoring", BOTH), **options)


def fitted(**options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # failed fits, and no feasible candidate
        return search(**options).fit(X, y)


def test_a_search_with_objectives_finds_their_front():
    found = fitted(objectives=["gain", "-size"], n_iter=25)
    front = pareto_front(found.cv_results_, ["gain", "-size"])
    assert len(front) >= 8
    assert front["gain"].is_monotonic_decreasing
    assert front["size"].is_monotonic_decreasing
    late = front[front["index"] > 12]
    assert np.abs(late["param_b"] - 0.5).max() < 0.2
    assert found.best_index_ == front["index"][0]
    assert found.best_score_ == front["gain"][0]


def test_the_models_of_all_objectives_are_in_the_table_in_their_own_sign():
    results = fitted(objectives=["gain", "-size"], n_iter=20).cv_results_
    for name in ("gain", "size"):
        observed = results[f"mean_test_{name}"]
        known = np.isfinite(observed)
        error = (results[f"posterior_mean_test_{name}"] - observed)[known]
        assert np.abs(error).max() < 0.1
        assert (results[f"posterior_std_test_{name}"] >= 0.0).all()
    assert "posterior_mean_test_score" not in results


def test_scorers_are_made_of_the_objectives_if_scoring_names_none():
    found = BayesSearchCV(
        SVC(), C, n_iter=7, cv=3, objectives=["roc_auc", "-fit_time"], refit="roc_auc",
        metric_constraints={"recall": ">= 0.1"}, random_state=0,
    ).fit(X, y2)  # fmt: skip
    assert set(found.scorer_) == {"roc_auc", "recall"}
    assert found.multimetric_
    assert {"mean_test_recall", "posterior_mean_fit_time"} <= found.cv_results_.keys()
    assert found.score(X, y2) == found.scorer_["roc_auc"](found.best_estimator_, X, y2)
    assert found.history_.trials[0].metrics.keys() == {
        "roc_auc", "recall", "fit_time", "score_time"
    }  # fmt: skip


def test_of_one_metric_the_name_in_scoring_and_score_are_the_same():
    options = {"n_iter": 7, "cv": 3, "refit": False, "random_state": 0, "scoring": "accuracy"}
    named = BayesSearchCV(SVC(), C, objectives=["accuracy", "-fit_time"], **options).fit(X, y)
    plain = BayesSearchCV(SVC(), C, objectives=["score", "-fit_time"], **options).fit(X, y)
    for found, name in ((named, "accuracy"), (plain, "score")):
        assert "mean_test_score" in found.cv_results_
        front = pareto_front(found.cv_results_, [name, "-fit_time"])
        assert front[name].max() == found.cv_results_["mean_test_score"].max()


def test_refit_may_be_a_callable_or_false():
    def smallest(results):
        return int(np.nanargmin(results["mean_test_size"]))

    chosen = fitted(objectives=["gain", "-size"], refit=smallest)
    sizes = chosen.cv_results_["mean_test_size"]
    assert chosen.best_params_ == chosen.cv_results_["params"][int(np.nanargmin(sizes))]
    assert hasattr(chosen, "best_estimator_")
    free = fitted(objectives=["gain", "-size"], refit=False)
    assert not hasattr(free, "best_index_")
    assert not hasattr(free, "best_estimator_")


def test_the_score_of_a_trial_is_an_objective_that_is_to_be_high():
    found = fitted(objectives=["-size", "gain"], refit=lambda results: 0, n_iter=6, finalists=2)
    gains = found.cv_results_["mean_test_gain"]
    assert found.history_.incumbent.score == np.nanmax(gains)
    finalists = np.isfinite(found.cv_results_["mean_finalist_test_gain"])
    assert set(np.flatnonzero(finalists)) == set(np.argsort(-gains, kind="stable")[:2])


def test_of_two_times_the_metric_of_a_constraint_is_the_score():
    found = fitted(
        objectives=["-fit_time", "-score_time"], refit=False, n_iter=4, scoring=None,
        metric_constraints={"accuracy": ">= 0.1"},
    )  # fmt: skip
    is_complete = found.cv_results_["status"] == "complete"
    np.testing.assert_array_equal(found.cv_results_["is_feasible"], is_complete)


@pytest.mark.parametrize("ended_by", ["timeout", "memory"])
def test_what_was_ended_at_a_limit_has_no_time_of_scoring(ended_by):
    fold = FoldResult(np.nan, None, fit_time=0.7, score_time=0.0, n_test_samples=9)
    cut = CandidateResult({}, (replace(fold, ended_by=ended_by),))
    assert np.isnan(metrics_of(cut)["score_time"])
    assert metrics_of(cut)["fit_time"] == 0.7


def test_the_same_for_any_number_of_jobs():
    one = fitted(objectives=["gain", "-size"], n_points=2)
    two = fitted(objectives=["gain", "-size"], n_points=2, n_jobs=2)
    assert one.cv_results_["params"] == two.cv_results_["params"]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.filterwarnings("ignore:One or more of the test scores")
def test_a_clone_makes_the_same_search():
    one = fitted(objectives=["gain", "-size"], metric_constraints={"size": "<= 0.3"}, n_iter=10)
    again = clone(one).fit(X, y)
    assert one.cv_results_["params"] == again.cv_results_["params"]


def test_a_fitted_search_can_be_pickled():
    found = fitted(objectives=["gain", "-size"], metric_constraints={"size": "<= 0.3"})
    copy = pickle.loads(pickle.dumps(found))
    np.testing.assert_equal(copy.cv_results_, found.cv_results_)


def test_failed_candidates_are_not_on_the_front_and_do_not_end_the_search():
    found = fitted(objectives=["gain", "-size"], initial_points=[{"a": 0.99, "b": 0.5}])
    failed = found.cv_results_["status"] == "failed"
    assert failed.any()
    assert not failed[pareto_front(found.cv_results_, ["gain", "-size"])["index"]].any()
    trial = found.history_.trials[int(np.flatnonzero(failed)[0])]
    assert np.isnan(list(trial.metrics.values())).all()


def test_it_goes_on_from_a_journal(tmp_path):
    options = {"objectives": ["gain", "-size"], "metric_constraints": {"size": "<= 0.5"}}
    path = tmp_path / "search.jsonl"
    fitted(n_iter=9, journal=path, **options)
    resumed = fitted(n_iter=14, journal=path, **options)
    whole = fitted(n_iter=14, **options)
    assert resumed.cv_results_["params"] == whole.cv_results_["params"]
    for name in ("is_feasible", "mean_test_gain", "mean_test_size"):
        np.testing.assert_array_equal(resumed.cv_results_[name], whole.cv_results_[name])
    for trial, other in zip(load_history(path), whole.history_, strict=True):
        for name in ("gain", "size"):
            np.testing.assert_equal(trial.metrics[name], other.metrics[name])


def test_a_finished_search_goes_on_as_history():
    options = {"objectives": ["gain", "-size"]}
    first = fitted(n_iter=14, **options)
    second = fitted(n_iter=5, history=first, random_state=1, **options)
    known = [tuple(params.values()) for params in first.cv_results_["params"]]
    # The initial design is over: all come from the model.
    gains = [abs(params["b"] - 0.5) for params in second.cv_results_["params"][1:]]
    assert not {tuple(p.values()) for p in second.cv_results_["params"][1:]} & set(known)
    assert np.median(gains) < 0.2


def test_history_of_other_data_is_refused():
    first = fitted(n_iter=3, objectives=["gain", "-size"])
    with pytest.raises(ValueError, match="trials of the same objectives alone"):
        search(objectives=["gain", "-size"], history=first).fit(X[:100], y[:100])


def test_asynchronous_and_branches():
    found = BayesSearchCV(
        Traded(), [{"a": (0.0, 0.4)}, {"a": (0.5, 0.9), "b": [0.4, 0.5, 0.6]}],
        n_iter=14, cv=2, scoring=BOTH, objectives=["gain", "-size"], refit="gain",
        asynchronous=True, n_jobs=2, random_state=0,
    ).fit(X, y)  # fmt: skip
    assert len(found.cv_results_["params"]) == 14
    assert len(pareto_front(found.cv_results_, ["gain", "-size"])) > 2


def test_spaces_with_their_own_budgets():
    parts = [({"a": (0.0, 0.4)}, 7), ({"a": (0.5, 0.9)}, 8)]
    found = BayesSearchCV(Traded(), parts, cv=2, scoring=BOTH, refit="gain", random_state=0,
                          objectives=["gain", "-size"]).fit(X, y)  # fmt: skip
    assert len(found.cv_results_["posterior_mean_test_size"]) == 15
    assert len(found.optimizer_results_) == 2


def test_the_best_candidate_keeps_to_the_constraints():
    found = fitted(metric_constraints={"size": "<= 0.16"}, n_iter=20)
    results = found.cv_results_
    kept = results["mean_test_size"] <= 0.16
    assert np.array_equal(results["is_feasible"], kept)
    assert (results["constraint_violation"][kept] == 0.0).all()
    assert kept[found.best_index_]
    assert found.best_score_ == results["mean_test_gain"][kept].max()
    # The best that keeps to it lies at a = 0.4, where the gain is 0.96.
    assert found.best_score_ > 0.93
    assert found.best_score_ < np.nanmax(results["mean_test_gain"])


def test_the_best_so_far_that_is_printed_keeps_to_the_constraints(capsys):
    found = fitted(metric_constraints={"size": "<= 0.16"}, n_iter=20, verbose=1)
    assert f"{found.best_score_:.6g}"[:6] in capsys.readouterr().out.splitlines()[-1]


def test_without_a_candidate_that_keeps_to_them_the_best_misses_them_least_and_a_warning_says_so():
    space = {"a": (0.0, 0.4), "b": [0.5]}
    found = BayesSearchCV(Traded(), space, n_iter=9, cv=2, scoring=BOTH, refit="gain",
                          metric_constraints={"size": "<= 0.01"}, random_state=0)  # fmt: skip
    with pytest.warns(UserWarning, match=r"None of the 9 candidates keeps to size <= 0\.01"):
        found.fit(X, y)
    assert not found.cv_results_["is_feasible"].any()
    assert found.best_index_ == np.argmin(found.cv_results_["mean_test_size"])


def test_a_constraint_on_the_one_score_and_on_a_time():
    found = BayesSearchCV(
        SVC(), C, n_iter=8, cv=3, scoring="accuracy", random_state=0,
        metric_constraints={"accuracy": ">= 0.5", "fit_time": "<= 100"},
    ).fit(X, y)  # fmt: skip
    results = found.cv_results_
    assert np.array_equal(results["is_feasible"], results["mean_test_score"] >= 0.5)
    assert found.best_score_ == results["mean_test_score"].max()


def test_stopping_rules_see_what_keeps_to_the_constraints():
    from skbayes.optimizer import TargetScore

    options = {"metric_constraints": {"size": "<= 0.16"}, "n_iter": 20}
    stopped = fitted(stopping=TargetScore(0.9), **options)
    results = stopped.cv_results_
    reached = (results["mean_test_gain"] >= 0.9) & results["is_feasible"]
    assert stopped.stopped_by_ == "target_score"
    assert np.flatnonzero(reached).tolist() == [len(reached) - 1]


def test_callable_scoring_may_return_the_objectives():
    def both(estimator, X, y):
        return {"gain": gain(estimator, X, y), "size": size(estimator, X, y)}

    found = fitted(scoring=both, objectives=["gain", "-size"])
    same = fitted(objectives=["gain", "-size"])
    assert found.cv_results_["params"] == same.cv_results_["params"]
    with pytest.raises(ValueError, match=r"name \['speed'\]"):
        fitted(scoring=both, objectives=["gain", "-speed"])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"objectives": ["gain", "-size"], "refit": True}, ValueError, "no single best"),
        ({"objectives": "gain"}, TypeError, "must be a list of names"),
        ({"objectives": ["gain", "size", "fit_time", "score_time"]}, ValueError, "1 to 3"),
        ({"objectives": ["gain", "-speed"]}, ValueError, r"name \['speed'\], and the search has"),
        ({"metric_constraints": {"speed": ">= 1"}}, ValueError, r"name \['speed'\]"),
        ({"metric_constraints": {"size": "< 1"}}, ValueError, 'Write "<=" or ">="'),
        ({"objectives": ["gain", "-size"], "racing": True}, ValueError, "Set racing=False"),
        ({"metric_constraints": {"size": "<= 1"}, "racing": True}, ValueError, "Set racing=False"),
        (
            {"objectives": ["gain", "-size"], "stopping": "no_improvement"},
            ValueError,
            "looks at one score",
        ),
        (
            {"metric_constraints": {"size": "<= 1"}, "stopping": "regret_bound"},
            ValueError,
            "looks at one score",
        ),
        ({"objectives": ["gain", "-size"], "acquisition": "ei"}, ValueError, "'log_ehvi'"),
        ({"objectives": ["gain", "-size"], "refit": "size"}, ValueError, "takes the highest size"),
        (
            {"objectives": ["-size", "-fit_time"], "refit": False, "finalists": 2},
            ValueError,
            "want size low",
        ),
    ],
)
def test_what_does_not_go_together_is_refused_before_any_fit(options, error, message):
    with pytest.raises(error, match=message):
        search(**options).fit(X, y)


def test_a_constraint_on_a_metric_that_is_not_scored_says_how_to_score_it():
    found = BayesSearchCV(SVC(), C, scoring="accuracy", metric_constraints={"recall": ">= 0.5"})
    with pytest.raises(ValueError, match=r"scoring=\['recall'\]"):
        found.fit(X, y2)


def test_other_searches_are_as_they_were():
    scoring = {"accuracy": make_scorer(accuracy_score), "recall": make_scorer(recall_score)}
    grid = GridSearchCV(SVC(), {"C": [0.1, 1.0]}, scoring=scoring, refit="recall", cv=3).fit(X, y2)
    assert not {"is_feasible", "status"} & grid.cv_results_.keys()
    assert grid.history_.trials[0].metrics.keys() == {
        "accuracy", "recall", "fit_time", "score_time"
    }  # fmt: skip
    halving = HalvingBayesSearchCV(SVC(), C, n_iter=6, cv=2, random_state=0).fit(X, y)
    assert all("score" in trial.metrics for trial in halving.history_)


def test_the_front_of_any_table():
    scoring = ["accuracy", "recall"]
    grid = GridSearchCV(
        SVC(), {"C": [1e-3, 0.1, 1.0, 10.0]}, scoring=scoring, refit=False, cv=3
    ).fit(X, y2)
    front = pareto_front(grid.cv_results_, ["recall", "accuracy"])
    best = grid.cv_results_["mean_test_recall"].max()
    assert front["recall"].tolist()[0] == best
    assert list(front.columns) == [
        "index", "recall", "std_recall", "accuracy", "std_accuracy", "param_C"
    ]  # fmt: skip
    with pytest.raises(ValueError, match="The table has no metric 'f1'"):
        pareto_front(grid.cv_results_, ["f1", "accuracy"])
