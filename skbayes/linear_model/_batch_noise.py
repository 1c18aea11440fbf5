"""Noise on the batches of the stochastic solvers: inputs, or weights of each row, dropped at random.

Notation: δ the part that is dropped; a factor is 0 with probability δ, else 1 / (1 − δ): its mean is 1, its variance
δ / (1 − δ). Dropout draws a factor for each x_ij, DropConnect [1]_ one for each weight of each row, w_kj as row i sees
it: of one linear predictor that is the same. Intercepts have none. The linear predictors, and the gradients of a
Gaussian likelihood but for a ridge, are on average those without noise.

References
----------
.. [1] Wan, Zeiler, Zhang, LeCun, Fergus (2013). Regularization of neural networks using DropConnect. Proc. ICML, PMLR
   28, 1058-1066.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ._data_term import DataTerm
from ._design import Design

__all__ = ["BatchNoise"]

Array = NDArray[Any]


@dataclass(frozen=True)
class BatchNoise:
    """What is dropped, and the generator that draws it.

    Attributes
    ----------
    dropout, drop_connect : float
        Parts of the inputs and of the weights that are dropped, each in [0, 1).
    rng : Generator
        Draws anew for each batch.
    """

    dropout: float
    drop_connect: float
    rng: np.random.Generator

    @property
    def variance(self) -> float:
        """Variance of the factors on a feature, as one class sees it."""
        return 1.0 / ((1.0 - self.dropout) * (1.0 - self.drop_connect)) - 1.0

    def on(self, data: DataTerm) -> DataTerm:
        """Return the term of a batch with noise on its rows; the rows themselves are left as they are."""
        design = data.design
        if self.dropout > 0.0:
            design = replace(design, X=self._dropped(design.X, self.dropout))
        if self.drop_connect > 0.0:
            K = data.layout.n_classes
            if K is None:
                design = replace(design, X=self._dropped(design.X, self.drop_connect))
            else:
                parts = [self._dropped(design.X, self.drop_connect) for _ in range(K)]
                design = _DesignOfClasses(design.X, design.mean, tuple(parts))
        return DataTerm(design, data.y, data.likelihood, data.weight, data.offset, data.layout)

    def _dropped(self, X: Any, rate: float) -> Any:
        """Return X with each entry dropped or multiplied; of a sparse X only what it stores."""
        values = X.data if sparse.issparse(X) else X
        # In single precision: a rate is a choice, not a measurement, and the draws are half of the time.
        stays = self.rng.random(values.shape, dtype=np.float32) >= rate
        noised = values * (stays * values.dtype.type(1.0 / (1.0 - rate)))
        if not sparse.issparse(X):
            return noised
        return type(X)((noised, X.indices, X.indptr), shape=X.shape)


@dataclass(frozen=True)
class _DesignOfClasses(Design):
    """Rows whose features each class sees with noise of its own.

    Attributes
    ----------
    parts : tuple of array or CSR matrix
        X as class k sees it.
    """

    parts: tuple[Any, ...] = ()

    def _design(self, k: int) -> Design:
        return Design(self.parts[k], self.mean)

    def matvec(self, w: Array) -> Array:
        """Return the product for each class, (n, K), w (p, K)."""
        return np.stack([self._design(k).matvec(w[:, k]) for k in range(w.shape[1])], axis=1)

    def rmatvec(self, r: Array) -> Array:
        """Return the transposed product for each class, (p, K), r (n, K)."""
        return np.stack([self._design(k).rmatvec(r[:, k]) for k in range(r.shape[1])], axis=1)

    def rows(self, index: Any) -> "_DesignOfClasses":
        """Return the map of some rows."""
        parts = tuple(part[index] for part in self.parts)
        return _DesignOfClasses(self.X[index], self.mean, parts)
