"""The page as a text: whole, alone, and with no door for code that is not ours."""

import base64
import hashlib
import json
import os
import re
from html.parser import HTMLParser

import pytest

from skbayes import report
from skbayes.optimizer import History, Trial
from skbayes.report import report_data
from skbayes.report._page import build_page

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>{{payload}}"
HISTORY = History((Trial(0, {EVIL: EVIL, "C": 0.1}, 0.91), Trial(1, {"C": 1.0}, 0.93)))


class Elements(HTMLParser):
    """The elements of a page, and the texts of its scripts."""

    def __init__(self, page):
        super().__init__()
        self.found, self.scripts, self._inside = [], [], None
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag == "script":
            self._inside = dict(attrs)
            self.scripts.append([self._inside, ""])

    def handle_endtag(self, tag):
        if tag == "script":
            self._inside = None

    def handle_data(self, data):
        if self._inside is not None:
            self.scripts[-1][1] += data


@pytest.fixture(scope="module")
def page():
    return build_page(report_data(HISTORY, title=EVIL))


@pytest.fixture(scope="module")
def elements(page):
    return Elements(page)


def policy(elements):
    return next(
        a["content"]
        for tag, a in elements.found
        if tag == "meta" and a.get("http-equiv") == "Content-Security-Policy"
    )


def test_only_our_own_scripts_may_run(elements):
    codes = [text for attributes, text in elements.scripts if attributes.get("type") is None]
    digests = {
        "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for text in codes
    }
    rule = re.search(r"script-src ([^;]*)", policy(elements))[1]
    assert set(re.findall(r"'([^']*)'", rule)) == digests
    assert len(codes) == 2  # plotly's and ours


def test_the_page_may_load_nothing(elements):
    rules = dict(rule.strip().split(" ", 1) for rule in policy(elements).split(";"))
    assert rules["default-src"] == "'none'"
    assert "connect-src" not in rules
    assert not any("http" in rule for rule in rules.values())
    assert not any("src" in attributes for tag, attributes in elements.found if tag != "meta")
    assert {a["href"] for tag, a in elements.found if "href" in a} == {"data:,", "#candidates"}


def test_no_text_of_the_user_becomes_an_element(elements):
    harmless = Elements(build_page(report_data(HISTORY, title="A title")))
    assert [tag for tag, _ in elements.found] == [tag for tag, _ in harmless.found]
    assert not any(name.startswith("on") for _, a in elements.found for name in a)


def test_the_payload_comes_back_from_the_page(page, elements):
    found = next(text for attributes, text in elements.scripts if attributes.get("id") == "payload")
    expected = report_data(HISTORY, title=EVIL)
    expected["written"] = json.loads(found)["written"]  # a minute may have passed
    assert json.loads(found) == json.loads(json.dumps(expected).replace("NaN", "null"))


def test_nothing_is_sent_to_plotly(page):
    # plotly's bar of buttons has one that uploads the picture, unless it is told not to.
    assert "showSendToCloud: false" in page
    assert 'plotlyServerURL: ""' in page


def test_every_element_that_the_script_asks_for_is_there(page, elements):
    script = elements.scripts[-1][1]
    asked = set(re.findall(r'byId\("([\w-]+)"\)', script))
    ids = {attributes.get("id") for _, attributes in elements.found}
    assert asked <= ids
    assert len(asked) > 20


def test_every_element_with_an_id_is_alone_with_it(elements):
    ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_a_script_that_follows_may_ask_its_server_and_no_other():
    found = Elements(build_page(report_data(HISTORY), live='"</script>"'))
    assert "connect-src 'self'" in policy(found)
    assert found.scripts[-1][1] == r'"\x3c/script>"'


def test_a_title_that_utf_8_cannot_write_does_not_lose_the_page(tmp_path):
    # What a command line or the name of a file is, if it has a byte that is no character.
    report.write(HISTORY, tmp_path / "page.html", title="a \udcff b")
    assert "<title>a ? b</title>" in (tmp_path / "page.html").read_bytes().decode()


def test_writing_replaces_the_file_in_one_step(tmp_path, monkeypatch):
    path = tmp_path / "search.html"
    path.write_text("before")
    report.write(HISTORY, path, title="After")
    text = path.read_bytes().decode()
    assert "<title>After</title>" in text
    assert "\r" not in text
    assert os.listdir(tmp_path) == ["search.html"]

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        report.write(HISTORY, path, title="Never")
    assert path.read_bytes().decode() == text
    assert os.listdir(tmp_path) == ["search.html"]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    path = tmp_path / "reports" / "search.html"
    with pytest.raises(FileNotFoundError, match=r"needs a folder.*search\.html.*reports.*makedirs"):
        report.write(History((Trial(0, {"C": 0.1}, 0.9),)), path)


def test_the_mode_of_a_new_file_is_that_of_any_other(tmp_path):
    report.write(HISTORY, tmp_path / "page.html")
    (tmp_path / "other").write_text("")
    assert (tmp_path / "page.html").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_without_plotly_it_says_what_to_install(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "plotly.offline", None)
    with pytest.raises(ImportError, match="pip install plotly"):
        build_page(report_data(HISTORY))
