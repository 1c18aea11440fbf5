"""Ensembles of searches: by hand, against scikit-learn's voting, and on what searches may hold."""

import pickle

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from scipy.sparse import csr_array
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_iris, make_classification, make_regression
from sklearn.ensemble import IsolationForest, VotingClassifier, VotingRegressor
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, get_scorer, make_scorer, roc_auc_score
from sklearn.model_selection import GridSearchCV as ScikitLearnGridSearchCV
from sklearn.model_selection import GroupKFold, KFold, RepeatedKFold, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skbayes import (
    BayesSearchCV,
    GridSearchCV,
    HalvingBayesSearchCV,
    ManualSearchCV,
    RandomizedSearchCV,
)
from skbayes.ensemble import (
    SearchEnsembleClassifier,
    SearchEnsembleRegressor,
    SnapshotEnsembleClassifier,
)

X, y = make_classification(
    160, 6, n_informative=4, n_classes=3, n_clusters_per_class=1, flip_y=0.2, random_state=0
)
binary = (y > 0).astype(int)
names = np.array(["one", "three", "two"])[y]
X_real, z = make_regression(120, 4, noise=30.0, random_state=0)
CV = KFold(4, shuffle=True, random_state=1)
KNN, NEIGHBOURS = KNeighborsClassifier(), {"n_neighbors": [1, 3, 5, 9, 15, 25]}
TREE = DecisionTreeClassifier(random_state=0)
DEPTHS = {"max_depth": [1, 2, 3, 5, None], "max_features": [2, 4]}


def grid(estimator, lists, **options):
    return GridSearchCV(estimator, lists, **{"cv": CV, **options})


def trees(**options):
    return grid(TREE, DEPTHS, scoring="neg_log_loss", **options)


def voters(ensemble):
    """The chosen candidates, to be fitted anew."""
    return [(str(k), clone(model)) for k, model in enumerate(ensemble.estimators_)]


def test_probabilities_are_those_of_scikit_learns_soft_voting():
    ensemble = SearchEnsembleClassifier(trees(), size=7).fit(X, names)
    assert len(ensemble.estimators_) > 2
    voting = VotingClassifier(voters(ensemble), voting="soft", weights=ensemble.weights_)
    voting.fit(X, names)
    np.testing.assert_allclose(ensemble.predict_proba(X), voting.predict_proba(X), rtol=1e-12)
    np.testing.assert_array_equal(ensemble.predict(X), voting.predict(X))
    assert not hasattr(ensemble, "decision_function")


def test_values_are_those_of_scikit_learns_voting():
    tree = DecisionTreeRegressor(random_state=0)
    ensemble = SearchEnsembleRegressor(
        grid(tree, {"max_depth": [2, 3, 4, 6], "max_features": [1, 2]})
    )
    ensemble.fit(X_real, z)
    assert len(ensemble.estimators_) > 2
    voting = VotingRegressor(voters(ensemble), weights=ensemble.weights_).fit(X_real, z)
    np.testing.assert_allclose(ensemble.predict(X_real), voting.predict(X_real), rtol=1e-12)


class LabelsOnly(ClassifierMixin, BaseEstimator):
    """Nearest neighbours without probabilities."""

    def __init__(self, n_neighbors=5):
        self.n_neighbors = n_neighbors

    def fit(self, X, y):
        self.model_ = KNeighborsClassifier(self.n_neighbors).fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def predict(self, X):
        return self.model_.predict(X)


@pytest.mark.parametrize("kept", [True, "directory"])
# 100 comes before 9 as a string
@pytest.mark.parametrize("target", [np.array([9, 10, 100])[y], names, names.astype(object)])
def test_labels_are_those_of_scikit_learns_hard_voting(target, kept, tmp_path):
    kept = kept is True or tmp_path / kept
    search = grid(LabelsOnly(), NEIGHBOURS, keep_predictions=kept)
    ensemble = SearchEnsembleClassifier(search, size=5, selection="top_k").fit(X, target)
    assert ensemble.rule_ == "vote"
    voting = VotingClassifier(voters(ensemble), weights=ensemble.weights_).fit(X, target)
    np.testing.assert_array_equal(ensemble.predict(X), voting.predict(X))
    assert not hasattr(ensemble, "predict_proba")
    assert not hasattr(ensemble, "decision_function")


def test_candidates_that_give_different_things_have_a_vote_each():
    pipe = Pipeline([("scaler", StandardScaler()), ("model", SVC())])
    search = grid(pipe, {"model": [SVC(), KNN, LogisticRegression()]})
    ensemble = SearchEnsembleClassifier(search, size=3, selection="top_k").fit(X, names)
    assert sorted(ensemble.methods_) == ["decision_function", "predict_proba", "predict_proba"]
    assert ensemble.rule_ == "vote"
    voting = VotingClassifier(voters(ensemble)).fit(X, names)
    np.testing.assert_array_equal(ensemble.predict(X), voting.predict(X))


@pytest.mark.parametrize("target", [binary, names])
def test_decisions_are_averaged_in_units_of_their_own(target):
    search = grid(SVC(), {"C": [0.01, 1.0, 100.0]})
    ensemble = SearchEnsembleClassifier(search, size=3, selection="top_k").fit(X, target)
    expected = 0.0
    for params in search.param_grid["C"]:
        model = SVC(C=params)
        kept = cross_val_predict(model, X, target, cv=CV, method="decision_function")
        expected = (
            expected + model.fit(X, target).decision_function(X) / np.sqrt((kept**2).mean()) / 3
        )
    np.testing.assert_allclose(ensemble.decision_function(X), expected, rtol=1e-9)
    labels = expected > 0 if expected.ndim == 1 else expected.argmax(axis=1)
    np.testing.assert_array_equal(ensemble.predict(X), np.unique(target)[labels.astype(int)])
    assert not hasattr(ensemble, "predict_proba")


@pytest.mark.parametrize("selection", ["greedy", "top_k"])
def test_an_ensemble_of_one_is_the_best_candidate(selection):
    ensemble = SearchEnsembleClassifier(trees(), size=1, selection=selection).fit(X, y)
    search = trees().fit(X, y)
    assert ensemble.candidates_.tolist() == [search.best_index_]
    assert ensemble.params_ == [search.best_params_]
    assert ensemble.weights_.tolist() == [1.0]
    assert ensemble.selection_score_ == pytest.approx(search.best_score_, rel=1e-12)
    np.testing.assert_array_equal(ensemble.predict_proba(X), search.predict_proba(X))


def test_the_score_of_the_selection_is_computed_per_fold():
    folds = KFold(3)  # of 54, 53 and 53 rows
    search = grid(TREE, DEPTHS, cv=folds)
    ensemble = SearchEnsembleClassifier(search, size=6).fit(X, y)
    average = sum(
        weight
        * cross_val_predict(
            clone(TREE).set_params(**params), X, y, cv=folds, method="predict_proba"
        )
        for weight, params in zip(ensemble.weights_, ensemble.params_, strict=True)
    )
    hits = average.argmax(axis=1) == y
    by_fold = [hits[test].mean() for _, test in folds.split(X)]
    assert ensemble.selection_score_ == pytest.approx(np.mean(by_fold), rel=1e-12)
    assert ensemble.selection_score_ == pytest.approx(ensemble.score_path_.max(), rel=1e-12)
    assert ensemble.score_path_.shape == (6,)


def test_rows_that_are_tested_several_times_count_several_times():
    cv = RepeatedKFold(n_splits=3, n_repeats=2, random_state=0)
    ensemble = SearchEnsembleClassifier(trees(cv=cv), size=1).fit(X, y)
    assert ensemble.selection_score_ == pytest.approx(ensemble.search_.best_score_, rel=1e-12)


def test_more_weight_comes_first_and_weights_are_counts():
    ensemble = SearchEnsembleClassifier(trees(), size=10).fit(X, y)
    assert ensemble.weights_.sum() == pytest.approx(1.0)
    assert np.all(np.diff(ensemble.weights_) <= 0)
    n_steps = int(np.flatnonzero(ensemble.score_path_ == ensemble.score_path_.max())[-1]) + 1
    counts = ensemble.weights_ * n_steps
    np.testing.assert_allclose(counts, np.round(counts), atol=1e-12)
    assert ensemble.params_ == [
        ensemble.search_.cv_results_["params"][k] for k in ensemble.candidates_
    ]


def test_from_search_is_what_fit_does():
    ensemble = SearchEnsembleClassifier(trees(), size=5).fit(X, names)
    search = trees(keep_predictions=True, refit=False).fit(X, names)
    same = SearchEnsembleClassifier.from_search(search, X, names, size=5)
    np.testing.assert_array_equal(same.weights_, ensemble.weights_)
    np.testing.assert_array_equal(same.predict_proba(X), ensemble.predict_proba(X))
    assert same.search_ is search
    assert not hasattr(clone(same).search, "cv_results_")


def test_fit_leaves_the_search_as_it_was():
    search = trees()
    before = search.get_params()
    ensemble = SearchEnsembleClassifier(search, size=2).fit(X, y)
    assert search.get_params() == before
    assert not hasattr(search, "cv_results_")
    assert ensemble.search_.keep_predictions is True


def test_the_best_candidate_is_not_fitted_twice():
    ensemble = SearchEnsembleClassifier(trees(), size=5).fit(X, y)
    search = ensemble.search_
    place = ensemble.candidates_.tolist().index(search.best_index_)
    assert ensemble.estimators_[place] is search.best_estimator_


def test_predictions_in_files_make_the_same_ensemble(tmp_path):
    inside = SearchEnsembleClassifier(trees(), size=5).fit(X, names)
    outside = SearchEnsembleClassifier(trees(keep_predictions=tmp_path), size=5).fit(X, names)
    np.testing.assert_array_equal(inside.predict_proba(X), outside.predict_proba(X))
    assert outside.search_.keep_predictions == tmp_path


def test_bags_depend_on_the_seed_only():
    def bags(seed):
        return SearchEnsembleClassifier(trees(), size=5, n_bags=3, random_state=seed).fit(X, y)

    one = bags(0)
    assert one.score_path_.shape == (3,)
    np.testing.assert_array_equal(one.predict_proba(X), bags(0).predict_proba(X))
    assert any(one.weights_.tolist() != bags(seed).weights_.tolist() for seed in (1, 2, 3))


def test_any_number_of_jobs_and_pickling_change_nothing():
    ensemble = SearchEnsembleClassifier(trees(), size=5).fit(X, y)
    with parallel_config("threading"):
        parallel = SearchEnsembleClassifier(trees(), size=5, n_jobs=2).fit(X, y)
    np.testing.assert_array_equal(ensemble.predict_proba(X), parallel.predict_proba(X))
    again = pickle.loads(pickle.dumps(ensemble))
    np.testing.assert_array_equal(ensemble.predict_proba(X), again.predict_proba(X))


@pytest.mark.parametrize(
    "search",
    [
        BayesSearchCV(TREE, {"max_depth": (1, 8)}, n_iter=4, cv=3, random_state=0),
        RandomizedSearchCV(TREE, DEPTHS, n_iter=4, cv=3, random_state=0),
        ManualSearchCV(TREE, [{"max_depth": 1}, {"max_depth": 4}], cv=3),
    ],
    ids=lambda search: type(search).__name__,
)
def test_other_searches(search):
    ensemble = SearchEnsembleClassifier(search, size=3).fit(X, names)
    assert ensemble.selection_score_ >= ensemble.search_.best_score_
    assert ensemble.score(X, names) > 0.6


def test_data_frames_and_pipelines():
    frame = pd.DataFrame(X, columns=[f"x{k}" for k in range(6)])
    pipe = make_pipeline(StandardScaler(), KNN)
    search = grid(pipe, {"kneighborsclassifier__n_neighbors": [1, 5, 20]})
    ensemble = SearchEnsembleClassifier(search, size=4).fit(frame, pd.Series(names))
    assert ensemble.feature_names_in_.tolist() == frame.columns.tolist()
    assert ensemble.n_features_in_ == 6
    plain = SearchEnsembleClassifier(search, size=4).fit(X, names)
    np.testing.assert_array_equal(ensemble.predict_proba(frame), plain.predict_proba(X))
    assert not hasattr(ensemble.fit(X, names), "feature_names_in_")


def test_sparse_data():
    search = grid(LogisticRegression(), {"C": [0.01, 1.0]}, scoring="neg_log_loss")
    sparse = SearchEnsembleClassifier(search, size=3).fit(csr_array(X), y)
    dense = SearchEnsembleClassifier(search, size=3).fit(X, y)
    # the same numbers, added up in another order
    np.testing.assert_allclose(
        sparse.predict_proba(csr_array(X)), dense.predict_proba(X), atol=1e-4
    )


def test_precomputed_kernels():
    search = grid(SVC(kernel="precomputed"), {"C": [0.1, 1.0, 10.0]})
    ensemble = SearchEnsembleClassifier(search, size=3).fit(X @ X.T, y)
    linear = SearchEnsembleClassifier(grid(SVC(kernel="linear"), {"C": [0.1, 1.0, 10.0]}), size=3)
    np.testing.assert_array_equal(ensemble.predict(X @ X.T), linear.fit(X, y).predict(X))
    assert ensemble.__sklearn_tags__().input_tags.pairwise


class TwoClasses(LogisticRegression):
    """A classifier that says of itself that it is for two classes, and poor."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.classifier_tags.poor_score = True
        return tags


def test_the_ensemble_says_of_itself_what_its_classifiers_say():
    for ensemble in (
        SearchEnsembleClassifier(grid(TwoClasses(), {"C": [1.0]})),
        SnapshotEnsembleClassifier(TwoClasses()),
    ):
        tags = ensemble.__sklearn_tags__()
        assert tags.estimator_type == "classifier"
        assert not tags.classifier_tags.multi_class
        assert tags.classifier_tags.poor_score


def test_a_class_that_a_fold_has_not_seen():
    X_iris, y_iris = load_iris(return_X_y=True)  # sorted: no fold has seen its test class
    ensemble = SearchEnsembleClassifier(grid(KNN, NEIGHBOURS, cv=KFold(3)), size=3)
    ensemble.fit(X_iris, y_iris)
    assert ensemble.selection_score_ == 0.0
    assert ensemble.predict_proba(X_iris).shape == (150, 3)
    assert ensemble.score(X_iris, y_iris) > 0.9


def test_failed_candidates_are_not_chosen():
    search = ManualSearchCV(TREE, [{"max_depth": -1}, {"max_depth": 3}, {"max_depth": 2}], cv=CV)
    with pytest.warns(FitFailedWarning), pytest.warns(UserWarning, match="non-finite"):
        ensemble = SearchEnsembleClassifier(search, size=9, selection="top_k").fit(X, y)
    assert sorted(ensemble.candidates_) == [1, 2]


def test_candidates_given_up_are_not_chosen():
    lists = {"max_depth": [4, None, 3, 1, 2], "max_features": [6, 1]}
    search = grid(TREE, lists, cv=8, racing=True)
    ensemble = SearchEnsembleClassifier(search, size=20, selection="top_k").fit(X, y)
    is_whole = ensemble.search_.cv_results_["status"] == "complete"
    assert 0 < is_whole.sum() < len(is_whole)
    assert sorted(ensemble.candidates_) == np.flatnonzero(is_whole).tolist()


def test_candidates_against_the_constraints_of_the_search_are_not_chosen():
    search = BayesSearchCV(
        TREE,
        {"max_depth": (1, 8)},
        n_iter=8,
        scoring=["accuracy", "recall_macro"],
        refit="accuracy",
        metric_constraints={"recall_macro": ">= 0.65"},
        cv=CV,
        random_state=0,
    )
    ensemble = SearchEnsembleClassifier(search, size=20, selection="top_k").fit(X, y)
    is_feasible = ensemble.search_.cv_results_["mean_test_recall_macro"] >= 0.65
    assert 0 < is_feasible.sum() < len(is_feasible)
    assert sorted(ensemble.candidates_) == np.flatnonzero(is_feasible).tolist()


def test_the_metric_of_several_that_refit_names():
    several = ["accuracy", "roc_auc"]
    by_name = grid(TREE, DEPTHS, scoring=several, refit="roc_auc")
    alone = grid(TREE, DEPTHS, scoring="roc_auc")
    ensembles = [SearchEnsembleClassifier(s, size=5).fit(X, binary) for s in (by_name, alone)]
    assert ensembles[0].selection_score_ == ensembles[1].selection_score_
    np.testing.assert_array_equal(ensembles[0].weights_, ensembles[1].weights_)


def test_a_callable_that_returns_several_metrics():
    def both(model, X, y):
        p = model.predict_proba(X)[:, 1]
        return {"area": roc_auc_score(y, p), "hits": accuracy_score(y, model.predict(X))}

    search = grid(TREE, DEPTHS, scoring=both, refit="area")
    by_name = grid(TREE, DEPTHS, scoring="roc_auc")
    ensembles = [SearchEnsembleClassifier(s, size=5).fit(X, binary) for s in (search, by_name)]
    assert ensembles[0].selection_score_ == pytest.approx(ensembles[1].selection_score_, rel=1e-12)
    np.testing.assert_allclose(ensembles[0].weights_, ensembles[1].weights_)


def test_the_metric_of_the_ensemble_may_be_another():
    ensemble = SearchEnsembleClassifier(grid(TREE, DEPTHS), size=5, scoring="neg_log_loss").fit(
        X, y
    )
    other = SearchEnsembleClassifier(trees(), size=5).fit(X, y)
    np.testing.assert_array_equal(ensemble.weights_, other.weights_)
    assert ensemble.selection_score_ == other.selection_score_ < 0


def test_a_callback_is_the_searchs():
    calls = []
    SearchEnsembleClassifier(trees(), size=2).fit(X, y, callback=calls.append)
    assert len(calls) == 10


WEIGHT = np.random.RandomState(0).uniform(0.1, 5.0, size=len(y))
GROUPS = np.arange(len(y)) % 6


def weighted_by_hand(size):
    """The greedy selection with weights, on the folds of the groups."""
    folds = list(GroupKFold(3).split(X, y, GROUPS))
    settings = [{"max_depth": d, "max_features": f} for d in (1, 3, None) for f in (2, 4)]
    kept = []
    for params in settings:
        model = clone(TREE).set_params(**params)
        rows = [
            model.fit(X[a], y[a], sample_weight=WEIGHT[a]).predict_proba(X[b]) for a, b in folds
        ]
        kept.append(rows)

    def score(chosen):
        return np.mean(
            [
                accuracy_score(
                    y[test],
                    np.mean([kept[k][f] for k in chosen], axis=0).argmax(axis=1),
                    sample_weight=WEIGHT[test],
                )
                for f, (_, test) in enumerate(folds)
            ]
        )

    own = [score([k]) for k in range(len(settings))]
    ranked = sorted(range(len(settings)), key=lambda k: -own[k])
    path, chosen = [], []
    for _ in range(size):
        chosen.append(max(ranked, key=lambda k: round(score([*chosen, k]), 10)))
        path.append(score(chosen))
    return path


@pytest.mark.parametrize("is_routed", [False, True])
def test_metadata_reach_the_search_the_metric_and_the_chosen(is_routed):
    lists = {"max_depth": [1, 3, None], "max_features": [2, 4]}
    tree, scorer = clone(TREE), get_scorer("accuracy")
    with config_context(enable_metadata_routing=is_routed):
        if is_routed:
            tree.set_fit_request(sample_weight=True)
            scorer = scorer.set_score_request(sample_weight=True)
        search = grid(tree, lists, cv=GroupKFold(3), scoring=scorer)
        ensemble = SearchEnsembleClassifier(search, size=4)
        ensemble.fit(X, y, sample_weight=WEIGHT, groups=GROUPS)
        metadata = {"sample_weight": WEIGHT, "groups": GROUPS}
        same = SearchEnsembleClassifier.from_search(ensemble.search_, X, y, params=metadata, size=4)
    np.testing.assert_allclose(ensemble.score_path_, weighted_by_hand(4), rtol=1e-12)
    expected = sum(
        w * clone(TREE).set_params(**params).fit(X, y, sample_weight=WEIGHT).predict_proba(X)
        for w, params in zip(ensemble.weights_, ensemble.params_, strict=True)
    )
    np.testing.assert_allclose(ensemble.predict_proba(X), expected, rtol=1e-12)
    np.testing.assert_array_equal(same.predict_proba(X), ensemble.predict_proba(X))


def test_with_routing_on_a_scorer_of_the_ensemble_gets_what_it_asked_for():
    seen = []

    def spying(y_true, y_pred, sample_weight=None):
        seen.append(None if sample_weight is None else len(sample_weight))
        return accuracy_score(y_true, y_pred, sample_weight=sample_weight)

    with config_context(enable_metadata_routing=True):
        tree = clone(TREE).set_fit_request(sample_weight=False)
        accuracy = get_scorer("accuracy").set_score_request(sample_weight=False)
        spy = make_scorer(spying).set_score_request(sample_weight=True)
        ensemble = SearchEnsembleClassifier(
            grid(tree, DEPTHS, scoring=accuracy), size=2, scoring=spy
        )
        ensemble.fit(X, y, sample_weight=WEIGHT)
        with pytest.raises(TypeError, match="no_such"):
            ensemble.fit(X, y, no_such=WEIGHT)
    assert set(seen) == {40}


def unsuitable(ensemble, match, error=TypeError, target=y):
    with pytest.raises(error, match=match):
        ensemble.fit(X, target)


def test_searches_that_cannot_be_used_are_refused():
    unsuitable(
        SearchEnsembleClassifier(ScikitLearnGridSearchCV(TREE, DEPTHS)), "can keep out-of-fold"
    )
    halving = HalvingBayesSearchCV(TREE, {"max_depth": (1, 5)})
    unsuitable(SearchEnsembleClassifier(halving), "HalvingBayesSearchCV. Use BayesSearchCV")
    unsuitable(
        SearchEnsembleClassifier(grid(Ridge(), {"alpha": [1.0]})), "Use SearchEnsembleRegressor"
    )
    unsuitable(SearchEnsembleRegressor(trees()), "Use SearchEnsembleClassifier")
    detector = grid(IsolationForest(), {"n_estimators": [5]}, scoring="accuracy")
    unsuitable(
        SearchEnsembleClassifier(detector),
        "got GridSearchCV over IsolationForest. Only classifiers",
    )


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"size": 0}, "size must be a whole number of at least 1; got 0"),
        ({"size": 2.5}, "size must be a whole number"),
        ({"n_initial": 0}, "n_initial must be"),
        ({"n_bags": 0}, "n_bags must be"),
        ({"bag_fraction": 0.0}, "bag_fraction must be above 0"),
        ({"bag_fraction": 1.5}, "bag_fraction must be above 0"),
        ({"selection": "best"}, "selection must be one of 'greedy', 'top_k'; got 'best'"),
        ({"scoring": "acuracy"}, "Got 'acuracy' instead"),
        ({"scoring": ["accuracy", "f1_macro"]}, "selection is by one metric"),
    ],
)
def test_wrong_arguments_are_refused_before_the_search(options, match):
    calls = []
    with pytest.raises(ValueError, match=match):
        SearchEnsembleClassifier(trees(), **options).fit(X, y, callback=calls.append)
    assert calls == []


def test_targets_of_several_columns_are_refused():
    ensemble = SearchEnsembleRegressor(grid(KNeighborsRegressor(), NEIGHBOURS))
    unsuitable(
        ensemble, r"takes one target; got y of shape \(160, 2\)", ValueError, np.c_[y, y] * 1.5
    )
    unsuitable(ensemble, "the target y is None", ValueError, None)
    unsuitable(SearchEnsembleClassifier(trees()), "takes one target", ValueError, np.c_[y, y])


def test_metrics_that_cannot_be_computed_are_refused():
    def depth(model, X, y):
        return -float(model.get_depth())

    ensemble = SearchEnsembleClassifier(grid(TREE, DEPTHS, scoring=depth))
    unsuitable(ensemble, "cannot be computed from averaged predictions .*get_depth", ValueError)
    ensemble = SearchEnsembleClassifier(grid(SVC(), {"C": [1.0, 2.0]}), scoring="neg_log_loss")
    unsuitable(ensemble, "cannot be computed from averaged predictions .*predict_proba", ValueError)

    def on_half(model, X, y):
        return accuracy_score(y[::2], model.predict(X[::2]))

    ensemble = SearchEnsembleClassifier(grid(TREE, DEPTHS, scoring=on_half))
    unsuitable(
        ensemble, "the 40 test rows of a fold, and the scorer asked for those of 20", ValueError
    )
    several = grid(TREE, DEPTHS, scoring=["accuracy", "f1_macro"], refit=False)
    calls = []
    with pytest.raises(ValueError, match="Give the ensemble scoring="):
        SearchEnsembleClassifier(several).fit(X, y, callback=calls.append)
    assert calls == []  # before the search


def test_finished_searches_that_cannot_be_used_are_refused():
    with pytest.raises(
        ValueError, match=r"fitted with keep_predictions=True; got GridSearchCV with .*=False"
    ):
        SearchEnsembleClassifier.from_search(trees().fit(X, y), X, y)
    search = trees(keep_predictions=True)
    with pytest.raises(ValueError, match="no predictions_"):
        SearchEnsembleClassifier.from_search(search, X, y)
    search.fit(X, y)
    with pytest.raises(ValueError, match="160 rows, and these 100 have another target"):
        SearchEnsembleClassifier.from_search(search, X[:100], y[:100])
    with pytest.raises(ValueError, match="160 rows, and these 320"):
        SearchEnsembleClassifier.from_search(search, np.vstack([X, X]), np.tile(y, 2))
    for other in (names, y[::-1]):
        with pytest.raises(ValueError, match="in the same order"):
            SearchEnsembleClassifier.from_search(search, X, other)


def test_an_ensemble_that_is_not_fitted_says_so():
    with pytest.raises(NotFittedError, match="not fitted"):
        SearchEnsembleClassifier(trees()).predict(X)
