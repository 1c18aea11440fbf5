"""Mistakes of the first minutes: the message names what was meant, and comes before any fit."""

import inspect
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skbayes import BayesSearchCV, GridSearchCV, HalvingBayesSearchCV
from skbayes.model_selection import search_history

X, y = load_iris(return_X_y=True)
MODEL = make_pipeline(StandardScaler(), SVC())


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("C", "'svc__C'"),
        ("svm__C", "'svc__C'"),
        ("svc__c", "'svc__C'"),
        ("svc__gama", "'svc__gamma'"),
        ("standardscaler_with_mean", "'standardscaler__with_mean'"),
    ],
)
def test_a_misspelt_parameter_names_the_one_that_was_meant(name, meant):
    search = BayesSearchCV(MODEL, {name: (0.1, 10.0)})
    with pytest.raises(ValueError, match=f"{name}', which.*Did you mean {meant}") as caught:
        search.fit(X, y)
    assert "Valid parameters" in str(caught.value)  # what set_params says comes behind the hint


def test_a_parameter_like_no_other_gets_no_hint():
    with pytest.raises(ValueError, match="zzzzzz") as caught:
        GridSearchCV(MODEL, {"zzzzzz": [1]}).fit(X, y)
    assert "Did you mean" not in str(caught.value)


@pytest.mark.parametrize("cls", [BayesSearchCV, HalvingBayesSearchCV])
@pytest.mark.parametrize("name", ["param_grid", "param_distributions", "space"])
def test_the_space_under_another_searchs_name(cls, name):
    with pytest.raises(
        TypeError, match=f"{cls.__name__} has no argument '{name}'.*'search_spaces'"
    ):
        cls(MODEL, **{name: {"svc__C": [0.1, 1.0]}})


@pytest.mark.parametrize("cls", [BayesSearchCV, HalvingBayesSearchCV])
def test_the_signature_is_not_hidden_by_the_check_of_names(cls):
    names = list(inspect.signature(cls).parameters)
    assert names[:3] == ["estimator", "search_spaces", "n_iter"]
    search = cls(MODEL, {"svc__C": [0.1, 1.0]}, n_iter=3)
    assert set(search.get_params(deep=False)) == set(names)
    assert clone(search).n_iter == pickle.loads(pickle.dumps(search)).n_iter == 3
    with pytest.raises(TypeError, match="unexpected keyword argument 'njobs'"):
        cls(MODEL, {"svc__C": [0.1, 1.0]}, njobs=2)


def test_a_pipeline_that_ends_in_a_classifier_needs_a_target():
    search = BayesSearchCV(make_pipeline(MODEL), {"pipeline__svc__C": (0.1, 10.0)})
    with pytest.raises(ValueError, match=r"requires y to be passed.*Call fit\(X, y\)"):
        search.fit(X)


@pytest.mark.parametrize("last", [KMeans(2, n_init=1, random_state=0), "passthrough"])
def test_a_pipeline_that_ends_in_no_classifier_needs_none(last):
    model = Pipeline([("scale", StandardScaler()), ("last", last)])
    grid = {"scale__with_mean": [True, False]}
    search = GridSearchCV(model, grid, cv=2, scoring=lambda model, X: 1.0).fit(X)
    assert search.best_score_ == 1.0


def test_a_model_is_no_search():
    with pytest.raises(TypeError, match=r"needs a search.*got Pipeline"):
        search_history(clone(MODEL).fit(X, y))
    with pytest.raises(TypeError, match="got SVC"):
        BayesSearchCV(MODEL, {"svc__C": (0.1, 10.0)}, history=SVC().fit(X, y)).fit(X, y)


@pytest.mark.filterwarnings("ignore:Scoring failed")
def test_a_search_without_a_score_says_that_it_chose_nothing():
    search = BayesSearchCV(
        MODEL, {"svc__C": (0.1, 10.0)}, n_iter=2, cv=2, scoring="f1", random_state=0
    )
    with pytest.warns(UserWarning, match=r"non-finite: \[nan nan\]\. No candidate has a score"):
        search.fit(X, y)  # three classes


def test_a_word_beside_numbers_is_a_choice():
    search = BayesSearchCV(MODEL, {"svc__gamma": [0.1, 1.0, "scale"]}, cv=2).fit(X, y)
    assert len(search.cv_results_["params"]) == 3
    assert np.isfinite(search.best_score_)
