"""The arrows of the house: who may import whom (DESIGN, section 2), read from the imports themselves."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "skbayes"
# `_fold_pattern` is among them so that who gives a candidate up and who learns from its scores agree on what
# these say of the folds not run.
# `_sklearn` is: parts in every room lead to their documentation by names that are private in scikit-learn.
EVERY_ROOM_MAY = {"exceptions", "_fold_pattern", "_registry", "_sklearn", "_version"}
GROUND = {"posteriors", "_pandas", "_sklearn"}
MAY_IMPORT = {
    "_fold_pattern": set(),
    "_pandas": set(),
    "_registry": set(),
    "_sklearn": set(),
    "_version": set(),
    "exceptions": set(),
    "posteriors": set(),
    "priors": set(),
    "space": set(),
    "surrogates": {"posteriors", "priors"},
    "acquisition": {"posteriors"},
    "optimizer": {"space", "surrogates", "acquisition"} | GROUND,
    "evaluation": {"_sklearn"},
    "model_selection": {"optimizer", "evaluation", "space"} | GROUND,
    "likelihoods": set(),
    # The compiled coordinate descent of scikit-learn is behind its private door.
    "solvers": {"_sklearn"},
    "linear_model": {"likelihoods", "priors", "solvers"} | GROUND,
    "density": {"priors", "solvers"} | GROUND,
    "ensemble": {"solvers", "model_selection"} | GROUND,
    "checks": {
        "priors",
        "likelihoods",
        "solvers",
        "surrogates",
        "acquisition",
        "posteriors",
    },
    "plots": {"linear_model", "model_selection", "optimizer", "space", "posteriors"} | GROUND,
    "report": {"plots", "model_selection", "optimizer", "evaluation", "space"} | GROUND,
    "__init__": {"_version", "density", "linear_model", "model_selection", "optimizer", "space"},
}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def our_imports(path: Path) -> Iterator[tuple[str, int, str]]:
    """Yield (room imported, line, what is wrong with its form)."""
    depth = len(path.relative_to(PACKAGE).parts) - 1
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            if name.split(".")[0] == "skbayes":
                yield name, node.lineno, "imports skbayes by its own name"
        if not isinstance(node, ast.ImportFrom):
            continue
        if node.level == 0 and (node.module or "").split(".")[0] == "skbayes":
            yield node.module or "", node.lineno, "imports skbayes by its own name"
        if node.level == depth + 1:  # leaves the room
            parts = (node.module or node.names[0].name).split(".")
            private = len(parts) > 1 and "imports past the face of a room"
            yield parts[0], node.lineno, private or ""


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_arrow_is_in_the_plan(path):
    room = room_of(path)
    assert room in MAY_IMPORT, f"{room} is a room that the plan does not know"
    allowed = MAY_IMPORT[room] | EVERY_ROOM_MAY
    for target, line, wrong in our_imports(path):
        assert not wrong, f"{path}:{line} {wrong}"
        assert target in allowed, f"{path}:{line} imports {target}"


def test_the_plan_has_no_circle():
    # Rooms can be laid in an order in which each imports earlier ones only.
    left = {room: targets | (EVERY_ROOM_MAY - {room}) for room, targets in MAY_IMPORT.items()}
    left |= {room: set() for room in EVERY_ROOM_MAY}
    while left:
        free = {room for room, targets in left.items() if not targets & left.keys()}
        assert free, f"a circle among {sorted(left)}"
        left = {room: targets for room, targets in left.items() if room not in free}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_private_names_of_sklearn_stay_in_the_gate(path):
    if path.name == "_sklearn.py":
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "sklearn":
            names = (node.module or "").split(".") + [alias.name for alias in node.names]
            private = [name for name in names if name.startswith("_")]
            assert not private, f"{path}:{node.lineno} imports {private} of scikit-learn"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_stay_readable(path):
    n_lines = len(path.read_text(encoding="utf-8").splitlines())
    assert n_lines <= 400, f"{path} has {n_lines} lines: it is doing two things"
