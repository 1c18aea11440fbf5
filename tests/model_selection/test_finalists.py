"""`finalists`: the best candidates are scored on further folds before one of them is chosen."""

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.datasets import load_iris, make_classification
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneOut,
    RepeatedKFold,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_score,
)
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skbayes import BayesSearchCV, GridSearchCV, ManualSearchCV, RandomizedSearchCV
from skbayes.exceptions import JournalError
from skbayes.model_selection import Finalists
from skbayes.model_selection._engine import check_engine
from skbayes.model_selection._finalists import open_finals
from skbayes.model_selection._results import ranked_rows
from skbayes.model_selection._run import open_run

X, y = load_iris(return_X_y=True)
NOISY = make_classification(120, 8, flip_y=0.3, random_state=0)
GRID = {"C": [1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0]}
COLUMN = "mean_finalist_test_score"


def test_the_best_few_are_scored_on_all_folds_and_the_best_of_them_is_chosen():
    search = GridSearchCV(SVC(), GRID, finalists=Finalists(3, n_repeats=2)).fit(*NOISY)
    results = search.cv_results_
    finalists = np.flatnonzero(np.isfinite(results[COLUMN]))
    np.testing.assert_array_equal(
        finalists, np.sort(np.argsort(results["rank_test_score"], kind="stable")[:3])
    )
    assert search.best_index_ == np.nanargmax(results[COLUMN])
    assert search.best_score_ == np.nanmax(results[COLUMN])
    assert search.best_params_["C"] == search.best_estimator_.C


def test_the_scores_are_those_of_cross_validation_on_other_folds():
    seen = []

    class Recording(StratifiedKFold):
        def split(self, X, y, groups=None):
            seen.append((self.shuffle, self.random_state))
            yield from super().split(X, y, groups)

    search = GridSearchCV(SVC(), GRID, cv=Recording(4), finalists=Finalists(1, n_repeats=2))
    results = search.fit(*NOISY).cv_results_
    assert seen[0] == (False, None)
    assert [shuffle for shuffle, _ in seen[1:]] == [True, True]
    seeds = [seed for _, seed in seen[1:]]
    assert seeds[0] != seeds[1]
    scores = [results[f"split{k}_test_score"][search.best_index_] for k in range(4)]
    for seed in seeds:
        cv = StratifiedKFold(4, shuffle=True, random_state=seed)
        scores += cross_val_score(SVC(**search.best_params_), *NOISY, cv=cv).tolist()
    assert results[COLUMN][search.best_index_] == pytest.approx(np.mean(scores), abs=1e-12)
    assert results["std_finalist_test_score"][search.best_index_] == pytest.approx(np.std(scores))


def test_more_folds_choose_better_than_the_first_ones():
    # Leaves of 1 to 60 rows; the score on a large test set is the truth.
    data, target = make_classification(4000, 10, flip_y=0.3, random_state=1)
    grid = {"min_samples_leaf": [1, 2, 5, 10, 20, 30, 60]}
    gains = []
    for k in range(8):
        rows = np.arange(k * 150, (k + 1) * 150)
        rest = np.arange(1200, 4000)
        tree = DecisionTreeClassifier(random_state=0)
        first = GridSearchCV(tree, grid).fit(data[rows], target[rows])
        finals = clone(first).set_params(finalists=Finalists(4, n_repeats=8))
        finals.fit(data[rows], target[rows])
        gains.append(finals.score(data[rest], target[rest]) - first.score(data[rest], target[rest]))
    assert np.mean(gains) > 0.0


@pytest.mark.parametrize(
    "search",
    [
        BayesSearchCV(SVC(), {"C": (1e-2, 1e2, "log-uniform")}, n_iter=6, random_state=0),
        RandomizedSearchCV(SVC(), {"C": loguniform(1e-2, 1e2)}, n_iter=4, random_state=0),
        ManualSearchCV(SVC(), [{"C": 0.1}, {"C": 1.0}, {"C": 10.0}]),
    ],
)
def test_every_search_holds_finals_and_is_the_same_twice(search):
    search = search.set_params(finalists=2)
    first, second = clone(search).fit(*NOISY), clone(search).set_params(n_jobs=2).fit(*NOISY)
    np.testing.assert_array_equal(first.cv_results_[COLUMN], second.cv_results_[COLUMN])
    assert np.isfinite(first.cv_results_[COLUMN]).sum() == 2
    plain = clone(search).set_params(finalists=None).fit(*NOISY)
    assert plain.cv_results_["params"] == first.cv_results_["params"]
    assert COLUMN not in plain.cv_results_


def test_finals_of_which_some_were_not_held_are_of_the_right_candidates():
    # Interrupted, the pool yields what it has: with two workers the second candidate may be ahead of the first.
    search = GridSearchCV(SVC(), GRID, finalists=Finalists(2, n_repeats=1)).fit(*NOISY)
    results = dict(search.cv_results_)
    whole = results[COLUMN]
    run = open_run(search, *NOISY, {})
    finals = open_finals(search, run, check_engine(search, None), None, None)
    evaluate = finals._evaluate
    finals._evaluate = lambda candidates: evaluate(candidates)[1:]
    first, second = ranked_rows({k: v for k, v in results.items() if "final" not in k}, "score")[:2]
    finals.hold(results)
    assert np.flatnonzero(np.isfinite(results[COLUMN])).tolist() == [second]
    assert results[COLUMN][second] == whole[second]
    assert np.isfinite(whole[first])


def test_candidates_without_a_score_are_not_in_the_finals():
    fits = []

    class Counting(SVC):
        def fit(self, X, y):
            fits.append(self.C)
            return super().fit(X, y)

    grid = {"C": np.logspace(-3, 3, 7)}
    search = GridSearchCV(Counting(), grid, racing=True, finalists=7).fit(*NOISY)
    results = search.cv_results_
    assert "pruned" in results["status"]
    n_complete = np.sum(results["status"] == "complete")
    assert len(fits) == results["n_splits_evaluated"].sum() + n_complete * 15 + 1
    assert np.isfinite(results[COLUMN]).sum() == n_complete


def test_those_that_miss_a_metric_constraint_are_not_in_the_finals():
    search = BayesSearchCV(SVC(), {"C": (1e-2, 1e2, "log-uniform")}, n_iter=6, random_state=0)
    search.set_params(scoring=["accuracy", "f1"], refit="accuracy", finalists=4)
    results = search.set_params(metric_constraints={"f1": ">= 0.7"}).fit(*NOISY).cv_results_
    assert 0 < results["is_feasible"].sum() < 4
    held = np.isfinite(results["mean_finalist_test_accuracy"])
    np.testing.assert_array_equal(held, results["is_feasible"])


def test_an_error_in_the_finals_leaves_what_the_search_found():
    failing = []

    class Fragile(SVC):
        def fit(self, X, y):
            failing.append(self.C)
            if len(failing) > 32:
                raise RuntimeError("broken by the finals")
            return super().fit(X, y)

    search = GridSearchCV(Fragile(), GRID, finalists=2, error_score="raise")
    with pytest.raises(RuntimeError, match="broken by the finals"):
        search.fit(*NOISY)
    plain = GridSearchCV(SVC(), GRID, refit=False).fit(*NOISY)
    assert search.best_params_ == plain.best_params_
    assert search.best_score_ == plain.best_score_
    assert search.stopped_by_ == "error"
    assert COLUMN not in search.cv_results_


def test_a_candidate_tried_later_holds_the_finals_anew():
    search = ManualSearchCV(SVC(), [{"C": C} for C in GRID["C"]], finalists=2).fit(*NOISY)
    score, best = search.best_score_, search.best_params_
    search.try_candidate(*NOISY, C=1e-9)
    assert (search.best_score_, search.best_params_) == (score, best)
    assert np.isfinite(search.cv_results_[COLUMN]).tolist().count(True) == 2
    assert len(search.cv_results_[COLUMN]) == 7
    whole = ManualSearchCV(SVC(), [*search.candidates, {"C": 3.0}], finalists=2).fit(*NOISY)
    search.try_candidate(*NOISY, C=3.0)
    assert search.best_score_ == whole.best_score_


def test_of_several_metrics_the_one_of_refit_decides():
    search = GridSearchCV(SVC(), GRID, scoring=["accuracy", "f1"], refit="f1", finalists=2)
    results = search.fit(*NOISY).cv_results_
    assert search.best_score_ == np.nanmax(results["mean_finalist_test_f1"])
    assert "mean_finalist_test_accuracy" not in results
    search.set_params(refit=False)
    with pytest.raises(ValueError, match="refit=False names none of"):
        search.fit(*NOISY)


def test_a_candidate_that_fails_in_the_finals_cannot_win():
    failing = []

    class Fragile(SVC):
        def fit(self, X, y):
            failing.append(self.C)
            if self.C == 1.0 and len(failing) > 10:
                raise RuntimeError("broken by the finals")
            return super().fit(X, y)

    search = GridSearchCV(Fragile(), {"C": [0.01, 1.0]}, finalists=2).fit(X, y)
    assert search.cv_results_["rank_test_score"][1] == 1
    assert np.isnan(search.cv_results_[COLUMN][1])
    assert search.best_params_ == {"C": 0.01}


def test_groups_stay_together_in_the_finals():
    groups = np.repeat(np.arange(30), 5)
    search = GridSearchCV(SVC(), GRID, cv=GroupKFold(3), finalists=2)
    search.fit(X, y, groups=groups)
    assert np.isfinite(search.cv_results_[COLUMN]).sum() == 2


def test_a_callable_refit_sees_the_columns():
    chosen = []

    def rule(results):
        chosen.append(int(np.nanargmin(results[COLUMN])))
        return chosen[-1]

    search = GridSearchCV(SVC(), GRID, refit=rule, finalists=2).fit(*NOISY)
    assert search.best_index_ == chosen[0]


@pytest.mark.parametrize("place", ["search.jsonl", "journals"])
def test_finals_are_in_the_journal_too(place, tmp_path):
    fits = []

    class Counting(SVC):
        def fit(self, X, y):
            fits.append(self.C)
            return super().fit(X, y)

    path = tmp_path / place
    if "." not in place:
        path.mkdir()
    search = GridSearchCV(Counting(), GRID, finalists=2, journal=path, refit=False)
    first = search.fit(*NOISY).cv_results_[COLUMN]
    n_fits = len(fits)
    again = clone(search).fit(*NOISY)
    assert len(fits) == n_fits == 6 * 5 + 2 * 15
    np.testing.assert_array_equal(again.cv_results_[COLUMN], first)


def test_a_journal_of_other_finals_is_refused_before_the_search(tmp_path):
    fits = []

    class Counting(SVC):
        def fit(self, X, y):
            fits.append(self.C)
            return super().fit(X, y)

    search = GridSearchCV(Counting(), GRID, finalists=2, journal=tmp_path / "search.jsonl")
    search.fit(*NOISY)
    (tmp_path / "search.jsonl").unlink()
    n_fits = len(fits)
    with pytest.raises(JournalError, match=r"search\.jsonl\.finalists is of something else"):
        search.set_params(finalists=Finalists(2, n_repeats=4)).fit(*NOISY)
    assert len(fits) == n_fits


class Stubborn(KFold):
    """Takes a random_state once and for all."""

    def __init__(self, random_state=0):
        super().__init__(3, shuffle=True, random_state=random_state)
        self.kept = random_state

    def split(self, X, y=None, groups=None):
        return KFold(3, shuffle=True, random_state=self.kept).split(X, y, groups)


@pytest.mark.parametrize(
    "cv", [LeaveOneOut(), TimeSeriesSplit(3), [(np.arange(99), np.arange(99, 120))], Stubborn()]
)
def test_a_splitter_without_other_folds_is_refused(cv):
    fits = []

    class Counting(SVC):
        def fit(self, X, y):
            fits.append(1)

    with pytest.raises(TypeError, match="finalists need a splitter that can draw other folds"):
        GridSearchCV(Counting(), GRID, cv=cv, finalists=2).fit(*NOISY)
    assert not fits


@pytest.mark.parametrize(
    "cv", [3, KFold(3), RepeatedKFold(n_splits=3, n_repeats=2, random_state=0)]
)
def test_other_splitters_draw_other_folds(cv):
    search = GridSearchCV(SVC(), GRID, cv=cv, finalists=Finalists(2, n_repeats=1)).fit(*NOISY)
    index = search.best_index_
    mean = search.cv_results_["mean_test_score"][index]
    assert search.cv_results_[COLUMN][index] != mean


@pytest.mark.parametrize(
    ("finalists", "error", "match"),
    [
        (0, ValueError, "n_candidates >= 1"),
        (Finalists(2, n_repeats=0), ValueError, "n_repeats >= 1"),
        (1.5, TypeError, "number of candidates"),
        (True, TypeError, "number of candidates"),
        ("all", TypeError, "number of candidates"),
    ],
)
def test_wrong_finalists_are_refused(finalists, error, match):
    with pytest.raises(error, match=match):
        GridSearchCV(SVC(), GRID, finalists=finalists).fit(X, y)
