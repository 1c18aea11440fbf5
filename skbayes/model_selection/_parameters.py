"""Checks of parameter names against the estimator, made before anything is fitted."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from sklearn.base import clone

__all__ = ["check_parameter_names"]


def check_parameter_names(estimator: Any, names: Iterable[str], argument: str) -> None:
    """Refuse parameters that the estimator cannot have.

    Parameters
    ----------
    estimator : estimator object
        Whose parameters are searched; not changed.
    names : iterable of str
        As for `set_params`, such as ``"svc__C"``.
    argument : str
        The search's argument that holds the names, for the message.

    Raises
    ------
    ValueError
        If `set_params` refuses a name.
    TypeError
        If a name is no string.
    """
    names = list(names)
    known = estimator.get_params(deep=True)
    searched = set(names)
    for name in names:
        if not isinstance(name, str):
            raise TypeError(
                f"{argument} has the parameter name {name!r} ({type(name).__name__}). "
                "Names are strings, as in estimator.set_params."
            )
        if name in known or _has_searched_parent(name, searched):
            continue
        try:
            # Some estimators take parameters that get_params does not list: ask set_params itself.
            clone(estimator).set_params(**{name: None})
        except (ValueError, AttributeError, TypeError) as error:
            raise ValueError(
                f"{argument} names the parameter {name!r}, which the estimator does not have. "
                f"{_hint(name, known)}{error}"
            ) from error


def _hint(name: str, known: Iterable[str]) -> str:
    """Return which parameters were probably meant, and a blank; empty if there are none like it."""
    known = list(known)
    # The step that was forgotten or misspelt: 'C' or 'svm__C' for 'svc__C'. set_params lists the outermost names only.
    last = name.rsplit("__", 1)[-1].lower()
    alike = [other for other in known if other.rsplit("__", 1)[-1].lower() == last]
    meant = get_close_matches(name, alike, n=3, cutoff=0.0) or get_close_matches(name, known, n=3)
    return f"Did you mean {' or '.join(map(repr, meant))}? " if meant else ""


def _has_searched_parent(name: str, searched: set[str]) -> bool:
    # "clf__C" where "clf" is searched too: which parameters there are depends on the candidate.
    parts = name.split("__")
    return any("__".join(parts[:k]) in searched for k in range(1, len(parts)))
