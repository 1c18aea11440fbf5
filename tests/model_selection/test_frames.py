"""Frames of searches and histories: one row per candidate, parameters as columns, missing values told from None."""

import builtins

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import SVC

from skbayes import BayesSearchCV, GridSearchCV
from skbayes._pandas import MISSING, frame_of
from skbayes.model_selection._frames import results_frame
from skbayes.optimizer import History, Trial

X, y = load_iris(return_X_y=True)
HISTORY = History(
    (
        Trial(
            0, {"C": 0.1, "degree": 3, "shrinking": True}, 0.9, fold_scores=(0.8, 1.0), fit_time=0.5
        ),
        Trial(
            1,
            {"C": 1.0, "class_weight": None},
            float("nan"),
            "pruned",
            0.01,
            (0.7,),
            metrics={"f1": 0.5},
        ),
    )
)


def test_a_history_has_a_row_for_each_trial():
    frame = HISTORY.to_frame()
    assert list(frame.columns) == [
        "number", "param_C", "param_degree", "param_shrinking", "param_class_weight", "score", "status",
        "split0_score", "split1_score", "noise_variance", "fit_time", "metric_f1",
    ]  # fmt: skip
    types = {name: str(dtype) for name, dtype in frame.dtypes.items()}
    assert types["number"] == "int64"
    assert types["param_C"] == types["score"] == types["split1_score"] == "float64"
    assert types["param_degree"] == "Int64"
    assert types["param_shrinking"] == "boolean"
    assert frame.loc[0].drop(["param_class_weight", "noise_variance", "metric_f1"]).tolist() == [
        0, 0.1, 3, True, 0.9, "complete", 0.8, 1.0, 0.5
    ]  # fmt: skip
    assert frame["param_class_weight"].tolist()[1] is None
    assert frame["param_class_weight"].tolist()[0] is pd.NA
    assert np.isnan(frame.loc[1, "split1_score"])


def test_an_empty_history_has_an_empty_frame():
    frame = History().to_frame()
    assert len(frame) == 0
    assert "score" in frame.columns


def test_a_search_has_a_row_for_each_candidate_as_evaluated():
    grid = [{"kernel": ["rbf"], "gamma": [0.1, 1.0]}, {"kernel": ["poly"], "degree": [2, 3]}]
    search = GridSearchCV(SVC(), grid, cv=3).fit(X, y)
    frame = results_frame(search)
    assert "params" not in frame.columns
    assert set(frame.columns) == set(search.cv_results_) - {"params"}
    assert frame["param_kernel"].tolist() == ["rbf", "rbf", "poly", "poly"]
    assert frame["param_degree"].tolist() == [pd.NA, pd.NA, 2, 3]
    assert frame["param_gamma"].tolist()[:2] == [0.1, 1.0]
    assert frame["mean_test_score"].tolist() == search.cv_results_["mean_test_score"].tolist()
    assert str(frame["rank_test_score"].dtype).startswith("int")


def test_objects_stay_the_users_own():
    choices = [SVC(), (1, 2), None]
    frame = frame_of({"a": [choices[0], choices[1], choices[2], MISSING]}, "x")
    assert [value is choice for value, choice in zip(frame["a"][:3], choices, strict=True)] == [
        True
    ] * 3
    assert frame["a"][3] is pd.NA


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1, 2], "int64"), ([1, 2**70], "object"), ([True, False], "bool"), ([1.0, MISSING], "float64"),
        ([np.float64(1.5), np.float64(2.5)], "float64"), ([np.int64(1), np.int64(2)], "int64"), ([1, 2.0], "object"),
        ([True, 1], "object"), (["a", "b"], "object"), ([None, 1.0], "object"), ([(1,), (2,)], "object"),
        ([np.arange(3), np.arange(2)], "object"), ([MISSING, MISSING], "object"), ([], "object"),
    ],
)  # fmt: skip
def test_types_of_columns(values, dtype):
    assert str(frame_of({"a": values}, "x")["a"].dtype) == dtype


def test_an_estimator_with_a_dtype_is_no_number():
    encoders = [OneHotEncoder(), OneHotEncoder(dtype=np.float32)]
    frame = frame_of({"encoder": encoders, "scalar": [np.int64(1), np.array(2)]}, "test")
    assert all(shown is given for shown, given in zip(frame["encoder"], encoders, strict=True))
    assert str(frame["scalar"].dtype) == "int64"


def test_without_pandas_it_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "pandas":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"History.to_frame\(\) needs pandas.*pip install pandas"):
        HISTORY.to_frame()


def test_a_bayesian_search_shows_status_and_posterior():
    search = BayesSearchCV(SVC(), {"C": (0.1, 10.0)}, n_iter=6, cv=3, random_state=0).fit(X, y)
    frame = results_frame(search)
    assert frame["status"].tolist() == ["complete"] * 6
    assert frame["posterior_mean_test_score"].notna().all()
