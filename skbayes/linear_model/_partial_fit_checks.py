"""The checks of a call of `partial_fit`: its rows, its classes, the number of all rows, and its solver."""

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.utils.validation import column_or_1d

from ..exceptions import IncompatibleModelError
from ..solvers import SOLVERS, StochasticSolver

__all__ = [
    "by_rows",
    "check_total",
    "classes_of",
    "needs_all_rows",
    "other_solver",
    "refuse_each_row",
]

Array = NDArray[Any]


def needs_all_rows(solver: Any, likelihood: Any) -> IncompatibleModelError:
    names = [name for name, kind in SOLVERS.items() if issubclass(kind, StochasticSolver)]
    return IncompatibleModelError(
        f"partial_fit sees some rows at a time, and solver={solver!r} needs all of them for likelihood "
        f"{likelihood!r}. Use solver='auto' or one of {', '.join(map(repr, names))}."
    )


def other_solver(before: str, now: str) -> str:
    return (
        f"partial_fit began with {before} and now has {now}: what is kept of the rows so far does not serve both. "
        "Begin again with a clone, or keep the solver."
    )


def check_total(n_total: Any) -> None:
    """Refuse a number of rows that is none."""
    is_number = isinstance(n_total, Real) and not isinstance(n_total, bool)
    if n_total is not None and not (is_number and 0 < float(n_total) < np.inf):
        raise ValueError(
            f"n_total must be a positive number of rows, or None for those seen so far; got {n_total!r}."
        )


def by_rows(X: Any) -> Any:
    """Return X in an order in which taking rows costs no more than the rows."""
    return X.tocsr() if sparse.issparse(X) else np.ascontiguousarray(X)


def classes_of(model: Any, classes: ArrayLike | None, y: Array, is_first: bool) -> Array:
    """Return all classes, sorted."""
    name = type(model).__name__
    if is_first and classes is None and not hasattr(model, "classes_"):  # those of a fit will do
        raise ValueError(
            f"{name}.partial_fit needs classes= in the first call: the labels of all classes, also of those "
            "that come later."
        )
    given = model.classes_ if classes is None else np.unique(column_or_1d(classes))
    if not is_first and not np.array_equal(given, model.classes_):
        raise ValueError(
            f"classes={given.tolist()!r} are not those of the first call, {model.classes_.tolist()!r}. "
            "Give the same, or none."
        )
    unknown = np.setdiff1d(y, given)
    if unknown.size:
        raise ValueError(
            f"y has the classes {unknown.tolist()!r}, which are not among classes={given.tolist()!r}. "
            "Give all classes in the first call of partial_fit."
        )
    return given


def refuse_each_row(model: Any, verb: str) -> None:
    """Refuse arguments that need each row, of which sums or expansions remain.

    Raises
    ------
    IncompatibleModelError
        If there is one.
    """
    for name, value in (("posterior", "bootstrap"), ("covariance", "robust"), ("tune", "loo")):
        given = getattr(model, name, None)
        if isinstance(given, str) and given == value:
            raise IncompatibleModelError(
                f"{verb} keeps sums of the rows, and {name}={value!r} needs the rows themselves. "
                f"Set another {name}, or fit to all rows."
            )
