"""CoefficientDisplay: its numbers without matplotlib, and what is drawn of them."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skbayes.linear_model import (
    LinearRegressionMLE,
    MAPLasso,
    MAPLogisticRegression,
    MAPRegressor,
    MAPRidge,
)
from skbayes.plots import CoefficientDisplay, coefficient_data

X, y = load_diabetes(return_X_y=True, as_frame=True)


@pytest.fixture(scope="module")
def ridge():
    return MAPRidge(0.1).fit(X, y)


@pytest.fixture(scope="module")
def lasso():
    return MAPLasso(0.5).fit(X, y)


def test_the_numbers_are_those_of_the_summary(ridge):
    data = coefficient_data(ridge, levels=(0.5, 0.9), intercept=True)
    for level, lower, upper in zip(data["levels"], data["lower"], data["upper"], strict=True):
        table = ridge.summary(level).loc[data["features"]]
        np.testing.assert_allclose(data["estimates"][0], table["mean"], rtol=1e-12)
        np.testing.assert_allclose(data["stds"][0], table["std"], rtol=1e-12)
        np.testing.assert_allclose(lower[0], table["lower"], rtol=1e-10)
        np.testing.assert_allclose(upper[0], table["upper"], rtol=1e-10)
    assert data["features"][-1] == "intercept"


@settings(max_examples=30, deadline=None)
@given(
    coef=st.lists(st.floats(-5, 5), min_size=1, max_size=40),
    most=st.one_of(st.none(), st.integers(1, 50)),
)
def test_the_largest_are_shown_largest_first_and_the_others_are_counted(coef, most):
    model = Ridge()
    model.coef_, model.n_features_in_ = np.array(coef), len(coef)
    data = coefficient_data(model, max_features=most)
    shown = np.abs(data["estimates"][0])
    assert (np.diff(shown) <= 0.0).all()
    assert len(shown) == min(len(coef), most or 25)
    assert data["n_left_out"] == len(coef) - len(shown)
    # None of those left out is larger.
    np.testing.assert_array_equal(shown, np.sort(np.abs(coef))[::-1][: len(shown)])
    as_given = coefficient_data(model, max_features=most, order="given")
    places = [int(name[1:]) for name in as_given["features"]]
    assert places == sorted(places)
    assert sorted(as_given["features"]) == sorted(data["features"])


def test_models_are_compared_by_name_of_their_features(ridge):
    small = MAPRidge(0.1).fit(X[["bmi", "bp"]], y)
    data = coefficient_data(
        {"all": ridge, "two": small}, features=["s5", "bp", "intercept"], intercept=True
    )
    np.testing.assert_allclose(data["estimates"][0, :2], ridge.coef_[[8, 3]])
    assert np.isnan(data["estimates"][1, 0])
    assert data["estimates"][1, 1] == pytest.approx(small.coef_[1])
    assert data["estimates"][1, 2] == pytest.approx(small.intercept_)
    assert data["labels"] == ["all", "two"]
    # The model with more features second: the intercept is last all the same.
    data = coefficient_data({"two": small, "all": ridge}, intercept=True)
    assert data["features"][-1] == "intercept"


def test_a_model_without_a_posterior_has_points_alone():
    models = {
        "theirs": Ridge().fit(X, y),
        "none": MAPRegressor(posterior=None).fit(X, y),
    }
    data = coefficient_data(models)
    assert np.isfinite(data["estimates"]).all()
    assert np.isnan(data["stds"]).all()
    assert np.isnan(data["lower"]).all()


def test_a_posterior_that_is_undefined_is_said_and_left_out():
    rng = np.random.default_rng(0)
    wide = rng.normal(size=(10, 30))
    model = MAPRidge(1e-8).fit(wide, wide[:, 0])
    with pytest.warns(UserWarning, match=r"without intervals. The noise scale cannot be estimated"):
        data = coefficient_data(model)
    assert np.isnan(data["upper"]).all()


def test_zeros_of_a_lasso_are_told(lasso):
    data = coefficient_data(lasso, order="given")
    np.testing.assert_array_equal(data["is_zero"][0], lasso.coef_ == 0.0)
    assert data["is_conditional"]
    assert 0 < data["is_zero"].sum() < 10


def test_a_zero_of_which_the_model_is_not_sure_is_no_exact_one():
    # Data say nothing of a constant column: the posterior of its coefficient is the prior.
    model = MAPRegressor().fit(np.column_stack([np.arange(9.0), np.zeros(9)]), np.arange(9.0) ** 2)
    data = coefficient_data(model, order="given")
    assert data["estimates"][0, 1] == 0.0
    assert data["stds"][0, 1] == pytest.approx(1.0)
    assert not data["is_zero"].any()


def test_classes_and_targets_are_series_of_their_own():
    flowers, kind = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[kind]
    model = MAPLogisticRegression().fit(flowers, names)
    data = coefficient_data(model, order="given")
    assert data["labels"] == ["class setosa", "class versicolor", "class virginica"]
    np.testing.assert_allclose(data["estimates"], model.coef_)
    np.testing.assert_allclose(data["stds"], model.coef_std_)
    one = coefficient_data(model, order="given", outputs=["virginica"])
    np.testing.assert_allclose(one["estimates"], model.coef_[[2]])
    targets = MAPRidge(0.1).fit(X, np.column_stack([y, -y]))
    data = coefficient_data({"r": targets}, order="given")
    assert data["labels"] == ["r, target 0", "r, target 1"]
    np.testing.assert_allclose(data["upper"][1, 0], -data["lower"][1, 1])


def test_standardised_coefficients_are_those_of_standardised_features(ridge):
    data = coefficient_data(LinearRegressionMLE().fit(X, y), order="given", X=X)
    scaled = LinearRegressionMLE().fit((X - X.mean()) / X.std(ddof=0), y)
    np.testing.assert_allclose(data["estimates"][0], scaled.coef_, rtol=1e-9)
    np.testing.assert_allclose(data["stds"][0], scaled.coef_std_, rtol=1e-9)
    lower, upper = scaled.posterior_.interval(0.95)
    np.testing.assert_allclose(data["lower"][1, 0], lower[:10], rtol=1e-9)
    np.testing.assert_allclose(data["upper"][1, 0], upper[:10], rtol=1e-9)
    assert data["is_standardized"]
    with pytest.raises(ValueError, match="10 features of the model; got 2"):
        coefficient_data(ridge, X=X.iloc[:, :2])


def test_pipelines_and_searches_are_opened():
    pipeline = make_pipeline(StandardScaler(), MAPRidge(0.1))
    search = GridSearchCV(pipeline, {"mapridge__alpha": [0.1, 1.0]}, cv=3).fit(X, y)
    model = search.best_estimator_
    data = coefficient_data(search, order="given", X=X)
    assert data["features"] == list(X.columns)
    # The pipeline scales to one standard deviation itself.
    np.testing.assert_allclose(data["estimates"][0], model[-1].coef_)


def test_equal_names_are_told_apart():
    model = Ridge()
    model.coef_, model.n_features_in_ = np.array([3.0, 2.0, 1.0]), 3
    model.feature_names_in_ = np.array(["a", "a", "intercept"], dtype=object)
    assert coefficient_data(model)["features"] == ["a", "a (2)", "intercept (2)"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"levels": (0.5, 1.0)}, "both excluded; got"),
        ({"order": "size"}, "'given'.; got 'size'"),
        ({"max_features": 0}, "positive number; got 0"),
        ({"features": ["age", "weight"]}, "got .'age', 'weight'."),
        ({"outputs": [1]}, "among .0.; got .1."),
    ],
)
def test_wrong_arguments(ridge, arguments, message):
    with pytest.raises(ValueError, match=message):
        coefficient_data(ridge, **arguments)


def test_wrong_models(ridge):
    with pytest.raises(NotFittedError, match="MAPRidge instance is not fitted"):
        coefficient_data(MAPRidge())
    with pytest.raises(TypeError, match="DecisionTreeRegressor, which has none"):
        coefficient_data(DecisionTreeRegressor().fit(X, y))
    with pytest.raises(ValueError, match="at least one model"):
        coefficient_data({})
    with pytest.raises(ValueError, match="got 11"):
        coefficient_data({str(k): ridge for k in range(11)})


def test_what_is_drawn(ridge, lasso):
    display = CoefficientDisplay.from_estimator({"ridge": ridge, "lasso": lasso})
    thick, thin = display.intervals_[0]
    ends = np.array([segment[:, 0] for segment in thin.get_segments()])
    np.testing.assert_allclose(ends, np.column_stack([display.lower[1, 0], display.upper[1, 0]]))
    assert thick.get_linewidth()[0] > thin.get_linewidth()[0]
    np.testing.assert_array_equal(display.points_[0].get_xdata(), display.estimates[0])
    hollow = display.zeros_[1]
    assert np.isfinite(hollow.get_xdata().astype(float)).sum() == display.is_zero[1].sum()
    assert hollow.get_markerfacecolor() == "white"
    ticks = [text.get_text() for text in display.ax_.get_yticklabels()]
    assert ticks == display.features
    words = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert {"ridge", "lasso", "50 % interval", "95 % interval"} <= set(words)
    assert "exactly zero, given to the intervals" in words
    markers = [line.get_marker() for line in display.points_]
    assert len(set(markers)) == 2
    # The first feature is on top.
    assert display.ax_.yaxis_inverted()


def test_rows_of_one_feature_do_not_reach_those_of_the_next(ridge):
    display = CoefficientDisplay.from_estimator({str(k): ridge for k in range(10)})
    places = [line.get_ydata()[0] for line in display.points_]
    assert min(places) > -0.5
    assert max(places) < 0.5


def test_an_infinite_interval_ends_in_arrows_and_leaves_the_others_legible():
    group = np.eye(3)[np.arange(60) % 3]
    noise = np.random.default_rng(0).normal(size=60)
    frame = pd.DataFrame(np.column_stack([group, noise]), columns=["a", "b", "c", "d"])
    model = LinearRegressionMLE().fit(frame, noise + 0.1 * np.sin(np.arange(60)))
    display = CoefficientDisplay.from_estimator(model)
    assert np.isinf(display.stds).sum() == 3
    low, high = display.ax_.get_xlim()
    assert -5.0 < low < high < 5.0
    arrows = [line for line in display.ax_.lines if line.get_marker() in "<>"]
    assert [len(line.get_xdata()) for line in arrows] == [3, 3]


def test_nothing_outside_of_the_axes_takes_its_place(ridge):
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(7, 4.5), layout="constrained")
    for ax in axes:
        CoefficientDisplay.from_estimator(ridge, ax=ax)
    figure.canvas.draw()
    # Beside the names of these features there is room for most of a half of the picture.
    assert all(ax.get_position().width > 0.35 for ax in axes)


def test_hostile_names_and_styles(ridge):
    names = ["$", "a$b$", "x_1", "<b>", "%s", "{", "n" * 60, "\\alpha", "$x$ ^2", "o"]
    model = MAPRidge(0.1).fit(X.set_axis(names, axis=1), y)
    display = CoefficientDisplay.from_estimator(
        model, point_kw={"ms": 9, "c": "red"}, interval_kw={"lw": 3, "alpha": 0.5}
    )
    display.figure_.canvas.draw()
    assert display.points_[0].get_markersize() == 9
    assert display.intervals_[0][0].get_linewidth()[0] == 3
    longest = max(len(text.get_text()) for text in display.ax_.get_yticklabels())
    assert longest <= 36


def test_it_draws_where_it_is_told_and_can_be_pickled(ridge):
    from matplotlib import pyplot

    _, axes = pyplot.subplots(1, 2)
    display = CoefficientDisplay(**coefficient_data(ridge, max_features=3))
    restored = pickle.loads(pickle.dumps(display))
    assert restored.plot(axes[1]) is restored
    assert restored.ax_ is axes[1]
    assert restored.figure_ is axes[1].figure
    assert not axes[0].lines
    assert axes[1].get_ylabel() == "3 of 10 coefficients"
