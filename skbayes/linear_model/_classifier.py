"""MAPClassifier: linear model of the probabilities of two or more classes."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from .._registry import resolve
from .._sklearn import StrOptions, fit_context
from ..likelihoods import LIKELIHOODS, Likelihood
from ..solvers import SolverResult
from ._base import check_offset, check_weight
from ._class_predictions import ClassPredictions, check_offset_of_classes
from ._design import Design
from ._fit import MAPFit, fit_map, record_of_fit, warn_unless_converged
from ._leaves_one_out import objective_of_classes
from ._logistic_path import class_weights
from ._model import MODEL_CONSTRAINTS, Model, centred_over_classes, model_of
from ._objective import LinearObjective
from ._partial_fit import OnlineClassifier
from ._record import Record
from ._seen import Expansion
from ._sequential import SequentialClassifier
from ._tune import fit_tuned, group_codes
from ._tune_loo import loo_tuned

__all__ = ["MAPClassifier"]

Array = NDArray[Any]


class MAPClassifier(SequentialClassifier, OnlineClassifier, ClassPredictions):
    """Linear classifier of any prior, fitted by maximum a posteriori.

    Two classes have a Bernoulli likelihood, more a categorical one (softmax).

    Parameters
    ----------
    prior : str or Prior, default="normal"
        What is believed of the coefficients before the data, in their own units: a name in `skbayes.priors.PRIORS` or
        an object, such as ``Laplace(scale=0.1)``. ``"flat"`` is maximum likelihood.
    likelihood : str or Likelihood, default="auto"
        ``"auto"``: logit for two classes, softmax for more. ``Bernoulli(link="probit")`` for two, or
        ``"categorical"``, are possible too.
    intercept_prior : Prior or None, default=None
        The prior of each intercept; None: flat.
    bounds : None, pair or dict, default=None
        Box of the coefficients: (lower, upper), each a number, an array of shape (n_features,) or None; or a dict of
        such pairs by feature name. The same for each class.
    fit_intercept : bool, default=True
        Whether there is an intercept.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, by which the sample weights are multiplied.
    solver : str or Solver, default="auto"
        A name in `skbayes.solvers.SOLVERS`, an object, or ``"auto"``: chosen by what likelihood and prior have and by
        the shape of the data.
    tune : {"evidence", "ard", "loo"} or None, default=None
        For a normal prior: find one factor of all prior scales (``"evidence"``; one for each group with `groups`) or a
        prior scale for each feature (``"ard"``, automatic relevance determination) by the highest evidence; or one
        factor by leave-one-out (``"loo"``). Features with a scale of inf keep it.
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
    classes_ : ndarray of shape (n_classes,)
        The class labels.
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Coefficients at the mode of the posterior; one row for a Bernoulli likelihood.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Intercepts; zeros without one.
    likelihood_ : Likelihood
        The likelihood used.
    prior_ : Prior
        The prior with one entry per feature.
    solver_ : Solver
        The solver used.
    objective_ : float
        Negative log posterior at the end, of normalised densities.
    loo_score_ : float
        Sum of the log probabilities of the classes of all rows, each predicted without it, at the scale found; with
        ``tune="loo"`` only.
    n_iter_ : int
        Iterations of the solver.
    converged_ : bool
        Whether the solver's tolerance was reached.
    posterior_ : CoefficientPosterior
        Posterior of the coefficients and, last, the intercept, of one class after the other. Formed when something is
        asked of it.
    coef_std_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Posterior standard deviations of the coefficients.
    intercept_std_ : ndarray of shape (1,) or (n_classes,)
        Posterior standard deviation of the intercept; 0.0 without one.
    log_evidence_ : float
        Logarithm of the marginal likelihood p(y); undefined under a flat prior or at a kink, which an AttributeError
        says.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Feature names, if X had some.

    See Also
    --------
    MAPRegressor : The same for numbers and counts.
    MAPLogisticRegression : Logit and softmax by scikit-learn's `C` and `l1_ratio`.

    Notes
    -----
    The estimate minimises F = −Σ_i s_i log p(y_i | η_i) − log p(W) − log p(b), with η_i = W x_i + b + o_i, the
    weights s of samples and classes, and the prior on each row of W. With more than two classes each has its own row,
    as in scikit-learn; under a flat prior only their differences are determined, and their mean is 0.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skbayes.linear_model import MAPClassifier
    >>> from skbayes.priors import Laplace
    >>> X, y = load_iris(return_X_y=True)
    >>> model = MAPClassifier(Laplace(scale=0.2)).fit(X, y)
    >>> int((model.coef_ == 0).sum())
    10
    >>> round(model.score(X, y), 2)
    0.95
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "likelihood": "no_validation",
        "class_weight": [dict, StrOptions({"balanced"}), None],
        **MODEL_CONSTRAINTS,
    }

    def __init__(
        self,
        prior: Any = "normal",
        *,
        likelihood: Any = "auto",
        intercept_prior: Any = None,
        bounds: Any = None,
        fit_intercept: bool = True,
        class_weight: Any = None,
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
        self.prior = prior
        self.likelihood = likelihood
        self.intercept_prior = intercept_prior
        self.bounds = bounds
        self.fit_intercept = fit_intercept
        self.class_weight = class_weight
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
    ) -> "MAPClassifier":
        """Find the mode of the posterior.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features; never copied or densified if float32 or float64, in either memory order, CSR or CSC.
        y : array-like of shape (n_samples,)
            Class labels, of at least two classes.
        sample_weight : array-like of shape (n_samples,), default=None
            How often each row counts; non-negative.
        offset : array-like of shape (n_samples,), default=None
            Added to the linear predictor; for two classes.

        Returns
        -------
        self : MAPClassifier
            The fitted model.

        Raises
        ------
        ValueError
            If data, priors or bounds are wrong or of the wrong shape, or there is one class only.
        IncompatibleModelError
            If the solver cannot fit this likelihood with this prior.
        """
        X, y = validate_data(
            self, X, y, accept_sparse=["csr", "csc"], dtype=[np.float64, np.float32]
        )
        check_classification_targets(y)
        classes, codes = np.unique(column_or_1d(y), return_inverse=True)
        likelihood = self._likelihood_of(classes)
        weight = self._row_weights(codes, classes, check_weight(sample_weight, X), X)
        self.__dict__.pop("_online", None)  # of partial_fit
        self.classes_ = classes
        check_offset_of_classes(offset, classes)
        if offset is not None and np.ndim(likelihood.start_intercept(codes, weight)):
            raise ValueError(
                f"offset is added to the log odds of two classes, which {likelihood!r} has not; it would cancel. "
                "Use likelihood='bernoulli'."
            )
        shift = None if offset is None else check_offset(offset, X)
        warn_unless_converged(self, self._fit_rows(X, codes, weight, shift))
        return self

    def _fit_rows(
        self,
        X: Any,
        codes: Array,
        weight: Array | None,
        shift: Array | None = None,
        seen: Sequence[Expansion] | None = None,
    ) -> list[SolverResult]:
        """Fit to rows that were checked, their classes by number; `seen` has one entry: what earlier rows say."""
        model = model_of(self, X, self._likelihood_of(self.classes_), weight)
        if seen is not None:
            model = replace(model, seen=seen[0])
        design, before = Design(X), model
        fit = self._fit_model(design, codes, model, shift)
        model = replace(model, prior=fit.prior)
        rows = centred_over_classes(fit.w.reshape(-1, X.shape[1] + self.fit_intercept), model)
        self.coef_ = rows[:, : X.shape[1]]
        self.intercept_ = rows[:, -1] if self.fit_intercept else np.zeros(len(rows), rows.dtype)
        self.likelihood_, self.prior_, self.solver_ = fit.likelihood, fit.prior, fit.solver
        self.objective_, self.n_iter_ = fit.value, fit.n_iter
        self.__dict__.pop("loo_score_", None)
        if fit.loo_score is not None:
            self.loo_score_ = fit.loo_score
        self.converged_ = fit.result.converged
        self._remember(
            partial(_record_of, design, codes, before, shift, replace(fit, w=rows.ravel())),
            (X, codes, weight, shift),
            log_evidence=None if fit.log_evidence is None else [fit.log_evidence],
        )
        return [fit.result]

    def _fit_model(self, design: Design, codes: Array, model: Model, shift: Array | None) -> MAPFit:
        names = getattr(self, "feature_names_in_", None)
        groups = group_codes(self.groups, names, design.shape[1], self.tune)
        if self.tune is None:
            return fit_map(design, codes, model, shift, self._start(design.X))
        if self.tune == "loo":
            return loo_tuned(design, codes, model, shift)
        return fit_tuned(design, codes, model, shift, self.tune, groups)

    def _fitted_objectives(
        self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None, offset: ArrayLike | None
    ) -> list[tuple[LinearObjective, Array]]:
        return objective_of_classes(self, X, y, sample_weight, offset)

    def _likelihood_of(self, classes: Array) -> Likelihood:
        if len(classes) < 2:
            raise ValueError(
                f"{type(self).__name__} needs samples of at least 2 classes; the data have one class: {classes[0]!r}."
            )
        if isinstance(self.likelihood, str) and self.likelihood == "auto":
            name = "bernoulli" if len(classes) == 2 else "categorical"
            likelihood: Likelihood = LIKELIHOODS[name]()
            return likelihood
        likelihood = clone(resolve(self.likelihood, LIKELIHOODS, "likelihood"))
        likelihood.check_target(np.arange(len(classes)))
        return likelihood

    def _row_weights(
        self, codes: Array, classes: Array, weight: Array | None, X: Any
    ) -> Array | None:
        if self.class_weight is None:
            return weight
        by_class = class_weights(self.class_weight, classes, codes, weight).astype(X.dtype)[codes]
        return by_class if weight is None else by_class * weight

    def _weights_of_new_rows(self, codes: Array, weight: Array | None, X: Any) -> Array | None:
        return self._row_weights(codes, self.classes_, weight, X)

    def _start(self, X: Any) -> Array | None:
        """Return where to begin: at the coefficients of the fit before, if asked for and of the same shape."""
        coef = getattr(self, "coef_", None)
        n_rows = 1 if len(self.classes_) == 2 else len(self.classes_)
        if not self.warm_start or coef is None or coef.shape != (n_rows, X.shape[1]):
            return None
        intercept = self.intercept_[:, None] if self.fit_intercept else np.empty((n_rows, 0))
        start: Array = np.hstack([coef, intercept]).astype(X.dtype).ravel()
        return start

    def predict_proba(
        self, X: Any, offset: ArrayLike | None = None, *, averaged: bool = False
    ) -> Array:
        """Return the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        offset : array-like of shape (n_samples,), default=None
            Added to the linear predictor; for two classes only.
        averaged : bool, default=False
            Whether to average over the posterior of the coefficients: rows unlike those of the fit get probabilities
            nearer to each other. False: at the mode.

        Returns
        -------
        probability : ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        check_is_fitted(self, "coef_")
        if averaged or self.coef_.shape[0] > 1:  # a row for each class: softmax
            return super().predict_proba(X, offset, averaged=averaged)
        eta = self.decision_function(X, offset)
        of = self.likelihood_.inverse_link
        # The links are symmetric: 1 − p would lose the digits of a p near 1.
        return np.column_stack([of(-eta), of(eta)])

    def predict_log_proba(self, X: Any, offset: ArrayLike | None = None) -> Array:
        """Return the logarithm of the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        offset : array-like of shape (n_samples,), default=None
            Added to the linear predictor; for two classes only.

        Returns
        -------
        log_probability : ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        check_is_fitted(self, "coef_")
        if len(self.coef_) > 1:  # a row for each class: softmax
            return super().predict_log_proba(X, offset)
        eta = self.decision_function(X, offset)
        columns = [np.full(len(eta), k) for k in (0, 1)]
        return np.column_stack([self.likelihood_.log_density(y, eta) for y in columns])


def _record_of(
    design: Design, codes: Array, model: Model, shift: Array | None, fit: MAPFit
) -> list[Record]:
    """Return the one record of a classifier."""
    return [record_of_fit(design, codes, model, shift, fit)]
