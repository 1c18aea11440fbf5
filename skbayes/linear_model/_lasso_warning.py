"""What is said when the descent of a lasso ends before its tolerance."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ._lasso_descent import LassoPath

__all__ = ["warn_unless_converged"]


def warn_unless_converged(paths: list[LassoPath], max_iter: int) -> None:
    """Warn of the strength that is furthest from its tolerance, if one is."""
    behind = [(path.gaps[i], path.tolerance) for path in paths for i in np.flatnonzero(~path.converged)]
    if behind:
        gap, tolerance = max(behind)
        warnings.warn(
            "Objective did not converge. You might want to increase the number of iterations, check the scale of the "
            f"features or consider increasing regularisation. Duality gap: {gap:.3e}, tolerance: {tolerance:.3e}, "
            f"after max_iter={max_iter} passes; raise max_iter or tol.",
            ConvergenceWarning,
            stacklevel=3,
        )
