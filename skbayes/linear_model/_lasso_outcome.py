"""What a fit of the lasso family leaves: coefficients with zeros, the noise, and a warning if it ended too early."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from ._lasso_descent import LassoPath
from ._mean_predictions import MeanPredictions
from ._quadratic import CentredQuadratic

__all__ = ["SparseCoefficients", "noise_scale", "warn_unless_converged"]

Array = NDArray[Any]


class SparseCoefficients(MeanPredictions):
    """What all models of this family have after `fit`; goes before `LinearModel`."""

    coef_: Array

    @property
    def sparse_coef_(self) -> Any:
        """The coefficients as a CSR matrix of shape (1 or n_targets, n_features)."""
        return sparse.csr_matrix(np.atleast_2d(self.coef_))


def noise_scale(form: CentredQuadratic, w: Array, l2: float) -> tuple[float, float]:
    """Return √(Σ s r² / (Σ s − γ)), NaN where nothing is left for it, and Σ s − γ."""
    support = np.flatnonzero(w)
    gamma = float(len(support)) + float(form.x_mean is not None)
    if l2 > 0 and len(support):
        # trace(G (G + λI)⁻¹) = k − λ ‖L⁻¹‖², with G + λI = LLᵀ.
        ridge = l2 * form.total
        G = form.support_gram(support)
        G.flat[:: len(G) + 1] += ridge
        gamma -= ridge * float(np.sum(np.linalg.inv(np.linalg.cholesky(G)) ** 2))
    free = form.total - gamma
    r = form.residual(w.astype(np.float64)).astype(np.float64)
    return (float(np.sqrt((r @ r) / free)) if free > 0 else float("nan")), free


def warn_unless_converged(paths: list[LassoPath], max_iter: int) -> None:
    """Warn of the strength that is furthest from its tolerance, if one is."""
    behind = [
        (path.gaps[i], path.tolerance) for path in paths for i in np.flatnonzero(~path.converged)
    ]
    if behind:
        gap, tolerance = max(behind)
        warnings.warn(
            "Objective did not converge. You might want to increase the number of iterations, check the scale of the "
            f"features or consider increasing regularisation. Duality gap: {gap:.3e}, tolerance: {tolerance:.3e}, "
            f"after max_iter={max_iter} passes; raise max_iter or tol.",
            ConvergenceWarning,
            stacklevel=3,
        )
