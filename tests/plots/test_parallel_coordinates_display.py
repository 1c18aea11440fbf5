"""ParallelCoordinatesDisplay: where values lie on their axes, and the lines that are drawn through them."""

import pickle

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import loguniform, norm, poisson
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeClassifier

from skbayes.optimizer import History, Optimizer, Trial
from skbayes.plots import ParallelCoordinatesDisplay, parallel_coordinates_data
from skbayes.plots._value_axes import number_axis, number_texts, parameter_axis
from skbayes.space import Categorical, Integer, Real, as_space

SPACE = {
    "C": (1e-2, 1e2, "log-uniform"),
    "kernel": ["linear", "rbf", "poly"],
    "degree": Integer(1, 5, active_if={"kernel": "poly"}),
}
TRIALS = (
    Trial(0, {"C": 1.0, "kernel": "rbf"}, 0.7),
    Trial(1, {"C": 1e-2, "kernel": "poly", "degree": 2}, 0.9),
    Trial(2, {"C": 1e2, "kernel": "linear"}, np.nan, "failed"),
    Trial(3, {"C": 10.0, "kernel": "linear"}, 0.8),
    Trial(4, {"C": 10.0, "kernel": "rbf"}, np.nan, "pruned", fold_scores=(0.5, np.nan)),
)


@pytest.fixture
def pyplot():
    return pytest.importorskip("matplotlib.pyplot")


@pytest.fixture
def data():
    return parallel_coordinates_data(TRIALS, space=SPACE)


def test_positions_are_shares_of_each_axis_in_its_own_scale(data):
    assert data["names"] == ["C", "kernel", "degree"]
    # log10 C from -2 to 2; the middles of three cells; from 1 to 5.
    np.testing.assert_allclose(data["positions"][:, 0], [0.5, 0.0, 1.0, 0.75, 0.75])
    np.testing.assert_allclose(data["positions"][:, 1], np.array([1.5, 2.5, 0.5, 0.5, 1.5]) / 3.0)
    np.testing.assert_allclose(data["positions"][:, 2], [np.nan, 0.25, np.nan, np.nan, np.nan])
    np.testing.assert_allclose(data["score_positions"], [0.0, 1.0, np.nan, 0.5, np.nan], atol=1e-12)
    assert data["statuses"] == ["complete", "complete", "failed", "complete", "pruned"]
    assert data["tick_labels"][1] == ["linear", "rbf", "poly"]
    np.testing.assert_allclose(data["ticks"][1], np.array([0.5, 1.5, 2.5]) / 3.0)


def test_ticks_lie_where_their_numbers_do(data):
    exponents = np.log10([float(label) for label in data["tick_labels"][0]])
    np.testing.assert_allclose(data["ticks"][0], (exponents + 2.0) / 4.0)
    degrees = np.array([float(label) for label in data["tick_labels"][2]])
    np.testing.assert_allclose(data["ticks"][2], (degrees - 1.0) / 4.0)


@given(
    low=st.floats(-1e300, 1e300),
    width=st.floats(0.0, 1e300),
    shares=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=5),
)
@example(low=0.0, width=5e-324, shares=[0.0])  # half of it is 0
@example(low=1e16, width=6.0, shares=[0.5])  # 1e16 + 1 is 1e16
def test_a_linear_axis_keeps_order_and_ends(low, width, shares):
    high = low + width
    values = np.sort([low + share * width for share in shares])
    axis = number_axis(values, low, high)
    assert ((axis.positions >= 0.0) & (axis.positions <= 1.0)).all()
    assert (np.diff(axis.positions) >= 0.0).all()  # a place rises with the value
    assert (np.diff(axis.ticks) > 0.0).all() or len(axis.ticks) == 1
    assert len(set(axis.tick_labels)) == len(axis.ticks) <= 10
    if low < high:
        np.testing.assert_array_equal(number_axis([low, high], low, high).positions, [0.0, 1.0])


@given(
    low=st.floats(1e-300, 1e300),
    factor=st.floats(1.0 + 1e-6, 1e8),
    share=st.floats(0.0, 1.0),
)
def test_a_logarithmic_axis_places_a_power_at_its_exponent(low, factor, share):
    high = low * factor
    axis = number_axis([low * factor**share], low, high, is_log=True)
    # The rounding of the power, relative to the logarithm of the factor.
    tolerance = 1e-15 * (1.0 + abs(np.log(low))) / np.log(factor) + 1e-9
    assert axis.positions[0] == pytest.approx(share, abs=tolerance)
    assert len(set(axis.tick_labels)) == len(axis.ticks) <= 10


@pytest.mark.parametrize(("low", "high"), [(5e-324, 1e300), (3.0, 3.0 + 1.3e-15)])
def test_a_logarithmic_axis_keeps_order_and_ends(low, high):
    middle = np.sqrt(low) * np.sqrt(high)  # a ratio beyond float64, and one of a few last bits
    axis = number_axis([0.0, low, middle, high, np.inf, np.nan], low, high, is_log=True)
    np.testing.assert_allclose(axis.positions, [0.0, 0.0, 0.5, 1.0, 1.0, np.nan], atol=0.1)
    assert (np.diff(axis.positions[1:4]) > 0.0).all()
    assert (np.diff(axis.ticks) > 0.0).all()
    assert len(set(axis.tick_labels)) == len(axis.ticks) <= 10


@given(
    # Not up to the largest float: rounded to three digits, it is infinite.
    st.lists(st.floats(-1e308, 1e308), min_size=1, max_size=8, unique=True)
)
def test_numbers_are_told_apart_and_read_back(values):
    texts = number_texts(values)
    assert len(set(texts)) == len(set(values))
    for text, value in zip(texts, values, strict=True):
        # Three digits: half of the third one, at most.
        assert float(text) == pytest.approx(value, rel=5.1e-3, abs=1e-322)


def test_numbers_that_differ_late_have_the_digits_that_they_need():
    assert number_texts([0.95012, 0.95013]) == ["0.95012", "0.95013"]
    assert number_texts([1000.0, 0.001, 1e12, 0.5]) == ["1000", "0.001", "1e12", "0.5"]


def test_whole_numbers_have_whole_ticks():
    axis = number_axis([1.0, 2.0], 1, 3, is_whole=True)
    assert axis.tick_labels == ("1", "2", "3")


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1))
def test_flat_dimensions_have_the_places_that_they_have_in_the_cube(seed):
    # What is uniform in value or logarithm is uniform in the cube: the same number, by another road.
    space = as_space(
        {"a": Real(-3.0, 5.0), "b": (1e-4, 1e3, "log-uniform"), "c": loguniform(0.1, 10)}
    )
    U = space.sample(7, np.random.default_rng(seed))
    points = [space.decode(u) for u in U]
    for j, name in enumerate("abc"):
        np.testing.assert_allclose(
            parameter_axis(name, points, space).positions, U[:, j], atol=1e-9
        )


def test_distributions_go_from_quantile_to_quantile_and_as_far_as_was_tried():
    space = as_space({"shift": norm(1.0, 2.0), "depth": poisson(4.0)})
    tried = [{"shift": 1.0, "depth": 4}, {"shift": norm(1.0, 2.0).ppf(0.99), "depth": 12}]
    shift, depth = (parameter_axis(name, tried, space) for name in ("shift", "depth"))
    np.testing.assert_allclose(shift.positions, [0.5, 1.0], atol=1e-9)
    low = poisson(4.0).ppf(0.01)
    np.testing.assert_allclose(depth.positions, [(4 - low) / (12 - low), 1.0])
    assert all(float(label).is_integer() for label in depth.tick_labels)


def test_values_outside_of_the_space_widen_the_axis():
    tried = [{"x": -1.0}, {"x": 1.0}]
    axis = parameter_axis("x", tried, as_space({"x": (0.0, 1.0)}))
    np.testing.assert_array_equal(axis.positions, [0.0, 1.0])
    # Not positive: the scale cannot be the logarithm that the space names.
    assert parameter_axis("x", tried, as_space({"x": (0.1, 1.0, "log-uniform")})).scale == "linear"


def test_choices_of_any_kind_are_told_apart_as_in_a_space():
    choices = [None, True, 1, 1.0, (50, 50), "1", Ridge(), Ridge(alpha=2.0), np.nan]
    space = as_space({"c": Categorical(choices, ordered=False)})
    tried = [{"c": choice} for choice in choices] + [{"c": Ridge()}]
    axis = parameter_axis("c", tried, space)
    np.testing.assert_allclose(axis.positions, (np.array([*range(9), 6]) + 0.5) / 9)
    assert len(set(axis.tick_labels)) == 9
    assert axis.tick_labels[4] == "(50, 50)"


def test_an_estimator_is_called_by_its_class_unless_another_has_it_too():
    models = [Ridge(alpha=2.0), DecisionTreeClassifier(max_depth=2), DecisionTreeClassifier()]
    axis = parameter_axis("m", [{"m": models[0]}], as_space({"m": models}))
    assert axis.tick_labels[0] == "Ridge"
    assert axis.tick_labels[2] == "DecisionTreeClassifier()"
    assert axis.tick_labels[1].endswith("max_depth=2)")
    # Too long to be told apart in short: by a number.
    lists = [[*"a" * 40, k, *"b" * 40] for k in range(2)]
    texts = parameter_axis("c", [{"c": lists[0]}], as_space({"c": lists})).tick_labels
    assert [text[-3:] for text in texts] == [" #1", " #2"]


def test_a_choice_beside_numbers_and_one_that_the_space_has_not():
    axis = parameter_axis("c", [{"c": None}, {"c": 2}, {"c": 7}], as_space({"c": [2, None]}))
    assert (axis.scale, axis.tick_labels) == ("choices", ("2", "None", "7"))
    np.testing.assert_allclose(axis.positions, np.array([1.5, 0.5, 2.5]) / 3.0)


def test_a_parameter_with_other_ranges_in_other_branches_has_one_axis():
    space = as_space([{"m": ["a"], "x": (0.0, 1.0)}, {"m": ["b"], "x": (1.0, 4.0)}])
    tried = [Trial(0, {"m": "a", "x": 0.5}, 1.0), Trial(1, {"m": "b", "x": 3.0}, 2.0)]
    data = parallel_coordinates_data(tried, space=space)
    assert data["names"] == ["m", "x"]
    np.testing.assert_allclose(data["positions"][:, 1], [0.125, 0.75])


def test_many_choices_are_not_all_named():
    space = as_space({"c": [f"choice {k}" for k in range(100)]})
    axis = parameter_axis("c", [{"c": "choice 3"}], space)
    assert len(axis.ticks) <= 12
    assert axis.tick_labels[1] == "choice 9"
    assert axis.ticks[1] == pytest.approx(9.5 / 100)


def test_equal_objects_that_candidates_do_not_share_are_one_choice():
    data = parallel_coordinates_data([Trial(k, {"m": Ridge(), "n": k}, float(k)) for k in range(3)])
    np.testing.assert_array_equal(data["positions"][:, 0], 0.5)
    assert data["tick_labels"][0] == ["Ridge"]


def test_a_score_far_out_is_put_at_the_end_and_the_end_says_so():
    scores = [*np.linspace(0.8, 0.9, 11), -1e6]
    data = parallel_coordinates_data([Trial(k, {"x": k}, s) for k, s in enumerate(scores)])
    np.testing.assert_allclose(data["score_positions"], [*np.linspace(0, 1, 11), 0.0], atol=1e-12)
    assert data["score_tick_labels"][0] == "≤ 0.8"
    # The values themselves are not touched.
    assert data["scores"][-1] == -1e6
    inside = parallel_coordinates_data([Trial(k, {"x": k}, s) for k, s in enumerate(scores[:-1])])
    assert inside["score_tick_labels"][0] == "0.8"


def test_scores_that_are_all_one_have_one_tick():
    data = parallel_coordinates_data([Trial(k, {"x": k}, 0.5) for k in range(20)])
    assert (data["score_ticks"], data["score_tick_labels"]) == ([0.5], ["0.5"])
    np.testing.assert_array_equal(data["score_positions"], 0.5)


def test_a_complete_trial_without_a_finite_score_has_failed():
    data = parallel_coordinates_data([Trial(0, {"x": 1}, np.inf), Trial(1, {"x": 2}, 1.0)])
    assert data["statuses"] == ["failed", "complete"]
    assert np.isnan(data["scores"][0])


def test_params_choose_and_order(data):
    chosen = parallel_coordinates_data(TRIALS, space=SPACE, parameters=["degree", "C"])
    assert chosen["names"] == ["degree", "C"]
    np.testing.assert_array_equal(chosen["positions"], data["positions"][:, [2, 0]])


def test_it_takes_whatever_holds_a_search(tmp_path, data):
    optimizer = Optimizer(SPACE, random_state=0)
    for trial in TRIALS:
        optimizer.tell(trial.params, trial.score, status=trial.status)
    for thing, space in ((optimizer, None), (History(TRIALS), SPACE)):
        np.testing.assert_array_equal(
            parallel_coordinates_data(thing, space=space)["positions"], data["positions"]
        )
    grid = {"max_depth": [1, 2, 3], "criterion": ["gini", "entropy"]}
    X = np.random.default_rng(0).normal(size=(60, 3))
    search = GridSearchCV(DecisionTreeClassifier(), grid, cv=3, scoring="roc_auc")
    found = parallel_coordinates_data(search.fit(X, X[:, 0] > 0.0))
    assert found["score_name"] == "mean test score (roc_auc)"
    np.testing.assert_array_equal(found["scores"], search.cv_results_["mean_test_score"])
    depths = [params["max_depth"] for params in search.cv_results_["params"]]
    column = found["names"].index("max_depth")
    np.testing.assert_allclose(found["positions"][:, column], (np.array(depths) - 1) / 2)


@pytest.mark.parametrize(
    ("trials", "options", "error", "message"),
    [
        ([], {}, ValueError, "at least one candidate; got a search without any"),
        (TRIALS, {"parameters": "C"}, TypeError, r"a list of names; got 'C'. Write \['C'\]"),
        (
            TRIALS,
            {"parameters": ["C", "c"]},
            ValueError,
            r"got \['c'\].*Choose among \['C', 'kernel'",
        ),
        (TRIALS, {"parameters": []}, ValueError, "got none"),
        (TRIALS, {"metric": "recall"}, ValueError, "recall"),
    ],
)
def test_wrong_arguments(trials, options, error, message):
    with pytest.raises(error, match=message):
        parallel_coordinates_data(trials, **options)


def test_the_lines_cross_the_axes_where_the_data_say(pyplot, data):
    display = ParallelCoordinatesDisplay.from_history(TRIALS, space=SPACE)
    assert display.figure_ is display.ax_.figure
    segments = np.array(display.lines_.get_segments())
    # Rising scores: the best is drawn last, on top of the others.
    order = [0, 3, 1]
    np.testing.assert_array_equal(segments[:, :, 0], np.broadcast_to(np.arange(4), (3, 4)))
    np.testing.assert_array_equal(segments[:, :2, 1], data["positions"][order, :2])
    np.testing.assert_array_equal(segments[:, 3, 1], data["score_positions"][order])
    np.testing.assert_array_equal(display.lines_.get_array(), data["score_positions"][order])
    # A parameter that is not active is below its axis; so is the end of a candidate without a score.
    assert (segments[:2, 2, 1] < -0.05).all()
    assert segments[2, 2, 1] == 0.25
    assert list(display.without_score_) == ["pruned", "failed"]
    ends = [lines.get_segments()[0][-1][1] for lines in display.without_score_.values()]
    assert ends[1] < ends[0] < -0.05
    (best,) = display.best_.get_segments()
    np.testing.assert_array_equal(best, segments[-1])


def test_words_of_the_picture(pyplot):
    display = ParallelCoordinatesDisplay.from_history(TRIALS, space=SPACE, score_name="score (s)")
    ax = display.ax_
    assert [text.get_text() for text in ax.get_xticklabels()] == ["C", "kernel", "degree"]
    assert ax.get_ylabel() == "score (s)"
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert words == ["best 1 of 3", "pruned (1)", "failed (1)", "not active"]
    ticks = [text.get_text() for text in ax.texts]
    assert {"linear", "rbf", "poly", "0.01", "100"} <= set(ticks)


def test_colours_follow_the_score_and_the_best_are_the_darkest(pyplot):
    trials = [Trial(k, {"x": k}, float(k)) for k in range(10)]
    display = ParallelCoordinatesDisplay.from_history(trials)
    rgb = display.lines_.to_rgba(display.lines_.get_array())[:, :3]
    luminance = rgb @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luminance) < 0.0).all()
    display.plot(cmap="cividis")
    assert display.lines_.get_cmap().name == "cividis"


@pytest.mark.parametrize(("n", "n_best", "expected"), [
    (1, None, 1), (2, None, 1), (30, None, 2), (1000, None, 10), (5, 0, 0), (5, 9, 5),
])  # fmt: skip
def test_how_many_are_the_best(pyplot, n, n_best, expected):
    trials = [Trial(k, {"x": k}, float(-k)) for k in range(n)]
    display = ParallelCoordinatesDisplay.from_history(trials, n_best=n_best)
    segments = display.best_.get_segments()
    assert len(segments) == expected
    # The scores fall: the best are the first ones, the very best on top.
    scale = max(n - 1, 1)
    starts = [segment[0][1] for segment in segments]
    np.testing.assert_allclose(starts, [k / scale if n > 1 else 0.5 for k in range(expected)][::-1])
    assert len(display.lines_.get_segments()) == n


def test_of_equal_scores_the_first_is_on_top(pyplot):
    trials = [Trial(k, {"x": k}, 1.0) for k in range(5)]
    display = ParallelCoordinatesDisplay.from_history(trials)
    assert display.best_.get_segments()[0][0][1] == 0.0


def test_without_any_score_there_is_no_strip_and_no_best(pyplot):
    trials = [Trial(k, {"x": k}, np.nan, "failed") for k in range(3)]
    display = ParallelCoordinatesDisplay.from_history(trials)
    assert display.score_bar_ is None
    assert len(display.lines_.get_segments()) == len(display.best_.get_segments()) == 0
    assert len(display.without_score_["failed"].get_segments()) == 3
    assert [t.get_text() for t in display.ax_.get_legend().get_texts()] == ["failed (3)"]


def test_it_draws_where_it_is_told_and_takes_styles_by_any_alias(pyplot, data):
    _, axes = pyplot.subplots(1, 2)
    display = ParallelCoordinatesDisplay(**data)
    pickle.loads(pickle.dumps(display))
    styles = {"line_kw": {"lw": 0.5, "alpha": 0.2}, "best_kw": {"linewidth": 5.0}}
    again = display.plot(axes[1], without_score_kw={"ls": ":"}, **styles)
    assert again is display
    assert display.ax_ is axes[1]
    assert not axes[0].collections
    assert display.lines_.get_linewidth()[0] == 0.5
    assert display.best_.get_linewidth()[0] == 5.0
    with pytest.raises(ValueError, match="n_best counts candidates; got -1"):
        display.plot(n_best=-1)


def test_odd_names_are_written_as_they_are_and_long_ones_in_part(pyplot):
    names = ["$a$", "b_<i>%s</i>", "step__" * 10 + "alpha"]
    trials = [Trial(k, dict.fromkeys(names, f"$x_{k}$"), 1e-12 * k) for k in range(3)]
    display = ParallelCoordinatesDisplay.from_history(trials, score_name="gain in $ or $")
    display.figure_.canvas.draw()  # a formula that cannot be parsed would raise here
    shown = [text.get_text().replace(r"\$", "$") for text in display.ax_.get_xticklabels()]
    assert shown[:2] == names[:2]
    assert shown[2].endswith("alpha")
    assert len(shown[2]) <= 28
    ticks = {text.get_text().replace(r"\$", "$") for text in display.ax_.texts}
    assert "$x_1$" in ticks


def test_the_highest_times_are_not_called_the_best(pyplot):
    trials = [Trial(k, {"x": k}, 1.0, fit_time=float(k + 1)) for k in range(3)]
    display = ParallelCoordinatesDisplay.from_history(trials, metric="fit_time")
    assert display.ax_.get_legend().get_texts()[0].get_text() == "longest 1 of 3"
    np.testing.assert_array_equal(display.scores, [1.0, 2.0, 3.0])


def test_numbers_of_ticks_are_not_shortened_however_narrow_it_is(pyplot):
    params = [{f"x{j:02d}": 0.00123456 * (k + 1) for j in range(40)} for k in range(2)]
    display = ParallelCoordinatesDisplay.from_history(
        [Trial(k, each, float(k)) for k, each in enumerate(params)]
    )
    assert {"0.00123", "0.00247"} <= {text.get_text() for text in display.ax_.texts}


def test_on_a_dark_background_the_best_are_the_lightest(pyplot):
    with pyplot.style.context("dark_background"):
        display = ParallelCoordinatesDisplay.from_history([Trial(k, {"x": k}, k) for k in range(9)])
    rgb = display.lines_.to_rgba(display.lines_.get_array())[:, :3]
    assert (np.diff(rgb @ [0.2126, 0.7152, 0.0722]) > 0.0).all()


def test_a_thousand_lines_are_one_collection_and_faint(pyplot):
    rng = np.random.default_rng(0)
    names = [f"x{j}" for j in range(15)]
    trials = [
        Trial(k, dict(zip(names, u, strict=True)), u[0])
        for k, u in enumerate(rng.random((1000, 15)))
    ]
    display = ParallelCoordinatesDisplay.from_history(trials)
    assert len(display.lines_.get_segments()) == 1000
    assert 0.05 < display.lines_.get_alpha() < 0.3
    assert display.figure_.get_size_inches()[0] > 7.0  # more room for more axes
