"""What the page shows, as plain objects: the same numbers as the search's own, whatever the search is."""

import json
import math
import string

import numpy as np
import pytest
import sklearn.model_selection
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_iris
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skbayes import BayesSearchCV, GridSearchCV, HalvingBayesSearchCV
from skbayes.model_selection import best_posterior_mean, save_history
from skbayes.optimizer import STATUSES, History, Optimizer, Run, Trial
from skbayes.report import report_data
from skbayes.report._json import dumps

X, y = load_iris(return_X_y=True)


def column(data, name):
    return next(each["values"] for each in data["columns"] if each["name"] == name)


def tile(data, label):
    return next(each for each in data["summary"] if each["label"].startswith(label))


@pytest.fixture(scope="module")
def grid():
    grid = {"C": [0.01, 1.0, 10.0], "kernel": ["rbf", "linear"]}
    return GridSearchCV(SVC(), grid, cv=3).fit(X, y)


@pytest.fixture(scope="module")
def grid_data(grid):
    return report_data(grid)


def test_the_table_has_the_numbers_of_cv_results(grid, grid_data):
    for name in ("mean_test_score", "std_test_score", "split2_test_score", "mean_fit_time"):
        assert column(grid_data, name) == grid.cv_results_[name].tolist()
    assert column(grid_data, "rank_test_score") == grid.cv_results_["rank_test_score"].tolist()
    assert column(grid_data, "param_C") == [0.01, 0.01, 1.0, 1.0, 10.0, 10.0]
    assert column(grid_data, "param_kernel") == ["rbf", "linear"] * 3
    assert column(grid_data, "candidate") == list(range(6))
    assert {len(each["values"]) for each in grid_data["columns"]} == {6}


def test_the_incumbent_is_the_best_of_the_search_and_its_code_is_python(grid, grid_data):
    incumbent = grid_data["incumbent"]
    assert incumbent["row"] == grid.best_index_
    assert incumbent["score"] == grid.best_score_
    assert dict(incumbent["params"]) == grid.best_params_
    assert eval(incumbent["code"]) == grid.best_params_
    assert [eval(code) for code in grid_data["codes"]] == grid.cv_results_["params"]


def test_code_keeps_the_kind_of_a_number():
    # JSON has one kind of number; to max_features 1 and 1.0 are one feature and all of them.
    trials = [Trial(0, {"max_features": 1}, 0.1), Trial(1, {"max_features": 1.0}, 0.2)]
    found = [eval(code)["max_features"] for code in report_data(trials)["codes"]]
    assert [type(value) for value in found] == [int, float]


def test_code_keeps_every_character_of_a_text():
    params = {"sep": "a  b", "said": "it was at 0x12 then", "lines": "1\n  2\u2028"}
    data = report_data([Trial(0, params, 0.1)])
    assert eval(data["codes"][0]) == params
    assert eval(data["incumbent"]["code"]) == params


def test_code_needs_no_import_for_a_number():
    params = {
        "C": np.float64(0.1),
        "degree": np.int64(3),
        "fit": np.True_,
        "kernel": np.str_("rbf"),
    }
    data = report_data([Trial(0, {**params, "low": -np.inf, "missing": np.nan}, 0.1)])
    for code in (data["codes"][0], data["incumbent"]["code"]):
        found = eval(code, {})
        assert math.isnan(found.pop("missing"))
        assert found == {**params, "low": -math.inf}
        assert [type(found[name]) for name in params] == [float, int, bool, str]


def test_the_pictures_share_the_scores_and_what_was_spent(grid, grid_data):
    trials = grid_data["trials"]
    assert trials["score"] == grid.cv_results_["mean_test_score"].tolist()
    assert trials["fits"] == [3, 6, 9, 12, 15, 18]
    assert trials["is_clock"]
    ends = [max(run.ended for run in trial.runs) for trial in grid.history_]
    first = min(run.started for trial in grid.history_ for run in trial.runs)
    np.testing.assert_allclose(trials["seconds"], np.array(ends) - first)


def test_the_timeline_has_a_bar_for_each_fold(grid, grid_data):
    timeline = grid_data["timeline"]
    assert sorted(zip(timeline["trial"], timeline["fold"], strict=True)) == [
        (candidate, fold) for candidate in range(6) for fold in range(3)
    ]
    total = sum(run.fit_time + run.score_time for t in grid.history_ for run in t.runs)
    assert math.isclose(sum(timeline["seconds"]), total)


def test_importances_are_those_of_the_search(grid, grid_data):
    found = grid.importances_
    shares = dict(
        zip(grid_data["importance"]["names"], grid_data["importance"]["total"], strict=True)
    )
    assert shares == found.total
    assert report_data(grid, importances=False)["importance"].keys() == {"missing"}


def test_the_code_of_the_search_makes_it_again():
    pipe = make_pipeline(StandardScaler(), KNeighborsClassifier())
    search = BayesSearchCV(
        pipe, {"kneighborsclassifier__n_neighbors": (1, 9)}, n_iter=3, cv=3, random_state=5
    )
    data = report_data(search.fit(X, y))
    names = {"X": X, "y": y}
    exec(data["reproduce"]["code"], names)
    assert names["search"].best_params_ == search.best_params_
    assert [t.score for t in names["search"].history_] == [t.score for t in search.history_]
    assert data["title"] == "BayesSearchCV of Pipeline"
    assert data["subtitle"] == "StandardScaler → KNeighborsClassifier"


def test_what_cannot_be_repeated_is_said(grid):
    data = report_data(
        BayesSearchCV(SVC(), {"C": (0.1, 1.0)}, n_iter=2, cv=2, random_state=None).fit(X, y)
    )
    assert any("random_state is None" in note for note in data["reproduce"]["notes"])
    assert not any("random_state" in note for note in report_data(grid)["reproduce"]["notes"])


def test_a_rule_that_chose_is_named(grid):
    search = GridSearchCV(SVC(), {"C": [0.1, 1.0, 5.0, 9.0]}, cv=3, refit=best_posterior_mean)
    data = report_data(search.fit(X, y))
    assert data["incumbent"]["row"] == search.best_index_
    assert "best_posterior_mean" in data["incumbent"]["chosen_by"]


def test_a_search_of_sklearn_with_several_metrics_and_none_chosen():
    search = sklearn.model_selection.GridSearchCV(
        SVC(), {"C": [0.1, 1.0, -1.0]}, scoring=["accuracy", "f1_macro"], refit=False, cv=3
    )
    with pytest.warns(Warning, match=r"failed|non-finite"):
        search.fit(X, y)
    data = report_data(search)
    assert (
        column(data, "mean_test_f1_macro")[:2]
        == search.cv_results_["mean_test_f1_macro"][:2].tolist()
    )
    assert column(data, "status") == ["complete", "complete", "failed"]
    assert data["trials"]["score"][2] is None
    assert data["timeline"].keys() == {"missing"}
    assert data["score_name"] == "mean test score (accuracy)"


def test_another_metric_can_be_shown():
    search = GridSearchCV(
        SVC(), {"C": [0.01, 1.0]}, scoring=["accuracy", "f1_macro"], refit="accuracy", cv=3
    ).fit(X, y)
    data = report_data(search, metric="f1_macro")
    assert data["trials"]["score"] == search.cv_results_["mean_test_f1_macro"].tolist()
    with pytest.raises(ValueError, match="recall"):
        report_data(search, metric="recall")


def test_a_halving_search_shows_all_rungs():
    search = HalvingBayesSearchCV(
        SVC(), {"C": (1e-2, 1e2, "log-uniform")}, n_iter=9, cv=3, random_state=0
    ).fit(X, y)
    data = report_data(search)
    n = len(search.cv_results_["params"])
    assert len(data["trials"]["score"]) == n == sum(search.n_candidates_)
    last = search.cv_results_["iter"] == search.cv_results_["iter"].max()
    known = [score is not None for score in data["trials"]["score"]]
    assert known == last.tolist()
    partial = np.array(data["trials"]["partial"], dtype=float)
    np.testing.assert_allclose(partial[~last], search.cv_results_["mean_test_score"][~last])
    assert data["incumbent"]["row"] == search.best_index_
    assert tile(data, "candidates")["value"] == "9"


def test_objectives_have_a_front():
    search = BayesSearchCV(
        SVC(), {"C": (1e-2, 1e2)}, objectives=["accuracy", "-fit_time"], refit="accuracy",
        n_iter=6, cv=3, random_state=0,
    ).fit(X, y)  # fmt: skip
    found = report_data(search)["pareto"]
    assert found["is_minimised"] == [False, True]
    on_front = set(np.flatnonzero(found["on_front"]).tolist())
    assert on_front == set(search.pareto_front_["index"])


def test_the_journal_of_a_search_makes_a_page(tmp_path):
    path = tmp_path / "search.jsonl"
    search = GridSearchCV(SVC(), {"C": [0.1, 1.0]}, cv=3, journal=path).fit(X, y)
    data = report_data(path)
    assert data["title"] == "GridSearchCV"
    assert data["trials"]["score"] == search.cv_results_["mean_test_score"].tolist()
    assert data["incumbent"]["row"] == search.best_index_
    assert "load_history('search.jsonl')" in data["reproduce"]["code"]


def test_an_exported_history_and_an_optimizer_make_a_page(tmp_path, grid):
    path = tmp_path / "history.jsonl"
    save_history(grid.history_, path)
    assert report_data(path)["trials"]["score"] == report_data(grid)["trials"]["score"]
    optimizer = Optimizer({"x": (0.0, 1.0)}, random_state=0)
    optimizer.tell({"x": 0.25}, 1.0)
    assert report_data(optimizer)["incumbent"]["params"] == [["x", 0.25]]


def test_there_is_a_page_before_the_first_candidate():
    data = report_data(History())
    assert data["incumbent"] is None
    assert tile(data, "candidates")["value"] == "0"
    for picture in ("parallel", "importance", "timeline"):
        assert data[picture].keys() == {"missing"}


def test_of_failures_alone_nothing_is_best():
    data = report_data([Trial(k, {"C": 1.0 + k}, math.nan, "failed") for k in range(3)])
    assert data["incumbent"] is None
    assert tile(data, "best")["value"] == "none"
    assert tile(data, "candidates")["note"].split(";")[0] == "3 failed"


def test_a_parameter_that_is_not_active_is_no_nan():
    trials = [
        Trial(0, {"kernel": "rbf"}, 0.1),
        Trial(1, {"kernel": "poly", "degree": 3}, 0.2),
        Trial(2, {"kernel": "poly", "degree": math.nan}, 0.3),
    ]
    assert column(report_data(trials), "param_degree") == [None, 3, "nan"]


def test_values_that_look_alike_are_told_apart():
    trials = [
        Trial(k, {"a": value}, 0.1) for k, value in enumerate([None, "None", True, "True", ""])
    ]
    assert column(report_data(trials), "param_a") == ["None", "'None'", "True", "'True'", "''"]


def test_an_integer_beyond_the_floats_keeps_its_digits():
    assert column(report_data([Trial(0, {"seed": 2**63 + 1}, 0.1)]), "param_seed") == [
        "9223372036854775809"
    ]


def test_an_integer_that_python_refuses_to_write_does_not_lose_the_page():
    assert column(report_data([Trial(0, {"a": 10**5000}, 0.1)]), "param_a") == ["<int>"]


def test_a_broken_repr_does_not_lose_the_page():
    class Broken:
        def __repr__(self):
            raise RuntimeError("no repr")

    assert column(report_data([Trial(0, {"a": Broken()}, 0.1)]), "param_a") == ["<Broken>"]


def test_numbers_of_trials_that_repeat_do_not_mix_the_trials_up():
    run = Run(0, 10.0, 1.0, 0.0, "host:1:1")
    later = Run(0, 12.0, 1.0, 0.0, "host:1:1")
    data = report_data([Trial(0, {}, 0.1, runs=(run,)), Trial(0, {}, 0.2, runs=(later,))])
    assert data["timeline"]["trial"] == [0, 1]
    assert data["trials"]["seconds"] == [1.0, 3.0]


SCORES = st.floats(allow_nan=True, allow_infinity=True)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.tuples(st.integers()),
)
NAMES = st.text(string.printable + "<>&\u2028", min_size=1, max_size=12)


@given(
    st.lists(
        st.builds(
            lambda params, score, status: (params, score, status),
            st.dictionaries(NAMES, VALUES, max_size=4),
            SCORES,
            st.sampled_from(STATUSES),
        ),
        max_size=6,
    )
)
def test_any_history_becomes_json_that_cannot_leave_its_element(rows):
    trials = tuple(
        Trial(k, params, score if status == "complete" else math.nan, status)
        for k, (params, score, status) in enumerate(rows)
    )
    text = dumps(report_data(History(trials), importances=False))
    # Without these no text can end the element that it stands in, and no line separator can end a line.
    assert not set("<>&\u2028\u2029") & set(text)
    assert text.isascii()
    data = json.loads(text)
    assert len(column(data, "candidate")) == len(rows)


def test_what_json_has_not_is_written_so_that_a_browser_reads_it():
    assert dumps([math.nan, math.inf, -math.inf, 0.1]) == '[null,"inf","-inf",0.1]'
    assert json.loads(dumps({"a": "</script><!--&\u2028"})) == {"a": "</script><!--&\u2028"}


def test_a_journal_says_why_fits_failed(tmp_path):
    path = tmp_path / "search.jsonl"
    grid = {"C": [1.0, -1.0], "kernel": ["rbf", "linear"]}
    with pytest.warns(Warning, match=r"failed|non-finite"):
        GridSearchCV(SVC(), grid, cv=3, journal=path).fit(X, y)
    [error] = report_data(path)["errors"]
    assert error["count"] == 6
    assert error["reason"].startswith(
        "sklearn.utils._param_validation.InvalidParameterError: The 'C'"
    )
    assert error["traceback"].startswith("Traceback")
    assert report_data(tmp_path / "search.jsonl")["trials"]["status"].count("failed") == 2


class FailsAtLength(SVC):
    def fit(self, X, y):
        raise ValueError("no\u2028separator of lines but a line end\x1c is one")


def test_the_reason_of_a_failure_is_its_whole_last_line(tmp_path):
    path = tmp_path / "search.jsonl"
    with pytest.raises(ValueError, match="failed"):
        GridSearchCV(FailsAtLength(), {"C": [1.0]}, cv=3, journal=path).fit(X, y)
    [error] = report_data(path)["errors"]
    assert error["reason"].startswith("ValueError: no\u2028separator")
