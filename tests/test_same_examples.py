"""Property tests draw the same examples at every run: a failure that comes and goes helps nobody."""

import importlib

from hypothesis import given, settings
from hypothesis import strategies as st


def drawn():
    """Return what a property test of numbers and texts is given."""
    found = []

    @settings(derandomize=True, database=None)
    @given(st.tuples(st.floats(-100.0, 100.0), st.integers(0, 10**6), st.text(max_size=5)))
    def draw(values):
        found.append(values)

    draw()
    return found


def test_they_do_not_depend_on_what_other_tests_have_imported(tmp_path, monkeypatch):
    before = drawn()
    module = tmp_path / "constants_of_another_room.py"
    module.write_text("values = [12345, 98765, 3.25, 7.125, 17.5, 'zebra']\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module(module.stem)
    assert drawn() == before
    assert len(set(before)) > 50
