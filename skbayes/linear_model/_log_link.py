"""Regressions with a logarithmic link and a normal prior by scikit-learn's arguments: what they share.

Notation: μ = exp(eta), eta = X w + b + o with offset o; s sample weights, S their sum; d(y, μ) the unit deviance.
scikit-learn minimises Σ s_i d_i / 2S + alpha |w|² / 2. Half the deviance is the negative log likelihood up to terms
free of w (gamma: of shape 1), so that times S this is the negative log posterior of the prior Normal(scale=1 /
√(alpha S)).
"""

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_array, check_consistent_length, validate_data

from .._sklearn import Interval, StrOptions, fit_context
from ..likelihoods import Likelihood
from ..priors import Flat, Normal, Prior
from ..solvers import SOLVERS, SolverResult
from ._base import LinearModel, check_offset, check_weight
from ._design import Design
from ._fit import warn_unless_converged
from ._match import matching
from ._minimum_norm import of_least_norm
from ._objective import LinearObjective
from ._record import Record
from ._seen import Expansion
from ._sequential import Sequential
from ._uncertain import UncertainRegressor

__all__ = ["LogLinkRegressor"]

Array = NDArray[Any]

# scikit-learn's names of solvers, and which of ours they stand for.
GLM_ALIASES = {"lbfgs": "lbfgs", "newton-cholesky": "newton"}


class LogLinkRegressor(Sequential, UncertainRegressor, RegressorMixin, LinearModel):
    """What the two share; a subclass has `_likelihood`, `_half_deviance` and `_null_rate`."""

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "alpha": [Interval(Real, 0.0, None, closed="left")],
        "fit_intercept": ["boolean"],
        "solver": [StrOptions({*GLM_ALIASES, *SOLVERS, "auto"})],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0.0, None, closed="neither")],
        "warm_start": ["boolean"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        *,
        alpha: float = 1.0,
        fit_intercept: bool = True,
        solver: str = "lbfgs",
        max_iter: int = 100,
        tol: float = 1e-4,
        warm_start: bool = False,
        verbose: int = 0,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.verbose = verbose

    _sums_rows: ClassVar[bool] = False

    @staticmethod
    @abstractmethod
    def _likelihood() -> Likelihood:
        """Return the likelihood whose negative logarithm is half the deviance, but for terms free of eta."""

    @staticmethod
    @abstractmethod
    def _half_deviance(y: Array, eta: Array) -> Array:
        """Return d(y, exp eta) / 2 for each row."""

    @staticmethod
    @abstractmethod
    def _null_rate(y: Array, weight: Array | None, exposure: Array | float) -> float:
        """Return exp b of the model without features, where exposure is exp o."""

    @staticmethod
    def _of_posterior(make: Callable[[], LinearObjective], w: Array) -> LinearObjective:
        """Return the objective of which the posterior is made, from that of the fit; both have the mode w."""
        return make()

    @fit_context()
    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
    ) -> "LogLinkRegressor":
        """Find the mode of the posterior.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,)
            Targets; for Poisson non-negative, for gamma positive.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows; non-negative. Only their ratios matter for the coefficients, since `alpha` is per
            row.
        offset : array-like of shape (n_samples,), default=None
            Added to the linear predictor, such as the logarithm of an exposure.

        Returns
        -------
        self : estimator
            The fitted model.

        Raises
        ------
        ValueError
            If the data are wrong, such as a target outside the range of the likelihood.
        IncompatibleModelError
            If a solver of ours cannot fit this model.
        """
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=["csc", "csr"],
            dtype=[np.float64, np.float32],
            y_numeric=True,
        )
        y = self._checked_target(y, X.dtype)
        weight = check_weight(sample_weight, X)
        shift = None if offset is None else check_offset(offset, X)
        warn_unless_converged(self, self._fit_rows(X, y, weight, shift))
        return self

    def _fit_rows(
        self,
        X: Any,
        y: Array,
        weight: Array | None,
        shift: Array | None = None,
        seen: Sequence[Expansion] | None = None,
    ) -> list[SolverResult]:
        """Fit to rows that were checked; `seen` has one entry: what earlier rows say."""
        # The fit is at the shape 1, whatever the shape that was found for the earlier rows.
        before = None if seen is None else seen[0].scaled(1.0 / _shape_of(seen[0].likelihood))
        total = float(len(y) if weight is None else weight.sum())
        precision = self.alpha * (total if before is None else total + before.total)
        self.prior_: Prior = Normal(scale=1.0 / math.sqrt(precision)) if precision > 0 else Flat()
        likelihood = self._likelihood()
        make = partial(
            LinearObjective,
            Design(X),
            y,
            likelihood,
            self.prior_,
            weight=weight,
            offset=shift,
            fit_intercept=self.fit_intercept,
            seen=before,
        )
        self.solver_, objective = matching(
            GLM_ALIASES.get(self.solver, self.solver),
            {"max_iter": self.max_iter, "tol": self.tol},
            lambda split: make(split=split),
            likelihood,
            self.prior_,
        )
        is_first = before is None or self.warm_start
        w0 = self._start(X, y, weight, shift) if is_first else objective.start()
        result = self.solver_.solve(objective, w0)
        if precision == 0:
            result = of_least_norm(objective, result)
        p = X.shape[1]
        self.coef_ = result.w[:p]
        self.intercept_ = result.w[p] if self.fit_intercept else 0.0
        self.n_iter_ = result.n_iter
        self.objective_, self.converged_ = result.value, result.converged
        data = (X, y, weight, shift)
        self._remember(partial(_records_of, self._of_posterior, make, result.w, data), data)
        return [result]

    def _checked_target(self, y: ArrayLike, dtype: Any) -> Array:
        target: Array = check_array(y, dtype=dtype, ensure_2d=False, input_name="y")
        try:
            self._likelihood().check_target(target)
        except ValueError as error:
            # Begun with the words by which scikit-learn's users know it.
            raise ValueError(
                f"Some value(s) of y are out of the valid range of the loss. {error}"
            ) from None
        return target

    def _check_new_targets(self, y: Array) -> None:
        self._checked_target(y, y.dtype)

    def _start(self, X: Any, y: Array, weight: Array | None, shift: Array | None) -> Array:
        """Return where to begin: the model without features, or the fit before."""
        p = X.shape[1]
        w = np.zeros(p + self.fit_intercept, dtype=X.dtype)
        if self.warm_start and hasattr(self, "coef_"):
            if self.coef_.shape != (p,):
                raise ValueError(
                    f"warm_start begins at the {len(self.coef_)} coefficients of the fit before, but X has {p} "
                    "features. Set warm_start=False, or fit a clone."
                )
            w[:p] = self.coef_
            w[p:] = self.intercept_
        elif self.fit_intercept:
            w[p] = self._null_intercept(y, weight, shift)
        return w

    def _null_intercept(self, y: Array, weight: Array | None, shift: Array | None) -> float:
        exposure = 1.0 if shift is None else np.exp(shift.astype(np.float64))
        rate = self._null_rate(y, weight, exposure)
        # Of zeros alone the rate is zero; the likelihood knows a finite place on the way to its logarithm.
        return math.log(rate) if rate > 0 else float(self._likelihood().start_intercept(y, weight))

    def predict(self, X: Any, return_std: bool = False, offset: ArrayLike | None = None) -> Any:
        """Predict the mean of y at the mode of the posterior.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        return_std : bool, default=False
            Whether to return standard deviations too.
        offset : array-like of shape (n_samples,), default=None
            Added to the linear predictor.

        Returns
        -------
        y_pred : ndarray of shape (n_samples,)
            exp(X coef + intercept + offset).
        y_std : ndarray of shape (n_samples,)
            With `return_std`: standard deviations of an observation, of its noise and of the uncertainty of
            coefficients and intercept together.
        """
        mean = self._likelihood().inverse_link(self._linear_predictor(X, offset))
        return (mean, self._predictive_std(X, offset)) if return_std else mean

    def score(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
    ) -> float:
        """Return D², the part of the deviance that the features explain.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,)
            True targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.
        offset : array-like of shape (n_samples,), default=None
            Added to the linear predictor, also of the model without features.

        Returns
        -------
        score : float
            1 − D / D_null, at most 1, where D_null is the deviance of the best intercept alone for these data. Where
            that is zero, 1 for a perfect prediction and else 0.

        Raises
        ------
        ValueError
            If a target lies outside the range of the likelihood.
        """
        eta = self._linear_predictor(X, offset).astype(np.float64)
        y = self._checked_target(y, np.float64)
        check_consistent_length(y, eta)
        weight = None if sample_weight is None else check_weight(sample_weight, eta)
        shift = None if offset is None else check_offset(offset, eta)
        null = np.full(len(y), self._null_intercept(y, weight, shift))
        null += 0.0 if shift is None else shift
        deviance = float(np.average(self._half_deviance(y, eta), weights=weight))
        of_null = float(np.average(self._half_deviance(y, null), weights=weight))
        if of_null <= 0.0:
            return 1.0 if deviance <= 0.0 else 0.0
        return 1.0 - deviance / of_null

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = True
        return tags


def _records_of(
    of_posterior: Callable[[Any, Array], LinearObjective],
    make: Callable[[], LinearObjective],
    w: Array,
    data: tuple[Any, ...],
) -> list[Record]:
    return [Record(partial(of_posterior, make, w), w, data)]


def _shape_of(likelihood: Any) -> float:
    return float(likelihood.get_params().get("shape", 1.0))
