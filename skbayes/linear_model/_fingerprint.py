"""Whether arrays are still what they were: a few entries of each are remembered."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

__all__ = ["Fingerprint"]

Array = NDArray[Any]

# So many entries are remembered of each array: an array changed as a whole (centred, scaled, sorted) differs in one.
_REMEMBERED = 1000


class Fingerprint:
    """Entries of some arrays, evenly spaced.

    Parameters
    ----------
    parts : sequence of array, sparse matrix or None
        The arrays, which are kept by reference.
    """

    def __init__(self, parts: tuple[Any, ...]) -> None:
        self._parts = [part for part in parts if part is not None]
        self._entries = [_some_entries(part) for part in self._parts]

    def check(self) -> None:
        """Refuse arrays that were changed in place.

        Raises
        ------
        RuntimeError
            If one of the entries is another now.
        """
        for part, entries in zip(self._parts, self._entries, strict=True):
            if not np.array_equal(_some_entries(part), entries, equal_nan=True):
                raise RuntimeError(
                    "The data were changed in place after `fit`, and the posterior is computed from them when it is "
                    "first asked for. Fit again, ask for `posterior_.std` before changing them, or fit to a copy."
                )


def _some_entries(data: Any) -> Array:
    """Return entries evenly spaced over the memory of an array, and its size."""
    values = data.data if sparse.issparse(data) else data
    step = max(1, values.size // _REMEMBERED)
    if values.flags.forc:
        some = values.reshape(-1, order="A")[::step]
    else:  # a view, of which no flat one exists
        some = values[np.unravel_index(np.arange(0, values.size, step), values.shape)]
    return np.append(some.astype(np.float64), values.size)
