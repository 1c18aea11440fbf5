"""Where results are kept unless a script is told another place, and how their lines are read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["RESULTS", "read_lines"]

# Git ignores it.
RESULTS = Path(__file__).parents[1] / "results" / "suite"


def read_lines(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of all files of JSON lines in a folder; a last line cut short is left out."""
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                print(f"{path}: a line that is no JSON was left out")
