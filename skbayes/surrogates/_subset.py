"""Which observations stand for all of them, where all would cost too much.

Half of the places goes to the observations nearest to the ten best. The other half covers the cube:
one after the other, the point farthest from those chosen already, lest a region that was searched
look as if it had not been. Beside the ten, scores have no say: to choose the best scores is to
choose the luckiest noise, and puts the posterior mean near the incumbent too high (by 0.7 to 1.9 of
its standard deviations at 2,000 noisy observations; so by 0 to 0.4).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Rows", "Selection", "conditioning_rows", "representative"]

FloatArray = NDArray[np.float64]
Rows = NDArray[np.intp] | slice

# As many observations as a posterior is conditioned on before some have to stand for the others: a
# row more then costs 2 ms, all anew 16 ms, the candidates of a proposal 14 ms, and the choice among
# 10,000 33 ms (benchmarks/constants.py process).
_LARGEST = 1000
# How many newer ones are taken in row by row before the choice is made anew.
_STRIDE = 100
# Around how many of the best scores: with one it may be a lucky one, with thirty they spread.
_N_BEST = 10


def representative(scores: FloatArray, size: int) -> NDArray[np.intp]:
    """Indices of the better half of `size`, and of ranks evenly spread over the rest; in order."""
    order = np.argsort(-scores, kind="stable")
    n_best = size // 2
    spread = np.linspace(n_best, len(order) - 1, size - n_best).round().astype(int)
    return np.sort(np.concatenate([order[:n_best], order[spread]]))


@dataclass(frozen=True, eq=False)
class Selection:
    """A choice among the first n observations, kept lest every fit make it again.

    Parameters
    ----------
    U : ndarray of shape (n, n_columns)
        The points that it was made among.
    scores : ndarray of shape (n,)
        Their scores.
    rows : ndarray of shape (m,)
        Indices of those chosen.
    """

    U: FloatArray
    scores: FloatArray
    rows: NDArray[np.intp]

    @classmethod
    def among(cls, U: FloatArray, scores: FloatArray, size: int) -> "Selection":
        """Return the choice of `size` points among all."""
        return cls(U.copy(), scores.copy(), _near_and_covering(U, scores, size))

    def is_among(self, U: FloatArray, scores: FloatArray) -> bool:
        """Whether it was made among these observations."""
        return np.array_equal(self.scores, scores) and np.array_equal(self.U, U, equal_nan=True)


def conditioning_rows(
    U: FloatArray, scores: FloatArray, last: Selection | None
) -> tuple[Rows, Selection | None]:
    """Rows to condition on: all up to a thousand, later a thousand and what came since the choice.

    The choice is made among the first n₀ observations, with n₀ growing in steps, and all later ones
    follow it; so up to the next step the rows of one fit are the beginning of those of the next,
    and a Cholesky factor grows by rows. They are a function of the observations alone; the `last`
    choice, returned beside them, saves time.
    """
    n = len(scores)
    n_before = _LARGEST + max(n - _LARGEST, 0) // _STRIDE * _STRIDE
    if n_before == _LARGEST:
        return slice(None), None
    before = U[:n_before], scores[:n_before]
    if last is None or not last.is_among(*before):
        last = Selection.among(*before, _LARGEST)
    return np.concatenate([last.rows, np.arange(n_before, n)]), last


def _near_and_covering(U: FloatArray, scores: FloatArray, size: int) -> NDArray[np.intp]:
    """Indices, in order: half of `size` near the best, the others as far apart as can be."""
    # Inactive entries lie off the cube: far from all active ones, and at one place.
    X = np.where(np.isnan(U), -0.5, U)
    squares = np.einsum("ij,ij->i", X, X)

    def squared_distances(row: int) -> FloatArray:
        return np.asarray(squares + squares[row] - 2.0 * (X @ X[row]))

    distance = np.full(len(X), np.inf)
    for row in np.argsort(-scores, kind="stable")[:_N_BEST]:
        np.minimum(distance, squared_distances(row), out=distance)
    near = np.argsort(distance, kind="stable")[: size // 2]
    for row in near:
        np.minimum(distance, squared_distances(row), out=distance)
    distance[near] = -np.inf
    covering = []
    for _ in range(size - len(near)):
        covering.append(int(np.argmax(distance)))
        np.minimum(distance, squared_distances(covering[-1]), out=distance)
        distance[covering[-1]] = -np.inf
    return np.sort(np.concatenate([near, covering]))
