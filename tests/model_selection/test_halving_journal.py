"""The journal of a halving search, read as a history: scores of the last rung alone, as in the search itself."""

import json

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.svm import SVC

from skbayes import BayesSearchCV, HalvingBayesSearchCV
from skbayes.evaluation import read_journal
from skbayes.exceptions import JournalError
from skbayes.model_selection import load_history

X, y = load_iris(return_X_y=True)
SPACE = {"C": (1e-3, 1e3, "log-uniform")}


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    path = tmp_path_factory.mktemp("halving") / "search.jsonl"
    search = HalvingBayesSearchCV(SVC(), SPACE, n_iter=9, random_state=0, cv=3, journal=path)
    return search.fit(X, y), path


def test_the_last_rung_of_the_journal_is_the_history_of_the_search(searched):
    search, path = searched
    scored = [trial for trial in load_history(path) if trial.status == "complete"]
    assert len(scored) == len(search.history_) > 1
    for read, trial in zip(scored, search.history_, strict=True):
        assert (read.params, read.score) == (trial.params, trial.score)
        assert read.fold_scores == trial.fold_scores
        assert [run.fold for run in read.runs] == [0, 1, 2]


def test_what_was_left_below_is_pruned_and_teaches_nothing(searched):
    search, path = searched
    below = [trial for trial in load_history(path) if trial.status != "complete"]
    assert len(below) == np.sum(search.cv_results_["iter"] < search.cv_results_["iter"].max())
    for trial in below:
        assert (trial.status, trial.fold_scores, trial.metrics) == ("pruned", None, None)
        assert np.isnan(trial.score)
        assert len(trial.runs) == 3


def test_another_search_starts_from_it(searched):
    _, path = searched
    search = BayesSearchCV(SVC(), SPACE, n_iter=2, cv=3, random_state=1, history=load_history(path))
    assert np.isfinite(search.fit(X, y).best_score_)


@pytest.mark.parametrize("n_splits", [0, 4, -3, "3", 1.5])
def test_a_header_whose_rungs_do_not_fit_its_folds_is_refused(tmp_path, searched, n_splits):
    from skbayes.evaluation._journal_lines import seal, unseal

    first, *rest = searched[1].read_bytes().splitlines(keepends=True)
    content = unseal(first.rstrip(b"\n"))
    assert (content["n_splits"], content["n_folds"]) == (3, 6)
    path = tmp_path / "changed.jsonl"
    path.write_bytes(b"".join([seal({**content, "n_splits": n_splits}), *rest]))
    with pytest.raises(JournalError, match="n_splits"):
        read_journal(path)


def test_a_journal_without_rungs_and_one_of_before_read_the_same(tmp_path):
    from skbayes.evaluation._journal_lines import seal, unseal

    path, older = tmp_path / "a.jsonl", tmp_path / "older.jsonl"
    BayesSearchCV(SVC(), SPACE, n_iter=2, cv=3, random_state=0, journal=path).fit(X, y)
    assert read_journal(path)[0].n_splits is None
    first, *rest = path.read_bytes().splitlines(keepends=True)
    content = unseal(first.rstrip(b"\n"))
    del content["n_splits"]
    start = int(json.loads(seal(content))["crc"], 16)
    lines = [
        seal(unseal(line.rstrip(b"\n"), int(json.loads(first)["crc"], 16)), start) for line in rest
    ]
    older.write_bytes(b"".join([seal(content), *lines]))
    assert [trial.score for trial in load_history(older)] == [
        trial.score for trial in load_history(path)
    ]
