"""Asynchronous, racing, budgets, interrupts: the engine behind all searches, as a user sees it."""

import os
import signal
import threading
import time

import numpy as np
import pytest
from joblib import parallel_config, register_parallel_backend
from joblib.parallel import ThreadingBackend
from scipy.stats import loguniform
from sklearn.datasets import load_iris, make_classification
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import KFold
from sklearn.svm import SVC

from skbayes import BayesSearchCV, GridSearchCV, ManualSearchCV, RandomizedSearchCV
from skbayes.evaluation import RacingRule

X, y = load_iris(return_X_y=True)
NOISY = make_classification(200, 8, flip_y=0.2, random_state=0)
SPACE = {"C": (1e-3, 1e3, "log-uniform"), "gamma": (1e-4, 1e1, "log-uniform")}
COLUMNS = ["params", "mean_test_score"]
GRID = {"C": np.logspace(-3, 3, 13)}


def bayes(estimator=None, **more):
    options = {"n_iter": 14, "random_state": 0, **more}
    return BayesSearchCV(estimator or SVC(), SPACE, **options)


def outcome(search):
    results = search.cv_results_
    return [results[f"split{k}_test_score"] for k in range(search.n_splits_)], results["params"]


class Sleeper(SVC):
    """An SVC that takes a while."""

    def fit(self, X, y, sample_weight=None):
        time.sleep(0.05)
        return super().fit(X, y, sample_weight)


@pytest.mark.parametrize("more", [{}, {"n_points": 3}, {"racing": True, "n_points": 3}])
def test_a_synchronous_search_is_the_same_on_all_workers(more):
    expected = outcome(bayes(**more).fit(*NOISY))
    with parallel_config("threading"):
        np.testing.assert_equal(outcome(bayes(n_jobs=3, **more).fit(*NOISY)), expected)


@pytest.mark.slow
@pytest.mark.parametrize("more", [{}, {"racing": True, "n_points": 3}])
@pytest.mark.parametrize("backend", ["loky", "multiprocessing"])
def test_a_synchronous_search_is_the_same_in_other_processes(more, backend):
    expected = outcome(bayes(**more).fit(*NOISY))
    with parallel_config(backend):
        np.testing.assert_equal(outcome(bayes(n_jobs=2, **more).fit(*NOISY)), expected)


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_an_asynchronous_search_evaluates_its_budget(n_jobs):
    with parallel_config("threading"):
        search = bayes(n_jobs=n_jobs, asynchronous=True).fit(X, y)
    assert search.stopped_by_ == "budget"
    assert set(search.cv_results_["status"]) == {"complete"}
    points = {(params["C"], params["gamma"]) for params in search.cv_results_["params"]}
    assert len(points) == 14
    means = [trial.score for trial in search.history_]
    np.testing.assert_array_equal(means, search.cv_results_["mean_test_score"])
    assert search.best_score_ == max(means)


def test_an_asynchronous_grid_gives_every_candidate_its_scores():
    expected = GridSearchCV(SVC(), GRID).fit(X, y)
    with parallel_config("threading"):
        search = GridSearchCV(SVC(), GRID, n_jobs=3, asynchronous=True).fit(X, y)
    for params, mean in zip(*(search.cv_results_[c] for c in COLUMNS), strict=True):
        place = expected.cv_results_["params"].index(params)
        assert mean == expected.cv_results_["mean_test_score"][place]
    assert len(search.cv_results_["params"]) == 13
    assert search.best_score_ == expected.best_score_


def test_asynchronous_spaces_with_own_budgets_keep_to_them():
    spaces = [({"C": (1e-2, 1e2)}, 3), ({"gamma": (1e-3, 1.0)}, 4)]
    with parallel_config("threading"):
        search = BayesSearchCV(SVC(), spaces, n_jobs=2, asynchronous=True, random_state=0).fit(X, y)
    names = [next(iter(params)) for params in search.cv_results_["params"]]
    assert (names.count("C"), names.count("gamma")) == (3, 4)
    assert [len(each.func_vals) for each in search.optimizer_results_] == [3, 4]


class AllTogether(ThreadingBackend):
    """As joblibspark: results come when the whole batch is done."""

    supports_retrieve_callback = False


def test_a_back_end_without_a_stream_says_so_once(caplog):
    register_parallel_backend("all_together", AllTogether)
    expected = outcome(bayes(n_iter=3).fit(X, y))
    with parallel_config("all_together"):
        np.testing.assert_equal(outcome(bayes(n_jobs=2, n_iter=3).fit(X, y)), expected)
        assert not caplog.records
        search = bayes(n_jobs=2, asynchronous=True, n_iter=3).fit(X, y)
    assert set(search.cv_results_["status"]) == {"complete"}
    assert [record.name for record in caplog.records] == ["skbayes"]
    assert "in batches only" in caplog.text


def test_idle_workers_are_mentioned_with_the_remedy():
    with parallel_config("threading"):
        with pytest.warns(UserWarning, match="idle. Set n_points= higher, or asynchronous=True"):
            bayes(n_jobs=8, n_iter=3, cv=3).fit(X, y)
        with pytest.warns(UserWarning, match="1 evaluations run side by side"):
            bayes(n_jobs=2, n_iter=3, racing=True).fit(X, y)


@pytest.mark.filterwarnings("error::UserWarning")
def test_busy_workers_are_not_mentioned():
    with parallel_config("threading"):
        bayes(n_jobs=2, n_iter=3).fit(X, y)
        bayes(n_jobs=4, n_iter=3, asynchronous=True, racing=True).fit(X, y)
        GridSearchCV(SVC(), {"C": [1.0]}, n_jobs=8).fit(X, y)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_race_prunes_and_never_chooses_what_it_pruned(asynchronous):
    search = bayes(racing=True, n_iter=25, cv=KFold(8, shuffle=True, random_state=0))
    search.set_params(asynchronous=asynchronous).fit(*NOISY)
    results = search.cv_results_
    pruned = results["status"] == "pruned"
    assert 0 < pruned.sum() < 25
    splits = np.array([results[f"split{k}_test_score"] for k in range(8)])
    np.testing.assert_array_equal(results["n_splits_evaluated"], np.isfinite(splits).sum(axis=0))
    assert (results["n_splits_evaluated"][pruned] < 8).all()
    assert np.isnan(results["mean_test_score"][pruned]).all()
    assert (results["n_splits_evaluated"][~pruned] == 8).all()
    assert not pruned[search.best_index_]
    assert (results["rank_test_score"][pruned] == results["rank_test_score"].max()).all()
    assert [trial.status for trial in search.history_] == list(results["status"])


class EndsLow(RacingRule):
    """Gives up every candidate but the first two after one fold, and looks at all of them again."""

    def is_hopeless(self, scores, candidate):
        return candidate > 1

    def second_look(self):
        return Nobody()


class Nobody(RacingRule):
    """Gives nobody up."""

    def is_hopeless(self, scores, candidate):
        return False


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_second_look_takes_the_place_of_the_first(asynchronous):
    search = bayes(racing=EndsLow(), n_iter=9, asynchronous=asynchronous).fit(*NOISY)
    results = search.cv_results_
    assert len(results["params"]) == 9
    assert set(results["status"]) == {"complete"}
    expected = GridSearchCV(SVC(), [{k: [v] for k, v in p.items()} for p in results["params"]])
    means = expected.fit(*NOISY).cv_results_["mean_test_score"]
    np.testing.assert_array_equal(results["mean_test_score"], means)
    assert [trial.score for trial in search.history_] == means.tolist()
    assert (-search.optimizer_results_[0].func_vals == means).all()
    assert np.isfinite(results["posterior_mean_test_score"]).all()


def test_a_grid_is_raced_fold_by_fold_and_finds_its_best():
    full = GridSearchCV(SVC(), GRID, cv=8).fit(*NOISY)
    raced = GridSearchCV(SVC(), GRID, cv=8, racing=True).fit(*NOISY)
    n_fits = raced.cv_results_["n_splits_evaluated"].sum()
    assert n_fits < 0.75 * 13 * 8
    best = full.cv_results_["mean_test_score"].max()
    spread = full.cv_results_["std_test_score"][full.best_index_] / np.sqrt(8)
    assert raced.best_score_ >= best - spread


def test_a_search_without_engine_options_has_scikit_learns_columns_only():
    plain = GridSearchCV(SVC(), GRID).fit(X, y).cv_results_
    raced = GridSearchCV(SVC(), GRID, racing=True).fit(X, y).cv_results_
    assert set(raced) - set(plain) == {"status", "n_splits_evaluated"}


def test_a_race_about_several_metrics_needs_one_named():
    search = GridSearchCV(SVC(), GRID, scoring=["accuracy", "f1_macro"], refit=False, racing=True)
    with pytest.raises(ValueError, match="racing"):
        search.fit(X, y)
    search.set_params(refit="f1_macro").fit(X, y)
    assert "pruned" in search.cv_results_["status"]


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_time_budget_ends_the_search_with_what_it_has(n_jobs, asynchronous):
    with parallel_config("threading"):
        search = bayes(Sleeper(), n_iter=500, time_budget=1.0, n_jobs=n_jobs)
        search.set_params(asynchronous=asynchronous)
        start = time.monotonic()
        search.fit(X, y)
    assert search.stopped_by_ == "time_budget"
    assert time.monotonic() - start < 30.0  # 500 candidates would take more than two minutes
    assert 1 <= len(search.cv_results_["params"]) < 100
    assert search.best_estimator_.predict(X).shape == (150,)


def test_one_candidate_is_evaluated_however_short_the_time():
    search = bayes(Sleeper(), time_budget=1e-6).fit(X, y)
    assert list(search.cv_results_["status"]) == ["complete"]


class InterruptedScorer:
    """Sends Ctrl-C to this process at the n-th score."""

    def __init__(self, at):
        self.at = at
        self.n = 0
        self.lock = threading.Lock()

    def __call__(self, estimator, X, y):
        with self.lock:
            self.n += 1
            is_due = self.n == self.at
        if is_due:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)
        return estimator.score(X, y)


@pytest.fixture
def ctrl_c():
    """Python's own handler, which is not in place where the tests were started in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize(
    "make",
    [
        lambda **o: bayes(**o),
        lambda **o: GridSearchCV(SVC(), GRID, **o),
        lambda **o: RandomizedSearchCV(SVC(), {"C": loguniform(0.1, 10)}, random_state=0, **o),
        lambda **o: ManualSearchCV(SVC(), [{"C": c} for c in GRID["C"]], **o),
    ],
    ids=["bayes", "grid", "randomized", "manual"],
)
@pytest.mark.parametrize("threads", [1, 2])
def test_the_first_interrupt_ends_a_search_cleanly(make, threads):
    with parallel_config("threading"):
        search = make(scoring=InterruptedScorer(at=23), n_jobs=threads).fit(X, y)
    assert search.stopped_by_ == "interrupt"
    n_complete = (search.cv_results_["status"] == "complete").sum() if threads == 1 else 4
    assert n_complete == 4
    assert 4 <= len(search.cv_results_["params"]) <= 6
    assert search.predict(X).shape == (150,)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize(("at", "has_finals"), [(12, False), (13 * 5 + 20, True)])
def test_after_an_interrupt_there_are_no_more_finals(at, has_finals):
    scorer = InterruptedScorer(at)
    search = GridSearchCV(SVC(), GRID, scoring=scorer, finalists=3).fit(X, y)
    assert search.stopped_by_ == "interrupt"
    assert ("mean_finalist_test_score" in search.cv_results_) is has_finals
    assert scorer.n == at
    if has_finals:  # one of three got to the end of them
        assert np.isfinite(search.cv_results_["mean_finalist_test_score"]).sum() == 1
    # Ctrl-C is itself again.
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("ctrl_c")
def test_an_interrupt_before_there_is_anything_to_keep_is_an_interrupt():
    with pytest.raises(KeyboardInterrupt):
        bayes(scoring=InterruptedScorer(at=2)).fit(X, y)


@pytest.mark.usefixtures("ctrl_c")
def test_the_second_interrupt_aborts():
    class Refitted(SVC):
        def fit(self, X, y, sample_weight=None):
            if len(X) == 150:  # the refit
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.01)
            return super().fit(X, y, sample_weight)

    search = bayes(Refitted(), scoring=InterruptedScorer(at=13))
    with pytest.raises(KeyboardInterrupt):
        search.fit(X, y)
    assert search.stopped_by_ == "interrupt"
    assert len(search.history_) >= 2


def test_a_search_outside_the_main_thread_leaves_signals_alone():
    search = bayes(n_iter=3)
    thread = threading.Thread(target=search.fit, args=(X, y))
    thread.start()
    thread.join()
    assert search.stopped_by_ == "budget"


def test_results_survive_a_callback_that_raises():
    def broken(state):
        if len(state.func_vals) == 4:
            raise RuntimeError("mine")

    search = bayes()
    with pytest.raises(RuntimeError, match="mine"):
        search.fit(X, y, callback=broken)
    assert search.stopped_by_ == "error"
    assert len(search.cv_results_["params"]) == len(search.history_) == 4
    assert not hasattr(search, "best_estimator_")


def test_results_survive_a_fit_that_raises():
    class Moody(SVC):
        def fit(self, X, y, sample_weight=None):
            if self.C == 3.0:
                raise ValueError("not three")
            return super().fit(X, y, sample_weight)

    search = GridSearchCV(Moody(), {"C": [1.0, 2.0, 3.0, 4.0]}, error_score="raise")
    with pytest.raises(ValueError, match="not three"):
        search.fit(X, y)
    assert search.cv_results_["param_C"].tolist() == [1.0, 2.0]


def test_a_fit_that_exits_the_interpreter_does_not_hang_threads():
    class Quitter(DummyClassifier):
        def fit(self, X, y, sample_weight=None):
            raise SystemExit(3)

    with parallel_config("threading"), pytest.raises(SystemExit):
        GridSearchCV(Quitter(), {"strategy": ["prior", "uniform"]}, n_jobs=2).fit(X, y)


def test_the_engine_refuses_what_it_cannot_use():
    with pytest.raises(ValueError, match="time_budget"):
        bayes(time_budget=0.0).fit(X, y)
    with pytest.raises(ValueError, match="asynchronous"):
        bayes(asynchronous="yes").fit(X, y)
    with pytest.raises(TypeError, match="racing"):
        bayes(racing=3.0).fit(X, y)
