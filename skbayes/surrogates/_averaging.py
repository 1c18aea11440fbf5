"""Which hyper-parameters a posterior averages over: the optimum alone, or several with weights.

Notation: θ and the objective as in `_hyperparameters`. What is averaged over is the density of θ
that the objective is the logarithm of. Its mode is the optimum of `_hyperparameters`, so averaging
spreads around the MAP; as a density of exp(θ) it has the prior over exp(θ), which for
LogNormal(m, s) is LogNormal(m − s², s).

The random numbers of a rule are the same at every fit: from one fit to the next its members move
with the observations and not by chance.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from ._hyperparameters import Hyperparameters, LogPosterior, bounds_of
from ._learning import Memory, Observations, objective_on
from ._slice import slice_sample

__all__ = ["AVERAGES", "averaged"]

FloatArray = NDArray[np.float64]
Members = tuple[FloatArray, FloatArray]  # thetas (n_members, p + 2) and their weights
Rule = Callable[[LogPosterior, FloatArray, np.random.Generator], Members]

# Beyond, the optimum alone: what is left to be unsure of is then little, and each member costs a
# factorisation.
_LARGEST = 250
# Members: each more costs `ask` a posterior, and what is averaged over changes less and less.
_N_MEMBERS = 8
# Sweeps before the first draw, the chain having started at the optimum, and sweeps per draw.
_N_BURN, _N_THIN = 4, 2
# Step of the central differences of the gradient, in log units: half the digits of a float.
_STEP = 1e-5


def averaged(
    name: str, data: Observations, optimum: Hyperparameters, memory: Memory | None, seed: int | None
) -> tuple[list[Hyperparameters], FloatArray]:
    """Return the hyper-parameters to average over and their weights, which sum to 1.

    `optimum` and `memory` are what `learn` made of the data; the optimum alone where nothing was
    learnt or there are many observations.
    """
    if name not in AVERAGES:
        known = ", ".join(repr(key) for key in AVERAGES)
        raise ValueError(f"hyperparameters={name!r} is not known. Choose one of {known}.")
    rule, n = AVERAGES[name], len(data.latent)
    if rule is optimum_alone or n > _LARGEST or not data.latent.any():
        return [optimum], np.ones(1)
    if memory is None or memory.pairs is None or len(memory.points) != n:
        return [optimum], np.ones(1)
    objective = objective_on(data, memory.pairs, slice(None))
    bounds = bounds_of(len(optimum.length_scale))
    start = np.clip(optimum.scaled(1.0 / data.unit).theta, bounds[:, 0], bounds[:, 1])
    thetas, weights = rule(objective, start, np.random.default_rng(seed))
    return [Hyperparameters.of(theta).scaled(data.unit) for theta in thetas], weights


def optimum_alone(
    objective: LogPosterior, optimum: FloatArray, rng: np.random.Generator
) -> Members:
    """The maximum a posteriori."""
    return optimum[None], np.ones(1)


def laplace_ensemble(
    objective: LogPosterior, optimum: FloatArray, rng: np.random.Generator
) -> Members:
    """Pairs of draws, mirrored at the optimum, of Laplace's approximation, weighted.

    With H the negative Hessian at the optimum: θ = optimum ± H^(−½) e, e normal. The weights are
    density over approximation, those above the mean times √n cut off (Ionides 2008, Truncated
    importance sampling, J. Comput. Graph. Stat. 17, 295-311).
    """
    bounds = bounds_of(len(optimum) - 2)
    curvature, axes = np.linalg.eigh(_negative_hessian(objective, optimum))
    # No direction is less known than the vaguest of the priors makes it, whatever its curvature
    # at a bound or on a ridge.
    curvature = np.maximum(curvature, 1.0 / np.max(objective.prior.scale) ** 2)
    half = rng.standard_normal((_N_MEMBERS // 2, len(optimum)))
    normal = np.concatenate([half, -half])
    thetas = np.clip(optimum + normal / np.sqrt(curvature) @ axes.T, bounds[:, 0], bounds[:, 1])
    log_density = np.array([objective.value(theta) for theta in thetas])
    weights = softmax(log_density + 0.5 * np.sum(normal**2, axis=1))
    weights = np.minimum(weights, _N_MEMBERS**-0.5)
    return thetas, weights / weights.sum()


def _negative_hessian(objective: LogPosterior, theta: FloatArray) -> FloatArray:
    rows = [
        objective.value_and_gradient(theta - step)[1]
        - objective.value_and_gradient(theta + step)[1]
        for step in _STEP * np.eye(len(theta))
    ]
    H = np.array(rows) / (2.0 * _STEP)
    return np.asarray(0.5 * (H + H.T))


def slice_draws(objective: LogPosterior, optimum: FloatArray, rng: np.random.Generator) -> Members:
    """Draws of a slice sampler that starts at the optimum, all of one weight."""
    bounds = bounds_of(len(optimum) - 2)

    def log_density(theta: FloatArray) -> float:
        is_inside = np.all((bounds[:, 0] <= theta) & (theta <= bounds[:, 1]))
        return objective.value(theta) if is_inside else -math.inf

    widths = np.broadcast_to(objective.prior.scale, optimum.shape)
    n_sweeps = _N_BURN + _N_MEMBERS * _N_THIN
    chain = slice_sample(log_density, optimum, widths, n_sweeps, rng)
    return chain[_N_BURN + _N_THIN - 1 :: _N_THIN], np.full(_N_MEMBERS, 1.0 / _N_MEMBERS)


AVERAGES: dict[str, Rule] = {
    "map": optimum_alone,
    "ensemble": laplace_ensemble,
    "slice": slice_draws,
}
