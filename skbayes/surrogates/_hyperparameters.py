"""Hyper-parameters of the Gaussian process by MAP: the objective, its gradient, its maximiser.

Notation: θ = log(ℓ_1 .. ℓ_p, s, σ²) with ℓ length scales, s signal variance, σ² noise variance;
K = s k(r²) + diag(σ² + known); z the targets. The objective is
log N(z | 0, K) + log p(ℓ) + log p(s) + log p(σ²). The priors are densities on the natural scale:
the maximiser walks in θ without adding the Jacobian (DESIGN decision 9).

Everything is held in LAPACK's packed upper form, n(n+1)/2 numbers instead of n².
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas, lapack
from scipy.optimize import minimize

from ..priors import LogNormal
from ._cholesky import factorize, solve, solve_half
from ._kernels import Kernel

__all__ = ["Hyperparameters", "LogPosterior", "maximize", "prior_of"]

FloatArray = NDArray[np.float64]

# Ranges, in widths of the unit cube and in mean squares of the targets. Shorter length scales than
# 1/100 make every point an island; a noise variance below 1e-6 costs digits and buys nothing.
_LENGTH_SCALE_RANGE = (1e-2, 1e3)
_SIGNAL_RANGE = (1e-3, 1e3)
_NOISE_RANGE = (1e-6, 1e1)


@dataclass(frozen=True)
class Hyperparameters:
    """Length scales (n_columns,) in widths of the cube, and variances in the targets' unit."""

    length_scale: FloatArray
    signal_variance: float
    noise_variance: float

    def scaled(self, factor: float) -> "Hyperparameters":
        """Return them for targets multiplied by sqrt(factor)."""
        return Hyperparameters(
            self.length_scale, factor * self.signal_variance, factor * self.noise_variance
        )

    @property
    def theta(self) -> FloatArray:
        """Logarithms, the maximiser's coordinates."""
        with np.errstate(divide="ignore"):
            return np.log([*self.length_scale, self.signal_variance, self.noise_variance])

    @classmethod
    def of(cls, theta: FloatArray) -> "Hyperparameters":
        """Return the inverse of `theta`."""
        w = np.exp(theta)
        return cls(w[:-2], float(w[-2]), float(w[-1]))


def prior_of(n_columns: int) -> LogNormal:
    """Prior of (ℓ_1 .. ℓ_p, s, σ²), for targets of mean square 1.

    Length scales: LogNormal(√2 + log(p)/2, √3), noise: LogNormal(−4, 1) (Hvarfner, Hellsten, Nardi
    (2024). Vanilla Bayesian optimization performs great in high dimensions. ICML, arXiv:2402.02229;
    the noise's is BoTorch's). Signal variance: LogNormal(1, 1), weak, with its mode at 1.
    """
    loc = np.full(n_columns + 2, math.sqrt(2.0) + 0.5 * math.log(max(n_columns, 1)))
    scale = np.full(n_columns + 2, math.sqrt(3.0))
    loc[-2:], scale[-2:] = (1.0, -4.0), (1.0, 1.0)
    return LogNormal(loc, scale)


def bounds_of(n_columns: int) -> FloatArray:
    """Bounds of θ, of shape (n_columns + 2, 2)."""
    return np.log([_LENGTH_SCALE_RANGE] * n_columns + [_SIGNAL_RANGE, _NOISE_RANGE])


class LogPosterior:
    """The objective as a function of θ.

    Parameters
    ----------
    kernel : Kernel
        The correlation function.
    squared_differences : ndarray of shape (n_columns, n(n+1)/2)
        From a PairTable.
    targets : ndarray of shape (n,)
        Latent scores with a mean square of about 1.
    known_noise : ndarray of shape (n,) or None
        Known noise variances in the targets' unit.
    prior : LogNormal
        Of exp(θ).
    """

    def __init__(
        self,
        kernel: Kernel,
        squared_differences: FloatArray,
        targets: FloatArray,
        known_noise: FloatArray | None,
        prior: LogNormal,
    ) -> None:
        self.kernel = kernel
        self.D = squared_differences
        self.targets = targets
        self.known_noise = known_noise
        self.prior = prior

    def value_and_gradient(self, theta: FloatArray) -> tuple[float, FloatArray]:
        """Return the log posterior density at θ and its gradient by θ.

        With a = K⁻¹ z and W = aa' − K⁻¹: ∂/∂t log N(z | 0, K) = ½ tr(W ∂K/∂t).
        """
        w = np.exp(theta)
        s, sigma2 = w[-2], w[-1]
        inverse_square = w[:-2] ** -2.0
        n = len(self.targets)
        value, slope = self.kernel.value_and_slope(inverse_square @ self.D)
        R, noise = self._factor(value, w)
        a = solve(R, self.targets)
        fit = float(self.targets @ a)
        log_posterior = self._log_posterior(R, fit, w)

        K_inverse, _ = lapack.dpotri(R, lower=0, overwrite_c=1)
        W_diagonal = a * a - np.diagonal(K_inverse)
        K_inverse, _ = lapack.dtrttp(K_inverse, uplo="U")
        W = blas.dspr(n, -1.0, a, K_inverse, lower=0, overwrite_ap=1)  # −W, off the diagonal
        gradient = np.empty_like(theta)
        slope *= W
        # Pairs are stored once, so the ½ of the trace is spent; D is 0 on the diagonal.
        gradient[:-2] = (2.0 * s) * inverse_square * (self.D @ slope)
        gradient[-1] = 0.5 * sigma2 * W_diagonal.sum()
        # tr(W K) = fit − n, of which the signal's share is what the noise does not take.
        gradient[-2] = 0.5 * (fit - n - (W_diagonal * noise).sum())
        return log_posterior, gradient + self.prior.gradient(w) * w

    def value(self, theta: FloatArray) -> float:
        """Return the log posterior density at θ alone, at a third of the cost with its gradient."""
        w = np.exp(theta)
        R, _ = self._factor(self.kernel.value(w[:-2] ** -2.0 @ self.D), w)
        a = solve_half(R, self.targets[:, None])[:, 0]
        return self._log_posterior(R, float(a @ a), w)

    def _factor(self, correlation: FloatArray, w: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Factor of K, and the noise variances on its diagonal; overwrites the correlation."""
        correlation *= w[-2]
        K, _ = lapack.dtpttr(len(self.targets), correlation, uplo="U")
        noise = w[-1] if self.known_noise is None else w[-1] + self.known_noise
        np.einsum("ii->i", K)[:] += noise
        return factorize(K)[0], noise

    def _log_posterior(self, R: FloatArray, fit: float, w: FloatArray) -> float:
        """The density from the factor of K and z'K⁻¹z."""
        half_log_det = float(np.log(np.diagonal(R)).sum())
        log_likelihood = -0.5 * fit - half_log_det - 0.5 * len(R) * math.log(2.0 * math.pi)
        return log_likelihood + self.prior.log_density(w)

    def negative(self, theta: FloatArray) -> tuple[float, FloatArray]:
        """Return what a minimiser wants, per observation so that its tolerances mean the same."""
        value, gradient = self.value_and_gradient(theta)
        n = len(self.targets)
        return -value / n, gradient / -n


def maximize(
    objective: LogPosterior, starts: Sequence[FloatArray], max_evaluations: int = 200
) -> tuple[FloatArray, float]:
    """Return the best θ and log posterior that L-BFGS-B finds from the starts."""
    bounds = bounds_of(len(objective.D))
    best_theta, best_value = starts[0], math.inf
    for start in starts:
        result = minimize(
            objective.negative,
            np.clip(start, bounds[:, 0], bounds[:, 1]),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxfun": max_evaluations, "ftol": 1e-8, "gtol": 1e-4},
        )
        if result.fun < best_value:
            best_theta, best_value = result.x, float(result.fun)
    return best_theta, -best_value * len(objective.targets)
