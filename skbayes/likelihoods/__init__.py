"""Likelihoods p(y given the linear predictor): how the observations scatter around what a linear model says."""

from ._base import Likelihood
from ._bernoulli import Bernoulli
from ._categorical import Categorical
from ._gamma import Gamma
from ._gaussian import Gaussian
from ._negative_binomial import NegativeBinomial
from ._poisson import Poisson
from ._student_t import StudentT

__all__ = [
    "LIKELIHOODS",
    "Bernoulli",
    "Categorical",
    "Gamma",
    "Gaussian",
    "Likelihood",
    "NegativeBinomial",
    "Poisson",
    "StudentT",
]

LIKELIHOODS: dict[str, type[Likelihood]] = {
    "gaussian": Gaussian,
    "bernoulli": Bernoulli,
    "categorical": Categorical,
    "poisson": Poisson,
    "gamma": Gamma,
    "negative_binomial": NegativeBinomial,
    "student_t": StudentT,
}
