"""What minimises an objective, and the schedules of the step size of those that take steps."""

from ._adaptive import AdaGrad, Adam, RMSProp
from ._base import Objective, SeparablePenalty, Solver, SolverResult
from ._closed_form import ClosedForm
from ._lbfgs import LBFGS
from ._newton import Newton
from ._proximal_gradient import ProximalGradient
from ._proximal_newton import ProximalNewton
from ._schedules import (
    SCHEDULES,
    constant,
    cosine,
    cyclic_cosine,
    exponential,
    inverse_scaling,
    step,
)
from ._sgd import SGD, Momentum, Nesterov
from ._stochastic import StochasticSolver, StochasticState

__all__ = [
    "LBFGS",
    "SCHEDULES",
    "SGD",
    "SOLVERS",
    "AdaGrad",
    "Adam",
    "ClosedForm",
    "Momentum",
    "Nesterov",
    "Newton",
    "Objective",
    "ProximalGradient",
    "ProximalNewton",
    "RMSProp",
    "SeparablePenalty",
    "Solver",
    "SolverResult",
    "StochasticSolver",
    "StochasticState",
    "constant",
    "cosine",
    "cyclic_cosine",
    "exponential",
    "inverse_scaling",
    "step",
]

SOLVERS: dict[str, type[Solver]] = {
    "closed_form": ClosedForm,
    "newton": Newton,
    "lbfgs": LBFGS,
    "proximal_newton": ProximalNewton,
    "proximal_gradient": ProximalGradient,
    "sgd": SGD,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adagrad": AdaGrad,
    "rmsprop": RMSProp,
    "adam": Adam,
}
