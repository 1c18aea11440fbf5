"""Snapshot ensembles: what the model is given at each step, and what is made of its snapshots."""

import pickle
from copy import deepcopy
from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import coo_array
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_digits, make_classification, make_regression
from sklearn.linear_model import Perceptron, Ridge, SGDClassifier, SGDRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

from skbayes._sklearn import set_step_size
from skbayes.ensemble import SnapshotEnsembleClassifier, SnapshotEnsembleRegressor
from skbayes.solvers import cosine, cyclic_cosine, step

X, y = make_classification(
    90, 5, n_informative=4, n_redundant=0, n_classes=3, n_clusters_per_class=1, random_state=0
)
names = np.array(["one", "three", "two"])[y]
X_real, z = make_regression(80, 3, noise=1.0, random_state=0)


class Recorder(ClassifierMixin, BaseEstimator):
    """Remembers what `partial_fit` is given, and predicts by nothing but labels."""

    def __init__(self, step_size=0.5, learning_rate="optimal", random_state=None):
        self.step_size = step_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    def partial_fit(self, X, y, classes=None, sample_weight=None):
        if not hasattr(self, "calls_"):
            self.calls_ = []
            self.classes_ = classes
        self.calls_.append((self.step_size, X[:, 0].astype(int), y, sample_weight))
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[len(self.calls_) % len(self.classes_)])


ROWS = np.arange(20)[:, None] * np.ones((1, 2))
LABELS = ROWS[:, 0] % 3


def recorded(ensemble, **params):
    return ensemble.fit(ROWS, LABELS, **params).estimators_[-1].calls_


def test_every_epoch_sees_each_row_once_in_an_order_of_its_own():
    calls = recorded(SnapshotEnsembleClassifier(Recorder(), n_epochs=5, random_state=0))
    orders = [tuple(rows) for _, rows, *_ in calls]
    assert all(sorted(order) == list(range(20)) for order in orders)
    assert len(set(orders)) == 5
    assert all((labels == LABELS[rows]).all() for _, rows, labels, _ in calls)


def test_batches_have_at_most_the_size_and_make_up_the_epoch():
    ensemble = SnapshotEnsembleClassifier(Recorder(), n_snapshots=2, n_epochs=3, batch_size=6)
    calls = recorded(ensemble)
    assert [len(rows) for _, rows, *_ in calls] == [5, 5, 5, 5] * 3
    for epoch in range(3):
        rows = np.concatenate([call[1] for call in calls[4 * epoch : 4 * epoch + 4]])
        assert sorted(rows) == list(range(20))


@pytest.mark.parametrize(
    ("schedule", "factors"),
    [
        ("cyclic_cosine", cyclic_cosine(np.arange(12), 12, n_cycles=3)),
        ("cosine", cosine(np.arange(12), 12)),
        ("constant", np.ones(12)),
        (partial(step, n_levels=2, drop=0.5), [1.0] * 6 + [0.5] * 6),
        (partial(cyclic_cosine, n_cycles=2), cyclic_cosine(np.arange(12), 12, n_cycles=2)),
        (lambda t, n_steps, n_cycles: n_cycles / (t + n_steps), 3 / np.arange(12, 24)),
    ],
)
def test_step_sizes_follow_the_schedule(schedule, factors):
    ensemble = SnapshotEnsembleClassifier(
        Recorder(0.2), n_snapshots=3, n_epochs=12, schedule=schedule
    )
    given = [call[0] for call in recorded(ensemble)]
    np.testing.assert_allclose(given, 0.2 * np.array(factors), rtol=1e-12)
    np.testing.assert_array_equal(ensemble.step_sizes_, given)
    larger = ensemble.set_params(step_size=0.6)
    np.testing.assert_allclose([call[0] for call in recorded(larger)], 0.6 * np.array(factors))


def test_snapshots_are_made_at_the_end_of_each_cycle():
    ensemble = SnapshotEnsembleClassifier(Recorder(), n_snapshots=3, n_epochs=7).fit(ROWS, LABELS)
    n_calls = [len(model.calls_) for model in ensemble.estimators_]
    begins = np.flatnonzero(ensemble.step_sizes_ == ensemble.step_sizes_.max())
    assert n_calls == [*begins[1:], 7] == [3, 5, 7]


def test_labels_are_voted_on():
    ensemble = SnapshotEnsembleClassifier(Recorder(), n_snapshots=3, n_epochs=7).fit(ROWS, LABELS)
    # 3, 5 and 7 calls: classes 0, 2 and 1: of equal votes the first
    assert set(ensemble.predict(ROWS)) == {0.0}
    assert ensemble.rule_ == "vote"
    assert not hasattr(ensemble, "predict_proba")


def test_weights_are_cut_to_the_batch():
    weight = np.arange(20.0)
    ensemble = SnapshotEnsembleClassifier(Recorder(), n_snapshots=1, n_epochs=2, batch_size=7)
    for _, rows, _, given in recorded(ensemble, sample_weight=weight):
        np.testing.assert_array_equal(given, weight[rows])
    with config_context(enable_metadata_routing=True):
        asking = Recorder().set_partial_fit_request(sample_weight=True, classes=True)
        routed = SnapshotEnsembleClassifier(asking, n_snapshots=1, n_epochs=2, batch_size=7)
        calls = recorded(routed, sample_weight=weight)
        np.testing.assert_array_equal(calls[0][3], weight[calls[0][1]])
        with pytest.raises(TypeError, match="no_such"):
            routed.fit(ROWS, LABELS, no_such=1)


def test_the_schedule_of_the_estimator_is_off_and_its_seed_stays_if_it_has_one():
    ensemble = SnapshotEnsembleClassifier(Recorder(), n_epochs=5, random_state=0).fit(ROWS, LABELS)
    model = ensemble.estimators_[0]
    assert model.learning_rate == "constant"
    assert isinstance(model.random_state, int)
    assert ensemble.estimator.learning_rate == "optimal"
    assert ensemble.estimator.random_state is None
    seeded = SnapshotEnsembleClassifier(Recorder(random_state=7), n_epochs=5).fit(ROWS, LABELS)
    assert seeded.estimators_[0].random_state == 7


def moved(model, size, data):
    """The coefficients' change in one step from the same state."""
    after = deepcopy(model)
    set_step_size(after, "learning_rate_init", size)
    after.partial_fit(*data)
    return after.coefs_[0] - model.coefs_[0]


@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_a_network_takes_the_new_step_size_at_once(solver, kind):
    data = (X, y if kind is MLPClassifier else y * 1.0)
    model = kind(
        hidden_layer_sizes=(4,), solver=solver, momentum=0.0, shuffle=False, random_state=0
    )
    model.partial_fit(*data, **({"classes": [0, 1, 2]} if kind is MLPClassifier else {}))
    small, large = moved(model, 1e-3, data), moved(model, 4e-3, data)
    assert np.abs(small).max() > 0
    # one batch, and no momentum that remembers earlier steps: the step is a multiple of its size
    np.testing.assert_allclose(large, 4 * small, rtol=1e-9, atol=1e-15)


def test_nothing_else_of_a_network_changes_with_the_step_size():
    ensemble = SnapshotEnsembleClassifier(
        MLPClassifier((8,), learning_rate_init=0.01, random_state=0),
        n_snapshots=1,
        n_epochs=6,
        schedule="constant",
        random_state=0,
    ).fit(X, y)
    plain = MLPClassifier((8,), learning_rate_init=0.01, random_state=0)
    rng = np.random.default_rng(np.random.RandomState(0).randint(np.iinfo(np.int32).max))
    for _ in range(6):
        rows = rng.permutation(len(y))
        plain.partial_fit(X[rows], y[rows], classes=[0, 1, 2])
    np.testing.assert_array_equal(ensemble.predict_proba(X), plain.predict_proba(X))


def test_probabilities_are_the_mean_of_those_of_the_snapshots():
    network = MLPClassifier((8,), learning_rate_init=0.05)
    ensemble = SnapshotEnsembleClassifier(network, n_snapshots=4, n_epochs=20, random_state=0)
    ensemble.fit(X, names)
    each = [model.predict_proba(X) for model in ensemble.estimators_]
    assert np.ptp(each, axis=0).max() > 0.01
    np.testing.assert_allclose(ensemble.predict_proba(X), np.mean(each, axis=0), rtol=1e-12)
    np.testing.assert_array_equal(ensemble.classes_, np.unique(names))
    assert ensemble.score(X, names) > 0.8
    assert ensemble.weights_.sum() == pytest.approx(1.0)


def test_the_mean_of_linear_models_is_the_model_of_their_mean_coefficients():
    linear = SnapshotEnsembleRegressor(SGDRegressor(), n_epochs=10, step_size=0.05).fit(X_real, z)
    coef = np.mean([model.coef_ for model in linear.estimators_], axis=0)
    intercept = np.mean([model.intercept_ for model in linear.estimators_])
    np.testing.assert_allclose(linear.predict(X_real), X_real @ coef + intercept, rtol=1e-10)
    assert linear.score(X_real, z) > 0.99

    hinge = SnapshotEnsembleClassifier(SGDClassifier(), n_epochs=10, step_size=0.05).fit(X, y > 0)
    coef = np.mean([model.coef_[0] for model in hinge.estimators_], axis=0)
    intercept = np.mean([model.intercept_ for model in hinge.estimators_])
    np.testing.assert_allclose(hinge.decision_function(X), X @ coef + intercept, rtol=1e-10)
    np.testing.assert_array_equal(hinge.predict(X), X @ coef + intercept > 0)
    assert not hasattr(hinge, "predict_proba")


def test_snapshots_of_restarts_differ_more_than_those_of_a_falling_step():
    # what the cycles are for: after the fall the model leaves its place again
    X_digits, y_digits = load_digits(return_X_y=True)
    X_digits = X_digits[:400] / 16

    def spread(schedule):
        network = MLPClassifier((20,), solver="sgd", learning_rate_init=0.3)
        ensemble = SnapshotEnsembleClassifier(
            network, n_snapshots=3, n_epochs=60, schedule=schedule, random_state=0
        ).fit(X_digits, y_digits[:400])
        last = [model.coefs_[0] for model in ensemble.estimators_[-2:]]
        return np.linalg.norm(last[1] - last[0])

    assert spread("cyclic_cosine") > 2 * spread("cosine")


def test_the_same_seed_gives_the_same_ensemble():
    def fitted(seed):
        network = MLPClassifier((5,), learning_rate_init=0.05)
        return SnapshotEnsembleClassifier(network, n_epochs=10, random_state=seed).fit(X, y)

    one = fitted(0)
    np.testing.assert_array_equal(one.predict_proba(X), fitted(0).predict_proba(X))
    assert np.abs(one.predict_proba(X) - fitted(1).predict_proba(X)).max() > 1e-3
    again = pickle.loads(pickle.dumps(one))
    np.testing.assert_array_equal(one.predict_proba(X), again.predict_proba(X))


def test_classes_that_the_first_batch_has_not():
    order = np.argsort(y)
    ensemble = SnapshotEnsembleClassifier(
        SGDClassifier(loss="log_loss"), n_epochs=20, batch_size=2, step_size=0.05, random_state=0
    ).fit(X[order], y[order])
    assert ensemble.predict_proba(X).shape == (90, 3)
    assert ensemble.score(X, y) > 0.7


def test_data_frames_and_sparse_data():
    linear = SnapshotEnsembleClassifier(
        SGDClassifier(random_state=0), n_epochs=10, batch_size=30, step_size=0.01, random_state=0
    )
    dense = clone(linear).fit(X, y).decision_function(X)
    sparse = clone(linear).fit(coo_array(X), y).decision_function(coo_array(X))
    # the intercept of sparse data learns more slowly in scikit-learn, by its own choice
    assert np.corrcoef(dense.ravel(), sparse.ravel())[0, 1] > 0.95
    frame = pd.DataFrame(X, columns=list("abcde"))
    framed = clone(linear).fit(frame, pd.Series(y))
    np.testing.assert_array_equal(framed.decision_function(frame), dense)
    assert framed.feature_names_in_.tolist() == list("abcde")
    assert framed.n_features_in_ == 5


def test_the_step_size_is_found():
    perceptron = SnapshotEnsembleClassifier(Perceptron(eta0=0.3), n_epochs=5).fit(X, y)
    assert perceptron.step_sizes_.max() == 0.3
    linear = SnapshotEnsembleRegressor(SGDRegressor(eta0=0.02), n_epochs=5).fit(X, y * 1.0)
    assert linear.step_sizes_.max() == 0.02
    named = SnapshotEnsembleRegressor(SGDRegressor(), n_epochs=5, step_size_param="alpha")
    assert named.fit(X, y * 1.0).step_sizes_.max() == SGDRegressor().alpha


@pytest.mark.parametrize(
    ("ensemble", "error", "match"),
    [
        (
            SnapshotEnsembleClassifier(Ridge()),
            TypeError,
            "needs a classifier; got Ridge. Use SnapshotEnsembleRegressor",
        ),
        (
            SnapshotEnsembleRegressor(SGDClassifier()),
            TypeError,
            "needs a regressor; got SGDClassifier. Use",
        ),
        (SnapshotEnsembleRegressor(Ridge()), TypeError, "partial_fit; Ridge has none"),
        (SnapshotEnsembleClassifier(MLPClassifier(solver="lbfgs")), TypeError, "partial_fit"),
        (SnapshotEnsembleClassifier(StandardScaler()), TypeError, "got StandardScaler. Only class"),
        (SnapshotEnsembleClassifier(GaussianNB()), ValueError, "GaussianNB has no step size under"),
        (
            SnapshotEnsembleClassifier(SGDClassifier(), step_size_param="eta"),
            ValueError,
            "no parameter step_size_param='eta'. It has alpha",
        ),
        (
            SnapshotEnsembleClassifier(Recorder(0.0)),
            ValueError,
            "must be a positive number; got 0.0",
        ),
        (SnapshotEnsembleClassifier(Recorder(), step_size=-1), ValueError, "got -1"),
        (
            SnapshotEnsembleClassifier(Recorder(), n_epochs=4),
            ValueError,
            "5 snapshots need as many",
        ),
        (SnapshotEnsembleClassifier(Recorder(), n_snapshots=0), ValueError, "n_snapshots must be"),
        (SnapshotEnsembleClassifier(Recorder(), n_epochs=1.5), ValueError, "n_epochs must be"),
        (SnapshotEnsembleClassifier(Recorder(), batch_size=0), ValueError, "batch_size must be"),
        (
            SnapshotEnsembleClassifier(Recorder(), schedule="linear"),
            ValueError,
            "Choose one of 'con",
        ),
        (SnapshotEnsembleClassifier(Recorder(), schedule=0.1), TypeError, "name or a function"),
        (SnapshotEnsembleRegressor(MLPRegressor(solver="lbfgs")), ValueError, "'adam' or 'sgd'"),
        (
            SnapshotEnsembleClassifier(Recorder(), schedule=lambda t, n_steps: 1 - t / 3),
            ValueError,
            "returned 0.0 at step 3 of 100",
        ),
    ],
)
def test_what_cannot_be_trained_is_refused(ensemble, error, match):
    with pytest.raises(error, match=match):
        ensemble.fit(ROWS, LABELS)


def test_targets_and_metadata_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="takes one target"):
        SnapshotEnsembleRegressor(MLPRegressor()).fit(X, np.c_[y, y])
    with pytest.raises(TypeError, match="no_such"):
        SnapshotEnsembleClassifier(Recorder()).fit(ROWS, LABELS, no_such=1)


def test_a_batch_in_which_no_row_has_a_weight_is_passed_over():
    weights = np.zeros(len(y))
    weights[:4] = 1.0
    ensemble = SnapshotEnsembleClassifier(
        SGDClassifier(), n_snapshots=2, n_epochs=6, batch_size=2, step_size=0.01, random_state=0
    )
    assert len(ensemble.fit(X, y, sample_weight=weights).estimators_) == 2
