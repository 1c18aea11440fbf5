"""Logistic regression by scikit-learn's arguments: a normal, Laplace, elastic-net or flat prior on the coefficients."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from .._sklearn import Interval, StrOptions, fit_context
from ..solvers import SOLVERS
from ._base import check_offset, check_weight
from ._class_predictions import ClassPredictions, check_offset_of_classes
from ._logistic_options import (
    SOLVER_ALIASES,
    check_solver,
    check_two_classes,
    penalty_of,
)
from ._logistic_path import LogisticProblem, class_weights, warn_of_no_convergence
from ._seen import Expansion
from ._sequential import SequentialClassifier

__all__ = ["LOGISTIC_CONSTRAINTS", "MAPLogisticRegression", "encoded", "problem_of", "validated"]

Array = NDArray[Any]

# The checks of the arguments that the form with cross-validation has too.
LOGISTIC_CONSTRAINTS: dict[str, Any] = {
    "penalty": [StrOptions({"l1", "l2", "elasticnet", "deprecated"}), None],
    "dual": ["boolean"],
    "tol": [Interval(Real, 0, None, closed="left")],
    "fit_intercept": ["boolean"],
    "intercept_scaling": [Interval(Real, 0, None, closed="neither")],
    "class_weight": [dict, StrOptions({"balanced"}), None],
    "random_state": ["random_state"],
    "solver": [StrOptions({*SOLVER_ALIASES, *SOLVERS, "auto"})],
    "max_iter": [Interval(Integral, 0, None, closed="left")],
    "verbose": ["verbose"],
    "n_jobs": [None, Integral],
}

# Above, scikit-learn refuses what its liblinear would freeze at; ours would lose all digits of the other features.
_LARGEST_OF_LIBLINEAR = 1e30


class MAPLogisticRegression(SequentialClassifier, ClassPredictions):
    """Logistic regression, by the maximum a posteriori; arguments and results of scikit-learn's LogisticRegression.

    Two classes have the Bernoulli likelihood with logit link, more the categorical one with softmax link.

    Parameters
    ----------
    penalty : {'l1', 'l2', 'elasticnet', 'deprecated'} or None, default='deprecated'
        Deprecated by scikit-learn in favour of `C` and `l1_ratio`: ``'l2'`` is ``l1_ratio=0``, ``'l1'`` is
        ``l1_ratio=1``, and None is ``C=np.inf``.
    C : float, default=1.0
        Inverse of the strength of the penalty, positive: the square of the scale of the normal prior, or the scale of
        the Laplace prior. ``np.inf`` is the flat prior, maximum likelihood.
    l1_ratio : float or None, default=0.0
        Part of the absolute values in the penalty, from 0 (normal prior) to 1 (Laplace prior). None is deprecated and
        means 0.
    dual : bool, default=False
        For ``solver='liblinear'`` only, and without effect there: ours has one form.
    tol : float, default=0.0001
        Tolerance of the solver; for smooth priors of the largest entry of the gradient per unit of sample weight.
    fit_intercept : bool, default=True
        Whether there is an intercept. Its prior is flat, but for ``solver='liblinear'``.
    intercept_scaling : float, default=1
        For ``solver='liblinear'`` only: the scale of the intercept's prior in terms of that of a coefficient.
    class_weight : dict, 'balanced' or None, default=None
        Weight of each class, times which each sample weight is taken; classes not in a dict have 1. ``'balanced'``
        gives every class the same total.
    random_state : int, RandomState instance or None, default=None
        Seed of a stochastic solver of ours.
    solver : str, default='lbfgs'
        One of scikit-learn's names, which stand for solvers of ours: ``'lbfgs'`` and ``'sag'`` for ``'lbfgs'``;
        ``'newton-cg'``, ``'newton-cholesky'`` and ``'liblinear'`` for ``'newton'``; ``'saga'`` for ``'lbfgs'``. With
        `l1_ratio` above 0, ``'liblinear'`` (1 only) and ``'saga'`` stand for ``'auto'``. As in scikit-learn the
        others refuse it, and ``'liblinear'`` gives the intercept a prior and refuses more than two classes. Or a name
        in `skbayes.solvers.SOLVERS`, or ``'auto'``.
    max_iter : int, default=100
        Most iterations of the solver, non-negative.
    verbose : int, default=0
        Accepted for the sake of code written for scikit-learn; nothing is printed.
    warm_start : bool, default=False
        Whether to begin at the coefficients of the fit before. Only the start: the prior stays what it is.
    n_jobs : int or None, default=None
        Deprecated by scikit-learn; without effect.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels, sorted.
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Coefficients at the mode of the posterior; one row for two classes.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Intercepts; zeros without.
    n_iter_ : ndarray of shape (1,)
        Iterations of the solver.
    prior_ : Prior
        What `C` and `l1_ratio` stand for.
    solver_ : Solver
        The solver used.
    objective_ : float
        Negative log posterior at the end, of normalised densities.
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
    MAPLogisticRegressionCV : The strength chosen by cross-validation.
    MAPClassifier : Any prior, in the unit of the coefficients.

    Notes
    -----
    The minimum over w, b of −Σ_i s_i log p(y_i | x_i·w + b) + Σ_j (l1_ratio |w_j| + (1 − l1_ratio) w_j² / 2) / C,
    which is scikit-learn's objective over C: the priors are Normal(scale=√C) for ``l1_ratio=0``, Laplace(scale=C) for
    1, and between them ElasticNet(l1_scale=C / l1_ratio, l2_scale=√(C / (1 − l1_ratio))). For more than two classes
    the same vector added to all of them changes no probability; of such solutions the one is given that the prior
    makes most probable, and where it does not mind (intercepts; a flat prior) the one whose sum over the classes is
    zero, as it is under a normal prior [1]_. Not offered of scikit-learn's class: other array libraries than numpy
    (array API), and callbacks.

    References
    ----------
    .. [1] Zhu, Hastie (2004). Classification of gene microarrays by penalized logistic regression. Biostatistics 5,
       427-443. doi:10.1093/biostatistics/kxg046

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skbayes.linear_model import MAPLogisticRegression
    >>> X, y = load_iris(return_X_y=True)
    >>> model = MAPLogisticRegression().fit(X, y)
    >>> model.predict(X[:2])
    array([0, 0])
    >>> model.predict_proba(X[:2]).round(2)
    array([[0.98, 0.02, 0.  ],
           [0.97, 0.03, 0.  ]])
    >>> round(model.score(X, y), 2)
    0.97
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **LOGISTIC_CONSTRAINTS,
        "C": [Interval(Real, 0, None, closed="right")],
        "l1_ratio": [Interval(Real, 0, 1, closed="both"), None],
        "warm_start": ["boolean"],
    }

    def __init__(
        self,
        penalty: str | None = "deprecated",
        *,
        C: float = 1.0,
        l1_ratio: float | None = 0.0,
        dual: bool = False,
        tol: float = 1e-4,
        fit_intercept: bool = True,
        intercept_scaling: float = 1,
        class_weight: Any = None,
        random_state: Any = None,
        solver: str = "lbfgs",
        max_iter: int = 100,
        verbose: int = 0,
        warm_start: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        self.penalty = penalty
        self.C = C
        self.l1_ratio = l1_ratio
        self.dual = dual
        self.tol = tol
        self.fit_intercept = fit_intercept
        self.intercept_scaling = intercept_scaling
        self.class_weight = class_weight
        self.random_state = random_state
        self.solver = solver
        self.max_iter = max_iter
        self.verbose = verbose
        self.warm_start = warm_start
        self.n_jobs = n_jobs

    @fit_context()
    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
    ) -> "MAPLogisticRegression":
        """Find the mode of the posterior.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,)
            Classes, of at least two kinds.
        sample_weight : array-like of shape (n_samples,), default=None
            How often each row counts; non-negative.
        offset : array-like of shape (n_samples,), default=None
            Added to the log odds of the second class; for two classes only.

        Returns
        -------
        self : MAPLogisticRegression
            The fitted model.

        Raises
        ------
        ValueError
            If the data are wrong, there is one class only, or `solver` and `penalty` do not go together.
        IncompatibleModelError
            If a solver of ours cannot fit the prior.
        """
        penalty, C, l1_ratio = penalty_of(self.penalty, self.C, self.l1_ratio)
        check_solver(self.solver, penalty, self.dual)
        if self.n_jobs is not None:
            warnings.warn(
                "'n_jobs' has no effect and goes with scikit-learn 1.10, whose arguments these are; "
                f"got n_jobs={self.n_jobs}. Leave it out.",
                FutureWarning,
                stacklevel=3,
            )
        X, y = validated(self, X, y)
        self.classes_, code = encoded(y, self.solver)
        check_offset_of_classes(offset, self.classes_)
        weight = check_weight(sample_weight, X)
        self._fit_problem(problem_of(self, X, code, weight, offset), C, l1_ratio)
        return self

    def _fit_rows(
        self,
        X: Any,
        code: Array,
        weight: Array | None,
        shift: Array | None,
        seen: Sequence[Expansion],
    ) -> None:
        """Fit to rows that were checked, after those of which `seen` tells."""
        _, C, l1_ratio = penalty_of(self.penalty, self.C, self.l1_ratio)
        problem = problem_of(self, X, code, weight, shift)
        self._fit_problem(replace(problem, seen=seen[0]), C, l1_ratio)

    def _fit_problem(self, problem: LogisticProblem, C: float, l1_ratio: float) -> None:
        mode = problem.solve(C, l1_ratio, self._start(problem))
        result = mode.result
        self._set_coefficients(mode.w, problem.X.shape[1])
        self.n_iter_ = np.array([result.n_iter], dtype=np.int32)
        self.prior_, self.solver_ = mode.prior, mode.solver
        self.objective_, self.converged_ = result.value, result.converged
        self._remember(partial(problem.records, mode), problem.parts)
        if not result.converged:
            warn_of_no_convergence(mode, self.solver, stacklevel=5)

    def _start(self, problem: LogisticProblem) -> Array | None:
        """Return where to begin: the coefficients of the fit before, if that is wanted."""
        if not self.warm_start or not hasattr(self, "coef_"):
            return None
        self.densify()
        w = np.column_stack([self.coef_, self.intercept_]) if self.fit_intercept else self.coef_
        if w.shape != problem.shape:
            raise ValueError(
                f"warm_start begins at the coefficients of the fit before, of shape {w.shape}, but these data need "
                f"shape {problem.shape}. Set warm_start=False, or fit a clone."
            )
        return w.astype(problem.X.dtype)


def validated(estimator: Any, X: Any, y: Any) -> tuple[Any, Array]:
    """Return X and y checked; what liblinear cannot have is refused under its name."""
    X, y = validate_data(
        estimator,
        X,
        y,
        accept_sparse=["csr", "csc"],
        dtype=[np.float64, np.float32] if estimator.solver != "liblinear" else np.float64,
        # Compiled coordinate descent, which those names may come to, has 32-bit indices.
        accept_large_sparse=estimator.solver not in ("liblinear", "sag", "saga"),
    )
    check_classification_targets(y)
    if estimator.solver == "liblinear" and X.max() > _LARGEST_OF_LIBLINEAR:
        raise ValueError(
            "Using the 'liblinear' solver while X contains a maximum value > 1e30 results in a frozen fit. "
            f"Please choose another solver or rescale the input X; got {X.max():.3g}."
        )
    return X, y


def encoded(y: Array, solver: str) -> tuple[Array, Array]:
    """Return the sorted classes, and for each row which of them it is."""
    classes, code = np.unique(y, return_inverse=True)
    check_two_classes(classes, solver)
    return classes, code


def problem_of(
    estimator: Any, X: Any, code: Array, weight: Array | None, offset: ArrayLike | None
) -> LogisticProblem:
    """Return the problem of an estimator's arguments; class weights go into the weights."""
    classes = estimator.classes_
    if estimator.class_weight is not None:
        per_class = class_weights(estimator.class_weight, classes, code, weight).astype(X.dtype)
        weight = per_class[code] if weight is None else weight * per_class[code]
    return LogisticProblem(
        X=X,
        code=code,
        n_classes=len(classes),
        solver=estimator.solver,
        fit_intercept=bool(estimator.fit_intercept),
        intercept_scaling=estimator.intercept_scaling,
        options={name: getattr(estimator, name) for name in ("max_iter", "tol", "random_state")},
        weight=weight,
        offset=None if offset is None else check_offset(offset, X),
    )
