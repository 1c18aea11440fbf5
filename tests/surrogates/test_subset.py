"""Many observations: some stand for all, the same ones each time, and the posterior hardly moves."""

import numpy as np
import pytest

from skbayes.surrogates import GaussianProcess, _subset
from skbayes.surrogates._subset import conditioning_rows, representative

RNG = np.random.default_rng(3)


def search_like(n, d=3, seed=0):
    """Half of the points anywhere, half around the maximum, as a search leaves them."""
    rng = np.random.default_rng(seed)
    U = rng.random((n, d))
    U[1::2] = np.clip(0.4 + 0.05 * rng.standard_normal((n // 2, d)), 0.0, 1.0)
    scores = -np.sum((U - 0.4) ** 2, axis=1) + 0.1 * np.sin(9.0 * U[:, 0])
    return U, scores + 0.01 * rng.standard_normal(n)


@pytest.fixture
def small(monkeypatch):
    """Sixty in place of a thousand, chosen anew after each ten."""
    monkeypatch.setattr(_subset, "_LARGEST", 60)
    monkeypatch.setattr(_subset, "_STRIDE", 10)


def rows_of(U, scores):
    return np.arange(len(U))[conditioning_rows(U, scores, None)[0]]


def test_the_part_with_all_ranks_has_the_best_and_an_even_spread():
    latent = np.random.default_rng(0).permutation(1000).astype(float)
    part = representative(latent, 100)
    assert len(set(part)) == 100
    assert (np.diff(part) > 0).all()  # in order of observation
    ranks = np.sort(latent[part])[::-1]
    np.testing.assert_array_equal(ranks[:50], np.arange(999, 949, -1))
    assert ranks[-1] == 0
    assert np.abs(np.diff(ranks[50:])).max() <= 20


def test_up_to_the_limit_all_are_taken_and_then_a_bounded_number(small):
    U, scores = search_like(300)
    for n in (1, 60, 69):
        np.testing.assert_array_equal(rows_of(U[:n], scores[:n]), np.arange(n))
    for n in (70, 71, 79, 80, 300):
        rows = rows_of(U[:n], scores[:n])
        assert len(rows) == 60 + n % 10
        assert (np.diff(rows) > 0).all()  # distinct, in order of observation


def test_the_best_and_the_newest_are_among_them(small):
    U, scores = search_like(134)
    rows = rows_of(U, scores)
    best = np.argsort(-scores[:130])[:10]
    assert np.isin(best, rows).all()
    assert np.isin(np.arange(130, 134), rows).all()


def test_the_others_cover_the_cube(small):
    # Farthest points first leave no observation farther from them than twice the best cover
    # (Gonzalez 1985): with 30 places on a line from 0 to 1, that is a sixtieth. The other half of
    # the places, all at the upper end, only helps.
    U = RNG.permutation(np.linspace(0.0, 1.0, 200))[:, None]
    rows = rows_of(U, U[:, 0])
    gaps = np.abs(U - U[rows].T).min(axis=1)
    assert gaps.max() <= 2.0 / 60.0


def test_half_are_those_near_the_best_whatever_their_scores(small):
    # Ten of a line are best, their neighbours are the worst: the thirty places go to these.
    U = np.linspace(0.0, 1.0, 201)[:, None]
    scores = np.abs(U[:, 0] - 0.5)
    scores[96:106] = 1.0
    rows = rows_of(U[:200], scores[:200])
    assert np.isin(np.arange(87, 115), rows).all()
    assert len(np.intersect1d(np.arange(81, 121), rows)) < 36


def test_inactive_entries_are_chosen_too(small):
    U, scores = search_like(200)
    U[::40, 2] = np.nan  # five points, all of low scores, apart from all others
    scores[::40] = -5.0
    assert np.isnan(U[rows_of(U, scores)]).any()


def test_rows_grow_at_the_end_until_the_next_choice(small):
    U, scores = search_like(90)
    choice = rows_of(U[:80], scores[:80])
    for n in range(81, 90):
        grown = rows_of(U[:n], scores[:n])
        np.testing.assert_array_equal(grown, [*choice, *range(80, n)])


def test_between_choices_the_factor_is_grown(small, monkeypatch):
    U, scores = search_like(90)
    process = GaussianProcess(optimize=False, signal_variance=1.0, noise_variance=0.01)
    process.fit(U[:80], scores[:80])
    monkeypatch.setattr("skbayes.surrogates._process.factorize", lambda K: pytest.fail("O(n³)"))
    monkeypatch.setattr(_subset, "_near_and_covering", lambda *a: pytest.fail("chosen again"))
    for n in range(81, 90):
        process.fit(U[:n], scores[:n])
    assert len(process.process_) == 69


def test_a_search_and_a_single_fit_end_in_the_same_posterior(small):
    U, scores = search_like(137)
    grown = GaussianProcess(optimize=False, length_scale=0.5)
    for n in range(50, 138):
        grown.fit(U[:n], scores[:n])
    at_once = GaussianProcess(optimize=False, length_scale=0.5).fit(U, scores)
    V = RNG.random((20, 3))
    np.testing.assert_array_equal(grown.rows_, at_once.rows_)
    np.testing.assert_allclose(grown.posterior(V).mean, at_once.posterior(V).mean, atol=1e-8)
    np.testing.assert_allclose(grown.posterior(V).std, at_once.posterior(V).std, atol=1e-8)


def test_a_known_noise_follows_its_observation(small):
    U, scores = search_like(137)
    noise = RNG.uniform(0.0, 0.1, 137)
    options = {"optimize": False, "length_scale": 0.5, "output_transform": None}
    process = GaussianProcess(**options).fit(U, scores, noise_variance=noise)
    rows = process.rows_
    part = GaussianProcess(
        **options,
        signal_variance=process.signal_variance_,
        noise_variance=process.noise_variance_,
    ).fit(U[rows], scores[rows], noise_variance=noise[rows])
    V = RNG.random((20, 3))
    np.testing.assert_allclose(process.posterior(V).mean, part.posterior(V).mean, atol=1e-10)
    np.testing.assert_allclose(process.posterior(V).std, part.posterior(V).std, atol=1e-10)


def near_the_incumbent(seed, monkeypatch):
    """Posteriors given 200 of 400 observations and given all, by the same hyper-parameters."""
    U, scores = search_like(400, seed=seed)
    exact = GaussianProcess(random_state=0).fit(U, scores)
    part = GaussianProcess(
        optimize=False,
        length_scale=exact.length_scale_,
        signal_variance=exact.signal_variance_,
        noise_variance=exact.noise_variance_,
    )
    with monkeypatch.context() as patch:
        patch.setattr(_subset, "_LARGEST", 150)
        part.fit(U, scores)
    assert (len(part.process_), len(exact.process_)) == (200, 400)  # chosen among the first 350
    near = np.clip(0.4 + 0.05 * RNG.standard_normal((200, 3)), 0.0, 1.0)
    return part.posterior(near), exact.posterior(near)


def test_near_the_incumbent_the_posterior_is_close_to_the_exact_one(monkeypatch):
    bias = []
    for seed in range(8):
        part, exact = near_the_incumbent(seed, monkeypatch)
        # Fewer observations know less, never more (to the rounding of the factors).
        assert (part.std >= exact.std - 1e-6).all()
        assert np.median(part.std / exact.std) < np.sqrt(200 / 75) + 0.2  # by the numbers near
        z = (part.mean - exact.mean) / part.std
        # The exact mean is a draw of what was left open, var(part) − var(exact) < var(part).
        assert np.sqrt(np.mean(z**2)) < 1.0
        bias.append(np.mean(z))
    # Those chosen for their place have anyone's noise. Chosen for their scores, they had a bias of
    # 0.5; the standard error of this mean is 0.1.
    assert abs(np.mean(bias)) < 0.25
