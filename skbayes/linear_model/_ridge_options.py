"""What the ridge estimators share: arguments, their checks, scikit-learn's names of solvers, and what `fit` leaves.

Notation: k targets, p features, α_k strengths, σ_k noise scales.
"""

import warnings
from functools import partial
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from .._sklearn import Interval, StrOptions
from ._base import LinearModel
from ._gaussian_record import ridge_records
from ._ridge_data import RidgeData
from ._ridge_solve import RidgeFit, choose_road, solve_ridge
from ._uncertain import Uncertain

__all__ = [
    "RIDGE_CONSTRAINTS",
    "RidgeModel",
    "as_targets",
    "noise_scale",
    "set_coefficients",
    "sigma",
]

Array = NDArray[Any]

# scikit-learn's names, and what of ours they stand for. Its stochastic solvers are there because they want two products
# with X an iteration and no matrix: conjugate gradients want the same, and far fewer iterations.
_ROADS = {
    "closed_form": "cholesky",
    "cholesky": "cholesky",
    "svd": "svd",
    "lsqr": "conjugate_gradients",
    "sparse_cg": "conjugate_gradients",
    "sag": "conjugate_gradients",
    "saga": "conjugate_gradients",
    "lbfgs": "nonnegative",
}
_NAMES = {
    "cholesky": "cholesky",
    "svd": "svd",
    "conjugate_gradients": "sparse_cg",
    "nonnegative": "lbfgs",
}
# Where scikit-learn's solver of that name reports its iterations.
_COUNTING = ("auto", "closed_form", "lsqr", "sag", "saga")
_SPARSE_WITH_INTERCEPT = ("auto", "closed_form", "lbfgs", "lsqr", "sag", "sparse_cg")

RIDGE_CONSTRAINTS: dict[str, Any] = {
    "alpha": [Interval(Real, 0, None, closed="left"), "array-like"],
    "fit_intercept": ["boolean"],
    "copy_X": ["boolean"],
    "max_iter": [Interval(Integral, 1, None, closed="left"), None],
    "tol": [Interval(Real, 0, None, closed="left")],
    "solver": [StrOptions({"auto", *_ROADS})],
    "positive": ["boolean"],
    "random_state": ["random_state"],
}


class RidgeModel(Uncertain, LinearModel):
    """Base of the estimators with one ridge solution for each target."""

    alpha: Any
    fit_intercept: bool
    copy_X: bool
    max_iter: int | None
    tol: float
    solver: str
    positive: bool
    random_state: Any
    coef_: Array
    intercept_: Any
    n_iter_: Array | None
    solver_: str
    objective_: Any
    converged_: bool

    def _fit_targets(self, data: RidgeData, is_single: bool) -> RidgeFit:
        """Fit all targets and set the attributes."""
        road = self._road(data.X)
        alpha = self._strengths(data.n_targets)
        fit = solve_ridge(data, alpha, road, tol=self.tol, max_iter=self.max_iter)
        set_coefficients(self, fit.coef, fit.intercept, data.X.dtype, is_single)
        self.n_iter_ = None
        if self.solver in _COUNTING:
            self.n_iter_ = np.ones(data.n_targets, np.int32) if fit.n_iter is None else fit.n_iter
        self.solver_ = (
            _NAMES[fit.road] if self.solver in ("auto", "closed_form", "cholesky") else self.solver
        )
        penalty = alpha * np.einsum("jk,jk->k", fit.coef, fit.coef)
        objective = fit.residual_power + penalty
        self.objective_ = float(objective[0]) if is_single else objective
        self.converged_ = fit.converged
        left = None if fit.effective_dof is None else fit.total - fit.effective_dof
        make = partial(
            ridge_records,
            data,
            alpha,
            fit.coef,
            fit.intercept,
            fit.residual_power,
            left,
            is_positive=self.positive,
        )
        self._remember(make, data.parts, is_single=data.n_targets == 1)
        if not fit.converged:
            self._warn(fit)
        return fit

    def _road(self, X: Any) -> str:
        """Return the road that the arguments lead to.

        Raises
        ------
        ValueError
            If the solver cannot do what is asked of it.
        TypeError
            If X is sparse and the solver is the singular value decomposition.
        """
        solver = self.solver
        if solver == "lbfgs" and not self.positive:
            raise ValueError(
                "'lbfgs' solver can be used only when positive=True. Please use another solver."
            )
        if self.positive:
            if solver not in ("auto", "lbfgs"):
                raise ValueError(
                    f"solver='{solver}' does not support positive fitting. Please set the solver to 'auto' or 'lbfgs', "
                    "or set `positive=False`"
                )
            return "nonnegative"
        if sparse.issparse(X):
            self._check_sparse_solver()
        return choose_road(X) if solver == "auto" else _ROADS[solver]

    def _check_sparse_solver(self) -> None:
        if self.fit_intercept and self.solver not in _SPARSE_WITH_INTERCEPT:
            raise ValueError(
                f"solver='{self.solver}' does not support fitting the intercept on sparse data. Please set the solver "
                "to 'auto' or 'lsqr', 'sparse_cg', 'sag', 'lbfgs' or set `fit_intercept=False`"
            )
        if self.solver == "svd":
            raise TypeError("SVD solver does not support sparse inputs currently")
        # The tolerance up to which scikit-learn's `sag` is known to find the intercept of sparse data.
        if (
            self.solver == "sag"
            and self.fit_intercept
            and self.max_iter is None
            and self.tol > 1e-4
        ):
            warnings.warn(
                f'"sag" solver requires a tolerance of at most 1e-4 for an accurate intercept of sparse data; got '
                f'tol={self.tol:g}. Lower tol, or use solver="auto".',
                UserWarning,
                stacklevel=5,
            )

    def _strengths(self, n_targets: int) -> Array:
        """Return α for each target, (k,).

        Raises
        ------
        ValueError
            If one is negative or not finite, or there is not one for each target.
        """
        alpha = np.ravel(np.asarray(self.alpha, dtype=np.float64))
        if alpha.size not in (1, n_targets):
            raise ValueError(
                f"Number of targets and number of penalties do not correspond: {alpha.size} != {n_targets}"
            )
        if not np.all(np.isfinite(alpha)) or np.any(alpha < 0):
            raise ValueError(
                f"alpha needs finite numbers >= 0; got {self.alpha!r}. Use alpha=0 for no prior at all."
            )
        return np.broadcast_to(alpha, (n_targets,))

    def _warn(self, fit: RidgeFit) -> None:
        n_iter = 0 if fit.n_iter is None else int(fit.n_iter.max(initial=0))
        warnings.warn(
            f"{self.solver_} solver did not converge: tolerance {self.tol:g}, reached {fit.reached:.2g} after {n_iter} "
            "iterations. Raise max_iter or tol, scale the features, or use solver='auto' on dense data.",
            ConvergenceWarning,
            stacklevel=4,
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self.solver != "svd" and (
            self.solver not in ("cholesky", "saga") or not self.fit_intercept
        )
        return tags


def set_coefficients(
    model: Any, coef: Array, intercept: Array, dtype: Any, is_single: bool
) -> None:
    """Set `coef_` and `intercept_` from (p, k) and (k,) in scikit-learn's shapes."""
    coef = np.ascontiguousarray(coef.T).astype(dtype, copy=False)
    model.coef_ = coef.ravel() if coef.shape[0] == 1 else coef
    if not model.fit_intercept:
        model.intercept_ = 0.0
        return
    intercept = intercept.astype(dtype, copy=False)
    model.intercept_ = intercept[0] if is_single else intercept


def noise_scale(fit: RidgeFit, is_single: bool) -> Any:
    """Return σ with σ² = residual power / (Σ s − effective degrees of freedom); NaN where nothing is left for it."""
    if fit.effective_dof is None:
        return None
    return sigma(fit.residual_power, fit.total - fit.effective_dof, is_single)


def sigma(power: Array, left: Array, is_single: bool) -> Any:
    """Return the root of power / degrees of freedom left, (k,) or a number; NaN where none are left."""
    # Less than a ten-thousandth of a row is what rounding makes of none.
    has_rest = left > 1e-4
    variance = np.where(has_rest, power / np.where(has_rest, left, 1.0), np.nan)
    scale = np.sqrt(np.maximum(variance, 0.0))
    return float(scale[0]) if is_single else scale


def as_targets(y: ArrayLike, dtype: Any) -> tuple[Array, bool]:
    """Return y as (n, k) in the dtype of X, and whether it was one-dimensional."""
    Y = np.asarray(y, dtype=dtype)
    return (Y[:, None], True) if Y.ndim == 1 else (Y, False)
