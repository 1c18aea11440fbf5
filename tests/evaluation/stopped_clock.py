"""The clock of limited fits in the hands of a test: it stands still while a fit takes however long it takes."""

import time
from types import SimpleNamespace
from uuid import uuid4

import pytest

from skbayes.evaluation import _children

# Far more than any limit of a test.
_LEAP = 1e6


def let_time_pass(folder):
    """Say that a limit is over; by a fit, in whatever process it runs."""
    (folder / uuid4().hex).touch()


def sleep_for_ever(folder):
    """Let time pass again and again: the first time may have been before the clock of the limit was looked at."""
    while True:
        let_time_pass(folder)
        time.sleep(0.05)


@pytest.fixture
def stopped_clock(tmp_path, monkeypatch):
    """Return the folder for `let_time_pass`; the fits must be limited by this process: one job."""
    folder = tmp_path / "clock"
    folder.mkdir()
    clock = SimpleNamespace(monotonic=lambda: _LEAP * len(list(folder.iterdir())))
    monkeypatch.setattr(_children, "time", clock)
    return folder
