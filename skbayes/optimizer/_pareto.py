"""Fronts: which of several points nothing dominates, and the volume that they dominate.

Notation: Y (n_points, n_objectives), each better when higher; p dominates y if it is at least as high in
every objective and higher in one.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..acquisition import NonDominatedRegion

__all__ = ["hypervolume", "non_dominated", "reference_of"]

Floats = NDArray[np.float64]

# So that the worst score counts for something. A reference a tenth of the front's width below the front, as is
# usual for comparing fronts, leaves no reason to extend it at its ends.
_BELOW = 0.1
# Relative to the scores: those that differ by less are equal.
_ROUNDING = 1e-12


def non_dominated(scores: ArrayLike) -> NDArray[np.bool_]:
    """Return which points no other point dominates.

    Parameters
    ----------
    scores : array-like of shape (n_points, n_objectives)
        Higher is better in each. A point with a nan is never among them; of equal points all are.

    Returns
    -------
    is_on_front : ndarray of bool, shape (n_points,)
        True for the points of the front.

    Raises
    ------
    ValueError
        If `scores` is not a table.

    Examples
    --------
    >>> from skbayes.optimizer import non_dominated
    >>> non_dominated([[0.9, -2.0], [0.8, -1.0], [0.7, -3.0]])
    array([ True,  True, False])
    """
    Y = np.asarray(scores, dtype=float)
    if Y.ndim != 2:
        raise ValueError(f"scores needs the shape (n_points, n_objectives); got {Y.shape}.")
    is_on_front = ~np.isnan(Y).any(axis=1)
    for i in np.lexsort(-Y.T[::-1]):  # a point is dominated only by such as come before it
        if is_on_front[i]:
            is_dominated = (Y[i] >= Y).all(axis=1) & (Y[i] > Y).any(axis=1)
            is_on_front &= ~is_dominated
    return is_on_front


def hypervolume(scores: ArrayLike, reference: ArrayLike) -> float:
    """Return the volume of what some points dominate above a reference.

    Parameters
    ----------
    scores : array-like of shape (n_points, n_objectives)
        Higher is better in each of 1 to 3 objectives. Points with a nan, and those that are not above the
        reference in every objective, add nothing.
    reference : array-like of shape (n_objectives,)
        The worst score that counts.

    Returns
    -------
    volume : float
        In the product of the objectives' units.

    Raises
    ------
    ValueError
        If shapes do not fit, or there are more than 3 objectives.

    References
    ----------
    .. [1] Zitzler, Thiele (1998). Multiobjective optimization using evolutionary algorithms: a comparative
       case study. PPSN V, 292-301. DOI 10.1007/BFb0056872

    Examples
    --------
    >>> from skbayes.optimizer import hypervolume
    >>> hypervolume([[1.0, 2.0], [2.0, 1.0]], reference=[0.0, 0.0])
    3.0
    """
    r = np.asarray(reference, dtype=float)
    Y = np.asarray(scores, dtype=float)
    Y = Y.reshape(-1, r.size) if Y.size == 0 else Y
    if Y.ndim != 2 or Y.shape[1:] != r.shape:
        raise ValueError(
            f"hypervolume needs scores of shape (n_points, n_objectives) and a reference of shape (n_objectives,); got "
            f"{Y.shape} and {r.shape}. Give one point as [[1.0, 2.0]]."
        )
    Y = Y[np.isfinite(Y).all(axis=-1)]
    region = NonDominatedRegion.of(Y, r)
    Y = Y[(r < Y).all(axis=1)]
    if not len(Y):
        return 0.0
    best = Y.max(axis=0)
    return float(np.prod(best - r)) - region.volume_below(best)


def reference_of(scores: Floats) -> Floats:
    """Return a reference for the hypervolume of some scores.

    Parameters
    ----------
    scores : ndarray of shape (n_points, n_objectives)
        At least one point, finite; all that were evaluated, and not only their front.

    Returns
    -------
    reference : ndarray of shape (n_objectives,)
        A tenth of their range below the worst of them in each objective; 1 below where they are equal.
    """
    worst, best = scores.min(axis=0), scores.max(axis=0)
    width = best - worst
    # At an objective that is the same everywhere no volume would be left, and the other objectives would not count.
    is_flat = width <= _ROUNDING * np.maximum(np.abs(worst), np.abs(best))
    return np.asarray(worst - np.where(is_flat, 1.0, _BELOW * width))
