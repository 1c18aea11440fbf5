"""What is averaged, and the labels that follow."""

import numpy as np
import pytest

from skbayes.ensemble._averaging import (
    as_numbers,
    as_probabilities,
    best_method,
    common_rule,
    labels_of,
)
from skbayes.ensemble._given import given_predictions

CLASSES = np.array(["a", "b", "c"])


@pytest.mark.parametrize(
    ("methods", "is_classifier", "rule"),
    [
        (["predict_proba", "predict_proba"], True, "predict_proba"),
        (["decision_function"], True, "decision_function"),
        (["predict_proba", "decision_function"], True, "vote"),
        (["predict", "predict"], True, "vote"),
        (["predict"], False, "predict"),
    ],
)
def test_the_rule(methods, is_classifier, rule):
    assert common_rule(methods, is_classifier) == rule


def test_votes_by_hand():
    expected = [[0, 0, 1], [1, 0, 0]]
    probabilities = np.array([[0.1, 0.4, 0.5], [0.4, 0.3, 0.3]])
    for values, method in [
        (["c", "a"], "predict"),
        (probabilities, "predict_proba"),
        (probabilities - 1, "decision_function"),
    ]:
        np.testing.assert_array_equal(as_numbers(values, method, "vote", CLASSES), expected)
    two = as_numbers([-0.1, 0.2], "decision_function", "vote", CLASSES[:2])
    np.testing.assert_array_equal(two, [[1, 0], [0, 1]])


def test_labels_kept_as_strings_find_their_class():
    # as strings: "10" < "9"
    classes = np.array([9, 10], dtype=object)
    votes = as_numbers(np.array(["10", "9"]), "predict", "vote", classes)
    np.testing.assert_array_equal(votes, [[0, 1], [1, 0]])


def test_labels_by_hand():
    np.testing.assert_array_equal(labels_of(np.array([[0.2, 0.5, 0.3]]), CLASSES), ["b"])
    # of equal ones the first, as in scikit-learn's voting
    np.testing.assert_array_equal(labels_of(np.array([[0.4, 0.4, 0.2]]), CLASSES), ["a"])
    np.testing.assert_array_equal(labels_of(np.array([-1.0, 0.0, 1.0]), CLASSES[:2]), list("aab"))


def test_values_of_one_column_are_flattened():
    np.testing.assert_array_equal(as_numbers([[1], [2]], "predict", "predict", None), [1.0, 2.0])


def test_rounding_makes_no_probability_larger_than_one():
    third = np.full((1, 1), 1.0)
    average = sum(w * third for w in [0.1] * 3 + [0.7])
    assert as_probabilities(average).max() <= 1.0
    assert as_probabilities(np.array([[1.0 + 1e-16 * 4]])).max() == 1.0


class Says:
    def __init__(self, *methods):
        for method in methods:
            setattr(self, method, None)


def test_the_most_that_a_model_says():
    assert best_method(Says("predict", "decision_function", "predict_proba")) == "predict_proba"
    assert best_method(Says("predict", "decision_function")) == "decision_function"
    assert best_method(Says("predict")) == "predict"


def test_a_given_prediction_has_the_methods_of_its_rule_only():
    model = given_predictions(np.array([[0.2, 0.3, 0.5]]), "predict_proba", CLASSES)
    assert model.predict([[0]]).tolist() == ["c"]
    assert not hasattr(model, "decision_function")
    votes = given_predictions(np.array([[0.2, 0.3, 0.5]]), "vote", CLASSES)
    assert not hasattr(votes, "predict_proba")
    decisions = given_predictions(np.array([0.3]), "decision_function", CLASSES[:2])
    assert decisions.predict([[0]]).tolist() == ["b"]
    assert given_predictions(np.array([0.3]), "predict", None).predict([[0]]).tolist() == [0.3]
