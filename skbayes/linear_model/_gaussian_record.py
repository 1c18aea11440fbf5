"""Records of the named Gaussian models, whose prior is stated in units of the noise: `alpha` for a noise scale σ.

Notation: X (n, p), y (n,), s (n,) weights, N = Σ s; w the mode, r the residuals at it; γ the effective number of
parameters, which does not depend on σ; σ² = Σ s r² / (N − γ).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..likelihoods import Gaussian
from ..priors import ElasticNet, Flat, Laplace, Normal, Prior
from ._design import Design
from ._effective import effective_parameters
from ._objective import LinearObjective
from ._record import Record
from ._ridge_data import RidgeData
from ._ridge_solve import solve_ridge

__all__ = [
    "GaussianMode",
    "elastic_net_at",
    "elastic_net_records",
    "record_of",
    "ridge_at",
    "ridge_records",
]

Array = NDArray[Any]

# Above, the matrices that give γ exactly would take minutes and gigabytes, and random targets estimate it.
_LARGEST = 10_000
# The trace of a projection-like matrix from so many random signs: to about √(2 γ / 30), a quarter of √γ.
_N_SIGNS = 30
# Of the gradient of these fits: far below the scatter of the estimate.
_TRACE_TOLERANCE = 1e-3
# Degrees of freedom below this are what rounding makes of none.
_NO_FREEDOM = 1e-4


@dataclass(frozen=True)
class GaussianMode:
    """The mode of one target.

    Attributes
    ----------
    X, y, weight
        Data.
    w : ndarray of shape (m,)
        Coefficients, and the intercept if there is one.
    prior_at : callable
        From σ to the prior of the coefficients.
    noise_scale : float or None
        σ, NaN where nothing is left to estimate it; None: not known.
    dof : float or None
        N − γ; None: not known.
    fit_intercept : bool
        Whether `w` ends with an intercept.
    bounds : tuple or None
        Of the coefficients.
    """

    X: Any
    y: Array
    weight: Array | None
    w: Array
    prior_at: Callable[[float], Prior]
    noise_scale: float | None
    dof: float | None
    fit_intercept: bool
    bounds: tuple[Any, Any] | None = None

    def objective(self, noise_scale: float) -> LinearObjective:
        """Return the objective at a noise scale."""
        return LinearObjective(
            Design(self.X),
            self.y,
            Gaussian(scale=noise_scale),
            self.prior_at(noise_scale),
            weight=self.weight,
            fit_intercept=self.fit_intercept,
            bounds=self.bounds,
        )

    def known(self) -> "GaussianMode":
        """Return the mode with its noise scale and degrees of freedom known.

        Raises
        ------
        ValueError
            If the residuals say nothing of the noise.
        """
        mode = self if self.dof is not None else replace(self, dof=self._degrees_of_freedom())
        left = mode.dof or 0.0
        scale = self.noise_scale
        if scale is None:
            scale = _scale_of(self._residual_power(), left)
        if not np.isfinite(scale) or scale <= 0.0:
            why = "are zero" if scale == 0.0 else "have no degrees of freedom left"
            raise ValueError(
                f"The noise scale cannot be estimated, for the residuals {why}, and without it there is no posterior. "
                "Use fewer features, more rows or a stronger prior, or give the scale: "
                "MAPRegressor(Gaussian(scale=...))."
            )
        return replace(mode, noise_scale=float(scale))

    def _residual_power(self) -> float:
        r = self.y - self.objective(1.0).linear_predictor(self.w)
        square = np.square(r.astype(np.float64))
        return float(square.sum() if self.weight is None else square @ self.weight)

    def _degrees_of_freedom(self) -> float:
        objective = self.objective(1.0)
        if min(self.X.shape) <= _LARGEST or self.bounds is not None:
            return objective.total_weight - effective_parameters(objective, self.w)
        return objective.total_weight - _estimated_parameters(objective)


def record_of(mode: GaussianMode) -> Record:
    """Return the record of one target."""
    known = _Once(mode)
    data = (mode.X, mode.y, mode.weight, None)
    return Record(known.objective, mode.w, data, dof=known.dof)


class _Once:
    """A mode whose noise is estimated when asked for, once for all that depends on it."""

    def __init__(self, mode: GaussianMode) -> None:
        self._mode = mode
        self._known: GaussianMode | None = None

    def known(self) -> GaussianMode:
        """Return the mode with its noise known."""
        if self._known is None:
            self._known = self._mode.known()
        return self._known

    def objective(self) -> LinearObjective:
        """Return the objective at the noise of the fit."""
        mode = self.known()
        return mode.objective(mode.noise_scale or 0.0)

    def dof(self, *_: Any) -> float:
        """Return the degrees of freedom of the noise."""
        return float(self.known().dof or 0.0)


def ridge_at(alpha: float, noise_scale: float) -> Prior:
    """Return the prior that a strength stands for in ridge regression."""
    return Normal(scale=noise_scale / np.sqrt(alpha)) if alpha > 0.0 else Flat()


def elastic_net_at(l1: float, l2: float, noise_scale: float) -> Prior:
    """Return the prior whose negative logarithm is (l1 |w| + l2 w² / 2) / σ², summed over the coefficients."""
    variance = noise_scale**2
    if l1 == 0.0:
        return Normal(scale=np.sqrt(variance / l2)) if l2 > 0.0 else Flat()
    if l2 == 0.0:
        return Laplace(scale=variance / l1)
    return ElasticNet(l1_scale=variance / l1, l2_scale=np.sqrt(variance / l2))


def elastic_net_records(
    data: tuple[Any, ...],
    W: Array,
    noise: list[tuple[float, float]],
    strengths: tuple[float, float],
    fit_intercept: bool,
    is_positive: bool,
) -> list[Record]:
    """Return the records of all targets of a lasso or an elastic net.

    Parameters
    ----------
    data : tuple
        X, Y (n, k), weights or None, None.
    W : ndarray of shape (k, m)
        Modes, the intercept last if there is one.
    noise : list of tuple of float
        Noise scale and degrees of freedom of each target.
    strengths : tuple of float
        As `elastic_net_at` takes them.
    fit_intercept, is_positive : bool
        Whether there is an intercept, and whether coefficients are bounded by zero.
    """
    X, Y, weight, _ = data
    bounds = (0.0, np.inf) if is_positive else None
    prior_at = partial(elastic_net_at, *strengths)
    return [
        record_of(GaussianMode(X, y, weight, w, prior_at, scale, left, fit_intercept, bounds))
        for y, w, (scale, left) in zip(Y.T, W, noise, strict=True)
    ]


def ridge_records(
    data: RidgeData,
    alpha: Array,
    coef: Array,
    intercept: Array,
    residual_power: Array,
    dof: Array | None,
    is_positive: bool = False,
) -> list[Record]:
    """Return the records of all targets; coef (p, k), all others (k,)."""
    records = []
    for k, strength in enumerate(np.broadcast_to(alpha, intercept.shape)):
        w = np.append(coef[:, k], intercept[k]) if data.fit_intercept else coef[:, k]
        left = None if dof is None else float(dof[k])
        scale = None if left is None else _scale_of(float(residual_power[k]), left)
        mode = GaussianMode(
            data.X,
            data.Y[:, k],
            data.weight,
            w,
            partial(ridge_at, float(strength)),
            scale,
            left,
            data.fit_intercept,
            (0.0, np.inf) if is_positive else None,
        )
        records.append(record_of(mode))
    return records


def _scale_of(power: float, left: float) -> float:
    return float(np.sqrt(max(power, 0.0) / left)) if left > _NO_FREEDOM else np.nan


def _estimated_parameters(objective: LinearObjective) -> float:
    """Return γ of a ridge fit from the fits to random signs z (Hutchinson 1990, doi:10.1080/03610919008812866).

    With the roots of the weights on both sides the map from targets to fitted values is a symmetric matrix H, whose
    trace is E z'Hz.
    """
    rng = np.random.default_rng(0)
    signs = rng.choice([-1.0, 1.0], size=(objective.n_samples, _N_SIGNS))
    weight = objective.data.weight
    root = np.ones(objective.n_samples) if weight is None else np.sqrt(weight, dtype=np.float64)
    targets = np.divide(signs, root[:, None], out=np.zeros_like(signs), where=root[:, None] > 0.0)
    (precision,) = objective.prior.precisions(np.zeros(objective.n_parameters))
    fit_intercept = objective.layout.fit_intercept
    data = RidgeData(objective.design.X, targets, weight, fit_intercept)
    alpha = np.full(_N_SIGNS, float(precision[0]))
    fit = solve_ridge(data, alpha, "conjugate_gradients", tol=_TRACE_TOLERANCE)
    fitted = data.design().matvec(fit.coef.astype(data.X.dtype))
    return float(np.sum(root[:, None] * signs * fitted) / _N_SIGNS) + fit_intercept
