"""What a surrogate would say of each of its own observations, had it not seen it.

Notation: K the covariance of the n observations with their noise, z their latent scores.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack
from sklearn.base import clone

from ..posteriors import GaussianPosterior
from ._base import Surrogate
from ._gaussian_process import GaussianProcess
from ._process import Process

__all__ = ["leave_one_out"]

FloatArray = NDArray[np.float64]

# Of a surrogate without a closed form so many are fitted, each without a part of the observations.
_N_PARTS = 5


def leave_one_out(model: Surrogate, U: FloatArray, latent: FloatArray) -> GaussianPosterior:
    """Return the posterior of the noise-free latent score at each observation, without it.

    For a Gaussian process with its hyper-parameters kept, mean_j = z_j − (K⁻¹z)_j / (K⁻¹)_jj and
    variance_j = 1 / (K⁻¹)_jj − noise_j (Rasmussen, Williams (2006), equation 5.12). Other
    surrogates are fitted again without each fifth of the observations.

    Parameters
    ----------
    model : Surrogate
        A fitted surrogate, which is not changed.
    U : ndarray of shape (n, n_columns)
        Observations, all or some of those that it was fitted to.
    latent : ndarray of shape (n,)
        Their latent scores.

    Returns
    -------
    posterior : GaussianPosterior
        Of n independent quantities, in the latent unit.
    """
    if isinstance(model, GaussianProcess):
        return _closed_form(_process_of(model, U, latent))
    mean, std = np.empty(len(U)), np.empty(len(U))
    # Dealt in turn: neighbours in time, which in a search are neighbours in space, part company.
    part_of = np.arange(len(U)) % _N_PARTS
    for part in np.unique(part_of):
        held_out = part_of == part
        again = clone(model).set_params(output_transform=None)
        posterior = again.fit(U[~held_out], latent[~held_out]).posterior(U[held_out])
        mean[held_out], std[held_out] = posterior.mean, posterior.std
    return GaussianPosterior(mean, std)


def _process_of(model: GaussianProcess, U: FloatArray, latent: FloatArray) -> Process:
    """Return the model's own process if it is of just these observations, otherwise one that is."""
    process = model.process_
    if isinstance(process, Process) and np.array_equal(process.targets, latent):
        return process
    again = GaussianProcess(
        model.kernel,
        length_scale=model.length_scale_,
        signal_variance=model.signal_variance_,
        noise_variance=model.noise_variance_,
        optimize=False,
        output_transform=None,
        categories=model.categories,
    )
    fitted = again.fit(U, latent).process_
    assert isinstance(fitted, Process)  # hyper-parameters that are given are not averaged over
    return fitted


def _closed_form(process: Process) -> GaussianPosterior:
    inverse, _ = lapack.dpotri(process.R, lower=0)
    precision = np.diagonal(inverse)
    mean = process.targets - process.weights / precision
    variance = 1.0 / precision - process.noise - process.jitter
    return GaussianPosterior(mean, np.sqrt(np.maximum(variance, 0.0)))
