"""Partial dependences: closed forms of known functions, and what must hold for any history."""

import math

import numpy as np
import pytest
from scipy.stats import beta, qmc

from skbayes.exceptions import SpaceValueError
from skbayes.optimizer import Optimizer, Trial, partial_dependence
from skbayes.space import Categorical, Integer, as_space, prior_points
from skbayes.surrogates import GaussianProcess

UNIT = {"x": (0.0, 1.0), "y": (0.0, 1.0)}


def trials_of(space, f, n=32, seed=0, noise=0.0):
    space = as_space(space)
    rng = np.random.default_rng(seed)
    U = prior_points(space, qmc.Sobol(space.n_dims, seed=rng).random(n))
    points = [space.decode(u) for u in U]
    return [
        Trial(k, params, float(f(params) + noise * rng.standard_normal()))
        for k, params in enumerate(points)
    ]


def dependence(space, f, parameters, **options):
    options = {"random_state": 0, **options}
    return partial_dependence(trials_of(space, f), space, parameters, **options)


def test_of_an_additive_function_it_is_the_term_plus_the_mean_of_the_others():
    # E y² = 1/3 for y uniform on [0, 1], E sin(3 x) = (1 − cos 3) / 3.
    of_x, of_y = dependence(UNIT, lambda p: math.sin(3 * p["x"]) + p["y"] ** 2, None, n_values=9)
    x, y = np.linspace(0, 1, 9), np.linspace(0, 1, 9)
    # 32 points of a smooth function: the surrogate errs by less than a hundredth.
    np.testing.assert_allclose(of_x.mean, np.sin(3 * x) + 1 / 3, atol=0.01)
    np.testing.assert_allclose(of_y.mean, y**2 + (1 - math.cos(3)) / 3, atol=0.01)
    assert (of_x.names, of_y.names, of_x.n_trials) == (("x",), ("y",), 32)


def test_an_interaction_is_averaged_in_one_and_shown_in_a_pair():
    pair, of_x = dependence(UNIT, lambda p: p["x"] * p["y"], [("y", "x"), "x"], n_values=6)
    y, x = (np.array(grid.values) for grid in pair.grids)
    assert pair.names == ("y", "x")
    # The corners are beyond the 32 points, by an eighth or so.
    np.testing.assert_allclose(pair.mean, y[:, None] * x, atol=0.02)
    np.testing.assert_allclose(of_x.mean, 0.5 * np.linspace(0, 1, 6), atol=0.01)


def test_the_average_is_over_the_priors():
    # A density that grows as z has the mean 2/3, and not that of a uniform one; log10 C is uniform on [−2, 2].
    space = {"C": (1e-2, 1e2, "log-uniform"), "z": beta(2.0, 1.0)}
    [of_C] = dependence(space, lambda p: math.log10(p["C"]) + 3 * p["z"], ["C"], n_values=5)
    assert of_C.grids[0].values == (0.01, 0.1, 1.0, 10.0, 100.0)
    # In the cube z is a square root, steep at 0, of which the surrogate knows 32 points.
    np.testing.assert_allclose(of_C.mean, np.arange(-2, 3) + 2.0, atol=0.08)


def test_choices_weigh_by_their_probabilities():
    space = {"k": Categorical(["a", "b"], prior=[0.9, 0.1]), "x": (0.0, 1.0)}
    of_k, of_x = dependence(space, lambda p: (p["k"] == "b") + p["x"], ["k", "x"], n_values=3)
    np.testing.assert_allclose(of_k.mean, [0.5, 1.5], atol=0.02)
    np.testing.assert_allclose(of_x.mean, np.array([0.0, 0.5, 1.0]) + 0.1, atol=0.02)


CONDITIONAL = {
    "kernel": ["rbf", "poly"],
    "degree": Integer(1, 4, active_if={"kernel": "poly"}),
    "x": (0.0, 1.0),
}


def conditional(p):
    return p["x"] + (0.1 * p["degree"] if p["kernel"] == "poly" else 1.0)


def test_what_is_active_under_a_condition_is_averaged_where_it_is():
    of_kernel, of_degree, pair = dependence(
        CONDITIONAL, conditional, ["kernel", "degree", ("kernel", "degree")]
    )
    np.testing.assert_allclose(of_degree.mean, 0.5 + 0.1 * np.arange(1, 5), atol=0.03)
    np.testing.assert_allclose(of_kernel.mean, [1.5, 0.75], atol=0.03)
    assert np.isnan(pair.mean[0]).all()
    assert np.isnan(pair.std[0]).all()
    np.testing.assert_allclose(pair.mean[1], of_degree.mean, atol=0.01)


def test_of_rare_branches_enough_points_are_found():
    space = [{"m": [k], f"x{k}": (0.0, 1.0)} for k in range(10)]
    trials = trials_of(space, lambda p: p["m"] + p[f"x{p['m']}"], n=128)
    of_m, of_x3 = partial_dependence(trials, space, ["m", "x3"], n_values=3, random_state=0)
    assert of_m.grids[0].values == tuple(range(10))
    np.testing.assert_allclose(of_m.mean, np.arange(10) + 0.5, atol=0.15)
    np.testing.assert_allclose(of_x3.mean, 3.0 + np.array([0.0, 0.5, 1.0]), atol=0.15)


def test_the_uncertainty_is_that_of_the_average_and_grows_away_from_what_was_tried():
    trials = [Trial(k, {"x": x, "y": y}, x) for k, (x, y) in enumerate(
        (x, y) for x in (0.0, 0.1, 0.2, 0.3) for y in (0.0, 0.5, 1.0)
    )]  # fmt: skip
    [of_x] = partial_dependence(trials, UNIT, ["x"], n_values=11, random_state=0)
    assert of_x.std[10] > 3.0 * of_x.std[2]
    assert (of_x.std > 0.0).all()


def test_draws_have_the_moments_of_the_process_in_closed_form():
    # Of a Gaussian process with known hyper-parameters the average is normal: mean and variance by linear algebra.
    process = GaussianProcess(
        length_scale=[0.5, 0.5],
        signal_variance=1.0,
        noise_variance=0.01,
        optimize=False,
        output_transform=None,
    )
    trials = trials_of(UNIT, lambda p: p["x"] - p["y"], n=16)
    [of_x] = partial_dependence(
        trials, UNIT, ["x"], process, n_values=5, n_functions=2000, random_state=0
    )
    U = np.array([[t.params["x"], t.params["y"]] for t in trials])
    fitted = process.fit(U, [t.score for t in trials])
    V = qmc.Sobol(2, seed=1).random(512)
    for k, x in enumerate(np.linspace(0, 1, 5)):
        V[:, 0] = x
        posterior = fitted.posterior(V)
        assert of_x.mean[k] == pytest.approx(posterior.mean.mean(), abs=0.01)
        # 2000 draws know a deviation to 1.6 %; between the points drawn at they vary a little less.
        assert of_x.std[k] == pytest.approx(math.sqrt(posterior.covariance.mean()), rel=0.08)


def test_the_same_seed_gives_the_same_answer_alone_or_beside_others():
    trials = trials_of(UNIT, lambda p: p["x"] * p["y"], n=8)
    both = partial_dependence(trials, UNIT, random_state=3)
    [alone] = partial_dependence(trials, UNIT, ["y"], random_state=3)
    np.testing.assert_array_equal(alone.mean, both[1].mean)
    np.testing.assert_array_equal(alone.std, both[1].std)


def test_failed_trials_count_as_the_worst_and_a_metric_takes_the_place_of_the_score():
    trials = trials_of(UNIT, lambda p: 1.0, n=32)
    failed = [
        t if t.params["x"] < 0.5 else Trial(t.number, t.params, math.nan, "failed") for t in trials
    ]
    failed[0] = Trial(0, {"x": 0.4, "y": 0.4}, 0.0, metrics={"size": 5.0})
    [of_x] = partial_dependence(failed, UNIT, ["x"], n_values=3, random_state=0)
    assert of_x.mean[0] > 0.8
    assert of_x.mean[2] < 0.3
    sized = [Trial(t.number, t.params, 0.0, metrics={"size": t.params["x"]}) for t in trials]
    [of_x] = partial_dependence(sized, UNIT, ["x"], metric="size", n_values=3, random_state=0)
    np.testing.assert_allclose(of_x.mean, [0.0, 0.5, 1.0], atol=0.01)


def test_a_forest_can_be_asked_too():
    [of_x] = dependence(UNIT, lambda p: p["x"] > 0.5, ["x"], surrogate="forest", n_values=5)
    assert of_x.mean[0] < 0.3
    assert of_x.mean[-1] > 0.7
    assert (of_x.std >= 0.0).all()


@pytest.mark.parametrize(
    ("parameters", "error", "match"),
    [
        ("x", TypeError, r"Write \['x'\]"),
        (["z"], SpaceValueError, r"no parameter 'z'. Choose one of \['x', 'y'\]"),
        ([("x", "x")], ValueError, "pairs of different names"),
        ([("x", "y", "z")], ValueError, "pairs of different names"),
    ],
)
def test_wrong_parameters_are_refused_before_any_work(parameters, error, match):
    with pytest.raises(error, match=match):
        partial_dependence([], UNIT, parameters)


def test_too_few_scores_are_refused():
    optimizer = Optimizer(UNIT, random_state=0)
    for params in optimizer.ask(4):
        optimizer.tell(params, 1.0)
    with pytest.raises(ValueError, match="Partial dependences need at least 5 trials"):
        partial_dependence(optimizer.history, UNIT)


@pytest.mark.slow
def test_the_bands_hold_the_truth_about_as_often_as_they_say():
    # Random functions of three parameters, 20 noisy trials each; the kernel is another one than the surrogate's.
    inside = []
    for seed in range(24):
        rng = np.random.default_rng(seed)
        W = rng.standard_normal((400, 3)) / np.exp(rng.uniform(np.log(0.3), np.log(1.5), 3))
        shift, weight = rng.uniform(0, 2 * np.pi, 400), rng.standard_normal(400) * np.sqrt(1 / 200)

        def f(U, W=W, shift=shift, weight=weight):
            return np.cos(U @ W.T + shift) @ weight

        U = rng.random((20, 3))
        scores = f(U) + 0.1 * rng.standard_normal(20)
        trials = [
            Trial(k, {f"x{j}": float(u) for j, u in enumerate(row)}, float(score))
            for k, (row, score) in enumerate(zip(U, scores, strict=True))
        ]
        space = {f"x{j}": (0.0, 1.0) for j in range(3)}
        V = qmc.Sobol(3, seed=1).random(1024)
        for j, found in enumerate(partial_dependence(trials, space, n_values=5, random_state=0)):
            for k, x in enumerate(found.grids[0].values):
                points = V.copy()
                points[:, j] = x
                inside.append(abs(found.mean[k] - f(points).mean()) < 1.96 * found.std[k])
    # 95 % are meant. Five values of a parameter and three parameters go together: one function in 24 is 4 %.
    assert np.mean(inside) > 0.88
