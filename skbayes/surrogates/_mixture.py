"""A mixture of Gaussian processes that differ in their hyper-parameters, by its moments.

Notation: w_k the weights, summing to 1; m_k, v_k mean and variance of process k at a point.
Law of total variance: m = Σ w_k m_k, v = Σ w_k (v_k + (m_k − m)²).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._columns import Points
from ._covariance import Covariance
from ._process import Process

__all__ = ["Mixture"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Mixture:
    """Several conditioned processes of the same observations.

    Parameters
    ----------
    processes : tuple of Process
        At least one.
    weights : ndarray of shape (n_processes,)
        Their probabilities.
    """

    processes: tuple[Process, ...]
    weights: FloatArray

    def __len__(self) -> int:
        """Return the number of observations."""
        return len(self.processes[0])

    @property
    def covariance(self) -> Covariance:
        """Prior covariance of the first process."""
        return self.processes[0].covariance

    @property
    def targets(self) -> FloatArray:
        """Latent scores, which all processes share."""
        return self.processes[0].targets

    def with_fantasies(self, points: Points, targets: FloatArray) -> "Mixture":
        """Return the mixture with m further observations; `targets` are of all n + m.

        The weights stay: a fantasy says nothing of the hyper-parameters.
        """
        grown = tuple(process.with_fantasies(points, targets) for process in self.processes)
        return Mixture(grown, self.weights)

    def mean_and_std(self, points: Points) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation of the noise-free function, each (m,)."""
        means, stds = map(
            np.stack, zip(*(p.mean_and_std(points) for p in self.processes), strict=True)
        )
        mean = self.weights @ means
        return mean, np.sqrt(self.weights @ (stds**2 + (means - mean) ** 2))

    def posterior_covariance(self, points: Points) -> FloatArray:
        """Covariance of the noise-free function, (m, m)."""
        within = np.stack([process.posterior_covariance(points) for process in self.processes])
        means = np.stack([process.mean_and_std(points)[0] for process in self.processes])
        apart = means - self.weights @ means
        between = (apart * self.weights[:, None]).T @ apart
        return np.asarray(np.tensordot(self.weights, within, axes=1) + between)

    def value_and_gradient(
        self, points: Points
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return mean, std (m,), and their derivatives by the columns (m, n_columns)."""
        means, stds, d_means, d_stds = map(
            np.stack, zip(*(p.value_and_gradient(points) for p in self.processes), strict=True)
        )
        w = self.weights
        mean = w @ means
        apart = means - mean
        std = np.sqrt(w @ (stds**2 + apart**2))
        # Half of ∂v; the share of ∂m drops out, since the distances from the mean average to 0.
        half = np.einsum("k,km,kmj->mj", w, stds, d_stds)
        half += np.einsum("k,km,kmj->mj", w, apart, d_means)
        return mean, std, np.tensordot(w, d_means, axes=1), half / std[:, None]
