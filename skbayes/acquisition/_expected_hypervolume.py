"""Expected gain of hypervolume when there are several objectives, as a logarithm, accurate in the tail.

Notation: y_j ~ N(mean_j, std_j²), independent, higher is better; boxes (l, u] of the region that nothing
dominates. A score y gains Σ_boxes Π_j min(y_j, u_j) − l_j where positive, so that with
E_j = E max(min(y_j, u_j) − l_j, 0) = ψ_j(l_j) − ψ_j(u_j), where ψ_j(a) = E max(y_j − a, 0) is the expected
improvement above a, the expected gain is Σ_boxes Π_j E_j. φ, Φ the standard normal density and
distribution function; s = (mean − edge) / std.
"""

from abc import ABCMeta, abstractmethod

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr
from sklearn.base import BaseEstimator

from .._sklearn import Documented
from ._base import Floats, standardize
from ._expected_improvement import log_normal_density, scaled_improvement
from ._region import NonDominatedRegion
from ._weighing import add_log_weight

__all__ = ["LogExpectedHypervolumeImprovement", "MultiObjectiveAcquisition"]

# Below this s both edges of a box lie in the tail, and everything is taken relative to φ there.
_TAIL_BELOW = -1.0
# Stands for an edge at infinity: all probability is below it, and its square is a number.
_FAR = 1e150
# Boxes times points at once: three objectives hold about thirty arrays of so many numbers.
_MOST_AT_ONCE = 500_000


class MultiObjectiveAcquisition(Documented, BaseEstimator, metaclass=ABCMeta):
    """Base of the acquisitions over the posteriors of several objectives, taken as independent.

    A subclass stores its parameters in ``__init__`` and defines `value_and_partials`.

    See Also
    --------
    MarginalAcquisition : Base of those of a single objective.

    Examples
    --------
    >>> from skbayes.acquisition import (
    ...     LogExpectedHypervolumeImprovement,
    ...     MultiObjectiveAcquisition,
    ... )
    >>> isinstance(LogExpectedHypervolumeImprovement(), MultiObjectiveAcquisition)
    True
    """

    #: Power of the expected seconds of an evaluation that the acquisition is divided by.
    cost_exponent: float = 0.0

    @abstractmethod
    def value_and_partials(
        self, mean: ArrayLike, std: ArrayLike, region: NonDominatedRegion
    ) -> tuple[Floats, Floats, Floats]:
        """Acquisition and its partial derivatives.

        Parameters
        ----------
        mean : array-like of shape (n_points, n_objectives)
            Posterior means, better when higher.
        std : array-like of shape (n_points, n_objectives)
            Posterior standard deviations; non-negative, zero is allowed.
        region : NonDominatedRegion
            What would extend the front, in the units of `mean`.

        Returns
        -------
        value : ndarray of shape (n_points,)
            Acquisition; higher is better.
        d_mean : ndarray of shape (n_points, n_objectives)
            Its partial derivatives by the means.
        d_std : ndarray of shape (n_points, n_objectives)
            Its partial derivatives by the standard deviations.
        """

    def value(self, mean: ArrayLike, std: ArrayLike, region: NonDominatedRegion) -> Floats:
        """Acquisition alone.

        Parameters
        ----------
        mean : array-like of shape (n_points, n_objectives)
            Posterior means, better when higher.
        std : array-like of shape (n_points, n_objectives)
            Posterior standard deviations; non-negative, zero is allowed.
        region : NonDominatedRegion
            What would extend the front, in the units of `mean`.

        Returns
        -------
        value : ndarray of shape (n_points,)
            Acquisition; higher is better.
        """
        return self.value_and_partials(mean, std, region)[0]

    @abstractmethod
    def weigh(self, value: ArrayLike, log_weight: ArrayLike) -> tuple[Floats, Floats, Floats]:
        """Acquisition under a weight.

        Parameters
        ----------
        value : array-like of shape (n_points,)
            Acquisition, as `value` returns it.
        log_weight : array-like of shape (n_points,)
            Logarithm of the weight of each point; finite.

        Returns
        -------
        weighted : ndarray of shape (n_points,)
            Weighted acquisition; higher is better.
        d_value : ndarray of shape (n_points,)
            Its partial derivative by the value.
        d_log_weight : ndarray of shape (n_points,)
            Its partial derivative by the log-weight.
        """


class LogExpectedHypervolumeImprovement(MultiObjectiveAcquisition):
    """Logarithm of the expected gain of hypervolume, exact for one, two and three objectives.

    The hypervolume of a front is the volume of all that it dominates above a reference. Of one objective
    this is :class:`LogExpectedImprovement`.

    See Also
    --------
    NonDominatedRegion : The boxes that the expectation is a sum over.
    LogExpectedImprovement : Of a single objective.

    Notes
    -----
    EHVI = Σ_boxes Π_j (ψ_j(l_j) − ψ_j(u_j)), with ψ_j(a) = std_j (φ(s) + s Φ(s)), s = (mean_j − a) / std_j [1]_.
    The logarithm [2]_ is taken of each factor, and the boxes are added by the largest: where a point is far
    from all that would gain, each factor is φ(s) times a number of moderate size, and φ(s), which underflows,
    appears as its logarithm alone. A certain score (std = 0) that gains nothing has the value −inf and
    zero partials.

    References
    ----------
    .. [1] Emmerich, Giannakoglou, Naujoks (2006). Single- and multiobjective evolutionary optimization
       assisted by Gaussian random field metamodels. IEEE Trans. Evol. Comput. 10, 421-439.
       DOI 10.1109/TEVC.2005.859463
    .. [2] Ament, Daulton, Eriksson, Balandat, Bakshy (2023). Unexpected improvements to expected
       improvement for Bayesian optimization. NeurIPS 36. arXiv 2310.20708

    Examples
    --------
    >>> from skbayes.acquisition import LogExpectedHypervolumeImprovement, NonDominatedRegion
    >>> region = NonDominatedRegion.of([[1.0, 2.0], [2.0, 1.0]], reference=[0.0, 0.0])
    >>> mean, std = [[1.5, 1.5], [-50.0, -50.0]], [[1.0, 1.0], [1.0, 1.0]]
    >>> print(LogExpectedHypervolumeImprovement().value(mean, std, region).round(3))
    [-2.040000e-01 -2.618016e+03]
    """

    def value_and_partials(
        self, mean: ArrayLike, std: ArrayLike, region: NonDominatedRegion
    ) -> tuple[Floats, Floats, Floats]:
        mean, std = np.asarray(mean, dtype=float), np.asarray(std, dtype=float)
        n_rows = max(_MOST_AT_ONCE // region.n_boxes, 1)
        if len(mean) <= n_rows:
            return _log_gain(mean, std, region)
        parts = [
            _log_gain(mean[k : k + n_rows], std[k : k + n_rows], region)
            for k in range(0, len(mean), n_rows)
        ]
        value, d_mean, d_std = (np.concatenate(part) for part in zip(*parts, strict=True))
        return value, d_mean, d_std

    def weigh(self, value: ArrayLike, log_weight: ArrayLike) -> tuple[Floats, Floats, Floats]:
        return add_log_weight(value, log_weight)


def _log_gain(
    mean: Floats, std: Floats, region: NonDominatedRegion
) -> tuple[Floats, Floats, Floats]:
    log_boxes: Floats | float = 0.0
    partials = []
    for j, (edges, lower, upper) in enumerate(region.edges):
        log_factor, by_mean, by_std = _log_factor(mean[:, j], std[:, j], edges, lower, upper)
        log_boxes = log_boxes + log_factor
        partials.append((by_mean, by_std))
    largest = np.max(log_boxes, axis=1)
    is_possible = largest > -np.inf
    shares = np.exp(log_boxes - np.where(is_possible, largest, 0.0)[:, None])
    total = np.where(is_possible, shares.sum(axis=1), 1.0)
    value = np.where(np.isnan(largest), np.nan, largest + np.log(total))
    shares /= total[:, None]
    d_mean = np.stack([(shares * by_mean).sum(axis=1) for by_mean, _ in partials], axis=1)
    d_std = np.stack([(shares * by_std).sum(axis=1) for _, by_std in partials], axis=1)
    return value, d_mean, d_std


def _log_factor(
    mean: Floats, std: Floats, edges: Floats, lower: np.ndarray, upper: np.ndarray
) -> tuple[Floats, Floats, Floats]:
    """log E_j of each box, and its partial derivatives by mean and std, each (n_points, n_boxes).

    ∂E/∂mean = Φ(s_l) − Φ(s_u) and ∂E/∂std = φ(s_l) − φ(s_u).
    """
    edges = np.minimum(edges, _FAR)
    improvement, std, s = standardize(mean[:, None], std[:, None], edges)
    log_phi, below = log_normal_density(s), ndtr(s)
    mills, scaled = scaled_improvement(s)
    phi = np.exp(log_phi)
    is_tail = s <= _TAIL_BELOW
    psi = std * phi + np.where(is_tail, 0.0, improvement * below)
    psi = np.where(is_tail, std * phi * scaled, psi)
    is_tail, std, top = is_tail[:, lower], std[:, lower], log_phi[:, lower]
    # φ(s_u) / φ(s_l), and one minus it; s_u <= s_l < 0 where it counts.
    fall = np.where(is_tail, log_phi[:, upper] - top, 0.0)
    ratio = np.exp(fall)
    expected = np.where(
        is_tail,
        std * (scaled[:, lower] - ratio * scaled[:, upper]),
        psi[:, lower] - psi[:, upper],
    )
    by_mean = np.where(
        is_tail, mills[:, lower] - ratio * mills[:, upper], below[:, lower] - below[:, upper]
    )
    by_std = np.where(is_tail, -np.expm1(fall), phi[:, lower] - phi[:, upper])
    # A box so thin that rounding leaves nothing of it adds nothing.
    is_positive = expected > 0.0
    divisor = np.where(is_positive, expected, 1.0)
    log_factor = np.where(is_positive, np.log(divisor) + np.where(is_tail, top, 0.0), -np.inf)
    log_factor = np.where(np.isnan(expected), np.nan, log_factor)
    return log_factor, is_positive * by_mean / divisor, is_positive * by_std / divisor
