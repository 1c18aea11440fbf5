"""One column of data: values seen, values known only to lie in an interval, and how often each counts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._family import Family

__all__ = [
    "Observations",
    "columns_of",
    "log_density_of",
    "observations_of",
]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Observations:
    """One column of data.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Values seen.
    weight : ndarray of shape (n + m,)
        How often each counts, the values first; positive.
    lower, upper : ndarray of shape (m,)
        Ends of the intervals in which the others lie; infinite where one is not known.
    """

    x: Array
    weight: Array
    lower: Array
    upper: Array

    @property
    def n(self) -> int:
        """How many there are, with the censored ones."""
        return self.weight.size

    @property
    def total_weight(self) -> float:
        """Sum of the weights."""
        return float(self.weight.sum())

    @property
    def is_censored(self) -> bool:
        """Whether any is known only to lie in an interval."""
        return self.lower.size > 0

    def log_terms(self, family: Family, theta: Array) -> Array:
        """Return the log likelihood of each point under each row of parameters, (k, n + m)."""
        seen = family.quick_log_density(self.x, theta)
        if not self.is_censored:
            return seen
        return np.hstack([seen, family.log_mass(self.lower, self.upper, theta)])

    def stand_in(self) -> tuple[Array, Array]:
        """Return values and weights that begin a search: an interval's middle, or its finite end."""
        if not self.is_censored:
            return self.x, self.weight
        low = np.where(np.isfinite(self.lower), self.lower, self.upper)
        high = np.where(np.isfinite(self.upper), self.upper, self.lower)
        with np.errstate(invalid="ignore"):  # nothing is known of a point without a finite limit
            middle = 0.5 * (low + high)
        known = np.isfinite(middle)
        keep = np.concatenate([np.ones(self.x.size, dtype=bool), known])
        return np.concatenate([self.x, middle[known]]), self.weight[keep]

    def some(self, most: int) -> "Observations":
        """Return at most about so many of them, evenly spaced in order of size, weights scaled to the same sum."""
        if self.n <= most or self.is_censored:
            return self
        order = np.argsort(self.x, kind="stable")
        # The ends are kept: they decide where a support may end.
        chosen = order[np.unique(np.linspace(0, self.n - 1, most).astype(int))]
        weight = self.weight[chosen]
        return Observations(
            self.x[chosen], weight * (self.total_weight / weight.sum()), self.lower, self.upper
        )


def observations_of(
    x: Array,
    weight: Array | None = None,
    lower: Array | None = None,
    upper: Array | None = None,
) -> Observations:
    """Return a column with its intervals; rows of weight zero are left out."""
    weight = np.ones(x.size) if weight is None else weight
    used = weight > 0.0
    values, low, high = _values_and_intervals(x, lower, upper)
    seen = np.isnan(low)
    first, second = used & seen, used & ~seen
    return Observations(
        values[first],
        np.concatenate([weight[first], weight[second]]),
        low[second],
        high[second],
    )


def _values_and_intervals(
    x: Array, lower: Array | None, upper: Array | None
) -> tuple[Array, Array, Array]:
    """Return values, and ends of intervals, infinite where not known and NaN where the value itself was seen."""
    low = np.full(x.size, np.nan) if lower is None else lower
    high = np.full(x.size, np.nan) if upper is None else upper
    is_value = (np.isnan(low) & np.isnan(high)) | (low == high)
    # An interval without width is a value.
    values = np.where(low == high, low, x)
    left = np.where(np.isnan(low), -np.inf, low)
    right = np.where(np.isnan(high), np.inf, high)
    return values, np.where(is_value, np.nan, left), np.where(is_value, np.nan, right)


def columns_of(
    X: Array, lower: Array | None, upper: Array | None
) -> list[tuple[Array, Array | None, Array | None]]:
    """Return values, lower and upper limits column by column."""
    return [
        (
            X[:, j],
            None if lower is None else lower[:, j],
            None if upper is None else upper[:, j],
        )
        for j in range(X.shape[1])
    ]


def log_density_of(
    family: Family, theta: Array, x: Array, lower: Array | None, upper: Array | None
) -> Array:
    """Return the log likelihood of each row of a column under parameters (n_parameters,), (n,)."""
    values, low, high = _values_and_intervals(x, lower, upper)
    seen = np.isnan(low)
    found = np.empty(x.size)
    found[seen] = family.log_density(values[seen], theta[None, :])[0]
    found[~seen] = family.log_mass(low[~seen], high[~seen], theta[None, :])[0]
    return found
