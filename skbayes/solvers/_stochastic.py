"""The stochastic family: steps along the gradient of batches of rows, for data of any number.

Notation: F(w) = f(w) + h(w) is the sum over N rows and the prior; a batch of b rows has an f_B, the sum over its rows
times N / b plus the smooth part of the prior, whose mean is f. In coordinates z in which the columns are centred and of
curvature N, η is the step size, a part of Newton's step: z⁺ = prox(z − η ∇f_B(z) / N, η / N).
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..exceptions import IncompatibleModelError
from ._base import Solver, SolverResult
from ._schedules import SCHEDULES
from ._step_size import MeanObjective, largest_curvature, probe_rows
from ._stochastic_run import run_epochs

__all__ = ["StochasticSolver", "StochasticState"]

Array = NDArray[Any]

# The average weighs step t by t: a start far off is forgotten as t⁻² (its square, in the objective, as t⁻⁴), and 4/3
# of the variance of a plain mean is the price (Shamir, Zhang 2013, "polynomial decay").
FORGETTING = 1.0


@dataclass(frozen=True)
class StochasticState:
    """Where a stochastic solver is: all that the next step needs.

    Parameters
    ----------
    w : ndarray of shape (m,)
        The parameters after the last step.
    average : ndarray of shape (m,)
        Their average over the steps, the late ones more.
    gradient : ndarray of shape (m,)
        The same average of the gradients over N: near the gradient at `average`.
    n_steps : int
        Steps made.
    step_size : float
        The largest step size η, found or given.
    curvature : float
        The largest of f at the start, over N: steps of 1 / curvature along the gradient of all rows do not diverge.
    memory : tuple of ndarray of shape (m,)
        What the rule remembers of earlier gradients.
    """

    w: Array
    average: Array
    gradient: Array
    n_steps: int
    step_size: float
    curvature: float
    memory: tuple[Array, ...]


class StochasticSolver(Solver):
    """What the stochastic solvers share; not for direct use.

    Parameters
    ----------
    step_size : float or "auto", default="auto"
        The largest step size η, positive; 1 is Newton's step where the curvature is that of the start. ``"auto"``: the
        rule finds one.
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
    SGD : The plain rule, and what all of them do.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"gradient", "proximal", "batch"})
    _schedule_of_streams: ClassVar[str] = "inverse_scaling"

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
    ) -> None:
        self.step_size = step_size
        self.batch_size = batch_size
        self.schedule = schedule
        self.max_iter = max_iter
        self.tol = tol
        self.averaging = averaging
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.random_state = random_state
        self.dropout = dropout
        self.drop_connect = drop_connect

    def solve(self, objective: Any, w0: Array) -> SolverResult:
        """Minimise the objective by passes over its rows in random order.

        Parameters
        ----------
        objective : Objective
            Offers a gradient, a proximal operator and batches of rows.
        w0 : ndarray of shape (m,)
            Where to begin.

        Returns
        -------
        result : SolverResult
            `n_iter` counts the passes.

        Raises
        ------
        ValueError
            If an argument of the solver is wrong.
        """
        self._check_arguments()
        return run_epochs(self, objective, w0)

    @property
    def has_noise(self) -> bool:
        """Whether something is dropped from the batches."""
        return bool(self.dropout > 0.0 or self.drop_connect > 0.0)

    def noised(self, objective: Any, rng: np.random.Generator) -> Any:
        """Return the objective with noise on its batches, if the solver has any.

        Parameters
        ----------
        objective : Objective
            To be noised; left as it is.
        rng : numpy.random.Generator
            What draws the noise of each batch.

        Returns
        -------
        objective : Objective
            The same, but for its batches.

        Raises
        ------
        IncompatibleModelError
            If the objective does not offer noise.
        """
        if not self.has_noise:
            return objective
        if "noise" not in objective.offers:
            raise IncompatibleModelError(
                f"{type(self).__name__}(dropout={self.dropout!r}, drop_connect={self.drop_connect!r}) needs an "
                f"objective that can drop features, and {type(objective).__name__} offers no 'noise'. Use 0 for both."
            )
        return objective.noised(self.dropout, self.drop_connect, rng)

    def start(self, objective: Any, w0: Array, batch_size: int | None = None) -> StochasticState:
        """Return the state before the first step.

        Parameters
        ----------
        objective : Objective
            With batches of rows; by them a step size of ``"auto"`` is found.
        w0 : ndarray of shape (m,)
            Where to begin.
        batch_size : int or None, default=None
            Rows of the batches to come, for the step size; None: as many as the solver has.

        Returns
        -------
        state : StochasticState
            No steps made yet.

        Raises
        ------
        ValueError
            If an argument of the solver is wrong.
        """
        self._check_arguments()
        rows = probe_rows(objective.n_samples, batch_size or self.batch_size)
        batches = [objective.batch(some) for some in rows]
        given = self.step_size
        step_size = self._find_step_size(batches, w0) if isinstance(given, str) else float(given)
        return StochasticState(
            w=w0.copy(),
            average=w0.copy(),
            gradient=np.zeros_like(w0),
            n_steps=0,
            step_size=step_size,
            curvature=largest_curvature([MeanObjective(batches)], w0),
            memory=self._no_memory(w0),
        )

    def step(
        self, state: StochasticState, batch: Any, n_steps: int | None = None
    ) -> StochasticState:
        """Make one step.

        Parameters
        ----------
        state : StochasticState
            As `start` or the step before returned it; left as it is.
        batch : Objective
            Of a batch of rows that stands for all of them: it counts each row as often as there are rows for it.
        n_steps : int or None, default=None
            Steps of the whole run, for the schedule; None: a stream without a known end.

        Returns
        -------
        state : StochasticState
            After the step. If the gradient is not finite, with the parameters as they were and half the step size.
        """
        t = state.n_steps
        step_size = state.step_size * self._factor(t, n_steps)
        with np.errstate(over="ignore", invalid="ignore"):  # what they lead to is caught below
            _, gradient = batch.value_and_gradient(self._look_from(state, step_size))
            gradient = gradient / batch.total
            move, metric, memory = self._rule(gradient, state.memory, t)
            size = step_size / metric
            w = batch.prox(state.w - size * move, size / batch.total)
        if not np.all(np.isfinite(w)):
            return replace(state, n_steps=t + 1, step_size=0.5 * state.step_size)
        part = w.dtype.type((1.0 + FORGETTING) / (t + 1.0 + FORGETTING))
        average = state.average + part * (w - state.average)
        mean_gradient = state.gradient + part * (gradient - state.gradient)
        return replace(
            state, w=w, average=average, gradient=mean_gradient, n_steps=t + 1, memory=memory
        )

    def renewed_step_size(self, known: float, found: float) -> float:
        """Return the step size after a change of coordinates.

        Parameters
        ----------
        known : float
            What it was; smaller than at first if that diverged.
        found : float
            What would be found now.

        Returns
        -------
        step_size : float
            What it is to be.
        """
        return known

    def _look_from(self, state: StochasticState, step_size: float) -> Array:
        """Return where the gradient is taken."""
        return state.w

    @abstractmethod
    def _no_memory(self, w: Array) -> tuple[Array, ...]:
        """Return the memory before the first step."""

    @abstractmethod
    def _rule(
        self, gradient: Array, memory: tuple[Array, ...], t: int
    ) -> tuple[Array, Any, tuple[Array, ...]]:
        """Return the direction, what it is divided by, and the memory after the gradient."""

    @abstractmethod
    def _find_step_size(self, batches: Sequence[Any], w: Array) -> float:
        """Return a step size at which the steps do not diverge, by some batches."""

    def _factor(self, t: int, n_steps: int | None) -> float:
        """Return the part of the largest step size at step t."""
        schedule = self.schedule
        if isinstance(schedule, str):
            if schedule == "auto":
                schedule = self._schedule_of_streams if n_steps is None else "cosine"
            schedule = SCHEDULES[schedule]
        if n_steps is None:
            # The schedules of a length are run over 2, 4, 8, ... times it: each one begins where half of it is behind.
            n_steps = max(1 << t.bit_length(), 2)
        return float(schedule(t, n_steps))

    def _check_arguments(self) -> None:
        name = type(self).__name__
        if isinstance(self.step_size, str):
            if self.step_size != "auto":
                raise ValueError(
                    f"{name} needs step_size='auto' or a positive number; got {self.step_size!r}."
                )
        else:
            self._check_number("step_size", self.step_size, 0.0, np.inf)
        self._check_number("tol", self.tol, 0.0, np.inf)
        if self.validation_fraction is not None:
            self._check_number("validation_fraction", self.validation_fraction, 0.0, 1.0)
        for argument in ("batch_size", "max_iter", "patience"):
            value = getattr(self, argument)
            if not isinstance(value, Integral) or value < 1:
                raise ValueError(
                    f"{name} needs {argument} of at least 1, a whole number; got {value!r}."
                )
        for argument in ("dropout", "drop_connect"):
            self._check_part(argument, getattr(self, argument))
        known = {"auto", *SCHEDULES}
        if not callable(self.schedule) and self.schedule not in known:
            raise ValueError(
                f"{name} does not know schedule={self.schedule!r}. Choose one of {', '.join(sorted(known))}, or give a "
                "function of (t, n_steps)."
            )

    def _check_number(self, argument: str, value: Any, low: float, high: float) -> None:
        if not isinstance(value, Real) or isinstance(value, bool) or not low < float(value) < high:
            end = f" and below {high:g}" if np.isfinite(high) else ""
            raise ValueError(
                f"{type(self).__name__} needs {argument} above {low:g}{end}; got {value!r}."
            )

    def _check_part(self, argument: str, value: Any) -> None:
        if not isinstance(value, Real) or isinstance(value, bool) or not 0.0 <= float(value) < 1.0:
            raise ValueError(f"{type(self).__name__} needs {argument} in [0, 1); got {value!r}.")
