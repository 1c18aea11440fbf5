"""The likelihood of parameters, point by point: densities, their product, and its logarithm."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._pandas import frame_of

__all__ = ["LikelihoodTable"]

Array = NDArray[np.float64]

# Rows that a printed table shows of many.
_SHOWN = 10


@dataclass(frozen=True, eq=False)
class LikelihoodTable:
    """Density of each point, their product and its logarithm.

    Parameters
    ----------
    x : ndarray of shape (n_samples, n_features)
        The points.
    log_density : ndarray of shape (n_samples,)
        Log density of each point, summed over its columns.
    params : dict or list of dict
        The parameters.

    Attributes
    ----------
    density : ndarray of shape (n_samples,)
        Density of each point; a probability for a discrete family.
    likelihood : float
        Product of the densities. Of some hundred points it is often too small for a floating-point number, and 0.
    log_likelihood : float
        Its logarithm, the sum of those of the densities, which is never too small.

    Examples
    --------
    >>> from skbayes.density import DistributionEstimator
    >>> model = DistributionEstimator("norm").fit([[1.0], [2.0], [3.0]])
    >>> print(model.likelihood({"loc": 2.0, "scale": 1.0}))
         x    density  log density
         1      0.242       -1.419
         2     0.3989      -0.9189
         3      0.242       -1.419
    product 0.02336
    log     -3.757
    """

    x: Array
    log_density: Array
    params: Any

    @property
    def density(self) -> Array:
        """Density of each point."""
        return np.exp(self.log_density)

    @property
    def likelihood(self) -> float:
        """Product of the densities."""
        return float(np.exp(self.log_likelihood))

    @property
    def log_likelihood(self) -> float:
        """Sum of the log densities."""
        return float(self.log_density.sum())

    def __str__(self) -> str:
        rows = [
            [", ".join(f"{value:.4g}" for value in point), f"{np.exp(log):.4g}", f"{log:.4g}"]
            for point, log in zip(self.x[:_SHOWN], self.log_density[:_SHOWN], strict=True)
        ]
        head = ["x", "density", "log density"]
        width = max(6, *(len(row[0]) for row in [head, *rows]))
        lines = [f"{a:>{width}}  {b:>9}  {c:>11}" for a, b, c in [head, *rows]]
        if self.x.shape[0] > _SHOWN:
            lines.append(f"{'...':>{width}}  ({self.x.shape[0]} points)")
        lines.append(f"product {self.likelihood:.4g}")
        lines.append(f"log     {self.log_likelihood:.4g}")
        return "\n".join(lines)

    def to_frame(self) -> Any:
        """Return the table as a data frame.

        Returns
        -------
        frame : pandas.DataFrame
            Columns x (x0, x1, ... if there are several), density and log_density; a row for each point.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        single = self.x.shape[1] == 1
        names = ["x"] if single else [f"x{j}" for j in range(self.x.shape[1])]
        columns = dict(zip(names, self.x.T.tolist(), strict=True))
        columns["density"] = self.density.tolist()
        columns["log_density"] = self.log_density.tolist()
        return frame_of(columns, "LikelihoodTable.to_frame")
