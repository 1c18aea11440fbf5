"""Knowledge gradient: by how much an evaluation is expected to raise the best posterior mean.

Notation: of m candidates and K points a that may turn out best, an observation at x moves the
posterior mean of a to mean_a + s_a(x) Z with Z standard normal, a line in Z. Its slope is
s_a(x) = cov(a, x) / √(var(x) + noise).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from ..posteriors import GaussianPosterior
from ._base import AcquisitionContext, Floats, JointAcquisition
from ._weighing import multiply_by_weight

__all__ = ["KnowledgeGradient"]

_SQRT_2PI = np.sqrt(2 * np.pi)
# A variance below this fraction of the largest is rounding: nothing is learnt there.
_ROUNDING = 1e-14
# The standard normal density at this is below the smallest number.
_FAR = 40.0


class KnowledgeGradient(JointAcquisition):
    """Expected rise of the best posterior mean by one evaluation.

    Unlike the expected improvement it values what an evaluation says about all other points, and
    does not take a noisy score for the score itself. It is made for searches at the end of which the
    best posterior mean is chosen, and goes on learning where the incumbent could be polished.

    Parameters
    ----------
    n_promising : int, default=32
        How many points may turn out best beside the candidate itself: those of the largest
        mean + 2 std, and no fewer than one. The cost of a candidate is in proportion to it.

    See Also
    --------
    ExpectedImprovement : Counts the gain at the evaluated point alone.
    MaxValueEntropySearch : Values information about the maximum.

    Notes
    -----
    KG(x) = E max_a (mean_a + s_a(x) Z) − max_a mean_a over the promising points and x. The
    expectation is exact: of the lines, sorted by slope, those of the upper envelope are kept, and
    KG = Σ (s_{i+1} − s_i) (φ(d_i) − d_i Φ(−d_i)), with d_i ≥ 0 the distance from 0 to where line
    i + 1 takes over from line i. All candidates are worked out together, line by line.

    References
    ----------
    .. [1] Frazier, Powell, Dayanik (2009). The knowledge-gradient policy for correlated normal
       beliefs. INFORMS J. Comput. 21, 599-613. DOI 10.1287/ijoc.1080.0314

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.acquisition import AcquisitionContext, KnowledgeGradient
    >>> from skbayes.posteriors import GaussianPosterior
    >>> posterior = GaussianPosterior([0.0, 0.0], [1.0, 0.0])
    >>> context = AcquisitionContext(incumbent=0.0, rng=np.random.default_rng(0))
    >>> KnowledgeGradient().value(posterior, context).round(4)  # E max(Z, 0) = φ(0)
    array([0.3989, 0.    ])
    """

    def __init__(self, n_promising: int = 32) -> None:
        self.n_promising = n_promising

    def value(self, posterior: GaussianPosterior, context: AcquisitionContext) -> Floats:
        mean, std = posterior.mean, posterior.std
        if not mean.size:
            return np.empty(0)
        ranked = np.argsort(-(mean + 2.0 * std), kind="stable")
        best = ranked[: max(int(self.n_promising), 1)]
        variance = std**2
        total = variance + context.noise_variance
        is_known = variance <= _ROUNDING * variance.max(initial=0.0)
        scale = np.where(is_known, 0.0, 1.0 / np.sqrt(np.where(is_known, 1.0, total)))
        slopes = posterior.covariance[:, best] * scale[:, None]
        own = variance * scale
        # Among the promising, x is there twice, as one line.
        lines = np.column_stack([np.broadcast_to(mean[best], slopes.shape), mean])
        return expected_rise(lines, np.column_stack([slopes, own]))

    def weigh(
        self, value: ArrayLike, incumbent: ArrayLike, log_weight: ArrayLike
    ) -> tuple[Floats, Floats, Floats]:
        return multiply_by_weight(value, log_weight)


def expected_rise(a: Floats, b: Floats) -> Floats:
    """E max_k (a_k + b_k Z) − max_k a_k of each row of lines, a and b of shape (m, K)."""
    rows = np.arange(len(a))
    order = np.lexsort((a, b))
    a, b = np.take_along_axis(a, order, axis=1), np.take_along_axis(b, order, axis=1)
    # The envelope so far: lines `kept`, of which each is the highest from `start` on.
    kept = np.zeros(a.shape, dtype=np.intp)
    start = np.full(a.shape, -np.inf)
    top = np.zeros(len(a), dtype=np.intp)
    for k in range(1, a.shape[1]):
        begins = np.empty(len(a))
        left = rows
        while left.size:
            begins[left] = _crossing(a, b, left, kept[left, top[left]], k)
            # A line that is overtaken before it begins is never the highest.
            is_hidden = begins[left] <= start[left, top[left]]
            left = left[is_hidden]
            top[left] -= 1
            left = left[top[left] >= 0]
        top += 1
        kept[rows, top] = k
        start[rows, top] = np.where(top == 0, -np.inf, begins)
    is_there = np.arange(1, a.shape[1]) <= top[:, None]
    c = np.where(is_there, np.minimum(np.abs(start[:, 1:]), _FAR), 0.0)
    turn = np.diff(np.take_along_axis(b, kept, axis=1), axis=1)
    gain = turn * (np.exp(-0.5 * c**2) / _SQRT_2PI - c * ndtr(-c))
    return np.asarray(np.where(is_there, np.maximum(gain, 0.0), 0.0).sum(axis=1))


def _crossing(a: Floats, b: Floats, rows: NDArray[np.intp], i: NDArray[np.intp], k: int) -> Floats:
    """Where line k, the steeper, overtakes line i; −inf for lines of one slope, the lower first."""
    steeper = b[rows, k] - b[rows, i]
    with np.errstate(over="ignore"):
        ratio = (a[rows, i] - a[rows, k]) / np.where(steeper > 0.0, steeper, 1.0)
    return np.where(steeper > 0.0, ratio, -np.inf)
