"""A finished journal, line by line, to be written again as it grew."""

import pytest
from sklearn.datasets import load_iris
from sklearn.svm import SVC

from skbayes import GridSearchCV
from skbayes.report import _follow
from tests.report.browsers import opened_browser
from tests.report.growing import N_FOLDS

SPACE = {"C": [0.1, 1.0, 10.0], "kernel": ["rbf", "linear"]}


@pytest.fixture(scope="session")
def lines(tmp_path_factory):
    """The lines of a finished journal: a header, then a line for each fold of the six candidates."""
    path = tmp_path_factory.mktemp("finished") / "search.jsonl"
    GridSearchCV(SVC(), SPACE, cv=N_FOLDS, journal=path).fit(*load_iris(return_X_y=True))
    found = path.read_bytes().splitlines(keepends=True)
    assert len(found) == 1 + 6 * N_FOLDS
    return found


@pytest.fixture(scope="module")
def browser():
    """A browser for the tests of one file."""
    with opened_browser() as found:
        yield found


@pytest.fixture
def path(tmp_path):
    return tmp_path / "search.jsonl"


@pytest.fixture
def without_haste(monkeypatch):
    """A fold may take an hour, whatever time the tests take; importances are of no meaning, and there at once."""
    monkeypatch.setattr(_follow, "_SHORTEST_WAIT", 3600.0)
    monkeypatch.setattr(
        _follow, "importance_of", lambda material: {"n_trials": len(material.trials)}
    )
