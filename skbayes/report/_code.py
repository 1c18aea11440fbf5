"""The code that makes a search again: its repr, what Python cannot read of it replaced, and the imports it needs.

The repr of an estimator is code but for a few kinds of value: frozen distributions of scipy, functions, and paths.
These are found among its parameters, and their reprs in it replaced by code.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import PurePath
from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np

from ._cells import one_line

__all__ = ["Code", "code_of"]

# Estimators inside estimators inside lists; beyond this depth there is nothing but a circle.
_DEEPEST = 8
# Names in the reprs of numpy, which do not say where they are from.
_NUMPY = {"array", "nan", "inf"}


class Code:
    """Code of an object.

    Parameters
    ----------
    text : str
        An expression, if `is_whole`.
    imports : list of str
        Lines to run before.
    unknown : list of str
        Names in it that can be imported from nowhere: they are of the user's own program.
    is_whole : bool
        Whether Python can read it.
    """

    def __init__(self, text: str, imports: list[str], unknown: list[str], is_whole: bool) -> None:
        self.text = text
        self.imports = imports
        self.unknown = unknown
        self.is_whole = is_whole


def code_of(estimator: Any) -> Code:
    """Return the code of an estimator."""
    text = _repr(estimator)
    homes: dict[str, str] = dict.fromkeys(_NUMPY, "numpy")
    for value in _values(estimator):
        name, module, code = _named(value)
        if code is not None:
            text = text.replace(repr(value), code)
        if name is not None and module is not None:
            homes.setdefault(name, module)
    names = _names_in(text)
    is_whole = names is not None
    if names is None:
        text = re.sub(r" at 0x[0-9a-fA-F]+", "", text)
        names = {name for name in homes if f"{name}(" in text}
    by_module: dict[str, list[str]] = {}
    for name in sorted(names & homes.keys()):
        by_module.setdefault(homes[name], []).append(name)
    imports = [
        f"from {module} import {', '.join(by_module[module])}" for module in sorted(by_module)
    ]
    if "np" in names or "np." in text:
        imports.insert(0, "import numpy as np")
    return Code(text, imports, sorted(names - homes.keys() - {"np"}), is_whole)


def _names_in(text: str) -> set[str] | None:
    """The names that an expression uses; None if it is none."""
    try:
        nodes = list(ast.walk(ast.parse(text, mode="eval")))
    except (SyntaxError, ValueError, RecursionError):
        return None
    return {node.id for node in nodes if isinstance(node, ast.Name)}


def _repr(estimator: Any) -> str:
    """The repr in full; scikit-learn cuts it after 700 characters."""
    try:
        return str(estimator.__repr__(N_CHAR_MAX=sys.maxsize))
    except Exception:  # no estimator of scikit-learn's, or a broken repr among its parameters
        return one_line(estimator, None)


def _values(value: Any, depth: int = _DEEPEST) -> Iterator[Any]:
    """A value, and the values in its parameters, lists, tuples and dicts."""
    yield value
    if depth == 0:
        return
    inner: Any = ()
    if isinstance(value, dict):
        inner = value.values()
    elif isinstance(value, list | tuple):
        inner = value
    elif hasattr(value, "get_params") and not isinstance(value, type):
        try:
            inner = value.get_params(deep=False).values()
        except Exception:  # one that is not finished
            inner = ()
    for each in list(inner):
        yield from _values(each, depth - 1)


def _named(value: Any) -> tuple[str | None, str | None, str | None]:
    """The name that the code of a value uses, the module to import it from, and what to write for its repr."""
    if isinstance(value, PurePath):
        return "Path", "pathlib", f"Path({str(value)!r})"
    if isinstance(value, np.ufunc):
        return value.__name__, _home(value, value.__name__, "numpy"), value.__name__
    if isinstance(value, FunctionType | BuiltinFunctionType | type):
        name = value.__name__
        home = _home(value, name, value.__module__)
        return name, home, name if name.isidentifier() else None
    of_scipy = getattr(getattr(value, "dist", None), "name", None)
    if isinstance(of_scipy, str) and hasattr(value, "args") and hasattr(value, "kwds"):
        given = [*map(repr, value.args), *(f"{key}={each!r}" for key, each in value.kwds.items())]
        return of_scipy, _home(None, of_scipy, "scipy.stats"), f"{of_scipy}({', '.join(given)})"
    kind = type(value)
    return kind.__name__, _home(kind, kind.__name__, kind.__module__), None


def _home(value: Any, name: str, module: str | None) -> str | None:
    """The shortest public module that has a value under a name, as a user would import it; None if there is none."""
    parts = (module or "__main__").split(".")
    if parts[0] in ("__main__", "builtins"):
        return None
    public = next((k for k, part in enumerate(parts) if part.startswith("_")), len(parts))
    for n in [*range(1, public + 1), len(parts)]:
        path = ".".join(parts[:n])
        # Only what is loaded already: writing a page imports nothing.
        found = getattr(sys.modules.get(path), name, None)
        if found is not None and (value is None or found is value):
            return path
    return None
