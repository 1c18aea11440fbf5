"""Standard deviations against Fisher's information, intervals against simulation, draws against their range."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import polygamma

from skbayes.density import DistributionEstimator, ParameterPosterior

N = 400


def fitted(name, truth, fixed=None, n=N, seed=0):
    x = getattr(stats, name).rvs(**truth, size=n, random_state=seed).astype(float)
    return DistributionEstimator(name, fixed=fixed).fit(x[:, None])


def information(name, p):
    """Return the observed information per point at the estimate, free parameters in order, by hand."""
    match name:
        case "norm":
            return np.diag([1.0, 2.0]) / p["scale"] ** 2
        case "laplace":  # expected: it has no second derivative
            return np.diag([1.0, 1.0]) / p["scale"] ** 2
        case "expon" | "pareto":
            value = p["scale"] if name == "expon" else p["b"]
            return np.array([[1.0 / value**2]])
        case "gamma":
            scale = p["scale"]
            return np.array([[polygamma(1, p["a"]), 1 / scale], [1 / scale, p["a"] / scale**2]])
        case "poisson":
            return np.array([[1.0 / p["mu"]]])
        case "bernoulli":
            return np.array([[1.0 / (p["p"] * (1.0 - p["p"]))]])
        case "lognorm":
            # of the normal distribution of log x: scale is the exponential of its mean
            return np.diag([2.0 / p["s"] ** 2, 1.0 / (p["s"] * p["scale"]) ** 2])
    raise AssertionError(name)


FAMILIES = [
    ("norm", {"loc": 3.0, "scale": 2.0}, None),
    ("laplace", {"loc": 3.0, "scale": 2.0}, None),
    ("expon", {"scale": 2.0}, {"loc": 0.0}),
    ("pareto", {"b": 3.0, "scale": 2.0}, {"loc": 0.0, "scale": 2.0}),
    ("gamma", {"a": 3.0, "scale": 2.0}, {"loc": 0.0}),
    ("poisson", {"mu": 3.0}, None),
    ("bernoulli", {"p": 0.3}, None),
    ("lognorm", {"s": 0.5, "scale": 2.0}, {"loc": 0.0}),
]


@pytest.mark.parametrize(("name", "truth", "fixed"), FAMILIES, ids=[row[0] for row in FAMILIES])
def test_the_covariance_is_the_inverse_information(name, truth, fixed):
    model = fitted(name, truth, fixed)
    expected = np.linalg.inv(N * information(name, model.params_))
    # loc and scale of a Laplace distribution are independent in expectation; n^-1/2 is what a sample leaves of it.
    rtol = 0.05 if name == "laplace" else 1e-5
    scale = np.sqrt(np.diag(expected))
    correlated = model.posterior_.covariance / np.outer(scale, scale)
    np.testing.assert_allclose(correlated, expected / np.outer(scale, scale), atol=rtol)
    np.testing.assert_allclose(model.posterior_.std, scale, rtol=rtol)


def test_names_and_means_are_those_of_the_free_parameters():
    model = fitted("gamma", {"a": 3.0, "scale": 2.0}, {"loc": 0.0})
    posterior = model.posterior_
    assert posterior.names == ("a", "scale")
    assert posterior.mean.tolist() == [model.params_["a"], model.params_["scale"]]
    assert model.params_std_ == pytest.approx(
        {"a": posterior.std[0], "loc": 0.0, "scale": posterior.std[1]}
    )
    assert not posterior.conditional


def test_the_covariance_of_loc_counts_that_the_support_moves_with_the_scale():
    # Two charts of one posterior: loc as a gap to the data, and a gamma distribution whose loc is fixed differ by
    # conditioning: the precision of (a, scale) given loc is the inverse of the covariance restricted.
    x = stats.gamma.rvs(6.0, loc=1.0, scale=2.0, size=2000, random_state=0)[:, None]
    free = DistributionEstimator("gamma").fit(x)
    given_loc = DistributionEstimator("gamma", fixed={"loc": free.params_["loc"]}).fit(x)
    precision = np.linalg.inv(free.posterior_.covariance)[np.ix_([0, 2], [0, 2])]
    np.testing.assert_allclose(np.linalg.inv(given_loc.posterior_.covariance), precision, rtol=2e-3)


def test_an_estimate_on_an_edge_is_taken_as_known():
    model = fitted("expon", {"loc": 1.0, "scale": 2.0})
    posterior = model.posterior_
    assert posterior.conditional == {"loc"}
    assert posterior.std == pytest.approx([0.0, model.params_["scale"] / np.sqrt(N)])
    uniform = fitted("uniform", {"loc": 1.0, "scale": 2.0}).posterior_
    assert uniform.conditional == {"loc", "scale"}
    assert uniform.std.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("name", ["t", "gamma", "beta"])
def test_every_draw_and_every_interval_is_possible(name):
    truth = {"t": {"df": 4.0}, "gamma": {"a": 3.0}, "beta": {"a": 2.5, "b": 3.0}}[name]
    model = fitted(name, truth, n=60, seed=1)
    draws = model.posterior_.sample(500, 0)
    x = model.likelihood().x[:, 0]
    dist = getattr(stats, name)
    assert draws.shape == (500, len(model.posterior_.names))
    assert np.isfinite(dist.logpdf(x, *draws.T[:, :, None])).all()
    lower, upper = model.posterior_.interval(0.999)
    positive = np.array([key != "loc" for key in model.posterior_.names])
    assert np.all(lower[positive] > 0.0)
    assert np.all((lower < model.posterior_.mean) & (model.posterior_.mean < upper))


def test_draws_have_the_covariance_that_is_told():
    posterior = fitted("gamma", {"a": 3.0, "scale": 2.0}, {"loc": 0.0}, n=20_000).posterior_
    draws = posterior.sample(40_000, 1)
    scale = np.sqrt(np.diag(posterior.covariance))
    expected = posterior.covariance / np.outer(scale, scale)
    # Simulation error of a correlation is 1/200, and log against plain coordinates differ by a std of 1 %.
    np.testing.assert_allclose(np.cov(draws.T) / np.outer(scale, scale), expected, atol=0.03)
    np.testing.assert_allclose(draws.mean(axis=0), posterior.mean, atol=0.03 * scale.max())


@given(
    st.floats(0.01, 0.99),
    st.floats(1e-6, 5.0),
    st.sampled_from([(-np.inf, np.inf), (0.0, np.inf), (-np.inf, 1.0), (0.0, 1.0)]),
    st.floats(0.05, 0.99),
)
def test_intervals_are_ordered_in_their_range_and_grow_with_the_level(mean, std, bounds, level):
    posterior = ParameterPosterior(("w",), np.array([mean]), np.array([[std**2]]), [bounds])
    low, high = (end[0] for end in posterior.interval(level))
    wider, further = (end[0] for end in posterior.interval(0.5 * (1.0 + level)))
    assert bounds[0] <= wider <= low <= mean <= high <= further <= bounds[1]
    # To first order all are the plain interval.
    narrow = ParameterPosterior(("w",), np.array([mean]), np.array([[1e-12]]), [bounds])
    ends = np.ravel(narrow.interval(level)) - mean
    reach = 1e-6 * stats.norm.ppf(0.5 + 0.5 * level)
    np.testing.assert_allclose(ends, [-reach, reach], rtol=1e-3)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0])
def test_a_level_is_a_probability(level):
    posterior = fitted("norm", {"loc": 0.0}, n=20).posterior_
    with pytest.raises(ValueError, match=r"level between 0 and 1.*0\.95"):
        posterior.interval(level)


def test_pickling_forms_the_posterior_and_leaves_the_data():
    model = fitted("gamma", {"a": 3.0}, n=50_000)
    pickled = pickle.dumps(model)
    assert len(pickled) < 100_000  # 50,000 doubles are 400,000 bytes
    again = pickle.loads(pickled)
    np.testing.assert_array_equal(again.posterior_.covariance, model.posterior_.covariance)
    np.testing.assert_array_equal(again.posterior_.sample(3, 0), model.posterior_.sample(3, 0))
    with pytest.raises(ValueError, match="left behind when the estimator was pickled"):
        again.likelihood()


COVERED = [
    ("norm", {"loc": 3.0, "scale": 2.0}, None),
    ("gamma", {"a": 3.0, "scale": 2.0}, {"loc": 0.0}),
    ("weibull_min", {"c": 1.5, "scale": 2.0}, {"loc": 0.0}),
    ("nbinom", {"n": 3.0, "p": 0.4}, None),
    ("laplace", {"loc": 3.0, "scale": 2.0}, None),
    ("t", {"df": 4.0, "loc": 1.0, "scale": 2.0}, {"df": 4.0}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "truth", "fixed"), COVERED, ids=[row[0] for row in COVERED])
def test_intervals_cover_the_truth_as_often_as_they_say(name, truth, fixed):
    n_sets, n = 600, 300
    inside = []
    for seed in range(n_sets):
        posterior = fitted(name, truth, fixed, n=n, seed=seed).posterior_
        lower, upper = posterior.interval(0.9)
        true = np.array([truth[key] for key in posterior.names])
        inside.append((lower <= true) & (true <= upper))
    # Three standard errors of 600 trials, 3.7 %, and 1 % for what normal theory misses at 300 points.
    np.testing.assert_allclose(np.mean(inside, axis=0), 0.9, atol=0.047)


@pytest.mark.parametrize("offset", [1.7e9, 1e10])
def test_data_far_from_zero_have_the_same_standard_deviations(offset):
    x = stats.logistic.rvs(size=50, random_state=0)[:, None]
    near, far = (DistributionEstimator("logistic").fit(x + d).posterior_.std for d in (0.0, offset))
    # Data are rounded to 2e-6 there, a fiftieth of the step of second differences.
    np.testing.assert_allclose(far, near, rtol=1e-2)
