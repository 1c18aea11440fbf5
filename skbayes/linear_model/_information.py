"""What the data say about each coefficient by itself: for priors whose scale follows it.

Notation: s_i weights of rows, d_i the Fisher information of the linear predictor of row i; the information of
coefficient j is I_j = Σ_i s_i d_i x_ij². Of K classes d_i stands for the multiple d_i (I − 1 1ᵀ/K) of the centring
matrix that has the trace of the curvature matrix D_i of the row.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._preconditioner import gram_diagonal

__all__ = ["information_at"]

Array = NDArray[Any]


def information_at(objective: Any, w: Array) -> Array:
    """Return the Fisher information of each coefficient at w, (p,), in float64."""
    data = objective.data
    d = data.curvature(w, expected=True)
    if d.ndim == 3:
        d = np.einsum("nkk->n", d) / (d.shape[1] - 1)
    d = np.maximum(d, 0.0)
    return np.asarray(gram_diagonal(data, d)[: data.layout.n_features], dtype=np.float64)
