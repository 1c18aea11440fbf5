"""Compiled coordinate descent in Gram space, accelerated by Anderson's extrapolation.

Notation: minimise ½ wᵀ H w − qᵀ w + c/2 + h(w), with h separable: l1 |w − loc| + l2 (w − loc)² / 2 inside a box;
g = H w − q is the gradient of the quadratic part, W the coordinates that may move. For a least-squares problem
c = ‖y‖², so that the quadratic part is ½ ‖y − X w‖² and the gap is that of the lasso and its kin.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._compiled import compiled

__all__ = ["gather", "gram_epochs", "gram_gap"]

Array = NDArray[Any]

# Iterates that one extrapolation combines; five is what Bertrand and Massias (2021), "Anderson acceleration of
# coordinate descent", found best over a wide range of designs.
N_ITERATES = 5
# The face is taken as found when so many passes in a row have not changed the support; if it does not settle, a step to
# its minimum is tried all the same after this multiple of the budget.
SETTLED = 3
PATIENCE = 4.0


@compiled
def coordinate_minimum(
    slope: float,
    curvature: float,
    w: float,
    l1: float,
    l2: float,
    loc: float,
    low: float,
    high: float,
) -> float:
    """Return the minimum over one coordinate of its quadratic model at w plus its penalty."""
    total = curvature + l2
    if total <= 0.0:  # an empty column: only the kink and the box speak
        return min(max(loc if l1 > 0.0 else w, low), high)
    pull = curvature * (w - loc) - slope
    if pull > l1:
        d = (pull - l1) / total
    elif pull < -l1:
        d = (pull + l1) / total
    else:
        d = 0.0
    return min(max(loc + d, low), high)


@compiled
def conjugate(u: float, l1: float, l2: float, low: float, high: float) -> float:
    """Return sup over low <= v <= high of u v − l1 |v| − l2 v² / 2, for a u that `dual_scale` made feasible."""
    excess = u - l1 if u > l1 else (u + l1 if u < -l1 else 0.0)
    if l2 > 0.0:
        v = excess / l2
    elif excess > 0.0:
        v = high
    elif excess < 0.0:
        v = low
    else:
        v = 0.0
    v = min(max(v, low), high)
    if v == np.inf or v == -np.inf:  # u is at the kink's slope, up to rounding
        return 0.0
    return u * v - l1 * abs(v) - 0.5 * l2 * v * v


@compiled
def dual_scale(g: Array, W: Array, l1: Array, l2: Array, lower: Array, upper: Array) -> float:
    """Return the largest factor up to 1 by which the residual is a feasible dual point."""
    s = 1.0
    for j in W:
        if l2[j] > 0.0:
            continue
        u = -g[j]
        if (u > l1[j] and upper[j] == np.inf) or (u < -l1[j] and lower[j] == -np.inf):
            s = min(s, l1[j] / abs(u))
    return s


@compiled
def gram_gap(
    g: Array,
    q: Array,
    c: float,
    w: Array,
    W: Array,
    loc: Array,
    l1: Array,
    l2: Array,
    lower: Array,
    upper: Array,
) -> tuple[float, float]:
    """Return the value at w and its duality gap over the coordinates W."""
    wq = 0.0
    wg = 0.0
    h = 0.0
    for j in W:
        wq += w[j] * q[j]
        wg += w[j] * g[j]
        d = w[j] - loc[j]
        h += l1[j] * abs(d) + 0.5 * l2[j] * d * d
    squares = max(c - wq + wg, 0.0)  # ‖y − X w‖²
    s = dual_scale(g, W, l1, l2, lower, upper)
    dual = s * (c - wq) - 0.5 * s * s * squares
    for j in W:
        u = -s * g[j]
        if abs(u) > l1[j] or loc[j] != 0.0 or lower[j] > loc[j] or upper[j] < loc[j]:
            dual -= u * loc[j] + conjugate(u, l1[j], l2[j], lower[j] - loc[j], upper[j] - loc[j])
    value = 0.5 * squares + h
    return value, value - dual


@compiled
def gram_epoch(
    H: Array,
    g: Array,
    w: Array,
    W: Array,
    loc: Array,
    l1: Array,
    l2: Array,
    lower: Array,
    upper: Array,
) -> tuple[int, int]:
    """Pass once over W, changing w and g; return how many coordinates moved, and how many left or reached loc."""
    m = g.shape[0]
    moved = 0
    changed = 0
    for j in W:
        new = coordinate_minimum(g[j], H[j, j], w[j], l1[j], l2[j], loc[j], lower[j], upper[j])
        step = new - w[j]
        if step != 0.0:
            row = H[j]
            for k in range(m):
                g[k] += step * row[k]
            changed += (w[j] == loc[j]) != (new == loc[j])
            w[j] = new
            moved += 1
    return moved, changed


@compiled
def combination(steps: Array) -> Array:
    """Return the weights that make the combined step shortest; they sum to one, or are all zero on failure."""
    K = steps.shape[0]
    A = np.zeros((K, K))
    for a in range(K):
        for b in range(a + 1):
            total = 0.0
            for k in range(steps.shape[1]):
                total += steps[a, k] * steps[b, k]
            A[a, b] = total
            A[b, a] = total
    x = np.ones(K)
    trace = np.trace(A)
    if not trace > 0.0:
        return np.zeros(K)
    for a in range(K):
        A[a, a] += 1e-12 * trace  # the steps are nearly parallel towards the end
    for a in range(K):  # Gaussian elimination; positive definite, so without pivots
        if A[a, a] <= 0.0:
            return np.zeros(K)
        for b in range(a + 1, K):
            ratio = A[b, a] / A[a, a]
            for k in range(a, K):
                A[b, k] -= ratio * A[a, k]
            x[b] -= ratio * x[a]
    for a in range(K - 1, -1, -1):
        for k in range(a + 1, K):
            x[a] -= A[a, k] * x[k]
        x[a] /= A[a, a]
    total = x.sum()
    return x / total if abs(total) > 0.0 else np.zeros(K)


@compiled
def plain_value(
    g: Array,
    q: Array,
    w: Array,
    W: Array,
    loc: Array,
    l1: Array,
    l2: Array,
    lower: Array,
    upper: Array,
) -> float:
    """Return ½ wᵀ H w − qᵀ w + h(w); infinite outside the box."""
    total = 0.0
    for j in W:
        if w[j] < lower[j] or w[j] > upper[j]:
            return np.inf
        d = w[j] - loc[j]
        total += 0.5 * w[j] * (g[j] - q[j]) + l1[j] * abs(d) + 0.5 * l2[j] * d * d
    return total


@compiled
def extrapolate(
    past_w: Array,
    past_g: Array,
    q: Array,
    w: Array,
    g: Array,
    W: Array,
    loc: Array,
    l1: Array,
    l2: Array,
    lower: Array,
    upper: Array,
) -> bool:
    """Replace w and g by Anderson's combination of the iterates kept, if that is lower; return whether it was."""
    K = past_w.shape[0] - 1
    c = combination(past_w[1:] - past_w[:-1])
    if c.sum() == 0.0:
        return False
    w_new = np.zeros_like(w)
    g_new = np.zeros_like(g)
    for a in range(K):
        ca = c[a]
        for k in range(
            w.shape[0]
        ):  # g is affine in w, and the weights sum to one: no product with H
            w_new[k] += ca * past_w[a + 1, k]
            g_new[k] += ca * past_g[a + 1, k]
    before = plain_value(g, q, w, W, loc, l1, l2, lower, upper)
    if plain_value(g_new, q, w_new, W, loc, l1, l2, lower, upper) >= before:
        return False
    w[:] = w_new
    g[:] = g_new
    return True


@compiled
def gram_epochs(
    H: Array,
    q: Array,
    c: float,
    w: Array,
    g: Array,
    W: Array,
    loc: Array,
    l1: Array,
    l2: Array,
    lower: Array,
    upper: Array,
    tol: float,
    budget: float,
    max_epochs: int,
) -> tuple[float, int, float]:
    """Descend until the gap is at most tol or the budget (multiplications) is spent; return gap, epochs, spent."""
    m = g.shape[0]
    past_w = np.empty((N_ITERATES + 1, m), dtype=w.dtype)
    past_g = np.empty((N_ITERATES + 1, m), dtype=g.dtype)
    kept = 0
    n_epochs = 0
    settled = 0
    spent = 0.0
    gap = gram_gap(g, q, c, w, W, loc, l1, l2, lower, upper)[1]
    while gap > tol and n_epochs < max_epochs:
        if spent >= budget and (settled >= SETTLED or spent >= PATIENCE * budget):
            break
        past_w[kept] = w
        past_g[kept] = g
        kept += 1
        if kept == N_ITERATES + 1:
            extrapolate(past_w, past_g, q, w, g, W, loc, l1, l2, lower, upper)
            past_w[0] = w
            past_g[0] = g
            kept = 1
        moved, changed = gram_epoch(H, g, w, W, loc, l1, l2, lower, upper)
        n_epochs += 1
        settled = 0 if changed > 0 else settled + 1
        spent += float(moved) * m + W.shape[0]
        if moved == 0:
            break
        gap = gram_gap(g, q, c, w, W, loc, l1, l2, lower, upper)[1]
    return gap, n_epochs, spent


@compiled
def gather(H: Array, S: Array) -> Array:
    """Return the rows and columns S of H."""
    m = S.shape[0]
    A = np.empty((m, m), dtype=H.dtype)
    for a in range(m):
        row = H[S[a]]
        for b in range(m):
            A[a, b] = row[S[b]]
    return A
