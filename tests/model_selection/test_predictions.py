"""`keep_predictions`: what candidates predict for rows that they were not fitted on."""

import errno
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from joblib import parallel_config
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.cluster import DBSCAN
from sklearn.datasets import (
    load_diabetes,
    load_iris,
    make_classification,
    make_multilabel_classification,
)
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import DataConversionWarning, FitFailedWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, ShuffleSplit, cross_val_predict
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skbayes import BayesSearchCV, GridSearchCV, ManualSearchCV, RandomizedSearchCV

X, y = load_iris(return_X_y=True)
names = load_iris().target_names[y]
CV = KFold(4, shuffle=True, random_state=0)
GRID = {"C": [0.01, 1.0]}


def logistic():
    return LogisticRegression(max_iter=1000)


def in_order(predictions, k):
    """Predictions of candidate k in the order of the rows of X."""
    ordered = np.empty_like(predictions[k])
    ordered[predictions.rows] = predictions[k]
    return ordered


@pytest.mark.parametrize("kept", [True, "directory"])
@pytest.mark.parametrize("target", [y, names])
@pytest.mark.parametrize(
    ("estimator", "method"),
    [
        (logistic(), "predict_proba"),
        (make_pipeline(StandardScaler(), KNeighborsClassifier()), "predict_proba"),
        (SVC(), "decision_function"),
    ],
)
def test_they_are_those_of_cross_val_predict(estimator, method, target, kept, tmp_path):
    kept = kept is True or tmp_path / kept
    search = ManualSearchCV(estimator, [{}], cv=CV, keep_predictions=kept).fit(X, target)
    predictions = search.predictions_
    expected = cross_val_predict(estimator, X, target, cv=CV, method=method)
    np.testing.assert_array_equal(in_order(predictions, 0), expected)
    assert predictions.methods == (method,)
    np.testing.assert_array_equal(predictions.classes, np.unique(target))
    assert sum(predictions.fold_sizes) == len(predictions.rows) == len(y)


def test_a_regressor_predicts_and_has_no_classes():
    data, target = load_diabetes(return_X_y=True)
    search = GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, cv=CV, keep_predictions=True)
    predictions = search.fit(data, target).predictions_
    expected = cross_val_predict(Ridge(alpha=0.1), data, target, cv=CV)
    np.testing.assert_array_equal(in_order(predictions, 0), expected)
    assert predictions.classes is None
    assert len(predictions) == 2


def test_several_targets_are_predicted_as_labels():
    data, target = make_multilabel_classification(60, random_state=0)
    search = GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [3]}, cv=3, keep_predictions=True)
    predictions = search.fit(data, target).predictions_
    assert predictions.methods == ("predict",)
    assert predictions[0].shape == target.shape


FOLD_WITHOUT_A_CLASS = [
    (np.flatnonzero(y != 2), np.flatnonzero(y == 2)),
    (np.arange(0, 150, 2), np.arange(9)),
]


def test_a_class_that_a_fold_did_not_see_has_no_probability():
    search = ManualSearchCV(logistic(), [{}], cv=FOLD_WITHOUT_A_CLASS, keep_predictions=True)
    predictions = search.fit(X, y).predictions_
    first = predictions[0][: predictions.fold_sizes[0]]
    assert first.shape == (50, 3)
    np.testing.assert_array_equal(first[:, 2], 0.0)
    np.testing.assert_allclose(first.sum(axis=1), 1.0)


def test_decisions_between_two_of_three_classes_have_no_columns():
    search = ManualSearchCV(SVC(), [{}], cv=FOLD_WITHOUT_A_CLASS, keep_predictions=True)
    predictions = search.fit(X, y).predictions_
    # One decision in the first fold, three in the second: nothing that could be put together.
    assert predictions.methods == (None,)
    assert predictions[0] is None


def test_one_against_one_decisions_have_no_columns_of_classes():
    search = ManualSearchCV(SVC(decision_function_shape="ovo"), [{}], keep_predictions=True)
    data = np.vstack([X, X + 9.0])
    predictions = search.fit(data, np.concatenate([y, y + 3])).predictions_
    assert predictions.methods == ("predict",)
    # Of three classes there are three pairs: as many decisions as classes, and none of them is a class's.
    assert search.fit(X, y).predictions_.methods == ("predict",)
    assert search.fit(X, y == 0).predictions_.methods == ("decision_function",)


class Coded(ClassifierMixin, BaseEstimator):
    """Numbers the classes, and has the numbers for its classes."""

    def fit(self, X, y):
        self.names_, codes = np.unique(y, return_inverse=True)
        self.model_ = logistic().fit(X, codes)
        self.classes_ = self.model_.classes_
        return self

    def predict(self, X):
        return self.names_[self.model_.predict(X)]

    def predict_proba(self, X):
        return self.model_.predict_proba(X)


def test_columns_of_unknown_classes_are_not_kept():
    predictions = ManualSearchCV(Coded(), [{}], cv=CV, keep_predictions=True).fit(X, names)
    predictions = predictions.predictions_
    assert predictions.methods == ("predict",)
    assert np.mean(in_order(predictions, 0) == names) > 0.9


def test_labels_of_sparse_targets_are_kept_as_a_dense_array():
    data, target = make_multilabel_classification(60, random_state=0)
    search = ManualSearchCV(OneVsRestClassifier(logistic()), [{}], cv=CV, keep_predictions=True)
    dense = search.fit(data, target).predictions_[0]
    np.testing.assert_array_equal(search.fit(data, csr_matrix(target)).predictions_[0], dense)


def test_a_target_of_one_column_has_classes():
    search = ManualSearchCV(KNeighborsClassifier(), [{}], cv=CV, keep_predictions=True)
    flat = search.fit(X, y).predictions_
    with pytest.warns(DataConversionWarning):
        column = search.fit(X, y[:, None]).predictions_
    assert column.methods == ("predict_proba",)
    np.testing.assert_array_equal(column[0], flat[0])


@pytest.mark.parametrize("target", [y.astype(object), (y > 0).astype(object)])
def test_labels_that_are_objects_are_the_same_in_memory_and_in_a_file(target, tmp_path):
    search = ManualSearchCV(DummyLabel(), [{}], cv=CV)
    in_memory, in_files = (
        search.set_params(keep_predictions=kept).fit(X, target).predictions_
        for kept in (True, tmp_path)
    )
    assert in_memory[0].dtype == object
    assert in_memory[0].tolist() == in_files[0].tolist() == [target[0]] * len(target)


class DummyLabel(BaseEstimator):
    """Predicts one label, and is no classifier: it knows no classes."""

    def fit(self, X, y):
        self.label_ = y[0]
        return self

    def predict(self, X):
        labels = np.empty(len(X), dtype=object)
        labels[:] = self.label_
        return labels

    def score(self, X, y):
        return 0.0


@pytest.mark.parametrize("place", ["kept", ""])
def test_files_are_found_from_another_directory(place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    search = ManualSearchCV(logistic(), [{}], keep_predictions=place).fit(X, y)
    assert len(list((tmp_path / place).glob("predictions-*/*.npy"))) == 5
    monkeypatch.chdir("/")
    assert search.predictions_[0].shape == (150, 3)


def test_what_a_full_disk_does_not_take_stays_in_memory(tmp_path, monkeypatch):
    expected = GridSearchCV(logistic(), GRID, keep_predictions=True).fit(X, y).predictions_
    save, written = np.save, []

    def full_after_seven(path, *args, **kwargs):
        if len(written) == 7:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written.append(path)
        save(path, *args, **kwargs)

    monkeypatch.setattr(np, "save", full_after_seven)
    search = GridSearchCV(logistic(), GRID, keep_predictions=tmp_path)
    with pytest.warns(UserWarning, match="stays in memory") as caught:
        search.fit(X, y)
    assert len(caught) == 1
    for k in range(2):
        np.testing.assert_array_equal(search.predictions_[k], expected[k])


def test_a_file_is_no_place_for_them(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(NotADirectoryError, match="Give the path of a directory"):
        GridSearchCV(SVC(), GRID, keep_predictions=path).fit(X, y)


def test_candidates_that_failed_or_were_given_up_have_none():
    search = GridSearchCV(logistic(), {"C": [1.0, -1.0, 0.5]}, keep_predictions=True)
    with (
        pytest.warns(FitFailedWarning, match="5 fits failed"),
        pytest.warns(UserWarning, match="non-finite"),
    ):
        search.fit(X, y)
    assert [part is None for part in search.predictions_.folds] == [False, True, False]
    raced = GridSearchCV(SVC(), {"C": np.logspace(-3, 3, 13)}, racing=True, keep_predictions=True)
    raced.fit(*make_classification(200, 8, flip_y=0.2, random_state=0))
    statuses = raced.cv_results_["status"]
    assert "pruned" in statuses
    assert [m is None for m in raced.predictions_.methods] == [s == "pruned" for s in statuses]


class Mute(DummyClassifier):
    """Can be scored, and fails at predicting probabilities."""

    def predict_proba(self, X):
        raise RuntimeError("no comment")


def test_an_estimator_that_cannot_predict_is_scored_all_the_same():
    search = ManualSearchCV(Mute(), [{}], keep_predictions=True)
    with pytest.warns(UserWarning, match="no comment"):
        search.fit(X, y)
    assert search.best_score_ > 0.3
    assert search.predictions_[0] is None
    with pytest.raises(RuntimeError, match="no comment"):
        search.set_params(error_score="raise").fit(X, y)


def test_the_repr_is_short_and_comparing_is_no_error():
    search = GridSearchCV(logistic(), {"C": np.logspace(-3, 3, 20)}, keep_predictions=True)
    predictions = search.fit(X, y).predictions_
    assert len(repr(predictions)) < 2000
    assert predictions == predictions
    assert predictions != clone(search).fit(X, y).predictions_


def test_folds_may_overlap():
    cv = ShuffleSplit(3, test_size=0.4, random_state=0)
    predictions = (
        ManualSearchCV(logistic(), [{}], cv=cv, keep_predictions=True).fit(X, y).predictions_
    )
    assert predictions[0].shape == (180, 3)
    assert len(set(predictions.rows)) < 180


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_workers_return_the_same(backend, tmp_path):
    alone = GridSearchCV(logistic(), GRID, keep_predictions=True).fit(X, y)
    with parallel_config(backend):
        search = GridSearchCV(logistic(), GRID, keep_predictions=tmp_path, n_jobs=2).fit(X, y)
    for k in range(2):
        np.testing.assert_array_equal(search.predictions_[k], alone.predictions_[k])
    assert len(list(tmp_path.glob("*/*.npy"))) == 10


def test_labels_that_are_objects_are_written_as_text(tmp_path):
    labels = names.astype(object)
    search = ManualSearchCV(SVC(decision_function_shape="ovo", break_ties=False), [{}])
    search.set_params(keep_predictions=tmp_path, estimator__decision_function_shape="ovo")
    data, target = np.vstack([X, X + 9.0]), np.concatenate([labels, labels + "2"])
    predictions = search.fit(data, target).predictions_
    assert predictions.methods == ("predict",)
    assert set(predictions[0]) <= set(target)


def test_each_search_has_files_of_its_own(tmp_path):
    first = GridSearchCV(logistic(), GRID, keep_predictions=str(tmp_path)).fit(X, y)
    before = np.array(first.predictions_[0])
    clone(first).set_params(estimator__class_weight="balanced", param_grid={"C": [9.0]}).fit(X, y)
    np.testing.assert_array_equal(first.predictions_[0], before)
    assert len(list(Path(tmp_path).iterdir())) == 2


@pytest.mark.parametrize(
    "search",
    [
        BayesSearchCV(SVC(), {"C": (1e-2, 1e2, "log-uniform")}, n_iter=4, random_state=0),
        RandomizedSearchCV(SVC(), {"C": [0.1, 1.0, 10.0]}, n_iter=2, random_state=0),
    ],
)
def test_other_searches_keep_them_too_and_are_otherwise_the_same(search):
    plain = clone(search).fit(X, y)
    search = clone(search).set_params(keep_predictions=True).fit(X, y)
    assert plain.cv_results_["params"] == search.cv_results_["params"]
    assert not hasattr(plain, "predictions_")
    copied = pickle.loads(pickle.dumps(search)).predictions_
    np.testing.assert_array_equal(copied[1], search.predictions_[1])


def test_a_journal_has_none_so_its_folds_are_run_again(tmp_path):
    path = tmp_path / "search.jsonl"
    first = GridSearchCV(logistic(), GRID, journal=path).fit(X, y)
    lines = path.read_text()
    again = clone(first).set_params(keep_predictions=True).fit(X, y)
    assert all(method == "predict_proba" for method in again.predictions_.methods)
    assert path.read_text() == lines


@pytest.mark.parametrize(("kept", "error"), [(3, TypeError), (None, TypeError)])
def test_a_wrong_place_is_refused(kept, error):
    with pytest.raises(error, match="keep_predictions must be a bool or the path"):
        GridSearchCV(SVC(), GRID, keep_predictions=kept).fit(X, y)


def test_what_does_not_predict_is_refused():
    search = GridSearchCV(DBSCAN(), {"eps": [0.5]}, scoring=lambda *_: 0.0, keep_predictions=True)
    with pytest.raises(TypeError, match="needs an estimator with predict, and DBSCAN has none"):
        search.fit(X)
