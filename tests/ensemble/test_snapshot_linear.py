"""Snapshot ensembles of the linear models with stochastic steps: their step size is a parameter of the solver."""

import numpy as np
import pytest
from sklearn.datasets import make_classification, make_regression
from sklearn.preprocessing import scale

from skbayes.ensemble import SnapshotEnsembleClassifier, SnapshotEnsembleRegressor
from skbayes.linear_model import MAPClassifier, MAPRegressor
from skbayes.priors import Laplace, Normal
from skbayes.solvers import SGD, Adam, cyclic_cosine

X, y = make_classification(
    300, 6, n_informative=4, n_redundant=0, n_classes=3, n_clusters_per_class=1, random_state=0
)
X_real, z = make_regression(300, 4, noise=5.0, random_state=0)


def test_the_solvers_step_size_follows_the_schedule():
    model = MAPClassifier(solver=SGD(0.2, batch_size=50))
    ensemble = SnapshotEnsembleClassifier(model, n_snapshots=3, n_epochs=12, random_state=0).fit(
        X, y
    )
    expected = 0.2 * cyclic_cosine(np.arange(12), 12, n_cycles=3)
    np.testing.assert_allclose(ensemble.step_sizes_, expected)
    last = ensemble.estimators_[-1]
    assert last.solver.step_size == expected[-1]
    # The run's own schedule and averages are out of the way of the ensemble's; the model given is left as it was.
    assert (last.solver.schedule, last.solver.averaging) == ("constant", False)
    assert (model.solver.schedule, model.solver.averaging) == ("auto", True)
    assert len({tuple(m.coef_.ravel()) for m in ensemble.estimators_}) == 3
    assert ensemble.score(X, y) > MAPClassifier().fit(X, y).score(X, y) - 0.05


def test_snapshots_of_a_convex_model_come_to_rest_at_its_mode():
    # Where there is one minimum, each cycle ends there: epochs are counted as passes over the same rows, or else the
    # prior would fade from cycle to cycle.
    prior = Normal(scale=0.3)
    whole = MAPClassifier(prior).fit(X, y)
    model = MAPClassifier(prior, solver=SGD(0.2, batch_size=50))
    ensemble = SnapshotEnsembleClassifier(model, n_snapshots=2, n_epochs=40, random_state=0).fit(
        X, y
    )
    for snapshot in ensemble.estimators_:
        np.testing.assert_allclose(snapshot.coef_, whole.coef_, atol=0.05)


def test_weights_say_how_many_rows_there_are():
    weight = np.random.default_rng(0).integers(0, 3, len(y)).astype(float)
    prior = Normal(scale=0.3)
    whole = MAPClassifier(prior).fit(X, y, sample_weight=weight)
    model = MAPClassifier(prior, solver=SGD(0.2, batch_size=50))
    ensemble = SnapshotEnsembleClassifier(model, n_snapshots=1, n_epochs=20, random_state=0)
    ensemble.fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(ensemble.estimators_[0].coef_, whole.coef_, atol=0.05)


def test_regressors():
    target = scale(z)
    model = MAPRegressor(prior=Laplace(scale=0.5), solver=Adam(0.05, batch_size=50))
    ensemble = SnapshotEnsembleRegressor(model, n_snapshots=2, n_epochs=30, random_state=0)
    whole = MAPRegressor(prior=Laplace(scale=0.5)).fit(X_real, target)
    assert ensemble.fit(X_real, target).score(X_real, target) > whole.score(X_real, target) - 0.01


def test_the_ensembles_batches_are_batches_of_the_solver():
    model = MAPClassifier(solver=SGD(0.1))
    ensemble = SnapshotEnsembleClassifier(
        model, n_snapshots=2, n_epochs=4, batch_size=30, random_state=0
    ).fit(X, y)
    assert ensemble.estimators_[-1].n_iter_ == 40  # 4 epochs of 10 batches
    assert np.isfinite(ensemble.estimators_[-1].coef_).all()


def test_a_step_size_that_is_found_is_no_number():
    ensemble = SnapshotEnsembleClassifier(MAPClassifier(solver=SGD()))
    with pytest.raises(
        ValueError, match=r"parameter 'solver__step_size' of MAPClassifier.*Give step_size="
    ):
        ensemble.fit(X, y)
    given = SnapshotEnsembleClassifier(
        MAPClassifier(solver=SGD()), step_size=0.1, n_epochs=5, random_state=0
    )
    assert given.fit(X, y).step_sizes_.max() == 0.1


def test_a_model_without_steps_is_refused():
    with pytest.raises(ValueError, match="MAPClassifier has no step size"):
        SnapshotEnsembleClassifier(MAPClassifier()).fit(X, y)
