"""How to repeat a search: the versions in use, and the code that makes it."""

import importlib
import os
import platform
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from .._version import __version__
from ._cells import one_line
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
    lines = [*_imports(search), "", f"search = {_source(search)}", "search.fit(X, y)"]
    return {"code": "\n".join(lines), "notes": _notes(search)}


def _source(estimator: Any) -> str:
    """The repr in full; scikit-learn cuts it after 700 characters."""
    try:
        return str(estimator.__repr__(N_CHAR_MAX=sys.maxsize))
    except Exception:  # no estimator of scikit-learn's, or a broken repr among its parameters
        return one_line(estimator)


def _imports(search: Any) -> list[str]:
    """Import lines for the classes that the repr names."""
    found: dict[str, set[str]] = {}
    for value in _parts(search):
        kind = type(value)
        module = _public_module(kind)
        if module is not None:
            found.setdefault(module, set()).add(kind.__name__)
    return [f"from {module} import {', '.join(sorted(found[module]))}" for module in sorted(found)]


def _parts(value: Any, depth: int = 6) -> Iterable[Any]:
    """The parameter objects in a value: in its parameters, and in lists, tuples and dicts."""
    if depth == 0:
        return
    if hasattr(value, "get_params") and not isinstance(value, type):
        yield value
        try:
            inner: Iterable[Any] = value.get_params(deep=False).values()
        except Exception:  # one that is not finished
            return
    elif isinstance(value, dict):
        inner = value.values()
    elif isinstance(value, list | tuple):
        inner = value
    else:
        return
    for each in inner:
        yield from _parts(each, depth - 1)


def _public_module(kind: type) -> str | None:
    """The module from which a user imports a class; None for one of the user's own main program."""
    parts = kind.__module__.split(".")
    if parts[0] in ("__main__", "builtins"):
        return None
    public = [
        part for k, part in enumerate(parts) if not any(p.startswith("_") for p in parts[: k + 1])
    ]
    for n in range(1, len(public) + 1):
        name = ".".join(public[:n])
        # From the top: `from skbayes import BayesSearchCV` rather than from its room.
        if getattr(importlib.import_module(name), kind.__name__, None) is kind:
            return name
    return kind.__module__


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
    if "<" in _source(search):
        notes.append(
            "What stands between < and > has no code: it is an object of your own program."
        )
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
