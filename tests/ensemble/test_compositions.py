"""Ensembles inside searches, searches inside ensembles, and both inside scikit-learn's own tools."""

import numpy as np
from sklearn import config_context
from sklearn.datasets import make_classification
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import get_scorer
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import estimator_html_repr

from skbayes import BayesSearchCV, GridSearchCV
from skbayes.ensemble import SearchEnsembleClassifier, SnapshotEnsembleClassifier

X, y = make_classification(150, 5, n_informative=4, n_redundant=0, random_state=0)
WEIGHT = np.random.RandomState(0).uniform(0.1, 3.0, size=150)
TREES = GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [1, 3, 5]}, cv=3)


def snapshots(**options):
    linear = SGDClassifier(loss="log_loss", random_state=0)
    return SnapshotEnsembleClassifier(linear, n_snapshots=3, n_epochs=9, random_state=0, **options)


def test_a_search_over_a_snapshot_ensemble():
    ranges = {"step_size": (1e-3, 1.0, "log-uniform"), "schedule": ["cyclic_cosine", "constant"]}
    search = BayesSearchCV(snapshots(), ranges, n_iter=4, cv=3, random_state=0).fit(X, y)
    best = search.best_params_
    assert search.best_estimator_.step_sizes_.max() == best["step_size"]
    assert search.predict_proba(X).shape == (150, 2)


def test_an_ensemble_of_snapshot_ensembles():
    search = GridSearchCV(snapshots(), {"step_size": [0.001, 0.01, 0.1]}, cv=3)
    ensemble = SearchEnsembleClassifier(search, size=3, selection="top_k").fit(X, y)
    each = [snapshots(step_size=size).fit(X, y).predict_proba(X) for size in (0.001, 0.01, 0.1)]
    np.testing.assert_allclose(ensemble.predict_proba(X), np.mean(each, axis=0), rtol=1e-10)


def test_metadata_find_their_way_through_a_search_to_partial_fit():
    plain = snapshots(step_size=0.01).fit(X, y, sample_weight=WEIGHT).predict_proba(X)
    unweighted = snapshots(step_size=0.01).fit(X, y).predict_proba(X)
    assert np.abs(plain - unweighted).max() > 1e-3
    with config_context(enable_metadata_routing=True):
        linear = SGDClassifier(loss="log_loss", random_state=0)
        linear.set_partial_fit_request(sample_weight=True)
        inner = snapshots(step_size=0.01).set_params(estimator=linear)
        area = get_scorer("roc_auc").set_score_request(sample_weight=True)
        search = GridSearchCV(inner, {"step_size": [0.01]}, cv=3, scoring=area)
        ensemble = SearchEnsembleClassifier(search, size=1).fit(X, y, sample_weight=WEIGHT)
    np.testing.assert_array_equal(ensemble.predict_proba(X), plain)


def test_in_pipelines_and_cross_validation():
    model = make_pipeline(StandardScaler(), SearchEnsembleClassifier(TREES, size=3))
    assert cross_val_score(model, X, y, cv=3, error_score="raise").mean() > 0.7
    weights = {"searchensembleclassifier__sample_weight": WEIGHT}
    assert model.fit(X, y, **weights).score(X, y) > 0.7
    assert (
        model[-1].search_.best_score_
        != SearchEnsembleClassifier(TREES).fit(X, y).search_.best_score_
    )


def test_a_notebook_shows_the_search_in_the_ensemble():
    html = estimator_html_repr(SearchEnsembleClassifier(TREES))
    assert "GridSearchCV" in html
    assert "DecisionTreeClassifier" in html
