"""Informed: the normal distribution of chosen, discounted and completed coefficients, by matrix algebra."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal
from sklearn.base import clone

from skbayes.checks import check_prior
from skbayes.priors import Flat, Informed, Laplace, Normal

COVARIANCE = np.array([[2.0, 0.5, 0.0], [0.5, 1.0, 0.2], [0.0, 0.2, 0.7]])
LOC = np.array([1.0, -2.0, 0.5])
ROWS = Informed(
    [[1.0, 2.0], [0.0, -1.0], [3.0, 0.5]],
    np.diag(np.arange(1.0, 7.0)) + 0.1,
    names=["u", "v"],
    classes=["a", "b", "c"],
)


@pytest.mark.parametrize(
    "prior",
    [
        Informed(LOC, COVARIANCE),
        Informed(LOC, COVARIANCE, discount=0.3, scale=2.0),
        Informed(LOC, np.diag(COVARIANCE)),
        Informed(LOC, [1.0, np.inf, 2.0], default=Normal(loc=3.0, scale=0.5)),
        Informed(LOC, COVARIANCE, default=Normal(covariance=np.eye(3) + 0.1)),
    ],
    ids=repr,
)
def test_it_keeps_the_contract_of_priors(prior):
    check_prior(prior)


@settings(max_examples=30, deadline=None)
@given(
    order=st.permutations(["a", "b", "c", "new", "newer"]).map(lambda names: names[:4]),
    discount=st.floats(0.01, 1.0),
    seed=st.integers(0, 2**16),
)
def test_chosen_features_have_the_marginal_and_others_the_default(order, discount, seed):
    # By names, one pair at a time: the density of the marginal, at 1/d of the covariance, times that of the default.
    if not {"a", "b", "c"} & set(order):
        return
    default = Normal(loc=0.3, scale=2.0)
    prior = Informed(LOC, COVARIANCE, names=list("abc"), discount=discount, default=default)
    resolved = prior.for_features(order, 4)
    w = np.random.default_rng(seed).standard_normal(4)
    known = [j for j, name in enumerate(order) if name in "abc"]
    there = ["abc".index(order[j]) for j in known]
    inside = multivariate_normal(LOC[there], COVARIANCE[np.ix_(there, there)] / discount)
    rest = [j for j in range(4) if j not in known]
    outside = default.log_density(w[rest])
    expected = inside.logpdf(w[known]) + (outside if rest else 0.0)
    assert resolved.log_density(w) == pytest.approx(expected, rel=1e-10)


def test_resolving_twice_and_cloning_change_nothing():
    prior = Informed(LOC, COVARIANCE, names=list("abc"), discount=0.5, scale=3.0)
    resolved = prior.for_features(["b", "x"], 2)
    for again in (resolved.for_features(None, 2), clone(resolved).for_features(None, 2)):
        np.testing.assert_array_equal(again.loc, resolved.loc)
        np.testing.assert_array_equal(again.covariance, resolved.covariance)
        assert again.log_density([0.2, 0.3]) == resolved.log_density([0.2, 0.3])


def test_arguments_are_stored_as_they_are():
    names, classes, default = ("u", "v"), ["a", "b", "c"], Normal(scale=2.0)
    prior = Informed([[1, 2]] * 3, np.eye(6), names, classes, 0.5, default, 2.0)
    for name, value in (("names", names), ("classes", classes), ("default", default)):
        assert prior.get_params(deep=False)[name] is value


def test_classes_are_chosen_from_the_joint_distribution():
    L = np.kron([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]], np.eye(2))
    chosen = ROWS.for_classes(["c", "a"], is_log_odds=False).for_features(["u", "v"], 2)
    np.testing.assert_allclose(chosen.covariance, L @ ROWS.covariance @ L.T)
    np.testing.assert_allclose(np.ravel(chosen.loc), L @ np.ravel(ROWS.loc))
    D = np.kron([[-1.0, 0.0, 1.0]], np.eye(2))
    odds = ROWS.for_classes(["a", "c"], is_log_odds=True)
    assert not odds.is_joint
    odds = odds.for_features(["u", "v"], 2)
    np.testing.assert_allclose(odds.covariance, D @ ROWS.covariance @ D.T)
    np.testing.assert_allclose(odds.loc, D @ np.ravel(ROWS.loc))


def test_a_class_that_the_source_did_not_have_has_the_default():
    found = ROWS.for_classes(["a", "b", "z"], is_log_odds=False).for_features(["v", "w"], 2)
    np.testing.assert_array_equal(found.loc, [[2.0, 0.0], [-1.0, 0.0], [0.0, 0.0]])
    variance = np.diag(found.covariance)
    np.testing.assert_allclose(variance, [2.1, 1.0, 4.1, 1.0, 1.0, 1.0])
    assert found.covariance[0, 2] == pytest.approx(0.1)  # v of a with v of b
    np.testing.assert_array_equal(found.covariance[4], [0.0, 0.0, 0.0, 0.0, 1.0, 0.0])


def test_variances_of_classes_too():
    prior = Informed([[1.0], [2.0], [4.0]], [1.0, 2.0, 3.0], classes=[0, 1, 2])
    odds = prior.for_classes([0, 2], is_log_odds=True).for_features(None, 1)
    assert odds.loc[0] == 3.0
    assert odds.scale[0] == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("prior", "message"),
    [
        (Informed(LOC, np.eye(2)), r"got shapes \(3,\) and \(2, 2\)"),
        (Informed(LOC, COVARIANCE, names=["a"]), "a name for each of the 3 features"),
        (Informed([LOC, LOC], np.eye(6)), "a label in classes for each of the 2 rows"),
        (Informed(LOC, COVARIANCE, discount=1.5), r"discount in \(0, 1\]"),
        (Informed(LOC, -COVARIANCE), "positive definite"),
        (Informed(LOC, COVARIANCE, scale=-1.0), "scale > 0"),
        (Informed(LOC, COVARIANCE, default=Laplace()), "normal default"),
        (Informed(LOC, COVARIANCE, default=Flat()), "finite scales"),
        (Informed([np.nan, 0.0, 0.0], COVARIANCE), "finite loc"),
        (Informed(LOC, [np.inf] * 3), "none of these is among those"),
    ],
)
def test_bad_arguments_are_named(prior, message):
    with pytest.raises(ValueError, match=message):
        prior.for_features(None, 3)


def test_without_features_there_is_no_density():
    with pytest.raises(ValueError, match="features that Informed is to be of are not known"):
        Informed(LOC, COVARIANCE).log_density(LOC)
