"""The normal density that is the product of a quadratic log likelihood and of normal factors of single parameters.

Notation: w (m,) parameters; exp(−½ wᵀ H w + bᵀ w) of the data (and of what is smooth in the prior); the factors
exp(−½ π_j w_j² + ν_j w_j), the sites; A = H + diag(π), Σ = A⁻¹, mean Σ (b + ν). Three ways to the same numbers: A
itself; for fewer rows than features the (n, n) matrix I + K, by the identity of Woodbury; for what is too large for
both, the diagonal of A.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from ..posteriors import BorderedForm, CovarianceForm, DenseForm, DiagonalForm, LowRankForm
from ._layout import Layout
from ._symmetric import CholeskyFactor, factorise

__all__ = ["DenseSystem", "DiagonalSystem", "KernelSystem", "SiteSystem", "Solution", "system_at"]

Array = NDArray[Any]

# Up to this size A is inverted as it is: 4000² numbers are 128 MB, and an inversion takes two seconds
# (benchmarks/constants.py factors).
_LARGEST = 4000
# Columns of X at a time where a dense copy of them is needed: 8 MB.
_BLOCK = 2**20
# Conjugate gradients end at this residual: far below the standard deviations that the mean is seen against.
_ENOUGH = 1e-8


@dataclass(frozen=True)
class Solution:
    """The normal density for given sites.

    Attributes
    ----------
    mean, variance : ndarray of shape (m,)
        Marginals.
    log_det : float
        log |A|, without null directions; NaN where only the diagonal is known.
    """

    mean: Array
    variance: Array
    log_det: float


class SiteSystem(ABC):
    """The data's part, for any sites."""

    @abstractmethod
    def solve(self, precision: Array, shift: Array) -> Solution:
        """Return mean and variances for the sites π, ν, each (m,)."""

    @abstractmethod
    def block(self, index: Array) -> Array:
        """Return a block of Σ of the last solution, (k, k)."""

    @abstractmethod
    def form(self, precision: Array) -> CovarianceForm:
        """Return Σ for these sites, which are those of the last solution."""


class DenseSystem(SiteSystem):
    """A as it is, (m, m)."""

    def __init__(self, H: Array, b: Array, layout: Layout, smooth: list[Array]) -> None:
        self.H, self.b, self.layout, self.smooth = H, b, layout, smooth
        self._covariance = H

    def solve(self, precision: Array, shift: Array) -> Solution:
        A = self.H.copy()
        A[np.diag_indices_from(A)] += precision
        factor = factorise(A)
        self._covariance = factor.solve(np.eye(len(A)))
        if isinstance(factor, CholeskyFactor):
            root = np.diag(factor.lower) / factor.scale
            log_det = 2.0 * float(np.log(root).sum())
        else:
            log_det = float(np.log(factor.values).sum())
        mean = factor.solve(self.b + shift)
        return Solution(mean, np.diag(self._covariance).copy(), log_det)

    def block(self, index: Array) -> Array:
        return self._covariance[np.ix_(index, index)]

    def form(self, precision: Array) -> CovarianceForm:
        A = self.H.copy()
        A[np.diag_indices_from(A)] += precision
        return DenseForm.of_precision(A, self._convention(precision))

    def _convention(self, precision: Array) -> Array | None:
        """Return the directions in which all classes move alike and no prior minds, (m, q)."""
        K, width = self.layout.n_classes, self.layout.width
        if K is None or any(np.ndim(of_class) == 2 for of_class in self.smooth):
            return None
        total = precision.reshape(K, width) + np.stack(self.smooth)
        alike = np.zeros((K, width, width))
        alike[:, np.arange(width), np.arange(width)] = K**-0.5
        directions = alike.reshape(K * width, width)[:, ~np.any(total, axis=0)]
        return directions if directions.shape[1] else None


class KernelSystem(SiteSystem):
    """I + K, (n, n): for one output, and a positive precision of every coefficient.

    With the intercept integrated out the data are Bᵀ B, B = (1 − γ u uᵀ) D^½ X for u = D^½ 1 and c = uᵀu + its prior
    precision, γ = (1 − √(1 − uᵀu/c)) / uᵀu: rows centred by their weighted mean where the intercept is flat.
    """

    def __init__(self, X: Any, d: Array, b: Array, fit_intercept: bool, smooth: Array) -> None:
        self.X, self.b, self.fit_intercept, self.smooth = X, b, fit_intercept, smooth
        self.p = X.shape[1]
        self.root = np.sqrt(d.astype(np.float64))
        self.cross = np.asarray(X.T @ d, dtype=np.float64)
        self.total = float(d.sum())

    def solve(self, precision: Array, shift: Array) -> Solution:
        P, rhs = self.smooth + precision, self.b + shift
        self.D = 1.0 / P[: self.p]
        c = self.total + P[self.p] if self.fit_intercept else np.inf
        self.gamma = (1.0 - np.sqrt(max(1.0 - self.total / c, 0.0))) / self.total
        kernel = np.eye(self.root.size)
        for part in self._parts():
            B = self._rows(part) * np.sqrt(self.D[part])
            kernel += B @ B.T
        self.lower = linalg.cholesky(kernel, lower=True, check_finite=False)
        x_mean = self.cross / c
        r = rhs[: self.p] - (x_mean * rhs[self.p] if self.fit_intercept else 0.0)
        variance, image, mean_image = self._spread(r, x_mean)
        back = linalg.solve_triangular(self.lower, image, lower=True, trans="T", check_finite=False)
        mean = self.D * r
        for part in self._parts():
            mean[part] -= self.D[part] * (self._rows(part).T @ back)
        log_det = 2.0 * float(np.log(np.diag(self.lower)).sum()) - float(np.log(self.D).sum())
        if not self.fit_intercept:
            return Solution(mean, variance, log_det)
        level = 1.0 / c + float(x_mean @ (self.D * x_mean)) - float(mean_image @ mean_image)
        mean = np.append(mean, rhs[self.p] / c - x_mean @ mean)
        return Solution(mean, np.append(variance, level), log_det + float(np.log(c)))

    def _spread(self, r: Array, x_mean: Array) -> tuple[Array, Array, Array]:
        """Return the variances, and L⁻¹ B D of two vectors."""
        variance = self.D.copy()
        products = np.zeros((self.root.size, 2))
        for part in self._parts():
            V = self._whitened(part)
            variance[part] -= np.einsum("ij,ij->j", V, V)
            products += V @ np.column_stack([r[part], x_mean[part]])
        # What rounding leaves of a variance that the data have taken away.
        least = np.finfo(np.float64).eps * self.D
        return np.maximum(variance, least), products[:, 0], products[:, 1]

    def block(self, index: Array) -> Array:
        V = self._whitened(index)
        return np.diag(self.D[index]) - V.T @ V

    def form(self, precision: Array) -> CovarianceForm:
        shift = self.root[:, None], self.gamma * self.cross[None, :]
        if sparse.issparse(self.X):
            scaled = sparse.csr_matrix(self.X.multiply(self.root[:, None]))
            inner = LowRankForm(self.D, scaled, shift if self.gamma > 0.0 else None)
        else:
            inner = LowRankForm(self.D, self._rows(slice(None)))
        if not self.fit_intercept:
            return inner
        c = self.total + self.smooth[self.p] + precision[self.p]
        level = DenseForm(np.array([[c**-0.5]]))
        return BorderedForm(np.array([self.p]), self.cross[None, :] / c, inner, level)

    def _whitened(self, part: Any) -> Array:
        B = self._rows(part) * self.D[part]
        V: Array = linalg.solve_triangular(self.lower, B, lower=True, check_finite=False)
        return V

    def _parts(self) -> Iterator[slice]:
        size = max(1, _BLOCK // max(1, self.root.size))
        return (slice(start, min(start + size, self.p)) for start in range(0, self.p, size))

    def _rows(self, part: Any) -> Array:
        """Return columns of B."""
        columns = self.X[:, part]
        columns = columns.toarray() if hasattr(columns, "toarray") else columns
        # Centred before it is multiplied: a column far from zero keeps its digits.
        return self.root[:, None] * (columns - self.gamma * self.cross[part])


class DiagonalSystem(SiteSystem):
    """The diagonal of A for the variances, and conjugate gradients for the mean."""

    def __init__(self, multiply: Any, diagonal: Array, b: Array) -> None:
        self.multiply, self.diagonal, self.b = multiply, diagonal, b
        self._mean = np.zeros(b.size)
        self._variance = np.ones(b.size)

    def solve(self, precision: Array, shift: Array) -> Solution:
        with np.errstate(divide="ignore"):
            self._variance = 1.0 / (self.diagonal + precision)
        self._mean = self._conjugate_gradients(precision, self.b + shift)
        return Solution(self._mean, self._variance, float("nan"))

    def _conjugate_gradients(self, precision: Array, rhs: Array) -> Array:
        inverse = np.where(np.isfinite(self._variance), self._variance, 0.0)
        w = self._mean
        r = rhs - self.multiply(w) - precision * w
        h = inverse * r
        step, gamma = h, float(r @ h)
        goal = _ENOUGH**2 * float(rhs @ (inverse * rhs))
        for _ in range(rhs.size):
            if gamma <= goal:
                break
            image = self.multiply(step) + precision * step
            length = gamma / float(step @ image)
            w, r = w + length * step, r - length * image
            h = inverse * r
            gamma, before = float(r @ h), gamma
            step = h + gamma / before * step
        return w

    def block(self, index: Array) -> Array:
        return np.diag(self._variance[index])

    def form(self, precision: Array) -> CovarianceForm:
        return DiagonalForm(self._variance)


def system_at(objective: Any, w: Array, covariance: str) -> SiteSystem:
    """Return the system of the second-order expansion of the smooth part of an objective at w."""
    n, m, data = objective.n_samples, objective.n_parameters, objective.data
    gradient = np.asarray(objective.value_and_gradient(w)[1], dtype=np.float64)
    b = np.asarray(objective.hessian_operator(w)(w), dtype=np.float64) - gradient
    precisions = objective.prior.precisions(w)
    is_plain = len(precisions) == 1 and precisions[0].ndim == 1
    if covariance != "diagonal":
        if is_plain and n < m and n <= _LARGEST and _is_positive(d := data.curvature(w)):
            layout = objective.layout
            return KernelSystem(data.design.X, d, b, layout.fit_intercept, precisions[0])
        if m <= _LARGEST or covariance == "full":
            H = np.asarray(objective.hessian(w), dtype=np.float64)
            return DenseSystem(H, b, objective.layout, precisions)
    diagonal = objective.hessian_diagonal(w)
    return DiagonalSystem(objective.hessian_operator(w), diagonal, b)


def _is_positive(d: Array) -> bool:
    return bool(d.size) and float(d.min()) >= 0.0 and float(d.sum()) > 0.0
