"""Turn the name of a part into the part: `resolve("ei", ACQUISITIONS)`, `resolve(MyPart(), ...)`."""

from collections.abc import Mapping
from typing import Any

__all__ = ["resolve"]


def resolve(part: Any, registry: Mapping[str, type], what: str) -> Any:
    """Return a new part for a registered name; any other object is the part itself.

    Parameters
    ----------
    part : str or object
        A key of `registry`, or a finished part.
    registry : mapping of str to type
        The names and classes of one room.
    what : str
        What the part is called in the error message, for example ``"surrogate"``.

    Returns
    -------
    part : object
        An instance.

    Raises
    ------
    ValueError
        If `part` is a string that is not registered.
    TypeError
        If `part` is a class and not an instance.
    """
    if isinstance(part, str):
        if part not in registry:
            known = ", ".join(sorted(repr(name) for name in registry))
            raise ValueError(
                f"{what}={part!r} is not known. Choose one of {known}, or give an object."
            )
        return registry[part]()
    if isinstance(part, type):
        raise TypeError(
            f"{what} is the class {part.__name__}; give an instance, {part.__name__}()."
        )
    return part
