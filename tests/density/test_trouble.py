"""Likelihoods without a maximum, impossible data, wrong arguments: each is said, with what to do."""

import numpy as np
import pytest
from scipy import stats
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from skbayes.density import DistributionEstimator
from skbayes.exceptions import UnboundedLikelihoodError
from skbayes.priors import Gamma, Normal

# Small shapes, whose density is infinite where the support ends: with loc free there is nothing to find.
UNBOUNDED = [
    ("weibull_min", {"c": 0.6}, "smallest", "loc"),
    ("gamma", {"a": 0.4}, "smallest", "loc"),
    ("weibull_max", {"c": 0.6}, "largest", "loc"),
    ("beta", {"a": 0.5, "b": 0.5}, "infinite", "loc"),
    ("powerlaw", {"a": 0.4}, "smallest", "loc"),
    ("arcsine", {}, "infinite", "loc"),
]


@pytest.mark.parametrize(("name", "shapes", "which", "free"), UNBOUNDED, ids=lambda row: str(row))
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_an_unbounded_likelihood_is_an_error_that_names_what_to_fix(
    name, shapes, which, free, seed
):
    x = getattr(stats, name).rvs(**shapes, size=100, random_state=seed)[:, None]
    with pytest.raises(UnboundedLikelihoodError, match=rf"without bound.*{which}") as caught:
        DistributionEstimator(name).fit(x)
    assert f"fixed={{'{free}'" in str(caught.value)


def test_the_advice_of_the_error_helps():
    x = stats.weibull_min.rvs(0.6, size=100, random_state=0)[:, None]
    model = DistributionEstimator("weibull_min", fixed={"loc": 0.0}).fit(x)
    assert model.params_["c"] == pytest.approx(0.6, abs=0.15)  # three standard errors


def test_a_shape_that_runs_away_is_said():
    # A sample lighter in its tails than the normal distribution: Student's t has no maximum at finite df.
    x = stats.norm.ppf((np.arange(100) + 0.5) / 100)[:, None]
    with pytest.warns(ConvergenceWarning, match=r"df .* runs to an end.*fixed=\{'df'"):
        model = DistributionEstimator("t").fit(x)
    assert not model.converged_
    # The limit is the normal distribution, and its likelihood is reached.
    normal = DistributionEstimator("norm").fit(x)
    assert model.log_likelihood_ == pytest.approx(normal.log_likelihood_, abs=1e-3)
    assert model.posterior_.std[1:] == pytest.approx(normal.posterior_.std, rel=1e-3)


def test_more_successes_than_a_binomial_can_have_run_away():
    # Variance above the mean: the likelihood grows with n, towards the Poisson distribution.
    x = stats.nbinom.rvs(3, 0.3, size=200, random_state=0)[:, None]
    with pytest.warns(ConvergenceWarning, match=r"n .* runs to an end"):
        DistributionEstimator("binom").fit(x)


def test_a_scale_that_vanishes_around_a_value_is_an_error():
    # Two thirds of the values are one: Student's t with small df puts an infinite density there.
    x = np.r_[np.zeros(40), np.linspace(-3, 3, 20)][:, None]
    with pytest.raises(UnboundedLikelihoodError, match="density at a value becomes infinite"):
        DistributionEstimator("t").fit(x)


def test_constant_values():
    with pytest.raises(UnboundedLikelihoodError, match=r"All values are 2.*scale goes to 0"):
        DistributionEstimator().fit([[2.0], [2.0], [2.0]])
    # With a prior there is a mode: log p = −3 log s − log s ... + (k − 1) log s − rate s at deviation zero.
    model = DistributionEstimator(prior={"scale": Gamma(8.0, 2.0)}).fit([[2.0]] * 3)
    assert model.params_["scale"] == pytest.approx((8.0 - 1.0 - 3.0) / 2.0, rel=1e-6)


def test_too_few_values():
    with pytest.raises(ValueError, match=r"3 free parameters.*n_samples=2.*Fix some"):
        DistributionEstimator("gamma").fit([[1.0], [2.0]])


@pytest.mark.parametrize(
    ("name", "fixed", "X", "message"),
    [
        (
            "expon",
            {"loc": 0},
            [[1.0], [-2.0]],
            r"support \[0, inf\].*1 of 2 values outside, such as -2",
        ),
        ("beta", {"loc": 0, "scale": 1}, [[0.5], [1.5], [0.2]], r"no density|outside"),
        ("poisson", None, [[1.0], [-2.0]], r"no density|outside"),
        ("uniform", {"loc": 0, "scale": 1}, [[0.5], [1.5]], r"support \[0, 1\].*such as 1.5"),
        ("binom", {"n": 3}, [[2.0], [5.0]], r"no density.*n=3"),
        ("poisson", None, [[1.0], [2.5]], r"whole numbers; got 2.5"),
        ("norm", None, [[1.0], [np.nan]], r"NaN"),
        ("norm", None, [[1.0], [np.inf]], r"infinity"),
    ],
)
def test_impossible_data(name, fixed, X, message):
    with pytest.raises(ValueError, match=message):
        DistributionEstimator(name, fixed=fixed).fit(X)


X = np.array([[1.0], [2.0], [4.0], [7.0]])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"distribution": "gaussian"}, ValueError, "no univariate distribution"),
        ({"distribution": "multivariate_normal"}, ValueError, "no univariate distribution"),
        ({"distribution": stats.gamma(2.0)}, TypeError, "frozen.*distribution='gamma'"),
        ({"distribution": 3}, TypeError, "a name or a distribution"),
        ({"fixed": {"mean": 0.0}}, ValueError, r"norm does not have.*loc, scale"),
        ({"fixed": {"scale": -1.0}}, ValueError, r"scale.*a number in \(0, inf\).*-1"),
        ({"fixed": [0.0]}, TypeError, "dict by the name"),
        ({"distribution": "binom", "fixed": {"n": 2.5}}, ValueError, "whole number"),
        ({"fixed": {"loc": 0.0}, "prior": {"loc": Normal()}}, ValueError, r"\['loc'\].*fixed"),
        ({"fixed": {"loc": 0.0}, "start": {"loc": 0.0}}, ValueError, r"\['loc'\].*fixed"),
        ({"prior": Normal()}, TypeError, "dict by the name"),
        ({"prior": {"loc": 3.0}}, TypeError, "must be a prior"),
        ({"prior": {"loc": "bell"}}, ValueError, "not known"),
        ({"distribution": "binom", "prior": {"n": Gamma()}}, ValueError, "whole number"),
        ({"solver": "coordinate_descent"}, ValueError, "needs.*newton"),
        ({"max_iter": 0}, ValueError, "max_iter"),
        ({"tol": 0.0}, ValueError, "tol"),
    ],
    ids=lambda row: str(row)[:40],
)
def test_wrong_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        DistributionEstimator(**arguments).fit(X)


def test_nothing_is_there_before_fit():
    model = DistributionEstimator()
    for ask in (lambda: model.posterior_, lambda: model.score(X), lambda: model.likelihood()):
        with pytest.raises(NotFittedError):
            ask()


def test_what_the_data_cannot_tell_apart_has_an_infinite_standard_deviation():
    # pareto with scale and loc free is told; a·scale and b·scale of a log-uniform one are all that matters.
    x = stats.loguniform.rvs(1.0, 10.0, size=100, random_state=0)[:, None]
    model = DistributionEstimator("loguniform", fixed={"loc": 0.0}).fit(x)
    with pytest.warns(UserWarning, match="does not bend"):
        posterior = model.posterior_
    assert np.isinf(posterior.std).all()


def test_all_fixed_is_no_fit_but_a_likelihood():
    model = DistributionEstimator(fixed={"loc": 1.0, "scale": 2.0}).fit(X)
    assert model.params_ == {"loc": 1.0, "scale": 2.0}
    assert model.log_likelihood_ == pytest.approx(stats.norm.logpdf(X, 1.0, 2.0).sum())
    assert model.aic_ == pytest.approx(-2.0 * model.log_likelihood_)
    assert model.posterior_.mean.size == 0


@pytest.mark.parametrize("name", ["gamma", "weibull_min", "fisk"])
def test_a_zero_at_the_fixed_end_of_the_support_is_an_error(name):
    # A shape below 1 makes the density infinite there; 1 is no maximum, though the only one with a finite value.
    x = [[3.0], [0.0], [2.0], [1.0], [4.0], [0.5]]
    with pytest.raises(UnboundedLikelihoodError, match="ends exactly at the value 0"):
        DistributionEstimator(name, fixed={"loc": 0.0}).fit(x)
    limit = [np.nan, 0.1, np.nan, np.nan, np.nan, np.nan]  # what the message says to do
    assert DistributionEstimator(name, fixed={"loc": 0.0}).fit(x, upper=limit).converged_


def test_an_end_of_the_support_that_scipy_does_not_name_is_said():
    x = stats.pearson3.rvs(-2.0, size=25, random_state=1)[:, None]
    with pytest.warns(ConvergenceWarning, match="at an end of the support"):
        DistributionEstimator("pearson3").fit(x)


class Overflowing(stats.rv_continuous):
    """The exponential distribution of rate c, with an error at large rates as nct of scipy 1.17 has them."""

    def _pdf(self, x, c):
        if np.any(c > 2.0):
            raise OverflowError("Result of tgamma is too large to represent.")
        return c * np.exp(-c * x)


def test_parameters_at_which_scipy_overflows_with_an_error_are_passed_by():
    family = Overflowing(a=0.0, name="overflowing")
    model = DistributionEstimator(family, fixed={"loc": 0.0, "scale": 1.0})
    model.fit([[1.0], [2.0], [6.0]])
    assert model.params_["c"] == pytest.approx(1.0 / 3.0, rel=1e-6)  # one over the mean


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"lower": [[-np.inf], [-np.inf]]}, "there are no data"),
        ({"upper": [[1.0], [2.0]]}, "limits overlap, from -inf to 1"),
        ({"lower": [[1.0], [2.0]]}, "limits overlap, from 2 to inf"),
    ],
)
def test_limits_that_leave_everything_open_are_refused(limits, message):
    with pytest.raises(ValueError, match=message):
        DistributionEstimator("norm").fit([[1.0], [2.0]], **limits)


def test_a_row_of_weight_zero_may_be_impossible():
    model = DistributionEstimator("expon", fixed={"loc": 0.0}).fit([[1.0], [3.0]])
    # log density of the exponential distribution of mean 2 at 1
    assert model.score([[1.0], [-1.0]], sample_weight=[1.0, 0.0]) == pytest.approx(-np.log(2) - 0.5)


def test_unknown_parameters_of_a_table_are_called_so():
    model = DistributionEstimator().fit([[1.0], [2.0]])
    with pytest.raises(ValueError, match="params names parameters that norm does not have"):
        model.likelihood({"mean": 1.0})
