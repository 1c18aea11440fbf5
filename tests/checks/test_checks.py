"""The suites pass what keeps the contract (tested beside each room) and name what does not."""

import numpy as np
import pytest

from skbayes.checks import check_likelihood, check_prior, check_solver
from skbayes.likelihoods import Bernoulli, Gaussian, Poisson
from skbayes.priors import Laplace, Normal, Prior, StudentT
from skbayes.solvers import SOLVERS, Solver, SolverResult


class WrongGradient(Normal):
    def gradient(self, w):
        return -super().gradient(w)


class WrongProx(Laplace):
    def prox(self, w, step):
        return super().prox(w, 2.0 * step)


class NotNormalised(Normal):
    def log_density(self, w):
        return super().log_density(w) + 0.3


class WrongWeights(Laplace):
    def separable(self):
        loc, l1, l2 = super().separable()
        return loc, 2.0 * l1, l2


class NoBound(StudentT):
    def majorizer(self, w):
        loc, l1, l2 = super().majorizer(w)
        return loc, l1, 0.9 * l2


class Doubles(Normal):
    def gradient(self, w):
        return super().gradient(w).astype(float)


class Overwrites(Normal):
    def gradient(self, w):
        gradient = super().gradient(w)
        w *= 0.0
        return gradient


class Computes(Normal):
    def __init__(self, loc=0.0, scale=1.0, covariance=None):
        super().__init__(loc, 1.0 * np.asarray(scale), covariance)


class KinkWithoutProx(Prior):
    is_smooth = False

    def log_density(self, w):
        return -float(np.abs(w).sum())


@pytest.mark.parametrize(
    ("prior", "message"),
    [
        (WrongGradient(), "gradient is .* where a difference gives"),
        (WrongProx(), r"prox\(w=.*another point costs"),
        (NotNormalised(), "sample against log_density"),
        (WrongWeights(), r"separable\(\) is .* where log_density gives"),
        (NoBound(), "it is no bound"),
        (Doubles(), "gives gradient as float64 for w in float32"),
        (Overwrites(), "writes to the w that gradient is given"),
        (Computes(), r"changes \['scale'\] in __init__"),
        (KinkWithoutProx(), "has a kink and neither prox nor majorizer"),
        ("laplace", "is no skbayes.priors.Prior"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else None,
)
def test_a_prior_that_breaks_the_contract_is_named(prior, message):
    with pytest.raises(AssertionError, match=message):
        check_prior(prior)


class SteepPoisson(Poisson):
    def value_and_gradient(self, y, eta):
        value, gradient = super().value_and_gradient(y, eta)
        return value, 2.0 * gradient


class FlatHessian(Poisson):
    def hessian(self, y, eta):
        return 0.0 * super().hessian(y, eta)


class LowBound(Bernoulli):
    @property
    def curvature_bound(self):
        return 0.2


class NoisyDraws(Gaussian):
    def sample(self, eta, random_state=None):
        return 3.0 * super().sample(eta, random_state)


class WrongScale(Gaussian):
    def update(self, y, eta, weight=None, dof=0.0):
        return type(self)(2.0 * super().update(y, eta, weight, dof).scale)


class TakesAnything(Gaussian):
    def check_target(self, y):
        return


class StartsAtOne(Poisson):
    def start_intercept(self, y, weight=None):
        return 1.0


class WrongCdf(Gaussian):
    def cdf(self, y, eta):
        return super().cdf(y, eta) ** 2


class UpperQuantile(Poisson):
    def quantile(self, q, eta):
        return super().quantile(q, eta) + 1.0


class WrongNoise(Gaussian):
    def cdf(self, y, eta):
        return Gaussian(2.0).cdf(y, eta)

    def quantile(self, q, eta):
        return Gaussian(2.0).quantile(q, eta)


@pytest.mark.parametrize(
    ("likelihood", "message"),
    [
        (SteepPoisson(), "gradient is .* where a difference gives"),
        (FlatHessian(), "hessian is .* where a difference of gradient gives"),
        (LowBound(), "above its curvature_bound 0.2"),
        (NoisyDraws(1.0), "the mean of .* over draws differs"),
        (WrongScale(), "is more probable"),
        (TakesAnything(1.0), "accepts NaN as an observation"),
        (StartsAtOne(), "Σ gradient at start_intercept"),
        (WrongCdf(1.0), "cdf of quantile is .* where its level gives"),
        (UpperQuantile(), "not the least count"),
        (WrongNoise(1.0), "density at .* where the slope of cdf gives"),
        (3, "is no skbayes.likelihoods.Likelihood"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else None,
)
def test_a_likelihood_that_breaks_the_contract_is_named(likelihood, message):
    with pytest.raises(AssertionError, match=message):
        check_likelihood(likelihood)


class GivesUp(Solver):
    needs = frozenset({"gradient"})

    def solve(self, objective, w0):
        return SolverResult(w0.copy(), objective.value(w0), 0, False, "gave up")


class Lies(Solver):
    needs = frozenset({"hessian", "smooth"})

    def solve(self, objective, w0):
        w = w0 - np.linalg.solve(objective.hessian(w0), objective.value_and_gradient(w0)[1])
        return SolverResult(w, 0.0, 1, True, "")


class Overwriting(Solver):
    def solve(self, objective, w0):
        w0 += 1.0
        return SolverResult(w0, objective.value(w0), 1, True, "")


class NeedsAMiracle(Solver):
    needs = frozenset({"miracle"})

    def solve(self, objective, w0):
        raise NotImplementedError


@pytest.mark.parametrize(
    ("solver", "message"),
    [
        (GivesUp(), r"\(gave up\); a point .* away has"),
        (Lies(), "value is 0 where the objective at its w gives"),
        (Overwriting(), "writes to w0"),
        (NeedsAMiracle(), r"needs \['miracle'\], more than the built-in problems offer"),
        ("lbfgs", "is no skbayes.solvers.Solver"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else None,
)
def test_a_solver_that_breaks_the_contract_is_named(solver, message):
    with pytest.raises(AssertionError, match=message):
        check_solver(solver)


def test_an_objective_has_to_offer_what_the_solver_needs():
    class Bare:
        offers = frozenset({"gradient"})

    with pytest.raises(
        AssertionError, match=r"needs \['hessian', 'smooth'\], which this objective"
    ):
        check_solver(SOLVERS["newton"](), Bare())
