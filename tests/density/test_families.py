"""Families without a formula: never below scipy, on simulated data; whole numbers; distributions of one's own."""

import numpy as np
import pytest
from scipy import stats

from skbayes.density import DistributionEstimator

# Family, parameters to draw from, what is fixed. Shapes on both sides of 1, one end of a support, two, none.
CONTINUOUS = [
    ("cauchy", {"loc": 3.0, "scale": 2.0}, {}),
    ("logistic", {"loc": 3.0, "scale": 2.0}, {}),
    ("gumbel_l", {"loc": 3.0, "scale": 2.0}, {}),
    ("t", {"df": 4.0, "loc": 3.0, "scale": 2.0}, {}),
    ("skewnorm", {"a": 3.0, "loc": 3.0, "scale": 2.0}, {}),
    ("gennorm", {"beta": 1.5, "loc": 3.0, "scale": 2.0}, {}),
    ("genextreme", {"c": 0.1, "loc": 3.0, "scale": 2.0}, {}),
    ("genpareto", {"c": 0.2, "loc": 1.0, "scale": 2.0}, {}),
    ("exponnorm", {"K": 2.0, "loc": 1.0, "scale": 2.0}, {}),
    ("johnsonsu", {"a": 1.0, "b": 2.0, "loc": 1.0, "scale": 2.0}, {}),
    ("gamma", {"a": 3.0, "loc": 1.0, "scale": 2.0}, {}),
    ("gamma", {"a": 0.5, "loc": 0.0, "scale": 2.0}, {"loc": 0.0, "scale": 2.0}),
    ("weibull_min", {"c": 2.0, "loc": 1.0, "scale": 2.0}, {}),
    ("weibull_min", {"c": 0.7, "loc": 0.0, "scale": 2.0}, {"loc": 0.0}),
    ("weibull_max", {"c": 2.5, "loc": 1.0, "scale": 2.0}, {}),
    ("lognorm", {"s": 0.5, "loc": 1.0, "scale": 2.0}, {}),
    ("beta", {"a": 2.0, "b": 3.0, "loc": 0.0, "scale": 1.0}, {"loc": 0.0, "scale": 1.0}),
    ("beta", {"a": 2.5, "b": 3.0, "loc": 1.0, "scale": 2.0}, {}),
    ("beta", {"a": 2.0, "b": 3.0, "loc": 0.0, "scale": 2.0}, {"loc": 0.0}),
    ("burr12", {"c": 3.0, "d": 2.0, "loc": 0.0, "scale": 1.0}, {"loc": 0.0}),
    ("halfcauchy", {"loc": 1.0, "scale": 2.0}, {}),
    ("truncnorm", {"a": -1.0, "b": 1.5, "loc": 1.0, "scale": 2.0}, {}),
    ("dgamma", {"a": 1.5, "loc": 1.0, "scale": 2.0}, {}),
    ("foldnorm", {"c": 1.5, "loc": 0.0, "scale": 2.0}, {"loc": 0.0}),
    ("vonmises", {"kappa": 2.0, "loc": 1.0, "scale": 1.0}, {"scale": 1.0}),
]


def ids(rows):
    return [f"{name}-{'-'.join(fixed)}" for name, _, fixed in rows]


@pytest.mark.parametrize(("name", "truth", "fixed"), CONTINUOUS, ids=ids(CONTINUOUS))
@pytest.mark.parametrize("seed", [0, 1])
def test_never_below_scipy_nor_below_the_truth(name, truth, fixed, seed):
    dist = getattr(stats, name)
    x = dist.rvs(**truth, size=150, random_state=seed)
    model = DistributionEstimator(name, fixed=fixed).fit(x[:, None])
    with np.errstate(all="ignore"):
        theirs = dist.fit(x, **{f"f{key}": value for key, value in fixed.items()})
        reached = dist.logpdf(x, *theirs).sum()
    # 1e-6 nats: a tenth of the last digit that any comparison of models looks at.
    assert model.log_likelihood_ >= reached - 1e-6
    assert model.log_likelihood_ >= dist.logpdf(x, **truth).sum()
    assert model.converged_
    assert model.log_likelihood_ == pytest.approx(dist.logpdf(x, **model.params_).sum(), rel=1e-12)


DISCRETE = [
    ("nbinom", {"n": 4.0, "p": 0.4}, {}),
    ("zipf", {"a": 2.5}, {}),
    ("logser", {"p": 0.6}, {}),
    ("skellam", {"mu1": 3.0, "mu2": 2.0}, {}),
    ("betabinom", {"n": 12, "a": 2.0, "b": 3.0}, {"n": 12}),
    ("boltzmann", {"lambda_": 0.5, "N": 9}, {"N": 9}),
    ("yulesimon", {"alpha": 3.0}, {}),
]


@pytest.mark.parametrize(("name", "truth", "fixed"), DISCRETE, ids=ids(DISCRETE))
def test_discrete_families_are_at_a_maximum(name, truth, fixed):
    dist = getattr(stats, name)
    x = dist.rvs(**truth, size=300, random_state=0)
    model = DistributionEstimator(name, fixed=fixed).fit(x[:, None])
    assert model.converged_
    assert model.log_likelihood_ >= dist.logpmf(x, **truth).sum()
    free = [key for key in model.params_ if key not in {*fixed, "loc"}]
    for key in free:
        for factor in (0.999, 1.001):
            moved = {**model.params_, key: model.params_[key] * factor}
            assert dist.logpmf(x, **moved).sum() < model.log_likelihood_


def test_a_whole_number_is_found_with_the_others_at_their_best():
    x = stats.binom.rvs(12, 0.7, size=200, random_state=3)
    model = DistributionEstimator("binom").fit(x[:, None])
    # The profile likelihood of n: p is the mean over n.
    profile = {n: stats.binom.logpmf(x, n, x.mean() / n).sum() for n in range(x.max(), 200)}
    best = max(profile, key=profile.get)
    assert (model.params_["n"], type(model.params_["n"])) == (best, int)
    assert model.params_["p"] == pytest.approx(x.mean() / best)
    assert model.posterior_.conditional == {"n"}


@pytest.mark.parametrize(
    ("name", "limit", "shape"), [("rice", "rayleigh", "b"), ("foldnorm", "halfnorm", "c")]
)
@pytest.mark.parametrize(("power", "is_at_end"), [(0.8, False), (1.2, True)])
def test_a_shape_at_the_end_of_its_range_is_there_exactly(name, limit, shape, power, is_at_end):
    # The limit of the family has its shape at 0. Its quantiles, drawn apart, are best there; pressed together, not.
    x = getattr(stats, limit).ppf((np.arange(100) + 0.5) / 100)[:, None] ** power
    wide = DistributionEstimator(name, fixed={"loc": 0}).fit(x)
    narrow = DistributionEstimator(limit, fixed={"loc": 0}).fit(x)
    assert wide.converged_
    assert (wide.params_[shape] == 0.0) == is_at_end
    assert wide.posterior_.conditional == ({shape} if is_at_end else set())
    gained = wide.log_likelihood_ - narrow.log_likelihood_
    assert gained == pytest.approx(0.0, abs=1e-9) if is_at_end else gained > 1.0


def test_a_distribution_of_ones_own():
    class Mine(stats.rv_continuous):
        def _pdf(self, x, k):
            return k * np.exp(-k * x)

    mine = Mine(a=0.0, name="mine")
    x = stats.expon.rvs(scale=0.25, size=200, random_state=0)
    model = DistributionEstimator(mine, fixed={"loc": 0, "scale": 1}).fit(x[:, None])
    # The rate of an exponential distribution: one over the mean.
    assert model.params_["k"] == pytest.approx(1.0 / x.mean(), rel=1e-6)
    assert model.posterior_.std[0] == pytest.approx(1.0 / x.mean() / np.sqrt(200), rel=1e-5)


@pytest.mark.parametrize("shift", [-1e4, 0.0, 1e6])
@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e5])
def test_the_estimate_moves_with_the_data(shift, unit):
    # t has loc and scale: data in another unit, or moved, move these and leave the shape.
    x = stats.t.rvs(4.0, size=200, random_state=1)
    here = DistributionEstimator("t").fit(x[:, None]).params_
    there = DistributionEstimator("t").fit(unit * (x + shift)[:, None]).params_
    # Digits of x that the shift has taken away.
    lost = 10.0 * abs(shift) * np.finfo(float).eps
    assert there["df"] == pytest.approx(here["df"], rel=1e-5 + lost)
    assert there["scale"] == pytest.approx(unit * here["scale"], rel=1e-6 + lost)
    assert there["loc"] / unit - shift == pytest.approx(here["loc"], abs=1e-6 + lost)


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
def test_all_solvers_end_at_one_maximum(solver):
    x = stats.gamma.rvs(3.0, loc=1.0, size=300, random_state=0)[:, None]
    model = DistributionEstimator("gamma", solver=solver, max_iter=300).fit(x)
    other = DistributionEstimator("gamma").fit(x)
    assert model.log_likelihood_ == pytest.approx(other.log_likelihood_, abs=1e-8)


def test_many_points_take_the_way_over_a_part_of_them_and_end_at_the_same_place():
    x = stats.gamma.rvs(3.0, loc=1.0, size=20_000, random_state=0)[:, None]
    model = DistributionEstimator("gamma").fit(x)
    close = DistributionEstimator("gamma", start=model.params_).fit(x)
    assert model.log_likelihood_ == pytest.approx(close.log_likelihood_, abs=1e-6)
    assert model.log_likelihood_ >= stats.gamma.logpdf(x, *stats.gamma.fit(x)).sum() - 1e-6
