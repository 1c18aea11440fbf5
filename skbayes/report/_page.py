"""The page itself: template, style, scripts and payload in one text that needs nothing else.

The only code that a browser runs on it are the scripts whose digests are in its Content-Security-Policy, and it may
load nothing: a text of the user's that were taken for markup could do nothing.
"""

import base64
import hashlib
import html
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from ._json import dumps

__all__ = ["build_page"]

# In the order in which they need each other.
_SCRIPTS = (
    "_text.js",
    "_filter.js",
    "_table.js",
    "_plot.js",
    "_timeline.js",
    "_lines.js",
    "_page.js",
)


def build_page(payload: Mapping[str, Any], *, live: str | None = None) -> str:
    """Return the page as HTML.

    Parameters
    ----------
    payload : mapping
        What `report_data` returns.
    live : str, default=None
        A further script, which may ask the server that the page came from. None: the page asks nobody.

    Returns
    -------
    page : str
        With ``\\n`` as line ends, of which the digests depend.

    Raises
    ------
    ImportError
        Without plotly.
    """
    # A name from the system may have surrogates, which UTF-8 has not.
    title = str(payload["title"]).encode("utf-8", "replace").decode()
    own = "\n".join(_asset(name) for name in _SCRIPTS)
    scripts = {"plotly": _plotly(), "script": f'(function () {{\n"use strict";\n{own}\n}})();'}
    if live is not None:
        scripts["live"] = live
    scripts = {name: _inside_script(text) for name, text in scripts.items()}
    entries = {
        "policy": _policy(list(scripts.values()), may_connect=live is not None),
        "title": html.escape(title),
        "style": _asset("_page.css"),
        "payload": dumps(payload),
        "plotly": scripts["plotly"],
        "script": scripts["script"],
        "live": "" if live is None else f"<script>{scripts['live']}</script>",
    }
    # In one pass: what is put in is not looked at again.
    return re.sub(r"\{\{(\w+)\}\}", lambda found: entries[found[1]], _asset("_page.html"))


def _asset(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8").replace("\r\n", "\n")


def _plotly() -> str:
    try:
        from plotly.offline import get_plotlyjs
    except ImportError as error:
        raise ImportError(
            "The report needs plotly, whose script it puts into the page, and it is not installed. Run: pip install "
            "plotly"
        ) from error
    return str(get_plotlyjs()).replace("\r\n", "\n").replace("\r", "\n")


def _inside_script(text: str) -> str:
    """Return a script that no text in it ends early; in a string or an expression ``\\/`` is ``/``."""
    return re.sub(r"<(?=/script|!--)", r"\\x3c", text, flags=re.IGNORECASE)


def _policy(scripts: list[str], *, may_connect: bool) -> str:
    digests = " ".join(f"'sha256-{_digest(text)}'" for text in scripts)
    rules = [
        "default-src 'none'",
        f"script-src {digests}",
        # plotly writes a style sheet of its own; styles can load nothing here.
        "style-src 'unsafe-inline'",
        # Pictures saved by the reader are made from these.
        "img-src data: blob:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return "; ".join(rules + ["connect-src 'self'"] * may_connect)


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
