"""What a density estimator owes to scikit-learn, and what it does with several columns."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skbayes.density import DistributionEstimator
from skbayes.priors import Gamma

RNG = np.random.default_rng(0)
X = np.column_stack([RNG.normal(3.0, 2.0, 60), RNG.gumbel(1.0, 0.5, 60)])


@parametrize_with_checks(
    [
        DistributionEstimator(),
        DistributionEstimator("laplace"),
        # Found by the solver; a formula could not be wrong in the order of the rows.
        DistributionEstimator("logistic"),
        DistributionEstimator("norm", {"scale": Gamma(2.0, 1.0)}),
    ]
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def test_columns_are_fitted_independently():
    model = DistributionEstimator("gumbel_r").fit(X)
    parts = [DistributionEstimator("gumbel_r").fit(X[:, [j]]) for j in range(2)]
    assert model.params_ == [part.params_ for part in parts]
    assert [p.names for p in model.posterior_] == [("loc", "scale")] * 2
    assert model.params_std_ == [part.params_std_ for part in parts]
    for name in ("log_likelihood_", "aic_"):
        assert getattr(model, name) == pytest.approx(sum(getattr(part, name) for part in parts))
    assert model.bic_ == pytest.approx(4 * np.log(60) - 2 * model.log_likelihood_)
    together = sum(part.score_samples(X[:, [j]]) for j, part in enumerate(parts))
    np.testing.assert_allclose(model.score_samples(X), together, rtol=1e-12)
    assert model.sample(5, 0).shape == (5, 2)


def test_score_is_the_mean_of_score_samples_and_takes_weights():
    model = DistributionEstimator().fit(X)
    each = model.score_samples(X)
    np.testing.assert_allclose(
        each, stats.norm.logpdf(X, X.mean(axis=0), X.std(axis=0)).sum(axis=1), rtol=1e-12
    )
    weight = RNG.uniform(size=60)
    assert model.score(X) == pytest.approx(each.mean())
    assert model.score(X, sample_weight=weight) == pytest.approx(np.average(each, weights=weight))
    assert model.score(X) * 60 == pytest.approx(model.log_likelihood_)


def test_samples_are_of_the_distribution_and_of_the_seed():
    model = DistributionEstimator("gamma", fixed={"loc": 0}).fit(np.abs(X[:, [0]]))
    draws = model.sample(4000, 0)
    assert stats.kstest(draws[:, 0], model.distribution_.cdf).pvalue > 0.01
    np.testing.assert_array_equal(draws, model.sample(4000, 0))
    assert DistributionEstimator("poisson").fit([[1], [3]]).sample(3, 0).dtype.kind == "i"


def test_frames_pickles_and_clones():
    frame = pd.DataFrame(X, columns=["height", "level"])
    model = DistributionEstimator("logistic").fit(frame)
    assert model.feature_names_in_.tolist() == ["height", "level"]
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.score_samples(frame), model.score_samples(frame))
    copy = clone(DistributionEstimator(stats.gamma, {"a": Gamma()}, fixed={"loc": 0}))
    assert copy.distribution.name == "gamma"
    assert copy.fit(np.abs(X)).params_[0]["loc"] == 0.0


def test_a_warning_names_the_column():
    heavy = stats.t.ppf((np.arange(60) + 0.5) / 60, 3.0)
    frame = pd.DataFrame({"heavy": heavy, "even": np.linspace(-1, 1, 60)})
    with pytest.warns(Warning, match=r"^Column even: The likelihood of t"):
        DistributionEstimator("t").fit(frame)


def test_the_family_is_chosen_by_cross_validation():
    x = stats.laplace.rvs(size=400, random_state=0)[:, None]
    search = GridSearchCV(DistributionEstimator(), {"distribution": ["norm", "laplace", "cauchy"]})
    assert search.fit(x).best_params_ == {"distribution": "laplace"}
    pipeline = make_pipeline(StandardScaler(), DistributionEstimator("laplace"))
    assert cross_val_score(pipeline, x).shape == (5,)


def test_limits_and_weights_are_routed_and_cut_with_the_rows():
    x = stats.expon.rvs(scale=2.0, size=80, random_state=0)[:, None]
    lower = np.where(x > 2.0, 2.0, np.nan)
    with config_context(enable_metadata_routing=True):
        model = DistributionEstimator("expon", fixed={"loc": 0})
        model.set_fit_request(lower=True, sample_weight=True)
        model.set_score_request(lower=True, sample_weight=True)
        weight = np.arange(80) % 3 + 1.0
        scores = cross_val_score(model, x, params={"lower": lower, "sample_weight": weight}, cv=4)
    for k, score in enumerate(scores):
        test = np.arange(20 * k, 20 * (k + 1))
        train = np.setdiff1d(np.arange(80), test)
        fold = DistributionEstimator("expon", fixed={"loc": 0})
        fold.fit(x[train], lower=lower[train], sample_weight=weight[train])
        expected = fold.score(x[test], lower=lower[test], sample_weight=weight[test])
        assert score == pytest.approx(expected, rel=1e-12)


def test_the_data_may_change_after_fit():
    x = X.copy()
    model = DistributionEstimator().fit(x)
    before = [part.std.copy() for part in DistributionEstimator().fit(X).posterior_]
    x *= 10.0
    np.testing.assert_allclose([part.std for part in model.posterior_], before, rtol=1e-12)
    np.testing.assert_array_equal(model.likelihood().x, X)


def test_a_fit_asks_nothing_of_random_numbers():
    np.random.seed(0)  # noqa: NPY002
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    first = DistributionEstimator("gamma").fit(np.abs(X)).params_
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002
    assert DistributionEstimator("gamma").fit(np.abs(X)).params_ == first
