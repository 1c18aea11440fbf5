"""PartialDependenceDisplay: the numbers of `partial_dependence`, drawn."""

import pickle

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.svm import SVC

from skbayes import BayesSearchCV
from skbayes.optimizer import Optimizer, PartialDependence, Trial, partial_dependence
from skbayes.plots import PartialDependenceDisplay, partial_dependence_data
from skbayes.space import ValueGrid

SPACE = {"C": (1e-3, 1e3, "log-uniform"), "kernel": ["rbf", "poly"], "degree": (2, 5)}


def told(n=16):
    optimizer = Optimizer(SPACE, n_initial_points=n, random_state=0)
    for params in optimizer.ask(n):
        effect = {"rbf": 1.0, "poly": 0.0}[params["kernel"]]
        optimizer.tell(params, effect + np.log10(params["C"]) + 0.1 * params["degree"])
    return optimizer


OPTIMIZER = told()
# Few functions and points: enough to compare two roads, or to draw.
QUICK = {"n_values": 7, "n_points": 16, "n_functions": 8}


def grid(name, values, scale="linear", is_complete=False):
    return ValueGrid(name, tuple(values), scale, is_complete)


def given(n_values=5, **options):
    """A display of known numbers: of a range, of choices, of a pair of both."""
    x, k = grid("x", np.linspace(0.0, 1.0, n_values).tolist()), grid("k", "ab", "choices", True)
    mean = np.linspace(0.0, 1.0, n_values)
    dependences = [
        PartialDependence((x,), mean, np.full(n_values, 0.1), 9),
        PartialDependence((k,), np.array([0.2, 0.6]), np.array([0.1, 0.0]), 9),
        PartialDependence((x, k), np.stack([mean, 2 * mean], axis=1), np.ones((n_values, 2)), 9),
    ]
    tried = [[(0.5,), (0.25,)], [("a",), ("a",), ("b",)], [(0.5, "a"), (0.25, "b")]]
    return PartialDependenceDisplay(dependences=dependences, tried=tried, **options)


def test_the_data_are_those_of_the_computation():
    parameters = ["kernel", ("C", "degree")]
    data = partial_dependence_data(OPTIMIZER, parameters, **QUICK)
    found = partial_dependence(
        OPTIMIZER.history, OPTIMIZER.space, parameters, random_state=0, **QUICK
    )
    for mine, theirs in zip(data["dependences"], found, strict=True):
        assert mine.names == theirs.names
        np.testing.assert_array_equal(mine.mean, theirs.mean)
        np.testing.assert_array_equal(mine.std, theirs.std)
    trials = OPTIMIZER.history
    assert data["tried"][0] == [(t.params["kernel"],) for t in trials]
    assert data["tried"][1] == [(t.params["C"], t.params["degree"]) for t in trials]
    assert data["score_name"] == "score"


def test_a_search_gives_its_space_its_surrogate_and_the_name_of_its_score():
    X, y = load_iris(return_X_y=True)
    ranges = {"C": (0.01, 100.0, "log-uniform")}
    search = BayesSearchCV(
        SVC(), ranges, n_iter=6, cv=3, surrogate="forest", scoring="f1_macro", random_state=0
    ).fit(X, y)
    data = partial_dependence_data(search, **QUICK)
    [found] = partial_dependence(search.history_, ranges, None, "forest", random_state=0, **QUICK)
    np.testing.assert_array_equal(data["dependences"][0].mean, found.mean)
    assert data["score_name"] == "mean test score (f1_macro)"


def test_trials_without_the_parameter_are_not_among_those_tried():
    trials = [Trial(k, {"m": "a", "x": k / 9}, float(k)) for k in range(6)]
    trials += [Trial(k, {"m": "b"}, 1.0) for k in range(6, 9)]
    data = partial_dependence_data(trials, ["x", "m"], **QUICK)
    assert [len(values) for values in data["tried"]] == [6, 9]


def test_without_trials_there_is_no_picture():
    with pytest.raises(ValueError, match="at least 5 trials with a score"):
        partial_dependence_data([])
    with pytest.raises(ValueError, match="at least 5 trials with a score"):
        partial_dependence_data(list(OPTIMIZER.history)[:3])


def test_lines_and_bands_are_the_numbers():
    display = given().plot()
    line, points, none = display.lines_
    np.testing.assert_array_equal(line.get_xdata(), np.linspace(0, 1, 5))
    np.testing.assert_array_equal(line.get_ydata(), np.linspace(0, 1, 5))
    np.testing.assert_array_equal(points.get_ydata(), [0.2, 0.6])
    assert points.get_linestyle() == "None"
    assert none is None
    band = display.bands_[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == pytest.approx((-0.196, 1.196))
    bars = np.array(display.bands_[1].get_segments())
    np.testing.assert_allclose(bars[:, :, 1], [[0.004, 0.396], [0.6, 0.6]])
    np.testing.assert_allclose(
        display.surfaces_[2].get_array().reshape(2, 5), display.dependences[2].mean.T
    )
    assert [ax.get_xlabel() for ax in display.axes_] == ["x", "k", "x"]
    assert [ax.get_ylabel() for ax in display.axes_] == ["score", "", "k"]


def test_panels_of_one_parameter_have_the_same_heights_and_show_all_of_the_bands():
    display = given().plot()
    limits = {display.axes_[k].get_ylim() for k in (0, 1)}
    assert len(limits) == 1
    [(low, high)] = limits
    assert low < -0.196
    assert high > 1.196


def test_the_ticks_of_what_was_tried_are_at_their_values_and_beside_each_other_for_choices():
    display = given().plot()
    ticks = [np.array(rug.get_segments())[:, 0, 0] for rug in display.tried_[:2]]
    np.testing.assert_allclose(ticks[0], [0.25, 0.5])
    first, second, other = ticks[1]
    assert first < second
    assert first + second == pytest.approx(0.0)  # around the first choice
    assert other == 1.0
    np.testing.assert_allclose(display.tried_[2].get_offsets(), [[0.5, 0.0], [0.25, 1.0]])


def test_a_pair_can_show_how_uncertain_it_is():
    surface = given().plot(shows="std").surfaces_[2]
    np.testing.assert_array_equal(np.unique(surface.get_array()), [1.0])
    with pytest.raises(ValueError, match="shows='error' is not known"):
        given().plot(shows="error")


@pytest.mark.parametrize(("n_columns", "n_rows"), [(1, 3), (2, 2), (3, 1), (9, 1)])
def test_panels_are_in_rows(n_columns, n_rows):
    display = given().plot(n_columns=n_columns)
    assert display.axes_[0].get_gridspec().nrows == n_rows
    assert len(display.axes_) == 3


def test_there_must_be_a_column():
    with pytest.raises(ValueError, match="n_columns must be positive; got 0"):
        given().plot(n_columns=0)


def test_what_the_caller_gives_wins():
    display = given().plot(
        line_kw={"lw": 5},
        band_kw={"color": "red"},
        contour_kw={"cmap": "Greys"},
        tried_kw={"alpha": 0.5},
    )
    assert display.lines_[0].get_linewidth() == 5
    np.testing.assert_array_equal(display.bands_[0].get_facecolor()[0], [1.0, 0.0, 0.0, 1.0])
    assert display.surfaces_[2].get_cmap().name == "Greys"
    assert {artist.get_alpha() for artist in display.tried_} == {0.5}


def test_it_is_drawn_where_it_is_told_to():
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 3)
    display = given()
    assert display.plot(axes[0]).axes_.tolist() == axes[0].tolist()
    assert len(display.plot(axes[1, 0]).axes_) == 3
    assert display.figure_ is figure
    assert not axes[1, 0].axison
    with pytest.raises(ValueError, match="needs 3 axes, one for each panel; got 6"):
        display.plot(axes)
    assert len(plt.get_fignums()) == 1


def test_fifteen_parameters_with_long_and_odd_names_can_be_drawn():
    names = [f"pipeline__step_{k:02}__{'long_' * 8}$name_{{x}}$" for k in range(15)]
    dependences = [
        PartialDependence((grid(name, [0.0, 1.0]),), np.array([0.0, 1e12]), np.zeros(2), 9)
        for name in names
    ]
    display = PartialDependenceDisplay(
        dependences=dependences, tried=[[] for _ in names], score_name="$s$ %"
    ).plot()
    labels = [ax.get_xlabel() for ax in display.axes_]
    assert len(set(labels)) == 15
    assert all("\\$" in label and label.count("\n") == 1 for label in labels)
    display.figure_.canvas.draw()


@pytest.mark.parametrize("n_trials", [5, 1000])
def test_few_and_many_trials_can_be_drawn(n_trials):
    values = np.random.default_rng(0).random(n_trials).tolist()
    display = given()
    display.tried[0] = [(value,) for value in values]
    assert len(display.plot().tried_[0].get_segments()) == n_trials


def test_from_history_is_from_estimator():
    one = PartialDependenceDisplay.from_history(OPTIMIZER.history, ["C"], space=SPACE, **QUICK)
    other = PartialDependenceDisplay.from_estimator(OPTIMIZER, ["C"], **QUICK)
    np.testing.assert_array_equal(one.dependences[0].mean, other.dependences[0].mean)
    assert one.axes_[0].get_xscale() == "log"
    assert one.axes_[0].get_xlim() == (1e-3, 1e3)


def test_it_can_be_pickled_before_it_is_drawn():
    again = pickle.loads(pickle.dumps(given()))
    assert len(again.plot().lines_) == 3
