"""The documentation names every public name, no other, and every page can be reached."""

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import skbayes
import skbayes.plots

DOCS = Path(__file__).parents[1] / "docs"
# Without what a build of the documentation may have left.
PAGES = sorted(set(DOCS.glob("*.rst")) - {DOCS / "sg_execution_times.rst"})
ROOMS = ["skbayes", "skbayes.exceptions"]
ROOMS += [f"skbayes.{room.name}" for room in pkgutil.iter_modules(skbayes.__path__) if room.ispkg]


def names_in_the_api() -> dict[str, set[str]]:
    """Return the names that docs/api.rst documents, by room."""
    names: dict[str, set[str]] = {}
    room = ""
    in_autosummary = False
    for line in (DOCS / "api.rst").read_text(encoding="utf-8").splitlines():
        if line.startswith(".. currentmodule:: "):
            room = line.split()[-1]
            names.setdefault(room, set())
        elif line.startswith(".. py:data:: "):
            names[room].add(line.split()[-1])
        if line and not line.startswith(" "):
            in_autosummary = line.startswith(".. autosummary::")
        elif in_autosummary and re.fullmatch(r"   \w+", line):
            names[room].add(line.strip())
    return names


API = names_in_the_api()


@pytest.mark.parametrize("room", ROOMS)
def test_the_api_has_the_public_names_of_every_room_and_no_others(room):
    assert API.get(room, set()) == set(importlib.import_module(room).__all__)


def test_the_api_has_no_room_that_does_not_exist():
    assert API.keys() == set(ROOMS)


def links(page: Path) -> set[str]:
    return set(re.findall(r":doc:`(?:[^`<]*<)?([\w/]+)>?`", page.read_text(encoding="utf-8")))


def toctree() -> set[str]:
    """Return what can be reached from the index along the toctrees."""
    reached, waiting = set[str](), ["index"]
    while waiting:
        name = waiting.pop()
        if name.startswith("auto_examples/"):  # made with the documentation
            continue
        text = (DOCS / f"{name}.rst").read_text(encoding="utf-8")
        blocks = re.findall(r"^\.\. toctree::\n((?:   .*\n|\n)*)", text, flags=re.MULTILINE)
        lines = [line.strip() for block in blocks for line in block.splitlines()]
        new = {line for line in lines if line and not line.startswith(":")} - reached
        reached |= new
        waiting += new
    return reached


def made_from_examples() -> set[str]:
    names = (DOCS.parent / "examples").rglob("plot_*.py")
    return {"auto_examples/index"} | {
        f"auto_examples/{path.parent.name}/{path.stem}" for path in names
    }


def test_every_page_is_in_a_toctree_and_every_entry_is_a_page():
    assert toctree() - {"auto_examples/index"} == {page.stem for page in PAGES} - {"index"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_page_leads_to_one_of_the_toctree(page):
    assert links(page) <= toctree() | {"index"} | made_from_examples()


def test_every_display_has_its_picture_in_the_page_of_plots():
    page = (DOCS / "plots.rst").read_text(encoding="utf-8")
    drawn = set(re.findall(r"= plots\.(\w+Display)\.from_", page))
    assert drawn == {name for name in skbayes.plots.__all__ if name.endswith("Display")}
