"""Values known only to lie in an interval: closed forms, scipy's CensoredData, and probabilities."""

import numpy as np
import pytest
from scipy import stats

from skbayes.density import DistributionEstimator
from skbayes.density._family import family_of

N = 200


def lifetimes(seed=0):
    rng = np.random.default_rng(seed)
    return rng.weibull(1.5, N) * 2.0, rng.uniform(0.5, 4.0, N)


def test_right_censored_exponential_lifetimes():
    # Total time over the number of deaths.
    life, end = lifetimes()
    seen = np.minimum(life, end)
    lower = np.where(life > end, end, np.nan)
    model = DistributionEstimator("expon", fixed={"loc": 0}).fit(seen[:, None], lower=lower)
    deaths = (life <= end).sum()
    assert model.params_["scale"] == pytest.approx(seen.sum() / deaths, rel=1e-7)
    assert model.posterior_.std[0] == pytest.approx(seen.sum() / deaths**1.5, rel=1e-5)


@pytest.mark.parametrize("kind", ["left", "right", "interval"])
def test_the_likelihood_is_that_of_scipys_censored_data(kind):
    life, end = lifetimes()
    censored = life > end if kind == "right" else life < end
    lower, upper = np.full(N, np.nan), np.full(N, np.nan)
    exact = life[~censored]
    if kind == "right":
        lower[censored] = end[censored]
        data = stats.CensoredData(exact, right=end[censored])
    elif kind == "left":
        upper[censored] = end[censored]
        data = stats.CensoredData(exact, left=end[censored])
    else:
        lower[censored], upper[censored] = np.floor(life[censored]), np.floor(life[censored]) + 1
        data = stats.CensoredData(
            exact, interval=np.column_stack([lower[censored], upper[censored]])
        )
    model = DistributionEstimator("weibull_min", fixed={"loc": 0})
    model.fit(life[:, None], lower=lower, upper=upper)
    theirs = stats.weibull_min.fit(data, floc=0)
    assert list(model.params_.values()) == pytest.approx(theirs, rel=1e-3)  # Nelder-Mead's 1e-4
    # The search of scipy minimises the same sum: ours is not above it.
    assert -model.log_likelihood_ <= stats.weibull_min.nnlf(theirs, exact) + np.sum(
        -np.log(probability(theirs, lower[censored], upper[censored]))
    )


def probability(params, lower, upper):
    frozen = stats.weibull_min(*params)
    high = np.where(np.isnan(upper), 1.0, frozen.cdf(upper))
    return high - np.where(np.isnan(lower), 0.0, frozen.cdf(lower))


def test_what_x_holds_where_it_is_censored_is_not_looked_at():
    life, end = lifetimes()
    lower = np.where(life > end, end, np.nan)
    first = DistributionEstimator("weibull_min", fixed={"loc": 0})
    first.fit(np.where(life > end, -7.0, life)[:, None], lower=lower)
    second = DistributionEstimator("weibull_min", fixed={"loc": 0})
    second.fit(np.where(life > end, np.nan, life)[:, None], lower=lower)
    assert first.params_ == second.params_
    np.testing.assert_array_equal(
        first.score_samples(life[:, None], lower=lower),
        second.score_samples(np.where(life > end, np.nan, life)[:, None], lower=lower),
    )


def test_an_interval_without_width_is_a_value():
    x = stats.norm.rvs(size=30, random_state=0)[:, None]
    plain = DistributionEstimator().fit(x)
    wide = DistributionEstimator().fit(np.full_like(x, np.nan), lower=x, upper=x)
    assert wide.params_ == plain.params_
    assert wide.score(np.full_like(x, np.nan), lower=x, upper=x) == pytest.approx(plain.score(x))


def test_narrow_intervals_are_nearly_values():
    x = stats.norm.rvs(loc=2.0, size=100, random_state=0)[:, None]
    plain = DistributionEstimator().fit(x)
    narrow = DistributionEstimator().fit(x, lower=x - 0.005, upper=x + 0.005)
    # Sheppard: a width h adds h²/12 to the variance.
    assert narrow.params_["loc"] == pytest.approx(plain.params_["loc"], abs=1e-6)
    assert narrow.params_["scale"] ** 2 == pytest.approx(
        plain.params_["scale"] ** 2 - 0.01**2 / 12.0, abs=1e-6
    )


def test_discrete_intervals_have_both_ends():
    x = stats.poisson.rvs(3.0, size=100, random_state=0)[:, None].astype(float)
    model = DistributionEstimator("poisson").fit(x, lower=np.where(x > 4, 5, np.nan)[:, 0])
    table = stats.poisson(model.params_["mu"])
    expected = table.logpmf(x[x <= 4]).sum() + (x > 4).sum() * np.log(table.pmf(range(5, 80)).sum())
    assert model.log_likelihood_ == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_a_probability_far_in_a_tail_keeps_its_digits(side):
    # P(30 < z < 31): 1 − cdf is 5e-198, and cdf itself is 1.
    family = family_of("norm")
    ends = np.sort(side * np.array([[30.0], [31.0]]), axis=0)
    found = family.log_mass(ends[0], ends[1], np.array([[0.0, 1.0]]))
    # erfc's asymptotic series: log φ(30)/30 (1 − 1/900 + 3/900² − 15/900³), the next term is 1e-10.
    tail = -450.0 - 0.5 * np.log(2 * np.pi) - np.log(30.0)
    tail += np.log(1 - 1 / 900 + 3 / 900**2 - 15 / 900**3)
    assert found[0, 0] == pytest.approx(tail, rel=1e-11)


X = np.ones((3, 1))


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"lower": [1.0, 2.0]}, r"lower needs one limit for each entry.*\(3, 1\)"),
        ({"lower": [2.0] * 3, "upper": [1.0] * 3}, r"lower=2 and upper=1 in row 0"),
    ],
)
def test_wrong_limits(limits, message):
    with pytest.raises(ValueError, match=message):
        DistributionEstimator().fit(X, **limits)


def test_a_missing_value_without_limits():
    with pytest.raises(ValueError, match="NaN where neither lower nor upper"):
        DistributionEstimator().fit([[1.0], [np.nan]], lower=[2.0, np.nan])
