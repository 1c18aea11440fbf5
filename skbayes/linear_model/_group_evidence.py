"""Evidence of a linear model with normal noise and a prior scale for each group of features, and where it is highest.

Notation: as in `_evidence`: G = Xᵀ X, q = Xᵀ y, N = n − n_flat; ϑ_g = log(τ_g/σ) of group g, d_j = exp ϑ_g(j),
D = diag(d), B = I + D G D = L Lᵀ, w = D B⁻¹ D q, R = ‖D⁻¹ w‖² + ‖y − X w‖², γ_j = 1 − (B⁻¹)_jj. At the best σ² = R/N,

    −2 log p(y) = N log 2πe R/N + log |B| + log |flat information|,
    its derivative by ϑ_g = 2 Σ_j in g (γ_j − (N/R) w_j²/d_j²).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dtrtri
from scipy.optimize import minimize

from ._evidence import ridge_evidence

__all__ = ["GroupEvidence", "group_evidence"]

Floats = NDArray[np.float64]

# Scales are looked for between 1e-6 of what changes a coefficient of the group by its standard error, and where ones
# added to B have some three digits left: the prior takes nothing then from all but nearly collinear features.
_SMALLEST, _LARGEST = 1e-12, 1e13
# The climb ends at a slope of this many nats for an e-fold of a scale, times what a row may add to the rounding.
_FLAT = 1e-6
_SETTLED = 1e-2
_MAX_CLIMB = 500
# This near an end of its range a scale is at it, but for rounding.
_AT_END = 1e-9


@dataclass(frozen=True)
class GroupEvidence:
    """Linear regression at its most probable noise scale and prior scales of groups.

    Attributes
    ----------
    coef : ndarray of shape (n_features,)
        Coefficients.
    prior_scale : ndarray of shape (n_groups,)
        τ; for groups that the data do not support small, never zero.
    noise_scale : float
        σ.
    log_evidence : float
        log p(y) at these scales.
    n_iter : int
        Evaluations of the evidence.
    converged : bool
        Whether it is a maximum.
    """

    coef: Floats
    prior_scale: Floats
    noise_scale: float
    log_evidence: float
    n_iter: int
    converged: bool


def group_evidence(
    gram: Floats,
    cross: Floats,
    y_square: float,
    n: float,
    codes: NDArray[np.intp],
    n_groups: int,
    *,
    n_flat: int = 1,
    log_det_flat: float | None = None,
) -> GroupEvidence:
    """Linear regression at the scales of highest evidence, one for each group of features.

    Parameters
    ----------
    gram : ndarray of shape (n_features, n_features)
        Xᵀ X, centred and weighted.
    cross : ndarray of shape (n_features,)
        Xᵀ y.
    y_square : float
        yᵀ y.
    n : float
        Sum of the weights.
    codes : ndarray of shape (n_features,)
        Number of the group of each feature, below `n_groups`.
    n_groups : int
        How many groups there are.
    n_flat : int, default=1
        Number of coefficients integrated out under a flat prior; an intercept is one.
    log_det_flat : float or None, default=None
        Logarithm of the determinant of their information at σ = 1; None: log n, that of an intercept alone.

    Returns
    -------
    evidence : GroupEvidence
        The highest that a climb from the best common scale finds.
    """
    common = ridge_evidence(gram, cross, y_square, n, n_flat=n_flat, log_det_flat=log_det_flat)
    n_free = n - n_flat
    surface = _Surface(gram, cross, y_square, n_free, codes, n_groups)
    signal = np.bincount(codes, np.diag(gram), minlength=n_groups)
    signal = np.where(signal > 0.0, signal, 1.0)
    low = 0.5 * np.log(_SMALLEST / signal)
    high = 0.5 * np.log(_LARGEST / signal)
    share = np.bincount(codes, minlength=n_groups) / max(codes.size, 1)
    starts = [
        np.full(n_groups, np.log(common.prior_scale / common.noise_scale)),
        # Where all features together explain as much as there is: of groups most of which are noise no common scale may
        # be worth having, and no climb leaves that place.
        0.5 * np.log(np.maximum(n_free * share, 1.0) / signal),
    ]
    climbs = [_climb(surface, np.clip(start, low, high), low, high) for start in starts]
    climb = min(climbs, key=lambda each: float(each.fun))
    end = surface.at(climb.x)
    inside = (climb.x > low + _AT_END) & (climb.x < high - _AT_END)
    noise = float(np.sqrt(end.residual / n_free))
    log_det = (np.log(n) if n_flat else 0.0) if log_det_flat is None else log_det_flat
    constant = n_free * (1.0 + np.log(2.0 * np.pi / n_free)) + log_det
    return GroupEvidence(
        coef=end.coef,
        prior_scale=noise * np.exp(climb.x),
        noise_scale=noise,
        log_evidence=float(-end.cost - 0.5 * constant),
        n_iter=sum(int(each.nfev) for each in climbs),
        converged=bool(np.abs(end.slope[inside]).max(initial=0.0) <= _SETTLED),
    )


def _climb(surface: "_Surface", start: Floats, low: Floats, high: Floats) -> Any:
    """Return what L-BFGS-B says of the lowest cost from a start on, `fun` the cost."""
    # The first step goes as far as the gradient is long: in this unit, one e-fold.
    unit = max(float(np.linalg.norm(surface.at(start).slope)), 1.0)

    def cost(theta: Floats) -> tuple[float, Floats]:
        there = surface.at(theta)
        return there.cost / unit, there.slope / unit

    found = minimize(
        cost,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=np.column_stack([low, high]),
        options={
            "maxiter": _MAX_CLIMB,
            "maxfun": 2 * _MAX_CLIMB,
            "gtol": _FLAT / unit,
            "ftol": 1e-15,
        },
    )
    found.fun = unit * found.fun
    return found


@dataclass(frozen=True)
class _Place:
    """Half of what of −2 log p(y) depends on ϑ, its derivative, R and w."""

    cost: float
    slope: Floats
    residual: float
    coef: Floats


@dataclass(frozen=True)
class _Surface:
    """What the evidence is a function of."""

    gram: Floats
    cross: Floats
    y_square: float
    n_free: float
    codes: NDArray[np.intp]
    n_groups: int

    def at(self, theta: Floats) -> _Place:
        d = np.exp(theta[self.codes])
        if d.size == 0:  # which LAPACK takes for a mistake
            return _Place(
                0.5 * self.n_free * float(np.log(self.y_square)),
                np.zeros(self.n_groups),
                self.y_square,
                d,
            )
        B = np.asfortranarray((self.gram * d).T)
        B *= d
        B.flat[:: d.size + 1] += 1.0
        lower, _ = dpotrf(B, lower=True, overwrite_a=True)
        log_det = 2.0 * float(np.log(np.diag(lower)).sum())
        root, _ = dtrtri(lower, lower=True, overwrite_c=True)
        determined = 1.0 - np.square(root).sum(axis=0)
        scaled = (root @ (d * self.cross)) @ root
        coef = d * scaled
        # R as the sum of squares that it is: of an interpolation the second, a difference, is rounding. Squares lose
        # what is below eps of them; a smaller rest could not be told from none.
        residual = self.y_square - float((2.0 * self.cross - self.gram @ coef) @ coef)
        smallest = np.finfo(float).eps * (self.y_square or 1.0)
        rest = float(scaled @ scaled) + max(residual, smallest)
        each = determined - self.n_free / rest * np.square(scaled)
        slope = np.bincount(self.codes, each, minlength=self.n_groups).astype(np.float64)
        cost = 0.5 * (self.n_free * float(np.log(rest)) + log_det)
        return _Place(cost, slope, rest, coef)
