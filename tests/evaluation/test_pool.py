"""The pool gives the same results, in order, on every back-end; folds are drawn once and checked."""

import time

import numpy as np
import pytest
from joblib import parallel_config, register_parallel_backend
from joblib.parallel import ThreadingBackend
from sklearn.datasets import load_iris
from sklearn.metrics import check_scoring
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.svm import SVC

from skbayes.evaluation import (
    Candidate,
    EvaluationPool,
    EvaluationSetup,
    PoolOptions,
    draw_folds,
)

X, y = load_iris(return_X_y=True)
CANDIDATES = [{"C": 0.01}, {"C": 1.0}, {"C": 100.0}]
SETUP = EvaluationSetup(SVC(), X, y, check_scoring(SVC()), {}, {}, np.nan, False, 0)


def waves(*waves):
    """A source of candidates: one wave each time it is asked."""
    left = [[Candidate(params) for params in wave] for wave in waves]
    return lambda n: left.pop(0) if left else []


def options(n_jobs, **more):
    return PoolOptions(n_jobs, "2*n_jobs", n_splits=3, **more)


def scores(n_jobs):
    folds = draw_folds(3, SVC(), X, y, {})
    with EvaluationPool(SETUP, folds, options(n_jobs)) as pool:
        results = list(pool.run(waves(CANDIDATES, CANDIDATES[:1])))
    assert [r.params for r in results] == [*CANDIDATES, CANDIDATES[0]]
    return np.array([r.fold_scores("score") for r in results])


def test_every_backend_gives_the_same_results_in_order():
    expected = scores(n_jobs=1)
    assert expected.shape == (4, 3)
    np.testing.assert_array_equal(expected[0], expected[3])
    for backend in ("threading", "loky", "multiprocessing"):  # the last cannot stream
        with parallel_config(backend):
            np.testing.assert_array_equal(scores(n_jobs=2), expected)


def test_results_stream_one_candidate_at_a_time():
    folds = draw_folds(3, SVC(), X, y, {})
    with EvaluationPool(SETUP, folds, options(1)) as pool:
        first = next(pool.run(waves(CANDIDATES)))
    assert first.params == CANDIDATES[0]
    assert first.mean_fit_time == pytest.approx(np.mean([f.fit_time for f in first.folds]))


def test_folds_are_stratified_for_classifiers_and_drawn_once():
    folds = draw_folds(3, SVC(), X, y, {})
    for (train, test), (a, b) in zip(folds, StratifiedKFold(3).split(X, y), strict=True):
        np.testing.assert_array_equal(train, a)
        np.testing.assert_array_equal(test, b)
    shuffled = draw_folds(KFold(3, shuffle=True), SVC(), X, y, {})
    assert sorted(np.concatenate([test for _, test in shuffled])) == list(range(len(y)))


class Liar:
    def get_n_splits(self, *args, **kwargs):
        return 3

    def split(self, *args, **kwargs):
        yield np.arange(100), np.arange(100, 150)


def test_a_splitter_that_lies_about_its_folds_is_refused():
    with pytest.raises(ValueError, match="Expected 3 splits, got 1"):
        draw_folds(Liar(), SVC(), X, y, {})
    with pytest.raises(ValueError, match="No fits were performed"):
        draw_folds(iter([]), SVC(), X, y, {})


class AllTogether(ThreadingBackend):
    """As joblibspark: results come when the whole batch is done."""

    supports_retrieve_callback = False


class Kept:
    """A journal in memory."""

    def __init__(self):
        self.tasks = []

    def known(self, candidate, params, fold):
        return None

    def record(self, task, result):
        self.tasks.append((task.candidate, task.fold))


def test_what_ended_beside_an_evaluation_that_raises_is_kept():
    register_parallel_backend("all_at_once", AllTogether)
    folds, kept = draw_folds(3, SVC(), X, y, {}), Kept()
    setup = EvaluationSetup(SVC(), X, y, check_scoring(SVC()), {}, {}, "raise", False, 0)
    with (
        parallel_config("all_at_once"),
        EvaluationPool(setup, folds, options(2, journal=kept)) as pool,
        pytest.raises(ValueError, match="'C' parameter"),
    ):
        list(pool.run(waves([{"C": -1.0}, {"C": 1.0}])))
    assert kept.tasks == [(1, 0), (1, 1), (1, 2)]


@pytest.mark.filterwarnings("error::UserWarning")
def test_a_stream_may_be_left_early_without_a_word_and_without_the_rest():
    fitted, is_left = [], []

    def scorer(estimator, X, y):
        fitted.append(estimator.C)
        # What begins after the first candidate still runs when the stream is left.
        while estimator.C > 0.01 and not (is_left or pool._executor._is_abandoned):
            time.sleep(0.001)
        return 0.0

    folds = draw_folds(3, SVC(), X, y, {})
    setup = EvaluationSetup(SVC(), X, y, scorer, {}, {}, np.nan, False, 0)
    with parallel_config("threading"), EvaluationPool(setup, folds, options(2)) as pool:
        stream = pool.run(waves(CANDIDATES * 10))
        assert next(stream).params == CANDIDATES[0]
        stream.close()
        is_left.append(True)
        # Three folds of one candidate, and what two threads had begun: what they were given ahead never begins.
        assert 3 <= len(fitted) <= 3 + 2
        assert next(pool.run(waves(CANDIDATES[1:]))).params == CANDIDATES[1]
