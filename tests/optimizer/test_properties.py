"""Whatever the space and the scores: no proposal leaves the space, repeats or breaks a constraint.

The spaces are random, and what belongs to them is judged here by the notation alone, not by `Space`.
"""

import itertools
import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from skbayes.exceptions import ExhaustedSpaceError
from skbayes.optimizer import Optimizer
from skbayes.space import Categorical, Distribution, Integer, Real, as_space

CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
# Examples cost a tenth of a second each.
few = settings(max_examples=15, deadline=None, suppress_health_check=CHECKS)

OBJECTS = [None, "a", 1.5, (1, 2), len, [1], np.arange(3), True, 1, 1.0]
DISTRIBUTIONS = [
    stats.norm(3.0, 2.0),
    stats.gamma(0.5),
    stats.beta(0.5, 0.5),
    stats.loguniform(1e-5, 10.0),
    stats.uniform(-1.0, 2.0),
    stats.poisson(2.5),
    stats.randint(3, 9),
    stats.binom(6, 0.2),
]
KINDS = ["real", "log", "int", "log-int", "choices", "numbers", "steps", "distribution"]
RARE = ["thousand", "one integer", "one choice", "huge"]


@st.composite
def dimensions(draw, active_if=None, kinds=(*KINDS, *KINDS, *RARE)):
    kind = draw(st.sampled_from(kinds))
    low, width = draw(st.integers(-20, 20)), draw(st.integers(1, 12) | st.integers(1, 1000))
    options = {"active_if": active_if}
    if kind == "real":
        return Real(float(low), float(low + width), **options)
    if kind == "log":
        return Real(10.0 ** (low / 4), 10.0 ** ((low + width / 100) / 4), "log-uniform", **options)
    if kind == "int":
        return Integer(low, low + width, **options)
    if kind == "log-int":
        return Integer(abs(low) + 1, abs(low) + 1 + width, "log-uniform", **options)
    if kind == "distribution":
        return Distribution(draw(st.sampled_from(DISTRIBUTIONS)), **options)
    if kind == "thousand":
        return Categorical([f"c{i}" for i in range(1000)], **options)
    if kind == "one integer":
        return Distribution(stats.randint(abs(low), abs(low) + 1), **options)
    if kind == "one choice":
        return Categorical([(low,)], **options)
    if kind == "huge":
        return Integer(1, 10**9, draw(st.sampled_from(["uniform", "log-uniform"])), **options)
    if kind == "numbers":
        numbers = draw(st.lists(st.integers(-9, 9), min_size=1, max_size=6, unique=True))
        return Categorical([n / 2 for n in numbers], **options)
    n = draw(st.integers(1, len(OBJECTS)))
    return Categorical(OBJECTS[:n], ordered=kind == "steps", **options)


def values_of(dimension):
    """What a condition may ask for, or None."""
    if isinstance(dimension, Categorical):
        return list(dimension.categories)[:5]
    if isinstance(dimension, Integer):
        return list(range(dimension.low, min(dimension.low + 3, dimension.high + 1)))
    return None


@st.composite
def branches(draw, prefix="p", max_size=5):
    branch = {}
    for i in range(draw(st.integers(1, max_size))):
        parents = [name for name, dimension in branch.items() if values_of(dimension)]
        active_if = None
        if parents and draw(st.booleans()):
            parent = draw(st.sampled_from(parents))
            values = values_of(branch[parent])
            several = draw(st.lists(st.sampled_from(range(len(values))), min_size=1, unique=True))
            active_if = {parent: [values[j] for j in several]}
        branch[f"{prefix}{i}"] = draw(dimensions(active_if))
    return branch


@st.composite
def spaces(draw):
    form = draw(st.sampled_from(["one"] * 8 + ["several"] * 4 + ["small"] * 4 + ["sixty"]))
    if form == "sixty":
        kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4))
        parts = [draw(dimensions(kinds=[kind])) for kind in kinds]
        return {f"p{i}": parts[i % len(parts)] for i in range(draw(st.integers(40, 60)))}
    if form == "small":
        kinds = ["int", "log-int", "numbers", "choices", "steps", "one choice"]
        first, second = draw(dimensions(kinds=kinds)), draw(dimensions(kinds=kinds))
        values = values_of(first)
        return {"p0": first, "p1": second, "p2": Integer(1, 2, active_if={"p0": values[0:1]})}
    if form == "several":
        prefixes = draw(st.lists(st.sampled_from("pq"), min_size=2, max_size=4))
        return [draw(branches(prefix, 3)) for prefix in prefixes]
    return draw(branches())


@dataclass(frozen=True)
class AtMost:
    """The numbers of these names add up to at most this; the border is allowed."""

    names: tuple[str, ...]
    bound: float

    def __call__(self, params):
        return total(params, self.names) <= self.bound


def total(params, names):
    values = (params.get(name) for name in names)
    return math.fsum(v for v in values if type(v) in (int, float))


def constraint_through(params, n_names):
    """A constraint on up to so many numbers that has the point on its border."""
    names = tuple(name for name, value in params.items() if type(value) in (int, float))[:n_names]
    return AtMost(names, total(params, names))


def is_value(dimension, value):
    """Whether a dimension has a value, by what its notation says."""
    if isinstance(dimension, Categorical):
        return any(
            value is c or (type(value) is type(c) and repr(value) == repr(c))
            for c in dimension.categories
        )
    if isinstance(dimension, Distribution):
        low, high = dimension.distribution.support()
        return type(value) in (int, float) and low <= value <= high
    kind = int if isinstance(dimension, Integer) else float
    return type(value) is kind and dimension.low <= value <= dimension.high


def is_same(a, b):
    return a is b or (type(a) is type(b) and repr(a) == repr(b))


def fits(spec, params):
    """Whether a point lies in a dict, or in one of a list of dicts."""
    if isinstance(spec, list):
        return any(fits(branch, params) for branch in spec)
    active = {}
    for name, dimension in spec.items():  # parents come first
        conditions = (dimension.active_if or {}).items()
        active[name] = all(
            active[parent] and any(is_same(params.get(parent), v) for v in values)
            for parent, values in conditions
        )
    names = {name for name in spec if active[name]}
    return names == params.keys() and all(is_value(spec[n], params[n]) for n in names)


def identity(params):
    return frozenset((name, type(value).__name__, repr(value)) for name, value in params.items())


SCORES = {
    "random": lambda i, rng: rng.normal(),
    "constant": lambda i, rng: 0.0,
    "rising": lambda i, rng: float(i),
    "often failed": lambda i, rng: rng.normal() if rng.random() < 0.5 else math.nan,
    "failed": lambda i, rng: math.nan,
    "wild": lambda i, rng: rng.choice([1e12, -1e300, 1e-300, -math.inf, math.inf, 0.0]),
}


@st.composite
def searches(draw):
    """Return a space, a constraint or None, and what else an optimizer takes."""
    spec, seed = draw(spaces()), draw(st.integers(0, 9999))
    space, rng = as_space(spec), np.random.default_rng(seed)
    constraint = None
    if draw(st.sampled_from([False, False, True])):
        # From a tenth of the prior up: a constraint that allows next to nothing is an error.
        anchor = space.snap(0.1 + 0.9 * rng.random((1, space.n_dims)))[0]
        constraint = constraint_through(space.decode(anchor), draw(st.integers(1, 4)))
        given = [space.decode(anchor)] * draw(st.integers(0, 1))
    else:
        given = [space.decode(u) for u in space.sample(draw(st.integers(0, 2)), rng)]
    options = {
        "surrogate": draw(st.sampled_from(["gp", "gp", "forest"])),
        "acquisition": draw(st.sampled_from(["log_ei", "log_ei", "ucb", "thompson"])),
        "initial_design": draw(st.sampled_from(["sobol", "latin_hypercube", "random", "grid"])),
        "n_initial_points": draw(st.integers(0, 4)),
        "initial_points": given,
        "random_state": seed,
    }
    return spec, constraint, options


def check_search(search, scores, batch, n_rounds):
    """Ask and tell; each proposal is new, lies in the space and meets the constraint."""
    spec, constraint, options = search
    optimizer = Optimizer(spec, constraint=constraint, **options)
    rng = np.random.default_rng(options["random_state"])
    seen = set()
    for k in itertools.count():
        proposed = optimizer.ask(batch)
        for i, params in enumerate(proposed):
            assert fits(spec, params), params
            assert constraint is None or constraint(params), params
            assert identity(params) not in seen, params
            seen.add(identity(params))
            if k % 3 or not i:  # of some batches the others stay pending
                optimizer.tell(params, SCORES[scores](len(seen), rng))
        if len(proposed) < batch:
            # Only the end of a space, or of what the constraint leaves of it, may give less.
            assert everything(optimizer.space, rng) <= seen
            with pytest.raises(ExhaustedSpaceError):
                optimizer.ask()
            break
        if k >= n_rounds and not optimizer.space.n_points <= 30:
            break
        if k % 4 == 1:  # a point of the user's own is as good as a proposed one
            own = optimizer.space.decode(optimizer.space.sample(1, rng)[0])
            optimizer.tell(own, SCORES[scores](k, rng))
            seen.add(identity(own))


def everything(space, rng):
    if space.n_points <= 20_000:
        return {identity(params) for params in space.points()}
    # Of a dozen choices left beside forbidden ranges, 100 draws miss one with 1e-4.
    return {identity(space.decode(u)) for u in space.sample(100, rng)}


cases = {
    "search": searches(),
    "scores": st.sampled_from(sorted(SCORES)),
    "batch": st.integers(1, 3),
}


@settings(max_examples=40, deadline=None, suppress_health_check=CHECKS)
@given(**cases)
def test_proposals_are_new_points_of_the_space(search, scores, batch):
    check_search(search, scores, batch, n_rounds=3)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None, suppress_health_check=CHECKS)
@given(**cases)
def test_proposals_are_new_points_of_a_thousand_spaces(search, scores, batch):
    check_search(search, scores, batch, n_rounds=5)


def key(optimizer, params):
    return optimizer.space.key(optimizer.space.encode(params))


@few
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


@few
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


@few
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


@few
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
