import warnings

import numpy as np
import pytest

from skbayes.acquisition import (
    ACQUISITIONS,
    ExpectedImprovement,
    ProbabilityOfImprovement,
)
from skbayes.exceptions import ExhaustedSpaceError
from skbayes.optimizer import History, Optimizer, Trial
from skbayes.posteriors import GaussianPosterior
from skbayes.space import Integer, as_space
from skbayes.surrogates import GaussianProcess

PLANE = {"x": (0.0, 1.0), "y": (0.0, 1.0)}


def bowl(params):
    """Best at (0.3, 0.6), where it is 0."""
    return -((params["x"] - 0.3) ** 2) - 2 * (params["y"] - 0.6) ** 2


def run(optimizer, func, n):
    asked = []
    for _ in range(n):
        asked.append(optimizer.ask())
        optimizer.tell(asked[-1], func(asked[-1]))
    return asked


def trials_of(points, func=bowl):
    return History(tuple(Trial(i, p, func(p)) for i, p in enumerate(points)))


def random_points(n, seed=0):
    return [{"x": float(x), "y": float(y)} for x, y in np.random.default_rng(seed).random((n, 2))]


# ---------------------------------------------------------------- the loop


@pytest.mark.parametrize("surrogate", ["auto", "gp", "forest", "extra_trees"])
def test_every_surrogate_climbs(surrogate):
    # A point of the square scores above −s with probability π s / √2 (an ellipse): one random
    # point in nine is above −0.05, so half of twenty are with probability below 1e-4. Trees, whose
    # steps have no slope to follow, do stay on the wrong one in some searches; not in most.
    medians = []
    for seed in range(5):
        optimizer = Optimizer(PLANE, surrogate=surrogate, random_state=seed)
        run(optimizer, bowl, 40)
        medians.append(np.median(optimizer.history.scores[-20:]))
        if surrogate in ("auto", "gp"):  # the best of 40 random points: in one search of a hundred
            assert optimizer.history.incumbent.score > -1e-4
            assert medians[-1] > -0.05
    assert np.median(medians) > -0.05


@pytest.mark.parametrize("acquisition", ACQUISITIONS)
def test_every_acquisition_climbs(acquisition):
    if acquisition == "pi":  # without a margin it creeps along beside the incumbent
        acquisition = ProbabilityOfImprovement(margin=0.1)
    optimizer = Optimizer(PLANE, acquisition=acquisition, random_state=0)
    run(optimizer, bowl, 40)
    assert optimizer.history.incumbent.score > -3e-3  # of random points: in a fourth of searches


def test_the_seed_fixes_the_proposals():
    first, again, other = (run(Optimizer(PLANE, random_state=s), bowl, 15) for s in (1, 1, 2))
    assert first == again
    assert first != other


@pytest.mark.parametrize("random_state", [np.random.default_rng, np.random.RandomState])
def test_generators_are_seeds_too(random_state):
    first, again = (run(Optimizer(PLANE, random_state=random_state(0)), bowl, 9) for _ in range(2))
    assert first == again
    shared = random_state(0)
    assert run(Optimizer(PLANE, random_state=shared), bowl, 3) != run(
        Optimizer(PLANE, random_state=shared), bowl, 3
    )


@pytest.mark.parametrize(
    ("n_reals", "n_choices", "expected"),
    [
        (1, 0, 6),
        (5, 0, 9),
        (8, 0, 12),
        (30, 0, 12),
        (1, 5, 9),
        (1, 1000, 12),
    ],
)
def test_the_default_number_of_initial_points_grows_with_the_space(n_reals, n_choices, expected):
    space = {f"x{i}": (0.0, 1.0) for i in range(n_reals)}
    if n_choices:
        space["choice"] = [f"c{i}" for i in range(n_choices)]
    calls = []

    class Counted(GaussianProcess):
        def fit(self, U, scores, *, noise_variance=None):
            calls.append(len(U))
            return super().fit(U, scores, noise_variance=noise_variance)

    optimizer = Optimizer(space, surrogate=Counted(), random_state=0)
    run(optimizer, lambda p: p["x0"], expected)
    assert calls == []
    optimizer.ask()
    assert calls == [expected]


def test_initial_points_come_first_and_count():
    given = [{"x": 0.1, "y": 0.2}, {"x": np.float64(0.9), "y": 0.7}, {"x": 0.1, "y": 0.2}]
    optimizer = Optimizer(PLANE, initial_points=given, n_initial_points=4, random_state=0)
    asked = run(optimizer, bowl, 4)
    assert asked[:2] == given[:2]  # the repeated one comes once
    assert all(type(value) is float for params in asked for value in params.values())
    plain = Optimizer(PLANE, n_initial_points=4, random_state=0)
    # two Sobol points follow: the design is drawn for what is left
    assert asked[2:] == run(plain, bowl, 2)


def test_initial_points_come_even_beyond_the_number():
    given = random_points(5)
    optimizer = Optimizer(PLANE, initial_points=given, n_initial_points=2, random_state=0)
    assert run(optimizer, bowl, 5) == given


def test_ask_twice_gives_different_points_and_keeps_away_from_pending_ones():
    optimizer = Optimizer(PLANE, random_state=0)
    run(optimizer, bowl, 12)
    asked = [optimizer.ask() for _ in range(5)]
    distances = [
        np.hypot(a["x"] - b["x"], a["y"] - b["y"]) for i, a in enumerate(asked) for b in asked[:i]
    ]
    # A fantasy takes the uncertainty away, so no second look at the same place.
    assert min(distances) > 1e-3


def test_points_added_as_pending_are_like_asked_ones():
    asking, adding = (Optimizer(PLANE, random_state=0) for _ in range(2))
    points = [asking.ask() for _ in range(3)]
    adding.add_pending(points)
    for params in points[:2]:
        asking.tell(params, bowl(params))
        adding.tell(params, bowl(params))
    adding.add_pending(points)  # those told already are over
    asked = asking.ask(4)
    assert points[2] not in asked
    assert adding.ask(4) == asked
    assert len(adding._pending) == 5
    with pytest.raises(ValueError, match="x"):
        adding.add_pending([{"x": 1e9, "y": 0.0}])
    assert len(adding._pending) == 5


def test_a_batch_is_what_single_asks_would_be_shaped_like():
    optimizer = Optimizer(PLANE, random_state=0)
    run(optimizer, bowl, 10)
    batch = optimizer.ask(6)
    assert len({tuple(p.items()) for p in batch}) == 6
    assert isinstance(optimizer.ask(1), list)
    assert isinstance(optimizer.ask(), dict)


def test_a_batch_may_straddle_the_initial_design():
    optimizer = Optimizer(PLANE, n_initial_points=4, random_state=0)
    run(optimizer, bowl, 3)
    batch = optimizer.ask(3)
    assert len({tuple(p.items()) for p in batch}) == 3
    design = run(Optimizer(PLANE, n_initial_points=4, random_state=0), bowl, 4)
    assert batch[0] == design[3]


def test_telling_does_not_think():
    class NeverFit(GaussianProcess):
        def fit(self, U, scores, *, noise_variance=None):
            raise AssertionError("fitted")

    optimizer = Optimizer(PLANE, surrogate=NeverFit(), n_initial_points=1)
    for params in random_points(5):
        optimizer.tell(params, bowl(params))
    with pytest.raises(AssertionError, match="fitted"):
        optimizer.ask()


def test_the_surrogate_is_fitted_once_per_told_trial():
    calls = []

    class Counted(GaussianProcess):
        def fit(self, U, scores, *, noise_variance=None):
            calls.append(len(U))
            return super().fit(U, scores, noise_variance=noise_variance)

    optimizer = Optimizer(PLANE, surrogate=Counted(), random_state=0)
    run(optimizer, bowl, 6)
    optimizer.ask()
    optimizer.ask(2)
    optimizer.score_posterior(random_points(2))
    assert calls == [6]


def test_a_given_surrogate_is_not_changed():
    surrogate = GaussianProcess()
    before = surrogate.get_params()
    run(Optimizer(PLANE, surrogate=surrogate, random_state=0), bowl, 8)
    assert surrogate.get_params() == before
    assert not hasattr(surrogate, "process_")


# ---------------------------------------------------------------- finite spaces


def test_a_finite_space_is_proposed_in_full_and_then_ends():
    optimizer = Optimizer({"a": [1, 2, 3], "b": (0, 3)}, random_state=0)
    asked = run(optimizer, lambda p: p["a"] * p["b"], 12)
    assert len({(p["a"], p["b"]) for p in asked}) == 12
    with pytest.raises(ExhaustedSpaceError, match="12 told, 0 pending"):
        optimizer.ask()
    assert optimizer.ask(3) == []


def test_the_last_batch_is_shorter():
    optimizer = Optimizer({"a": [1, 2, 3], "b": (0, 3)}, random_state=0)
    run(optimizer, lambda p: p["a"] * p["b"], 9)
    assert len(optimizer.ask(5)) == 3
    assert optimizer.ask(5) == []


def test_the_best_of_a_finite_space_is_found_early():
    space = {"a": (1, 30), "b": (1, 30), "c": ["u", "v", "w"]}

    def score(p):
        return -((p["a"] - 21) ** 2) - (p["b"] - 7) ** 2 - {"u": 50, "v": 0, "w": 20}[p["c"]]

    optimizer = Optimizer(space, random_state=0)
    run(optimizer, score, 60)  # of 2700
    assert optimizer.history.incumbent.params == {"a": 21, "b": 7, "c": "v"}


def test_a_constraint_counts_at_the_end_of_a_space():
    optimizer = Optimizer(
        {"a": (1, 6), "b": (1, 6)}, constraint=lambda p: p["a"] + p["b"] == 7, random_state=0
    )
    asked = run(optimizer, lambda p: p["a"], 6)
    assert sorted(p["a"] for p in asked) == [1, 2, 3, 4, 5, 6]
    assert optimizer.ask(1) == []


# ---------------------------------------------------------------- conditions


def test_inactive_parameters_are_not_proposed():
    space = {
        "kernel": ["rbf", "poly"],
        "degree": Integer(2, 5, active_if={"kernel": "poly"}),
        "C": (1e-2, 1e2, "log-uniform"),
    }

    def score(p):
        return -abs(np.log10(p["C"])) + (0.1 * p["degree"] if p["kernel"] == "poly" else 0.2)

    optimizer = Optimizer(space, random_state=0)
    for params in run(optimizer, score, 25):
        assert ("degree" in params) == (params["kernel"] == "poly")
    best = optimizer.history.incumbent.params
    assert best["degree"] == 5
    assert abs(np.log10(best["C"])) < 0.1


def test_branches_share_the_budget_and_the_best_wins():
    space = [
        {"model": ["a"], "x": (0.0, 1.0)},
        {"model": ["b"], "y": (0.0, 1.0), "n": (1, 20)},
        {"model": ["c"]},
    ]

    def score(p):
        if p["model"] == "b":
            return 1 - (p["y"] - 0.4) ** 2 - 0.01 * (p["n"] - 13) ** 2
        return 0.5 - (p.get("x", 0.5) - 0.5) ** 2

    optimizer = Optimizer(space, random_state=0)
    asked = run(optimizer, score, 35)
    assert {p["model"] for p in asked} == {"a", "b", "c"}
    assert sum(p["model"] == "c" for p in asked) == 1  # it has one point
    assert optimizer.history.incumbent.score > 0.98


# ---------------------------------------------------------------- failures and noise


def test_only_failures_keep_the_search_going():
    optimizer = Optimizer(PLANE, random_state=0)
    asked = run(optimizer, lambda p: np.nan, 20)
    assert len({tuple(p.items()) for p in asked}) == 20
    assert optimizer.history.incumbent is None
    again = run(Optimizer(PLANE, random_state=0), lambda p: np.nan, 20)
    assert asked == again


def test_the_region_of_failures_is_avoided():
    def score(p):
        return np.nan if p["x"] > 0.5 else p["x"]  # the best lies at the edge of the failures

    optimizer = Optimizer(PLANE, random_state=0)
    run(optimizer, score, 40)
    failed = [trial.status == "failed" for trial in optimizer.history]
    assert np.mean(failed[10:]) < 0.5  # random points fail half of the time
    assert optimizer.history.incumbent.score > 0.45


@pytest.mark.parametrize("score", [np.nan, np.inf, -np.inf, np.float64("nan")])
def test_scores_that_are_none_fail(score):
    optimizer = Optimizer(PLANE)
    optimizer.tell({"x": 0.5, "y": 0.5}, score)
    (trial,) = optimizer.history
    assert trial.status == "failed"
    assert np.isnan(trial.score)


def test_huge_scores_do_not_break_the_loop():
    scale = [1.0, -1e300, 1e-300, -1e6]
    optimizer = Optimizer(PLANE, random_state=0)
    for i in range(16):
        params = optimizer.ask()
        optimizer.tell(params, bowl(params) + scale[i % 4])
    assert len(optimizer.history) == 16


def test_equal_scores_do_not_break_the_loop():
    asked = run(Optimizer(PLANE, random_state=0), lambda p: 0.7, 15)
    assert len({tuple(p.items()) for p in asked}) == 15


class Broken(GaussianProcess):
    def fit(self, U, scores, *, noise_variance=None):
        raise np.linalg.LinAlgError("not positive definite")


def test_a_surrogate_that_cannot_be_fitted_gives_random_points_with_a_warning():
    def ask_twice():
        optimizer = Optimizer(PLANE, surrogate=Broken(), n_initial_points=2, random_state=0)
        run(optimizer, bowl, 2)
        with pytest.warns(RuntimeWarning, match="could not be fitted to 2 trials"):
            first = optimizer.ask()
        return first, optimizer.ask()

    assert ask_twice() == ask_twice()
    first, second = ask_twice()
    assert first != second


def test_under_noise_the_incumbent_is_the_best_posterior_mean():
    seen = []

    class Recording(ExpectedImprovement):
        def value_and_partials(self, mean, std, incumbent):
            seen.append(float(incumbent))
            return super().value_and_partials(mean, std, incumbent)

    surrogate = GaussianProcess(output_transform=None)
    optimizer = Optimizer(PLANE, surrogate=surrogate, acquisition=Recording(), random_state=0)
    points = random_points(30)
    rng = np.random.default_rng(0)
    for params in points:
        optimizer.tell(params, bowl(params) + 0.3 * rng.standard_normal(), noise_variance=0.09)
    optimizer.ask()
    means = optimizer.score_posterior(points).mean
    # output_transform=None: the latent unit is the score's
    assert seen[0] == pytest.approx(means.max())
    assert seen[0] < optimizer.history.scores.max() - 0.1


def test_known_noise_reaches_the_surrogate_only_when_known_for_all():
    seen = []

    class Recording(GaussianProcess):
        def fit(self, U, scores, *, noise_variance=None):
            seen.append(noise_variance)
            return super().fit(U, scores, noise_variance=noise_variance)

    optimizer = Optimizer(PLANE, surrogate=Recording(), random_state=0)
    for i, params in enumerate(random_points(6)):
        optimizer.tell(params, bowl(params), noise_variance=0.01 * (i + 1) ** 2)
    optimizer.tell({"x": 0.5, "y": 0.1}, np.nan)  # takes the median of the others
    optimizer.ask()
    np.testing.assert_allclose(seen[-1], [0.01, 0.04, 0.09, 0.16, 0.25, 0.36, 0.125])
    optimizer.tell({"x": 0.5, "y": 0.2}, 0.3)
    optimizer.ask()
    assert seen[-1] is None


def test_a_failed_trial_takes_the_worst_score_seen():
    seen = []

    class Recording(GaussianProcess):
        def fit(self, U, scores, *, noise_variance=None):
            seen.append(scores.tolist())
            return super().fit(U, scores, noise_variance=noise_variance)

    optimizer = Optimizer(PLANE, surrogate=Recording(), n_initial_points=0, random_state=0)
    for params, score in zip(random_points(4), [0.5, np.nan, -2.0, 0.7], strict=True):
        optimizer.tell(params, score)
    optimizer.ask()
    assert seen == [[0.5, -2.0, -2.0, 0.7]]


# ---------------------------------------------------------------- earlier trials


def test_earlier_trials_teach_and_are_not_proposed_again():
    space = {"a": (1, 5), "b": (1, 5)}
    earlier = History(
        tuple(
            Trial(i, {"a": a, "b": b}, -float((a - 4) ** 2 + (b - 2) ** 2))
            for i, (a, b) in enumerate((a, b) for a in range(1, 6) for b in (1, 3, 5))
        )
    )
    optimizer = Optimizer(space, history=earlier, random_state=0)
    first = optimizer.ask()
    assert first == {"a": 4, "b": 2}  # no initial design: fifteen trials are known
    asked = [first]
    optimizer.tell(first, 0.0)
    asked += run(optimizer, lambda p: -float((p["a"] - 4) ** 2 + (p["b"] - 2) ** 2), 9)
    assert {(p["a"], p["b"]) for p in asked} == {(a, b) for a in range(1, 6) for b in (2, 4)}
    assert [trial.number for trial in optimizer.history] == list(range(10))


def test_a_short_history_shortens_the_design():
    optimizer = Optimizer(PLANE, history=trials_of(random_points(4)), random_state=0)
    model_asked = []

    original = optimizer._model

    def recorded():
        model_asked.append(len(optimizer.history))
        return original()

    optimizer._model = recorded
    run(optimizer, bowl, 4)
    assert model_asked == [2, 3]  # six are enough in two dimensions


def test_earlier_trials_outside_the_space_are_counted_in_a_warning():
    trials = [*trials_of(random_points(3)), Trial(3, {"x": 7.0, "y": 0.5}, 9.0)]
    trials.append(Trial(4, {"z": 0.1}, 9.0))
    with pytest.warns(UserWarning, match="2 of the 5 earlier trials lie outside"):
        optimizer = Optimizer(PLANE, history=trials)
    posterior = optimizer.score_posterior([{"x": 0.3, "y": 0.6}])
    assert posterior.mean[0] < 1.0


def test_trials_inside_the_space_give_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Optimizer(PLANE, history=trials_of(random_points(3)))


# ---------------------------------------------------------------- the posterior


def test_score_posterior_follows_the_scores():
    optimizer = Optimizer(PLANE, random_state=0)
    points = random_points(40)
    for params in points:
        optimizer.tell(params, 100 + bowl(params))
    new = random_points(20, seed=1)
    posterior = optimizer.score_posterior(new)
    assert isinstance(posterior, GaussianPosterior)
    error = np.abs(posterior.mean - [100 + bowl(params) for params in new])
    # The scores range over 1; forty of them pin a paraboloid down to a hundredth of that.
    assert np.median(error) < 0.01
    assert (error < 5 * posterior.std + 0.01).all()
    assert (posterior.std < 0.1).all()


def test_score_posterior_without_scores_says_so():
    optimizer = Optimizer(PLANE)
    optimizer.tell({"x": 0.5, "y": 0.5}, np.nan)
    with pytest.raises(ValueError, match=r"There is no posterior.*0 finite scores"):
        optimizer.score_posterior([{"x": 0.5, "y": 0.5}])


def test_score_posterior_of_no_points_is_empty():
    optimizer = Optimizer(PLANE)
    optimizer.tell({"x": 0.5, "y": 0.5}, 1.0)
    assert optimizer.score_posterior([]).mean.shape == (0,)


# ---------------------------------------------------------------- what is told


def test_a_trial_records_what_it_was_told():
    optimizer = Optimizer(PLANE)
    params = {"x": 0.5, "y": 0.25}
    optimizer.tell(
        params, np.float32(0.5), noise_variance=0.01, fold_scores=np.array([0.4, 0.6]), fit_time=2
    )
    params["x"] = 0.9  # the trial keeps what it was told
    expected = Trial(0, {"x": 0.5, "y": 0.25}, 0.5, "complete", 0.01, (0.4, 0.6), 2.0)
    assert optimizer.history.trials == (expected,)


@pytest.mark.parametrize("score", ["0.5", 1 + 2j, [0.5], True, np.array([0.5])])
def test_a_score_must_be_a_number(score):
    optimizer = Optimizer(PLANE)
    with pytest.raises(TypeError, match="score must be a real number"):
        optimizer.tell({"x": 0.5, "y": 0.5}, score)
    assert len(optimizer.history) == 0


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"params": {"x": 2.0, "y": 0.5}}, "x=2.0"),
        ({"params": {"x": 0.5}}, "'y'"),
        ({"params": {"x": 0.5, "y": 0.5, "z": 1}}, "z"),
        ({"status": "done"}, "status='done' is not known"),
        ({"status": "complete", "score": np.nan}, "not complete"),
        ({"noise_variance": -1.0}, "noise_variance"),
        ({"noise_variance": np.nan}, "noise_variance"),
        ({"noise_variance": "1"}, "noise_variance"),
    ],
)
def test_what_is_told_is_checked_before_it_is_recorded(changed, match):
    optimizer = Optimizer(PLANE)
    with pytest.raises(ValueError, match=match):
        optimizer.tell(**{"params": {"x": 0.5, "y": 0.5}, "score": 1.0, **changed})
    assert len(optimizer.history) == 0
    assert optimizer._told.keys == set()


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"surrogate": "gpp"}, "surrogate='gpp' is not known"),
        ({"acquisition": "eii"}, "acquisition='eii' is not known"),
        ({"initial_design": "halton"}, "initial_design='halton' is not known"),
        ({"n_initial_points": -1}, "n_initial_points must be an integer"),
        ({"n_initial_points": 2.5}, "n_initial_points must be an integer"),
        ({"random_state": "seed"}, "random_state must be"),
        ({"random_state": -1}, "random_state must be"),
        ({"initial_points": [{"x": 3.0, "y": 0.0}]}, "x=3.0"),
        (
            {"initial_points": [{"x": 0.9, "y": 0.0}], "constraint": lambda p: p["x"] < 0.5},
            "constraint",
        ),
    ],
)
def test_wrong_arguments_are_refused_at_once(options, match):
    with pytest.raises(ValueError, match=match):
        Optimizer(PLANE, **options)


@pytest.mark.parametrize("n", [0, -1, 1.5, True, "2"])
def test_ask_needs_a_positive_integer(n):
    with pytest.raises(ValueError, match="n must be an integer of at least 1"):
        Optimizer(PLANE).ask(n)


def test_telling_again_is_another_observation():
    optimizer = Optimizer({"a": (1, 3)}, random_state=0)
    for score in (0.1, 0.2):
        optimizer.tell({"a": 2}, score)
    assert len(optimizer.history) == 2
    assert {optimizer.ask()["a"] for _ in range(2)} == {1, 3}


def test_a_finished_space_is_taken_as_it_is():
    space = as_space(PLANE)
    assert Optimizer(space).space is space
