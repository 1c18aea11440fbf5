"""Rows of data that are handed on together: features, targets, weights and offsets."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

__all__ = ["Rows"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Rows:
    """Rows of data: X by rows, y, weights or None, offsets or None."""

    X: Any
    y: Array
    weight: Array | None = None
    offset: Array | None = None

    def __len__(self) -> int:
        return int(self.y.shape[0])

    @property
    def total(self) -> float:
        """Return the sum of the weights."""
        return float(len(self) if self.weight is None else self.weight.sum(dtype=np.float64))

    def part(self, rows: slice) -> "Rows":
        """Return some of them."""
        cut = [None if a is None else a[rows] for a in (self.weight, self.offset)]
        return Rows(self.X[rows], self.y[rows], *cut)

    def joined(self, other: "Rows") -> "Rows":
        """Return these and others."""
        stack = sparse.vstack if sparse.issparse(self.X) else np.vstack
        weight = None
        if self.weight is not None or other.weight is not None:
            ones = [np.ones(len(r)) if r.weight is None else r.weight for r in (self, other)]
            weight = np.concatenate(ones)
        offset = None
        if self.offset is not None or other.offset is not None:
            shifts = [np.zeros(len(r)) if r.offset is None else r.offset for r in (self, other)]
            offset = np.concatenate(shifts)
        X: Any = stack([self.X, other.X])
        X = X.tocsr() if sparse.issparse(X) else X
        return Rows(X, np.concatenate([self.y, other.y]), weight, offset)
