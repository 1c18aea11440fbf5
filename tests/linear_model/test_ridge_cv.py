"""MAPRidgeCV: leave-one-out against refits, scikit-learn's numbers, folds, evidence."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.stats import multivariate_normal
from sklearn import config_context
from sklearn.linear_model import BayesianRidge, Ridge, RidgeCV
from sklearn.metrics import make_scorer, mean_absolute_error
from sklearn.model_selection import GridSearchCV, KFold, LeaveOneOut, ShuffleSplit
from sklearn.utils.estimator_checks import parametrize_with_checks

from skbayes.linear_model import MAPRidge, MAPRidgeClassifierCV, MAPRidgeCV
from skbayes.linear_model._leave_one_out import loo_residuals
from skbayes.linear_model._ridge_data import RidgeData
from skbayes.linear_model._ridge_folds import fold_coefficients
from skbayes.linear_model._spectrum import spectrum_of

ALPHAS = np.geomspace(1e-3, 1e3, 7)
SHAPES = {"tall": (40, 6), "square": (12, 12), "wide": (12, 30)}


@parametrize_with_checks(
    [MAPRidgeCV(), MAPRidgeCV(cv=3), MAPRidgeCV(tune="evidence"), MAPRidgeClassifierCV()]
)
def test_it_is_an_estimator(estimator, check):
    check(estimator)


def data(shape, n_targets=2, seed=0):
    n, p = SHAPES[shape]
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) + 2.0
    Y = X[:, :3] @ rng.normal(size=(3, n_targets)) + rng.normal(size=(n, n_targets))
    weight = rng.uniform(0.2, 2.0, n)
    return X, Y, weight


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("is_weighted", [True, False])
@pytest.mark.parametrize("by_qr", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_leave_one_out_residuals_are_those_of_refits(shape, by_qr, is_weighted, fit_intercept):
    X, Y, weight = data(shape)
    weight[3] = 0.0  # a row without weight is predicted by all the others too
    given_weight = weight if is_weighted else None
    rows = RidgeData(X, Y, given_weight, fit_intercept)
    spectrum = spectrum_of(rows, by_qr=by_qr)
    (_, residuals), *more = loo_residuals(rows, spectrum, ALPHAS)
    assert not more
    for train, test in LeaveOneOut().split(X):
        s = weight[train] if is_weighted else None
        for a, alpha in enumerate(ALPHAS):
            model = Ridge(alpha, fit_intercept=fit_intercept, solver="svd").fit(
                X[train], Y[train], s
            )
            missed = Y[test] - model.predict(X[test])
            np.testing.assert_allclose(residuals[test, :, a], missed, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("mode", ["eigen", "svd"])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("is_weighted", [True, False])
@pytest.mark.parametrize("n_targets", [None, 3])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_numbers_of_scikit_learn(shape, n_targets, is_weighted, fit_intercept, mode):
    X, Y, weight = data(shape, n_targets or 1)
    y = Y if n_targets else Y[:, 0]
    weight = weight if is_weighted else None
    arguments = {"alphas": ALPHAS, "fit_intercept": fit_intercept, "store_cv_results": True}
    for form in (
        X,
        np.asfortranarray(X),
        sparse.csr_array(X * (X > 2.0)),
        sparse.csc_array(X * (X > 2.0)),
    ):
        if sparse.issparse(form) and mode == "svd":
            continue
        theirs = RidgeCV(**arguments, gcv_mode=mode).fit(form, y, weight)
        ours = MAPRidgeCV(**arguments, gcv_mode=mode).fit(form, y, weight)
        assert ours.alpha_ == theirs.alpha_
        for name in ("cv_results_", "best_score_", "coef_", "intercept_"):
            mine, other = getattr(ours, name), getattr(theirs, name)
            assert np.shape(mine) == np.shape(other)
            np.testing.assert_allclose(mine, other, rtol=1e-6, atol=1e-9 * np.max(np.abs(other)))


@pytest.mark.parametrize(
    "scoring", ["neg_mean_absolute_error", "r2", make_scorer(mean_absolute_error)]
)
@pytest.mark.parametrize("shape", SHAPES)
def test_any_score_of_the_predictions(shape, scoring):
    X, Y, weight = data(shape)
    for s in (None, weight):
        arguments = {"alphas": ALPHAS, "scoring": scoring}
        theirs, ours = RidgeCV(**arguments).fit(X, Y, s), MAPRidgeCV(**arguments).fit(X, Y, s)
        assert ours.alpha_ == theirs.alpha_
        np.testing.assert_allclose(ours.best_score_, theirs.best_score_, rtol=1e-7)
        # The blocks of strengths that save memory give what all strengths at once give.
        stored = MAPRidgeCV(**arguments, store_cv_results=True).fit(X, Y, s)
        np.testing.assert_allclose(stored.best_score_, ours.best_score_, rtol=1e-12)


@pytest.mark.parametrize("scoring", [None, "neg_mean_absolute_error"])
def test_a_strength_for_each_target(scoring):
    X, Y, weight = data("tall", 4)
    Y[:, 0] = np.random.default_rng(5).normal(size=len(Y))  # noise: it wants the strongest prior
    model = MAPRidgeCV(ALPHAS, alpha_per_target=True, scoring=scoring).fit(X, Y, weight)
    singles = [MAPRidgeCV(ALPHAS, scoring=scoring).fit(X, y, weight) for y in Y.T]
    assert model.alpha_.tolist() == [single.alpha_ for single in singles]
    assert len(set(model.alpha_)) > 1
    np.testing.assert_allclose(model.coef_, [single.coef_ for single in singles], rtol=1e-9)
    np.testing.assert_allclose(
        model.best_score_, [single.best_score_ for single in singles], rtol=1e-9
    )


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "splitter", [3, KFold(4, shuffle=True, random_state=0), ShuffleSplit(3, random_state=0)]
)
def test_folds_score_as_a_grid_search_does(splitter, shape):
    X, Y, _ = data(shape)
    for y in (Y, Y[:, 0]):
        search = GridSearchCV(Ridge(solver="svd"), {"alpha": ALPHAS}, cv=splitter).fit(X, y)
        for form in (X, sparse.csr_array(X)):
            model = MAPRidgeCV(ALPHAS, cv=splitter).fit(form, y)
            assert model.alpha_ == search.best_params_["alpha"]
            np.testing.assert_allclose(model.best_score_, search.best_score_, rtol=1e-7)
            np.testing.assert_allclose(
                model.coef_, search.best_estimator_.coef_, rtol=1e-6, atol=1e-9
            )


@pytest.mark.parametrize("is_weighted", [True, False])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_shared_moments_of_folds_keep_their_digits(offset, is_weighted):
    # A trap: moments of uncentred data, or the whole minus the fold, lose all digits of a column far from zero.
    X, Y, weight = data("tall")
    X = X + offset
    rows = RidgeData(X, Y, weight if is_weighted else None, True)
    folds = list(KFold(4).split(X))
    for (train, _), (coef, intercept) in zip(
        folds, fold_coefficients(rows, ALPHAS, folds), strict=True
    ):
        part = rows.part(train)
        for a, alpha in enumerate(ALPHAS):
            model = MAPRidge(alpha, solver="svd").fit(part.X, part.Y, part.weight)
            np.testing.assert_allclose(coef[:, :, a].T, model.coef_, rtol=1e-7, atol=1e-9)
            np.testing.assert_allclose(
                part.X @ coef[:, :, a] + intercept[:, a], model.predict(part.X), atol=1e-8
            )


def test_a_fold_of_large_rows_leaves_the_others_their_digits():
    # The whole minus this fold would know the rest to 1e-4; the sum of the others knows it to rounding.
    X, Y, _ = data("tall")
    X[:10] *= 1e6
    rows = RidgeData(X, Y, None, False)
    folds = list(KFold(4).split(X))
    coef, _ = next(fold_coefficients(rows, ALPHAS, folds))
    train = folds[0][0]
    model = MAPRidge(ALPHAS[0], fit_intercept=False, solver="svd").fit(X[train], Y[train])
    np.testing.assert_allclose(coef[:, :, 0].T, model.coef_, rtol=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_an_offset_of_a_million_standard_deviations(offset, shape):
    X, Y, weight = data(shape)
    shifted = X + offset
    near = MAPRidgeCV(ALPHAS, store_cv_results=True).fit(shifted - offset, Y, weight)
    far = MAPRidgeCV(ALPHAS, store_cv_results=True).fit(shifted, Y, weight)
    np.testing.assert_allclose(far.cv_results_, near.cv_results_, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(far.coef_, near.coef_, atol=1e-8)


def test_ill_conditioned_data_are_factorised_without_their_gram():
    # Condition 1e6 and a strength of 1e-11: leave-one-out by the Gram would be wrong in the second digit.
    rng = np.random.default_rng(0)
    left, right = (
        np.linalg.qr(rng.normal(size=(40, 8)))[0],
        np.linalg.qr(rng.normal(size=(8, 8)))[0],
    )
    X = (left * np.geomspace(1.0, 1e-6, 8)) @ right.T
    y = X @ rng.normal(size=8) + 1e-6 * rng.normal(size=40)
    model = MAPRidgeCV([1e-11], fit_intercept=False, store_cv_results=True).fit(X, y)
    refits = [
        (y[i] - Ridge(1e-11, fit_intercept=False, solver="svd").fit(X[t], y[t]).predict(X[i])) ** 2
        for t, i in LeaveOneOut().split(X)
    ]
    np.testing.assert_allclose(model.cv_results_[:, 0], np.ravel(refits), rtol=1e-5)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 100), factor=st.floats(0.1, 10.0))
def test_weights_and_strengths_have_one_unit(seed, factor):
    # s → c s and alpha → c alpha leave the minimum where it is, and so every leave-one-out residual.
    X, Y, weight = data("tall", seed=seed)
    one = RidgeData(X, Y, weight, True)
    other = RidgeData(X, Y, factor * weight, True)
    ((_, a),) = loo_residuals(one, spectrum_of(one), ALPHAS)
    ((_, b),) = loo_residuals(other, spectrum_of(other), factor * ALPHAS)
    np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_evidence_is_the_density_of_the_targets(shape, fit_intercept):
    X, Y, _ = data(shape, 1)
    y = Y[:, 0]
    model = MAPRidgeCV(tune="evidence", fit_intercept=fit_intercept).fit(X, y)
    n = len(y)

    def density(alpha, sigma):
        K = sigma**2 * (X @ X.T / alpha + np.eye(n))
        if not fit_intercept:
            return multivariate_normal(np.zeros(n), K).logpdf(y)
        # Integrated over a flat intercept b: the normal in b has precision 1ᵀK⁻¹1 and its mode at b.
        precision = np.linalg.inv(K).sum()
        b = np.linalg.solve(K, y).sum() / precision
        return multivariate_normal(np.full(n, b), K).logpdf(y) + 0.5 * np.log(2 * np.pi / precision)

    best = density(model.alpha_, model.noise_scale_)
    np.testing.assert_allclose(model.best_score_, best, rtol=1e-6)
    for a, s in ((1.05, 1.0), (0.95, 1.0), (1.0, 1.05), (1.0, 0.95)):
        assert density(a * model.alpha_, s * model.noise_scale_) < best
    np.testing.assert_allclose(
        model.coef_, MAPRidge(model.alpha_, fit_intercept=fit_intercept).fit(X, y).coef_
    )


def test_evidence_near_scikit_learns_bayesian_ridge():
    X, Y, _ = data("tall", 1)
    ours = MAPRidgeCV(tune="evidence").fit(X, Y[:, 0])
    none = {"alpha_1": 0.0, "alpha_2": 0.0, "lambda_1": 0.0, "lambda_2": 0.0}
    theirs = BayesianRidge(**none, tol=1e-12, max_iter=10000).fit(X, Y[:, 0])
    # It counts the intercept's degree of freedom as noise: scales agree to 1/n, coefficients better.
    np.testing.assert_allclose(ours.alpha_, theirs.lambda_ / theirs.alpha_, rtol=0.1)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=0.01 * np.abs(theirs.coef_).max())


def test_evidence_of_several_targets_is_that_of_each():
    X, Y, weight = data("wide", 3)
    model = MAPRidgeCV(tune="evidence").fit(X, Y, weight)
    singles = [MAPRidgeCV(tune="evidence").fit(X, y, weight) for y in Y.T]
    np.testing.assert_allclose(model.alpha_, [single.alpha_ for single in singles], rtol=1e-6)
    np.testing.assert_allclose(model.coef_, [single.coef_ for single in singles], rtol=1e-6)


def test_float32_is_computed_in_double_precision():
    X, Y, weight = data("tall")
    X, Y = X.astype(np.float32), Y.astype(np.float32)
    single = MAPRidgeCV(ALPHAS).fit(X, Y, weight)
    double = MAPRidgeCV(ALPHAS).fit(
        X.astype(np.float64), Y.astype(np.float64), weight.astype(np.float32)
    )
    assert single.coef_.dtype == np.float32
    np.testing.assert_allclose(single.coef_, double.coef_, rtol=1e-6)


def test_metadata_reach_scorer_and_splitter():
    X, Y, weight = data("tall", 1)
    y, groups = Y[:, 0], np.arange(len(Y)) % 4
    seen = {}

    class Splitter(KFold):
        def split(self, X, y=None, groups=None):
            seen["groups"] = groups
            return super().split(X, y)

    with config_context(enable_metadata_routing=True):
        splitter = (
            Splitter(3).set_split_request(groups=True)
            if hasattr(Splitter, "set_split_request")
            else Splitter(3)
        )
        plain = MAPRidgeCV(ALPHAS).fit(X, y, sample_weight=weight)
        scorer = make_scorer(mean_absolute_error, greater_is_better=False).set_score_request(
            sample_weight=True
        )
        routed = MAPRidgeCV(ALPHAS, scoring=scorer).fit(X, y, sample_weight=weight)
        if hasattr(splitter, "set_split_request"):
            MAPRidgeCV(ALPHAS, cv=splitter).fit(X, y, groups=groups)
            assert seen["groups"] is groups
    assert plain.best_score_ < 0
    unrouted = MAPRidgeCV(ALPHAS, scoring="neg_mean_absolute_error").fit(X, y, weight)
    np.testing.assert_allclose(routed.best_score_, unrouted.best_score_)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"alphas": [1.0, 0.0]}, ValueError, r"alphas\[1\] == 0.0, must be > 0.0"),
        ({"alphas": []}, ValueError, "at least one strength"),
        ({"alphas": [1.0, "a"]}, TypeError, r"alphas\[1\] must be an instance of"),
        ({"cv": 3, "tune": "loo"}, ValueError, "tune='loo' uses no folds; got cv=3"),
        (
            {"cv": 3, "store_cv_results": True},
            ValueError,
            "cv!=None and store_cv_results=True are incompatible",
        ),
        (
            {"tune": "evidence", "store_cv_results": True},
            ValueError,
            "tune='evidence' and store_cv_results=True",
        ),
    ],
)
def test_what_contradicts_itself(arguments, error, message):
    X, Y, _ = data("tall")
    with pytest.raises(error, match=message):
        MAPRidgeCV(**arguments).fit(X, Y)


def test_one_row_of_positive_weight_leaves_nothing_to_leave_out():
    X, Y, _ = data("tall")
    with pytest.raises(ValueError, match="at least two rows of positive weight"):
        MAPRidgeCV().fit(X, Y, np.eye(len(X))[0])


@pytest.mark.parametrize("shape", [(60000, 60), (300, 5000)])
@pytest.mark.parametrize("scoring", [None, "r2"])
def test_memory_of_a_path_is_below_that_of_x(shape, scoring):
    X = np.random.default_rng(0).normal(size=shape)
    y = X[:, 0].copy()
    tracemalloc.start()
    MAPRidgeCV(np.geomspace(1e-3, 1e5, 100), scoring=scoring).fit(X, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < X.nbytes
