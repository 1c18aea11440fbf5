"""ParetoDisplay: values and fronts behind the picture, and the points and lines in it."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV as TheirGridSearchCV
from sklearn.tree import DecisionTreeClassifier

from skbayes import BayesSearchCV
from skbayes.model_selection import pareto_front
from skbayes.optimizer import MultiObjectiveOptimizer, Trial, hypervolume
from skbayes.plots import ParetoDisplay, pareto_data
from skbayes.plots._pareto_view import Axis, view_of


@pytest.fixture
def pyplot():
    return pytest.importorskip("matplotlib.pyplot")


def table(**columns):
    """cv_results_ of some means, and standard deviations of a tenth of them."""
    n = len(next(iter(columns.values())))
    results = {"params": [{"x": k} for k in range(n)]}
    for name, values in columns.items():
        results[f"mean_{name}"] = np.array(values, dtype=float)
        results[f"std_{name}"] = 0.1 * np.array(values, dtype=float)
    return results


RESULTS = table(
    test_roc_auc=[0.8, 0.9, 0.85, 0.95, np.nan, 0.7],
    fit_time=[0.1, 0.2, 0.3, 1.0, 0.1, 0.05],
    test_recall=[0.5, 0.9, 0.2, 0.6, 0.9, 0.7],
)
OBJECTIVES = ["roc_auc", "-fit_time"]


def test_values_are_the_means_in_their_own_units():
    data = pareto_data(RESULTS, OBJECTIVES)
    assert data["objectives"] == OBJECTIVES
    assert data["labels"] == ["mean test score (roc_auc)", "mean fit time (seconds)"]
    whole = [0, 1, 2, 3, 5]
    np.testing.assert_array_equal(data["values"][whole, 0], RESULTS["mean_test_roc_auc"][whole])
    np.testing.assert_array_equal(data["values"][whole, 1], RESULTS["mean_fit_time"][whole])
    assert np.isnan(data["values"][4]).all()
    np.testing.assert_array_equal(data["stds"][whole], 0.1 * data["values"][whole])
    assert data["is_on_front"].tolist() == [True, True, False, True, False, True]
    assert data["is_feasible"].tolist() == [True, True, True, True, False, True]
    assert data["is_log"] == [False, True]
    assert np.isnan(data["hypervolume"])


def test_the_front_is_that_of_the_table():
    for objectives in (OBJECTIVES, ["recall", "roc_auc"], ["roc_auc", "recall", "-fit_time"]):
        rows = pareto_front(RESULTS, objectives)["index"]
        data = pareto_data(RESULTS, objectives)
        assert np.flatnonzero(data["is_on_front"]).tolist() == sorted(rows)


@given(
    arrays(
        float, st.tuples(st.integers(1, 12), st.sampled_from([2, 3])), elements=st.floats(-5.0, 5.0)
    )
)
def test_every_candidate_is_on_the_front_or_dominated_by_one_on_it(values):
    names = [f"m{j}" for j in range(values.shape[1])]
    results = table(
        **{f"test_{name}": column for name, column in zip(names, values.T, strict=True)}
    )
    is_on_front = pareto_data(results, [f"-{name}" for name in names])["is_on_front"]
    front = values[is_on_front]
    for point, is_on in zip(values, is_on_front, strict=True):
        is_beaten = ((front <= point).all(axis=1) & (front < point).any(axis=1)).any()
        assert is_beaten != is_on


def test_constraints_leave_candidates_out_of_the_front():
    bounds = {"recall": ">= 0.6", "fit_time": "<= 0.5"}
    data = pareto_data(RESULTS, OBJECTIVES, metric_constraints=bounds)
    assert data["is_feasible"].tolist() == [False, True, False, False, False, True]
    assert data["is_on_front"].tolist() == [False, True, False, False, False, True]
    # Of the two bounds one is on an axis.
    assert data["bounds"] == [(1, 0.5)]


def test_hypervolume_is_that_above_the_reference_in_logarithms_of_times():
    data = pareto_data(RESULTS, OBJECTIVES, reference={"roc_auc": 0.6, "fit_time": 10.0})
    front = data["values"][data["is_on_front"]] * [1.0, 1.0]
    inner = np.column_stack([front[:, 0], -np.log(front[:, 1])])
    assert data["hypervolume"] == pytest.approx(hypervolume(inner, [0.6, -np.log(10.0)]), rel=1e-12)
    plain = pareto_data(RESULTS, OBJECTIVES, reference=[0.6, 10.0], log_scale=())
    assert plain["is_log"] == [False, False]
    front[:, 1] *= -1.0
    assert plain["hypervolume"] == pytest.approx(hypervolume(front, [0.6, -10.0]), rel=1e-12)


def test_pruned_and_failed_candidates_have_no_values():
    results = {**RESULTS, "status": np.array(["complete", "pruned", *["complete"] * 4])}
    data = pareto_data(results, OBJECTIVES)
    assert np.isnan(data["values"][1]).all()
    assert not data["is_on_front"][1]


def test_a_search_says_itself_what_it_was_after(pyplot):
    X, y = load_iris(return_X_y=True)
    search = BayesSearchCV(
        DecisionTreeClassifier(random_state=0),
        {"max_depth": (1, 6), "min_samples_leaf": (1, 40)},
        objectives=["accuracy", "-score_time"],
        scoring=["accuracy", "f1_macro"],
        metric_constraints={"f1_macro": ">= 0.6"},
        refit="accuracy",
        n_iter=10,
        cv=3,
        random_state=0,
    ).fit(X, y)
    display = ParetoDisplay.from_estimator(search)
    assert display.labels == ["mean test score (accuracy)", "mean score time (seconds)"]
    np.testing.assert_array_equal(display.is_feasible, search.cv_results_["is_feasible"])
    rows = np.flatnonzero(display.is_on_front).tolist()
    assert rows == sorted(search.pareto_front_["index"])
    believed = search.cv_results_["posterior_mean_test_accuracy"]
    np.testing.assert_allclose(np.asarray(display.posterior_mean)[:, 0], believed)
    assert len(display.errors_) == 1
    other = ParetoDisplay.from_estimator(search, ["f1_macro", "accuracy"])
    assert other.objectives == ["f1_macro", "accuracy"]


def test_any_search_and_its_one_metric_by_whatever_name(pyplot):
    X, y = load_iris(return_X_y=True)
    grid = {"max_depth": [1, 2, 3, 4]}
    search = TheirGridSearchCV(
        DecisionTreeClassifier(random_state=0), grid, scoring="accuracy", cv=3
    )
    search.fit(X, y)
    for name in ("accuracy", "score"):
        data = pareto_data(search, [name, "-fit_time"])
        assert data["labels"][0] == "mean test score (accuracy)"
        np.testing.assert_array_equal(data["values"][:, 0], search.cv_results_["mean_test_score"])
    with pytest.raises(
        ValueError, match=r"no objectives; got objectives=None.*'fit_time', 'score'"
    ):
        pareto_data(search)


def test_histories_and_optimizers_have_their_metrics():
    optimizer = MultiObjectiveOptimizer({"x": (-2.0, 4.0)}, ["gain", "-cost"], random_state=0)
    for x in (0.0, 1.0, 2.0, 3.0):
        optimizer.tell({"x": x}, {"gain": -((x - 2.0) ** 2), "cost": x**2})
    data = pareto_data(optimizer)
    np.testing.assert_array_equal(
        data["values"], [[-4.0, 0.0], [-1.0, 1.0], [0.0, 4.0], [-1.0, 9.0]]
    )
    assert data["is_on_front"].tolist() == [True, True, True, False]
    again = pareto_data(optimizer.history, ["gain", "-cost"])
    np.testing.assert_array_equal(again["values"], data["values"])
    timed = [
        Trial(0, {"x": 1}, 0.5, fit_time=2.0),
        Trial(1, {"x": 2}, np.nan, "failed", fit_time=1.0),
    ]
    data = pareto_data(timed, ["score", "-fit_time"])
    np.testing.assert_array_equal(data["values"], [[0.5, 2.0], [np.nan, np.nan]])


@pytest.mark.parametrize(
    ("search", "objectives", "options", "error", "message"),
    [
        (RESULTS, ["roc_auc"], {}, ValueError, "shows two or three objectives; got"),
        (RESULTS, ["roc_auc", "precision"], {}, ValueError, "no metric 'precision'; it has"),
        (RESULTS, "roc_auc", {}, TypeError, "list of names"),
        (RESULTS, OBJECTIVES, {"reference": [1.0]}, ValueError, "one number for each objective"),
        (RESULTS, OBJECTIVES, {"reference": {"recall": 1.0}}, ValueError, r"names \['recall'\]"),
        (RESULTS, OBJECTIVES, {"metric_constraints": {"f1": "<= 1"}}, ValueError, "no metric 'f1'"),
        ({"mean": [1.0]}, OBJECTIVES, {}, ValueError, "columns of cv_results_"),
        ([], ["score", "-fit_time"], {}, ValueError, "at least one candidate"),
        (3, OBJECTIVES, {}, TypeError, "got int"),
    ],
)
def test_wrong_arguments(search, objectives, options, error, message):
    with pytest.raises(error, match=message):
        pareto_data(search, objectives, **options)


POINTS = arrays(float, st.tuples(st.integers(1, 10), st.just(2)), elements=st.floats(0.1, 10.0))


@given(
    points=POINTS,
    signs=st.tuples(st.booleans(), st.booleans()),
    is_log=st.booleans(),
    reference=st.tuples(st.floats(0.1, 11.0), st.floats(0.1, 11.0)),
)
def test_the_border_encloses_what_is_dominated(points, signs, is_log, reference):
    # Area by the shoelace formula against the hypervolume: the same area by another road. Points that are not above
    # the reference add nothing.
    axes = tuple(Axis("", is_minimised, is_log) for is_minimised in signs)
    least = np.array(reference)
    everywhere = np.ones(len(points), dtype=bool)
    view = view_of(axes, points, everywhere, everywhere, least)

    def inner(values):
        return np.column_stack([axis.inner(values[:, k]) for k, axis in enumerate(axes)])

    x, y = inner(np.vstack([view.border, least])).T
    area = 0.5 * abs(x @ np.roll(y, 1) - y @ np.roll(x, 1))
    expected = hypervolume(inner(points), inner(least[None])[0])
    # The rounding of products of numbers up to 11.
    assert area == pytest.approx(expected, rel=1e-9, abs=1e-11)


def test_points_far_out_do_not_squeeze_the_front_and_are_counted(pyplot):
    n = 20
    scores = [*np.linspace(0.8, 0.9, n), -1e6]
    results = table(test_a=scores, test_b=[*np.linspace(0.9, 0.8, n), 0.85])
    display = ParetoDisplay.from_cv_results(results, ["a", "b"])
    low, high = display.ax_.get_xlim()
    assert 0.7 < low < 0.8 < 0.9 < high < 1.0
    words = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert words == ["dominated (1, 1 beyond the axes)", "front (20)"]


def test_points_and_border_are_where_the_data_are(pyplot):
    display = ParetoDisplay.from_cv_results(RESULTS, OBJECTIVES)
    assert display.axes_.tolist() == [display.ax_]
    assert display.figure_ is display.ax_.figure
    values = np.asarray(display.values)
    np.testing.assert_array_equal(display.fronts_[0].get_xydata(), values[[0, 1, 3, 5]])
    np.testing.assert_array_equal(display.dominated_[0].get_xydata(), values[[2]])
    assert display.infeasible_ == []
    # A step from each point of the front to the next, by way of what both dominate.
    corners = display.steps_[0].get_xydata()
    inner = np.array([[0.7, 0.1], [0.8, 0.1], [0.8, 0.2], [0.9, 0.2], [0.9, 1.0], [0.95, 1.0]])
    np.testing.assert_allclose(corners[2:-1], inner)
    assert display.ax_.get_yscale() == "log"
    assert display.ax_.get_xlabel() == "mean test score (roc_auc)\nhigher is better →"
    assert display.ax_.get_ylabel() == "mean fit time (seconds)\n← lower is better"
    words = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert words == ["dominated (1)", "front (4)", "without values, not shown (1)"]
    assert sorted(text.get_text() for text in display.texts_) == ["0", "1", "3", "5"]


def test_numbers_that_would_cover_each_other_stand_together(pyplot):
    results = table(test_a=[0.1, 0.5, 0.5001, 0.9], test_b=[0.9, 0.5, 0.4999, 0.1])
    display = ParetoDisplay.from_cv_results(results, ["a", "b"])
    assert [text.get_text() for text in display.texts_] == ["0", "1, 2", "3"]
    assert ParetoDisplay.from_cv_results(results, ["a", "b"], numbers=False).texts_ == []
    equal = table(test_a=[0.5] * 9, test_b=[0.5] * 9)
    display = ParetoDisplay.from_cv_results(equal, ["a", "b"])
    assert [text.get_text() for text in display.texts_] == ["0, 1, 2, 3 and 5 more"]


def test_a_long_front_has_no_numbers_unless_asked(pyplot):
    scores = np.linspace(0.0, 1.0, 30)
    results = table(test_a=scores, test_b=1.0 - scores)
    assert ParetoDisplay.from_cv_results(results, ["a", "b"]).texts_ == []
    assert ParetoDisplay.from_cv_results(results, ["a", "b"], numbers=True).texts_


def test_constraints_reference_and_error_bars_are_drawn(pyplot):
    display = ParetoDisplay.from_cv_results(
        RESULTS,
        OBJECTIVES,
        reference=[0.6, 10.0],
        metric_constraints={"fit_time": "<= 0.5"},
        error_bars=True,
    )
    (missing,) = display.infeasible_
    np.testing.assert_array_equal(missing.get_xydata(), [[0.95, 1.0]])
    assert missing.get_markerfacecolor() == "none"
    np.testing.assert_array_equal(display.dominated_[0].get_xydata(), [[0.85, 0.3]])
    words = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert words[0] == "constraint"
    assert f"reference (hypervolume {display.hypervolume:.3g})" in words
    assert "± 1 standard deviation over the folds" in words
    (errors,) = display.ax_.containers
    across = np.array([segment[:, 0] for segment in errors.lines[2][0].get_segments()])
    np.testing.assert_allclose(across, np.array([[0.72, 0.88], [0.81, 0.99], [0.63, 0.77]]))
    # The reference is an end of the border.
    corners = display.steps_[0].get_xydata()
    np.testing.assert_allclose([corners[0, 0], corners[-1, 1]], [0.6, 10.0])


BELIEVED = {
    **RESULTS,
    "posterior_mean_test_roc_auc": np.array([0.79, 0.88, 0.86, 0.93, np.nan, 0.71]),
    "posterior_std_test_roc_auc": np.array([0.01, 0.02, 0.03, 0.02, np.nan, 0.01]),
    "posterior_mean_fit_time": np.array([0.11, 0.25, 0.3, 0.9, np.nan, 0.06]),
    "posterior_std_fit_time": np.array([0.02, 0.2, 0.01, 0.3, np.nan, 0.0]),
}


def test_the_posterior_is_that_of_the_table_and_of_a_time_log_normal():
    data = pareto_data(BELIEVED, OBJECTIVES)
    mean, std = BELIEVED["posterior_mean_test_roc_auc"], BELIEVED["posterior_std_test_roc_auc"]
    normal = stats.norm(mean, std)
    np.testing.assert_allclose(data["posterior_mean"][:, 0], mean)
    np.testing.assert_allclose(data["posterior_lower"][:, 0], normal.ppf(0.025))
    np.testing.assert_allclose(data["posterior_upper"][:, 0], normal.ppf(0.975))
    lower, middle, upper = (data[f"posterior_{name}"][:, 1] for name in ("lower", "mean", "upper"))
    # The other way round: the log-normal distribution with this middle and these ends has the moments given.
    spread = np.log(upper / lower) / np.diff(stats.norm.ppf([0.025, 0.975]))
    np.testing.assert_allclose(middle, np.sqrt(lower * upper))
    known = stats.lognorm(np.maximum(spread, 1e-12), scale=middle)
    np.testing.assert_allclose(known.mean(), BELIEVED["posterior_mean_fit_time"])
    np.testing.assert_allclose(known.std(), BELIEVED["posterior_std_fit_time"], atol=1e-9)
    assert (lower[[0, 1, 2, 3, 5]] > 0.0).all()
    assert np.isnan(lower[4])


@pytest.mark.parametrize("results", [RESULTS, BELIEVED])
def test_without_a_posterior_or_if_none_is_wanted_there_is_nothing(pyplot, results):
    data = pareto_data(results, OBJECTIVES, posterior=False)
    for name in ("mean", "lower", "upper"):
        assert np.isnan(data[f"posterior_{name}"]).all()
    display = ParetoDisplay(**data).plot()
    assert display.errors_ == []
    assert len(ParetoDisplay(**data).plot(error_bars=True).errors_) == 1


def test_the_posterior_of_an_optimizer_is_its_own_and_changes_nothing():
    optimizer, twin = (
        MultiObjectiveOptimizer(
            {"x": (-2.0, 4.0)}, ["gain", "-cost"], random_state=0, log_scale=["cost"]
        )
        for _ in range(2)
    )
    for each in (optimizer, twin):
        for x in np.linspace(-2.0, 4.0, 9):
            each.tell({"x": x}, {"gain": -((x - 2.0) ** 2), "cost": np.exp(x)})
        each.tell({"x": 0.3}, None, status="failed")
    data = pareto_data(optimizer)
    points = [trial.params for trial in optimizer.history][:9]
    found = optimizer.objective_posteriors(points)
    np.testing.assert_allclose(data["posterior_mean"][:9, 0], found["gain"].mean, rtol=1e-9)
    half = stats.norm.ppf(0.975) * found["gain"].std
    np.testing.assert_allclose(data["posterior_upper"][:9, 0], found["gain"].mean + half, rtol=1e-9)
    s2 = np.log1p((found["cost"].std / found["cost"].mean) ** 2)
    middle = found["cost"].mean / np.exp(0.5 * s2)
    np.testing.assert_allclose(data["posterior_mean"][:9, 1], middle, rtol=1e-9)
    assert np.isnan(data["posterior_mean"][9]).all()
    assert optimizer.ask() == twin.ask()
    early = MultiObjectiveOptimizer({"x": (-2.0, 4.0)}, ["gain", "-cost"], random_state=0)
    early.tell({"x": 1.0}, None, status="failed")
    assert np.isnan(pareto_data(early)["posterior_mean"]).all()


def test_bars_of_the_posterior_cross_where_the_front_is_believed_to_be(pyplot):
    display = ParetoDisplay.from_cv_results(BELIEVED, OBJECTIVES, error_kw={"lw": 3.0, "c": "red"})
    front = [0, 1, 3, 5]
    (bars,) = display.errors_
    across, up = (np.array(lines.get_segments()) for lines in bars.lines[2])
    middle, lower, upper = (
        np.asarray(part)[front]
        for part in (display.posterior_mean, display.posterior_lower, display.posterior_upper)
    )
    np.testing.assert_allclose(across[:, :, 0], np.column_stack([lower[:, 0], upper[:, 0]]))
    np.testing.assert_allclose(across[:, 0, 1], middle[:, 1])
    np.testing.assert_allclose(up[:, :, 1], np.column_stack([lower[:, 1], upper[:, 1]]))
    np.testing.assert_allclose(up[:, 0, 0], middle[:, 0])
    assert set(bars.lines[2][0].get_linewidth()) == {3.0}
    # A line from where each was observed, and its end inside of the picture.
    (links,) = (line for line in display.ax_.lines if line.get_linestyle() == ":")
    assert links.get_color() == "red"
    np.testing.assert_allclose(links.get_xydata()[0::3], np.asarray(display.values)[front])
    np.testing.assert_allclose(links.get_xydata()[1::3], middle)
    ends = np.array([display.ax_.get_xlim(), display.ax_.get_ylim()])
    assert ((middle > ends[:, 0]) & (middle < ends[:, 1])).all()
    words = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert "95 % of the posterior" in words
    for wanted, label in [("folds", "± 1 standard deviation over the folds"), (True, "± 1")]:
        (bars,) = display.plot(error_bars=wanted).errors_
        assert bars.get_label().startswith(label)
    assert display.plot(error_bars=False).errors_ == []
    with pytest.raises(ValueError, match="error_bars='fold' is not known"):
        display.plot(error_bars="fold")


def test_an_objective_that_no_model_knows_has_no_bar(pyplot):
    known = {
        key: each for key, each in BELIEVED.items() if not key.startswith("posterior_mean_fit")
    }
    display = ParetoDisplay.from_cv_results(known, OBJECTIVES)
    (bars,) = display.errors_
    across, up = (np.array(lines.get_segments()) for lines in bars.lines[2])
    values = np.asarray(display.values)[[0, 1, 3, 5]]
    np.testing.assert_allclose(across[:, 0, 1], values[:, 1])  # at the height observed
    assert not np.isfinite(up).any()


def test_a_constraint_is_a_line_across_the_axis_of_its_metric(pyplot):
    bounds = {"roc_auc": ">= 0.75", "fit_time": "<= 0.5"}
    display = ParetoDisplay.from_cv_results(RESULTS, OBJECTIVES, metric_constraints=bounds)
    upright, level = (line for line in display.ax_.lines if line.get_label() == "constraint")
    assert list(upright.get_xdata()) == [0.75, 0.75]
    assert list(level.get_ydata()) == [0.5, 0.5]


def test_three_objectives_have_a_panel_for_each_pair(pyplot):
    objectives = ["roc_auc", "recall", "-fit_time"]
    display = ParetoDisplay.from_cv_results(RESULTS, objectives)
    assert len(display.axes_) == len(display.fronts_) == 3
    front = np.asarray(display.values)[display.is_on_front]
    for line, pair in zip(display.fronts_, [(0, 1), (0, 2), (1, 2)], strict=True):
        np.testing.assert_array_equal(line.get_xydata(), front[:, pair])
    names = [ax.get_xlabel().split("\n")[0] for ax in display.axes_]
    assert names == ["mean test score (roc_auc)"] * 2 + ["mean test score (recall)"]
    # One axes is divided, three are taken as they are.
    figure, ax = pyplot.subplots()
    assert len(display.plot(ax).axes_) == 3
    assert display.figure_ is figure
    _, axes = pyplot.subplots(3, 1)
    assert display.plot(axes).axes_.tolist() == axes.tolist()
    with pytest.raises(ValueError, match="needs 3 axes, one for each panel; got 2"):
        display.plot(axes[:2])


def test_it_draws_where_it_is_told_and_takes_styles_by_any_alias(pyplot):
    display = ParetoDisplay(**pareto_data(RESULTS, OBJECTIVES))
    pickle.loads(pickle.dumps(display))
    _, axes = pyplot.subplots(1, 2)
    styles = {
        "front_kw": {"c": "red", "ms": 3.0},
        "step_kw": {"lw": 4.0},
        "dominated_kw": {"mew": 1.0},
    }
    assert display.plot(axes[1], **styles) is display
    assert display.ax_ is axes[1]
    assert not axes[0].lines
    assert display.fronts_[0].get_color() == "red"
    assert display.steps_[0].get_linewidth() == 4.0
    display.plot([axes[0]])
    assert display.ax_ is axes[0]


@pytest.mark.parametrize("values", [
    ([np.nan] * 3, [1.0] * 3), ([0.5], [0.0]), ([0.5] * 9, [2.0] * 9), ([1e-12, 3e-12], [1e12, 5e12]),
])  # fmt: skip
def test_nothing_one_point_constants_and_odd_sizes_can_be_drawn(pyplot, values):
    results = table(test_a=values[0], fit_time=values[1])
    display = ParetoDisplay.from_cv_results(results, ["a", "-fit_time"])
    display.figure_.canvas.draw()
    (left, right), (low, high) = display.ax_.get_xlim(), display.ax_.get_ylim()
    assert left < right
    assert 0.0 < low < high
    inside = display.fronts_[0].get_xydata()
    assert ((inside > [left, low]) & (inside < [right, high])).all()


def test_odd_names_are_written_as_they_are(pyplot):
    trials = [Trial(k, {}, 0.0, metrics={"$a$": k, "b_<i>%" * 12: -k}) for k in range(3)]
    display = ParetoDisplay.from_history(trials, ["$a$", "b_<i>%" * 12])
    display.figure_.canvas.draw()  # a formula that cannot be parsed would raise here
    assert display.ax_.get_xlabel().startswith(r"\$a\$")
    assert len(display.ax_.get_ylabel().split("\n")[0]) <= 48


def test_numbers_stand_together_whatever_lies_between_in_one_direction(pyplot):
    # From left to right the third point comes between the first and the second, far below them.
    results = table(test_a=[0.5, 0.502, 0.501, 0.9], test_b=[0.9, 0.8999, 0.2, 0.1])
    display = ParetoDisplay.from_cv_results(results, ["a", "b"], numbers=True)
    assert display.is_on_front.tolist() == [True, True, False, True]
    everyone = ParetoDisplay(**{**pareto_data(results, ["a", "b"]), "is_on_front": [True] * 4})
    words = sorted(text.get_text() for text in everyone.plot().texts_)
    assert words == ["0, 1", "2", "3"]
