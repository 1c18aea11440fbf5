"""`partial_fit`: a model fitted in calls that each bring some rows and forget them.

Two ways. Under a Gaussian likelihood the rows seen are summed up without loss in a matrix of the size of the parameters
(`_sufficient`), and each call ends at the same mode as `fit` on all of them. Under the others, or with a stochastic
solver by choice, each call makes stochastic steps (`_stream`).
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d, validate_data

from .._registry import resolve
from .._sklearn import fit_context
from ..exceptions import IncompatibleModelError
from ..likelihoods import LIKELIHOODS
from ..solvers import SOLVERS, Solver, StochasticSolver
from ._base import check_offset, check_weight
from ._class_predictions import check_offset_of_classes
from ._design import Design
from ._fit import MAPFit, record_of_fit, warn_unless_converged
from ._model import Model, centred_over_classes, model_of
from ._outcome import NoOutcome
from ._partial_fit_checks import (
    by_rows,
    check_total,
    classes_of,
    needs_all_rows,
    other_solver,
    refuse_each_row,
)
from ._record import Record
from ._stream import Gathered, Rows, Stream, advanced
from ._sufficient import SufficientRows

__all__ = ["OnlineClassifier", "OnlineRegressor"]

Array = NDArray[Any]

# Up to here the matrix of what is known has at most 32 MB, and solver="auto" keeps it.
_MOST_FEATURES = 2000


@dataclass(frozen=True)
class _Online:
    """What is kept between calls, for each target."""

    exact: list[SufficientRows] | None
    streams: list[Gathered | Stream | None]
    n_rows: int
    n_features: int
    n_targets: int | None  # None: y is one-dimensional


class OnlineRegressor:
    """`partial_fit` of a regressor."""

    @fit_context()
    def partial_fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
        *,
        n_total: float | None = None,
    ) -> Any:
        """Learn from some rows, after those of the calls before.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features of some rows; they are not kept.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Their targets.
        sample_weight : array-like of shape (n_samples,), default=None
            How often each row counts; non-negative.
        offset : array-like of shape (n_samples,), default=None
            Added to the linear predictor.
        n_total : float, default=None
            For stochastic steps: number of rows (sum of weights) that the model is about, positive. Needed where the
            same rows come more than once, such as in several passes. None: the rows of all calls so far.

        Returns
        -------
        self : estimator
            The model of all rows so far.

        Raises
        ------
        ValueError
            If data or arguments are wrong, or their shapes are others than in the first call.
        IncompatibleModelError
            If the solver is one that needs all rows at once and the likelihood is not Gaussian.

        Notes
        -----
        The prior counts once, against all rows so far (or `n_total`). With a Gaussian likelihood, and a solver that is
        not stochastic, each call ends at the mode that `fit` finds for all these rows together; with ``solver="auto"``
        that is so for up to 2000 features. Otherwise the rows are gone through once, in batches of the solver's size,
        and the coefficients are the average of its steps; there is no `objective_` then, which would need all the
        rows. What an earlier `fit` learnt is forgotten at the first call.
        """
        model: Any = self
        online: _Online | None = getattr(self, "_online", None)
        X, y = validate_data(
            model,
            X,
            y,
            accept_sparse=["csr", "csc"],
            dtype=[np.float64, np.float32],
            multi_output=True,
            y_numeric=True,
            reset=online is None,
        )
        likelihood = clone(resolve(model.likelihood, LIKELIHOODS, "likelihood"))
        y = np.asarray(y, dtype=X.dtype)
        likelihood.check_target(y)
        n_targets = None if y.ndim == 1 else y.shape[1]
        if model.tune == "loo":
            raise IncompatibleModelError(
                "tune='loo' leaves out one row after the other, and partial_fit keeps none. Use fit, or another tune."
            )
        if online is not None and online.n_targets != n_targets:
            raise ValueError(
                f"y has {n_targets or 1} columns and had {online.n_targets or 1} in the first call of partial_fit. "
                "Give the same targets in each call."
            )
        parts = model_of(model, X, likelihood, check_weight(sample_weight, X))
        shift = None if offset is None else check_offset(offset, X)
        solver = _stochastic_solver(parts, X.shape[1])
        rows = [
            Rows(by_rows(X), target, parts.weight, shift)
            for target in (y[:, None] if y.ndim == 1 else y).T
        ]
        if online is None:
            online = _Online(None, [None] * len(rows), 0, X.shape[1], n_targets)
        if solver is None:
            refuse_each_row(model, "partial_fit")
            self._partial_fit_exactly(online, rows, parts)
        else:
            check_total(n_total)
            self._partial_fit_by_steps(online, rows, parts, solver, n_total)
        return self

    def _partial_fit_exactly(self, online: _Online, rows: list[Rows], model: Model) -> None:
        estimator: Any = self
        p = online.n_features
        if any(online.streams):
            raise ValueError(other_solver("a stochastic solver", "another one"))
        known = online.exact or [SufficientRows.none(p)] * len(rows)
        known = [
            old.with_rows(new.X, new.y if new.offset is None else new.y - new.offset, new.weight)
            for old, new in zip(known, rows, strict=True)
        ]
        n_rows = online.n_rows + len(rows[0])
        self._online = _Online(known, online.streams, n_rows, p, online.n_targets)
        is_single = online.n_targets is None
        targets = [_Summed(model, each) for each in known]
        fits = [
            estimator._fit_target(each.design, each.y, each.model, None, None) for each in targets
        ]
        estimator._set_fits(fits, is_single=is_single, n_features=p)
        # Rows of its own, which nobody can change.
        make = partial(_records_of, targets, fits)
        estimator._remember_fits(make, (), fits, is_single=is_single)
        dtype = rows[0].X.dtype
        estimator.coef_ = estimator.coef_.astype(dtype, copy=False)
        estimator.intercept_ = estimator.intercept_.astype(dtype, copy=False)
        estimator.n_samples_seen_ = n_rows
        warn_unless_converged(estimator, [fit.result for fit in fits])

    def _partial_fit_by_steps(
        self,
        online: _Online,
        rows: list[Rows],
        model: Model,
        solver: StochasticSolver,
        n_total: float | None,
    ) -> None:
        estimator: Any = self
        if online.exact is not None:
            raise ValueError(other_solver("another solver", "a stochastic one"))
        streams = [
            advanced(stream, solver, model, new, n_total)
            for stream, new in zip(online.streams, rows, strict=True)
        ]
        n_rows, p = online.n_rows + len(rows[0]), online.n_features
        self._online = _Online(None, list(streams), n_rows, p, online.n_targets)
        is_single = online.n_targets is None
        W = np.array([stream.w for stream in streams])
        coef, intercept = W[:, :p], W[:, p] if model.fit_intercept else np.zeros(len(W), W.dtype)
        likelihoods = [stream.likelihood for stream in streams]
        scales = [getattr(likelihood, "scale", None) for likelihood in likelihoods]
        _forget(self)
        estimator.coef_ = coef[0] if is_single else coef
        estimator.intercept_ = intercept[0] if is_single else intercept
        estimator.likelihood_ = likelihoods[0] if is_single else likelihoods
        if scales[0] is not None:
            estimator.noise_scale_ = (
                float(scales[0]) if is_single else np.array(scales, dtype=float)
            )
        _set_stream(self, streams[0], model, solver)


class _Summed:
    """A few rows that stand for all that were seen of a target."""

    def __init__(self, model: Model, known: SufficientRows) -> None:
        X, y, weight = known.as_rows()
        self.design, self.y, self.model = Design(X), y[:, 0], replace(model, weight=weight)


def _records_of(targets: list[_Summed], fits: list[MAPFit]) -> list[Record]:
    parts = zip(targets, fits, strict=True)
    return [record_of_fit(each.design, each.y, each.model, None, fit) for each, fit in parts]


def _makes_steps(model: Any) -> bool:
    """Whether the solver is stochastic or left open: else a classifier has no `partial_fit`, as in MLPClassifier."""
    solver = model.solver
    if isinstance(solver, str):
        makes_steps = solver == "auto" or issubclass(SOLVERS.get(solver, Solver), StochasticSolver)
    else:
        makes_steps = isinstance(solver, StochasticSolver)
    if not makes_steps:
        raise needs_all_rows(solver, "of classes")
    return True


class OnlineClassifier:
    """`partial_fit` of a classifier."""

    @available_if(_makes_steps)  # type: ignore[untyped-decorator]
    @fit_context()
    def partial_fit(
        self,
        X: Any,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
        *,
        n_total: float | None = None,
    ) -> Any:
        """Learn from some rows by stochastic steps, after those of the calls before.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features of some rows; they are not kept.
        y : array-like of shape (n_samples,)
            Their classes.
        classes : array-like of shape (n_classes,), default=None
            All classes that there are; needed in the first call, and the same in the others if given.
        sample_weight : array-like of shape (n_samples,), default=None
            How often each row counts; non-negative.
        offset : array-like of shape (n_samples,), default=None
            Added to the linear predictor; for two classes.
        n_total : float, default=None
            Number of rows (sum of weights) that the model is about, positive. Needed where the same rows come more than
            once, such as in several passes. None: the rows of all calls so far.

        Returns
        -------
        self : estimator
            The model of all rows so far.

        Raises
        ------
        ValueError
            If data or arguments are wrong, there is a class that `classes` does not have, or no `classes` in the first
            call.
        IncompatibleModelError
            If the solver is one that needs all rows at once.

        Notes
        -----
        The prior counts once, against all rows so far (or `n_total`). The rows are gone through once, in batches of the
        solver's size, and the coefficients are the average of its steps; ``solver="auto"`` is ``"sgd"``. There is no
        `objective_`, which would need all the rows. What an earlier `fit` learnt is forgotten at the first call.
        """
        model: Any = self
        online: _Online | None = getattr(self, "_online", None)
        X, y = validate_data(
            model,
            X,
            y,
            accept_sparse=["csr", "csc"],
            dtype=[np.float64, np.float32],
            reset=online is None,
        )
        check_classification_targets(y)
        labels: Array = column_or_1d(y)
        known = classes_of(model, classes, labels, online is None)
        codes = np.searchsorted(known, labels)
        likelihood = model._likelihood_of(known)
        if isinstance(model.class_weight, str):
            raise ValueError(
                f"partial_fit cannot know the frequencies that class_weight={model.class_weight!r} needs. "
                "Give a dict, such as {class: weight}."
            )
        weight = model._row_weights(codes, known, check_weight(sample_weight, X), X)
        check_offset_of_classes(offset, known)
        shift = None if offset is None else check_offset(offset, X)
        check_total(n_total)
        parts = model_of(model, X, likelihood, weight)
        solver = _stochastic_solver(parts, X.shape[1])
        if solver is None:
            raise needs_all_rows(model.solver, likelihood)
        stream = None if online is None else online.streams[0]
        rows = Rows(by_rows(X), codes, weight, shift)
        stream = advanced(stream, solver, parts, rows, n_total, len(known))
        model.classes_ = known
        self._online = _Online(None, [stream], stream.n_rows, X.shape[1], None)
        _forget(self)
        W = stream.w.reshape(-1, X.shape[1] + parts.fit_intercept)
        model._set_coefficients(centred_over_classes(W, parts), X.shape[1])
        model.likelihood_ = stream.likelihood
        _set_stream(self, stream, parts, solver)
        return self


def _stochastic_solver(model: Model, n_features: int) -> StochasticSolver | None:
    """Return the stochastic solver, or None if the rows are to be summed up.

    Raises
    ------
    IncompatibleModelError
        If neither is possible.
    """
    given = model.solver
    is_gaussian = model.likelihood.is_quadratic
    if isinstance(given, str) and given == "auto":
        if is_gaussian and n_features <= _MOST_FEATURES:
            return None
        given = "sgd"
    solver = resolve(given, SOLVERS, "solver")
    if not isinstance(solver, StochasticSolver):
        if is_gaussian:
            return None
        raise needs_all_rows(model.solver, model.likelihood)
    if isinstance(given, str):
        known = solver.get_params()
        solver.set_params(**{k: value for k, value in model.options.items() if k in known})
    return solver


# What only a fit to all rows can know.
_OF_A_FIT = ("objective_", "converged_", "loo_score_", "noise_scale_")


def _forget(estimator: Any) -> None:
    for name in _OF_A_FIT:
        vars(estimator).pop(name, None)
    estimator._outcome = NoOutcome(
        f"{type(estimator).__name__} was fitted by stochastic steps of partial_fit, whose end is an average of steps "
        "and which keep no rows: there is no posterior. Use fit, or partial_fit with a Gaussian likelihood and another "
        "solver."
    )


def _set_stream(
    estimator: Any, stream: Gathered | Stream, model: Model, solver: StochasticSolver
) -> None:
    estimator.prior_, estimator.solver_ = model.prior, solver
    estimator.n_iter_ = stream.n_steps
    estimator.n_samples_seen_ = stream.n_rows
