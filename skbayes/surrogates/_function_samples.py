"""Whole functions drawn from a posterior, which can be evaluated anywhere and as often as one likes.

A Gaussian process has no function with finitely many parameters. A draw is made of its values at m
points that fill the region of interest, drawn jointly; elsewhere it is the posterior mean given
the observations and these values. That mean is linear in them: with K the covariance of the
observations and the m points, noise included, and z their targets, f(x) = c(x)' K⁻¹ z. So all draws
at all places are one product of matrices. At the m points, draws vary as the posterior does; between
them a little less, by what the points leave open.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._cholesky import solve
from ._columns import Points
from ._covariance import Covariance
from ._mixture import Mixture
from ._process import Process

__all__ = ["DrawnFunctions", "Functions", "distinct_rows", "draw_functions"]

FloatArray = NDArray[np.float64]
# Several functions on the cube: points (m, n_columns) in, values (n_functions, m) out.
Functions = Callable[[ArrayLike], FloatArray]

# Rows of the covariance that are held at a time: with a thousand observations 30 MB.
_N_ROWS = 4096


@dataclass(frozen=True, eq=False)
class DrawnFunctions:
    """Functions f(x) = c(x)' w_k, with c(x) the covariances of x with some points.

    Parameters
    ----------
    covariance : Covariance
        The prior covariance.
    points : Points
        The m observations and chosen points.
    weights : ndarray of shape (m, n_functions)
        A column for each function.
    """

    covariance: Covariance
    points: Points
    weights: FloatArray

    def values(self, points: Points) -> FloatArray:
        """Return the functions at some points, (n_functions, n_points)."""
        blocks = [
            self.covariance.between(points[start : start + _N_ROWS], self.points) @ self.weights
            for start in range(0, len(points), _N_ROWS)
        ]
        return np.concatenate([np.empty((0, self.weights.shape[1])), *blocks]).T


def draw_functions(
    model: Process | Mixture, points: Points, n: int, rng: np.random.Generator
) -> list[DrawnFunctions]:
    """Draw n functions, those of each process of a mixture by themselves.

    Parameters
    ----------
    model : Process or Mixture
        A conditioned process, or several with weights.
    points : Points
        Distinct points that fill the region of interest.
    n : int
        Number of functions; positive.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    functions : list of DrawnFunctions
        With n functions in total.
    """
    if isinstance(model, Process):
        return [_of_process(model, points, n, rng)]
    counts = _shared_out(n, model.weights, rng)
    return [
        _of_process(process, points, int(count), rng)
        for process, count in zip(model.processes, counts, strict=True)
        if count
    ]


def _of_process(
    process: Process, points: Points, n: int, rng: np.random.Generator
) -> DrawnFunctions:
    values = _joint_draws(process, points, n, rng)
    grown = process.with_fantasies(points, np.concatenate([process.targets, values[0]]))
    seen = np.broadcast_to(process.targets, (n, len(process)))
    targets = np.concatenate([seen, values], axis=1).T
    return DrawnFunctions(grown.covariance, grown.points, solve(grown.R, targets))


def _joint_draws(process: Process, points: Points, n: int, rng: np.random.Generator) -> FloatArray:
    mean, _ = process.mean_and_std(points)
    covariance = process.posterior_covariance(points)
    # Not a Cholesky factor: close to observations the covariance is singular but for rounding.
    variances, axes = np.linalg.eigh(covariance)
    noise = rng.standard_normal((n, len(points))) * np.sqrt(np.maximum(variances, 0.0))
    return np.asarray(mean + noise @ axes.T)


def _shared_out(n: int, weights: FloatArray, rng: np.random.Generator) -> NDArray[np.intp]:
    """Numbers of draws, proportional to the weights but for less than one (systematic resampling)."""
    edges = np.cumsum(weights) / np.sum(weights)
    positions = (np.arange(n) + rng.random()) / n
    k = np.minimum(np.searchsorted(edges, positions, side="right"), len(weights) - 1)
    return np.bincount(k, minlength=len(weights))


def distinct_rows(U: ArrayLike) -> FloatArray:
    """Return each point once; NaN, for inactive, equals NaN."""
    U = np.asarray(U, dtype=float)
    filled = np.where(np.isnan(U), -1.0, U)
    _, first = np.unique(filled, axis=0, return_index=True)
    return U[np.sort(first)]
