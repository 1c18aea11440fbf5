"""MAPRidgeClassifier and its CV form: scikit-learn's labels and numbers."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_iris, make_classification, make_multilabel_classification
from sklearn.linear_model import RidgeClassifier, RidgeClassifierCV
from sklearn.metrics import accuracy_score
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.utils.estimator_checks import parametrize_with_checks

from skbayes.linear_model import MAPRidgeClassifier, MAPRidgeClassifierCV

DATA = {
    "two classes": make_classification(60, 8, random_state=0),
    "three classes": load_iris(return_X_y=True),
    "wide": make_classification(20, 40, random_state=0),
    "multilabel": make_multilabel_classification(60, 8, n_classes=3, random_state=0),
}


@parametrize_with_checks([MAPRidgeClassifier(), MAPRidgeClassifierCV(cv=3)])
def test_it_is_an_estimator(estimator, check):
    check(estimator)


@pytest.mark.parametrize("class_weight", [None, "balanced"])
@pytest.mark.parametrize("kind", DATA)
def test_the_numbers_of_scikit_learn(kind, class_weight):
    X, y = DATA[kind]
    weight = np.random.default_rng(0).uniform(0.5, 2.0, len(X))
    for ours, theirs in (
        (MAPRidgeClassifier(2.0), RidgeClassifier(2.0, solver="svd")),
        (MAPRidgeClassifierCV([0.1, 1.0, 10.0]), RidgeClassifierCV([0.1, 1.0, 10.0])),
    ):
        ours.set_params(class_weight=class_weight).fit(X, y, weight)
        theirs.set_params(class_weight=class_weight).fit(X, y, weight)
        assert ours.coef_.shape == theirs.coef_.shape
        np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(
            ours.decision_function(X), theirs.decision_function(X), rtol=1e-6, atol=1e-9
        )
        assert np.array_equal(ours.predict(X), theirs.predict(X))
        assert np.array_equal(ours.classes_, theirs.classes_)
    assert ours.alpha_ == theirs.alpha_
    np.testing.assert_allclose(ours.best_score_, theirs.best_score_, rtol=1e-7)


@pytest.mark.parametrize("kind", ["two classes", "three classes"])
def test_accuracy_of_leave_one_out_is_that_of_refits(kind):
    X, y = DATA[kind]
    names = np.array(["a", "b", "c"])[y]
    model = MAPRidgeClassifierCV([5.0], scoring="accuracy").fit(X, names)
    predicted = cross_val_predict(RidgeClassifier(5.0), X, names, cv=LeaveOneOut())
    assert model.best_score_ == accuracy_score(names, predicted)


def test_folds_choose_by_accuracy():
    X, y = DATA["two classes"]
    ours = MAPRidgeClassifierCV([0.1, 1.0, 100.0], cv=4).fit(sparse.csr_array(X), y)
    theirs = RidgeClassifierCV([0.1, 1.0, 100.0], cv=4).fit(X, y)
    assert ours.alpha_ == theirs.alpha_
    assert ours.best_score_ == pytest.approx(theirs.best_score_)


def test_one_class_is_refused():
    X, _ = DATA["two classes"]
    with pytest.raises(ValueError, match="at least two classes; got one class"):
        MAPRidgeClassifier().fit(X, np.zeros(len(X)))
