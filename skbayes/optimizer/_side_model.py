"""A Gaussian process over the cube of something other than the score: log seconds, success."""

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..surrogates import GaussianProcess

__all__ = ["SideModel"]

Floats = NDArray[np.float64]

# Below this share of the noise variance their difference is rounding.
_ALONE = 1e-9


class SideModel:
    """A Gaussian process of values around their mean, in their own unit.

    Parameters
    ----------
    categories : sequence of int
        Number of unordered categories of each column, 0 for an ordered one.
    seed : int
        Seed of the random starts of the fit.
    """

    def __init__(self, categories: Sequence[int], seed: int) -> None:
        # The priors of the hyper-parameters are relative to the mean square of what is fitted.
        self._process = GaussianProcess(
            output_transform=None, categories=categories, random_state=seed
        )
        self._centre = 0.0

    @property
    def noise_variance(self) -> float:
        """What two evaluations of the same point differ by."""
        return float(self._process.noise_variance_)

    def fit(self, U: Floats, values: Floats, what: str) -> bool:
        """Fit to points (n, n_dims) and values (n,); False, with a warning, if numerics forbid it."""
        self._centre = float(values.mean())
        try:
            self._process.fit(U, values - self._centre)
        except (np.linalg.LinAlgError, ArithmeticError) as error:
            warnings.warn(
                f"The model of the {what} could not be fitted to {len(U)} trials ({error}); the "
                "next points are chosen without it. Look for duplicates with contrary outcomes.",
                RuntimeWarning,
                stacklevel=2,
            )
            return False
        return True

    def mean_and_std(self, U: Floats) -> tuple[Floats, Floats]:
        """Posterior mean and standard deviation (m,) without the noise."""
        posterior = self._process.posterior(U)
        return self._centre + posterior.mean, posterior.std

    def value_and_gradient(self, U: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """The same with their gradients (m, n_dims)."""
        mean, std, d_mean, d_std = self._process.value_and_gradient(U)
        return self._centre + mean, std, d_mean, d_std

    def leave_one_out(self, U: Floats, values: Floats) -> tuple[Floats, Floats]:
        """What the process, fitted to points and values, expects of each from all others.

        Returns mean and standard deviation (n,) of the observation, noise included. With posterior
        moments m, s at the point and noise variance σ², K⁻¹ has the diagonal (σ² − s²) / σ⁴, and
        K⁻¹ times the values is (value − m) / σ² (Rasmussen, Williams (2006), equation 5.12).
        """
        mean, std = self.mean_and_std(U)
        noise = self.noise_variance
        # Where s nearly is σ the point stands alone: its value is all that is known there.
        ratio = noise / np.maximum(noise - std**2, _ALONE * noise)
        return values - (values - mean) * ratio, np.sqrt(noise * ratio)
