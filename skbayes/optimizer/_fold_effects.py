"""What the scores of some folds say of the mean over all of them.

Two-way model of the scores: y_ij = f_i + b_j + e_ij with candidate i, effect b_j of fold j (some
folds are hard), and e_ij ~ N(0, s²). A candidate's score is its mean over all K folds. From m of
them, the fold effects known, it is the mean of y_ij − b_j over the folds run plus the mean of all b,

    score from m folds = score from all K + noise,    noise ~ N(0, s² (1/m − 1/K)),

and that noise is independent of the score from all K. So a score and its noise variance are all
that a surrogate has to know of the folds.

Other folds are hard for the good candidates than for the bad ones, whose scores also scatter far
more. And what was given up because of its scores so far must not be compared with candidates that
are as good in the end: these went on because their first folds had been kind. So b and s² are
estimated for each incomplete candidate by itself, from the candidates that went on and had scored
about the same on the folds that it has. Given the scores on those folds, going on says nothing more.

Notation: n candidates, K folds; m_i folds of candidate i were run; C_i = diag(p_i) − p_i p_i' / m_i
with p_i (K,) 1 where a fold was run, 0 elsewhere, so that C_i y_i are the scores about their mean.

Reference: Searle, Casella, McCulloch (1992). Variance components, chapters 4 and 5. Wiley. (The
estimates are analysis of variance, which takes unbalanced data without iterating.)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["AdjustedScores", "adjust_fold_scores", "adjust_partial"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# Effects and scatter come from the nearest third of the candidates that went on, at least these.
# Measured on 10 tasks with 3, 5 and 10 folds and 30 candidates, some given up at random, the errors
# of the better half, over those of plain means: .44 with a third, .44 with a quarter, .47 with half,
# .55 with all; with neighbours by final instead of by equal folds' score .55. When candidates are
# given up for their scores, the bias is −0.3, −0.3 and −0.35 standard deviations (−1.0).
_NEAREST = 1.0 / 3.0
_FEWEST = 8
# A candidate whose folds vary more than this many times the median variance of the window weighs
# less, in proportion: diverged candidates do not drown the others, and of normal scores from three
# folds one in 500 is touched (χ² of 2 degrees beyond 9 times its median).
_WILD = 9.0
# Neighbours that lack one of the folds are placed by what the last round expected of it; three
# rounds leave the errors of five.
_N_ROUNDS = 3
# Candidates next to each other in rank have nearly the same effects: more estimates cost time only.
_MOST_CENTERS = 64
# Eigenvalues below this share of the largest are rounding: folds that no two candidates tie together.
_RELATIVE_ZERO = 1e-9


@dataclass(frozen=True)
class AdjustedScores:
    """Scores on the scale of the mean over all folds.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Of a complete candidate the mean of its folds, exactly; nan where no fold was run.
    noise_variance : ndarray of shape (n,)
        Variance about the mean over all folds: 0 of a complete candidate, nan where no fold was run
        or nothing is known of it (no candidate was scored on two folds).
    """

    scores: Floats
    noise_variance: Floats


def adjust_fold_scores(fold_scores: ArrayLike) -> AdjustedScores:
    """Estimate the mean over all folds of every candidate, and the noise of that estimate.

    Parameters
    ----------
    fold_scores : array-like of shape (n, K)
        nan where a fold was not run.

    Returns
    -------
    adjusted : AdjustedScores
        Of the n candidates.
    """
    Y = np.asarray(fold_scores, dtype=float)
    is_run = np.isfinite(Y)
    n_run = is_run.sum(axis=1)
    # By a power of two, which is exact, into [-1, 1], where scores of any magnitude can be squared.
    exponent = int(np.frexp(np.abs(Y[is_run]).max(initial=0.0))[1])
    contrasts = _Contrasts(np.where(is_run, np.ldexp(Y, -exponent), 0.0), is_run)
    scores = np.where(n_run > 0, contrasts.means, np.nan)
    noise = np.where(n_run > 0, 0.0, np.nan)
    partial = np.flatnonzero((n_run > 0) & (n_run < Y.shape[1]))
    filled = np.where(is_run, contrasts.Y, scores[:, None])
    for _ in range(_N_ROUNDS if len(partial) else 0):
        weights, center = _windows(filled, is_run, partial)
        effects = contrasts.effects(contrasts.trusted(weights))
        shift, noise[partial] = effects.of(center, is_run[partial])
        scores[partial] = contrasts.means[partial] - shift
        expected = scores[partial][:, None] + effects.centered[center]
        filled[partial] = np.where(is_run[partial], filled[partial], expected)
    with np.errstate(over="ignore"):
        noise = np.minimum(np.ldexp(noise, 2 * exponent), np.finfo(float).max)
    complete = n_run == Y.shape[1]
    scores = np.ldexp(scores, exponent)
    scores[complete] = Y[complete].mean(axis=1)
    return AdjustedScores(scores, noise)


def adjust_partial(
    scores: Floats, fold_scores: Sequence[Sequence[float] | None], is_partial: Bools
) -> tuple[Floats, Floats]:
    """Put adjusted scores in the place of those of incomplete candidates.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        The scores as told.
    fold_scores : sequence of (sequence of float, or None)
        Of every candidate that has some that count; nan where a fold was not run. Candidates with
        equally many folds are taken to share them.
    is_partial : ndarray of shape (n,)
        Whose score is to be estimated; where there is no fold score it is left as it is.

    Returns
    -------
    scores : ndarray of shape (n,)
        With the adjusted ones.
    noise_variance : ndarray of shape (n,)
        What the folds not run add to the noise; 0 where nothing is known of it.
    """
    scores, noise = scores.copy(), np.zeros(len(scores))
    groups: dict[int, dict[int, Sequence[float]]] = {}
    for i, folds in enumerate(fold_scores):
        if folds is not None and len(folds):
            groups.setdefault(len(folds), {})[i] = folds
    for members in groups.values():
        group = np.array(list(members))
        if not is_partial[group].any():
            continue
        adjusted = adjust_fold_scores(list(members.values()))
        is_mine = is_partial[group] & np.isfinite(adjusted.scores)
        scores[group[is_mine]] = adjusted.scores[is_mine]
        # Unknown only if all were scored on a single fold: then the noise is the same for all of
        # them, and the surrogate learns it.
        noise[group[is_mine]] = np.nan_to_num(adjusted.noise_variance[is_mine], nan=0.0)
    return scores, noise


def _windows(
    filled: Floats, is_run: Bools, which: NDArray[np.intp]
) -> tuple[Floats, NDArray[np.intp]]:
    """Weights of all candidates around some centers (q, n), and the center of each in `which`.

    Candidates with the same folds are compared by their mean over these, with those that have both
    some of these folds and some others, which alone can tell how the two differ.
    """
    masks, mask_of = np.unique(is_run[which], axis=0, return_inverse=True)
    weights: list[Floats] = []
    center = np.zeros(len(which), dtype=np.intp)
    for k, mask in enumerate(masks):
        mine = np.flatnonzero(mask_of.ravel() == k)
        means = filled[:, mask].mean(axis=1)
        tells: Bools = np.logical_and(is_run[:, mask].any(axis=1), is_run[:, ~mask].any(axis=1))
        if not tells.any():  # of the scatter at least
            tells = is_run.sum(axis=1) > 1
        centers = np.unique(means[which[mine]])
        if len(centers) > _MOST_CENTERS:
            centers = np.quantile(centers, np.linspace(0.0, 1.0, _MOST_CENTERS))
        first = sum(map(len, weights))
        center[mine] = first + np.abs(means[which[mine], None] - centers).argmin(axis=1)
        weights.append(_tricube(centers, means, tells))
    return np.concatenate(weights), center


def _tricube(centers: Floats, values: Floats, counts: Bools) -> Floats:
    """Cleveland's weights of the values by their distance in rank, 0 where they do not count."""
    # The long axis is the outer one in memory: what runs along it runs over all centers at once.
    weights = np.zeros((len(values), len(centers))).T
    n = int(counts.sum())
    if not n:
        return weights
    order = np.sort(values[counts])

    def rank(x: Floats) -> Floats:
        left, right = np.searchsorted(order, x, "left"), np.searchsorted(order, x, "right")
        return np.asarray(0.5 * (left + right))

    ranks, at = rank(values[counts]), rank(centers)
    k = min(n, max(_FEWEST, int(np.ceil(_NEAREST * n))))
    # The farthest of the nearest still counts; one rank farther the weight is zero.
    width = _distance_to_nearest(at, np.sort(ranks), k) + 1.0
    share = np.abs(ranks[:, None] - at) / width
    share = np.maximum(1.0 - share * share * share, 0.0)
    weights.T[counts] = share * share * share
    return weights


def _distance_to_nearest(at: Floats, ranks: Floats, k: int) -> Floats:
    """Distance from each place to its k-th nearest of the sorted ranks.

    The k nearest are neighbours, and farther right the left end of such a run comes closer to the
    place and the right end goes away: the best run is where the two meet.
    """
    left, right = ranks[: len(ranks) - k + 1], ranks[k - 1 :]
    first = np.searchsorted(left + right, 2.0 * at)
    runs = np.clip(np.stack([first - 1, first]), 0, len(left) - 1)
    return np.asarray(np.maximum(at - left[runs], right[runs] - at).min(axis=0))


def _middle(weights: Floats) -> NDArray[np.intp]:
    """In which row each column of (n, q) reaches half of its sum."""
    n, q = weights.shape
    # By blocks: sums over all columns at once are many times faster than running sums of each.
    size = int(np.ceil(np.sqrt(max(n, 1))))
    padded = np.zeros((size * size, q))
    padded[:n] = weights
    sums = padded.reshape(size, size, q).sum(axis=1).cumsum(axis=0)
    # Where it is reached exactly, rounding shall not decide.
    half = (0.5 - _RELATIVE_ZERO) * sums[-1]
    block = np.minimum((sums < half).sum(axis=0), size - 1)
    before = np.where(block > 0, sums[block - 1, np.arange(q)], 0.0)
    rows = block * size + np.arange(size)[:, None]
    within = before + padded[rows, np.arange(q)].cumsum(axis=0)
    return np.minimum(block * size + (within < half).sum(axis=0), max(n - 1, 0))


class _Contrasts:
    """The scores of each candidate about its own mean, and how much each says of the folds.

    Parameters
    ----------
    Y : ndarray of shape (n, K)
        Scores, 0 where a fold was not run.
    is_run : ndarray of shape (n, K)
        Where it was.
    """

    def __init__(self, Y: Floats, is_run: Bools) -> None:
        p = is_run.astype(float)
        m = np.maximum(p.sum(axis=1), 1.0)
        self.Y = Y
        self.means = Y.sum(axis=1) / m
        self._Z = p * (Y - self.means[:, None])
        self._squares = np.einsum("ij,ij->i", self._Z, self._Z)
        self._n_free = m - 1.0
        self._variance = self._squares / np.maximum(self._n_free, 1.0)
        # Those with two folds, the least variable first.
        order = np.argsort(self._variance, kind="stable")
        self._tells = order[self._n_free[order] > 0.0]
        K = p.shape[1]
        C = np.einsum("ij,jk->ijk", p, np.eye(K)) - p[:, :, None] * (p / m[:, None])[:, None, :]
        self._C = C.reshape(len(p), K * K)

    def trusted(self, weights: Floats) -> Floats:
        """Return the weights (q, n), less of candidates whose folds vary out of all proportion."""
        tells, variance = self._tells, self._variance
        middle = _middle(weights.T[tells])
        median = variance[tells[middle]] if len(tells) else np.zeros(len(weights))
        # Where most have constant scores there is no proportion, and all count.
        limit = np.where(median > 0.0, _WILD * median, np.inf)
        wild = np.flatnonzero(variance > limit.min())
        trusted = weights.copy("K")
        trusted.T[wild] *= np.minimum(1.0, limit / variance[wild, None])
        return trusted

    def effects(self, weights: Floats) -> "_Effects":
        """Estimate fold effects and scatter with the weights of each of q windows (q, n).

        With A = Σ w_i C_i: b = A⁺ Σ w_i C_i y_i, cov(b) = s² A⁺ B A⁺ with B = Σ w_i² C_i, and the
        weighted squares about the fit have the expectation s² (Σ w_i (m_i − 1) − tr(A⁺ B)). All are
        taken along the eigenvectors of A, so that b can be shrunk along each by what is known of it.
        """
        q, K = len(weights), int(np.sqrt(self._C.shape[1]))
        A = (weights @ self._C).reshape(q, K, K)
        B = (weights**2 @ self._C).reshape(q, K, K)
        eigenvalues, axes = np.linalg.eigh(A)
        is_known = eigenvalues > _RELATIVE_ZERO * np.maximum(eigenvalues[:, -1:], 1e-300)
        inverse = np.where(is_known, 1.0 / np.where(is_known, eigenvalues, 1.0), 0.0)
        projected = np.einsum("qkl,qk->ql", axes, weights @ self._Z)
        b = inverse * projected
        spread = inverse**2 * np.einsum("qkl,qkl->ql", axes, B @ axes)  # of b, over s²
        squares, n_free = weights @ self._squares, weights @ self._n_free
        n_left = n_free - (spread * eigenvalues).sum(axis=1)
        has_left = n_left > _RELATIVE_ZERO * n_free
        # One candidate alone cannot tell its folds' effects from its scatter: all is scatter.
        b = np.where(has_left[:, None], b, 0.0)
        explained = (projected * b).sum(axis=1)
        n_left = np.where(has_left, n_left, n_free)
        n_left = np.where(n_left > 0.0, n_left, np.nan)
        s2 = np.maximum(squares - explained, 0.0) / n_left
        return _Effects.shrunk(axes, b, spread * s2[:, None], is_known & has_left[:, None], s2)


@dataclass(frozen=True)
class _Effects:
    """Posterior of the fold effects in q windows.

    Parameters
    ----------
    axes : ndarray of shape (q, K, K)
        Orthonormal columns along which the effects are independent.
    mean, variance : ndarray of shape (q, K)
        Of the effects along the axes.
    s2 : ndarray of shape (q,)
        Residual variance.
    """

    axes: Floats
    mean: Floats
    variance: Floats
    s2: Floats

    @classmethod
    def shrunk(
        cls, axes: Floats, b: Floats, variance: Floats, is_known: Bools, s2: Floats
    ) -> "_Effects":
        """Return the posterior of b under N(0, τ²), with τ² from the analysis of variance."""
        excess = np.where(is_known, b**2 - variance, 0.0).sum(axis=1)
        tau2 = np.maximum(excess, 0.0) / np.maximum(is_known.sum(axis=1), 1)
        tau2 = np.nan_to_num(tau2)[:, None]
        total = tau2 + variance
        share = np.divide(tau2, total, out=np.zeros_like(total), where=is_known & (total > 0.0))
        return cls(axes, share * b, np.where(is_known, share * variance, tau2), s2)

    @property
    def centered(self) -> Floats:
        """The effects less their mean, (q, K)."""
        b = np.einsum("qkl,ql->qk", self.axes, self.mean)
        return b - b.mean(axis=1, keepdims=True)

    def of(self, center: NDArray[np.intp], is_run: Bools) -> tuple[Floats, Floats]:
        """How far the mean of the folds run lies from that of all, and the variance of the rest.

        `center` (r,) says which window is whose, `is_run` (r, K) which folds were run.
        """
        m, K = is_run.sum(axis=1), is_run.shape[1]
        # The contrast h'b of the folds run against all of them.
        h = np.einsum("rk,rkl->rl", is_run / m[:, None] - 1.0 / K, self.axes[center])
        shift = (h * self.mean[center]).sum(axis=1)
        variance = (h**2 * self.variance[center]).sum(axis=1)
        return shift, variance + self.s2[center] * (1.0 / m - 1.0 / K)
