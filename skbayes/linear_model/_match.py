"""Which solver fits a likelihood and a prior: the choice of "auto", and the sentence for an impossible pair.

The objective says what it honestly offers, the solver what it needs; nothing here knows a single prior or likelihood.
"""

from collections.abc import Callable
from typing import Any

from .._registry import resolve
from ..exceptions import IncompatibleModelError
from ..solvers import SOLVERS, Solver

__all__ = ["matching"]

# Beyond this many parameters a dense Hessian costs more than the gradients that it saves: its Cholesky takes m³/3
# operations, at m = 1000 as many as 150 gradients of 1000 rows.
_LARGEST_HESSIAN = 1000
# Up to so many operations an exact Hessian costs no more than a millisecond, and Newton's last step doubles the digits;
# above, preconditioned L-BFGS takes two thirds (5000 x 50) to a seventh (20000 x 1000) of Newton's time
# (benchmarks/constants.py newton).
_CHEAP_HESSIAN = 1e6

# What a solver may miss, in words, and which part would have it.
_NEEDS = {
    "smooth": ("a gradient everywhere", "prior"),
    "bounds": ("a gradient everywhere", "prior"),
    "gradient": ("a gradient", "prior"),
    "hessian": ("a Hessian", "prior"),
    "separable": ("a sum of one absolute value and one square per coefficient", "prior"),
    "prox": ("a proximal operator", "prior"),
    "proximal": ("a proximal operator", "prior"),
    "batch": ("a sum over rows", "likelihood"),
    "quadratic": ("a log density that is quadratic in the linear predictor", "likelihood"),
    "columns": ("one linear predictor per row", "likelihood"),
    "duality_gap": ("a duality gap", "likelihood"),
}


def matching(
    solver: Any,
    options: dict[str, Any],
    make_objective: Callable[[bool], Any],
    likelihood: Any,
    prior: Any,
) -> tuple[Solver, Any]:
    """Return a solver and an objective that fit each other.

    Parameters
    ----------
    solver : str or Solver
        A name, an object, or "auto".
    options : dict
        For a solver given by name: those that it knows are set.
    make_objective : callable
        Of whether a smooth separable prior is to be kept apart from the smooth part, as coordinate descent wants it.
    likelihood, prior : Likelihood, Prior
        For the message.

    Raises
    ------
    IncompatibleModelError
        If the solver needs what the objective does not offer; it says what, of which part, and which solvers would do.
    """
    objective = make_objective(False)
    made = _make_solver(solver, objective, options)
    if made.needs <= objective.offers:
        return made, objective
    split = make_objective(True)
    if made.needs <= split.offers:
        return made, split
    offers = (objective.offers, split.offers)
    # The stochastic solvers, which need batches, are for data that do not fit in memory, and no advice.
    fitting = [
        name
        for name, other in SOLVERS.items()
        if "batch" not in other.needs and any(other.needs <= offered for offered in offers)
    ]
    missing = sorted(made.needs - objective.offers, key=list(_NEEDS).index)[0]
    raise IncompatibleModelError(_sentence(made, missing, fitting, objective, likelihood, prior))


def _make_solver(solver: Any, objective: Any, options: dict[str, Any]) -> Solver:
    if isinstance(solver, str) and solver == "auto":
        solver = _choose(objective)
    made = resolve(solver, SOLVERS, "solver")
    if not isinstance(made, Solver):
        names = ", ".join(map(repr, SOLVERS))
        raise TypeError(f"solver needs 'auto', one of {names}, or a Solver; got {solver!r}.")
    if isinstance(solver, str):
        known = made.get_params()
        made.set_params(**{name: value for name, value in options.items() if name in known})
    return made


def _choose(objective: Any) -> str:
    """Return the name of the solver for what an objective offers and for its size."""
    offers = objective.offers
    is_large = objective.n_parameters > _LARGEST_HESSIAN
    if "smooth" in offers:
        if "quadratic" in offers:
            return "closed_form"
        is_cheap = objective.n_samples * objective.n_parameters**2 <= _CHEAP_HESSIAN
        return "newton" if "hessian" in offers and is_cheap else "lbfgs"
    if "separable" in offers and "quadratic" in offers:
        return "coordinate_descent"
    if "bounds" in offers and (is_large or "columns" not in offers):
        return "lbfgs"
    if "separable" in offers and "columns" in offers:
        return "proximal_newton"
    return "proximal_gradient"


def _sentence(
    solver: Solver, missing: str, fitting: list[str], objective: Any, likelihood: Any, prior: Any
) -> str:
    if not fitting:
        return (
            f"Prior {prior!r} cannot be combined with these bounds: it ties coefficients together, and no solver "
            f"can fit it within a box; got solver={type(solver).__name__}. Leave the bounds out, or use Laplace."
        )
    what, owner = _NEEDS[missing]
    part = f"{owner} {likelihood if owner == 'likelihood' else prior!r}"
    because = ""
    if missing in ("smooth", "bounds") and "prox" in objective.offers:
        because = " within bounds" if prior.is_smooth else " (its log density has a kink)"
    use = " or ".join(f"solver={name!r}" for name in fitting)
    advice = (
        f"Use {use}, or a smooth prior such as Normal without bounds." if because else f"Use {use}."
    )
    return f"{type(solver).__name__} needs {what} and {part} has none{because}. {advice}"
