"""Parameters as numbers, arrays and dicts by feature name, and the errors of those that do not fit."""

import numpy as np
import pytest
from sklearn.base import clone

from skbayes.priors import PRIORS, ElasticNet, Flat, Group, Laplace, Normal, StudentT

NAMES = ["age", "dose", "weight"]


def test_a_dict_goes_by_name_and_the_others_have_the_default():
    prior = Laplace(loc={"dose": 2.0}, scale={"age": 0.5, "weight": np.inf})
    resolved = prior.for_features(NAMES, 3)
    np.testing.assert_array_equal(resolved.loc, [0.0, 2.0, 0.0])
    np.testing.assert_array_equal(resolved.scale, [0.5, 1.0, np.inf])
    assert prior.loc == {"dose": 2.0}  # the user's object stays


@pytest.mark.parametrize(
    "given", [2.0, [2.0, 2.0, 2.0], np.full(3, 2.0), dict.fromkeys(NAMES, 2.0)]
)
def test_all_notations_of_one_scale_are_the_same_prior(given):
    w = np.array([0.3, -1.0, 4.0])
    prior = StudentT(scale=given).for_features(NAMES, 3)
    assert prior.log_density(w) == StudentT(scale=2.0).log_density(w)


@pytest.mark.parametrize("name", ["flat", "normal", "laplace", "elastic_net"])
def test_separable_and_quadratic_have_one_entry_for_each_feature(name):
    prior = PRIORS[name]().for_features(None, 4)
    assert [array.shape for array in prior.separable()] == [(4,)] * 3
    if hasattr(prior, "quadratic"):
        assert [array.shape for array in prior.quadratic()] == [(4,)] * 2


def test_weights_of_the_separable_form():
    loc, l1, l2 = ElasticNet(1.0, [0.5, np.inf], [2.0, np.inf]).for_features(None, 2).separable()
    np.testing.assert_array_equal(loc, [1.0, 1.0])
    np.testing.assert_array_equal(l1, [2.0, 0.0])
    np.testing.assert_array_equal(l2, [0.25, 0.0])


def test_groups_by_name_leave_the_others_alone():
    prior = Group({"age": "person", "weight": "person"}).for_features(NAMES, 3)
    np.testing.assert_array_equal(prior.groups, [0, 1, 0])
    # A label that looks like the name of another feature is still a label.
    prior = Group({"age": "dose", "weight": "dose"}).for_features(NAMES, 3)
    np.testing.assert_array_equal(prior.groups, [0, 1, 0])


@pytest.mark.parametrize("name", PRIORS)
def test_a_resolved_prior_can_be_cloned_and_resolved_again(name):
    once = PRIORS[name]().for_features(None, 3)
    twice = clone(once).for_features(None, 3)
    w = np.array([0.3, 1.0, 4.0])
    assert twice.log_density(w) == once.log_density(w)


@pytest.mark.parametrize(
    ("prior", "message"),
    [
        (Normal(scale=-1.0), r"Normal needs scale > 0; got scale=-1\.0"),
        (Normal(scale=[1.0, 0.0, 1.0]), r"scale > 0; got scale=\[0\.0\] among them"),
        (Normal(scale=np.nan), r"scale > 0; got scale=nan"),
        (Normal(loc=np.inf), r"finite loc; got loc=inf"),
        (Normal(scale=[1.0, 2.0]), r"of shape \(2,\) for 3 features"),
        (
            Normal(loc={"doze": 1.0}),
            r"not there; got \['doze'\]. The features are age, dose, weight",
        ),
        (Normal(covariance=np.eye(2)), r"covariance of shape \(3, 3\); got shape \(2, 2\)"),
        (Normal(covariance=-np.eye(3)), "positive definite covariance"),
        (Normal(covariance=np.triu(np.ones((3, 3)))), "symmetric covariance"),
        (
            Normal(covariance=np.full((3, 3), np.nan)),
            "symmetric covariance; got one that is not, or not finite",
        ),
        (Normal(scale=np.inf, covariance=np.eye(3)), "needs finite scales"),
        (StudentT(df=0.0), "finite df > 0; got df=0.0"),
        (StudentT(df=np.inf), "finite df > 0; got df=inf"),
        (Group(groups=[0, 1]), r"one label for each feature; got groups of shape \(2,\)"),
        (Group(groups={"doze": 1}), r"not there; got \['doze'\]"),
        (Group(groups=[0, 0, 1], scale=[1.0, 2.0, 1.0]), "one scale for each group"),
    ],
)
def test_what_does_not_fit_the_features_is_refused(prior, message):
    with pytest.raises(ValueError, match=message):
        prior.for_features(NAMES, 3)


@pytest.mark.parametrize("prior", [Normal(scale={"age": 1.0}), Group(groups={"age": 1})], ids=repr)
def test_names_need_named_features(prior):
    with pytest.raises(ValueError, match="the features have no names"):
        prior.for_features(None, 3)


def test_a_dict_without_features_is_no_density():
    with pytest.raises(ValueError, match=r"Use the prior that for_features\(names, n_features\)"):
        Laplace(scale={"age": 1.0}).log_density([1.0])


@pytest.mark.parametrize("prior", [Normal(scale=np.inf), Laplace(scale=[1.0, np.inf])], ids=repr)
def test_a_flat_prior_cannot_be_drawn_from(prior):
    with pytest.raises(ValueError, match="cannot be drawn from where it is flat"):
        prior.sample(1)
    assert not hasattr(Flat(), "sample")
