"""A ranking-weighted ensemble: models of earlier objectives beside the model of the new one.

Each model weighs as much as the chance that, among all of them, it ranks the new scores best. So an
earlier objective of the same shape helps at once, whatever the unit of its scores, and one of
another shape fades as scores come in.

Notation: members i with weights w_i, posterior means μ_i and standard deviations σ_i, the last one
the target's (the new objective's); z_j its n latent scores, f draws from a member's posterior.

Reference: Feurer, Letham, Bakshy (2018). Scalable meta-learning for Bayesian optimization using
ranking-weighted Gaussian process ensembles. AutoML workshop at ICML.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone

from ..posteriors import GaussianPosterior
from ._base import Surrogate, check_observations, check_points
from ._gaussian_process import GaussianProcess
from ._leave_one_out import leave_one_out

__all__ = ["RankingEnsemble", "weights_of"]

FloatArray = NDArray[np.float64]

# A posterior is asked about hundreds of points at each ask, at a cost in proportion to the number
# of observations of every member: so many of a source are kept.
_LARGEST_SOURCE = 200
# The weights then have a standard error below 1/32; with the same draws at every fit they do not
# jump about. (The authors use 256.)
_N_DRAWS = 256
# Pairs are counted among at most so many of the new observations, in 4 ms for each source
# (benchmarks/constants.py ranking).
_MOST_RANKED = 100
# Fewer than three scores have no order to speak of.
_FEWEST_RANKED = 3


class RankingEnsemble(Surrogate):
    """Weighted sum of models of earlier objectives and of the new one, by how well each ranks.

    Parameters
    ----------
    target : Surrogate, default=None
        Model of the new objective. None: a `GaussianProcess`.
    sources : sequence of (U, scores), default=()
        Points and scores of each earlier objective, arrays of shape (n, n_columns) and (n,). A
        column that is NaN in all points of a source is unknown to it: its model is flat there.
    categories : sequence of int, default=None
        Per column the number of unordered categories, 0 for a numeric column. None: all numeric.
    random_state : int or None, default=None
        Seed of the draws that the weights are estimated with, and of all models.

    Attributes
    ----------
    weights_ : ndarray of shape (n_sources + 1,)
        Non-negative, of sum 1; the last is the target's.
    n_features_in_ : int
        Number of columns.

    Raises
    ------
    ValueError
        From `fit`, if the observations or those of a source cannot be used.

    See Also
    --------
    GaussianProcess : The default model of every objective.

    Notes
    -----
    In each of 256 draws f from the joint posterior of a source at the n points, count the pairs
    that it ranks otherwise than the new scores: [f_j < f_k] ≠ [z_j < z_k]. For the target, draws
    are from the leave-one-out posteriors, so that it does not profit from having seen the scores.
    w_i is the share of the draws in which member i has the fewest such pairs (a tie is shared). A
    source is left out as long as the median of its counts is above the 95 % quantile of the
    target's: otherwise many useless sources would dilute the target. Then mean = Σ w_i μ_i and
    variance = Σ w_i² σ_i², in the latent unit. Of a source with more than 200 observations the
    100 best and evenly spread ranks of the others are used.

    References
    ----------
    .. [1] Feurer, Letham, Bakshy (2018). Scalable meta-learning for Bayesian optimization using
       ranking-weighted Gaussian process ensembles. AutoML workshop at ICML. arXiv:1802.02219.

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.surrogates import RankingEnsemble
    >>> V = np.linspace(0, 1, 20)[:, None]
    >>> alike, opposite = (V, np.sin(6 * V[:, 0])), (V, -np.sin(6 * V[:, 0]))
    >>> U = np.array([[0.1], [0.4], [0.6], [0.8], [0.95]])
    >>> ensemble = RankingEnsemble(sources=[alike, opposite], random_state=0)
    >>> weights = ensemble.fit(U, 100 * np.sin(6 * U[:, 0])).weights_
    >>> bool(weights[0] > 0.5), float(weights[1])
    (True, 0.0)
    """

    def __init__(
        self,
        target: Surrogate | None = None,
        *,
        sources: Sequence[tuple[ArrayLike, ArrayLike]] = (),
        categories: Sequence[int] | None = None,
        random_state: int | None = None,
    ) -> None:
        self.target = target
        self.sources = sources
        self.categories = categories
        self.random_state = random_state

    @property
    def has_gradient(self) -> bool:
        """Whether the posterior of the target is differentiable; those of the sources are."""
        return self.target is None or self.target.has_gradient

    def fit(
        self, U: ArrayLike, scores: ArrayLike, *, noise_variance: ArrayLike | None = None
    ) -> Self:
        """Learn from the observations of the new objective; the sources are fitted once.

        Parameters
        ----------
        U : array-like of shape (n, n_columns)
            Points of the unit cube; NaN where a column is inactive.
        scores : array-like of shape (n,)
            Finite scores, higher is better.
        noise_variance : float or array-like of shape (n,), default=None
            Known variance of each score, in the squared unit of the score; non-negative.

        Returns
        -------
        self : RankingEnsemble
            The same object, fitted.
        """
        U, scores, _ = check_observations(self, U, scores, noise_variance)
        if not hasattr(self, "_sources"):
            self._sources = [self._fitted_source(k, U.shape[1]) for k in range(len(self.sources))]
            target = GaussianProcess() if self.target is None else self.target
            self._target = self._prepared(target)
        self._target.fit(U, scores, noise_variance=noise_variance)
        self.models_ = [*self._sources, _Member(self._target, np.ones(U.shape[1], dtype=bool))]
        self.output_ = self._target.output_
        self.n_features_in_ = U.shape[1]
        self.weights_ = self._ranking_weights(U, scores)
        return self

    def posterior(self, U: ArrayLike) -> GaussianPosterior:
        """Posterior of the noise-free score, in the latent unit.

        Parameters
        ----------
        U : array-like of shape (m, n_columns)
            Points of the unit cube; NaN where a column is inactive.

        Returns
        -------
        posterior : GaussianPosterior
            Of m quantities; their covariance is computed when it is asked for.
        """
        U = check_points(self, U, self.n_features_in_)
        weighted = [(w, member.posterior(U)) for w, member in self._weighing()]
        mean = sum((w * part.mean for w, part in weighted), np.zeros(len(U)))
        variance = sum(((w * part.std) ** 2 for w, part in weighted), np.zeros(len(U)))

        def covariance() -> FloatArray:
            n = len(U)
            return sum((w**2 * part.covariance for w, part in weighted), np.zeros((n, n)))

        return GaussianPosterior(mean, np.sqrt(variance), covariance)

    def value_and_gradient(
        self, U: ArrayLike
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Posterior mean and standard deviation with their derivatives, in one pass.

        Parameters
        ----------
        U : array-like of shape (m, n_columns)
            Points of the unit cube; NaN where a column is inactive.

        Returns
        -------
        mean : ndarray of shape (m,)
            In the latent unit.
        std : ndarray of shape (m,)
            In the latent unit.
        d_mean, d_std : ndarray of shape (m, n_columns)
            Their derivatives; 0 in inactive entries and categorical columns.
        """
        U = check_points(self, U, self.n_features_in_)
        mean, variance = np.zeros(len(U)), np.zeros(len(U))
        d_mean, d_half_variance = np.zeros(U.shape), np.zeros(U.shape)
        for w, member in self._weighing():
            part_mean, part_std, by_mean, by_std = member.value_and_gradient(U)
            mean += w * part_mean
            variance += (w * part_std) ** 2
            d_mean += w * by_mean
            d_half_variance += w**2 * part_std[:, None] * by_std
        std = np.sqrt(variance)
        return mean, std, d_mean, d_half_variance / std[:, None]

    def posterior_gradient(self, U: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Derivatives of posterior mean and standard deviation by the columns.

        Parameters
        ----------
        U : array-like of shape (m, n_columns)
            Points of the unit cube; NaN where a column is inactive.

        Returns
        -------
        d_mean, d_std : ndarray of shape (m, n_columns)
            0 in inactive entries and categorical columns.
        """
        return self.value_and_gradient(U)[2:]

    def condition(self, U: ArrayLike, scores_latent: ArrayLike) -> "RankingEnsemble":
        """Return a copy whose members have all seen further observations; this one stays as it is.

        Parameters
        ----------
        U : array-like of shape (m, n_columns)
            Points of the unit cube; NaN where a column is inactive.
        scores_latent : array-like of shape (m,)
            Their scores in the latent unit. Each member sees them as far from its own mean as they
            are from the ensemble's, since the members do not agree on a level.

        Returns
        -------
        surrogate : RankingEnsemble
            The copy, with the same weights.
        """
        U = check_points(self, U, self.n_features_in_)
        surprise = np.asarray(scores_latent, dtype=float) - self.posterior(U).mean
        conditioned = copy.copy(self)
        conditioned.models_ = [
            member.conditioned(U, surprise) if w else member
            for w, member in zip(self.weights_, self.models_, strict=True)
        ]
        return conditioned

    def _weighing(self) -> list[tuple[float, "_Member"]]:
        """Members with a weight, and it."""
        pairs = zip(self.weights_, self.models_, strict=True)
        return [(float(w), member) for w, member in pairs if w]

    def _prepared(self, model: Surrogate) -> Surrogate:
        """Return a clone that knows the categories and the seed."""
        model = clone(model)
        known = {"categories": self.categories, "random_state": self.random_state}
        params = model.get_params(deep=False)
        unset = [name for name in known if name in params and params[name] is None]
        return model.set_params(**{name: known[name] for name in unset})

    def _fitted_source(self, k: int, n_columns: int) -> "_Member":
        model = self._prepared(GaussianProcess())
        U, scores, _ = check_observations(model, *self.sources[k], None)
        if U.shape[1] != n_columns:
            raise ValueError(
                f"RankingEnsemble needs sources with the {n_columns} columns of the new "
                f"observations; got {U.shape[1]} in source {k}. Use nan for a column that it lacks."
            )
        rows = _most_telling(scores, _LARGEST_SOURCE)
        known: NDArray[np.bool_] = np.asarray(~np.isnan(U).all(axis=0))
        return _Member(model.fit(_projected(U[rows], known), scores[rows]), known)

    def _ranking_weights(self, U: FloatArray, scores: FloatArray) -> FloatArray:
        n_sources = len(self._sources)
        if not n_sources or len(np.unique(scores)) < _FEWEST_RANKED:
            return np.full(n_sources + 1, 1.0 / (n_sources + 1))
        rng = np.random.default_rng(self.random_state)
        rows = _most_telling(scores, _MOST_RANKED)
        U, latent = U[rows], self.output_.forward(scores[rows])
        n_wrong = []
        for member in self._sources:
            f = member.posterior(U).sample(_N_DRAWS, rng)
            n_wrong.append(_misranked(f, f, latent))
        held_out = leave_one_out(self._target, U, latent).sample(_N_DRAWS, rng)
        n_wrong.append(_misranked(held_out, latent[None], latent))
        return weights_of(np.array(n_wrong))


@dataclass(frozen=True, eq=False)
class _Member:
    """A fitted model and the columns that it knows; in the others it is flat."""

    model: Any
    known: NDArray[np.bool_]

    def posterior(self, U: FloatArray) -> GaussianPosterior:
        posterior: GaussianPosterior = self.model.posterior(_projected(U, self.known))
        return posterior

    def value_and_gradient(
        self, U: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        mean, std, d_mean, d_std = self.model.value_and_gradient(_projected(U, self.known))
        return mean, std, d_mean * self.known, d_std * self.known

    def conditioned(self, U: FloatArray, surprise: FloatArray) -> "_Member":
        V = _projected(U, self.known)
        return replace(self, model=self.model.condition(V, self.model.posterior(V).mean + surprise))


def _projected(U: FloatArray, known: NDArray[np.bool_]) -> FloatArray:
    """Points with every unknown column at one value: no distance there."""
    return U if known.all() else np.where(known, U, 0.5)


def _most_telling(scores: FloatArray, size: int) -> NDArray[np.intp]:
    """Indices of at most `size` scores: half of them the best, the others ranks evenly spread."""
    order = np.argsort(-scores, kind="stable")
    if len(order) > size:
        n_best = size // 2
        rest = np.linspace(n_best, len(order) - 1, size - n_best).round().astype(int)
        order = order[np.concatenate([np.arange(n_best), rest])]
    return np.sort(order)


def _misranked(f: FloatArray, g: FloatArray, z: FloatArray) -> FloatArray:
    """Count, in each draw, the pairs j, k that f_j < g_k ranks otherwise than z_j < z_k."""
    # One row j at a time: all pairs of all draws would be 256 n² numbers.
    n_wrong = np.zeros(len(f))
    for j in range(len(z)):
        differs = z != z[j]  # of equal scores neither order is wrong
        n_wrong += ((f[:, j, None] < g) != (z[j] < z))[:, differs].sum(axis=1)
    return n_wrong


def weights_of(n_wrong: FloatArray) -> FloatArray:
    """Weights of the members, of which the last is the target, from counts (n_members, n_draws)."""
    n_wrong = n_wrong.astype(float)
    diluting = np.median(n_wrong[:-1], axis=1) > np.quantile(n_wrong[-1], 0.95)
    n_wrong[:-1][diluting] = np.inf
    is_best = n_wrong == n_wrong.min(axis=0)
    weights: FloatArray = (is_best / is_best.sum(axis=0)).mean(axis=1)
    return weights
