"""How the arguments of the logistic regressions, which are scikit-learn's, name a prior and a solver.

Notation: scikit-learn minimises C Σ_i s_i loss_i + Σ_j (l1_ratio |w_j| + (1 − l1_ratio) w_j² / 2). Divided by C this
is the negative log posterior, so that w has the prior Normal(scale=√C) at l1_ratio = 0, Laplace(scale=C) at 1, and
between them ElasticNet(l1_scale=C / l1_ratio, l2_scale=√(C / (1 − l1_ratio))). C = inf is the flat prior.
"""

import math
import warnings
from numbers import Real
from typing import Any

from ..priors import ElasticNet, Flat, Laplace, Normal, Prior

__all__ = [
    "SOLVER_ALIASES",
    "check_solver",
    "check_two_classes",
    "intercept_prior_of",
    "paths_of",
    "penalty_of",
    "prior_of",
    "solver_for",
]

# scikit-learn's names: the solvers of ours for a smooth prior. A prior with a kink goes to whatever "auto" takes.
SOLVER_ALIASES = {
    "lbfgs": "lbfgs",
    "liblinear": "newton",
    "newton-cg": "newton",
    "newton-cholesky": "newton",
    "sag": "lbfgs",
    "saga": "lbfgs",
}

_PENALTY_DEPRECATED = (
    "'penalty' was deprecated in scikit-learn 1.8, whose arguments these are, and goes with its 1.10. Leave it out and "
    "say {l1_ratio}=0 for 'l2', 1 for 'l1', a number between them for 'elasticnet', and {C}=np.inf for None."
)


def prior_of(C: float, l1_ratio: float) -> Prior:
    """Return the prior of the coefficients that C and l1_ratio stand for."""
    if math.isinf(C):
        return Flat()
    if l1_ratio == 0:
        return Normal(scale=math.sqrt(C))
    if l1_ratio == 1:
        return Laplace(scale=C)
    return ElasticNet(l1_scale=C / l1_ratio, l2_scale=math.sqrt(C / (1 - l1_ratio)))


def intercept_prior_of(C: float, l1_ratio: float, scaling: float, solver: str) -> Prior:
    """Return the prior of the intercept: flat, but for liblinear, which penalises intercept / scaling like w."""
    if solver != "liblinear" or math.isinf(C):
        return Flat()
    return Laplace(scale=C * scaling) if l1_ratio == 1 else Normal(scale=math.sqrt(C) * scaling)


def solver_for(solver: str, l1_ratio: float) -> str:
    """Return the name of our solver for scikit-learn's; our own names stay."""
    if solver not in SOLVER_ALIASES:
        return solver
    return SOLVER_ALIASES[solver] if l1_ratio == 0 else "auto"


def penalty_of(
    penalty: str | None, C: float, l1_ratio: float | None
) -> tuple[str | None, float, float]:
    """Return (name of the penalty, C, l1_ratio) that `penalty`, `C` and `l1_ratio` mean together.

    Raises
    ------
    ValueError
        If the penalty is the elastic net and no `l1_ratio` says which.
    """
    if penalty == "deprecated":
        if l1_ratio is None:
            warnings.warn(
                "'l1_ratio=None' was deprecated in scikit-learn 1.8, whose arguments these are; it means l1_ratio=0. "
                "Give a number from 0 to 1.",
                FutureWarning,
                stacklevel=4,
            )
        l1_ratio = l1_ratio or 0.0
        name = None if math.isinf(C) else {0.0: "l2", 1.0: "l1"}.get(float(l1_ratio), "elasticnet")
        return name, C, l1_ratio
    warnings.warn(
        _PENALTY_DEPRECATED.format(l1_ratio="l1_ratio", C="C"), FutureWarning, stacklevel=4
    )
    if penalty == "elasticnet":
        if l1_ratio is None:
            raise ValueError("l1_ratio must be specified when penalty is elasticnet; got None.")
        return penalty, C, l1_ratio
    if l1_ratio is not None and 0 < l1_ratio < 1:
        warnings.warn(
            f"l1_ratio parameter is only used when penalty is 'elasticnet'. Got (penalty={penalty})",
            UserWarning,
            stacklevel=4,
        )
    implied = {"l1": 1, "l2": 0}.get(str(penalty))
    if implied is not None and l1_ratio != implied:
        warnings.warn(
            f"Inconsistent values: penalty={penalty} with l1_ratio={l1_ratio}. The deprecated penalty was followed; "
            f"say l1_ratio={implied} alone.",
            UserWarning,
            stacklevel=4,
        )
    if penalty is None:
        if C != 1.0:
            warnings.warn(
                f"Setting penalty=None will ignore the C and l1_ratio parameters; got C={C}. Say C=np.inf alone.",
                UserWarning,
                stacklevel=4,
            )
        return None, math.inf, 0.0
    return penalty, C, float(implied or 0)


def paths_of(penalty: str, l1_ratios: Any) -> tuple[str, Any, list[float]]:
    """Return (name of the penalty, the given values of l1_ratio or None, what they mean) of a cross-validation.

    Raises
    ------
    ValueError
        If a value is no number from 0 to 1, or the elastic net has none.
    """
    if isinstance(l1_ratios, str):  # "warn", the default
        warnings.warn(
            "The default value for l1_ratios will change from None to (0.0,) in scikit-learn 1.10, whose arguments "
            "these are; both mean 0. Give values from 0 to 1, such as l1_ratios=(0,).",
            FutureWarning,
            stacklevel=4,
        )
        l1_ratios = None
    elif l1_ratios is None and penalty == "deprecated":
        warnings.warn(
            "'l1_ratios=None' was deprecated in scikit-learn 1.8, whose arguments these are; it means 0. Give values "
            "from 0 to 1, such as l1_ratios=(0,).",
            FutureWarning,
            stacklevel=4,
        )
    values = [0.0] if l1_ratios is None else list(l1_ratios)
    are_ratios = all(isinstance(v, Real) and 0.0 <= float(v) <= 1.0 for v in values)
    if not values or not are_ratios or (penalty == "elasticnet" and l1_ratios is None):
        raise ValueError(
            f"l1_ratios must be an array-like of numbers between 0 and 1; got (l1_ratios={l1_ratios!r})."
        )
    if penalty == "deprecated":
        different = {float(v) for v in values}
        name = "l2" if different == {0.0} else "l1" if different == {1.0} else "elasticnet"
        return name, l1_ratios, [float(v) for v in values]
    warnings.warn(
        _PENALTY_DEPRECATED.format(l1_ratio="l1_ratios", C="Cs"), FutureWarning, stacklevel=4
    )
    if penalty == "elasticnet":
        return penalty, l1_ratios, [float(v) for v in values]
    if l1_ratios is not None:
        warnings.warn(
            f"l1_ratios parameter is only used when penalty is 'elasticnet'. Got (penalty={penalty})",
            UserWarning,
            stacklevel=4,
        )
    return penalty, l1_ratios, [1.0 if penalty == "l1" else 0.0] * len(values)


def check_solver(solver: str, penalty: str | None, dual: bool) -> None:
    """Refuse what scikit-learn refuses of its own solvers; ours are compared with the prior where they are made.

    Raises
    ------
    ValueError
        If the solver of that name cannot have the penalty, or is asked for a dual that it has not.
    """
    if solver not in SOLVER_ALIASES:
        return
    others = "Use 'saga' or 'auto'"
    if solver not in ("liblinear", "saga") and penalty not in ("l2", None):
        raise ValueError(
            f"Solver {solver} supports only 'l2' or None penalties, got {penalty} penalty. {others}."
        )
    if solver != "liblinear" and dual:
        raise ValueError(
            f"Solver {solver} supports only dual=False, got dual={dual}. Leave it out."
        )
    if penalty == "elasticnet" and solver != "saga":
        raise ValueError(
            f"Only 'saga' solver supports elasticnet penalty, got solver={solver}. {others}."
        )
    if solver == "liblinear" and penalty is None:
        raise ValueError(
            "C=np.inf as well as penalty=None is not supported for the liblinear solver. Use another solver."
        )


def check_two_classes(classes: Any, solver: str) -> None:
    """Refuse one class, and more than two for liblinear.

    Raises
    ------
    ValueError
        In both cases.
    """
    if len(classes) < 2:
        raise ValueError(
            "This solver needs samples of at least 2 classes in the data, but the data contains only one class: "
            f"{classes[0]!s}. Give rows of another class too."
        )
    if solver == "liblinear" and len(classes) > 2:
        raise ValueError(
            "The 'liblinear' solver does not support multiclass classification (n_classes >= 3). Only binary "
            f"classification is supported. The type of the target is multiclass; got {len(classes)} classes. Use "
            "another solver, or wrap the estimator in OneVsRestClassifier."
        )
