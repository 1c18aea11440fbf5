"""`update` and `merge`: what a fitted model knows of its rows, carried on to more rows.

Two ways. Under a Gaussian likelihood the rows are summed up without loss (`_sufficient`), sums add up, and the fit is
done again on them: the same mode, noise and posterior as of all rows together, whatever the prior. Under the others the
log likelihood of the rows so far goes on as its second-order expansion at the mode (`_seen`), beside the prior.

The data of a fit are only referred to until somebody asks. Pickling forms what is kept of them and leaves them behind.
"""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from .._sklearn import fit_context
from ..exceptions import IncompatibleModelError
from ..solvers import SOLVERS, StochasticSolver
from ._expansion import expansion_of
from ._fit import warn_unless_converged
from ._merge import check_same_model
from ._partial_fit_checks import refuse_each_row
from ._seen import Expansion
from ._sufficient import SufficientRows
from ._update_data import NewRows, checked_classes, checked_targets

__all__ = ["Sequential", "SequentialClassifier"]

Array = NDArray[Any]

# The largest matrix of sums, in numbers: 1 GB. And the largest that makes a pickle longer though nobody asked: 4 MB.
_LARGEST, _LARGEST_PICKLED = 2**27, 2**19


@dataclass(frozen=True)
class _Lost:
    """In place of what is kept, where it was not: why."""

    reason: str


class Sequential:
    """`update` and `merge` of a regressor, whose fit ends in `_fit_rows` and leaves `_records`."""

    #: Whether the likelihood is Gaussian, so that sums say all about the rows.
    _sums_rows: ClassVar[bool] = True

    @fit_context()
    def update(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
    ) -> Self:
        """Learn from more rows: the posterior so far is the prior for them.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features of the new rows.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Their targets.
        sample_weight : array-like of shape (n_samples,), default=None
            How often each row counts; non-negative.
        offset : array-like of shape (n_samples,), default=None
            Added to the linear predictor.

        Returns
        -------
        self : estimator
            The model of all rows so far.

        Raises
        ------
        ValueError
            If data are wrong, or others than in `fit` in features, targets or classes, or the rows of `fit` are no
            longer known.
        IncompatibleModelError
            If an argument of the model needs every row: ``posterior="bootstrap"``, ``covariance="robust"``,
            ``tune="loo"``, or the prior Dropout with a likelihood that is not Gaussian; or the model was fitted by
            stochastic steps of `partial_fit`.

        Notes
        -----
        The prior counts once. With a Gaussian likelihood the sums of all rows are fitted again, whatever the prior:
        coefficients, noise and posterior are those of one fit to all rows, to rounding (or to the tolerance of a solver
        that iterates). With another one the log likelihood of the rows so far goes on as its second-order expansion at
        the mode; with a normal prior that is the Laplace posterior of coefficients and intercept taken as the next
        prior. It errs by what the expansion does, so few large updates are better than many small ones. A parameter of
        the likelihood that is estimated (scale of Student's t, shape, dispersion) becomes the geometric mean of what
        both say, by their degrees of freedom.
        """
        check_is_fitted(self, "coef_")
        online = vars(self).get("_online")
        if online is not None and online.exact is not None:
            self._model.partial_fit(X, y, sample_weight, offset)
            return self
        self._refuse_what_needs_rows("update")
        self._take(self._checked_rows(X, y, sample_weight, offset))
        return self

    def merge(self, other: Any) -> Self:
        """Learn from the rows that another model of the same kind was fitted to.

        Parameters
        ----------
        other : estimator
            A fitted model of the same class, arguments, features and targets; it is left as it is.

        Returns
        -------
        self : estimator
            The model of the rows of both.

        Raises
        ------
        IncompatibleModelError
            If the likelihood is not Gaussian, the two models are not of one kind, or an argument needs every row.
        ValueError
            If the rows of one of them are no longer known.

        Notes
        -----
        The sums of the rows add up [1]_, and the prior counts once: models fitted to parts of the data on different
        machines, and pickled, make up the model of all of them, to rounding.

        References
        ----------
        .. [1] Chan, Golub, LeVeque (1983). Algorithms for computing the sample variance. The American Statistician 37,
           242-247. doi:10.1080/00031305.1983.10483115
        """
        check_is_fitted(self, "coef_")
        check_same_model(self, other)
        if not self._is_summable():
            raise IncompatibleModelError(
                f"merge adds up the sums of a Gaussian likelihood; {type(self).__name__} has "
                f"{getattr(self, 'likelihood', 'another one')!r}. Use update with the rows, or fit to all of them."
            )
        self._refuse_what_needs_rows("merge")
        other._refuse_what_needs_rows("merge")
        sums = self._sums().merged(other._sums())
        online = vars(self).get("_online")
        self._refit(sums, self._has_one_target())
        if online is not None:  # partial_fit goes on from here
            self._online = replace(online, exact=[sums], n_rows=sums.n_rows)
            self._model.n_samples_seen_ = sums.n_rows
        return self

    def condense(self) -> Self:
        """Form now what `update` and `merge` need of the rows, for a pickle to hold.

        A fit only refers to its data until something is asked of them, and they must not change until then. A pickle
        or a deep copy holds no data. It holds what `update` and `merge` need where that is up to 4 MB: some 700
        features, and fewer rows where there are more features. Of larger models it does so after this.

        Returns
        -------
        self : estimator
            The same model, which predicts the same.

        Raises
        ------
        RuntimeError
            If the data were changed in place since the fit.
        ValueError
            If it would take more than a gigabyte.
        """
        check_is_fitted(self, "coef_")
        if vars(self).get("_online") is None:
            self._kept = self._sums() if self._is_summable() else self._expansions()
        return self

    # What differs between models.

    def _is_summable(self) -> bool:
        return self._sums_rows

    def _checked_rows(self, X: Any, y: Any, weight: Any, offset: Any) -> NewRows:
        return checked_targets(self, X, y, weight, offset)

    def _check_new_targets(self, y: Array) -> None:
        """Refuse targets that the likelihood gives no density."""

    def _weights_of_new_rows(self, codes: Array, weight: Array | None, X: Any) -> Array | None:
        """Return the weights that `_fit_rows` takes, of rows of these classes."""
        return weight

    @property
    def _model(self) -> Any:
        # The estimator that this is mixed into.
        return self

    def _has_one_target(self) -> bool:
        model = self._model
        return model.coef_.ndim == 1 and np.ndim(model.intercept_) == 0

    def _refuse_what_needs_rows(self, verb: str) -> None:
        """Refuse arguments under which sums or expansions of rows are not enough.

        Raises
        ------
        IncompatibleModelError
            If there is one.
        """
        model = self._model
        refuse_each_row(model, verb)
        if not isinstance(getattr(model, "precompute", False), bool):
            raise IncompatibleModelError(
                f"{verb} needs another Gram matrix than the one in precompute, which is of the first rows. "
                "Use precompute=False."
            )
        prior = getattr(model, "prior", None)
        follows = (isinstance(prior, str) and prior == "dropout") or hasattr(
            prior, "at_information"
        )
        if follows and not self._is_summable():
            raise IncompatibleModelError(
                f"{verb} cannot know the scale that prior={prior!r} takes from all rows. "
                "Use Normal, or fit to all rows."
            )
        online = vars(self).get("_online")
        if online is not None and (online.exact is None or len(online.exact) > 1):
            raise IncompatibleModelError(
                f"{verb} goes on from the sums of one fit, and partial_fit left "
                f"{'steps' if online.exact is None else 'sums of each target'}. "
                "Go on with partial_fit, or fit to all rows."
            )

    # What is kept of the rows.

    def _take(self, new: NewRows) -> None:
        """Fit to the rows so far and the new ones."""
        if self._is_summable():
            y = new.y if new.y.ndim == 2 else new.y[:, None]
            y = y if new.shift is None else y - new.shift[:, None]
            sums = self._sums()
            _check_size(sums, new.X.shape[0])
            self._refit(sums.with_rows(new.X, y, new.weight), new.y.ndim == 1)
            return
        seen = self._expansions()
        results = self._model._fit_rows(new.X, new.y, new.weight, new.shift, seen)
        if results is not None:
            warn_unless_converged(self, results)

    def _refit(self, sums: SufficientRows, is_single: bool) -> None:
        model = self._model
        dtype = model.coef_.dtype
        X, Y, weight = sums.as_rows()
        solver = getattr(model, "solver", None)
        if _is_stochastic(solver):
            model.solver = "auto"  # these few rows are no sample of the many that they stand for
        try:
            results = model._fit_rows(X, Y[:, 0] if is_single else Y, weight)
        finally:
            if solver is not None:
                model.solver = solver
        model.coef_ = model.coef_.astype(dtype, copy=False)
        if isinstance(model.intercept_, (np.ndarray, np.generic)):
            model.intercept_ = model.intercept_.astype(dtype, copy=False)
        self._kept = sums
        if results is not None:
            warn_unless_converged(self, results)

    def _sums(self) -> SufficientRows:
        online = vars(self).get("_online")
        if online is not None:
            sums: SufficientRows = online.exact[0]
            return sums
        kept = self._known()
        if kept is None:
            X, _, weight, offset = self._model._records[0].data
            Y = np.column_stack([record.data[1] for record in self._model._records])
            Y = Y if offset is None else Y - offset[:, None]
            none = SufficientRows.none(X.shape[1], Y.shape[1])
            _check_size(none, X.shape[0])
            kept = self._kept = none.with_rows(X, Y, weight)
        found: SufficientRows = kept
        return found

    def _expansions(self) -> list[Expansion]:
        kept = self._known()
        if kept is None:
            kept = self._kept = [
                expansion_of(each.objective, each.w) for each in self._model._records
            ]
        return kept

    _kept: Any = None

    def _known(self) -> Any:
        """Return what was formed already, or None.

        Raises
        ------
        ValueError
            If the rows are gone.
        """
        if isinstance(self._kept, _Lost):
            raise ValueError(self._kept.reason)
        return self._kept

    def _remember(self, *arguments: Any, **options: Any) -> Any:
        # The end of a fit: what was kept is of the one before.
        vars(self).pop("_kept", None)
        return super()._remember(*arguments, **options)  # type: ignore[misc]

    def __getstate__(self) -> Any:
        state: Any = super().__getstate__()
        if "coef_" in state and "_kept" not in state and state.get("_online") is None:
            state = {**state, "_kept": self._formed()}
        return state

    def _formed(self) -> Any:
        """Return what goes into a pickle by itself."""
        try:
            records = self._model._records
            n_rows, p = records[0].data[0].shape
            size = p + len(records)
            size = min(n_rows, size) * size if self._is_summable() else records[0].w.size ** 2
            if size > _LARGEST_PICKLED:
                return _Lost(
                    f"What update and merge need of the rows, {size} numbers, was left out of the pickle. Call "
                    "condense() before pickling, or fit to all rows."
                )
            self.condense()
            return self._kept
        except (RuntimeError, ValueError, AttributeError) as error:  # said when it is needed
            return _Lost(
                f"What update and merge need could not be formed when the model was pickled: {error}"
            )


class SequentialClassifier(Sequential):
    """`update` of a classifier."""

    _sums_rows: ClassVar[bool] = False

    def _checked_rows(self, X: Any, y: Any, weight: Any, offset: Any) -> NewRows:
        return checked_classes(self, X, y, weight, offset)


def _is_stochastic(solver: Any) -> bool:
    kind = SOLVERS.get(solver) if isinstance(solver, str) else type(solver)
    return kind is not None and issubclass(kind, StochasticSolver)


def _check_size(sums: SufficientRows, n_new: int) -> None:
    """Refuse sums that do not fit in memory.

    Raises
    ------
    ValueError
        If they would take more than a gigabyte.
    """
    q = sums.origin.size
    n_rows = min(len(sums.root) + n_new, q)
    if n_rows * q > _LARGEST:
        raise ValueError(
            f"The sums of these rows are a dense matrix of {n_rows} x {q} numbers, above {_LARGEST}. Fit to all rows, "
            "or use MAPRegressor.partial_fit with a stochastic solver."
        )
