"""What became of a candidate is decided in one place: every picture and the page say what its trial says."""

import math
from collections import Counter

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import FitFailedWarning

from skbayes import GridSearchCV, HalvingBayesSearchCV
from skbayes.model_selection import load_history
from skbayes.optimizer import STATUSES, Trial
from skbayes.plots import (
    convergence_data,
    importance_data,
    parallel_coordinates_data,
    surrogate_data,
    timeline_data,
)
from skbayes.report import report_data
from tests.plots.running import EPOCH, run

SPACE = {"x": (0.0, 1.0)}
# With the one above all statuses with all that may come with them.
SCORES = (0.5, math.nan, math.inf)
FOLDS = (None, (0.5, math.nan), (math.nan, math.nan))
METRICS = (None, {"fit_time": 1.0}, {"fit_time": 1.0, "accuracy": 0.5})


@pytest.fixture(scope="module")
def trials():
    cases = [(s, score, f, m) for s in STATUSES for score in SCORES for f in FOLDS for m in METRICS]
    return [
        Trial(k, {"x": (k + 0.5) / len(cases)}, score, status, None, folds, 1.0, metrics,
              runs=(run(EPOCH + k, 1.0),))
        for k, (status, score, folds, metrics) in enumerate(cases)
    ]  # fmt: skip


def said_by_page(data):
    """What the data of a page say of each candidate: those of the pictures, and those of the table."""
    [column] = [column for column in data["columns"] if column["name"] == "status"]
    return data["trials"]["status"], column["values"]


@pytest.mark.parametrize(
    "statuses",
    [
        lambda trials: timeline_data(trials)["status"],
        lambda trials: convergence_data(trials)["trials"][0][0]["status"],
        lambda trials: convergence_data(trials, against="fits")["trials"][0][0]["status"],
        lambda trials: parallel_coordinates_data(trials, space=SPACE)["statuses"],
        lambda trials: surrogate_data(trials, space=SPACE, surrogate="forest", n_values=5)[
            "statuses"
        ],
        lambda trials: said_by_page(report_data(trials, space=SPACE))[0],
        lambda trials: said_by_page(report_data(trials, space=SPACE))[1],
    ],
    ids=["timeline", "convergence", "by fits", "parallel", "surrogate", "page", "table"],
)
def test_all_say_what_the_trial_says(trials, statuses):
    expected = [trial.outcome for trial in trials]
    assert set(expected) == set(STATUSES)
    assert list(statuses(trials)) == expected


def test_the_head_of_the_page_counts_the_same(trials):
    counts = Counter(trial.outcome for trial in trials)
    [tile] = [t for t in report_data(trials, space=SPACE)["summary"] if t["label"] == "candidates"]
    listed = ", ".join(f"{counts[status]} {status}" for status in STATUSES)
    assert tile["note"].startswith(listed)


X, y = load_iris(return_X_y=True)
RUNGS = {
    "n_samples": {},
    "folds": {"resource": "folds", "cv": 5, "max_resources": 4},
    "parameter": {"resource": "n_estimators", "max_resources": 20},
}


@pytest.fixture(scope="module", params=RUNGS)
def halving(request, tmp_path_factory):
    path = tmp_path_factory.mktemp(request.param) / "search.jsonl"
    search = HalvingBayesSearchCV(
        RandomForestClassifier(5, random_state=0), {"max_depth": list(range(1, 11))}, n_iter=6,
        random_state=0, journal=path, **{"cv": 3, **RUNGS[request.param]},
    )  # fmt: skip
    return search.fit(X, y), path


def test_a_halving_search_its_rungs_and_its_journal_are_shown_alike(halving):
    search, path = halving
    is_last = search.cv_results_["iter"] == search.cv_results_["iter"].max()
    expected = np.where(is_last, "complete", "pruned").tolist()
    assert {"complete", "pruned"} == set(expected)
    for each in (search, path):
        assert convergence_data(each)["trials"][0][0]["status"] == expected
        data = report_data(each)
        assert list(map(list, said_by_page(data))) == [expected, expected]
        assert [s is not None for s in data["trials"]["score"]] == is_last.tolist()
        assert data["incumbent"]["row"] == search.best_index_
    ours, again = timeline_data(search), timeline_data(path)
    assert ours["status"] == again["status"]
    assert ours["candidate"].tolist() == again["candidate"].tolist()
    np.testing.assert_array_equal(ours["start"], again["start"])
    np.testing.assert_array_equal(ours["is_improvement"], again["is_improvement"])


def test_the_page_of_a_journal_says_which_parameter_is_left_out_and_what_it_was(halving):
    search, path = halving
    ours, again = report_data(search)["remark"], report_data(path)["remark"]
    if search.resource != "n_estimators":
        assert ours == again
        return
    top = search.best_params_["n_estimators"]
    assert (
        again == f"{ours} n_estimators is left out of the parameters: on the last rung it is {top}."
    )


@pytest.fixture(scope="module")
def undecided(tmp_path_factory):
    """The journal of a search by two metrics, neither of which it was after; a candidate of it fails."""
    path = tmp_path_factory.mktemp("undecided") / "search.jsonl"
    search = GridSearchCV(
        RandomForestClassifier(n_estimators=2, random_state=0), {"max_depth": [1, -1, 3]},
        scoring=["accuracy", "f1_macro"], refit=False, cv=3, journal=path,
    )  # fmt: skip
    with (
        pytest.warns(FitFailedWarning, match="3 fits failed"),
        pytest.warns(UserWarning, match="non-finite"),
    ):
        return search.fit(X, y), path


def test_no_candidate_has_failed_for_want_of_a_choice_among_the_metrics(undecided):
    search, path = undecided
    assert [trial.outcome for trial in load_history(path)] == ["complete", "failed", "complete"]
    assert set(timeline_data(path)["status"]) == {"complete", "failed"}
    data, again = report_data(search), report_data(path)
    assert (
        data["trials"]["status"] == again["trials"]["status"] == ["complete", "failed", "complete"]
    )
    assert data["trials"]["score"] == again["trials"]["score"]  # by the first of them
    assert again["score_name"] == "accuracy"


@pytest.mark.parametrize(
    "function", [convergence_data, parallel_coordinates_data, surrogate_data, importance_data]
)
def test_a_picture_of_a_score_asks_which_of_the_metrics_it_is(undecided, function):
    _, path = undecided
    with pytest.raises(ValueError, match=r"metrics \['accuracy', 'f1_macro'\].*Name one"):
        function(path)
