"""Ridge on the training parts of folds, for many strengths at once.

Notation: k targets, A strengths. Where the test parts cut the rows into disjoint pieces and each training part is all
the others, the moments of the pieces are computed once, about one common point, and those of a training part are the
sum of the others' (not all minus one: that loses the digits in which the fold is large).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._design import is_thin, row_major
from ._moments import centred, joint_products, provisional_mean
from ._ridge_data import RidgeData
from ._spectrum import Spectrum, from_rows, spectrum_of, spectrum_of_moments

__all__ = ["fold_coefficients"]

Array = NDArray[Any]
Fold = tuple[Array, Array]

# From this many training rows per feature the moments are most of the work.
_TALL = 2


def fold_coefficients(
    data: RidgeData, alphas: Array, folds: Sequence[Fold]
) -> Iterator[tuple[Array, Array]]:
    """Yield coefficients (p, k, A) and intercepts (k, A) of the training part of each fold."""
    n, p = data.X.shape
    data = replace(data, X=row_major(data.X))
    is_tall = min(len(train) for train, _ in folds) >= _TALL * p
    if is_tall and not is_thin(data.X) and _is_partition(n, folds):
        for spectrum in _shared(data, [test for _, test in folds]):
            yield path_of(spectrum, data, alphas)
        return
    for train, _ in folds:
        part = data.part(train)
        yield path_of(spectrum_of(part, least_alpha=float(alphas.min())), part, alphas)


def path_of(spectrum: Spectrum, data: RidgeData, alphas: Array) -> tuple[Array, Array]:
    """Return coefficients (p, k, A) and intercepts (k, A) for all strengths."""
    k = spectrum.targets.shape[1]
    shrunk = np.stack([spectrum.shrunk(np.full(k, alpha)) for alpha in alphas], axis=2)
    flat = spectrum.basis @ shrunk.reshape(len(spectrum.values), -1)
    if spectrum.is_wide:
        flat = from_rows(data, spectrum.mean, flat)
    coef = flat.reshape(-1, k, alphas.size)
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


def _shared(data: RidgeData, tests: Sequence[Array]) -> Iterator[Spectrum]:
    shift, nu = np.zeros(data.X.shape[1]), np.zeros(data.n_targets)
    if data.fit_intercept:
        shift, nu = provisional_mean(data.X, data.weight), data.Y.mean(axis=0)
    pieces = []
    for test in tests:
        part = data.part(test)
        pieces.append(joint_products(part.X, part.Y, part.weight, shift, nu, np.float64))
    for i in range(len(pieces)):
        rest = sum(piece for j, piece in enumerate(pieces) if j != i)
        yield spectrum_of_moments(centred(np.asarray(rest), shift, nu, data.fit_intercept))
