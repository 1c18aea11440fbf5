"""The measurements behind constants: what they name exists, and what is said beside a constant names them."""

import re
from pathlib import Path

import numpy as np
import pytest

from benchmarks import constants
from benchmarks.constants import PARTS, ackley, least, levy

ROOT = Path(__file__).parents[2]


def files_of(part):
    """Return the files whose comments or sentences a part is about, as its docstring lists them."""
    listed = PARTS[part].__doc__.partition(": ")[2].rstrip(".").split(", ")
    folder, found = "", []
    for name in listed:
        folder = name.rpartition("/")[0] or folder
        path = Path(folder) / Path(name).name
        found.append(ROOT / path if folder == "docs" else ROOT / "skbayes" / path)
    return found


@pytest.mark.parametrize("part", PARTS)
def test_what_is_said_names_the_script_that_measured_it(part):
    for path in files_of(part):
        text = re.sub(r"\s*\n\s*#?\s*", " ", path.read_text(encoding="utf-8"))
        assert f"constants.py {part}" in text or f"``{part}`` there" in text, path


def test_every_part_that_is_named_exists():
    for path in [*ROOT.glob("skbayes/**/*.py"), *ROOT.glob("docs/*.rst")]:
        text = re.sub(r"\s*\n\s*#?\s*", " ", path.read_text(encoding="utf-8"))
        assert set(re.findall(r"benchmarks/constants\.py (\w+)", text)) <= PARTS.keys(), path


def test_the_least_time_of_the_repeats_counts(monkeypatch):
    clock = iter([0.0, 3.0, 10.0, 11.0, 20.0, 22.0])
    monkeypatch.setattr(constants, "process_time", lambda: next(clock))
    assert least(lambda: None, 3) == 1.0


def test_functions_of_the_batches_have_their_minima_where_they_say():
    assert levy(np.ones(10)) == pytest.approx(0.0, abs=1e-12)
    assert ackley(np.zeros(6)) == pytest.approx(0.0, abs=1e-12)
    for seed in range(20):
        x = np.random.default_rng(seed).uniform(-9.0, 11.0, 6)
        assert levy(x) > 0.0
        assert ackley(x) > 0.0


def test_a_part_yields_what_was_measured_and_its_value():
    lines = list(PARTS["small"]())
    assert lines
    assert all(isinstance(what, str) and re.match(r"[\d.]", value) for what, value in lines)
