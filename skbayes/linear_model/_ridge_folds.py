"""Ridge on the training parts of folds, for many strengths at once.

Notation: k targets, A strengths. Where the test parts cut the rows into disjoint pieces and each training part is all the
others, the moments of the pieces are computed once, about one common point, and those of a training part are the sum of
the others' (not all minus one: that loses the digits in which the fold is large).
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._design import Design, is_thin, row_major
from ._moments import centred, joint_products, provisional_mean
from ._spectrum import Spectrum, spectrum_of, spectrum_of_moments

__all__ = ["fold_coefficients"]

Array = NDArray[Any]
Fold = tuple[Array, Array]

# From this many training rows per feature the moments are most of the work.
_TALL = 2


def fold_coefficients(
    X: Any, Y: Array, weight: Array | None, fit_intercept: bool, alphas: Array, folds: Sequence[Fold]
) -> Iterator[tuple[Array, Array]]:
    """Yield coefficients (p, k, A) and intercepts (k, A) of the training part of each fold."""
    n, p = X.shape
    X = row_major(X)
    if not is_thin(X) and min(len(train) for train, _ in folds) >= _TALL * p and _is_partition(n, folds):
        spectra = _shared(X, Y, weight, fit_intercept, [test for _, test in folds])
        for spectrum in spectra:
            yield path_of(spectrum, None, None, alphas, fit_intercept)
        return
    least = float(alphas.min())
    for train, _ in folds:
        part, s = X[train], None if weight is None else weight[train]
        spectrum = spectrum_of(part, Y[train], s, fit_intercept, least_alpha=least)
        yield path_of(spectrum, part, s, alphas, fit_intercept)


def path_of(
    spectrum: Spectrum, X: Any, weight: Array | None, alphas: Array, fit_intercept: bool
) -> tuple[Array, Array]:
    """Return coefficients (p, k, A) and intercepts (k, A) for all strengths."""
    k = spectrum.targets.shape[1]
    shrunk = np.stack([spectrum.shrunk(np.full(k, alpha)) for alpha in alphas], axis=2)
    flat = spectrum.basis @ shrunk.reshape(len(spectrum.values), -1)
    if spectrum.is_wide:
        # Their sum over rows under the weights is zero, so X need not be centred.
        rows = flat if weight is None else np.sqrt(weight)[:, None] * flat
        flat = Design(X, spectrum.mean if fit_intercept else None).rmatvec(rows)
    coef = np.asarray(flat).reshape(-1, k, alphas.size)
    return coef, spectrum.target_mean[:, None] - np.tensordot(spectrum.mean, coef, 1)


def _is_partition(n: int, folds: Sequence[Fold]) -> bool:
    if sum(len(test) for _, test in folds) != n:
        return False
    owner = np.full(n, -1)
    for i, (_, test) in enumerate(folds):
        owner[test] = i
    return all(
        len(train) == n - len(test) and not np.any(owner[train] == i)
        for i, (train, test) in enumerate(folds)
    ) and bool(np.all(owner >= 0))


def _shared(
    X: Any, Y: Array, weight: Array | None, fit_intercept: bool, tests: Sequence[Array]
) -> Iterator[Spectrum]:
    shift = provisional_mean(X, weight) if fit_intercept else np.zeros(X.shape[1])
    nu = Y.mean(axis=0) if fit_intercept else np.zeros(Y.shape[1])
    pieces = [
        joint_products(X[test], Y[test], None if weight is None else weight[test], shift, nu, np.float64)
        for test in tests
    ]
    for i in range(len(pieces)):
        rest = sum(piece for j, piece in enumerate(pieces) if j != i)
        yield spectrum_of_moments(centred(np.asarray(rest), shift, nu, fit_intercept))
