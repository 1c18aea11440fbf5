"""What the prior adds to the objective: a smooth part and a part with kinks and bounds.

Notation: −log p(w) = smooth(w) + h(w) + constant, where the intercepts have their own prior (none: flat) and each class
has the same prior of its coefficients.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..priors import Flat
from ..solvers import SeparablePenalty
from ._layout import Layout
from ._seen import Expansion, expansion_of_joint

__all__ = ["PriorTerm"]

Array = NDArray[Any]
Bounds = tuple[Any, Any]


@dataclass(frozen=True)
class _Part:
    """One prior on some places of w: the coefficients of all outputs, or the intercepts."""

    prior: Any  # resolved for these features
    is_split: bool  # whether it lies in h

    @property
    def is_smooth(self) -> bool:
        return bool(self.prior.is_smooth) and not self.is_split

    @property
    def is_separable(self) -> bool:
        return not self.is_smooth and hasattr(self.prior, "separable")


def _part(prior: Any, n_features: int, split: bool) -> _Part:
    resolved = prior.for_features(None, n_features)
    return _Part(resolved, split and hasattr(resolved, "separable"))


class PriorTerm:
    """The negative log density of all priors as a function of w.

    Parameters
    ----------
    prior : Prior
        Of the coefficients of each output.
    intercept_prior : Prior or None
        Of each intercept; None: flat.
    layout : Layout
        Where in w they are.
    bounds : tuple of (lower, upper) or None
        Scalars or arrays (p,) of the box of the coefficients.
    split : bool
        Whether every separable prior goes into h, also a smooth one.
    seen : Expansion or None, default=None
        What rows say that are not among the data; part of the smooth part.
    """

    def __init__(
        self,
        prior: Any,
        intercept_prior: Any,
        layout: Layout,
        bounds: Bounds | None,
        split: bool,
        seen: Expansion | None = None,
    ) -> None:
        self.layout = layout
        self.seen = seen
        self.joint = prior if prior.is_joint else None
        self._added = seen
        if prior.is_joint:
            of_prior = expansion_of_joint(prior.for_features(None, layout.n_features), layout)
            self._added = of_prior if seen is None else seen.plus(of_prior)
            prior = Flat()
        self._coef = _part(prior, layout.n_features, split)
        flat = intercept_prior is None or not layout.fit_intercept
        self._intercept = None if flat else _part(intercept_prior, 1, split)
        self._parts = [part for part in (self._coef, self._intercept) if part is not None]
        self.lower, self.upper = self._box(bounds)
        self.is_bounded = bool(np.isfinite(self.lower).any() or np.isfinite(self.upper).any())
        self.is_smooth = all(part.is_smooth for part in self._parts)
        self.has_penalty = all(part.is_smooth or part.is_separable for part in self._parts)
        self.has_hessian = all(
            hasattr(part.prior, "hessian") for part in self._parts if part.is_smooth
        )
        self.penalty = self._penalty() if self.has_penalty else None

    @property
    def is_quadratic(self) -> bool:
        """Return whether the smooth part is a quadratic function of w."""
        # The forms that a quadratic one is solved in know nothing of a slope that is not the prior's own.
        return self._added is None and self._is_quadratic

    @property
    def _is_quadratic(self) -> bool:
        return all(hasattr(part.prior, "quadratic") for part in self._parts if part.is_smooth)

    @property
    def is_diagonal(self) -> bool:
        """Return whether the smooth part is a quadratic of each parameter alone."""
        n_features = self.layout.n_features
        if self._added is not None and not self._added.is_diagonal:
            return False
        return self._is_quadratic and all(
            np.ndim(part.prior.quadratic()[1]) < 2 or n_features == 1
            for part in self._parts
            if part.is_smooth
        )

    @property
    def leaves_intercept(self) -> bool:
        """Return whether the part with kinks and bounds does not depend on the intercepts."""
        return self._intercept is None or self._intercept.is_smooth

    @property
    def coefficient_prior(self) -> Any:
        """Return the prior of the coefficients, resolved for their features."""
        return self._coef.prior

    @property
    def intercept_prior(self) -> Any:
        """Return the prior of the intercepts; None: flat."""
        return None if self._intercept is None else self._intercept.prior

    def kinked(self) -> list[tuple[Any, Array]]:
        """Return each prior outside of the smooth part and the places in w that it is of, (k,), for each output."""
        places = np.arange(self.layout.n_parameters)
        return [
            (part.prior, row)
            for part, rows in self._places(places)
            if not part.is_smooth
            for row in rows
        ]

    def _box(self, bounds: Bounds | None) -> tuple[Array, Array]:
        lower, upper = (-np.inf, np.inf) if bounds is None else bounds
        n_features = self.layout.n_features
        box = [
            np.broadcast_to(np.asarray(b, dtype=np.float64), (n_features,)) for b in (lower, upper)
        ]
        return self.layout.spread(box[0], -np.inf), self.layout.spread(box[1], np.inf)

    def _penalty(self) -> SeparablePenalty:
        zero = np.zeros(self.layout.n_features)
        columns = [zero, zero, zero]
        last = [0.0, 0.0, 0.0]
        if self._coef.is_separable:
            columns = [np.asarray(part, dtype=np.float64) for part in self._coef.prior.separable()]
        if self._intercept is not None and self._intercept.is_separable:
            last = [float(np.ravel(part)[0]) for part in self._intercept.prior.separable()]
        spread = [self.layout.spread(c, value) for c, value in zip(columns, last, strict=True)]
        return SeparablePenalty(spread[0], spread[1], spread[2], self.lower, self.upper)

    def _places(self, w: Array) -> list[tuple[_Part, Array]]:
        """Return each prior and what it is of, one row per output."""
        rows = w.reshape(-1, self.layout.width)
        places = [(self._coef, rows[:, : self.layout.n_features])]
        if self._intercept is not None:
            places.append((self._intercept, rows[:, self.layout.n_features :]))
        return places

    def value(self, w: Array) -> float:
        """Return −log p(w), normalised; infinite outside the box."""
        if self.is_bounded and (np.any(w < self.lower) or np.any(w > self.upper)):
            return np.inf
        return self._added_value(w) - float(
            sum(part.prior.log_density(row) for part, rows in self._places(w) for row in rows)
        )

    def _added_value(self, w: Array) -> float:
        return 0.0 if self._added is None else self._added.value_at(w)

    def smooth_value(self, w: Array) -> float:
        """Return the smooth part, normalised."""
        return self._added_value(w) - float(
            sum(
                part.prior.log_density(row)
                for part, rows in self._places(w)
                if part.is_smooth
                for row in rows
            )
        )

    @property
    def least_smooth_value(self) -> float:
        """Return the least of the smooth part of one output, where it is quadratic: its constant."""
        return -float(
            sum(
                part.prior.log_density(part.prior.quadratic()[0])
                for part in self._parts
                if part.is_smooth
            )
        )

    def nonsmooth_value(self, w: Array) -> float:
        """Return the rest of −log p(w), normalised; infinite outside the box."""
        return self.value(w) - self.smooth_value(w)

    def add_gradient(self, w: Array, gradient: Array) -> None:
        """Add the gradient of the smooth part to `gradient`."""
        for (part, rows), (_, target) in zip(self._places(w), self._places(gradient), strict=True):
            if part.is_smooth:
                for row, out in zip(rows, target, strict=True):
                    out -= part.prior.gradient(row)
        if self._added is not None:
            gradient += self._added.gradient(w)

    def precisions(self, w: Array) -> list[Array]:
        """Return the Hessian of the smooth part for each output: (width,) if diagonal, else (width, width).

        Zero of a prior that has none.
        """
        places = self._places(w)
        precisions = [
            self._precision([rows[k] for _, rows in places]) for k in range(places[0][1].shape[0])
        ]
        if self._added is None:
            return precisions
        return [
            np.diag(of_prior) + block
            if block.ndim > of_prior.ndim
            else of_prior + _like(block, of_prior)
            for of_prior, block in zip(precisions, self._added.blocks(), strict=True)
        ]

    @property
    def _coupled(self) -> Expansion | None:
        is_matrix = self._added is not None and not self._added.is_diagonal
        return self._added if is_matrix and self.layout.n_classes is not None else None

    @property
    def is_coupled(self) -> bool:
        """Return whether classes are tied together: by rows seen earlier, or a prior of all of them."""
        return self._coupled is not None

    def add_coupling(self, hessian: Array) -> None:
        """Add to a Hessian what couples the classes."""
        if self._coupled is None:
            return
        hessian += self._coupled.curvature
        width = self.layout.width
        for k, block in enumerate(self._coupled.blocks()):
            place = slice(k * width, (k + 1) * width)
            hessian[place, place] -= block

    def coupling(self, v: Array) -> Array | float:
        """Return the product of what `add_coupling` adds with v."""
        if self._coupled is None:
            return 0.0
        rows = v.reshape(-1, self.layout.width)
        own = np.einsum("kij,kj->ki", self._coupled.blocks(), rows).ravel()
        product: Array = self._coupled.product(v) - own
        return product

    def _precision(self, rows: list[Array]) -> Array:
        width = self.layout.width
        blocks = [
            -np.asarray(part.prior.hessian(row), dtype=np.float64)
            if part.is_smooth and hasattr(part.prior, "hessian")
            else np.zeros(row.size)
            for part, row in zip(self._parts, rows, strict=True)
        ]
        if blocks[0].ndim == 1:
            precision = np.zeros(width)
            filled = np.concatenate(blocks)
            precision[: filled.size] = filled
            return precision
        matrix = np.zeros((width, width))
        n_features = self.layout.n_features
        matrix[:n_features, :n_features] = blocks[0]
        if len(blocks) == 2:
            matrix[n_features:, n_features:] = np.diag(np.ravel(blocks[1]))
        return matrix

    @property
    def has_prox(self) -> bool:
        """Return whether the part with kinks and bounds has a prox."""
        if self.has_penalty:
            return True
        # Of a prior that ties coefficients together, the clipped prox is not that within the box.
        wanted = "prox_within" if self.is_bounded else "prox"
        return all(
            part.is_smooth or part.is_separable or hasattr(part.prior, wanted)
            for part in self._parts
        )

    def prox(self, w: Array, step: float | Array) -> Array:
        """Return argmin_z ½ Σ (z_j − w_j)² / step_j + h(z)."""
        if self.penalty is not None:
            return self.penalty.prox(w, step)
        z = np.array(w)
        vectors = (z, np.broadcast_to(step, w.shape), self.lower, self.upper)
        for (part, rows), *others in zip(*map(self._places, vectors), strict=True):
            if part.is_smooth:
                continue
            for row, size, low, high in zip(rows, *(other for _, other in others), strict=True):
                if self.is_bounded and hasattr(part.prior, "prox_within"):
                    row[...] = part.prior.prox_within(row, size, low, high)
                else:
                    row[...] = part.prior.prox(row, step if np.isscalar(step) else size)
        return np.clip(z, self.lower, self.upper, out=z)


def _like(block: Array, precision: Array) -> Array:
    """Return a block as a matrix if the precision is one."""
    return np.diag(block) if block.ndim < precision.ndim else block
