"""Nested cross-validation of searches, against the loop written out."""

import numpy as np
import pytest
from joblib import parallel_config
from scipy.stats import t as student
from sklearn import config_context
from sklearn import model_selection as sklearn_search
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skbayes import BayesSearchCV, GridSearchCV
from skbayes.model_selection import NestedScore, nested_score, one_standard_error

X, y = load_iris(return_X_y=True)
GRID = {"n_neighbors": [1, 5, 25]}
OUTER = StratifiedKFold(3, shuffle=True, random_state=0)
weights = np.random.default_rng(0).uniform(0.2, 3.0, len(y))
groups = np.random.default_rng(1).integers(10, size=len(y))


def search(**changes):
    return GridSearchCV(KNeighborsClassifier(), GRID, **{"cv": 3, **changes})


@pytest.mark.parametrize(
    "search",
    [
        search(),
        sklearn_search.GridSearchCV(KNeighborsClassifier(), GRID, cv=3),
        BayesSearchCV(SVC(), {"C": (0.1, 10.0, "log-uniform")}, n_iter=3, cv=3, random_state=0),
    ],
    ids=["ours", "scikit-learn's", "bayes"],
)
def test_it_is_the_loop_over_the_outer_folds(search):
    fitted = [clone(search).fit(X[train], y[train]) for train, _ in OUTER.split(X, y)]
    nested = nested_score(search, X, y, OUTER)
    tests = [test for _, test in OUTER.split(X, y)]
    expected = [each.score(X[test], y[test]) for each, test in zip(fitted, tests, strict=True)]
    assert nested.scores.tolist() == expected
    assert nested.best_scores.tolist() == [each.best_score_ for each in fitted]
    assert nested.best_params == tuple(each.best_params_ for each in fitted)
    assert nested.test_train_ratio == 0.5
    assert not hasattr(search, "best_params_")
    assert (nested.searches[0].predict(X) == fitted[0].predict(X)).all()


def test_outer_folds_side_by_side_give_the_same():
    one = nested_score(search(), X, y, OUTER)
    with parallel_config("threading"):
        two = nested_score(search(n_jobs=2), X, y, OUTER, n_jobs=2)
    assert one.scores.tolist() == two.scores.tolist()
    assert one.best_params == two.best_params


def test_mean_spread_and_intervals_by_hand():
    scores, inner = np.array([0.9, 0.8, 0.7, 0.8]), np.array([0.95, 0.85, 0.85, 0.95])
    nested = NestedScore(scores, inner, ({},) * 4, test_train_ratio=1 / 3)
    assert nested.mean == pytest.approx(0.8)
    assert nested.std == pytest.approx(np.sqrt(0.02 / 3))
    # sqrt((1/4 + 1/3) s²), three degrees of freedom
    half = student.ppf(0.975, 3) * np.sqrt(7 / 12 * 0.02 / 3)
    assert nested.interval(0.95) == pytest.approx((0.8 - half, 0.8 + half))
    half = student.ppf(0.95, 3) * np.sqrt(7 / 12 * 0.01 / 3)  # d = .05, .05, .15, .15
    assert float(nested.optimism) == pytest.approx(0.1)
    assert (nested.optimism.lower, nested.optimism.upper) == pytest.approx((0.1 - half, 0.1 + half))
    assert repr(nested) == (
        "NestedScore(mean=0.8, 90 % interval 0.6532 to 0.9468, 4 outer folds, "
        "optimism=0.10 (90 % interval 0.00 to 0.20))"
    )
    with pytest.raises(ValueError, match="needs 0 < level < 1; got 90"):
        nested.interval(90)


def test_the_best_of_many_guesses_is_seen_through():
    rng = np.random.default_rng(0)
    noise, labels = rng.normal(size=(90, 5)), rng.integers(2, size=90)
    grid = {"random_state": list(range(12)), "max_leaf_nodes": [4, 16]}
    guesses = GridSearchCV(DecisionTreeClassifier(max_features=1), grid, cv=3)
    nested = nested_score(guesses, noise, labels, 5)
    # Nothing can be learnt: 1/2 is the truth, with a standard deviation of about .07 of the mean.
    assert abs(nested.mean - 0.5) < 0.15
    assert nested.best_scores.min() > 0.5
    assert float(nested.optimism) > 0.05


@pytest.mark.parametrize("kind", [GridSearchCV, sklearn_search.GridSearchCV])
def test_weights_and_groups_without_routing(kind):
    grid = {"max_depth": [1, 3]}
    tuned = kind(DecisionTreeClassifier(random_state=0), grid, cv=GroupKFold(3))
    nested = nested_score(
        tuned, X, y, GroupKFold(4), params={"groups": groups, "sample_weight": weights}
    )
    for k, (train, test) in enumerate(GroupKFold(4).split(X, y, groups)):
        assert not set(groups[train]) & set(groups[test])
        alone = clone(tuned).fit(
            X[train], y[train], groups=groups[train], sample_weight=weights[train]
        )
        assert nested.best_params[k] == alone.best_params_
        assert nested.best_scores[k] == alone.best_score_
        predicted = alone.predict(X[test])
        expected = accuracy_score(y[test], predicted, sample_weight=weights[test])
        assert nested.scores[k] == pytest.approx(expected, rel=1e-12)


def test_weights_and_groups_with_routing():
    with config_context(enable_metadata_routing=True):
        tree = DecisionTreeClassifier(random_state=0).set_fit_request(sample_weight=True)
        tuned = GridSearchCV(
            tree.set_score_request(sample_weight=True), {"max_depth": [1, 3]}, cv=GroupKFold(3)
        )
        params = {"groups": groups, "sample_weight": weights}
        nested = nested_score(tuned, X, y, GroupKFold(4), params=params)
        train, test = next(iter(GroupKFold(4).split(X, y, groups)))
        alone = clone(tuned).fit(
            X[train], y[train], groups=groups[train], sample_weight=weights[train]
        )
        assert nested.best_scores[0] == alone.best_score_
        expected = alone.score(X[test], y[test], sample_weight=weights[test])
        assert nested.scores[0] == pytest.approx(expected, rel=1e-12)


def test_one_metric_of_several():
    several = search(scoring=["accuracy", "neg_log_loss"], refit="neg_log_loss")
    nested = nested_score(several, X, y, OUTER)
    train, test = next(iter(OUTER.split(X, y)))
    alone = clone(several).fit(X[train], y[train])
    assert nested.scores[0] == pytest.approx(-log_loss(y[test], alone.predict_proba(X[test])))
    assert nested.best_scores[0] == alone.best_score_
    # Another one than that by which it was chosen, and one that a rule names.
    other = nested_score(several, X, y, OUTER, metric="accuracy")
    assert other.scores[0] == accuracy_score(y[test], alone.predict(X[test]))
    assert other.best_scores[0] == alone.cv_results_["mean_test_accuracy"][alone.best_index_]
    rule = one_standard_error("-n_neighbors", "accuracy")
    ruled = nested_score(several.set_params(refit=rule), X, y, OUTER)
    assert ruled.best_params[0]["n_neighbors"] >= nested.best_params[0]["n_neighbors"]
    assert ruled.best_scores[0] >= 0.9
    with pytest.raises(ValueError, match=r"has \['accuracy', 'neg_log_loss'\]; got metric=None"):
        nested_score(several.set_params(refit=lambda results: 0), X, y, OUTER)
    with pytest.raises(ValueError, match="got metric='roc_auc'"):
        nested_score(several, X, y, OUTER, metric="roc_auc")


def test_what_a_search_promises_after_finals_is_the_mean_over_all_of_its_folds():
    by_rule = nested_score(
        search(finalists=2, refit=one_standard_error("n_neighbors")), X, y, OUTER
    )
    train, _ = next(iter(OUTER.split(X, y)))
    results = by_rule.searches[0].cv_results_
    row = results["params"].index(by_rule.best_params[0])
    assert by_rule.best_scores[0] == results["mean_finalist_test_score"][row]
    plain = search(finalists=2).fit(X[train], y[train])
    assert plain.best_score_ == results["mean_finalist_test_score"][plain.best_index_]


def test_a_scorer_of_many_metrics_and_one_of_the_own_making():
    def both(estimator, X, y):
        accuracy = estimator.score(X, y)
        return {"accuracy": accuracy, "error": accuracy - 1.0}

    for refit, metric in (("error", None), (one_standard_error("n_neighbors", "error"), None)):
        nested = nested_score(search(scoring=both, refit=refit), X, y, OUTER, metric=metric)
        assert (nested.scores <= 0.0).all()
        assert (nested.best_scores <= 0.0).all()


def test_without_a_target():
    nested = nested_score(GridSearchCV(KMeans(n_init=1, random_state=0), {"n_clusters": [2, 3]}), X)
    assert nested.scores.shape == (5,)
    assert all(params == {"n_clusters": 3} for params in nested.best_params)


class Counted(ClassifierMixin, BaseEstimator):
    """Counts its fits, and refuses data whose first label is `refused`."""

    n_fits = 0

    def __init__(self, shift=0, refused=None):
        self.shift = shift
        self.refused = refused

    def fit(self, X, y):
        type(self).n_fits += 1
        if y[0] == self.refused:
            raise RuntimeError("refused")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[self.shift])


def test_each_outer_fold_has_its_own_journal(tmp_path):
    tuned = GridSearchCV(Counted(), {"shift": [0, 1]}, cv=2, journal=tmp_path)
    first = nested_score(tuned, X, y, OUTER)
    assert len(list(tmp_path.iterdir())) == 3
    before = Counted.n_fits
    again = nested_score(tuned, X, y, OUTER)
    assert Counted.n_fits - before == 3  # nothing but the refits
    assert again.scores.tolist() == first.scores.tolist()
    with pytest.raises(
        ValueError, match=r"journal='.*one.jsonl' is a file, which holds one.*Give a"
    ):
        nested_score(tuned.set_params(journal=tmp_path / "one.jsonl"), X, y, OUTER)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
def test_an_outer_fold_that_fails_does_not_count():
    tuned = GridSearchCV(Counted(refused=0), {"shift": [0, -1]}, cv=KFold(2))
    # Rows are in the order of their labels: only without the first ones no training part begins with a 0.
    nested = nested_score(tuned, X[:100], y[:100], KFold(2))
    assert np.isnan(nested.scores).tolist() == [False, True]
    assert np.isnan(nested.best_scores).tolist() == [False, True]
    assert nested.best_params[1] is None
    assert nested.mean == nested.scores[0]
    assert nested.interval() == (-np.inf, np.inf)
    with pytest.raises(ValueError, match="All the 4 fits failed"):
        nested_score(tuned, X[:100], y[:100], KFold(2), error_score="raise")


def test_what_is_no_search_or_has_no_winner_is_refused():
    with pytest.raises(TypeError, match=r"needs a search estimator.*got SVC"):
        nested_score(SVC(), X, y)
    with pytest.raises(
        ValueError, match="scores the refitted best estimator, and GridSearchCV has refit=False"
    ):
        nested_score(search(refit=False), X, y)
