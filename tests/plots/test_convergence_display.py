"""ConvergenceDisplay: the numbers by brute force, and what is drawn of them."""

import math
import pickle
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV as TheirGridSearchCV
from sklearn.svm import SVC

from skbayes import GridSearchCV, HalvingBayesSearchCV, minimize
from skbayes.optimizer import History, Trial
from skbayes.plots import ConvergenceDisplay, convergence_data
from tests.plots.running import EPOCH, SCORES, dead, run, simulated, trials_of

NAN = math.nan


def best_until(scores, x):
    """The best of the first x scores, -inf if there is none."""
    return max((s for s in scores[: int(x)] if not math.isnan(s)), default=-math.inf)


# ---------------------------------------------------------------------------------------------------------- the numbers


@given(scores=SCORES)
def test_one_search_is_the_best_so_far(scores):
    data = convergence_data(trials_of(scores))
    assert data["x"][0].tolist() == list(range(1, len(scores) + 1))
    expected = [best_until(scores, k) for k in data["x"][0]]
    expected = [NAN if value == -math.inf else value for value in expected]
    for key in ("centre", "lower", "upper"):
        np.testing.assert_array_equal(data[key][0], expected)
    assert (data["names"], data["n_searches"], data["is_clock"]) == (["search"], [1], False)


@given(seeds=st.lists(SCORES, min_size=2, max_size=5))
def test_median_and_range_over_seeds_by_brute_force(seeds):
    data = convergence_data({"a": [trials_of(scores) for scores in seeds]}, band="range")
    assert data["x"][0].tolist() == list(range(1, max(map(len, seeds)) + 1))
    for k, x in enumerate(data["x"][0]):
        best = sorted(best_until(scores, x) for scores in seeds)
        middle = statistics.median(best)
        if middle == -math.inf:
            assert math.isnan(data["centre"][0][k])
            continue
        # The mean of two neighbours can be rounded in two ways.
        assert data["centre"][0][k] == pytest.approx(middle, rel=1e-12, abs=1e-12)
        assert (data["lower"][0][k], data["upper"][0][k]) == (best[0], best[-1])


@given(seeds=st.lists(SCORES, min_size=2, max_size=5))
def test_quartiles_lie_around_the_median(seeds):
    data = convergence_data({"a": [trials_of(scores) for scores in seeds]})
    lower, centre, upper = data["lower"][0], data["centre"][0], data["upper"][0]
    known = ~np.isnan(centre)
    assert (lower[known] <= centre[known]).all()
    assert (centre[known] <= upper[known]).all()
    # More of a search is never worse.
    assert (np.diff(centre[known]) >= 0.0).all()


def test_mean_and_standard_error_are_those_of_numpy():
    seeds = [[0.1, 0.5, 0.2], [0.3, 0.1, 0.9], [NAN, 0.2, 0.1]]
    data = convergence_data({"a": list(map(trials_of, seeds))}, centre="mean")
    best = np.array([[0.5, 0.5], [0.3, 0.9], [0.2, 0.2]])
    assert math.isnan(data["centre"][0][0])  # one of them has nothing yet
    np.testing.assert_allclose(data["centre"][0][1:], best.mean(axis=0))
    error = best.std(axis=0, ddof=1) / math.sqrt(3)
    np.testing.assert_allclose(data["upper"][0][1:], best.mean(axis=0) + error)
    np.testing.assert_allclose(data["lower"][0][1:], best.mean(axis=0) - error)
    assert data["summary"] == "mean ± 1 standard error of the searches"


@pytest.mark.parametrize("status", ["failed", "pruned", "timeout"])
def test_the_score_of_a_trial_that_is_not_complete_does_not_count(status):
    # A search with a number as error_score gives one.
    data = convergence_data([Trial(0, {}, 0.5), Trial(1, {}, 9.0, status), Trial(2, {}, math.inf)])
    assert data["centre"][0].tolist() == [0.5, 0.5, 0.5]


def test_without_a_band_there_is_none():
    data = convergence_data({"a": [trials_of([1.0, 3.0]), trials_of([2.0, 2.0])]}, band=None)
    np.testing.assert_array_equal(data["lower"][0], data["upper"][0])


def test_fits_are_the_folds_that_were_run():
    history = simulated(12, n_folds=3)
    counts = np.cumsum([len(trial.runs) for trial in history])
    np.testing.assert_array_equal(convergence_data(history, against="fits")["x"][0], counts)


@given(seed=st.integers(0, 10**6))
def test_seconds_are_those_of_the_clock_whatever_the_order_of_the_trials(seed):
    history = simulated(10, n_workers=3, seed=seed)
    ends = np.array([max(r.ended for r in t.runs) - EPOCH for t in history])
    data = convergence_data(History(history.trials[::-1]), against="seconds")
    assert data["is_clock"]
    # A double of the epoch is exact to a quarter of a microsecond.
    np.testing.assert_allclose(data["x"][0], np.sort(ends), atol=1e-6)
    for x, value in zip(data["x"][0], data["centre"][0], strict=True):
        until = history.scores[ends <= x + 1e-6]
        known = until[~np.isnan(until)]
        assert value == known.max() if known.size else math.isnan(value)


def test_if_one_clock_is_not_known_all_seconds_are_those_of_the_fits():
    history = simulated(6)
    table = [Trial(0, {}, 0.5, fold_scores=(0.4, 0.6), fit_time=3.0)]
    data = convergence_data({"a": history, "b": table}, against="seconds")
    assert not data["is_clock"]
    took = [sum(r.fit_time + r.score_time for r in trial.runs) for trial in history]
    np.testing.assert_allclose(data["x"][0], np.cumsum(took))
    np.testing.assert_allclose(data["x"][1], [6.0])


def test_a_trial_whose_worker_died_is_where_the_one_before_it_ended():
    died = Trial(1, {}, NAN, "failed", runs=(dead(),))
    trials = [Trial(0, {}, 1.0, runs=(run(EPOCH, 2.0),)), died]
    data = convergence_data(trials, against="seconds")
    np.testing.assert_allclose(data["trials"][0][0]["x"], [2.0, 2.0], atol=1e-6)


X, y = load_iris(return_X_y=True)


def test_searches_of_ours_and_of_scikit_learn_have_their_names_and_metric():
    grid = {"C": [1e-3, 1.0, 10.0]}
    ours = GridSearchCV(SVC(), grid, cv=3, scoring="accuracy").fit(X, y)
    theirs = TheirGridSearchCV(SVC(), grid, cv=3, scoring="accuracy").fit(X, y)
    data = convergence_data([ours, theirs])
    assert data["names"] == ["GridSearchCV 1", "GridSearchCV 2"]
    np.testing.assert_allclose(data["centre"][0], data["centre"][1])
    expected = np.maximum.accumulate(theirs.cv_results_["mean_test_score"])
    np.testing.assert_array_equal(data["centre"][1], expected)
    assert data["score_name"] == "mean test score (accuracy)"
    assert convergence_data({"x": theirs}, against="fits")["x"][0].tolist() == [3.0, 6.0, 9.0]


def test_of_a_halving_search_all_rungs_cost_and_the_last_one_counts():
    ranges = {"C": (1e-2, 1e2, "log-uniform")}
    search = HalvingBayesSearchCV(SVC(), ranges, n_iter=9, cv=3, random_state=0).fit(X, y)
    data = convergence_data(search)
    rung, score = search.cv_results_["iter"], search.cv_results_["mean_test_score"]
    counted = np.where(rung == rung.max(), score, -np.inf)
    best = np.maximum.accumulate(counted)
    np.testing.assert_array_equal(data["centre"][0], np.where(np.isinf(best), NAN, best))
    assert convergence_data(search, against="fits")["x"][0][-1] == 3 * len(rung)


@pytest.mark.parametrize(("metric", "sign"), [("neg_log_loss", 1.0), ("-neg_log_loss", -1.0)])
def test_of_a_halving_search_the_last_rung_has_the_metric_asked_for(metric, sign):
    search = HalvingBayesSearchCV(
        LogisticRegression(max_iter=1000), {"C": (1e-2, 1e2, "log-uniform")}, n_iter=4, cv=3,
        scoring=["accuracy", "neg_log_loss"], refit="accuracy", random_state=0,
    ).fit(X, y)  # fmt: skip
    rung, score = search.cv_results_["iter"], search.cv_results_["mean_test_neg_log_loss"]
    [[trials]] = convergence_data(search, metric=metric)["trials"]
    expected = np.where(rung == rung.max(), sign * score, NAN)
    np.testing.assert_array_equal(trials["score"], expected)
    assert trials["number"] == list(range(len(rung)))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"searches": []}, ValueError, "at least one search; got none"),
        ({"searches": {}}, ValueError, "at least one search; got none"),
        ({"searches": {"a": []}}, ValueError, r"for each name; got none for \['a'\]"),
        ({"searches": 3}, TypeError, "got int"),
        ({"searches": [[1]], "against": "time"}, ValueError, "against is one of .*; got 'time'"),
        ({"searches": [[1]], "centre": "mode"}, ValueError, "centre is one of"),
        ({"searches": [[1]], "band": "std"}, ValueError, "band is one of"),
        ({"searches": [[1]], "band": "standard_error"}, ValueError, "that of the mean"),
        ({"searches": GridSearchCV(SVC(), {"C": [1.0]})}, NotFittedError, "not fitted"),
        ({"searches": trials_of([1.0]), "against": "seconds"}, ValueError, "1 of 1 trials have"),
    ],
)
def test_wrong_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        convergence_data(**arguments)


# -------------------------------------------------------------------------------------------------------- what is drawn


def words(display):
    legend = display.ax_.get_legend()
    return [] if legend is None else [text.get_text() for text in legend.get_texts()]


def test_lines_bands_and_labels_are_those_of_the_data():
    seeds = {"a": [simulated(9, seed=k) for k in range(5)], "b": simulated(7, seed=9)}
    display = ConvergenceDisplay.from_history(seeds, score_name="gain (%)")
    for c, line in enumerate(display.lines_):
        np.testing.assert_array_equal(line.get_xdata(), display.x[c])
        np.testing.assert_array_equal(line.get_ydata(), display.centre[c])
        assert line.get_drawstyle() == "steps-post"
    [band] = display.bands_
    heights = band.get_paths()[0].vertices[:, 1]
    known = np.isfinite(display.upper[0])
    assert heights.max() == display.upper[0][known].max()
    assert display.points_ == {}
    assert display.ax_.get_ylabel() == "best gain (%) so far"
    assert display.ax_.get_xlabel() == "evaluations"
    assert words(display)[0].startswith("a (5 searches): ends at ")
    assert words(display)[1] == f"b: best {np.nanmax(display.centre[1]):.4g}"
    assert display.ax_.get_legend().get_title().get_text() == display.summary
    styles = {(line.get_color(), line.get_linestyle()) for line in display.lines_}
    assert len(styles) == 2


def test_every_trial_of_one_search_is_a_point_by_its_status():
    history = simulated(40)
    display = ConvergenceDisplay.from_history(history)
    statuses = [trial.status for trial in history]
    counts = {kind: len(points.get_offsets()) for kind, points in display.points_.items()}
    n_complete = counts.pop("complete") + counts.pop("below", 0)
    assert n_complete == statuses.count("complete")
    assert counts == {s: statuses.count(s) for s in set(statuses) - {"complete"}}
    low, high = display.ax_.get_xlim()
    assert low == 0.0
    assert high > 40.0


def test_a_score_far_out_stands_on_the_floor_and_does_not_press_the_others_together():
    scores = [0.9, *np.linspace(0.8, 0.95, 20), -1e6]
    display = ConvergenceDisplay.from_history(trials_of(scores))
    assert len(display.points_["below"].get_offsets()) == 1
    assert display.ax_.get_ylim()[0] > 0.7
    assert "worse than shown (1)" in words(display)
    # Not of the curve itself: it begins where it begins.
    display = ConvergenceDisplay.from_history(trials_of([-1e6, *scores[:-1]]))
    assert display.ax_.get_ylim()[0] < -1e6


@pytest.mark.parametrize("n", [0, 1, 5])
def test_without_any_score_the_picture_says_so(n):
    display = ConvergenceDisplay.from_history(History(tuple(trials_of([NAN] * n))))
    assert [text.get_text() for text in display.ax_.texts] == ["no trial has a score yet"]
    assert len(display.points_.get("failed", np.empty(0)).get_offsets() if n else []) == n
    display.figure_.canvas.draw()


@pytest.mark.parametrize(
    "scores", [[0.5], [0.0] * 3, [1e-12, 2e-12], [-1e12, 1e12], [0.97] * 4, [1.0, NAN]]
)
def test_any_size_of_scores_fits_into_the_picture(scores):
    display = ConvergenceDisplay.from_history(trials_of(scores))
    display.figure_.canvas.draw()
    low, high = display.ax_.get_ylim()
    known = [s for s in scores if not math.isnan(s)]
    assert low < min(known) <= max(known) < high


def test_the_regret_is_how_much_is_missing():
    seeds = {"a": [trials_of([0.1, 0.5]), trials_of([0.3, 0.4])]}
    display = ConvergenceDisplay.from_history(seeds, optimum=1.0)
    np.testing.assert_allclose(display.lines_[0].get_ydata(), [0.8, 0.55])
    assert display.ax_.get_yscale() == "log"
    assert display.ax_.get_ylabel() == "1 − best score so far"
    display.plot(optimum=0.5)  # reached, and not more
    with pytest.raises(ValueError, match=r"a search has found 0\.5; got optimum=0\.4"):
        ConvergenceDisplay.from_history(trials_of([0.1, 0.5]), optimum=0.4)


def test_what_was_minimised_goes_down():
    result = minimize(lambda p: (p["x"] - 1.0) ** 2, {"x": (-5.0, 5.0)}, 8, random_state=0)
    display = ConvergenceDisplay.from_history(result, negate=True)
    expected = np.minimum.accumulate(result.func_vals)
    np.testing.assert_allclose(display.lines_[0].get_ydata(), expected)
    assert display.ax_.get_ylabel() == "lowest value so far"


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("mean test score (neg_log_loss)", "lowest mean test log_loss so far"),
        ("mean test score (r2)", "lowest −mean test score (r2) so far"),
        ("seconds of a flight", "lowest seconds of a flight so far"),
    ],
)
def test_the_label_of_a_negative(name, label):
    display = ConvergenceDisplay.from_history(trials_of([1.0]), score_name=name, negate=True)
    assert display.ax_.get_ylabel() == label


def test_units_of_time_and_both_scales():
    history = History(
        tuple(Trial(k, {}, 0.1 * k, runs=(run(EPOCH + 1000.0 * k, 900.0),)) for k in range(1, 5))
    )
    display = ConvergenceDisplay.from_history(history, against="seconds")
    assert display.ax_.get_xlabel() == "minutes since the first fit began"
    display.figure_.canvas.draw()
    labels = [label.get_text() for label in display.ax_.get_xticklabels()]
    assert labels[:3] == ["0", "10", "20"]
    display.plot(x_scale="log")
    assert display.ax_.get_xscale() == "log"
    assert display.ax_.get_xlabel() == "seconds since the first fit began"


def test_the_callers_style_wins_by_any_alias():
    seeds = {"a": [trials_of([0.1, 0.5]), trials_of([0.3, 0.4])]}
    display = ConvergenceDisplay.from_history(
        seeds, line_kw={"lw": 5, "c": "red", "ls": ":"}, band_kw={"fc": "green", "alpha": 1.0}
    )
    line = display.lines_[0]
    assert (line.get_linewidth(), line.get_color(), line.get_linestyle()) == (5, "red", ":")
    np.testing.assert_allclose(display.bands_[0].get_facecolor()[0], [0, 128 / 255, 0, 1])
    display = ConvergenceDisplay.from_history(
        trials_of([1.0, NAN]),
        target=0.5,
        scatter_kw={"c": "red", "s": 99.0, "lw": 2},
        target_kw={"lw": 3},
    )
    assert display.points_["complete"].get_sizes().tolist() == [99.0]
    np.testing.assert_allclose(display.points_["complete"].get_facecolor()[0, :3], [1, 0, 0])
    assert display.target_line_.get_linewidth() == 3


def test_hostile_names_are_drawn_as_they_are():
    name = "$a_b$ <b>^{ \\frac %s " + 60 * "x"
    display = ConvergenceDisplay.from_history({name: trials_of([1.0])}, score_name="$\\frac_")
    display.figure_.canvas.draw()  # a formula would be an error
    [text] = display.figure_.findobj(
        lambda a: str(getattr(a, "get_text", str)()).startswith("best")
    )
    assert "frac" in text.get_text()


def test_it_draws_where_it_is_told_and_again():
    from matplotlib import pyplot

    _, (left, right) = pyplot.subplots(1, 2)
    display = ConvergenceDisplay.from_history(trials_of([1.0, 2.0]), ax=right)
    assert (display.ax_, display.figure_, len(left.lines)) == (right, right.figure, 0)
    assert display.plot(ax=left) is display
    assert display.ax_ is left
    again = pickle.loads(pickle.dumps(ConvergenceDisplay(**convergence_data(trials_of([1.0])))))
    assert again.plot().lines_[0].get_ydata().tolist() == [1.0]


def test_more_curves_than_can_be_told_apart_are_refused():
    many = {str(k): trials_of([1.0]) for k in range(17)}
    with pytest.raises(ValueError, match="for 16 curves; got 17"):
        ConvergenceDisplay.from_history(many)
    many.popitem()
    display = ConvergenceDisplay.from_history(many)
    assert len({(line.get_color(), line.get_linestyle()) for line in display.lines_}) == 16
