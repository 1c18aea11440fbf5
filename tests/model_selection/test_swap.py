"""The swap table of the documentation: other searches' spaces run unchanged in BayesSearchCV.

Inside a Pipeline, with numpy, pandas, polars and sparse X.
"""

import numpy as np
import polars as pl
import pytest
from scipy import sparse
from scipy.stats import loguniform, randint, uniform
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MaxAbsScaler, StandardScaler
from sklearn.svm import SVC

from skbayes import BayesSearchCV, Categorical, GridSearchCV, Integer, RandomizedSearchCV, Real

data = load_breast_cancer(as_frame=True)
ROWS = np.random.RandomState(0).permutation(len(data.target))[:150]
FRAME, y = data.data.iloc[ROWS, :6].reset_index(drop=True), data.target.to_numpy()[ROWS]

INPUTS = {
    "numpy": FRAME.to_numpy(),
    "fortran": np.asfortranarray(FRAME.to_numpy()),
    "pandas": FRAME,
    "polars": pl.from_pandas(FRAME),
    "csr matrix": sparse.csr_matrix(FRAME.to_numpy()),
    "csr array": sparse.csr_array(FRAME.to_numpy()),
    "list": FRAME.to_numpy().tolist(),
}
SPACES = {
    "GridSearchCV": {"svc__C": [0.1, 1, 10], "svc__kernel": ["linear", "rbf"]},
    "GridSearchCV, arrays": {"svc__C": np.logspace(-2, 2, 5), "svc__degree": np.arange(1, 4)},
    "GridSearchCV, list of dicts": [
        {"svc__kernel": ["rbf"], "svc__gamma": [0.01, 0.1]},
        {"svc__kernel": ["poly"], "svc__degree": [2, 3]},
    ],
    "GridSearchCV, estimators and None": {"scale": [None, MaxAbsScaler()], "svc__C": [0.1, 1, 10]},
    "RandomizedSearchCV": {
        "svc__C": loguniform(1e-2, 1e2),
        "svc__degree": randint(1, 5),
        "svc__coef0": uniform(0, 1),
        "svc__kernel": ["rbf", "poly"],
    },
    "scikit-optimize, dimensions": {
        "svc__C": Real(1e-2, 1e2, prior="log-uniform"),
        "svc__degree": Integer(1, 4),
        "svc__kernel": Categorical(["rbf", "poly"]),
    },
    "scikit-optimize, tuples": {
        "svc__C": (1e-2, 1e2, "log-uniform"),
        "svc__degree": (1, 4),
        "svc__kernel": ["rbf", "poly"],
    },
    "scikit-optimize, budgets": [
        ({"svc__C": (1e-2, 1e2, "log-uniform")}, 2),
        ({"svc__kernel": ["linear"], "svc__C": (0.1, 1.0)}, 2),
    ],
}


def pipeline():
    return Pipeline([("scale", MaxAbsScaler()), ("svc", SVC())])


@pytest.mark.parametrize("given", INPUTS)
@pytest.mark.parametrize("space", SPACES)
def test_every_space_runs_on_every_input(space, given):
    search = BayesSearchCV(pipeline(), SPACES[space], n_iter=4, cv=2, random_state=0)
    search.fit(INPUTS[given], y)
    assert len(search.cv_results_["params"]) == 4
    assert (search.cv_results_["status"] == "complete").all()
    assert search.predict(INPUTS[given]).shape == y.shape
    # One space, one seed: how X is stored changes no candidate and (but for rounding) no score.
    if given != "numpy":
        plain = BayesSearchCV(pipeline(), SPACES[space], n_iter=4, cv=2, random_state=0)
        plain.fit(INPUTS["numpy"], y)
        np.testing.assert_allclose(
            search.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"], atol=0.02
        )


@pytest.mark.parametrize("frame", ["pandas", "polars"])
def test_feature_names_come_through(frame):
    search = BayesSearchCV(pipeline(), {"svc__C": (0.1, 10.0)}, n_iter=2, cv=2).fit(
        INPUTS[frame], y
    )
    assert search.n_features_in_ == 6
    # What the estimator itself learns: scikit-learn 1.6 reads no names from polars 2.
    alone = pipeline().fit(INPUTS[frame], y)
    assert hasattr(search, "feature_names_in_") == hasattr(alone, "feature_names_in_")
    if frame == "pandas":
        assert list(search.feature_names_in_) == list(FRAME.columns)


def test_columns_by_name_inside_the_pipeline():
    columns = make_column_transformer(
        (StandardScaler(), ["mean radius", "mean texture"]), remainder="passthrough"
    )
    model = Pipeline([("columns", columns), ("clf", LogisticRegression(max_iter=500))])
    space = {
        "clf__C": loguniform(1e-2, 1e2),
        "columns__standardscaler__with_mean": [True, False],
    }
    search = BayesSearchCV(model, space, n_iter=4, cv=2, random_state=0).fit(FRAME, y)
    assert set(search.best_params_) == set(space)


@pytest.mark.parametrize("cls", [GridSearchCV, RandomizedSearchCV])
def test_one_line_changes(cls):
    space = {"svc__C": [0.1, 1, 10]}
    before = cls(pipeline(), space, cv=2).fit(FRAME, y)
    after = BayesSearchCV(pipeline(), space, cv=2).fit(FRAME, y)
    assert after.best_score_ == before.best_score_  # three candidates: all of them tried by both
    public = {name for name in vars(before) if name.endswith("_") and not name.startswith("_")}
    assert public <= set(vars(after))


def test_randomized_search_has_scikit_learns_candidates():
    from sklearn.model_selection import RandomizedSearchCV as Theirs

    space = SPACES["RandomizedSearchCV"]
    ours = RandomizedSearchCV(pipeline(), space, n_iter=8, cv=2, random_state=3).fit(FRAME, y)
    theirs = Theirs(pipeline(), space, n_iter=8, cv=2, random_state=3).fit(FRAME, y)
    assert ours.cv_results_["params"] == theirs.cv_results_["params"]
    assert ours.cv_results_.keys() == theirs.cv_results_.keys()
    for name in ("mean_test_score", "std_test_score", "rank_test_score", "split0_test_score"):
        np.testing.assert_array_equal(ours.cv_results_[name], theirs.cv_results_[name])
        assert ours.cv_results_[name].dtype == theirs.cv_results_[name].dtype
