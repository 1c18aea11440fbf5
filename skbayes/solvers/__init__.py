"""What minimises an objective, and the schedules of the step size of those that take steps."""

from ._adaptive import AdaGrad, Adam, RMSProp
from ._base import Objective, SeparablePenalty, Solver, SolverResult
from ._lbfgs import LBFGS
from ._newton import Newton
from ._proximal_gradient import ProximalGradient
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
    "Momentum",
    "Nesterov",
    "Newton",
    "Objective",
    "ProximalGradient",
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
    "newton": Newton,
    "lbfgs": LBFGS,
    "proximal_gradient": ProximalGradient,
    "sgd": SGD,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adagrad": AdaGrad,
    "rmsprop": RMSProp,
    "adam": Adam,
}
