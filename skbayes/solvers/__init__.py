"""What minimises an objective, and the schedules of the step size of those that take steps."""

from ._adaptive import AdaGrad, Adam, RMSProp
from ._base import Objective, SeparablePenalty, Solver, SolverResult
from ._closed_form import ClosedForm
from ._coordinate_descent import CoordinateDescent, order_of
from ._lbfgs import LBFGS
from ._newton import Newton
from ._proximal_gradient import ProximalGradient
from ._proximal_newton import ProximalNewton
from ._rest_rules import UniformPenalty
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
from ._working_set import WorkingSet, minimize_separable

__all__ = [
    "LBFGS",
    "SCHEDULES",
    "SGD",
    "SOLVERS",
    "AdaGrad",
    "Adam",
    "ClosedForm",
    "CoordinateDescent",
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
    "UniformPenalty",
    "WorkingSet",
    "constant",
    "cosine",
    "cyclic_cosine",
    "exponential",
    "inverse_scaling",
    "minimize_separable",
    "order_of",
    "step",
]

SOLVERS: dict[str, type[Solver]] = {
    "closed_form": ClosedForm,
    "newton": Newton,
    "lbfgs": LBFGS,
    "coordinate_descent": CoordinateDescent,
    "proximal_newton": ProximalNewton,
    "proximal_gradient": ProximalGradient,
    "sgd": SGD,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adagrad": AdaGrad,
    "rmsprop": RMSProp,
    "adam": Adam,
}
