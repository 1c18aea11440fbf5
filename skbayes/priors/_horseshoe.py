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
from ._tilted import tilted_by_kink, tilted_by_quadrature

__all__ = ["Horseshoe"]

# The trapezoidal rule in x = log v: the integrand falls as exp(−|x|) on both sides, to 1e-18 at ±42, and its poles are
# π/2 away from the line, so that the step errs by exp(−π²/0.1) = 1e-43.
_LOG_NODES = np.arange(-42.0, 42.05, 0.1)
# Where φ is cut into pieces for quadrature, in units of τ.
_BREAKS = np.outer([-1.0, 1.0], 10.0 ** np.arange(-1.0, 5.5, 0.5)).ravel()
_BREAKS = np.append(_BREAKS, 0.0)


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
        return float(-np.sum(height + _log_normalizers(inverse, precision)))

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

    def at_kink(self, w: ArrayLike) -> NDArray[np.bool_]:
        """Say which parameters lie where the log density has no derivative: at zero.

        Parameters
        ----------
        w : array-like of shape (n_parameters,)
            Where to look.

        Returns
        -------
        is_at_kink : ndarray of shape (n_parameters,)
            Never true where the scale is infinite.
        """
        w = as_floats(w)
        inverse, _ = self._parts(w.shape)
        return (w == 0.0) & (inverse > 0.0)

    def hessian_off_kinks(self, w: ArrayLike) -> NDArray[np.float64]:
        """Second derivative of `log_density` by the parameters that are not zero.

        Parameters
        ----------
        w : array-like of shape (n_parameters,)
            Where to evaluate.

        Returns
        -------
        hessian : ndarray of shape (n_parameters,)
            The diagonal; of a parameter at zero that on either side of the kink. Positive in the tails without a slab.
        """
        w = as_floats(w).astype(float)
        inverse, precision = self._parts(w.shape)
        v = np.abs(w) * inverse
        # Of the slope (√(v² + 8) − v)/2, the derivative.
        bend = 0.5 * (v / np.hypot(v, np.sqrt(8.0)) - 1.0)
        hessian: NDArray[np.float64] = -(bend * np.square(inverse) + precision)
        return hessian

    def spread(self) -> NDArray[np.float64]:
        """Return the standard deviation of a normal density that is about as wide.

        Returns
        -------
        spread : ndarray of shape (n_features,)
            τ and c combined as the standard deviations of normal densities; ``inf`` where a feature is unpenalised.
        """
        shape = np.broadcast_shapes(
            np.shape(self._numbers("scale")), np.shape(self._numbers("slab_scale"))
        )
        inverse, precision = self._parts(shape)
        with np.errstate(divide="ignore"):
            return 1.0 / np.sqrt(inverse * inverse + precision)

    def tilted(
        self, mean: ArrayLike, variance: ArrayLike
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return integral and moments of p(w) N(w; mean, variance), coefficient by coefficient.

        Parameters
        ----------
        mean, variance : array-like of shape (n_parameters,)
            Of the normal density.

        Returns
        -------
        log_integral, mean, variance : ndarray of shape (n_parameters,)
            Logarithm of the integral of the product, and mean and variance of the product as a density; of a
            coefficient that is unpenalised the prior counts as 1.
        """
        mean, variance = as_floats(mean).astype(float), as_floats(variance).astype(float)
        inverse, precision = self._parts(mean.shape)
        # The slab is a normal factor, and an unpenalised coefficient has no factor at all.
        log_slab, centre, spread = tilted_by_kink(np.zeros(mean.shape), precision, mean, variance)
        bound = inverse > 0.0
        rate = inverse[bound]
        # Between these points φ is as a polynomial: it bends at the kink and on the scale of τ, from there by decades.
        breaks = _BREAKS / rate[:, None]
        log_kink, centre[bound], spread[bound] = tilted_by_quadrature(
            lambda d: -_phi(np.abs(d) * rate[:, None]), breaks, centre[bound], spread[bound]
        )
        log_slab[bound] += log_kink - _log_normalizers(rate, precision[bound])
        return log_slab, centre, spread


def _log_normalizers(
    inverse: NDArray[np.float64], precision: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return log Z for 1/τ and the precision of the slab; of many that are alike it is computed once."""
    ratios, which = np.unique(precision / np.square(inverse), return_inverse=True)
    constants = np.array([_log_integral(ratio) for ratio in ratios])
    return constants[which.reshape(-1)] - np.log(inverse)


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
