"""What is wanted of a point while none is known that keeps to the metric constraints: that it does."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..acquisition import MarginalAcquisition

__all__ = ["KeepingAlone"]

Floats = NDArray[np.float64]

# A std of zero, at a point that is known, has a logarithm too.
_LEAST = 1e-150


class KeepingAlone(MarginalAcquisition):
    """The weights alone, or among points that are proposed side by side their logarithm plus log std.

    The weights do not change within a batch, and its points would be neighbours.

    Parameters
    ----------
    spreads : bool
        Whether std counts: others have been chosen, or are being evaluated.
    """

    def __init__(self, spreads: bool) -> None:
        self.spreads = spreads

    def value_and_partials(
        self, mean: ArrayLike, std: ArrayLike, incumbent: ArrayLike
    ) -> tuple[Floats, Floats, Floats]:
        s: Floats = np.maximum(np.asarray(std, dtype=float), _LEAST)
        zero = np.zeros_like(s)
        return (np.log(s), zero, 1.0 / s) if self.spreads else (zero, zero, zero)

    def weigh(
        self, value: ArrayLike, incumbent: ArrayLike, log_weight: ArrayLike
    ) -> tuple[Floats, Floats, Floats]:
        weighted = np.asarray(np.add(value, log_weight), dtype=float)
        return weighted, np.ones_like(weighted), np.ones_like(weighted)
