"""Horseshoe prior in a form that has a maximum: a kink at zero, Cauchy tails, and a slab that bounds them.

Notation: τ the scale, c the scale of the slab, v = |w|/τ, u = v².

The horseshoe is w given λ normal with standard deviation τ λ, λ half-Cauchy. Its marginal density is infinite at
w = 0, so its MAP estimate is zero whatever the data. Here log λ is maximised over instead of λ integrated out: the
joint density of w and log λ is proportional to exp(−u/2t)/(1 + t) with t = λ², of which the minus logarithm has the
minimum φ(u) = u/2t + log(1 + t) at t = (u + √(u² + 8u))/4. As a function of v it has the slope (√(v² + 8) − v)/2.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._base import Prior
from ._features import as_floats

__all__ = ["Horseshoe"]

# The trapezoidal rule in x = log v: the integrand falls as exp(−|x|) on both sides, to 1e-18 at ±42, and its poles are
# π/2 away from the line, so that the step errs by exp(−π²/0.1) = 1e-43.
_LOG_NODES = np.arange(-42.0, 42.05, 0.1)


class Horseshoe(Prior):
    """Regularised horseshoe, profiled over its local scales: sparse, and large coefficients are hardly shrunk.

    Parameters
    ----------
    scale : float, array-like of shape (n_features,) or dict of str to float, default=1.0
        Global scale τ, in the unit of a coefficient; positive. Well below τ coefficients are set to zero. ``inf``
        leaves a feature unpenalised, by the slab too. A dict goes by feature name; features that it does not name have
        the default.
    slab_scale : float, array-like of shape (n_features,) or dict of str to float, default=inf
        Scale c of the normal slab that bounds the tails, in the unit of a coefficient; positive. ``inf``: no slab.

    See Also
    --------
    Laplace : Convex, and shrinks all coefficients alike.
    StudentT : Heavy tails without the kink.

    Notes
    -----
    The density is p(w) = Π_j exp(−φ(w_j²/τ²) − w_j²/2c²) / Z, with φ(u) = u/2t + log(1 + t) and
    t = (u + √(u² + 8u))/4. It is the horseshoe's joint density of coefficient and logarithm of the local scale [1]_,
    maximised over the local scale, times the slab of [2]_: the marginal density, being infinite at zero, has no useful
    maximum. It is proper, has a kink of slope √2/τ at zero and falls as w⁻² up to the slab, as the horseshoe does. It
    is not concave in w: a fit may have several maxima. φ is concave in |w|, so its tangent there is a bound, which
    `majorizer` gives. The constant Z is found by quadrature.

    References
    ----------
    .. [1] Carvalho, Polson, Scott (2010). The horseshoe estimator for sparse signals. Biometrika 97, 465-480.
       DOI 10.1093/biomet/asq017
    .. [2] Piironen, Vehtari (2017). Sparsity information and regularization in the horseshoe and other shrinkage
       priors. Electron. J. Stat. 11, 5018-5051. DOI 10.1214/17-EJS1337SI

    Examples
    --------
    >>> from skbayes.priors import Horseshoe
    >>> print(Horseshoe(scale=1.0).prox([0.5, 20.0], step=1.0).round(2))
    [ 0.  19.9]
    """

    _per_feature = {"scale": "scale", "slab_scale": "scale"}  # noqa: RUF012

    def __init__(
        self,
        scale: ArrayLike | dict[str, float] = 1.0,
        slab_scale: ArrayLike | dict[str, float] = np.inf,
    ) -> None:
        self.scale = scale
        self.slab_scale = slab_scale

    @property
    def is_smooth(self) -> bool:
        return False

    def _parts(self, shape: tuple[int, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return 1/τ and the precision of the slab, zero for features that are unpenalised."""
        scale, slab = self._numbers("scale"), self._numbers("slab_scale")
        precision = np.where(np.isinf(scale), 0.0, slab**-2.0)
        return np.broadcast_to(1.0 / scale, shape), np.broadcast_to(precision, shape)

    def log_density(self, w: ArrayLike) -> float:
        w = as_floats(w).astype(float)
        inverse, precision = self._parts(w.shape)
        bound = inverse > 0.0
        w, inverse, precision = w[bound], inverse[bound], precision[bound]
        height = _phi(np.abs(w) * inverse) + 0.5 * precision * w * w
        ratios, which = np.unique(precision / np.square(inverse), return_inverse=True)
        constants = np.array([_log_integral(ratio) for ratio in ratios])
        return float(-np.sum(height + constants[which] - np.log(inverse)))

    def prox(self, w: ArrayLike, step: float | NDArray[Any]) -> NDArray[Any]:
        """Return the argument of min_z ½‖z − w‖² − step · log p(z).

        Parameters
        ----------
        w : array-like of shape (n_parameters,)
            Where to start.
        step : float or array-like of shape (n_parameters,)
            Step size; positive.

        Returns
        -------
        z : ndarray of shape (n_parameters,)
            Zero for small w, close to w for large ones; there is a jump in between if the step is long.
        """
        w = as_floats(w)
        inverse, precision = self._parts(w.shape)
        size = np.abs(w.astype(float))
        # In z > 0 the derivative vanishes where A z + B √(z² + 8τ²) = |w|, of which the larger root is a minimum.
        half = 0.5 * step * np.square(inverse)
        A = 1.0 + step * precision - half
        with np.errstate(divide="ignore", invalid="ignore"):
            width = 8.0 / np.square(inverse)
            root = _larger_root(A, half, size, width)
            cost = 0.5 * np.square(root - size) + step * (
                _phi(root * inverse) + 0.5 * precision * root * root
            )
        z = np.where((root > 0.0) & (cost < 0.5 * size * size), root, 0.0)
        z = np.where(inverse > 0.0, np.copysign(z, w), w)
        return z.astype(w.dtype, copy=False)

    def majorizer(
        self, w: ArrayLike | None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Location and weights of a bound −log p(v) ≤ Σ l1 |v − loc| + l2/2 (v − loc)² + constant that touches at w.

        Parameters
        ----------
        w : array-like of shape (n_parameters,) or None
            Where the bound touches; None, before any w is known: at τ, where it is a lasso of that scale.

        Returns
        -------
        loc, l1, l2 : ndarray of shape (n_parameters,)
            Zeros, the slope of φ(w²/τ²) at |w|, and 1/c².
        """
        if w is None:
            shape = np.broadcast_shapes(
                np.shape(self._numbers("scale")), np.shape(self._numbers("slab_scale"))
            )
            inverse, precision = self._parts(shape)
            return (
                np.zeros(inverse.shape),
                _slope(np.ones(inverse.shape)) * inverse,
                precision.copy(),
            )
        w = as_floats(w).astype(float)
        inverse, precision = self._parts(w.shape)
        return np.zeros(w.shape), _slope(np.abs(w) * inverse) * inverse, precision.copy()


def _slope(v: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (√(v² + 8) − v)/2 without its cancellation."""
    slope: NDArray[np.float64] = 4.0 / (np.hypot(v, np.sqrt(8.0)) + v)
    return slope


def _phi(v: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return φ(v²), the integral of the slope from 0 to v."""
    phi: NDArray[np.float64] = 0.5 * v * _slope(v) + 2.0 * np.arcsinh(v * np.sqrt(0.125))
    return phi


def _log_integral(ratio: float) -> float:
    """Return log of ∫ exp(−φ(v²) − ratio v²/2) dv over the line; `ratio` is (τ/c)²."""
    v = np.exp(_LOG_NODES)
    heights = np.exp(_LOG_NODES - _phi(v) - 0.5 * ratio * v * v)
    return float(np.log(2.0 * (_LOG_NODES[1] - _LOG_NODES[0]) * heights.sum()))


def _larger_root(
    A: NDArray[np.float64],
    B: NDArray[np.float64],
    size: NDArray[np.float64],
    width: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the larger z > 0 with A z + B √(z² + width) = size; NaN or not positive where there is none."""
    # The left side is convex and A + B > 0, so it is its rising branch that crosses last. Squared, the equation is
    # (A² − B²) z² − 2 A size z + size² − B² width = 0; which root that branch is depends on the sign of A only.
    square, product = A * A - B * B, A * size
    constant = size * size - B * B * width
    spread = np.sqrt(product * product - square * constant)
    root: NDArray[np.float64] = np.where(
        A >= 0.0, constant / (product + spread), (product - spread) / square
    )
    return root
