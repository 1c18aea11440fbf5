"""Evidence of a linear model with normal noise and one normal prior scale, and where it is highest.

Notation: n the sum of the weights, X and y centred by their weighted means and multiplied by the roots of the
weights; G = Xᵀ X, q = Xᵀ y; σ the noise scale, τ the prior scale, ρ = τ²/σ²; λ_i the eigenvalues of G that are not
zero, u_i the left singular vectors of X. N = n − n_flat, n_flat the number of coefficients with a flat prior: the
intercept. Integrated over all coefficients, the flat ones too (restricted likelihood),

    −2 log p(y) = N log 2πσ² + Σ_i log(1 + ρ λ_i) + R(ρ)/σ² + log |flat information|,
    R(ρ) = ‖y‖² − Σ_i (u_i'y)² + Σ_i (u_i'y)² / (1 + ρ λ_i).

For a given ρ the best σ² is R(ρ)/N, which leaves one number to search for. All of it takes one eigendecomposition, of
the smaller Gram matrix.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq, minimize_scalar

__all__ = ["RidgeEvidence", "ridge_evidence", "ridge_evidence_wide"]

Floats = NDArray[np.float64]

# Points of the first grid: every term of the evidence turns within some e-folds of ρ λ_i = 1, so that this many for a
# factor of ten see each of its maxima.
_POINTS_PER_DECADE = 3
# The search ends where the prior leaves the direction seen best this share of its least-squares coefficient, and at the
# other end where what it takes from the one seen least is rounding: beyond, R no longer changes.
_SMALLEST_SHARE = 1e-8


@dataclass(frozen=True)
class RidgeEvidence:
    """Ridge regression at its most probable noise and prior scale.

    Attributes
    ----------
    solution : ndarray of shape (n_features,) or (n_samples,)
        Coefficients w of the centred problem; from `ridge_evidence_wide` the dual α with w = Xᵀ α.
    noise_scale, prior_scale : float
        σ and τ; for coefficients that the data do not support, τ is small and never zero.
    log_evidence : float
        log p(y) at these scales.
    effective_dof : float
        Σ ρλ/(1 + ρλ), what the coefficients use of the degrees of freedom; the flat ones not counted.
    n_iter : int
        Evaluations of the evidence after the first grid.
    """

    solution: Floats
    noise_scale: float
    prior_scale: float
    log_evidence: float
    effective_dof: float
    n_iter: int


def ridge_evidence(
    gram: Floats,
    cross: Floats,
    y_square: float,
    n: float,
    *,
    n_flat: int = 1,
    log_det_flat: float | None = None,
) -> RidgeEvidence:
    """Ridge regression at the scales of highest evidence, from Gram quantities.

    Parameters
    ----------
    gram : ndarray of shape (n_features, n_features)
        Xᵀ X, centred and weighted.
    cross : ndarray of shape (n_features,)
        Xᵀ y.
    y_square : float
        yᵀ y.
    n : float
        Sum of the weights.
    n_flat : int, default=1
        Number of coefficients integrated out under a flat prior; an intercept is one.
    log_det_flat : float or None, default=None
        Logarithm of the determinant of their information at σ = 1; None: log n, that of an intercept alone.

    Returns
    -------
    evidence : RidgeEvidence
        With coefficients as its solution.
    """
    eigenvalues, basis = _spectrum(gram)
    projections = basis.T @ np.asarray(cross, dtype=float)
    squares = np.square(projections) / eigenvalues
    seen = _Seen(eigenvalues, squares, float(y_square) - float(squares.sum()), float(y_square))
    return _at_the_best(seen, basis, projections, n, n_flat, log_det_flat)


def ridge_evidence_wide(
    kernel: Floats,
    target: Floats,
    n: float,
    *,
    n_flat: int = 1,
    log_det_flat: float | None = None,
) -> RidgeEvidence:
    """Ridge regression at the scales of highest evidence, from the products of the samples.

    Parameters
    ----------
    kernel : ndarray of shape (n_samples, n_samples)
        X Xᵀ, centred and weighted.
    target : ndarray of shape (n_samples,)
        y, centred and weighted.
    n : float
        Sum of the weights.
    n_flat : int, default=1
        Number of coefficients integrated out under a flat prior; an intercept is one.
    log_det_flat : float or None, default=None
        Logarithm of the determinant of their information at σ = 1; None: log n, that of an intercept alone.

    Returns
    -------
    evidence : RidgeEvidence
        With the dual coefficients as its solution: Xᵀ solution are the coefficients.
    """
    target = np.asarray(target, dtype=float)
    eigenvalues, basis = _spectrum(kernel)
    projections = basis.T @ target
    # By the residual and not by a difference of squares: where X spans y this is rounding, not its root.
    rest = float(np.square(target - basis @ projections).sum())
    seen = _Seen(eigenvalues, np.square(projections), rest, float(target @ target))
    return _at_the_best(seen, basis, projections, n, n_flat, log_det_flat)


@dataclass(frozen=True)
class _Seen:
    """What the evidence depends on: λ, the (u'y)², what X cannot explain of ‖y‖², and ‖y‖²."""

    eigenvalues: Floats
    squares: Floats
    rest: float
    y_square: float

    def residual(self, log_ratio: ArrayLike) -> Floats:
        """Return R(ρ)."""
        damped = self.squares / (1.0 + np.multiply.outer(np.exp(log_ratio), self.eigenvalues))
        # Squares lose what is below eps of them: a smaller rest could not be told from none. Of a constant y
        # nothing is left, and any unit will do.
        return max(self.rest, np.finfo(float).eps * (self.y_square or 1.0)) + damped.sum(axis=-1)

    def log_det(self, log_ratio: ArrayLike) -> Floats:
        """Return Σ log(1 + ρ λ)."""
        spread = np.log1p(np.multiply.outer(np.exp(log_ratio), self.eigenvalues))
        return np.asarray(spread.sum(axis=-1))

    def cost(self, log_ratio: ArrayLike, n_free: float) -> Floats:
        """Return what of −2 log p(y) depends on ρ, at the best σ."""
        return n_free * np.log(self.residual(log_ratio)) + self.log_det(log_ratio)

    def slope(self, log_ratio: float, n_free: float) -> float:
        """Return the derivative of the cost by log ρ."""
        signal = np.exp(log_ratio) * self.eigenvalues
        share = signal / (1.0 + signal)
        relief = float(np.sum(self.squares * share / (1.0 + signal)))
        return float(share.sum()) - n_free * relief / float(self.residual(log_ratio))


def _spectrum(matrix: Floats) -> tuple[Floats, Floats]:
    """Return the eigenvalues above rounding, and their eigenvectors."""
    values, vectors = np.linalg.eigh(np.asarray(matrix, dtype=float))
    # The error of an eigenvalue is some eps of the largest one.
    seen = values > values.size * np.finfo(float).eps * values.max(initial=0.0)
    first = int(values.size - np.count_nonzero(seen))  # in ascending order
    return values[first:], vectors[:, first:]


def _at_the_best(
    seen: _Seen,
    basis: Floats,
    projections: Floats,
    n: float,
    n_flat: int,
    log_det_flat: float | None,
) -> RidgeEvidence:
    n_free = n - n_flat
    if n_free <= 0.0:
        raise ValueError(
            f"The evidence needs more samples than coefficients with a flat prior; got n_samples={n:g} and"
            f" {n_flat} of these. Give more data, or those coefficients a prior."
        )

    log_ratio, n_iter = _lowest(seen, n_free)
    variance = float(seen.residual(log_ratio)) / n_free
    log_det = (np.log(n) if n_flat else 0.0) if log_det_flat is None else log_det_flat
    constant = n_free * (1.0 + np.log(2.0 * np.pi / n_free)) + log_det
    ratio = float(np.exp(log_ratio))
    damping = 1.0 + ratio * seen.eigenvalues
    return RidgeEvidence(
        solution=basis @ (projections * (ratio / damping)),
        noise_scale=float(np.sqrt(variance)),
        prior_scale=float(np.sqrt(variance * ratio)),
        log_evidence=-0.5 * (float(seen.cost(log_ratio, n_free)) + constant),
        effective_dof=float(np.sum(1.0 - 1.0 / damping)),
        n_iter=n_iter,
    )


def _lowest(seen: _Seen, n_free: float) -> tuple[float, int]:
    """Return the log ρ at which the cost is lowest, and how often it was evaluated for that after the grid."""
    eigenvalues = seen.eigenvalues
    if eigenvalues.size == 0:  # X is constant: every ρ is as good
        return 0.0, 0
    low = float(np.log(_SMALLEST_SHARE / eigenvalues[-1]))
    high = -float(np.log(np.finfo(float).eps * eigenvalues[0]))
    grid = np.linspace(low, high, int((high - low) / np.log(10.0) * _POINTS_PER_DECADE) + 2)
    costs = seen.cost(grid, n_free)
    best = int(np.argmin(costs))
    left, right = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, grid.size - 1)])
    if not seen.slope(left, n_free) < 0.0 < seen.slope(right, n_free):
        # At an end of the range, or beside a second minimum: by the values.
        found = minimize_scalar(
            seen.cost,
            bounds=(left, right),
            args=(n_free,),
            method="bounded",
            options={"xatol": 1e-3},
        )
        near = float(found.x if found.fun <= costs[best] else grid[best])
        left, right = max(near - 2e-3, left), min(near + 2e-3, right)
        if not seen.slope(left, n_free) < 0.0 < seen.slope(right, n_free):
            return near, int(found.nfev)
    # By the slope a minimum is placed to rounding; by the values only to the root of it.
    root, report = brentq(seen.slope, left, right, (n_free,), xtol=1e-13, full_output=True)
    return float(root), int(report.function_calls)
