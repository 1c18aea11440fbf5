"""Working sets: a large quadratic problem with a separable penalty as a row of small ones.

Notation: F(w) = ½ ‖y − Xw‖² + h(w), w (p,); H = XᵀX, q = Xᵀy, yy = ‖y‖²; S the working set. All parameters outside
S stay at their centre (`loc`), where the penalty has its kink.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ._base import SeparablePenalty
from ._rest_rules import UniformPenalty, rule_of

__all__ = ["QuadraticForm", "SeparableResult", "WorkingSet", "minimize_separable"]

Array = NDArray[Any]

# As celer and skglm begin; the Gram of 100 columns is built and solved in about the time of one pass over the data.
FIRST_SIZE = 100
# Sums of many products: their rounding is some multiple of that of one.
ROUNDING = 10.0


class QuadraticForm(Protocol):
    """½ ‖y − Xw‖², known by its products only.

    Attributes
    ----------
    n_parameters : int
        p.
    diagonal : ndarray of shape (p,)
        ‖x_j‖².
    eps : float
        Rounding of the products, relative.
    """

    n_parameters: int
    eps: float

    @property
    def diagonal(self) -> Array:
        """Return ‖x_j‖² for each parameter."""

    def evaluate(self, w: Array) -> tuple[float, Array]:
        """Return ‖y − Xw‖² and Xᵀ(y − Xw)."""

    def gram(self, S: Array, T: Array) -> Array:
        """Return the block (|S|, |T|) of XᵀX in float64; S, T indices."""


@dataclass(frozen=True)
class SeparableResult:
    """Where the descent ended.

    Attributes
    ----------
    w : ndarray of shape (p,)
        The parameters.
    value : float
        F(w).
    gap : float
        Duality gap: F(w) is at most this above the minimum.
    n_epochs : int
        Passes over the working set, all rounds together.
    converged : bool
        Whether the gap is at most the tolerance, or as small as rounding lets it become.
    rss : float
        ‖y − Xw‖².
    correlation : ndarray of shape (p,)
        Xᵀ(y − Xw).
    """

    w: Array
    value: float
    gap: float
    n_epochs: int
    converged: bool
    rss: float
    correlation: Array


class WorkingSet:
    """The indices of a working set, in the order in which they came, and the Gram matrix of their columns.

    Parameters
    ----------
    form : QuadraticForm
        Where the Gram matrix comes from.
    """

    def __init__(self, form: QuadraticForm) -> None:
        self.form = form
        self.indices = np.empty(0, dtype=np.intp)
        self.gram = np.empty((0, 0))
        self._memory = np.empty(0)
        self.holds = np.zeros(form.n_parameters, dtype=bool)

    def __len__(self) -> int:
        return len(self.indices)

    def add(self, indices: Array) -> None:
        """Add what is not in it yet; the Gram matrix grows by the new rows and columns only.

        Parameters
        ----------
        indices : ndarray of int
            Parameters of the form.
        """
        new = np.sort(indices[~self.holds[indices]])
        if not len(new):
            return
        k = len(self.indices)
        self.indices = np.concatenate([self.indices, new])
        self.holds[new] = True
        rows = self.form.gram(new, self.indices)
        gram = self._room_for(k, len(self.indices))
        gram[k:] = rows
        gram[:k, k:] = rows[:, :k].T
        self.gram = gram

    def _room_for(self, k: int, m: int) -> Array:
        """Return a matrix (m, m), contiguous as the kernel wants it, with the present (k, k) in its corner."""
        if m * m > len(self._memory):
            # Twice the side, so that few growths ask for memory: fresh pages cost more than all the copies.
            self._memory = np.empty(max(m, min(2 * k, self.form.n_parameters)) ** 2)
            gram = self._memory[: m * m].reshape(m, m)
            gram[:k, :k] = self.gram
            return gram
        gram = self._memory[: m * m].reshape(m, m)
        for i in range(
            k - 1, 0, -1
        ):  # from the end: each row moves to where no row waits to be moved
            gram[i, :k] = self._memory[i * k : (i + 1) * k]
        return gram


def minimize_separable(
    form: QuadraticForm,
    penalty: SeparablePenalty | UniformPenalty,
    w0: Array,
    *,
    tol_abs: float,
    max_epochs: int,
    rng: np.random.RandomState | None = None,
    working_set: WorkingSet | None = None,
    anchor: tuple[float, Array] | None = None,
    start: tuple[float, Array] | None = None,
    first: Array | None = None,
) -> SeparableResult:
    """Minimise ½ ‖y − Xw‖² + h(w).

    Parameters
    ----------
    form : QuadraticForm
        The first term.
    penalty : SeparablePenalty or UniformPenalty
        h.
    w0 : ndarray of shape (p,)
        Where to begin; clipped to the box.
    tol_abs : float
        Largest duality gap allowed, in the unit of F.
    max_epochs : int
        Largest number of passes over the working set, all rounds together.
    rng : RandomState, default=None
        Draws the parameters of a pass at random; None: in turn.
    working_set : WorkingSet, default=None
        Of an earlier problem with the same form, whose Gram matrix is used again, and grows. None: a new one.
    anchor, start : tuple of (float, ndarray of shape (p,)), default=None
        What the form is evaluated to at `penalty.loc` and at `w0`, if that is known; None: it is evaluated.
    first : ndarray of int, default=None
        Indices that are to be in the working set from the beginning; None: no more than needed.

    Returns
    -------
    result : SeparableResult
        The minimum, with its duality gap.

    Notes
    -----
    A round solves the problem restricted to S up to a tenth of the present gap, evaluates the whole gradient, and lets
    in the parameters that come nearest to breaking their condition, until S is twice the support. Parameters that
    the gap proves to be zero [1]_ are not considered again.

    References
    ----------
    .. [1] Ndiaye, Fercoq, Gramfort, Salmon (2017). Gap safe screening rules for sparsity enforcing penalties.
       JMLR 18(128).
    """
    S = WorkingSet(form) if working_set is None else working_set
    rule = rule_of(penalty)
    S.add(rule.restless())
    if (
        form.n_parameters <= 2 * FIRST_SIZE
    ):  # so few that to choose among them would cost more than it saves
        S.add(np.arange(form.n_parameters))
    at = rule.evaluate(form, np.clip(w0, penalty.lower, penalty.upper), start)
    if first is not None and at.gap > tol_abs:
        urgency = rule.urgency(at)
        new = first[~S.holds[first]]
        # Where the point before was a rough one, far more seem to be wanted than will be.
        new = new[_most(urgency[new], max(FIRST_SIZE, int(np.count_nonzero(at.v))))]
        _add_at_least(S, new, urgency)
    if anchor is None:
        anchor = form.evaluate(at.w - at.v) if at.v.any() else (at.rss, at.c)
    n_epochs, is_stalled, noise = 0, False, 0.0
    while at.gap > max(tol_abs, noise) and n_epochs < max_epochs and not is_stalled:
        n_before = len(S)
        if n_before < form.n_parameters:
            support = np.flatnonzero(at.v)
            S.add(support)
            _grow(S, rule.urgency(at), len(support))
        # The gap of the whole problem is larger than that of a part, and closes in a few rounds; of all of it, or of
        # a part that is nearly surely the right one, in one.
        is_whole = len(S) == form.n_parameters
        part = 0.9 * tol_abs if first is not None else max(0.1 * at.gap, 0.3 * tol_abs)
        target, budget = tol_abs if is_whole else part, max_epochs - n_epochs
        v, used = rule.solve(S, anchor, at.v, target, budget, rng)
        n_epochs += used
        # Clipped: centre plus distance to a bound may be a rounding beyond it.
        before, at = at, rule.evaluate(form, np.clip(penalty.loc + v, penalty.lower, penalty.upper))
        # Rounding of the products sets a floor: a gap near it is as good as closed.
        is_stalled = used == 0 and len(S) == n_before and at.gap >= before.gap
        noise = ROUNDING * form.eps * (anchor[0] + at.rss)
    return SeparableResult(
        w=at.w,
        value=at.value,
        gap=at.gap,
        n_epochs=n_epochs,
        converged=at.gap <= max(tol_abs, noise),
        rss=at.rss,
        correlation=at.c,
    )


def _grow(S: WorkingSet, urgency: Array, n_nonzero: int) -> None:
    """Fill S up to twice the support; if it has that, let in what is outside and more urgent than all inside."""
    if len(S) == len(urgency):
        return
    outside = np.where(S.holds, -np.inf, urgency)
    room = max(FIRST_SIZE, 2 * n_nonzero) - len(S)
    if room <= 0 and outside.max() >= max(0.0, urgency[S.indices].max()):
        room = min(max(FIRST_SIZE, n_nonzero), int((outside > 0).sum()))
    if room > 0:
        _add_at_least(S, _most(outside, room), urgency)


def _add_at_least(S: WorkingSet, indices: Array, urgency: Array) -> None:
    """Add these, and as many of the most urgent others as let S grow by a quarter: each growth copies its matrix."""
    n_new = int((~S.holds[indices]).sum())
    if n_new:
        others = np.where(S.holds, -np.inf, urgency)
        others[indices] = -np.inf
        indices = np.concatenate([indices, _most(others, len(S) // 4 - n_new)])
        S.add(indices)


def _most(values: Array, k: int) -> Array:
    """Return the indices of the k largest finite values, or of all that there are."""
    k = min(k, int(np.isfinite(values).sum()))
    return (
        np.argpartition(values, len(values) - k)[len(values) - k :]
        if k > 0
        else np.empty(0, dtype=np.intp)
    )
