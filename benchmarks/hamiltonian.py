"""Hamiltonian Monte Carlo, to have something to hold approximations against, and what says whether it has converged.

Notation: w (m,) parameters, C chains that move side by side, so that one call gives the densities of all of them.

Positions are whitened by the covariance that the warm-up found: w = centre + L z. There a trajectory of length π/2
turns a normal distribution into an independent draw; its length is drawn anew each time, between a step and π, for a
fixed one may come back to where it began (Mackenzie 1989, doi:10.1093/biomet/76.4.807). A kink of the density costs
acceptance and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, rankdata

__all__ = ["Chains", "effective_sample_size", "hamiltonian", "split_r_hat"]

# (C, m) -> log densities up to a constant (C,), gradients (C, m)
Density = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]

# The acceptance that costs least work for each independent draw lies between 0.65 and 0.8 (Betancourt, Byrne,
# Girolami 2014, arXiv:1411.6669); the upper end is the safer one.
_ACCEPTANCE = 0.8
# Of the warm-up: each window finds a covariance for the next one, and is twice as long.
_WINDOWS = (100, 200, 400, 800)


@dataclass(frozen=True)
class Chains:
    """Draws and how they came about.

    Attributes
    ----------
    draws : ndarray of shape (C, n, m)
        After the warm-up.
    acceptance : float
        Mean probability with which a trajectory was accepted.
    step : float
        Length of a step in whitened units.
    """

    draws: np.ndarray
    acceptance: float
    step: float

    @property
    def flat(self) -> np.ndarray:
        """Return the draws of all chains, (C n, m)."""
        return self.draws.reshape(-1, self.draws.shape[2])


def hamiltonian(
    density: Density, start: np.ndarray, n_draws: int, rng: np.random.Generator
) -> Chains:
    """Return draws of a density.

    Parameters
    ----------
    density : callable
        Of positions (C, m): log densities up to a constant, and gradients.
    start : ndarray of shape (C, m)
        Where the chains begin: wider apart than what they are to sample, so that their meeting means something.
    n_draws : int
        Draws of each chain, after the warm-up.
    rng : numpy.random.Generator
        Source of the randomness.
    """
    place, step = np.array(start, dtype=float), 0.1
    factor = np.diag(np.maximum(place.std(axis=0), 1e-8))
    for length in _WINDOWS:
        steps = _Steps(step)
        draws, _ = _run(density, place, factor, steps, length, rng)
        place, step = draws[:, -1], steps.settled
        late = draws[:, length // 4 :].reshape(-1, place.shape[1])
        covariance = np.cov(late, rowvar=False).reshape(place.shape[1], -1)
        # A little of the diagonal keeps a covariance of few draws from being singular.
        covariance += 1e-3 * np.diag(np.diag(covariance))
        factor = np.linalg.cholesky(covariance)
    steps = _Steps(step)
    draws, _ = _run(density, place, factor, steps, _WINDOWS[0], rng)
    fixed = _Steps(steps.settled, is_adaptive=False)
    draws, acceptance = _run(density, draws[:, -1], factor, fixed, n_draws, rng)
    return Chains(draws, acceptance, fixed.length)


class _Steps:
    """The length of a step, found by dual averaging (Hoffman and Gelman 2014, algorithm 5, with its constants)."""

    def __init__(self, length: float, is_adaptive: bool = True) -> None:
        self.length = length
        self._is_adaptive = is_adaptive
        self._centre, self._mean, self._lacking, self._count = np.log(10.0 * length), 0.0, 0.0, 0

    @property
    def settled(self) -> float:
        return float(np.exp(self._mean))

    def learn(self, acceptance: float) -> None:
        if not self._is_adaptive:
            return
        self._count += 1
        t = self._count
        self._lacking += (_ACCEPTANCE - acceptance - self._lacking) / (t + 10.0)
        log_length = self._centre - np.sqrt(t) / 0.05 * self._lacking
        self._mean += t**-0.75 * (log_length - self._mean)
        # Beyond 2 the leapfrog of a unit normal is unstable.
        self.length = float(min(np.exp(log_length), 1.9))


def _run(
    density: Density,
    place: np.ndarray,
    factor: np.ndarray,
    steps: _Steps,
    n_draws: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, float]:
    """Return n draws of each chain, (C, n, m), and the mean acceptance."""
    draws = np.empty((place.shape[0], n_draws, place.shape[1]))
    value, gradient = density(place)
    total = 0.0
    for i in range(n_draws):
        momentum = rng.standard_normal(place.shape)
        n_steps = int(rng.integers(1, max(1, int(np.pi / steps.length)) + 1))
        there, end, new_value, new_gradient = _leapfrog(
            density, place, momentum, gradient, factor, steps.length, n_steps
        )
        with np.errstate(invalid="ignore"):
            gain = new_value - value - 0.5 * np.sum(end**2 - momentum**2, axis=1)
        chance = np.exp(np.minimum(np.where(np.isfinite(gain), gain, -np.inf), 0.0))
        accepted = rng.random(chance.size) < chance
        place = np.where(accepted[:, None], there, place)
        value = np.where(accepted, new_value, value)
        gradient = np.where(accepted[:, None], new_gradient, gradient)
        draws[:, i] = place
        total += float(chance.mean())
        steps.learn(float(chance.mean()))
    return draws, total / n_draws


def _leapfrog(
    density: Density,
    place: np.ndarray,
    momentum: np.ndarray,
    gradient: np.ndarray,
    factor: np.ndarray,
    length: float,
    n_steps: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return position, momentum, log density and gradient at the end of a trajectory."""
    momentum = momentum + 0.5 * length * gradient @ factor
    for i in range(n_steps):
        place = place + length * momentum @ factor.T
        with np.errstate(over="ignore", invalid="ignore"):  # a trajectory that leaves is rejected
            value, gradient = density(place)
        momentum = momentum + (1.0 if i < n_steps - 1 else 0.5) * length * gradient @ factor
    return place, momentum, value, gradient


def split_r_hat(draws: np.ndarray) -> np.ndarray:
    """Return R-hat of each parameter: near 1 if the halves of all chains agree.

    Of ranks, and of the distances from the median: the larger one (Vehtari, Gelman, Simpson, Carpenter, Bürkner 2021,
    doi:10.1214/20-BA1221).
    """
    halves = _halves(draws)
    centre = np.median(draws.reshape(-1, draws.shape[2]), axis=0)
    return np.maximum(
        _r_hat(_normal_scores(halves)), _r_hat(_normal_scores(np.abs(halves - centre)))
    )


def effective_sample_size(draws: np.ndarray) -> np.ndarray:
    """Return how many independent draws tell as much of each parameter's mean, (m,).

    From the autocorrelations of the split chains, summed up to where pairs of them cease to be positive and made
    monotone (Geyer 1992, doi:10.1214/ss/1177011137; the section on several chains in the paper of `split_r_hat`).
    """
    halves = _halves(draws)
    n_chains, n, m = halves.shape
    centred = halves - halves.mean(axis=1, keepdims=True)
    spectrum = np.abs(np.fft.rfft(centred, 2 * n, axis=1)) ** 2
    covariance = np.fft.irfft(spectrum, 2 * n, axis=1)[:, :n] / n
    within = covariance[:, 0].mean(axis=0) * n / (n - 1.0)
    between = halves.mean(axis=1).var(axis=0, ddof=1)
    variance = within * (n - 1.0) / n + between
    rho = 1.0 - (within - covariance.mean(axis=0) * n / (n - 1.0)) / variance
    rho[0] = 1.0
    pairs = rho[: n - n % 2].reshape(-1, 2, m).sum(axis=1)
    is_negative = pairs <= 0.0
    first = np.where(is_negative.any(axis=0), is_negative.argmax(axis=0), len(pairs))
    kept = np.where(np.arange(len(pairs))[:, None] < first, pairs, 0.0)
    time = 2.0 * np.minimum.accumulate(kept, axis=0).sum(axis=0) - 1.0
    # Draws that alternate may tell more than independent ones; not more than by this factor, as Stan has it.
    return n_chains * n / np.maximum(time, 1.0 / np.log10(n_chains * n))


def _halves(draws: np.ndarray) -> np.ndarray:
    half = draws.shape[1] // 2
    return np.concatenate([draws[:, :half], draws[:, -half:]])


def _normal_scores(draws: np.ndarray) -> np.ndarray:
    """Return normal quantiles of the ranks over all chains."""
    flat = draws.reshape(-1, draws.shape[2])
    ranks = rankdata(flat, axis=0)
    return norm.ppf((ranks - 0.375) / (len(flat) + 0.25)).reshape(draws.shape)


def _r_hat(draws: np.ndarray) -> np.ndarray:
    n = draws.shape[1]
    within = draws.var(axis=1, ddof=1).mean(axis=0)
    between = n * draws.mean(axis=1).var(axis=0, ddof=1)
    return np.sqrt(((n - 1.0) / n * within + between / n) / within)
