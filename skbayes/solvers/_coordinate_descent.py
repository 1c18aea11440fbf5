"""Coordinate descent with working sets, for a quadratic objective with a separable penalty."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from ._base import Solver, SolverResult
from ._working_set import minimize_separable

__all__ = ["CoordinateDescent", "order_of"]

Array = NDArray[Any]


class CoordinateDescent(Solver):
    """Coordinate descent on working sets, stopped by the duality gap.

    The lasso and its kin: a Gaussian likelihood with a Laplace, elastic net, normal or flat prior, and bounds.

    Parameters
    ----------
    max_iter : int, default=1000
        Largest number of passes over the working set, positive.
    tol : float, default=1e-08
        Largest duality gap, non-negative, as a part of twice the smooth part of the objective at the centre of the
        prior; for data centred and without weights, of ‖y‖² / σ².
    selection : str, default="cyclic"
        Order of the parameters in a pass: ``"cyclic"`` or ``"random"``.
    random_state : int, RandomState or None, default=None
        For the random order.

    Attributes
    ----------
    needs : frozenset of str
        What an objective must offer.

    Notes
    -----
    The problem on a working set S [1]_ needs XᵀX on S only, which grows by the new rows and columns. Parameters are
    updated in turn to their minimum (soft thresholding) by scikit-learn's compiled kernel, which leaves out what the
    gap proves to be zero [2]_. Then the duality gap of the whole problem is taken: an upper bound of the distance to
    the minimum of the objective. A flat intercept is no parameter of the descent: it is eliminated exactly, as are
    parameters under a flat or normal prior beside others.

    References
    ----------
    .. [1] Massias, Gramfort, Salmon (2018). Celer: a fast solver for the lasso with dual extrapolation. ICML.
       arXiv:1802.07481
    .. [2] Fercoq, Gramfort, Salmon (2015). Mind the duality gap: safer rules for the Lasso. ICML. arXiv:1505.03410

    Examples
    --------
    >>> from skbayes.linear_model import MAPRegressor
    >>> from skbayes.solvers import CoordinateDescent
    >>> model = MAPRegressor(prior="laplace", solver=CoordinateDescent(tol=1e-8))
    >>> model.fit([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.5]], [0.0, 1.0, 2.1, 2.9]).converged_
    True
    """

    needs: ClassVar[frozenset[str]] = frozenset({"quadratic", "separable"})

    def __init__(
        self,
        max_iter: int = 1000,
        tol: float = 1e-8,
        selection: str = "cyclic",
        random_state: Any = None,
    ) -> None:
        self.max_iter = max_iter
        self.tol = tol
        self.selection = selection
        self.random_state = random_state

    def solve(self, objective: Any, w0: Array) -> SolverResult:
        """Minimise the objective.

        Parameters
        ----------
        objective : Objective
            Offers ``"quadratic"`` and ``"separable"``; `profiled()` gives the quadratic form, the penalty, and the
            maps between the parameters of the form and of the objective.
        w0 : ndarray of shape (m,)
            Where to begin.

        Returns
        -------
        result : SolverResult
            The minimum, and whether its duality gap is within the tolerance.

        Raises
        ------
        ValueError
            If `selection` is neither ``"cyclic"`` nor ``"random"``.
        """
        rng = order_of(self.selection, self.random_state)
        profile = objective.profiled()
        start = profile.form.evaluate(profile.penalty.loc)[0]
        result = minimize_separable(
            profile.form,
            profile.penalty,
            profile.reduce(w0),
            tol_abs=self.tol * start,
            max_epochs=self.max_iter,
            rng=rng,
        )
        w = profile.expand(result.w).astype(w0.dtype, copy=False)
        message = (
            f"duality gap {result.gap:.3g} after {result.n_epochs} passes, "
            f"tolerance {self.tol * start:.3g} (tol={self.tol:g})"
        )
        return SolverResult(w, objective.value(w), result.n_epochs, result.converged, message)


def order_of(selection: str, random_state: Any) -> np.random.RandomState | None:
    """Return what draws the parameters of a pass.

    Parameters
    ----------
    selection : {"cyclic", "random"}
        The order.
    random_state : int, RandomState or None
        For the random order.

    Returns
    -------
    rng : RandomState or None
        None for a cyclic order.

    Raises
    ------
    ValueError
        If `selection` is neither.
    """
    if selection == "cyclic":
        return None
    if selection != "random":
        raise ValueError(f"selection needs 'cyclic' or 'random'; got {selection!r}.")
    return check_random_state(random_state)
