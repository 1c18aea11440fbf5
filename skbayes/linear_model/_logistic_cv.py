"""Logistic regression whose strength is chosen by cross-validation, by scikit-learn's arguments."""

import warnings
from collections.abc import Sequence
from functools import partial
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.model_selection import check_cv
from sklearn.utils import Bunch
from sklearn.utils.metadata_routing import UNUSED, MetadataRouter, MethodMapping, process_routing

from .._sklearn import Interval, StrOptions, fit_context, raise_for_params, routing_enabled
from ._base import check_weight
from ._class_predictions import ClassPredictions
from ._logistic import (
    LOGISTIC_CONSTRAINTS,
    MAPLogisticRegression,
    encoded,
    problem_of,
    validated,
)
from ._logistic_folds import FoldPaths, FoldScore, fit_folds
from ._logistic_options import check_solver, paths_of
from ._logistic_path import LogisticProblem, warn_of_no_convergence
from ._outcome import NoOutcome

__all__ = ["MAPLogisticRegressionCV"]

Array = NDArray[Any]


class MAPLogisticRegressionCV(ClassPredictions):
    """Logistic regression with its strength chosen by cross-validation; as scikit-learn's LogisticRegressionCV.

    On each fold the solutions for one strength after the other are found, each from the one before.

    Parameters
    ----------
    Cs : int or array-like of float, default=10
        Inverse strengths, as in `MAPLogisticRegression`, in the order of the path; a number n for n values from 1e-4
        to 1e4 on a logarithmic scale.
    l1_ratios : array-like of float or None, default='warn'
        Values of `l1_ratio`, as in `MAPLogisticRegression`, that are tried with each strength. ``'warn'`` and None
        mean 0, as scikit-learn's deprecated default does, with its warning.
    fit_intercept : bool, default=True
        Whether there is an intercept.
    cv : int, cross-validation generator, iterable or None, default=None
        The folds; a number for as many stratified folds, None for 5.
    dual : bool, default=False
        For ``solver='liblinear'`` only, and without effect there.
    penalty : {'l1', 'l2', 'elasticnet', 'deprecated'}, default='deprecated'
        Deprecated by scikit-learn in favour of `l1_ratios`.
    scoring : str, callable or None, default='warn'
        What is to be maximised: the name of a scorer, or ``scorer(estimator, X, y)``. ``'warn'`` and None mean
        accuracy, the former with scikit-learn's warning that this will change.
    solver : str, default='lbfgs'
        As in `MAPLogisticRegression`.
    tol : float, default=0.0001
        Tolerance of the solver.
    max_iter : int, default=100
        Most iterations of the solver for each strength.
    class_weight : dict, 'balanced' or None, default=None
        Weight of each class; ``'balanced'`` is of all rows, not of each fold.
    n_jobs : int or None, default=None
        Folds and values of `l1_ratio` fitted at the same time, by joblib's active back-end.
    verbose : int, default=0
        Progress as joblib prints it.
    refit : bool, default=True
        Whether to fit to all rows at the best mean score. If not, the coefficients are the mean over the folds of
        those that are best for each.
    intercept_scaling : float, default=1.0
        For ``solver='liblinear'`` only, as in `MAPLogisticRegression`.
    random_state : int, RandomState instance or None, default=None
        Seed of a stochastic solver of ours.
    use_legacy_attributes : bool, default='warn'
        Which of scikit-learn's two layouts the attributes have; ``'warn'`` is True with its warning that this will
        change.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels, sorted.
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Coefficients; one row for two classes.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Intercepts; zeros without.
    Cs_ : ndarray of shape (n_cs,)
        The strengths tried.
    l1_ratios_ : ndarray of shape (n_l1_ratios,)
        The values of `l1_ratio` tried; [None] if none were given.
    coefs_paths_ : ndarray of shape (n_folds, n_l1_ratios, n_cs, n_classes, n_dof) or dict
        Coefficients with their intercepts, 1 in place of `n_classes` for two. In the legacy layout a dict from
        classes (the second of two) to arrays of shape (n_folds, n_cs, n_l1_ratios, n_dof), without the third axis if
        no `l1_ratios` are given.
    scores_ : ndarray of shape (n_folds, n_l1_ratios, n_cs) or dict
        Scores on the rows left out. In the legacy layout a dict from classes to the same array of shape (n_folds,
        n_cs, n_l1_ratios).
    n_iter_ : ndarray of shape (n_folds, n_l1_ratios, n_cs)
        Iterations of the solver; in the legacy layout (1, n_folds, n_cs, n_l1_ratios).
    C_ : float or ndarray of shape (n_classes,)
        The strength chosen; in the legacy layout the same for each class.
    l1_ratio_ : float or ndarray of shape (n_classes,)
        The value of `l1_ratio` chosen, likewise.
    posterior_ : CoefficientPosterior
        Posterior of the coefficients and, last, the intercept, of one class after the other, given the strength; with
        `refit` only. Formed when something is asked of it.
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
    MAPLogisticRegression : One strength.

    Notes
    -----
    The score of a strength is the mean over the folds; of equal ones the first is taken. A scorer that takes `labels`
    is given all classes, since a fold may lack some.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skbayes.linear_model import MAPLogisticRegressionCV
    >>> X, y = load_iris(return_X_y=True)
    >>> model = MAPLogisticRegressionCV(
    ...     Cs=[0.1, 1.0, 10.0, 100.0],
    ...     l1_ratios=[0],
    ...     scoring="neg_log_loss",
    ...     use_legacy_attributes=False,
    ... ).fit(X, y)
    >>> model.C_
    100.0
    >>> model.scores_.shape
    (5, 1, 4)
    """

    # The scorer takes it, not `score` itself.
    __metadata_request__score: ClassVar[dict[str, str]] = {"sample_weight": UNUSED}

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **LOGISTIC_CONSTRAINTS,
        "Cs": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "l1_ratios": ["array-like", None, StrOptions({"warn"})],
        "cv": ["cv_object"],
        "scoring": [StrOptions({*get_scorer_names(), "warn"}), callable, None],
        "refit": ["boolean"],
        "penalty": [StrOptions({"l1", "l2", "elasticnet", "deprecated"})],
        "use_legacy_attributes": ["boolean", StrOptions({"warn"})],
    }

    coefs_paths_: Any  # these four have two layouts
    scores_: Any
    C_: Any
    l1_ratio_: Any

    def __init__(
        self,
        *,
        Cs: Any = 10,
        l1_ratios: Any = "warn",
        fit_intercept: bool = True,
        cv: Any = None,
        dual: bool = False,
        penalty: str = "deprecated",
        scoring: Any = "warn",
        solver: str = "lbfgs",
        tol: float = 1e-4,
        max_iter: int = 100,
        class_weight: Any = None,
        n_jobs: int | None = None,
        verbose: int = 0,
        refit: bool = True,
        intercept_scaling: float = 1.0,
        random_state: Any = None,
        use_legacy_attributes: Any = "warn",
    ) -> None:
        self.Cs = Cs
        self.l1_ratios = l1_ratios
        self.fit_intercept = fit_intercept
        self.cv = cv
        self.dual = dual
        self.penalty = penalty
        self.scoring = scoring
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter
        self.class_weight = class_weight
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.refit = refit
        self.intercept_scaling = intercept_scaling
        self.random_state = random_state
        self.use_legacy_attributes = use_legacy_attributes

    @fit_context()
    def fit(
        self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None, **params: Any
    ) -> "MAPLogisticRegressionCV":
        """Choose the strength, and find the mode of the posterior.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,)
            Classes, of at least two kinds.
        sample_weight : array-like of shape (n_samples,), default=None
            How often each row counts; non-negative. For the scores too.
        **params : dict
            With metadata routing on, what the splitter and the scorer ask for.

        Returns
        -------
        self : MAPLogisticRegressionCV
            The fitted model.

        Raises
        ------
        ValueError
            If the data are wrong, there is one class only, or `solver` and `penalty` do not go together.
        """
        raise_for_params(params, self, "fit")
        penalty, given, l1_ratios = paths_of(self.penalty, self.l1_ratios)
        self._warn_of_defaults()
        check_solver(self.solver, penalty, self.dual)
        X, y = validated(self, X, y)
        self.classes_, code = encoded(y, self.solver)
        routed = self._routed(sample_weight, params)
        folds = list(check_cv(self.cv, y, classifier=True).split(X, y, **routed.splitter.split))
        problem = problem_of(self, X, code, check_weight(sample_weight, X), None)
        score = FoldScore(self._template(), self._get_scorer(), X, y, routed.scorer.score)
        self.Cs_ = (
            np.logspace(-4, 4, self.Cs) if isinstance(self.Cs, Integral) else np.asarray(self.Cs)
        )
        paths = fit_folds(problem, folds, self.Cs_, l1_ratios, score, self.n_jobs, self.verbose)
        self._choose(problem, paths, l1_ratios)
        self.l1_ratios_ = np.asarray([None] if given is None else given)
        if self.use_legacy_attributes:
            self._set_legacy_attributes(paths, given)
        else:
            self.coefs_paths_, self.scores_, self.n_iter_ = paths.coefs, paths.scores, paths.n_iter
        return self

    def _warn_of_defaults(self) -> None:
        """Say, as scikit-learn does, which defaults will change."""
        if _is_default(self.scoring):
            warnings.warn(
                "The default value of the parameter 'scoring' will change from None, which is accuracy, to "
                "'neg_log_loss' in scikit-learn 1.11, whose arguments these are. Set scoring to either.",
                FutureWarning,
                stacklevel=4,
            )
        if _is_default(self.use_legacy_attributes):
            warnings.warn(
                "The default value of use_legacy_attributes will change from True to False in scikit-learn 1.10, "
                "whose arguments these are. Set it to either.",
                FutureWarning,
                stacklevel=4,
            )

    def _routed(self, sample_weight: ArrayLike | None, params: dict[str, Any]) -> Any:
        """Return who gets which metadata; with routing off the scorer gets the weights."""
        if routing_enabled():
            return process_routing(self, "fit", sample_weight=sample_weight, **params)
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        return Bunch(splitter=Bunch(split={}), scorer=Bunch(score={**params, **weights}))

    def _template(self) -> MAPLogisticRegression:
        """Return a model without coefficients, for the scorer."""
        template = MAPLogisticRegression(solver=self.solver, fit_intercept=self.fit_intercept)
        template.classes_ = self.classes_
        return template

    def _choose(
        self, problem: LogisticProblem, paths: FoldPaths, l1_ratios: Sequence[float]
    ) -> None:
        """Set the coefficients, `C_` and `l1_ratio_`."""
        n_folds, n_ratios, n_cs = paths.scores.shape
        ratios = np.asarray(l1_ratios, dtype=float)
        # C varies slowest, so that of equal scores the first C is taken, as in scikit-learn.
        order = paths.scores.swapaxes(1, 2).reshape(n_folds, n_cs * n_ratios)
        folds = np.arange(n_folds)
        if self.refit:
            i, j = np.unravel_index(np.argmax(order.sum(axis=0)), (n_cs, n_ratios))
            self.C_, self.l1_ratio_ = float(self.Cs_[i]), float(ratios[j])
            # Not from the mean of the folds: the solution is then the same however the rows were split.
            mode = problem.solve(self.C_, self.l1_ratio_)
            if not mode.result.converged:
                warn_of_no_convergence(mode, self.solver, stacklevel=5)
            w = mode.w
            self._remember(partial(problem.records, mode), problem.parts)
        else:
            i, j = np.unravel_index(np.argmax(order, axis=1), (n_cs, n_ratios))
            self.C_, self.l1_ratio_ = float(np.mean(self.Cs_[i])), float(np.mean(ratios[j]))
            w = paths.coefs[folds, j, i].mean(axis=0)
            self._outcome = NoOutcome(
                f"{type(self).__name__}(refit=False) has the means over the folds of the coefficients, the mode of no "
                "posterior. Use refit=True."
            )
        self._set_coefficients(w, self.n_features_in_)

    def _set_legacy_attributes(self, paths: FoldPaths, l1_ratios: Any) -> None:
        """Set the attributes in scikit-learn's older layout, by class."""
        labels = self.classes_[1:] if len(self.classes_) == 2 else self.classes_
        coefs = paths.coefs.swapaxes(1, 2)  # (n_folds, n_cs, n_l1_ratios, n_classes, n_dof)
        scores = paths.scores.swapaxes(1, 2)
        n_iter = paths.n_iter.swapaxes(1, 2)
        if l1_ratios is None:
            coefs, scores, n_iter = coefs[:, :, 0], scores[:, :, 0], n_iter[:, :, 0]
        self.coefs_paths_ = {label: coefs[..., k, :] for k, label in enumerate(labels)}
        self.scores_ = dict.fromkeys(labels, scores)
        self.n_iter_ = n_iter[None]
        self.C_ = np.full(len(labels), self.C_)
        self.l1_ratio_ = np.full(len(labels), self.l1_ratio_)

    def score(  # type: ignore[override]
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        **score_params: Any,
    ) -> float:
        """Return the score of `scoring` on the given data.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,)
            True classes.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.
        **score_params : dict
            With metadata routing on, what the scorer asks for.

        Returns
        -------
        score : float
            Higher is better.
        """
        raise_for_params(score_params, self, "score")
        if sample_weight is not None:
            score_params["sample_weight"] = sample_weight
        if routing_enabled():
            score_params = process_routing(self, "score", **score_params).scorer.score
        return float(self._get_scorer()(self, X, y, **score_params))

    def get_metadata_routing(self) -> MetadataRouter:
        """Return who asks for which metadata: the splitter in `fit`, the scorer in `fit` and `score`.

        Returns
        -------
        routing : MetadataRouter
            As scikit-learn's metadata routing reads it.
        """
        scored = (
            MethodMapping().add(caller="score", callee="score").add(caller="fit", callee="score")
        )
        router = MetadataRouter(owner=self).add_self_request(self)
        router.add(
            splitter=self.cv, method_mapping=MethodMapping().add(caller="fit", callee="split")
        )
        return router.add(scorer=self._get_scorer(), method_mapping=scored)

    def _get_scorer(self) -> Any:
        """Return the scorer; one that the user did not name asks for the weights, with routing on too."""
        if self.scoring is not None and not _is_default(self.scoring):
            return get_scorer(self.scoring)
        scorer = get_scorer("accuracy")
        return scorer.set_score_request(sample_weight=True) if routing_enabled() else scorer


def _is_default(argument: Any) -> bool:
    return isinstance(argument, str) and argument == "warn"
