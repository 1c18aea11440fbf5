"""Who is answered by the server of a running search, and the command line."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from sklearn.datasets import load_iris
from sklearn.svm import SVC

from skbayes import GridSearchCV
from skbayes.report import _serve
from skbayes.report.__main__ import main
from tests.report.growing import serving, settle, write

pytestmark = pytest.mark.usefixtures("without_haste")


X, y = load_iris(return_X_y=True)


@pytest.fixture
def server(path, lines):
    write(path, lines)
    with serving(path) as found:
        yield found


def ask(server, place="/data.json", method="GET", **headers):
    connection = http.client.HTTPConnection(_serve.HOST, server.server_port, timeout=60)
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
    "evil@localhost:1", "localhost:1@evil.example",
)  # fmt: skip


@pytest.mark.parametrize("host", FOREIGN)
@pytest.mark.parametrize("place", ["/", "/data.json"])
def test_requests_by_another_name_are_refused(server, host, place):
    answer, content = ask(server, place, Host=host)
    assert answer.status == 421
    assert b"payload" not in content


def test_a_request_with_two_hosts_or_none_is_refused(server):
    for hosts in (b"", b"Host: localhost\r\nHost: evil.example\r\n"):
        with socket.create_connection((_serve.HOST, server.server_port), timeout=60) as connection:
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
        with socket.create_connection((_serve.HOST, server.server_port), timeout=60) as connection:
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
        (["{journal}", "-o", "{folder}/none/page.html"], "a folder that exists"),
        (["{journal}", "--space", "os"], "Write it as in my_search:space"),
        (["{journal}", "--space", "os:no_such"], "module os has no variable 'no_such'"),
        (["{journal}", "--space", "no_such_module_of_ours:x"], "No module named"),
        (["{journal}", "--metric", "no_such"], "no_such"),
        (["{folder}", "--serve"], "is a directory.* search.jsonl"),
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


@pytest.mark.parametrize("more", [[], ["--serve"]])
def test_without_plotly_the_command_says_how_to_get_it(path, lines, more, capsys, monkeypatch):
    write(path, lines)
    monkeypatch.setitem(sys.modules, "plotly.offline", None)
    assert main([str(path), *more]) == 1
    assert "pip install plotly" in capsys.readouterr().err


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
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        # A shell that runs the tests in the background has SIGINT ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        said = child.stdout.readline()
        assert said.startswith(f"{path} is shown at http://127.0.0.1:")
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    finally:
        child.kill()
    assert (child.returncode, out, err) == (0, "Ended.\n", "")
