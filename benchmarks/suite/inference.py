"""How sure the comparison is: intervals, ranks and tests over problems and seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

__all__ = [
    "Estimate",
    "Friedman",
    "Paired",
    "average",
    "friedman",
    "mean_ranks",
    "nemenyi_distance",
    "paired",
    "shares_won",
]

Floats = NDArray[np.float64]
BySeed = Mapping[int, float]
# Scores closer than this are equal: sums in another order differ by less.
TIE = 1e-9
Z95 = 1.959963984540054  # two-sided 95 % of the normal distribution


@dataclass(frozen=True)
class Estimate:
    """A mean and half the width of its 95 % interval."""

    mean: float
    half: float

    def shown(self, digits: int = 3) -> str:
        """Both as text."""
        return f"{self.mean:.{digits}f} ± {self.half:.{digits}f}"


def average(samples: Sequence[Floats], spread: Sequence[float] | None = None) -> Estimate:
    """Mean over problems of the means over seeds, for these problems and other seeds.

    The variance of the mean is the sum over the problems of variance / seeds, over their number
    squared. A problem with one seed has no variance of its own and borrows one from `spread`, or
    without that from the mean of the others.
    """
    own = [float(values.var(ddof=1)) if len(values) > 1 else np.nan for values in samples]
    if spread is None:
        known = [variance for variance in own if np.isfinite(variance)]
        spread = [float(np.mean(known)) if known else np.nan] * len(samples)
    variances = np.where(np.isfinite(own), own, spread)
    seeds = np.array([len(values) for values in samples])
    error = np.sqrt((variances / seeds).sum()) / len(samples)
    return Estimate(float(np.mean([values.mean() for values in samples])), float(Z95 * error))


def ranks(scores: Floats) -> Floats:
    """Ranks within each row, 1 for the highest; equals share the mean of theirs."""
    return stats.rankdata(-np.round(scores / TIE) * TIE, axis=1)


def mean_ranks(problems: Sequence[Sequence[BySeed]]) -> tuple[Floats, int]:
    """Return the mean rank of each peer over problem and seed, and how many of those there were.

    `problems` holds for each problem a mapping from seed to score for each peer. A seed counts if
    every peer has it; every problem counts alike.
    """
    means, n_pairs = [], 0
    for peers in problems:
        common = sorted(set.intersection(*(set(by_seed) for by_seed in peers)))
        if common:
            table = np.array([[by_seed[seed] for by_seed in peers] for seed in common])
            means.append(ranks(table).mean(axis=0))
            n_pairs += len(common)
    n_peers = len(problems[0]) if problems else 0
    return (np.mean(means, axis=0) if means else np.full(n_peers, np.nan)), n_pairs


def shares_won(means: Floats) -> Floats:
    """Return of each peer (column) the fraction of problems (rows) won; winners share a problem."""
    is_best = means >= means.max(axis=1, keepdims=True) - TIE
    return (is_best / is_best.sum(axis=1, keepdims=True)).mean(axis=0)


@dataclass(frozen=True)
class Paired:
    """Differences on the same problem and seed.

    Parameters
    ----------
    n_problems, n_pairs : int
        How many there are.
    over_seeds : Estimate
        Mean difference, for these problems and other seeds.
    half_over_problems : float
        Half the 95 % interval (Student's) for other problems of the same sort.
    p_value : float
        Of Wilcoxon's signed-rank test on the mean differences of the problems; NaN where all are 0.
    """

    n_problems: int
    n_pairs: int
    over_seeds: Estimate
    half_over_problems: float
    p_value: float


def paired(ours: Sequence[BySeed], theirs: Sequence[BySeed]) -> Paired | None:
    """Compare two peers, problem by problem; None if they have nothing in common."""
    differences = []
    for mine, other in zip(ours, theirs, strict=True):
        common = sorted(set(mine) & set(other))
        if common:
            differences.append(np.array([mine[seed] - other[seed] for seed in common]))
    if not differences:
        return None
    n = len(differences)
    means = np.array([values.mean() for values in differences])
    half = stats.t.ppf(0.975, n - 1) * means.std(ddof=1) / np.sqrt(n) if n > 1 else np.nan
    differs = bool((np.abs(means) > TIE).any())
    p_value = float(stats.wilcoxon(np.round(means / TIE)).pvalue) if differs else np.nan
    n_pairs = sum(map(len, differences))
    return Paired(n, n_pairs, average(differences), float(half), p_value)


@dataclass(frozen=True)
class Friedman:
    """Friedman's test with Nemenyi's critical distance (Demšar 2006, JMLR 7, section 3.2)."""

    mean_ranks: Floats
    p_value: float
    distance: float


def nemenyi_distance(n_peers: int, n_problems: int) -> float:
    """Return the difference of mean ranks above which two peers differ at 5 %.

    q sqrt(k (k + 1) / (6 N)), where q is the quantile of the studentised range over sqrt(2).
    """
    q = stats.studentized_range.ppf(0.95, n_peers, np.inf) / np.sqrt(2)
    return float(q * np.sqrt(n_peers * (n_peers + 1) / (6 * n_problems)))


def friedman(means: Floats) -> Friedman | None:
    """Test whether the peers (columns) differ on the problems (rows).

    The rows are means over seeds: seeds of one problem are not independent blocks. None with fewer
    than three peers or two problems.
    """
    n_problems, n_peers = means.shape
    if n_peers < 3 or n_problems < 2:
        return None
    table = ranks(means)
    p_value = float(stats.friedmanchisquare(*table.T).pvalue)
    return Friedman(table.mean(axis=0), p_value, nemenyi_distance(n_peers, n_problems))
