"""What a fit leaves for its posterior: how to build the objective again, and the mode.

The data are kept by reference and nothing is computed until somebody asks, so that a fit costs what it costs without a
posterior. A few entries of the data are remembered: data that were changed in place since would give a posterior of
something that was never fitted.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..likelihoods import Likelihood
from ._fingerprint import Fingerprint
from ._layout import Layout
from ._objective import LinearObjective

__all__ = ["Record"]

Array = NDArray[Any]


class Record:
    """The end of one fit: one target, or one classifier.

    A pickle or a deep copy keeps `w`, `layout`, `likelihood` and `dof`, and no data.

    Parameters
    ----------
    make_objective : callable
        Without arguments; returns the LinearObjective at the end of the fit, its likelihood without unknowns.
    w : ndarray of shape (m,)
        The mode, as `Layout` orders it.
    data : tuple of array, sparse matrix or None
        X, y, weights and offset: what the objective is made of and must not change.
    dof : float, callable or None, default=None
        Degrees of freedom N − γ that an estimated noise scale has, or a function of the objective and w that computes
        them; None: the noise scale was given, or there is none.
    refit : callable or None, default=None
        Of row weights (n,), which multiply those of the fit: the mode for them. For the bootstrap.
    fingerprint : Fingerprint or None, default=None
        Of the data as they were at the fit, where it was taken already.
    """

    def __init__(
        self,
        make_objective: Callable[[], LinearObjective],
        w: Array,
        data: tuple[Any, ...],
        *,
        dof: float | Callable[[LinearObjective, Array], float] | None = None,
        refit: Callable[[Array], Array] | None = None,
        fingerprint: Fingerprint | None = None,
    ) -> None:
        self._make_objective = make_objective
        self.w = np.array(w, dtype=np.float64)
        self._refit = refit
        self._dof = dof
        self._data = data
        self._fingerprint = Fingerprint(data) if fingerprint is None else fingerprint

    @property
    def data(self) -> tuple[Any, ...]:
        """X, y, weights and offset of the fit.

        Raises
        ------
        RuntimeError
            If they were changed in place since the fit.
        """
        self._fingerprint.check()
        return self._data

    @cached_property
    def objective(self) -> LinearObjective:
        """The objective of which `w` is the mode.

        Raises
        ------
        RuntimeError
            If the data were changed in place since the fit.
        """
        self._fingerprint.check()
        return self._make_objective()

    @property
    def refit(self) -> Callable[[Array], Array] | None:
        """The mode as a function of row weights, or None where it is not known how."""
        self._fingerprint.check()
        return self._refit

    @cached_property
    def layout(self) -> Layout:
        """Where in `w` the coefficients and the intercepts are."""
        return self.objective.layout

    @cached_property
    def likelihood(self) -> Likelihood:
        """The likelihood, without unknowns."""
        return self.objective.data.likelihood

    @cached_property
    def dof(self) -> float | None:
        """Degrees of freedom of the noise scale, or None."""
        return self._dof(self.objective, self.w) if callable(self._dof) else self._dof

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = {"w": self.w, "failure": None}
        try:
            kept = {name: getattr(self, name) for name in ("layout", "likelihood", "dof")}
        except (RuntimeError, ValueError) as reason:
            return {**state, "failure": str(reason)}
        return {**state, **kept}

    def __setstate__(self, state: dict[str, Any]) -> None:
        failure = state.pop("failure")
        self.__dict__.update(state)
        self._make_objective = self._refuse
        self._refit = self._dof = None
        self._data = ()
        self._fingerprint = _Gone(failure)  # type: ignore[assignment]

    def _refuse(self) -> LinearObjective:
        raise AssertionError("the fingerprint refuses first")


class _Gone:
    """Stands for the fingerprint of data that a pickle does not hold."""

    def __init__(self, failure: str | None) -> None:
        self._failure = failure

    def check(self) -> None:
        raise RuntimeError(
            self._failure
            or "This needs the data of the fit, and a model that was pickled or copied does not hold them. Ask for it "
            "before, or fit again."
        )
