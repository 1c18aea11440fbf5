"""ManualSearchCV: an explicit list, and candidates added by hand on the same folds."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import KFold
from sklearn.svm import SVC

from skbayes import GridSearchCV, ManualSearchCV

X, y = load_iris(return_X_y=True)
LIST = [{"C": 0.01}, {"C": 1.0, "gamma": 0.5}, {"kernel": "linear"}, {}]


def test_the_list_is_evaluated_in_order_as_a_grid_would():
    fitted = ManualSearchCV(SVC(), LIST, cv=3).fit(X, y)
    assert fitted.cv_results_["params"] == LIST
    grid = GridSearchCV(SVC(), {"C": [0.01]}, cv=3).fit(X, y)
    assert fitted.cv_results_["mean_test_score"][0] == grid.cv_results_["mean_test_score"][0]
    assert {
        "status",
        "n_splits_evaluated",
        "posterior_mean_test_score",
    } <= fitted.cv_results_.keys()
    assert np.isfinite(fitted.cv_results_["posterior_mean_test_score"]).all()


def test_adding_by_hand_equals_having_had_it_in_the_list():
    by_hand = ManualSearchCV(SVC(), LIST[:2], cv=3).fit(X, y)
    by_hand.try_candidate(X, y, kernel="linear")
    by_hand.try_candidate(X, y)
    at_once = ManualSearchCV(SVC(), LIST, cv=3).fit(X, y)
    assert by_hand.cv_results_["params"] == LIST
    np.testing.assert_array_equal(
        by_hand.cv_results_["mean_test_score"], at_once.cv_results_["mean_test_score"]
    )
    assert by_hand.best_params_ == at_once.best_params_
    np.testing.assert_array_equal(by_hand.predict(X), at_once.predict(X))
    assert len(by_hand.history_) == 4


def test_folds_are_kept_even_if_the_splitter_shuffles():
    fitted = ManualSearchCV(SVC(), [{"tol": 1e-3}], cv=KFold(3, shuffle=True)).fit(X, y)
    fitted.try_candidate(X, y, tol=1e-4)  # changes nothing but the name
    for j in range(3):
        first, second = fitted.cv_results_[f"split{j}_test_score"]
        assert first == second


def test_the_best_is_refitted_only_when_it_changes():
    fitted = ManualSearchCV(SVC(), [{"C": 1.0}], cv=3).fit(X, y)
    before = fitted.best_estimator_
    assert fitted.try_candidate(X, y, C=1e-6).best_estimator_ is before
    better = ManualSearchCV(SVC(), [{"C": 1e-6}], cv=3).fit(X, y).try_candidate(X, y, C=1.0)
    assert better.best_params_ == {"C": 1.0}
    assert better.best_estimator_.C == 1.0


def test_it_can_begin_by_hand():
    fitted = ManualSearchCV(SVC(), cv=3).try_candidate(X, y, C=1.0)
    assert fitted.cv_results_["params"] == [{"C": 1.0}]
    assert fitted.n_splits_ == 3
    assert fitted.predict(X).shape == y.shape


def test_weights_come_again_by_metadata():
    weight = np.linspace(0.1, 2.0, len(y))
    both = ManualSearchCV(SVC(), [{"C": 0.1}], cv=3).fit(X, y, sample_weight=weight)
    both.try_candidate(X, y, metadata={"sample_weight": weight}, C=0.1)
    assert np.ptp(both.cv_results_["mean_test_score"]) == 0


def test_bad_input():
    with pytest.raises(TypeError, match="list of dicts"):
        ManualSearchCV(SVC(), {"C": 1}).fit(X, y)
    with pytest.raises(TypeError, match=r"candidates\[1\]"):
        ManualSearchCV(SVC(), [{}, 3]).fit(X, y)
    with pytest.raises(TypeError, match="begin with try_candidate"):
        ManualSearchCV(SVC()).fit(X, y)
    with pytest.raises(ValueError, match="no candidates"):
        ManualSearchCV(SVC(), []).fit(X, y)
    with pytest.raises(ValueError, match="no_such"):
        ManualSearchCV(SVC(), [{"no_such": 1}]).fit(X, y)
    fitted = ManualSearchCV(SVC(), [{"C": 1.0}]).fit(X, y)
    with pytest.raises(ValueError, match="150"):
        fitted.try_candidate(X[:100], y[:100], C=2.0)
    with pytest.raises(ValueError, match="no_such"):
        fitted.try_candidate(X, y, no_such=2.0)
    assert len(fitted.cv_results_["params"]) == 1


def test_a_candidate_that_fails_is_kept_as_failed():
    fitted = ManualSearchCV(SVC(), [{"C": 1.0}], cv=3).fit(X, y)
    with pytest.warns(FitFailedWarning):
        fitted.try_candidate(X, y, C=-1.0)
    assert list(fitted.cv_results_["status"]) == ["complete", "failed"]
    assert fitted.best_params_ == {"C": 1.0}
