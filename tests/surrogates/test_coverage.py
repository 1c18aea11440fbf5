"""Are intervals honest? Functions drawn from the prior itself must be covered as often as said."""

import numpy as np
import pytest
from scipy import stats

from skbayes.surrogates import GaussianProcess

N_FUNCTIONS, N_OBSERVED, N_ASKED = 200, 15, 5
LENGTH_SCALE, NOISE = 0.3, 0.04


def drawn_functions():
    """Points, noisy scores and true values of functions from a Matérn-5/2 process, written out."""
    rng = np.random.default_rng(0)
    for _ in range(N_FUNCTIONS):
        U = rng.random((N_OBSERVED + N_ASKED, 2))
        r = np.sqrt((((U[:, None] - U) / LENGTH_SCALE) ** 2).sum(axis=2))
        K = (1 + np.sqrt(5) * r + 5 * r**2 / 3) * np.exp(-np.sqrt(5) * r)
        f = np.linalg.cholesky(K + 1e-10 * np.eye(len(U))) @ rng.standard_normal(len(U))
        scores = f[:N_OBSERVED] + np.sqrt(NOISE) * rng.standard_normal(N_OBSERVED)
        yield U[:N_OBSERVED], scores, U[N_OBSERVED:], f[N_OBSERVED:]


def deviations(surrogate, unit):
    result = []
    for U, scores, V, truth in drawn_functions():
        surrogate.fit(U, scores)
        posterior = getattr(surrogate, unit)(V)
        result.append((truth - posterior.mean) / posterior.std)
    return np.abs(np.concatenate(result))


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_intervals_of_the_true_process_have_their_level(level):
    process = GaussianProcess(
        length_scale=LENGTH_SCALE,
        signal_variance=1.0,
        noise_variance=NOISE,
        optimize=False,
        output_transform=None,
    )
    covered = np.mean(deviations(process, "posterior") < stats.norm.ppf(0.5 + level / 2))
    # Four binomial standard errors, with five correlated answers per function counted as two.
    assert covered == pytest.approx(level, abs=4 * np.sqrt(level * (1 - level) / (2 * N_FUNCTIONS)))


def test_intervals_with_learnt_hyperparameters_and_transform_are_near_their_level():
    covered = np.mean(deviations(GaussianProcess(random_state=0), "score_posterior") < 1.645)
    # 15 points do not determine four hyper-parameters; far below would mislead the acquisition.
    assert 0.8 < covered < 0.97
