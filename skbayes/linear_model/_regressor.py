"""MAPRegressor: the room's general regressor, likelihood x prior x solver."""

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin, clone
from sklearn.metrics import r2_score
from sklearn.utils.validation import validate_data

from .._registry import resolve
from .._sklearn import fit_context
from ..likelihoods import LIKELIHOODS
from ._base import LinearModel, check_offset, check_weight
from ._design import Design
from ._fit import MAPFit, fit_map, mode_of, warn_unless_converged
from ._model import MODEL_CONSTRAINTS, Model, model_of
from ._partial_fit import OnlineRegressor
from ._tune import tuned

__all__ = ["MAPRegressor"]

Array = NDArray[Any]


class MAPRegressor(OnlineRegressor, RegressorMixin, LinearModel):
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
        (``"support"``) where it has a kink. None: none, and no reference to the data is kept.
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
        Seed of a stochastic solver given by name.

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
    log_evidence_ : float or ndarray of shape (n_targets,)
        Logarithm of the marginal likelihood p(y) at the scales found; with `tune` only.
    n_iter_ : int
        Iterations of the solver; the most of all targets.
    converged_ : bool
        Whether the solver's tolerance was reached.
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
        likelihood = clone(resolve(self.likelihood, LIKELIHOODS, "likelihood"))
        y = np.asarray(y, dtype=X.dtype)
        likelihood.check_target(y)
        model = model_of(self, X, likelihood, check_weight(sample_weight, X))
        shift = None if offset is None else check_offset(offset, X)
        starts = self._starts(X, y)
        targets = y[:, None] if y.ndim == 1 else y
        design = Design(X)
        fits = [
            self._fit_target(design, target, model, shift, w0)
            for target, w0 in zip(targets.T, starts, strict=True)
        ]
        self.__dict__.pop("_online", None)  # of partial_fit
        self._set_fits(fits, is_single=y.ndim == 1, n_features=X.shape[1])
        warn_unless_converged(self, [fit.result for fit in fits])
        return self

    def _fit_target(
        self, design: Design, y: Array, model: Model, shift: Array | None, w0: Array | None
    ) -> MAPFit:
        if self.tune is None:
            return fit_map(design, y, model, shift, w0)
        found = tuned(design.X, y, model, shift, self.tune)
        if self.solver in ("auto", "closed_form"):  # the mode was found with the scales
            return mode_of(design, y, found.model, shift, found.result, found.log_evidence)
        fit = fit_map(design, y, found.model, shift, found.result.w)
        return replace(fit, log_evidence=found.log_evidence)

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
        self.prior_ = fits[0].prior if is_single or self.tune is None else [f.prior for f in fits]
        self.__dict__.pop("log_evidence_", None)
        if self.tune is not None:
            evidence = np.array([fit.log_evidence for fit in fits])
            self.log_evidence_ = float(evidence[0]) if is_single else evidence
        self.solver_ = fits[0].solver
        self.n_iter_ = max(fit.n_iter for fit in fits)
        self.converged_ = all(fit.result.converged for fit in fits)

    def predict(self, X: Any, offset: ArrayLike | None = None) -> Array:
        """Predict the mean of y at the mode of the posterior.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        offset : array-like of shape (n_samples,), default=None
            Added to the linear predictor.

        Returns
        -------
        y_pred : ndarray of shape (n_samples,) or (n_samples, n_targets)
            The mean of the likelihood at the linear predictor.
        """
        eta = self._linear_predictor(X, offset)
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
        return float(r2_score(y, self.predict(X, offset), sample_weight=sample_weight))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
