"""Pictures of tests are drawn without a screen, and closed."""

import sys

import pytest


@pytest.fixture(autouse=True)
def without_a_screen(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    yield
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:  # None: a test stands in for an installation without it
        pyplot.close("all")
