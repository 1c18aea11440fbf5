"""Parameters as JSON: plain values as they are, any other object by its position in the choices of its parameter.

    {"C": 0.1, "kernel": "rbf", "clf": {"choice": 2, "shown": "LogisticRegression(C=10)"}, "gap": {"float": "nan"}}

An object that is in no list of choices (drawn by a distribution of the user's own) is known by its fingerprint, and
can be found again but not read back. Nothing here can run code.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..evaluation import fingerprint
from ..exceptions import JournalError
from ..space import Categorical, Space

__all__ = ["JournalCodec", "codec_of_candidates", "codec_of_lists", "codec_of_spaces", "readable"]

_PLAIN = (bool, int, float, str, type(None))
_MAX_SHOWN = 60


class JournalCodec:
    """Parameters of one search as JSON and back.

    Parameters
    ----------
    argument : str
        The argument of the search that holds the choices; messages say it.
    content : object
        What must be the same for positions to mean the same: it enters the fingerprint.
    choices : iterable of (str, iterable)
        Possible values of a parameter; only objects that JSON has not are of interest.
    """

    def __init__(
        self, argument: str, content: Any, choices: Iterable[tuple[str, Iterable[Any]]]
    ) -> None:
        self.argument = argument
        self.content = content
        self._choices: dict[str, list[Any]] = {}
        self._digests: dict[str, list[str]] = {}
        for name, values in choices:
            for value in map(_native, values):
                if type(value) not in _PLAIN and self._position(name, value) is None:
                    self._choices.setdefault(name, []).append(value)
                    self._digests.setdefault(name, []).append(fingerprint(value))

    def encode(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters as JSON, equal for equal parameters."""
        return {name: self._to_json(name, _native(value)) for name, value in params.items()}

    def decode(self, view: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters: the user's own objects."""
        return {name: self._from_json(name, value) for name, value in view.items()}

    @property
    def objects(self) -> dict[str, list[tuple[Any, str, str]]]:
        """The objects among the choices of each parameter, by position: itself, its fingerprint, its repr."""
        return {
            name: [(value, digest, _shown(value)) for value, digest in zip(values, self._digests[name], strict=True)]
            for name, values in self._choices.items()
        }  # fmt: skip

    def _to_json(self, name: str, value: Any) -> Any:
        if type(value) is float and not math.isfinite(value):
            return {"float": str(value)}
        if type(value) in _PLAIN:
            return value
        position = self._position(name, value)
        key = {"object": fingerprint(value)} if position is None else {"choice": position}
        return {**key, "shown": _shown(value)}

    def _from_json(self, name: str, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        if value.get("float") in ("nan", "inf", "-inf"):
            return float(value["float"])
        choices, position = self._choices.get(name, []), value.get("choice")
        if isinstance(position, int) and 0 <= position < len(choices):
            return choices[position]
        raise JournalError(
            f"The journal has {name}={readable(value)!r}, and {self.argument} has {len(choices)} objects for {name}. "
            f"Give the {self.argument} of the search that wrote the journal."
        )

    def _position(self, name: str, value: Any) -> int | None:
        """Return where an object is: the very same one, or one of equal content."""
        choices = self._choices.get(name, [])
        for k, choice in enumerate(choices):
            if choice is value:
                return k
        digest = fingerprint(value) if choices else "~"
        # A digest by name is no proof of equality.
        return None if digest.startswith("~") else _index(self._digests[name], digest)


def codec_of_spaces(argument: str, spaces: Sequence[Space]) -> JournalCodec:
    """Return the codec of a search over design spaces.

    Parameters
    ----------
    argument : str
        The argument that holds them.
    spaces : sequence of Space
        One for each budget.

    Returns
    -------
    codec : JournalCodec
        Constraints are no part of its content: they change what is proposed and not what it means.
    """
    content = [
        (space.names, [(type(d), d.get_params(deep=False)) for d in space.dimensions])
        for space in spaces
    ]
    choices = [
        (name, dimension.categories)
        for space in spaces
        for name, dimension in zip(space.names, space.dimensions, strict=True)
        if name is not None and isinstance(dimension, Categorical)
    ]
    return JournalCodec(argument, content, choices)


def codec_of_lists(argument: str, given: Any) -> JournalCodec:
    """Return the codec of a grid, or of distributions and lists to draw from.

    Parameters
    ----------
    argument : str
        The argument that holds them.
    given : mapping or sequence of mapping
        Its value: names, and lists or distributions.

    Returns
    -------
    codec : JournalCodec
        What a distribution draws is known by its content if JSON has it not.
    """
    parts = [given] if isinstance(given, Mapping) else list(given)
    choices = [
        (name, values)
        for part in parts
        for name, values in part.items()
        if isinstance(values, Sequence | np.ndarray) and not isinstance(values, str)
    ]
    return JournalCodec(argument, parts, choices)


def codec_of_candidates(argument: str, candidates: Iterable[Mapping[str, Any]]) -> JournalCodec:
    """Return the codec of an explicit list of candidates.

    Parameters
    ----------
    argument : str
        The argument that holds them.
    candidates : iterable of mapping
        The candidates.

    Returns
    -------
    codec : JournalCodec
        Only the objects among the values are its content: candidates with plain values may come and go.
    """
    choices = [(name, [value]) for params in candidates for name, value in params.items()]
    codec = JournalCodec(argument, None, choices)
    codec.content = codec._choices
    return codec


def readable(value: Any) -> Any:
    """Return a JSON value without the choices: numbers, and a text ``"<2: SVC()>"`` for an object."""
    if not isinstance(value, Mapping):
        return value
    if value.get("float") in ("nan", "inf", "-inf"):
        return float(value["float"])
    return f"<{value.get('choice', value.get('object'))}: {value.get('shown')}>"


def _native(value: Any) -> Any:
    """Return the Python twin of a numpy scalar, if JSON has it."""
    if isinstance(value, np.generic):
        twin = value.item()
        # A datetime64 may become a bare integer.
        return twin if type(twin) in _PLAIN and value.dtype.kind in "biufU" else value
    return value


def _shown(value: Any) -> str:
    try:
        text = " ".join(re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value)).split())
    except Exception:  # a broken repr must not end a search
        text = f"<{type(value).__name__}>"
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 3]}..."


def _index(digests: Sequence[str], digest: str) -> int | None:
    return digests.index(digest) if digest in digests else None
