"""How to repeat a search: the versions in use, and the code that makes it."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from .._version import __version__
from ._code import Code, code_of
from ._material import Material

__all__ = ["environment", "reproduce"]

_PACKAGES = ("numpy", "scipy", "scikit-learn", "joblib", "pandas", "numba", "threadpoolctl")


def environment(material: Material) -> list[list[str]]:
    """Return names and values: those of this process, which may be another than that of the search."""
    rows = [["skbayes", __version__], ["Python", platform.python_version()]]
    for name in _PACKAGES:
        try:
            rows.append([name, version(name)])
        except PackageNotFoundError:
            continue
    rows.append(["platform", platform.platform()])
    rows.append(["processor cores", str(os.cpu_count())])
    if material.header is not None and material.header.skbayes:
        rows.append(["skbayes that began the journal", material.header.skbayes])
        rows.append(["journal begun", f"{material.header.created[:16].replace('T', ' ')} UTC"])
    return rows


def reproduce(material: Material) -> dict[str, Any]:
    """Return the code of the search, and remarks on what it takes to get the same result."""
    search = material.search
    if search is None:
        return {"code": _loading_code(material), "notes": _journal_notes(material)}
    code = code_of(search)
    lines = [*code.imports, "", f"search = {code.text}", "search.fit(X, y)"]
    return {"code": "\n".join(lines).lstrip(), "notes": [*_notes(search), *_gaps(code)]}


def _gaps(code: Code) -> list[str]:
    """What the code leaves to the reader."""
    gaps = []
    if code.unknown:
        gaps.append(
            f"The code does not import {', '.join(code.unknown)}: they are of your own program."
        )
    if not code.is_whole:
        gaps.append(
            "Python cannot read all of the code: an object in it has none. Put your own in its place."
        )
    return gaps


def _notes(search: Any) -> list[str]:
    notes = []
    random_state = getattr(search, "random_state", 0)
    if random_state is None and hasattr(search, "random_state"):
        notes.append(
            "random_state is None: another run proposes other candidates. Give an integer to repeat the search."
        )
    elif random_state is not None and not isinstance(random_state, int):
        notes.append(
            "random_state is a generator: its state at the start of the search is not known here."
        )
    if getattr(search, "asynchronous", False):
        notes.append(
            "asynchronous=True: which candidates are proposed depends on which fit ends first."
        )
    if getattr(search, "time_budget", None) is not None:
        notes.append("time_budget is in seconds: a faster machine evaluates more candidates.")
    journal = getattr(search, "journal", None)
    if journal is not None:
        notes.append(
            f"The journal {os.fspath(journal)!r} holds every fold: fit with the same data goes on from there."
        )
    n_features = getattr(search, "n_features_in_", None)
    seen = "" if n_features is None else f" X had {n_features} features."
    notes.append(f"The data are not on this page.{seen}")
    return notes


def _loading_code(material: Material) -> str:
    name = material.source.name
    if material.header is None and not name.endswith(".jsonl"):
        return ""
    return f"from skbayes.model_selection import load_history\n\nhistory = load_history({name!r})"


def _journal_notes(material: Material) -> list[str]:
    header = material.header
    if header is None:
        return ["The page was made from trials alone: they do not say which search they are of."]
    seed = "has no seed of its own" if header.seed is None else f"has the seed {header.seed}"
    return [
        f"The journal is that of a {header.search}, which {seed}.",
        "The same search with journal= set to the file goes on from there: it evaluates only what is not in it.",
    ]
