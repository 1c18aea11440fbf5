"""BayesSearchCV: the same twice, drop-in results, every notation of a space, and nothing lost by bad candidates."""

import pickle

import numpy as np
import pytest
from scipy.stats import loguniform, randint
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_iris, make_regression
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC

from skbayes import (
    BayesSearchCV,
    Categorical,
    GridSearchCV,
    Integer,
    ManualSearchCV,
    RandomizedSearchCV,
    Real,
)

X, y = load_iris(return_X_y=True)
SPACE = {"C": (1e-3, 1e3, "log-uniform"), "gamma": (1e-4, 1e1, "log-uniform")}


def search(estimator=None, space=SPACE, **changes):
    options = {"n_iter": 8, "cv": 3, "random_state": 0, **changes}
    return BayesSearchCV(SVC() if estimator is None else estimator, space, **options)


def test_the_same_seed_is_the_same_search_for_any_n_jobs():
    first = search(n_points=2).fit(X, y)
    for again in (search(n_points=2), search(n_points=2, n_jobs=2)):
        assert again.fit(X, y).cv_results_["params"] == first.cv_results_["params"]
        np.testing.assert_array_equal(
            again.cv_results_["mean_test_score"], first.cv_results_["mean_test_score"]
        )
    other = search(n_points=2, random_state=1).fit(X, y)
    assert other.cv_results_["params"] != first.cv_results_["params"]


def test_scores_are_those_of_cross_val_score():
    fitted = search(n_iter=4).fit(X, y)
    for k, params in enumerate(fitted.cv_results_["params"]):
        expected = cross_val_score(SVC(**params), X, y, cv=3)
        got = [fitted.cv_results_[f"split{j}_test_score"][k] for j in range(3)]
        np.testing.assert_allclose(got, expected)
    assert fitted.best_score_ == fitted.cv_results_["mean_test_score"].max()
    assert fitted.score(X, y) == fitted.best_estimator_.score(X, y)


def test_columns_are_scikit_learns_and_the_models():
    ours = search(n_iter=3).fit(X, y).cv_results_
    theirs = GridSearchCV(SVC(), {"C": [1.0], "gamma": [0.1]}, cv=3).fit(X, y).cv_results_
    more = {
        "status",
        "n_splits_evaluated",
        "posterior_mean_test_score",
        "posterior_std_test_score",
    }
    assert ours.keys() == theirs.keys() | more
    assert list(ours["status"]) == ["complete"] * 3
    assert list(ours["n_splits_evaluated"]) == [3] * 3
    assert np.isfinite(ours["posterior_mean_test_score"]).all()
    assert (ours["posterior_std_test_score"] > 0).all()


def test_the_posterior_mean_is_near_the_scores():
    results = search(n_iter=15).fit(X, y).cv_results_
    gap = np.abs(results["posterior_mean_test_score"] - results["mean_test_score"])
    # The noise of a mean of three folds of 50 rows is about 0.02; a wrong unit would be off by far more.
    assert np.median(gap) < 0.05


def test_own_parameters_come_first_and_count():
    fitted = search(SVC(C=2.5, gamma=0.25), n_iter=3).fit(X, y)
    assert fitted.cv_results_["params"][0] == {"C": 2.5, "gamma": 0.25}
    assert len(fitted.cv_results_["params"]) == 3
    # gamma="scale" lies in no range of numbers
    default = search(SVC(), n_iter=3).fit(X, y)
    assert all(isinstance(p["gamma"], float) for p in default.cv_results_["params"])


def test_initial_points_follow_in_order_and_wrong_ones_are_refused():
    points = [{"C": 1.0, "gamma": 0.01}, {"C": 10.0, "gamma": 0.1}]
    fitted = search(initial_points=points, n_iter=4).fit(X, y)
    assert fitted.cv_results_["params"][:2] == points
    with pytest.raises(ValueError, match="C"):
        search(initial_points=[{"C": 1e9, "gamma": 0.01}]).fit(X, y)


def test_a_bad_search_is_refused_before_the_first_fit():
    class Never(SVC):
        def fit(self, *args, **kwargs):
            raise AssertionError("nothing may be fitted")

    wrong = [
        (search(Never(), {"C": (1.0, 0.5)}), "C"),
        (search(Never(), {"C": (0.0, 1.0, "log-uniform")}), "C"),
        (search(Never(), {"no_such": (0.0, 1.0)}), "no_such"),
        (search(Never(), {"C": []}), "C"),
        (search(Never(), {}), "empty|at least one"),
        (search(Never(), {"C": "text"}), "C"),
        (search(Never(), n_iter=0), "n_iter"),
        (search(Never(), n_points=0), "n_points"),
        (search(Never(), surrogate="no_such"), "surrogate"),
        (search(Never(), acquisition="no_such"), "acquisition"),
        (search(Never(), optimizer_kwargs={"no_such": 1}), "no_such"),
        (search(Never(), scoring=["accuracy", "f1_macro"], refit=False), "objective"),
    ]
    for each, name in wrong:
        with pytest.raises((ValueError, TypeError), match=name):
            each.fit(X, y)


def test_every_notation_of_a_space_runs():
    notations = {
        "grid": {"C": [0.1, 1.0, 10.0], "kernel": ["rbf", "linear"]},
        "distributions": {"C": loguniform(1e-2, 1e2), "degree": randint(1, 5)},
        "dimensions": {
            "C": Real(1e-2, 1e2, prior="log-uniform"),
            "degree": Integer(1, 4),
            "kernel": Categorical(["rbf", "poly"]),
        },
        "ranges": {"C": (0.1, 10.0), "degree": (1, 4), "gamma": (1e-3, 1.0, "log-uniform")},
        "branches": [{"kernel": ["rbf"], "gamma": (1e-3, 1.0)}, {"kernel": ["linear"]}],
    }
    for space in notations.values():
        fitted = search(space=space, n_iter=5).fit(X, y)
        assert len(fitted.cv_results_["params"]) == min(5, len(fitted.history_))
        for params in fitted.cv_results_["params"]:
            assert not any(isinstance(value, np.generic) for value in params.values())


def test_a_branch_sets_its_own_parameters_only():
    space = [{"kernel": ["rbf"], "gamma": (1e-3, 1.0)}, {"kernel": ["poly"], "degree": [2, 3]}]
    fitted = search(space=space, n_iter=10).fit(X, y)
    params = fitted.cv_results_["params"]
    assert {p["kernel"] for p in params} == {"rbf", "poly"}
    for p in params:
        assert p.keys() == ({"kernel", "gamma"} if p["kernel"] == "rbf" else {"kernel", "degree"})
    poly = np.array([p["kernel"] == "poly" for p in params])
    np.testing.assert_array_equal(np.ma.getmaskarray(fitted.cv_results_["param_gamma"]), poly)


def test_each_space_with_a_budget_gets_it_in_order():
    spaces = [
        ({"kernel": ["rbf"], "C": (0.1, 10.0)}, 4),
        ({"kernel": ["linear"], "C": (0.1, 1)}, 2),
    ]
    fitted = search(space=spaces).fit(X, y)
    assert fitted.total_iterations == 6
    assert list(fitted.cv_results_["param_kernel"]) == ["rbf"] * 4 + ["linear"] * 2
    assert [len(r.x_iters) for r in fitted.optimizer_results_] == [4, 2]


def test_an_exhausted_space_ends_cleanly():
    fitted = search(space={"C": [0.1, 1.0, 10.0], "kernel": ["rbf", "linear"]}, n_iter=50).fit(X, y)
    assert len(fitted.cv_results_["params"]) == 6
    assert fitted.stopped_by_ == "exhausted"
    seen = {(p["C"], p["kernel"]) for p in fitted.cv_results_["params"]}
    assert len(seen) == 6


def test_estimators_none_and_tuples_are_categories():
    pipe = Pipeline([("scale", StandardScaler()), ("clf", SVC())])
    scalers = [None, "passthrough", MinMaxScaler(), StandardScaler()]
    space = {"scale": scalers, "clf": [SVC(), LogisticRegression()], "clf__C": (0.1, 10.0)}
    fitted = search(pipe, space, n_iter=10).fit(X, y)
    for params in fitted.cv_results_["params"]:
        assert any(params["scale"] is scaler for scaler in scalers)  # the user's own object
    assert not hasattr(scalers[3], "mean_")


class Moody(ClassifierMixin, BaseEstimator):
    """Fails for large C."""

    def __init__(self, C=1.0):
        self.C = C

    def fit(self, X, y):
        if self.C > 10:
            raise RuntimeError("C is too large for me")
        self.classes_, self.n_features_in_ = np.unique(y), X.shape[1]
        return self

    def predict(self, X):
        return np.repeat(self.classes_[0], len(X))

    def score(self, X, y):
        return -((np.log10(self.C) - 0.5) ** 2)


SMALL_SPACE = {"C": (1e-2, 1e3, "log-uniform")}


def test_failed_fits_are_recorded_ranked_last_and_avoided():
    with pytest.warns(FitFailedWarning, match="C is too large"):
        fitted = search(Moody(), SMALL_SPACE, n_iter=25).fit(X, y)
    results = fitted.cv_results_
    failed = results["status"] == "failed"
    assert failed.any()
    assert np.isnan(results["mean_test_score"][failed]).all()
    assert results["rank_test_score"][failed].min() > results["rank_test_score"][~failed].max()
    assert (
        fitted.best_score_ > -0.05
    )  # log10 C within 0.22 of the best of a range five decades long
    assert failed[-10:].sum() <= 3  # 40 % of the space fails: the model has learnt where


def test_a_first_candidate_that_fails_everywhere_does_not_end_the_search():
    with pytest.warns(FitFailedWarning):
        fitted = search(Moody(C=500.0), SMALL_SPACE, n_iter=12).fit(X, y)
    assert fitted.cv_results_["params"][0] == {"C": 500.0}
    assert fitted.cv_results_["status"][0] == "failed"
    with pytest.raises(ValueError, match=r"(?s)All the 15 fits failed.*C is too large"):
        search(Moody(), {"C": (100.0, 200.0)}, n_iter=5).fit(X, y)
    with pytest.raises(RuntimeError, match="C is too large"):
        search(Moody(C=50.0), SMALL_SPACE, error_score="raise").fit(X, y)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, "text", None])
def test_a_wrong_score_in_the_middle_loses_nothing(bad):
    def scorer(estimator, X, y):
        return bad if 0.5 < estimator.C < 5 else -(np.log10(estimator.C) ** 2)

    points = [{"C": 0.1}, {"C": 1.0}, {"C": 100.0}]
    with pytest.warns(UserWarning, match="non-finite|must return a number"):
        fitted = search(Moody(), SMALL_SPACE, scoring=scorer, initial_points=points, n_iter=9).fit(
            X, y
        )
    results = fitted.cv_results_
    middle = np.array([0.5 < p["C"] < 5 for p in results["params"]])
    assert len(middle) == 9
    assert np.isnan(results["mean_test_score"][middle]).all()
    assert np.isfinite(
        results["mean_test_score"][~middle & (results["status"] == "complete")]
    ).all()
    assert not middle[fitted.best_index_]


def test_multimetric_searches_for_refit_or_objective():
    metrics = {"acc": "accuracy", "loss": "neg_log_loss"}
    model = LogisticRegression(max_iter=200)
    space = {"C": (1e-3, 1e3, "log-uniform")}
    by_name = search(model, space, scoring=metrics, refit="loss").fit(X, y)
    assert by_name.multimetric_
    assert by_name.best_score_ == by_name.cv_results_["mean_test_loss"].max()
    assert by_name.history_.incumbent.score == by_name.best_score_
    unfitted = search(model, space, scoring=metrics, refit=False, objective="loss").fit(X, y)
    assert unfitted.cv_results_["params"] == by_name.cv_results_["params"]
    assert not hasattr(unfitted, "best_params_")
    chosen = search(model, space, scoring=metrics, refit=lambda results: 2, objective="acc").fit(
        X, y
    )
    assert chosen.best_index_ == 2
    assert chosen.best_params_ == chosen.cv_results_["params"][2]

    def both(estimator, X, y):
        return {"acc": estimator.score(X, y), "one": 1.0}

    assert search(model, space, scoring=both, refit="acc", n_iter=3).fit(X, y).best_score_ > 0.9
    with pytest.raises(ValueError, match="objective"):
        search(model, space, scoring=both, refit=False).fit(X, y)


def test_other_searches_teach_it():
    for first in (
        GridSearchCV(SVC(), {"C": [0.1, 1.0], "gamma": [0.01, 0.1]}, cv=3),
        ManualSearchCV(SVC(), [{"C": 1.0, "gamma": 0.1}, {"C": 5.0, "gamma": 0.2}], cv=3),
        RandomizedSearchCV(
            SVC(), {"C": loguniform(0.1, 1), "gamma": loguniform(0.1, 1)}, n_iter=4, cv=3
        ),
    ):
        first.fit(X, y)
        taught = search(history=first, n_iter=5).fit(X, y)
        known = first.cv_results_["params"]
        assert not any(params in known for params in taught.cv_results_["params"])
        again = search(history=first.history_, n_iter=5).fit(X, y)
        assert again.cv_results_["params"] == taught.cv_results_["params"]
    with pytest.raises(TypeError, match="history"):
        search(history=3).fit(X, y)


@pytest.mark.filterwarnings("error:.*earlier trials")
def test_each_space_with_a_budget_learns_from_its_own_earlier_trials():
    spaces = [
        ({"kernel": ["rbf"], "C": [0.1, 1.0]}, 2),
        ({"kernel": ["linear"], "C": [0.1, 1.0]}, 2),
    ]
    first = ManualSearchCV(SVC(), [{"kernel": "linear", "C": 0.1}], cv=3).fit(X, y)
    taught = search(space=spaces, history=first).fit(X, y)
    # Of four points one is known: the first space gives two, the second the one that is left.
    found = [(p["kernel"], p["C"]) for p in taught.cv_results_["params"]]
    assert sorted(found) == [("linear", 1.0), ("rbf", 0.1), ("rbf", 1.0)]


def test_a_callback_sees_the_state_and_stops_the_search():
    seen = []

    def stop_at_four(state):
        seen.append((len(state.x_iters), state.fun, state.score))
        return len(state.x_iters) == 4

    fitted = search(n_iter=10).fit(X, y, callback=[stop_at_four])
    assert [n for n, _, _ in seen] == [1, 2, 3, 4]
    assert fitted.stopped_by_ == "callback"
    assert len(fitted.cv_results_["params"]) == 4
    assert seen[-1][2] == fitted.best_score_ == -seen[-1][1]
    with pytest.raises(TypeError, match="callback"):
        search().fit(X, y, callback=3)


def test_groups_weights_and_splitters_reach_their_place():
    groups = np.arange(len(y)) % 5
    from sklearn.model_selection import GroupKFold

    fitted = search(cv=GroupKFold(5), n_iter=3).fit(X, y, groups=groups)
    assert fitted.n_splits_ == 5
    Xr, yr = make_regression(60, 4, noise=5.0, random_state=0)
    weight = np.r_[np.ones(30), np.zeros(30)]
    space = {"alpha": (1e-3, 1e3, "log-uniform")}
    cv = [(np.r_[0:20, 30:50], np.r_[20:30, 50:60]), (np.r_[10:30, 40:60], np.r_[0:10, 30:40])]
    weighted = search(Ridge(), space, cv=cv, n_iter=5).fit(Xr, yr, sample_weight=weight)
    # weight 0 is leaving the row out, in the fit and in the score
    cv_left = [(np.arange(20), np.arange(20, 30)), (np.arange(10, 30), np.arange(10))]
    left = search(Ridge(), space, cv=cv_left, n_iter=5).fit(Xr[:30], yr[:30])
    np.testing.assert_allclose(
        weighted.cv_results_["mean_test_score"], left.cv_results_["mean_test_score"], rtol=1e-10
    )


def test_a_shuffling_splitter_scores_all_candidates_on_the_same_folds():
    model = make_pipeline(StandardScaler(), SVC(C=1.0, gamma=0.1))
    fitted = search(
        model,
        {"svc__C": [1.0], "svc__cache_size": [50, 100, 150, 200]},
        cv=KFold(3, shuffle=True),
        n_iter=4,
    ).fit(X, y)
    # The size of the cache changes nothing; other folds would.
    for j in range(3):
        assert len(set(fitted.cv_results_[f"split{j}_test_score"])) == 1


def test_pickle_and_clone():
    fitted = search(n_iter=4).fit(X, y)
    loaded = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(loaded.predict(X), fitted.predict(X))
    assert loaded.history_ == fitted.history_ or len(loaded.history_) == 4
    twin = clone(fitted)
    assert not hasattr(twin, "best_params_")
    assert twin.get_params().keys() == fitted.get_params().keys()


def test_verbose_prints_the_space_as_understood(capsys):
    search(verbose=1, n_iter=2).fit(X, y)
    out = capsys.readouterr().out
    assert "C" in out
    assert "log-uniform" in out
    assert "Fitting 3 folds for each of 2 candidates, totalling 6 fits" in out


def test_constraint_is_respected():
    fitted = search(constraint=lambda p: p["C"] * p["gamma"] < 1.0, n_iter=12).fit(X, y)
    assert all(p["C"] * p["gamma"] < 1.0 for p in fitted.cv_results_["params"])


@pytest.mark.parametrize("surrogate", ["gp", "forest", "extra_trees"])
def test_every_surrogate_and_acquisition_by_name(surrogate):
    for acquisition in ("log_ei", "ei", "pi", "ucb", "thompson"):
        fitted = search(
            Moody(C=0.02),
            {"C": (1e-2, 10.0, "log-uniform")},
            surrogate=surrogate,
            acquisition=acquisition,
            n_iter=14,
            cv=2,
        ).fit(X, y)
        # It starts at -4.8; probability of improvement is greedy and need not come closer in 14 candidates.
        assert fitted.best_score_ > -0.5
