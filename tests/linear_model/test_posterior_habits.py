"""The habits of a fitted model's posterior: pickles, data changed in place, float32, sparse, weights, names."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone

from skbayes.linear_model import LinearRegressionMLE, MAPLasso, MAPRidge
from tests.linear_model.posterior_cases import CASES, NAMES, SINGLE, TARGETS, N, X, first, fitted


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("is_asked_before", [False, True])
def test_pickles_and_copies_keep_the_posterior_without_the_data(name, is_asked_before):
    data = X.copy()
    model = fitted(name, data)
    expected = first(fitted(name).posterior_)
    if is_asked_before:
        assert first(model.posterior_).std.size
    restored = pickle.loads(pickle.dumps(model)), copy.deepcopy(model)
    data[:] = 0.0
    for other in restored:
        posterior = first(other.posterior_)
        np.testing.assert_allclose(posterior.std, expected.std, rtol=1e-12)
        np.testing.assert_allclose(
            posterior.sample(2, random_state=1), expected.sample(2, random_state=1), rtol=1e-9
        )
        np.testing.assert_array_equal(other.coef_std_, other.coef_std_)
        assert len(other.summary()) > 0


@pytest.mark.parametrize(
    ("model", "shape"), [(MAPRidge(), (20_000, 3)), (MAPLasso(alpha=0.2), (100, 20_000))], ids=str
)
def test_a_pickle_does_not_hold_the_data(model, shape):
    rows = np.random.default_rng(1).standard_normal(shape)
    fit = clone(model).fit(rows, rows[:, 0] + rows[:, 1] ** 2)
    assert len(pickle.dumps(fit)) < rows.nbytes / 10


def test_a_copy_of_a_model_that_can_have_no_posterior_has_none():
    rows = np.random.default_rng(1).standard_normal((5, 10))
    model = LinearRegressionMLE().fit(rows, rows[:, 0])  # no residual is left to tell the noise
    for fit in (model, copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert not hasattr(fit, "coef_std_")
        with pytest.raises(AttributeError, match="no degrees of freedom left"):
            _ = fit.coef_std_


@pytest.mark.parametrize("name", CASES)
def test_data_changed_in_place_are_noticed_before_and_do_not_matter_after(name):
    data = X.copy()
    model = fitted(name, data)
    data -= 1.0
    with pytest.raises(RuntimeError, match="changed in place after `fit`"):
        _ = first(model.posterior_).std
    data = X.copy()
    model = fitted(name, data)
    std = first(model.posterior_).std
    data -= 1.0
    np.testing.assert_array_equal(first(model.posterior_).std, std)


@pytest.mark.parametrize("name", CASES)
def test_single_precision_gives_nearly_the_same_standard_deviations(name):
    data = X - X.mean(axis=0)
    y = TARGETS[CASES[name].target]
    single = clone(CASES[name].model)
    if "tol" in single.get_params():
        single.set_params(tol=1e-5)
    y32 = y if y.dtype.kind == "U" else y.astype(np.float32)
    std32 = first(single.fit(data.astype(np.float32), y32).posterior_).std
    std64 = first(clone(CASES[name].model).fit(data, y).posterior_).std
    # A hundred times the rounding of single precision for the condition, and what the looser tolerance leaves.
    np.testing.assert_allclose(std32, std64, rtol=2e-3, atol=1e-7)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csc_matrix])
def test_sparse_features_give_the_same_posterior(name, kind):
    data = np.where(np.abs(X - X.mean(axis=0)) > 0.7, X - X.mean(axis=0), 0.0)
    dense, thin = first(fitted(name, data).posterior_), first(fitted(name, kind(data)).posterior_)
    np.testing.assert_allclose(thin.std, dense.std, rtol=1e-4)
    np.testing.assert_allclose(thin.covariance, dense.covariance, atol=1e-4 * dense.std.max() ** 2)


WEIGHTED = [
    name
    for name in CASES
    if "CV" not in name
    and "MultiTask" not in name  # folds differ; multi-task lassos take no weights
]


@pytest.mark.parametrize("name", WEIGHTED)
def test_a_weight_of_two_is_the_row_twice(name):
    times = np.random.default_rng(2).integers(0, 4, N)
    y = TARGETS[CASES[name].target]
    weighted = clone(CASES[name].model).fit(X, y, sample_weight=times.astype(float))
    repeated = clone(CASES[name].model).fit(np.repeat(X, times, axis=0), np.repeat(y, times))
    a, b = first(weighted.posterior_), first(repeated.posterior_)
    np.testing.assert_allclose(a.std, b.std, rtol=1e-5)
    assert (a.dof is None) == (b.dof is None)
    if a.dof is not None:
        assert a.dof == pytest.approx(b.dof, rel=1e-6)


@pytest.mark.parametrize("name", SINGLE)
def test_the_summary_speaks_of_the_features_by_name(name):
    model = fitted(name, pd.DataFrame(X, columns=NAMES))
    table = model.summary(level=0.9)
    text = " ".join(str(label) for label in table.index)
    assert all(feature in text for feature in [*NAMES, "intercept"])
    posterior = first(model.posterior_)
    np.testing.assert_allclose(table["mean"], posterior.mean)
    np.testing.assert_allclose(table["std"], posterior.std)
    lower, upper = posterior.interval(0.9)
    np.testing.assert_allclose(table["lower"], lower)
    np.testing.assert_allclose(table["upper"], upper)
    assert list(table["p_positive"]) == pytest.approx(list(posterior.probability_positive))


@pytest.mark.parametrize("name", CASES)
def test_asking_for_the_posterior_changes_nothing_else(name):
    model, silent = fitted(name), fitted(name)
    assert first(model.posterior_).covariance.size
    np.testing.assert_array_equal(model.coef_, silent.coef_)
    np.testing.assert_array_equal(model.predict(X), silent.predict(X))


@pytest.mark.parametrize("name", CASES)
def test_a_second_fit_replaces_the_posterior(name):
    model, y = fitted(name), TARGETS[CASES[name].target]
    assert first(model.posterior_).std.size
    model.fit(X[:40], y[:40])
    alone = clone(CASES[name].model).fit(X[:40], y[:40])
    np.testing.assert_allclose(first(model.posterior_).std, first(alone.posterior_).std, rtol=1e-9)


CHANGES = {
    "MAPRidge": {"alpha": 1e3},
    "MAPLasso": {"alpha": 10.0},
    "MAPLogisticRegression": {"C": 1e-4},
    "MAPPoissonRegressor": {"alpha": 1e3},
    "MAPGammaRegressor": {"alpha": 1e3},
    "MAPStudentTRegressor": {"alpha": 1e3, "df": 1.0},
    "MAPRegressor": {"prior__scale": 1e-3, "likelihood": "poisson", "covariance": "diagonal"},
    "MAPClassifier": {"prior__scale": 1e-3, "posterior": "bootstrap"},
}


@pytest.mark.parametrize("name", CHANGES)
def test_arguments_changed_after_the_fit_wait_for_the_next_one(name):
    model, expected = fitted(name), first(fitted(name).posterior_)
    model.set_params(**CHANGES[name])
    assert first(model.posterior_).kind == expected.kind
    np.testing.assert_array_equal(first(model.posterior_).std, expected.std)


@pytest.mark.parametrize("name", SINGLE)
def test_without_an_intercept_it_is_certain(name):
    model = clone(CASES[name].model).set_params(fit_intercept=False)
    model.fit(X - X.mean(axis=0), TARGETS[CASES[name].target])
    posterior = first(model.posterior_)
    assert posterior.mean.size == model.coef_.size
    assert np.all(model.intercept_std_ == 0.0)
    assert "intercept" not in str(model.summary())


@pytest.mark.parametrize("name", CASES)
def test_before_the_fit_there_is_no_posterior(name):
    assert not hasattr(clone(CASES[name].model), "posterior_")
