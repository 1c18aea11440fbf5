"""One factor on the scales of a prior by leave-one-out: `tune="loo"` of MAPRegressor and MAPClassifier.

Notation: t the factor; s_j the prior scale of coefficient j at t = 1; c_j the curvature of the data in it about its
mean, at the model without features, so that z_j = t s_j √c_j is the prior scale in standard errors of the coefficient
by itself.

The score is Σ_i s_i log p(y_i | η_i), η_i the linear predictor of row i at the mode without it: the log density by
which the model, as it predicts, predicts what it has not seen. It is the log loss of cross-validation in as many folds
as rows; a noise scale is that of the fit with the factor. The density averaged over the posterior would be another
score, of another prediction.

The score may have several maxima, and jumps where a coefficient leaves its kink. So it is first looked at over all
factors from where nothing is left of the coefficients to where nothing is left of the prior, two to a decade, each fit
begun at the one before; then by golden sections about the best.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..exceptions import IncompatibleModelError
from ._approximate_loo import leave_one_out_of
from ._design import Design
from ._fit import MAPFit, fit_map
from ._model import Model
from ._objective import LinearObjective
from ._preconditioner import gram_diagonal
from ._scaled_prior import scaled_prior, scales_of

__all__ = ["loo_tuned"]

Array = NDArray[Any]

# All coefficients together have no more than a thousandth of a standard error; and at least every other one has a
# thousand, when they are as free as without a prior to a part in a million.
_NOTHING, _EVERYTHING = 1e-3, 1e3
_STEP = 0.5 * np.log(10.0)
# Steps beyond either end while the score still rises there.
_BEYOND = 6
# So many lower scores in a row end the way up: fits with hardly a prior cost the most.
_FALLING = 3
# Golden sections of a bracket of two steps: to 0.05 in log t, within which a score is as good as flat.
_SECTIONS = 8
_GOLDEN = 0.5 * (np.sqrt(5.0) - 1.0)


def loo_tuned(design: Design, y: Array, model: Model, offset: Array | None) -> MAPFit:
    """Return the fit with the factor of the highest leave-one-out score, and that score.

    Raises
    ------
    IncompatibleModelError
        If the prior has no scale that is not inf.
    """
    scale = scales_of(model.prior, design.shape[1])
    if not np.isfinite(scale).any():
        raise IncompatibleModelError(
            f"tune='loo' finds a factor for the scales of the prior, and {model.stated_prior!r} has none. "
            "Use one with a finite scale, such as Normal or Laplace, or tune=None."
        )
    search = _Search(design, y, model, offset)
    low, high = _range(search.without_features(), scale)
    search.along(low, high)
    return search.refined()


def _range(objective: LinearObjective, scale: Array) -> tuple[float, float]:
    """Return log t of nothing left of the coefficients, and of nothing left of the prior."""
    z = scale * np.sqrt(_curvatures(objective))
    z = z[np.isfinite(z) & (z > 0.0)]
    if not z.size:
        return -_STEP, _STEP
    low = 0.5 * np.log(_NOTHING) - 0.5 * np.log(np.sum(np.square(z / z.max()))) - np.log(z.max())
    return float(low), float(np.log(_EVERYTHING) - np.log(np.median(z)))


def _curvatures(objective: LinearObjective) -> Array:
    """Return c of each feature, (p,)."""
    data, p = objective.data, objective.layout.n_features
    d = data.diagonal_curvature(objective.start())
    d = d if d.ndim == 1 else d.mean(axis=1)
    squares = gram_diagonal(data, d)[:p]
    if objective.layout.fit_intercept and d.sum() > 0.0:
        mean = data.design.rmatvec(d) / d.sum()
        squares = squares - d.sum() * np.square(mean)
    return np.maximum(squares, 0.0)


class _Search:
    """The fits so far, by log t."""

    def __init__(self, design: Design, y: Array, model: Model, offset: Array | None) -> None:
        self._design, self._y, self._model, self._offset = design, y, model, offset
        self._fits: dict[float, MAPFit] = {}

    def without_features(self) -> LinearObjective:
        """Return an objective in which to look at the data before any fit."""
        likelihood = self._model.likelihood.start(self._y, self._model.weight)
        return self._objective(likelihood, self._model.prior)

    def _objective(self, likelihood: Any, prior: Any) -> LinearObjective:
        model = self._model
        return LinearObjective(
            self._design,
            self._y,
            likelihood,
            prior,
            weight=model.weight,
            offset=self._offset,
            fit_intercept=model.fit_intercept,
            intercept_prior=model.intercept_prior,
            bounds=model.bounds,
            seen=model.seen,
        )

    def score(self, log_t: float) -> float:
        """Return the score at a factor; minus infinity where it is not a number."""
        if log_t not in self._fits:
            known = min(self._fits, key=lambda other: abs(other - log_t), default=None)
            start = None if known is None else self._fits[known].w
            n_features = self._design.shape[1]
            prior = scaled_prior(self._model.prior, float(np.exp(log_t)), n_features)
            model = replace(self._model, prior=prior)
            fit = fit_map(self._design, self._y, model, self._offset, start)
            with np.errstate(over="ignore", invalid="ignore"):
                score = leave_one_out_of(self._objective(fit.likelihood, fit.prior), fit.w).score
            self._fits[log_t] = replace(fit, loo_score=score if np.isfinite(score) else -np.inf)
        found = self._fits[log_t].loo_score
        return -np.inf if found is None else found

    @property
    def best(self) -> float:
        """Return log t of the highest score; of equal ones the smallest, with the simplest model.

        Where a coefficient leaves its kink noise and coefficients may not settle; such a fit is taken if there is no
        other.
        """
        return max(
            sorted(self._fits), key=lambda t: (self._fits[t].result.converged, self.score(t))
        )

    def along(self, low: float, high: float) -> None:
        """Look at factors from low to high, and beyond as long as the score rises there."""
        falling, last = 0, -np.inf
        for log_t in np.append(np.arange(low, high, _STEP), high):
            score = self.score(float(log_t))
            falling = falling + 1 if score < last else 0
            last = score
            if falling == _FALLING:
                break
        for way in (-1.0, 1.0):
            for _ in range(_BEYOND):
                end = min(self._fits) if way < 0.0 else max(self._fits)
                inner = sorted(self._fits)[1 if way < 0.0 else -2]
                if self.best != end or self.score(end) == self.score(inner):
                    break
                self.score(end + way * _STEP)

    def refined(self) -> MAPFit:
        """Return the best fit after golden sections between the neighbours of the best so far."""
        known = sorted(self._fits)
        at = known.index(self.best)
        left, right = known[max(at - 1, 0)], known[min(at + 1, len(known) - 1)]
        for _ in range(_SECTIONS):
            one, other = right - _GOLDEN * (right - left), left + _GOLDEN * (right - left)
            if self.score(one) >= self.score(other):
                right = other
            else:
                left = one
        return self._fits[self.best]
