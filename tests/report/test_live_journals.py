"""What a reader sees of a journal that goes away, and of one that several machines wrote."""

import pytest

from skbayes import report
from skbayes.optimizer import Trial
from skbayes.report import _follow
from tests.plots.running import EPOCH, run
from tests.report.browsers import complaints, find, open_page, state, wait_until
from tests.report.growing import N_FOLDS, serving, write

pytestmark = pytest.mark.slow


@pytest.fixture
def server(path, monkeypatch):
    monkeypatch.setattr(_follow, "_REST", 0.0)
    monkeypatch.setattr(_follow, "importance_of", lambda material: {"missing": "not here"})
    with serving(path) as found:
        yield found


def test_the_page_of_a_journal_that_is_removed_stays_and_says_so(browser, server, path, lines):
    write(path, lines)
    open_page(browser, server.address)
    wait_until(browser, lambda b: state(b)["n_rows"] == 6)
    path.unlink()
    wait_until(browser, lambda b: "not there any more" in find(b, "#notice").text)
    notice = find(browser, "#notice")
    assert notice.get_attribute("class") == "error"
    assert "the page shows what was last read of it. Last result " in notice.text
    assert state(browser)["n_rows"] == 6
    write(path, lines[: 1 + 2 * N_FOLDS])
    wait_until(browser, lambda b: state(b)["n_rows"] == 2)
    assert find(browser, "#notice").text.startswith("Following search.jsonl: 2 candidates.")
    assert find(browser, "#notice").get_attribute("class") != "error"
    assert complaints(browser) == []


@pytest.mark.parametrize("hosts", ["ab", "aa"])
def test_the_timeline_says_that_several_machines_have_clocks_of_their_own(browser, tmp_path, hosts):
    trials = [
        Trial(k, {"x": k}, 0.5, runs=(run(EPOCH + k, 1.0, k, host=host),))
        for k, host in enumerate(hosts)
    ]
    page = tmp_path / "page.html"
    report.write(trials, page)
    open_page(browser, page.as_uri())
    find(browser, "#timeline").location_once_scrolled_into_view  # noqa: B018 scrolls
    wait_until(browser, lambda b: "A bar for each fold." in find(b, "#timeline").text)
    is_said = "Each machine tells the time by its own clock" in find(browser, "#timeline").text
    assert is_said == (hosts == "ab")
