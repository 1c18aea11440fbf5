"""Formulas of the documentation are written so that its MathML says what TeX would."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = [*ROOT.glob("docs/*.rst"), *ROOT.glob("skbayes/**/*.py"), *ROOT.glob("examples/**/*.py")]
# TeX takes one digit for an argument without braces, docutils all that follow each other: of \frac12 x it makes 12 / x.
UNBRACED = re.compile(r"\\(?:[dt]?frac|d?binom|sqrt)\s*\d\d|[_^]\d\d")


def formulas(text: str) -> list[str]:
    """Return the formulas of roles and of directives."""
    roles = re.findall(r":math:`([^`]*)`", text)
    blocks = re.findall(r"^( *)\.\. math::(.*(?:\n(?:\1 +.*)?)*)", text, re.MULTILINE)
    return roles + [block for _, block in blocks]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (r"t(v - \tfrac12)", True),
        (r"x^10", True),
        (r"t(v - \tfrac{1}{2}) + \sqrt5 x^2", False),
        (r"x^{10}", False),
    ],
)
def test_what_docutils_misreads_is_found(given, expected):
    assert bool(UNBRACED.search(given)) is expected


def test_formulas_are_found():
    text = "A :math:`x^2`, and\n\n.. math:: a\n   = b\n\n   c\n\nno more\n\n   .. math::\n\n      d\n\n   no\n"
    assert [formula.split() for formula in formulas(text)] == [["x^2"], ["a", "=", "b", "c"], ["d"]]


def test_every_number_of_two_digits_in_a_formula_has_its_braces():
    found = [
        f"{path.relative_to(ROOT)}: {formula.strip()}"
        for path in SOURCES
        for formula in formulas(path.read_text(encoding="utf-8"))
        if UNBRACED.search(formula)
    ]
    assert not found
