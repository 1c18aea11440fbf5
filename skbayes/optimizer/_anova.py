"""Functional ANOVA: how much of a function's variance each input explains, alone and in pairs.

Notation: f on the cube [0, 1]^d, its inputs independent and uniform, in p groups. f splits uniquely
into a constant, functions f_i of one group, f_ij of two groups, ..., of mean zero and uncorrelated;
V, V_i, V_ij are the variances of f, f_i, f_ij. The total T_i is the sum over all terms with i in them.

A and B are two independent points, AB_i is A with group i taken from B, and BA_i the other way round.
With expectations over A and B:

    V_i  = ½ E[(f(A) − f(AB_i)) (f(BA_i) − f(B))]
    T_i  = ½ E[(f(A) − f(AB_i))²]
    V_ij = E[(f(BA_i) − f(B)) (f(AB_j) − f(A))]

The first is zero exactly where i has no effect, and so is the second (Owen 2013; Jansen 1999). The third
is so, since the products hold the covariances of V_ij + V_i + V_j, −V_i and −V_j: BA_i and AB_j share i
and j, BA_i and A share i, B and AB_j share j, and A and B nothing.

The estimates err for polynomials of one and two columns much as they do for f if these come near f; and
for polynomials the truth is known. So what the estimates err by for fitted polynomials is taken off. For
smooth functions an error then is a tenth of what it was.

A and B are the halves of scrambled Sobol points in 2d dimensions. All this is done for many
functions at once.

References: Saltelli (2002). Making best use of model evaluations to compute sensitivity indices. Comput.
Phys. Commun. 145, 280-297. Owen (2013). Better estimation of small Sobol' sensitivity indices.
ACM Trans. Model. Comput. Simul. 23, 11. Jansen (1999). Analysis of variance designs for model output.
Comput. Phys. Commun. 117, 35-43.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from ._polynomial_effects import Basis, PolynomialEffects

__all__ = ["Anova", "anova"]

Floats = NDArray[np.float64]

# Points at which all functions are evaluated, about: the cost. With 10 inputs A and B have 1024 points
# each, and the error of a share is .0005 (root mean square, Ishigami's function).
_N_EVALUATIONS = 33_000
# Sobol points are balanced in powers of two: 2**9 at least, and with more than 2**12 little changes.
_FEWEST, _MOST = 9, 12
# Pairs that get polynomials: those that seem largest. More matter rarely, and cost time.
_N_PAIRS = 6


@dataclass(frozen=True, eq=False)
class Anova:
    """Variances of the terms of several functions.

    Parameters
    ----------
    variance : ndarray of shape (n_functions,)
        V, relative to the squared scale of all values.
    first : ndarray of shape (n_functions, p)
        V_i / V; nan for a constant function.
    total : ndarray of shape (n_functions, p)
        T_i / V.
    pairs : ndarray of shape (n_functions, p, p)
        V_ij / V; 0 on the diagonal.
    """

    variance: Floats
    first: Floats
    total: Floats
    pairs: Floats


def anova(
    functions: Callable[[Floats], Floats],
    valid: Callable[[Floats], Floats],
    groups: Sequence[Sequence[int]],
    n_dims: int,
    rng: np.random.Generator,
) -> Anova:
    """Estimate the shares of the terms in the variance.

    Parameters
    ----------
    functions : callable
        Take valid points (m, n_dims) and return finite values (n_functions, m).
    valid : callable
        Takes points (m, n_dims) of the cube and returns valid ones, column by column; NaN where a column
        plays no part.
    groups : sequence of sequence of int
        The columns of each group; together all columns.
    n_dims : int
        Number of columns.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    anova : Anova
        Estimates; those of terms that are zero scatter around it.
    """
    p = len(groups)
    A, B = _base_points(n_dims, p, rng)
    points = [A, B, *_mixed(A, B, groups), *_mixed(B, A, groups)]
    values = functions(valid(np.concatenate(points)))
    values = values.reshape(len(values), 2 * p + 2, len(A))
    # Scores may be so large that their squares are no numbers.
    values = values - values[:, :2].mean(axis=(1, 2), keepdims=True)
    scale = np.abs(values).max()
    values = values / (scale if scale > 0.0 else 1.0)
    at_base, from_A = values[:, :2], values[:, 2 : p + 2] - values[:, :1]
    from_B = values[:, p + 2 :] - values[:, 1:2]
    terms = _terms(from_A, from_B)
    variance = np.mean(at_base**2, axis=(1, 2))
    base = np.concatenate([A, B])
    basis = Basis.seen(base, valid(base))
    L = basis.values(A), basis.values(B)
    h = _polynomials(at_base, L, groups, terms)
    variance, terms = _corrected(variance, terms, h, L, groups)
    return _shares(variance, terms, p)


@dataclass(frozen=True, eq=False)
class _Terms:
    """Variances: `first` and `total` (n_functions, p), `pairs` (n_functions, p, p) with 0 on the diagonal."""

    first: Floats
    total: Floats
    pairs: Floats


def _terms(from_A: Floats, from_B: Floats) -> _Terms:
    """Estimates from f(AB_i) − f(A) and f(BA_i) − f(B), both (n_functions, p, n)."""
    pairs = from_B @ np.swapaxes(from_A, 1, 2) / from_A.shape[2]
    pairs = 0.5 * (pairs + np.swapaxes(pairs, 1, 2))
    np.einsum("kii->ki", pairs)[:] = 0.0
    return _Terms(
        first=-0.5 * np.mean(from_A * from_B, axis=2),
        total=0.25 * np.mean(from_A**2 + from_B**2, axis=2),
        pairs=pairs,
    )


def _polynomials(
    values: Floats, L: tuple[Floats, Floats], groups: Sequence[Sequence[int]], terms: _Terms
) -> PolynomialEffects:
    """Polynomials fitted to values (n_functions, 2, n) at A and B, with the largest pairs of groups."""
    size = np.triu(np.abs(terms.pairs).mean(axis=0))
    order = np.argsort(-size, axis=None, kind="stable")[:_N_PAIRS]
    largest = [(k // len(groups), k % len(groups)) for k in order if size.flat[k] > 0.0]
    columns = [(i, j) for a, b in largest for i in groups[a] for j in groups[b]]
    return PolynomialEffects.fitted(np.concatenate(L), values.reshape(len(values), -1), columns)


def _corrected(
    variance: Floats,
    terms: _Terms,
    h: PolynomialEffects,
    L: tuple[Floats, Floats],
    groups: Sequence[Sequence[int]],
) -> tuple[Floats, _Terms]:
    """Take the errors off that the same estimates have for h."""
    p, member = len(groups), np.empty(L[0].shape[1], dtype=int)
    for k, group in enumerate(groups):
        member[list(group)] = k
    estimated = _terms(
        np.stack([h.change(*L, group) for group in groups], axis=1),
        np.stack([h.change(*L[::-1], group) for group in groups], axis=1),
    )
    spread = h.values(np.concatenate(L)).var(axis=1)
    exact = h.variances(member, p)
    pairs = exact.copy()
    np.einsum("kii->ki", pairs)[:] = 0.0
    first, total = np.einsum("kii->ki", exact), exact.sum(axis=2)
    all_terms = first.sum(axis=1) + 0.5 * pairs.sum(axis=(1, 2))
    return variance + all_terms - spread, _Terms(
        terms.first + first - estimated.first,
        terms.total + total - estimated.total,
        terms.pairs + pairs - estimated.pairs,
    )


def _shares(variance: Floats, terms: _Terms, p: int) -> Anova:
    if p == 1:
        terms = _Terms(variance[:, None], variance[:, None], terms.pairs)
    with np.errstate(invalid="ignore", divide="ignore"):
        return Anova(
            variance=variance,
            first=terms.first / variance[:, None],
            total=terms.total / variance[:, None],
            pairs=terms.pairs / variance[:, None, None],
        )


def _base_points(n_dims: int, p: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    m = int(np.log2(_N_EVALUATIONS / (2 * p + 2)))
    points = qmc.Sobol(2 * n_dims, seed=rng).random_base2(min(max(m, _FEWEST), _MOST))
    return points[:, :n_dims], points[:, n_dims:]


def _mixed(A: Floats, B: Floats, groups: Sequence[Sequence[int]]) -> list[Floats]:
    """A with one group after the other taken from B."""
    mixed = []
    for group in groups:
        points = A.copy()
        points[:, list(group)] = B[:, list(group)]
        mixed.append(points)
    return mixed
