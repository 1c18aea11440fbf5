"""A payload as JSON that a browser reads and that may stand inside a page, whatever its texts are."""

import json
import math
from typing import Any

__all__ = ["dumps"]

# In a <script> element only these could end it, or begin another; in JSON they stand in texts alone.
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def dumps(payload: Any) -> str:
    """Return JSON in ASCII, without ``<``, ``>`` and ``&``; nan is null, an infinity a text ``"inf"`` or ``"-inf"``.

    ASCII means that no encoding, and no line separator that scripts know and JSON does not, can break it.
    """
    text = json.dumps(_finite(payload), ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for character, escape in _ESCAPES.items():
        text = text.replace(character, escape)
    return text


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value
