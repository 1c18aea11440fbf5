"""Upper confidence bound: optimism in the face of uncertainty."""

import numpy as np
from numpy.typing import ArrayLike

from ._base import Floats, MarginalAcquisition

__all__ = ["UpperConfidenceBound"]


class UpperConfidenceBound(MarginalAcquisition):
    """Upper confidence bound of the score.

    Parameters
    ----------
    kappa : float, default=1.96
        How many standard deviations to add; non-negative. The default is the 97.5 % quantile of
        the normal distribution; larger explores more.

    See Also
    --------
    ExpectedImprovement : Weighs mean and uncertainty without a parameter.

    Notes
    -----
    UCB = mean + kappa · std; the incumbent plays no part.

    References
    ----------
    .. [1] Srinivas, Krause, Kakade, Seeger (2010). Gaussian process optimization in the bandit
       setting: no regret and experimental design. ICML. arXiv 0912.3995

    Examples
    --------
    >>> from skbayes.acquisition import UpperConfidenceBound
    >>> float(UpperConfidenceBound(kappa=2.0).value(mean=1.0, std=0.5, incumbent=0.0))
    2.0
    """

    def __init__(self, kappa: float = 1.96) -> None:
        self.kappa = kappa

    def value_and_partials(
        self, mean: ArrayLike, std: ArrayLike, incumbent: ArrayLike
    ) -> tuple[Floats, Floats, Floats]:
        mean, std = np.broadcast_arrays(np.asarray(mean, dtype=float), np.asarray(std, dtype=float))
        return (
            (mean + self.kappa * std)[()],
            np.ones_like(mean)[()],
            np.full_like(mean, self.kappa)[()],
        )
