"""One factor on all scales of a prior: the coefficients in another unit."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from ..priors import Prior

__all__ = ["scaled_prior", "scales_of"]

Array = NDArray[Any]


def scales_of(prior: Prior, n_features: int) -> Array:
    """Return the smallest scale of each feature, (p,); inf where the prior is flat, or has none."""
    names = [name for name, kind in prior._per_feature.items() if kind == "scale"]
    scales = np.full(n_features, np.inf)
    for name in names:
        scales = np.minimum(scales, np.asarray(getattr(prior, name), dtype=np.float64))
    return scales


def scaled_prior(prior: Prior, factor: float, n_features: int) -> Prior:
    """Return the prior of factor times the deviation of the coefficients from their location."""
    names = [name for name, kind in prior._per_feature.items() if kind == "scale"]
    scaled = {name: factor * np.asarray(getattr(prior, name), dtype=np.float64) for name in names}
    of_unit = clone(prior).set_params(**scaled)
    resolved: Prior = of_unit.for_features(None, n_features)
    return resolved
