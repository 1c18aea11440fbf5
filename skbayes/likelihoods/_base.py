"""What a likelihood is: the density of one observation given its linear predictor, and its derivatives in it.

Notation: y an observation, η its linear predictor, ℓ(η) = log p(y | η). All methods are vectorised: entry i of
a result belongs to y[i] and eta[i]. A likelihood has never heard of features, of an intercept or of weights:
who sums over the samples weighs them.
"""

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from .._sklearn import Documented

__all__ = ["Floats", "Likelihood", "as_eta", "like", "refuse", "total_weight", "weighted_mean"]

Floats = NDArray[np.floating[Any]]

# Step of differences of fourth order: at the fifth root of the rounding both errors are about 1e-12.
_STEP = np.finfo(np.float64).eps ** 0.2


class Likelihood(Documented, BaseEstimator, ABC):
    """Base class of all likelihoods.

    A subclass stores its parameters in ``__init__``, untouched, and defines `value_and_gradient`,
    `log_constant`, `hessian`, `inverse_link`, `predictive`, `sample`, `check_target` and `start_intercept`. The
    other methods follow from these for a likelihood without a parameter of its own to estimate.

    See Also
    --------
    skbayes.checks.check_likelihood : Whether a subclass keeps the contract.

    Notes
    -----
    Results have the floating type of `eta`: float32 stays float32.

    Examples
    --------
    >>> from skbayes.likelihoods import LIKELIHOODS, Likelihood
    >>> all(issubclass(likelihood, Likelihood) for likelihood in LIKELIHOODS.values())
    True
    """

    @property
    def is_quadratic(self) -> bool:
        """Whether the log density is a quadratic function of the linear predictor."""
        return False

    @property
    def is_fixed(self) -> bool:
        """Whether every parameter of the likelihood itself is a given number."""
        return True

    @property
    def curvature_bound(self) -> float | None:
        """Least upper bound of |ℓ''(η)| over all y and η; None if there is none, or if it is not yet fixed."""
        return None

    @abstractmethod
    def value_and_gradient(self, y: ArrayLike, eta: ArrayLike) -> tuple[Floats, Floats]:
        """Log density without the terms that do not depend on eta, and its derivative.

        Parameters
        ----------
        y : array-like of shape (n_samples,)
            Observations.
        eta : array-like of shape (n_samples,)
            Linear predictors; of shape (n_samples, n_classes) for a categorical likelihood.

        Returns
        -------
        value : ndarray of shape (n_samples,)
            log p(y | eta) minus `log_constant`.
        gradient : ndarray of the shape of eta
            Its derivative by eta.
        """

    @abstractmethod
    def log_constant(self, y: ArrayLike) -> Floats:
        """Terms of the log density that do not depend on eta.

        Parameters
        ----------
        y : array-like of shape (n_samples,)
            Observations.

        Returns
        -------
        log_constant : ndarray of shape (n_samples,)
            What `value_and_gradient` leaves out.
        """

    @abstractmethod
    def hessian(self, y: ArrayLike, eta: ArrayLike) -> Floats:
        """Second derivative of the log density by eta.

        Parameters
        ----------
        y : array-like of shape (n_samples,)
            Observations.
        eta : array-like of shape (n_samples,)
            Linear predictors; of shape (n_samples, n_classes) for a categorical likelihood.

        Returns
        -------
        hessian : ndarray of shape (n_samples,)
            For a categorical likelihood of shape (n_samples, n_classes, n_classes).
        """

    @abstractmethod
    def inverse_link(self, eta: ArrayLike) -> Floats:
        """Mean of an observation given its linear predictor.

        Parameters
        ----------
        eta : array-like of shape (n_samples,)
            Linear predictors; of shape (n_samples, n_classes) for a categorical likelihood.

        Returns
        -------
        mean : ndarray of the shape of eta
            Means, or probabilities of the classes.
        """

    @abstractmethod
    def predictive(self, eta: ArrayLike, variance: ArrayLike) -> tuple[Floats, Floats]:
        """Mean and standard deviation of an observation whose linear predictor is uncertain.

        Parameters
        ----------
        eta : array-like of shape (n_samples,)
            Means of the linear predictors, which are normally distributed.
        variance : array-like of shape (n_samples,)
            Their variances; non-negative.

        Returns
        -------
        mean : ndarray of the shape of eta
            Mean of y.
        std : ndarray of the shape of eta
            Standard deviation of y: noise and uncertainty of the linear predictor together.
        """

    @abstractmethod
    def sample(
        self, eta: ArrayLike, random_state: int | np.random.Generator | None = None
    ) -> NDArray[Any]:
        """Draw one observation for each linear predictor.

        Parameters
        ----------
        eta : array-like of shape (n_samples,)
            Linear predictors; of shape (n_samples, n_classes) for a categorical likelihood.
        random_state : int, numpy.random.Generator or None, default=None
            Seed or generator.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Observations.
        """

    @abstractmethod
    def check_target(self, y: ArrayLike) -> None:
        """Refuse observations to which the likelihood gives no density.

        Parameters
        ----------
        y : array-like of shape (n_samples,)
            Observations.

        Raises
        ------
        ValueError
            If a value lies outside of the support.
        """

    @abstractmethod
    def start_intercept(self, y: ArrayLike, weight: ArrayLike | None = None) -> Any:
        """Linear predictor of the model that has an intercept only.

        Parameters
        ----------
        y : array-like of shape (n_samples,)
            Observations.
        weight : array-like of shape (n_samples,) or None, default=None
            How often each observation counts; None for once.

        Returns
        -------
        intercept : float or ndarray of shape (n_classes,)
            Finite; where the maximum is at infinity (all observations alike), a value on its way there.
        """

    def log_density(self, y: ArrayLike, eta: ArrayLike) -> Floats:
        """Logarithm of the normalised density, or probability, of each observation.

        Parameters
        ----------
        y : array-like of shape (n_samples,)
            Observations.
        eta : array-like of shape (n_samples,)
            Linear predictors; of shape (n_samples, n_classes) for a categorical likelihood.

        Returns
        -------
        log_density : ndarray of shape (n_samples,)
            log p(y | eta).
        """
        value, _ = self.value_and_gradient(y, eta)
        return value + self.log_constant(y).astype(value.dtype, copy=False)

    def gradient(self, y: ArrayLike, eta: ArrayLike) -> Floats:
        """Derivative of the log density by eta.

        Parameters
        ----------
        y : array-like of shape (n_samples,)
            Observations.
        eta : array-like of shape (n_samples,)
            Linear predictors; of shape (n_samples, n_classes) for a categorical likelihood.

        Returns
        -------
        gradient : ndarray of the shape of eta
            Derivatives.
        """
        return self.value_and_gradient(y, eta)[1]

    def expected_hessian(self, y: ArrayLike, eta: ArrayLike) -> Floats:
        """Expectation of `hessian` over y: minus the Fisher information, never positive.

        Parameters
        ----------
        y : array-like of shape (n_samples,)
            Observations; only their number matters.
        eta : array-like of shape (n_samples,)
            Linear predictors; of shape (n_samples, n_classes) for a categorical likelihood.

        Returns
        -------
        expected_hessian : ndarray of the shape of `hessian`
            The same as `hessian` where that does not depend on y.
        """
        return self.hessian(y, eta)

    def hessian_slope(self, y: ArrayLike, eta: ArrayLike, variance: ArrayLike) -> Floats:
        """Third derivative of the log density by eta, times the variance of eta.

        Parameters
        ----------
        y : array-like of shape (n_samples,)
            Observations.
        eta : array-like of shape (n_samples,)
            Linear predictors; of shape (n_samples, n_classes) for a categorical likelihood.
        variance : array-like of the shape of `hessian`
            Variances, or covariances of the classes.

        Returns
        -------
        hessian_slope : ndarray of the shape of eta
            Derivative by eta of the sum of `hessian` times `variance`, row by row. By differences of `hessian`, if a
            subclass does not know better.
        """
        kind = as_eta(eta).dtype
        eta, variance = np.asarray(eta, dtype=np.float64), np.asarray(variance, dtype=np.float64)
        columns = eta.reshape(eta.shape[0], -1)
        slope = np.empty(columns.shape)
        for k in range(columns.shape[1]):
            step = np.zeros(columns.shape)
            step[:, k] = _STEP * (1.0 + np.abs(columns[:, k]))
            shift = step.reshape(eta.shape)
            # Four points, so that the error is of the fourth order in the step.
            change = 8.0 * (self.hessian(y, eta + shift) - self.hessian(y, eta - shift))
            change -= self.hessian(y, eta + 2.0 * shift) - self.hessian(y, eta - 2.0 * shift)
            total = (change * variance).reshape(eta.shape[0], -1).sum(axis=1)
            slope[:, k] = total / (12.0 * step[:, k])
        return slope.reshape(eta.shape).astype(kind, copy=False)

    def start(self, y: ArrayLike, weight: ArrayLike | None = None) -> Self:
        """Likelihood with its own parameters fixed where a fit may begin: the intercept-only model.

        Parameters
        ----------
        y : array-like of shape (n_samples,)
            Observations.
        weight : array-like of shape (n_samples,) or None, default=None
            How often each observation counts; None for once.

        Returns
        -------
        likelihood : Likelihood
            Fixed; itself if it is fixed already.
        """
        return self

    def update(
        self, y: ArrayLike, eta: ArrayLike, weight: ArrayLike | None = None, dof: float = 0.0
    ) -> Self:
        """Likelihood with its own parameters at their best for given linear predictors.

        Parameters
        ----------
        y : array-like of shape (n_samples,)
            Observations.
        eta : array-like of shape (n_samples,)
            Linear predictors.
        weight : array-like of shape (n_samples,) or None, default=None
            How often each observation counts; None for once.
        dof : float, default=0.0
            Degrees of freedom that eta was fitted with; those who estimate a scale leave them out of its
            divisor.

        Returns
        -------
        likelihood : Likelihood
            Fixed; itself if there is nothing to estimate.
        """
        return self


def as_eta(eta: ArrayLike) -> Floats:
    """Return eta as an array: float32 stays, anything else becomes float64."""
    array = np.asarray(eta)
    return array if array.dtype == np.float32 else array.astype(np.float64, copy=False)


def like(y: ArrayLike, eta: Floats) -> Floats:
    """Return y in the floating type of eta, without a copy where it has it already."""
    return np.asarray(y, dtype=eta.dtype)


def refuse(wrong: NDArray[np.bool_], y: NDArray[Any], name: str, needs: str, advice: str) -> None:
    """Raise the error of a target outside of the support, if any of `wrong` is true."""
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            f"The {name} likelihood needs {needs}; got y[{first}]={y.flat[first]!s}"
            f" ({int(wrong.sum())} of {y.size} values are not). {advice}"
        )


def total_weight(y: NDArray[Any], weight: ArrayLike | None) -> float:
    """Return the number of observations that the weights say."""
    return float(y.shape[0]) if weight is None else float(np.sum(weight))


def weighted_mean(values: Floats, weight: ArrayLike | None) -> float:
    """Return Σ s v / Σ s."""
    return float(np.average(values, weights=None if weight is None else np.asarray(weight)))
