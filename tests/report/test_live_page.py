"""The page of a search that runs, in a browser: it grows, keeps what the reader chose, and says what is wrong."""

import threading

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris

from skbayes import GridSearchCV
from skbayes.report import _follow
from tests.report.browsers import (
    complaints,
    find,
    open_page,
    opened_browser,
    requests,
    rows,
    state,
    type_into,
    wait_until,
)
from tests.report.growing import serving

pytestmark = pytest.mark.slow


@pytest.fixture
def browser():
    with opened_browser() as found:
        yield found


class Gated(ClassifierMixin, BaseEstimator):
    """Fits at once up to a candidate, and then waits until it is let go."""

    gate = threading.Event()

    def __init__(self, number=0):
        self.number = number

    def fit(self, X, y):
        if self.number >= 3:
            assert self.gate.wait(300)
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[self.number % len(self.classes_)])


def test_the_page_follows_a_running_search(browser, tmp_path, monkeypatch):
    monkeypatch.setattr(_follow, "importance_of", lambda material: {"missing": "not here"})
    # However long the second fold of a candidate takes here, it is under way and no row.
    monkeypatch.setattr(_follow, "_SHORTEST_WAIT", 3600.0)
    path = tmp_path / "search.jsonl"
    search = GridSearchCV(Gated(), {"number": list(range(6))}, cv=2, journal=path)
    searching = threading.Thread(target=search.fit, args=load_iris(return_X_y=True))
    Gated.gate.clear()
    try:
        with serving(path) as server:
            open_page(browser, server.address)
            wait_until(
                browser, lambda b: find(b, "#notice").text.startswith("Waiting for search.jsonl")
            )
            searching.start()
            wait_until(browser, lambda b: state(b)["n_rows"] == 3)
            assert searching.is_alive()
            type_into(browser, '.filters input[data-column="param_number"]', ">=2")
            find(browser, '#table th button[data-column="param_number"]').click()
            assert rows(browser) == [2]
            Gated.gate.set()
            wait_until(browser, lambda b: state(b)["n_rows"] == 6)
            # What the reader chose stays.
            assert rows(browser) == [2, 3, 4, 5]
            assert (
                find(browser, '.filters input[data-column="param_number"]').get_attribute("value")
                == ">=2"
            )
            assert find(browser, "#notice").text.startswith("Following search.jsonl: 6 candidates.")
            searching.join()
            with open(path, "ab") as file:
                file.write(b"a line from elsewhere\n")
            wait_until(browser, lambda b: "1 damaged lines" in find(b, "#notice").text)
            assert find(browser, "#notice").get_attribute("class") == "error"
            assert state(browser)["n_rows"] == 6
            assert complaints(browser) == []
            assert {address.removeprefix(server.address) for address in requests(browser)} == {
                "",
                "data.json",
            }
    finally:
        Gated.gate.set()
    wait_until(browser, lambda b: find(b, "#notice").text.startswith("The server does not answer"))
    assert state(browser)["n_rows"] == 6
