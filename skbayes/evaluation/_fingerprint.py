"""A digest of an object's content: equal in every process, and different when the content is.

joblib's hash would do for arrays, but depends on which objects are shared, on caches inside sparse matrices and on
the state of numpy's global generator inside a frozen distribution, and it knows a function by name alone.
"""

import re
import sysconfig
from collections.abc import Callable, Mapping
from hashlib import blake2b
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import scipy.sparse

__all__ = ["BY_NAME", "fingerprint"]

# What a digest begins with if some part could be told by its name only.
BY_NAME = "~"

_ATOMS = {bool, int, float, complex, str, bytes, type(None)}
# 128 bits: no two will meet by chance, and a header stays short.
_N_BYTES = 16
# Arrays on disk are read in pieces of about so many bytes.
_PIECE = 1 << 24
# Attributes that say nothing about what an estimator computes.
_NOT_CONTENT = {"_skl_callbacks", "_sklearn_version"}
_LIBRARIES = tuple(
    path for name, path in sysconfig.get_paths().items() if name in ("stdlib", "purelib", "platlib")
)


def fingerprint(obj: Any) -> str:
    """Return a digest of an object's content.

    Parameters
    ----------
    obj : object
        Data, estimators, functions, containers of them: anything.

    Returns
    -------
    digest : str
        32 hexadecimal digits; before them ``"~"`` if a part of the object cannot be looked into (a lock, an open
        file, an object that cannot be pickled) and counts by the name of its type and its repr.

    Notes
    -----
    Arrays, sparse matrices and data frames count by their values and types, not by their order in memory; containers
    by their entries, sets and dicts in any order; functions of the user by their code, defaults and enclosed
    variables, those of installed packages by their name; classes by name; other objects by their state, as
    pickle would write it.
    """
    digest = _Digest()
    digest.add(obj)
    return digest.text()


class _Digest:
    """Content is added in one stream; every entry says its kind first, so that no two can be mixed up."""

    def __init__(self) -> None:
        self._hash = blake2b(digest_size=_N_BYTES)
        self._above: list[int] = []
        self.is_exact = True

    def text(self) -> str:
        return ("" if self.is_exact else BY_NAME) + self._hash.hexdigest()

    def add(self, obj: Any) -> None:
        if type(obj) in _ATOMS:
            self._atom(type(obj).__name__, obj)
            return
        if id(obj) in self._above:  # a circle: how far up it leads
            self._atom("circle", len(self._above) - self._above.index(id(obj)))
            return
        self._above.append(id(obj))
        try:
            self._compound(obj)
        finally:
            self._above.pop()

    def _atom(self, kind: str, value: Any) -> None:
        if isinstance(value, bytes):
            data = value
        else:
            text = value if isinstance(value, str) else repr(value)
            data = text.encode("utf-8", "surrogatepass")
        self._hash.update(f"{kind}:{len(data)}:".encode())
        self._hash.update(data)

    def _sequence(self, kind: str, entries: Any) -> None:
        entries = list(entries)
        if set(map(type, entries)) <= _ATOMS:  # fast, for data in lists; the repr tells types
            self._atom(f"plain {kind}", repr(entries))
            return
        self._atom(kind, len(entries))
        for entry in entries:
            self.add(entry)

    def _unordered(self, kind: str, entries: Any) -> None:
        digests = sorted(self._aside(entry) for entry in entries)
        self._sequence(kind, digests)

    def _aside(self, obj: Any) -> str:
        part = _Digest()
        part._above = self._above
        part.add(obj)
        self.is_exact &= part.is_exact
        return part.text()

    def _compound(self, obj: Any) -> None:
        add = next((add for is_kind, add in _KINDS if is_kind(obj)), _Digest._state)
        try:
            add(self, obj)
        except Exception:  # code of others, which may raise anything
            self._by_name(obj)

    def _state(self, obj: Any) -> None:
        """Add an object as pickle would rebuild it; it raises if that cannot be."""
        if hasattr(obj, "get_params") and hasattr(obj, "__dict__"):
            content = {k: v for k, v in vars(obj).items() if k not in _NOT_CONTENT}
            self._sequence("estimator", [type(obj), content])
            return
        parts = obj.__reduce_ex__(4)
        if isinstance(parts, str):
            self._atom("global", f"{type(obj).__module__}.{parts}")
            return
        # The last two parts iterate over the items of a list and of a dict.
        parts = [list(part) if hasattr(part, "__next__") else part for part in parts]
        self._sequence("object", parts)

    def _by_name(self, obj: Any) -> None:
        self.is_exact = False
        try:
            text = re.sub(r" at 0x[0-9a-fA-F]+", "", repr(obj))
        except Exception:  # a broken repr
            text = ""
        self._atom("name", f"{_name(type(obj))} {text}")

    def _array(self, array: np.ndarray) -> None:
        self._atom("array", f"{array.dtype} {array.shape}")
        if array.dtype.hasobject:
            self._sequence("objects", array.ravel().tolist())
            return
        rows = np.atleast_1d(array)
        step = max(_PIECE * len(rows) // max(rows.nbytes, 1), 1)
        for start in range(0, len(rows), step):
            self._hash.update(np.ascontiguousarray(rows[start : start + step]).tobytes())

    def _sparse(self, matrix: Any) -> None:
        # Coordinates, sorted and summed: the caches and the order inside one format play no part.
        summed = matrix.tocsr(copy=True)
        summed.sum_duplicates()
        self._sequence(
            type(matrix).__name__,
            [
                matrix.shape,
                summed.data,
                summed.indices.astype(np.int64),
                summed.indptr.astype(np.int64),
            ],
        )

    def _frame(self, frame: Any) -> None:
        columns = [frame.iloc[:, j] for j in range(frame.shape[1])]
        self._sequence(_name(type(frame)), [list(frame.columns), np.asarray(frame.index)])
        for column in columns:
            self._sequence("column", [str(column.dtype), np.asarray(column)])

    def _series(self, series: Any) -> None:
        self._sequence(
            _name(type(series)),
            [series.name, np.asarray(series.index), str(series.dtype), np.asarray(series)],
        )

    def _function(self, function: Any) -> None:
        self._atom("function", _name(function))
        if not function.__code__.co_filename.startswith(_LIBRARIES):
            cells = [_cell(cell) for cell in function.__closure__ or ()]
            parts = [function.__code__, function.__defaults__, function.__kwdefaults__, cells]
            self._sequence("code", parts)

    def _code(self, code: CodeType) -> None:
        # Neither the file nor the line numbers: moving a function does not change it.
        self._sequence(
            "code",
            [code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_consts],
        )


def _cell(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None


def _name(obj: Any) -> str:
    return (
        f"{getattr(obj, '__module__', None)}.{getattr(obj, '__qualname__', type(obj).__qualname__)}"
    )


def _is_frozen_distribution(obj: Any) -> bool:
    return all(hasattr(obj, name) for name in ("dist", "args", "kwds"))


def _is_frame(obj: Any) -> bool:
    return all(hasattr(obj, name) for name in ("iloc", "columns", "index", "shape"))


def _is_series(obj: Any) -> bool:
    return all(hasattr(obj, name) for name in ("iloc", "name", "index", "dtype"))


def _of(*kinds: type) -> Callable[[Any], bool]:
    return lambda obj: type(obj) in kinds


_KINDS: list[tuple[Callable[[Any], bool], Callable[[_Digest, Any], None]]] = [
    (lambda obj: isinstance(obj, type), lambda d, obj: d._atom("class", _name(obj))),
    (_of(list, tuple), lambda d, obj: d._sequence(type(obj).__name__, obj)),
    (_of(dict), lambda d, obj: d._unordered("dict", [(k, v) for k, v in obj.items()])),
    (_of(set, frozenset), lambda d, obj: d._unordered(type(obj).__name__, obj)),
    (lambda obj: isinstance(obj, np.ma.MaskedArray),
     lambda d, obj: d._sequence("masked", [obj.filled(0), np.ma.getmaskarray(obj)])),
    (lambda obj: isinstance(obj, np.ndarray), _Digest._array),
    (lambda obj: isinstance(obj, np.generic), lambda d, obj: d._array(np.asarray(obj))),
    (scipy.sparse.issparse, _Digest._sparse),
    (_is_frame, _Digest._frame),
    (_is_series, _Digest._series),
    (_of(FunctionType), _Digest._function),
    (_of(CodeType), _Digest._code),
    (_of(BuiltinFunctionType, np.ufunc), lambda d, obj: d._atom("builtin", _name(obj))),
    (_of(MethodType), lambda d, obj: d._sequence("method", [obj.__func__, obj.__self__])),
    (_of(ModuleType), lambda d, obj: d._atom("module", obj.__name__)),
    (_is_frozen_distribution, lambda d, obj: d._sequence(_name(type(obj)), [obj.dist.name, obj.args, obj.kwds])),
    (_of(np.dtype), lambda d, obj: d._atom("dtype", obj.str)),
    (lambda obj: isinstance(obj, Mapping) and not hasattr(obj, "__dict__"),
     lambda d, obj: d._unordered(_name(type(obj)), list(obj.items()))),
]  # fmt: skip
