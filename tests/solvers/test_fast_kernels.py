"""The compiled road of coordinate descent: right by itself, and the same answers as the road on core dependencies.

Where numba is not installed its kernels run interpreted: slowly, but the same code.
"""

import importlib
import subprocess
import sys
import types

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skbayes.likelihoods import Bernoulli, Categorical, Gaussian
from skbayes.linear_model._design import Design
from skbayes.linear_model._objective import LinearObjective
from skbayes.priors import ElasticNet, Laplace
from skbayes.solvers import CoordinateDescent, ProximalNewton, SeparablePenalty, _fast
from skbayes.solvers._gram_descent import gram_descent, gram_gap

KERNELS = ("skbayes.solvers._compiled", "skbayes.solvers._kernels")


@pytest.fixture(scope="module", autouse=True)
def kernels():
    """Make the kernels importable, compiled or interpreted."""
    if importlib.util.find_spec("numba") is not None:
        yield
        return
    stand_in = types.ModuleType("numba")
    stand_in.njit = lambda **options: lambda function: function
    sys.modules["numba"] = stand_in
    yield
    for name in ("numba", *KERNELS):
        sys.modules.pop(name, None)


@pytest.fixture
def roads(monkeypatch):
    """Return a function that calls another on the fast road and on the core road."""

    def both(function):
        results = []
        for is_fast in (True, False):
            monkeypatch.setattr(_fast, "available", lambda is_fast=is_fast: is_fast)
            results.append(function())
        return results

    return both


def problem(seed, m=8, n=12, loc=0.0, box=False, l2=False):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, m)) + rng.standard_normal((n, 1))
    y = 2.0 * X[:, 0] - X[:, -1] + rng.standard_normal(n)
    penalty = SeparablePenalty(
        loc * rng.standard_normal(m),
        rng.uniform(0.1, 3.0, m),
        rng.uniform(0.0, 2.0, m) if l2 else np.zeros(m),
        rng.uniform(-1.0, 0.1, m) if box else np.full(m, -np.inf),
        rng.uniform(0.2, 1.0, m) if box else np.full(m, np.inf),
    )
    return X.T @ X, X.T @ y, float(y @ y), penalty


def value(H, q, yy, penalty, w):
    return 0.5 * w @ H @ w - q @ w + 0.5 * yy + penalty.value(w)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    m=st.integers(1, 14),
    loc=st.sampled_from([0.0, 1.0]),
    box=st.booleans(),
    l2=st.booleans(),
)
def test_a_step_of_the_prox_leaves_the_minimum_where_it_is(seed, m, loc, box, l2):
    # Of a convex function: then, and only then, it is the minimum.
    H, q, yy, penalty = problem(seed, m, loc=loc, box=box, l2=l2)
    w, gap, _ = _fast.gram_descent(H, q, yy, penalty, np.zeros(m), 1e-12 * yy, 100_000)
    assert gap <= 1e-12 * yy
    step = 1.0 / np.linalg.eigvalsh(H)[-1]
    moved = penalty.prox(w - step * (H @ w - q), step)
    # At a gap ε a step is at most √(2 ε step).
    assert np.linalg.norm(moved - w) <= 2.0 * np.sqrt(2e-12 * yy * step) + 1e-12


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), box=st.booleans(), l2=st.booleans())
def test_the_gap_bounds_what_is_missing(seed, box, l2):
    H, q, yy, penalty = problem(seed, box=box, l2=l2, loc=0.5)
    best = _fast.gram_descent(H, q, yy, penalty, np.zeros(8), 1e-13 * yy, 100_000)[0]
    rough, gap, n_epochs = _fast.gram_descent(H, q, yy, penalty, np.zeros(8), 0.0, 2)
    assert n_epochs <= 2
    missing = value(H, q, yy, penalty, rough) - value(H, q, yy, penalty, best)
    assert missing <= gap + 1e-10 * yy


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), box=st.booleans(), l2=st.booleans())
def test_its_gap_is_that_of_the_core_road(seed, box, l2):
    H, q, yy, penalty = problem(seed, box=box, l2=l2)
    w, gap, _ = _fast.gram_descent(H, q, yy, penalty, np.zeros(8), 0.0, 3)
    reference = gram_gap(H, q, yy, penalty, w)
    # Two dual points: with a term of l2 the core road extends the residual instead.
    if not l2:
        assert gap == pytest.approx(reference, rel=1e-6, abs=1e-9 * yy)
    assert reference >= -1e-9 * yy


@pytest.mark.parametrize("l2", [False, True])
@pytest.mark.parametrize("box", [False, True])
def test_both_roads_lead_to_one_minimum(roads, box, l2):
    H, q, yy, penalty = problem(0, m=30, n=60, box=box, l2=l2)
    penalty.l1[3] = 0.0  # flat, or smooth: eliminated before
    args = (H, q, yy, penalty, np.zeros(30), 1e-14 * yy, 100_000)
    fast, core = roads(lambda: gram_descent(*args)[0])
    np.testing.assert_allclose(fast, core, rtol=1e-6, atol=1e-7)


def test_nearly_collinear_columns_take_few_passes():
    # Plain descent needs about the condition number of passes; a step on the face needs none.
    rng = np.random.default_rng(0)
    common = rng.standard_normal((100, 1))
    X = common + 1e-3 * rng.standard_normal((100, 20))
    y = X @ rng.standard_normal(20) + 0.01 * rng.standard_normal(100)
    H, q, yy = X.T @ X, X.T @ y, float(y @ y)
    l1 = np.full(20, 1e-5 * np.abs(q).max())
    penalty = SeparablePenalty(
        np.zeros(20), l1, np.zeros(20), np.full(20, -np.inf), np.full(20, np.inf)
    )
    limit = _fast._LEAST_BUDGET
    try:
        _fast._LEAST_BUDGET = 1e3
        _, gap, n_epochs = _fast.gram_descent(H, q, yy, penalty, np.zeros(20), 1e-10 * yy, 20_000)
    finally:
        _fast._LEAST_BUDGET = limit
    assert gap <= 1e-10 * yy
    assert n_epochs < 1000


def test_exact_copies_of_columns_end():
    H, q, yy, penalty = problem(1, m=6)
    twice = np.ones((2, 2))
    double = SeparablePenalty(*(np.tile(x, 2) for x in vars(penalty).values()))
    w, gap, _ = _fast.gram_descent(
        np.kron(twice, H), np.tile(q, 2), yy, double, np.zeros(12), 1e-10 * yy, 10_000
    )
    assert gap <= 1e-10 * yy
    single = _fast.gram_descent(H, q, yy, penalty, np.zeros(6), 1e-12 * yy, 10_000)[0]
    np.testing.assert_allclose(w[:6] + w[6:], single, atol=1e-4)


def test_columns_of_zeros_go_to_their_centre():
    H, q, yy, penalty = problem(2, m=4, loc=1.0)
    H[2] = H[:, 2] = q[2] = 0.0
    w, gap, _ = _fast.gram_descent(H, q, yy, penalty, np.full(4, 7.0), 1e-10 * yy, 10_000)
    assert gap <= 1e-10 * yy
    assert w[2] == penalty.loc[2]


def models():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 150))
    eta = X[:, 0] - 2.0 * X[:, 1]
    y = eta + rng.standard_normal(60)
    labels = np.digitize(y, [-1.0, 1.0]).astype(float)
    scale = np.full(150, 0.1)
    scale[5], scale[6] = np.inf, 1.0
    yield "lasso", X, y, Gaussian(scale=1.0), Laplace(scale=scale), CoordinateDescent
    yield "logistic", X, (y > 0) * 1.0, Bernoulli(), Laplace(scale=scale), ProximalNewton
    prior = ElasticNet(loc=0.1, l1_scale=0.2, l2_scale=1.0)
    yield "multinomial", X, labels, Categorical(), prior, ProximalNewton


@pytest.mark.parametrize("model", list(models()), ids=lambda model: model[0])
def test_both_roads_give_one_model(roads, model):
    _, X, y, likelihood, prior, solver = model
    objective = LinearObjective(Design(X), y, likelihood, prior)
    fast, core = roads(lambda: solver(tol=1e-9).solve(objective, objective.start()))
    assert fast.converged
    assert core.converged
    assert fast.value == pytest.approx(core.value, rel=1e-12)
    rows = [found.w.reshape(-1, X.shape[1] + 1).copy() for found in (fast, core)]
    if len(rows[0]) > 1:
        # A level added to the intercepts of all classes changes nothing, and rounding says how much of it there is.
        for row in rows:
            row[:, -1] -= row[:, -1].mean()
    np.testing.assert_allclose(*rows, rtol=1e-6, atol=1e-7)


def test_importing_the_package_does_not_import_numba(tmp_path):
    (tmp_path / "numba.py").write_text("raise SystemExit('numba was imported')")
    code = (
        "import sys, skbayes.linear_model, skbayes.solvers._fast as fast; "
        "assert fast.available(); assert 'numba' not in sys.modules"
    )
    path = [str(tmp_path), *filter(None, sys.path)]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {path!r}; {code}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
