"""Logistic regression by cross-validation: scikit-learn's paths, scores, choices and layouts."""

import inspect
import warnings

import numpy as np
import pytest
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.datasets import make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegressionCV
from sklearn.metrics import get_scorer, log_loss
from sklearn.model_selection import KFold, StratifiedKFold

from skbayes.linear_model import MAPLogisticRegression, MAPLogisticRegressionCV

TIGHT = {"tol": 1e-10, "max_iter": 2000}
NEW = {"l1_ratios": (0,), "use_legacy_attributes": False, "scoring": "neg_log_loss"}
# One layout, in which every release of scikit-learn has its attributes, under warnings that differ.
OLD = {"l1_ratios": None, "scoring": "neg_log_loss"}
HAS_LAYOUTS = "use_legacy_attributes" in inspect.signature(LogisticRegressionCV).parameters


@pytest.fixture(params=[2, 3], ids=["two classes", "three classes"])
def data(request):
    return make_classification(
        n_samples=90,
        n_features=5,
        n_informative=4,
        n_redundant=0,
        n_classes=request.param,
        flip_y=0.2,
        random_state=1,
    )


def quietly(model, X, y, **params):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return model.fit(X, y, **params)


@pytest.mark.parametrize("scoring", ["neg_log_loss", "accuracy"])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("refit", [True, False])
def test_paths_scores_and_choice_are_those_of_scikit_learn(data, scoring, fit_intercept, refit):
    X, y = data
    shared = {
        **OLD,
        "Cs": [1e-3, 0.1, 1.0, 10.0],
        "cv": 4,
        "scoring": scoring,
        "fit_intercept": fit_intercept,
        "refit": refit,
        "class_weight": "balanced",
    }
    weight = np.linspace(0.5, 2.0, len(y))
    for k in np.unique(y):  # equal totals: see test_logistic
        weight[y == k] *= (y == k).sum() / weight[y == k].sum()
    ours = quietly(MAPLogisticRegressionCV(**shared, **TIGHT), X, y, sample_weight=weight)
    # Not newton-cholesky, whose scores of three classes are wrong in scikit-learn 1.6.
    theirs = LogisticRegressionCV(solver="newton-cg", tol=1e-12, max_iter=1000, **shared)
    quietly(theirs, X, y, sample_weight=weight)
    assert ours.scores_.keys() == theirs.scores_.keys()
    for k in theirs.scores_:
        assert_allclose(ours.scores_[k], theirs.scores_[k], rtol=1e-6)
        assert_allclose(ours.coefs_paths_[k], theirs.coefs_paths_[k], rtol=1e-6, atol=1e-7)
    assert_allclose(ours.C_, theirs.C_)
    assert_allclose(ours.coef_, theirs.coef_, rtol=1e-6, atol=1e-7)
    assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-6, atol=1e-7)
    assert ours.n_iter_.shape == theirs.n_iter_.shape
    assert_array_equal(ours.Cs_, theirs.Cs_)
    assert ours.score(X, y) == pytest.approx(theirs.score(X, y), rel=1e-6)


@pytest.mark.skipif(not HAS_LAYOUTS, reason="this release of scikit-learn has one layout only")
@pytest.mark.parametrize("legacy", [True, False])
def test_both_layouts_are_those_of_scikit_learn(data, legacy):
    X, y = data
    shared = {
        "Cs": [1e-4, 0.1, 1.0],
        "l1_ratios": [0.2, 1.0],
        "cv": 3,
        "solver": "saga",
        "scoring": "neg_log_loss",
        "use_legacy_attributes": legacy,
    }
    ours = MAPLogisticRegressionCV(**shared, **TIGHT).fit(X, y)
    theirs = LogisticRegressionCV(random_state=0, tol=1e-8, max_iter=5000, **shared).fit(X, y)
    for name in ("coefs_paths_", "scores_"):
        left, right = getattr(ours, name), getattr(theirs, name)
        if legacy:
            assert left.keys() == right.keys()
            left, right = np.array(list(left.values())), np.array(list(right.values()))
        assert left.shape == right.shape
        # At C = 1e-4, first on axis 2, all coefficients are zero: scikit-learn leaves the intercept unfinished.
        left, right = np.delete(left, 0, axis=2), np.delete(right, 0, axis=2)
        assert_allclose(left, right, rtol=1e-4, atol=1e-4)
    assert ours.n_iter_.shape == theirs.n_iter_.shape
    for name in ("C_", "l1_ratio_", "l1_ratios_", "Cs_"):
        assert_array_equal(getattr(ours, name), getattr(theirs, name))
        assert type(getattr(ours, name)) is type(getattr(theirs, name))


def test_the_refit_is_the_model_of_the_strength_chosen(data):
    X, y = data
    model = MAPLogisticRegressionCV(Cs=[0.01, 0.3, 5.0], cv=3, **NEW, **TIGHT).fit(X, y)
    alone = MAPLogisticRegression(C=model.C_, **TIGHT).fit(X, y)
    assert_allclose(model.coef_, alone.coef_, rtol=1e-12)
    best = model.scores_.mean(axis=0)[0].argmax()
    assert model.Cs_[best] == model.C_


def test_each_fold_has_the_model_of_its_rows(data):
    X, y = data
    folds = list(StratifiedKFold(3, shuffle=True, random_state=0).split(X, y))
    model = MAPLogisticRegressionCV(Cs=[0.1, 2.0], cv=folds, **NEW, **TIGHT).fit(X, y)
    for i, (train, test) in enumerate(folds):
        for j, C in enumerate(model.Cs_):
            alone = MAPLogisticRegression(C=C, **TIGHT).fit(X[train], y[train])
            coefs = model.coefs_paths_[i, 0, j]
            assert_allclose(coefs[:, :-1], alone.coef_, rtol=1e-6, atol=1e-8)
            assert_allclose(coefs[:, -1], alone.intercept_, rtol=1e-6, atol=1e-8)
            loss = log_loss(y[test], alone.predict_proba(X[test]), labels=model.classes_)
            assert model.scores_[i, 0, j] == pytest.approx(-loss, rel=1e-6)


@pytest.mark.parametrize("backend", ["threading", pytest.param("loky", marks=pytest.mark.slow)])
def test_two_workers_find_the_same(data, backend):
    X, y = data
    one = MAPLogisticRegressionCV(Cs=3, cv=3, **NEW).fit(X, y)
    with parallel_config(backend, n_jobs=2):
        two = MAPLogisticRegressionCV(Cs=3, cv=3, **NEW).fit(X, y)
    assert_array_equal(one.coefs_paths_, two.coefs_paths_)
    assert_array_equal(one.scores_, two.scores_)
    assert_array_equal(one.coef_, two.coef_)


def test_a_fold_may_lack_a_class():
    X, y = make_classification(n_samples=60, n_classes=3, n_informative=4, random_state=0)
    order = np.argsort(y)  # in folds without shuffling each class is left out once
    model = MAPLogisticRegressionCV(Cs=[0.01, 1.0], cv=KFold(3), **NEW).fit(X[order], y[order])
    assert model.coefs_paths_.shape == (3, 1, 2, 3, X.shape[1] + 1)
    assert np.all(np.isfinite(model.scores_))
    # Worse than guessing: the class of the test rows was never seen.
    assert np.all(model.scores_ < -np.log(3.0))


@pytest.mark.parametrize("routing", [False, True])
def test_weights_reach_the_scorer(data, routing):
    X, y = data
    weight = np.linspace(0.1, 3.0, len(y))
    with config_context(enable_metadata_routing=routing):
        scoring = get_scorer("accuracy")
        if routing:
            scoring = scoring.set_score_request(sample_weight=True)
        arguments = {**NEW, "scoring": scoring, "Cs": [0.5], "cv": 3}
        model = MAPLogisticRegressionCV(**arguments, **TIGHT).fit(X, y, sample_weight=weight)
        _, test = next(StratifiedKFold(3).split(X, y))
        alone = MAPLogisticRegression(C=0.5)
        alone.fit(X, y)
        alone.coef_ = model.coefs_paths_[0, 0, 0, :, :-1]
        alone.intercept_ = model.coefs_paths_[0, 0, 0, :, -1]
        assert model.scores_[0, 0, 0] == alone.score(X[test], y[test], sample_weight=weight[test])
        by_default = MAPLogisticRegressionCV(**(arguments | {"scoring": None})).fit(
            X, y, sample_weight=weight
        )
        assert_allclose(by_default.scores_, model.scores_)
        assert model.score(X, y, sample_weight=weight) == model.score(
            np.vstack([X, X]), np.append(y, y), sample_weight=np.append(weight, weight)
        )


def test_float32_stays_float32(data):
    X, y = data
    model = MAPLogisticRegressionCV(Cs=[0.5], cv=3, **NEW).fit(X.astype(np.float32), y)
    assert model.coef_.dtype == model.coefs_paths_.dtype == np.float32


def test_no_convergence_is_said_once(data):
    X, y = data
    model = MAPLogisticRegressionCV(Cs=[1.0, 10.0], cv=3, refit=False, **NEW)
    model.set_params(max_iter=1, tol=1e-12)
    with pytest.warns(ConvergenceWarning, match=r"6 of 6 fits of the .*tol=1e-12") as caught:
        model.fit(X, y)
    assert len(caught) == 1
    assert "test_logistic_cv" in caught[0].filename


def test_the_defaults_warn_as_in_scikit_learn(data):
    X, y = data
    with pytest.warns(FutureWarning) as caught:
        MAPLogisticRegressionCV(Cs=2, cv=2).fit(X, y)
    said = "\n".join(str(warning.message) for warning in caught)
    for name in ("l1_ratios", "'scoring'", "use_legacy_attributes"):
        assert name in said
    assert all("test_logistic_cv" in warning.filename for warning in caught)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"l1_ratios": [2.0]}, r"l1_ratios must be .* between 0 and 1; got \(l1_ratios=\[2.0\]\)"),
        ({"l1_ratios": []}, "l1_ratios must be"),
        ({"l1_ratios": [1.0]}, "lbfgs supports only 'l2' or None penalties"),
        ({"Cs": 0}, "'Cs' parameter"),
        ({"refit": "best"}, "'refit' parameter"),
    ],
)
def test_wrong_arguments_are_refused(data, arguments, message):
    with pytest.raises(ValueError, match=message):
        MAPLogisticRegressionCV(**(NEW | arguments)).fit(*data)
