"""A portfolio is one of its members at a time, by a draw."""

import numpy as np
import pytest

from skbayes.acquisition import (
    AcquisitionContext,
    ExpectedImprovement,
    LogExpectedImprovement,
    MaxValueEntropySearch,
    Portfolio,
    ThompsonSampling,
    UpperConfidenceBound,
)
from skbayes.posteriors import GaussianPosterior

POSTERIOR = GaussianPosterior([0.0, 0.5], [1.0, 0.3])
MEMBERS = [ExpectedImprovement(), UpperConfidenceBound(kappa=2.0), LogExpectedImprovement()]


def context(seed):
    return AcquisitionContext(0.2, np.random.default_rng(seed))


def test_value_is_that_of_the_member_drawn():
    for seed in range(10):
        member = Portfolio(MEMBERS).marginal(POSTERIOR, context(seed))
        assert member in MEMBERS
        np.testing.assert_array_equal(
            Portfolio(MEMBERS).value(POSTERIOR, context(seed)),
            member.value(POSTERIOR.mean, POSTERIOR.std, 0.2),
        )


@pytest.mark.parametrize(
    ("weights", "shares"), [(None, [1 / 3, 1 / 3, 1 / 3]), ([6, 3, 1], [0.6, 0.3, 0.1])]
)
def test_members_are_drawn_by_their_weights(weights, shares):
    one, n = context(0), 3000
    drawn = [Portfolio(MEMBERS, weights).marginal(POSTERIOR, one) for _ in range(n)]
    for member, share in zip(MEMBERS, shares, strict=True):
        seen = sum(d is member for d in drawn) / n
        assert seen == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / n))


def test_a_member_of_weight_zero_is_never_drawn():
    portfolio, one = Portfolio(MEMBERS, [0, 1, 0]), context(0)
    assert {id(portfolio.marginal(POSTERIOR, one)) for _ in range(50)} == {id(MEMBERS[1])}


def test_the_default_members_are_all_drawn():
    one = context(0)
    names = {type(Portfolio().marginal(POSTERIOR, one)).__name__ for _ in range(50)}
    assert names == {"LogExpectedImprovement", "UpperConfidenceBound", "MaxValueInformation"}


def test_a_joint_member_is_settled():
    mes = MaxValueEntropySearch()
    drawn = Portfolio([mes]).marginal(POSTERIOR, context(0))
    expected = mes.marginal(POSTERIOR, context(0))
    np.testing.assert_array_equal(drawn.max_values, expected.max_values)


@pytest.mark.parametrize(
    ("members", "weights"),
    [([], None), (MEMBERS, [1, 1]), (MEMBERS, [1, -1, 1]), (MEMBERS, [0, 0, 0])],
)
def test_weights_that_do_not_fit_are_refused(members, weights):
    with pytest.raises(ValueError, match=rf"{len(members)} members and weights"):
        Portfolio(members, weights).value(POSTERIOR, context(0))


@pytest.mark.parametrize("member", ["log_ei", ThompsonSampling(), ExpectedImprovement])
def test_what_leaves_no_marginal_acquisition_is_not_a_member(member):
    # refused before the draw, whichever member that would be
    with pytest.raises(TypeError, match=r"needs objects of marginal acquisitions.*; got"):
        Portfolio([member, *MEMBERS], [0, 1, 1, 1]).value(POSTERIOR, context(0))
