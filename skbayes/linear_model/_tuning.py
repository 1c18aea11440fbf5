"""What tuning by the evidence is given, and what it finds: data that pass between its ways.

Notation: coefficients are counted from the centre of their prior, so that the prior of a task is about zero.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..likelihoods import Likelihood
from ._model import Model

__all__ = ["Scaled", "Tuned"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Scaled:
    """A model whose prior scales are known up to a factor for each group of features.

    Attributes
    ----------
    X : ndarray or sparse matrix of shape (n, p)
        Features.
    y : ndarray of shape (n,)
        Targets.
    offset : ndarray of shape (n,) or None
        Added to the linear predictor.
    model : Model
        Likelihood, weights and intercept.
    scale : ndarray of shape (p,)
        Prior scales at factor 1; inf: flat.
    codes : ndarray of shape (p,)
        Number of the group of each feature.
    n_groups : int
        How many there are.
    how : str
        "evidence" or "ard".
    """

    X: Any
    y: Array
    offset: Array | None
    model: Model
    scale: Array
    codes: NDArray[np.intp]
    n_groups: int
    how: str


@dataclass(frozen=True)
class Tuned:
    """A model at its highest evidence.

    Attributes
    ----------
    likelihood : Likelihood
        With nothing unknown.
    scale : ndarray of shape (p,)
        Prior scales.
    coef : ndarray of shape (p,) or (K, p)
        The mode, counted from the centre of the prior.
    intercept : float or ndarray of shape (K,)
        Of the mode.
    log_evidence : float
        log p(y).
    n_iter : int
        Evaluations of the evidence, or updates.
    converged : bool
        Whether it is a maximum.
    message : str
        If not: what it is.
    is_mode : bool
        Whether the mode is exact to rounding, or a place from which to look for it.
    """

    likelihood: Likelihood
    scale: Array
    coef: Array
    intercept: Any
    log_evidence: float
    n_iter: int
    converged: bool
    message: str
    is_mode: bool
