"""Every registered likelihood by the suite that authors elsewhere use."""

import pytest

from skbayes.checks import check_likelihood
from skbayes.likelihoods import (
    LIKELIHOODS,
    Bernoulli,
    Categorical,
    Gamma,
    Gaussian,
    NegativeBinomial,
    StudentT,
)
from skbayes.priors import Gamma as GammaPrior
from skbayes.priors import HalfCauchy, LogNormal


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_a_likelihood_by_its_defaults_keeps_the_contract(name):
    check_likelihood(LIKELIHOODS[name](), n_classes=3 if name == "categorical" else None)


@pytest.mark.parametrize(
    "likelihood",
    [
        Gaussian(0.3),
        Gaussian(HalfCauchy(1.0)),
        Bernoulli("probit"),
        Gamma(0.5),
        Gamma(LogNormal()),
        NegativeBinomial(2.0),
        NegativeBinomial(GammaPrior(1.5, 1.0)),
        StudentT(3.0, 0.5),
        StudentT(1.0, 0.5),
        StudentT(scale=LogNormal()),
    ],
    ids=repr,
)
def test_a_likelihood_with_other_parameters_keeps_the_contract(likelihood):
    check_likelihood(likelihood)


def test_two_classes_by_softmax_keep_the_contract():
    check_likelihood(Categorical(), n_classes=2)
