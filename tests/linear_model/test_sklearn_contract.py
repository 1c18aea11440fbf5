"""What every linear model owes to scikit-learn: its estimator checks with no expected failure, and the usual habits."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone, is_classifier
from sklearn.linear_model import Ridge
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skbayes import linear_model
from skbayes.likelihoods import Gaussian, StudentT
from skbayes.linear_model import (
    LinearRegressionMLE,
    MAPClassifier,
    MAPElasticNet,
    MAPElasticNetCV,
    MAPGammaRegressor,
    MAPLasso,
    MAPLassoCV,
    MAPLogisticRegression,
    MAPLogisticRegressionCV,
    MAPMultiTaskElasticNet,
    MAPMultiTaskLasso,
    MAPPoissonRegressor,
    MAPRegressor,
    MAPRidge,
    MAPRidgeClassifier,
    MAPRidgeClassifierCV,
    MAPRidgeCV,
    MAPStudentTRegressor,
)
from skbayes.priors import Group, Horseshoe, Laplace, Normal

MODELS = {
    "LinearRegressionMLE": LinearRegressionMLE(),
    "MAPClassifier": MAPClassifier(),
    "MAPElasticNet": MAPElasticNet(),
    "MAPElasticNetCV": MAPElasticNetCV(cv=3, alphas=10, tol=1e-8),
    "MAPGammaRegressor": MAPGammaRegressor(),
    "MAPLasso": MAPLasso(),
    # Ten strengths are far apart: at the default tolerance, 1e-4, the start of each shows within it.
    "MAPLassoCV": MAPLassoCV(cv=3, alphas=10, tol=1e-8),
    "MAPLogisticRegression": MAPLogisticRegression(),
    # The rows from which the solver makes its preconditioner are others when rows are repeated, so that only what is
    # converged is the same; the other arguments are the defaults to come, of which the old ones warn.
    "MAPLogisticRegressionCV": MAPLogisticRegressionCV(
        cv=3, Cs=3, tol=1e-12, l1_ratios=(0.0,), scoring="neg_log_loss", use_legacy_attributes=False
    ),
    "MAPMultiTaskElasticNet": MAPMultiTaskElasticNet(),
    "MAPMultiTaskLasso": MAPMultiTaskLasso(),
    "MAPPoissonRegressor": MAPPoissonRegressor(),
    "MAPRegressor": MAPRegressor(),
    "MAPRidge": MAPRidge(),
    "MAPRidgeCV": MAPRidgeCV(),
    "MAPRidgeClassifier": MAPRidgeClassifier(),
    "MAPRidgeClassifierCV": MAPRidgeClassifierCV(),
    "MAPStudentTRegressor": MAPStudentTRegressor(),
}
VARIANTS = [
    MAPClassifier(Laplace()),
    MAPClassifier(intercept_prior=Normal(), bounds=(-5, 5)),
    # The checks of weights have fifteen rows of thirty features, of which no noise can be estimated, and want seven
    # digits: the scale is given, and the tolerance tight.
    MAPRegressor(Gaussian(scale=1.0), Laplace(), tol=1e-12),
    MAPRegressor(prior="flat"),
    MAPRegressor(Gaussian(scale=1.0), Horseshoe(scale=0.5), tol=1e-12),
    MAPRegressor(StudentT(), prior="student_t"),
    MAPRegressor(Gaussian(scale=1.0), bounds=(0, None)),
    MAPLogisticRegression(l1_ratio=0.5, solver="saga", max_iter=1000),
    MAPRidge(positive=True),
    MAPRidgeCV(cv=3),
    MAPLasso(positive=True),
    MAPElasticNet(selection="random", random_state=0),
]


def test_every_linear_model_is_checked():
    public = {
        name
        for name in linear_model.__all__
        if isinstance(getattr(linear_model, name), type)
        and hasattr(getattr(linear_model, name), "fit")
    }
    assert public == MODELS.keys()


@parametrize_with_checks(list(MODELS.values()))
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks(VARIANTS)
def test_scikit_learns_checks_of_other_arguments(estimator, check):
    check(estimator)


# -- habits: on one data set of 40 rows for each sort of target

RNG = np.random.default_rng(0)
N, P = 40, 4
X = RNG.standard_normal((N, P)) + [0.0, 1.0, -1.0, 0.5]
SIGNAL = X @ [1.0, -0.5, 0.0, 0.5]
NAMES = [f"x{j}" for j in range(P)]


def target(model):
    """Return a y that the model can be fitted to."""
    name = type(model).__name__
    if is_classifier(model):
        return np.array(["low", "middle", "high"])[np.digitize(SIGNAL, [-1.0, 1.0])]
    y = SIGNAL + 0.3 * np.sin(np.arange(N))
    if "MultiTask" in name:
        return np.column_stack([y, -y[::-1]])
    return np.exp(y / 2) if "Gamma" in name or "Poisson" in name else y


def tight(model):
    """Return a clone with tolerances below the precision that is asked for here."""
    model = clone(model)
    known = model.get_params()
    options = {"tol": 1e-10, "max_iter": 100_000}
    return model.set_params(**{name: value for name, value in options.items() if name in known})


def fitted(model, X=X, y=None, **options):
    """Return a tight clone fitted."""
    return tight(model).fit(X, target(model) if y is None else y, **options)


def takes_weights(model):
    return "MultiTask" not in type(model).__name__


every_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
weighted_models = pytest.mark.parametrize(
    "model",
    [m for m in MODELS.values() if takes_weights(m)],
    ids=[n for n, m in MODELS.items() if takes_weights(m)],
)
SAME = {"rtol": 1e-6, "atol": 1e-7}  # two roads at a tolerance of 1e-10
# BLAS sums in another order when the memory is laid out otherwise: some eps, times what a fit multiplies it by.
ROUNDING = {"rtol": 1e-9, "atol": 1e-11}


def assert_same_model(one, other, **tolerance):
    np.testing.assert_allclose(one.coef_, other.coef_, **tolerance)
    np.testing.assert_allclose(one.intercept_, other.intercept_, **tolerance)


def assert_same_predictions(one, other):
    if one.dtype.kind == "f":
        np.testing.assert_allclose(one, other, **ROUNDING)
    else:
        np.testing.assert_array_equal(one, other)


@every_model
def test_a_pickle_predicts_the_same(model):
    model = fitted(model)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


@every_model
def test_a_clone_is_unfitted_with_the_same_parameters(model):
    one = fitted(model)
    copy = clone(one)
    assert not hasattr(copy, "coef_")
    assert str(copy.get_params()) == str(one.get_params())
    assert_same_model(copy.fit(X, target(model)), one, rtol=0)


@every_model
@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def test_frames_give_names_and_the_same_numbers(model, frame):
    data = frame(dict(zip(NAMES, X.T, strict=True)))
    model, plain = fitted(model, data), fitted(model)
    # Old releases of scikit-learn do not know the names of new polars frames.
    known = getattr(Ridge().fit(data, SIGNAL), "feature_names_in_", None)
    assert np.array_equal(getattr(model, "feature_names_in_", None), known)
    assert frame is pl.DataFrame or list(known) == NAMES
    assert_same_model(model, plain, **ROUNDING)
    assert_same_predictions(model.predict(data), plain.predict(X))


@every_model
@pytest.mark.parametrize("form", ["csr_matrix", "csc_array"])
def test_sparse_equals_dense(model, form):
    holes = np.where(np.abs(X) < 0.6, 0.0, X)
    dense, thin = fitted(model, holes), fitted(model, getattr(sparse, form)(holes))
    assert_same_model(thin, dense, **SAME)


@every_model
@pytest.mark.parametrize("order", ["C", "F", "sliced"])
def test_the_order_in_memory_does_not_matter(model, order):
    laid = np.repeat(X, 2, axis=0)[::2] if order == "sliced" else np.asarray(X, order=order)
    before = laid.copy()
    assert_same_model(fitted(model, laid), fitted(model), **SAME)
    np.testing.assert_array_equal(laid, before)  # nothing is centred in place


@every_model
def test_float32_stays(model):
    y = target(model)
    y = y if is_classifier(model) else y.astype(np.float32)
    single = clone(model).fit(X.astype(np.float32), y)
    assert single.coef_.dtype == np.float32
    if not is_classifier(model):
        assert single.predict(X.astype(np.float32)).dtype == np.float32
    # A default tolerance on both sides: 1e-4 of the objective is 1e-2 of a coefficient at most.
    np.testing.assert_allclose(
        single.coef_, clone(model).fit(X, target(model)).coef_, rtol=0.02, atol=0.02
    )


# Not those that choose a strength: the folds of repeated rows are other folds.
@pytest.mark.parametrize(
    "model",
    [m for m in MODELS.values() if takes_weights(m) and "CV" not in type(m).__name__],
    ids=lambda model: type(model).__name__,
)
def test_a_weight_of_two_is_the_row_twice(model):
    weight = np.arange(N) % 3  # zeros among them: rows that are not there
    rows = np.repeat(np.arange(N), weight)
    once = fitted(model, sample_weight=weight.astype(float))
    often = fitted(model, X[rows], target(model)[rows])
    assert_same_model(once, often, **SAME)


@weighted_models
def test_weights_are_routed(model):
    weight = 1.0 + np.arange(N) % 2
    y, Z = target(model), StandardScaler().fit_transform(X)
    step = type(model).__name__.lower()
    with config_context(enable_metadata_routing=True):
        asking = tight(model).set_fit_request(sample_weight=True)
        if asking.get_params().get("scoring"):  # a search asks for its own scorer, too
            asking.scoring = get_scorer(asking.scoring).set_score_request(sample_weight=True)
        pipe = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), asking)
        score = get_scorer("accuracy" if is_classifier(model) else "r2").set_score_request(
            sample_weight=True
        )
        grid = GridSearchCV(pipe, {f"{step}__fit_intercept": [True]}, cv=2, scoring=score)
        grid.fit(X, y, sample_weight=weight)
        alone = clone(asking).fit(Z, y, sample_weight=weight)
    np.testing.assert_allclose(grid.best_estimator_[-1].coef_, alone.coef_, **SAME)
    assert not np.allclose(alone.intercept_, fitted(model, Z).intercept_, rtol=1e-6)


@every_model
def test_it_lives_in_a_pipeline_with_named_output(model):
    pipe = make_pipeline(StandardScaler(), tight(model)).set_output(transform="pandas")
    pipe.fit(pd.DataFrame(X, columns=NAMES), target(model))
    assert list(pipe[-1].feature_names_in_) == NAMES
    plain = fitted(model, StandardScaler().fit_transform(X))
    assert_same_model(pipe[-1], plain, **ROUNDING)


@every_model
def test_cross_validation_takes_it(model):
    found = cross_validate(model, X, target(model), cv=2, error_score="raise")
    assert np.isfinite(found["test_score"]).all()


@every_model
def test_a_constant_and_a_repeated_column_do_no_harm(model):
    more = np.column_stack([X, np.full(N, 3.0), X[:, 0]])
    predicted = fitted(model, more).predict(more)
    assert predicted.shape == target(model).shape
    if not is_classifier(model):
        assert np.isfinite(predicted).all()


@every_model
def test_the_same_data_give_the_same_numbers(model):
    assert_same_model(fitted(model), fitted(model), rtol=0)


def test_a_group_prior_needs_its_groups_and_then_passes():
    model = MAPRegressor(
        Gaussian(scale=0.3), Group(groups=[0, 0, 1, 1], scale=0.05), max_iter=10_000
    )
    assert fitted(model).score(X, target(model)) > 0.8
