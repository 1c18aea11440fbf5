"""Forests of regression trees as surrogates: for many categories, steps and plateaus.

Notation: T trees; tree t sends a point to a leaf of mean μ_t and variance σ_t² (of the training
scores in it). Law of total variance: mean = avg μ_t, variance = avg σ_t² + var μ_t.
"""

import copy
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor

from ..posteriors import GaussianPosterior
from ._base import Surrogate, check_observations, check_points
from ._function_samples import Functions
from ._output import fit_output

__all__ = ["ExtraTrees", "RandomForest"]

FloatArray = NDArray[np.float64]

# Outside the cube, so that one split tells inactive from active on every scikit-learn release.
_INACTIVE = -1.0
# One column per category up to here; beyond, trees split the positions, which costs them depth but
# keeps the table narrow.
_ONE_HOT_UP_TO = 16


class _Forest(Surrogate):
    """What the two forests share; a subclass says which scikit-learn regressor grows the trees."""

    def __init__(
        self,
        n_estimators: int = 100,
        *,
        min_samples_leaf: int = 3,
        max_features: float | str | None = 1.0,
        output_transform: str | None = "auto",
        categories: Sequence[int] | None = None,
        random_state: int | None = None,
    ) -> None:
        self.n_estimators = n_estimators
        self.min_samples_leaf = min_samples_leaf
        self.max_features = max_features
        self.output_transform = output_transform
        self.categories = categories
        self.random_state = random_state

    def _regressor(self) -> Any:
        """Return the unfitted scikit-learn regressor."""
        raise NotImplementedError

    @property
    def has_gradient(self) -> bool:
        """False: the posterior is piecewise constant."""
        return False

    def fit(
        self, U: ArrayLike, scores: ArrayLike, *, noise_variance: ArrayLike | None = None
    ) -> Self:
        """Grow the trees.

        Parameters
        ----------
        U : array-like of shape (n, n_columns)
            Points of the unit cube; NaN where a column is inactive.
        scores : array-like of shape (n,)
            Finite scores, higher is better.
        noise_variance : float or array-like of shape (n,), default=None
            Known variance of each score, in the squared unit of the score; non-negative. A score
            weighs v / (v + its noise variance), with v the variance of all scores.

        Returns
        -------
        self : Surrogate
            The same object, fitted.

        Raises
        ------
        ValueError
            If shapes do not fit or a score is not finite.
        """
        U, scores, known = check_observations(self, U, scores, noise_variance)
        self.output_ = fit_output(self.output_transform, scores)
        self.n_features_in_ = U.shape[1]
        latent = self.output_.forward(scores)
        variance = float(np.var(latent))
        if known is None or variance == 0.0:
            weights = np.ones(len(U))
        else:
            weights = variance / (variance + self.output_.latent_variance(scores, known))
        self._grow(self._encoded(U), latent, weights)
        return self

    def _grow(self, X: FloatArray, latent: FloatArray, weights: FloatArray) -> None:
        self.X_, self.latent_, self.weights_ = X, latent, weights
        # Equal weights are left out: the forest then is scikit-learn's to the last digit.
        equal = bool(np.all(weights == weights[0]))
        self.forest_ = self._regressor().fit(X, latent, sample_weight=None if equal else weights)
        # (value, variance) of each node, all trees in one table that a leaf's index points into.
        trees = [tree.tree_ for tree in self.forest_.estimators_]
        self.node_mean_ = np.concatenate([tree.value[:, 0, 0] for tree in trees])
        self.node_variance_ = np.concatenate([tree.impurity for tree in trees])
        self.first_node_ = np.cumsum([0] + [tree.node_count for tree in trees[:-1]])

    def posterior(self, U: ArrayLike) -> GaussianPosterior:
        """Posterior of the noise-free score, in the latent unit.

        Parameters
        ----------
        U : array-like of shape (m, n_columns)
            Points of the unit cube; NaN where a column is inactive.

        Returns
        -------
        posterior : GaussianPosterior
            Mean, and standard deviation by the law of total variance; two points covary as far
            as their leaves' means do over the trees.
        """
        X = self._encoded(check_points(self, U, self.n_features_in_))
        means, within = self._leaves(X)
        mean = means.mean(axis=1)
        between = means - mean[:, None]
        variance = within + np.mean(between**2, axis=1)

        def covariance() -> FloatArray:
            return np.asarray(between @ between.T / means.shape[1] + np.diag(within))

        return GaussianPosterior(mean, np.sqrt(variance), covariance)

    def _leaves(self, X: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean of each point's leaf in each tree (m, T), and the leaf variance averaged (m,)."""
        X32 = X.astype(np.float32)
        leaves = [tree.tree_.apply(X32) for tree in self.forest_.estimators_]
        nodes = np.stack(leaves, axis=1) + self.first_node_
        return self.node_mean_[nodes], np.maximum(self.node_variance_[nodes], 0.0).mean(axis=1)

    def sample_functions(
        self, n: int, U: ArrayLike, random_state: int | np.random.Generator | None = None
    ) -> Functions:
        """Take the trees as the functions.

        Parameters
        ----------
        n : int
            Number of functions wanted; there are as many as trees at most, and the first are taken.
        U : array-like of shape (m, n_columns)
            Not used: a tree is a function everywhere.
        random_state : int, numpy.random.Generator or None, default=None
            Not used: the trees are random already.

        Returns
        -------
        functions : callable
            Takes points (k, n_columns) and returns the means of their leaves (n_functions, k), in the
            latent unit.
        """

        def functions(V: ArrayLike) -> FloatArray:
            X = self._encoded(check_points(self, V, self.n_features_in_))
            return self._leaves(X)[0].T[:n]

        return functions

    def condition(self, U: ArrayLike, scores_latent: ArrayLike) -> "_Forest":
        """Return a copy grown again with further observations; this one stays as it is.

        Parameters
        ----------
        U : array-like of shape (m, n_columns)
            Points of the unit cube.
        scores_latent : array-like of shape (m,)
            Their scores in the latent unit.

        Returns
        -------
        surrogate : Surrogate
            A fitted copy with the same output transform.
        """
        U = check_points(self, U, self.n_features_in_)
        extra = np.asarray(scores_latent, dtype=float)
        conditioned = copy.copy(self)
        conditioned._grow(
            np.vstack([self.X_, self._encoded(U)]),
            np.concatenate([self.latent_, extra]),
            np.concatenate([self.weights_, np.ones(len(extra))]),
        )
        return conditioned

    def _encoded(self, U: FloatArray) -> FloatArray:
        """Inactive entries outside the cube; short lists of categories a column per category."""
        filled = np.where(np.isnan(U), _INACTIVE, U)
        if self.categories is None:
            return filled
        blocks = []
        for column, k in zip(filled.T, self.categories, strict=True):
            if 2 < k <= _ONE_HOT_UP_TO:
                position = np.where(column < 0.0, -1, np.floor(column * k))
                blocks.append((position[:, None] == np.arange(k)).astype(float))
            else:
                blocks.append(column[:, None])
        return np.hstack(blocks)


class RandomForest(_Forest):
    """Random forest: trees on bootstrap samples, best splits.

    Parameters
    ----------
    n_estimators : int, default=100
        Number of trees; at least 1.
    min_samples_leaf : int, default=3
        Fewest observations in a leaf; at least 1. From 2 on, leaves have a variance of their own.
    max_features : float, str or None, default=1.0
        Share of the columns tried at a split, as in scikit-learn.
    output_transform : {"auto", "standardize", "log_losers", "normal_scores"}, default="auto"
        As in `GaussianProcess`; None keeps raw scores.
    categories : sequence of int, default=None
        Per column the number of unordered categories, 0 for a numeric column. None: all numeric.
    random_state : int or None, default=None
        Seed of the trees.

    Notes
    -----
    With leaf means μ_t and leaf variances σ_t² of the T trees: mean = avg_t μ_t and
    std² = avg_t σ_t² + var_t μ_t, the law of total variance for a mixture of trees. Observations
    with a known noise variance weigh less; inactive entries are put outside the cube.

    References
    ----------
    .. [1] Hutter, Xu, Hoos, Leyton-Brown (2014). Algorithm runtime prediction: methods and
       evaluation. Artificial Intelligence 206, 79-111. doi:10.1016/j.artint.2013.10.003

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.surrogates import RandomForest
    >>> U = np.linspace(0, 1, 20)[:, None]
    >>> forest = RandomForest(random_state=0).fit(U, np.where(U[:, 0] > 0.5, 1.0, 0.0))
    >>> bool(np.diff(forest.posterior([[0.1], [0.9]]).mean) > 0)
    True
    """

    def _regressor(self) -> Any:
        return RandomForestRegressor(
            self.n_estimators,
            min_samples_leaf=self.min_samples_leaf,
            max_features=self.max_features,
            random_state=self.random_state,
        )


class ExtraTrees(_Forest):
    """Extremely randomised trees: all observations in each tree, random thresholds.

    Parameters
    ----------
    n_estimators : int, default=100
        Number of trees; at least 1.
    min_samples_leaf : int, default=3
        Fewest observations in a leaf; at least 1. From 2 on, leaves have a variance of their own.
    max_features : float, str or None, default=1.0
        Share of the columns tried at a split, as in scikit-learn.
    output_transform : {"auto", "standardize", "log_losers", "normal_scores"}, default="auto"
        As in `GaussianProcess`; None keeps raw scores.
    categories : sequence of int, default=None
        Per column the number of unordered categories, 0 for a numeric column. None: all numeric.
    random_state : int or None, default=None
        Seed of the trees.

    Notes
    -----
    Mean and standard deviation as in `RandomForest`; random thresholds make the mean smoother
    between observations.

    References
    ----------
    .. [1] Geurts, Ernst, Wehenkel (2006). Extremely randomized trees. Machine Learning 63, 3-42.
       doi:10.1007/s10994-006-6226-1

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.surrogates import ExtraTrees
    >>> U = np.linspace(0, 1, 20)[:, None]
    >>> trees = ExtraTrees(random_state=0).fit(U, U[:, 0] ** 2)
    >>> trees.posterior([[0.2], [0.8]]).std.shape
    (2,)
    """

    def _regressor(self) -> Any:
        return ExtraTreesRegressor(
            self.n_estimators,
            min_samples_leaf=self.min_samples_leaf,
            max_features=self.max_features,
            random_state=self.random_state,
        )
