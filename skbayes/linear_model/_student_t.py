"""Robust regression: noise of Student's t distribution, whose scale is estimated, and a normal prior.

Notation: σ the scale of the noise, ν its degrees of freedom, r the residuals, s the sample weights; γ the effective
number of parameters. Given σ the prior of the coefficients is Normal(scale=σ / √alpha), as in ridge regression.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import validate_data

from .._sklearn import Interval, StrOptions, fit_context
from ..likelihoods import StudentT
from ..priors import Flat, Normal, Prior
from ..solvers import SOLVERS, SolverResult
from ._base import LinearModel, check_offset, check_weight
from ._design import Design
from ._effective import effective_parameters
from ._fit import noise_freedom, warn_unless_converged
from ._match import matching
from ._objective import LinearObjective
from ._record import Record
from ._seen import Expansion
from ._sequential import Sequential
from ._uncertain import UncertainRegressor

__all__ = ["MAPStudentTRegressor"]

Array = NDArray[Any]


class MAPStudentTRegressor(Sequential, UncertainRegressor, RegressorMixin, LinearModel):
    """Robust linear regression, by the maximum a posteriori under noise of Student's t distribution.

    A row far from the others pulls the less the farther it is, where under normal noise it would pull the more. With
    many degrees of freedom this is ridge regression at the same `alpha`.

    Parameters
    ----------
    df : float, default=4.0
        Degrees of freedom ν of the noise, positive. The smaller, the heavier its tails and the less an outlier pulls;
        1 is the Cauchy distribution.
    alpha : float, default=1.0
        Strength of the penalty, non-negative: the square of the noise scale over that of the coefficients' prior, as
        in ridge regression. 0 is the flat prior, maximum likelihood.
    scale : float or None, default=None
        Scale σ of the noise in the unit of y, positive; None: estimated. It is not its standard deviation, which is
        σ √(ν / (ν − 2)) for ν > 2.
    fit_intercept : bool, default=True
        Whether there is an intercept; its prior is flat.
    solver : str, default='auto'
        A name in `skbayes.solvers.SOLVERS` for the coefficients at a given scale, or ``'auto'``: chosen by the size
        of the data.
    max_iter : int, default=200
        Most iterations of the solver for all scales together, positive.
    tol : float, default=0.0001
        Tolerance of the solver, and by which part of itself the scale may still move, positive.
    warm_start : bool, default=False
        Whether to begin at the coefficients and the scale of the fit before. Only the start: the prior stays what it
        is.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
        Coefficients at the mode of the posterior.
    intercept_ : float
        Intercept; 0.0 without one.
    noise_scale_ : float
        σ, in the unit of y.
    likelihood_ : Likelihood
        The likelihood with its scale.
    prior_ : Prior
        What `alpha` stands for at that scale.
    solver_ : Solver
        The solver used.
    objective_ : float
        Negative log posterior at the end, of normalised densities.
    n_iter_ : int
        Iterations of the solver for all scales together.
    converged_ : bool
        Whether coefficients and scale reached the tolerance.
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
    MAPRidge : Normal noise.
    MAPRegressor : ``likelihood="student_t"`` with any prior, in the unit of the coefficients.

    Notes
    -----
    At a given scale the coefficients minimise (ν + 1)/2 · Σ_i s_i log(1 + r_i² / νσ²) + alpha |w|² / 2σ². The scale
    solves (ν + 1) Σ_i s_i r_i² / (νσ² + r_i²) = Σ_i s_i − γ [1]_, where the effective number of parameters γ keeps it
    from being too small, as the degrees of freedom do in ordinary regression. The two are iterated until both hold.

    The objective is not convex: far outliers may make several minima. The search begins at the scale of y itself,
    where the objective is nearly a square, and the scale falls as the fit improves; so it follows the bulk of the
    rows, but no rule finds the best of all minima where more than a good part of the rows are outliers of one kind.
    Outliers in X, which determine the fit alone, keep doing so.

    References
    ----------
    .. [1] Lange, Little, Taylor (1989). Robust statistical modeling using the t distribution. J. Am. Stat. Assoc. 84,
       881-896.
       doi:10.1080/01621459.1989.10478852

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.linear_model import MAPStudentTRegressor
    >>> X = np.arange(20.0)[:, None]
    >>> y = 3.0 * X[:, 0] + np.where(np.arange(20) % 2, 0.1, -0.1)
    >>> y[-1] = -500.0
    >>> MAPStudentTRegressor(alpha=0.0).fit(X, y).coef_.round(1)
    array([3.])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "df": [Interval(Real, 0.0, None, closed="neither")],
        "alpha": [Interval(Real, 0.0, None, closed="left")],
        "scale": [Interval(Real, 0.0, None, closed="neither"), None],
        "fit_intercept": ["boolean"],
        "solver": [StrOptions({*SOLVERS, "auto"})],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0.0, None, closed="neither")],
        "warm_start": ["boolean"],
    }

    _sums_rows: ClassVar[bool] = False

    def __init__(
        self,
        *,
        df: float = 4.0,
        alpha: float = 1.0,
        scale: float | None = None,
        fit_intercept: bool = True,
        solver: str = "auto",
        max_iter: int = 200,
        tol: float = 1e-4,
        warm_start: bool = False,
    ) -> None:
        self.df = df
        self.alpha = alpha
        self.scale = scale
        self.fit_intercept = fit_intercept
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start

    @fit_context()
    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
    ) -> "MAPStudentTRegressor":
        """Find the mode of the posterior and the scale of the noise.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            How often each row counts; non-negative.
        offset : array-like of shape (n_samples,), default=None
            Added to the linear predictor.

        Returns
        -------
        self : MAPStudentTRegressor
            The fitted model.

        Raises
        ------
        ValueError
            If the data are wrong or of the wrong shape.
        IncompatibleModelError
            If the solver cannot fit this model.
        """
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=["csc", "csr"],
            dtype=[np.float64, np.float32],
            y_numeric=True,
        )
        y = np.asarray(y, dtype=X.dtype)
        weight = check_weight(sample_weight, X)
        shift = None if offset is None else check_offset(offset, X)
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
        """Fit to rows that were checked; `seen` has one entry: what earlier rows say."""
        target = y if shift is None else y - shift  # the same for noise that is added
        before = None if seen is None else seen[0]
        result, make = self._alternate(Design(X), target, weight, before)
        p = X.shape[1]
        self.coef_ = result.w[:p]
        self.intercept_ = result.w[p] if self.fit_intercept else 0.0
        self.noise_scale_ = float(self.likelihood_.scale)
        self.n_iter_, self.objective_ = result.n_iter, result.value
        self.converged_ = result.converged
        is_given = self.scale is not None
        self._remember(
            partial(_records_of, make, result.w, (X, target, weight, None), is_given),
            (X, y, weight, shift),
        )
        return [result]

    def _alternate(
        self, design: Design, target: Array, weight: Array | None, seen: Expansion | None
    ) -> tuple[SolverResult, Callable[..., LinearObjective]]:
        """Solve for the coefficients and for the scale in turn, until neither moves; set the parts that did it.

        Return the end, and what makes the objective there.
        """
        likelihood, w = self._start(design, target, weight, seen)
        n_iter = 0
        while True:
            prior = self._prior(likelihood.scale)
            make = partial(
                LinearObjective,
                design,
                target,
                likelihood,
                prior,
                weight=weight,
                fit_intercept=self.fit_intercept,
                seen=seen,
            )
            options = {"max_iter": self.max_iter - n_iter, "tol": self.tol}
            solver, objective = matching(
                self.solver, options, partial(_with_split, make), likelihood, prior
            )
            result = solver.solve(objective, objective.start() if w is None else w)
            # A round counts as an iteration at least, so that the rounds come to an end.
            w, n_iter = result.w, n_iter + max(result.n_iter, 1)
            self.likelihood_, self.prior_, self.solver_ = likelihood, prior, solver
            likelihood, moved = self._next_scale(objective, likelihood, w, target, weight)
            if moved <= self.tol:
                return replace(result, n_iter=n_iter), make
            if n_iter >= self.max_iter:
                message = (
                    f"{result.message}; the noise scale still moved by {moved:.2g} of itself, the tolerance "
                    f"{self.tol:g}, after {n_iter} iterations for all scales together"
                )
                return replace(result, n_iter=n_iter, converged=False, message=message), make

    def _prior(self, scale: float) -> Prior:
        """Return the prior of the coefficients that alpha stands for at a scale of the noise."""
        return Normal(scale=scale / math.sqrt(self.alpha)) if self.alpha > 0 else Flat()

    def _start(
        self, design: Design, target: Array, weight: Array | None, seen: Expansion | None
    ) -> tuple[StudentT, Array | None]:
        """Return the likelihood and the coefficients to begin with; None for those of no features."""
        likelihood = StudentT(df=self.df, scale=self.scale)
        w = None
        if seen is not None:
            scale = seen.likelihood.get_params()["scale"] if self.scale is None else self.scale
            return StudentT(df=self.df, scale=scale), seen.centre.astype(design.dtype)
        if self.warm_start and hasattr(self, "coef_") and self.coef_.shape == design.shape[1:]:
            w = np.append(self.coef_, [self.intercept_] * self.fit_intercept).astype(design.dtype)
            if self.scale is None:
                return StudentT(df=self.df, scale=self.noise_scale_), w
        return likelihood.start(target, weight), w

    def _next_scale(
        self,
        objective: LinearObjective,
        likelihood: StudentT,
        w: Array,
        target: Array,
        weight: Array | None,
    ) -> tuple[StudentT, float]:
        """Return the likelihood with the scale for coefficients w, and by which part of itself it moved."""
        if self.scale is not None:
            return likelihood, 0.0
        dof = effective_parameters(objective, w)
        eta = objective.linear_predictor(w)
        following = StudentT(df=self.df).update(target, eta, weight, dof)
        if objective.prior.seen is not None:
            following = objective.prior.seen.pooled(following, objective.total_weight, dof)
        return following, abs(math.log(following.scale / likelihood.scale))

    def predict(self, X: Any, return_std: bool = False, offset: ArrayLike | None = None) -> Any:
        """Predict the centre of y at the mode of the posterior: its mean for more than one degree of freedom.

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
        y_pred : ndarray of shape (n_samples,)
            X coef + intercept + offset.
        y_std : ndarray of shape (n_samples,)
            With `return_std`: standard deviations of an observation, of its noise and of the uncertainty of
            coefficients and intercept together; infinite for `df` of 2 or less.
        """
        mean = self._linear_predictor(X, offset)
        return (mean, self._predictive_std(X, offset)) if return_std else mean

    def score(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
    ) -> float:
        """Return the coefficient of determination R² of `predict`, which is no robust score.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,)
            True targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.
        offset : array-like of shape (n_samples,), default=None
            Added to the linear predictor.

        Returns
        -------
        score : float
            R², at most 1.
        """
        return float(r2_score(y, self._linear_predictor(X, offset), sample_weight=sample_weight))


def _records_of(
    make: Callable[[], LinearObjective], w: Array, data: tuple[Any, ...], is_given: bool
) -> list[Record]:
    return [Record(make, w, data, dof=None if is_given else noise_freedom)]


def _with_split(make: Callable[..., LinearObjective], split: bool) -> LinearObjective:
    return make(split=split)
