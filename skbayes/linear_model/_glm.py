"""Poisson and gamma regression with a normal prior, by scikit-learn's arguments.

Notation: as in `_log_link`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from ..likelihoods import Gamma, Likelihood, Poisson
from ..priors import Normal
from ._effective import effective_parameters
from ._log_link import LogLinkRegressor
from ._objective import LinearObjective

__all__ = ["MAPGammaRegressor", "MAPPoissonRegressor"]

Array = NDArray[Any]


class MAPPoissonRegressor(LogLinkRegressor):
    """Poisson regression, by the maximum a posteriori; arguments and results of scikit-learn's PoissonRegressor.

    Counts with mean exp(X coef + intercept + offset), and a normal prior on the coefficients.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty per row, non-negative; 0 is the flat prior, maximum likelihood.
    fit_intercept : bool, default=True
        Whether there is an intercept; its prior is flat.
    solver : str, default='lbfgs'
        ``'lbfgs'``, ``'newton-cholesky'`` (our ``'newton'``), another name in `skbayes.solvers.SOLVERS`, or
        ``'auto'``.
    max_iter : int, default=100
        Most iterations of the solver, positive.
    tol : float, default=0.0001
        Tolerance of the solver, positive: of the distance to the mode in posterior standard deviations, over the root
        of the total weight of the rows.
    warm_start : bool, default=False
        Whether to begin at the coefficients of the fit before. Only the start: the prior stays what it is.
    verbose : int, default=0
        Accepted for the sake of code written for scikit-learn; nothing is printed.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
        Coefficients at the mode of the posterior.
    intercept_ : float
        Intercept; 0.0 without one.
    n_iter_ : int
        Iterations of the solver.
    prior_ : Prior
        What `alpha` stands for.
    solver_ : Solver
        The solver used.
    objective_ : float
        Negative log posterior at the end, of normalised densities.
    converged_ : bool
        Whether the solver's tolerance was reached.
    posterior_ : CoefficientPosterior
        Posterior of the coefficients and, last, the intercept. Formed when something is asked of it.
    coef_std_ : ndarray of shape (n_features,)
        Posterior standard deviations of the coefficients.
    intercept_std_ : float
        Posterior standard deviation of the intercept; 0.0 without one.
    log_evidence_ : float
        Logarithm of the marginal likelihood p(y); undefined under a flat prior, which an AttributeError says.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Feature names, if X had some.

    See Also
    --------
    MAPGammaRegressor : For positive numbers whose spread grows with their mean.
    MAPRegressor : Any likelihood and prior.

    Notes
    -----
    The minimum of Σ_i s_i (μ_i − y_i log μ_i) / Σ_i s_i + alpha |w|² / 2, scikit-learn's objective, which is that of
    the prior Normal(scale=1 / √(alpha Σ_i s_i)). Not offered of scikit-learn's class: other array libraries than
    numpy (array API).

    Examples
    --------
    >>> from skbayes.linear_model import MAPPoissonRegressor
    >>> X, y = [[1, 2], [2, 3], [3, 4], [4, 3]], [12, 17, 22, 21]
    >>> model = MAPPoissonRegressor(tol=1e-8).fit(X, y)
    >>> model.coef_.round(3)
    array([0.121, 0.158])
    >>> model.predict([[1, 1], [3, 4]]).round(2)
    array([10.68, 21.88])
    >>> round(model.score(X, y), 2)
    0.99
    """

    @staticmethod
    def _likelihood() -> Likelihood:
        return Poisson()

    @staticmethod
    def _half_deviance(y: Array, eta: Array) -> Array:
        return xlogy(y, y) - y * (eta + 1.0) + np.exp(eta)

    @staticmethod
    def _null_rate(y: Array, weight: Array | None, exposure: Array | float) -> float:
        exposures = np.broadcast_to(exposure, y.shape)
        return float(np.average(y, weights=weight) / np.average(exposures, weights=weight))


class MAPGammaRegressor(LogLinkRegressor):
    """Gamma regression, by the maximum a posteriori; arguments and results of scikit-learn's GammaRegressor.

    Positive numbers with mean exp(X coef + intercept + offset) and a standard deviation in proportion to it, and a
    normal prior on the coefficients.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty per row, non-negative; 0 is the flat prior, maximum likelihood.
    fit_intercept : bool, default=True
        Whether there is an intercept; its prior is flat.
    solver : str, default='lbfgs'
        ``'lbfgs'``, ``'newton-cholesky'`` (our ``'newton'``), another name in `skbayes.solvers.SOLVERS`, or
        ``'auto'``.
    max_iter : int, default=100
        Most iterations of the solver, positive.
    tol : float, default=0.0001
        Tolerance of the solver, positive: of the distance to the mode in posterior standard deviations, over the root
        of the total weight of the rows.
    warm_start : bool, default=False
        Whether to begin at the coefficients of the fit before. Only the start: the prior stays what it is.
    verbose : int, default=0
        Accepted for the sake of code written for scikit-learn; nothing is printed.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
        Coefficients at the mode of the posterior.
    intercept_ : float
        Intercept; 0.0 without one.
    n_iter_ : int
        Iterations of the solver.
    prior_ : Prior
        What `alpha` stands for, for the shape 1.
    solver_ : Solver
        The solver used.
    objective_ : float
        Negative log posterior at the end, of normalised densities, for the shape 1.
    converged_ : bool
        Whether the solver's tolerance was reached.
    posterior_ : CoefficientPosterior
        Posterior of the coefficients and, last, the intercept. Formed when something is asked of it.
    coef_std_ : ndarray of shape (n_features,)
        Posterior standard deviations of the coefficients.
    intercept_std_ : float
        Posterior standard deviation of the intercept; 0.0 without one.
    log_evidence_ : float
        Logarithm of the marginal likelihood p(y); undefined under a flat prior, which an AttributeError says.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Feature names, if X had some.

    See Also
    --------
    MAPPoissonRegressor : For counts.
    MAPRegressor : Any likelihood and prior; estimates the shape of ``likelihood="gamma"``.

    Notes
    -----
    The minimum of Σ_i s_i (y_i / μ_i + log μ_i) / Σ_i s_i + alpha |w|² / 2, scikit-learn's objective. It is that of
    the likelihood with shape 1 and the prior Normal(scale=1 / √(alpha Σ_i s_i)); of a shape k, with that scale over
    √k. The coefficients do not depend on k. Not offered of scikit-learn's class: other array libraries than numpy
    (array API).

    Examples
    --------
    >>> from skbayes.linear_model import MAPGammaRegressor
    >>> X, y = [[1, 2], [2, 3], [3, 4], [4, 3]], [19, 26, 33, 30]
    >>> model = MAPGammaRegressor(tol=1e-8).fit(X, y)
    >>> model.coef_.round(3)
    array([0.073, 0.067])
    >>> model.predict([[1, 0], [2, 8]]).round(1)
    array([19.5, 35.8])
    >>> round(model.score(X, y), 2)
    0.77
    """

    @staticmethod
    def _likelihood() -> Likelihood:
        return Gamma(shape=1.0)

    @staticmethod
    def _of_posterior(make: Callable[[], LinearObjective], w: Array) -> LinearObjective:
        # Curvature of data and prior, and what earlier rows say, are all in proportion to the shape.
        unit = make()
        data, seen = unit.data, unit.prior.seen
        dof = effective_parameters(unit, w)
        found = Gamma().update(data.y, unit.linear_predictor(w), data.weight, dof)
        if seen is not None:
            found = seen.pooled(found, unit.total_weight, dof)
        prior = unit.prior.coefficient_prior
        if isinstance(prior, Normal):
            prior = Normal(scale=prior.scale / np.sqrt(found.shape))
        return LinearObjective(
            unit.design,
            data.y,
            found,
            prior,
            weight=data.weight,
            offset=data.offset,
            fit_intercept=unit.layout.fit_intercept,
            seen=None if seen is None else seen.scaled(found.shape),
        )

    @staticmethod
    def _half_deviance(y: Array, eta: Array) -> Array:
        return y * np.exp(-eta) - 1.0 + eta - np.log(y)

    @staticmethod
    def _null_rate(y: Array, weight: Array | None, exposure: Array | float) -> float:
        return float(np.average(y / exposure, weights=weight))
