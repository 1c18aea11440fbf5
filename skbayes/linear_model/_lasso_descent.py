"""The lasso and the elastic net along a path of strengths, warm-started: the core of all their estimators.

Notation: per strength α with l1_ratio ρ and Σs the sum of the weights, in the unit of the quadratic form
F(w) = ½ ‖t − Zw‖² + α Σs (ρ |w|₁ + (1 − ρ) ‖w‖² / 2), which is Σs times scikit-learn's objective.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..solvers import SeparablePenalty, UniformPenalty, WorkingSet, minimize_separable

__all__ = [
    "DescentOptions",
    "GramQuadratic",
    "LassoPath",
    "alpha_grid",
    "descend_path",
    "elastic_net_penalty",
]

Array = NDArray[Any]


@dataclass(frozen=True)
class DescentOptions:
    """How the descent goes.

    Attributes
    ----------
    tol : float
        Largest duality gap as a part of ‖t‖².
    max_iter : int
        Largest number of passes per strength.
    positive : bool
        Whether coefficients are at least 0.
    rng : RandomState or None
        Draws the coordinates; None: in turn.
    """

    tol: float = 1e-4
    max_iter: int = 1000
    positive: bool = False
    rng: np.random.RandomState | None = None


@dataclass(frozen=True)
class LassoPath:
    """Solutions along a path of k strengths.

    Attributes
    ----------
    coefs : ndarray of shape (p, k)
        Coefficients.
    gaps : ndarray of shape (k,)
        Duality gaps in scikit-learn's unit (divided by Σs).
    values : ndarray of shape (k,)
        Objective in scikit-learn's unit.
    n_iters : list of int
        Passes.
    converged : ndarray of shape (k,)
        Whether the gap is within the tolerance.
    tolerance : float
        That tolerance, in scikit-learn's unit.
    """

    coefs: Array
    gaps: Array
    values: Array
    n_iters: list[int]
    converged: Array
    tolerance: float


class GramQuadratic:
    """½ ‖t − Zw‖² known by G = ZᵀZ, q = Zᵀt and ‖t‖² alone.

    Parameters
    ----------
    G : ndarray of shape (p, p)
        Symmetric.
    q : ndarray of shape (p,)
        Zᵀt.
    yy : float
        ‖t‖².
    total : float
        Sum of the weights.
    eps : float
        Relative rounding of the data that G was made of.
    """

    def __init__(self, G: Array, q: Array, yy: float, total: float, eps: float) -> None:
        self.G = np.ascontiguousarray(G)  # as the kernel wants it
        self.q = q
        self.yy = yy
        self.total = total
        self.eps = eps
        self.n_parameters = len(q)

    @property
    def diagonal(self) -> Array:
        """Return ‖z_j‖² for each column."""
        return np.diag(self.G)

    def evaluate(self, w: Array) -> tuple[float, Array]:
        """Return ‖t − Zw‖² and Zᵀ(t − Zw)."""
        support = np.flatnonzero(w)
        Gw = w[support] @ self.G[support] if 2 * len(support) < len(w) else self.G @ w
        return max(self.yy - float(w @ (2.0 * self.q - Gw)), 0.0), self.q - Gw

    def gram(self, S: Array, T: Array) -> Array:
        """Return the block (|S|, |T|) of G."""
        if len(S) == self.n_parameters and np.array_equal(S, np.arange(len(S))) and S is T:
            return self.G
        return self.G[np.ix_(S, T)]


def elastic_net_penalty(
    p: int, l1: float, l2: float, positive: bool
) -> SeparablePenalty | UniformPenalty:
    """Return Σ l1 |w_j| + l2 w_j² / 2, with w ≥ 0 if positive."""
    if l1 > 0:
        return UniformPenalty(float(l1), float(l2), positive)
    lower = np.full(p, 0.0 if positive else -np.inf)
    return SeparablePenalty(
        np.zeros(p), np.zeros(p), np.full(p, float(l2)), lower, np.full(p, np.inf)
    )


def descend_path(
    form: Any,
    alphas: Array,
    l1_ratio: float,
    options: DescentOptions,
    *,
    start: Array | None = None,
    working_set: WorkingSet | None = None,
) -> LassoPath:
    """Return the solutions for all strengths, each begun at the one before.

    Parameters
    ----------
    form : QuadraticForm
        The data, with `total` and `eps`.
    alphas : ndarray of shape (k,)
        Strengths, best from strong to weak.
    l1_ratio : float
        ρ, from 0 to 1.
    options : DescentOptions
        How the descent goes.
    start : ndarray of shape (p,), default=None
        Where to begin; None: 0.
    working_set : WorkingSet, default=None
        That may have Gram columns already.
    """
    p, k = form.n_parameters, len(alphas)
    S = WorkingSet(form) if working_set is None else working_set
    w = np.zeros(p) if start is None else np.asarray(start, dtype=np.float64)
    yy = form.evaluate(np.zeros(p))
    known = yy if not w.any() else form.evaluate(w)
    before = None
    coefs, gaps, values = np.empty((p, k)), np.empty(k), np.empty(k)
    n_iters, converged = [], np.empty(k, dtype=bool)
    for i, alpha in enumerate(np.asarray(alphas, dtype=np.float64)):
        l1 = alpha * l1_ratio * form.total
        penalty = elastic_net_penalty(
            p, l1, alpha * (1.0 - l1_ratio) * form.total, options.positive
        )
        first = None
        if before is not None:
            # The sequential strong rule: a coefficient further below its kink than the strength falls stays at zero
            # nearly always (source in `enet_path`); the gap catches the rest.
            pull = known[1] if options.positive else np.abs(known[1])
            first = np.flatnonzero(pull >= 2.0 * l1 - before)
        result = minimize_separable(
            form,
            penalty,
            w,
            tol_abs=options.tol * yy[0],
            max_epochs=options.max_iter,
            rng=options.rng,
            working_set=S,
            anchor=yy,
            start=known,
            first=first,
        )
        w, known, before = result.w, (result.rss, result.correlation), l1
        coefs[:, i], n_epochs = w, result.n_epochs
        gaps[i], values[i] = result.gap / form.total, result.value / form.total
        converged[i] = result.converged
        n_iters.append(n_epochs)
    return LassoPath(coefs, gaps, values, n_iters, converged, options.tol * yy[0] / form.total)


def alpha_grid(form: Any, l1_ratio: float, eps: float, n_alphas: int, positive: bool) -> Array:
    """Return a geometric path of strengths, from the least at which all coefficients are zero to `eps` of it.

    Raises
    ------
    ValueError
        If `l1_ratio` is 0: then no strength makes a coefficient zero.
    """
    if l1_ratio == 0:
        raise ValueError(
            "Automatic alpha grid generation is not supported for l1_ratio=0. Please supply a grid by providing "
            "your estimator with the appropriate `alphas=` argument."
        )
    q = form.evaluate(np.zeros(form.n_parameters))[1]
    pull = max(float(q.max()), 0.0) if positive else float(np.abs(q).max())
    largest = pull / (form.total * l1_ratio)
    least = np.finfo(
        np.float64
    ).resolution  # what scikit-learn takes for a target without variation
    if largest <= least:
        return np.full(n_alphas, least)
    return np.geomspace(largest, largest * eps, num=n_alphas)
