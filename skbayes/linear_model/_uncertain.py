"""What every linear model says of its uncertainty: the posterior of its coefficients, and of new observations.

Notation: X (n, p) new rows, A = (X, 1) with a column for the intercept where there is one; a coefficient vector w has
the posterior N(μ, Σ), so that the linear predictor of a row a is N(a·μ, a'Σa).
"""

from collections.abc import Callable, Iterator
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from .._sklearn import LazyAttributes
from ._interval_probability import IntervalProbability
from ._leaves_one_out import LeavesOneOut
from ._outcome import NoOutcome, Outcome
from ._predictive import averaged_probabilities, predictive_quantile
from ._record import Record
from ._summary import summary_of

__all__ = ["Uncertain", "UncertainClassifier", "UncertainRegressor"]

Array = NDArray[Any]

# Entries of a block of rows of A: 32 MB.
_BLOCK = 1 << 22


class Uncertain(LeavesOneOut, LazyAttributes):
    """Mix-in of all linear models; a fit ends with `_remember`. Goes before `LinearModel`.

    Nothing is computed before an attribute is asked for, so that a fit costs what it costs without a posterior.
    """

    coef_: Any
    intercept_: Any
    _outcome: Outcome | NoOutcome
    _lazy_attributes = frozenset(
        {"coef_std_", "intercept_std_", "log_evidence_", "posterior_", "_records"}
    )

    def _remember(
        self,
        make_records: Callable[[], list[Record]],
        data: tuple[Any, ...],
        *,
        is_single: bool = True,
        log_evidence: list[float] | None = None,
    ) -> None:
        """Keep what the posterior will be made of."""
        kind = getattr(self, "posterior", "auto")
        if kind is None:
            self._outcome = NoOutcome(
                f"{type(self).__name__}(posterior=None) has no posterior. Use posterior='auto' and fit again."
            )
            return
        self._outcome = Outcome(
            make_records,
            data,
            is_single=is_single,
            kind=kind,
            covariance=getattr(self, "covariance", "auto"),
            random_state=getattr(self, "random_state", None),
            log_evidence=log_evidence,
        )

    def _fitted_outcome(self) -> Outcome | NoOutcome:
        outcome: Outcome | NoOutcome | None = self.__dict__.get("_outcome")
        if outcome is None:
            raise NotFittedError(
                f"This {type(self).__name__} instance is not fitted yet and has no posterior. Call 'fit' first."
            )
        return outcome

    @property
    def _records(self) -> list[Record]:
        return self._fitted_outcome().records

    @property
    def posterior_(self) -> Any:
        """Posterior of coefficients and intercept: a CoefficientPosterior, or a list of them, one for each target."""
        outcome = self._fitted_outcome()
        return outcome.posteriors[0] if outcome.is_single else outcome.posteriors

    @property
    def coef_std_(self) -> Array:
        """Posterior standard deviations of the coefficients, in the shape of `coef_`."""
        return self._split_rows(self._stds())[0].reshape(self.coef_.shape)

    @property
    def intercept_std_(self) -> Any:
        """Posterior standard deviation of the intercept, in the shape of `intercept_`; zero where there is none."""
        std = self._split_rows(self._stds())[1]
        shape = np.shape(self.intercept_)
        return float(std[0]) if shape == () else std.reshape(shape)

    @property
    def log_evidence_(self) -> Any:
        """Logarithm of the marginal likelihood, a float, or an array with one for each target."""
        outcome = self._fitted_outcome()
        values = outcome.known_evidence
        if values is None:
            values = _defined(outcome, "log_evidence")
        return float(values[0]) if outcome.is_single else np.array(values, dtype=float)

    def _stds(self) -> Array:
        return np.concatenate(_defined(self._fitted_outcome(), "std"))

    def _split_rows(self, values: Array) -> tuple[Array, Array]:
        """Split values (..., m) of all parameters into those of coefficients (..., K, p) and intercepts (..., K)."""
        n_rows = 1 if len(self.coef_.shape) == 1 else self.coef_.shape[0]
        n_features = self.coef_.shape[-1]
        rows = values.reshape(*values.shape[:-1], n_rows, -1)
        has_intercept = rows.shape[-1] > n_features
        intercept = rows[..., -1] if has_intercept else np.zeros(rows.shape[:-1])
        return rows[..., :n_features], intercept

    def sample_posterior(
        self, n: int = 1, random_state: int | np.random.Generator | None = None
    ) -> tuple[Array, Array]:
        """Draw coefficients and intercepts from the posterior.

        Parameters
        ----------
        n : int, default=1
            Number of draws.
        random_state : int, numpy.random.Generator or None, default=None
            Seed or generator.

        Returns
        -------
        coef : ndarray of shape (n, ...)
            Draws of `coef_`, which has the shape of the other axes.
        intercept : ndarray of shape (n, ...)
            Draws of `intercept_`, likewise, made together with the coefficients; zeros where there is none.

        Raises
        ------
        NotFittedError
            Before `fit`.
        AttributeError
            If the model has no posterior; the message says why.

        Examples
        --------
        >>> from skbayes.linear_model import MAPClassifier
        >>> model = MAPClassifier().fit([[0.0], [1.0], [2.0], [3.0]], ["a", "b", "b", "c"])
        >>> coef, intercept = model.sample_posterior(1000, random_state=0)
        >>> coef.shape, intercept.shape
        ((1000, 3, 1), (1000, 3))
        """
        rng = np.random.default_rng(random_state)
        draws = [p.sample(n, rng) for p in self._fitted_outcome().posteriors]
        coef, intercept = self._split_rows(np.concatenate(draws, axis=1))
        shape = np.shape(self.intercept_)
        return coef.reshape(n, *self.coef_.shape), intercept.reshape(n, *shape)

    def summary(self, level: float = 0.95) -> Any:
        """Return what is known of each coefficient, as a data frame.

        Parameters
        ----------
        level : float, default=0.95
            Probability that the true value lies between `lower` and `upper`, inside (0, 1).

        Returns
        -------
        summary : pandas.DataFrame
            A row for each feature, by its name or as ``x0``, ``x1``, ..., and a last one ``intercept`` if there is one;
            where `coef_` has several rows, with the class or the number of the target before the name. Columns:
            ``mean`` and ``std`` of the posterior, ``lower`` and ``upper``, and ``p_positive``, the probability that
            the coefficient is positive. ``attrs`` has `level`, and `kind`, `is_conditional` and `dof` of the posterior:
            one that is conditional is given which coefficients are zero or at a bound, and these have a `std` of 0.

        Raises
        ------
        ImportError
            Without pandas.
        ValueError
            If `level` is not inside (0, 1).
        NotFittedError
            Before `fit`.
        AttributeError
            If the model has no posterior; the message says why.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from skbayes.linear_model import MAPRidge
        >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
        >>> model = MAPRidge(0.01).fit(X[["age", "sex", "bmi"]], y)
        >>> table = model.summary()
        >>> table.columns.to_list(), table.index.to_list()
        (['mean', 'std', 'lower', 'upper', 'p_positive'], ['age', 'sex', 'bmi', 'intercept'])
        >>> table.loc["bmi"].round(1).to_list()
        [917.6, 63.2, 793.4, 1041.8, 1.0]
        """
        check_level(level)
        posteriors = self._fitted_outcome().posteriors
        names = getattr(self, "feature_names_in_", None)
        n_features = self.coef_.shape[-1]
        features = [f"x{j}" for j in range(n_features)] if names is None else [*names]
        return summary_of(posteriors, features, self._row_labels(), level)

    def _row_labels(self) -> tuple[str, list[Any]] | None:
        """Return what the rows of `coef_` are of, and which; None if there is one row."""
        if len(self.coef_.shape) == 1 or self.coef_.shape[0] == 1:
            return None
        classes = getattr(self, "classes_", None)
        if classes is None:
            return "target", list(range(self.coef_.shape[0]))
        return "class", list(classes)


class UncertainRegressor(IntervalProbability, Uncertain):
    """Mix-in of regressors: spread and intervals of predictions."""

    def predict_interval(
        self, X: Any, level: float = 0.95, offset: ArrayLike | None = None
    ) -> tuple[Array, Array]:
        """Return the interval in which an observation lies with a given probability.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        level : float, default=0.95
            The probability, inside (0, 1); what is left is shared by both sides.
        offset : array-like of shape (n_samples,), default=None
            Added to the linear predictor.

        Returns
        -------
        lower : ndarray of shape (n_samples,) or (n_samples, n_targets)
            Lower ends.
        upper : ndarray of shape (n_samples,) or (n_samples, n_targets)
            Upper ends. Of counts and labels both ends are whole numbers, they belong to the interval, and its
            probability is at least `level`.

        Raises
        ------
        ValueError
            If `level` is not inside (0, 1), or X has other features than in `fit`.
        NotFittedError
            Before `fit`.
        AttributeError
            If the model has no posterior; the message says why.

        Notes
        -----
        The ends are quantiles of the posterior predictive distribution ∫ p(y | η) p(η | data) dη, where the linear
        predictor η is normal. Of a Gaussian likelihood that is a normal distribution, or Student's t where the noise
        was estimated; of the others the integral is done numerically and inverted.

        Examples
        --------
        >>> from skbayes.linear_model import MAPRegressor
        >>> model = MAPRegressor("poisson").fit([[0.0], [1.0], [2.0]], [1, 3, 7])
        >>> lower, upper = model.predict_interval([[0.5], [2.5]], level=0.9)
        >>> print(lower, upper)
        [0. 3.] [ 6. 24.]
        """
        check_level(level)
        tail = 0.5 * (1.0 - float(level))
        lower, upper = [], []
        for likelihood, dof, eta, variance in self._predictors(X, offset):
            lower.append(predictive_quantile(likelihood, tail, eta, variance, dof))
            upper.append(predictive_quantile(likelihood, 1.0 - tail, eta, variance, dof))
        return self._in_columns(lower), self._in_columns(upper)

    def _predictive_std(self, X: Any, offset: ArrayLike | None = None) -> Array:
        """Return the standard deviation of an observation for each row, in the shape of `predict`."""
        found = self._predictors(X, offset)
        return self._in_columns([part.predictive(eta, v)[1] for part, _, eta, v in found])

    def _predictors(
        self, X: Any, offset: ArrayLike | None
    ) -> Iterator[tuple[Any, Any, Array, Array]]:
        """Yield (likelihood, dof, means, variances) of the linear predictor for each target."""
        model: Any = self
        outcome = self._fitted_outcome()
        X, shift = model._new_rows(X, offset)
        n_targets = 1 if len(self.coef_.shape) == 1 else self.coef_.shape[0]
        parts = zip(outcome.posteriors, outcome.likelihoods, strict=True)
        for posterior, likelihood in parts:
            n_rows = n_targets // len(
                outcome.posteriors
            )  # more than one where targets are fitted together
            for k in range(n_rows):
                eta, variance = _along(posterior, X, k, n_rows)
                eta = eta if shift is None else eta + shift
                yield likelihood, posterior.dof, eta.astype(X.dtype), variance.astype(X.dtype)

    def _in_columns(self, parts: list[Array]) -> Array:
        return parts[0] if len(self.coef_.shape) == 1 else np.column_stack(parts)


class UncertainClassifier(Uncertain):
    """Mix-in of classifiers: probabilities averaged over the posterior."""

    def _averaged_probabilities(self, X: Any, offset: ArrayLike | None = None) -> Array:
        """Return the probabilities of the classes averaged over the posterior, (n, K)."""
        model: Any = self
        check_is_fitted(model, "coef_")
        outcome = self._fitted_outcome()
        X, shift = model._new_rows(X, offset)
        (posterior,), (likelihood,) = outcome.posteriors, outcome.likelihoods
        n_rows = self.coef_.shape[0]
        if n_rows > 1:
            rows = posterior.mean.reshape(n_rows, -1)
            found = [
                averaged_probabilities(A @ rows.T, posterior.predictor_covariance(A, centred=True))
                for A in _blocks(X, rows.shape[1])
            ]
            return np.concatenate(found).astype(X.dtype, copy=False)
        eta, variance = _along(posterior, X, 0, 1)
        eta = eta if shift is None else eta + shift
        # The links are symmetric: 1 − p would lose the digits of a p near 1.
        columns = [likelihood.predictive(sign * eta, variance)[0] for sign in (-1.0, 1.0)]
        return np.column_stack(columns).astype(X.dtype, copy=False)


def check_level(level: Any) -> None:
    """Refuse a level that is no probability.

    Raises
    ------
    ValueError
        If it is not a number inside (0, 1).
    """
    if isinstance(level, bool) or not isinstance(level, Real) or not 0.0 < float(level) < 1.0:
        raise ValueError(
            f"level needs a probability between 0 and 1, both excluded; got {level!r}. Give 0.95 for 95 %."
        )


def _defined(outcome: Outcome | NoOutcome, name: str) -> list[Any]:
    """Return an attribute of all posteriors; that it is undefined is said as of an attribute that is not there."""
    try:
        return [getattr(posterior, name) for posterior in outcome.posteriors]
    except ValueError as error:
        raise AttributeError(str(error)) from error


def _along(posterior: Any, X: Any, row: int, n_rows: int) -> tuple[Array, Array]:
    """Return means and variances (n,) of one of the linear predictors of a posterior."""
    m = posterior.mean.size
    width = m // n_rows
    mean = posterior.mean.reshape(n_rows, width)[row]
    eta, variance = [], []
    for A in _blocks(X, width):
        eta.append(A @ mean)
        variance.append(posterior.variance_along(_placed(A, row * width, m)))
    return np.concatenate(eta), np.concatenate(variance)


def _placed(A: Any, start: int, m: int) -> Any:
    """Return A within zero columns, (n, m): combinations of the parameters of one output."""
    n, width = A.shape
    if width == m:
        return A
    before, after = (sparse.csr_matrix((n, k)) for k in (start, m - start - width))
    return sparse.hstack([before, sparse.csr_matrix(A), after], format="csr")


def _blocks(X: Any, width: int) -> Iterator[Any]:
    """Yield rows of A in double precision, so many at a time that their copy is small."""
    n, p = X.shape
    size = max(1, _BLOCK // width) if not sparse.issparse(X) else max(n, 1)
    X = X.tocsr() if sparse.issparse(X) else X
    for start in range(0, n, size):
        part = X[start : start + size].astype(np.float64, copy=False)
        if width > p:
            ones = np.ones((part.shape[0], 1))
            is_sparse = sparse.issparse(part)
            part = (
                sparse.hstack([part, ones], format="csr") if is_sparse else np.hstack([part, ones])
            )
        yield part
