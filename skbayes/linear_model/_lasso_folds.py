"""Test errors of folds along paths of strengths; for tall data from the moments of the folds alone.

Notation: fold f has the moments (G_f, q_f, v_f) about its own means (μ_f, ν_f), and weight n_f. The moments of several
folds together are the sums of theirs plus Σ n_f (μ_f − μ)(μ_f − μ)ᵀ: nothing is subtracted from a total, which would
lose the digits that a fold shares with the others.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from ._lasso_descent import DescentOptions, GramQuadratic, LassoPath, descend_path
from ._moments import Moments, moments_of
from ._quadratic import CentredQuadratic

__all__ = ["fold_errors", "pooled", "uses_moments"]

Array = NDArray[Any]
Fold = tuple[Array, Array]

# The Gram matrices of all folds are kept: beyond this many columns they are no longer small beside the data.
LARGEST_GRAM = 4000


def uses_moments(X: Any, folds: Sequence[Fold]) -> bool:
    """Whether paths are computed from the moments of the folds: tall data, and each row in the test of one fold."""
    n, p = X.shape
    tests = np.concatenate([test for _, test in folds])
    if p > LARGEST_GRAM or n <= p * (1 + 1 / len(folds)) or len(tests) != n:
        return False
    if np.any(np.bincount(tests, minlength=n) != 1):
        return False
    return all(
        len(train) + len(test) == n and not np.isin(train, test).any() for train, test in folds
    )


def fold_errors(
    X: Any,
    y: Array,
    weight: Array | None,
    folds: Sequence[Fold],
    grids: Sequence[tuple[float, Array]],
    fit_intercept: bool,
    options: DescentOptions,
    n_jobs: int | None,
    verbose: int,
) -> tuple[Array, list[LassoPath], list[Moments] | None]:
    """Return the mean squared test errors, the paths, and the moments of the folds where they were used.

    Parameters
    ----------
    X : ndarray or CSC matrix of shape (n, p)
        Features.
    y : ndarray of shape (n,)
        Target.
    weight : ndarray of shape (n,) or None
        Weights.
    folds : sequence of (train, test)
        Row indices.
    grids : sequence of (l1_ratio, alphas)
        The paths, all of one length k.
    fit_intercept : bool
        Whether there is an intercept.
    options : DescentOptions
        How the descent goes.
    n_jobs, verbose : int
        Of joblib.

    Returns
    -------
    errors : ndarray of shape (n_grids, n_folds, k)
        Weighted mean squared errors.
    paths : list of LassoPath
        In that order.
    moments : list of Moments or None
        One for each fold.
    """
    parallel = Parallel(n_jobs=n_jobs, verbose=verbose, prefer="threads")
    moments = None
    if uses_moments(X, folds):
        moments = parallel(
            delayed(_moments)(X, y, weight, test, fit_intercept) for _, test in folds
        )
        jobs = (
            delayed(_moment_path)(moments, f, ratio, alphas, options)
            for ratio, alphas in grids
            for f in range(len(folds))
        )
    else:
        jobs = (
            delayed(_row_path)(X, y, weight, fold, ratio, alphas, fit_intercept, options)
            for ratio, alphas in grids
            for fold in folds
        )
    results = parallel(jobs)
    errors = np.reshape([error for error, _ in results], (len(grids), len(folds), -1))
    return errors, [path for _, path in results], moments


def _moments(X: Any, y: Array, weight: Array | None, rows: Array, fit_intercept: bool) -> Moments:
    # Folds without shuffling are slices: no copy of their rows.
    is_run = (
        len(rows) > 0 and rows[-1] - rows[0] + 1 == len(rows) and bool(np.all(np.diff(rows) == 1))
    )
    part = slice(int(rows[0]), int(rows[-1]) + 1) if is_run else rows
    s = None if weight is None else weight[part]
    return moments_of(X[part], y[part][:, None], s, fit_intercept, np.float64)


def pooled(parts: Sequence[Moments]) -> Moments:
    """Return the moments of all parts together."""
    parts = [part for part in parts if part.total > 0]
    total = sum(part.total for part in parts)
    mean = np.sum([part.total * part.mean for part in parts], axis=0) / total
    target_mean = np.sum([part.total * part.target_mean for part in parts], axis=0) / total
    gram, cross, power = parts[0].gram.copy(), parts[0].cross.copy(), parts[0].power.copy()
    for part in parts[1:]:
        gram += part.gram
        cross += part.cross
        power += part.power
    for part in parts:
        d, e = part.mean - mean, part.target_mean - target_mean
        if d.any() or e.any():
            gram += part.total * np.outer(d, d)
            cross += part.total * np.outer(d, e)
            power += part.total * e * e
    return Moments(gram, cross, power, mean, target_mean, total)


def _moment_path(
    moments: Sequence[Moments], f: int, l1_ratio: float, alphas: Array, options: DescentOptions
) -> tuple[Array, LassoPath]:
    train = pooled([part for g, part in enumerate(moments) if g != f])
    eps = float(np.finfo(np.float64).eps)
    form = GramQuadratic(train.gram, train.cross[:, 0], float(train.power[0]), train.total, eps)
    path = descend_path(form, alphas, l1_ratio, options)
    test, W = moments[f], path.coefs
    within = test.power[0] - np.einsum("pk,pk->k", W, 2.0 * test.cross - test.gram @ W)
    shift = (test.target_mean[0] - train.target_mean[0]) - (test.mean - train.mean) @ W
    total = test.total if test.total > 0 else np.nan
    return np.maximum(within, 0.0) / total + shift**2, path


def _row_path(
    X: Any,
    y: Array,
    weight: Array | None,
    fold: Fold,
    l1_ratio: float,
    alphas: Array,
    fit_intercept: bool,
    options: DescentOptions,
) -> tuple[Array, LassoPath]:
    train, test = fold
    # Rows of weight 0 instead of a copy of the others; a row that is drawn twice counts twice.
    s = np.bincount(train, minlength=X.shape[0]).astype(X.dtype)
    form = CentredQuadratic(X, y, s if weight is None else s * weight, fit_intercept)
    path = descend_path(form, alphas, l1_ratio, options)
    W = path.coefs.astype(X.dtype, copy=False)
    support = np.flatnonzero(np.any(W != 0, axis=1))
    shift = form.y_mean - (0.0 if form.x_mean is None else form.x_mean[support] @ W[support])
    residual = X[test][:, support] @ W[support] + shift - y[test, None]
    return np.average(residual**2, weights=None if weight is None else weight[test], axis=0), path
