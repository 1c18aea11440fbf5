"""Metrics without checks agree with scikit-learn's scorers, which stay in charge of everything else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import make_classification, make_regression
from sklearn.linear_model import Ridge
from sklearn.metrics import get_scorer, make_scorer, mean_squared_error, roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from skbayes import GridSearchCV
from skbayes.ensemble._library import FoldScores, open_library
from skbayes.ensemble._quick_scores import _OF_LABELS, _OF_VALUES, quick_scores

ROWS = [(name, rule) for name, (rules, _) in _OF_LABELS.items() for rule in rules]
ROWS += [(name, "predict") for name in _OF_VALUES]


def problem(name, rule, n_classes, seed):
    """Numbers of a rule, with ties, and the y of three folds of unequal size."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(n_classes + 2, 30, size=3)
    if rule == "predict":
        return rng.normal(size=sizes.sum()), [rng.normal(size=n) for n in sizes], None
    classes = np.array(["a", "b", "c"][:n_classes])
    targets = [np.append(classes, rng.choice(classes, n - n_classes)) for n in sizes]
    if rule == "vote":
        numbers = np.eye(n_classes)[rng.integers(n_classes, size=sizes.sum())]
    elif rule == "decision_function" and n_classes == 2:
        numbers = np.round(rng.normal(size=sizes.sum()), 1)
    else:
        numbers = np.round(rng.dirichlet(np.ones(n_classes), size=sizes.sum()), 1) + 0.0
        numbers[:, 0] += 1 - numbers.sum(axis=1)  # a probability of 0 is among them
        numbers = np.clip(numbers, 0, 1)
    return numbers, targets, classes


def both(name, rule, n_classes, seed):
    numbers, targets, classes = problem(name, rule, n_classes, seed)
    folds = [(np.empty((len(t), 1)), t, {}) for t in targets]
    scores = FoldScores(get_scorer(name), None, folds, rule, classes)
    assert scores._quick is not None
    return scores(numbers), scores.by_scorer(numbers)


@pytest.mark.parametrize(("name", "rule"), ROWS)
@settings(max_examples=20)
@given(seed=st.integers(0, 10_000))
def test_they_are_those_of_the_scorer(name, rule, seed):
    # the same formula, added up in another order
    for n_classes in (2,) if name == "roc_auc" else (2, 3):
        quick, by_scorer = both(name, rule, n_classes, seed)
        assert quick == pytest.approx(by_scorer, rel=1e-10, abs=1e-12)


FOLDS = [np.array([0, 1, 1]), np.array([0, 0, 1])]
CLASSES = np.array([0, 1])


@pytest.mark.parametrize(
    ("scorer", "rule", "targets", "classes"),
    [
        (get_scorer("f1"), "predict_proba", FOLDS, CLASSES),
        (make_scorer(roc_auc_score), "predict_proba", FOLDS, CLASSES),  # of labels
        (make_scorer(mean_squared_error), "predict", FOLDS, None),  # of the other sign
        (get_scorer("neg_log_loss"), "vote", FOLDS, CLASSES),
        (get_scorer("roc_auc"), "predict_proba", [FOLDS[0], FOLDS[1][:2]], CLASSES),  # one class
        (get_scorer("accuracy"), "predict", FOLDS, None),
        (get_scorer("r2"), "predict", [np.ones(3), FOLDS[0]], None),  # nothing to explain
        (lambda model, X, y: 0.0, "predict_proba", FOLDS, CLASSES),
    ],
)
def test_anything_else_is_left_to_the_scorer(scorer, rule, targets, classes):
    assert quick_scores(scorer, targets, rule, classes) is None


def test_weights_are_left_to_the_scorer():
    folds = [(np.empty((3, 1)), t, {"sample_weight": np.array([1.0, 2.0, 3.0])}) for t in FOLDS]
    scores = FoldScores(get_scorer("accuracy"), None, folds, "vote", CLASSES)
    votes = np.eye(2)[[0, 1, 0, 0, 0, 0]]  # the last row of each fold is wrong: half of the weight
    assert scores(votes) == 0.5


@pytest.mark.parametrize(
    "scoring",
    [None, "accuracy", "neg_log_loss", "roc_auc", "f1", "average_precision", "neg_brier_score"],
)
def test_candidates_alone_have_the_scores_of_the_search_for_classifiers(scoring):
    X, y = make_classification(150, 5, random_state=0)
    lists = {"max_depth": [2, 4], "min_samples_leaf": [3, 9]}
    tree = DecisionTreeClassifier(random_state=0)
    check_alone(GridSearchCV(tree, lists, scoring=scoring), X, y)


@pytest.mark.parametrize(
    "scoring",
    [None, "r2", "neg_root_mean_squared_error", "explained_variance", "neg_median_absolute_error"],
)
def test_candidates_alone_have_the_scores_of_the_search_for_regressors(scoring):
    X, y = make_regression(100, 5, noise=10.0, random_state=0)
    check_alone(GridSearchCV(Ridge(), {"alpha": [0.1, 1.0, 10.0]}, scoring=scoring), X, y)


def check_alone(search, X, y):
    search.set_params(keep_predictions=True).fit(X, y)
    library = open_library(search, search.scorer_, None, X, y, {})
    np.testing.assert_allclose(library.alone, search.cv_results_["mean_test_score"], rtol=1e-12)
