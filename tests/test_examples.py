"""The gallery keeps its form: each page is a question, a picture and an answer. The docs build runs them."""

import ast
import re
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
PAGES = sorted(EXAMPLES.glob("*/plot_*.py"))
DRAWS = re.compile(r"Display\.from_\w+\(|plt\.subplots\(")


def test_there_are_enough_and_no_name_stands_for_two():
    assert len(PAGES) >= 18
    assert len({page.name for page in PAGES}) == len(PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_asks_draws_and_answers(page):
    source = page.read_text(encoding="utf-8")
    title, line, *_ = ast.get_docstring(ast.parse(source)).splitlines()
    assert title.endswith("?")
    assert set(line) == {"="}
    assert len(line) == len(title)
    assert DRAWS.search(source)
    last_cell = source.split("\n# %%\n")[-1]
    assert last_cell.startswith("# Answer\n# ------\n")
    # Words alone: what is computed comes before.
    assert all(text.startswith("#") for text in last_cell.splitlines())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_fits_a_reader_and_needs_no_download(page):
    source = page.read_text(encoding="utf-8")
    code = [text for text in source.splitlines() if text.strip() and not text.startswith("#")]
    assert len(code) <= 80
    assert "fetch_" not in source
    assert "open(" not in source


def test_each_section_has_a_header():
    for folder in {EXAMPLES, *(page.parent for page in PAGES)}:
        assert (folder / "GALLERY_HEADER.rst").is_file()
