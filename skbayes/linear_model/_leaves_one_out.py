"""`leave_one_out` of the estimators: from the data of a fit to its objectives, and from these to one answer.

A model that was fitted in this session remembers its objective; one of MAPRegressor and MAPClassifier is made again of
the rows given, also after a pickle or calls of `partial_fit`.
"""

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.base import is_regressor
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from ..exceptions import IncompatibleModelError
from ._approximate_loo import LeaveOneOut, leave_one_out_of
from ._base import check_offset, check_weight
from ._design import Design
from ._free import free_parameters
from ._model import model_of
from ._objective import LinearObjective
from ._preconditioner import gram_diagonal

__all__ = ["LeavesOneOut", "objective_of_classes", "objectives_of_targets"]

Array = NDArray[Any]
Pairs = list[tuple[LinearObjective, Array]]

# At a mode no step along one parameter is expected; solvers end within some hundredths of a posterior standard
# deviation of it. For rows that were not fitted it is about 0.7 of one, the root of a half.
_AT_MODE = 0.3
# Rows that are compared with those of the fit.
_COMPARED = 50


class LeavesOneOut:
    """Mix-in: leave-one-out without refitting."""

    def leave_one_out(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
    ) -> LeaveOneOut:
        """Predict each row of the data of the fit as if it had not been there, without fitting again.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features of the fit.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets of the fit.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the fit. A row is left out as a whole, with all its weight.
        offset : array-like of shape (n_samples,), default=None
            Offset of the fit.

        Returns
        -------
        left_out : LeaveOneOut
            Linear predictors and log densities of the rows left out.

        Raises
        ------
        ValueError
            If these are not the data of the fit.
        RuntimeError
            If the data were changed in place since the fit, or a pickle does not hold them.
        IncompatibleModelError
            If the model has no objective of its rows.

        Warns
        -----
        UserWarning
            If the coefficients are no mode for these data: data of another fit, or a fit that did not converge.

        Notes
        -----
        Prior and noise scale are those of the fit. With a Gaussian likelihood, a normal or flat prior and no bounds the
        numbers are those of n refits; else those that one Newton step from the fit finds for each [1]_, in the
        parameters that are not at a kink of the prior or at a bound. It costs about one step of Newton's method.

        References
        ----------
        .. [1] Rad, Maleki (2020). A scalable estimate of the out-of-sample prediction error via approximate
           leave-one-out cross-validation. J. R. Stat. Soc. B 82, 965-996. doi:10.1111/rssb.12374
        """
        check_is_fitted(self, "coef_")
        pairs = self._fitted_objectives(X, y, sample_weight, offset)
        distance = max(_distance(objective, w) for objective, w in pairs)
        if distance > _AT_MODE:
            warnings.warn(
                f"The coefficients are not the mode for these rows: it is about {distance:.2g} posterior standard "
                "deviations away in each parameter, and leave-one-out is computed as if they were. Give X, y, "
                "sample_weight and offset of the fit, and let it converge.",
                UserWarning,
                stacklevel=2,
            )
        return _joined([leave_one_out_of(objective, w) for objective, w in pairs])

    def _fitted_objectives(
        self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None, offset: ArrayLike | None
    ) -> Pairs:
        """Return the objective at the end of the fit and its mode, for each target."""
        estimator: Any = self
        X = validate_data(
            estimator,
            X,
            accept_sparse=["csr", "csc"],
            dtype=[np.float64, np.float32],
            reset=False,
        )
        try:
            records = estimator._records
        except AttributeError as reason:
            raise IncompatibleModelError(
                f"leave_one_out needs the objective of the fit, which {type(self).__name__} does not have: {reason}"
            ) from reason
        fitted_X, fitted_y = records[0].data[:2]
        _check_rows(X, fitted_X, "X")
        if is_regressor(estimator) and offset is None and np.shape(y) == np.shape(fitted_y):
            _check_rows(np.asarray(y, dtype=np.float64), fitted_y, "y")
        return [(record.objective, record.w) for record in records]


def _check_rows(given: Any, fitted: Any, name: str) -> None:
    """Refuse data whose shape or some of whose rows are not those of the fit."""
    same = given.shape == fitted.shape
    if same:
        index = np.linspace(0, given.shape[0] - 1, min(_COMPARED, given.shape[0])).astype(int)
        one, other = (_dense(part[index]).astype(np.float64) for part in (given, fitted))
        # As far as single precision tells them apart.
        same = np.allclose(one, other, rtol=1e-5, atol=1e-6 * np.abs(other).max(initial=0.0))
    if not same:
        raise ValueError(
            f"leave_one_out needs the data of the fit, and {name} differs from them; got shape {given.shape}, fitted "
            f"{fitted.shape}. Give the same, or fit to these first."
        )


def _dense(X: Any) -> Array:
    dense: Array = X.toarray() if sparse.issparse(X) else X
    return dense


def objectives_of_targets(
    model: Any, X: Any, y: ArrayLike, sample_weight: ArrayLike | None, offset: ArrayLike | None
) -> Pairs:
    """Return the objectives of a MAPRegressor for the rows of its fit, and its modes."""
    X, y = validate_data(
        model,
        X,
        y,
        accept_sparse=["csr", "csc"],
        dtype=[np.float64, np.float32],
        multi_output=True,
        y_numeric=True,
        reset=False,
    )
    y = np.asarray(y, dtype=X.dtype)
    if y.shape[1:] != model.coef_.shape[:-1]:
        raise ValueError(
            f"leave_one_out needs the targets of the fit; got y of shape {y.shape} for coefficients of shape "
            f"{model.coef_.shape}. Give the same y."
        )
    weight = check_weight(sample_weight, X)
    shift = None if offset is None else check_offset(offset, X)
    targets = (y[:, None] if y.ndim == 1 else y).T
    rows = np.atleast_2d(model.coef_)
    if model.fit_intercept:
        rows = np.column_stack([rows, np.atleast_1d(model.intercept_)])
    pairs = []
    for k, (target, w) in enumerate(zip(targets, rows, strict=True)):
        likelihood, prior = (
            part[k] if isinstance(part, list) else part
            for part in (model.likelihood_, model.prior_)
        )
        likelihood.check_target(target)
        pairs.append((_objective(model, X, target, likelihood, prior, weight, shift, k), w))
    return pairs


def objective_of_classes(
    model: Any, X: Any, y: ArrayLike, sample_weight: ArrayLike | None, offset: ArrayLike | None
) -> Pairs:
    """Return the objective of a MAPClassifier for the rows of its fit, and its mode."""
    X, y = validate_data(
        model,
        X,
        y,
        accept_sparse=["csr", "csc"],
        dtype=[np.float64, np.float32],
        reset=False,
    )
    labels: Array = column_or_1d(y)
    unknown = np.setdiff1d(labels, model.classes_)
    if unknown.size:
        raise ValueError(
            f"leave_one_out needs the classes of the fit; got {unknown.tolist()!r}, which are not among "
            f"{model.classes_.tolist()!r}. Give the same y."
        )
    codes = np.searchsorted(model.classes_, labels)
    weight = model._row_weights(codes, model.classes_, check_weight(sample_weight, X), X)
    shift = None if offset is None else check_offset(offset, X)
    W = np.column_stack([model.coef_, model.intercept_]) if model.fit_intercept else model.coef_
    objective = _objective(model, X, codes, model.likelihood_, model.prior_, weight, shift, 0)
    return [(objective, np.ravel(W))]


def _objective(
    model: Any,
    X: Any,
    y: Array,
    likelihood: Any,
    prior: Any,
    weight: Array | None,
    shift: Array | None,
    k: int,
) -> LinearObjective:
    parts = model_of(model, X, likelihood, weight)
    classes = getattr(model, "classes_", None)
    return LinearObjective(
        Design(X),
        y,
        likelihood,
        prior,
        weight=weight,
        offset=shift,
        fit_intercept=parts.fit_intercept,
        intercept_prior=parts.intercept_prior,
        bounds=parts.bounds,
        n_classes=None if classes is None else len(classes),
        seen=_seen(model, k),
    )


def _seen(model: Any, k: int) -> Any:
    """Return what rows of earlier calls of `update` say; None where nothing is known of such."""
    try:
        return model._records[k].objective.prior.seen
    except (AttributeError, RuntimeError, ValueError):
        return None


def _distance(objective: LinearObjective, w: Array) -> float:
    """Return how far the mode is, as the root mean square over the free parameters of one step along each.

    In units of the posterior standard deviation of a parameter by itself, or of what the rows scatter its gradient by,
    whichever is larger.
    """
    free = free_parameters(objective, w)
    _, slope = objective.value_and_gradient(w)
    curvature = objective.hessian_diagonal(w)
    if "separable" in objective.offers:
        penalty = objective.penalty
        slope = slope + penalty.l1 * np.sign(w - penalty.loc) + penalty.l2 * (w - penalty.loc)
        curvature = curvature + penalty.l2
    elif "smooth" not in objective.offers:
        return 0.0  # of a prior that ties coefficients together the kinks have no sign
    unit = np.maximum(curvature, 0.0) + _scatter(objective, w)
    ratio = np.square(slope[free]) / np.where(unit > 0.0, unit, 1.0)[free]
    return float(np.sqrt(np.mean(ratio))) if ratio.size else 0.0


def _scatter(objective: LinearObjective, w: Array) -> Array:
    """Return Σ_i of the squares of what row i adds to the gradient, (m,)."""
    data = objective.data
    eta = data.linear_predictor(w)
    slope = data.likelihood.value_and_gradient(data.y, eta)[1]
    if data.weight is not None:
        slope = slope * data.weight.reshape((-1,) + (1,) * (slope.ndim - 1))
    columns = np.square(slope).reshape(len(slope), -1).T
    return np.concatenate([gram_diagonal(data, np.ascontiguousarray(c)) for c in columns])


def _joined(parts: list[LeaveOneOut]) -> LeaveOneOut:
    """Return one datum for all targets."""
    if len(parts) == 1:
        return parts[0]
    return LeaveOneOut(
        np.column_stack([part.linear_predictor for part in parts]),
        np.column_stack([part.log_density for part in parts]),
        np.column_stack([part.leverage for part in parts]),
        np.array([part.score for part in parts]),
        all(part.is_exact for part in parts),
    )
