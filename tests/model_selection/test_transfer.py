"""`history=` of a search: on the same data it goes on, on other data it is asked for its order."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import KFold
from sklearn.svm import SVC

from skbayes import BayesSearchCV, GridSearchCV, ManualSearchCV
from skbayes.optimizer import EarlierSearch, History

X, y = load_iris(return_X_y=True)
X, y = X[::3], y[::3]
SPACE = {"C": (0.1, 10.0), "gamma": (0.01, 1.0)}
GRID = {"C": [0.5, 2.0], "gamma": [0.05, 0.2]}


def search(history=None, model=None, n_iter=3, **options):
    options = {"cv": 3, "random_state": 0, **options}
    return BayesSearchCV(model or SVC(), SPACE, n_iter=n_iter, history=history, **options)


def candidates(fitted):
    return fitted.cv_results_["params"]


def first_of(fitted, earlier):
    """Whether the best earlier candidate was tried again, first."""
    return candidates(fitted)[0] == earlier.best_params_


def test_equal_searches_have_one_origin_and_each_difference_another():
    def origin(model=None, X=X, y=y, **options):
        grid = GridSearchCV(model or SVC(), GRID, **{"cv": 3, **options})
        return grid.fit(X, y).history_.origin

    assert origin() == origin() == search().fit(X, y).history_.origin
    others = [
        origin(SVC(kernel="poly")),
        origin(cv=4),
        origin(cv=KFold(3, shuffle=True, random_state=1)),
        origin(X=X + 1),
        origin(y=y[::-1].copy()),
        origin(scoring="balanced_accuracy"),
    ]
    assert len({*others, origin()}) == 7


def test_the_same_data_go_on_and_other_data_start_with_the_best():
    earlier = GridSearchCV(SVC(), GRID, cv=3).fit(X, y)
    goes_on = search(earlier).fit(X, y)
    assert not any(params in candidates(earlier) for params in candidates(goes_on))
    for other in (search(earlier).fit(X + 0.1, y), search(earlier, cv=4).fit(X, y)):
        assert first_of(other, earlier)
    listed = search([earlier, earlier.history_]).fit(X + 0.1, y)
    assert first_of(listed, earlier)


def test_what_is_not_known_to_be_the_same_counts_as_other_unless_said():
    earlier = GridSearchCV(SVC(), GRID, cv=3).fit(X, y)
    by_hand = History(earlier.history_.trials)
    assert first_of(search(by_hand).fit(X, y), earlier)
    assert first_of(search(list(by_hand)).fit(X, y), earlier)
    declared = search(EarlierSearch(by_hand, same_objective=True)).fit(X, y)
    assert not any(params in candidates(earlier) for params in candidates(declared))
    scorer = make_scorer(lambda a, b: accuracy_score(a, b))  # cannot be pickled
    assert GridSearchCV(SVC(), GRID, cv=3, scoring=scorer).fit(X, y).history_.origin is None


def test_a_parameter_that_was_not_searched_has_the_estimators_value():
    model = SVC(gamma=0.5)
    earlier = ManualSearchCV(model, [{"C": 3.0}, {"C": 0.2}], cv=3).fit(X, y)
    again = search(earlier, model).fit(X + 0.1, y)
    assert {"C": earlier.best_params_["C"], "gamma": 0.5} in candidates(again)[:2]
    # On the same data these two are known, and the own parameters are not.
    goes_on = search(earlier, model).fit(X, y)
    assert candidates(goes_on)[0] == {"C": 1.0, "gamma": 0.5}
    assert not any(p["gamma"] == 0.5 for p in candidates(goes_on)[1:])


@pytest.mark.filterwarnings("error:.*earlier searches")
def test_each_space_with_a_budget_takes_what_lies_in_it():
    spaces = [
        ({"kernel": ["rbf"], "C": [0.1, 1.0]}, 2),
        ({"kernel": ["linear"], "C": [0.1, 1.0]}, 2),
    ]
    tried = [{"kernel": "linear", "C": 0.1}, {"kernel": "linear", "C": 1.0}]
    earlier = ManualSearchCV(SVC(), tried, cv=3).fit(X + 0.1, y)
    fitted = BayesSearchCV(SVC(), spaces, cv=3, history=earlier, random_state=0).fit(X, y)
    assert candidates(fitted)[2] == earlier.best_params_


def test_the_metric_is_part_of_the_origin():
    def with_objective(objective):
        metrics = ["accuracy", "balanced_accuracy"]
        fitted = search(n_iter=2, scoring=metrics, refit=False, objective=objective).fit(X, y)
        return fitted.history_.origin

    assert with_objective("accuracy") != with_objective("balanced_accuracy")


def test_data_frames_have_an_origin():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abcd"))
    origins = {GridSearchCV(SVC(), GRID, cv=3).fit(frame, y).history_.origin for _ in range(2)}
    assert len(origins) == 1
    assert None not in origins


def test_scores_of_the_earlier_search_do_not_enter_the_results():
    earlier = GridSearchCV(SVC(), GRID, cv=3).fit(X, np.random.default_rng(0).permutation(y))
    fitted = search(earlier, n_iter=5).fit(X, y)
    assert len(candidates(fitted)) == 5
    assert len(fitted.history_) == 5
