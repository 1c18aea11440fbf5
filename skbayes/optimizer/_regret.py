"""How much better than the best evaluated point any point can still be: a bound on the regret.

Notation: U points of the unit cube; mean and std of the surrogate's posterior in its latent unit;
g the increasing map from there to the score.
"""

from typing import Any

import numpy as np

from ..acquisition import UpperConfidenceBound
from ..space import Space
from ._maximize import maximize
from ._observations import Observations
from ._surface import Surface

__all__ = ["regret_bound"]

# The best observed points around which the upper bound is searched, as for a proposal.
_N_AROUND = 5


def regret_bound(
    model: Any, observations: Observations, space: Space, kappa: float, rng: np.random.Generator
) -> float:
    """Return max over the space of g(mean + kappa std) − max over the evaluated of g(mean − kappa std).

    Because g increases, both maxima are taken in the latent unit, and the two quantiles are those
    of the score itself. Failed trials are no evaluated points: they cannot be the answer.
    """
    evaluated = observations.U_finite
    posterior = model.posterior(evaluated)
    lower = float((posterior.mean - kappa * posterior.std).max())
    optimist = UpperConfidenceBound(kappa=kappa)
    around = evaluated[np.argsort(-posterior.mean, kind="stable")[:_N_AROUND]]
    # Evaluated points count too: under noise the best may be one of them.
    upper = float((posterior.mean + kappa * posterior.std).max())
    surface = Surface(model, optimist, incumbent=lower)
    u = maximize(surface, space, rng, around=around, exclude=frozenset())
    if u is not None:
        upper = max(upper, float(surface.value(u[None])[0]))
    low, high = model.output_.inverse(np.array([lower, upper]))
    return float(high - low)
