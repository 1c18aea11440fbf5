"""The suites for surrogates and acquisitions pass those of the package, and name what breaks the contract."""

from itertools import count

import numpy as np
import pytest

from skbayes.acquisition import (
    ACQUISITIONS,
    ExpectedImprovement,
    JointAcquisition,
    ThompsonSampling,
    UpperConfidenceBound,
)
from skbayes.checks import check_acquisition, check_surrogate
from skbayes.posteriors import GaussianPosterior
from skbayes.surrogates import SURROGATES, GaussianProcess, RandomForest, RankingEnsemble

# For parts that are another at each call: drawn blindly, two would be alike one time in so many.
SEEDS = count()
QUICK = {"forest": {"n_estimators": 20}, "extra_trees": {"n_estimators": 20}}


@pytest.mark.parametrize("name", ACQUISITIONS)
def test_every_acquisition_keeps_the_contract(name):
    check_acquisition(ACQUISITIONS[name]())


@pytest.mark.parametrize("name", SURROGATES)
def test_every_surrogate_keeps_the_contract(name):
    check_surrogate(SURROGATES[name](**QUICK.get(name, {})))


def test_an_ensemble_of_surrogates_keeps_the_contract():
    check_surrogate(RankingEnsemble())


class WrongSlope(UpperConfidenceBound):
    def value_and_partials(self, mean, std, incumbent):
        value, d_mean, d_std = super().value_and_partials(mean, std, incumbent)
        return value, d_mean, 2.0 * d_std


class NaNWhereCertain(ExpectedImprovement):
    def value_and_partials(self, mean, std, incumbent):
        value, d_mean, d_std = super().value_and_partials(mean, std, incumbent)
        return np.where(np.equal(std, 0.0), np.nan, value), d_mean, d_std


class Overwrites(UpperConfidenceBound):
    def value_and_partials(self, mean, std, incumbent):
        parts = super().value_and_partials(mean, std, incumbent)
        if np.ndim(std):
            std *= 1.0000001
        return parts


class LightIsWorthMore(ExpectedImprovement):
    def weigh(self, value, incumbent, log_weight):
        return super().weigh(value, incumbent, -np.asarray(log_weight))


class OwnDice(JointAcquisition):
    def value(self, posterior, context):
        return posterior.mean + np.random.default_rng(next(SEEDS)).random(posterior.mean.size)


class OneNumber(ThompsonSampling):
    def value(self, posterior, context):
        return super().value(posterior, context).max()


class Computes(UpperConfidenceBound):
    def __init__(self, kappa=1.96):
        super().__init__(float(np.float64(kappa)))


@pytest.mark.parametrize(
    ("acquisition", "message"),
    [
        (WrongSlope(), "d_std is .* where a difference of value gives"),
        (NaNWhereCertain(), "is NaN where std is 0"),
        (Overwrites(), "writes to the mean or std"),
        (LightIsWorthMore(), "is worth less under a larger weight"),
        (OwnDice(), "draw from context.rng alone"),
        (OneNumber(), "gives values of shape"),
        (Computes(), r"changes \['kappa'\] in __init__"),
        ("ei", "is neither a MarginalAcquisition nor a JointAcquisition"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else None,
)
def test_an_acquisition_that_breaks_the_contract_is_named(acquisition, message):
    with pytest.raises(AssertionError, match=message):
        check_acquisition(acquisition)


class Trees(RandomForest):
    """Twenty trees, to be quick."""

    def __init__(self, n_estimators=20, categories=None, random_state=None):
        super().__init__(n_estimators, categories=categories, random_state=random_state)


class TooSure(Trees):
    def posterior(self, U):
        posterior = super().posterior(U)
        return GaussianPosterior(posterior.mean, 0.0 * posterior.std)


class LatentAsScore(Trees):
    def score_posterior(self, U):
        return GaussianPosterior(self.posterior(U).mean - 5.0, self.posterior(U).std)


class NeverLearns(Trees):
    def condition(self, U, scores_latent):
        return self


class LearnsInPlace(Trees):
    def condition(self, U, scores_latent):
        self.__dict__.update(super().condition(U, scores_latent).__dict__)
        return self


class WrongCovariance(Trees):
    def posterior(self, U):
        posterior = super().posterior(U)
        return GaussianPosterior(posterior.mean, posterior.std, 2.0 * posterior.covariance)


class OnlyTheMean(Trees):
    def posterior(self, U):
        return super().posterior(U).mean


class OtherEachTime(Trees):
    def fit(self, U, scores, *, noise_variance=None):
        self.random_state = next(SEEDS)
        return super().fit(U, scores, noise_variance=noise_variance)


class ReturnsNothing(Trees):
    def fit(self, U, scores, *, noise_variance=None):
        super().fit(U, scores, noise_variance=noise_variance)


class NeedsMore(Trees):
    def score_posterior(self, U):
        posterior = super().score_posterior(U)
        few = len(self.latent_) < 3
        return GaussianPosterior(posterior.mean / (0.0 if few else 1.0), posterior.std)


class WrongGradient(GaussianProcess):
    def value_and_gradient(self, U):
        mean, std, d_mean, d_std = super().value_and_gradient(U)
        return mean, std, -d_mean, d_std


@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
@pytest.mark.parametrize(
    ("surrogate", "message"),
    [
        (TooSure(), "is certain of a point that it has not seen"),
        (LatentAsScore(), "Is score_posterior in the unit of the score"),
        (NeverLearns(), "has not learnt from the fantasies"),
        (LearnsInPlace(), "is changed by condition"),
        (WrongCovariance(), "diagonal of covariance is"),
        (OnlyTheMean(), "gives no GaussianPosterior"),
        (OtherEachTime(), "differs under the same random_state"),
        (ReturnsNothing(), "does not return itself from fit"),
        (NeedsMore(), r"no finite posterior after 1 observation"),
        (WrongGradient(), "d_mean is .* where a difference of posterior gives"),
        ("gp", "is no skbayes.surrogates.Surrogate"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else None,
)
def test_a_surrogate_that_breaks_the_contract_is_named(surrogate, message):
    with pytest.raises(AssertionError, match=message):
        check_surrogate(surrogate)
