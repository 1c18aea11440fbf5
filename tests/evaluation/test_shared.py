"""What tasks share: sent once, the same on every back-end, small in each task, gone afterwards."""

import os
import pickle
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from joblib import Parallel, delayed, parallel_config
from joblib.parallel import BACKENDS, get_active_backend

from skbayes.evaluation import _shared
from skbayes.evaluation._mapped import MappedFolder
from skbayes.evaluation._shared import Handle, share

PROCESSES = ["loky", "multiprocessing"]
N_BYTES = 50_000_000
TASK_BYTES = 5_000  # an array of a few hundred rows in the task would be seen


def backend_of(name):
    with parallel_config(name, n_jobs=2):
        return get_active_backend()[0]


def table():
    """One of each sort of data; large enough to be mapped, where a part can be."""
    rng = np.random.default_rng(0)
    dense = rng.normal(size=(2_000, 100))
    frame = pd.DataFrame(dense, columns=[f"x{i}" for i in range(100)])
    frame["word"] = pd.Categorical(np.where(dense[:, 0] > 0, "a", "b"))
    return {
        "dense": dense,
        "fortran": np.asfortranarray(dense),
        "slice": dense[::2, ::-1],
        "small": np.arange(5.0),
        "empty": np.empty((0, 3)),
        "objects": np.array([{"a": 1}, None, "text"], dtype=object),
        "list": [[1, 2], [3, 4]],
        "sparse": sp.random(2_000, 2_000, density=0.1, format="csr", random_state=0),
        "frame": frame,
    }


def looked_up(handle, name):
    found = handle.get()[name]
    return os.getpid(), found, getattr(getattr(found, "flags", None), "writeable", None)


def test_processes_get_equal_data_of_every_sort():
    data = table()
    for name in PROCESSES:
        with parallel_config(name, n_jobs=2):
            handle = share(data, get_active_backend()[0])
            got = Parallel()(delayed(looked_up)(handle, key) for key in data)
            handle.close()
        got = {key: found for key, (_, found, _) in zip(data, got, strict=True)}
        for key in ("dense", "fortran", "slice", "small", "empty", "objects"):
            np.testing.assert_array_equal(got[key], data[key])
        assert got["fortran"].flags.f_contiguous
        assert got["list"] == data["list"]
        assert (got["sparse"] != data["sparse"]).nnz == 0
        pd.testing.assert_frame_equal(got["frame"], data["frame"])


def test_large_arrays_are_read_only_maps_and_small_ones_ordinary_as_with_joblib():
    large, small = np.zeros(200_000), np.zeros(200)
    with parallel_config("loky", n_jobs=2):
        backend = get_active_backend()[0]
        for limits in ({}, {"max_nbytes": None}, {"mmap_mode": "c"}):
            handle = share({"large": large, "small": small}, backend, **limits)
            (_, _, large_ok), (_, _, small_ok) = Parallel()(
                delayed(looked_up)(handle, key) for key in ("large", "small")
            )
            handle.close()
            assert small_ok
            assert large_ok == bool(limits)  # read-only by joblib's default, and only then


@pytest.mark.parametrize("name", PROCESSES)
def test_a_task_is_small_and_the_data_go_once(name):
    X = np.zeros((N_BYTES // 800, 100))
    handle = share((X, [(np.arange(60_000), np.arange(60_000))] * 5), backend_of(name))
    assert len(pickle.dumps(handle)) < TASK_BYTES
    size = sum(os.path.getsize(os.path.join(handle._folder.path, f)) for f in ("arrays", "object"))
    assert N_BYTES < size < 1.1 * N_BYTES  # equal folds are one object, and written once
    handle.close()


def test_threads_get_the_object_itself():
    data = table()
    for name in ("threading", "sequential"):
        handle = share(data, BACKENDS[name]())
        assert type(handle) is Handle
        assert handle.get() is data


def test_an_unknown_backend_gets_the_object_pickled_along():
    class Spark:
        supports_sharedmem = False

    handle = pickle.loads(pickle.dumps(share([1, 2], Spark())))
    assert handle.get() == [1, 2]


def test_a_process_reads_once_and_keeps_the_last_few(monkeypatch):
    monkeypatch.setattr(_shared, "_fetched", type(_shared._fetched)())
    handles = [share([i], backend_of("loky")) for i in range(_shared._N_KEPT + 1)]
    there = [pickle.loads(pickle.dumps(handle)) for handle in handles]
    first = there[0].get()
    assert first == [0]
    assert there[0].get() is first
    assert pickle.loads(pickle.dumps(there[0])).get() is first  # a second task
    for handle in there[1:]:
        handle.get()
    assert len(_shared._fetched) == _shared._N_KEPT
    assert there[0].get() is not first  # read again
    for handle in handles:
        handle.close()


def test_closing_removes_the_files_and_what_was_read_stays():
    handle = share(table(), backend_of("loky"))
    there = pickle.loads(pickle.dumps(handle)).get()
    handle.close()
    handle.close()
    assert not os.path.exists(handle._folder.path)
    np.testing.assert_array_equal(there["dense"], table()["dense"])


def test_the_folder_is_joblibs_choice(tmp_path, monkeypatch):
    backend = backend_of("loky")
    handle = share([1], backend, temp_folder=str(tmp_path / "new"))
    assert os.path.dirname(handle._folder.path) == str(tmp_path / "new")
    monkeypatch.setenv("JOBLIB_TEMP_FOLDER", str(tmp_path))
    other = share([1], backend)
    assert os.path.dirname(other._folder.path) == str(tmp_path)
    handle.close()
    other.close()
    assert os.listdir(tmp_path) == ["new"]


def test_a_file_of_the_users_own_is_not_written_again(tmp_path):
    X = np.memmap(tmp_path / "X", dtype=float, mode="w+", shape=(1_000, 200))
    X[:] = np.arange(200)
    cases = {"whole": X, "part": X[10:], "copy": np.memmap(X.filename, float, "c", 8, (99, 200))}
    cases["copy"][0, 0] = -1.0
    for name, array in cases.items():
        handle = share(array, backend_of("loky"))
        there = pickle.loads(pickle.dumps(handle)).get()
        np.testing.assert_array_equal(there, array)
        is_written = os.path.getsize(os.path.join(handle._folder.path, "arrays")) > 0
        assert is_written == (name != "whole")
        handle.close()


SCRIPT = """
    import sys
    from joblib import Parallel, delayed, parallel_config
    from joblib.parallel import get_active_backend
    from skbayes.evaluation._shared import share

    class Model:
        def predict(self):
            return isinstance(self, Model), scale(3)

    def scale(x):
        return 2 * x

    def use(handle, other):
        model, double = handle.get()
        return model.predict(), double(5), type(model) is type(other)

    if __name__ == "__main__":
        with parallel_config(sys.argv[1], n_jobs=2):
            double = scale if sys.argv[1] == "multiprocessing" else lambda x: 2 * x
            handle = share((Model(), double), get_active_backend()[0])
            print(Parallel()(delayed(use)(handle, Model()) for _ in range(2)))
        if len(sys.argv) > 2:
            print(handle._folder.path)  # not closed
"""


def run_script(tmp_path, *args):
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(SCRIPT))
    done = subprocess.run(
        [sys.executable, str(script), *args], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("name", PROCESSES)
def test_objects_of_a_script_travel_and_are_of_one_class_with_those_in_the_task(name, tmp_path):
    # By value to loky's workers, which do not run the script; by name where `__main__` is there.
    assert run_script(tmp_path, name) == [str([((True, 6), 10, True)] * 2)]


def test_a_lambda_travels_to_multiprocessing_too():
    handle = share(lambda x: 2 * x, backend_of("multiprocessing"))
    assert pickle.loads(pickle.dumps(handle)).get()(4) == 8
    handle.close()


def test_a_handle_that_was_not_closed_leaves_nothing_behind(tmp_path):
    *_, path = run_script(tmp_path, "loky", "keep")
    assert os.path.basename(path).startswith("skbayes_")
    assert not os.path.exists(path)


ORPHAN = """
    import os, signal, sys
    from skbayes.evaluation._mapped import MappedFolder

    folder = MappedFolder([1], sys.argv[1], True)
    os.killpg(0, signal.SIGKILL)  # the tracker too
"""


def test_what_a_killed_process_left_is_removed_by_the_next_and_what_a_living_one_has_is_not(
    tmp_path,
):
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(ORPHAN))
    place = tmp_path / "place"
    subprocess.run([sys.executable, str(script), str(place)], start_new_session=True, timeout=600)
    (orphan,) = place.iterdir()
    living = MappedFolder([2], str(place), True)
    assert orphan.exists()  # too new to tell: it might not be marked yet
    for folder in (orphan, living.path):
        os.utime(folder, (0, 0))
    last = MappedFolder([3], str(place), True)
    assert {str(folder) for folder in place.iterdir()} == {living.path, last.path}
    living.close()
    last.close()
    assert not list(place.iterdir())
