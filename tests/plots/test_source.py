"""What displays of searches are made from, whoever's search it is."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_iris
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.model_selection import GridSearchCV as TheirGridSearchCV
from sklearn.svm import SVC

from skbayes import BayesSearchCV, GridSearchCV, Optimizer, minimize
from skbayes.model_selection import save_history
from skbayes.optimizer import History, Trial
from skbayes.plots import pareto_data, source_of
from skbayes.plots._text import choice_texts, literal, short_names, shortened, value_text

X, y = load_iris(return_X_y=True)


@pytest.fixture(scope="module")
def search():
    spaces = {"C": (0.1, 10.0, "log-uniform")}
    scoring = ["accuracy", "f1_macro"]
    return BayesSearchCV(
        SVC(), spaces, n_iter=4, scoring=scoring, refit="f1_macro", cv=3, random_state=0
    ).fit(X, y)


def test_a_bayesian_search_has_its_own_space_and_names_its_metric(search):
    source = source_of(search)
    assert source.score_name == "mean test score (f1_macro)"
    assert source.name == "BayesSearchCV"
    assert source.space.describe() == "C: float from 0.1 to 10.0, log-uniform"
    np.testing.assert_array_equal(source.history.scores, search.cv_results_["mean_test_f1_macro"])


def test_another_metric_may_be_the_score_and_a_minus_negates(search):
    source = source_of(search, metric="accuracy")
    assert source.score_name == "mean test score (accuracy)"
    np.testing.assert_allclose(source.history.scores, search.cv_results_["mean_test_accuracy"])
    seconds = source_of(search, metric="-fit_time")
    assert seconds.score_name == "negated mean fit time (seconds)"
    np.testing.assert_allclose(seconds.history.scores, -search.cv_results_["mean_fit_time"])


def test_a_search_of_scikit_learn_is_read_from_its_table():
    grid = {"C": [0.1, 1.0], "gamma": ["scale", -1.0]}  # a negative gamma fails
    search = TheirGridSearchCV(SVC(), grid, cv=3, scoring="accuracy")
    with (
        pytest.warns(FitFailedWarning, match="6 fits failed"),
        pytest.warns(UserWarning, match="non-finite"),
    ):
        search.fit(X, y)
    source = source_of(search)
    assert [trial.status for trial in source.history] == ["complete", "failed"] * 2
    assert source.score_name == "mean test score (accuracy)"
    assert set(source.space.names) == {"C", "gamma"}


def test_a_journal_is_read_by_its_path(tmp_path):
    path = tmp_path / "search.jsonl"
    search = GridSearchCV(SVC(), {"C": [0.1, 1.0]}, cv=3, journal=path).fit(X, y)
    source = source_of(path)
    assert source.name == "search.jsonl"
    np.testing.assert_array_equal(source.history.scores, search.cv_results_["mean_test_score"])
    save_history(search, tmp_path / "history.jsonl")
    exported = source_of(tmp_path / "history.jsonl")
    assert exported.history == search.history_


def test_an_optimizer_a_history_and_trials_say_the_same():
    optimizer = Optimizer({"x": (0.0, 1.0)}, random_state=0)
    for params in optimizer.ask(3):
        optimizer.tell(params, params["x"])
    sources = [source_of(each) for each in (optimizer, optimizer.history, list(optimizer.history))]
    assert sources[0].space is optimizer.space
    assert all(source.history == optimizer.history for source in sources)


def test_an_empty_history_has_no_space():
    assert source_of(History()).space is None


def test_the_result_of_minimize_is_its_history():
    result = minimize(lambda params: params["x"] ** 2, {"x": (-1.0, 1.0)}, 6, random_state=0)
    assert source_of(result).history is result.history
    objectives = ["score", "fit_time"]
    of_result, of_history = (pareto_data(each, objectives) for each in (result, result.history))
    np.testing.assert_array_equal(of_result["values"], of_history["values"])


def test_a_search_of_several_objectives_names_the_metric_that_its_history_has():
    search = BayesSearchCV(
        SVC(),
        {"C": (0.1, 10.0, "log-uniform")},
        n_iter=3,
        scoring=["accuracy", "f1_macro"],
        objectives=["f1_macro", "-fit_time"],
        refit=False,
        cv=3,
        random_state=0,
    ).fit(X, y)
    source = source_of(search)
    assert source.score_name == "mean test score (f1_macro)"
    np.testing.assert_array_equal(source.history.scores, search.cv_results_["mean_test_f1_macro"])


@pytest.mark.parametrize("function", [source_of, pareto_data])
def test_a_fitted_model_is_not_called_unfitted(function):
    with pytest.raises(TypeError, match=r"needs a search.*got SVC"):
        function(SVC().fit(X, y))


def test_what_holds_no_trials_is_refused():
    with pytest.raises(TypeError, match="needs a fitted search, an Optimizer, a History"):
        source_of([1, 2])
    with pytest.raises(NotFittedError):
        source_of(GridSearchCV(SVC(), {"C": [1.0]}))
    with pytest.raises(TypeError, match=r"needs a search.*got SVC"):
        source_of(SVC())
    with pytest.raises(ValueError, match="No trial has the metric 'recall'"):
        source_of([Trial(0, {"C": 1.0}, 0.5, metrics={"accuracy": 0.5})], metric="recall")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.000123456, "0.000123"),
        (3, "3"),
        (True, "True"),
        (None, "None"),
        ("rbf", "rbf"),
        (Fraction(10**400), f"Fraction…{'0' * 11}, 1)"),
    ],
)
def test_values_are_short_texts(value, text):
    assert value_text(value) == text


def test_a_long_name_keeps_its_end():
    name = "pipeline__preprocessing__numeric__imputer__strategy"
    short = shortened(name, 30)
    assert len(short) == 30
    assert short.endswith("imputer__strategy")
    assert short.startswith("pipeline")


@given(st.lists(st.text("ab_0", min_size=1, max_size=40), min_size=1, max_size=15, unique=True))
def test_short_names_are_short_and_stay_different(names):
    made = short_names(names, 16)
    assert all(len(name) <= 16 for name in made)
    assert len(set(made)) == len(names)


def test_of_names_that_differ_in_their_middle_the_middle_is_kept():
    names = [f"pipeline__preprocessing__{k:02}__strategy_long_name" for k in range(15)]
    assert short_names(names, 24)[3] == "…03__strategy_long_name"
    assert short_names(names, 12)[3] == "…03__strate…"


def test_a_dollar_is_not_the_beginning_of_a_formula():
    assert literal("a$b$") == r"a\$b\$"


def test_texts_of_choices_are_different():
    texts = choice_texts(["a" * 60 + "x" + "b" * 60, "a" * 60 + "y" + "b" * 60, 1])
    assert len(set(texts)) == 3
    assert texts[2] == "1"
