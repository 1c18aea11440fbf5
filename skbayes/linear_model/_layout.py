"""The layout of the parameters: one flat vector w for coefficients and intercepts.

Notation: p features, K classes. One output: w = (coefficients, intercept). K classes: w is the K x (p + 1) matrix of
the rows (coefficients of class k, its intercept), flattened. Without an intercept its places are missing.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Layout"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Layout:
    """Where in w the coefficients and the intercepts are.

    Attributes
    ----------
    n_features : int
        p.
    n_classes : int or None
        K; None: one linear predictor per sample, of shape (n,) and not (n, 1).
    fit_intercept : bool
        Whether w holds intercepts.
    """

    n_features: int
    n_classes: int | None
    fit_intercept: bool

    @property
    def width(self) -> int:
        """Return the number of parameters of one output."""
        return self.n_features + self.fit_intercept

    @property
    def of_one_output(self) -> "Layout":
        """Return the layout of the parameters of a single class."""
        return Layout(self.n_features, None, self.fit_intercept)

    @property
    def n_parameters(self) -> int:
        """Return the length of w."""
        return self.width * (self.n_classes or 1)

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the shape of w unflattened, (width,) or (K, width)."""
        return (self.width,) if self.n_classes is None else (self.n_classes, self.width)

    def split(self, w: Array) -> tuple[Array, Any]:
        """Return views of the coefficients, (p,) or (K, p), and the intercept, a scalar or (K,); 0 if there is none."""
        rows = w.reshape(self.shape)
        intercept = rows[..., -1] if self.fit_intercept else w.dtype.type(0)
        return rows[..., : self.n_features], intercept

    def join(self, coef: Array, intercept: Any) -> Array:
        """Return the flat vector of the parts that `split` gives."""
        if not self.fit_intercept:
            return np.ravel(coef)
        last = np.asarray(intercept)[..., None]
        return np.concatenate([coef, last.astype(coef.dtype, copy=False)], axis=-1).ravel()

    def spread(self, per_feature: Array, intercept: float) -> Array:
        """Return a flat vector with the same numbers (p,) for each output and one number for the intercepts."""
        row = np.append(per_feature, intercept) if self.fit_intercept else np.asarray(per_feature)
        return row if self.n_classes is None else np.tile(row, self.n_classes)
