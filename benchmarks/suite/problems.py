"""All problems of the suite by name."""

from __future__ import annotations

from collections.abc import Iterable

from .own_functions import OWN_FUNCTIONS
from .own_tasks import OWN_TASKS
from .problem import Problem
from .public_functions import PUBLIC_FUNCTIONS
from .public_tasks import PUBLIC_TASKS

__all__ = ["GROUPS", "PROBLEMS", "named"]

_PUBLIC: tuple[Problem, ...] = PUBLIC_TASKS + PUBLIC_FUNCTIONS
_OWN: tuple[Problem, ...] = OWN_TASKS + OWN_FUNCTIONS

PROBLEMS: dict[str, Problem] = {problem.name: problem for problem in _PUBLIC + _OWN}

GROUPS: dict[str, tuple[str, ...]] = {
    "all": tuple(PROBLEMS),
    "public": tuple(problem.name for problem in _PUBLIC),
    "own": tuple(problem.name for problem in _OWN),
    "live": tuple(problem.name for problem in _PUBLIC + _OWN if problem.kind == "live"),
    "synthetic": tuple(problem.name for problem in _PUBLIC + _OWN if problem.kind == "synthetic"),
}


def named(names: Iterable[str]) -> list[str]:
    """Return the problems that names of problems and of groups stand for, each once."""
    chosen: dict[str, None] = {}
    for name in names:
        if name not in GROUPS and name not in PROBLEMS:
            raise SystemExit(
                f"There is no problem {name!r}. Choose from the groups {', '.join(GROUPS)} and the "
                f"problems {', '.join(PROBLEMS)}."
            )
        chosen.update(dict.fromkeys(GROUPS.get(name, (name,))))
    return list(chosen)
