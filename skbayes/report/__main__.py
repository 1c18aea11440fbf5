"""The page of a search from a shell: ``python -m skbayes.report search.jsonl``, and ``--serve`` while it runs."""

import argparse
import importlib
import os
import sys
import webbrowser
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..exceptions import JournalError
from ._follow import Follower
from ._page import build_page
from ._serve import make_server
from ._write import write

__all__ = ["main"]

_LARGEST_PORT = 65535
# In a message, which is read on a screen.
_MOST_NAMES = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.serve and options.output is not None:
        parser.error("--serve shows the page and writes none; leave out -o, or --serve")
    if options.port is not None and not options.serve:
        parser.error("--port is that of --serve; add it")
    try:
        _check_file(options.file)
        space = None if options.space is None else _found(options.space)
        return _serve(options, space) if options.serve else _write(options, space)
    except (JournalError, OSError, ValueError, TypeError, ImportError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m skbayes.report",
        description="The page of a search, from its journal: written once, or followed while the search runs.",
        epilog="The journal is the file that a search was given as journal=; with --serve it need not be there yet.",
    )
    parser.add_argument("file", metavar="FILE", help="a journal, or what save_history wrote")
    parser.add_argument(
        "-o",
        "--output",
        metavar="PAGE",
        help="the page to write; default: FILE with the ending .html",
    )
    parser.add_argument(
        "--serve",
        action="store_true",
        help="show the page to browsers of this machine until Ctrl-C",
    )
    parser.add_argument(
        "--port", type=_port, metavar="N", help="for --serve; default: one that is free"
    )
    parser.add_argument("--open", action="store_true", help="open the page in a browser")
    parser.add_argument("--title", help="heading of the page")
    parser.add_argument("--metric", help="another metric to show than the one searched for")
    parser.add_argument(
        "--space",
        metavar="MODULE:NAME",
        help="the search_spaces of the search, for scales of the axes and for parameters that are objects: "
        "a variable of a module, which is imported",
    )
    return parser


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > _LARGEST_PORT:
        raise argparse.ArgumentTypeError(
            f"a port is a number from 0 to {_LARGEST_PORT}, and 0 takes one that is free; got {text!r}"
        )
    return int(text)


def _check_file(path: str) -> None:
    if not os.path.isdir(path):
        return
    journals = sorted(Path(path).glob("*.jsonl"), key=lambda found: -found.stat().st_mtime)
    names = ", ".join(found.name for found in journals[:_MOST_NAMES]) or "none yet"
    raise ValueError(
        f"{path} is a directory, and a page is of one journal. Give one of those in it (newest first): {names}."
    )


def _found(text: str) -> Any:
    """Return the variable that ``module:name`` says."""
    module, _, name = text.partition(":")
    if not module or not name:
        raise ValueError(
            f"--space is a module and a variable of it; got {text!r}. Write it as in my_search:space."
        )
    found = importlib.import_module(module)
    if not hasattr(found, name):
        raise ValueError(f"--space: module {module} has no variable {name!r}.")
    return getattr(found, name)


def _write(options: argparse.Namespace, space: Any) -> int:
    page = options.output or str(Path(options.file).with_suffix(".html"))
    if os.path.abspath(page) == os.path.abspath(options.file):
        raise ValueError(f"The page would replace {page}. Give another one with -o.")
    write(options.file, page, title=options.title, space=space, metric=options.metric)
    print(page)
    if options.open:
        webbrowser.open(Path(page).absolute().as_uri())
    return 0


def _serve(options: argparse.Namespace, space: Any) -> int:
    follower = Follower(options.file, space=space, metric=options.metric, title=options.title)
    build_page(
        follower.state().payload
    )  # what is missing for a page is said now, and not to a browser
    with make_server(follower, options.port or 0) as server, suppress(KeyboardInterrupt):
        print(f"{options.file} is shown at {server.address} (Ctrl-C ends it)", flush=True)
        if options.open:
            webbrowser.open(server.address)
        server.serve_forever(poll_interval=0.2)
    print("Ended.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
