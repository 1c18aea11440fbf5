"""Amounts of memory as a user writes them, and the memory of a process as it is."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skbayes.evaluation import _memory
from skbayes.evaluation._memory import as_bytes, can_read_memory, data_in_use, memory_in_use

MB = 1_000_000
LINUX_ONLY = pytest.mark.skipif(
    sys.platform != "linux", reason="tests the reader of /proc; the one by psutil has its own test"
)


@pytest.mark.parametrize(
    ("text", "n_bytes"),
    [
        ("1B", 1),
        ("1kB", 10**3),
        ("500MB", 5 * 10**8),
        ("2gb", 2 * 10**9),
        ("2 G", 2 * 10**9),
        ("1TB", 10**12),
        ("1KiB", 2**10),
        ("1.5GiB", 3 * 2**29),
        (" .5 MiB ", 2**19),
        ("1000", 1000),
        (1000, 1000),
        (2e9, 2 * 10**9),
        (np.int64(7), 7),
    ],
)
def test_amounts_are_read_by_the_units_of_si_and_iec(text, n_bytes):
    assert as_bytes(text) == n_bytes


@given(st.integers(1, 10**15), st.sampled_from(["kB", "MB", "GB"]))
def test_a_larger_unit_is_a_thousand_times_as_much(n, unit):
    larger = {"kB": "MB", "MB": "GB", "GB": "TB"}[unit]
    # Both go through a double: exact below 2**53, else to its precision.
    assert as_bytes(f"{n}{larger}") == pytest.approx(1000 * as_bytes(f"{n}{unit}"), rel=1e-15)


@pytest.mark.parametrize("wrong", ["", "MB", "2 XB", "1e9", "-2GB", "2 GB or so", "2iB"])
def test_what_is_no_amount_is_refused_with_an_example(wrong):
    with pytest.raises(ValueError, match=r"fit_memory_limit.*got.*1\.5GiB"):
        as_bytes(wrong)


@pytest.mark.parametrize("wrong", [0, -1, "0MB", 0.5, float("nan"), float("inf")])
def test_amounts_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match="fit_memory_limit must be"):
        as_bytes(wrong)


@pytest.mark.parametrize("wrong", [True, [2], b"2GB"])
def test_other_things_are_refused(wrong):
    with pytest.raises(TypeError, match="must be an amount of memory"):
        as_bytes(wrong)


@LINUX_ONLY
def test_touched_memory_is_seen_and_given_back():
    before = memory_in_use(os.getpid())
    block = np.ones(4 * MB)  # 32 MB of doubles
    assert memory_in_use(os.getpid()) - before >= 0.9 * block.nbytes
    del block
    # numpy gives blocks of this size back to the system; the tolerance is what else the allocator moves.
    assert memory_in_use(os.getpid()) - before < 0.5 * 32 * MB


@LINUX_ONLY
def test_reserved_memory_is_told_from_touched_memory():
    before, reserved = memory_in_use(os.getpid()), data_in_use()
    block = np.empty(8 * MB)
    assert data_in_use() - reserved >= block.nbytes
    assert memory_in_use(os.getpid()) - before < 0.5 * block.nbytes


@LINUX_ONLY
def test_pages_of_a_mapped_file_do_not_count(tmp_path):
    np.save(tmp_path / "data.npy", np.ones(4 * MB))
    before = memory_in_use(os.getpid())
    data = np.load(tmp_path / "data.npy", mmap_mode="r")
    assert data.sum() == 4 * MB  # touches all of it
    assert memory_in_use(os.getpid()) - before < 0.5 * data.nbytes


@pytest.mark.parametrize("read", ["proc", "psutil"])
def test_descendants_are_counted(read, monkeypatch):
    if read == "psutil":
        pytest.importorskip("psutil")  # of the test extra
        monkeypatch.setattr(_memory, "_HAS_PROC", False)
    assert can_read_memory()
    code = "import sys; block = bytearray(b'x') * 20_000_000; print('ready', flush=True); sys.stdin.read()"
    inner = f"subprocess.Popen([sys.executable, '-c', {code!r}])"
    outer = f"import subprocess, sys; child = {inner}; sys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-c", outer], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout.readline().strip() == b"ready"
        assert memory_in_use(process.pid) >= 20_000_000
    finally:
        process.stdin.close()  # both read from it
        process.wait()
    assert memory_in_use(process.pid) == 0
