"""Any acquisition per second that the evaluation is expected to take.

Notation: a acquisition, c expected seconds of an evaluation, e exponent: a / cᵉ.
"""

from numpy.typing import ArrayLike

from ._base import Floats, MarginalAcquisition
from ._expected_improvement import LogExpectedImprovement

__all__ = ["PerSecond"]


class PerSecond(MarginalAcquisition):
    """An acquisition over a power of the expected seconds: of two equal points the cheaper one.

    The optimizer learns the seconds from the fit times of the trials, by a Gaussian process on
    their logarithms. Without fit times this is the acquisition itself. A clock never shows the same
    twice, so neither is the same search made twice.

    Parameters
    ----------
    acquisition : MarginalAcquisition, default=None
        What to divide; None is :class:`LogExpectedImprovement`.
    exponent : float, default=1.0
        Power of the seconds; non-negative. 1 is the expected score per second, 0 ignores them, and
        one half lies between for a search in which evaluations are counted too.

    See Also
    --------
    LogExpectedImprovement : The default, which counts evaluations and not seconds.

    Notes
    -----
    a / cᵉ, for a logarithmic acquisition log a − e · log c. Cost cooling [2]_ lets e fall from 1 to 0
    over a budget of seconds, lest a search stay among the cheap points where the good ones are dear. A
    search with a budget of evaluations has no such schedule. Measured on five functions of two to six
    dimensions with seconds that vary 30-fold (8 seeds, one with a cheap hill beside a higher dear one;
    ``benchmarks/weights.py cost``), e = 1 had after half of the seconds of 40 plain evaluations a regret
    of 10^−1.75 in geometric mean, e = ½ 10^−1.72, e = 0 10^−1.49; after 40 evaluations 10^−3.15,
    10^−3.27 and 10^−3.47.

    References
    ----------
    .. [1] Snoek, Larochelle, Adams (2012). Practical Bayesian optimization of machine learning
       algorithms. NeurIPS 25. arXiv 1206.2944
    .. [2] Lee, Perrone, Archambeau, Seeger (2020). Cost-aware Bayesian optimization. ICML workshop
       on automated machine learning. arXiv 2003.10870

    Examples
    --------
    >>> from skbayes.acquisition import PerSecond
    >>> print(f"{PerSecond().value(mean=-0.5, std=1.0, incumbent=0.0):.6f}")
    -1.620516
    """

    def __init__(
        self, acquisition: MarginalAcquisition | None = None, exponent: float = 1.0
    ) -> None:
        self.acquisition = acquisition
        self.exponent = exponent

    @property
    def cost_exponent(self) -> float:  # type: ignore[override]
        """The exponent, checked."""
        if not 0.0 <= self.exponent < float("inf"):
            raise ValueError(
                f"PerSecond needs a finite exponent >= 0; got {self.exponent!r}. "
                "Use 1 for the expected score per second, less to count evaluations too."
            )
        self._divided()
        return float(self.exponent)

    def value_and_partials(
        self, mean: ArrayLike, std: ArrayLike, incumbent: ArrayLike
    ) -> tuple[Floats, Floats, Floats]:
        """Acquisition before the division, and its partial derivatives.

        Parameters
        ----------
        mean : float or array-like of shape (n_points,)
            Posterior means of the score, which is better when higher.
        std : float or array-like of shape (n_points,)
            Posterior standard deviations; non-negative, zero is allowed.
        incumbent : float
            The score to beat, in the unit of `mean`.

        Returns
        -------
        value : float or ndarray of shape (n_points,)
            Acquisition; higher is better.
        d_mean : float or ndarray of shape (n_points,)
            Its partial derivative by the mean.
        d_std : float or ndarray of shape (n_points,)
            Its partial derivative by the standard deviation.

        Raises
        ------
        TypeError
            If `acquisition` needs a joint posterior.
        """
        return self._divided().value_and_partials(mean, std, incumbent)

    def weigh(
        self, value: ArrayLike, incumbent: ArrayLike, log_weight: ArrayLike
    ) -> tuple[Floats, Floats, Floats]:
        return self._divided().weigh(value, incumbent, log_weight)

    def _divided(self) -> MarginalAcquisition:
        if self.acquisition is None:
            return LogExpectedImprovement()
        if not isinstance(self.acquisition, MarginalAcquisition):
            raise TypeError(
                "PerSecond divides an acquisition that needs each point's posterior alone; got "
                f"{self.acquisition!r}. Use an object such as LogExpectedImprovement()."
            )
        return self.acquisition
