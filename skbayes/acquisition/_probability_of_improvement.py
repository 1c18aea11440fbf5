"""Probability of improvement: how likely a point beats the incumbent, by however little.

Notation: u = (mean − incumbent − margin) / std; φ, Φ the standard normal density and
distribution function.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from ._base import Floats, MarginalAcquisition, standardize
from ._weighing import multiply_by_weight

__all__ = ["ProbabilityOfImprovement"]


class ProbabilityOfImprovement(MarginalAcquisition):
    """Probability that the score of a point exceeds the incumbent.

    Parameters
    ----------
    margin : float, default=0.0
        Improvement smaller than this counts as none. In units of the score the posterior is
        over (for a surrogate that standardises scores, their standard deviation); non-negative.
        At zero a search creeps along beside its incumbent, where a tiny improvement is certain:
        0.1 of that standard deviation is a good value.

    See Also
    --------
    ExpectedImprovement : Counts how large the improvement is, too.

    Notes
    -----
    With u = (mean − incumbent − margin) / std: PI = Φ(u), ∂PI/∂mean = φ(u) / std,
    ∂PI/∂std = −u φ(u) / std. A certain score (std = 0) has PI 1 or 0, and zero partials.

    References
    ----------
    .. [1] Kushner (1964). A new method of locating the maximum point of an arbitrary multipeak
       curve in the presence of noise. J. Basic Eng. 86, 97-106. DOI 10.1115/1.3653121

    Examples
    --------
    >>> from skbayes.acquisition import ProbabilityOfImprovement
    >>> print(f"{ProbabilityOfImprovement().value(mean=-0.5, std=1.0, incumbent=0.0):.6f}")
    0.308538
    """

    def __init__(self, margin: float = 0.0) -> None:
        self.margin = margin

    def value_and_partials(
        self, mean: ArrayLike, std: ArrayLike, incumbent: ArrayLike
    ) -> tuple[Floats, Floats, Floats]:
        improvement, std, u = standardize(mean, std, np.add(incumbent, self.margin))
        is_certain = std == 0
        value = np.where(is_certain, improvement > 0, ndtr(u))
        density = np.exp(-0.5 * u**2) / np.sqrt(2 * np.pi)
        d_mean = np.where(is_certain, 0.0, density / np.where(is_certain, 1.0, std))
        return value[()], d_mean[()], (-u * d_mean)[()]

    def weigh(
        self, value: ArrayLike, incumbent: ArrayLike, log_weight: ArrayLike
    ) -> tuple[Floats, Floats, Floats]:
        return multiply_by_weight(value, log_weight)
