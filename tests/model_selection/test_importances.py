"""Importances of a search: its own space and surrogate, or what its candidates span."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris

from skbayes import (
    BayesSearchCV,
    GridSearchCV,
    HalvingBayesSearchCV,
    ManualSearchCV,
    RandomizedSearchCV,
)
from skbayes.model_selection._importances import importances_of

X, y = load_iris(return_X_y=True)


class Known(ClassifierMixin, BaseEstimator):
    """Its score is a known function of its parameters: a counts nine times as much as b."""

    def __init__(self, a=0.5, b=0.5, kind="plain"):
        self.a = a
        self.b = b
        self.kind = kind

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.zeros(len(X))

    def score(self, X, y):
        return 3.0 * self.a + self.b


RANGES = {"a": (0.0, 1.0), "b": (0.0, 1.0)}
EXPLICIT = [{"a": a, "b": b} for a in (0.0, 0.4, 1.0) for b in (0.0, 0.5, 1.0)]
SEARCHES = {
    "bayes": lambda: BayesSearchCV(Known(), RANGES, n_iter=20, cv=2, random_state=0),
    "grid": lambda: GridSearchCV(Known(), {"a": [0.0, 0.4, 1.0], "b": [0.0, 0.5, 1.0]}, cv=2),
    "manual": lambda: ManualSearchCV(Known(), EXPLICIT, cv=2),
    "random": lambda: RandomizedSearchCV(
        Known(),
        {"a": np.linspace(0, 1, 50), "b": np.linspace(0, 1, 50)},
        n_iter=25,
        cv=2,
        random_state=0,
    ),
}


@pytest.mark.parametrize("kind", SEARCHES)
def test_every_search_has_importances(kind):
    found = importances_of(SEARCHES[kind]().fit(X, y))
    # A range of the smallest to the largest draw is not quite the whole one, and a sum is not told from a product
    # of few points: 0.9 and 0.1 but for that.
    assert found.first_order["a"] == pytest.approx(0.9, abs=0.03)
    assert found.first_order["b"] == pytest.approx(0.1, abs=0.03)


def test_the_same_at_each_call():
    search = SEARCHES["manual"]().fit(X, y)
    assert importances_of(search) == importances_of(search)


def test_the_searchs_own_surrogate_is_taken():
    search = SEARCHES["bayes"]().set_params(surrogate="forest").fit(X, y)
    own = importances_of(search)
    search.surrogate = "gp"
    assert own != importances_of(search)


def test_the_own_space_and_not_what_was_tried_is_what_the_variance_is_over():
    # All candidates lie in the lower half of a, whose share over the whole space is 0.9 none the less.
    points = [{"a": a, "b": b} for a in (0.0, 0.25, 0.5) for b in (0.0, 0.5, 1.0)]
    search = BayesSearchCV(
        Known(), RANGES, n_iter=10, initial_points=points, cv=2, random_state=0, stopping=None
    )
    found = importances_of(search.fit(X, y))
    assert found.first_order["a"] == pytest.approx(0.9, abs=0.03)


def test_spaces_with_budgets_of_their_own_are_branches():
    spaces = [
        ({"a": (0.0, 1.0), "kind": ["plain"]}, 8),
        ([{"b": (0.0, 1.0)}, {"a": (5.0, 6.0)}], 12),
    ]
    found = importances_of(BayesSearchCV(Known(), spaces, cv=2, random_state=0).fit(X, y))
    assert set(found.names) == {"(branch)", "a", "b", "kind"}
    # a is 5.5 on average in the third branch and 0.5 in the others.
    assert found.first_order["(branch)"] > 0.9


def test_of_halving_it_is_the_last_rung_that_counts():
    search = HalvingBayesSearchCV(Known(), RANGES, n_iter=24, cv=2, factor=2, random_state=0).fit(
        X, y
    )
    assert len(search.history_) < 5
    with pytest.raises(ValueError, match="at least 5 trials"):
        importances_of(search)


def test_without_one_score_there_are_none():
    search = GridSearchCV(
        Known(),
        {"a": [0.0, 0.3, 0.5, 0.7, 1.0]},
        cv=2,
        scoring=["accuracy", "f1_macro"],
        refit=False,
    ).fit(X, y)
    with pytest.raises(AttributeError, match="it had several metrics"):
        importances_of(search)


def test_few_candidates_are_refused():
    search = GridSearchCV(Known(), {"a": [0.0, 1.0]}, cv=2).fit(X, y)
    with pytest.raises(ValueError, match="at least 5 trials"):
        importances_of(search)
