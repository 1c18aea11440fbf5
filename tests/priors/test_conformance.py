"""Every registered prior, and the forms that its parameters may have, by the suite that authors elsewhere use."""

import numpy as np
import pytest

from skbayes.checks import check_prior
from skbayes.priors import (
    PRIORS,
    ElasticNet,
    Gamma,
    Group,
    Horseshoe,
    Laplace,
    Normal,
    StudentT,
)

COVARIANCE = np.array([[2.0, 0.5, 0.0], [0.5, 1.0, 0.2], [0.0, 0.2, 0.7]])


@pytest.mark.parametrize("name", PRIORS)
def test_a_prior_by_its_defaults_keeps_the_contract(name):
    check_prior(PRIORS[name]())


@pytest.mark.parametrize(
    "prior",
    [
        Normal([1.0, 0.0, -1.0], [0.5, 1.0, 3.0]),
        Normal(0.3, [0.5, 1.0, np.inf]),
        Normal(0.5, [1.0, 2.0, 0.3], COVARIANCE),
        Laplace([1.0, 0.0, -1.0], [0.5, 1.0, np.inf]),
        ElasticNet(0.2, 0.3, [0.5, 5.0, np.inf]),
        ElasticNet(0.2, [np.inf, 0.01, 1.0], [0.5, 5.0, 0.01]),
        StudentT([1.0, 2.0, 30.0], [0.0, 1.0, 2.0], 0.5),
        StudentT(scale=[0.1, np.inf, 1.0]),
        Horseshoe(0.2, 1.0),
        Horseshoe([0.05, 1.0, np.inf], [2.0, np.inf, 1.0]),
        Group(["a", "b", "a"], [1.0, 0.0, 0.5], [2.0, 0.5, 2.0]),
        Group([0, 0, 0], scale=np.inf),
        Gamma([0.7, 1.0, 5.0], [1.0, 2.0, 0.1]),
    ],
    ids=repr,
)
def test_a_prior_with_other_parameters_keeps_the_contract(prior):
    check_prior(prior)


def test_the_priors_that_can_be_split_by_coefficient_are_these():
    has = {name for name, prior in PRIORS.items() if hasattr(prior(), "separable")}
    assert has == {"flat", "normal", "laplace", "elastic_net", "dropout"}
    assert {name for name, prior in PRIORS.items() if hasattr(prior(), "quadratic")} == {
        "flat",
        "normal",
        "dropout",
    }
    assert {name for name, prior in PRIORS.items() if hasattr(prior(), "majorizer")} == {
        "student_t",
        "horseshoe",
    }


def test_a_normal_with_a_covariance_cannot_be_split():
    assert not hasattr(Normal(covariance=COVARIANCE), "separable")


@pytest.mark.parametrize("name", PRIORS)
def test_the_priors_with_a_kink_are_these(name):
    assert PRIORS[name]().is_smooth == (
        name not in {"laplace", "elastic_net", "horseshoe", "group"}
    )
