"""The coordinates in which a first-order solver steps: the objective's own better ones, where it has them.

Steps along the gradient depend on the units of the parameters. An objective that knows better units than those it was
given in offers ``rescaling``: `rescaled(w)` returns the same objective in other coordinates z, with `into(w)` -> z and
`out_of(z)` -> w, and with `total`, by which its gradient is divided to have a curvature near 1.
"""

from typing import Any

from numpy.typing import NDArray

__all__ = ["own_coordinates"]

Array = NDArray[Any]


class _AsGiven:
    """An objective in the coordinates that it was given in, with the face of a rescaled one."""

    coordinates = None

    def __init__(self, objective: Any, total: float) -> None:
        self.objective = objective
        self.total = total

    @property
    def n_samples(self) -> int:
        return int(self.objective.n_samples)

    def into(self, w: Array) -> Array:
        return w.copy()

    def out_of(self, z: Array) -> Array:
        return z.copy()

    def value_and_gradient(self, w: Array) -> tuple[float, Array]:
        value, gradient = self.objective.value_and_gradient(w)
        return value, gradient

    def prox(self, w: Array, step: float | Array) -> Array:
        z: Array = self.objective.prox(w, step)
        return z

    def batch(self, rows: Any) -> "_AsGiven":
        return _AsGiven(self.objective.batch(rows), self.total)

    def loss(self, rows: Any, w: Array) -> float:
        return float(self.objective.batch(rows).value(w)) / self.total


def own_coordinates(objective: Any, w: Array) -> Any:
    """Return the objective in its better coordinates, good near w; in the given ones if it offers no others."""
    if "rescaling" in objective.offers:
        return objective.rescaled(w)
    return _AsGiven(objective, float(getattr(objective, "n_samples", 1)))
