"""What holds for every registered surrogate."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from skbayes.posteriors import GaussianPosterior
from skbayes.surrogates import SURROGATES, Surrogate

RNG = np.random.default_rng(11)
CATEGORIES = (0, 0, 4)
QUICK = {"gp": {}, "forest": {"n_estimators": 20}, "extra_trees": {"n_estimators": 20}}


def points(n, rng=RNG):
    U = rng.random((n, 3))
    U[:, 2] = (rng.integers(0, 4, n) + 0.5) / 4
    U[U[:, 2] < 0.4, 1] = np.nan
    return U


U, V = points(30), points(12)
SCORES = np.sin(4 * U[:, 0]) + U[:, 2] + np.nan_to_num(U[:, 1])


@pytest.fixture(params=SURROGATES)
def surrogate(request):
    return SURROGATES[request.param](categories=CATEGORIES, random_state=0, **QUICK[request.param])


def test_it_is_a_parameter_object(surrogate):
    assert isinstance(surrogate, Surrogate)
    assert clone(surrogate).get_params() == surrogate.get_params()
    assert surrogate.set_params(categories=None).categories is None


def test_the_posterior_follows_the_scores(surrogate):
    posterior = surrogate.fit(U, SCORES).score_posterior(U)
    assert isinstance(posterior, GaussianPosterior)
    # The unit is the score's: most of its variance is explained where it was observed.
    assert np.mean((posterior.mean - SCORES) ** 2) < 0.3 * SCORES.var()
    assert np.corrcoef(surrogate.posterior(U).mean, SCORES)[0, 1] > 0.85


def test_shapes_and_signs(surrogate):
    posterior = surrogate.fit(U, SCORES).posterior(V)
    assert posterior.mean.shape == posterior.std.shape == (12,)
    assert (posterior.std >= 0.0).all()
    assert posterior.covariance.shape == (12, 12)
    assert posterior.sample(3, random_state=0).shape == (3, 12)


def test_has_gradient_tells_the_truth(surrogate):
    surrogate.fit(U, SCORES)
    assert hasattr(surrogate, "posterior_gradient") == surrogate.has_gradient
    assert hasattr(surrogate, "value_and_gradient") == surrogate.has_gradient


def test_the_same_seed_gives_the_same_posterior(surrogate):
    first = clone(surrogate).fit(U, SCORES).posterior(V)
    second = clone(surrogate).fit(U, SCORES).posterior(V)
    np.testing.assert_array_equal(first.mean, second.mean)
    np.testing.assert_array_equal(first.std, second.std)


def test_conditioning_adds_observations_to_a_copy(surrogate):
    surrogate.fit(U, SCORES)
    before = surrogate.posterior(V)
    high = np.full(3, before.mean.max() + 2.0)
    conditioned = surrogate.condition(np.repeat(V[:1], 3, axis=0), high)
    assert conditioned.posterior(V[:1]).mean[0] > before.mean[0] + 0.3
    np.testing.assert_array_equal(surrogate.posterior(V).mean, before.mean)


def test_it_survives_pickling(surrogate):
    surrogate.fit(U, SCORES)
    again = pickle.loads(pickle.dumps(surrogate))
    np.testing.assert_array_equal(again.posterior(V).mean, surrogate.posterior(V).mean)


def test_the_inputs_are_not_changed(surrogate):
    u, scores, noise = U.copy(), SCORES.copy(), np.full(30, 0.1)
    for array in (u, scores, noise):
        array.flags.writeable = False
    surrogate.fit(u, scores, noise_variance=noise).posterior(u)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_handful_of_observations_is_enough(surrogate, n):
    posterior = surrogate.fit(U[:n], SCORES[:n]).score_posterior(V)
    assert np.isfinite(posterior.mean).all()
    assert np.isfinite(posterior.std).all()


@pytest.mark.parametrize("level", [0.0, 0.7, -1e300, 1e-300])
def test_equal_scores_are_expected_everywhere(surrogate, level):
    posterior = surrogate.fit(U, np.full(30, level)).score_posterior(V)
    np.testing.assert_allclose(posterior.mean, level, rtol=1e-9, atol=0.0 if level else 1e-15)


@pytest.mark.parametrize("exponent", [-990, -30, 30, 990])  # 1e-298 to 1e298
@pytest.mark.parametrize("n", [12, 30])
def test_the_unit_of_the_scores_does_not_matter(surrogate, exponent, n):
    # Powers of two, so that not even rounding differs, which could part a tie in a tree.
    one = clone(surrogate).fit(U[:n], SCORES[:n]).score_posterior(V)
    other = surrogate.fit(U[:n], np.ldexp(SCORES[:n], exponent)).score_posterior(V)
    np.testing.assert_array_equal(np.ldexp(other.mean, -exponent), one.mean)
    np.testing.assert_array_equal(np.ldexp(other.std, -exponent), one.std)


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_scores_at_the_ends_of_the_floats_work(surrogate, scale):
    posterior = surrogate.fit(U, scale * SCORES).score_posterior(U)
    assert np.corrcoef(posterior.mean / scale, SCORES)[0, 1] > 0.85
    assert np.isfinite(posterior.std).all()


@pytest.mark.parametrize("n_diverged", [1, 5, 12, 18])
def test_diverged_scores_do_not_flatten_the_rest(surrogate, n_diverged):
    worst = np.argsort(SCORES)[:n_diverged]
    kept = np.setdiff1d(np.arange(30), worst)
    scores = SCORES.copy()
    scores[worst] = -1e6

    def agreement(fitted):
        return np.corrcoef(fitted.posterior(U[kept]).mean, SCORES[kept])[0, 1]

    without = agreement(clone(surrogate).fit(U[kept], SCORES[kept]))
    assert agreement(surrogate.fit(U, scores)) > without - 0.3
    # Standardised scores show what flattening looks like.
    flattened = clone(surrogate).set_params(output_transform="standardize").fit(U, scores)
    assert agreement(surrogate) > agreement(flattened)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
@pytest.mark.parametrize("name", SURROGATES)
def test_std_is_never_negative_and_rows_may_be_permuted(name, seed):
    # Points are independent questions: their order cannot matter.
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 25))
    u = points(n, rng)
    surrogate = SURROGATES[name](categories=CATEGORIES, random_state=0, **QUICK[name])
    surrogate.fit(u, rng.standard_normal(n) * 10.0 ** rng.integers(-5, 5))
    v = points(9, rng)
    order = rng.permutation(9)
    straight, shuffled = surrogate.posterior(v), surrogate.posterior(v[order])
    assert (straight.std >= 0.0).all()
    np.testing.assert_allclose(shuffled.mean, straight.mean[order], atol=1e-10)
    np.testing.assert_allclose(shuffled.std, straight.std[order], atol=1e-7)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((U, SCORES[:-1]), r"one score per point .* got 30 points and scores of shape \(29,\)"),
        ((U[:0], SCORES[:0]), "at least one point; got 0 points"),
        ((U[0], SCORES[:1]), r"points of shape \(n, n_columns\); got shape \(3,\)"),
        ((U, np.where(SCORES > 1, np.nan, SCORES)), "finite scores; got nan. Leave failed"),
        ((U, np.where(SCORES > 1, -np.inf, SCORES)), "finite scores; got -inf"),
        ((U[:, :2], SCORES), "one entry of categories per column; got 3 entries and 2 columns"),
        ((np.where(U > 0.9, np.inf, U), SCORES), "infinite coordinate"),
    ],
)
def test_impossible_observations_are_refused(surrogate, arguments, message):
    with pytest.raises(ValueError, match=message):
        surrogate.fit(*arguments)


@pytest.mark.parametrize("noise", [-1.0, np.inf, np.ones(29)])
def test_impossible_noise_is_refused(surrogate, noise):
    with pytest.raises(ValueError, match="noise_variance >= 0 and finite"):
        surrogate.fit(U, SCORES, noise_variance=noise)


def test_unknown_output_transforms_are_refused(surrogate):
    with pytest.raises(ValueError, match=r"'sqrt' is not known\. Choose one of .*'log_losers'"):
        surrogate.set_params(output_transform="sqrt").fit(U, SCORES)


def test_points_with_other_columns_are_refused(surrogate):
    with pytest.raises(ValueError, match="fitted on 3 columns; got points with 2"):
        surrogate.fit(U, SCORES).posterior(V[:, :2])
