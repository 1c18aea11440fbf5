"""The inverse curvature for more parameters than can be squared: by the rows, or by the leading directions of them.

Notation: Z (r, m) the rows D_i^½ ⊗ x̃_i; U the parameters without a prior (the intercept, mostly), B the others, V their
prior variances. With U integrated out, B sees the rows ΠZ_B, Π = I − S S' with S an orthonormal basis of the columns of
Z_U. If the rows are few, the form is exact; else ΠZ_B is replaced by G G'ΠZ_B, with G the leading left singular vectors
of ΠZ_B V^½: an observation of fewer things, which can only overstate the variances. G comes from a randomised range
finder with power steps [1]_, of a fixed seed: the same data give the same form.

References
----------
.. [1] Halko, Martinsson, Tropp (2011). Finding structure with randomness. SIAM Review 53, 217-288.
   doi:10.1137/090771806
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..posteriors import BorderedForm, CovarianceForm, DenseForm, LowRankForm
from ._curvature import Curvature

__all__ = ["can_be_low_rank", "low_rank_form", "n_directions"]

Array = NDArray[Any]

# Each parameter without a prior is a dense column beside X.
_MOST_FLAT = 200
# Operations of the exact form: some seconds on one core.
_AFFORDABLE = 2e11
# Numbers of a dense copy of the rows: 1.6 GB.
_LARGEST_COPY = 2e8
# Directions of the inexact form; fewer where so many numbers (400 MB) would not hold them.
_DIRECTIONS, _LARGEST_FACTOR = 256, 5e7
# One power step and ten more directions than are kept (Halko et al. 2011, sections 4.2 and 4.5).
_POWER_STEPS, _OVERSAMPLED = 1, 10


def can_be_low_rank(part: Curvature) -> bool:
    """Return whether nearly all parameters have a prior of their own."""
    if part.has_dense_prior:
        return False
    n_flat = int(np.count_nonzero(part.prior_diagonal <= 0.0))
    return n_flat <= min(_MOST_FLAT, part.size - 1)


def low_rank_form(part: Curvature) -> CovarianceForm:
    """Return the form of V⁻¹ + Z'ΠZ, bordered by the parameters without a prior."""
    precision = part.prior_diagonal
    if not can_be_low_rank(part):
        raise ValueError(
            f"covariance='low_rank' needs a prior of its own for all but {_MOST_FLAT} parameters; got "
            f"{int(np.count_nonzero(precision <= 0.0))} without one of {part.size}"
            f"{', and a prior that ties them' if part.has_dense_prior else ''}. Use covariance='full' or "
            "'diagonal', or a proper prior such as Normal."
        )
    rows = _Rows(part.convex())
    flat = np.flatnonzero(precision <= 0.0)
    rest = np.flatnonzero(precision > 0.0)
    if not flat.size:
        return _inner(rows, rest, 1.0 / precision, None)
    units = np.zeros((part.size, flat.size))
    units[flat, np.arange(flat.size)] = 1.0
    of_flat = rows.times(units)  # Z_U
    left, values, _ = np.linalg.svd(of_flat, full_matrices=False)
    level = values.size * np.finfo(np.float64).eps * values.max(initial=0.0)
    basis = left[:, values > level]  # S
    convention = part.convention()
    outer = DenseForm.of_precision(
        of_flat.T @ of_flat, None if convention is None else convention[flat]
    )
    slope = outer.times(rows.back(of_flat)[rest]).T
    inner = _inner(rows, rest, 1.0 / precision[rest], basis)
    return BorderedForm(flat, slope, inner, outer)


def n_directions(size: int, n_rows: int) -> int:
    """Return how many directions the inexact form keeps."""
    return int(max(1, min(_DIRECTIONS, _LARGEST_FACTOR // max(size, 1), size, n_rows)))


def _inner(rows: "_Rows", rest: Array, variance: Array, basis: Array | None) -> LowRankForm:
    if rows.is_affordable:
        matrix = rows.matrix()[:, rest]
        if basis is None:
            return LowRankForm(variance, matrix)
        seen = rows.back(basis)[rest].T  # S'Z_B
        if sparse.issparse(matrix):
            return LowRankForm(variance, matrix, (basis, seen))
        matrix -= basis @ seen
        return LowRankForm(variance, matrix)

    def projected(Y: Array) -> Array:
        return Y if basis is None else Y - basis @ (basis.T @ Y)

    root = np.sqrt(variance)[:, None]

    def times(W: Array) -> Array:
        whole = np.zeros((rows.size, W.shape[1]))
        whole[rest] = root * W
        return projected(rows.times(whole))

    def back(Y: Array) -> Array:
        return root * rows.back(projected(Y))[rest]

    kept = n_directions(rest.size, rows.n_rows)
    carried = min(kept + _OVERSAMPLED, rest.size, rows.n_rows)
    rng = np.random.default_rng(0)
    found = np.linalg.qr(times(rng.standard_normal((rest.size, carried))))[0]
    for _ in range(_POWER_STEPS):
        found = np.linalg.qr(times(back(found)))[0]
    seen = back(found)  # (ΠZ_B V^½)' G
    if carried > kept:
        values, vectors = np.linalg.eigh(seen.T @ seen)
        seen = seen @ vectors[:, np.argsort(values)[-kept:]]
    return LowRankForm(variance, np.ascontiguousarray((seen / root).T))


class _Rows:
    """The matrix Z as a linear map of the free parameters."""

    def __init__(self, part: Curvature) -> None:
        self.part = part
        self.size = part.size
        self.n_rows = part.design.shape[0] * part.n_outputs
        if part.d.ndim == 1:
            self._root = np.sqrt(part.d)
        else:
            values, vectors = np.linalg.eigh(part.d)
            self._root = vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]

    @property
    def is_affordable(self) -> bool:
        """Whether the exact form is."""
        X = self.part.design.X
        r = float(self.n_rows)
        is_sparse = sparse.issparse(X) and self.part.design.mean is None
        entries = X.nnz * self.part.n_outputs**2 if is_sparse else r * self.size
        return (
            r < self.size
            and r * r * r / 3.0 + r * entries <= _AFFORDABLE
            and (is_sparse or entries <= _LARGEST_COPY)
        )

    def times(self, W: Array) -> Array:
        """Return Z W, (r, k), for W (m, k)."""
        part = self.part
        whole = np.zeros((part.n_outputs * part.width, W.shape[1]))
        whole[slice(None) if part.picked is None else part.picked] = W
        outputs = whole.reshape(part.n_outputs, part.width, -1)
        p = part.design.shape[1]
        eta = np.stack([np.asarray(part.design.matvec(block[:p])) for block in outputs], axis=1)
        if part.has_intercept:
            eta = eta + outputs[:, p]
        if part.d.ndim == 1:
            return np.asarray(self._root[:, None] * eta[:, 0])
        return np.einsum("nkc,nkb->ncb", self._root, eta, optimize=True).reshape(self.n_rows, -1)

    def back(self, Y: Array) -> Array:
        """Return Z'Y, (m, k), for Y (r, k)."""
        part = self.part
        if part.d.ndim == 1:
            slopes = (self._root[:, None] * Y)[:, None]
        else:
            of_rows = Y.reshape(len(part.d), part.n_outputs, -1)
            slopes = np.einsum("nkc,ncb->nkb", self._root, of_rows, optimize=True)
        blocks = []
        for k in range(part.n_outputs):
            slope = np.ascontiguousarray(slopes[:, k])
            block = np.asarray(part.design.rmatvec(slope), dtype=np.float64)
            blocks.append(np.vstack([block, slope.sum(axis=0)]) if part.has_intercept else block)
        return np.asarray(part.pick(np.concatenate(blocks).T).T)

    def matrix(self) -> Any:
        """Return Z, dense or CSR, (r, m): a copy."""
        part, design = self.part, self.part.design
        n = design.shape[0]
        X = design.X
        if sparse.issparse(X) and design.mean is None:
            X = X.astype(np.float64).tocsr()
            if part.has_intercept:
                X = sparse.hstack([X, np.ones((n, 1))], format="csr")
            if part.d.ndim == 1:
                Z = sparse.diags(self._root) @ X
            else:
                K = part.n_outputs
                # Row (i, c), columns of class k: the root's (k, c) times row i.
                repeated = X[np.repeat(np.arange(n), K)]
                blocks = [sparse.diags(self._root[:, k].ravel()) @ repeated for k in range(K)]
                Z = sparse.hstack(blocks)
            return part.pick(Z.tocsr())
        X = X.toarray() if sparse.issparse(X) else X
        X = X.astype(np.float64) - (0.0 if design.mean is None else design.mean)
        if part.has_intercept:
            X = np.column_stack([X, np.ones(n)])
        if part.d.ndim == 1:
            return part.pick(self._root[:, None] * X)
        Z = np.einsum("nkc,nj->nckj", self._root, X)
        return part.pick(Z.reshape(self.n_rows, -1))
