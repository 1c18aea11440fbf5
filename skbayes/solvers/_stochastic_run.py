"""A run of a stochastic solver over rows in memory: passes in random order, and what ends them.

Notation: N rows; z the parameters in the objective's own coordinates, in which 1/√N is near one posterior standard
deviation.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from ._base import SolverResult
from ._coordinates import own_coordinates
from ._step_size import probe_rows

__all__ = ["run_epochs"]

Array = NDArray[Any]

# A pass that ends this many nats per row above where the run began has diverged: stochastic steps of a size that does
# not diverge hover at less than one nat per row above the minimum.
_RISE = 1.0
# Each try takes a quarter of the step size: 4⁻²⁰ is beyond what any data need.
_MAX_TRIES = 20


@dataclass(frozen=True)
class _Plan:
    solver: Any
    objective: Any  # as the caller gave it, but for noise on its batches
    rows: Array  # to be trained on
    held_out: Array  # to be validated on
    n_batches: int
    rng: np.random.Generator

    @property
    def n_steps(self) -> int:
        return int(self.solver.max_iter) * self.n_batches

    @property
    def knows_distance(self) -> bool:
        """Whether the gradient of all rows tells how far the minimum is."""
        return not self.held_out.size and not self.solver.has_noise


def run_epochs(solver: Any, objective: Any, w0: Array) -> SolverResult:
    """Return the result of passes over the rows until the tolerance, the patience or `max_iter` ends them."""
    plan = _plan(solver, objective)
    inner = own_coordinates(plan.objective, w0)
    state = solver.start(inner, inner.into(w0))
    if plan.knows_distance and _distance(inner, state.w) <= solver.tol:  # a warm start
        return _result(plan, inner, state, 0)
    highest = _probe(inner, state.w) + _RISE * inner.total
    losses: list[float] = []
    best = w0
    reached, epoch = np.inf, 0
    while epoch < solver.max_iter:
        state = _pass(plan, inner, state, highest)
        epoch += 1
        if plan.held_out.size:
            losses.append(inner.loss(plan.held_out, _candidate(solver, state)))
            if np.argmin(losses) == epoch - 1:
                best = inner.out_of(_candidate(solver, state))
            if epoch - 1 - np.argmin(losses) >= solver.patience:
                break
        elif (
            epoch & (epoch - 1) == 0
        ):  # after 1, 2, 4, 8, ... passes: a logarithmic part of the whole
            inner, state = _renewed(plan, inner, state)
            if plan.knows_distance:
                reached = _distance(inner, _candidate(solver, state))
            if reached <= solver.tol:
                break
    if plan.held_out.size:
        return _stopped_early(plan, best, losses)
    if solver.has_noise:
        return _noised_result(plan, inner, state, epoch)
    return _result(plan, inner, state, epoch)


def _plan(solver: Any, objective: Any) -> _Plan:
    n = objective.n_samples
    rng = np.random.default_rng(check_random_state(solver.random_state).randint(2**31 - 1))
    n_held_out = 0
    if solver.validation_fraction is not None:
        n_held_out = min(max(1, round(solver.validation_fraction * n)), n - 1)
    order = rng.permutation(n)
    held_out, rows = order[:n_held_out], order[n_held_out:]
    n_batches = -(-rows.size // min(solver.batch_size, rows.size))
    # A generator of its own: without noise the order of the rows is what it would be.
    noised = solver.noised(objective, rng.spawn(1)[0]) if solver.has_noise else objective
    return _Plan(solver, noised, rows, held_out, n_batches, rng)


def _candidate(solver: Any, state: Any) -> Array:
    return state.average if solver.averaging else state.w


def _probe(objective: Any, z: Array) -> float:
    """Return f at z by a sample of rows."""
    (rows, *_) = probe_rows(objective.n_samples, 2000)
    with np.errstate(
        over="ignore", invalid="ignore"
    ):  # not finite: diverged, and the caller sees it
        return float(objective.batch(rows).value_and_gradient(z)[0])


def _pass(plan: _Plan, objective: Any, state: Any, highest: float) -> Any:
    """Return the state after one pass; one that diverges is begun again with smaller steps."""
    order = plan.rng.permutation(plan.rows)
    for _ in range(_MAX_TRIES):
        after = state
        for rows in np.array_split(order, plan.n_batches):
            after = plan.solver.step(after, objective.batch(rows), plan.n_steps)
        if after.step_size == state.step_size and _probe(objective, after.w) <= highest:
            return after
        state = replace(state, step_size=0.25 * state.step_size)
    return state


def _renewed(plan: _Plan, inner: Any, state: Any) -> tuple[Any, Any]:
    """Return the objective in coordinates that suit where the solver is, and its state in these."""
    if plan.solver.has_noise and "smooth" not in plan.objective.offers:
        return inner, state  # the mean of the gradients, needed at the end, is in these coordinates
    average, w = inner.out_of(state.average), inner.out_of(state.w)
    renewed = own_coordinates(plan.objective, average)
    if renewed.coordinates is None:
        return inner, state
    begun = plan.solver.start(renewed, renewed.into(average))
    step_size = plan.solver.renewed_step_size(state.step_size, begun.step_size)
    return renewed, replace(begun, w=renewed.into(w), n_steps=state.n_steps, step_size=step_size)


def _distance(objective: Any, z: Array) -> float:
    """Return how far the minimum is, judged by one full step: in posterior standard deviations."""
    _, gradient = objective.value_and_gradient(z)
    total = objective.total
    move = objective.prox(z - gradient / total, 1.0 / total) - z
    return float(np.max(np.abs(move), initial=0.0) * np.sqrt(total))


def _result(plan: _Plan, inner: Any, state: Any, epoch: int) -> SolverResult:
    """Return the better one of the average and the last point, after one step along the gradient of all rows."""
    value = plan.objective.value
    candidates = [state.average, state.w] if plan.solver.averaging else [state.w]
    z = min(candidates, key=lambda candidate: value(inner.out_of(candidate)))
    # Points near a kink, and averages of points at it, are not at it; this step sets zeros again.
    _, gradient = inner.value_and_gradient(z)
    step = 1.0 / (state.curvature * inner.total)
    stepped = inner.prox(z - step * gradient, step)
    z = min(stepped, z, key=lambda candidate: value(inner.out_of(candidate)))
    w = inner.out_of(z)
    reached = _distance(inner, z)
    tol = plan.solver.tol
    message = (
        f"a full step would still move a parameter by {reached:.1e} posterior standard deviations after {epoch} "
        f"passes; tol={tol:.1e}"
    )
    return SolverResult(w, value(w), epoch, bool(reached <= tol), message)


def _noised_result(plan: _Plan, inner: Any, state: Any, epoch: int) -> SolverResult:
    """Return the better one of the average and the last point, by one more pass with the same noise on both."""
    average = state.average
    if "smooth" not in plan.objective.offers:
        # The average of points at a kink and beside it is beside it. A step along the mean of the gradients, the noise
        # averaged out of it, sets it right.
        step = 1.0 / state.curvature
        average = inner.prox(average - step * state.gradient, step / inner.total)
    candidates = [average, state.w] if plan.solver.averaging else [state.w]
    values = np.zeros(len(candidates))
    for rows in np.array_split(plan.rng.permutation(plan.rows), plan.n_batches):
        batch = inner.batch(rows)
        values += [batch.value_and_gradient(z)[0] for z in candidates]
    h = [plan.objective.nonsmooth_value(inner.out_of(z)) for z in candidates]
    best = int(np.argmin(values / plan.n_batches + h))
    w = inner.out_of(candidates[best])
    message = f"all {epoch} passes were made, as with noise on the batches they always are"
    return SolverResult(w, plan.objective.value(w), epoch, bool(np.all(np.isfinite(w))), message)


def _stopped_early(plan: _Plan, w: Array, losses: list[float]) -> SolverResult:
    waited = len(losses) - 1 - int(np.argmin(losses))
    message = (
        f"the loss on the validation part was lowest after {len(losses) - waited} passes, and {waited} more were made; "
        f"patience={plan.solver.patience}"
    )
    is_over = waited >= plan.solver.patience
    return SolverResult(w, plan.objective.value(w), len(losses), is_over, message)
