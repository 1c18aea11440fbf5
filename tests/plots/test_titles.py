"""A title that a user sets afterwards covers no legend and no bar of colours, and these cover no neighbour."""

import re
from functools import cache

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.datasets import load_diabetes

from skbayes import DistributionEstimator, plots
from skbayes.linear_model import MAPLassoCV, MAPRidge
from skbayes.optimizer import Trial
from tests.plots.running import simulated

STATUSES = ["complete"] * 6 + ["failed", "pruned", "timeout", "memory"]
SPACE = {"svc__C": (1e-3, 1e3, "log-uniform"), "svc__kernel": ["rbf", "linear"]}


@cache
def trials():
    rng = np.random.default_rng(0)
    found = []
    for k in range(30):
        status = STATUSES[k % 10]
        params = {
            "svc__C": float(10 ** rng.uniform(-3, 3)),
            "svc__kernel": ["rbf", "linear"][k % 2],
        }
        score = float(rng.normal()) if status == "complete" else np.nan
        metrics = {"recall": float(rng.uniform()), "fit_time": float(rng.exponential())}
        metrics |= {"score": score}
        found.append(Trial(k, params, score, status, fit_time=metrics["fit_time"], metrics=metrics))
    return found


@cache
def models(n):
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    return X, y, {f"model {k}": MAPRidge(10.0**k).fit(X[:80], y[:80]) for k in range(-n, 0)}


def a_path():
    X, y, _ = models(1)
    return plots.path_data(MAPLassoCV(cv=3, alphas=10).fit(X, y), X, y)


def coverage(n):
    X, y, several = models(n)
    return plots.calibration_interval_data(several, X[80:], y[80:], levels=[0.1, 0.5, 0.9])


def candidates():
    normal = DistributionEstimator("norm").fit([[1.2], [2.1], [2.6], [2.9], [3.5], [4.8]])
    return plots.likelihood_data(normal, [{"loc": 1.5, "scale": 1.0}, {}])


#: Each display, some with more than one kind of picture, and its numbers.
PICTURES = {
    "CalibrationIntervalDisplay": lambda: coverage(2),
    "CalibrationIntervalDisplay, many": lambda: coverage(6),
    "CoefficientDisplay": lambda: plots.coefficient_data(models(3)[2]),
    "ConvergenceDisplay": lambda: plots.convergence_data(trials()),
    "ConvergenceDisplay, seeds": lambda: plots.convergence_data({"a": [trials(), trials()[::-1]]}),
    "ImportanceDisplay": lambda: plots.importance_data(trials(), space=SPACE),
    "LikelihoodDisplay": candidates,
    "ParallelCoordinatesDisplay": lambda: plots.parallel_coordinates_data(trials(), space=SPACE),
    "ParameterDisplay": lambda: plots.parameter_data(models(1)[2]["model -1"], "bmi"),
    "ParetoDisplay": lambda: plots.pareto_data(trials(), ["score", "-fit_time"]),
    "ParetoDisplay, three": lambda: plots.pareto_data(trials(), ["score", "recall", "-fit_time"]),
    "PartialDependenceDisplay": lambda: plots.partial_dependence_data(
        trials(), ["svc__C"], space=SPACE
    ),
    "PartialDependenceDisplay, several": lambda: plots.partial_dependence_data(
        trials(), ["svc__C", "svc__kernel", ("svc__C", "svc__kernel")], space=SPACE
    ),
    "PathDisplay": a_path,
    "SurrogateDisplay": lambda: plots.surrogate_data(trials(), "svc__C", space=SPACE),
    "SurrogateDisplay, two": lambda: plots.surrogate_data(trials(), list(SPACE), space=SPACE),
    "TimelineDisplay": lambda: plots.timeline_data(simulated(30)),
}


@cache
def numbers(name):
    return PICTURES[name]()


def display_of(name):
    return getattr(plots, name.split(",")[0])(**numbers(name))


def panels_of(display):
    """The panels that have a title of their own."""
    return list(getattr(display, "axes_", [getattr(display, "ax_", None)]))


def above(figure):
    """Where legends and bars of colours are in a figure that has been drawn."""
    legends = [*figure.legends, *(ax.get_legend() for ax in figure.axes if ax.get_legend())]
    bars = [child for ax in figure.axes for child in ax.child_axes if child.get_visible()]
    return [artist.get_tightbbox() for artist in (*legends, *bars)]


def cover(one, other):
    """Whether two boxes have more in common than the rounding of an edge."""
    wide = min(one.x1, other.x1) - max(one.x0, other.x0)
    high = min(one.y1, other.y1) - max(one.y0, other.y0)
    return wide > 0.5 and high > 0.5  # pixels


def assert_titles_are_free(display, of_figure=None):
    titles = [panel.set_title("A title of mine") for panel in panels_of(display)]
    titles += [panel.set_title("left", loc="left") for panel in panels_of(display)]
    display.figure_.draw_without_rendering()
    shown = [title.get_window_extent() for title in titles]
    around = above(display.figure_)
    assert not any(cover(title, box) for title in shown for box in around)
    if of_figure is not None:
        assert not any(cover(of_figure.get_window_extent(), box) for box in (*around, *shown))
    assert min(box.y0 for box in shown) > 0.0


def test_every_display_is_here():
    assert {name.split(",")[0] for name in PICTURES} == {
        name for name in plots.__all__ if re.search("Display$", name)
    }


@pytest.mark.parametrize("name", PICTURES)
def test_titles_in_a_figure_of_its_own(name):
    display = display_of(name).plot()
    assert_titles_are_free(display, display.figure_.suptitle("A title of the figure"))
    inside = display.figure_.bbox
    for box in above(display.figure_):
        assert box.x0 >= inside.x0 - 1.0
        assert box.y0 >= inside.y0 - 1.0
        assert box.x1 <= inside.x1 + 1.0
        assert box.y1 <= inside.y1 + 1.0


@pytest.mark.parametrize("layout", ["constrained", None, "tight"])
@pytest.mark.parametrize("inches", [6.4, 7.0, 8.0, 14.0])
def test_a_legend_beside_long_names_stays_in_the_figure(inches, layout):
    names = ["randomforestclassifier__min_samples_leaf", "randomforestclassifier__max_depth"]
    shares = {"first_order": [0.6, 0.3], "first_order_std": [0.1, 0.1]}
    shares |= {"total": [0.7, 0.4], "total_std": [0.1, 0.1]}
    shares |= {"pair_names": [tuple(names)], "pairs": [0.1], "pairs_std": [0.1]}
    figure, ax = plt.subplots(figsize=(inches, 4.5), layout=layout)
    plots.ImportanceDisplay(names=names, **shares).plot(ax)
    figure.draw_without_rendering()
    box = ax.get_legend().get_window_extent()
    assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
    # Where its axes has room for it, it begins with it; one that is wider may reach up to the edge of the figure.
    if inches == 14.0 or box.width < ax.bbox.width:
        assert abs(box.x0 - ax.bbox.x0) < 10.0


@pytest.mark.parametrize(
    "layout",
    ["constrained", *(pytest.param(other, marks=pytest.mark.slow) for other in (None, "tight"))],
)
@pytest.mark.parametrize("name", PICTURES)
def test_titles_beside_neighbours(name, layout):
    figure, axes = plt.subplots(2, 2, figsize=(11.0, 8.0), layout=layout)
    display = display_of(name).plot(axes[1, 0])
    mine = panels_of(display)
    assert_titles_are_free(display)
    others = [ax for ax in axes.flat if ax is not axes[1, 0] and ax not in mine]
    assert len(others) == 3
    for ax in others:
        assert not any(cover(ax.get_tightbbox(), box) for box in above(figure))


@pytest.mark.parametrize("name", PICTURES)
def test_titles_in_a_figure_that_nobody_lays_out(name):
    figure, ax = plt.subplots()
    display = display_of(name).plot(ax)
    before = ax.get_position().bounds
    assert_titles_are_free(display)
    assert max(box.y1 for box in [*above(figure), figure.bbox]) == figure.bbox.y1
    # Drawn again it gives way once.
    if len(panels_of(display)) == 1 and display.figure_.axes == [ax]:
        ax.clear()
        display.plot(ax)
        np.testing.assert_allclose(ax.get_position().bounds, before)


def test_a_legend_that_the_user_puts_elsewhere_leaves_no_gap_below_the_title():
    display = display_of("ConvergenceDisplay").plot()
    title = display.ax_.set_title("A title of mine")
    display.figure_.draw_without_rendering()
    far = title.get_window_extent().y0 - display.ax_.bbox.y1
    display.ax_.legend(loc="lower right")
    display.figure_.draw_without_rendering()
    near = title.get_window_extent().y0 - display.ax_.bbox.y1
    assert far > 30.0 > 15.0 > near > 0.0


@pytest.mark.parametrize("name", ["SurrogateDisplay, two", "ParetoDisplay, three"])
def test_in_axes_given_one_by_one_the_legend_is_inside_of_the_last(name):
    _, axes = plt.subplots(2, 3, figsize=(12.0, 7.0), layout="constrained")
    display = display_of(name).plot(axes[1])
    assert_titles_are_free(display)
    assert [ax.get_legend() is not None for ax in axes[1]] == [False, False, True]


def test_a_part_of_a_figure_will_do():
    left, right = plt.figure(figsize=(12.0, 6.0), layout="constrained").subfigures(1, 2)
    for part, name in ((left, "ConvergenceDisplay"), (right, "ParetoDisplay, three")):
        display = display_of(name).plot(part.subplots())
        assert display.figure_ is part
        for panel in panels_of(display):
            panel.set_title("A title of mine")
    left.figure.draw_without_rendering()
    for part in (left, right):
        titles = [ax.title.get_window_extent() for ax in part.axes if ax.get_title()]
        assert not any(cover(title, box) for title in titles for box in above(part))
