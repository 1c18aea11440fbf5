"""A model fitted to a stream: each call brings rows, is given a few stochastic steps, and forgets the rows.

Notation: N the weight of all rows that the model is about, those seen so far unless their number is given. Each step
is on F_N(w) = −(N / Σ_B s) Σ_B s_i log p(y_i given eta_i) − log p(w), whose mean is the objective of N such rows: the
prior counts once, whatever the number of calls.

The first rows are kept, and while there are few the model is the mode of these. Steps begin at that mode, in
coordinates that suit the curvature there. Rows that come more than once (N is given) are not gathered: steps begin
with the first. So they do with a solver that drops features: what is sought is not the mode then.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from ..exceptions import IncompatibleModelError
from ..likelihoods import Likelihood
from ..solvers import StochasticSolver, StochasticState
from ._design import Design
from ._fit import fit_map
from ._match import matching
from ._model import Model
from ._objective import LinearObjective
from ._rescaling import Coordinates, RescaledObjective, coordinates_at
from ._rows import Rows

__all__ = ["Gathered", "Rows", "Stream", "advanced"]

Array = NDArray[Any]

# Rows that steps begin with: 20 per parameter know the curvature within (1 ± 1/√20)² and the mode to a quarter of the
# noise of a parameter; 1000 are nothing, and above 6000 their fit would be felt.
_PER_PARAMETER, _FEWEST, _MOST = 20, 1000, 6000
# Rows whose residuals tell a noise scale: to 1.1 %.
_RECENT = 4096


@dataclass(frozen=True)
class Gathered:
    """The first rows and their mode.

    Attributes
    ----------
    likelihood : Likelihood
        With its nuisance parameter known.
    w : ndarray of shape (m,)
        The mode.
    total : float
        Weight of the rows.
    n_rows : int
        Their number.
    rows : Rows
        The rows.
    """

    likelihood: Likelihood
    w: Array
    total: float
    n_rows: int
    rows: Rows

    @property
    def n_steps(self) -> int:
        """Return the number of steps made: none."""
        return 0


@dataclass(frozen=True)
class Stream:
    """Where a model of a stream is.

    Attributes
    ----------
    likelihood : Likelihood
        With its nuisance parameter as known so far.
    w : ndarray of shape (m,)
        The parameters: the average of the steps, at a kink or bound where they belong.
    total : float
        Weight of the rows seen.
    n_rows : int
        Their number.
    state : StochasticState
        Of the solver, in `coordinates`.
    coordinates : Coordinates
        In which the steps are made.
    batch_size : int
        Rows of the batches for which the step size was found.
    n_known : int
        Number of rows seen when `coordinates` were found.
    pilot : Rows or None
        Rows kept for finding them again; None when there were enough.
    recent : tuple of ndarray
        y, linear predictor and weight of the last rows, for the nuisance parameter.
    """

    likelihood: Likelihood
    w: Array
    total: float
    n_rows: int
    state: StochasticState
    coordinates: Coordinates
    batch_size: int
    n_known: int
    pilot: Rows | None
    recent: tuple[Array, Array, Array]

    @property
    def n_steps(self) -> int:
        """Return the number of steps made."""
        return self.state.n_steps


def advanced(
    known: Gathered | Stream | None,
    solver: StochasticSolver,
    model: Model,
    rows: Rows,
    n_total: float | None,
    n_classes: int | None = None,
) -> Gathered | Stream:
    """Return what is known after some more rows; `known` None: after the first ones.

    Raises
    ------
    IncompatibleModelError
        If the prior follows the data, of which a call knows a part only.
    """
    if hasattr(model.prior, "at_information"):
        raise IncompatibleModelError(
            f"{model.stated_prior!r} follows what all rows say of a coefficient, and a stream forgets them. Use a "
            "solver that drops features, such as SGD(dropout=0.5), with another prior or prior='flat'."
        )
    total = rows.total + (0.0 if known is None else known.total)
    N = float(total if n_total is None else n_total)
    # In a stream of growing N the prior weighs 1 / N of the time. The average over the steps, weighted by their
    # number, of 1 / 2N is 1 / N at its end: that of the steps of 1 / N would be twice as much.
    is_growing = n_total is None and solver.averaging and isinstance(known, Stream)
    make = _Maker(model, 2.0 * N if is_growing else N, n_classes)
    if known is None and (n_total is not None or solver.has_noise):
        likelihood, start = make.start(rows)
        stream = _begun(solver, make, rows, likelihood, start, _batch_size(solver, rows))
        return _after(stream, solver, make, rows)
    if isinstance(known, Stream):
        return _after(_known_better(known, solver, make, rows), solver, make, rows)
    return _gathered(known, solver, make, rows)


def _gathered(
    known: Gathered | None, solver: StochasticSolver, make: "_Maker", rows: Rows
) -> Gathered | Stream:
    """Return the mode of the first rows or, if there are enough now, where the steps from there lead to."""
    n_rows = len(rows) + (0 if known is None else known.n_rows)
    total = rows.total + (0.0 if known is None else known.total)
    size = _pilot_size(make.start(rows)[1].size)
    pilot = _spread(rows, size) if known is None else known.rows.joined(_spread(rows, size))
    likelihood, w = make.mode(pilot, None if known is None else known.w)
    if n_rows < size:
        return Gathered(likelihood, w, total, n_rows, pilot)
    batch_size = _batch_size(solver, rows)
    stream = _begun(solver, make, pilot, likelihood, w, batch_size)
    if known is not None:
        # The mode stands for the average of the steps that these rows would have made.
        state = replace(stream.state, n_steps=known.n_rows // batch_size)
        stream = replace(stream, total=known.total, n_rows=known.n_rows, state=state)
    return _after(stream, solver, make, rows)


def _after(stream: Stream, solver: StochasticSolver, make: "_Maker", rows: Rows) -> Stream:
    """Return the stream after steps on some more rows."""
    likelihood = stream.likelihood
    of_rows = make.objective(rows, likelihood)
    noised = _noised(solver, of_rows, stream.n_steps)
    objective = RescaledObjective(noised, stream.coordinates, make.total)
    state = _steps(solver, objective, stream, rows)
    total = stream.total + rows.total
    w = _parameters(solver, objective, replace(stream, state=state, total=total))
    recent = stream.recent
    if not make.model.likelihood.is_fixed:
        recent = _recent(recent, rows, of_rows.linear_predictor(w))
        y, eta, weight = recent
        # The part of the parameters that was fitted to these rows.
        dof = w.size * min(1.0, float(weight.sum()) / total)
        likelihood = make.model.likelihood.update(y, eta, weight, dof)
    return replace(
        stream,
        likelihood=likelihood,
        w=w,
        total=total,
        n_rows=stream.n_rows + len(rows),
        state=state,
        recent=recent,
    )


@dataclass(frozen=True)
class _Maker:
    """Makes the objective of N rows that some rows stand for."""

    model: Model
    total: float
    n_classes: int | None

    def _weight(self, rows: Rows) -> Array:
        dtype = rows.X.dtype
        weight = np.ones(len(rows), dtype=dtype) if rows.weight is None else rows.weight
        scaled: Array = weight * dtype.type(self.total / rows.total)
        return scaled

    def objective(self, rows: Rows, likelihood: Likelihood) -> LinearObjective:
        return LinearObjective(
            Design(rows.X),
            rows.y,
            likelihood,
            self.model.prior,
            weight=self._weight(rows),
            offset=rows.offset,
            fit_intercept=self.model.fit_intercept,
            intercept_prior=self.model.intercept_prior,
            bounds=self.model.bounds,
            n_classes=self.n_classes,
        )

    def has_all_classes(self, rows: Rows) -> bool:
        return self.n_classes is None or np.unique(rows.y).size == self.n_classes

    def start(self, rows: Rows) -> tuple[Likelihood, Array]:
        """Return where to begin without any step: the likelihood, and coefficients of zero."""
        likelihood = self.model.likelihood.start(rows.y, rows.weight)
        objective = self.objective(rows, likelihood)
        if self.has_all_classes(rows):
            return likelihood, objective.start()
        zeros = np.zeros(objective.n_parameters, dtype=rows.X.dtype)
        return likelihood, np.clip(zeros, objective.lower, objective.upper).astype(zeros.dtype)

    def mode(self, rows: Rows, w: Array | None) -> tuple[Likelihood, Array]:
        """Return the mode and its likelihood; where to begin, if there is no mode."""
        if not self.has_all_classes(rows):
            return self.start(rows)
        model = replace(self.model, solver="auto", options={}, weight=self._weight(rows))
        fit = fit_map(Design(rows.X), rows.y, model, rows.offset, w)
        # Classes that few rows tell apart have their mode at infinity under a flat prior.
        return (fit.likelihood, fit.w) if fit.result.converged else self.start(rows)


def _pilot_size(n_parameters: int) -> int:
    return min(max(_FEWEST, _PER_PARAMETER * n_parameters), _MOST)


def _spread(rows: Rows, size: int) -> Rows:
    """Return no less than `size` of the rows and less than twice as many, evenly spread; all if they are fewer."""
    return rows.part(slice(None, None, max(1, len(rows) // size)))


def _begun(
    solver: StochasticSolver,
    make: _Maker,
    rows: Rows,
    likelihood: Likelihood,
    w: Array,
    batch_size: int,
) -> Stream:
    """Return the stream before its first step, from w."""
    size = _pilot_size(w.size)
    pilot = _spread(rows, size)
    objective = make.objective(pilot, likelihood)
    matching(solver, {}, lambda _: objective, likelihood, make.model.stated_prior)
    noised = _noised(solver, objective, 0)
    rescaled = RescaledObjective(noised, coordinates_at(noised, w, make.total), make.total)
    state = solver.start(rescaled, rescaled.into(w), batch_size)
    kept = pilot if len(pilot) < size else None
    none = np.empty(0)
    recent = (none, none, none)
    return Stream(
        likelihood,
        w,
        0.0,
        0,
        state,
        rescaled.coordinates,
        batch_size,
        len(rows),
        kept,
        recent,
    )


def _known_better(stream: Stream, solver: StochasticSolver, make: _Maker, rows: Rows) -> Stream:
    """Return the stream in coordinates of more rows, each time that there are twice as many, until there are enough."""
    if stream.pilot is None:
        return stream
    size = _pilot_size(stream.w.size)
    pilot = stream.pilot.joined(_spread(rows, size))
    n_rows = stream.n_rows + len(rows)
    if n_rows < 2 * stream.n_known:
        return replace(stream, pilot=pilot)
    state = stream.state
    objective = make.objective(pilot, stream.likelihood)
    out_of = RescaledObjective(objective, stream.coordinates, make.total).out_of
    average = out_of(state.average)
    new = _begun(solver, make, pilot, stream.likelihood, average, stream.batch_size)
    into = RescaledObjective(objective, new.coordinates, make.total).into
    return replace(
        stream,
        state=replace(new.state, w=into(out_of(state.w)), n_steps=state.n_steps),
        coordinates=new.coordinates,
        n_known=n_rows,
        pilot=new.pilot,
    )


def _noised(solver: StochasticSolver, objective: LinearObjective, n_steps: int) -> LinearObjective:
    """Return the objective with the solver's noise on its batches, by the seed of the solver another in each call."""
    if not solver.has_noise:
        return objective
    seed = check_random_state(solver.random_state).randint(2**31 - 1)
    noised: LinearObjective = solver.noised(objective, np.random.default_rng([seed, n_steps]))
    return noised


def _batch_size(solver: StochasticSolver, rows: Rows) -> int:
    return min(solver.batch_size, len(rows))


def _steps(
    solver: StochasticSolver, objective: RescaledObjective, stream: Stream, rows: Rows
) -> StochasticState:
    """Return the state after one pass over the rows."""
    state = stream.state
    n_batches = -(-len(rows) // solver.batch_size)
    part = 1.0
    if not isinstance(solver.step_size, str):  # it may be changed between calls
        state = replace(state, step_size=float(solver.step_size))
    else:
        # Of fewer rows than the step size was found for the curvature varies more: as (1 + √(m / b))², if the features
        # are near normal (Marchenko, Pastur 1967).
        now, then = (
            1.0 + (state.w.size / b) ** 0.5 for b in (len(rows) / n_batches, stream.batch_size)
        )
        part = min(1.0, (then / now) ** 2)
    state = replace(state, step_size=part * state.step_size)
    for k in range(n_batches):
        # Every n-th row: batches of sorted rows are alike all the same.
        state = solver.step(state, objective.batch(slice(k, None, n_batches)))
    return replace(state, step_size=state.step_size / part)


def _parameters(solver: StochasticSolver, objective: RescaledObjective, stream: Stream) -> Array:
    """Return the parameters to be reported."""
    state = stream.state
    if not solver.averaging:
        return objective.out_of(state.w)
    z = state.average
    if "smooth" not in objective.objective.offers:
        # The average of points at a kink and beside it is beside it. One step along the average of the gradients,
        # which is near the gradient at the average of the points, sets it right.
        step = 1.0 / state.curvature
        z = objective.prox(z - step * state.gradient, step / objective.total)
    return objective.out_of(z)


def _recent(before: tuple[Array, ...], rows: Rows, eta: Array) -> tuple[Array, Array, Array]:
    weight = np.ones(len(rows)) if rows.weight is None else rows.weight
    y, eta, weight = (
        np.concatenate([old, add[-_RECENT:]])[-_RECENT:]
        for old, add in zip(before, (rows.y, eta, weight), strict=True)
    )
    return y, eta, weight
