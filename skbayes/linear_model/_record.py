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
from scipy import sparse

from ._layout import Layout
from ._objective import LinearObjective

__all__ = ["Record"]

Array = NDArray[Any]

# So many entries are remembered of each array: an array changed as a whole (centred, scaled, sorted) differs in one.
_REMEMBERED = 1000


class Record:
    """The end of one fit: one target, or one classifier.

    Parameters
    ----------
    make_objective : callable
        Without arguments; returns the LinearObjective at the end of the fit, its likelihood without unknowns.
    w : ndarray of shape (m,)
        The mode, as `Layout` orders it.
    data : sequence of array or sparse matrix
        X, y, weights and offset: what the objective is made of and must not change; None among them are passed over.
    dof : float, callable or None, default=None
        Degrees of freedom N − γ that an estimated noise scale has, or a function of the objective and w that computes
        them; None: the noise scale was given, or there is none.
    refit : callable or None, default=None
        Of row weights (n,), which multiply those of the fit: the mode for them. For the bootstrap.
    """

    def __init__(
        self,
        make_objective: Callable[[], LinearObjective],
        w: Array,
        data: tuple[Any, ...],
        *,
        dof: float | Callable[[LinearObjective, Array], float] | None = None,
        refit: Callable[[Array], Array] | None = None,
    ) -> None:
        self._make_objective = make_objective
        self.w = np.array(w, dtype=np.float64)
        self.refit = refit
        self._dof = dof
        self._data = tuple(part for part in data if part is not None)
        self._remembered = [_some_entries(part) for part in self._data]

    @cached_property
    def objective(self) -> LinearObjective:
        """The objective of which `w` is the mode.

        Raises
        ------
        RuntimeError
            If the data were changed in place since the fit.
        """
        for part, entries in zip(self._data, self._remembered, strict=True):
            if not np.array_equal(_some_entries(part), entries, equal_nan=True):
                raise RuntimeError(
                    "The data were changed in place after `fit`, and the posterior is computed from them when it is "
                    "first asked for. Fit again, ask for `posterior_.std` before changing them, or fit to a copy."
                )
        return self._make_objective()

    @property
    def layout(self) -> Layout:
        """Where in `w` the coefficients and the intercepts are."""
        return self.objective.layout

    @cached_property
    def dof(self) -> float | None:
        """Degrees of freedom of the noise scale, or None."""
        return self._dof(self.objective, self.w) if callable(self._dof) else self._dof


def _some_entries(data: Any) -> Array:
    """Return entries evenly spaced over the memory of an array, and its size."""
    values = data.data if sparse.issparse(data) else data
    flat = values.reshape(-1, order="A") if values.flags.forc else values
    step = max(1, flat.shape[0] // _REMEMBERED)
    return np.append(np.ravel(flat[::step]).astype(np.float64), values.size)
