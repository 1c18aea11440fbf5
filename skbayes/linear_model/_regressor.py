"""MAPRegressor: the room's general regressor, likelihood x prior x solver."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin, clone
from sklearn.metrics import r2_score
from sklearn.utils.validation import validate_data

from .._registry import resolve
from .._sklearn import fit_context
from ..likelihoods import LIKELIHOODS
from ..solvers import SolverResult
from ._base import LinearModel, check_offset, check_weight
from ._design import Design
from ._fit import MAPFit, fit_map, record_of_fit, warn_unless_converged
from ._leaves_one_out import objectives_of_targets
from ._model import MODEL_CONSTRAINTS, Model, model_of
from ._objective import LinearObjective
from ._partial_fit import OnlineRegressor
from ._record import Record
from ._seen import Expansion
from ._sequential import Sequential
from ._tune import fit_tuned, group_codes
from ._tune_loo import loo_tuned
from ._uncertain import UncertainRegressor

__all__ = ["MAPRegressor"]

Array = NDArray[Any]


class MAPRegressor(Sequential, OnlineRegressor, UncertainRegressor, RegressorMixin, LinearModel):
    """Linear model of any likelihood and prior, fitted by maximum a posteriori.

    Parameters
    ----------
    likelihood : str or Likelihood, default="gaussian"
        How y is distributed given the linear predictor: a name in `skbayes.likelihoods.LIKELIHOODS` or an object.
    prior : str or Prior, default="normal"
        What is believed of the coefficients before the data, in their own units: a name in `skbayes.priors.PRIORS` or
        an object, such as ``Laplace(scale=0.1)``. ``"flat"`` is maximum likelihood.
    intercept_prior : Prior or None, default=None
        The prior of the intercept; None: flat.
    bounds : None, pair or dict, default=None
        Box of the coefficients: (lower, upper), each a number, an array of shape (n_features,) or None; or a dict of
        such pairs by feature name.
    fit_intercept : bool, default=True
        Whether there is an intercept.
    solver : str or Solver, default="auto"
        A name in `skbayes.solvers.SOLVERS`, an object, or ``"auto"``: chosen by what likelihood and prior have and by
        the shape of the data.
    tune : {"evidence", "ard", "loo"} or None, default=None
        For a normal prior: find one factor of all prior scales (``"evidence"``; one for each group with `groups`) or a
        prior scale for each feature (``"ard"``, automatic relevance determination) by the highest evidence, and the
        noise scale with them; or one factor by leave-one-out (``"loo"``). Features with a scale of inf keep it.
    groups : array-like of shape (n_features,), dict or None, default=None
        For ``tune="evidence"``: labels of the features; features with one label share a factor. A dict goes by feature
        name, those it does not name are a group of their own. None: one factor for all.
    posterior : {"auto", "laplace", "support", "smoothed", "bootstrap"} or None, default="auto"
        What `posterior_` is: see the user guide on the posterior. ``"auto"``: exact where likelihood and prior are
        conjugate, the Laplace approximation where the prior is smooth, and given the active coefficients
        (``"support"``) where it has a kink. ``"smoothed"``: a normal approximation of the whole posterior under a
        prior with kinks. ``"bootstrap"``: the modes of 500 refits with random weights of the rows. None: none, and no
        reference to the data is kept.
    covariance : {"auto", "full", "low_rank", "diagonal", "robust"}, default="auto"
        Form of the covariance of `posterior_`. ``"auto"``: full up to about 2000 parameters. ``"robust"``: the
        sandwich, for a likelihood that is not quite that of the data.
    max_iter : int or None, default=None
        Iterations of a solver given by name, positive; None: its own default.
    tol : float or None, default=None
        Tolerance of a solver given by name, positive; None: its own default.
    warm_start : bool, default=False
        Whether to begin at the coefficients of the fit before. Only the start: the prior stays what it is.
    random_state : int, RandomState or None, default=None
        Seed of a stochastic solver given by name, and of the bootstrap.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients at the mode of the posterior.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept; 0.0 without one.
    likelihood_ : Likelihood or list of Likelihood
        The likelihood with its estimated parameters; one for each target if there are several.
    noise_scale_ : float or ndarray of shape (n_targets,)
        Standard deviation of the noise, or scale of Student's t, in the unit of y; only for likelihoods that have one.
    prior_ : Prior or list of Prior
        The prior with one entry per feature; one for each target if they were tuned.
    solver_ : Solver
        The solver used.
    objective_ : float or ndarray of shape (n_targets,)
        Negative log posterior at the end, of normalised densities.
    loo_score_ : float or ndarray of shape (n_targets,)
        Sum of the log densities of all rows, each predicted without it, at the scale found; with ``tune="loo"`` only.
    n_iter_ : int
        Iterations of the solver; the most of all targets.
    converged_ : bool
        Whether the solver's tolerance was reached.
    posterior_ : CoefficientPosterior or list of CoefficientPosterior
        Posterior of the coefficients and, last, the intercept; one for each target if there are several. Formed when
        something is asked of it.
    coef_std_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Posterior standard deviations of the coefficients.
    intercept_std_ : float or ndarray of shape (n_targets,)
        Posterior standard deviation of the intercept; 0.0 without one.
    log_evidence_ : float or ndarray of shape (n_targets,)
        Logarithm of the marginal likelihood p(y); undefined under a flat prior or at a kink, which an AttributeError
        says.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Feature names, if X had some.

    See Also
    --------
    MAPClassifier : The same for classes.
    MAPRidge : Gaussian likelihood and normal prior by scikit-learn's `alpha`.

    Notes
    -----
    The estimate minimises F(w, b) = −Σ_i s_i log p(y_i | x_i·w + b + o_i) − log p(w) − log p(b), with sample weights
    s and offset o. A weight of 2 is the same as the row twice. The log prior is added once to the *summed* log
    likelihood, so a prior does not change with the number of rows. An unknown noise scale σ solves σ² = Σ s_i r_i² /
    (Σ s_i − γ), where γ is the effective number of parameters, at the mode for that σ [1]_.

    References
    ----------
    .. [1] MacKay (1992). Bayesian interpolation. Neural Computation 4, 415-447. doi:10.1162/neco.1992.4.3.415

    Examples
    --------
    >>> from skbayes.linear_model import MAPRegressor
    >>> from skbayes.priors import Normal
    >>> model = MAPRegressor("poisson", Normal(scale=0.5)).fit([[0.0], [1.0], [2.0]], [1, 3, 7])
    >>> model.predict([[3.0]]).round(1)
    array([9.9])
    """

    likelihood_: Any

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "likelihood": "no_validation",
        **MODEL_CONSTRAINTS,
    }

    def __init__(
        self,
        likelihood: Any = "gaussian",
        prior: Any = "normal",
        *,
        intercept_prior: Any = None,
        bounds: Any = None,
        fit_intercept: bool = True,
        solver: Any = "auto",
        tune: str | None = None,
        groups: Any = None,
        posterior: str | None = "auto",
        covariance: str = "auto",
        max_iter: int | None = None,
        tol: float | None = None,
        warm_start: bool = False,
        random_state: Any = None,
    ) -> None:
        self.likelihood = likelihood
        self.prior = prior
        self.intercept_prior = intercept_prior
        self.bounds = bounds
        self.fit_intercept = fit_intercept
        self.solver = solver
        self.tune = tune
        self.groups = groups
        self.posterior = posterior
        self.covariance = covariance
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state

    @fit_context()
    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
    ) -> "MAPRegressor":
        """Find the mode of the posterior.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features; never copied or densified if float32 or float64, in either memory order, CSR or CSC.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets, of the kind that the likelihood is about. Several are fitted independently.
        sample_weight : array-like of shape (n_samples,), default=None
            How often each row counts; non-negative.
        offset : array-like of shape (n_samples,), default=None
            Added to the linear predictor, such as the log of an exposure.

        Returns
        -------
        self : MAPRegressor
            The fitted model.

        Raises
        ------
        ValueError
            If data, priors or bounds are wrong or of the wrong shape.
        IncompatibleModelError
            If the solver cannot fit this likelihood with this prior.
        """
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=["csr", "csc"],
            dtype=[np.float64, np.float32],
            multi_output=True,
            y_numeric=True,
        )
        y = np.asarray(y, dtype=X.dtype)
        resolve(self.likelihood, LIKELIHOODS, "likelihood").check_target(y)
        weight = check_weight(sample_weight, X)
        shift = None if offset is None else check_offset(offset, X)
        self.__dict__.pop("_online", None)  # of partial_fit
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
        """Fit to rows that were checked; `seen` is what earlier rows say of each target."""
        likelihood = clone(resolve(self.likelihood, LIKELIHOODS, "likelihood"))
        model = model_of(self, X, likelihood, weight)
        starts = self._starts(X, y)
        targets = y[:, None] if y.ndim == 1 else y
        design = Design(X)
        before = [None] * len(starts) if seen is None else seen
        models = [replace(model, seen=each) for each in before]
        fits = [
            self._fit_target(design, target, of_target, shift, w0)
            for target, of_target, w0 in zip(targets.T, models, starts, strict=True)
        ]
        self._set_fits(fits, is_single=y.ndim == 1, n_features=X.shape[1])
        make = partial(_records_of, design, targets.T, models, shift, fits)
        self._remember_fits(make, (X, y, weight, shift), fits, is_single=y.ndim == 1)
        return [fit.result for fit in fits]

    def _remember_fits(
        self,
        make: Callable[[], list[Record]],
        data: tuple[Any, ...],
        fits: list[MAPFit],
        *,
        is_single: bool,
    ) -> None:
        known = [fit.log_evidence for fit in fits if fit.log_evidence is not None]
        self._remember(make, data, is_single=is_single, log_evidence=known or None)

    def _fit_target(
        self, design: Design, y: Array, model: Model, shift: Array | None, w0: Array | None
    ) -> MAPFit:
        names = getattr(self, "feature_names_in_", None)
        groups = group_codes(self.groups, names, design.shape[1], self.tune)
        if self.tune is None:
            return fit_map(design, y, model, shift, w0)
        if self.tune == "loo":
            return loo_tuned(design, y, model, shift)
        return fit_tuned(design, y, model, shift, self.tune, groups)

    def _fitted_objectives(
        self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None, offset: ArrayLike | None
    ) -> list[tuple[LinearObjective, Array]]:
        return objectives_of_targets(self, X, y, sample_weight, offset)

    def _is_summable(self) -> bool:
        return bool(resolve(self.likelihood, LIKELIHOODS, "likelihood").is_quadratic)

    def _check_new_targets(self, y: Array) -> None:
        resolve(self.likelihood, LIKELIHOODS, "likelihood").check_target(y)

    def _starts(self, X: Any, y: Array) -> list[Array | None]:
        """Return where to begin for each target."""
        n_targets = 1 if y.ndim == 1 else y.shape[1]
        coef = getattr(self, "coef_", None)
        shape = (X.shape[1],) if y.ndim == 1 else (n_targets, X.shape[1])
        if not self.warm_start or coef is None or coef.shape != shape:
            return [None] * n_targets
        rows = np.atleast_2d(coef).astype(X.dtype)
        if not self.fit_intercept:
            return list(rows)
        return list(np.column_stack([rows, np.atleast_1d(self.intercept_).astype(X.dtype)]))

    def _set_fits(self, fits: list[MAPFit], *, is_single: bool, n_features: int) -> None:
        W = np.array([fit.w for fit in fits])
        self.coef_ = W[0, :n_features] if is_single else W[:, :n_features]
        intercept = W[:, n_features] if self.fit_intercept else np.zeros(len(fits), W.dtype)
        self.intercept_ = intercept[0] if is_single else intercept
        values = np.array([fit.value for fit in fits])
        self.objective_ = float(values[0]) if is_single else values
        self.likelihood_ = fits[0].likelihood if is_single else [fit.likelihood for fit in fits]
        scales = [getattr(fit.likelihood, "scale", None) for fit in fits]
        self.__dict__.pop("noise_scale_", None)  # of an earlier fit
        if scales[0] is not None:
            self.noise_scale_ = float(scales[0]) if is_single else np.array(scales, dtype=float)
        are_same = all(fit.prior is fits[0].prior for fit in fits)
        self.prior_ = fits[0].prior if is_single or are_same else [fit.prior for fit in fits]
        self.__dict__.pop("loo_score_", None)
        if self.tune == "loo":
            scores = np.array([fit.loo_score for fit in fits])
            self.loo_score_ = float(scores[0]) if is_single else scores
        self.solver_ = fits[0].solver
        self.n_iter_ = max(fit.n_iter for fit in fits)
        self.converged_ = all(fit.result.converged for fit in fits)

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
        y_pred : ndarray of shape (n_samples,) or (n_samples, n_targets)
            The mean of the likelihood at the linear predictor.
        y_std : ndarray of shape (n_samples,) or (n_samples, n_targets)
            With `return_std`: standard deviations of an observation, of its noise and of the uncertainty of
            coefficients and intercept together.
        """
        mean = self._mean(self._linear_predictor(X, offset))
        return (mean, self._predictive_std(X, offset)) if return_std else mean

    def _mean(self, eta: Array) -> Array:
        if eta.ndim == 1:
            mean: Array = self.likelihood_.inverse_link(eta)
            return mean
        columns = [part.inverse_link(eta[:, k]) for k, part in enumerate(self.likelihood_)]
        return np.column_stack(columns)

    def score(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
    ) -> float:
        """Return the coefficient of determination R² of `predict`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            True targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.
        offset : array-like of shape (n_samples,), default=None
            Added to the linear predictor.

        Returns
        -------
        score : float
            R², at most 1; the mean over the targets.
        """
        return float(
            r2_score(y, self._mean(self._linear_predictor(X, offset)), sample_weight=sample_weight)
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _records_of(
    design: Design,
    targets: Array,
    models: list[Model],
    shift: Array | None,
    fits: list[MAPFit],
) -> list[Record]:
    """Return the record of each target, (k, n)."""
    parts = zip(targets, models, fits, strict=True)
    return [record_of_fit(design, y, model, shift, fit) for y, model, fit in parts]
