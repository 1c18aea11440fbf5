"""The lines of a journal as bytes: strict JSON with a checksum at the end, so that damage is seen.

A line is ``{...,"crc":"1a2b3c4d"}`` and a line feed. The checksum is the CRC-32 of all before it, started
from the checksum of the header: a line that strayed in from another journal does not pass.
"""

import json
import math
import zlib
from typing import Any

from ._unit import Scores

__all__ = [
    "Damage",
    "is_count",
    "line_checksum",
    "number_from_json",
    "number_to_json",
    "require",
    "scores_from_json",
    "scores_to_json",
    "seal",
    "unseal",
]

_SEAL = b',"crc":"'
_N_SEAL = len(_SEAL) + 8 + len(b'"}')
# JSON has no numbers for these; `float` reads the words.
_NOT_FINITE = ("nan", "inf", "-inf")


class Damage(ValueError):
    """A line is not what was written; the message says how, in a few words."""


def seal(content: dict[str, Any], start: int = 0) -> bytes:
    """Return the line of a JSON object.

    Parameters
    ----------
    content : dict
        At least one entry; strict JSON, no nan.
    start : int, default=0
        Checksum of the header; 0 for the header itself.

    Returns
    -------
    line : bytes
        ASCII with one line feed, at the end.
    """
    body = json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")[:-1]
    return body + _SEAL + b"%08x" % zlib.crc32(body, start) + b'"}\n'


def line_checksum(line: bytes) -> int:
    """Return the checksum that a sealed line carries."""
    return int(line.rstrip(b"\r\n")[-len('1a2b3c4d"}') : -len('"}')], 16)


def unseal(line: bytes, start: int = 0) -> dict[str, Any]:
    """Return the JSON object of a line, without its checksum.

    Parameters
    ----------
    line : bytes
        Without the line feed.
    start : int, default=0
        Checksum of the header; 0 for the header itself.

    Returns
    -------
    content : dict
        What `seal` got.

    Raises
    ------
    Damage
        If the line is no JSON object or the checksum does not fit.
    """
    body, end = line[:-_N_SEAL], line[-_N_SEAL:]
    if not body.startswith(b"{") or not end.startswith(_SEAL) or not end.endswith(b'"}'):
        raise Damage("no JSON object with a checksum at the end")
    if end != _SEAL + b"%08x" % zlib.crc32(body, start) + b'"}':
        raise Damage("the checksum does not fit")
    try:
        content = json.loads(body + b"}", parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Damage(f"no JSON: {error}") from None
    assert isinstance(content, dict)  # it begins with a brace
    return content


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no strict JSON")


def number_to_json(value: Any) -> int | float | str:
    """Return a number as JSON has it; ``"nan"``, ``"inf"`` and ``"-inf"`` are words."""
    if isinstance(value, int):
        return int(value)  # a bool too
    value = float(value)
    return value if math.isfinite(value) else str(value)


def number_from_json(value: Any) -> int | float:
    """Return the number; an error if it is none."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value in _NOT_FINITE:
        return float(value)
    raise Damage(f"{value!r} is no number")


def scores_to_json(scores: Scores | None) -> Any:
    """Return one score, a dict of them or None as JSON."""
    if scores is None:
        return None
    if isinstance(scores, dict):
        return {name: number_to_json(score) for name, score in scores.items()}
    return number_to_json(scores)


def scores_from_json(value: Any) -> Scores:
    """Return one score or a dict of them; an error if it is neither."""
    if isinstance(value, dict):
        return {name: number_from_json(score) for name, score in value.items()}
    return number_from_json(value)


def is_count(value: Any) -> bool:
    """Whether a JSON value is a whole number, not negative."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def require(is_right: bool, name: str, value: Any) -> None:
    """Raise `Damage` if an entry is not what it must be."""
    if not is_right:
        raise Damage(f"{name} is {value!r}")
