"""Stationary kernels as functions of the squared scaled distance.

Notation: r² = Σ_j D_j / ℓ_j², with D_j the squared difference in column j and ℓ_j its length scale;
k(0) = 1 (the signal variance is the process's). Every slope is dk/d(r²), which unlike dk/dr exists
at r = 0 and turns into a derivative by ℓ_j or by a point with one multiplication.
"""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from .._sklearn import Documented

__all__ = ["KERNELS", "RBF", "Kernel", "Matern32", "Matern52"]

FloatArray = NDArray[np.float64]


class Kernel(Documented, BaseEstimator, ABC):
    """Correlation of two points as a function of their squared scaled distance.

    A subclass defines ``_correlation(r2)``, which returns both values of `value_and_slope`.
    """

    @abstractmethod
    def _correlation(self, r2: FloatArray) -> tuple[FloatArray, FloatArray]:
        """k(r²) and dk/d(r²), as `value_and_slope`."""

    def value_and_slope(self, r2: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return k(r²) and dk/d(r²).

        Parameters
        ----------
        r2 : ndarray
            Squared scaled distances, non-negative, of any shape.

        Returns
        -------
        value : ndarray of the shape of r2
            The correlation, 1 at r² = 0.
        slope : ndarray of the shape of r2
            Its derivative by r².
        """
        return self._correlation(r2)

    def value(self, r2: FloatArray) -> FloatArray:
        """Return k(r²).

        Parameters
        ----------
        r2 : ndarray
            Squared scaled distances, non-negative, of any shape.

        Returns
        -------
        value : ndarray of the shape of r2
            The correlation, 1 at r² = 0.
        """
        return self._correlation(r2)[0]

    def is_same_as(self, other: "Kernel") -> bool:
        """Whether both are the same function.

        Parameters
        ----------
        other : Kernel
            Another kernel.

        Returns
        -------
        is_same : bool
            Equal type and parameters.
        """
        # Not by repr(self): scikit-learn's takes 0.1 ms (benchmarks/constants.py small), and this is asked at each fit.
        return type(self) is type(other) and repr(vars(self)) == repr(vars(other))


class Matern52(Kernel):
    """Matérn kernel of smoothness 5/2: twice differentiable sample paths.

    Notes
    -----
    With a = √5 r: k = (1 + a + a²/3) e^(−a), dk/d(r²) = −(5/6)(1 + a) e^(−a).

    References
    ----------
    .. [1] Rasmussen, Williams (2006). Gaussian Processes for Machine Learning, eq. 4.17.
    """

    def _correlation(self, r2: FloatArray) -> tuple[FloatArray, FloatArray]:
        a = np.sqrt(5.0 * r2)
        decay = np.exp(-a)
        slope = a + 1.0
        slope *= decay
        decay *= r2
        decay *= 5.0 / 3.0
        decay += slope
        slope *= -5.0 / 6.0
        return decay, slope


class Matern32(Kernel):
    """Matérn kernel of smoothness 3/2: once differentiable sample paths.

    Notes
    -----
    With a = √3 r: k = (1 + a) e^(−a), dk/d(r²) = −(3/2) e^(−a).

    References
    ----------
    .. [1] Rasmussen, Williams (2006). Gaussian Processes for Machine Learning, eq. 4.17.
    """

    def _correlation(self, r2: FloatArray) -> tuple[FloatArray, FloatArray]:
        a = np.sqrt(3.0 * r2)
        decay = np.exp(-a)
        return (1.0 + a) * decay, -1.5 * decay


class RBF(Kernel):
    """Squared-exponential kernel: infinitely smooth sample paths.

    Notes
    -----
    k = e^(−r²/2), dk/d(r²) = −k/2.

    References
    ----------
    .. [1] Rasmussen, Williams (2006). Gaussian Processes for Machine Learning, eq. 4.9.
    """

    def _correlation(self, r2: FloatArray) -> tuple[FloatArray, FloatArray]:
        value = np.exp(-0.5 * r2)
        return value, -0.5 * value


KERNELS: dict[str, type[Kernel]] = {"matern52": Matern52, "matern32": Matern32, "rbf": RBF}
