"""Every registered solver by the suite that authors elsewhere use, on the linear models that it can take."""

import numpy as np
import pytest

from skbayes.checks import check_solver
from skbayes.likelihoods import Bernoulli, Categorical, Gaussian, Poisson
from skbayes.linear_model._design import Design
from skbayes.linear_model._objective import LinearObjective
from skbayes.priors import Group, Laplace, Normal, StudentT
from skbayes.solvers import SOLVERS

STOCHASTIC = {"sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam"}
PARTS = {
    "gaussian x normal": (Gaussian(0.5), Normal(scale=0.7)),
    "gaussian x laplace": (Gaussian(0.5), Laplace(scale=0.05)),
    "gaussian x group": (Gaussian(0.5), Group([0, 0, 1, 1], scale=0.05)),
    "gaussian x student_t": (Gaussian(0.5), StudentT(scale=2.0)),
    "bernoulli x normal": (Bernoulli(), Normal(scale=0.7)),
    "bernoulli x laplace": (Bernoulli(), Laplace(scale=0.1)),
    "poisson x normal": (Poisson(), Normal(scale=0.7)),
    "categorical x normal": (Categorical(), Normal(scale=0.7)),
}


def objective_of(likelihood, prior):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((80, 4)) + np.array([0.0, 1.0, -2.0, 0.5])
    eta = X @ np.array([0.8, -0.5, 0.0, 0.2])
    if isinstance(likelihood, Categorical):
        eta = np.column_stack([eta, -eta, 0.0 * eta])
    y = np.asarray(likelihood.sample(eta, random_state=1))
    y = y if isinstance(likelihood, Categorical) else y.astype(float)
    resolved = prior.for_features(None, 4)
    return LinearObjective(Design(X), y, likelihood, resolved, split=not prior.is_smooth)


OBJECTIVES = {parts: objective_of(*pair) for parts, pair in PARTS.items()}
PAIRS = [
    (name, parts)
    for name, solver in SOLVERS.items()
    for parts, objective in OBJECTIVES.items()
    if solver.needs <= objective.offers
]


def test_every_solver_can_take_something():
    assert {name for name, _ in PAIRS} == SOLVERS.keys()


@pytest.mark.parametrize(("name", "parts"), PAIRS)
def test_a_solver_keeps_the_contract(name, parts):
    solver = SOLVERS[name]()
    if name in STOCHASTIC:
        # Steps on batches end near the minimum: within a hundredth of what was gained.
        check_solver(solver.set_params(max_iter=300), OBJECTIVES[parts], tolerance=1e-2)
    else:
        check_solver(solver, OBJECTIVES[parts])
