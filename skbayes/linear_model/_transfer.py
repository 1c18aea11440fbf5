"""`prior_from`: what one model has learnt, as the prior of another.

Notation: μ, Σ mean and covariance of the source's posterior, of coefficients and intercepts; the intercepts are
integrated out by leaving their rows out.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from ..exceptions import IncompatibleModelError
from ..priors import Informed
from ._uncertain import Uncertain

__all__ = ["prior_from"]

Array = NDArray[Any]

# Up to so many coefficients their covariance is taken over, at most 32 MB; of more the variances.
_MOST_COEFFICIENTS = 2000
# Below this part of the mean variance, that of what all classes share is none: the source holds it by convention.
_NO_VARIANCE = 1e-8


def prior_from(estimator: Any, discount: float = 1.0, default: Any = None) -> Informed:
    """Return a prior for the coefficients of another model: the posterior of a fitted one.

    Parameters
    ----------
    estimator : estimator
        A fitted linear model of this package, with one target, or a classifier.
    discount : float, default=1.0
        Part of the source's rows that count, in (0, 1]: its precision is multiplied by it. It can be searched for as
        ``prior__discount``, or found by ``tune="evidence"`` of the target.
    default : Normal or None, default=None
        Prior of the features that the source did not have, with finite scales; None: ``Normal()``.

    Returns
    -------
    prior : Informed
        For `prior=` of MAPRegressor and MAPClassifier. Features are matched by name where both models have names, else
        by position; classes by label.

    Raises
    ------
    TypeError
        If `estimator` is no linear model of this package; of a pipeline give the last step.
    NotFittedError
        If it is not fitted.
    ValueError
        If it has several targets, or the discount is not in (0, 1].
    IncompatibleModelError
        If its posterior is given which coefficients are zero or at a bound, which says nothing about these.

    Notes
    -----
    Coefficients are taken over, with the covariance of their posterior (up to 2000 of them; of more, the variances, as
    if they were independent). The intercept is not: it takes up what differs in level between the two sets of data, and
    is flat in the target unless ``intercept_prior`` says otherwise. Of a Student t posterior, where the noise was
    estimated, the scale is taken. Features that only the source had are integrated out. The units of the features have
    to be those of the source: scale both by the same numbers, or not at all.

    A prior of many rows is strong: with ``discount=1`` a source of 10,000 rows outweighs a target of 100, right or
    wrong. The discount is the exponent of the power prior [1]_.

    References
    ----------
    .. [1] Ibrahim, Chen (2000). Power prior distributions for regression models. Statistical Science 15, 46-60.
       doi:10.1214/ss/1009212673

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.linear_model import MAPRegressor, MAPRidge, prior_from
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((500, 3))
    >>> y = X @ [1.0, -2.0, 0.5] + 0.3 * rng.standard_normal(500)
    >>> source = MAPRidge().fit(X, y)
    >>> Z = rng.standard_normal((4, 3))
    >>> prior = prior_from(source, discount=0.5)
    >>> target = MAPRegressor(prior=prior).fit(Z, Z @ [1.0, -2.0, 0.5] + 7.0)
    >>> target.coef_.round(1), round(float(target.intercept_), 1)
    (array([ 1. , -2. ,  0.5]), 7.0)
    """
    posterior = _posterior_of(estimator)
    coef = np.asarray(estimator.coef_)
    names = getattr(estimator, "feature_names_in_", None)
    classes = getattr(estimator, "classes_", None)
    n_rows = 1 if coef.ndim == 1 else len(coef)
    loc, covariance = _moments(posterior, n_rows, coef.shape[-1])
    prior = Informed(
        loc if n_rows > 1 else loc[0],
        covariance,
        names=None if names is None else list(names),
        classes=None if classes is None else list(classes),
        discount=discount,
        default=default,
    )
    # What is wrong with the arguments is said here, and not in the next fit.
    prior.for_features(names, coef.shape[-1])
    return prior


def _posterior_of(estimator: Any) -> Any:
    """Return the posterior of a model that can be a source."""
    if hasattr(estimator, "steps"):
        raise TypeError(
            f"prior_from needs a linear model; got a {type(estimator).__name__}. Give its last step, such as "
            "pipeline[-1], and put the same fitted steps before the target: coefficients are of the features as they "
            "arrive there."
        )
    if not isinstance(estimator, Uncertain):
        raise TypeError(
            f"prior_from needs a linear model of skbayes; got {estimator!r}. Fit its twin here, such as MAPRidge for "
            "Ridge."
        )
    check_is_fitted(estimator, "coef_")
    posterior = estimator.posterior_
    if isinstance(posterior, list):
        raise ValueError(
            f"prior_from takes over one target; this {type(estimator).__name__} has {len(posterior)}. "
            "Fit a source for each target."
        )
    if posterior.is_conditional:
        raise IncompatibleModelError(
            "prior_from cannot use a posterior that is given which coefficients are zero or at a bound: it would hold "
            f"them there for ever; got kind={posterior.kind!r}. Fit the source with a smooth prior such as Normal, or "
            "with posterior='smoothed' or 'bootstrap' where it can be chosen."
        )
    return posterior


def _moments(posterior: Any, n_rows: int, n_features: int) -> tuple[Array, Array]:
    """Return means (K, p) and covariance (K p, K p), or variances (K p,), of the coefficients."""
    width = posterior.mean.size // n_rows
    place = (width * np.arange(n_rows)[:, np.newaxis] + np.arange(n_features)).ravel()
    mean = posterior.mean[place].reshape(n_rows, n_features)
    variance = np.square(posterior.std[place])
    if place.size > _MOST_COEFFICIENTS:
        return mean, variance
    undetermined = ~np.isfinite(variance)
    covariance = np.array(posterior.covariance[np.ix_(place, place)])
    covariance = 0.5 * (covariance + covariance.T)
    covariance[undetermined] = 0.0
    covariance[:, undetermined] = 0.0
    covariance[undetermined, undetermined] = variance[undetermined]
    if n_rows > 1:
        covariance += _shared(covariance, n_rows, n_features)
    return mean, covariance


def _shared(covariance: Array, n_rows: int, n_features: int) -> Array:
    """Return a covariance of what all classes share, where a flat prior left it undetermined: it changes nothing."""
    blocks = covariance.reshape(n_rows, n_features, n_rows, n_features)
    own = np.einsum("kjkj->j", blocks) / n_rows
    shared = np.einsum("kjlj->j", blocks) / n_rows
    missing = np.where(np.isfinite(own) & (shared < _NO_VARIANCE * own), own, 0.0)
    return np.kron(np.ones((n_rows, n_rows)) / n_rows, np.diag(missing))
