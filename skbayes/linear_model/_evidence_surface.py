"""The Laplace evidence as a function of what surrounds the coefficients: prior factors and the likelihood's parameter.

Notation: ϑ = (log τ_1, …, log τ_G, log φ): factors of the prior scales of groups of features, and the unknown parameter
of the likelihood (noise scale, shape, dispersion), if there is one. F = −log p(y, w | ϑ), ŵ(ϑ) its minimum, H its
Hessian there, Σ = H⁻¹; s_j τ_g the prior scale of coefficient j, about zero; C_i = x̃_iᵀ Σ x̃_i the variance of a
linear predictor, (K, K) for K classes. The surface and its gradient (moving ϑ moves the mode, and the mode moves H):

    L(ϑ)     = −F + m/2 log 2π − ½ log |H|,
    dL/dϑ    = −∂F/∂ϑ − ½ tr(Σ ∂H/∂ϑ) + ½ vᵀ ∂(∇F)/∂ϑ,      v = Σ Σ_i x̃_i ∂/∂η_i tr(C_i D_i),
    dL/dlogτ = Σ_j in g ((ŵ_j² + Σ_jj − v_j ŵ_j) / (s_j τ_g)² − 1).

ŵ − v/2 is the posterior mean to first order, so that at the maximum each τ_g² is the mean square of what its
coefficients may be.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from ..likelihoods import Likelihood
from ..priors import Normal, Prior
from ..solvers import Newton
from ._design import Design, blocks
from ._laplace_evidence import curvature_factor, log_det_of, null_directions
from ._objective import LinearObjective
from ._seen import Expansion

__all__ = ["EvidenceSurface", "Point", "Setting", "unknown_parameter"]

Array = NDArray[Any]

# Newton's steps to a mode end when it is nearer than this many posterior standard deviations; what F still misses is
# half its square.
_NEAR = 1e-8
_MAX_STEPS = 50
_SUFFICIENT = 1e-4  # of the decrease that the slope promises (Armijo)
# Step in log φ of differences of fourth order: both errors are about 1e-11 for functions that turn within an e-fold.
_STEP = 1e-3


@dataclass(frozen=True)
class Setting:
    """What is known: everything but ϑ.

    Attributes
    ----------
    design : Design
        X in double precision, (n, p).
    y : ndarray of shape (n,)
        Targets.
    likelihood : Likelihood
        Perhaps with one unknown parameter.
    scale : ndarray of shape (p,)
        Of the normal prior about zero where all factors are 1; inf: flat.
    codes : ndarray of shape (p,)
        Number of the group of each feature; those of flat ones are not used.
    n_groups : int
        G.
    weight, offset : ndarray of shape (n,) or None
        Multiplicities and what is added to the linear predictor.
    fit_intercept : bool
        Whether there is an intercept.
    intercept_prior : Prior or None
        Its prior, which is not tuned.
    seen : Expansion or None
        What earlier rows say.
    """

    design: Design
    y: Array
    likelihood: Likelihood
    scale: Array
    codes: Array
    n_groups: int
    weight: Array | None
    offset: Array | None
    fit_intercept: bool
    intercept_prior: Prior | None
    seen: Expansion | None = None


@dataclass(frozen=True)
class Point:
    """The surface at one ϑ: `value` L, `gradient` (G,) or (G + 1,), the mode `w`, and γ, what the data determine."""

    theta: Array
    value: float
    gradient: Array
    w: Array
    n_determined: float


def unknown_parameter(likelihood: Likelihood) -> str | None:
    """Return the name of the parameter that is to be estimated, or None."""
    if likelihood.is_fixed:
        return None
    given = likelihood.get_params(deep=False)
    names = [name for name, value in given.items() if value is None or isinstance(value, Prior)]
    return names[0]


class EvidenceSurface:
    """L(ϑ) with its gradient; each mode is looked for from the one before.

    Parameters
    ----------
    setting : Setting
        What is known.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.unknown = unknown_parameter(setting.likelihood)
        self._w: Array | None = None
        # The data's part of H at a mode, which is the first one needed at the next ϑ.
        self._kept: tuple[Any, Array, Array] | None = None

    def likelihood(self, theta: Array) -> Likelihood:
        """Return the likelihood with nothing unknown."""
        if self.unknown is None:
            return self.setting.likelihood
        return clone(self.setting.likelihood).set_params(**{self.unknown: float(np.exp(theta[-1]))})

    def scale(self, theta: Array) -> Array:
        """Return the prior scale of each feature, (p,)."""
        return self.setting.scale * np.exp(theta[self.setting.codes])

    def objective(self, theta: Array) -> LinearObjective:
        """Return F."""
        known = self.setting
        return LinearObjective(
            known.design,
            known.y,
            self.likelihood(theta),
            Normal(scale=self.scale(theta)),
            weight=known.weight,
            offset=known.offset,
            fit_intercept=known.fit_intercept,
            intercept_prior=known.intercept_prior,
            seen=known.seen,
        )

    def at(self, theta: Array) -> Point:
        """Return the surface at ϑ; L is −inf where H is singular at the mode."""
        objective = self.objective(theta)
        start = objective.start() if self._w is None else self._w
        found = self._mode(objective, start, theta[self.setting.n_groups :])
        if found is None:
            return Point(theta, -np.inf, np.zeros(theta.size), start, 0.0)
        w, factor, gradient = found
        self._w = w
        n_known = w.size - null_directions(objective, w).shape[1]
        value = 0.5 * (n_known * np.log(2.0 * np.pi) - log_det_of(factor)) - objective.value(w)
        covariance = factor.solve(np.eye(w.size))
        slope, drift, n_determined = self._slope(objective, w, covariance, theta)
        # What the step to the mode itself would change, F and log |H|.
        value += 0.5 * float((gradient + drift) @ factor.solve(gradient))
        value += self.log_hyper_prior(theta)
        return Point(theta, value, slope, w, n_determined)

    def log_hyper_prior(self, theta: Array) -> float:
        """Return the log density of the likelihood's parameter, on its natural scale; 0 where it has no prior."""
        hyper = None if self.unknown is None else getattr(self.setting.likelihood, self.unknown)
        return 0.0 if hyper is None else float(hyper.log_density(np.exp(theta[-1:])))

    def _mode(
        self, objective: LinearObjective, w: Array, phi: Array
    ) -> tuple[Array, Any, Array] | None:
        """Return the mode, the factor of H and the gradient there."""
        value, gradient = objective.value_and_gradient(w)
        for _ in range(_MAX_STEPS):
            factor = self._factor(objective, w, phi)
            if factor is None:  # a likelihood that is not log-concave, far from the mode
                w = Newton(max_iter=1000, tol=1e-9).solve(objective, w).w
                factor = self._factor(objective, w, phi)
                value, gradient = objective.value_and_gradient(w)
                if factor is None:
                    return None
            step = factor.solve(gradient)
            decrement = float(gradient @ step)
            if decrement <= _NEAR**2:
                break
            size = 1.0
            while True:
                other = w - size * step
                further, slope = objective.value_and_gradient(other)
                if further <= value - _SUFFICIENT * size * decrement or size < 1e-10:
                    break
                size *= 0.5
            if not further < value:  # as near as rounding lets it come
                break
            w, value, gradient = other, further, slope
        return w, factor, gradient

    def _factor(self, objective: LinearObjective, w: Array, phi: Array) -> Any:
        kept = self._kept
        if kept is None or not (np.array_equal(kept[0], phi) and np.array_equal(kept[1], w)):
            kept = self._kept = phi, w, objective.data.hessian(w)
        return curvature_factor(objective, w, kept[2])

    def _slope(
        self, objective: LinearObjective, w: Array, covariance: Array, theta: Array
    ) -> tuple[Array, Array, float]:
        """Return dL/dϑ, the gradient of log |H| by w, and γ, in which flat parameters count whole."""
        known, data, layout = self.setting, objective.data, objective.layout
        C = _predictor_covariance(data, covariance)
        eta = data.linear_predictor(w)
        s = 1.0 if known.weight is None else known.weight
        rows = s if np.ndim(s) == 0 or eta.ndim == 1 else s[:, None]  # type: ignore[index]
        drift = -rows * data.likelihood.hessian_slope(known.y, eta, C)
        of_log_det = layout.join(data.design.rmatvec(drift).T, drift.sum(axis=0))
        v = covariance @ of_log_det

        coef, _ = layout.split(w)
        spread, _ = layout.split(np.diag(covariance).copy())
        v_coef, v_intercept = layout.split(v)
        variance = np.square(self.scale(theta))
        per_feature = (np.square(coef) + spread - v_coef * coef) / variance - 1.0
        undetermined = spread / variance
        if per_feature.ndim == 2:
            per_feature, undetermined = per_feature.sum(axis=0), undetermined.sum(axis=0)
        has_prior = np.isfinite(known.scale)
        slope = np.bincount(
            known.codes[has_prior], per_feature[has_prior], minlength=known.n_groups
        )
        n_determined = w.size - float(undetermined[has_prior].sum())
        if self.unknown is None:
            return slope, of_log_det, n_determined
        along = data.design.matvec(v_coef) + v_intercept
        of_phi = self._slope_of_parameter(theta, eta, 0.5 * C, -0.5 * along, s)
        return np.append(slope, of_phi), of_log_det, n_determined

    def _slope_of_parameter(
        self, theta: Array, eta: Array, of_second: Array, of_first: Array, s: Any
    ) -> float:
        """Return dL/dlog φ from what it does to log p(y | η) and its first two derivatives by η."""

        def weighed(log_phi: float) -> float:
            moved = np.append(theta[:-1], log_phi)
            part, y = self.likelihood(moved), self.setting.y
            total = part.log_density(y, eta) - kept
            total = total + of_first * part.gradient(y, eta) + of_second * part.hessian(y, eta)
            return float(np.sum(s * total)) + self.log_hyper_prior(moved)

        # Of large sums only the change counts.
        kept = self.likelihood(theta).log_density(self.setting.y, eta)
        return _derivative(weighed, float(theta[-1]))


def _derivative(function: Callable[[float], float], x: float) -> float:
    near = function(x + _STEP) - function(x - _STEP)
    far = function(x + 2.0 * _STEP) - function(x - 2.0 * _STEP)
    return (8.0 * near - far) / (12.0 * _STEP)


def _predictor_covariance(data: Any, covariance: Array) -> Array:
    """Return C_i of all rows: (n,), or (n, K, K) of classes."""
    layout, design = data.layout, data.design
    K, width = layout.n_classes or 1, layout.width
    cells = covariance.reshape(K, width, K, width)
    C = np.empty((data.n_samples, K, K))
    for rows in blocks(data.n_samples, width):
        block = design.rows(rows).columns(slice(None)).astype(np.float64, copy=False)
        if layout.fit_intercept:
            block = np.column_stack([block, np.ones(len(block))])
        for k in range(K):
            for other in range(k, K):
                C[rows, k, other] = np.einsum("ij,ij->i", block @ cells[k, :, other], block)
                C[rows, other, k] = C[rows, k, other]
    return C[:, 0, 0] if layout.n_classes is None else C
