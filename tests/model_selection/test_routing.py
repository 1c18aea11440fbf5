"""Metadata routing on and off, as scikit-learn's searches do it."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, get_scorer, make_scorer
from sklearn.model_selection import GroupKFold

from skbayes import BayesSearchCV, ManualSearchCV

X, y = make_classification(90, 5, random_state=0)
weight = np.random.RandomState(0).uniform(0.1, 3.0, size=90)
groups = np.arange(90) % 6
SPACE = {"C": (1e-2, 1e2, "log-uniform")}


def search(model, **options):
    return BayesSearchCV(model, SPACE, n_iter=3, random_state=0, **options)


def test_with_routing_on_metadata_go_where_they_were_requested():
    with config_context(enable_metadata_routing=True):
        model = LogisticRegression().set_fit_request(sample_weight=True)
        scorer = get_scorer("accuracy").set_score_request(sample_weight=True)
        routed = search(model, scoring=scorer, cv=GroupKFold(3))
        routed.fit(X, y, sample_weight=weight, groups=groups)
        assert routed.score(X, y, sample_weight=weight) == pytest.approx(
            accuracy_score(y, routed.predict(X), sample_weight=weight)
        )
    plain = search(LogisticRegression(), scoring="accuracy", cv=GroupKFold(3))
    plain.fit(X, y, sample_weight=weight, groups=groups)
    np.testing.assert_array_equal(
        routed.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"]
    )


def test_with_routing_on_what_nobody_requested_is_refused():
    with config_context(enable_metadata_routing=True):
        with pytest.raises(ValueError, match="sample_weight"):
            search(LogisticRegression()).fit(X, y, sample_weight=weight)
        with pytest.raises(TypeError, match="no_such"):
            search(LogisticRegression()).fit(X, y, no_such=weight)


def test_our_callback_is_no_metadata():
    calls = []
    with config_context(enable_metadata_routing=True):
        search(LogisticRegression()).fit(X, y, callback=calls.append)
    assert len(calls) == 3
    assert "callback" not in str(search(LogisticRegression()).get_metadata_routing())


def test_a_scorer_without_weights_is_warned_about_and_goes_without():
    def no_weights(y_true, y_pred):
        return accuracy_score(y_true, y_pred)

    blind = search(LogisticRegression(), scoring=make_scorer(no_weights), cv=3)
    with pytest.warns(UserWarning, match="does not support sample_weight"):
        blind.fit(X, y, sample_weight=weight)
    several = ManualSearchCV(
        LogisticRegression(),
        [{}],
        scoring={"blind": make_scorer(no_weights), "seeing": "accuracy"},
        refit="seeing",
        cv=3,
    )
    with pytest.warns(UserWarning, match="The scoring blind=.* does not support sample_weight"):
        several.fit(X, y, sample_weight=weight)
    seen = ManualSearchCV(LogisticRegression(), [{}], scoring="accuracy", cv=3)
    seen.fit(X, y, sample_weight=weight)
    assert several.best_score_ == seen.best_score_
    assert several.cv_results_["mean_test_blind"] == blind_score(weight)


def blind_score(weight):
    from sklearn.model_selection import StratifiedKFold

    scores = []
    for train, test in StratifiedKFold(3).split(X, y):
        model = LogisticRegression().fit(X[train], y[train], sample_weight=weight[train])
        scores.append(model.score(X[test], y[test]))
    return np.mean(scores)
