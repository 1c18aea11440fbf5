"""PathDisplay: its numbers without matplotlib, and what is drawn of them."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LassoCV, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skbayes.linear_model import (
    MAPElasticNet,
    MAPElasticNetCV,
    MAPLassoCV,
    MAPLogisticRegression,
    MAPLogisticRegressionCV,
    MAPRegressor,
    MAPRidge,
    MAPRidgeCV,
    lasso_path,
)
from skbayes.plots import PathDisplay, path_data
from skbayes.plots._line_names import _spread
from skbayes.priors import Normal

X, y = load_diabetes(return_X_y=True, as_frame=True)


@pytest.fixture(scope="module")
def lasso():
    return MAPLassoCV(cv=3, alphas=40).fit(X, y)


@pytest.fixture(scope="module")
def of_lasso(lasso):
    return path_data(lasso, X, y)


def test_a_ridge_path_is_the_normal_equations():
    alphas = np.geomspace(1e-3, 10, 7)
    data = path_data(MAPRidge(), X, y, parameter="alpha", values=alphas[::-1])
    np.testing.assert_array_equal(data["values"], alphas)
    A, b = np.asarray(X - X.mean()), np.asarray(y - y.mean())
    for alpha, coef in zip(alphas, data["coefs"], strict=True):
        expected = np.linalg.solve(A.T @ A + alpha * np.eye(10), A.T @ b)
        np.testing.assert_allclose(coef, expected, rtol=1e-9)
    assert data["chosen"] is None
    assert data["curve"] is None


def test_a_lasso_path_is_that_of_the_function(of_lasso, lasso):
    # Both stop at their tolerance, by which coefficients of hundreds differ in the fourth digit.
    _, coefs, _ = lasso_path(X - X.mean(), y - y.mean(), alphas=of_lasso["values"], tol=1e-10)
    np.testing.assert_allclose(of_lasso["coefs"][::-1], coefs.T, atol=2.0)
    assert of_lasso["chosen"] == lasso.alpha_
    assert of_lasso["features"] == list(X.columns)
    # The model itself is on its path.
    at = np.flatnonzero(of_lasso["values"] == lasso.alpha_)
    np.testing.assert_allclose(of_lasso["coefs"][at[0]], lasso.coef_, atol=2.0)


def test_the_curve_is_the_mean_over_the_folds(of_lasso, lasso):
    curve = of_lasso["curve"]
    np.testing.assert_allclose(curve["mean"], lasso.mse_path_.mean(axis=1))
    np.testing.assert_allclose(
        curve["error"], lasso.mse_path_.std(axis=1, ddof=1) / np.sqrt(3), rtol=1e-12
    )
    assert curve["label"] == "mean squared error (3 folds)"
    assert curve["values"][np.argmin(curve["mean"])] == lasso.alpha_
    assert path_data(lasso, X, y, curve=False, values=[1.0])["curve"] is None


def test_the_ratio_that_was_chosen_is_that_of_the_path():
    model = MAPElasticNetCV(l1_ratio=[0.2, 0.9], cv=3, alphas=35).fit(X, y)
    data = path_data(model, X, y)
    twin = MAPElasticNet(data["values"][3], l1_ratio=model.l1_ratio_).fit(X, y)
    np.testing.assert_allclose(data["coefs"][3], twin.coef_)
    assert data["curve"]["values"][np.argmin(data["curve"]["mean"])] == model.alpha_


def test_a_grid_of_few_is_filled():
    model = MAPRidgeCV(alphas=[0.01, 0.1, 1.0], store_cv_results=True).fit(X, y)
    data = path_data(model, X, y)
    assert len(data["values"]) >= 30
    np.testing.assert_allclose(data["values"][[0, -1]], [0.01, 1.0])
    assert {0.01, 0.1, 1.0} <= set(data["values"])
    assert data["curve"]["label"] == "mean squared error (leave-one-out)"
    assert data["curve"]["values"][np.argmin(data["curve"]["mean"])] == model.alpha_


@pytest.mark.parametrize("legacy", [True, False])
@pytest.mark.parametrize("ratios", [[0.0], [0.0, 1.0]])
def test_logistic_models_in_both_layouts(legacy, ratios):
    flowers, kind = load_iris(return_X_y=True)
    model = MAPLogisticRegressionCV(
        Cs=3,
        cv=3,
        l1_ratios=ratios,
        scoring="neg_log_loss",
        use_legacy_attributes=legacy,
        solver="saga" if len(ratios) > 1 else "lbfgs",
        max_iter=500,
    ).fit(flowers, kind)
    data = path_data(model, flowers, kind, output=1, values=[0.1, 1.0])
    ratio = float(np.mean(model.l1_ratio_))
    twin = MAPLogisticRegression(C=1.0, l1_ratio=ratio, solver=model.solver, max_iter=500)
    np.testing.assert_allclose(data["coefs"][1], twin.fit(flowers, kind).coef_[1], atol=1e-6)
    curve = data["curve"]
    assert curve["label"] == "mean neg_log_loss (3 folds)"
    best = curve["values"][np.argmax(curve["mean"])]
    assert best == pytest.approx(float(np.mean(model.C_)))


def test_any_parameter_of_any_model_and_pipelines():
    values = [0.1, 10.0, 1000.0]
    pipeline = make_pipeline(StandardScaler(), MAPRegressor(prior=Normal()))
    data = path_data(pipeline, X, y, parameter="mapregressor__prior__scale", values=values)
    # A wider prior shrinks less.
    sizes = np.linalg.norm(data["coefs"], axis=1)
    assert (np.diff(sizes) > 0.0).all()
    assert data["features"] == list(X.columns)
    chooser = make_pipeline(StandardScaler(), MAPLassoCV(cv=3, alphas=31)).fit(X, y)
    of_chooser = path_data(chooser, X, y)
    np.testing.assert_allclose(of_chooser["values"], np.sort(chooser[-1].alphas_))
    assert of_chooser["features"] == list(X.columns)
    theirs = path_data(Ridge(), sparse.csr_matrix(X.to_numpy()), y, parameter="alpha", values=[1.0])
    assert theirs["coefs"].shape == (1, 10)


def test_wrong_arguments(lasso):
    with pytest.raises(ValueError, match="got parameter=None and values=None for MAPRidge"):
        path_data(MAPRidge(), X, y)
    # It did choose a strength, but says it by other names.
    with pytest.raises(
        ValueError, match="LassoCV, which has no path of its own, as MAPLassoCV has"
    ):
        path_data(LassoCV(cv=3).fit(X, y), X, y)
    with pytest.raises(NotFittedError):
        path_data(MAPLassoCV(), X, y)
    with pytest.raises(ValueError, match="0 to 0; got 1"):
        path_data(lasso, X, y, output=1, values=[1.0])
    with pytest.raises(
        ValueError, match=r"got 'prior__scale' .* as an object, such as prior=Normal"
    ):
        path_data(MAPRegressor(), X, y, parameter="prior__scale", values=[1.0])
    with pytest.raises(ValueError, match="finite numbers"):
        path_data(MAPRidge(), X, y, parameter="alpha", values=[np.nan])
    with pytest.raises(ValueError, match=r"with 3 values; got shape \(3, 10\)"):
        PathDisplay.from_path([1.0, 2.0, 3.0], np.ones((3, 10)))
    with pytest.raises(ValueError, match="each of 10 coefficients; got 1"):
        PathDisplay.from_path([1.0, 2.0, 3.0], np.ones((10, 3)), features=["a"])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_names_are_apart_in_the_order_of_their_lines_and_inside(places):
    places = np.array(places)
    height = 0.06
    spread = _spread(places, height)
    order = np.argsort(places, kind="stable")
    assert (np.diff(spread[order]) >= height - 1e-9).all()
    assert spread.min() >= -1e-9
    assert spread.max() <= 1.0 + 1e-9
    # Where nothing is too near, nothing moves.
    if (np.diff(places[order]) >= height).all():
        np.testing.assert_allclose(spread, places, atol=1e-12)


def test_what_is_drawn(of_lasso, lasso):
    display = PathDisplay(**of_lasso).plot()
    assert display.ax_.get_xscale() == "log"
    # Free to the right: alpha falls.
    left, right = display.ax_.get_xlim()
    assert left > right
    for line in display.lines_:
        j = of_lasso["features"].index(line.get_label())
        np.testing.assert_array_equal(line.get_ydata(), of_lasso["coefs"][:, j])
    at = np.argmin(np.abs(of_lasso["values"] - lasso.alpha_))
    ends = [abs(line.get_ydata()[at]) for line in display.lines_]
    assert ends == sorted(ends, reverse=True)
    assert [mark.get_xdata()[0] for mark in display.chosen_] == [lasso.alpha_] * 2
    np.testing.assert_array_equal(
        display.curve_ax_.lines[0].get_ydata(), of_lasso["curve"]["mean"][::-1]
    )
    top = display.ax_.child_axes[0]
    assert top.get_xlabel() == "coefficients that are not zero, of 10"
    assert top.get_xticklabels()[-1].get_text() == "0"
    assert "the one chosen" in display.curve_ax_.get_xlabel()


def test_of_many_coefficients_the_largest_have_names():
    rng = np.random.default_rng(0)
    coefs = np.outer(rng.normal(size=1000), [0.0, 0.5, 1.0])
    display = PathDisplay.from_path([3.0, 2.0, 1.0], coefs, line_kw={"lw": 3})
    assert len(display.lines_) == 10
    assert len(display.others_.get_segments()) == 990
    largest = np.argsort(-np.abs(coefs[:, 2]))[:10]
    assert [line.get_label() for line in display.lines_] == [f"x{j}" for j in largest]
    assert display.lines_[0].get_linewidth() == 3
    styles = {(line.get_color(), line.get_linestyle()) for line in display.lines_}
    assert len(styles) == 10


def test_a_prior_scale_rises_to_the_right_and_zero_is_no_logarithm():
    data = path_data(MAPRidge(), X, y, parameter="alpha", values=[0.0, 1.0, 2.0])
    display = PathDisplay(**data).plot()
    assert display.ax_.get_xscale() == "linear"
    data = path_data(
        MAPRegressor(prior=Normal()), X, y, parameter="prior__scale", values=[1.0, 100.0]
    )
    left, right = PathDisplay.from_path(
        data["values"], data["coefs"].T, parameter="prior__scale"
    ).ax_.get_xlim()
    assert left < right


def test_one_value_one_coefficient_and_hostile_names():
    frame = X[["bmi"]].set_axis(["$a__" + "x" * 60 + "<b>$%"], axis=1)
    data = path_data(MAPRidge(), frame, y, parameter="alpha", values=[1.0])
    display = PathDisplay(**data).plot()
    display.figure_.canvas.draw()
    assert len(display.texts_[0].get_text()) < 30


def test_what_is_far_beyond_the_choice_is_out_of_sight():
    coefs = np.array([[1.0, 2.0, 500.0], [0.5, 1.0, -800.0]])
    low, high = PathDisplay.from_path([3.0, 2.0, 1.0], coefs, chosen=2.0).ax_.get_ylim()
    assert (low, high) == (-4.0, 4.0)
    low, high = PathDisplay.from_path([3.0, 2.0, 1.0], coefs).ax_.get_ylim()
    assert low < -800.0 < 500.0 < high


def test_axes_that_are_given(of_lasso):
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 2)
    display = pickle.loads(pickle.dumps(PathDisplay(**of_lasso)))
    assert display.plot(axes[0, 0]) is display
    assert display.figure_ is figure
    assert not axes[0, 0].axison
    display.plot(axes[:, 1])
    assert display.ax_ is axes[0, 1]
    assert display.curve_ax_ is axes[1, 1]
    with pytest.raises(ValueError, match="needs 2 axes, one for each panel; got 4"):
        display.plot(axes)
