"""A Gaussian process conditioned on observations: everything there is to ask once θ is fixed.

Notation: K = cov + diag(noise) = R'R of the n observations, a = K⁻¹ z; C (m, n) the covariances of
m further points with the observations. mean = C a, variance = s − |R'⁻¹ C'|².
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ._cholesky import extend_factor, factorize, solve, solve_half
from ._columns import Points
from ._covariance import Covariance

__all__ = ["Process"]

FloatArray = NDArray[np.float64]

# Noise variance of a fantasy in units of the signal's. With the learnt one a batch may go twice to
# where once is enough: what is left to learn there exceeds what there is elsewhere.
_FANTASY_NOISE = 1e-6


@dataclass(frozen=True, eq=False)
class Process:
    """A conditioned zero-mean Gaussian process.

    Parameters
    ----------
    covariance : Covariance
        The prior covariance.
    points : Points
        The n observations.
    noise : ndarray of shape (n,)
        Their noise variances, the learnt and the known part together.
    R : ndarray of shape (n, n)
        Upper Cholesky factor of their covariance; below the diagonal undefined.
    jitter : float
        What the factorisation had to add to the diagonal.
    targets : ndarray of shape (n,)
        Latent scores.
    weights : ndarray of shape (n,)
        a = K⁻¹ z.
    """

    covariance: Covariance
    points: Points
    noise: FloatArray
    R: FloatArray
    jitter: float
    targets: FloatArray
    weights: FloatArray

    @classmethod
    def of(
        cls, covariance: Covariance, points: Points, noise: FloatArray, targets: FloatArray
    ) -> "Process":
        """Return the process after a full factorisation, O(n³)."""
        K = covariance.among(points).T  # column-major, as LAPACK wants it
        np.einsum("ii->i", K)[:] += noise
        R, jitter = factorize(K)
        return cls(covariance, points, noise, R, jitter, targets, solve(R, targets))

    def __len__(self) -> int:
        """Return the number of observations."""
        return len(self.noise)

    def updated(
        self, covariance: Covariance, points: Points, noise: FloatArray, targets: FloatArray
    ) -> "Process":
        """Return the process of these data, by rows in O(n²) if this one is of their beginning."""
        n = len(self)
        is_beginning = (
            self.covariance.is_same_as(covariance)
            and np.array_equal(self.noise, noise[:n])
            and points.starts_with(self.points)
        )
        if not is_beginning:
            return Process.of(covariance, points, noise, targets)
        if n == len(points):
            return replace(self, targets=targets, weights=solve(self.R, targets))
        return self.extended(points[n:], noise[n:], targets)

    def extended(self, points: Points, noise: FloatArray, targets: FloatArray) -> "Process":
        """Return the process with m further observations, O(n² m).

        `points` and `noise` are of the further ones; `targets` of all n + m.
        """
        all_points = self.points.joined(points)
        all_noise = np.concatenate([self.noise, noise])
        cross = self.covariance.between(points, self.points).T
        corner = self.covariance.among(points)
        np.einsum("ii->i", corner)[:] += noise + self.jitter
        R = extend_factor(self.R, cross, corner)
        if R is None:
            return Process.of(self.covariance, all_points, all_noise, targets)
        weights = solve(R, targets)
        return Process(self.covariance, all_points, all_noise, R, self.jitter, targets, weights)

    def with_fantasies(self, points: Points, targets: FloatArray) -> "Process":
        """Return the process with m further observations that have next to no noise."""
        noise = np.full(len(points), _FANTASY_NOISE * self.covariance.variance)
        return self.extended(points, noise, targets)

    def mean_and_std(self, points: Points) -> tuple[FloatArray, FloatArray]:
        """Posterior mean and standard deviation of the noise-free function, each (m,)."""
        C = self.covariance.between(points, self.points)
        V = solve_half(self.R, C.T)
        return C @ self.weights, self._std(V)

    def posterior_covariance(self, points: Points) -> FloatArray:
        """Posterior covariance of the noise-free function, (m, m)."""
        V = solve_half(self.R, self.covariance.between(points, self.points).T)
        return self.covariance.among(points) - V.T @ V

    def value_and_gradient(
        self, points: Points
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return mean, std (m,), and their derivatives by the columns (m, n_columns)."""
        C, slope = self.covariance.value_and_slope(points, self.points)
        V = solve_half(self.R, C.T)
        std = self._std(V)
        B = solve_half(self.R, V, transposed=True).T  # K⁻¹ C', transposed
        by_column = self.covariance.sum_by_column
        d_mean = by_column(points, self.points, slope * self.weights)
        # variance = s − CK⁻¹C', and ∂ std = ∂ variance / 2 std
        d_std = by_column(points, self.points, slope * B) / -std[:, None]
        return C @ self.weights, std, d_mean, d_std

    def _std(self, V: FloatArray) -> FloatArray:
        """√(s − |V|²) by columns; rounding can take the difference below zero, never std."""
        s = self.covariance.variance
        explained = np.einsum("ij,ij->j", V, V)
        return np.asarray(np.sqrt(np.maximum(s - explained, np.finfo(float).eps * s)))
