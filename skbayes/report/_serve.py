"""The page of a running search, for the browsers of this machine alone.

Three things are served: the page, what it asks for again and again, and nothing else. No request becomes the name of
a file, none changes anything, and only those are answered that were meant for this machine by name: a foreign page
that has its own name point here (DNS rebinding) is refused.
"""

import os
import re
import socketserver
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files

from ._follow import Follower
from ._page import build_page

__all__ = ["HOST", "PageServer", "make_server"]

# Of this machine alone: no other can connect.
HOST = "127.0.0.1"
# Any port: a tunnel (ssh -L) gives the page another one on the way.
_OUR_NAMES = re.compile(r"(127\.0\.0\.1|localhost)(:[0-9]*)?", re.IGNORECASE)
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    # What a <meta> in the page cannot say; the rest of the policy is there.
    "Content-Security-Policy": "frame-ancestors 'none'",
}


class PageServer(ThreadingHTTPServer):
    """Serves what a follower knows.

    Parameters
    ----------
    follower : Follower
        Of the file.
    port : int
        0 takes one that is free.

    Raises
    ------
    OSError
        If the port is taken.
    """

    daemon_threads = True
    # On Windows the option would let two servers have one port.
    allow_reuse_address = os.name == "posix"

    def __init__(self, follower: Follower, port: int) -> None:
        self.follower = follower
        super().__init__((HOST, port), _Handler)

    def server_bind(self) -> None:
        # Without the look-up of a name in the network that HTTPServer makes here.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        # A browser that leaves in the middle of an answer is nothing to report.
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.server_port}/"


def make_server(follower: Follower, port: int) -> PageServer:
    """Return a server that listens; `serve_forever` makes it answer.

    Raises
    ------
    OSError
        If the port is taken, or not for this user.
    """
    try:
        return PageServer(follower, port)
    except OSError as error:
        raise OSError(
            f"Port {port} of {HOST} cannot be used: {error.strerror}. Give another --port, or none: then one that is "
            "free is taken."
        ) from error


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    # Seconds for a request to arrive; a connection kept open would hold a thread.
    timeout = 30
    server_version, sys_version = "skbayes", ""

    def do_GET(self) -> None:
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or not _OUR_NAMES.fullmatch(hosts[0].strip()):
            self._answer(
                HTTPStatus.MISDIRECTED_REQUEST, f"Ask {self.server.address} by that name.\n"
            )
            return
        # What follows a question mark is of no meaning here.
        place = self.path.partition("?")[0]
        if place == "/":
            page = build_page(self.server.follower.state().payload, live=_live())
            self._answer(HTTPStatus.OK, page, "text/html; charset=utf-8")
        elif place == "/data.json":
            self._answer_data()
        elif place == "/favicon.ico":
            self._answer(HTTPStatus.NO_CONTENT, "")
        else:
            self._answer(HTTPStatus.NOT_FOUND, "There is the page, /, and nothing else.\n")

    def _answer_data(self) -> None:
        body, tag = self.server.follower.answer()
        if tag == self.headers.get("If-None-Match"):
            self._answer(HTTPStatus.NOT_MODIFIED, "", tag=tag)
        else:
            self._answer(HTTPStatus.OK, body, "application/json", tag)

    def _answer(
        self, status: HTTPStatus, body: str | bytes, kind: str = "text/plain; charset=utf-8", tag: str | None = None
    ) -> None:  # fmt: skip
        content = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        if tag is not None:
            self.send_header("ETag", tag)
        if status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the page asks every two seconds."""


def _live() -> str:
    return (files(__package__) / "_live.js").read_text(encoding="utf-8").replace("\r\n", "\n")
