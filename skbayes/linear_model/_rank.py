"""How many of the columns of X are independent.

Notation: p features; with an intercept a column of ones beside them, of which the others are taken as deviations.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ._design import Design, weighted_mean
from ._symmetric import null_level

__all__ = ["column_rank"]

Array = NDArray[Any]

# Independent columns are so already in a few rows per column, and then no more of them are looked at.
_ROWS_PER_COLUMN = 3


def column_rank(design: Design, fit_intercept: bool) -> int:
    """Return the rank of the columns of X, of the deviations from their means and one if there is an intercept."""
    n, p = design.shape
    n_rows = _ROWS_PER_COLUMN * (p + 1)
    if n > 2 * n_rows:
        # A fixed seed: the same data take the same way.
        rows = np.sort(np.random.default_rng(0).choice(n, size=n_rows, replace=False))
        X = design.X.tocsr() if sparse.issparse(design.X) else design.X
        if _rank(X[rows], fit_intercept) == p + fit_intercept:
            return p + fit_intercept
    return _rank(design.X, fit_intercept)


def _rank(X: Any, fit_intercept: bool) -> int:
    n, p = X.shape
    mean = weighted_mean(X) if fit_intercept else None
    gram = Design(X, mean).gram(dtype=np.float64)
    square = np.diag(gram).copy()
    level = np.zeros(p) if mean is None else n * mean**2
    # What centring leaves of a constant column is the rounding of its mean.
    varies = square > n * (4.0 * np.finfo(np.float64).eps) ** 2 * level
    units = np.sqrt(square[varies])
    scaled = gram[np.ix_(varies, varies)] / np.outer(units, units)
    values = np.linalg.eigvalsh(scaled)
    return int(np.count_nonzero(values > null_level(values))) + fit_intercept
