"""SurrogateDisplay: the numbers are those of the optimizer, and what is drawn is the numbers."""

import math
import pickle

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from skbayes.model_selection import optimizer_from, save_history
from skbayes.optimizer import MultiObjectiveOptimizer, Optimizer, Trial
from skbayes.plots import SurrogateDisplay, surrogate_data
from skbayes.space import Categorical, Integer

ONE = {"C": (1e-3, 1e3, "log-uniform")}
TWO = {"C": (1e-3, 1e3, "log-uniform"), "kernel": ["rbf", "poly"]}


def score(p):
    effect = {"rbf": 0.1, "poly": 0.0}[p.get("kernel", "poly")]
    return effect - 0.1 * (math.log10(p["C"]) - 1.0) ** 2


def told(space, f=score, n=12, **options):
    optimizer = Optimizer(space, random_state=0, **options)
    for _ in range(n):
        params = optimizer.ask()
        value = f(params)
        if isinstance(value, str):
            optimizer.tell(params, math.nan, status=value)
        else:
            optimizer.tell(params, value)
    return optimizer


def test_along_one_parameter_all_is_what_the_optimizer_says():
    optimizer = told(ONE)
    data = surrogate_data(optimizer, n_values=31)
    [grid] = data["grids"]
    points = [{"C": value} for value in grid.values]
    posterior = optimizer.score_posterior(points)
    np.testing.assert_allclose(grid.values, np.logspace(-3, 3, 31))
    np.testing.assert_allclose(data["mean"], posterior.mean)
    np.testing.assert_allclose(data["std"], posterior.std)
    for level, interval in data["intervals"].items():
        np.testing.assert_allclose(interval, optimizer.score_interval(points, level))
    np.testing.assert_allclose(data["acquisition"], optimizer.acquisition_value(points))
    assert data["acquisition_name"] == "log expected improvement"
    assert data["next_acquisition"] == optimizer.acquisition_value([data["next_params"]])[0]
    assert data["next_params"] == optimizer.ask()
    assert data["at"] == {}
    assert data["is_here"].all()


def test_the_optimizer_is_not_changed():
    looked_at, left_alone = told(ONE), told(ONE)
    surrogate_data(looked_at)
    for _ in range(3):
        params = looked_at.ask()
        assert params == left_alone.ask()
        looked_at.tell(params, score(params))
        left_alone.tell(params, score(params))


def test_a_finished_search_and_its_history_say_the_same():
    X, y = load_iris(return_X_y=True)
    search = GridSearchCV(SVC(), {"C": [0.1, 1.0, 10.0], "gamma": [0.01, 0.1, 1.0]}, cv=3).fit(X, y)
    data = surrogate_data(search, "C", n_values=7)
    points = [{"C": value, **data["at"]} for value in data["grids"][0].values]
    posterior = optimizer_from(search).score_posterior(points)
    np.testing.assert_allclose(data["mean"], posterior.mean)
    assert data["at"] == {"gamma": search.best_params_["gamma"]}
    assert data["score_name"] == "mean test score"
    np.testing.assert_array_equal(data["scores"], search.cv_results_["mean_test_score"])


def test_others_are_held_at_the_best_or_where_they_are_told():
    optimizer = told(TWO, n=16)
    best = optimizer.history.incumbent.params
    assert surrogate_data(optimizer, "C")["at"] == {"kernel": best["kernel"]}
    data = surrogate_data(optimizer, "C", at={"kernel": "poly"}, n_values=5)
    points = [{"C": value, "kernel": "poly"} for value in data["grids"][0].values]
    np.testing.assert_allclose(data["mean"], optimizer.score_posterior(points).mean)
    here = [trial.params["kernel"] == "poly" for trial in optimizer.history]
    np.testing.assert_array_equal(data["is_here"], here)


def test_over_two_the_second_is_the_second_axis():
    optimizer = told(TWO)
    data = surrogate_data(optimizer, ["kernel", "C"], n_values=4)
    assert data["mean"].shape == (2, 4)
    for i, kernel in enumerate(("rbf", "poly")):
        points = [{"kernel": kernel, "C": value} for value in data["grids"][1].values]
        np.testing.assert_allclose(data["mean"][i], optimizer.score_posterior(points).mean)
    assert [values[1] for values in data["observed"]] == [t.params["C"] for t in optimizer.history]


def test_of_many_parameters_those_two_are_shown_that_matter_most():
    space = dict.fromkeys("abcd", (0.0, 1.0))
    optimizer = told(space, lambda p: 3 * p["d"] - 2 * p["b"] + 0.1 * p["a"], n=24)
    assert [grid.name for grid in surrogate_data(optimizer, n_values=3)["grids"]] == ["b", "d"]
    few = told(space, lambda p: p["a"], n=3)  # too few to tell: the first
    assert [grid.name for grid in surrogate_data(few, n_values=3)["grids"]] == ["a", "b"]


CONDITIONAL = {
    "kernel": ["rbf", "poly"],
    "degree": Integer(2, 5, active_if={"kernel": "poly"}),
    "x": (0.0, 1.0),
}


def conditional(p):
    return p["x"] + (0.01 * p["degree"] if p["kernel"] == "poly" else 1.0)


def test_a_parameter_is_looked_along_where_it_is_active():
    optimizer = told(CONDITIONAL, conditional, n=16)
    assert optimizer.history.incumbent.params["kernel"] == "rbf"
    data = surrogate_data(optimizer, "degree")
    assert data["at"]["kernel"] == "poly"
    assert data["grids"][0].values == (2, 3, 4, 5)
    assert np.isfinite(data["mean"]).all()
    assert len(data["observed"]) == sum("degree" in t.params for t in optimizer.history)
    over_two = surrogate_data(optimizer, ["kernel", "degree"])
    assert np.isnan(over_two["mean"][0]).all()  # no point has rbf and a degree
    assert np.isfinite(over_two["mean"][1]).all()


def test_what_becomes_active_on_the_way_has_a_middle_value():
    data = surrogate_data(told(CONDITIONAL, conditional, n=16), "kernel")
    assert data["at"].keys() == {"x"}
    assert np.isfinite(data["mean"]).all()


def test_branches_and_objects_are_told_apart():
    models = [SVC(), KNeighborsClassifier()]
    space = [
        {"model": [models[0]], "C": (0.1, 10.0)},
        {"model": [models[1]], "k": (1, 9)},
    ]
    optimizer = told(space, lambda p: p.get("C", 1.0) + 0.1 * p.get("k", 0), n=14)
    data = surrogate_data(optimizer, "k")
    assert data["at"]["model"] is models[1]
    assert all(values[0] in range(1, 10) for values in data["observed"])
    [grid] = surrogate_data(optimizer, "model")["grids"]
    assert all(value is model for value, model in zip(grid.values, models, strict=True))
    with pytest.raises(ValueError, match=r"No trial with a score has .*\['C', 'k'\] together"):
        surrogate_data(optimizer, ["C", "k"])


def test_what_the_constraint_forbids_is_left_open():
    space = {"a": (0.0, 1.0), "b": (0.0, 1.0)}
    optimizer = told(space, lambda p: p["a"], constraint=lambda p: p["a"] < p["b"])
    data = surrogate_data(optimizer, n_values=6)
    a, b = (np.array(grid.values) for grid in data["grids"])
    np.testing.assert_array_equal(np.isfinite(data["mean"]), a[:, None] < b)
    surface = SurrogateDisplay(**data).plot().surfaces_[0]
    assert surface.get_array() is not None or len(surface.levels)


@pytest.mark.parametrize("acquisition", ["thompson", "kg"])
def test_a_joint_acquisition_has_no_panel_but_a_next_point(acquisition):
    display = SurrogateDisplay.from_estimator(told(ONE, acquisition=acquisition))
    assert display.acquisition is None
    assert len(display.axes_) == 1
    assert len(display.next_) == 2


def test_a_space_without_points_left_has_no_next_point():
    display = SurrogateDisplay.from_estimator(told({"k": ["a", "b"]}, lambda p: len(p), n=2))
    assert display.next_params is None
    assert display.next_ == []


def test_a_path_and_trials_do_too(tmp_path):
    optimizer = told(ONE)
    save_history(optimizer.history, tmp_path / "history.jsonl")
    by_path, by_trials = (
        surrogate_data(thing, space=ONE, n_values=5, surrogate="forest", acquisition="ucb")
        for thing in (tmp_path / "history.jsonl", list(optimizer.history))
    )
    np.testing.assert_array_equal(by_path["mean"], by_trials["mean"])
    assert by_path["acquisition_name"] == "upper confidence bound"


def test_another_metric_is_looked_at():
    optimizer = Optimizer(ONE, random_state=0)
    for params in optimizer.ask(8):
        optimizer.tell(params, 0.0, metrics={"size": math.log10(params["C"])})
    data = surrogate_data(optimizer, metric="size", n_values=3)
    sizes = [math.log10(trial.params["C"]) for trial in optimizer.history]
    np.testing.assert_array_equal(data["scores"], sizes)
    assert data["mean"][0] < data["mean"][1] < data["mean"][2]
    assert data["score_name"] == "size"


def test_of_several_objectives_one_must_be_named():
    optimizer = MultiObjectiveOptimizer(ONE, ["a", "-b"], random_state=0)
    for params in optimizer.ask(6):
        optimizer.tell(params, {"a": params["C"], "b": 1.0 / params["C"]})
    with pytest.raises(ValueError, match=r"objectives \['a', '-b'\]. Name one of them in metric="):
        surrogate_data(optimizer)
    assert (surrogate_data(optimizer, metric="-b", n_values=3)["scores"] < 0.0).all()


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"parameters": "z"}, r"got 'z'. Choose among \['C', 'kernel'\]"),
        ({"parameters": ["C", "C"]}, "name of a parameter, or of two"),
        ({"parameters": []}, "name of a parameter, or of two"),
        ({"parameters": "C", "at": {"C": 1.0}}, r"\['C'\] are looked at from end to end"),
        ({"parameters": "C", "at": {"z": 1.0}}, r"at= names \['z'\]"),
        ({"parameters": "C", "at": {"kernel": "linear"}}, "no point with {'kernel': 'linear'}"),
    ],
)
def test_wrong_arguments_say_what_to_do(arguments, match):
    with pytest.raises(ValueError, match=match):
        surrogate_data(told(TWO), **arguments)


def test_without_a_score_there_is_no_picture():
    with pytest.raises(ValueError, match="got 5 trials and 0 scores"):
        surrogate_data(told(ONE, lambda p: "failed", n=5))
    with pytest.raises(ValueError, match="got 0 trials and 0 scores"):
        surrogate_data(Optimizer(ONE))


def test_lines_bands_and_marks_are_the_data():
    optimizer = told(ONE, lambda p: "failed" if p["C"] > 30 else score(p), n=14)
    display = SurrogateDisplay.from_estimator(optimizer)
    [grid] = display.grids
    np.testing.assert_array_equal(display.line_.get_xdata(), grid.values)
    np.testing.assert_array_equal(display.line_.get_ydata(), display.mean)
    wide = display.bands_[0].get_paths()[0].vertices
    low, high = display.intervals[0.95]
    assert wide[:, 1].min() == pytest.approx(low.min())
    assert wide[:, 1].max() == pytest.approx(high.max())
    np.testing.assert_array_equal(display.acquisition_line_.get_ydata(), display.acquisition)
    scored = np.isfinite(display.scores)
    np.testing.assert_array_equal(
        display.tried_[0].get_offsets(),
        np.column_stack([[v[0] for v in display.observed], display.scores])[scored],
    )
    assert len(display.without_score_["failed"].get_offsets()) == (~scored).sum() > 0
    top, below = display.axes_
    assert top.get_xscale() == below.get_xscale() == "log"
    assert top.get_xlim() == (1e-3, 1e3)
    assert below.get_xlabel() == "C"
    assert top.get_ylabel() == "score"
    bottom, ceiling = top.get_ylim()
    assert bottom < low.min() < high.max() < ceiling
    star = display.next_[0].get_offsets()[0]
    np.testing.assert_allclose(star, [display.next_params["C"], display.next_acquisition])


def test_choices_are_points_with_bars_in_the_users_order():
    choices = ["a", None, (1, 2), True]
    optimizer = told({"k": Categorical(choices)}, lambda p: float(len(str(p["k"]))), n=4)
    display = SurrogateDisplay.from_estimator(optimizer)
    assert [t.get_text() for t in display.axes_[1].get_xticklabels()] == [
        "a",
        "None",
        "(1, 2)",
        "True",
    ]
    np.testing.assert_array_equal(display.line_.get_xdata(), range(4))
    assert display.line_.get_linestyle() == "None"
    wide = np.array(display.bands_[0].get_segments())
    np.testing.assert_allclose(wide[:, :, 1], np.transpose(display.intervals[0.95]))
    tried = {tuple(point) for point in display.tried_[0].get_offsets().tolist()}
    assert tried == {(0.0, 1.0), (1.0, 4.0), (2.0, 6.0), (3.0, 4.0)}


def test_a_score_far_below_does_not_press_the_rest_together():
    f = {"rbf": 0.0, "poly": -1e9}
    optimizer = told(TWO, lambda p: f[p["kernel"]] + score(p) * 0.1, n=20)
    display = SurrogateDisplay.from_estimator(optimizer, "C", at={"kernel": "rbf"})
    far = (display.scores < -1e8).sum()
    low, high = display.intervals[0.95]
    bottom = display.axes_[0].get_ylim()[0]
    assert bottom > low.min() - 0.2 * (high.max() - low.min())
    if bottom > -1e9:
        label = display.tried_[-1].get_label()
        assert label == f"tried, lower than shown ({far})"


def test_surfaces_are_cells_beside_choices_and_contours_between_ranges():
    from matplotlib.collections import QuadMesh
    from matplotlib.contour import QuadContourSet

    cells = SurrogateDisplay.from_estimator(told(TWO), n_values=9)
    assert [type(surface) for surface in cells.surfaces_] == [QuadMesh] * 3
    np.testing.assert_allclose(cells.surfaces_[0].get_array().reshape(2, 9), cells.mean.T)
    ranges = {"x": (0.0, 1.0), "y": (1.0, 100.0, "log-uniform")}
    contours = SurrogateDisplay.from_estimator(told(ranges, lambda p: p["x"]), n_values=9)
    assert all(isinstance(surface, QuadContourSet) for surface in contours.surfaces_)
    for ax in contours.axes_:
        assert (ax.get_xlim(), ax.get_ylim()) == ((0.0, 1.0), (1.0, 100.0))
        assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "log")
    assert len(contours.next_) == 3


def test_a_surface_without_a_slope_is_of_one_colour_and_its_bar_tells_no_rounding():
    space = {"x": (0.0, 1.0), "y": (0.0, 1.0)}
    display = SurrogateDisplay.from_estimator(told(space, lambda p: 0.89, n=1))
    display.figure_.draw_without_rendering()
    flat = display.surfaces_[0]
    assert np.ptp(flat.get_array()) == 0.0
    assert flat.colorbar.ax.xaxis.get_offset_text().get_text() == ""


@pytest.mark.parametrize("n", [1, 2, 300])
@pytest.mark.parametrize("space", [ONE, TWO])
def test_any_number_of_trials_can_be_drawn(n, space):
    optimizer = Optimizer(space, n_initial_points=n, initial_design="random", random_state=0)
    for params in optimizer.ask(n):
        optimizer.tell(params, score(params))
    display = SurrogateDisplay.from_estimator(optimizer, n_values=11)
    assert sum(len(a.get_offsets()) for a in display.tried_) == n * (1 if space is ONE else 3)
    display.figure_.canvas.draw()


@pytest.mark.parametrize("scale", [1e-12, 1e12, 0.0, -1.0])
def test_any_scale_of_scores_can_be_drawn(scale):
    name = "a$b_{x}$__<b>_%_" + 44 * "n"
    display = SurrogateDisplay.from_estimator(
        told({name: (0.0, 1.0)}, lambda p: scale * (p[name] - 0.3)),
        n_values=21,
        score_name="$s_1$ <%>",
    )
    bottom, top = display.axes_[0].get_ylim()
    assert bottom < display.mean.min() <= display.mean.max() < top
    assert "\\$" in display.axes_[1].get_xlabel()
    assert display.axes_[0].get_ylabel() == "\\$s_1\\$ <%>"
    display.figure_.canvas.draw()


def test_what_the_caller_gives_wins():
    display = SurrogateDisplay.from_estimator(
        told(ONE),
        line_kw={"lw": 7, "c": "red"},
        band_kw={"fc": "green"},
        acquisition_kw={"ls": ":"},
        scatter_kw={"s": 99.0},
        next_kw={"marker": "o"},
    )
    assert display.line_.get_linewidth() == 7
    assert display.line_.get_color() == "red"
    np.testing.assert_allclose(display.bands_[0].get_facecolor()[0][:3], [0.0, 128 / 255, 0.0])
    assert display.acquisition_line_.get_linestyle() == ":"
    assert display.tried_[0].get_sizes().tolist() == [99.0]
    surfaces = SurrogateDisplay.from_estimator(told(TWO), contour_kw={"cmap": "Greys"}).surfaces_
    assert {surface.get_cmap().name for surface in surfaces} == {"Greys"}


def test_it_is_drawn_where_it_is_told_to():
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 2)
    data = surrogate_data(told(ONE), n_values=11)
    display = SurrogateDisplay(**data)
    assert display.plot(axes[0, 0]) is display
    assert display.figure_ is figure
    assert not axes[0, 0].axison
    assert display.plot(axes[:, 1]).axes_.tolist() == axes[:, 1].tolist()
    with pytest.raises(ValueError, match="needs 2 axes, one for each panel; got 4"):
        display.plot(axes)
    over_two = surrogate_data(told(TWO), n_values=5)
    assert len(SurrogateDisplay(**over_two).plot(axes[1, 0]).axes_) == 3
    assert len(plt.get_fignums()) == 1


def test_it_can_be_pickled_before_it_is_drawn():
    display = SurrogateDisplay(**surrogate_data(told(TWO), n_values=5))
    again = pickle.loads(pickle.dumps(display))
    np.testing.assert_array_equal(again.mean, display.mean)
    assert again.plot().axes_.shape == (3,)


def test_the_first_points_are_said_to_be_of_the_design():
    optimizer = Optimizer(ONE, random_state=0)
    for _ in range(2):
        params = optimizer.ask()
        optimizer.tell(params, score(params))
    display = SurrogateDisplay.from_estimator(optimizer)
    assert display.is_opening
    assert display.next_[0].get_label() == "next point (initial design)"


def test_a_trial_outside_of_the_space_is_left_out_with_a_warning():
    trials = [Trial(k, {"C": 10.0**k}, score({"C": 10.0**k})) for k in range(5)]
    with pytest.warns(UserWarning, match="1 of the 5 earlier trials lie outside"):
        display = SurrogateDisplay.from_history(trials, space=ONE, n_values=5)
    assert len(display.tried_[0].get_offsets()) == 4
