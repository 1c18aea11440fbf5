"""The pure function: the same in, the same out, and nothing changed on the way."""

import copy

import numpy as np
import pytest

from skbayes.acquisition import LogExpectedImprovement, ThompsonSampling
from skbayes.optimizer import History, Trial, suggest
from skbayes.optimizer._batch import propose
from skbayes.optimizer._observations import encode_trials
from skbayes.optimizer._suggest import as_surrogate, fit_surrogate
from skbayes.optimizer._surface import Surface
from skbayes.space import as_space
from skbayes.surrogates import GaussianProcess

SPACE = as_space({"x": (0.0, 1.0), "n": (1, 40), "kind": ["a", "b", "c"]})


def score(p):
    return -((p["x"] - 0.3) ** 2) - 0.001 * (p["n"] - 20) ** 2 + 0.2 * (p["kind"] == "b")


def history(n, seed=0, space=SPACE, func=score):
    points = [space.decode(u) for u in space.sample(n, np.random.default_rng(seed))]
    return History(tuple(Trial(i, p, func(p)) for i, p in enumerate(points)))


def ask(surrogate="gp", acquisition="log_ei", n=1, seed=0, past=None, **options):
    past = history(15) if past is None else past
    return suggest(past, SPACE, surrogate, acquisition, np.random.default_rng(seed), n, **options)


@pytest.mark.parametrize("surrogate", ["auto", "gp", "forest"])
@pytest.mark.parametrize("acquisition", ["auto", "log_ei", "ucb", "thompson"])
def test_equal_generators_give_equal_suggestions(surrogate, acquisition):
    assert ask(surrogate, acquisition, n=3) == ask(surrogate, acquisition, n=3)


def test_nothing_given_is_changed():
    surrogate, past = GaussianProcess(), history(15)
    state, trials = copy.deepcopy(vars(surrogate)), copy.deepcopy(past.trials)
    first = ask(surrogate, past=past)
    assert vars(surrogate) == state
    assert past.trials == trials
    assert ask(surrogate, past=past) == first  # nor does the first call warm-start the second


def test_the_surrogate_is_told_which_columns_are_categories_and_its_seed():
    seen = []

    class Recording(GaussianProcess):
        def fit(self, U, scores, *, noise_variance=None):
            seen.append((self.categories, self.random_state))
            return super().fit(U, scores, noise_variance=noise_variance)

    ask(Recording())
    assert seen[0][0] == SPACE.n_categories == (0, 0, 3)
    assert isinstance(seen[0][1], int)
    ask(Recording(random_state=7))
    assert seen[1][1] == 7


def test_suggestions_are_new():
    past = history(15)
    pending = ask(past=past, n=2)
    more = ask(past=past, n=4, pending=pending)
    everything = [t.params for t in past] + pending + more
    assert len({tuple(p.items()) for p in everything}) == 21


@pytest.mark.parametrize("acquisition", [LogExpectedImprovement(), ThompsonSampling()])
def test_without_scores_points_come_from_the_prior(acquisition):
    failed = History((Trial(0, {"x": 0.5, "n": 3, "kind": "a"}, np.nan, "failed"),))
    for past in (History(), failed):
        points = ask("gp", acquisition, n=5, past=past)
        assert len({tuple(p.items()) for p in points}) == 5
        assert all(SPACE.contains(p) for p in points)


def test_a_trial_outside_the_space_is_an_error():
    past = History((Trial(0, {"x": 5.0, "n": 3, "kind": "a"}, 1.0),))
    with pytest.raises(ValueError, match=r"x=5\.0"):
        ask(past=past)


def test_an_exhausted_space_gives_what_is_left():
    space = as_space({"n": (1, 6)})
    past = history(4, space=space, func=lambda p: -((p["n"] - 3) ** 2))
    tried = {t.params["n"] for t in past}
    rng = np.random.default_rng(0)
    points = suggest(past, space, "gp", "log_ei", rng, 10)
    assert sorted(p["n"] for p in points) == sorted({1, 2, 3, 4, 5, 6} - tried)
    assert suggest(past, space, "gp", "log_ei", rng, 3, pending=points) == []


# ---------------------------------------------------------------- batches


def test_the_first_of_a_batch_is_the_single_suggestion():
    assert ask(n=4)[0] == ask(n=1)[0]


def test_a_batch_spreads_where_repeated_asking_would_not():
    line = as_space({"x": (0.0, 1.0)})
    past = history(6, space=line, func=lambda p: -((p["x"] - 0.3) ** 2))
    rng = np.random.default_rng(0)
    batch = [p["x"] for p in suggest(past, line, "gp", "log_ei", rng, 4)]
    alone = [
        suggest(past, line, "gp", "log_ei", np.random.default_rng(seed))[0]["x"]
        for seed in range(4)
    ]
    # The maximiser finds one place whatever its seed; the fantasies drive the others off it.
    assert np.ptp(alone) < 1e-2
    assert np.ptp(batch) > 10 * np.ptp(alone)


def test_the_acquisition_falls_to_nothing_at_a_pending_point():
    """A fantasy without noise leaves no improvement to expect where it stands."""
    line = as_space({"x": (0.0, 1.0)})
    past = history(6, space=line, func=lambda p: np.sin(9 * p["x"]))
    exact = GaussianProcess(
        length_scale=0.2, signal_variance=1.0, noise_variance=1e-8, optimize=False
    )
    observations = encode_trials(past, line)
    model = fit_surrogate(as_surrogate(exact, line, 0), observations)
    seen = []

    class Recording(LogExpectedImprovement):
        def value_and_partials(self, mean, std, incumbent):
            seen.append(float(incumbent))
            return super().value_and_partials(mean, std, incumbent)

    grid = np.linspace(0, 1, 501)[:, None]
    pending = grid[[model.posterior(grid).mean.argmax()]]
    chosen = propose(
        model,
        observations,
        line,
        Recording(),
        np.random.default_rng(0),
        pending=pending,
        exclude=observations.keys,
    )
    # What a pending point is expected to score counts towards the incumbent.
    assert seen[0] == pytest.approx(model.posterior(pending).mean[0])
    assert seen[0] > model.posterior(observations.U).mean.max() + 1e-3
    after = model.condition(pending, model.posterior(pending).mean)
    surface = Surface(after, LogExpectedImprovement(), seen[0])
    at_pending, at_chosen = surface.value(np.array([pending[0], chosen[0]]))
    assert at_pending < at_chosen - 1


# ---------------------------------------------------------------- the chain rule


def test_the_gradient_of_the_surface_is_that_of_its_values():
    space = as_space({f"x{i}": (0.0, 1.0) for i in range(3)})
    past = history(20, space=space, func=lambda p: np.sin(5 * p["x0"]) - p["x1"] ** 2)
    model = fit_surrogate(as_surrogate("gp", space, 0), encode_trials(past, space))
    surface = Surface(model, LogExpectedImprovement(), incumbent=0.5)
    U = space.sample(8, np.random.default_rng(1))
    value, gradient = surface.value_and_gradient(U)
    np.testing.assert_allclose(value, surface.value(U), rtol=1e-9)
    step = 1e-5
    for j in range(3):
        moved = np.zeros(3)
        moved[j] = step
        difference = (surface.value(U + moved) - surface.value(U - moved)) / (2 * step)
        # Rounding of log EI (about 1e-9 through the Cholesky factor) over the step, and step².
        np.testing.assert_allclose(gradient[:, j], difference, rtol=1e-3, atol=1e-3)


def test_an_undefined_value_is_never_chosen():
    class Nowhere(LogExpectedImprovement):
        def value_and_partials(self, mean, std, incumbent):
            value, *partials = super().value_and_partials(mean, std, incumbent)
            return value * np.nan, *partials

    points = ask(acquisition=Nowhere(), n=2)
    assert len(points) == 2
    assert all(SPACE.contains(p) for p in points)
