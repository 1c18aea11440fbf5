"""Importances of parameters: closed forms through a fitted surrogate, and well-defined answers for odd histories."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import qmc

from skbayes.optimizer import History, Importances, Optimizer, Trial, importances
from skbayes.space import Categorical, Real, as_space, prior_points
from skbayes.surrogates import GaussianProcess, RandomForest, RankingEnsemble

PI = math.pi
EFFECT, SLOPE = {"a": 0.0, "b": 1.0, "c": 0.3}, {"a": 0.0, "b": 2.0, "c": -1.0}


def of_category(p):
    return EFFECT[p["k"]] + SLOPE[p["k"]] * p["x"]


def ishigami(p):
    return math.sin(p["x0"]) + 7 * math.sin(p["x1"]) ** 2 + 0.1 * p["x2"] ** 4 * math.sin(p["x0"])


def additive(p):
    return 3.0 * p["x0"] + math.sin(2 * PI * p["x1"]) + 0.5 * p["x2"] ** 2


def interaction(p):
    return p["x0"] + 0.5 * p["x1"] + 2.0 * p["x0"] * p["x1"]


def logarithmic(p):
    return -((math.log10(p["C"]) - 1.0) ** 2) + p["n"]


MEANS = np.array([EFFECT[k] + 0.5 * SLOPE[k] for k in "abc"])
SLOPES = np.array([SLOPE[k] for k in "abc"])
# Space, function, variances of its ANOVA terms.
KNOWN = {
    "additive": (
        {f"x{j}": (0.0, 1.0) for j in range(3)},
        additive,
        {"x0": 9 / 12, "x1": 1 / 2, "x2": (1 / 5 - 1 / 9) / 4},
    ),
    "interaction": (
        {"x0": (-1.0, 1.0), "x1": (-1.0, 1.0)},
        interaction,
        {"x0": 1 / 3, "x1": 1 / 12, ("x0", "x1"): 4 / 9},
    ),
    "category": (
        {"k": ["a", "b", "c"], "x": (0.0, 1.0)},
        of_category,
        {"k": MEANS.var(), "x": SLOPES.mean() ** 2 / 12, ("k", "x"): SLOPES.var() / 12},
    ),
    # With v = log10 C uniform on [−3, 3]: Var (v − 1)² = Var v² + 4 Var v = 36/5 + 12.
    "logarithmic": (
        {"C": (1e-3, 1e3, "log-uniform"), "n": (1, 6)},
        logarithmic,
        {"C": 36 / 5 + 12, "n": 35 / 12},
    ),
    # Ishigami, Homma (1990).
    "ishigami": (
        {f"x{j}": (-PI, PI) for j in range(3)},
        ishigami,
        {
            "x0": 0.5 * (1 + 0.1 * PI**4 / 5) ** 2,
            "x1": 49 / 8,
            ("x0", "x2"): 0.01 * PI**8 * (1 / 18 - 1 / 50),
        },
    ),
}


def history_of(name, n, seed, noise=0.0):
    space, f, _ = KNOWN[name]
    space = as_space(space)
    rng = np.random.default_rng(seed)
    U = prior_points(space, qmc.Sobol(space.n_dims, seed=rng).random(n))
    points = [space.decode(u) for u in U]
    return [Trial(i, p, f(p) + noise * rng.standard_normal()) for i, p in enumerate(points)]


def errors(found, name):
    """Deviations from the true shares, and their stated standard deviations."""
    terms = KNOWN[name][2]
    V = sum(terms.values())
    shares = {**found.first_order, **found.pairs}
    stds = {**found.first_order_std, **found.pairs_std}
    return (
        np.array([share - terms.get(key, 0.0) / V for key, share in shares.items()]),
        np.array(list(stds.values())),
    )


@pytest.mark.parametrize(
    ("name", "n"),
    [
        ("additive", 64),
        ("interaction", 64),
        ("category", 64),
        ("logarithmic", 64),
        ("ishigami", 512),
    ],
)
def test_a_gaussian_process_finds_the_closed_form_within_two_percent(name, n):
    found = importances(history_of(name, n, seed=0), KNOWN[name][0], random_state=0)
    deviation, _ = errors(found, name)
    np.testing.assert_array_less(np.abs(deviation), 0.02)
    totals = {
        key: sum(v for k, v in KNOWN[name][2].items() if key in (k, *k)) for key in found.names
    }
    V = sum(KNOWN[name][2].values())
    for key, total in totals.items():
        assert abs(found.total[key] - total / V) < 0.02
    assert found.explained > 0.97


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
@pytest.mark.parametrize(
    ("name", "n"),
    [
        ("additive", 64),
        ("interaction", 64),
        ("category", 64),
        ("logarithmic", 64),
        ("ishigami", 512),
    ],
)
def test_it_does_so_whatever_the_seed(name, n, seed):
    found = importances(history_of(name, n, seed), KNOWN[name][0], random_state=seed)
    np.testing.assert_array_less(np.abs(errors(found, name)[0]), 0.02)


@pytest.mark.slow
@pytest.mark.parametrize(("noise", "least"), [(0.0, 0.9), (0.3, 0.78)])
def test_the_stated_uncertainty_covers_the_truth_where_points_are_few(noise, least):
    inside = []
    for name in ("additive", "interaction", "category", "logarithmic"):
        for seed in range(10):
            history = history_of(name, 16, seed, noise)
            found = importances(history, KNOWN[name][0], random_state=seed)
            deviation, std = errors(found, name)
            inside += list(np.abs(deviation) <= 1.645 * std + 0.002)  # the estimator's own error
    # Intervals of 90 %. The shares of one function hang together, so 40 histories count as some 80 draws: three
    # standard errors are 0.1.
    assert np.mean(inside) >= least


def test_a_forest_finds_what_matters():
    found = importances(
        history_of("interaction", 256, 0), KNOWN["interaction"][0], "forest", random_state=0
    )
    deviation, std = errors(found, "interaction")
    np.testing.assert_array_less(np.abs(deviation), 0.1)  # steps of a tree are coarse
    assert (std > 0.0).all()


# ------------------------------------------------------------------------------------------- conditions, priors, units


def test_inactive_parameters_have_no_effect_and_their_parents_have():
    # f = 1 + x under "b", 0 under "a", where x is inactive. With b, x independent: E f = ¾,
    # V_k = ½ · (3/2)² − (¾)² = 9/16, V_x = ½² / 12, V_kx = E f² − (¾)² − V_k − V_x.
    space = as_space({"k": ["a", "b"], "x": Real(0.0, 1.0, active_if={"k": "b"})})
    points = [{"k": "a"}] * 4 + [{"k": "b", "x": x} for x in np.linspace(0.0, 1.0, 12).tolist()]
    trials = [Trial(i, p, 1.0 + p["x"] if "x" in p else 0.0) for i, p in enumerate(points)]
    found = importances(trials, space, random_state=0)
    V_k, V_x = 9 / 16, 1 / 48
    V = 0.5 * (1.0 + 1.0 + 1 / 3) - 9 / 16
    assert abs(found.first_order["k"] - V_k / V) < 0.02
    assert abs(found.first_order["x"] - V_x / V) < 0.02
    assert abs(found.pairs["k", "x"] - (V - V_k - V_x) / V) < 0.02


def test_a_parameter_with_other_ranges_in_other_branches_counts_once():
    space = [{"kernel": ["rbf"], "C": (0.0, 1.0)}, {"kernel": ["poly"], "C": (5.0, 6.0)}]
    points = [{"kernel": "rbf", "C": c} for c in np.linspace(0, 1, 10).tolist()]
    points += [{"kernel": "poly", "C": c} for c in np.linspace(5, 6, 10).tolist()]
    trials = [
        Trial(i, p, p["C"] % 5.0 + 3.0 * (p["kernel"] == "poly")) for i, p in enumerate(points)
    ]
    found = importances(trials, space, random_state=0)
    assert found.names == ("(branch)", "kernel", "C")
    # The branch: Var of 0 or 3. C is x in one column or in the other: by itself half of x, of variance
    # 1/48 in each, and as much with the branch.
    V = 9 / 4 + 1 / 12
    assert abs(found.first_order["(branch)"] - 9 / 4 / V) < 0.02
    assert abs(found.first_order["C"] - 1 / 24 / V) < 0.02
    assert abs(found.pairs["(branch)", "C"] - 1 / 24 / V) < 0.02
    assert found.first_order["kernel"] == pytest.approx(0.0, abs=0.002)


def test_the_prior_of_a_category_weighs_it():
    # A category of probability q that is one better: variance q (1 − q) against 1/12.
    for q in (0.5, 0.1):
        space = as_space({"k": Categorical(["a", "b"], prior=[1 - q, q]), "x": (0.0, 1.0)})
        points = [{"k": "ab"[i % 2], "x": i / 29} for i in range(30)]
        trials = [Trial(i, p, p["x"] + (p["k"] == "b")) for i, p in enumerate(points)]
        found = importances(trials, space, random_state=0)
        assert abs(found.first_order["k"] - q * (1 - q) / (q * (1 - q) + 1 / 12)) < 0.02


def test_the_latent_unit_weighs_a_disaster_down():
    space = {"x": (0.0, 1.0), "y": (0.0, 1.0)}
    rng = np.random.default_rng(0)
    points = [{"x": x, "y": y} for x, y in rng.random((60, 2)).tolist()]
    trials = [Trial(i, p, p["y"] - 1000.0 * (p["x"] > 0.8)) for i, p in enumerate(points)]
    score, latent = (
        importances(trials, space, unit=unit, random_state=0) for unit in ("score", "latent")
    )
    assert score.first_order["x"] > 0.9
    assert latent.first_order["y"] > score.first_order["y"] + 0.05
    assert "of the score in the latent unit, from 60" in repr(latent)


# ------------------------------------------------------------------------------------------------------ odd histories


def line(n, f=lambda x: x):
    return [Trial(i, {"x": x}, f(x)) for i, x in enumerate(np.linspace(0.0, 1.0, n).tolist())]


def test_one_parameter_has_it_all():
    found = importances(line(8), {"x": (0.0, 1.0)}, random_state=0)
    assert found.first_order == found.total == {"x": 1.0}
    assert found.pairs == {}
    assert found.explained == 1.0


@pytest.mark.parametrize("surrogate", ["auto", "forest"])
def test_constant_scores_have_no_variance_to_share(surrogate):
    found = importances(line(8, lambda x: 0.7), {"x": (0.0, 1.0)}, surrogate, random_state=0)
    assert math.isnan(found.first_order["x"])
    assert math.isnan(found.explained)


def test_few_trials_are_refused():
    with pytest.raises(
        ValueError, match=r"at least 5 trials with a score in the space; got 4 \(0 trials"
    ):
        importances(line(4), {"x": (0.0, 1.0)})
    failed = [dataclasses.replace(t, score=math.nan, status="failed") for t in line(9)]
    with pytest.raises(ValueError, match="got 0"):
        importances(failed, {"x": (0.0, 1.0)})


def test_trials_outside_the_space_are_left_out_with_a_warning():
    others = [Trial(20, {"x": 3.0}, 100.0), Trial(21, {"y": 0.5}, -50.0)]
    with pytest.warns(UserWarning, match="2 of 10 trials lie outside the design space"):
        found = importances([*line(8), *others], {"x": (0.0, 1.0)}, random_state=0)
    assert found.n_trials == 8


def test_a_failed_trial_counts_as_the_worst_score():
    space = {"x": (0.0, 1.0), "y": (0.0, 1.0)}
    rng = np.random.default_rng(0)
    points = [{"x": x, "y": y} for x, y in rng.random((40, 2)).tolist()]
    fails = [p["x"] > 0.5 for p in points]
    marked = [
        Trial(i, p, math.nan if f else p["y"], "failed" if f else "complete")
        for i, (p, f) in enumerate(zip(points, fails, strict=True))
    ]
    worst = min(t.score for t in marked if t.is_complete)
    told = [Trial(t.number, t.params, t.score if t.is_complete else worst) for t in marked]
    by_failure, by_score = (importances(trials, space, random_state=0) for trials in (marked, told))
    assert by_failure == by_score


def test_partial_trials_and_noise_are_taken_in():
    rng = np.random.default_rng(0)
    trials = []
    for i, x in enumerate(np.linspace(0.0, 1.0, 20).tolist()):
        folds = tuple((x + 0.1 * rng.standard_normal(4)).tolist())
        if i % 4:
            trials.append(
                Trial(i, {"x": x, "y": x * 7 % 1}, float(np.mean(folds)), "complete", 0.0025, folds)
            )
        else:
            part = (*folds[:2], math.nan, math.nan)
            trials.append(Trial(i, {"x": x, "y": x * 7 % 1}, math.nan, "pruned", None, part))
    found = importances(trials, {"x": (0.0, 1.0), "y": (0.0, 1.0)}, random_state=0)
    assert found.n_trials == 20
    assert found.first_order["x"] > 0.8


def test_another_metric_may_be_asked_for():
    space = {"x": (0.0, 1.0), "y": (0.0, 1.0)}
    rng = np.random.default_rng(0)
    trials = [
        Trial(i, {"x": x, "y": y}, x, fit_time=y, metrics={"size": -y})
        for i, (x, y) in enumerate(rng.random((20, 2)).tolist())
    ]
    trials.append(Trial(20, {"x": 0.0, "y": 0.5}, math.nan, "failed"))
    assert importances(trials, space, random_state=0).first_order["x"] > 0.95
    for metric in ("fit_time", "size"):
        found = importances(trials, space, metric=metric, random_state=0)
        assert found.first_order["y"] > 0.95
        assert found.n_trials == 20
        assert f"of the variance of {metric}, from" in repr(found)
    with pytest.raises(ValueError, match=r"'cost' is in none .* they have \['fit_time', 'size'\]"):
        importances(trials, space, metric="cost")


def test_scores_of_any_size():
    space = {"x": (0.0, 1.0)}
    for scale in (1e-300, 1e300):
        assert importances(
            line(8, lambda x, s=scale: s * x), space, random_state=0
        ).first_order == {"x": 1.0}


# ------------------------------------------------------------------------------------------------------------ arguments


def test_the_same_seed_gives_the_same_and_changes_nothing_of_the_callers():
    history = History(tuple(history_of("interaction", 32, 0)))
    surrogate = GaussianProcess()
    one, same = (
        importances(history, KNOWN["interaction"][0], surrogate, random_state=3) for _ in range(2)
    )
    assert one == same
    assert not hasattr(surrogate, "process_")


@pytest.mark.parametrize(
    "surrogate", [RankingEnsemble(sources=[]), type("Mine", (), {})], ids=["ensemble", "duck"]
)
def test_a_surrogate_that_cannot_draw_has_no_standard_deviations(surrogate):
    if isinstance(surrogate, type):  # one with fit, posterior and output_ alone

        class Duck:
            def fit(self, U, scores, *, noise_variance=None):
                self._inner = GaussianProcess().fit(U, scores)
                self.output_ = self._inner.output_
                return self

            def posterior(self, U):
                return self._inner.posterior(U)

        surrogate = Duck()
    found = importances(
        history_of("interaction", 32, 0), KNOWN["interaction"][0], surrogate, random_state=0
    )
    assert all(math.isnan(std) for std in found.first_order_std.values())
    np.testing.assert_array_less(np.abs(errors(found, "interaction")[0]), 0.1)
    assert "±" not in repr(found)


def test_wrong_arguments_are_refused():
    for changes, message in [
        ({"unit": "seconds"}, "unit='seconds' is not known"),
        ({"surrogate": "svm"}, "surrogate='svm' is not known"),
        ({"n_functions": 0}, "n_functions"),
    ]:
        with pytest.raises(ValueError, match=message):
            importances(line(8), {"x": (0.0, 1.0)}, **changes)


def test_an_optimizers_history_and_space_do():
    optimizer = Optimizer({"x": (0.0, 1.0), "y": (0.0, 1.0)}, random_state=0)
    for params in optimizer.ask(12):
        optimizer.tell(params, params["x"])
    found = importances(optimizer.history, optimizer.space, random_state=0)
    assert found.first_order["x"] > 0.98


# ----------------------------------------------------------------------------------------------------- repr and frame


def shown():
    return Importances(
        names=("a", "b", "c"),
        first_order={"a": 0.2, "b": 0.5, "c": 0.0},
        first_order_std={"a": 0.01, "b": 0.02, "c": 0.0},
        pairs={("a", "b"): 0.25, ("a", "c"): 0.001, ("b", "c"): 0.0},
        pairs_std={("a", "b"): 0.03, ("a", "c"): 0.001, ("b", "c"): 0.0},
        total={"a": 0.45, "b": 0.75, "c": 0.001},
        total_std={"a": 0.02, "b": 0.03, "c": 0.001},
        explained=0.951,
        n_trials=30,
    )


def test_the_repr_lists_the_largest_first():
    assert repr(shown()).splitlines() == [
        "Shares of the variance of the score, from 30 trials",
        "  b        0.50 ± 0.02",
        "  a × b    0.25 ± 0.03",
        "  a        0.20 ± 0.01",
        "  c        0.00 ± 0.00",
    ]


def test_the_frame_has_a_row_for_each_share():
    frame = shown().to_frame()
    assert list(frame.columns) == ["parameter", "with", "share", "std", "total", "total_std"]
    assert len(frame) == 6
    assert frame["share"].tolist() == sorted(frame["share"], reverse=True)
    assert frame.loc[1].tolist()[:4] == ["a", "b", 0.25, 0.03]
    assert pd.isna(frame.loc[0, "with"])
    assert pd.isna(frame.loc[1, "total"])


def test_any_forest_object_is_taken():
    found = importances(line(20), {"x": (0.0, 1.0)}, RandomForest(10), random_state=0)
    assert found.first_order == {"x": 1.0}
