"""Workers times threads are the cores: measured in the workers, given back afterwards, the user's word first."""

import os
import subprocess
import sys
import textwrap
import threading
import warnings

import pytest
from joblib import cpu_count
from joblib.parallel import BACKENDS
from sklearn.base import BaseEstimator
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier  # loads OpenMP too
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_info, threadpool_limits

from skbayes.evaluation import _threads
from skbayes.evaluation._child import LimitedRunner, end_children
from skbayes.evaluation._joblib import cloudpickle
from skbayes.evaluation._threads import (
    THREAD_VARIABLES,
    limited_threads,
    thread_limit,
    threads_per_worker,
    warn_nested_jobs,
)

# pytest imports this file by a name of its own, which no other process knows.
cloudpickle.register_pickle_by_value(sys.modules[__name__])


@pytest.fixture(scope="module", autouse=True)
def _no_child_is_left():
    yield
    end_children()


@pytest.fixture(autouse=True)
def _four_threads(monkeypatch):
    """As on a machine of four cores where nothing is set (conftest sets one thread for all tests)."""
    for name in THREAD_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(_threads, "cpu_count", lambda: 4)
    with threadpool_limits(4):
        yield


def in_use(api):
    found = {library["num_threads"] for library in threadpool_info() if library["user_api"] == api}
    assert found, f"no library of {api} is loaded"
    return found


def backend(name, **options):
    return BACKENDS[name](**options)


@pytest.mark.parametrize(
    ("name", "n_workers", "n_threads"),
    [
        ("threading", 1, None),  # one fit at a time has all cores
        ("threading", 2, 2),
        ("threading", 3, 1),
        ("threading", 9, 1),
        ("multiprocessing", 2, 2),
        ("loky", 2, None),  # joblib's own business
    ],
)
def test_each_worker_gets_its_share_of_the_cores(name, n_workers, n_threads):
    assert threads_per_worker(backend(name), n_workers) == n_threads


def test_elsewhere_and_where_the_user_has_said_so_we_do_not_guess():
    class Remote:
        supports_sharedmem = False
        inner_max_num_threads = None

    class Told(Remote):
        inner_max_num_threads = 3

    assert threads_per_worker(Remote(), 2) is None
    assert threads_per_worker(Told(), 2) == 3


def test_a_task_has_its_threads_and_gives_back_what_it_found():
    with limited_threads(2):
        assert (in_use("blas"), in_use("openmp"), thread_limit()) == ({2}, {2}, 2)
    assert (in_use("blas"), in_use("openmp"), thread_limit()) == ({4}, {4}, None)
    with limited_threads(None):
        assert (in_use("blas"), in_use("openmp"), thread_limit()) == ({4}, {4}, None)


def test_around_tasks_in_threads_the_limit_holds_whatever_the_order_of_their_ends():
    first_in, second_in, first_out = (threading.Event() for _ in range(3))
    seen = []

    def first():
        with limited_threads(1):
            first_in.set()
            second_in.wait(10)
            seen.append((in_use("blas"), in_use("openmp"), thread_limit()))
        first_out.set()

    def second():
        first_in.wait(10)
        with limited_threads(1):
            second_in.set()
            first_out.wait(10)
            seen.append((in_use("blas"), in_use("openmp"), thread_limit()))

    threads = [threading.Thread(target=task) for task in (first, second)]
    with limited_threads(1):
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert in_use("blas") == {1}
    assert seen == [({1}, {1}, 1)] * 2
    assert in_use("blas") == {4}


def test_tasks_in_threads_alone_leave_nothing_behind():
    def task():
        with limited_threads(1):
            pass

    for _ in range(3):
        thread = threading.Thread(target=task)
        thread.start()
        thread.join()
    assert (in_use("blas"), in_use("openmp")) == ({4}, {4})


def test_a_limit_is_given_back_after_an_error():
    with pytest.raises(ZeroDivisionError), limited_threads(1):
        1 / 0  # noqa: B018
    assert (in_use("blas"), in_use("openmp"), thread_limit()) == ({4}, {4}, None)


def test_fewer_threads_than_the_share_stay_fewer():
    with threadpool_limits(1), limited_threads(2):
        assert (in_use("blas"), in_use("openmp")) == ({1}, {1})


@pytest.mark.parametrize(
    ("variable", "blas", "openmp"),
    [("OMP_NUM_THREADS", 4, 4), ("OPENBLAS_NUM_THREADS", 4, 1)],
)
def test_a_variable_that_the_user_has_set_holds(monkeypatch, variable, blas, openmp):
    monkeypatch.setenv(variable, "4")
    with limited_threads(1):
        assert (in_use("blas"), in_use("openmp")) == ({blas}, {openmp})


SCRIPT = """
    import sys
    from joblib import Parallel, delayed
    from joblib.parallel import BACKENDS
    from threadpoolctl import threadpool_info
    import sklearn.ensemble
    from skbayes.evaluation._threads import limited_threads, threads_per_worker

    def task(n_threads):
        with limited_threads(n_threads):
            return [library["num_threads"] for library in threadpool_info()]

    if __name__ == "__main__":
        name = sys.argv[1]
        n_threads = threads_per_worker(BACKENDS[name](), 2)
        around = n_threads if name == "threading" else None
        with limited_threads(around):
            seen = Parallel(2, backend=name)(delayed(task)(n_threads) for _ in range(4))
        print(*{n for numbers in seen for n in numbers})
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["loky", "threading", "multiprocessing"])
def test_two_workers_have_half_the_cores_each_on_every_backend(tmp_path, name):
    (tmp_path / "script.py").write_text(textwrap.dedent(SCRIPT))
    out = subprocess.check_output(
        [sys.executable, str(tmp_path / "script.py"), name], env=dict(os.environ), text=True
    )
    assert out.split() == [str(max(1, cpu_count() // 2))]


@pytest.mark.parametrize("n_threads", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_the_child_of_a_limited_fit_has_the_threads_of_its_task(n_threads):
    def seen():
        import joblib
        import sklearn.ensemble  # noqa: F401  (loads OpenMP)
        import threadpoolctl

        libraries = threadpoolctl.threadpool_info()
        return {library["num_threads"] for library in libraries}, joblib.cpu_count()

    with limited_threads(n_threads):
        threads, cores = LimitedRunner(60.0, None).run(seen)
    # OpenBLAS starts no more threads than there are cores.
    assert max(threads) == n_threads
    assert cores == min(n_threads, cpu_count())


class TwoLevels(BaseEstimator):
    def __init__(self, inner=None, outer_n_jobs=None):
        self.inner = inner
        self.outer_n_jobs = outer_n_jobs


@pytest.mark.parametrize(
    ("estimator", "n_workers", "product", "name"),
    [
        (RandomForestClassifier(n_jobs=-1), 2, 8, r"\(n_jobs=-1\)"),
        (RandomForestClassifier(n_jobs=-2), 2, 6, r"\(n_jobs=-2\)"),
        (RandomForestClassifier(n_jobs=4), 3, 12, r"\(n_jobs=4\)"),
        (
            make_pipeline(BaggingClassifier(RandomForestClassifier(n_jobs=3))),
            2,
            6,
            "baggingclassifier__estimator__n_jobs=3",
        ),
        (TwoLevels(outer_n_jobs=4), 4, 16, "outer_n_jobs=4"),
    ],
)
def test_parallelism_that_multiplies_is_named(estimator, n_workers, product, name):
    message = rf"{product} jobs .* 4 cores: the search has {n_workers} workers.*{name}.*Set"
    with pytest.warns(UserWarning, match=message) as caught:
        warn_nested_jobs(estimator, n_workers, backend("loky"))
    assert len(caught) == 1


@pytest.mark.parametrize(
    ("estimator", "n_workers"),
    [
        (RandomForestClassifier(n_jobs=-1), 1),  # one fit at a time
        (RandomForestClassifier(), 4),
        (RandomForestClassifier(n_jobs=1), 4),
        (RandomForestClassifier(n_jobs=2), 2),  # all cores, and no more
    ],
)
def test_parallelism_that_fits_the_cores_is_not_warned_of(estimator, n_workers):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_nested_jobs(estimator, n_workers)


def test_of_a_cluster_nothing_is_said():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_nested_jobs(RandomForestClassifier(n_jobs=-1), 100, backend=object())
