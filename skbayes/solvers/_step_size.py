"""A step size at which stochastic steps do not diverge, found from the curvature of a few batches.

Notation: H_B the Hessian of the objective of batch B over N, λ(H_B) its largest eigenvalue. Steps of a size η along the
gradients of such batches stay bounded if η λ(H_B) < 2 for all of them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["MeanObjective", "largest_curvature", "probe_rows"]

Array = NDArray[Any]

# Rows looked at in all; and batches: of many small ones the largest is asked for, of a few large ones each is like all.
_ROWS, _FEWEST, _MOST = 2000, 4, 64
# Multiplications of the power method: from below, it is within a tenth or so after these, whatever the spectrum
# (Kuczynski, Wozniakowski 1992: the mean relative error is at most 0.87 log(m) / (k − 1)).
_ITERATIONS = 10


def probe_rows(n_samples: int, batch_size: int) -> list[Array]:
    """Return the rows of a few batches, spread over all rows.

    Parameters
    ----------
    n_samples : int
        Number of rows.
    batch_size : int
        Rows of a batch.

    Returns
    -------
    batches : list of ndarray of int
        At most 64.
    """
    size = min(batch_size, n_samples)
    n_batches = min(max(_ROWS // size, _FEWEST), _MOST, -(-n_samples // size))
    rng = np.random.default_rng(0)  # a probe of the data, not a part of the fit's randomness
    chosen = rng.permutation(n_samples)[: n_batches * size]
    return [np.sort(rows) for rows in np.array_split(chosen, n_batches)]


def largest_curvature(batches: Sequence[Any], w: Array) -> float:
    """Return the largest eigenvalue of the Hessians of some batches at w, each over its `total`.

    Parameters
    ----------
    batches : sequence of Objective
        With `value_and_gradient`, and with `total`, the number of rows that each stands for.
    w : ndarray of shape (m,)
        Where.

    Returns
    -------
    curvature : float
        Positive; 1 if all gradients are constant.
    """
    rng = np.random.default_rng(0)
    largest = max(_power_method(batch, w, rng) for batch in batches)
    return largest if np.isfinite(largest) and largest > 0.0 else 1.0


class MeanObjective:
    """The mean of the objectives of some batches.

    Parameters
    ----------
    batches : sequence of Objective
        With gradients; at least one.
    """

    def __init__(self, batches: Sequence[Any]) -> None:
        self.batches = batches
        self.total = batches[0].total

    def value_and_gradient(self, w: Array) -> tuple[float, Array]:
        """Return the mean value and the mean gradient."""
        parts = [batch.value_and_gradient(w) for batch in self.batches]
        gradient: Array = np.mean([part[1] for part in parts], axis=0)
        return float(np.mean([part[0] for part in parts])), gradient


def _power_method(batch: Any, w: Array, rng: np.random.Generator) -> float:
    _, at_w = batch.value_and_gradient(w)
    # Differences of gradients stand for products with the Hessian. In coordinates of unit curvature this length is
    # small against the distance over which the curvature changes, and large against rounding in either precision.
    length = float(np.finfo(w.dtype).eps) ** (1 / 3) * (1.0 + float(np.linalg.norm(w)))
    direction = rng.standard_normal(w.size).astype(w.dtype)
    eigenvalue = 0.0
    for _ in range(_ITERATIONS):
        size = float(np.linalg.norm(direction))
        if size == 0.0 or not np.isfinite(size):
            break
        direction *= w.dtype.type(1.0 / size)
        _, ahead = batch.value_and_gradient(w + w.dtype.type(length) * direction)
        direction = (ahead - at_w) / w.dtype.type(length * batch.total)
        eigenvalue = float(np.linalg.norm(direction))
    return eigenvalue
