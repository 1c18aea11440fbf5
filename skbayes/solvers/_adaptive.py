"""Stochastic gradient steps with a size of its own for each parameter: AdaGrad, RMSProp and Adam.

Notation: g the gradient of a batch over N, η the step size, q the sum or mean of g²; all of them step by
z ← prox(z − η m / √q, η / (N √q)), and differ in m and q. The prox is that of the same metric √q, without which a
kinked prior would be weighed differently from parameter to parameter.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._stochastic import StochasticSolver

__all__ = ["AdaGrad", "Adam", "RMSProp"]

Array = NDArray[Any]

# Added to √q: a parameter whose gradients have all been zero does not move, and no division by zero says so. The
# gradients are in units of a curvature of 1, in which this is far below what matters.
_TINY = 1e-12


class AdaptiveSolver(StochasticSolver):
    """What AdaGrad, RMSProp and Adam share; not for direct use."""

    # The largest step size as a part of the distance to go: some ten steps lead there.
    _part = 0.3

    def _find_step_size(self, batches: Sequence[Any], w: Array) -> float:
        # The curvature is 1 in these coordinates: the mean gradient is Newton's step, and its largest entry the
        # distance to go. From the mode of these very rows, where it is zero, it is their sampling error.
        gradients = [batch.value_and_gradient(w)[1] / batch.total for batch in batches]
        distance = float(np.max(np.abs(np.mean(gradients, axis=0)), initial=0.0))
        n_rows = sum(batch.n_samples for batch in batches)
        return self._part * max(distance, n_rows**-0.5)


class AdaGrad(AdaptiveSolver):
    """Stochastic gradient steps divided by the root of the sum of all squared gradients so far.

    Parameters
    ----------
    step_size : float or "auto", default="auto"
        The largest step size η, positive; 1 is Newton's step where the curvature is that of the start. ``"auto"`` finds
        one from the distance to the
        optimum that the first gradients tell.
    batch_size : int, default=256
        Rows of a batch, at least 1; all rows at most.
    schedule : str or callable, default="auto"
        How the step size changes: a name in `skbayes.solvers.SCHEDULES`, or a function of (t, n_steps) like those.
        ``"auto"``: ``"cosine"`` where the number of steps is known, ``"constant"`` in a stream.
    max_iter : int, default=100
        Passes over the rows at most, at least 1.
    tol : float, default=0.01
        Ends when a step along the gradient of all rows would move no parameter by more than this part of its posterior
        standard deviation; positive. Looked at after 1, 2, 4, 8, ... passes.
    averaging : bool, default=True
        Whether the average of the steps is a candidate, and not the last one only.
    validation_fraction : float or None, default=None
        Part of the rows that is held out, in (0, 1): the point of the lowest loss on them is returned, and `patience`
        takes the place of `tol`. The other rows then stand for all. None: no rows are held out.
    patience : int, default=5
        Passes without a lower loss on the rows held out, after which the run ends, at least 1.
    random_state : int, RandomState or None, default=None
        Seed of the order of the rows, and of the noise.
    dropout : float, default=0.0
        Part of the features that is dropped from a row at each look at it, in [0, 1). What stays is divided by the part
        that stays; intercepts always do.
    drop_connect : float, default=0.0
        The same with a draw for each class: part of the weights that is dropped for a row, in [0, 1).

    Attributes
    ----------
    needs : frozenset of str
        A gradient, a proximal operator, and batches of rows.

    See Also
    --------
    SGD : One size for all parameters, and what all of them share.
    RMSProp : Old gradients are forgotten.

    Notes
    -----
    q ← q + g², z ← prox(z − η g / √q, η / (N √q)) [1]_. The steps shrink by themselves, as one over the root of their
    number, so that ``schedule="constant"`` leads to the optimum too.

    References
    ----------
    .. [1] Duchi, Hazan, Singer (2011). Adaptive subgradient methods for online learning and stochastic optimization. J.
       Machine Learning Research 12, 2121-2159.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skbayes.linear_model import MAPClassifier
    >>> from skbayes.solvers import AdaGrad
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> exact = MAPClassifier().fit(X, y)
    >>> model = MAPClassifier(solver=AdaGrad(batch_size=32, random_state=0)).fit(X, y)
    >>> bool(model.objective_ < exact.objective_ + 0.01)
    True
    """

    _part = 1.0
    _schedule_of_streams = "constant"  # its steps shrink by themselves

    def _no_memory(self, w: Array) -> tuple[Array, ...]:
        return (np.zeros_like(w),)

    def _rule(
        self, gradient: Array, memory: tuple[Array, ...], t: int
    ) -> tuple[Array, Any, tuple[Array, ...]]:
        squares = memory[0] + gradient * gradient
        return gradient, np.sqrt(squares) + _TINY, (squares,)


class RMSProp(AdaptiveSolver):
    """Stochastic gradient steps divided by the root of the mean of recent squared gradients.

    Parameters
    ----------
    step_size : float or "auto", default="auto"
        The largest step size η, positive; 1 is Newton's step where the curvature is that of the start. ``"auto"`` finds
        one from the distance to the
        optimum that the first gradients tell.
    batch_size : int, default=256
        Rows of a batch, at least 1; all rows at most.
    schedule : str or callable, default="auto"
        How the step size changes: a name in `skbayes.solvers.SCHEDULES`, or a function of (t, n_steps) like those.
        ``"auto"``: ``"cosine"`` where the number of steps is known, ``"inverse_scaling"`` in a stream.
    max_iter : int, default=100
        Passes over the rows at most, at least 1.
    tol : float, default=0.01
        Ends when a step along the gradient of all rows would move no parameter by more than this part of its posterior
        standard deviation; positive. Looked at after 1, 2, 4, 8, ... passes.
    averaging : bool, default=True
        Whether the average of the steps is a candidate, and not the last one only.
    validation_fraction : float or None, default=None
        Part of the rows that is held out, in (0, 1): the point of the lowest loss on them is returned, and `patience`
        takes the place of `tol`. The other rows then stand for all. None: no rows are held out.
    patience : int, default=5
        Passes without a lower loss on the rows held out, after which the run ends, at least 1.
    random_state : int, RandomState or None, default=None
        Seed of the order of the rows, and of the noise.
    dropout : float, default=0.0
        Part of the features that is dropped from a row at each look at it, in [0, 1). What stays is divided by the part
        that stays; intercepts always do.
    drop_connect : float, default=0.0
        The same with a draw for each class: part of the weights that is dropped for a row, in [0, 1).
    decay : float, default=0.99
        What is kept of the mean at each step, in [0, 1).

    Attributes
    ----------
    needs : frozenset of str
        A gradient, a proximal operator, and batches of rows.

    See Also
    --------
    SGD : One size for all parameters, and what all of them share.
    Adam : With momentum.

    Notes
    -----
    q ← ρ q + (1 − ρ) g², z ← prox(z − η g / √q̂, η / (N √q̂)) [1]_, where ρ is the decay and q̂ = q / (1 − ρᵗ) does
    away with the zero that the mean began with. The steps do not shrink by themselves: the schedule has to.

    References
    ----------
    .. [1] Tieleman, Hinton (2012). Lecture 6.5: RMSProp. Neural networks for machine learning.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skbayes.linear_model import MAPClassifier
    >>> from skbayes.solvers import RMSProp
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> exact = MAPClassifier().fit(X, y)
    >>> solver = RMSProp(batch_size=32, tol=0.1, random_state=0)
    >>> model = MAPClassifier(solver=solver).fit(X, y)
    >>> bool(model.objective_ < exact.objective_ + 0.01)
    True
    """

    def __init__(
        self,
        step_size: float | str = "auto",
        *,
        batch_size: int = 256,
        schedule: str | Callable[..., Any] = "auto",
        max_iter: int = 100,
        tol: float = 0.01,
        averaging: bool = True,
        validation_fraction: float | None = None,
        patience: int = 5,
        random_state: Any = None,
        dropout: float = 0.0,
        drop_connect: float = 0.0,
        decay: float = 0.99,
    ) -> None:
        super().__init__(
            step_size,
            batch_size=batch_size,
            schedule=schedule,
            max_iter=max_iter,
            tol=tol,
            averaging=averaging,
            validation_fraction=validation_fraction,
            patience=patience,
            random_state=random_state,
            dropout=dropout,
            drop_connect=drop_connect,
        )
        self.decay = decay

    def _check_arguments(self) -> None:
        super()._check_arguments()
        self._check_part("decay", self.decay)

    def _no_memory(self, w: Array) -> tuple[Array, ...]:
        # The last one is what the mean still holds of the zero that it began with.
        return np.zeros_like(w), np.ones((), dtype=w.dtype)

    def _rule(
        self, gradient: Array, memory: tuple[Array, ...], t: int
    ) -> tuple[Array, Any, tuple[Array, ...]]:
        squares = self.decay * memory[0] + (1.0 - self.decay) * gradient * gradient
        zero = np.asarray(self.decay * memory[1])
        return gradient, np.sqrt(squares / (1.0 - zero)) + _TINY, (squares, zero)


class Adam(AdaptiveSolver):
    """Stochastic gradient steps along the mean of recent gradients, divided by the root of the mean of their squares.

    Parameters
    ----------
    step_size : float or "auto", default="auto"
        The largest step size η, positive; 1 is Newton's step where the curvature is that of the start. ``"auto"`` finds
        one from the distance to the
        optimum that the first gradients tell.
    batch_size : int, default=256
        Rows of a batch, at least 1; all rows at most.
    schedule : str or callable, default="auto"
        How the step size changes: a name in `skbayes.solvers.SCHEDULES`, or a function of (t, n_steps) like those.
        ``"auto"``: ``"cosine"`` where the number of steps is known, ``"inverse_scaling"`` in a stream.
    max_iter : int, default=100
        Passes over the rows at most, at least 1.
    tol : float, default=0.01
        Ends when a step along the gradient of all rows would move no parameter by more than this part of its posterior
        standard deviation; positive. Looked at after 1, 2, 4, 8, ... passes.
    averaging : bool, default=True
        Whether the average of the steps is a candidate, and not the last one only.
    validation_fraction : float or None, default=None
        Part of the rows that is held out, in (0, 1): the point of the lowest loss on them is returned, and `patience`
        takes the place of `tol`. The other rows then stand for all. None: no rows are held out.
    patience : int, default=5
        Passes without a lower loss on the rows held out, after which the run ends, at least 1.
    random_state : int, RandomState or None, default=None
        Seed of the order of the rows, and of the noise.
    dropout : float, default=0.0
        Part of the features that is dropped from a row at each look at it, in [0, 1). What stays is divided by the part
        that stays; intercepts always do.
    drop_connect : float, default=0.0
        The same with a draw for each class: part of the weights that is dropped for a row, in [0, 1).
    beta1 : float, default=0.9
        What is kept of the mean gradient at each step, in [0, 1).
    beta2 : float, default=0.999
        What is kept of the mean squared gradient at each step, in [0, 1).

    Attributes
    ----------
    needs : frozenset of str
        A gradient, a proximal operator, and batches of rows.

    See Also
    --------
    SGD : One size for all parameters, and what all of them share.
    RMSProp : Without momentum.

    Notes
    -----
    m ← β₁ m + (1 − β₁) g, q ← β₂ q + (1 − β₂) g², z ← prox(z − η m̂ / √q̂, η / (N √q̂)) [1]_, where m̂ = m / (1 − β₁ᵗ)
    and q̂ = q / (1 − β₂ᵗ). The steps do not shrink by themselves: the schedule has to.

    References
    ----------
    .. [1] Kingma, Ba (2015). Adam: a method for stochastic optimization. ICLR. arXiv:1412.6980

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skbayes.linear_model import MAPClassifier
    >>> from skbayes.solvers import Adam
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> exact = MAPClassifier().fit(X, y)
    >>> solver = Adam(batch_size=32, tol=0.1, random_state=0)
    >>> model = MAPClassifier(solver=solver).fit(X, y)
    >>> bool(model.objective_ < exact.objective_ + 0.01)
    True
    """

    def __init__(
        self,
        step_size: float | str = "auto",
        *,
        batch_size: int = 256,
        schedule: str | Callable[..., Any] = "auto",
        max_iter: int = 100,
        tol: float = 0.01,
        averaging: bool = True,
        validation_fraction: float | None = None,
        patience: int = 5,
        random_state: Any = None,
        dropout: float = 0.0,
        drop_connect: float = 0.0,
        beta1: float = 0.9,
        beta2: float = 0.999,
    ) -> None:
        super().__init__(
            step_size,
            batch_size=batch_size,
            schedule=schedule,
            max_iter=max_iter,
            tol=tol,
            averaging=averaging,
            validation_fraction=validation_fraction,
            patience=patience,
            random_state=random_state,
            dropout=dropout,
            drop_connect=drop_connect,
        )
        self.beta1 = beta1
        self.beta2 = beta2

    def _check_arguments(self) -> None:
        super()._check_arguments()
        self._check_part("beta1", self.beta1)
        self._check_part("beta2", self.beta2)

    def _no_memory(self, w: Array) -> tuple[Array, ...]:
        # The last two are what the means still hold of the zeros that they began with.
        one = np.ones((), dtype=w.dtype)
        return np.zeros_like(w), np.zeros_like(w), one, one

    def _rule(
        self, gradient: Array, memory: tuple[Array, ...], t: int
    ) -> tuple[Array, Any, tuple[Array, ...]]:
        mean = self.beta1 * memory[0] + (1.0 - self.beta1) * gradient
        squares = self.beta2 * memory[1] + (1.0 - self.beta2) * gradient * gradient
        zero1, zero2 = np.asarray(self.beta1 * memory[2]), np.asarray(self.beta2 * memory[3])
        metric = np.sqrt(squares / (1.0 - zero2)) + _TINY
        return mean / (1.0 - zero1), metric, (mean, squares, zero1, zero2)
