"""prior_from: the posterior of one model as the prior of another, by name, by class, and what is refused."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skbayes.exceptions import IncompatibleModelError
from skbayes.likelihoods import Gaussian
from skbayes.linear_model import (
    LinearRegressionMLE,
    MAPClassifier,
    MAPLasso,
    MAPLogisticRegression,
    MAPPoissonRegressor,
    MAPRegressor,
    MAPRidge,
    MAPStudentTRegressor,
    prior_from,
)
from skbayes.priors import Flat, Informed, Laplace, Normal

rng = np.random.default_rng(0)
N, P = 800, 4
X = rng.standard_normal((N, P)) @ (np.eye(P) + 0.3 * rng.standard_normal((P, P)))
ETA = 0.3 + X @ np.array([0.8, -0.5, 0.2, 0.0])
y = ETA + 0.7 * rng.standard_normal(N)
TWO = np.where(rng.random(N) < 1 / (1 + np.exp(-ETA)), "yes", "no")
THREE = np.array(["a", "b", "c"])[
    np.argmax(np.column_stack([ETA, -ETA, 0 * ETA]) + rng.gumbel(size=(N, 3)), axis=1)
]
COUNTS = rng.poisson(np.exp(0.5 * ETA)).astype(float)
FRAME = pd.DataFrame(X, columns=list("abcd"))
OLD, NEW = slice(0, 500), slice(500, None)
KNOWN = MAPRegressor(Gaussian(scale=0.7), fit_intercept=False)


def test_a_source_at_full_count_is_the_fit_to_both():
    # Conjugate: posterior after A as prior of B is the posterior after A and B, and evidences multiply.
    source = clone(KNOWN).fit(X[OLD], y[OLD])
    target = clone(KNOWN).set_params(prior=prior_from(source)).fit(X[NEW], y[NEW])
    both = clone(KNOWN).fit(X, y)
    np.testing.assert_allclose(target.coef_, both.coef_, rtol=1e-10)
    covariance = both.posterior_.covariance
    np.testing.assert_allclose(target.posterior_.covariance, covariance, atol=1e-12)
    assert source.log_evidence_ + target.log_evidence_ == pytest.approx(
        both.log_evidence_, abs=1e-8
    )


def test_a_discount_counts_rows_of_the_source_in_part():
    # Under a flat prior of the source, d times its precision is that of rows of weight d.
    source = clone(KNOWN).set_params(prior=Flat()).fit(X[OLD], y[OLD])
    target = clone(KNOWN).set_params(prior=prior_from(source, discount=0.2)).fit(X[NEW], y[NEW])
    weight = np.where(np.arange(N) < 500, 0.2, 1.0)
    both = clone(KNOWN).set_params(prior=Flat()).fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(target.coef_, both.coef_, rtol=1e-9)


@pytest.mark.parametrize("target", [TWO, THREE])
def test_a_classifier_takes_over_all_classes_together(target):
    # The same as `update`, by another road: a normal prior of all rows of coef_, and the expansion of a likelihood.
    model = MAPClassifier(Normal(scale=0.8), fit_intercept=False, tol=1e-10)
    source = clone(model).fit(X[OLD], target[OLD])
    found = clone(model).set_params(prior=prior_from(source)).fit(X[NEW], target[NEW])
    updated = clone(source).fit(X[OLD], target[OLD]).update(X[NEW], target[NEW])
    np.testing.assert_allclose(found.coef_, updated.coef_, atol=1e-5)
    np.testing.assert_allclose(found.coef_std_, updated.coef_std_, rtol=1e-4)
    # Evidences multiply: that of `update` is of all rows.
    gain = updated.log_evidence_ - source.log_evidence_
    assert found.log_evidence_ == pytest.approx(gain, abs=1e-3)


@pytest.mark.parametrize("solver", ["newton", "lbfgs", "sgd"])
def test_solvers_agree_under_a_prior_of_all_classes(solver):
    source = MAPClassifier(Normal(scale=0.8)).fit(X[OLD], THREE[OLD])
    model = MAPClassifier(prior_from(source, discount=0.5))
    expected = clone(model).fit(X[NEW], THREE[NEW])
    found = clone(model).set_params(solver=solver, random_state=0).fit(X[NEW], THREE[NEW])
    atol = 0.02 if solver == "sgd" else 1e-4
    np.testing.assert_allclose(found.coef_, expected.coef_, atol=atol)


def test_classes_are_matched_by_label():
    source = MAPClassifier(Normal(scale=0.8)).fit(X, THREE)
    prior = prior_from(source)
    pair = np.isin(THREE, ["b", "c"])
    # Two of three: the differences of their rows, which hardly move for a few rows.
    target = MAPClassifier(prior).fit(X[pair][:10], THREE[pair][:10])
    np.testing.assert_allclose(target.coef_[0], source.coef_[2] - source.coef_[1], atol=0.1)
    # One more than the source had: its row begins at the default.
    more = np.where(np.arange(N) % 4 == 0, "z", THREE)
    rows = clone(target).fit(X[:200], more[:200]).coef_
    assert rows.shape == (4, P)
    learnt = rows[:3] - rows[:3].mean(axis=0) - (source.coef_ - source.coef_.mean(axis=0))
    assert np.abs(learnt).max() < 0.3
    with pytest.raises(ValueError, match="Give the classes the same labels"):
        clone(target).fit(X, np.where(THREE == "a", "p", "q"))
    with pytest.raises(ValueError, match="the model is no classifier"):
        MAPRegressor(prior=prior).fit(X, y)
    log_odds = prior_from(MAPClassifier().fit(X, TWO))
    with pytest.raises(ValueError, match="the same labels"):
        MAPClassifier(log_odds).fit(X, THREE)
    with pytest.raises(ValueError, match="the same labels"):
        MAPClassifier(log_odds, likelihood="categorical").fit(X, TWO)


def test_flat_softmax_sources_have_no_level_and_need_none():
    source = MAPClassifier(Flat()).fit(X[OLD], THREE[OLD])
    target = MAPClassifier(prior_from(source)).fit(X[NEW], THREE[NEW])
    both = MAPClassifier(Flat()).fit(X, THREE)
    differ = [model.coef_ - model.coef_.mean(axis=0) for model in (target, both)]
    np.testing.assert_allclose(*differ, atol=0.05)


def test_features_are_matched_by_name_and_unseen_ones_have_the_default():
    source = MAPRidge().fit(FRAME[["d", "b", "a"]][OLD], y[OLD])
    prior = prior_from(source, default=Normal(loc=7.0, scale=1e-4))
    target = MAPRegressor(prior=prior).fit(FRAME[["a", "c", "d"]][:8], y[:8])
    np.testing.assert_allclose(target.coef_, [source.coef_[2], 7.0, source.coef_[0]], atol=0.1)
    covariance = source.posterior_.covariance
    found = target.prior_.covariance
    # "b" is integrated out: the rows and columns of the others stay as they are.
    np.testing.assert_allclose(found[np.ix_([0, 2], [0, 2])], covariance[np.ix_([2, 0], [2, 0])])
    np.testing.assert_allclose(found[1], [0.0, 1e-8, 0.0])
    with pytest.raises(ValueError, match="none of these is among those of the model"):
        MAPRegressor(prior=prior).fit(FRAME.rename(columns=str.upper), y)


def test_without_names_position_counts_and_lengths_must_agree():
    prior = prior_from(MAPRidge().fit(X, y))
    np.testing.assert_allclose(
        MAPRegressor(prior=prior).fit(FRAME[:5], y[:5]).coef_, MAPRidge().fit(X, y).coef_, atol=0.1
    )
    with pytest.raises(ValueError, match="is of 4 features and the model has 2"):
        MAPRegressor(prior=prior).fit(X[:, :2], y)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (LinearRegressionMLE(), y),
        (MAPStudentTRegressor(), y),
        (MAPPoissonRegressor(alpha=0.01), COUNTS),
        (MAPLogisticRegression(), TWO),
        (MAPLogisticRegression(), THREE),
        (MAPRegressor(prior=Laplace(scale=0.1), posterior="smoothed"), y),
        (MAPRegressor(prior=Laplace(scale=0.1), posterior="bootstrap", random_state=0), y),
    ],
    ids=lambda each: type(each).__name__,
)
def test_any_model_with_a_posterior_can_be_a_source(source, target):
    source = clone(source).fit(X[OLD], target[OLD])
    prior = prior_from(source)
    is_classifier = hasattr(source, "classes_")
    likelihood = "poisson" if target is COUNTS else "gaussian"
    model = MAPClassifier(prior) if is_classifier else MAPRegressor(likelihood, prior)
    few = slice(500, 512)
    found = model.fit(X[few], target[few])
    away = np.abs(
        found.coef_ - source.posterior_.mean.reshape(found.coef_.shape[0], -1)[:, :P]
        if is_classifier
        else found.coef_ - source.posterior_.mean[:P]
    )
    # A dozen rows move hardly what five hundred said.
    assert np.all(away < 1.5 * np.maximum(source.coef_std_, 0.02))


def test_the_intercept_is_not_taken_over():
    source = MAPRidge().fit(X[OLD], y[OLD])
    target = MAPRegressor(prior=prior_from(source)).fit(X[NEW], y[NEW] + 100.0)
    assert target.intercept_ == pytest.approx(source.intercept_ + 100.0, abs=0.2)


def test_of_very_many_features_the_variances_go_over():
    wide = sparse.random(100, 2500, density=0.02, random_state=0, format="csr")
    target = np.asarray(wide[:, :5].sum(axis=1)).ravel()
    source = MAPRegressor(Gaussian(scale=0.1)).fit(wide, target)
    prior = prior_from(source, discount=0.25)
    assert np.shape(prior.covariance) == (2500,)
    resolved = prior.for_features(None, 2500)
    np.testing.assert_allclose(resolved.scale, 2.0 * source.coef_std_, rtol=1e-6)
    assert np.all(
        np.isfinite(MAPRegressor(Gaussian(scale=0.1), prior).fit(wide[:20], target[:20]).coef_)
    )


def test_what_a_flat_source_cannot_know_has_the_default():
    constant = np.column_stack([X, np.ones(N)])
    source = LinearRegressionMLE().fit(constant, y)
    resolved = prior_from(source, default=Normal(scale=3.0)).for_features(None, P + 1)
    assert resolved.covariance[-1, -1] == pytest.approx(9.0)
    assert np.all(np.diag(resolved.covariance)[:-1] < 0.1)


def test_the_evidence_finds_a_discount_and_never_above_one():
    source = MAPRidge().fit(X[OLD], y[OLD])
    prior = prior_from(source)
    alike = MAPRegressor(prior=prior, tune="evidence").fit(X[NEW], y[NEW])
    assert np.max(alike.prior_.scale) == pytest.approx(1.0, abs=1.0)
    assert np.min(alike.prior_.scale) >= 1.0
    strange = MAPRegressor(prior=prior, tune="evidence").fit(X[NEW], -y[NEW])
    assert np.min(strange.prior_.scale) > 10.0
    stubborn = MAPRegressor(prior=prior).fit(X[NEW], -y[NEW])
    alone = MAPRegressor(tune="evidence").fit(X[NEW], -y[NEW])
    off = [np.abs(model.coef_ - alone.coef_).max() for model in (strange, stubborn)]
    assert off[0] < 0.1 * off[1]
    classes = prior_from(MAPClassifier().fit(X[OLD], TWO[OLD]))
    found = MAPClassifier(classes, tune="evidence").fit(X[NEW], TWO[NEW])
    assert np.min(found.prior_.scale) >= 1.0
    joint = prior_from(MAPClassifier().fit(X[OLD], THREE[OLD]))
    with pytest.raises(IncompatibleModelError, match="Search over prior__discount"):
        MAPClassifier(joint, tune="evidence").fit(X[NEW], THREE[NEW])


def test_the_discount_can_be_searched_for_and_the_prior_cloned_and_pickled():
    prior = prior_from(MAPRidge().fit(FRAME[OLD], y[OLD]))
    search = GridSearchCV(MAPRegressor(prior=prior), {"prior__discount": [1e-4, 1.0]}, cv=3)
    assert search.fit(FRAME[500:530], y[500:530]).best_params_ == {"prior__discount": 1.0}
    copied = pickle.loads(pickle.dumps(clone(prior)))
    np.testing.assert_array_equal(copied.covariance, prior.covariance)
    fits = [MAPRegressor(prior=each).fit(FRAME[NEW], y[NEW]).coef_ for each in (prior, copied)]
    np.testing.assert_array_equal(*fits)
    model = MAPRegressor(prior=prior).fit(FRAME[NEW], y[NEW])
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(FRAME), model.predict(FRAME))


def test_what_is_no_source_is_refused():
    with pytest.raises(IncompatibleModelError, match="hold them there for ever"):
        prior_from(MAPLasso(alpha=0.3).fit(X, y))
    with pytest.raises(TypeError, match="Give its last step"):
        prior_from(make_pipeline(StandardScaler(), MAPRidge()).fit(X, y))
    with pytest.raises(TypeError, match="needs a linear model of skbayes"):
        prior_from(Ridge().fit(X, y))
    with pytest.raises(NotFittedError, match="not fitted"):
        prior_from(MAPRidge())
    with pytest.raises(ValueError, match="takes over one target; this MAPRidge has 2"):
        prior_from(MAPRidge().fit(X, np.column_stack([y, y])))
    with pytest.raises(ValueError, match=r"discount in \(0, 1\]; got discount=0"):
        prior_from(MAPRidge().fit(X, y), discount=0)
    with pytest.raises(ValueError, match="normal default"):
        prior_from(MAPRidge().fit(X, y), default=Laplace())
    with pytest.raises(ValueError, match="finite scales"):
        prior_from(MAPRidge().fit(X, y), default=Normal(scale=np.inf))


def test_a_transferred_prior_stays_what_it_is_under_update():
    # Informed is a prior like others: update counts it once, also of all classes together.
    source = MAPClassifier(Normal(scale=0.8)).fit(X[OLD], THREE[OLD])
    prior = prior_from(source, discount=0.1)
    assert isinstance(prior, Informed)
    whole = MAPClassifier(prior).fit(X[NEW], THREE[NEW])
    found = MAPClassifier(prior).fit(X[500:650], THREE[500:650]).update(X[650:], THREE[650:])
    assert np.abs((found.coef_ - whole.coef_) / whole.coef_std_).max() < 0.2
    np.testing.assert_allclose(found.coef_std_, whole.coef_std_, rtol=0.05)
