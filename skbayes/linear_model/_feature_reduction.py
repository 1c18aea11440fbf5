"""Fewer features that carry the same model: a group of more features than rows, rotated.

Notation: X_g (n, p_g) the columns of a group, p_g > n, μ_g their means if there is a flat intercept, S its prior
scales; (X_g − 1 μ_gᵀ) S = U Λ Vᵀ. With w_g = S V v + (what no row sees) and v ~ N(0, τ² I) the linear predictor, the
likelihood and the evidence are those of the r ≤ n features U Λ; what no row sees stays at zero.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._design import Design, weighted_mean
from ._symmetric import null_level
from ._tuning import Scaled, Tuned

__all__ = ["Reduction", "reduced"]

Array = NDArray[Any]


@dataclass(frozen=True)
class _Rotation:
    """Of one group: its `features`, their centred design, and U Λ⁻¹, (n, r)."""

    features: Array
    design: Design
    dual: Array


@dataclass(frozen=True)
class Reduction:
    """A task of fewer features, and the way back.

    Attributes
    ----------
    task : Scaled
        The smaller one; the same where no group has more features than rows.
    """

    task: Scaled
    _whole: Scaled
    _kept: Array
    _rotations: list[_Rotation]

    @classmethod
    def none(cls, task: Scaled) -> "Reduction":
        """Return that which changes nothing."""
        return cls(task, task, np.arange(task.scale.size), [])

    def back(self, found: Tuned) -> Tuned:
        """Return what was found in the features that were given."""
        if not self._rotations:
            return found
        n_kept = self._kept.size
        coef = np.zeros((*found.coef.shape[:-1], self._whole.scale.size))
        scale = np.empty(self._whole.scale.size)
        coef[..., self._kept], scale[self._kept] = found.coef[..., :n_kept], found.scale[:n_kept]
        intercept, first = found.intercept, n_kept
        for rotation in self._rotations:
            own = slice(first, first + rotation.dual.shape[1])
            first = own.stop
            s = self._whole.scale[rotation.features]
            part = rotation.design.rmatvec(rotation.dual @ found.coef[..., own].T).T * np.square(s)
            coef[..., rotation.features] = part
            scale[rotation.features] = s * found.scale[own][0]
            if rotation.design.mean is not None:
                intercept = intercept - part @ rotation.design.mean
        return replace(found, coef=coef, scale=scale, intercept=intercept)


def reduced(task: Scaled) -> Reduction:
    """Return the task with every group of more features than rows rotated."""
    n = task.X.shape[0]
    has_prior = np.isfinite(task.scale)
    sizes = np.bincount(task.codes[has_prior], minlength=task.n_groups)
    is_large = (sizes > n)[task.codes] & has_prior
    kept = np.flatnonzero(~is_large)
    if not is_large.any():
        return Reduction.none(task)
    is_centred = task.model.fit_intercept and task.model.intercept_prior is None
    columns = [Design(task.X).columns(kept)] if kept.size else []
    codes, rotations = [task.codes[kept]], []
    for g in np.flatnonzero(sizes > n):
        features = np.flatnonzero(has_prior & (task.codes == g))
        part = task.X if features.size == task.scale.size else task.X[:, features]
        design = Design(part, weighted_mean(part, task.model.weight) if is_centred else None)
        kernel = np.asarray(design.row_gram(np.square(task.scale[features]), dtype=np.float64))
        values, U = np.linalg.eigh(kernel)
        seen = values > null_level(values)
        # At least one, so that the group is still there; of a group of zeros it is a feature of zeros.
        seen[-1] = True
        root = np.sqrt(np.maximum(values[seen], 0.0))
        columns.append(U[:, seen] * root)
        rotations.append(_Rotation(features, design, U[:, seen] / np.where(root > 0.0, root, 1.0)))
        codes.append(np.full(root.size, g))
    scale = np.concatenate([task.scale[kept], np.ones(sum(c.size for c in codes[1:]))])
    smaller = replace(task, X=np.column_stack(columns), scale=scale, codes=np.concatenate(codes))
    return Reduction(smaller, task, kept, rotations)
