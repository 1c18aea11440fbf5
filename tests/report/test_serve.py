"""What is told of a growing journal, who is answered, and the command line."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.svm import SVC

from skbayes import GridSearchCV
from skbayes.model_selection import load_history, save_history
from skbayes.report import _follow, _serve
from skbayes.report.__main__ import main
from skbayes.report._follow import Follower, Shares

X, y = load_iris(return_X_y=True)
N_FOLDS = 3
SPACE = {"C": [0.1, 1.0, 10.0], "kernel": ["rbf", "linear"]}


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    """The lines of a finished journal: a header, then a line for each fold of the six candidates."""
    path = tmp_path_factory.mktemp("finished") / "search.jsonl"
    GridSearchCV(SVC(), SPACE, cv=N_FOLDS, journal=path).fit(X, y)
    found = path.read_bytes().splitlines(keepends=True)
    assert len(found) == 1 + 6 * N_FOLDS
    return found


@pytest.fixture
def path(tmp_path):
    return tmp_path / "search.jsonl"


@pytest.fixture(autouse=True)
def quick_importances(monkeypatch):
    """Importances of no meaning, at once: the true ones take seconds."""
    monkeypatch.setattr(
        _follow, "importance_of", lambda material: {"n_trials": len(material.trials)}
    )


@pytest.fixture
def follow(path, monkeypatch):
    """A follower that looks at the file each time it is asked."""
    monkeypatch.setattr(_follow, "_REST", 0.0)
    return Follower(str(path))


def n_candidates(state):
    return len(state.payload["trials"]["number"])


def write(path, lines):
    path.write_bytes(b"".join(lines))


def test_before_the_search_begins_the_page_waits(follow, path, lines):
    for content in (None, b"", lines[0][:40]):
        if content is not None:
            path.write_bytes(content)
        state = follow.state()
        assert (state.kind, n_candidates(state)) == ("live", 0)
        assert state.notice == "Waiting for search.jsonl: nothing has been evaluated yet."


def test_a_header_alone_is_a_search_without_candidates(follow, path, lines):
    write(path, lines[:1])
    state = follow.state()
    assert (state.kind, n_candidates(state)) == ("live", 0)
    assert state.payload["title"] == "GridSearchCV"


@pytest.mark.parametrize("n", range(7))
def test_the_page_has_every_whole_candidate_of_the_file(follow, path, lines, n):
    write(path, lines[: 1 + n * N_FOLDS])
    state = follow.state()
    history = load_history(path)
    assert state.payload["trials"]["score"] == [trial.score for trial in history]
    assert state.kind == "live"


def test_a_torn_last_line_is_nothing_to_report(follow, path, lines):
    write(path, [*lines[: 1 + N_FOLDS], lines[1 + N_FOLDS][:50]])
    state = follow.state()
    assert state.notice == "Following search.jsonl: 1 candidate."
    assert state.kind == "live"


def test_what_is_appended_appears(follow, path, lines):
    seen = []
    for n in range(1, len(lines) + 1):
        write(path, lines[:n])
        seen.append(n_candidates(follow.state()))
    assert seen == [(n - 1) // N_FOLDS for n in range(1, len(lines) + 1)]


def test_a_candidate_under_way_is_no_pruned_one_until_it_has_waited_long(path, lines, monkeypatch):
    write(path, lines[: 1 + 2 * N_FOLDS + 1])
    follow = Follower(str(path))
    state = follow.state()
    assert state.payload["trials"]["status"] == ["complete", "complete"]
    assert state.notice == "Following search.jsonl: 2 candidates, 1 under way."
    hour_later, clock_then = time.monotonic() + 3600, time.time() + 3600
    monkeypatch.setattr(time, "monotonic", lambda: hour_later)
    monkeypatch.setattr(time, "time", lambda: clock_then)
    state = follow.state()
    assert state.payload["trials"]["status"] == ["complete", "complete", "pruned"]
    assert state.notice == "Following search.jsonl: 3 candidates."


def test_leaving_out_a_candidate_keeps_the_incumbent_at_its_row(follow, path, lines):
    # The second candidate lacks folds, so that rows behind it move.
    write(path, lines[: 1 + N_FOLDS] + lines[2 + N_FOLDS :])
    payload = follow.state().payload
    scores = payload["trials"]["score"]
    assert len(scores) == 5
    assert payload["incumbent"]["row"] == int(np.argmax(scores))


def test_a_damaged_line_is_said_and_the_rest_is_shown(follow, path, lines):
    broken = lines.copy()
    broken[1] = broken[1].replace(b'"fold":0', b'"fold":1')
    assert broken[1] != lines[1]
    write(path, broken)
    state = follow.state()
    assert state.kind == "error"
    assert "1 damaged lines" in state.notice
    assert n_candidates(state) == 5  # and one under way


@pytest.mark.parametrize("content", [b"not a journal\n", b'{"format":"other"}\n', b"\x00" * 70_000])
def test_a_file_that_is_no_journal_is_said_and_what_was_known_stays(follow, path, lines, content):
    write(path, lines)
    assert n_candidates(follow.state()) == 6
    path.write_bytes(content)
    state = follow.state()
    assert state.kind == "error"
    assert state.notice.startswith("search.jsonl cannot be read: ")
    assert n_candidates(state) == 6
    write(path, lines[: 1 + N_FOLDS])  # the search begins again
    state = follow.state()
    assert (state.kind, n_candidates(state)) == ("live", 1)


def test_a_mistake_of_ours_is_said_and_the_page_goes_on(follow, path, lines, monkeypatch, capsys):
    write(path, lines)
    with monkeypatch.context() as patch:
        patch.setattr(_follow, "material_of", lambda *args: 1 / 0)
        state = follow.state()
    assert state.kind == "error"
    assert "ZeroDivisionError: division by zero" in state.notice
    assert "ZeroDivisionError" in capsys.readouterr().err
    path.touch()
    os.utime(path, (1, 1))
    assert follow.state().kind == "live"


def test_a_file_that_did_not_change_is_not_read_again(follow, path, lines, monkeypatch):
    write(path, lines)
    tags = {follow.answer()[1]}
    settle(follow)
    tag = follow.answer()[1]
    monkeypatch.setattr(_follow, "material_of", lambda *args: pytest.fail("read again"))
    for _ in range(3):
        assert follow.answer()[1] == tag
    monkeypatch.undo()
    write(path, lines[:-1])
    assert follow.answer()[1] not in tags | {tag}


def settle(follow, seconds=20.0):
    """Wait for the importances, which come later."""
    end = time.monotonic() + seconds
    while "being computed" in json.dumps(follow.state().payload["importance"]):
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_large_journal_is_read_seldom(path, lines, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    made = _follow.Follower._made
    monkeypatch.setattr(
        _follow.Follower, "_made", lambda *args: now.__setitem__(0, now[0] + 2.0) or made(*args)
    )
    write(path, lines[:4])
    follow = Follower(str(path))
    assert n_candidates(follow.state()) == 1
    write(path, lines)
    now[0] += 4 * 2.0 - 0.1  # reading took two seconds, and four times as long is rest
    assert n_candidates(follow.state()) == 1
    now[0] += 0.2
    assert n_candidates(follow.state()) == 6


def test_importances_come_later_and_again_when_there_is_half_as_much_more(
    follow, path, lines, monkeypatch
):
    asked = []
    monkeypatch.setattr(
        _follow,
        "importance_of",
        lambda m: asked.append(len(m.trials)) or {"n_trials": len(m.trials)},
    )
    for n in range(1, 7):
        write(path, lines[: 1 + n * N_FOLDS])
        follow.state()
        if follow._shares._thread is not None:
            follow._shares._thread.join()
    assert asked == [1, 2, 3, 5]
    assert follow.state().payload["importance"] == {"n_trials": 5}


def test_importances_that_cannot_be_computed_do_not_take_the_page_with_them(monkeypatch):
    monkeypatch.setattr(_follow, "importance_of", lambda material: 1 / 0)
    shares = Shares()
    shares._compute(None)
    assert "ZeroDivisionError" in shares._found["missing"]


def test_an_exported_history_is_shown_too_and_its_pruned_trials_are_pruned(lines, path, tmp_path):
    write(path, lines[:-1])
    exported = tmp_path / "history.jsonl"
    save_history(load_history(path), exported)
    state = Follower(str(exported), title="mine").state()
    assert (state.kind, n_candidates(state), state.payload["title"]) == ("live", 6, "mine")
    assert state.payload["trials"]["status"] == ["complete"] * 5 + ["pruned"]


# -- the server


@pytest.fixture
def server(path, lines):
    write(path, lines)
    server = _serve.make_server(Follower(str(path)), 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def ask(server, place="/data.json", method="GET", **headers):
    connection = http.client.HTTPConnection(_serve.HOST, server.server_port, timeout=20)
    connection.request(
        method, place, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer, content


def test_it_listens_on_this_machine_alone(server):
    assert server.socket.getsockname()[0] == "127.0.0.1"
    assert server.address == f"http://127.0.0.1:{server.server_port}/"


def test_the_page_and_its_data_are_served(server):
    answer, content = ask(server, "/")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert b"connect-src 'self'" in content
    assert b"/data.json" in content
    answer, content = ask(server)
    assert answer.headers["Content-Type"] == "application/json"
    assert len(json.loads(content)["payload"]["trials"]["score"]) == 6


def test_what_the_page_knows_is_not_sent_again(server):
    settle(server.follower)
    answer, content = ask(server)
    tag = answer.headers["ETag"]
    answer, content = ask(server, If_None_Match=tag)
    assert (answer.status, content, answer.headers["ETag"]) == (304, b"", tag)
    answer, content = ask(server, If_None_Match='"other"')
    assert answer.status == 200
    assert content


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:9999", "127.0.0.1:1"])
def test_requests_by_the_names_of_this_machine_are_answered(server, host):
    assert ask(server, Host=host)[0].status == 200


FOREIGN = (
    "evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "",
    "evil@localhost:1",
)  # fmt: skip


@pytest.mark.parametrize("host", FOREIGN)
@pytest.mark.parametrize("place", ["/", "/data.json"])
def test_requests_by_another_name_are_refused(server, host, place):
    answer, content = ask(server, place, Host=host)
    assert answer.status == 421
    assert b"payload" not in content


def test_a_request_with_two_hosts_or_none_is_refused(server):
    for hosts in (b"", b"Host: localhost\r\nHost: evil.example\r\n"):
        with socket.create_connection((_serve.HOST, server.server_port), timeout=20) as connection:
            connection.sendall(b"GET /data.json HTTP/1.0\r\n" + hosts + b"\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.0 421 ")


PLACES = (
    "/search.jsonl", "/../search.jsonl", "//etc/passwd", "/%2e%2e/search.jsonl", "/data.json/", "/data.json/..",
    "/_page.js", "*",
)  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_there_is_nothing_else_to_get(server, place):
    answer, content = ask(server, place)
    assert answer.status == 404
    assert content == b"There is the page, /, and nothing else.\n"


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "HEAD"]
)
def test_nothing_but_reading_is_understood(server, method):
    assert ask(server, method=method)[0].status == 501


@pytest.mark.parametrize("place", ["/", "/data.json", "/favicon.ico", "/none"])
def test_answers_are_for_this_page_alone(server, place):
    headers = ask(server, place)[0].headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Access-Control-Allow-Origin"] is None


def test_a_browser_that_leaves_is_no_error(server, capfd):
    for _ in range(3):
        with socket.create_connection((_serve.HOST, server.server_port), timeout=20) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
            connection.recv(10)
    assert ask(server)[0].status == 200
    assert "Traceback" not in capfd.readouterr().err


# -- the command line


def test_the_page_is_written_beside_the_journal(path, lines, capsys):
    write(path, lines)
    assert main([str(path), "--title", "One & <all>"]) == 0
    page = path.with_suffix(".html")
    assert capsys.readouterr().out.strip() == str(page)
    assert "<title>One &amp; &lt;all&gt;</title>" in page.read_text(encoding="utf-8")


def test_a_space_by_its_name_gives_the_objects(tmp_path, monkeypatch):
    (tmp_path / "its_space_of_report.py").write_text(
        "from sklearn.svm import SVC\nspace = {'C': [0.1], 'kernel': ['rbf']}\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / "a.jsonl"
    GridSearchCV(SVC(), {"C": [0.1], "kernel": ["rbf"]}, cv=2, journal=path).fit(X, y)
    assert (
        main([str(path), "--space", "its_space_of_report:space", "-o", str(tmp_path / "b.html")])
        == 0
    )
    assert (tmp_path / "b.html").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.jsonl"], "No such file"),
        (["{journal}", "-o", "{journal}"], "would replace"),
        (["{journal}", "-o", "{folder}/none/page.html"], "No such file"),
        (["{journal}", "--space", "os"], "Write it as in my_search:space"),
        (["{journal}", "--space", "os:no_such"], "module os has no variable 'no_such'"),
        (["{journal}", "--space", "no_such_module_of_ours:x"], "No module named"),
        (["{journal}", "--metric", "no_such"], "no_such"),
        (["{text}"], "neither|no journal|not the header|is no"),
    ],
)
def test_mistakes_are_told_without_a_traceback(
    path, lines, tmp_path, arguments, message, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    write(path, lines)
    (tmp_path / "text.txt").write_text("one\ntwo\n", encoding="utf-8")
    names = {"journal": path, "folder": tmp_path, "text": tmp_path / "text.txt"}
    assert main([each.format(**names) for each in arguments]) == 1
    found = capsys.readouterr()
    assert found.err.startswith("python -m skbayes.report: ")
    assert re.search(message, found.err)
    assert "Traceback" not in found.err
    assert path.read_bytes() == b"".join(lines)


@pytest.mark.parametrize(
    "arguments", ["--serve -o p.html", "--port 80", "--serve --port 70000", "--serve --port -1"]
)
def test_arguments_that_do_not_go_together_are_refused(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        main(["search.jsonl", *arguments.split()])
    assert end.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_a_port_that_is_taken_is_told(path, server, capsys):
    assert main([str(path), "--serve", "--port", str(server.server_port)]) == 1
    assert f"Port {server.server_port} of 127.0.0.1 cannot be used" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="SIGINT to a child is POSIX's")
def test_control_c_ends_the_server_with_success(path):
    command = [sys.executable, "-m", "skbayes.report", str(path), "--serve"]
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )  # fmt: skip
    try:
        said = child.stdout.readline()
        assert said.startswith(f"{path} is shown at http://127.0.0.1:")
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    finally:
        child.kill()
    assert (child.returncode, out, err) == (0, "Ended.\n", "")
