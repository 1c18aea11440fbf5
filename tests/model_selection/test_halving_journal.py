"""The journal of a halving search, read as a history: scores of the last rung alone, as in the search itself."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import StratifiedKFold
from sklearn.tree import DecisionTreeClassifier

from skbayes import BayesSearchCV, HalvingBayesSearchCV
from skbayes.evaluation import FoldResult, JournalHeader, KnownCandidate, read_journal
from skbayes.evaluation._journal_lines import seal, unseal
from skbayes.exceptions import JournalError
from skbayes.model_selection import load_history
from skbayes.model_selection._journal_rungs import on_rungs

X, y = load_iris(return_X_y=True)
SPACE = {"ccp_alpha": (1e-4, 1e-1, "log-uniform")}


# What increases from rung to rung, and for the second kind not to all that there is.
KINDS = {
    "n_samples": {"min_resources": 50, "cv": 3},
    "folds": {"resource": "folds", "cv": 10, "max_resources": 9},
    "a parameter": {"resource": "max_depth", "max_resources": 9, "cv": 3},
}


def search_of(kind, path, **kwargs):
    arguments = {"n_iter": 18, "random_state": 0, "journal": path, **KINDS[kind], **kwargs}
    return HalvingBayesSearchCV(DecisionTreeClassifier(random_state=0), SPACE, **arguments)


def known_of(trial):
    """All that there is to know of a trial but its number, and what makes nan equal to nan."""
    return repr((trial.params, trial.score, trial.status, trial.fold_scores, trial.fit_time, trial.metrics,
                 trial.runs, [(run.started, run.worker) for run in trial.runs]))  # fmt: skip


@pytest.fixture(scope="module", params=KINDS)
def searched(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("halving") / "search.jsonl"
    return search_of(request.param, path).fit(X, y), path


@pytest.fixture(scope="module")
def on_rows(tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / "search.jsonl"
    return search_of("n_samples", path).fit(X, y), path


def test_the_last_rung_of_the_journal_is_the_history_of_the_search(searched):
    search, path = searched
    history = load_history(path)
    scored = [trial for trial in history if trial.status == "complete"]
    assert len(scored) == len(search.history_) > 1
    assert list(map(known_of, scored)) == list(map(known_of, search.history_))
    assert history.incumbent.params == search.history_.incumbent.params
    assert history.origin == search.history_.origin is not None


def test_with_the_space_the_same_is_read(searched):
    _, path = searched
    both = load_history(path, SPACE), load_history(path)
    assert list(map(known_of, both[0])) == list(map(known_of, both[1]))


def test_what_was_left_below_is_pruned_and_teaches_nothing(searched):
    search, path = searched
    trials = load_history(path).trials
    is_below = search.cv_results_["iter"] < search.cv_results_["iter"].max()
    assert [trial.status == "pruned" for trial in trials] == is_below.tolist()
    for trial, whole in zip(trials, search.rung_history_, strict=True):
        assert trial.params == {"ccp_alpha": whole.params["ccp_alpha"]}
        assert (
            trial.runs == whole.runs
        )  # those of the rungs below included where folds are the resource
        if trial.status == "pruned":
            assert known_of(trial) == known_of(replace(whole, params=trial.params).as_pruned())
            assert not trial.is_partial


def test_another_search_on_the_same_folds_takes_it_for_the_same_objective(searched):
    search, path = searched
    depth = search.n_resources_[-1] if search.resource == "max_depth" else None
    folds = list(StratifiedKFold(search.n_splits_).split(X, y))
    if search.resource == "folds":
        folds = folds[: search.n_resources_[-1]]
    other = BayesSearchCV(
        DecisionTreeClassifier(max_depth=depth, random_state=0), SPACE, n_iter=2, cv=folds,
        random_state=1, history=load_history(path),
    ).fit(X, y)  # fmt: skip
    assert other.history_.origin == load_history(path).origin
    assert np.isfinite(other.best_score_)


def test_a_search_that_was_ended_and_continued_reads_as_one_that_ran_through(searched, tmp_path):
    search, path = searched
    lines, again = path.read_bytes().splitlines(keepends=True), tmp_path / "again.jsonl"
    kind = next(kind for kind in KINDS if kind in (search.resource, "a parameter"))
    for n_lines in range(1, len(lines), 9):
        again.write_bytes(b"".join(lines[:n_lines]))
        finite = [t.score for t in load_history(again) if t.status == "complete"]
        assert set(finite) <= {trial.score for trial in search.history_}
    search_of(kind, again).fit(X, y)
    read = [[(t.params, t.status, t.fold_scores) for t in load_history(p)] for p in (path, again)]
    assert read[0] == read[1]


def test_of_a_candidate_that_lacks_folds_of_the_last_rung_those_known_are_kept(tmp_path):
    path = tmp_path / "search.jsonl"
    search = search_of("folds", path).fit(X, y)
    whole = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(whole[:-2]))  # the last candidate was ended with two folds to go
    *_, last = load_history(path)
    known = search.history_.trials[-1].fold_scores
    assert (last.status, last.params) == ("pruned", search.history_.trials[-1].params)
    assert last.fold_scores[:-2] == known[:-2]
    assert np.isnan([last.score, *last.fold_scores[-2:]]).all()
    assert last.is_partial


def test_a_candidate_that_starts_again_has_the_folds_of_its_start_alone():
    def known(number, *folds):
        results = {k: FoldResult(0.1 * k, None, 1.0, 1.0, 9) for k in folds}
        return KnownCandidate(number, {"C": 1.0}, results)

    header = JournalHeader("search", {}, n_folds=3, rungs={"folds": [1, 3]})
    found, _ = on_rungs(header, [known(0, 0), known(1, 1, 2), known(2, 0)])
    run = [[k for k, fold in enumerate(each.folds) if fold is not None] for each in found]
    assert run == [[0], [0, 1, 2], [0]]
    assert [each.is_last for each in found] == [False, True, False]


@pytest.mark.parametrize("kind", ["folds", "a parameter"])
def test_continued_with_more_of_the_resource_the_most_counts_and_the_objective_is_another(
    kind, tmp_path
):
    path = tmp_path / "search.jsonl"
    less, more = (search_of(kind, path, max_resources=n, n_iter=6) for n in (6, 10))
    less.fit(X, y)
    assert load_history(path).origin == less.history_.origin
    more.fit(X, y)
    history = load_history(path)
    scored = {repr(t.params): t.fold_scores for t in history if t.status == "complete"}
    assert scored == {repr(t.params): t.fold_scores for t in more.history_}
    assert history.origin is None


@pytest.mark.parametrize(
    "rungs", [3, [], {}, {"folds": []}, {"folds": [1, 1]}, {"folds": [3, 1]}, {"folds": [1, 2.5]},
              {"folds": 3}, {"folds": [1], "max_depth": [1]}, {"folds": [True, 3]}]
)  # fmt: skip
def test_a_header_with_rungs_that_cannot_be_is_refused(tmp_path, on_rows, rungs):
    first, *rest = on_rows[1].read_bytes().splitlines(keepends=True)
    content = unseal(first.rstrip(b"\n"))
    [resources] = content["rungs"].values()
    assert resources == on_rows[0].n_resources_
    path = tmp_path / "changed.jsonl"
    path.write_bytes(b"".join([seal({**content, "rungs": rungs}), *rest]))
    with pytest.raises(JournalError, match="rungs"):
        read_journal(path)


@pytest.mark.parametrize("n_splits", [0, 4, -3, "3", 1.5])
def test_a_header_whose_rungs_do_not_fit_its_folds_is_refused(tmp_path, on_rows, n_splits):
    first, *rest = on_rows[1].read_bytes().splitlines(keepends=True)
    content = unseal(first.rstrip(b"\n"))
    assert (content["n_splits"], content["n_folds"]) == (3, 6)
    path = tmp_path / "changed.jsonl"
    path.write_bytes(b"".join([seal({**content, "n_splits": n_splits}), *rest]))
    with pytest.raises(JournalError, match="n_splits"):
        read_journal(path)


def test_a_journal_without_rungs_and_one_of_before_read_the_same(tmp_path):
    path, older = tmp_path / "a.jsonl", tmp_path / "older.jsonl"
    tree = DecisionTreeClassifier(random_state=0)
    BayesSearchCV(tree, SPACE, n_iter=2, cv=3, random_state=0, journal=path).fit(X, y)
    header, _ = read_journal(path)
    assert (header.n_splits, header.rungs) == (None, None)
    first, *rest = path.read_bytes().splitlines(keepends=True)
    content = unseal(first.rstrip(b"\n"))
    del content["n_splits"], content["rungs"]
    start = int(json.loads(seal(content))["crc"], 16)
    lines = [
        seal(unseal(line.rstrip(b"\n"), int(json.loads(first)["crc"], 16)), start) for line in rest
    ]
    older.write_bytes(b"".join([seal(content), *lines]))
    assert [trial.score for trial in load_history(older)] == [
        trial.score for trial in load_history(path)
    ]
