"""ParameterDisplay: prior, likelihood and posterior against closed forms, and what is drawn of them."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad, trapezoid
from sklearn.datasets import load_diabetes
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skbayes.density import DistributionEstimator
from skbayes.exceptions import IncompatibleModelError
from skbayes.likelihoods import Gaussian
from skbayes.linear_model import (
    LinearRegressionMLE,
    MAPClassifier,
    MAPLasso,
    MAPMultiTaskLasso,
    MAPRegressor,
    MAPRidge,
)
from skbayes.plots import ParameterDisplay, parameter_data
from skbayes.priors import Gamma, Group, Laplace, Normal

# 401 points of a trapezoidal rule over ten standard deviations; what is cut off is a ten-thousandth.
CLOSE = 2e-3
COUNTS = [[1], [0], [3], [2], [2]]
RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
Y = X @ [1.0, -0.5, 0.0] + 0.5 * RNG.normal(size=40)


def assert_curve(found, expected, grid):
    """Compare two densities by the area between them."""
    assert trapezoid(np.abs(found - expected), grid) < CLOSE


@pytest.fixture(scope="module")
def poisson():
    return DistributionEstimator("poisson", {"mu": Gamma(shape=3.0, rate=2.0)}).fit(COUNTS)


def test_counts_with_a_gamma_prior_have_a_gamma_posterior(poisson):
    data = parameter_data(poisson, "mu", level=0.9)
    grid = data["grid"]
    posterior = stats.gamma(3 + 8, scale=1 / (2 + 5))
    assert_curve(data["posterior"], posterior.pdf(grid), grid)
    assert_curve(data["prior"], stats.gamma(3, scale=1 / 2).pdf(grid), grid)
    # λ^8 e^(−5 λ) with an area of one
    assert_curve(data["likelihood"], stats.gamma(9, scale=1 / 5).pdf(grid), grid)
    np.testing.assert_allclose([data["lower"], data["upper"]], posterior.interval(0.9), rtol=CLOSE)
    assert data["most_likely"] == pytest.approx(8 / 5, rel=1e-3)
    assert data["estimate"] == pytest.approx(10 / 7)
    assert data["given"] == ""


def test_the_posterior_of_a_coefficient_is_the_conjugate_normal():
    # One feature, no intercept, noise known: everything is a formula, held and averaged are the same.
    x, scale, prior = X[:, :1], 0.5, Normal(loc=0.3, scale=0.2)
    model = MAPRegressor(Gaussian(scale=scale), prior, fit_intercept=False).fit(x, Y)
    precision = float(x[:, 0] @ x[:, 0]) / scale**2
    peak = float(x[:, 0] @ Y) / scale**2 / precision
    total = precision + 1 / 0.2**2
    mean = (precision * peak + 0.3 / 0.2**2) / total
    for others in (None, "held", "averaged"):
        data = parameter_data(model, others=others)
        grid = data["grid"]
        assert_curve(data["posterior"], stats.norm(mean, total**-0.5).pdf(grid), grid)
        assert_curve(data["likelihood"], stats.norm(peak, precision**-0.5).pdf(grid), grid)
        np.testing.assert_allclose(data["prior"], stats.norm(0.3, 0.2).pdf(grid), rtol=CLOSE)
        assert data["estimate"] == pytest.approx(mean)
        assert data["given"] == ""


def test_averaged_over_the_others_it_is_the_marginal_of_the_posterior():
    model = MAPRegressor(Gaussian(scale=0.5), Normal(scale=0.7)).fit(X, Y)
    table = model.summary(0.8)
    for j, name in enumerate(["x0", "x1", "x2", "intercept"]):
        data = parameter_data(model, name, level=0.8)
        row, grid = table.iloc[j], data["grid"]
        assert_curve(data["posterior"], stats.norm(row["mean"], row["std"]).pdf(grid), grid)
        np.testing.assert_allclose(
            [data["lower"], data["upper"]], row[["lower", "upper"]].to_list(), rtol=1e-9
        )
        assert data["given"] == ""
    assert data["prior"] is None  # of the intercept


def test_the_averaged_likelihood_is_an_integral_over_the_other_coefficients():
    # Of a Gaussian: y ~ N(x v, scale² I + Z S Zᵀ), with Z the other columns and S their prior variances.
    model = MAPRegressor(Gaussian(scale=0.5), Normal(scale=0.7), fit_intercept=False).fit(X, Y)
    data = parameter_data(model, "x0")
    grid, Z = data["grid"], X[:, 1:]
    spread = stats.multivariate_normal(cov=0.25 * np.eye(40) + 0.49 * Z @ Z.T)
    log = np.array([spread.logpdf(Y - v * X[:, 0]) for v in grid])
    expected = np.exp(log - log.max())
    assert_curve(data["likelihood"], expected / trapezoid(expected, grid), grid)


def test_held_at_the_others_it_is_narrower_where_features_are_correlated():
    twins = np.column_stack([X[:, 0], X[:, 0] + 0.1 * X[:, 1]])
    model = MAPRegressor(Gaussian(scale=0.5), Normal(scale=1.0)).fit(twins, Y)
    free, held = (parameter_data(model, 0, others=others) for others in ("averaged", "held"))
    assert held["given"] == "given the other coefficients"
    assert held["upper"] - held["lower"] < 0.5 * (free["upper"] - free["lower"])
    # Given the others: precision of this column alone.
    std = (twins[:, 0] @ twins[:, 0] / 0.25 + 1.0) ** -0.5
    grid = held["grid"]
    assert_curve(held["posterior"], stats.norm(model.coef_[0], std).pdf(grid), grid)


@settings(max_examples=15, deadline=None)
@given(scale=st.floats(0.05, 5.0), loc=st.floats(-2.0, 2.0), seed=st.integers(0, 1000))
def test_the_posterior_is_likelihood_times_prior(scale, loc, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(20, 2))
    model = MAPRegressor(Gaussian(scale=0.5), Normal(loc, scale)).fit(
        x, x[:, 0] + rng.normal(size=20)
    )
    data = parameter_data(model, 0)
    both = data["prior"] * data["likelihood"]
    assert_curve(data["posterior"], both / trapezoid(both, data["grid"]), data["grid"])


def test_a_coefficient_that_the_lasso_puts_to_zero_has_its_mode_at_the_kink():
    model = MAPLasso(0.1).fit(X, Y)
    assert model.coef_[2] == 0.0
    data = parameter_data(model, "x2")
    grid = data["grid"]
    assert data["given"] == "given the other coefficients"
    assert grid[np.argmax(data["posterior"])] == 0.0
    assert data["estimate"] == 0.0
    assert data["most_likely"] != 0.0
    # alpha |w| over the mean square is a Laplace prior of this scale.
    scale = model.noise_scale_**2 / (40 * 0.1)
    np.testing.assert_allclose(data["prior"], stats.laplace(0, scale).pdf(grid), rtol=CLOSE)


def test_a_noise_scale_that_was_estimated_makes_it_a_student_t():
    model = LinearRegressionMLE().fit(X[:8], Y[:8])
    data = parameter_data(model, "x1")
    row = model.summary(0.95).loc["x1"]
    np.testing.assert_allclose([data["lower"], data["upper"]], row[["lower", "upper"]].to_list())
    dof = model.posterior_.dof
    expected = stats.t(dof, row["mean"], row["std"]).pdf(data["grid"])
    assert_curve(data["posterior"], expected, data["grid"])


def test_location_of_a_normal_with_unknown_scale():
    # With p(scale) = 1 the scale integrates out to Student's t with n − 2 degrees of freedom around the mean.
    x = np.array([1.2, 2.1, 2.6, 2.9, 3.5, 4.8, 2.2, 3.1, 2.7, 1.9])
    model = DistributionEstimator("norm", {"loc": Normal(2.0, 0.3)}).fit(x[:, None])
    data = parameter_data(model, "loc")
    grid, n = data["grid"], x.size
    of_data = stats.t(n - 2, x.mean(), np.sqrt(x.var() * n / (n - 2) / n)).pdf(grid)
    expected = of_data * stats.norm(2.0, 0.3).pdf(grid)
    # Five standard deviations of the logarithm of the scale leave out a tail of per milles of ten points.
    assert trapezoid(np.abs(data["likelihood"] - of_data / trapezoid(of_data, grid)), grid) < 0.01
    assert trapezoid(np.abs(data["posterior"] - expected / trapezoid(expected, grid)), grid) < 0.01
    held = parameter_data(model, "loc", others="held")
    assert held["given"] == f"given scale = {model.params_['scale']:.3g}"


def test_the_prior_of_another_parameter_is_in_the_average():
    x = np.array([1.2, 2.1, 2.6, 2.9, 3.5, 4.8])
    of_scale = Gamma(shape=20.0, rate=10.0)
    data = parameter_data(DistributionEstimator("norm", {"scale": of_scale}).fit(x[:, None]), "loc")
    grid = data["grid"]

    def integral(v):
        def density(scale):
            prior = stats.gamma(20.0, scale=0.1).pdf(scale)
            return prior * np.exp(stats.norm(v, scale).logpdf(x).sum() + 12.0)

        return quad(density, 0.3, 6.0)[0]

    at = [100, 200, 300]
    expected = np.array([integral(grid[i]) for i in at])
    found = data["likelihood"][at]
    np.testing.assert_allclose(found / found[1], expected / expected[1], rtol=CLOSE)


def test_the_end_of_a_support_is_a_step():
    x = np.random.default_rng(0).exponential(size=(50, 1))
    data = parameter_data(DistributionEstimator("expon").fit(x), "loc", others="held")
    grid, least = data["grid"], float(x.min())
    assert data["estimate"] == least
    assert (data["posterior"][grid > least] == 0.0).all()
    # Below it the likelihood is e^(n loc / scale).
    scale = float(x.mean() - least)
    expected = 50 / scale * np.exp(50 / scale * (grid - least)) * (grid <= least)
    assert_curve(data["posterior"], expected, grid)


def test_weights_count():
    twice = parameter_data(DistributionEstimator("poisson").fit([[1], [3]], sample_weight=[2, 1]))
    plain = parameter_data(DistributionEstimator("poisson").fit([[1], [1], [3]]))
    np.testing.assert_allclose(twice["posterior"], plain["posterior"], rtol=1e-6)
    assert plain["prior"] is None


def test_classes_pipelines_and_columns():
    data, target = load_diabetes(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), MAPRidge(1.0)).fit(data, target)
    of_pipeline = parameter_data(pipeline, "x2")
    assert of_pipeline["estimate"] == pytest.approx(pipeline[-1].coef_[2])
    kinds = np.digitize(Y, [-0.5, 0.5])
    model = MAPClassifier().fit(X, np.array(["a", "b", "c"])[kinds])
    of_class = parameter_data(model, 1, output=2)
    assert of_class["name"] == "x1, class c"
    assert of_class["estimate"] == pytest.approx(model.coef_[2, 1])
    std = model.coef_std_[2, 1]
    reach = stats.norm.ppf(0.975) * std
    assert of_class["upper"] - of_class["estimate"] == pytest.approx(reach)
    columns = DistributionEstimator("norm", {"loc": Normal()}).fit(X)
    assert parameter_data(columns, "loc", feature=1)["estimate"] == columns.params_[1]["loc"]
    targets = MAPRidge(1.0).fit(X, np.column_stack([Y, -Y]))
    assert parameter_data(targets, 0, output=1)["estimate"] == pytest.approx(targets.coef_[1, 0])


def test_a_prior_that_ties_coefficients_is_held():
    tied = Normal(scale=1.0, covariance=[[1.0, 0.9], [0.9, 1.0]])
    model = MAPRegressor(Gaussian(scale=0.5), tied).fit(X[:, :2], Y)
    assert parameter_data(model, 0)["given"] == "given the other coefficients"
    with pytest.raises(IncompatibleModelError, match="ties coefficients together"):
        parameter_data(model, 0, others="averaged")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"parameter": "x9"}, r"'intercept'.; got 'x9'"),
        ({"parameter": None}, "got None"),
        ({"parameter": 0, "output": 1}, "0 to 0; got 1"),
        ({"parameter": 0, "others": "all"}, "got 'all'"),
        ({"parameter": 0, "level": 1.0}, "got 1.0"),
    ],
)
def test_wrong_arguments(arguments, message):
    model = MAPRidge(1.0).fit(X, Y)
    with pytest.raises(ValueError, match=message):
        parameter_data(model, **arguments)


def test_what_has_no_such_curves_says_so(poisson):
    with pytest.raises(NotFittedError):
        parameter_data(DistributionEstimator())
    with pytest.raises(IncompatibleModelError, match="got Ridge without one"):
        parameter_data(Ridge().fit(X, Y), 0)
    lasso = MAPLasso(0.1).fit(X, Y)
    with pytest.raises(IncompatibleModelError, match="got kind='support'"):
        parameter_data(lasso, "x0", others="averaged")
    with pytest.raises(ValueError, match="0 to 0; got 3"):
        parameter_data(poisson, feature=3)
    with pytest.raises(ValueError, match="left behind when the estimator was pickled"):
        parameter_data(pickle.loads(pickle.dumps(poisson)))
    with pytest.raises(RuntimeError, match="fit again"):
        parameter_data(pickle.loads(pickle.dumps(lasso)), "x0")
    twins = LinearRegressionMLE().fit(np.column_stack([X[:, 0]] * 2), Y)
    with pytest.raises(IncompatibleModelError, match="standard deviation of x0; got inf"):
        parameter_data(twins, 0, others="averaged")
    group = MAPRegressor(prior=Group([0, 0, 0], scale=0.2)).fit(X, Y)
    assert parameter_data(group, 0)["given"] == "given the other coefficients"
    with pytest.raises(IncompatibleModelError, match="without one"):
        parameter_data(MAPRegressor(prior=Laplace(), posterior=None).fit(X, Y), 0)
    together = MAPMultiTaskLasso(0.1).fit(X, np.column_stack([Y, -Y]))
    with pytest.raises(IncompatibleModelError, match="fitted together"):
        parameter_data(together, 0)


def test_what_is_drawn(poisson):
    display = ParameterDisplay.from_estimator(
        poisson, line_kw={"lw": 3}, interval_kw={"fc": "pink"}
    )
    assert set(display.lines_) == {"prior", "likelihood", "posterior"}
    for what, line in display.lines_.items():
        np.testing.assert_array_equal(line.get_ydata(), getattr(display, what))
        assert line.get_linewidth() == 3
    styles = {(line.get_color(), line.get_linestyle()) for line in display.lines_.values()}
    assert len(styles) == 3
    ends = display.interval_.get_paths()[0].vertices[:, 0]
    np.testing.assert_allclose([ends.min(), ends.max()], [display.lower, display.upper])
    assert display.estimate_.get_xdata()[0] == display.estimate
    assert display.ax_.get_xlabel() == "mu"
    words = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert "MAP estimate 1.43" in words
    assert any(word.startswith("likelihood (scaled), highest at 1.6") for word in words)


def test_a_flat_prior_is_not_drawn_and_a_spike_does_not_hide_the_rest():
    from matplotlib import pyplot

    _, axes = pyplot.subplots(1, 2)
    flat = ParameterDisplay.from_estimator(DistributionEstimator("poisson").fit(COUNTS), ax=axes[0])
    assert set(flat.lines_) == {"likelihood", "posterior"}
    assert flat.ax_ is axes[0]
    spike = MAPLasso(0.5).fit(X, Y + 2.0 * X[:, 2])
    data = parameter_data(spike, "x2")
    display = pickle.loads(pickle.dumps(ParameterDisplay(**data)))
    assert display.plot(axes[1]) is display
    assert axes[1].get_ylim()[1] < 2.0 * data["posterior"].max() + data["likelihood"].max()


def test_a_likelihood_far_from_the_prior_is_still_shown():
    model = MAPRegressor(Gaussian(scale=0.5), Normal(loc=-3.0, scale=0.02)).fit(X, Y)
    data = parameter_data(model, "x0")
    # The area of a part of it would mean nothing: it is as high as the posterior.
    assert data["most_likely"] is None
    assert data["likelihood"].max() == pytest.approx(data["posterior"].max())
    display = ParameterDisplay(**data).plot()
    words = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert any("still rising at an end" in word for word in words)
    display.figure_.canvas.draw()
