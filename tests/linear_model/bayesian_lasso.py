"""A Gibbs sampler of the Bayesian lasso and its relatives: the long road to what `posterior="smoothed"` approximates.

Notation: w given its scales t is normal with precision H + diag(1/t); 1/t of a coefficient (of a group of k) given w is
inverse Gaussian with mean a/‖w‖ and shape a², a = 1/b (√k/b) [1]_.

References
----------
.. [1] Park, Casella (2008). The Bayesian lasso. J. Amer. Statist. Assoc. 103, 681-686. doi:10.1198/016214508000000337
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def gibbs(
    H: Array,
    b: Array,
    rate: Array,
    *,
    groups: Array | None = None,
    l2: float = 0.0,
    n_draws: int = 5000,
    seed: int = 0,
) -> Array:
    """Return draws from exp(−½ wᵀHw + bᵀw − Σ_g rate_g ‖w_g‖ − ½ l2 ‖w‖²), (n_draws, p); `rate` is (n_groups,)."""
    rng, p = np.random.default_rng(seed), len(H)
    codes = np.arange(p) if groups is None else groups
    A = H + l2 * np.eye(p)
    w = np.linalg.solve(A + np.diag(rate[codes] ** 2), b)
    draws = np.empty((n_draws, p))
    for i in range(-200, n_draws):
        size = np.sqrt(np.bincount(codes, w * w))
        precision = rng.wald(rate / np.maximum(size, 1e-200), rate**2)[codes]
        L = np.linalg.cholesky(A + np.diag(precision))
        w = np.linalg.solve(L.T, np.linalg.solve(L, b) + rng.standard_normal(p))
        if i >= 0:
            draws[i] = w
    return draws


def batch_error(draws: Array, n_batches: int = 50) -> Array:
    """Return the standard error of the means of a chain, from the means of batches."""
    means = np.array([batch.mean(axis=0) for batch in np.array_split(draws, n_batches)])
    error: Array = means.std(axis=0, ddof=1) / np.sqrt(n_batches)
    return error
