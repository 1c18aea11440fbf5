"""LikelihoodDisplay: its numbers without matplotlib, and what is drawn of them."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression

from skbayes.density import DistributionEstimator
from skbayes.plots import LikelihoodDisplay, likelihood_data
from skbayes.plots._likelihood import _exponential, _free

X = np.array([[1.2], [2.1], [2.6], [2.9], [3.5], [4.8]])
CANDIDATES = [{"loc": 1.5, "scale": 1.0}, {}]


@pytest.fixture(scope="module")
def model():
    return DistributionEstimator().fit(X)


def test_the_numbers_are_densities_and_their_products(model):
    data = likelihood_data(model, CANDIDATES)
    estimate = stats.norm(**model.params_)
    np.testing.assert_allclose(data["heights"][0], stats.norm.pdf(X[:, 0], 1.5, 1.0), rtol=1e-13)
    np.testing.assert_allclose(data["heights"][1], estimate.pdf(X[:, 0]), rtol=1e-13)
    np.testing.assert_allclose(data["curves"][1], estimate.pdf(data["grid"]), rtol=1e-13)
    np.testing.assert_allclose(
        data["log_likelihood"], [model.likelihood(c).log_likelihood for c in CANDIDATES]
    )
    assert data["labels"] == ["loc=1.5, scale=1", "loc=2.85, scale=1.12"]
    assert data["grid"].min() < X.min()
    assert data["grid"].max() > X.max()


def test_a_discrete_family_is_drawn_at_whole_numbers_that_are_possible():
    counts = DistributionEstimator("poisson").fit([[0], [1], [1], [4]])
    data = likelihood_data(counts, [{"mu": 3.0}, {}])
    np.testing.assert_array_equal(data["grid"], np.arange(0, 7))
    np.testing.assert_allclose(data["curves"][0], stats.poisson.pmf(np.arange(7), 3.0))
    assert data["is_discrete"]


def test_one_of_several_columns_and_its_name():
    frame = pd.DataFrame({"a": X[:, 0], "b": 10.0 * X[:, 0]})
    model = DistributionEstimator().fit(frame)
    data = likelihood_data(model, [{"loc": 0.0}, {}], feature=1)
    assert data["name"] == "b"
    scale = model.params_[1]["scale"]
    np.testing.assert_allclose(data["heights"][0], stats.norm.pdf(frame["b"], 0.0, scale))


def test_impossible_points_have_no_likelihood():
    model = DistributionEstimator("expon").fit(X)
    data = likelihood_data(model, [{"loc": 2.0}])
    assert data["log_likelihood"][0] == -np.inf


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"candidates": []}, "one to 4 candidates; got 0"),
        ({"candidates": [{}] * 5}, "one to 4 candidates; got 5"),
        ({"candidates": [{}], "labels": ["a", "b"]}, "each of 1 candidates; got 2"),
        ({"candidates": [{}], "feature": 1}, "0 to 0; got 1"),
        ({"candidates": [{"mean": 1.0}]}, "norm does not have"),
    ],
)
def test_wrong_arguments(model, arguments, message):
    with pytest.raises(ValueError, match=message):
        likelihood_data(model, **arguments)


def test_censored_points_are_not_drawn():
    model = DistributionEstimator().fit([[1.0], [np.nan], [2.0]], lower=[np.nan, 3.0, np.nan])
    with pytest.raises(ValueError, match="censored"):
        likelihood_data(model, [{}])


def test_the_room_is_imported_without_matplotlib():
    code = "import sys, skbayes, skbayes.plots; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_matplotlib_the_error_says_what_to_install(model, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"needs matplotlib.*pip install matplotlib"):
        LikelihoodDisplay.from_estimator(model)


@pytest.fixture
def pyplot():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


def test_what_is_drawn(model, pyplot):
    display = LikelihoodDisplay.from_estimator(model, CANDIDATES)
    assert display.figure_ is display.ax_.figure
    for line, curve in zip(display.lines_, display.curves, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), curve)
    np.testing.assert_array_equal(display.points_.get_xdata(), X[:, 0])
    # Each point has its height under each curve, written.
    assert [text.get_text() for text in display.texts_[:6]] == [
        f"{height:.2g}" for height in display.heights[0]
    ]
    tops = [segment[1, 1] for segment in display.stems_[1].get_segments()]
    np.testing.assert_allclose(tops, display.heights[1])
    words = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert words[0].startswith("loc=1.5, scale=1: likelihood 3.86e-07, log")
    styles = {(line.get_color(), line.get_linestyle()) for line in display.lines_}
    assert len(styles) == 2  # told apart by colour and by dashes
    assert display.ax_.get_ylabel() == "density"


def test_it_draws_where_it_is_told_and_leaves_out_what_would_not_be_read(pyplot):
    _, axes = pyplot.subplots(1, 2)
    model = DistributionEstimator().fit(np.linspace(-2, 2, 100)[:, None])
    display = LikelihoodDisplay.from_estimator(model, [{}], ax=axes[1], labels=["estimate"])
    assert display.ax_ is axes[1]
    assert not axes[0].lines
    assert (display.texts_, display.stems_) == ([], [])
    again = display.plot(ax=axes[0], annotate=True)
    assert again is display
    assert len(display.texts_) == 100


def test_a_likelihood_too_small_for_a_number_has_a_logarithm():
    model = DistributionEstimator().fit([[0.0], [1.0]])
    candidate = {"loc": 60.0, "scale": 1.0}
    display = LikelihoodDisplay.from_estimator(model, [candidate])
    expected = model.likelihood(candidate).log_likelihood
    assert display.log_likelihood[0] == pytest.approx(expected, rel=1e-12)
    assert display.ax_.get_ylim() == (0.0, 1.0)


def test_an_infinite_density_can_be_drawn():
    model = DistributionEstimator("gamma", fixed={"loc": 0.0}).fit([[1.0], [2.0], [3.0]])
    display = LikelihoodDisplay.from_estimator(model, [{}, {"a": 0.5, "loc": 1.0}])
    assert np.isposinf(display.heights[1, 0])
    assert np.isfinite(display.ax_.get_ylim()).all()


def test_one_dict_and_an_unfitted_model_are_refused():
    model = DistributionEstimator("norm")
    with pytest.raises(NotFittedError):
        LikelihoodDisplay.from_estimator(model)
    line = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
    with pytest.raises(TypeError, match=r"is of a distribution; got LinearRegression\."):
        likelihood_data(line)
    with pytest.raises(TypeError, match="list of dicts"):
        LikelihoodDisplay.from_estimator(model.fit([[1.0], [2.0], [3.0]]), {"loc": 0.0})


def test_equal_points_are_written_once(pyplot):
    model = DistributionEstimator("poisson").fit([[0], [1], [1], [4]])
    display = LikelihoodDisplay.from_estimator(model, line_kw={"lw": 4}, text_kw={"size": 12})
    heights = stats.poisson.pmf([0, 1, 4], 1.5)
    assert [text.get_text() for text in display.texts_] == [
        f"{heights[0]:.2g}",
        f"{heights[1]:.2g} × 2",
        f"{heights[2]:.2g}",
    ]
    assert display.texts_[0].get_fontsize() == 12
    assert display.lines_[0].get_linewidth() == 4


def test_one_point_is_shown_with_the_curve_around_it(model):
    data = likelihood_data(model, [{}], X=[[3.0]])
    # Of a normal density, between its 5 % and 95 % points.
    assert np.ptp(data["grid"]) > 2.0 * model.params_["scale"]
    assert data["curves"].max() > 1.2 * data["curves"].min()


def test_a_likelihood_beyond_the_numbers_is_written_as_a_power():
    assert _exponential(-2545.0) == f"{10 ** (-2545.0 / np.log(10) + 1106):.3g}e-1106"
    assert _exponential(1000.0).endswith("e+434")
    assert _exponential(-2.0) == "0.135"
    assert _exponential(-np.inf) == "0"


def test_hostile_names_are_drawn_as_they_are(pyplot):
    frame = pd.DataFrame({"$a_" + "x" * 60 + "<b>$": X[:, 0]})
    model = DistributionEstimator().fit(frame)
    display = LikelihoodDisplay.from_estimator(model, labels=["$\\alpha"])
    display.figure_.canvas.draw()
    assert len(display.ax_.get_xlabel()) < 60


# (8.4 + 11) - 8.4 is below 11: asked until nothing is near, it would never end.
@example(height=10.0, taken=[8.4])
@given(height=st.floats(0.0, 300.0), taken=st.lists(st.floats(0.0, 400.0), max_size=7))
def test_a_number_covers_none_of_those_beside_it(height, taken):
    lift = _free(height, taken)
    assert lift >= 4.0 - 1e-9  # a difference of two heights, rounded
    assert all(abs(height + lift - other) >= 11.0 - 1e-9 for other in taken)
    if all(abs(height + 4.0 - other) >= 11.0 for other in taken):
        assert lift == pytest.approx(4.0)
