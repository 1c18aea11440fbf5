"""Automatic relevance determination (ARD): a prior scale for each coefficient, by maximising the evidence.

Notation: n the sum of the weights, X and y centred by their weighted means and multiplied by the roots of the
weights; G = Xᵀ X, q = Xᵀ y; σ the noise scale, α = 1/σ², d_j the prior scale of coefficient j, D = diag(d);
B = I + α D G D, so that the posterior covariance is D B⁻¹ D and the mean w = α D B⁻¹ D q. The share of coefficient j
that the data determine is γ_j = 1 − (B⁻¹)_jj. At a maximum of the evidence d_j² = w_j²/γ_j and
σ² = ‖y − X w‖² / (N − Σ γ), N = n − n_flat (MacKay 1992); these are iterated. Where the data prefer d_j = 0 the
scale shrinks from step to step, and the coefficient leaves the block on which all of this is done.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.linalg.blas import dsyrk, dtrsm
from scipy.linalg.lapack import dpotrf, dtrtri

__all__ = ["ARDEvidence", "ard_evidence", "ard_evidence_wide"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ARDEvidence:
    """Linear regression at its most probable noise scale and prior scales.

    Attributes
    ----------
    coef : ndarray of shape (n_features,)
        Coefficients; zero where the prior scale is.
    prior_scale : ndarray of shape (n_features,)
        d; zero for coefficients that were dropped.
    noise_scale : float
        σ.
    log_evidence : float
        log p(y) at these scales.
    effective_dof : float
        Σ γ.
    n_iter : int
        Updates made.
    converged : bool
        Whether the fitted values stopped changing within the tolerance.
    kept : ndarray of shape (n_kept,)
        Indices of the coefficients that were not dropped.
    """

    coef: Floats
    prior_scale: Floats
    noise_scale: float
    log_evidence: float
    effective_dof: float
    n_iter: int
    converged: bool
    kept: NDArray[np.intp]


def ard_evidence(
    gram: Floats,
    cross: Floats,
    y_square: float,
    n: float,
    *,
    n_flat: int = 1,
    log_det_flat: float | None = None,
    max_iter: int = 300,
    tol: float = 1e-4,
    smallest_share: float = 1e-4,
) -> ARDEvidence:
    """Linear regression at the scales of highest evidence, a prior scale for each coefficient.

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
    max_iter : int, default=300
        Most updates made.
    tol : float, default=1e-4
        The updates end when the fitted values change by less than this share of ‖y‖.
    smallest_share : float, default=1e-4
        A coefficient is dropped when its prior allows it less than this share of its least-squares value, if it were
        alone: α d_j² G_jj < smallest_share.

    Returns
    -------
    evidence : ARDEvidence
        The state after the last update.
    """
    return _iterated(
        _Block(gram, cross), y_square, n, n_flat, log_det_flat, max_iter, tol, smallest_share
    )


def ard_evidence_wide(
    rows: Floats,
    target: Floats,
    n: float,
    *,
    n_flat: int = 1,
    log_det_flat: float | None = None,
    max_iter: int = 300,
    tol: float = 1e-4,
    smallest_share: float = 1e-4,
) -> ARDEvidence:
    """Linear regression at the scales of highest evidence, from rows that are fewer than the coefficients.

    Parameters
    ----------
    rows : ndarray of shape (n_samples, n_features)
        X, centred and weighted.
    target : ndarray of shape (n_samples,)
        y, centred and weighted.
    n : float
        Sum of the weights.
    n_flat, log_det_flat, max_iter, tol, smallest_share :
        As for `ard_evidence`.

    Returns
    -------
    evidence : ARDEvidence
        The state after the last update.
    """
    y_square = float(target @ target)
    block = _Rows.of(rows, target)
    return _iterated(block, y_square, n, n_flat, log_det_flat, max_iter, tol, smallest_share)


def _iterated(
    block: "_Block | _Rows",
    y_square: float,
    n: float,
    n_flat: int,
    log_det_flat: float | None,
    max_iter: int,
    tol: float,
    smallest_share: float,
) -> ARDEvidence:
    n_free = n - n_flat
    if n_free <= 0.0:
        raise ValueError(
            f"The evidence needs more samples than coefficients with a flat prior; got n_samples={n:g} and"
            f" {n_flat} of these. Give more data, or those coefficients a prior."
        )
    n_features = block.n_features
    # Squares lose what is below eps of them; of a constant y nothing is left, and any unit will do.
    smallest = np.finfo(float).eps * (y_square or 1.0)
    variance = max(y_square, smallest) / n_free
    # To begin with each coefficient explains as much as any other, and all together as much as there is.
    d = np.sqrt(max(y_square, smallest) / (max(block.size, 1) * block.diagonal))
    posterior = block.posterior(d, variance)
    converged, n_iter = block.size == 0, 0
    while not converged and n_iter < max_iter:
        n_iter += 1
        rest = max(
            y_square - 2.0 * block.cross @ posterior.mean + block.energy(posterior.mean), smallest
        )
        variance = rest / max(n_free - posterior.determined.sum(), np.finfo(float).eps * n_free)
        d = np.abs(posterior.mean) / np.sqrt(posterior.determined)
        stays = d * d * block.diagonal >= smallest_share * variance
        before, dropped = posterior.mean, posterior.mean[~stays]
        if dropped.size:
            block, d, before = block.without(~stays), d[stays], before[stays]
        posterior = block.posterior(d, variance)
        change = block.energy(posterior.mean - before)
        converged = not dropped.any() and change <= tol**2 * max(y_square, smallest)
    log_det = (np.log(n) if n_flat else 0.0) if log_det_flat is None else log_det_flat
    misfit = (y_square - block.cross @ posterior.mean) / variance
    cost = n_free * np.log(2.0 * np.pi * variance) + posterior.log_det + misfit + log_det
    coef, prior_scale = np.zeros((2, n_features))
    coef[block.kept], prior_scale[block.kept] = posterior.mean, d
    return ARDEvidence(
        coef=coef,
        prior_scale=prior_scale,
        noise_scale=float(np.sqrt(variance)),
        log_evidence=float(-0.5 * cost),
        effective_dof=float(posterior.determined.sum()),
        n_iter=n_iter,
        converged=bool(converged),
        kept=block.kept,
    )


@dataclass(frozen=True)
class _Posterior:
    """Of the coefficients kept: mean, γ and log |B|."""

    mean: Floats
    determined: Floats
    log_det: float


class _Block:
    """The Gram quantities of the coefficients that are kept; to begin with of those with a column that varies."""

    def __init__(self, gram: Floats, cross: Floats) -> None:
        self.n_features = np.size(cross)
        self.kept = np.flatnonzero(np.diag(gram) > 0.0)
        self._take(np.asarray(gram, dtype=float), np.asarray(cross, dtype=float), self.kept)

    def _take(self, gram: Floats, cross: Floats, rows: NDArray[np.intp]) -> None:
        self.gram = gram if rows.size == cross.size else gram[np.ix_(rows, rows)]
        self.cross = cross[rows]
        self.diagonal = np.diag(self.gram)
        self.size = rows.size

    def without(self, dropped: NDArray[np.bool_]) -> "_Block":
        smaller = object.__new__(_Block)
        smaller.n_features = self.n_features
        rows = np.flatnonzero(~dropped)
        smaller.kept = self.kept[rows]
        smaller._take(self.gram, self.cross, rows)
        return smaller

    def energy(self, w: Floats) -> float:
        """Return ‖X w‖²."""
        return float(w @ (self.gram @ w))

    def posterior(self, d: Floats, variance: float) -> _Posterior:
        if self.size == 0:  # which LAPACK takes for a mistake
            return _Posterior(d, d, 0.0)
        scaled = d / np.sqrt(variance)
        # In Fortran order, so that LAPACK works in place; symmetric, so that it is the same matrix. No eigenvalue is
        # below 1, whatever the columns: the factor always exists.
        B = np.asfortranarray((self.gram * scaled).T)
        B *= scaled
        B.flat[:: self.size + 1] += 1.0
        lower, _ = dpotrf(B, lower=True, overwrite_a=True)
        log_det = 2.0 * float(np.log(np.diag(lower)).sum())
        root, _ = dtrtri(lower, lower=True, overwrite_c=True)
        determined = 1.0 - np.square(root).sum(axis=0)
        root *= d
        mean = (root @ self.cross) @ root / variance
        return _Posterior(mean, determined, log_det)


@dataclass(frozen=True)
class _Rows:
    """The same by rows, for more coefficients than these: Z (n_samples, n_kept), centred and weighted, and its target.

    With C = I + α Z D² Zᵀ = L Lᵀ: |B| = |C|, γ_j = α d_j² ‖L⁻¹ z_j‖² and w = α D² Zᵀ C⁻¹ y.
    """

    Z: Floats
    target: Floats
    kept: NDArray[np.intp]
    n_features: int
    diagonal: Floats
    cross: Floats

    @classmethod
    def of(cls, Z: Floats, target: Floats) -> "_Rows":
        power = np.einsum("ij,ij->j", Z, Z)
        kept = np.flatnonzero(power > 0.0)
        Z = Z if kept.size == power.size else Z[:, kept]
        return cls(Z, target, kept, power.size, power[kept], Z.T @ target)

    @property
    def size(self) -> int:
        return self.kept.size

    def without(self, dropped: NDArray[np.bool_]) -> "_Block | _Rows":
        stays = ~dropped
        Z, kept = self.Z[:, stays], self.kept[stays]
        if kept.size > Z.shape[0]:
            return replace(
                self, Z=Z, kept=kept, diagonal=self.diagonal[stays], cross=self.cross[stays]
            )
        block = object.__new__(_Block)
        block.n_features, block.kept = self.n_features, kept
        block._take(Z.T @ Z, self.cross[stays], np.arange(kept.size))
        return block

    def energy(self, w: Floats) -> float:
        eta = self.Z @ w
        return float(eta @ eta)

    def posterior(self, d: Floats, variance: float) -> _Posterior:
        if self.size == 0:
            return _Posterior(d, d, 0.0)
        A = np.asfortranarray(self.Z * (d / np.sqrt(variance)))
        C = dsyrk(1.0, A, lower=1)
        C.flat[:: C.shape[0] + 1] += 1.0
        lower, _ = dpotrf(C, lower=True, overwrite_a=True)
        log_det = 2.0 * float(np.log(np.diag(lower)).sum())
        solved = dtrsm(1.0, lower, A, lower=1, overwrite_b=1)
        y = solve_triangular(lower, self.target, lower=True)
        determined = np.minimum(np.einsum("ij,ij->j", solved, solved), 1.0)
        mean = (d / np.sqrt(variance)) * (y @ solved)
        return _Posterior(mean, determined, log_det)
