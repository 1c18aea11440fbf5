"""The robust covariance H⁻¹ J H⁻¹: right where the likelihood is not.

Notation: g_i the gradient of the log likelihood of row i, s_i its weight, J = Σ s_i g_i g_i'; H the curvature of the
negative log posterior (Huber 1967; White 1982, doi:10.2307/1912526). The prior is in H alone.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..posteriors import CovarianceForm, DenseForm
from ._curvature import Curvature, blocks_of

__all__ = ["sandwich_form"]

Array = NDArray[Any]

# Numbers of the root of a covariance that is not squared, rows x parameters: 1.6 GB.
_LARGEST_ROOT = 2e8


def sandwich_form(part: Curvature, bread: CovarianceForm) -> DenseForm:
    """Return the sandwich of a form of H⁻¹.

    Raises
    ------
    ValueError
        If there are too many rows and parameters.
    """
    scores = part.scores()
    n, m = part.design.shape[0], part.size
    if n > m:
        outer = scores**2 if scores.ndim == 1 else scores[:, :, None] * scores[:, None, :]
        J = blocks_of(part, outer)
        J = J if part.picked is None else J[np.ix_(part.picked, part.picked)]
        values, vectors = np.linalg.eigh(J)
        half = (vectors * np.sqrt(np.maximum(values, 0.0))).T
        return _with_root(bread.times(half).T, bread)
    if float(n) * m > _LARGEST_ROOT:
        raise ValueError(
            f"covariance='robust' needs rows x parameters numbers; got {n} x {m}, above {_LARGEST_ROOT:g}. Use "
            "covariance='low_rank' or 'diagonal', or a bootstrap."
        )
    return _with_root(bread.times(_gradients(part, scores)).T, bread)


def _with_root(root: Array, bread: CovarianceForm) -> DenseForm:
    # What nothing determines is no better known for the sandwich.
    directions = bread.undetermined_directions
    if directions is None:
        return DenseForm(root)
    return DenseForm(root, undetermined=np.linalg.qr(directions)[0])


def _gradients(part: Curvature, scores: Array) -> Array:
    """Return g_i' √s_i, (n, m)."""
    X = part.design.X
    X = np.asarray(X.toarray() if sparse.issparse(X) else X, dtype=np.float64)
    X = X if part.design.mean is None else X - part.design.mean
    if part.has_intercept:
        X = np.column_stack([X, np.ones(len(X))])
    if scores.ndim == 1:
        return part.pick(scores[:, None] * X)
    return part.pick((scores[:, :, None] * X[:, None, :]).reshape(len(X), -1))
