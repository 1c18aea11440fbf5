"""Calls in a child process: they return, raise and warn as here, and are ended for certain at their limits."""

import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time
import warnings
from pathlib import Path

import joblib
import numpy as np
import pytest
import sklearn
from joblib import Parallel, delayed, parallel_config
from sklearn.exceptions import ConvergenceWarning

from skbayes.evaluation import _children
from skbayes.evaluation._child import (
    ChildError,
    FitMemoryExceeded,
    FitTimeout,
    LimitedRunner,
    WorkerDied,
    end_children,
)
from skbayes.evaluation._joblib import cloudpickle
from skbayes.evaluation._memory import memory_in_use
from tests.evaluation.stopped_clock import let_time_pass, sleep_for_ever, stopped_clock  # noqa: F401  (a fixture)

# pytest imports this file by a name of its own, which no other process knows.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

MB = 1_000_000
FREE = LimitedRunner(60.0, None)
LINUX_ONLY = pytest.mark.skipif(
    sys.platform != "linux", reason="the tests look for processes in /proc, which only Linux has"
)


@pytest.fixture(scope="module", autouse=True)
def _no_child_is_left():
    yield
    end_children()


def wait_until(condition, seconds=30.0):
    """Return whether it comes to hold; how soon it does so hangs on what else the machine has to do."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def is_running(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def rest():
    """Memory of a child that does nothing, which depends on what is installed."""
    return FREE.run(lambda: memory_in_use(os.getpid()))


# What a call gives back


class Thing:
    def __init__(self, value):
        self.value = value


def test_one_child_serves_all_calls():
    pids = {FREE.run(os.getpid) for _ in range(200)}
    assert len(pids) == 1
    assert os.getpid() not in pids


def test_lambdas_and_classes_that_cannot_be_imported_travel_both_ways():
    factor = 3
    result = FREE.run(lambda thing: Thing(factor * thing.value), Thing(np.arange(3)))
    assert type(result) is Thing
    np.testing.assert_array_equal(result.value, [0, 3, 6])


def test_large_arguments_and_results_pass_through_the_pipe():
    data = np.arange(1_000_000.0)
    np.testing.assert_array_equal(FREE.run(np.negative, data), -data)


def test_an_exception_comes_back_with_the_traceback_of_the_child():
    def fails_inside():
        return {}["missing"]

    with pytest.raises(KeyError, match="missing") as caught:
        FREE.run(fails_inside)
    assert "fails_inside" in str(caught.value.__cause__)


class Unpicklable(Exception):
    def __init__(self, a, b):  # pickle gives one argument
        super().__init__(f"{a} {b}")
        self.lock = threading.Lock()


def test_what_cannot_travel_back_is_told_by_its_text():
    def raises():
        raise Unpicklable("two", "parts")

    with pytest.raises(RuntimeError, match="two parts"):
        FREE.run(raises)
    with pytest.raises(RuntimeError, match="result of the call cannot be pickled"):
        FREE.run(threading.Lock)
    assert FREE.run(abs, -1) == 1


def test_warnings_are_issued_here_once_and_under_the_filters_of_here():
    def warns():
        warnings.warn("did not converge", ConvergenceWarning, stacklevel=1)
        return sum(1 for _ in range(3))

    with pytest.warns(ConvergenceWarning, match="did not converge") as caught:
        assert FREE.run(warns) == 3
    assert len(caught) == 1
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        with pytest.raises(ConvergenceWarning, match="did not converge"):
            FREE.run(warns)
        warnings.simplefilter("ignore", ConvergenceWarning)
        assert FREE.run(warns) == 3


def test_settings_of_scikit_learn_and_nested_backends_hold_in_the_child():
    def seen():
        backend, _ = joblib.parallel.get_active_backend()
        return sklearn.get_config()["assume_finite"], type(backend).__name__

    with sklearn.config_context(assume_finite=True), parallel_config("threading"):
        assert FREE.run(seen) == (True, "ThreadingBackend")
    assert FREE.run(seen) == (False, "LokyBackend")


def test_output_reaches_the_terminal_and_does_not_disturb(capfd):
    def noisy():
        print("from python")
        os.system("echo from a shell; echo an error >&2")
        return "result"

    end_children()  # the next child inherits what pytest has put in place of the terminal
    assert FREE.run(noisy) == "result"
    out, err = capfd.readouterr()
    assert "from python" in out
    assert "from a shell" in out
    assert "an error" in err


@pytest.mark.slow
def test_threads_have_children_of_their_own_and_the_next_call_finds_one_idle(tmp_path):
    pids = []

    def meets_the_other(folder):
        (folder / str(os.getpid())).touch()
        while len(list(folder.iterdir())) < 2:
            time.sleep(0.01)
        return os.getpid()

    def ask():
        pids.append(FREE.run(meets_the_other, tmp_path))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(set(pids)) == 2
    assert FREE.run(os.getpid) in pids


@pytest.mark.slow
def test_a_child_that_died_while_idle_is_replaced():
    pid = FREE.run(os.getpid)
    os.kill(pid, signal.SIGKILL)
    assert FREE.run(os.getpid) != pid


def test_a_runner_can_be_pickled():
    runner = pickle.loads(pickle.dumps(LimitedRunner(1.5, 10)))
    assert (runner.timeout, runner.memory_limit) == (1.5, 10)


def test_errors_of_limits_survive_pickling():
    for error in (FitTimeout(2.0), FitMemoryExceeded(10, "seen", 1.0)):
        copy = pickle.loads(pickle.dumps(error))
        assert str(copy) == str(error)
        assert type(copy) is type(error)


def test_a_call_that_the_child_cannot_read_is_told():
    class Unreadable:
        def __reduce__(self):
            return int, ("no number",)

    with pytest.raises(ChildError, match=r"cannot read the call(.|\n)*no number"):
        FREE.run(len, Unreadable())


def test_a_child_that_cannot_start_is_told(monkeypatch):
    end_children()
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(ChildError, match="starts no further process"):
        FREE.run(abs, 1)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ChildError, match="ended at its start: exit code 1"):
        FREE.run(abs, 1)


# Limits


def with_descendants(path, clock):
    """Start processes in three ways, two of which leave the session, write their ids and sleep."""
    pids = [
        subprocess.Popen(["sleep", "300"]).pid,
        subprocess.Popen(["sleep", "300"], start_new_session=True).pid,
    ]
    os.system(f"(setsid sleep 300 & echo $! > {path}.daemon) ")
    if (forked := os.fork()) == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            time.sleep(300)
    pids += [forked, os.getpid(), int(Path(f"{path}.daemon").read_text())]
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Path(path).write_text(" ".join(map(str, pids)))
    due = time.monotonic()
    while True:  # never leaves Python, never sleeps
        if time.monotonic() > due:
            let_time_pass(clock)
            due += 0.05


@LINUX_ONLY
def test_at_the_timeout_all_is_ended_that_the_call_has_started(tmp_path, stopped_clock):  # noqa: F811
    with pytest.raises(FitTimeout, match="fit_timeout=1 seconds"):
        LimitedRunner(1.0, None).run(with_descendants, str(tmp_path / "pids"), stopped_clock)
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert len(pids) == 5
    assert wait_until(lambda: not any(map(is_running, pids)))
    assert not Path(f"/proc/{pids[3]}").exists()  # our own child is no zombie either
    assert FREE.run(abs, -2) == 2


def test_a_call_has_the_time_of_its_limit_and_no_less():
    FREE.run(abs, 1)  # so that the clock below has no start of an interpreter in it
    start = time.monotonic()
    with pytest.raises(FitTimeout, match=r"fit_timeout=0\.2 seconds"):
        LimitedRunner(0.2, None).run(time.sleep, 300)
    assert time.monotonic() - start >= 0.2


class TakesLongToLoad:
    """Hours pass while the child reads the arguments of the call."""

    def __init__(self, clock):
        self.clock = clock

    def __setstate__(self, state):
        self.__dict__ = state
        let_time_pass(self.clock)


def test_the_clock_does_not_count_what_comes_before_the_call(stopped_clock):  # noqa: F811
    # The call itself is no quicker than the look at the clock that would end it.
    def call(argument):
        time.sleep(0.2)
        return len(list(argument.clock.iterdir()))

    assert LimitedRunner(0.3, None).run(call, TakesLongToLoad(stopped_clock)) >= 1


def test_a_fit_that_takes_more_than_its_memory_is_ended():
    def allocates():
        block = np.ones(150 * MB // 8)  # above the limit, and below what may be reserved
        time.sleep(300)
        return block

    limit = rest() + 100 * MB
    with pytest.raises(FitMemoryExceeded, match="bytes were in use") as caught:
        LimitedRunner(60.0, limit).run(allocates)
    assert caught.value.limit == limit


@LINUX_ONLY
def test_an_allocation_in_one_piece_fails_at_once():
    with pytest.raises(FitMemoryExceeded, match=r"an allocation failed(.|\n)*MemoryError"):
        LimitedRunner(60.0, rest() + 200 * MB).run(np.ones, 100_000 * MB // 8)


@pytest.mark.slow
@LINUX_ONLY
def test_memory_of_grandchildren_counts():
    code = "block = bytearray(b'x') * 80_000_000; import time; time.sleep(60)"

    def starts_one():
        subprocess.run([sys.executable, "-c", code], check=False)

    with pytest.raises(FitMemoryExceeded):
        LimitedRunner(30.0, rest() + 60 * MB).run(starts_one)


@pytest.mark.slow
@LINUX_ONLY
def test_a_large_fit_within_its_limit_runs_and_a_child_with_leftovers_is_replaced():
    leftovers = []

    def keeps(n_bytes):
        import builtins

        builtins.leftover = bytearray(b"x") * n_bytes
        return os.getpid()

    runner = LimitedRunner(60.0, rest() + 100 * MB)
    leftovers += [runner.run(keeps, 5 * MB), runner.run(keeps, 60 * MB), runner.run(keeps, 60 * MB)]
    first, second, third = leftovers
    assert first == second  # 5 of 100 MB: the next fit has nearly the room of the first
    assert second != third


def test_a_limit_below_an_idle_process_is_an_error_and_no_result():
    with pytest.raises(ValueError, match=r"fit_memory_limit=10 bytes is less than .* Raise"):
        LimitedRunner(None, 10).run(abs, 1)


def test_without_a_memory_limit_a_failed_allocation_is_an_ordinary_error():
    def fails():
        raise MemoryError("full")

    with pytest.raises(MemoryError, match="full"):
        FREE.run(fails)


def crash():
    import ctypes

    ctypes.string_at(0)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        pytest.param(crash, "SIGSEGV", marks=LINUX_ONLY),
        pytest.param(lambda: os._exit(3), "exit code 3", marks=pytest.mark.slow),
        pytest.param(
            lambda: os.kill(os.getpid(), signal.SIGKILL),
            "SIGKILL.*memory",
            marks=[LINUX_ONLY, pytest.mark.slow],
        ),
        pytest.param(lambda: sys.exit("enough"), "SystemExit: enough", marks=pytest.mark.slow),
    ],
)
def test_a_child_that_dies_is_told_and_replaced(call, reason):
    with pytest.raises(WorkerDied, match=f"(?s)ended.*{reason}"):
        FREE.run(call)
    assert FREE.run(abs, -1) == 1


@pytest.mark.slow
@LINUX_ONLY
def test_a_death_is_noticed_when_a_fork_holds_the_pipe_open(tmp_path):
    def dies_and_leaves_a_fork(path):
        if (pid := os.fork()) == 0:
            time.sleep(300)
        Path(path).write_text(str(pid))
        os._exit(1)

    with pytest.raises(WorkerDied, match="exit code 1"):
        LimitedRunner(None, None).run(dies_and_leaves_a_fork, str(tmp_path / "pid"))
    assert wait_until(lambda: not is_running(int((tmp_path / "pid").read_text())))


@pytest.mark.slow
@LINUX_ONLY
def test_loky_workers_of_a_fit_are_ended_and_their_files_removed(tmp_path, stopped_clock):  # noqa: F811
    def parallel_fit(folder, clock):
        def task(data):
            Path(folder, str(os.getpid())).touch()
            while len([name for name in os.listdir(folder) if name.isdigit()]) < 2:
                time.sleep(0.01)
            sleep_for_ever(clock)

        Parallel(n_jobs=2, max_nbytes=1000, temp_folder=folder)(
            delayed(task)(np.ones(10_000)) for _ in range(2)
        )

    with pytest.raises(FitTimeout):
        LimitedRunner(8.0, None).run(parallel_fit, str(tmp_path), stopped_clock)
    pids = [int(path.name) for path in tmp_path.iterdir() if path.name.isdigit()]
    assert len(pids) == 2
    assert wait_until(lambda: not any(map(is_running, pids)))
    assert not list(tmp_path.glob("joblib_memmapping_folder*"))


# Whoever asks

SCRIPT = """
    import os, sys, time
    import multiprocessing
    from joblib import Parallel, delayed, parallel_config
    from skbayes.evaluation._child import LimitedRunner

    class Local:
        def __init__(self, value): self.value = value
        def double(self): return Local(2 * self.value)

    def ask(value):
        return LimitedRunner(60.0, None).run(Local.double, Local(value)).value

    if __name__ == "__main__":
        {body}
"""


def run_script(tmp_path, body, **options):
    path = tmp_path / "script.py"
    path.write_text(textwrap.dedent(SCRIPT).replace("{body}", body))
    return subprocess.Popen(
        [sys.executable, str(path)], stdout=subprocess.PIPE, text=True, **options
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    [
        "print([ask(1), ask(2)])",
        "print(Parallel(2, backend='loky')(delayed(ask)(i) for i in (1, 2)))",
        "print(Parallel(2, backend='multiprocessing')(delayed(ask)(i) for i in (1, 2)))",
        "print(multiprocessing.get_context('spawn').Pool(1).map(ask, (1, 2)))",
    ],
    ids=["main", "loky", "fork", "spawn"],
)
def test_classes_of_a_script_work_in_every_worker(tmp_path, body):
    process = run_script(tmp_path, body)
    assert process.communicate(timeout=600)[0].splitlines()[-1] == "[2, 4]"
    assert process.returncode == 0


SLEEPER = """LimitedRunner(None, None).run(
            lambda: (print(os.getpid(), flush=True), {call}))"""


@pytest.mark.slow
@LINUX_ONLY
@pytest.mark.parametrize(
    "call",
    [
        "time.sleep(300)",
        # Holds the interpreter lock for ever: no thread of the child can run.
        "__import__('re').match('(a*)*b', 'a' * 100)",
    ],
)
def test_a_child_ends_at_its_parents_death(tmp_path, call):
    process = run_script(tmp_path, SLEEPER.format(call=call))
    pid = int(process.stdout.readline())
    assert is_running(pid)
    process.kill()
    process.wait()
    assert wait_until(lambda: not is_running(pid))


@pytest.mark.slow
@LINUX_ONLY
def test_children_end_with_the_interpreter(tmp_path):
    process = run_script(tmp_path, "print(LimitedRunner(None, None).run(os.getpid))")
    pid = int(process.communicate(timeout=600)[0])
    assert process.returncode == 0
    assert not is_running(pid)


@pytest.mark.slow
@LINUX_ONLY
def test_a_fork_does_not_use_the_children_of_its_parent():
    ours = FREE.run(os.getpid)
    reader, writer = os.pipe()
    if (pid := os.fork()) == 0:
        os.write(writer, str(len(_children._children)).encode())
        os._exit(0)
    assert os.read(reader, 10) == b"0"
    os.close(reader)
    os.close(writer)
    os.waitpid(pid, 0)
    assert FREE.run(os.getpid) == ours
