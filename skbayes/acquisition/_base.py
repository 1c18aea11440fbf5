"""What an acquisition is: how much we want to look at a point, given a posterior over its score.

A marginal acquisition needs the posterior mean and standard deviation of each point alone and is
differentiable in both. A joint acquisition needs the posterior over all points together.
Neither has heard of the points themselves: the optimizer applies the chain rule.
"""

from abc import ABCMeta, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from .._sklearn import Documented
from ..posteriors import GaussianPosterior
from ._weighing import weigh_lead

__all__ = ["AcquisitionContext", "JointAcquisition", "MarginalAcquisition", "standardize"]

Floats = NDArray[np.float64]

# A smaller std counts as zero: its inverse square would overflow.
_TINY_STD = 1e-150


class MarginalAcquisition(Documented, BaseEstimator, metaclass=ABCMeta):
    """Base of the acquisitions that need the posterior of each point alone.

    A subclass stores its parameters in ``__init__`` and defines `value_and_partials`.

    See Also
    --------
    JointAcquisition : Base of those that need the joint posterior.

    Examples
    --------
    >>> from skbayes.acquisition import MarginalAcquisition
    >>> class PosteriorMean(MarginalAcquisition):
    ...     def value_and_partials(self, mean, std, incumbent):
    ...         return mean, np.ones_like(mean), np.zeros_like(mean)
    >>> PosteriorMean().value(np.array([1.0, 2.0]), np.array([0.1, 0.1]), incumbent=0.0)
    array([1., 2.])
    """

    #: Power of the expected seconds of an evaluation that the acquisition is divided by.
    cost_exponent: float = 0.0

    @abstractmethod
    def value_and_partials(
        self, mean: ArrayLike, std: ArrayLike, incumbent: ArrayLike
    ) -> tuple[Floats, Floats, Floats]:
        """Acquisition and its partial derivatives.

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
        """

    def value(self, mean: ArrayLike, std: ArrayLike, incumbent: ArrayLike) -> Floats:
        """Acquisition alone.

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
        """
        return self.value_and_partials(mean, std, incumbent)[0]

    def weigh(
        self, value: ArrayLike, incumbent: ArrayLike, log_weight: ArrayLike
    ) -> tuple[Floats, Floats, Floats]:
        """Acquisition under a weight; redefine it where multiplying, or adding, is right.

        Parameters
        ----------
        value : float or array-like of shape (n_points,)
            Acquisition, as `value` returns it.
        incumbent : float
            The score to beat.
        log_weight : float or array-like of shape (n_points,)
            Logarithm of the weight of each point; finite.

        Returns
        -------
        weighted : float or ndarray of shape (n_points,)
            Weighted acquisition; higher is better. Here log softplus(value − incumbent) +
            log_weight, which suits a value of either sign in the unit of the score.
        d_value : float or ndarray of shape (n_points,)
            Its partial derivative by the value.
        d_log_weight : float or ndarray of shape (n_points,)
            Its partial derivative by the log-weight.
        """
        return weigh_lead(value, log_weight, incumbent)


@dataclass(frozen=True)
class AcquisitionContext:
    """What a joint acquisition may know beside the posterior.

    Parameters
    ----------
    incumbent : float
        The score to beat, in the unit of the posterior.
    rng : numpy.random.Generator
        Source of randomness; drawing from it is the only way an acquisition may be random.
    noise_variance : float, default=0.0
        Variance of the noise that a further score would have, in the squared unit of the posterior.

    Examples
    --------
    >>> from skbayes.acquisition import AcquisitionContext
    >>> AcquisitionContext(incumbent=0.9, rng=np.random.default_rng(0)).incumbent
    0.9
    """

    incumbent: float
    rng: np.random.Generator
    noise_variance: float = 0.0


class JointAcquisition(Documented, BaseEstimator, metaclass=ABCMeta):
    """Base of the acquisitions that need the joint posterior over a finite set of points.

    A subclass stores its parameters in ``__init__`` and defines `value`.

    See Also
    --------
    MarginalAcquisition : Base of those that need each point's posterior alone.

    Examples
    --------
    >>> from skbayes.acquisition import JointAcquisition, ThompsonSampling
    >>> isinstance(ThompsonSampling(), JointAcquisition)
    True
    """

    #: Power of the expected seconds of an evaluation that the acquisition is divided by.
    cost_exponent: float = 0.0

    @abstractmethod
    def value(self, posterior: GaussianPosterior, context: AcquisitionContext) -> Floats:
        """Acquisition of each point of a finite set.

        Parameters
        ----------
        posterior : GaussianPosterior
            Joint posterior over the scores of the points.
        context : AcquisitionContext
            The incumbent and the source of randomness.

        Returns
        -------
        value : ndarray of shape (n_points,)
            Acquisition; higher is better.
        """

    def marginal(
        self, posterior: GaussianPosterior, context: AcquisitionContext
    ) -> MarginalAcquisition | None:
        """Return what remains once all that is joint has been settled, if that is marginal.

        It is then maximised over the whole space, by gradient where there is one, instead of over
        a finite set.

        Parameters
        ----------
        posterior : GaussianPosterior
            Joint posterior over the scores of points that represent the space.
        context : AcquisitionContext
            The incumbent and the source of randomness.

        Returns
        -------
        acquisition : MarginalAcquisition or None
            None: there is no such thing, only `value`.
        """
        return None

    def weigh(
        self, value: ArrayLike, incumbent: ArrayLike, log_weight: ArrayLike
    ) -> tuple[Floats, Floats, Floats]:
        """Acquisition under a weight; redefine it where multiplying, or adding, is right.

        Parameters
        ----------
        value : float or array-like of shape (n_points,)
            Acquisition, as `value` returns it.
        incumbent : float
            The score to beat.
        log_weight : float or array-like of shape (n_points,)
            Logarithm of the weight of each point; finite.

        Returns
        -------
        weighted : float or ndarray of shape (n_points,)
            Weighted acquisition; higher is better. Here log softplus(value − incumbent) +
            log_weight, which suits a value of either sign in the unit of the score.
        d_value : float or ndarray of shape (n_points,)
            Its partial derivative by the value.
        d_log_weight : float or ndarray of shape (n_points,)
            Its partial derivative by the log-weight.
        """
        return weigh_lead(value, log_weight, incumbent)


def standardize(
    mean: ArrayLike, std: ArrayLike, threshold: ArrayLike
) -> tuple[Floats, Floats, Floats]:
    """Improvement of the mean over the threshold, std, and their ratio u, of one shape.

    Where std is zero, u is the limit (a huge number of the improvement's sign, 0 at no
    improvement), so that the formulas in u stay finite and give the values of a certain score.
    """
    improvement = np.subtract(mean, threshold, dtype=float)
    std = np.asarray(std, dtype=float)
    if std.shape != improvement.shape:
        improvement, std = np.broadcast_arrays(improvement, std)
    if std.size and std.min() > _TINY_STD:
        u = improvement / std
    else:
        is_certain = std <= _TINY_STD
        std = np.where(is_certain, 0.0, std)
        limit = np.sign(improvement) / _TINY_STD
        u = np.where(is_certain, limit, improvement / np.where(is_certain, 1.0, std))
    # Compared this way, nan stays nan.
    return improvement, std, np.minimum(np.maximum(u, -1 / _TINY_STD), 1 / _TINY_STD)
