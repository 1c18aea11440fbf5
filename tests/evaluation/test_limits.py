"""A fit at a limit is a result: the others go on; what cannot be limited is refused before any fit."""

import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.metrics import check_scoring

from skbayes.evaluation import EvaluationSetup, _limits, _memory, draw_folds, fit_and_score
from skbayes.evaluation._child import LimitedRunner, end_children
from skbayes.evaluation._joblib import cloudpickle
from skbayes.evaluation._limits import as_limits, check_limits, limited_fit_and_score
from skbayes.evaluation._shared import Handle, share
from skbayes.exceptions import WorkerDiedError

# pytest imports this file by a name of its own, which no other process knows.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

X, y = load_iris(return_X_y=True)
LINUX_ONLY = pytest.mark.skipif(
    sys.platform != "linux",
    reason="the backstop for one large allocation is RLIMIT_DATA, which other kernels ignore for mappings",
)


class Misbehaving(ClassifierMixin, BaseEstimator):
    def __init__(self, how="well", part=None):
        self.how = how
        self.part = part

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        if self.how == "sleeps":
            time.sleep(300)
        if self.how == "allocates":
            np.ones(10**11)  # 800 GB at once
        if self.how == "crashes":
            import ctypes

            ctypes.string_at(0)
        if self.how == "raises":
            raise ZeroDivisionError("by hand")
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


@pytest.fixture(scope="module", autouse=True)
def _no_child_is_left():
    yield
    end_children()


def shared(error_score=np.nan, data=X, estimator=None, **changes):
    estimator = Misbehaving() if estimator is None else estimator
    values = {"return_train_score": False, "verbose": 0, **changes}
    scorer = values.pop("scorer", check_scoring(estimator))
    setup = EvaluationSetup(estimator, data, y, scorer, {}, {}, error_score, **values)
    return Handle((setup, draw_folds(3, estimator, data, y, {})))


def evaluate(handle, how, timeout=60.0, memory=None, label=""):
    runner = LimitedRunner(timeout, memory)
    return limited_fit_and_score(runner, fit_and_score, handle, {"how": how}, 1, label)


def test_a_fit_within_its_limits_has_the_scores_that_it_has_without():
    handle = shared(return_train_score=True)
    setup, folds = handle.get()
    expected = fit_and_score(setup, {"how": "well"}, folds[1])
    result = evaluate(handle, "well")
    assert result.test_scores == expected.test_scores
    assert result.train_scores == expected.train_scores
    assert result.status == "complete"


@pytest.mark.parametrize(
    ("error_score", "score"), [pytest.param(-1.0, -1.0, marks=pytest.mark.slow), ("raise", np.nan)]
)
def test_a_fit_that_takes_too_long_is_recorded_and_does_not_raise(error_score, score, capsys):
    handle = shared(error_score, return_train_score=True, verbose=2)
    result = evaluate(handle, "sleeps", timeout=0.5, label=" 2/3")
    assert result.status == "timeout"
    np.testing.assert_equal([result.test_scores, result.train_scores], [score, score])
    assert result.fit_time >= 0.5
    assert result.n_test_samples == 50
    assert "fit_timeout=0.5 seconds" in result.fit_error
    # Printed where the ends of fits are printed.
    assert "[CV 2/3] ENDED The fit was ended after fit_timeout=0.5" in capsys.readouterr().out


@LINUX_ONLY
@pytest.mark.parametrize("error_score", [np.nan, pytest.param("raise", marks=pytest.mark.slow)])
def test_a_fit_that_takes_too_much_memory_is_recorded_and_does_not_raise(error_score):
    # "raise": the error itself comes from the child; a number: the unit has recorded it.
    result = evaluate(shared(error_score), "allocates", memory=10**9)
    assert result.status == "memory"
    assert np.isnan(result.test_scores)
    assert "fit_memory_limit=1000000000 bytes" in result.fit_error
    assert "MemoryError" in result.fit_error


def test_a_fit_that_fails_is_a_failed_fit_as_ever():
    result = evaluate(shared(-1.0), "raises", memory=10**10)
    assert (result.status, result.test_scores) == ("failed", -1.0)
    assert "ZeroDivisionError: by hand" in result.fit_error
    with pytest.raises(ZeroDivisionError, match="by hand"):
        evaluate(shared("raise"), "raises")


@LINUX_ONLY
def test_a_fit_whose_process_dies_is_tried_twice_and_then_failed():
    result = evaluate(shared(-1.0), "crashes")
    assert (result.status, result.test_scores) == ("failed", -1.0)
    assert "died twice" in result.fit_error
    assert "SIGSEGV" in result.fit_error


@pytest.mark.slow
@LINUX_ONLY
def test_a_process_that_dies_twice_raises_if_errors_are_to():
    with pytest.raises(WorkerDiedError, match=r"died twice.*SIGSEGV"):
        evaluate(shared("raise"), "crashes")


@pytest.mark.slow
def test_several_metrics_have_the_error_score_each():
    metrics = check_scoring(Misbehaving(), ["accuracy", "f1_macro"])
    result = evaluate(shared(-2.0, scorer=metrics), "sleeps", timeout=0.2)
    assert result.test_scores == {"accuracy": -2.0, "f1_macro": -2.0}


def test_data_go_to_a_file_once_and_leave_it_with_the_search():
    handle = shared()
    folders = {evaluate(handle, "well") and _limits._for_child(handle)._token for _ in range(3)}
    assert len(folders) == 1
    path = Path(folders.pop())
    assert path.exists()
    del handle
    assert not path.exists()


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["threading", "loky", "multiprocessing"])
def test_every_backend_ends_what_must_be_ended_and_scores_the_rest(backend):
    setup, folds = shared().get()
    # Only what never ends is given a short time: how long the others take hangs on what else runs.
    runners = {"sleeps": LimitedRunner(1.0, None)}
    with parallel_config(backend):
        parallel = Parallel(n_jobs=2)
        handle = share((setup, folds), parallel._backend)
        results = parallel(
            delayed(limited_fit_and_score)(
                runners.get(how, LimitedRunner(600.0, None)), fit_and_score, handle, {"how": how}, 0
            )
            for how in ("well", "sleeps", "raises", "sleeps", "well")
        )
        handle.close()
    statuses = [result.status for result in results]
    assert statuses == ["complete", "timeout", "failed", "timeout", "complete"]


# What is refused


def test_no_limits_need_nothing():
    assert as_limits(None, None) is None


def test_limits_are_read():
    runner = as_limits(2, "1.5GB")
    assert (runner.timeout, runner.memory_limit) == (2, 1_500_000_000)


@pytest.mark.parametrize(
    ("timeout", "memory", "error", "message"),
    [
        ("1h", None, TypeError, "fit_timeout must be a number of seconds; got '1h'"),
        (True, None, TypeError, "fit_timeout must be a number"),
        (0, None, ValueError, "fit_timeout must be positive and finite; got 0"),
        (-1.0, None, ValueError, "fit_timeout must be positive"),
        (float("nan"), None, ValueError, "fit_timeout must be positive"),
        (float("inf"), None, ValueError, "fit_timeout must be positive and finite"),
        (None, "lots", ValueError, "fit_memory_limit has no known unit; got 'lots'"),
    ],
)
def test_what_is_no_limit_is_refused(timeout, memory, error, message):
    with pytest.raises(error, match=message):
        as_limits(timeout, memory)


def test_limits_are_refused_where_there_are_no_processes(monkeypatch):
    monkeypatch.setattr(sys, "executable", None)
    with pytest.raises(RuntimeError, match=r"cannot start one\. Set both to None"):
        as_limits(1.0, None)
    monkeypatch.undo()
    monkeypatch.setattr(sys, "platform", "emscripten")
    with pytest.raises(RuntimeError, match="on emscripten"):
        as_limits(1.0, None)


def test_a_memory_limit_is_refused_where_memory_cannot_be_read(monkeypatch):
    monkeypatch.setattr(_memory, "_HAS_PROC", False)
    monkeypatch.setattr(_memory, "find_spec", lambda name: None)
    with pytest.raises(RuntimeError, match="pip install psutil"):
        as_limits(1.0, "1GB")
    assert as_limits(1.0, None).timeout == 1.0


def test_what_cannot_travel_is_refused():
    with pytest.raises(TypeError, match=r"cannot be pickled: .*lock.* Make them picklable"):
        check_limits(as_limits(1.0, None), shared(estimator=Misbehaving(part=threading.Lock())))


def not_here(*args):
    raise ImportError("this class is not there")


class NotThere(Misbehaving):
    def __reduce__(self):
        return not_here, ()


def test_what_a_child_cannot_load_is_refused():
    with pytest.raises(RuntimeError, match=r"does not work here(.|\n)*this class is not there"):
        check_limits(as_limits(1.0, None), shared(estimator=NotThere()))


def test_a_memory_limit_that_leaves_no_room_is_refused():
    with pytest.raises(ValueError, match="less than a process holds before any fit"):
        check_limits(as_limits(None, "1MB"), shared())


def test_what_works_is_let_pass_even_if_the_fits_are_slow():
    check_limits(as_limits(1e-3, "10GB"), shared())
