"""What is the Gaussian process's alone: its parameters, categories, inactive columns, threads."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import ThreadpoolController

from skbayes.surrogates import GaussianProcess, Matern32
from skbayes.surrogates._threads import blas_threads_for

RNG = np.random.default_rng(8)
U = RNG.random((25, 2))
SCORES = np.sin(5 * U[:, 0]) + 0.3 * U[:, 1]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"length_scale": 0.0}, r"length_scale > 0, .* 2 columns; got 0\.0"),
        ({"length_scale": [1.0, 1.0, 1.0]}, "one number or one for each of the 2 columns"),
        ({"signal_variance": -1.0}, r"signal_variance > 0; got -1\.0"),
        ({"signal_variance": float("nan")}, "signal_variance > 0; got nan"),
        ({"noise_variance": -0.1}, r"noise_variance >= 0; got -0\.1"),
        ({"kernel": "matern12"}, "kernel='matern12' is not known. Choose one of 'matern32'"),
    ],
)
@pytest.mark.parametrize("optimize", [True, False])
def test_impossible_parameters_are_refused_at_fit(parameters, message, optimize):
    process = GaussianProcess(optimize=optimize, **parameters)
    with pytest.raises(ValueError, match=message):
        process.fit(U, SCORES)


def test_a_kernel_object_is_as_good_as_its_name():
    by_name = GaussianProcess("matern32", random_state=0).fit(U, SCORES)
    by_object = GaussianProcess(Matern32(), random_state=0).fit(U, SCORES)
    np.testing.assert_array_equal(by_name.length_scale_, by_object.length_scale_)


@settings(max_examples=10, deadline=None)
@given(st.permutations(range(5)))
def test_categories_have_no_order(relabelling):
    codes = np.resize(np.arange(5), 25)
    effects = np.array([0.0, 2.0, -1.0, 0.5, 1.0])[codes]
    posteriors = []
    for labels in (codes, np.array(relabelling)[codes]):
        X = np.column_stack([U[:, 0], (labels + 0.5) / 5])
        process = GaussianProcess(categories=(0, 5), random_state=0).fit(X, effects + U[:, 0])
        posteriors.append(process.posterior(X))
    np.testing.assert_allclose(posteriors[0].mean, posteriors[1].mean, atol=1e-6)
    np.testing.assert_allclose(posteriors[0].std, posteriors[1].std, atol=1e-6)


def test_what_a_category_does_is_learnt():
    X = np.column_stack([U[:, 0], (np.resize(np.arange(3), 25) + 0.5) / 3])
    effect = np.array([0.0, 3.0, 0.0])[np.resize(np.arange(3), 25)]
    process = GaussianProcess(categories=(0, 3), random_state=0).fit(X, effect + 0.1 * U[:, 0])
    middle = process.score_posterior([[0.5, 1 / 6], [0.5, 1 / 2], [0.5, 5 / 6]]).mean
    np.testing.assert_allclose(middle, [0.05, 3.05, 0.05], atol=0.15)


def test_a_branch_informs_the_other_only_by_what_they_share():
    # Column 1 is active in branch 0 only; branch 1's scores depend on column 0 alone.
    branch = np.resize([0, 1], 40)
    rng = np.random.default_rng(2)
    shared, own = rng.random(40), rng.random(40)
    X = np.column_stack([shared, np.where(branch == 0, own, np.nan), (branch + 0.5) / 2])
    scores = shared + np.where(branch == 0, np.sin(6 * own), -1.0)
    process = GaussianProcess(categories=(0, 0, 2), random_state=0).fit(X, scores)
    asked = np.array([[0.5, 0.25, 0.25], [0.5, 0.75, 0.25], [0.5, np.nan, 0.75]])
    expected = 0.5 + np.array([np.sin(1.5), np.sin(4.5), -1.0])
    np.testing.assert_allclose(process.score_posterior(asked).mean, expected, atol=0.2)


def test_a_column_never_active_before_makes_the_posterior_less_sure():
    X = np.column_stack([U[:, 0], np.full(25, np.nan)])
    process = GaussianProcess(random_state=0).fit(X, SCORES)
    inactive, active = process.posterior([[0.5, np.nan], [0.5, 0.5]]).std
    assert active > 1.5 * inactive


def test_a_known_noise_variance_is_trusted_in_the_unit_of_the_scores():
    # One of two looks at the same point is known to be poor: the posterior sides with the other.
    X = np.vstack([U, [[0.5, 0.5], [0.5, 0.5]]])
    scores = np.concatenate([SCORES, [3.0, 1.0]]) * 100.0
    noise = np.concatenate([np.full(25, 1.0), [1.0, 1e6]])
    known = GaussianProcess(output_transform="standardize", random_state=0)
    mean = known.fit(X, scores, noise_variance=noise).score_posterior([[0.5, 0.5]]).mean[0]
    swapped = noise[np.r_[:25, 26, 25]]
    other = known.fit(X, scores, noise_variance=swapped).score_posterior([[0.5, 0.5]]).mean[0]
    assert mean - other > 50.0


def test_one_noise_variance_is_for_all_scores():
    one = GaussianProcess(random_state=0).fit(U, SCORES, noise_variance=0.01)
    each = GaussianProcess(random_state=0).fit(U, SCORES, noise_variance=np.full(25, 0.01))
    np.testing.assert_array_equal(one.posterior(U).mean, each.posterior(U).mean)


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_raw_scores_of_any_size_can_be_interpolated(scale):
    process = GaussianProcess(
        output_transform=None, optimize=False, noise_variance=0.0, length_scale=0.5
    )
    np.testing.assert_allclose(process.fit(U, scale * SCORES).posterior(U).mean, scale * SCORES)


def test_small_matrices_get_one_blas_thread_and_give_the_others_back():
    controller = ThreadpoolController().select(user_api="blas")

    def counts():
        return {library["num_threads"] for library in controller.info()}

    with controller.limit(limits=2):
        with blas_threads_for(10):
            assert counts() == {1}
        GaussianProcess().fit(U, SCORES).posterior(U)
        assert counts() == {2}
        with blas_threads_for(5000):
            assert counts() == {2}
