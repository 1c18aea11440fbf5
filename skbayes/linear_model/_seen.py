"""What rows that are no longer there say about the parameters: the second-order expansion of their log likelihood.

Notation: w (m,) the parameters as `Layout` orders them; L(w) = −Σ_i s_i log p(y_i given eta_i) over the rows seen, v
the mode of the posterior then. The expansion is L(v) + gᵀ(w − v) + ½ (w − v)ᵀ H (w − v), g and H gradient and Hessian
of L at v. With the prior added it is the Laplace posterior of those rows, which is the next prior; kept apart from it
the prior stays what it is, also where it has a kink, a bound or a scale that depends on the number of rows, and counts
once.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..likelihoods import Likelihood
from ._layout import Layout

__all__ = ["Expansion", "expansion_of_joint", "named_numbers"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Expansion:
    """The expansion of the log likelihood of all rows seen so far.

    Attributes
    ----------
    layout : Layout
        Of the parameters.
    centre : ndarray of shape (m,)
        v, in float64.
    value : float
        L(v), of normalised densities.
    slope : ndarray of shape (m,)
        g.
    curvature : ndarray of shape (m, m) or (m,)
        H, or its diagonal.
    total : float
        Σ s over the rows.
    freedom : float
        What the rows leave for the parameters of the likelihood: the total minus the parameters that they determine.
    likelihood : Likelihood or None
        With its parameters as they were found; None: it is no expansion of a likelihood.
    """

    layout: Layout
    centre: Array
    value: float
    slope: Array
    curvature: Array
    total: float
    freedom: float
    likelihood: Any

    @property
    def is_diagonal(self) -> bool:
        """Whether only the diagonal of H is there."""
        return self.curvature.ndim == 1

    def value_at(self, w: Array) -> float:
        """Return the expansion at w."""
        d = w - self.centre
        return self.value + float(d @ (self.slope + 0.5 * self.product(d)))

    def gradient(self, w: Array) -> Array:
        """Return the gradient of the expansion at w."""
        return self.slope + self.product(w - self.centre)

    def product(self, v: Array) -> Array:
        """Return H v."""
        return self.curvature * v if self.is_diagonal else self.curvature @ v

    def blocks(self) -> Array:
        """Return the blocks of H on its diagonal, one for each output: (K, width, width), or (K, width)."""
        K, width = self.layout.n_classes or 1, self.layout.width
        if self.is_diagonal:
            return self.curvature.reshape(K, width)
        return np.einsum("kikj->kij", self.curvature.reshape(K, width, K, width))

    def plus(self, other: "Expansion") -> "Expansion":
        """Return the sum of both, about the centre of this one; the likelihood is that of this one."""
        one, two = self.curvature, other.curvature
        if one.ndim != two.ndim:
            one, two = (np.diag(each) if each.ndim == 1 else each for each in (one, two))
        return replace(
            self,
            value=self.value + other.value_at(self.centre),
            slope=self.slope + other.gradient(self.centre),
            curvature=one + two,
            total=self.total + other.total,
            freedom=self.freedom + other.freedom,
        )

    def scaled(self, factor: float) -> "Expansion":
        """Return the expansion times a number: that of the same rows under another dispersion."""
        return replace(
            self,
            value=factor * self.value,
            slope=factor * self.slope,
            curvature=factor * self.curvature,
        )

    def pooled(self, likelihood: Likelihood, total: float, dof: float) -> Likelihood:
        """Return a likelihood estimated from other rows with its numbers averaged with those of the rows seen.

        Of each number the logarithm is averaged by the degrees of freedom: near its maximum a likelihood is as good as
        normal in the logarithm of a scale, with that precision up to a factor that both have.
        """
        new = max(0.0, total - dof)
        share = new / (new + self.freedom) if new + self.freedom > 0.0 else 1.0
        mine = {} if self.likelihood is None else named_numbers(self.likelihood)
        other = named_numbers(likelihood)
        return likelihood.set_params(
            **{
                name: float(mine[name] ** (1.0 - share) * value**share)
                for name, value in other.items()
                if value != mine.get(name, value)
            }
        )


def expansion_of_joint(prior: Any, layout: Layout) -> Expansion:
    """Return the negative log density of a normal prior of the coefficients of all classes together."""
    loc, precision = prior.quadratic()
    coef, _ = layout.split(np.arange(layout.n_parameters))
    place = coef.ravel()
    centre = np.zeros(layout.n_parameters)
    centre[place] = loc
    if precision.ndim == 1:
        curvature = np.zeros_like(centre)
        curvature[place] = precision
    else:
        curvature = np.zeros((centre.size, centre.size))
        curvature[np.ix_(place, place)] = precision
    value = -prior.log_density(loc)
    return Expansion(layout, centre, value, np.zeros_like(centre), curvature, 0.0, 0.0, None)


def named_numbers(likelihood: Likelihood) -> dict[str, float]:
    """Return the parameters of a likelihood that are numbers: what an update may have moved."""
    return {
        name: value
        for name, value in likelihood.get_params(deep=False).items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    }
