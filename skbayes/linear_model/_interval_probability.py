"""How probable it is that an observation lies in a given interval: the other way round than an interval of a level."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._predictive import predictive_cdf

__all__ = ["IntervalProbability"]

Array = NDArray[Any]


class IntervalProbability:
    """Mix-in of regressors: the probability of intervals of observations."""

    def interval_probability(
        self, X: Any, lower: ArrayLike, upper: ArrayLike, offset: ArrayLike | None = None
    ) -> Array:
        """Return the probability that an observation lies in an interval, its ends included.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        lower, upper : array-like of shape (n_samples,) or (n_samples, n_targets)
            The ends, of any numbers; also infinite.
        offset : array-like of shape (n_samples,), default=None
            Added to the linear predictor.

        Returns
        -------
        probability : ndarray of shape (n_samples,) or (n_samples, n_targets)
            From 0 to 1; 0 where the lower end is above the upper one.

        Raises
        ------
        ValueError
            If X has other features than in `fit`, or the ends have other shapes than predictions.
        NotFittedError
            Before `fit`.
        AttributeError
            If the model has no posterior; the message says why.

        See Also
        --------
        predict_interval : The interval of a probability. Of counts its own probability is higher than the level.

        Notes
        -----
        F̄(upper) − F̄(lower) of the posterior predictive distribution F̄ = ∫ F(· | η) p(η | data) dη; of counts, which
        may lie on the lower end, F̄(⌊upper⌋) − F̄(⌈lower⌉ − 1).

        Examples
        --------
        >>> from skbayes.linear_model import MAPRegressor
        >>> model = MAPRegressor("poisson").fit([[0.0], [1.0], [2.0]], [1, 3, 7])
        >>> lower, upper = model.predict_interval([[0.5], [2.5]], level=0.9)
        >>> model.interval_probability([[0.5], [2.5]], lower, upper).round(2)
        array([0.97, 0.92])
        """
        model: Any = self
        found = list(model._predictors(X, offset))
        shape = (
            found[0][2].shape if len(model.coef_.shape) == 1 else (*found[0][2].shape, len(found))
        )
        low, high = (np.asarray(end, dtype=np.float64) for end in (lower, upper))
        if low.shape != shape or high.shape != shape:
            raise ValueError(
                f"lower and upper need an end for each prediction, here of shape {shape}; got {low.shape} and"
                f" {high.shape}. Give what predict_interval returns, or ends of that shape."
            )
        low, high = (end.reshape(len(end), -1) for end in (low, high))
        parts = []
        for k, (likelihood, dof, eta, variance) in enumerate(found):
            start, end = low[:, k], high[:, k]
            if likelihood.is_discrete:
                start, end = np.ceil(start) - 1.0, np.floor(end)
            of_end, of_start = (
                predictive_cdf(likelihood, y, eta, variance, dof) for y in (end, start)
            )
            parts.append(np.clip(of_end - of_start, 0.0, 1.0).astype(eta.dtype, copy=False))
        joined: Array = model._in_columns(parts)
        return joined
