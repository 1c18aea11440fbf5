"""ImportanceDisplay: the shares behind the bars, and the bars."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV as TheirGridSearchCV
from sklearn.svm import SVC

from skbayes import BayesSearchCV
from skbayes.model_selection import save_history
from skbayes.optimizer import Importances, Optimizer, Trial, importances
from skbayes.plots import ImportanceDisplay, importance_data
from skbayes.space import as_space

NAMES = ("C", "gamma", "degree")
FOUND = Importances(
    names=NAMES,
    first_order={"C": 0.2, "gamma": 0.5, "degree": 0.01},
    first_order_std={"C": 0.05, "gamma": 0.1, "degree": 0.02},
    pairs={("C", "gamma"): 0.2, ("C", "degree"): 0.001, ("gamma", "degree"): 0.03},
    pairs_std={("C", "gamma"): 0.04, ("C", "degree"): 0.001, ("gamma", "degree"): 0.01},
    total={"C": 0.4, "gamma": 0.72, "degree": 0.008},
    total_std={"C": 0.06, "gamma": 0.9, "degree": 0.02},
    explained=0.94,
    n_trials=30,
)


@pytest.fixture
def pyplot():
    return pytest.importorskip("matplotlib.pyplot")


def trials_of(function, n=40, seed=0):
    U = np.random.default_rng(seed).random((n, 3))
    return [
        Trial(k, dict(zip("abc", u.tolist(), strict=True)), function(*u)) for k, u in enumerate(U)
    ]


def test_parameters_and_pairs_come_with_the_largest_first():
    data = importance_data(FOUND, score_name="recall")
    assert data["names"] == ["gamma", "C", "degree"]
    np.testing.assert_array_equal(data["total"], [0.72, 0.4, 0.008])
    np.testing.assert_array_equal(data["first_order"], [0.5, 0.2, 0.01])
    np.testing.assert_array_equal(data["first_order_std"], [0.1, 0.05, 0.02])
    assert data["pair_names"] == [("C", "gamma"), ("gamma", "degree"), ("C", "degree")]
    np.testing.assert_array_equal(data["pairs"], [0.2, 0.03, 0.001])
    np.testing.assert_array_equal(data["pairs_std"], [0.04, 0.01, 0.001])
    assert (data["score_name"], data["n_trials"], data["explained"]) == ("recall", 30, 0.94)


def test_shares_of_a_linear_function_are_those_of_its_squared_coefficients():
    # Var(2a + b) of independent uniforms: 4 and 1 of 5 parts.
    space = dict.fromkeys("abc", (0.0, 1.0))
    data = importance_data(trials_of(lambda a, b, _: 2.0 * a + b), space=space)
    shares = dict(zip(data["names"], data["first_order"], strict=True))
    assert data["names"][:2] == ["a", "b"]
    # The shares are estimated to a few thousandths.
    assert shares == pytest.approx({"a": 0.8, "b": 0.2, "c": 0.0}, abs=0.02)


def test_it_says_what_importances_say():
    space = as_space(dict.fromkeys("abc", (0.0, 1.0)))
    trials = trials_of(lambda a, b, c: a * b + c, 20)
    options = {"surrogate": "forest", "n_functions": 16, "unit": "latent", "random_state": 3}
    found = importances(trials, space, **options)
    data = importance_data(trials, space=space, **options)
    np.testing.assert_array_equal(data["total"], sorted(found.total.values(), reverse=True))


def test_a_search_has_its_own_shares_and_so_has_its_optimizer_and_its_file(tmp_path):
    X, y = load_iris(return_X_y=True)
    spaces = {"C": (0.1, 10.0, "log-uniform"), "gamma": (0.01, 1.0, "log-uniform")}
    search = BayesSearchCV(SVC(), spaces, n_iter=8, cv=3, random_state=0).fit(X, y)
    data = importance_data(search)
    own = search.importances_
    assert data["names"] == sorted(own.names, key=lambda name: -own.total[name])
    np.testing.assert_array_equal(data["total"], sorted(own.total.values(), reverse=True))
    assert data["score_name"] == "mean test score"
    save_history(search, tmp_path / "history.jsonl")
    read = importance_data(tmp_path / "history.jsonl", space=spaces)
    np.testing.assert_allclose(read["total"], data["total"])


def test_a_search_of_scikit_learn_by_another_metric():
    X, y = load_iris(return_X_y=True)
    grid = {"C": [0.1, 1.0, 10.0], "kernel": ["rbf", "linear"]}
    search = TheirGridSearchCV(SVC(), grid, cv=3, scoring=["accuracy", "recall_macro"], refit=False)
    data = importance_data(search.fit(X, y), metric="recall_macro", n_functions=8)
    assert data["score_name"] == "mean test score (recall_macro)"
    assert set(data["names"]) == {"C", "kernel"}
    with pytest.raises(ValueError, match=r"accuracy.*recall_macro"):
        importance_data(search)


@pytest.mark.parametrize(
    ("trials", "message"),
    [
        ([], "at least 5 candidates with a score; got a search without any"),
        ([Trial(0, {"x": 1.0}, 0.5), Trial(1, {"x": 2.0}, 0.4)], "at least 5 trials"),
        ([Trial(k, {"x": float(k)}, np.nan, "failed") for k in range(9)], "at least 5 trials"),
    ],
)
def test_too_few_scores_are_refused(trials, message):
    with pytest.raises(ValueError, match=message):
        ImportanceDisplay.from_history(trials)


def test_bars_have_the_lengths_of_the_shares(pyplot):
    display = ImportanceDisplay.from_importances(FOUND)
    assert display.figure_ is display.ax_.figure
    assert [bar.get_width() for bar in display.bars_] == [0.5, 0.2, 0.01]
    # From the first order to the total; an estimate of the total below it leaves nothing.
    starts = [bar.get_x() for bar in display.interactions_]
    assert starts == [0.5, 0.2, 0.01]
    widths = [bar.get_width() for bar in display.interactions_]
    assert widths == pytest.approx([0.22, 0.2, 0.0])
    # The third pair explains a thousandth only.
    assert [bar.get_width() for bar in display.pair_bars_] == [0.2, 0.03]
    labels = [text.get_text() for text in display.ax_.get_yticklabels()]
    assert labels == ["gamma", "C", "degree", "C × gamma", "gamma × degree"]
    # The largest is on top: the axis is turned.
    assert display.ax_.yaxis_inverted()
    assert display.ax_.get_xlim()[0] == 0.0
    assert display.ax_.get_xlabel() == "share of the variance (30 candidates)\nscore"


def test_error_bars_are_a_standard_deviation_but_stay_between_0_and_1(pyplot):
    display = ImportanceDisplay.from_importances(FOUND)
    assert len(display.errors_) == 3
    first, total, _ = (error.lines[2][0].get_segments() for error in display.errors_)
    np.testing.assert_allclose(first[0][:, 0], [0.4, 0.6])
    np.testing.assert_allclose(first[2][:, 0], [0.0, 0.03])
    np.testing.assert_allclose(total[0][:, 0], [0.0, 1.0])
    # Beside each other in one row.
    assert first[0][0, 1] != total[0][0, 1]


def test_of_many_parameters_the_largest_are_shown_and_the_others_counted(pyplot):
    display = ImportanceDisplay.from_importances(FOUND, n_parameters=1, n_pairs=0)
    assert len(display.bars_) == 1
    assert display.pair_bars_ is None
    labels = [text.get_text() for text in display.ax_.get_yticklabels()]
    assert labels == ["gamma", "and 2 more, each ≤ 0.40"]
    display.plot(n_parameters=2)
    labels = [text.get_text() for text in display.ax_.get_yticklabels()]
    assert labels[:3] == ["gamma", "C", "and 1 more, each ≤ 0.01"]
    display.plot(n_parameters=None, n_pairs=None)
    assert len(display.bars_) == 3


def test_the_unit_of_the_shares_is_said(pyplot):
    latent = ImportanceDisplay.from_importances(replace(FOUND, unit="latent"), score_name="recall")
    assert latent.ax_.get_xlabel().startswith("share of the variance in the latent unit (30")


@pytest.mark.parametrize("argument", ["n_parameters", "n_pairs"])
def test_wrong_numbers_of_bars(argument):
    with pytest.raises(ValueError, match=f"{argument} counts bars; got -1"):
        ImportanceDisplay.from_importances(FOUND, **{argument: -1})


def test_without_standard_deviations_there_are_no_error_bars(pyplot):
    unknown = dict.fromkeys(NAMES, np.nan)
    pairs = dict.fromkeys(FOUND.pairs, np.nan)
    mean = replace(FOUND, first_order_std=unknown, total_std=unknown, pairs_std=pairs)
    display = ImportanceDisplay.from_importances(mean)
    assert display.errors_ == []
    words = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert "± 1 standard deviation" not in words
    assert "by itself" in words


def test_a_score_that_does_not_vary_has_no_shares_and_the_picture_says_so(pyplot):
    display = ImportanceDisplay.from_history([Trial(k, {"x": 0.1 * k}, 0.5) for k in range(6)])
    assert np.isnan(display.total).all()
    assert [text.get_text() for text in display.ax_.texts] == ["no shares: all scores are equal"]
    assert display.ax_.get_legend() is None
    assert display.ax_.get_xlim() == (0.0, 1.0)
    display.figure_.canvas.draw()


def test_it_draws_where_it_is_told_and_takes_styles_by_any_alias(pyplot):
    _, axes = pyplot.subplots(1, 2)
    display = ImportanceDisplay(**importance_data(FOUND))
    pickle.loads(pickle.dumps(display))
    styles = {"bar_kw": {"fc": "black"}, "pair_kw": {"ec": "red", "lw": 3.0}}
    assert display.plot(axes[1], **styles, error_kw={"c": "red"}) is display
    assert display.ax_ is axes[1]
    assert not axes[0].patches
    assert display.bars_[0].get_facecolor()[:3] == (0.0, 0.0, 0.0)
    assert display.pair_bars_[0].get_linewidth() == 3.0


def test_odd_names_are_written_as_they_are_and_long_ones_in_part(pyplot):
    names = ("$a$_$b$", "step__" * 10 + "alpha")
    shares, pairs = dict.fromkeys(names, 0.5), {names: 0.1}
    odd = Importances(names, shares, shares, pairs, pairs, shares, shares, 1.0, 9, metric="$%")
    display = ImportanceDisplay.from_importances(odd)
    display.figure_.canvas.draw()  # a formula that cannot be parsed would raise here
    labels = [text.get_text().replace(r"\$", "$") for text in display.ax_.get_yticklabels()]
    assert labels[0] == names[0]
    assert labels[1].endswith("alpha")
    assert max(map(len, labels)) <= 37


def test_an_optimizer_is_drawn_in_its_own_space(pyplot):
    optimizer = Optimizer({"x": (-1.0, 1.0), "y": (-1.0, 1.0)}, random_state=0)
    for k in range(12):
        params = {"x": -1.0 + k / 6, "y": (k * 5 % 12) / 6 - 1.0}
        optimizer.tell(params, 3.0 * params["x"] + params["y"])
    display = ImportanceDisplay.from_estimator(optimizer, n_functions=8)
    assert display.names == ["x", "y"]
    assert display.n_trials == 12


def test_the_surrogate_of_optimizer_kwargs_is_that_of_the_importances():
    X, y = load_iris(return_X_y=True)
    search = BayesSearchCV(
        SVC(), {"C": (0.1, 10.0), "gamma": (0.01, 1.0)}, n_iter=8, cv=3, random_state=0,
        optimizer_kwargs={"base_estimator": "RF"},
    ).fit(X, y)  # fmt: skip
    forest = importance_data(search, surrogate="forest", random_state=3)
    np.testing.assert_array_equal(importance_data(search, random_state=3)["total"], forest["total"])
    process = importance_data(search, surrogate="gp", random_state=3)
    assert not np.array_equal(process["total"], forest["total"])
    # Without options it is what the search itself says.
    own = search.importances_.total
    np.testing.assert_array_equal(
        importance_data(search)["total"], sorted(own.values(), reverse=True)
    )
