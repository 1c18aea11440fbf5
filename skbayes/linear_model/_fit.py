"""One MAP fit: solve for the coefficients, and where the model has more unknowns than these, alternate.

Two kinds of unknowns surround the coefficients w. A likelihood may have a nuisance parameter to be estimated (the noise
scale): given w it is refreshed, corrected for the effective number of parameters, and w is solved for again, until the
two agree; of several such states the most probable is taken. A prior may be no convex function (horseshoe): it is
replaced by the separable bound that touches it at w, again and again; each round lowers the objective
(majorisation-minimisation; Hunter, Lange 2004, doi:10.1198/0003130042836). And a prior may follow what the data say of
each coefficient at w (dropout): it is refreshed until w stays where it is.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from ..likelihoods import Likelihood
from ..priors import ElasticNet, Prior
from ..solvers import SOLVERS, Solver, SolverResult
from ._design import Design
from ._effective import effective_parameters
from ._information import information_at
from ._match import matching
from ._model import Model
from ._objective import LinearObjective
from ._record import Record
from ._seen import named_numbers

__all__ = ["MAPFit", "fit_map", "mode_of", "record_of_fit", "warn_unless_converged"]

Array = NDArray[Any]

# Rounds of the alternation. It is a contraction: on ordinary data the noise scale settles in 5 to 15 rounds.
_MAX_ROUNDS = 100
# The nuisance parameter, or the coefficients under a majorised prior, have settled when they move by less than this
# part of themselves: far below their statistical error, and above what a solver's own tolerance leaves.
_SETTLED = 1e-7
# Steps on batches with noise end at another point each time: the noise scale has settled within what they scatter by.
_SETTLED_IN_NOISE = 1e-2
# The second start of the noise, as a part of the spread of y: an R² of 0.99.
_SMALL_NOISE = 0.1
# A number of degrees of freedom that is rounding, as a part of the number of rows.
_NOTHING_LEFT = 1e-9
# A noise of so small a part of the spread of y is that of an interpolation: an R² of 1 − 1e-6.
_INTERPOLATION = 1e-3


@dataclass(frozen=True)
class MAPFit:
    """Where a fit ended.

    Attributes
    ----------
    w : ndarray of shape (m,)
        Parameters, coefficients first.
    value : float
        Negative log posterior, of normalised densities.
    likelihood : Likelihood
        With its nuisance parameter known.
    prior : Prior
        With one entry per feature.
    solver : Solver
        What solved it.
    result : SolverResult
        Of the last round.
    n_iter : int
        Iterations of the solver in all rounds.
    log_evidence : float or None
        log p(y), where it is known.
    loo_score : float or None
        Sum of the log densities of the rows left out, where the prior was tuned by it.
    """

    w: Array
    value: float
    likelihood: Likelihood
    prior: Prior
    solver: Solver
    result: SolverResult
    n_iter: int
    log_evidence: float | None = None
    loo_score: float | None = None


def fit_map(
    design: Design, y: Array, model: Model, offset: Array | None = None, w0: Array | None = None
) -> MAPFit:
    """Return the maximum a posteriori of one target."""
    starts = _starts(model, y)
    fits = [_alternated(design, y, model, start, offset, w0) for start in starts]
    if len(fits) == 1:
        return fits[0]
    # Of a fit that interpolates the likelihood is no measure: it has no bound as the noise goes to nothing.
    least: float = _INTERPOLATION * starts[0].get_params()["scale"]
    sound = [fit for fit in fits if fit.likelihood.get_params()["scale"] > least]
    return min(sound or fits[:1], key=lambda fit: fit.value)


def _starts(model: Model, y: Array) -> list[Likelihood]:
    """Return likelihoods without unknowns from which to begin.

    Under a normal prior the shrinkage is a fixed share of a coefficient, and noise and coefficients have one solution
    from wherever they begin. Other priors leave large coefficients alone if the noise is small, and none if it is as
    large as y: both may be solutions, and the more probable one is looked for from both sides.
    """
    if model.likelihood.is_fixed:
        return [model.likelihood]
    if model.seen is not None:
        return [model.seen.likelihood]
    start = model.likelihood.start(y, model.weight)
    if "scale" not in start.get_params(deep=False) or hasattr(model.prior, "quadratic"):
        return [start]
    return [start, clone(start).set_params(scale=_SMALL_NOISE * start.scale)]


def _alternated(
    design: Design,
    y: Array,
    model: Model,
    likelihood: Likelihood,
    offset: Array | None,
    w0: Array | None,
) -> MAPFit:
    """Return where coefficients, noise and bound on the prior agree, from a likelihood on."""
    is_majorised = hasattr(model.prior, "majorizer") and not model.prior.is_smooth
    follows_data = hasattr(model.prior, "at_information")
    w, n_iter = w0, 0
    share, change = 1.0, np.zeros(1)
    result: SolverResult
    for _ in range(_MAX_ROUNDS):
        prior = _bound_at(model.prior, w, design) if is_majorised else model.prior
        if follows_data:
            prior = _informed(design, y, model, likelihood, offset, w)
        make = partial(_objective, design, y, model, likelihood, prior, offset)
        solver, objective = matching(
            model.solver, model.options, make, likelihood, model.stated_prior
        )
        result = solver.solve(objective, objective.start() if w is None else w)
        n_iter += result.n_iter
        settled = _SETTLED_IN_NOISE if getattr(solver, "has_noise", False) else _SETTLED
        has_moved = is_majorised or follows_data
        has_moved &= w is None or _relative_step(w, result.w) > settled
        w = result.w
        if not model.likelihood.is_fixed:
            known = likelihood
            dof = effective_parameters(objective, w)
            eta = objective.linear_predictor(w)
            likelihood = model.likelihood.update(y, eta, model.weight, dof)
            if model.seen is not None:
                likelihood = model.seen.pooled(likelihood, objective.total_weight, dof)
            change, before = _numbers(likelihood) - _numbers(known), change
            share = 0.5 * share if np.sum(change * before) < 0.0 else min(1.0, 1.2 * share)
            likelihood = _between(known, likelihood, share)
            has_moved |= _largest_change(known, likelihood) > settled
        if not has_moved:
            break
    else:
        unsettled = (
            f"; noise scale or prior not settled within {settled:g} after {_MAX_ROUNDS} rounds"
        )
        result = replace(result, converged=False, message=result.message + unsettled)
    prior = prior if follows_data else model.prior
    value = _objective(design, y, model, likelihood, prior, offset).value(result.w)
    return MAPFit(result.w, value, likelihood, prior, solver, result, n_iter)


def mode_of(
    design: Design,
    y: Array,
    model: Model,
    offset: Array | None,
    result: SolverResult,
    log_evidence: float,
) -> MAPFit:
    """Return the fit of a mode that was found elsewhere, in closed form."""
    value = _objective(design, y, model, model.likelihood, model.prior, offset).value(result.w)
    return MAPFit(
        result.w,
        value,
        model.likelihood,
        model.prior,
        SOLVERS["closed_form"](),
        replace(result, value=value),
        result.n_iter,
        log_evidence=log_evidence,
    )


def record_of_fit(
    design: Design, y: Array, model: Model, offset: Array | None, fit: MAPFit
) -> Record:
    """Return what a fit leaves for the posterior; `model` is as it was before the fit."""
    make = partial(_objective, design, y, model, fit.likelihood, fit.prior, offset)
    is_estimated = not model.likelihood.is_fixed and "scale" in fit.likelihood.get_params(False)
    data = (design.X, y, model.weight, offset)
    return Record(make, fit.w, data, dof=noise_freedom if is_estimated else None)


def noise_freedom(objective: LinearObjective, w: Array) -> float:
    """Return the degrees of freedom of an estimated noise scale: N − γ, of Student's t noise fewer.

    Its scale is known from N observations as that of normal noise from N ν / (ν + 3), the ratio of the Fisher
    informations of log σ, 2 ν / (ν + 3) and 2 (Lange, Little, Taylor 1989).

    Raises
    ------
    ValueError
        If there are none.
    """
    seen = objective.prior.seen
    total = objective.total_weight + (0.0 if seen is None else seen.total)
    df = objective.data.likelihood.get_params(deep=False).get("df")
    share = 1.0 if df is None else df / (df + 3.0)
    left = total - effective_parameters(objective, w)
    if left <= _NOTHING_LEFT * total:
        raise ValueError(
            f"The noise scale cannot be estimated, for the {total:g} residuals have no degrees of freedom left, and "
            "without it there is no posterior. Use fewer features, more rows or a stronger prior, or give the scale: "
            "MAPRegressor(Gaussian(scale=...))."
        )
    # With less than one the scale itself was estimated as with one.
    return max(share * left, 1.0)


def warn_unless_converged(estimator: Any, results: Sequence[SolverResult]) -> None:
    """Warn once for all targets: tolerance, what was reached, what to do."""
    failed = [result for result in results if not result.converged]
    if failed:
        warnings.warn(
            f"{type(estimator).__name__} did not converge: {failed[0].message}. "
            "Raise max_iter or tol, scale the features, or choose another solver.",
            ConvergenceWarning,
            stacklevel=4,  # the line that called fit, past the decorator of `fit`
        )


def _objective(
    design: Design,
    y: Array,
    model: Model,
    likelihood: Likelihood,
    prior: Prior,
    offset: Array | None,
    split: bool = False,
) -> LinearObjective:
    return LinearObjective(
        design,
        y,
        likelihood,
        prior,
        weight=model.weight,
        offset=offset,
        fit_intercept=model.fit_intercept,
        intercept_prior=model.intercept_prior,
        bounds=model.bounds,
        split=split,
        seen=model.seen,
    )


def _bound_at(prior: Any, w: Array | None, design: Design) -> Prior:
    """Return the separable bound that touches a prior at the coefficients in w, itself written as a prior."""
    # At the first round nothing is known, and the weakest bound shrinks no coefficient to zero for good.
    loc, l1, l2 = prior.majorizer(None if w is None else w[: design.shape[1]])
    with np.errstate(divide="ignore"):
        return ElasticNet(loc=loc, l1_scale=1.0 / l1, l2_scale=1.0 / np.sqrt(l2))


def _informed(
    design: Design,
    y: Array,
    model: Model,
    likelihood: Likelihood,
    offset: Array | None,
    w: Array | None,
) -> Prior:
    """Return a prior that follows the data at what they say of each coefficient where the fit is."""
    objective = _objective(design, y, model, likelihood, model.prior, offset)
    information = information_at(objective, objective.start() if w is None else w)
    prior: Prior = model.prior.at_information(information)
    return prior


def _numbers(likelihood: Likelihood) -> Array:
    """Return the parameters of a likelihood that are numbers: what an update may have moved."""
    return np.array(list(named_numbers(likelihood).values()))


def _largest_change(known: Likelihood, found: Likelihood) -> float:
    """Return by what part of itself a number moved at most: each by itself, for df is no measure of a scale."""
    before, after = _numbers(known), _numbers(found)
    step = np.abs(after - before)
    return float(np.max(step / np.where(after == 0.0, 1.0, np.abs(after)), initial=0.0))


def _between(known: Likelihood, found: Likelihood, share: float) -> Likelihood:
    """Return the likelihood whose numbers are this share of the way from one to the other.

    Where a coefficient leaves its kink the number of parameters jumps, and the noise scale may jump back and forth with
    it for ever: the way halved at each turn, and a little longer where there is none (the factors of Rprop, Riedmiller
    and Braun 1993, doi:10.1109/ICNN.1993.298623), leads it to the jump.
    """
    if share == 1.0:
        return found
    before = named_numbers(known)
    way = {name: value - before[name] for name, value in named_numbers(found).items()}
    moved = {name: before[name] + share * step for name, step in way.items() if step != 0.0}
    return clone(found).set_params(**moved)


def _relative_step(before: Array, after: Array) -> float:
    size = float(np.linalg.norm(after))
    step = float(np.linalg.norm(after - before))
    return step / size if size > 0.0 else step
