"""A process brought up to date equals one made anew, whatever has changed."""

from dataclasses import replace

import numpy as np
import pytest

from skbayes.surrogates import GaussianProcess
from skbayes.surrogates._cholesky import factorize
from skbayes.surrogates._columns import Columns
from skbayes.surrogates._covariance import Covariance
from skbayes.surrogates._hyperparameters import Hyperparameters
from skbayes.surrogates._kernels import RBF, Matern52
from skbayes.surrogates._process import Process

RNG = np.random.default_rng(4)
COLUMNS = Columns((0, 0))
HYPER = Hyperparameters(np.array([0.4, 0.8]), 1.3, 0.01)
COVARIANCE = Covariance(Matern52(), COLUMNS, HYPER)
POINTS = COLUMNS.encode(RNG.random((14, 2)))
NOISE = RNG.uniform(0.01, 0.1, 14)
TARGETS = RNG.standard_normal(14)
ASKED = COLUMNS.encode(RNG.random((6, 2)))
OLD = Process.of(COVARIANCE, POINTS[:10], NOISE[:10], TARGETS[:10])

CHANGES = {
    "more rows": (COVARIANCE, POINTS, NOISE, TARGETS),
    "other targets": (COVARIANCE, POINTS[:10], NOISE[:10], TARGETS[4:]),
    "both": (COVARIANCE, POINTS, NOISE, TARGETS[::-1]),
    "fewer rows": (COVARIANCE, POINTS[:7], NOISE[:7], TARGETS[:7]),
    "other points": (COVARIANCE, POINTS[2:], NOISE[2:], TARGETS[2:]),
    "other noise": (COVARIANCE, POINTS, NOISE[::-1], TARGETS),
    "other kernel": (replace(COVARIANCE, kernel=RBF()), POINTS, NOISE, TARGETS),
    "other signal": (
        replace(COVARIANCE, hyperparameters=replace(HYPER, signal_variance=2.0)),
        POINTS,
        NOISE,
        TARGETS,
    ),
    "other length scales": (
        replace(COVARIANCE, hyperparameters=replace(HYPER, length_scale=np.array([0.4, 0.9]))),
        POINTS,
        NOISE,
        TARGETS,
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_updated_process_equals_a_new_one(change):
    updated, new = OLD.updated(*CHANGES[change]), Process.of(*CHANGES[change])
    np.testing.assert_allclose(np.triu(updated.R), np.triu(new.R), atol=1e-8)
    for ours, theirs in zip(updated.mean_and_std(ASKED), new.mean_and_std(ASKED), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-8)


def test_rows_are_grown_and_not_factorised_anew(monkeypatch):
    monkeypatch.setattr("skbayes.surrogates._process.factorize", lambda K: pytest.fail("O(n³)"))
    OLD.updated(*CHANGES["more rows"])
    OLD.updated(*CHANGES["other targets"])
    with pytest.raises(pytest.fail.Exception, match="O"):
        OLD.updated(*CHANGES["other noise"])


def test_the_jitter_of_the_factor_is_on_the_grown_rows_too():
    points, noise = POINTS[[0, 0, 0, 1, 2, 3]], np.zeros(6)  # three copies: singular
    old = Process.of(COVARIANCE, points[:5], noise[:5], TARGETS[:5])
    assert old.jitter > 0.0
    # A large jitter makes the difference visible.
    shifted = COVARIANCE.among(points[:5]) + 0.5 * np.eye(5)
    old = replace(old, R=factorize(shifted.T)[0], jitter=0.5)
    grown = old.extended(points[5:], noise[5:], TARGETS[:6])
    expected, _ = factorize((COVARIANCE.among(points) + 0.5 * np.eye(6)).T)
    np.testing.assert_allclose(np.triu(grown.R), np.triu(expected), atol=1e-10)


def test_a_new_number_of_categories_is_a_new_process():
    # Codes of 3 and of 4 categories agree where it was observed, and not where it is asked.
    U = np.array([[0.1, 0.1], [0.9, 0.2], [0.5, 0.1]])
    process = GaussianProcess(optimize=False, output_transform=None, categories=(0, 3))
    process.fit(U, [1.0, 2.0, 3.0]).set_params(categories=(0, 4)).fit(U, [1.0, 2.0, 3.0])
    same, other = process.posterior([[0.5, 0.1], [0.5, 0.3]]).mean
    assert same > other + 0.5
