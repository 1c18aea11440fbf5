"""The probability of success: its formula, what it learns, and that no pattern of failures breaks it."""

import numpy as np
import pytest

from skbayes.acquisition import LogExpectedImprovement
from skbayes.optimizer import Optimizer
from skbayes.optimizer._feasibility import FeasibilityModel, LogFeasibility
from skbayes.optimizer._observations import encode_trials
from skbayes.optimizer._side_model import SideModel
from skbayes.optimizer._trial import Trial
from skbayes.optimizer._weights import Weighting
from skbayes.space import as_space
from skbayes.surrogates import GaussianProcess

SQUARE = as_space({"x": (0.0, 1.0), "y": (0.0, 1.0)})
INSIDE = np.array([[0.15, 0.2], [0.1, 0.6], [0.2, 0.9]])
OUTSIDE = np.array([[0.6, 0.2], [0.8, 0.6], [0.7, 0.9]])


class Known:
    """A model of labels whose posterior is given."""

    def __init__(self, mean, std, noise_variance):
        self.mean, self.std, self.noise_variance = np.array(mean), np.array(std), noise_variance

    def mean_and_std(self, U):
        return self.mean, self.std


def fitted(fails, n=60, seed=0):
    rng = np.random.default_rng(seed)
    trials = []
    for i, u in enumerate(SQUARE.sample(n, rng)):
        params = SQUARE.decode(u)
        trials.append(Trial(i, params, np.nan if fails(params, rng) else 1.0, "complete"))
    return FeasibilityModel(SQUARE, 0).fitted(encode_trials(trials, SQUARE))


def test_it_is_the_probability_of_a_positive_label():
    mean, std, noise_variance = [0.4, -0.9, 1.0, 0.0], [0.3, 0.5, 0.0, 1.0], 0.25
    log_p = LogFeasibility(Known(mean, std, noise_variance)).value(np.zeros((4, 2)))
    rng = np.random.default_rng(0)
    latent = np.array(mean) + std * rng.standard_normal((400_000, 4))
    labels = latent + noise_variance**0.5 * rng.standard_normal((400_000, 4))
    # Four standard errors of a proportion.
    np.testing.assert_allclose(
        np.exp(log_p), (labels > 0).mean(axis=0), atol=4 * 0.5 / 400_000**0.5
    )


def test_a_region_of_failures_is_learnt():
    feasible = fitted(lambda p, rng: p["x"] < 0.33)
    assert (np.exp(feasible.value(INSIDE)) < 0.2).all()
    assert (np.exp(feasible.value(OUTSIDE)) > 0.8).all()


def test_random_failures_weigh_little():
    # Of 0.3 failures, 0.7 succeed; the weights of any two points must not differ much.
    feasible = fitted(lambda p, rng: rng.random() < 0.3, n=120)
    p = np.exp(feasible.value(np.vstack([INSIDE, OUTSIDE])))
    assert np.all(np.abs(p - 0.7) < 0.2)


def test_the_gradient_is_that_of_the_values():
    feasible = fitted(lambda p, rng: p["x"] < 0.33)
    U = SQUARE.sample(20, np.random.default_rng(5))
    value, gradient = feasible.value_and_gradient(U)
    np.testing.assert_allclose(value, feasible.value(U), rtol=1e-9)
    step = 1e-5
    for j in range(2):
        moved = step * np.eye(2)[j]
        difference = (feasible.value(U + moved) - feasible.value(U - moved)) / (2 * step)
        # Rounding of the posterior (1e-9) over the step, and step² times the third derivative.
        np.testing.assert_allclose(gradient[:, j], difference, rtol=1e-3, atol=1e-2)


def test_a_far_tail_stays_finite():
    class Certain(Known):
        def value_and_gradient(self, U):
            ones = np.ones((len(U), 2))
            return self.mean, self.std, ones, ones

    far = LogFeasibility(Certain([-1.0, 1.0], [0.0, 0.0], 1e-6))
    value, gradient = far.value_and_gradient(np.zeros((2, 2)))
    assert np.isfinite(value).all()
    # log Φ(z) falls like −z²/2, with the slope −z: here z = −1000, and dz/dmean = 1000.
    np.testing.assert_allclose(gradient[0], 1e6, rtol=1e-4)
    np.testing.assert_array_equal(gradient[1], 0.0)


def test_without_a_failure_and_with_nothing_else_there_is_no_weight():
    assert fitted(lambda p, rng: False) is None
    assert fitted(lambda p, rng: True) is None


def test_a_pruned_trial_is_no_failure():
    pruned = Trial(0, {"x": 0.5, "y": 0.5}, np.nan, "pruned")
    assert not pruned.is_failed
    assert all(Trial(0, {}, np.nan, status).is_failed for status in ("failed", "timeout", "memory"))
    observations = encode_trials([pruned, Trial(1, {"x": 0.1, "y": 0.5}, 1.0)], SQUARE)
    assert FeasibilityModel(SQUARE, 0).fitted(observations) is None


@pytest.mark.parametrize("failures", ["auto", "worst", "weigh"])
@pytest.mark.parametrize("pattern", ["all", "one failed", "one feasible", "alternating", "late"])
@pytest.mark.parametrize("acquisition", ["log_ei", "thompson"])
def test_no_pattern_of_failures_breaks_the_search(failures, pattern, acquisition):
    fails = {
        "all": lambda i: True,
        "one failed": lambda i: i == 4,
        "one feasible": lambda i: i != 4,
        "alternating": lambda i: i % 2 == 0,
        "late": lambda i: i > 6,
    }[pattern]
    space = {"x": (0.0, 1.0), "n": (1, 5), "k": ["a", "b", "c"]}
    optimizer = Optimizer(space, acquisition=acquisition, failures=failures, random_state=0)
    for i in range(13):
        params = optimizer.ask()
        status = ("failed", "timeout", "memory")[i % 3] if fails(i) else None
        optimizer.tell(params, np.nan if fails(i) else params["x"], status=status)
    assert len({tuple(trial.params.items()) for trial in optimizer.history}) == 13
    assert len(optimizer.ask(3)) == 3


@pytest.mark.parametrize("failures", ["auto", "worst", "weigh"])
def test_the_search_learns_to_keep_out_of_a_region_that_fails(failures):
    optimizer = Optimizer({"x": (0.0, 1.0), "y": (0.0, 1.0)}, failures=failures, random_state=1)
    failed = []
    for _ in range(24):
        params = optimizer.ask()
        failed.append(params["x"] < 0.4)
        # Every proposal is drawn towards the border of the region that fails.
        optimizer.tell(params, np.nan if failed[-1] else -params["x"] - (params["y"] - 0.5) ** 2)
    assert optimizer.history.incumbent.params["x"] < 0.5
    assert sum(failed[-8:]) < 8


# ---------------------------------------------------------------- region or chance


def test_what_is_left_out_is_expected_as_after_a_fit_without_it():
    rng = np.random.default_rng(0)
    U, values = rng.random((15, 2)), rng.choice([-1.0, 1.0], 15)
    model = SideModel((0, 0), 0)
    model.fit(U, values, "labels")
    mean, std = model.leave_one_out(U, values)
    process = model._process
    fixed = GaussianProcess(
        length_scale=process.length_scale_, signal_variance=process.signal_variance_,
        noise_variance=process.noise_variance_, optimize=False, output_transform=None,
    )  # fmt: skip
    for i in range(15):
        others = np.arange(15) != i
        fixed.fit(U[others], values[others] - values.mean())
        left_out = fixed.posterior(U[i : i + 1])
        # The closed form divides by the noise, here a hundredth of the variance.
        assert mean[i] == pytest.approx(values.mean() + left_out.mean[0], abs=1e-6)
        assert std[i] ** 2 == pytest.approx(
            left_out.std[0] ** 2 + process.noise_variance_, rel=1e-6
        )


def observations_of(fails, n, seed):
    rng = np.random.default_rng(seed)
    points = [SQUARE.decode(u) for u in SQUARE.sample(n, rng)]
    return encode_trials(
        [Trial(i, p, np.nan if fails(p, rng) else 1.0, "complete") for i, p in enumerate(points)],
        SQUARE,
    )


def test_a_region_is_told_from_chance():
    judged = {"region": [], "chance": []}
    for seed in range(6):
        model = FeasibilityModel(SQUARE, 0)
        region = observations_of(lambda p, rng: p["x"] + p["y"] < 0.8, 30, seed)
        chance = observations_of(lambda p, rng: rng.random() < 0.33, 30, seed)
        judged["region"].append(model.is_region(region))
        judged["chance"].append(model.is_region(chance))
    assert all(judged["region"])
    assert sum(judged["chance"]) <= 1


def test_a_few_failures_are_taken_for_a_region():
    few = observations_of(lambda p, rng: False, 10, 0)
    for n_failed in range(3):
        trials = [
            Trial(i, t.params, np.nan if i < n_failed else 1.0, "complete")
            for i, t in enumerate(few.trials)
        ]
        assert FeasibilityModel(SQUARE, 0).is_region(encode_trials(trials, SQUARE))


def test_chance_failures_are_not_held_against_a_point():
    """With failures at random the surrogate is that of the other trials; in a region it is not."""
    for fails, is_same in (
        (lambda p, rng: rng.random() < 0.33, True),
        (lambda p, rng: p["x"] < 0.4, False),
    ):
        observations = observations_of(fails, 40, 3)
        weighting = Weighting(
            SQUARE,
            LogExpectedImprovement(),
            GaussianProcess(),
            failures="auto",
            prior_weight=0.0,
            seed=0,
        )
        kept = len(weighting.lessons(observations).U)
        assert (kept == observations.n_finite) == is_same
        assert (kept == 40) == (not is_same)
        assert weighting.weights(observations) == ()


def test_failures_that_are_left_out_are_no_places_to_go_back_to():
    failed = {"x": 0.5, "y": 0.5}
    trials = [Trial(0, failed, np.nan, "failed")]
    corners = [(0.1, 0.1), (0.9, 0.1), (0.1, 0.9), (0.9, 0.9)]
    trials += [Trial(i, {"x": x, "y": y}, x + y) for i, (x, y) in enumerate(corners, 1)]
    observations = encode_trials(trials, SQUARE)
    weighting = Weighting(
        SQUARE,
        LogExpectedImprovement(),
        GaussianProcess(),
        failures="weigh",
        prior_weight=0.0,
        seed=0,
    )
    model = GaussianProcess(
        length_scale=0.3, signal_variance=1.0, noise_variance=1e-6, optimize=False
    )
    lessons = weighting.lessons(observations)
    model.fit(lessons.U, lessons.scores)
    at = np.array([[0.5, 0.5]])
    believing = weighting.believing(model, observations)
    assert believing.posterior(at).mean[0] == pytest.approx(model.posterior(at).mean[0], abs=1e-6)
    assert believing.posterior(at).std[0] < 0.01 * model.posterior(at).std[0]


@pytest.mark.slow
def test_failures_by_chance_cost_no_more_than_their_evaluations():
    """Over eight seeds the mean of log10 of the regret is −1.5 under "worst", −3.2 under "auto"."""

    def log_regret(failures, seed):
        optimizer = Optimizer(
            {f"x{i}": (0.0, 1.0) for i in range(4)}, failures=failures, random_state=seed
        )
        chance = np.random.default_rng(seed)
        for _ in range(40):
            params = optimizer.ask()
            score = -sum((x - 0.37) ** 2 for x in params.values())
            optimizer.tell(params, np.nan if chance.random() < 0.33 else score)
        return np.log10(-optimizer.history.incumbent.score)

    auto, worst = ([log_regret(f, seed) for seed in range(3)] for f in ("auto", "worst"))
    assert np.mean(auto) < np.mean(worst) - 0.5
