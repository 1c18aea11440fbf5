"""The face of the posterior on the estimators: predictions, intervals, summaries, draws, and that asking costs nothing.

The covariance itself is tested against the textbook in `test_posterior_contract`.
"""

import copy
import inspect
import pickle
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse, stats
from scipy.special import expit
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import BayesianRidge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skbayes import BayesSearchCV, GridSearchCV
from skbayes.likelihoods import Bernoulli, Gaussian, NegativeBinomial, StudentT
from skbayes.linear_model import (
    LinearRegressionMLE,
    MAPClassifier,
    MAPElasticNet,
    MAPGammaRegressor,
    MAPLasso,
    MAPLassoCV,
    MAPLogisticRegression,
    MAPLogisticRegressionCV,
    MAPPoissonRegressor,
    MAPRegressor,
    MAPRidge,
    MAPRidgeClassifier,
    MAPRidgeCV,
    MAPStudentTRegressor,
    _gaussian_record,
)
from skbayes.priors import Laplace, Normal

RNG = np.random.default_rng(0)
N, P = 80, 3
X = RNG.standard_normal((N, P)) + [0.0, 2.0, -1.0]
ETA = X @ [0.6, -0.4, 0.0] + 0.5
Y = ETA + 0.5 * RNG.standard_normal(N)
COUNTS = RNG.poisson(np.exp(ETA)).astype(float)
TWO = (RNG.random(N) < expit(2.0 * ETA)).astype(int)
THREE = np.digitize(Y, [0.0, 1.0])
NEW = np.array([[0.0, 2.0, -1.0], [2.0, -1.0, 0.0], [30.0, 0.0, 0.0]])


# -- standard deviations and intervals of predictions


def test_std_is_that_of_scikit_learns_bayesian_ridge_at_its_scales():
    other = BayesianRidge(tol=1e-12, max_iter=5000).fit(X - X.mean(axis=0), Y - Y.mean())
    likelihood = Gaussian(scale=other.alpha_**-0.5)
    prior = Normal(scale=other.lambda_**-0.5)
    model = MAPRegressor(likelihood, prior, fit_intercept=False)
    model.fit(X - X.mean(axis=0), Y - Y.mean())
    mean, std = model.predict(NEW, return_std=True)
    expected = other.predict(NEW, return_std=True)
    np.testing.assert_allclose(mean, expected[0] - other.intercept_, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(std, expected[1], rtol=1e-6)


def test_intervals_of_least_squares_are_those_of_the_textbook():
    model = LinearRegressionMLE().fit(X, Y)
    A, new = np.column_stack([X, np.ones(N)]), np.column_stack([NEW, np.ones(3)])
    w = np.linalg.lstsq(A, Y, rcond=None)[0]
    noise = np.sqrt(np.sum((Y - A @ w) ** 2) / (N - 4))
    std = noise * np.sqrt(1.0 + np.sum(new @ np.linalg.inv(A.T @ A) * new, axis=1))
    expected = stats.t(N - 4, new @ w, std).interval(0.9)
    np.testing.assert_allclose(model.predict_interval(NEW, 0.9), expected, rtol=1e-9)
    np.testing.assert_allclose(model.predict(NEW, return_std=True)[1], std, rtol=1e-9)


def test_a_given_noise_scale_makes_them_normal():
    model = MAPRegressor(Gaussian(scale=0.5)).fit(X, Y)
    mean, std = model.predict(NEW, return_std=True)
    assert model.posterior_.dof is None
    expected = stats.norm(mean, std).interval(0.8)
    np.testing.assert_allclose(model.predict_interval(NEW, 0.8), expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("likelihood", "y"),
    [
        ("poisson", COUNTS),
        (NegativeBinomial(0.3), COUNTS),
        (StudentT(4.0, scale=0.4), Y),
        (Bernoulli(), TWO),
        ("gamma", COUNTS + 0.5),
    ],
    ids=str,
)
def test_intervals_hold_the_level_of_simulated_observations(likelihood, y):
    model = MAPRegressor(likelihood).fit(X, y)
    row, n, level = NEW[:1], 20_000, 0.9
    coef, intercept = model.sample_posterior(n, random_state=1)
    drawn = model.likelihood_.sample(coef @ row[0] + intercept, random_state=2)
    lower, upper = (end[0] for end in model.predict_interval(row, level))
    share = np.mean((lower <= drawn) & (drawn <= upper))
    error = 5.0 * np.sqrt(level * (1.0 - level) / n)
    assert share > level - error
    if not model.likelihood_.is_discrete:
        assert share < level + error
    _, std = model.predict(row, return_std=True)
    if np.isfinite(std[0]):
        assert std[0] == pytest.approx(drawn.std(), rel=0.1)


def test_counts_have_whole_ends():
    lower, upper = MAPPoissonRegressor().fit(X, COUNTS).predict_interval(X, 0.5)
    for end in (lower, upper):
        np.testing.assert_array_equal(end, np.floor(end))
    assert np.all(lower <= upper)


@settings(max_examples=20, deadline=None)
@given(inner=st.floats(0.05, 0.9), step=st.floats(0.01, 0.09))
def test_intervals_of_a_higher_level_are_wider(inner, step):  # quantiles are monotone
    for model in FITTED:
        narrow, wide = (model.predict_interval(NEW[:2], level) for level in (inner, inner + step))
        assert np.all(wide[0] <= narrow[0] + 1e-9)
        assert np.all(wide[1] >= narrow[1] - 1e-9)


FITTED = [
    MAPRegressor().fit(X, Y),
    MAPRegressor("poisson").fit(X, COUNTS),
    MAPStudentTRegressor().fit(X, Y),
]


@pytest.mark.parametrize("level", [0.0, 1.0, 95, -0.1, True, "0.95", None])
def test_a_level_that_is_no_probability_is_refused(level):
    model = FITTED[0]
    with pytest.raises(ValueError, match="level needs a probability between 0 and 1"):
        model.predict_interval(NEW, level)
    with pytest.raises(ValueError, match="level needs a probability between 0 and 1"):
        model.summary(level)


def test_an_offset_shifts_mean_and_interval_alike():
    shift = np.array([1.0, -2.0, 0.5])
    model = MAPRegressor().fit(X, Y, offset=np.full(N, 0.3))
    mean, std = model.predict(NEW, return_std=True, offset=shift)
    np.testing.assert_allclose(mean, model.predict(NEW) + shift)
    np.testing.assert_allclose(std, model.predict(NEW, return_std=True)[1])
    moved = model.predict_interval(NEW, offset=shift)
    np.testing.assert_allclose(moved, np.array(model.predict_interval(NEW)) + shift)
    exposed = MAPPoissonRegressor().fit(X, COUNTS)
    np.testing.assert_allclose(
        exposed.predict(NEW[:2], offset=shift[:2]), exposed.predict(NEW[:2]) * np.exp(shift[:2])
    )
    assert np.all(exposed.predict_interval(NEW[:1], offset=[5.0])[1] > 50.0)


def test_several_targets_have_a_column_each():
    both = np.column_stack([Y, -2.0 * Y[::-1]])
    for model in (MAPRegressor(), MAPRidge(), LinearRegressionMLE(), MAPLasso(alpha=0.01)):
        together = clone(model).fit(X, both)
        mean, std = together.predict(NEW, return_std=True)
        lower, upper = together.predict_interval(NEW)
        assert isinstance(together.posterior_, list)
        for k in range(2):
            alone = clone(model).fit(X, both[:, k])
            np.testing.assert_allclose(std[:, k], alone.predict(NEW, return_std=True)[1], rtol=1e-6)
            np.testing.assert_allclose(lower[:, k], alone.predict_interval(NEW)[0], rtol=1e-6)
            np.testing.assert_allclose(together.coef_std_[k], alone.coef_std_, rtol=1e-6)
            assert together.intercept_std_[k] == pytest.approx(alone.intercept_std_, rel=1e-6)
        assert mean.shape == std.shape == lower.shape == upper.shape == (3, 2)


@pytest.mark.parametrize("model", [MAPRidge(), MAPRegressor(), MAPLasso(), MAPRidgeCV()], ids=str)
def test_one_target_in_a_column_has_the_shapes_of_the_predictions(model):
    model = clone(model).fit(X, Y[:, None])
    mean, std = model.predict(NEW, return_std=True)
    assert std.shape == mean.shape
    assert model.predict_interval(NEW)[0].shape == mean.shape
    assert model.coef_std_.shape == model.coef_.shape
    assert np.shape(model.intercept_std_) == np.shape(model.intercept_)
    assert len(model.summary()) == P + 1


def test_blocks_of_rows_are_the_rows(monkeypatch):
    model = MAPRegressor("poisson").fit(X, COUNTS)
    whole = model.predict_interval(X), model.predict(X, return_std=True)[1]
    monkeypatch.setattr("skbayes.linear_model._uncertain._BLOCK", 40)  # ten rows at a time
    np.testing.assert_allclose(model.predict_interval(X), whole[0])
    np.testing.assert_allclose(model.predict(X, return_std=True)[1], whole[1])


@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csc_matrix, sparse.coo_matrix])
def test_sparse_new_rows(kind):
    for model in FITTED:
        expected = model.predict(NEW, return_std=True)[1]
        np.testing.assert_allclose(model.predict(kind(NEW), return_std=True)[1], expected)
        np.testing.assert_allclose(
            model.predict_interval(kind(NEW)), model.predict_interval(NEW), rtol=1e-9
        )


def test_single_precision_stays_in_predictions():
    single = X.astype(np.float32)
    for model, y in ((MAPRidge(), Y), (MAPRegressor("poisson"), COUNTS), (MAPClassifier(), THREE)):
        model = clone(model).fit(single, y)
        if hasattr(model, "predict_interval"):
            assert model.predict(single, return_std=True)[1].dtype == np.float32
            assert model.predict_interval(single)[0].dtype == np.float32
        else:
            assert model.predict_proba(single, averaged=True).dtype == np.float32


def test_without_return_std_nothing_is_formed():
    model = MAPRidge().fit(X, Y)
    model.predict(X), model.score(X, Y)
    assert not model.posterior_.is_formed
    model.predict(X, return_std=True)
    assert model.posterior_.is_formed


# -- probabilities averaged over the posterior


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_two_classes_are_averaged_as_draws_are(link):
    model = MAPClassifier(likelihood=Bernoulli(link)).fit(X, TWO)
    coef, intercept = model.sample_posterior(100_000, random_state=0)
    eta = np.einsum("nkp,ip->nik", coef, NEW)[:, :, 0] + intercept
    drawn = model.likelihood_.inverse_link(eta)
    found = model.predict_proba(NEW, averaged=True)
    error = 6.0 * drawn.std(axis=0) / np.sqrt(len(drawn))
    assert np.all(np.abs(found[:, 1] - drawn.mean(axis=0)) < error + 1e-9)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-9)


def test_several_classes_are_averaged_as_draws_are():
    model = MAPClassifier().fit(X, THREE)
    coef, intercept = model.sample_posterior(50_000, random_state=0)
    eta = np.einsum("nkp,ip->nik", coef, NEW[:2]) + intercept[:, None, :]
    drawn = model.likelihood_.inverse_link(eta.reshape(-1, 3)).reshape(eta.shape)
    error = 6.0 * drawn.std(axis=0) / np.sqrt(len(drawn)) + 5e-4
    found = model.predict_proba(NEW[:2], averaged=True)
    assert np.all(np.abs(found - drawn.mean(axis=0)) < error)


def test_softmax_of_two_classes_is_averaged_over_their_difference():
    # The difference of two rows of a normal prior has √2 times its scale.
    rows = MAPClassifier(Normal(scale=1.0), likelihood="categorical", tol=1e-12).fit(X, TWO)
    one = MAPClassifier(Normal(scale=np.sqrt(2.0)), tol=1e-12).fit(X, TWO)
    assert rows.coef_.shape == (2, P)
    expected = one.predict_proba(NEW, averaged=True)
    np.testing.assert_allclose(rows.predict_proba(NEW, averaged=True), expected, atol=1e-6)


def test_far_from_the_data_averaging_is_less_sure():
    model = MAPLogisticRegression().fit(X, TWO)
    mode, averaged = model.predict_proba(NEW), model.predict_proba(NEW, averaged=True)
    assert np.all(averaged.max(axis=1) < mode.max(axis=1))
    np.testing.assert_array_equal(np.argmax(mode, axis=1), np.argmax(averaged, axis=1))
    with_offset = model.predict_proba(NEW, [1.0, 0.0, 0.0], averaged=True)
    assert with_offset[0, 1] > averaged[0, 1]
    np.testing.assert_allclose(with_offset[1:], averaged[1:])


# -- summary and draws


def test_summary_has_names_intervals_and_the_probability_of_the_sign():
    frame = pd.DataFrame(X, columns=["age", "dose", "height"])
    model = MAPRidge().fit(frame, Y)
    table = model.summary(0.9)
    assert list(table.index) == ["age", "dose", "height", "intercept"]
    assert list(table.columns) == ["mean", "std", "lower", "upper", "p_positive"]
    assert {kind.name for kind in table.dtypes} == {"float64"}
    np.testing.assert_allclose(table["mean"], np.append(model.coef_, model.intercept_))
    np.testing.assert_allclose(table["std"], np.append(model.coef_std_, model.intercept_std_))
    t = stats.t(model.posterior_.dof, table["mean"], table["std"])
    np.testing.assert_allclose(table["lower"], t.ppf(0.05))
    np.testing.assert_allclose(table["upper"], t.ppf(0.95))
    np.testing.assert_allclose(table["p_positive"], t.sf(0.0), atol=1e-12)
    assert table.attrs["kind"] == "exact"
    assert table.attrs["level"] == 0.9
    assert not table.attrs["is_conditional"]


def test_summary_of_classes_has_a_level_of_their_labels():
    iris = load_iris(as_frame=True)
    labels = iris.target_names[iris.target]
    model = MAPClassifier().fit(iris.data, labels)
    table = model.summary()
    assert table.index.names == ["class", "feature"]
    assert list(table.loc["virginica"].index) == [*iris.data.columns, "intercept"]
    np.testing.assert_allclose(table.loc["setosa"]["mean"].iloc[:4], model.coef_[0])
    assert table.loc[("versicolor", "intercept"), "std"] == pytest.approx(model.intercept_std_[1])
    two = MAPClassifier().fit(X, TWO).summary()
    assert list(two.index) == ["x0", "x1", "x2", "intercept"]


def test_summary_of_targets_and_of_ridge_on_labels():
    table = MAPRidge().fit(X, np.column_stack([Y, Y])).summary()
    assert table.index.names == ["target", "feature"]
    assert len(table) == 8
    assert len(table.attrs["dof"]) == 2
    labels = MAPRidgeClassifier().fit(X, THREE).summary()
    assert list(labels.index.unique("class")) == [0, 1, 2]
    assert len(MAPRidgeClassifier().fit(X, TWO).summary()) == P + 1


def test_summary_without_an_intercept_has_no_such_row():
    model = MAPRegressor(fit_intercept=False).fit(X, Y)
    assert list(model.summary().index) == ["x0", "x1", "x2"]
    assert model.intercept_std_ == 0.0
    assert np.all(model.sample_posterior(3, 0)[1] == 0.0)
    assert MAPClassifier(fit_intercept=False).fit(X, THREE).summary().shape == (9, 5)


def test_summary_of_a_sparse_fit_says_that_it_is_conditional():
    model = MAPLasso(alpha=0.2).fit(X, Y)
    table = model.summary()
    held = model.coef_ == 0.0
    assert held.any()
    assert table.attrs["is_conditional"]
    assert table.attrs["kind"] == "support"
    np.testing.assert_array_equal(table["std"].iloc[:P] == 0.0, held)
    for end in ("lower", "upper"):
        np.testing.assert_array_equal(table[end].iloc[:P] == 0.0, held)


def test_summary_without_pandas_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="summary needs pandas"):
        FITTED[0].summary()


@pytest.mark.parametrize(
    ("model", "y"),
    [(MAPRidge(), Y), (MAPRidge(), np.column_stack([Y, Y])), (MAPClassifier(), THREE)],
    ids=["one", "targets", "classes"],
)
def test_draws_have_the_shapes_and_moments_of_the_attributes(model, y):
    model = clone(model).fit(X, y)
    n = 20_000
    coef, intercept = model.sample_posterior(n, random_state=3)
    assert coef.shape == (n, *model.coef_.shape)
    assert intercept.shape == (n, *np.shape(model.intercept_))
    for draws, mean, std in (
        (coef, model.coef_, model.coef_std_),
        (intercept, model.intercept_, model.intercept_std_),
    ):
        assert np.all(np.abs(draws.mean(axis=0) - mean) < 6.0 * std / np.sqrt(n))
        # Student's t with some 76 degrees of freedom is 1.3 % wider; the error of the draws is 0.5 %.
        np.testing.assert_allclose(draws.std(axis=0), std, rtol=0.05)
    again, _ = model.sample_posterior(n, random_state=3)
    np.testing.assert_array_equal(coef, again)
    assert model.sample_posterior()[0].shape == (1, *model.coef_.shape)


# -- that asking costs nothing before, and what there is afterwards


def test_scikit_learns_page_and_dir_form_nothing():
    for model in (MAPRidge().fit(X, Y), MAPClassifier().fit(X, THREE)):
        model._repr_html_(), repr(model), dir(model)
        assert not model.posterior_.is_formed
        assert {"coef_std_", "posterior_", "log_evidence_", "summary"} <= set(dir(model))


def test_scikit_learns_page_needs_no_data():
    own = X.copy()
    model = MAPRidge().fit(own, Y)
    own *= 2.0
    assert "MAPRidge" in model._repr_html_()
    with pytest.raises(RuntimeError, match="changed in place after `fit`"):
        model.coef_std_  # noqa: B018


def test_page_and_members_of_a_model_that_is_not_fitted():
    model = MAPRidge()
    assert "coef_std_" in dir(model)
    assert "MAPRidge" in model._repr_html_()
    assert "coef_std_" not in dict(inspect.getmembers(model))


@pytest.mark.parametrize("name", ["posterior_", "coef_std_", "intercept_std_", "log_evidence_"])
def test_before_the_fit_attributes_are_not_there(name):
    assert not hasattr(MAPRidge(), name)
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        getattr(MAPClassifier(), name)


@pytest.mark.parametrize(
    "ask",
    [
        lambda m: m.predict_interval(X),
        lambda m: m.summary(),
        lambda m: m.sample_posterior(),
        lambda m: m.predict(X, return_std=True),
    ],
)
def test_before_the_fit_methods_say_so(ask):
    with pytest.raises(NotFittedError):
        ask(MAPRegressor())


def test_no_posterior_is_said_to_be_there_on_request():
    model = MAPRegressor(posterior=None).fit(X, Y)
    assert not hasattr(model, "posterior_")
    with pytest.raises(AttributeError, match=r"MAPRegressor\(posterior=None\) has no posterior"):
        model.summary()
    np.testing.assert_array_equal(model.predict(X), MAPRegressor().fit(X, Y).predict(X))


def test_the_kind_is_that_of_the_fit_and_not_of_later_arguments():
    model = MAPRegressor().fit(X, Y).set_params(posterior=None)
    assert model.posterior_.kind == "exact"
    model.fit(X, Y)
    assert not hasattr(model, "posterior_")


def test_a_second_fit_has_a_second_posterior():
    model = MAPRidge().fit(X, Y)
    first = model.coef_std_
    model.fit(X[:40], Y[:40])
    assert np.all(model.coef_std_ > first)
    fresh = MAPRidge().fit(X[:40], Y[:40])
    np.testing.assert_array_equal(model.coef_std_, fresh.coef_std_)


def test_clones_have_no_posterior():
    assert not hasattr(clone(FITTED[0]), "posterior_")


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))]
)
def test_copies_say_the_same(copied):
    for model, y in ((MAPRidge(), Y), (MAPRegressor("poisson"), COUNTS), (MAPLasso(0.1), Y)):
        model = clone(model).fit(X, y)
        twin = copied(model)
        np.testing.assert_array_equal(twin.predict_interval(NEW), model.predict_interval(NEW))
        pd.testing.assert_frame_equal(twin.summary(), model.summary())
        np.testing.assert_array_equal(
            twin.sample_posterior(2, 0)[0], model.sample_posterior(2, 0)[0]
        )


def test_a_shallow_copy_forms_nothing():
    model = MAPRidge().fit(X, Y)
    assert copy.copy(model).posterior_ is model.posterior_
    assert not model.posterior_.is_formed


@pytest.mark.parametrize(("model", "y"), [(MAPRidge(), Y), (MAPClassifier(), THREE)], ids=str)
def test_two_fits_to_the_same_data_have_one_hash(model, y):
    one, two, other = (clone(model).fit(A, y) for A in (X, X, X[:, ::-1]))
    assert joblib.hash(one) == joblib.hash(two) != joblib.hash(other)


def test_a_model_whose_posterior_is_undefined_can_be_pickled():
    wide = np.random.default_rng(0).standard_normal((5, 10))
    model = LinearRegressionMLE().fit(wide, Y[:5])
    for each in (model, pickle.loads(pickle.dumps(model))):
        assert not hasattr(each, "coef_std_")
        assert not hasattr(each, "log_evidence_")
        np.testing.assert_array_equal(each.predict(wide), model.predict(wide))
        with pytest.raises(ValueError, match="no degrees of freedom left"):
            each.predict_interval(wide)


def test_searches_leave_a_posterior_on_the_best_estimator():
    for search in (
        GridSearchCV(MAPRegressor(), {"fit_intercept": [True]}, cv=2),
        BayesSearchCV(MAPRidge(), {"alpha": (0.1, 10.0)}, n_iter=3, cv=2, random_state=0),
    ):
        best = search.fit(X, Y).best_estimator_
        same = clone(best).fit(X, Y)
        np.testing.assert_allclose(best.coef_std_, same.coef_std_)


def test_a_pipeline_hands_return_std_on():
    pipe = make_pipeline(StandardScaler(), MAPRidge()).fit(X, Y)
    _, std = pipe.predict(NEW, return_std=True)
    assert std[2] > std[0] > 0.0


def test_new_arguments_can_be_routed():
    with config_context(enable_metadata_routing=True):
        model = MAPRidge().set_predict_request(return_std=True)
        assert model.get_metadata_routing().predict.requests["return_std"] is True
        classifier = MAPClassifier().set_predict_proba_request(averaged=True)
        assert classifier.get_metadata_routing().predict_proba.requests["averaged"] is True


def test_a_thousand_targets_cost_a_look_at_the_data_once(monkeypatch):
    calls = []
    from skbayes.linear_model import _fingerprint

    original = _fingerprint._some_entries
    monkeypatch.setattr(_fingerprint, "_some_entries", lambda a: calls.append(1) or original(a))
    model = MAPRidge().fit(X, np.tile(Y[:, None], 1000))
    assert len(calls) == 2  # X and Y
    assert len(model.posterior_) == 1000


# -- what the named models stand for


@pytest.mark.parametrize("alpha", [0.0, 0.5, 20.0])
def test_the_noise_of_conjugate_gradients_is_estimated_when_it_is_asked_for(alpha):
    # Two roads: the trace of the map to the fitted values in closed form, and from the objective.
    weight = np.arange(N) % 3 + 0.5
    direct = MAPRidge(alpha, solver="cholesky").fit(X, Y, weight)
    iterated = MAPRidge(alpha, solver="sparse_cg", tol=1e-12).fit(X, Y, weight)
    assert not hasattr(iterated, "noise_scale_")
    np.testing.assert_allclose(iterated.coef_std_, direct.coef_std_, rtol=1e-6)
    assert iterated.posterior_.dof == pytest.approx(direct.posterior_.dof, rel=1e-6)


def test_of_large_problems_the_degrees_of_freedom_are_estimated(monkeypatch):
    rng = np.random.default_rng(0)
    wide = rng.standard_normal((150, 100))
    y, weight = wide[:, 0] + rng.standard_normal(150), rng.uniform(0.0, 2.0, 150)
    weight[:5] = 0.0
    exact = MAPRidge(30.0, solver="sparse_cg", tol=1e-10).fit(wide, y, weight)
    wanted = exact.posterior_.dof
    monkeypatch.setattr(_gaussian_record, "_LARGEST", 10)
    estimated = clone(exact).fit(wide, y, weight).posterior_.dof
    assert estimated != wanted
    # √(2 γ / 30) with γ of about 60 is two degrees of freedom; five of that.
    assert abs(estimated - wanted) < 10.0


def test_coefficients_at_a_bound_are_held():
    model = MAPRidge(positive=True).fit(X, Y)
    held = model.coef_ == 0.0
    assert held.any()
    np.testing.assert_array_equal(model.coef_std_ == 0.0, held)
    assert model.posterior_.is_conditional
    free = MAPRidge().fit(X[:, ~held], Y)
    np.testing.assert_allclose(model.coef_std_[~held], free.coef_std_, rtol=1e-6)


def test_a_lasso_is_its_prior_in_the_unit_of_the_coefficients():
    alpha, weight = 0.1, np.arange(N) % 3 + 0.5
    model = MAPLasso(alpha, tol=1e-12).fit(X, Y, weight)
    sigma = model.noise_scale_
    prior = Laplace(scale=sigma**2 / (alpha * weight.sum()))
    same = MAPRegressor(Gaussian(scale=sigma), prior, tol=1e-12).fit(X, Y, weight)
    np.testing.assert_allclose(model.coef_, same.coef_, atol=1e-6)
    np.testing.assert_allclose(model.coef_std_, same.coef_std_, rtol=1e-6)
    both = MAPElasticNet(alpha, l1_ratio=0.0, tol=1e-12).fit(X, Y)
    ridge = MAPRidge(alpha * N).fit(X, Y)
    np.testing.assert_allclose(both.coef_std_, ridge.coef_std_, rtol=1e-6)


def test_a_path_has_the_posterior_of_its_last_fit():
    model = MAPLassoCV(cv=3, alphas=5).fit(X, Y)
    alone = MAPLasso(model.alpha_).fit(X, Y)
    np.testing.assert_allclose(model.coef_std_, alone.coef_std_, rtol=1e-4)


def test_ridge_with_its_strength_chosen_has_the_posterior_at_it():
    model = MAPRidgeCV([0.1, 1.0, 10.0], cv=3).fit(X, Y)
    np.testing.assert_allclose(model.coef_std_, MAPRidge(model.alpha_).fit(X, Y).coef_std_)


def test_gamma_regression_has_the_estimated_shape():
    rng = np.random.default_rng(1)
    A = rng.standard_normal((3000, 2))
    y = np.exp(A @ [0.5, -0.5]) * rng.gamma(4.0, 0.25, 3000)
    model = MAPGammaRegressor(alpha=0.0, tol=1e-10).fit(A, y)
    # XᵀX is about n, and the expected curvature of a row is the shape: std² = 1 / (4 · 3000).
    np.testing.assert_allclose(model.coef_std_, 1.0 / np.sqrt(4.0 * 3000.0), rtol=0.1)
    mean, std = model.predict(A[:5], return_std=True)
    np.testing.assert_allclose(std / mean, 0.5, rtol=0.1)  # the coefficient of variation


def test_class_weights_are_in_the_posterior():
    by_class = MAPLogisticRegression(class_weight={0: 2.0, 1: 1.0}, tol=1e-10).fit(X, TWO)
    by_row = MAPLogisticRegression(tol=1e-10).fit(X, TWO, np.where(TWO == 0, 2.0, 1.0))
    np.testing.assert_allclose(by_class.coef_std_, by_row.coef_std_, rtol=1e-6)
    assert np.all(by_class.coef_std_ < MAPLogisticRegression().fit(X, TWO).coef_std_)


def test_means_over_folds_are_the_mode_of_nothing():
    options = {
        "cv": 3,
        "Cs": 2,
        "l1_ratios": (0.0,),
        "scoring": "neg_log_loss",
        "use_legacy_attributes": False,
    }
    model = MAPLogisticRegressionCV(refit=False, **options).fit(X, TWO)
    assert not hasattr(model, "posterior_")
    with pytest.raises(AttributeError, match="Use refit=True"):
        model.summary()
    refitted = MAPLogisticRegressionCV(refit=True, tol=1e-10, **options).fit(X, TWO)
    alone = MAPLogisticRegression(C=refitted.C_, tol=1e-10).fit(X, TWO)
    np.testing.assert_allclose(refitted.coef_std_, alone.coef_std_, rtol=1e-5)


def test_sparsified_coefficients_have_the_same_posterior():
    model = MAPLogisticRegression().fit(X, THREE)
    expected = model.coef_std_, model.predict_proba(NEW, averaged=True)
    model.sparsify()
    np.testing.assert_array_equal(model.coef_std_, expected[0])
    np.testing.assert_array_equal(model.predict_proba(NEW, averaged=True), expected[1])
    assert len(model.summary()) == 3 * (P + 1)


# -- partial_fit


def test_an_exact_partial_fit_has_the_posterior_of_all_rows():
    whole = MAPRegressor().fit(X, Y)
    parts = MAPRegressor()
    for rows in (slice(0, 30), slice(30, N)):
        block = X[rows].copy()
        parts.partial_fit(block, Y[rows])
        block[:] = 0.0  # it keeps no rows
    np.testing.assert_allclose(parts.coef_std_, whole.coef_std_, rtol=1e-6)
    np.testing.assert_allclose(parts.predict_interval(NEW), whole.predict_interval(NEW), rtol=1e-6)
    assert parts.posterior_.dof == pytest.approx(whole.posterior_.dof, rel=1e-6)


def test_stochastic_steps_have_none_and_say_why():
    for model in (
        MAPRegressor("poisson").fit(X, COUNTS).partial_fit(X, COUNTS),
        MAPClassifier().fit(X, TWO).partial_fit(X, TWO),
    ):
        assert not hasattr(model, "posterior_")
        with pytest.raises(AttributeError, match="stochastic steps of partial_fit"):
            model.summary()
