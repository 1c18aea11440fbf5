"""Sums of polynomials in one and two columns, whose functional ANOVA is known exactly.

Notation: φ_d the Legendre polynomials on [0, 1], orthonormal, φ_0 = 1; on a column of few values, steps that are
orthonormal instead. A feature is φ_a(u_i) or φ_a(u_i) φ_b(u_j), and h = Σ_k c_k feature_k. Features are orthonormal,
so the variance of a term of h is the sum of its c_k².
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Basis", "PolynomialEffects"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

# Steps for up to nine values, polynomials of degree 8 for more. In pairs the sum of both degrees is
# bounded: 36 features for each.
_DEGREE, _PAIR_DEGREE = 8, 9
# Rows for each coefficient: fewer, and h would follow the points instead of the function.
_ROWS_PER_FEATURE = 4


@dataclass(frozen=True, eq=False)
class Basis:
    """The functions φ_d of each column.

    Parameters
    ----------
    steps : tuple of (ndarray of shape (k - 1,), ndarray of shape (k, k)) or None
        For each column None, or the edges of k cells and the values in each of them of k functions.
    """

    steps: tuple[tuple[Floats, Floats] | None, ...]

    @classmethod
    def seen(cls, V: Floats, U: Floats) -> "Basis":
        """Return steps for the columns that have few values in U, which is a function of V column by column.

        NaN in U is no value. Where a cell ends is seen only as near as the points lie; the functions are orthonormal
        on the cells as seen.
        """
        return cls(tuple(_steps(v, u) for v, u in zip(V.T, U.T, strict=True)))

    def values(self, V: Floats) -> Floats:
        """φ_0, φ_1, ... of each column at points, (n, n_dims, degree); 0 where a column has no more functions."""
        degrees = np.arange(_DEGREE + 1)
        L = np.polynomial.legendre.legvander(2.0 * V - 1.0, _DEGREE) * np.sqrt(2 * degrees + 1)
        for j, steps in enumerate(self.steps):
            if steps is not None:
                edges, table = steps
                L[:, j] = 0.0
                L[:, j, : len(table)] = table[np.searchsorted(edges, V[:, j])]
        return np.asarray(L)


def _steps(v: Floats, u: Floats) -> tuple[Floats, Floats] | None:
    known = ~np.isnan(u)
    values, which = np.unique(u[known], return_inverse=True)
    if not 0 < len(values) <= _DEGREE + 1:
        return None
    order = np.argsort(v[known], kind="stable")
    v, which = v[known][order], which[order]
    last = np.flatnonzero(np.diff(which))
    if len(last) + 1 != len(values):
        return None  # a value in two places
    edges = 0.5 * (v[last] + v[last + 1])
    p = np.diff(np.concatenate([[0.0], edges, [1.0]]))
    # The first function is 1; the others complete an orthonormal basis.
    start = np.column_stack([np.sqrt(p), np.eye(len(p))[:, 1:]])
    Q = np.linalg.qr(start)[0]
    return edges, Q * np.sign(Q[0, 0]) / np.sqrt(p)[:, None]


@dataclass(frozen=True, eq=False)
class PolynomialEffects:
    """Several functions h, each a sum over the same features.

    Parameters
    ----------
    columns : ndarray of shape (2, n_features)
        The columns of each feature; twice the same with one column.
    degrees : ndarray of shape (2, n_features)
        The degrees; 0 in the second place with one column.
    coefficients : ndarray of shape (n_functions, n_features)
        c.
    """

    columns: Ints
    degrees: Ints
    coefficients: Floats

    @classmethod
    def fitted(
        cls, L: Floats, values: Floats, pairs: Sequence[tuple[int, int]]
    ) -> "PolynomialEffects":
        """Fit to values (n_functions, n), with as many of the pairs as there are rows for.

        `L` are the functions of the basis at the points, (n, n_dims, degree).
        """
        n, n_dims = L.shape[:2]
        room = n // _ROWS_PER_FEATURE
        degree = min(_DEGREE, room // n_dims)
        features = [(j, j, d, 0) for j in range(n_dims) for d in range(1, degree + 1)]
        for i, j in pairs:
            features += [
                (i, j, a, b) for a in range(1, _DEGREE + 1) for b in range(1, _PAIR_DEGREE - a + 1)
            ]
        table = np.array(features[: max(room, n_dims * degree)], dtype=int).reshape(-1, 4).T
        columns, degrees = table[:2], table[2:]
        X = L[:, columns[0], degrees[0]] * L[:, columns[1], degrees[1]]
        # The normal equations are safe here: the features are nearly orthonormal.
        coefficients = np.linalg.lstsq(X.T @ X, X.T @ values.T, rcond=None)[0].T
        return cls(columns, degrees, np.asarray(coefficients, dtype=float))

    def values(self, L: Floats) -> Floats:
        """h at the points of L, (n_functions, n)."""
        (i, j), (a, b) = self.columns, self.degrees
        return np.asarray(self.coefficients @ (L[:, i, a] * L[:, j, b]).T)

    def change(self, L: Floats, M: Floats, group: Sequence[int]) -> Floats:
        """h at the points of L with the columns of a group taken from M, minus h at those of L."""
        is_moved = np.isin(self.columns, group)
        rows = is_moved.any(axis=0)
        before = after = np.ones((len(L), int(rows.sum())))
        for column, degree, moves in zip(
            self.columns[:, rows], self.degrees[:, rows], is_moved[:, rows], strict=True
        ):
            before = before * L[:, column, degree]
            after = after * np.where(moves, M[:, column, degree], L[:, column, degree])
        return np.asarray(self.coefficients[:, rows] @ (after - before).T)

    def variances(self, member: Ints, p: int) -> Floats:
        """Exact variances of the terms by groups, (n_functions, p, p): first order on the diagonal.

        `member` (n_dims,) is the group of each column, one of p.
        """
        exact = np.zeros((len(self.coefficients), p, p))
        for (i, j), c in zip(member[self.columns].T, self.coefficients.T, strict=True):
            exact[:, i, j] += c**2
            if i != j:
                exact[:, j, i] += c**2
        return exact
