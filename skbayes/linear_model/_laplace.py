"""The covariance at a mode: the inverse of the curvature of the negative log posterior, in the form of its size.

Notation: S the free parameters (off kinks and bounds), m of them; D_i the curvature of row i in its linear predictor, a
number or (K, K); Q the curvature of the prior; H = Z'Z + Q with the rows Z = D^½ [X 1]. Σ = H⁻¹, and zero outside S.

Forms. *Full*: H formed and factorised; with one output the intercept is eliminated first (`_bordered`), so that a
feature far from zero costs no digits. *Low rank*: for more parameters than rows, by a matrix of the number of rows,
exact; else by the leading directions of Z Q⁻¹ Z' alone, which overstates the variances, since the other directions are
left as they are under the prior. *Diagonal*: 1 / diag H after the intercept is eliminated; it takes all other
coefficients as known. *Robust*: the sandwich H⁻¹ (Σ s_i g_i g_i') H⁻¹, g_i the gradient of the log likelihood of a row
(Huber 1967, White 1982): the covariance of the estimate where the likelihood is wrong.
"""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..posteriors import CovarianceForm, DiagonalForm, SupportForm
from ._curvature import Curvature, curvature_at
from ._eliminated import diagonal_form, full_form
from ._free import free_parameters
from ._low_rank import can_be_low_rank, low_rank_form
from ._sandwich import sandwich_form

__all__ = ["laplace_form"]

Array = NDArray[Any]

# A factor of a matrix of this size takes a fraction of a second, and its memory is 32 MB.
_SMALL = 2000
# What is still formed where no other form is exact: 200 MB, and some seconds (benchmarks/constants.py factors).
_LARGEST_FULL = 5000


def laplace_form(objective: Any, w: Array, covariance: str = "auto") -> CovarianceForm:
    """Return the covariance of the parameters at the mode w.

    Parameters
    ----------
    objective : LinearObjective
        With everything but its parameters known.
    w : ndarray of shape (m,)
        Its mode.
    covariance : {"auto", "full", "low_rank", "diagonal", "robust"}, default="auto"
        Which form. ``"auto"``: full for up to 2000 free parameters, else low rank where nearly all have a prior, else
        full up to 5000, else diagonal.

    Warns
    -----
    UserWarning
        If ``"auto"`` comes to the diagonal.

    Raises
    ------
    ValueError
        If the form is not one of them, or is ``"low_rank"`` and too many parameters have a flat prior.
    """
    free = free_parameters(objective, w)
    size = free.size
    if not free.any():
        return DiagonalForm(np.zeros(size))
    part = curvature_at(objective, w, free)
    form = _form_of(part, covariance)
    return form if free.all() else SupportForm(size, np.flatnonzero(free), form)


def _form_of(part: Curvature, covariance: str) -> CovarianceForm:
    if covariance == "auto":
        covariance = _affordable(part)
    if covariance == "full":
        return full_form(part)
    if covariance == "low_rank":
        return low_rank_form(part)
    if covariance == "diagonal":
        return diagonal_form(part)
    if covariance == "robust":
        return sandwich_form(part, _form_of(part, "auto"))
    raise ValueError(
        f"covariance must be one of 'auto', 'full', 'low_rank', 'diagonal', 'robust'; got {covariance!r}."
    )


def _affordable(part: Curvature) -> str:
    if part.size <= _SMALL:
        return "full"
    if can_be_low_rank(part):
        return "low_rank"
    # A prior with a covariance is a matrix of that size already.
    if part.size <= _LARGEST_FULL or part.has_dense_prior:
        return "full"
    warnings.warn(
        f"The posterior of {part.size} parameters without a prior of their own is held as covariance='diagonal', which "
        "takes all other coefficients as known and understates the standard deviations. Give a proper prior such as "
        "Normal, or ask for covariance='full' or 'diagonal' yourself.",
        UserWarning,
        stacklevel=2,
    )
    return "diagonal"
