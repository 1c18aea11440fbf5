"""The selection of candidates: steps worked out by hand, problems whose optimum is known, properties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import nnls

from skbayes.ensemble._selection import averaged, bagged, greedy, top_k

TARGET = np.array([0.0, 0.0])


def score(predictions):
    """Minus the squared distance to the target."""
    return -float(((predictions - TARGET) ** 2).sum())


def alone(predictions):
    return np.array([score(p) for p in predictions])


# squared distances: 1, 4.25, 4
THREE = [np.array([1.0, 0.0]), np.array([-2.0, 0.5]), np.array([0.0, -2.0])]


def test_the_steps_of_the_paper_worked_out_by_hand():
    # Step 1: a, at 1. Step 2: (a+b)/2 = (-0.5, 0.25): 0.3125; (a+c)/2 = (0.5, -1): 1.25; a again: 1.
    # Step 3, of sums from (-1, 0.5): a (0, 0.5)/3: 1/36; b (-3, 1)/3: 10/9; c (-1, -1.5)/3: 0.36.
    # Step 4, of sums from (0, 0.5): a (1, 0.5)/4: 1.25/16; b (-2, 1)/4: 5/16; c (0, -1.5)/4: 2.25/16.
    chosen = greedy(THREE, score, alone(THREE), size=4)
    np.testing.assert_allclose(chosen.path, [-1.0, -0.3125, -1 / 36, -1.25 / 16], rtol=1e-12)
    # the best of the four ensembles is that of three steps: a twice, b once
    np.testing.assert_allclose(chosen.weights, [2 / 3, 1 / 3, 0.0])


def test_sorted_initialisation_takes_the_best_alone_first():
    # a and c come first: (0.5, -1): 1.25. Of sums from (1, -2): a (2, -2)/3: 8/9; b (-1, -1.5)/3: 3.25/9; c: 17/9.
    chosen = greedy(THREE, score, alone(THREE), size=3, n_initial=2)
    np.testing.assert_allclose(chosen.path, [-1.0, -1.25, -3.25 / 9], rtol=1e-12)
    np.testing.assert_allclose(chosen.weights, [1 / 3, 1 / 3, 1 / 3])


def test_the_best_ensemble_has_the_initial_candidates_even_if_one_alone_is_better():
    # b and c pull away from the first, which hits the target
    predictions = [TARGET, np.array([1.0, 1.0]), np.array([2.0, 2.0])]
    assert greedy(predictions, score, alone(predictions), 3, 1).weights.tolist() == [1, 0, 0]
    chosen = greedy(predictions, score, alone(predictions), 2, n_initial=2)
    assert chosen.weights.tolist() == [0.5, 0.5, 0.0]


def test_top_k_is_the_plain_mean_of_the_best():
    chosen = top_k(THREE, score, alone(THREE), 2)
    np.testing.assert_allclose(chosen.weights, [0.5, 0.0, 0.5])
    np.testing.assert_allclose(chosen.path, [-1.0, -1.25])
    np.testing.assert_allclose(top_k(THREE, score, alone(THREE), 9).weights, [1 / 3] * 3)


def test_one_step_is_the_best_candidate():
    for chosen in (greedy(THREE, score, alone(THREE), 1), top_k(THREE, score, alone(THREE), 1)):
        assert chosen.weights.tolist() == [1.0, 0.0, 0.0]
        assert chosen.path.tolist() == [-1.0]


def test_ties_go_to_the_better_alone_then_to_the_first():
    def how_many_positive(p):
        return float((p > 0).sum())

    predictions = [np.array([1.0, -9.0]), np.array([-9.0, 1.0]), np.array([1.0, -9.0])]
    own = np.array([how_many_positive(p) for p in predictions])
    assert top_k(predictions, how_many_positive, own, 1).weights.tolist() == [1, 0, 0]
    assert greedy(predictions, how_many_positive, own, 1).weights.tolist() == [1, 0, 0]
    # told that the third is better alone
    ranked = own + [0, 0, 0.5]
    assert greedy(predictions, how_many_positive, ranked, 1).weights.tolist() == [0, 0, 1]


def test_many_steps_come_to_the_best_convex_combination():
    # Frank-Wolfe: the gap to the optimum falls as 1/steps. The optimum is that of non-negative least
    # squares on weights of sum 1, here by a heavy extra row.
    rng = np.random.default_rng(0)
    target = rng.normal(size=30)
    predictions = [target + rng.normal(size=30) for _ in range(6)]
    heavy = 1e4
    A = np.vstack([np.column_stack(predictions), np.full(6, heavy)])
    best, _ = nnls(A, np.append(target, heavy))

    def of(p):
        return -float(((p - target) ** 2).sum())

    chosen = greedy(predictions, of, np.array([of(p) for p in predictions]), 400)
    np.testing.assert_allclose(
        chosen.weights, best / best.sum(), atol=0.01
    )  # 400 steps: 1/400 and more
    assert of(averaged(predictions, chosen.weights)) == pytest.approx(
        of(averaged(predictions, best / best.sum())), rel=1e-3
    )


def test_bags_are_means_of_greedy_ensembles_of_parts():
    rng = np.random.default_rng(3)
    chosen = bagged(THREE, score, alone(THREE), 4, 1, 5, 0.67, rng)
    rng = np.random.default_rng(3)
    parts = [rng.choice(3, 2, replace=False) for _ in range(5)]
    weights = [greedy(THREE, score, alone(THREE), 4, 1, part).weights for part in parts]
    np.testing.assert_allclose(chosen.weights, np.mean(weights, axis=0))
    assert all(set(np.flatnonzero(w)) <= set(part) for w, part in zip(weights, parts, strict=True))
    expected = [score(averaged(THREE, np.mean(weights[: b + 1], axis=0))) for b in range(5)]
    np.testing.assert_allclose(chosen.path, expected)


def test_a_bag_of_everything_is_the_greedy_ensemble():
    whole = bagged(THREE, score, alone(THREE), 4, 1, 3, 1.0, np.random.default_rng(0))
    np.testing.assert_allclose(whole.weights, greedy(THREE, score, alone(THREE), 4).weights)


SETTINGS = st.tuples(
    st.integers(0, 10_000), st.integers(1, 8), st.integers(1, 12), st.integers(1, 6)
)


@given(SETTINGS)
def test_weights_are_shares_and_the_score_is_the_best_of_the_path(settings):
    seed, n_candidates, size, n_initial = settings
    predictions = list(np.random.default_rng(seed).normal(size=(n_candidates, 2)))
    own = alone(predictions)
    chosen = greedy(predictions, score, own, size, n_initial)
    assert len(chosen.path) == size
    assert np.all(chosen.weights >= 0)
    assert chosen.weights.sum() == pytest.approx(1.0, abs=1e-12)  # rounding
    allowed = chosen.path[min(n_initial, n_candidates, size) - 1 :]
    reached = score(averaged(predictions, chosen.weights))
    assert reached == pytest.approx(allowed.max(), abs=1e-10)  # sums in another order
    if n_initial == 1:  # the first step is among those it chooses from
        assert reached >= own.max() - 1e-10


@given(SETTINGS)
def test_the_order_of_the_candidates_does_not_matter(settings):
    # for scores without ties, as those of random numbers are
    seed, n_candidates, size, n_initial = settings
    rng = np.random.default_rng(seed)
    predictions = list(rng.normal(size=(n_candidates, 2)))
    order = rng.permutation(n_candidates)
    mixed = [predictions[k] for k in order]
    straight = greedy(predictions, score, alone(predictions), size, n_initial).weights
    np.testing.assert_allclose(
        greedy(mixed, score, alone(mixed), size, n_initial).weights, straight[order]
    )
