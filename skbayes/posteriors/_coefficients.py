"""The posterior of the coefficients of a linear model, formed when it is first asked for.

Notation: m parameters, coefficients first and the intercept last; with K classes the parameters of each class one after
the other. Σ their covariance, at the estimated noise scale if there is one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._forms import CovarianceForm
from ._gaussian import GaussianPosterior
from ._importance import Diagnostics, importance_diagnostics

__all__ = ["CoefficientPosterior", "PosteriorFacts"]

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class PosteriorFacts:
    """What a posterior of coefficients consists of.

    Parameters
    ----------
    mean : ndarray of shape (m,)
        Centre: the mode of the objective, or the mean of draws.
    form : CovarianceForm
        Covariance.
    kind : str
        ``"exact"``, ``"laplace"``, ``"support"``, ``"smoothed"`` or ``"bootstrap"``.
    is_conditional : bool, default=False
        Whether it is given which coefficients are zero or at a bound.
    dof : float or None, default=None
        Degrees of freedom of an estimated noise scale; None: the scale was given, or there is none.
    n_outputs : int or None, default=None
        Number K of classes; None: one linear predictor.
    is_robust : bool, default=False
        Whether the covariance is a sandwich: of the estimate, not of a density.

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.posteriors import DiagonalForm, PosteriorFacts
    >>> PosteriorFacts(np.zeros(2), DiagonalForm(np.ones(2)), "laplace").dof is None
    True
    """

    mean: Array
    form: CovarianceForm
    kind: str
    is_conditional: bool = False
    dof: float | None = None
    n_outputs: int | None = None
    is_robust: bool = False


class CoefficientPosterior(GaussianPosterior):
    """Posterior of coefficients and intercept, given the data.

    Parameters
    ----------
    facts : PosteriorFacts or callable
        What is known, or a function without arguments that finds it out (called at most once, when asked).
    log_density : callable or None, default=None
        Of parameters (n, m): the log posterior density (n,) up to a constant, for `diagnostics`; None: not at hand.
    log_evidence : callable, float or None, default=None
        log p(y), or a function of the facts that computes it; None: undefined.

    Attributes
    ----------
    mean : ndarray of shape (m,)
        Centre.
    std : ndarray of shape (m,)
        Standard deviations; with `dof` the scales of the Student t marginals. Infinite where neither the data nor the
        prior determine a coefficient.
    kind : str
        ``"exact"``, ``"laplace"``, ``"support"``, ``"smoothed"`` or ``"bootstrap"``.
    is_conditional : bool
        Whether it is given which coefficients are zero or at a bound.
    dof : float or None
        Degrees of freedom of an estimated noise scale: the marginals are Student t then; None: normal.
    form : CovarianceForm
        How the covariance is held.
    log_evidence : float
        log p(y), where it is defined.

    See Also
    --------
    GaussianPosterior : A posterior of a few quantities.

    Notes
    -----
    A pickle or a deep copy is formed first and holds no data: what needs the data afterwards, `diagnostics`, says so.

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.posteriors import CoefficientPosterior, DiagonalForm, PosteriorFacts
    >>> form = DiagonalForm(np.array([1.0, 4.0]))
    >>> posterior = CoefficientPosterior(PosteriorFacts(np.array([0.0, 3.0]), form, "laplace"))
    >>> lower, upper = posterior.interval(0.95)
    >>> print(upper.round(2))
    [1.96 6.92]
    >>> print(posterior.probability_positive.round(3))
    [0.5   0.933]
    """

    def __init__(
        self,
        facts: PosteriorFacts | Callable[[], PosteriorFacts],
        *,
        log_density: Callable[[Array], Array] | None = None,
        log_evidence: Callable[[PosteriorFacts], float] | float | None = None,
    ) -> None:
        self.__dict__.update(_given=facts, _log_density=log_density, _log_evidence=log_evidence)

    @cached_property
    def facts(self) -> PosteriorFacts:
        """What is known, found out when first asked for."""
        given = self.__dict__["_given"]
        if isinstance(given, Exception):
            raise type(given)(*given.args)
        facts: PosteriorFacts = given() if callable(given) else given
        self.__dict__["_given"] = facts  # what it was made of is no longer needed
        return facts

    @property
    def is_formed(self) -> bool:
        """Whether the covariance was computed already."""
        return "facts" in self.__dict__ or isinstance(self.__dict__["_given"], PosteriorFacts)

    @cached_property
    def mean(self) -> Array:
        return self.facts.mean

    @cached_property
    def std(self) -> Array:
        return np.asarray(np.sqrt(self.form.variance()))

    @property
    def form(self) -> CovarianceForm:
        return self.facts.form

    @property
    def kind(self) -> str:
        return self.facts.kind

    @property
    def is_conditional(self) -> bool:
        return self.facts.is_conditional

    @property
    def dof(self) -> float | None:
        return self.facts.dof

    @cached_property
    def covariance(self) -> Array:
        """Joint covariance, an array of shape (m, m)."""
        return self.form.dense()

    @cached_property
    def log_evidence(self) -> float:
        found = self.__dict__["_log_evidence"]
        if isinstance(found, Exception):
            raise type(found)(*found.args)
        if found is None:
            raise AttributeError("This posterior has no log_evidence: no function computes it.")
        return float(found(self.facts) if callable(found) else found)

    def sample(self, n: int = 1, random_state: int | np.random.Generator | None = None) -> Array:
        """Draw from the joint distribution, of Student t if the noise scale was estimated.

        Parameters
        ----------
        n : int, default=1
            Number of draws.
        random_state : int, numpy.random.Generator or None, default=None
            Seed or generator.

        Returns
        -------
        draws : ndarray of shape (n, m)
            One joint draw per row. Directions that nothing determines stay at the mean.
        """
        rng = np.random.default_rng(random_state)
        draws = self.form.draw(n, rng)
        if self.dof is not None:
            draws = draws / np.sqrt(rng.chisquare(self.dof, size=(n, 1)) / self.dof)
        return np.asarray(self.mean + draws)

    def interval(self, level: float = 0.95) -> tuple[Array, Array]:
        """Central intervals of each coefficient.

        Parameters
        ----------
        level : float, default=0.95
            Probability inside, between 0 and 1.

        Returns
        -------
        lower, upper : ndarray of shape (m,)
            Ends.

        Raises
        ------
        ValueError
            If `level` is not between 0 and 1.
        """
        if not 0.0 < level < 1.0:
            raise ValueError(
                f"interval needs 0 < level < 1; got level={level!r}. Use 0.95 for 95 %."
            )
        ends = np.array([0.5 * (1.0 - level), 0.5 * (1.0 + level)])
        lower, upper = self.form.quantile(ends, self.dof)
        return self.mean + lower, self.mean + upper

    @cached_property
    def probability_positive(self) -> Array:
        """Posterior probability that each coefficient is above zero, (m,): a half for one known to be zero."""
        return self.form.probability_above(-self.mean, self.dof)

    def variance_along(self, A: Any) -> Array:
        """Variances of linear combinations of the parameters.

        Parameters
        ----------
        A : ndarray or sparse matrix of shape (n, m)
            A combination per row.

        Returns
        -------
        variance : ndarray of shape (n,)
            a'Σa of each row; infinite for a combination that nothing determines.
        """
        return self.form.along(_as_rows(A))

    def predictor_covariance(self, A: Any, centred: bool = False) -> Array:
        """Covariance of the linear predictors of all classes, or the variance of the single one.

        Parameters
        ----------
        A : ndarray or sparse matrix of shape (n, m / K)
            Features, and a last column of ones if there is an intercept.
        centred : bool, default=False
            Of K classes: whether each linear predictor is taken less the mean of all, which is all that probabilities
            depend on.

        Returns
        -------
        covariance : ndarray of shape (n, K, K) or (n,)
            (n,) of a model with one linear predictor.
        """
        K = self.facts.n_outputs
        A = _as_rows(A)
        if K is None:
            return self.form.along(A)
        return self.form.between_contrasts(A, K) if centred else self.form.between_outputs(A, K)

    def diagnostics(
        self, n_draws: int = 2000, random_state: int | np.random.Generator | None = None
    ) -> Diagnostics:
        """Compare the posterior with the density that it stands for, by importance sampling.

        Parameters
        ----------
        n_draws : int, default=2000
            Number of draws; at least 100.
        random_state : int, numpy.random.Generator or None, default=None
            Seed or generator.

        Returns
        -------
        diagnostics : Diagnostics
            With the Pareto k: below 0.5 good, above 0.7 means and intervals cannot be trusted.

        Raises
        ------
        ValueError
            If the posterior is no density: draws of a bootstrap, or a robust covariance.
        RuntimeError
            If the posterior was pickled or copied: it no longer has the data.

        Warns
        -----
        UserWarning
            If the Pareto k is above 0.7.
        """
        log_density = self.__dict__["_log_density"]
        if self.facts.is_robust:
            raise ValueError(
                "diagnostics compares a density with the posterior, and a robust covariance is that of the estimate; "
                "got covariance='robust'. Use covariance='auto'."
            )
        if log_density is None:
            raise RuntimeError(
                "diagnostics needs the data, and this posterior no longer has them: it was pickled or copied. Call it "
                "before, or fit again."
            )
        return importance_diagnostics(self.form, self.mean, log_density, n_draws, random_state)

    def __repr__(self) -> str:
        if not self.is_formed:
            return "CoefficientPosterior(not formed yet)"
        return f"CoefficientPosterior(kind={self.kind!r}, size={self.form.size})"

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = {"_log_density": None}
        # What cannot be had now is asked for again by the reader of the pickle, who learns why.
        try:
            state["_given"] = self.facts
        except Exception as reason:
            state["_given"] = _plain(reason)
        try:
            state["_log_evidence"] = self.log_evidence
        except Exception as reason:
            state["_log_evidence"] = _plain(reason)
        if "std" in self.__dict__:
            state["std"] = self.std
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


def _plain(reason: Exception) -> Exception:
    """Return an exception that a pickle can hold: of a built-in type, without its traceback."""
    kinds = (AttributeError, ValueError, RuntimeError)
    kind = next((kind for kind in kinds if isinstance(reason, kind)), RuntimeError)
    return kind(str(reason))


def _as_rows(A: ArrayLike | Any) -> Any:
    """Return rows that can be sliced: dense or CSR."""
    if hasattr(A, "tocsr"):
        return A.tocsr()
    return np.atleast_2d(np.asarray(A))
