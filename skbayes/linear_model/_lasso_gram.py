"""A Gram matrix that is there before the descent begins: the user's, or that of all columns of tall data."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..solvers import WorkingSet
from ._lasso_descent import GramQuadratic
from ._moments import moments_of
from ._quadratic import CentredQuadratic, full_gram

__all__ = ["checked_gram", "gram_quadratic", "prefilled"]

Array = NDArray[Any]


def gram_quadratic(form: CentredQuadratic, X: Any, y: Array) -> GramQuadratic:
    """Return the same form by its moments, from one pass over the rows."""
    moments = moments_of(X, y[:, None], form.weight, form.x_mean is not None, np.float64)
    eps = float(np.finfo(np.float64).eps)
    return GramQuadratic(
        moments.gram, moments.cross[:, 0], float(moments.power[0]), moments.total, eps
    )


def prefilled(form: CentredQuadratic, G: Array) -> WorkingSet:
    """Return a working set of all features whose Gram matrix is known."""
    S = WorkingSet(form)
    S.indices = np.arange(form.n_parameters)
    S.holds[:] = True
    S.gram = np.ascontiguousarray(G)  # as the kernel wants it
    return S


def checked_gram(form: CentredQuadratic, precompute: Any, check: bool) -> Array:
    """Return ZᵀZ: computed, or what the user gave where that is it.

    Raises
    ------
    ValueError
        If the user's matrix has the wrong shape, or an entry of it is not that of the data.
    """
    p = form.n_parameters
    if precompute is True:
        return full_gram(form.X, form.root, form.x_mean)
    given = np.asarray(precompute, dtype=np.float64)
    if given.shape != (p, p):
        raise ValueError(
            f"precompute needs a Gram matrix of shape ({p}, {p}), one row per feature; got shape {given.shape}."
        )
    if form.x_mean is not None and not np.allclose(form.x_mean, 0.0):
        warnings.warn(
            "Gram matrix was provided but X was centered to fit intercept: recomputing Gram matrix.",
            UserWarning,
            stacklevel=4,
        )
        return full_gram(form.X, form.root, form.x_mean)
    # The matrix is of weights that sum to n.
    unit = form.total / form.X.shape[0]
    if check:
        _check_entry(form, given, unit)
    return np.ascontiguousarray(given * unit)


def _check_entry(form: CentredQuadratic, given: Array, unit: float) -> None:
    """Compare one entry off the diagonal with that of the data."""
    first = form.n_parameters // 2
    second = min(first + 1, form.n_parameters - 1)
    v, w = (
        form.X[:, j] - (0.0 if form.x_mean is None else form.x_mean[j]) for j in (first, second)
    )
    expected = float(v @ w if form.weight is None else v @ (form.weight * w)) / unit
    # As precise as products of the data are; the absolute part is for entries near zero.
    rtol = 1e-4 if form.X.dtype == np.float32 else 1e-7
    if not np.isclose(expected, given[first, second], rtol=rtol, atol=1e-5):
        raise ValueError(
            "Gram matrix passed in via 'precompute' parameter did not pass validation when a single element was "
            f"checked - please check that it was computed properly. For element ({first},{second}) we computed "
            f"{expected} but the user-supplied value was {given[first, second]}."
        )
