"""DistributionEstimator: the face of the room, in scikit-learn's conventions.

Notation: X (n, d), each column a sample of its own; θ_j the parameters of column j.
"""

import warnings
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from .._sklearn import Documented, Interval, fit_context
from ._data import checked_data, checked_weight
from ._family import family_of
from ._fit import ColumnFit, fit_column
from ._observations import columns_of, log_density_of, observations_of
from ._options import fixed_of, params_of, prior_of, solver_of, start_of
from ._problem import Problem, away_message
from ._table import LikelihoodTable

__all__ = ["DistributionEstimator"]

Array = NDArray[Any]


class DistributionEstimator(DensityMixin, Documented, BaseEstimator):
    """Distribution of scipy.stats, fitted by maximum likelihood or maximum a posteriori.

    Parameters
    ----------
    distribution : str or distribution of scipy.stats, default="norm"
        The family, continuous or discrete: a name in scipy.stats, or an object such as ``scipy.stats.gamma`` or one
        of your own derived from ``rv_continuous`` or ``rv_discrete``. Not a frozen one, whose parameters are given.
    prior : dict of str to Prior, default=None
        Priors by the name of the parameter, ``{"scale": Gamma(2.0, 1.0)}``: densities of the parameter itself. A
        parameter without one is flat; None: maximum likelihood.
    fixed : dict of str to float, default=None
        Parameters that are known, ``{"loc": 0}``. `loc` of a discrete family is 0 unless it is here.
    start : dict of str to float, default=None
        Where to begin with some parameters; None: many starts are compared.
    solver : str or Solver, default="auto"
        What maximises where there is no formula: ``"newton"``, ``"lbfgs"`` or an object; ``"auto"`` is Newton.
    max_iter : int, default=50
        Most iterations of a solver given by name, from each start; positive.
    tol : float, default=1e-08
        Tolerance of a solver given by name: the log posterior missing is about tol²/2 per point; positive.

    Attributes
    ----------
    params_ : dict of str to float, or list of dict
        All parameters by name; a list with one dict for each column if X has several.
    params_std_ : dict of str to float, or list of dict
        Their standard deviations in `posterior_`; 0 for those fixed.
    posterior_ : ParameterPosterior or list of ParameterPosterior
        Laplace approximation of the posterior of the free parameters; computed when first asked for.
    distribution_ : frozen distribution of scipy.stats, or list of them
        The distribution at the estimate.
    log_likelihood_ : float
        Log likelihood of the data at the estimate, weighted, summed over points and columns.
    objective_ : float
        Negative log posterior, of normalised densities: minus `log_likelihood_`, minus the log prior.
    aic_ : float
        Akaike's information criterion, 2 k − 2 log L, L the likelihood, k free parameters; lower is better.
    bic_ : float
        Bayesian information criterion, k log n − 2 log L, n the sum of the weights.
    n_iter_ : int
        Iterations of the solver, the most of all columns; a formula counts as one.
    converged_ : bool
        Whether the tolerance was reached for every column, at a maximum inside the family.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns, if X had some.

    See Also
    --------
    sklearn.neighbors.KernelDensity : A density without a family.
    sklearn.mixture.GaussianMixture : A mixture of normals.

    Notes
    -----
    The estimate of a column maximises Σ_i s_i log p(x_i | θ) + log p(θ), with sample weights s (2 is the same as the
    row twice). Without priors, weights aside, this is what ``fit`` of a scipy distribution seeks. The prior is a
    density of θ itself, so that a prior mode means what it says; the solver walks in logarithms without adding their
    Jacobian.

    A likelihood need not have a maximum. The density of a gamma, Weibull or beta distribution with a small shape is
    infinite where its support ends: with `loc` free, a maximum inside is sought, which is the usual estimate [1]_, and
    an `UnboundedLikelihoodError` names what to fix if there is none. Where the support ends exactly at a value
    (exponential, uniform, Pareto) the estimate is there. Where the likelihood levels off (Student's t towards the
    normal distribution) a `ConvergenceWarning` says which parameter ran away.

    References
    ----------
    .. [1] Smith (1985). Maximum likelihood estimation in a class of nonregular cases. Biometrika 72, 67-90.
       doi:10.1093/biomet/72.1.67

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.density import DistributionEstimator
    >>> from skbayes.priors import Gamma
    >>> X = np.random.default_rng(0).gamma(3.0, 2.0, size=(200, 1))
    >>> mle = DistributionEstimator("gamma", fixed={"loc": 0}).fit(X)
    >>> print({name: round(value, 2) for name, value in mle.params_.items()})
    {'a': 3.08, 'loc': 0.0, 'scale': 1.88}
    >>> mle.posterior_.names, mle.posterior_.std.round(2)
    (('a', 'scale'), array([0.29, 0.19]))
    >>> prior = {"a": Gamma(shape=30.0, rate=10.0)}
    >>> model = DistributionEstimator("gamma", prior, fixed={"loc": 0}).fit(X)
    >>> round(model.params_["a"], 2)
    3.04
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "distribution": "no_validation",
        "prior": "no_validation",
        "fixed": "no_validation",
        "start": "no_validation",
        "solver": "no_validation",
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        distribution: Any = "norm",
        prior: Mapping[str, Any] | None = None,
        *,
        fixed: Mapping[str, float] | None = None,
        start: Mapping[str, float] | None = None,
        solver: Any = "auto",
        max_iter: int = 50,
        tol: float = 1e-8,
    ) -> None:
        self.distribution = distribution
        self.prior = prior
        self.fixed = fixed
        self.start = start
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol

    @fit_context()
    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: ArrayLike | None = None,
        *,
        lower: ArrayLike | None = None,
        upper: ArrayLike | None = None,
    ) -> Self:
        """Estimate the parameters, each column by itself.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Values; whole numbers for a discrete family.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            How often each row counts; non-negative.
        lower : array-like of shape (n_samples, n_features), default=None
            Censored values: the true one is at least this. NaN where the value itself was seen; (n_samples,) will do
            for one column. What X has where a limit is given is not looked at, and may be NaN.
        upper : array-like of shape (n_samples, n_features), default=None
            Likewise: the true value is at most this. With both, it is between them.

        Returns
        -------
        self : DistributionEstimator
            The fitted estimator.

        Raises
        ------
        UnboundedLikelihoodError
            If the likelihood has no maximum; the message says which parameter to fix.
        ValueError
            If values are outside the support of the family, not whole numbers for a discrete one, or too few; or a
            parameter is unknown or impossible.
        TypeError
            If `distribution` or a prior is of the wrong kind.

        Notes
        -----
        Limits are arrays of rows, so that cross-validation cuts them together with X. A
        ``scipy.stats.CensoredData`` of right-censored values is ``lower=np.where(censored, x, np.nan)``.
        """
        family = family_of(self.distribution)
        fixed = fixed_of(self.fixed, family)
        prior = prior_of(self.prior, family, fixed)
        start = start_of(self.start, family, fixed)
        solver = solver_of(self.solver, self.max_iter, self.tol)
        X, lower, upper = checked_data(self, X, lower, upper, reset=True)
        weight = checked_weight(sample_weight, len(X))
        self._fits = [
            fit_column(
                Problem(family, observations_of(x, weight, *limits), fixed, prior, start, solver)
            )
            for x, *limits in columns_of(X, lower, upper)
        ]
        self._seen = (X, lower, upper)
        self._set_fits(float(len(X)) if weight is None else float(weight.sum()))
        return self

    def _set_fits(self, n: float) -> None:
        fits = self._fits
        self.params_ = self._single([fit.params for fit in fits])
        self.distribution_ = self._single([fit.family.frozen(fit.params) for fit in fits])
        self.log_likelihood_ = float(sum(fit.log_likelihood for fit in fits))
        self.objective_ = float(sum(fit.solution.value for fit in fits))
        k = sum(len(fit.free) for fit in fits)
        self.aic_ = 2.0 * k - 2.0 * self.log_likelihood_
        self.bic_ = k * float(np.log(n)) - 2.0 * self.log_likelihood_
        self.n_iter_ = max(1, *(fit.solution.n_iter for fit in fits))
        self.converged_ = all(fit.solution.converged and not fit.solution.away for fit in fits)
        for j, fit in enumerate(fits):
            self._warn(j, fit)

    def _warn(self, j: int, fit: ColumnFit) -> None:
        column = f"Column {getattr(self, 'feature_names_in_', range(j + 1))[j]}: "
        where = column if len(self._fits) > 1 else ""
        if fit.solution.away:
            message = away_message(fit.family, fit.solution)
        elif not fit.solution.converged:
            message = (
                f"The search did not converge: {fit.solution.message}. Raise max_iter, give a start, or fix what the"
                f" data do not tell."
            )
        else:
            return
        warnings.warn(where + message, ConvergenceWarning, stacklevel=4)

    def _single(self, parts: list[Any]) -> Any:
        return parts[0] if len(parts) == 1 else parts

    @property
    def posterior_(self) -> Any:
        """Laplace approximation of the posterior of the free parameters; a list for several columns."""
        check_is_fitted(self)
        return self._single([fit.posterior for fit in self._fits])

    @property
    def params_std_(self) -> Any:
        """Standard deviations by name; a list of such dicts for several columns."""
        check_is_fitted(self)
        stds = []
        for fit in self._fits:
            free = dict(zip(fit.posterior.names, fit.posterior.std.tolist(), strict=True))
            stds.append({name: free.get(name, 0.0) for name in fit.family.names})
        return self._single(stds)

    def score_samples(
        self, X: Any, *, lower: ArrayLike | None = None, upper: ArrayLike | None = None
    ) -> Array:
        """Return the log likelihood of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Values.
        lower : array-like of shape (n_samples, n_features), default=None
            Lower limits of censored values, as in `fit`: their log probability counts.
        upper : array-like of shape (n_samples, n_features), default=None
            Upper limits.

        Returns
        -------
        log_density : ndarray of shape (n_samples,)
            Log densities, summed over the columns; minus infinity outside the support.
        """
        check_is_fitted(self)
        X, lower, upper = checked_data(self, X, lower, upper, reset=False)
        return self._log_density(X, lower, upper, [fit.params for fit in self._fits])

    def _log_density(
        self, X: Array, lower: Array | None, upper: Array | None, params: list[dict[str, float]]
    ) -> Array:
        family, total = self._fits[0].family, np.zeros(len(X))
        for column, named in zip(columns_of(X, lower, upper), params, strict=True):
            theta = np.array([named[name] for name in family.names], dtype=float)
            total += log_density_of(family, theta, *column)
        return total

    def score(
        self,
        X: Any,
        y: Any = None,
        sample_weight: ArrayLike | None = None,
        *,
        lower: ArrayLike | None = None,
        upper: ArrayLike | None = None,
    ) -> float:
        """Return the mean log likelihood of a row, as GaussianMixture does.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Values.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the mean.
        lower : array-like of shape (n_samples, n_features), default=None
            Lower limits of censored values.
        upper : array-like of shape (n_samples, n_features), default=None
            Upper limits.

        Returns
        -------
        score : float
            Mean of `score_samples`: comparable between data sets of different sizes; the sum is n times it.
        """
        found = self.score_samples(X, lower=lower, upper=upper)
        weight = checked_weight(sample_weight, found.size)
        counts = slice(None) if weight is None else weight > 0.0  # a zero: impossible or not
        return float(np.average(found[counts], weights=None if weight is None else weight[counts]))

    def sample(self, n_samples: int = 1, random_state: Any = None) -> Array:
        """Draw from the distribution at the estimate.

        Parameters
        ----------
        n_samples : int, default=1
            Number of draws.
        random_state : int, RandomState or None, default=None
            Seed.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            A draw in each row.
        """
        check_is_fitted(self)
        rng = check_random_state(random_state)
        draws = [
            fit.family.frozen(fit.params).rvs(size=n_samples, random_state=rng)
            for fit in self._fits
        ]
        return np.column_stack(draws)

    def likelihood(
        self, params: Mapping[str, float] | list[Mapping[str, float]] | None = None, X: Any = None
    ) -> LikelihoodTable:
        """Return the density of each point under given parameters, their product and its logarithm.

        Parameters
        ----------
        params : dict of str to float, or list of dict, default=None
            Parameters by name; those not named are as estimated. A list has one dict for each column; one dict is for
            all of them. None: the estimate.
        X : array-like of shape (n_samples, n_features), default=None
            Points; None: those of `fit`, without their weights. They are not pickled.

        Returns
        -------
        table : LikelihoodTable
            Prints as a table; ``to_frame()`` makes a data frame of it.

        Raises
        ------
        ValueError
            If a parameter is unknown or impossible, or X is None after pickling.
        """
        check_is_fitted(self)
        if X is not None:
            seen = checked_data(self, X, None, None, reset=False)
        elif hasattr(self, "_seen"):
            seen = self._seen
        else:
            raise ValueError(
                "likelihood has no data: they were left behind when the estimator was pickled or copied; got X=None."
                " Give X."
            )
        chosen = self._chosen(params)
        return LikelihoodTable(seen[0], self._log_density(*seen, chosen), self._single(chosen))

    def _chosen(self, params: Any) -> list[dict[str, float]]:
        given = params if isinstance(params, list | tuple) else [params] * len(self._fits)
        if len(given) != len(self._fits):
            raise ValueError(
                f"likelihood needs parameters for {len(self._fits)} columns; got {len(given)} dicts. Give one dict"
                f" for each column, or one for all."
            )
        return [
            {**fit.params, **params_of(part, fit.family)}
            for fit, part in zip(self._fits, given, strict=True)
        ]

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        state.pop("_seen", None)
        return state
