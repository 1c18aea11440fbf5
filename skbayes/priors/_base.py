"""What a prior is: a parameter object with a log density; more only where it honestly exists.

Notation: w (n_parameters,) the parameters; a prior factorises over them, log p(w) = Σ_j log p(w_j).
"""

from abc import ABC, abstractmethod

from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

__all__ = ["Prior"]


class Prior(BaseEstimator, ABC):
    """Base class of all priors.

    A subclass stores its parameters in ``__init__``, untouched, and defines `log_density`. It adds
    ``gradient(w)``, ``hessian(w)``, ``prox(w, step)`` and ``sample(n, random_state)`` where they
    exist; what a prior does not have, it does not define.
    """

    @abstractmethod
    def log_density(self, w: ArrayLike) -> float:
        """Logarithm of the normalised density, summed over the parameters.

        Parameters
        ----------
        w : array-like of shape (n_parameters,)
            Where to evaluate.

        Returns
        -------
        log_density : float
            Minus infinity outside the support.
        """
