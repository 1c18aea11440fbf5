"""Stochastic gradient steps of one size for all parameters: plain, with momentum, and with Nesterov's look ahead.

Notation: g the gradient of a batch over N, η the step size, μ in [0, 1) the momentum, v the mean of earlier gradients.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._step_size import MeanObjective, largest_curvature
from ._stochastic import StochasticSolver, StochasticState

__all__ = ["SGD", "Momentum", "Nesterov"]

Array = NDArray[Any]


class SGD(StochasticSolver):
    """Stochastic gradient descent.

    Parameters
    ----------
    step_size : float or "auto", default="auto"
        The largest step size η, positive; 1 is Newton's step where the curvature is that of the start. ``"auto"`` finds
        one from the curvature of a few batches: half of where steps would begin to grow.
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

    Attributes
    ----------
    needs : frozenset of str
        A gradient, a proximal operator, and batches of rows.

    See Also
    --------
    Momentum : Steps along the mean of recent gradients.
    Adam : A step size of its own for each parameter.

    Notes
    -----
    z ← prox(z − η g, η / N), in coordinates z in which the features are centred and the curvature of the objective is
    about the same in all directions; without kinks and bounds, and up to 300 features, these also take away
    correlations. The gradient g holds the whole prior, which is counted once for the sum over all rows. The point
    returned is the better one of the average of the steps [1]_, step t weighted by t [2]_, and the last one, after one
    step along the gradient of all rows, which sets exact zeros where a prior has a kink.

    With `dropout` or `drop_connect` [3]_ what is minimised is the expectation of the objective over the noise. No
    gradient of all rows tells how far its minimum is: all `max_iter` passes are made (or as many as `patience` allows,
    by the loss without noise), and one more pass with the same noise on both chooses between the average of the steps
    and the last one. The value reported is that of the objective without noise. For a Gaussian likelihood the noise is
    a ridge: the prior `skbayes.priors.Dropout` of the same rate says in closed form what the steps find; for the others
    it is that to second order.

    References
    ----------
    .. [1] Polyak, Juditsky (1992). Acceleration of stochastic approximation by averaging. SIAM J. Control and
       Optimization 30, 838-855. doi:10.1137/0330046
    .. [2] Shamir, Zhang (2013). Stochastic gradient descent for non-smooth optimization: convergence results and
       optimal averaging schemes. ICML. arXiv:1212.1824
    .. [3] Wan, Zeiler, Zhang, LeCun, Fergus (2013). Regularization of neural networks using DropConnect. ICML.

    Examples
    --------
    >>> from sklearn.datasets import make_regression
    >>> from skbayes.linear_model import MAPRegressor
    >>> from skbayes.solvers import SGD
    >>> X, y = make_regression(2000, 5, noise=1.0, random_state=0)
    >>> exact = MAPRegressor(prior="flat").fit(X, y)
    >>> model = MAPRegressor(prior="flat", solver=SGD(batch_size=50, random_state=0)).fit(X, y)
    >>> bool(abs(model.coef_ - exact.coef_).max() < 0.001)  # of a standard error of 0.02
    True
    """

    def _no_memory(self, w: Array) -> tuple[Array, ...]:
        return ()

    def _rule(
        self, gradient: Array, memory: tuple[Array, ...], t: int
    ) -> tuple[Array, Any, tuple[Array, ...]]:
        return gradient, 1.0, ()

    def _find_step_size(self, batches: Sequence[Any], w: Array) -> float:
        # Half of where steps on a single of these batches would begin to grow.
        return 1.0 / largest_curvature(batches, w)

    def renewed_step_size(self, known: float, found: float) -> float:
        # The curvature may have grown on the way; what diverged before is not tried again.
        return min(known, found)


class Momentum(SGD):
    """Stochastic gradient descent along the mean of recent gradients.

    Parameters
    ----------
    step_size : float or "auto", default="auto"
        The largest step size η, positive; 1 is Newton's step where the curvature is that of the start. ``"auto"`` finds
        one from the curvature of a few batches: half of where steps would begin to grow.
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
    momentum : float, default=0.9
        μ: what is kept of the mean at each step, in [0, 1).

    Attributes
    ----------
    needs : frozenset of str
        A gradient, a proximal operator, and batches of rows.

    See Also
    --------
    SGD : Without momentum, and what all of them share.
    Nesterov : The gradient is taken where the momentum leads to.

    Notes
    -----
    v ← μ v + (1 − μ) g, z ← prox(z − η v, η / N) [1]_. v is a mean, so that η means the same as without momentum; where
    v ← μ v + g is used instead, a step size is 1 − μ times as large.

    References
    ----------
    .. [1] Polyak (1964). Some methods of speeding up the convergence of iteration methods. USSR Computational
       Mathematics and Mathematical Physics 4, 1-17. doi:10.1016/0041-5553(64)90137-5

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skbayes.linear_model import MAPClassifier
    >>> from skbayes.solvers import Momentum
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> exact = MAPClassifier().fit(X, y)
    >>> model = MAPClassifier(solver=Momentum(batch_size=32, random_state=0)).fit(X, y)
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
        momentum: float = 0.9,
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
        self.momentum = momentum

    def _check_arguments(self) -> None:
        super()._check_arguments()
        self._check_part("momentum", self.momentum)

    def _find_step_size(self, batches: Sequence[Any], w: Array) -> float:
        # Two limits. Steps along the mean gradient are stable up to 1 / (1 − μ) times as large as without momentum, and
        # as fast as momentum makes them near there. Against the differences between batches momentum does not help.
        of_all = largest_curvature([MeanObjective(batches)], w)
        of_one = largest_curvature(batches, w)
        return max(1.0 / of_one, 1.0 / max((1.0 - self.momentum) * of_all, of_one - of_all))

    def _no_memory(self, w: Array) -> tuple[Array, ...]:
        return (np.zeros_like(w),)

    def _rule(
        self, gradient: Array, memory: tuple[Array, ...], t: int
    ) -> tuple[Array, Any, tuple[Array, ...]]:
        mean = self.momentum * memory[0] + (1.0 - self.momentum) * gradient
        return mean, 1.0, (mean,)


class Nesterov(Momentum):
    """Stochastic gradient descent along the mean of recent gradients, each taken where that mean leads to.

    Parameters
    ----------
    step_size : float or "auto", default="auto"
        The largest step size η, positive; 1 is Newton's step where the curvature is that of the start. ``"auto"`` finds
        one from the curvature of a few batches: half of where steps would begin to grow.
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
    momentum : float, default=0.9
        μ: what is kept of the mean at each step, in [0, 1).

    Attributes
    ----------
    needs : frozenset of str
        A gradient, a proximal operator, and batches of rows.

    See Also
    --------
    SGD : Without momentum, and what all of them share.
    Momentum : The gradient is taken where the parameters are.

    Notes
    -----
    g is the gradient at z − η μ v [1]_; then v ← μ v + (1 − μ) g, z ← prox(z − η v, η / N). v is a mean, so that η
    means the same as without momentum.

    References
    ----------
    .. [1] Nesterov (1983). A method for solving a convex programming problem with convergence rate O(1/k²). Soviet
       Mathematics Doklady 27, 372-376.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skbayes.linear_model import MAPClassifier
    >>> from skbayes.solvers import Nesterov
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> exact = MAPClassifier().fit(X, y)
    >>> model = MAPClassifier(solver=Nesterov(batch_size=32, random_state=0)).fit(X, y)
    >>> bool(model.objective_ < exact.objective_ + 0.01)
    True
    """

    def _look_from(self, state: StochasticState, step_size: float) -> Array:
        ahead: Array = state.w - step_size * self.momentum * state.memory[0]
        return ahead
