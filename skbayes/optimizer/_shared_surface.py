"""Several points from one acquisition surface, as if those chosen before had turned out as expected.

Conditioning the surrogate anew for each point of a large batch costs O(n²) each time, n counting what is
being evaluated too. Among the points that one search for the maximum met, the same is a change of
rank one: a fantasy at x_k with the posterior mean as its score leaves all means where they are, and
cov(x, x') loses cov(x, x_k) cov(x', x_k) / var(x_k). (The score has no noise here, where conditioning anew gives it
1e-6 of the variance of the signal: they differ where no more than that is left to learn.)

What is lost is that the surface is not climbed anew after each choice. log10 of the regret after six
batches of 32, 16 seeds: Levy's function in ten dimensions 0.36 with a surface each and 0.53 with four
points sharing one, Ackley's in six 0.41 and 0.38 (standard errors 0.08 and 0.04; benchmarks/constants.py
batches).
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ._surface import Surface
from ._weights import total

__all__ = ["choose_together"]

Floats = NDArray[np.float64]

# Rounding can take a variance below zero, and one of zero has no acquisition; relative to the largest.
_LEAST_VARIANCE = 1e-12


def choose_together(surface: Surface, U: Floats, n: int) -> list[Floats]:
    """Return up to n of the points U, each the best after those before it.

    Parameters
    ----------
    surface : Surface
        A fitted surrogate and what is wanted of it.
    U : ndarray of shape (m, n_dims)
        Distinct points to choose from, the best first.
    n : int
        How many; at least 1.

    Returns
    -------
    chosen : list of ndarray of shape (n_dims,)
        In the order of choice; the first of U alone if the surrogate gives no joint posterior, for
        then nothing is known of what two points have in common.
    """
    posterior = surface.model.posterior(U)
    mean, cov = posterior.mean, np.array(posterior.covariance)
    if np.count_nonzero(cov) <= len(U):  # marginals alone
        return [U[0]]
    w = total(surface.weights, U) if surface.weights else None
    least = _LEAST_VARIANCE * cov.diagonal().max()
    left = np.ones(len(U), dtype=bool)
    chosen = []
    for _ in range(min(n, len(U))):
        variance = np.maximum(cov.diagonal(), least)
        values = surface.value_of(mean, np.sqrt(variance), w)
        k = int(np.flatnonzero(left)[values[left].argmax()])
        left[k] = False
        chosen.append(U[k])
        surface = replace(surface, incumbent=max(surface.incumbent, float(mean[k])))
        cov -= np.outer(cov[k], cov[k]) / variance[k]
    return chosen
