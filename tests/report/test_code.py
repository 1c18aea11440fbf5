"""The code on the page: run, it makes an estimator with the same parameters."""

import functools
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import loguniform, randint
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import make_scorer, mean_pinball_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from skbayes import BayesSearchCV, Categorical, GridSearchCV, Real
from skbayes.acquisition import ExpectedImprovement
from skbayes.model_selection import best_posterior_mean
from skbayes.report._code import code_of


def made_by(code):
    names = {}
    exec("\n".join(code.imports), names)
    return eval(code.text, names)


PIPE = make_pipeline(StandardScaler(), FunctionTransformer(np.log1p), SVC(C=np.float64(2.0)))


@pytest.mark.parametrize(
    "search",
    [
        GridSearchCV(PIPE, {"svc__C": [0.1, 1.0]}, cv=StratifiedKFold(3, shuffle=True)),
        BayesSearchCV(SVC(), {"C": Real(1e-3, 1e3), "kernel": Categorical(["rbf", "poly"])}),
        BayesSearchCV(SVC(), {"C": np.array([0.1, 1.0])}, error_score=-np.inf),
        BayesSearchCV(
            SVC(), [{"C": (1, 2)}, {"degree": (1, 5)}], acquisition=ExpectedImprovement(0.1)
        ),
        BayesSearchCV(SVC(), {"C": (1, 2)}, journal=Path("a b") / "it's.jsonl"),
        BayesSearchCV(SVC(), {"C": (1, 2)}, refit=best_posterior_mean),
    ],
    ids=["pipeline", "dimensions", "arrays", "parts", "path", "function"],
)
def test_it_makes_the_search_again(search):
    code = code_of(search)
    assert code.is_whole
    assert code.unknown == []
    # A list of dicts that share a budget, functions and paths are equal if their texts are.
    assert str(made_by(code)) == str(search)
    assert made_by(code).get_params().keys() == search.get_params().keys()


def test_it_makes_distributions_again():
    space = {"C": loguniform(1e-3, 1e3), "degree": randint(low=1, high=5)}
    code = code_of(BayesSearchCV(SVC(), space))
    assert code.is_whole
    made = made_by(code).search_spaces
    assert made["C"].args == space["C"].args
    assert made["C"].dist.name == "loguniform"
    assert made["degree"].kwds == space["degree"].kwds


def test_it_imports_from_where_a_user_would():
    code = code_of(GridSearchCV(make_pipeline(RandomForestClassifier()), {}))
    assert code.imports == [
        "from skbayes import GridSearchCV",
        "from sklearn.ensemble import RandomForestClassifier",
        "from sklearn.pipeline import Pipeline",
    ]


def test_what_has_no_code_is_said():
    assert not code_of(BayesSearchCV(SVC(), {"C": (1, 2)}, constraint=lambda params: True)).is_whole
    partial = functools.partial(best_posterior_mean, metric="f1")
    assert not code_of(GridSearchCV(SVC(), {}, refit=partial)).is_whole
    scorer = make_scorer(mean_pinball_loss, alpha=0.25)
    assert code_of(GridSearchCV(SVC(), {}, scoring=scorer)).unknown == [
        "make_scorer",
        "mean_pinball_loss",
    ]


def test_an_address_is_no_part_of_it():
    search = BayesSearchCV(SVC(), {"C": (1, 2)}, random_state=np.random.RandomState(0))
    assert " at 0x" not in code_of(search).text
