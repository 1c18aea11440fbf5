"""What a reader does with the page beside sorting and filtering: looks at one candidate, drags along an axis, waits."""

import numpy as np
import pytest
from selenium.webdriver import Keys
from selenium.webdriver.common.action_chains import ActionChains

from skbayes import report
from skbayes.optimizer import History
from skbayes.report import report_data
from skbayes.report._json import dumps
from tests.report.browsers import (
    complaints,
    find,
    open_page,
    rows,
    state,
    trials,
    type_into,
    wait_until,
)

# A browser takes its time.
pytestmark = pytest.mark.slow

TRIALS = trials(60)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "search.html"
    report.write(History(TRIALS), path)
    return path.as_uri()


@pytest.fixture
def page(browser, address):
    open_page(browser, address)
    return browser


def shown(page, section):
    """Scroll to a section, and wait until its picture is there."""
    page.execute_script("arguments[0].scrollIntoView()", find(page, f"#{section}"))
    wait_until(page, lambda b: b.find_elements("css selector", f"#{section} .plot .main-svg"))


def settled(page, section):
    """Scroll to a section, and again when all pictures are there: one that is drawn later moves the others."""
    shown(page, section)
    page.execute_script("window.skbayes.drawAll()")
    shown(page, section)


def at(page, x, y):
    """Where a place of the parallel coordinates is in the window."""
    return page.execute_script(
        """
        const place = document.querySelector("#parallel .plot"), inner = place._fullLayout;
        const box = place.getBoundingClientRect();
        return [box.left + inner.xaxis._offset + inner.xaxis.d2p(arguments[0]),
                box.top + inner.yaxis._offset + inner.yaxis.d2p(arguments[1])].map(Math.round);
        """,
        x,
        y,
    )


def drag(page, start, end):
    actions = ActionChains(page)
    pointer = actions.w3c_actions.pointer_action
    pointer.move_to_location(*start)
    pointer.pointer_down()
    pointer.move_to_location((start[0] + end[0]) // 2, (start[1] + end[1]) // 2)
    pointer.move_to_location(*end)
    pointer.pointer_up()
    actions.perform()


def update(page, history):
    page.execute_script(
        "window.skbayes.update(JSON.parse(arguments[0]))",
        dumps(report_data(history, importances=False)),
    )


def test_one_candidate_is_shown_in_full_and_put_away_by_a_key(page):
    row = rows(page)[2]
    find(page, f'#table tr[data-row="{row}"] button').click()
    panel = find(page, "#selected")
    assert panel.is_displayed()
    assert find(page, "#selected-title").text == f"Candidate {row}"
    values = {
        tr.find_element("css selector", "th").text: tr.find_element("css selector", "td").text
        for tr in panel.find_elements("css selector", "tr")
    }
    assert float(values["C"]) == TRIALS[row].params["C"]
    assert float(values["fold 1"]) == TRIALS[row].fold_scores[1]
    page.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert not panel.is_displayed()
    assert state(page)["selected"] is None
    assert complaints(page) == []


@pytest.mark.parametrize("section", ["convergence", "slice"])
def test_the_incumbent_has_a_star(page, section):
    shown(page, section)
    best = max(range(60), key=lambda k: np.nan_to_num(TRIALS[k].score, nan=-np.inf))
    stars = """
        return document.querySelector(arguments[0]).data.filter((trace) => trace.name === "incumbent")
          .map((trace) => [trace.customdata[0], trace.y[0], trace.marker.symbol]);
    """
    found = page.execute_script(stars, f"#{section} .plot")
    assert found == [[best, TRIALS[best].score, "star"]]


def test_the_whole_deviation_of_a_share_can_be_seen(page):
    shown(page, "importance")
    payload = report_data(History(TRIALS), importances=False)
    payload["importance"] = {
        "names": ["C"], "first_order": [0.95], "first_order_std": [0.25], "total": [0.99],
        "total_std": [0.1], "pairs": [], "explained": 0.9, "n_trials": 60,
    }  # fmt: skip
    page.execute_script("window.skbayes.update(JSON.parse(arguments[0]))", dumps(payload))
    page.execute_script("window.skbayes.drawAll()")
    end = page.execute_script(
        "return document.querySelector('#importance .plot').layout.xaxis.range[1]"
    )
    assert end >= 1.2


def test_a_drag_along_an_axis_keeps_the_candidates_that_pass_there(page):
    settled(page, "parallel")
    data = report_data(History(TRIALS), importances=False)["parallel"]
    axis = data["names"].index("C")
    places = data["positions"][axis]
    x, high = at(page, axis, 1.01)
    _, low = at(page, axis, 0.5)
    drag(page, [x - 8, high], [x + 8, low])
    wait_until(page, lambda b: len(rows(b)) < len(TRIALS))
    # A pixel of the lower end is within the thickness of a line.
    clear = [k for k, place in enumerate(places) if abs(place - 0.5) > 0.01]
    assert {k for k in rows(page) if k in clear} == {k for k in clear if places[k] > 0.5}
    chip = find(page, "#chips button")
    assert chip.text.startswith("C: ")
    page.execute_script("arguments[0].click()", chip)
    assert len(rows(page)) == len(TRIALS)
    assert complaints(page) == []


def test_a_filter_of_a_hidden_column_can_still_be_seen_and_taken_back(page):
    folds = '#column-groups input[value="folds"]'
    find(page, folds).click()
    type_into(page, '.filters input[data-column="split0_score"]', ">0.9")
    n = len(rows(page))
    assert 0 < n < len(TRIALS)
    find(page, folds).click()
    assert len(rows(page)) == n
    assert find(page, "#chips").text.startswith("fold 0: >0.9")
    find(page, "#chips button").click()
    assert len(rows(page)) == len(TRIALS)


def test_a_candidate_keeps_its_mark_when_others_end_before_it(page):
    update(page, History(TRIALS[:5] + TRIALS[6:]))
    find(page, '#table tr[data-row="7"] button').click()
    assert find(page, "#selected-title").text == "Candidate 8"
    update(page, History(TRIALS))
    assert find(page, "#selected-title").text == "Candidate 8"
    assert state(page)["selected"] == 8
    update(page, History(TRIALS[:3]))
    assert state(page)["selected"] is None
    assert complaints(page) == []


def test_sorting_does_not_draw_the_pictures_anew(page):
    settled(page, "convergence")
    page.execute_script(
        """
        window.nDrawn = 0;
        const react = Plotly.react;
        Plotly.react = (...given) => { window.nDrawn += 1; return react(...given); };
        """
    )
    n_drawn = "return window.nDrawn"
    page.execute_script("document.querySelector('th button[data-column=param_C]').click()")
    assert page.execute_script(n_drawn) == 0
    find(page, '#status-filter input[value="pruned"]').click()
    wait_until(page, lambda b: b.execute_script(n_drawn) > 0)


def test_dark_and_printed_pages_are_drawn_without_a_complaint(page):
    media = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    ground = "return getComputedStyle(document.body).backgroundColor"
    dark = page.execute_script(ground)
    page.execute_cdp_cmd("Page.printToPDF", {})
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert page.execute_script(ground) != dark
    assert complaints(page) == []
