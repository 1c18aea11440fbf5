"""The expansion of the log likelihood of all rows that a fit knows, at its mode: what it leaves to the next.

Of more than `_MOST_PARAMETERS` parameters the diagonal of the (expected) Hessian stands for the Hessian, as in [1]_.

References
----------
.. [1] Chapelle, Li (2011). An empirical evaluation of Thompson sampling. Advances in Neural Information Processing
   Systems 24, 2249-2257.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._effective import effective_parameters
from ._preconditioner import gram_diagonal
from ._seen import Expansion

__all__ = ["expansion_of"]

Array = NDArray[Any]

# Up to here a matrix of the parameters has at most 32 MB.
_MOST_PARAMETERS = 2000


def expansion_of(objective: Any, w: Array) -> Expansion:
    """Return what the rows of an objective say at its mode w, together with those that it has seen before."""
    data, before = objective.data, objective.prior.seen
    w = np.asarray(w, dtype=np.float64)
    cast = w.astype(data.design.dtype)
    value, slope = data.value_and_gradient(cast)
    value += data.constant()
    is_small = objective.n_parameters <= _MOST_PARAMETERS
    curvature = data.hessian(cast) if is_small else _diagonal(data, cast)
    total = freedom = objective.total_weight
    if not data.likelihood.get_params(deep=False) or objective.layout.n_classes is not None:
        determined = 0.0  # there is no parameter of the likelihood that would ask
    else:
        determined = effective_parameters(objective, cast)
    freedom = max(0.0, freedom - determined)
    own = Expansion(objective.layout, w, value, slope, curvature, total, freedom, data.likelihood)
    return own if before is None else own.plus(before)


def _diagonal(data: Any, w: Array) -> Array:
    """Return the diagonal of the expected Hessian of the data term, (m,)."""
    d = data.diagonal_curvature(w)
    d = d[:, None] if d.ndim == 1 else d
    return np.concatenate([gram_diagonal(data, column) for column in np.ascontiguousarray(d.T)])
