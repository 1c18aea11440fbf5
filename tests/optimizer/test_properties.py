"""Whatever the space and the scores: no proposal leaves the space, repeats or breaks a constraint."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import norm, poisson

from skbayes.optimizer import Optimizer
from skbayes.space import Categorical, Distribution, Integer, Real

# Examples cost a tenth of a second each; all of them are drawn anew in every run.
slow = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@st.composite
def dimensions(draw, active_if=None):
    kind = draw(st.sampled_from(["real", "log", "int", "log-int", "choices", "norm", "poisson"]))
    low = draw(st.integers(-20, 20))
    width = draw(st.integers(1, 1000))
    options = {"active_if": active_if}
    if kind == "real":
        return Real(float(low), float(low + width), **options)
    if kind == "log":
        return Real(10.0 ** (low / 4), 10.0 ** ((low + width / 100) / 4), "log-uniform", **options)
    if kind == "int":
        return Integer(low, low + width, **options)
    if kind == "log-int":
        return Integer(abs(low) + 1, abs(low) + 1 + width, "log-uniform", **options)
    if kind == "norm":
        return Distribution(norm(low, width), **options)
    if kind == "poisson":
        return Distribution(poisson(1 + abs(low)), **options)
    choices = [None, "a", 1.5, (1, 2), len, [1], np.arange(3), True]
    return Categorical(choices[: draw(st.integers(1, len(choices)))], **options)


@st.composite
def spaces(draw):
    space = {f"p{i}": draw(dimensions()) for i in range(draw(st.integers(1, 5)))}
    if draw(st.booleans()):
        space["parent"] = Categorical(["on", "off"])
        space["child"] = draw(dimensions(active_if={"parent": "on"}))
    if draw(st.booleans()):
        branch = {f"q{i}": draw(dimensions()) for i in range(draw(st.integers(1, 2)))}
        return [space, branch]
    return space


scores = st.one_of(
    st.floats(-1e3, 1e3), st.sampled_from([np.nan, -np.inf, 0.0, 1e12, -1e300, 1e-300])
)


def key(optimizer, params):
    return optimizer.space.key(optimizer.space.encode(params))


@slow
@given(spec=spaces(), scores=st.lists(scores, min_size=12, max_size=12), seed=st.integers(0, 999))
def test_proposals_are_distinct_points_of_the_space(spec, scores, seed):
    optimizer = Optimizer(spec, n_initial_points=4, random_state=seed)
    seen = []
    for score in scores:
        batch = optimizer.ask(1 + len(seen) % 2)
        if not batch:
            assert len(seen) == optimizer.space.n_points
            break
        for params in batch:
            assert optimizer.space.contains(params)
            seen.append(key(optimizer, params))
        optimizer.tell(batch[0], score)
    assert len(set(seen)) == len(seen)


@slow
@given(
    spec=spaces(),
    seed=st.integers(0, 999),
    surrogate=st.sampled_from(["gp", "forest"]),
    acquisition=st.sampled_from(["log_ei", "ucb", "thompson"]),
)
def test_the_same_seed_gives_the_same_trials(spec, seed, surrogate, acquisition):
    def search():
        optimizer = Optimizer(
            spec,
            surrogate=surrogate,
            acquisition=acquisition,
            n_initial_points=3,
            random_state=seed,
        )
        keys = []
        for i in range(6):
            for params in optimizer.ask(1):
                keys.append(key(optimizer, params))
                optimizer.tell(params, float(np.sin(3 * i)))
        return keys

    assert search() == search()


@slow
@given(
    bound=st.floats(0.2, 1.8),
    seed=st.integers(0, 999),
    design=st.sampled_from(["sobol", "latin_hypercube", "random", "grid"]),
)
def test_the_constraint_is_kept(bound, seed, design):
    def constraint(p):
        return p["x"] + p["y"] <= bound and (p["kind"] == "a" or p["n"] % 2 == 0)

    optimizer = Optimizer(
        {"x": (0.0, 1.0), "y": (0.0, 1.0), "n": (1, 9), "kind": ["a", "b"]},
        constraint=constraint,
        initial_design=design,
        n_initial_points=4,
        random_state=seed,
    )
    for _ in range(4):
        for params in optimizer.ask(2):
            assert constraint(params)
            # pulls towards the corner that the constraint cuts off
            optimizer.tell(params, params["x"] + params["y"] + 0.1 * params["n"])


@slow
@given(
    sizes=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    seed=st.integers(0, 999),
    batch=st.integers(1, 5),
)
def test_a_finite_space_is_proposed_once_and_in_full(sizes, seed, batch):
    spec = {f"p{i}": list(range(size)) for i, size in enumerate(sizes)}
    optimizer = Optimizer(spec, n_initial_points=3, random_state=seed)
    seen = []
    while points := optimizer.ask(batch):
        for params in points:
            seen.append(tuple(params.values()))
            optimizer.tell(params, float(sum(params.values())))
        assert len(seen) <= np.prod(sizes)
    assert len(seen) == len(set(seen)) == np.prod(sizes)


@slow
@given(
    scores=st.lists(st.one_of(st.floats(-10, 10), st.just(np.nan)), min_size=10, max_size=10),
    seed=st.integers(0, 999),
)
def test_the_incumbent_never_gets_worse(scores, seed):
    optimizer = Optimizer({"x": (0.0, 1.0)}, n_initial_points=4, random_state=seed)
    best = -np.inf
    for score in scores:
        optimizer.tell(optimizer.ask(), score)
        incumbent = optimizer.history.incumbent
        assert (incumbent is None) == (not np.isfinite(optimizer.history.scores).any())
        if incumbent is not None:
            assert incumbent.score >= best
            best = incumbent.score
