"""The part of the objectives' space that no point of a front dominates, as boxes that do not overlap.

Notation: y (n_objectives,) scores, each better when higher; p dominates y if it is at least as high in
every objective and higher in one. The region holds what lies above the reference in every objective and
is dominated by no point of the front. Its boxes are lower < y <= upper, some of them without end.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["MOST_OBJECTIVES", "NonDominatedRegion"]

Floats = NDArray[np.float64]
Edges = tuple[Floats, NDArray[np.intp], NDArray[np.intp]]

# Two and three objectives have a sweep with at most two boxes a point. From four on their number grows
# like the square of the points, and a front has nearly all of them.
MOST_OBJECTIVES = 3


@dataclass(frozen=True)
class NonDominatedRegion:
    """Where a score would extend the front: boxes ``lower < y <= upper``.

    Parameters
    ----------
    lower : ndarray of shape (n_boxes, n_objectives)
        Lower corners; finite.
    upper : ndarray of shape (n_boxes, n_objectives)
        Upper corners; inf where a box has no end.

    See Also
    --------
    LogExpectedHypervolumeImprovement : What is expected to be gained in it.

    Notes
    -----
    A plane sweeps along the last objective from above. Across it the region is a staircase of strips along
    the first objective, each open upwards in the second. A point of the front ends the strips that it
    covers and begins at most two, so that n points make at most 2n + 1 boxes [1]_.

    References
    ----------
    .. [1] Yang, Emmerich, Deutz, Baeck (2019). Efficient computation of expected hypervolume improvement
       using box decomposition algorithms. J. Global Optim. 75, 3-34. DOI 10.1007/s10898-019-00798-7

    Examples
    --------
    >>> from skbayes.acquisition import NonDominatedRegion
    >>> region = NonDominatedRegion.of([[1.0, 2.0], [2.0, 1.0]], reference=[0.0, 0.0])
    >>> region.n_boxes, region.n_objectives
    (3, 2)
    """

    lower: Floats
    upper: Floats

    @classmethod
    def of(cls, scores: ArrayLike, reference: ArrayLike) -> "NonDominatedRegion":
        """Return the region above a reference that no score dominates.

        Parameters
        ----------
        scores : array-like of shape (n_points, n_objectives)
            Finite, higher is better. Dominated ones, and those that are not above the reference in every
            objective, change nothing.
        reference : array-like of shape (n_objectives,)
            The worst score that counts; 1 to 3 objectives.

        Returns
        -------
        region : NonDominatedRegion
            Of at most two boxes for each point, and one.

        Raises
        ------
        ValueError
            If shapes do not fit, a number is not finite, or there are more than 3 objectives.
        """
        reference = np.asarray(reference, dtype=float)
        n_objectives = reference.size
        if reference.ndim != 1 or not 1 <= n_objectives <= MOST_OBJECTIVES:
            raise ValueError(
                f"A reference needs 1 to {MOST_OBJECTIVES} objectives; got one of shape "
                f"{reference.shape}. Give one number for each objective."
            )
        points = np.asarray(scores, dtype=float)
        points = points.reshape(-1, n_objectives) if points.size == 0 else points
        if points.ndim != 2 or points.shape[1] != n_objectives:
            raise ValueError(
                f"Scores need the shape (n_points, {n_objectives}), one column for each entry of the "
                f"reference; got {points.shape}."
            )
        if not (np.isfinite(points).all() and np.isfinite(reference).all()):
            raise ValueError("Scores and reference must be finite. Leave failed trials out.")
        points = points[(points > reference).all(axis=1)]
        # One or two objectives are three of which all points share the others.
        full = np.ones((len(points), MOST_OBJECTIVES))
        full[:, :n_objectives] = points
        bottom = np.zeros(MOST_OBJECTIVES)
        bottom[:n_objectives] = reference
        boxes = np.array(_sweep(full, bottom))
        # Above what the points share in an added objective nothing is dominated, and nothing is there.
        boxes = boxes[(boxes[:, 0, n_objectives:] < 1.0).all(axis=1)] if len(points) else boxes
        return cls(boxes[:, 0, :n_objectives].copy(), boxes[:, 1, :n_objectives].copy())

    @property
    def n_boxes(self) -> int:
        """Number of boxes."""
        return len(self.lower)

    @property
    def n_objectives(self) -> int:
        """Number of objectives."""
        return self.lower.shape[1]

    @cached_property
    def edges(self) -> tuple[Edges, ...]:
        """For each objective the distinct edges (n_edges,), and each box's lower and upper among them."""
        found = []
        for lower, upper in zip(self.lower.T, self.upper.T, strict=True):
            values, place = np.unique(np.concatenate([lower, upper]), return_inverse=True)
            found.append((values, place[: len(lower)], place[len(lower) :]))
        return tuple(found)

    def volume_below(self, corner: ArrayLike) -> float:
        """Return the volume of the part of the region below a corner.

        Parameters
        ----------
        corner : array-like of shape (n_objectives,)
            Finite.

        Returns
        -------
        volume : float
            Of all y of the region with y <= corner.
        """
        sides = np.minimum(self.upper, np.asarray(corner, dtype=float)) - self.lower
        return float(np.maximum(sides, 0.0).prod(axis=1).sum())


def _sweep(points: Floats, bottom: Floats) -> list[tuple[list[float], list[float]]]:
    """Boxes of three objectives as (lower, upper), by a plane that falls along the third."""
    boxes: list[tuple[list[float], list[float]]] = []
    # Strips of the plane from left to right: begin and end along the first objective, floor along the
    # second, and the height at which the strip began. The floors fall from left to right.
    strips = [(float(bottom[0]), np.inf, float(bottom[1]), np.inf)]
    for x, y, z in points[np.lexsort((-points[:, 1], -points[:, 0], -points[:, 2]))].tolist():
        covered = [k for k, (begin, _, floor, _) in enumerate(strips) if begin < x and floor < y]
        if not covered:
            continue
        first, last = covered[0], covered[-1]
        for begin, end, floor, top in strips[first : last + 1]:
            if z < top:
                boxes.append(([begin, floor, z], [end, np.inf, top]))
        begun = [(strips[first][0], x, y, z)]
        if x < strips[last][1]:
            begun.append((x, strips[last][1], strips[last][2], z))
        strips[first : last + 1] = begun
    boxes += [
        ([begin, floor, float(bottom[2])], [end, np.inf, top]) for begin, end, floor, top in strips
    ]
    return boxes
