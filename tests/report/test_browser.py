"""The page in a browser: it opens from a file without a word of complaint, sorts, filters, and runs no text as code."""

import ast
import csv
import re

import numpy as np
import pytest
from selenium.webdriver import Keys

from skbayes import report
from skbayes.optimizer import History, Trial
from skbayes.report._page import build_page
from tests.report.browsers import (
    complaints,
    find,
    open_page,
    requests,
    rows,
    run,
    state,
    trials,
    type_into,
    wait_until,
)

# The fast tests have the payload and the server; a browser takes its time.
pytestmark = pytest.mark.slow

N = 60
SECTIONS = ("convergence", "importance", "slice", "parallel", "timeline")


TRIALS = trials(N)
SCORES = np.array([trial.score for trial in TRIALS])


def values(name: str) -> list:
    return [trial.params.get(name) for trial in TRIALS]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "search.html"
    report.write(History(TRIALS), path, title="A search")
    return path.as_uri()


@pytest.fixture
def page(browser, address):
    """The page, opened anew."""
    open_page(browser, address)
    return browser


def test_the_page_opens_from_a_file_and_complains_of_nothing(page, address, tmp_path):
    assert page.title == "A search"
    assert complaints(page) == []
    assert requests(page) == [address]
    assert page.save_screenshot(str(tmp_path / "page.png"))


def parts(section):
    """Return a selector of the parts of a picture."""
    return f"#{section} .plot svg path, #{section} .plot svg rect, #{section} .plot canvas"


def n_drawn(page, section):
    """Return of how many parts a picture is."""
    return page.execute_script(
        "return document.querySelectorAll(arguments[0]).length", parts(section)
    )


def look_at(page, section):
    """Scroll to a picture, which is drawn when it is seen, and wait for it."""
    page.execute_script("document.getElementById(arguments[0]).scrollIntoView()", section)
    wait_until(page, lambda b: n_drawn(b, section) > 2)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_picture_is_drawn_when_it_is_looked_at(page, section):
    look_at(page, section)
    assert complaints(page) == []


def test_every_picture_is_on_paper(page):
    # Looked at when the page's own listener is done, before anything is printed.
    page.execute_script(
        """
        window.addEventListener("beforeprint", () => {
          window.onPaper = arguments[0].map((css) => document.querySelectorAll(css).length);
        });
        """,
        [parts(section) for section in SECTIONS],
    )
    assert page.print_page()
    assert all(n > 2 for n in page.execute_script("return window.onPaper"))


def test_nothing_offers_to_send_the_picture_away(page):
    # A screen without a mouse has no bar of buttons, and this browser may be one: it is asked for.
    titles = page.execute_script(
        """
        const place = document.querySelector("#convergence .plot");
        const config = Object.assign({}, place._context, {displayModeBar: true});
        return Plotly.react(place, place.data, place.layout, config).then(
          () => [...place.querySelectorAll(".modebar-btn")].map((button) => button.dataset.title));
        """
    )
    assert titles
    assert not [
        title for title in titles if re.search("share|cloud|edit|publish", title, re.IGNORECASE)
    ]


def test_the_table_begins_with_the_best_and_ends_with_what_has_no_score(page):
    order = sorted(
        range(N),
        key=lambda k: (np.isnan(SCORES[k]), -SCORES[k] if np.isfinite(SCORES[k]) else 0.0, k),
    )
    assert rows(page) == order
    shown = [
        int(row.get_attribute("data-row"))
        for row in page.find_elements("css selector", "#table tbody tr")
    ]
    assert shown == order[: len(shown)]
    assert len(shown) == 50  # a page of it


def test_a_click_on_a_heading_sorts_and_another_turns_the_order_round(page):
    heading = find(page, '#table th button[data-column="param_C"]')
    up = sorted(range(N), key=lambda k: values("C")[k])
    heading.click()
    assert rows(page) == up
    assert heading.find_element("xpath", "..").get_attribute("aria-sort") == "ascending"
    heading.click()
    assert rows(page) == up[::-1]
    assert heading.find_element("xpath", "..").get_attribute("aria-sort") == "descending"
    heading.click()
    assert rows(page) == list(range(N))
    assert complaints(page) == []


def test_what_is_missing_comes_last_in_both_orders(page):
    heading, degrees = find(page, '#table th button[data-column="param_degree"]'), values("degree")
    inactive = [k for k in range(N) if degrees[k] is None]
    active = [k for k in range(N) if degrees[k] is not None]
    heading.click()
    assert rows(page) == sorted(active, key=lambda k: degrees[k]) + inactive
    heading.click()
    assert rows(page) == sorted(active, key=lambda k: -degrees[k]) + inactive


def test_a_table_is_sorted_without_a_mouse(page):
    order = rows(page)
    page.execute_script("arguments[0].focus()", find(page, '#table th button[data-column="score"]'))
    page.switch_to.active_element.send_keys(Keys.TAB)  # to the next heading
    assert page.switch_to.active_element.get_attribute("data-column") == "param_C"
    page.switch_to.active_element.send_keys(Keys.ENTER)
    assert rows(page) == sorted(range(N), key=lambda k: values("C")[k])
    page.switch_to.active_element.send_keys(Keys.SPACE)
    assert rows(page) == sorted(range(N), key=lambda k: -values("C")[k])
    assert rows(page) != order


@pytest.mark.parametrize(
    ("field", "typed", "passes"),
    [
        ('.filters input[data-column="score"]', ">0.85", lambda t: t.score > 0.85),
        ('.filters input[data-column="score"]', "=", lambda t: np.isnan(t.score)),
        ('.filters input[data-column="param_C"]', "0.1..10", lambda t: 0.1 <= t.params["C"] <= 10),
        ('.filters input[data-column="param_C"]', ">=0.1 <1", lambda t: 0.1 <= t.params["C"] < 1),
        ('.filters input[data-column="param_kernel"]', "rbf", lambda t: t.params["kernel"] == "rbf"),
        ('.filters input[data-column="param_kernel"]', "!rbf", lambda t: t.params["kernel"] != "rbf"),
        ('.filters input[data-column="param_degree"]', "!=", lambda t: "degree" in t.params),
        ("#search", "LINEAR", lambda t: t.params["kernel"] == "linear"),
        ("#search", "poly timeout", lambda t: t.params["kernel"] == "poly" and t.status == "timeout"),
        ("#search", "no such text", lambda t: False),
    ],
)  # fmt: skip
def test_a_filter_keeps_the_candidates_that_pass(page, field, typed, passes):
    type_into(page, field, typed)
    expected = {k for k, trial in enumerate(TRIALS) if passes(trial)}
    assert set(rows(page)) == expected
    assert find(page, "#count").text == f"{len(expected)} of {N} candidates"
    type_into(page, field, " ")
    assert len(rows(page)) == N
    assert complaints(page) == []


def test_filters_of_several_columns_and_of_the_status_hold_together(page):
    type_into(page, '.filters input[data-column="param_C"]', "<100")
    type_into(page, "#search", "rbf")
    find(page, '#status-filter input[value="pruned"]').click()
    expected = {
        k
        for k, t in enumerate(TRIALS)
        if t.params["C"] < 100 and t.params["kernel"] == "rbf" and t.status != "pruned"
    }
    assert set(rows(page)) == expected
    find(page, "#clear").click()
    assert len(rows(page)) == N


def test_a_filter_that_makes_no_sense_is_marked(page):
    type_into(page, '.filters input[data-column="score"]', ">high")
    assert find(page, '.filters input[data-column="score"]').get_attribute("aria-invalid") == "true"
    assert len(rows(page)) == N


def test_the_rest_of_the_table_is_on_its_next_page(page):
    find(page, "#pager [data-page=next]").click()
    shown = [
        int(row.get_attribute("data-row"))
        for row in page.find_elements("css selector", "#table tbody tr")
    ]
    assert shown == rows(page)[50:]


def test_the_table_is_saved_with_all_its_digits(page, tmp_path):
    page.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    type_into(page, '.filters input[data-column="param_C"]', ">1")
    find(page, "#csv").click()
    # A name may be there before what it names, and a line before its end.
    n_lines = 1 + len(rows(page))
    path = tmp_path / "a-search.csv"
    wait_until(page, lambda b: path.exists() and path.read_bytes().count(b"\r\n") == n_lines)
    with open(path, newline="", encoding="utf-8") as file:
        saved = list(csv.DictReader(file))
    assert [float(row["param_C"]) for row in saved] == [values("C")[k] for k in rows(page)]
    assert [row["score"] for row in saved] == [
        "" if np.isnan(SCORES[k]) else repr(SCORES[k].item()) for k in rows(page)
    ]


def test_the_incumbent_is_the_best_and_can_be_copied(page):
    best = int(np.nanargmax(SCORES))
    assert f"Candidate {best}," in find(page, "#incumbent").text
    # The button says so for a moment only, in which nobody may look.
    page.execute_script(
        """
        window.said = [];
        const button = document.getElementById("copy-incumbent");
        const watch = new MutationObserver(() => window.said.push(button.textContent));
        watch.observe(button, {childList: true, characterData: true, subtree: true});
        """
    )
    find(page, "#copy-incumbent").click()
    assert wait_until(page, lambda b: b.execute_script("return window.said[0]")) == "Copied"
    find(page, "#search").send_keys(Keys.CONTROL, "v")
    assert ast.literal_eval(find(page, "#search").get_attribute("value")) == TRIALS[best].params


def test_a_candidate_that_is_clicked_shows_all_that_is_known_of_it(page):
    row = find(page, '#table tr[data-row="3"] button')
    row.click()
    assert state(page)["selected"] == 3
    assert find(page, "#selected").is_displayed()
    assert "Candidate 3" in find(page, "#selected-title").text
    find(page, "#unselect").click()
    assert not find(page, "#selected").is_displayed()
    assert complaints(page) == []


def test_the_page_follows_the_ground_that_the_reader_wants(page):
    ground = "return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
    brightness = {}
    for wanted in ("light", "dark"):
        features = [{"name": "prefers-color-scheme", "value": wanted}]
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        brightness[wanted] = np.mean(page.execute_script(ground))
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert brightness["dark"] < 80 < 200 < brightness["light"]
    assert complaints(page) == []


def test_a_narrow_screen_is_not_wider_than_itself(browser, address):
    size = {"width": 360, "height": 700, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        open_page(browser, address)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 360
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


# -- texts that would like to be code


CODE = "window.hacked=(window.hacked||0)+1"
HOSTILE = (
    f"<script>{CODE}</script>",
    f"</script><script>{CODE}</script>",
    f"<img src=x onerror={CODE}>",
    f"<!--<script>{CODE}//",
    f'"><svg onload={CODE}>',
    f'<a href="javascript:{CODE}">b</a>',
    "{{script}} {{payload}} ${1} \\u003cscript\\u003e",
    "\u2028\u2029\x00\ud83d\ude00 &lt;b&gt; <b>bold</b> %s {0}",
    "<b>bold</b>",
    "&lt;i&gt;",
    '<a href="x">a</a>',
    "__proto__",
    "constructor",
)


def test_names_and_values_that_are_markup_do_nothing(browser, tmp_path):
    rng = np.random.default_rng(0)
    texts = [text.encode("utf-16", "surrogatepass").decode("utf-16") for text in HOSTILE]
    found = tuple(
        Trial(
            k,
            {**{text: float(rng.random()) for text in texts}, "choice": texts[k % len(texts)]},
            float(rng.random()),
            runs=(run(0, 1e9 + k, texts[k % len(texts)]),),
        )
        for k in range(len(texts))
    )
    path = tmp_path / "hostile.html"
    report.write(History(found), path, title=texts[1])
    open_page(browser, path.as_uri())
    assert browser.title == texts[1]
    for text in texts[:2]:
        for heading in browser.find_elements("css selector", "#table th button"):
            if heading.get_attribute("title") == text:
                heading.click()
                assert state(browser)["sort"][-1]["column"] == f"param_{text}"
    select = find(browser, "#slice-parameter")
    shown = []
    for option in select.find_elements("css selector", "option"):
        option.click()
        title = browser.find_elements("css selector", "#slice .plot .xtitle")
        shown += [each.get_attribute("textContent") for each in title]
    # plotly knows a kind of HTML too: what it writes is the name, shortened, and nothing is read as a tag.
    assert {"<b>bold</b>", "&lt;i&gt;", '<a href="x">a</a>'} <= set(shown)
    browser.find_elements("css selector", "#table tbody button")[0].click()
    for section in SECTIONS:
        look_at(browser, section)
    browser.execute_async_script("setTimeout(arguments[arguments.length - 1], 300)")
    assert browser.execute_script("return window.hacked") is None
    tags = "return [...document.querySelectorAll(arguments[0])].length"
    assert (
        browser.execute_script(
            tags, "img, iframe, object, embed, form, b, svg[onload], a[href^='javascript']"
        )
        == 0
    )
    assert browser.execute_script(tags, "script") == 3  # the payload, plotly's and ours
    assert complaints(browser) == []
    cells = {
        cell.get_attribute("title")
        for cell in browser.find_elements("css selector", "#table tbody td")
    }
    assert texts[0] in cells  # shown as what it is


def test_the_policy_of_the_page_holds_scripts_and_requests_back(page):
    page.execute_async_script(
        """
        const done = arguments[arguments.length - 1];
        window.refused = [];
        document.addEventListener("securitypolicyviolation", (event) => window.refused.push(event.effectiveDirective));
        const script = document.createElement("script");
        script.textContent = "window.hacked = 1";
        document.body.append(script);
        const picture = document.createElement("img");
        picture.src = "https://127.0.0.1:1/picture.png";
        document.body.append(picture);
        fetch("https://127.0.0.1:1/").catch(() => done());
        """
    )
    # Each refusal is told on its own.
    wait_until(page, lambda b: len(b.execute_script("return window.refused")) >= 3)
    refused = set(page.execute_script("return window.refused"))
    assert refused == {"script-src-elem", "img-src", "connect-src"}
    assert page.execute_script("return window.hacked") is None
    complaints(page)


# -- many, and one, and none


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_candidates_are_a_page_too(browser, tmp_path, n):
    report.write(History(TRIALS[:n]), tmp_path / "few.html")
    open_page(browser, (tmp_path / "few.html").as_uri())
    assert state(browser)["n_rows"] == n
    assert complaints(browser) == []


def test_ten_thousand_candidates_can_be_used(browser, tmp_path):
    many = trials(10_000)
    payload = report.report_data(History(many), importances=False)
    path = tmp_path / "many.html"
    path.write_text(build_page(payload), encoding="utf-8", newline="")
    open_page(browser, path.as_uri())
    assert state(browser)["n_rows"] == 10_000
    assert len(browser.find_elements("css selector", "#table tbody tr")) == 50
    find(browser, '#table th button[data-column="param_C"]').click()
    assert rows(browser) == sorted(range(10_000), key=lambda k: many[k].params["C"])
    type_into(browser, "#search", "poly")
    wait_until(browser, lambda b: len(rows(b)) == 2500)
    assert complaints(browser) == []
