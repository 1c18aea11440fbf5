"""What multiplies an acquisition: how it combines, its gradient, and that nothing changes without it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from skbayes.acquisition import (
    ACQUISITIONS,
    ExpectedImprovement,
    LogExpectedImprovement,
    MarginalAcquisition,
    ProbabilityOfImprovement,
    UpperConfidenceBound,
)
from skbayes.optimizer import Optimizer
from skbayes.optimizer._observations import encode_trials
from skbayes.optimizer._suggest import as_surrogate, fit_surrogate
from skbayes.optimizer._surface import Surface
from skbayes.optimizer._trial import Trial
from skbayes.optimizer._weights import Scaled, Weighting
from skbayes.space import Categorical, as_space
from skbayes.surrogates import GaussianProcess

SPACE = as_space({f"x{i}": (0.0, 1.0) for i in range(3)})
MARGINAL = [name for name, part in ACQUISITIONS.items() if issubclass(part, MarginalAcquisition)]


class Ramp:
    """A log-weight whose gradient is known: 2 u_0 − 3 u_1²."""

    def value(self, U):
        return 2.0 * U[:, 0] - 3.0 * U[:, 1] ** 2

    def value_and_gradient(self, U):
        gradient = np.zeros(U.shape)
        gradient[:, 0], gradient[:, 1] = 2.0, -6.0 * U[:, 1]
        return self.value(U), gradient


class Constant:
    def __init__(self, value):
        self.level = value

    def value(self, U):
        return np.full(len(U), self.level)

    def value_and_gradient(self, U):
        return self.value(U), np.zeros(U.shape)


def model(seed=0):
    rng = np.random.default_rng(seed)
    points = [SPACE.decode(u) for u in SPACE.sample(20, rng)]
    trials = [Trial(i, p, np.sin(5 * p["x0"]) - p["x1"] ** 2) for i, p in enumerate(points)]
    return fit_surrogate(as_surrogate("gp", SPACE, 0), encode_trials(trials, SPACE))


MODEL = model()
U = SPACE.sample(40, np.random.default_rng(1))


@pytest.mark.parametrize("name", MARGINAL)
def test_the_gradient_of_a_weighted_surface_is_that_of_its_values(name):
    surface = Surface(MODEL, ACQUISITIONS[name](), 0.3, (Ramp(), Scaled(Ramp(), -0.4)))
    value, gradient = surface.value_and_gradient(U)
    np.testing.assert_allclose(value, surface.value(U), rtol=1e-9)
    step = 1e-5
    for j in range(3):
        moved = np.zeros(3)
        moved[j] = step
        difference = (surface.value(U + moved) - surface.value(U - moved)) / (2 * step)
        # Rounding of the posterior (1e-9 through the Cholesky factor) over the step, and step².
        np.testing.assert_allclose(gradient[:, j], difference, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", MARGINAL)
@given(level=st.floats(-3.0, 3.0))
def test_a_weight_that_is_the_same_everywhere_changes_no_ranking(name, level):
    part = ACQUISITIONS[name]()
    plain, weighted = (
        Surface(MODEL, part, 0.3, weights).value(U) for weights in ((), (Constant(level),))
    )
    order = np.argsort(plain)
    # Rounding of the product may turn around what differs by nothing else.
    assert np.all(np.diff(weighted[order]) >= -1e-12 * (1.0 + np.abs(weighted[order][1:])))


def test_log_ei_plus_a_log_weight_is_the_logarithm_of_ei_times_the_weight():
    log_ei = Surface(MODEL, LogExpectedImprovement(), 0.3, (Ramp(),)).value(U)
    ei = Surface(MODEL, ExpectedImprovement(), 0.3, (Ramp(),)).value(U)
    np.testing.assert_allclose(np.exp(log_ei), ei, rtol=1e-8)


@pytest.mark.parametrize("part", [UpperConfidenceBound(), ProbabilityOfImprovement()])
@given(value=st.floats(0.0, 1.0), low=st.floats(-5.0, 5.0), more=st.floats(0.1, 5.0))
def test_a_larger_weight_is_never_worse(part, value, low, more):
    # Also below the incumbent, where a negative number would shrink towards 0 by a small weight.
    less, larger = (part.weigh(value, 10.0, w)[0] for w in (low, low + more))
    assert larger >= less


def test_the_lead_is_log_softplus_also_far_behind():
    # log log(1 + e^x) at x = 0 is log log 2; x = −41 and −1000 differ from x by less than e^x.
    part = UpperConfidenceBound()
    value, slope, _ = part.weigh(np.array([2.0, -39.0, -998.0]), 2.0, 0.5)
    np.testing.assert_allclose(value, [np.log(np.log(2.0)) + 0.5, -40.5, -999.5], rtol=1e-15)
    np.testing.assert_allclose(slope, [0.5 / np.log(2.0), 1.0, 1.0], rtol=1e-15)


# ---------------------------------------------------------------- without weights nothing changes


class Unweighable(LogExpectedImprovement):
    def weigh(self, value, incumbent, log_weight):
        raise AssertionError("asked to weigh without a weight")


def trajectory(space, n=14, fail=None, **options):
    optimizer = Optimizer(space, random_state=3, **options)
    for i in range(n):
        params = optimizer.ask()
        score = np.nan if fail is not None and i == fail else -((params["x"] - 0.6) ** 2)
        optimizer.tell(params, score, fit_time=1.0 + params["x"])
    return [trial.params for trial in optimizer.history]


def test_without_priors_failures_and_times_the_search_is_as_it_is():
    space = {"x": (0.0, 1.0), "r": stats.loguniform(1e-3, 1.0), "n": (1, 9), "k": ["a", "b"]}
    plain = trajectory(space, acquisition=Unweighable(), prior_weight=0.0)
    for failures in ("auto", "worst", "weigh"):
        options = {"failures": failures, "prior_weight": 0.0}
        assert plain == trajectory(space, acquisition=Unweighable(), **options)
        assert plain == trajectory(space, acquisition="log_ei", **options)


def test_choices_weigh_the_same_for_any_prior_weight():
    space = {"x": Categorical(list(range(40)), ordered=False), "k": ["a", "b"]}
    plain = trajectory(space, acquisition=Unweighable(), prior_weight=0.0)
    assert plain == trajectory(space, acquisition=Unweighable(), prior_weight=9.0)


def test_each_weight_changes_the_search_where_there_is_something_to_weigh():
    shaped = {"x": (0.0, 1.0), "s": stats.norm(0.0, 1.0)}
    plain = trajectory(shaped, prior_weight=0.0)
    assert plain != trajectory(shaped, prior_weight=5.0)
    assert plain != trajectory(shaped, prior_weight=0.0, acquisition="log_ei_per_second")
    failed = trajectory(shaped, prior_weight=0.0, fail=3)
    assert failed != trajectory(shaped, prior_weight=0.0, fail=3, failures="weigh")


def test_a_joint_acquisition_heeds_the_weights():
    """Draws of a posterior that knows nothing go where the prior is."""
    space = as_space({"s": stats.norm(0.0, 1.0)})
    kept = {}
    for prior_weight in (0.0, 500.0):
        optimizer = Optimizer(
            space, acquisition="thompson", prior_weight=prior_weight, random_state=0
        )
        for params in [{"s": s} for s in (-2.0, -1.5, 1.5, 2.0, -3.0, 3.0)]:
            optimizer.tell(params, 0.0)
        kept[prior_weight] = np.mean([abs(optimizer.ask()["s"]) for _ in range(15)])
    assert kept[500.0] < 0.5 * kept[0.0]


def test_the_weights_are_made_once_for_one_state():
    observations = encode_trials(
        [Trial(i, {f"x{j}": 0.1 * i for j in range(3)}, 1.0, fit_time=1.0 + i) for i in range(5)],
        SPACE,
    )
    weighting = Weighting(
        SPACE,
        ACQUISITIONS["log_ei_per_second"](),
        GaussianProcess(),
        failures="weigh",
        prior_weight=0.0,
        seed=0,
    )
    assert len(weighting.weights(observations)) == 1
    assert weighting.weights(observations)[0] is weighting.weights(observations)[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"failures": "ignore"}, "failures='ignore'"),
        ({"prior_weight": -1.0}, r"prior_weight.*-1\.0"),
        ({"prior_weight": np.inf}, "prior_weight.*inf"),
        ({"prior_weight": "strong"}, "prior_weight.*strong"),
    ],
)
def test_wrong_arguments_are_refused_at_the_door(options, message):
    with pytest.raises(ValueError, match=message):
        Optimizer({"x": (0.0, 1.0)}, **options)


@pytest.mark.slow
def test_a_good_prior_is_worth_more_as_a_weight_than_as_a_shape_alone():
    """Over eight seeds the mean of log10 of the regret after 25 is −2.4 without, −3.8 with it."""

    def log_regret(prior_weight, seed):
        space = {f"x{i}": stats.norm(0.45, 0.2) for i in range(4)}
        optimizer = Optimizer(space, prior_weight=prior_weight, random_state=seed)
        for _ in range(25):
            params = optimizer.ask()
            optimizer.tell(params, -sum((x - 0.37) ** 2 for x in params.values()))
        return np.log10(-optimizer.history.incumbent.score)

    weighed, shaped = ([log_regret(beta, seed) for seed in range(3)] for beta in (10.0, 0.0))
    assert np.mean(weighed) < np.mean(shaped) - 0.5
