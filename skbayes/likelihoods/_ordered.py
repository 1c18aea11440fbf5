"""Likelihoods of numbers, as opposed to classes without an order: they have a distribution function and quantiles.

Notation: F(y | η) = P(an observation ≤ y given its linear predictor η); its quantile at q is the least y of the
support with F(y | η) ≥ q.
"""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._base import Floats, Likelihood, as_eta, like

__all__ = ["CountLikelihood", "OrderedLikelihood", "as_probability"]


class OrderedLikelihood(Likelihood):
    """Base class of likelihoods whose observations are numbers."""

    @property
    def is_discrete(self) -> bool:
        """Whether observations are whole numbers."""
        return False

    @abstractmethod
    def cdf(self, y: ArrayLike, eta: ArrayLike) -> Floats:
        """Probability that an observation is at most `y`.

        Parameters
        ----------
        y : array-like
            Any numbers, also outside of the support, of a shape that goes with that of `eta`.
        eta : array-like
            Linear predictors.

        Returns
        -------
        probability : ndarray of the common shape
            F(y | eta), from 0 to 1, in the floating type of `eta`.
        """

    @abstractmethod
    def quantile(self, q: ArrayLike, eta: ArrayLike) -> Floats:
        """Least value that an observation does not exceed with a probability of at least `q`.

        Parameters
        ----------
        q : array-like
            Probabilities, from 0 to 1, of a shape that goes with that of `eta`.
        eta : array-like
            Linear predictors.

        Returns
        -------
        y : ndarray of the common shape
            The inverse of `cdf`, in the floating type of `eta`; at the ends 0 and 1 those of the support.

        Raises
        ------
        ValueError
            If `q` is no probability.
        """


class CountLikelihood(OrderedLikelihood):
    """Base class of likelihoods of the counts 0, 1, 2, ..."""

    @property
    def is_discrete(self) -> bool:
        return True

    @abstractmethod
    def _at_most(self, count: Floats, mean: Floats) -> Floats:
        """Return P(an observation ≤ count) for whole numbers ≥ 0, in double precision."""

    def cdf(self, y: ArrayLike, eta: ArrayLike) -> Floats:
        eta = as_eta(eta)
        count, mean = np.broadcast_arrays(
            np.floor(np.asarray(y, dtype=np.float64)), self._mean(eta)
        )
        inside = self._at_most(np.maximum(count, 0.0), mean)
        return like(np.where(count < 0.0, 0.0, inside), eta)

    def quantile(self, q: ArrayLike, eta: ArrayLike) -> Floats:
        eta = as_eta(eta)
        probability, mean = np.broadcast_arrays(as_probability(q), self._mean(eta))
        count = _least_count(self._at_most, probability, mean)
        # To rounding a probability of 1 is reached long before the end of the support.
        return like(np.where(probability == 1.0, np.inf, count), eta)

    def _mean(self, eta: Floats) -> Floats:
        return self.inverse_link(np.asarray(eta, dtype=np.float64))


def as_probability(q: ArrayLike) -> NDArray[np.float64]:
    """Return q in double precision.

    Raises
    ------
    ValueError
        If an entry is not from 0 to 1.
    """
    array = np.asarray(q, dtype=np.float64)
    wrong = ~((array >= 0.0) & (array <= 1.0))
    if wrong.any():
        raise ValueError(
            f"A quantile needs probabilities from 0 to 1; got {array[wrong].flat[0]!s}. Divide percents by 100."
        )
    return array


def _least_count(at_most: Callable[[Any, Any], Any], q: Floats, mean: Floats) -> Floats:
    """Return the least count that is not exceeded with probability q or more, by bisection."""
    # The function itself decides: an inverse of its own rounding would miss a count where q is just reached.
    with np.errstate(over="ignore"):  # an infinite mean has infinite quantiles
        low, high = np.full(q.shape, -1.0), np.ceil(mean + np.sqrt(mean))
        is_short = at_most(high, mean) < q
        while is_short.any():
            low = np.where(is_short, high, low)
            high = np.where(is_short, 2.0 * high + 1.0, high)
            is_short = (at_most(high, mean) < q) & np.isfinite(high)
    middle = np.floor(0.5 * (low + high))
    # Beyond 2⁵³ not every whole number is a double: two neighbours then have no middle.
    while (is_between := (low < middle) & (middle < high)).any():
        is_short = at_most(np.maximum(middle, 0.0), mean) < q
        low = np.where(is_between & is_short, middle, low)
        high = np.where(is_between & ~is_short, middle, high)
        middle = np.floor(0.5 * (low + high))
    return high
