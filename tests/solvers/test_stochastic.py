"""The stochastic family: each rule by hand, agreement with exact solvers, and what ends a run."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from skbayes.likelihoods import Bernoulli, Categorical, Gaussian, Poisson
from skbayes.linear_model._design import Design
from skbayes.linear_model._objective import LinearObjective
from skbayes.priors import Flat, Laplace, Normal
from skbayes.solvers import (
    SGD,
    SOLVERS,
    AdaGrad,
    Adam,
    Momentum,
    Nesterov,
    Newton,
    ProximalGradient,
    RMSProp,
    StochasticSolver,
)
from skbayes.solvers._step_size import largest_curvature, probe_rows

FAMILY = {name: kind for name, kind in SOLVERS.items() if issubclass(kind, StochasticSolver)}

rng = np.random.default_rng(0)
N, P = 600, 5
Z = rng.standard_normal((N, P)) @ (np.eye(P) + 0.3 * rng.standard_normal((P, P)))
SPREAD = 10.0 ** np.linspace(-3, 3, P)
X = Z * SPREAD + 5.0 * SPREAD
ETA = 0.3 + Z @ np.array([0.8, -0.5, 0.3, 0.0, 0.0])
TARGETS = {
    "gaussian": (Gaussian(scale=1.0), ETA + rng.standard_normal(N)),
    "bernoulli": (Bernoulli(), (rng.random(N) < 1 / (1 + np.exp(-ETA))).astype(float)),
    "poisson": (Poisson(), rng.poisson(np.exp(ETA)).astype(float)),
    "categorical": (
        Categorical(),
        np.argmax(np.column_stack([ETA, -ETA, 0 * ETA]) + rng.gumbel(size=(N, 3)), axis=1),
    ),
}


def objective(kind, prior, data=X, **options):
    likelihood, y = TARGETS[kind]
    return LinearObjective(Design(data), y, likelihood, prior, **options)


@dataclass
class Tilted:
    """F(w) = N (a w² / 2 − c w) + k |w|, without coordinates of its own: what the rules do is seen by hand."""

    a: float = 2.0
    c: float = 3.0
    k: float = 0.0
    n_samples: int = 10
    total: float = 10.0
    offers = frozenset({"gradient", "proximal", "batch"})

    def value(self, w):
        return float(self.total * np.sum(self.a * w**2 / 2 - self.c * w) + self.k * np.abs(w).sum())

    def value_and_gradient(self, w):
        smooth = self.total * float(np.sum(self.a * w**2 / 2 - self.c * w))
        return smooth, self.total * (self.a * w - self.c)

    def prox(self, w, step):
        return np.sign(w) * np.maximum(np.abs(w) - step * self.k, 0.0)

    def batch(self, rows):
        return self


def two_steps(solver, problem):
    state = solver.start(problem, np.array([1.0]))
    points = []
    for _ in range(2):
        state = solver.step(state, problem, n_steps=2)
        points.append(state.w[0])
    return points, state


# The gradient over N at w is 2 w − 3: −1 at the start, w = 1. Step size 0.1 throughout.
BY_HAND = {
    # 1 + 0.1; gradient −0.8
    "sgd": (SGD, [1.1, 1.18]),
    # v = −0.1; v = −0.09 + 0.1 · (−0.98) = −0.188
    "momentum": (Momentum, [1.01, 1.0288]),
    # second gradient at 1.01 + 0.1 · 0.9 · 0.1 = 1.019: −0.962; v = −0.09 − 0.0962
    "nesterov": (Nesterov, [1.01, 1.02862]),
    # 1 + 0.1 · 1 / 1; gradient −0.8: q = 1.64
    "adagrad": (AdaGrad, [1.1, 1.1 + 0.08 / np.sqrt(1.64)]),
    # q̂ = 1; then q̂ = (0.99 · 0.01 + 0.01 · 0.64) / (1 − 0.9801)
    "rmsprop": (RMSProp, [1.1, 1.1 + 0.08 / np.sqrt(0.0163 / 0.0199)]),
    # m̂ = −1, q̂ = 1; then m̂ = −(0.09 + 0.08) / 0.19, q̂ = (0.999 · 0.001 + 0.001 · 0.64) / (1 − 0.998001)
    "adam": (Adam, [1.1, 1.1 + 0.1 * (0.17 / 0.19) / np.sqrt(0.001639 / 0.001999)]),
}


def test_every_rule_has_a_row():
    assert BY_HAND.keys() == FAMILY.keys()


@pytest.mark.parametrize("name", BY_HAND)
def test_two_steps_by_hand(name):
    kind, expected = BY_HAND[name]
    assert SOLVERS[name] is kind
    points, _ = two_steps(kind(0.1, schedule="constant"), Tilted())
    np.testing.assert_allclose(points, expected, rtol=1e-9)


@pytest.mark.parametrize("name", BY_HAND)
def test_the_prox_is_of_the_metric_of_the_step(name):
    # At the minimum of F every rule stays, also where the kink balances a gradient that is not zero: c = 0.5 and
    # k / N = 0.5 hold w at 0 however the gradient is divided.
    problem = Tilted(c=0.49, k=5.0)
    solver = FAMILY[name](0.1, schedule="constant")
    state = solver.start(problem, np.zeros(1))
    for _ in range(5):
        state = solver.step(state, problem, n_steps=5)
        assert state.w[0] == 0.0
    # Moved off, it comes back.
    state = solver.start(problem, np.array([0.05]))
    for _ in range(400):
        state = solver.step(state, problem, n_steps=400)
    assert state.w[0] == 0.0


def test_the_average_weighs_steps_by_their_number():
    problem, solver = Tilted(), SGD(0.1, schedule="constant")
    state = solver.start(problem, np.array([1.0]))
    points = []
    for _ in range(6):
        state = solver.step(state, problem, n_steps=6)
        points.append(state.w[0])
    expected = np.average(points, weights=np.arange(1, 7))
    np.testing.assert_allclose(state.average, expected, rtol=1e-12)


def test_a_schedule_multiplies_the_step_size():
    seen = []

    def schedule(t, n_steps):
        seen.append((t, n_steps))
        return 1.0 / (1 + t)

    points, _ = two_steps(SGD(0.1, schedule=schedule), Tilted())
    np.testing.assert_allclose(points, [1.1, 1.1 + 0.05 * 0.8])
    assert seen == [(0, 2), (1, 2)]


def test_in_a_stream_a_schedule_of_a_length_is_run_over_longer_and_longer_parts():
    solver = SGD(1.0, schedule="cosine")
    factors = [solver._factor(t, None) for t in range(9)]
    # At t = 2, 4 and 8 half of 4, 8 and 16 steps are behind.
    np.testing.assert_allclose([factors[t] for t in (2, 4, 8)], 0.5)
    assert SGD()._factor(3, None) == 0.5  # (1 + 3)^(−1/2)
    assert AdaGrad()._factor(3, None) == 1.0


# Accuracy promised in the docs, in nats of the log posterior; 1/200 is a tenth of a posterior standard deviation.
ACCURACY = {"smooth": 0.05, "kink": 0.1}


@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("name", FAMILY)
def test_the_family_agrees_with_newton(name, kind):
    problem = objective(kind, Normal(scale=300.0))
    w0 = problem.start()
    exact = Newton(tol=1e-10).solve(problem, w0)
    result = FAMILY[name](batch_size=100, random_state=0).solve(problem, w0)
    assert exact.value - 1e-6 <= result.value <= exact.value + ACCURACY["smooth"]
    assert result.value == pytest.approx(problem.value(result.w), rel=1e-12)


@pytest.mark.parametrize("name", FAMILY)
def test_the_family_agrees_with_proximal_gradient_at_kinks(name):
    # Kinks leave the correlations of the features in the way; and coefficients end at exactly zero.
    problem = objective("gaussian", Laplace(scale=0.02), Z)
    w0 = problem.start()
    exact = ProximalGradient(tol=1e-12).solve(problem, w0)
    assert (exact.w == 0).sum() >= 1
    result = FAMILY[name](batch_size=30, random_state=0).solve(problem, w0)
    assert exact.value - 1e-6 <= result.value <= exact.value + ACCURACY["kink"]
    # Where the gradient is not almost enough to move a coefficient off zero.
    is_clear = np.abs(problem.value_and_gradient(exact.w)[1]) < 0.8 / 0.02
    is_clear &= exact.w == 0
    assert is_clear.any()
    assert (result.w[is_clear] == 0).all()


@pytest.mark.parametrize("name", FAMILY)
def test_all_rows_in_one_batch_end_at_the_minimum(name):
    problem = objective("bernoulli", Normal(scale=300.0))
    exact = Newton(tol=1e-10).solve(problem, problem.start())
    result = FAMILY[name](batch_size=N, random_state=0).solve(problem, problem.start())
    assert result.converged
    assert (
        result.value <= exact.value + 1e-4
    )  # tol is 0.01 standard deviations: 0.01² / 2 for each parameter


def test_batches_of_one_row():
    problem = objective("bernoulli", Normal(scale=300.0))
    exact = Newton(tol=1e-10).solve(problem, problem.start())
    result = SGD(batch_size=1, max_iter=4, random_state=0).solve(problem, problem.start())
    assert result.value <= exact.value + 0.5


def test_bounds_hold_at_every_step():
    bounds = (np.full(P, -0.1), np.full(P, 0.3))
    problem = objective("gaussian", Normal(scale=300.0), Z, bounds=bounds)
    exact = ProximalGradient(tol=1e-12).solve(problem, problem.start())
    result = Adam(batch_size=60, random_state=0).solve(problem, problem.start())
    assert (result.w[:P] >= -0.1).all()
    assert (result.w[:P] <= 0.3).all()
    assert result.value <= exact.value + ACCURACY["kink"]


def test_the_units_of_the_features_do_not_matter():
    # A flat prior knows no units; powers of two are exact. So are the steps, but for rounding.
    units = 2.0 ** np.array([-20, 10, 0, 3, 18])
    plain, scaled = (
        SGD(batch_size=60, max_iter=5, random_state=0).solve(
            objective("poisson", Flat(), data), np.zeros(P + 1)
        )
        for data in (Z, Z * units)
    )
    np.testing.assert_allclose(scaled.w[:P] * units, plain.w[:P], rtol=1e-6)
    assert scaled.value == pytest.approx(plain.value, rel=1e-10)


def test_one_seed_one_run():
    problem = objective("bernoulli", Normal(scale=300.0))
    runs = [
        Adam(batch_size=60, max_iter=3, random_state=seed).solve(problem, problem.start()).w
        for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


@settings(max_examples=30, deadline=None)
@given(
    n_batches=st.integers(1, 8),
    kind=st.sampled_from(sorted(TARGETS)),
    seed=st.integers(0, 2**16),
)
def test_batches_of_equal_size_have_the_objective_as_their_mean(n_batches, kind, seed):
    # Each holds the whole prior once: the mean of equal parts of the rows, each scaled to all, is all of them.
    problem = objective(kind, Normal(scale=0.5), Z).rescaled(
        np.zeros(objective(kind, Flat()).n_parameters)
    )
    draw = np.random.default_rng(seed)
    rows = np.array_split(draw.permutation(N)[: N - N % n_batches], n_batches)
    if N % n_batches:
        return
    z = draw.standard_normal(problem.into(np.zeros(problem.objective.n_parameters)).size)
    value, gradient = problem.value_and_gradient(z)
    parts = [problem.batch(some).value_and_gradient(z) for some in rows]
    np.testing.assert_allclose(np.mean([p[0] for p in parts]), value, rtol=1e-9)
    np.testing.assert_allclose(
        np.mean([p[1] for p in parts], axis=0), gradient, rtol=1e-7, atol=1e-7 * N
    )


@pytest.mark.parametrize("batch_size", [1, 20, 200, N])
def test_the_curvature_is_the_largest_eigenvalue_of_a_batch(batch_size):
    problem = objective("gaussian", Normal(scale=300.0)).rescaled(np.zeros(P + 1))
    batches = [problem.batch(rows) for rows in probe_rows(N, batch_size)]
    z = np.zeros(P + 1)
    found = largest_curvature(batches, z)
    largest = 0.0
    for batch in batches:
        _, at_zero = batch.value_and_gradient(z)
        columns = [batch.value_and_gradient(e)[1] - at_zero for e in np.eye(P + 1)]
        largest = max(largest, np.linalg.eigvalsh(np.array(columns) / N)[-1])
    assert 0.8 * largest <= found <= 1.001 * largest  # from below: the power method


def test_a_run_that_diverges_is_begun_again_with_smaller_steps():
    for kind in ("gaussian", "poisson"):
        problem = objective(kind, Normal(scale=300.0))
        exact = Newton(tol=1e-10).solve(problem, problem.start())
        result = SGD(1e4, batch_size=60, random_state=0).solve(problem, problem.start())
        assert result.value < exact.value + 1.0


def test_early_stopping_returns_the_point_of_the_lowest_loss_on_rows_held_out():
    draw = np.random.default_rng(3)
    n, p = 120, 50  # far too many features: the likelihood alone overfits
    data = draw.standard_normal((n, p))
    y = (draw.random(n) < 1 / (1 + np.exp(-data[:, :4].sum(axis=1)))).astype(float)
    problem = LinearObjective(Design(data), y, Bernoulli(), Flat())
    fresh = draw.standard_normal((4000, p))
    fresh_y = (draw.random(4000) < 1 / (1 + np.exp(-fresh[:, :4].sum(axis=1)))).astype(float)
    new = LinearObjective(Design(fresh), fresh_y, Bernoulli(), Flat())
    w0 = problem.start()
    solver = SGD(0.02, batch_size=10, schedule="constant", random_state=0)
    whole = solver.solve(problem, w0)
    stopped = solver.set_params(validation_fraction=0.3, patience=4).solve(problem, w0)
    assert stopped.converged
    assert stopped.n_iter < 100
    assert new.value(stopped.w) < 0.8 * new.value(whole.w)
    assert new.value(stopped.w) < new.value(w0) - 1.0
    assert "patience=4" in stopped.message
    never = solver.set_params(patience=1000, max_iter=5).solve(problem, w0)
    assert not never.converged
    assert never.n_iter == 5


def test_what_was_not_reached_is_said():
    problem = objective("poisson", Normal(scale=300.0))
    result = SGD(1e-6, batch_size=60, max_iter=3, random_state=0).solve(problem, problem.start())
    assert not result.converged
    assert result.n_iter == 3
    assert "after 3 passes; tol=1.0e-02" in result.message


def test_an_objective_without_coordinates_of_its_own_is_minimised_as_it_is():
    # F / 10 = w² − 3 w + 0.5 |w|: minimum at (3 − 0.5) / 2
    result = SGD(0.3, schedule="constant", random_state=0).solve(Tilted(k=5.0), np.array([7.0]))
    np.testing.assert_allclose(result.w, 1.25, rtol=1e-6)
    assert result.converged


def test_single_precision_stays():
    likelihood, y = TARGETS["gaussian"]
    single = LinearObjective(
        Design(Z.astype(np.float32)), y.astype(np.float32), likelihood, Laplace(scale=0.02)
    )
    exact = objective("gaussian", Laplace(scale=0.02), Z)
    best = ProximalGradient().solve(exact, exact.start())
    for kind in (SGD, Adam):
        result = kind(batch_size=30, random_state=0).solve(single, single.start())
        assert result.w.dtype == np.float32
        assert exact.value(result.w.astype(float)) <= best.value + ACCURACY["kink"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"step_size": 0.0}, r"step_size above 0; got 0.0"),
        ({"step_size": "small"}, r"step_size='auto' or a positive number; got 'small'"),
        ({"batch_size": 0}, r"batch_size of at least 1, a whole number; got 0"),
        ({"batch_size": 2.5}, r"batch_size of at least 1, a whole number; got 2.5"),
        ({"schedule": "linear"}, r"does not know schedule='linear'. Choose one of auto, constant"),
        ({"validation_fraction": 1.0}, r"validation_fraction above 0 and below 1; got 1.0"),
        ({"patience": 0}, r"patience of at least 1"),
        ({"tol": -1.0}, r"tol above 0; got -1.0"),
    ],
)
def test_wrong_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        SGD(**options).solve(Tilted(), np.zeros(1))


@pytest.mark.parametrize(
    ("solver", "message"),
    [
        (Momentum(momentum=1.0), r"Momentum needs momentum in \[0, 1\); got 1.0"),
        (RMSProp(decay=-0.1), r"RMSProp needs decay in \[0, 1\); got -0.1"),
        (Adam(beta1=2), r"Adam needs beta1 in \[0, 1\); got 2"),
        (Adam(beta2=1.0), r"Adam needs beta2 in \[0, 1\); got 1.0"),
    ],
)
def test_wrong_arguments_of_a_rule(solver, message):
    with pytest.raises(ValueError, match=message):
        solver.start(Tilted(), np.zeros(1))


def test_columns_of_a_sparse_matrix_are_no_hindrance():
    likelihood, target = TARGETS["bernoulli"]
    runs = []
    for data in (Z, sparse.csr_array(Z), sparse.csc_array(Z)):
        problem = LinearObjective(Design(data), target, likelihood, Normal(scale=3.0))
        runs.append(SGD(batch_size=100, max_iter=3, random_state=0).solve(problem, np.zeros(P + 1)))
    np.testing.assert_allclose(runs[1].w, runs[0].w, rtol=1e-6)
    np.testing.assert_allclose(runs[2].w, runs[0].w, rtol=1e-6)


def test_a_start_at_the_minimum_takes_no_pass():
    problem = objective("bernoulli", Normal(scale=300.0))
    exact = Newton(tol=1e-10).solve(problem, problem.start())
    result = SGD(random_state=0).solve(problem, exact.w)
    assert (result.n_iter, result.converged) == (0, True)
    np.testing.assert_allclose(result.value, exact.value, rtol=1e-12)
