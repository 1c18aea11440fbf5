"""`stopping=` on the four searches: fewer candidates, and everything else as if that had been the budget."""

import numpy as np
import pytest
import sklearn
from joblib import parallel_config
from sklearn.base import clone
from sklearn.datasets import load_iris, make_regression
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV as SklearnGridSearchCV
from sklearn.model_selection import GroupKFold, ShuffleSplit
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from skbayes import BayesSearchCV, GridSearchCV, ManualSearchCV, RandomizedSearchCV
from skbayes.exceptions import IncompatibleModelError
from skbayes.optimizer import NoImprovement, RegretBound, StoppingRule, TargetScore

X, y = load_iris(return_X_y=True)
XR, YR = make_regression(60, 4, noise=20.0, random_state=0)
# The score falls with alpha: the first of a rising list is the best.
ALPHAS = [1.0, 10.0, 100.0, 1000.0, 2000.0, 3000.0]
RISING = {"alpha": ALPHAS}
RANGE = {"alpha": (1e-3, 1e3, "log-uniform")}


def searches(**options):
    options = {"cv": 3, **options}
    return [
        GridSearchCV(Ridge(), RISING, **options),
        RandomizedSearchCV(Ridge(), RISING, n_iter=6, random_state=0, **options),
        ManualSearchCV(Ridge(), [{"alpha": alpha} for alpha in ALPHAS], **options),
        BayesSearchCV(Ridge(), RANGE, n_iter=12, random_state=0, **options),
    ]


def name_of(search):
    return type(search).__name__


def n_candidates(search):
    return len(search.cv_results_["params"])


@pytest.mark.parametrize("search", searches(stopping=NoImprovement(2)), ids=name_of)
def test_a_search_ends_two_candidates_after_its_last_improvement(search):
    search.fit(XR, YR)
    scores = search.cv_results_["mean_test_score"]
    assert search.stopped_by_ == "no_improvement"
    assert np.argmax(scores) == len(scores) - 3
    # At no earlier place was there a run of two without improvement.
    best = np.maximum.accumulate(scores)
    assert all(best[i] > best[i - 2] for i in range(2, len(scores) - 1))


@pytest.mark.parametrize("search", searches(), ids=name_of)
def test_a_stopped_search_is_the_beginning_of_the_whole_one(search):
    whole = clone(search).fit(XR, YR)
    target = np.median(whole.cv_results_["mean_test_score"])
    stopped = search.set_params(stopping=TargetScore(target)).fit(XR, YR)
    n = n_candidates(stopped)
    scores = whole.cv_results_["mean_test_score"]
    assert n == np.argmax(scores >= target) + 1 < n_candidates(whole)
    assert stopped.stopped_by_ == "target_score"
    assert whole.stopped_by_ == "budget"
    assert stopped.cv_results_.keys() == whole.cv_results_.keys()
    assert stopped.cv_results_["params"] == whole.cv_results_["params"][:n]
    np.testing.assert_array_equal(stopped.cv_results_["mean_test_score"], scores[:n])
    assert all(len(column) == n for column in stopped.cv_results_.values())
    assert len(stopped.history_) == n
    assert stopped.best_score_ == scores[:n].max()
    expected = Ridge(**stopped.best_params_).fit(XR, YR)
    np.testing.assert_allclose(stopped.predict(XR), expected.predict(XR))


def test_a_stopped_grid_has_scikit_learns_columns():
    ours = GridSearchCV(Ridge(), RISING, cv=3, stopping=NoImprovement(2)).fit(XR, YR)
    theirs = SklearnGridSearchCV(Ridge(), {"alpha": ALPHAS[:3]}, cv=3).fit(XR, YR)
    assert ours.cv_results_.keys() == theirs.cv_results_.keys()
    assert ours.cv_results_["params"] == theirs.cv_results_["params"]
    assert ours.best_params_ == theirs.best_params_


@pytest.mark.parametrize("search", searches(stopping=NoImprovement(2), n_jobs=2), ids=name_of)
def test_the_number_of_workers_does_not_matter(search):
    with parallel_config(backend="threading"):
        two = search.fit(XR, YR).cv_results_["params"]
    assert two == clone(search).set_params(n_jobs=1).fit(XR, YR).cv_results_["params"]


def test_rules_look_after_each_wave():
    def searched(**options):
        search = BayesSearchCV(
            SVC(), {"C": (1e-3, 1e3, "log-uniform")}, n_iter=12, cv=3, random_state=0, **options
        )
        return search.fit(X, y)

    whole = searched(n_points=4).cv_results_["mean_test_score"]
    target = whole[1]
    assert whole[0] < target  # so it is reached within the first wave
    stopped = searched(n_points=4, stopping=TargetScore(target))
    assert n_candidates(stopped) == 4
    np.testing.assert_array_equal(stopped.cv_results_["mean_test_score"], whole[:4])


class Unfit(Ridge):
    def fit(self, X, y):
        raise AssertionError("fitted")


@pytest.mark.parametrize("index", range(4))
@pytest.mark.parametrize(
    ("stopping", "error", "match"),
    [
        ("no_improvment", ValueError, "stopping='no_improvment' is not known"),
        ("target_score", ValueError, "needs a target"),
        (10, TypeError, r"Give TargetScore\(10\)"),
        ([NoImprovement(0)], ValueError, "n_trials.*got 0"),
    ],
)
def test_a_wrong_rule_is_refused_before_any_fit(index, stopping, error, match):
    search = searches(stopping=stopping, error_score="raise")[index]
    with pytest.raises(error, match=match):
        search.set_params(estimator=Unfit()).fit(XR, YR)


@pytest.mark.parametrize("search", searches(stopping="regret_bound")[:3], ids=name_of)
def test_a_search_without_a_model_refuses_a_rule_that_asks_it(search):
    match = f"RegretBound.*asks a model of the score, and this {name_of(search)} has none"
    with pytest.raises(IncompatibleModelError, match=match):
        search.set_params(estimator=Unfit(), error_score="raise").fit(XR, YR)


def test_the_regret_bound_needs_two_folds_or_a_threshold():
    one_fold = ShuffleSplit(n_splits=1, random_state=0)
    search = BayesSearchCV(Ridge(), RANGE, cv=one_fold, stopping="regret_bound", random_state=0)
    with pytest.raises(
        IncompatibleModelError, match=r"this BayesSearchCV has 1\. Give it a thresh"
    ):
        search.fit(XR, YR)
    search.set_params(stopping=RegretBound(threshold=1.0, min_trials=8), n_iter=30).fit(XR, YR)
    assert search.stopped_by_ == "regret_bound"


def test_the_regret_bound_ends_a_search_that_has_nothing_to_gain():
    # Ridge on sixty noisy rows: below alpha = 1 the score hardly moves, the folds differ by far more.
    search = BayesSearchCV(Ridge(), RANGE, stopping="regret_bound", random_state=0).fit(XR, YR)
    assert search.stopped_by_ == "regret_bound"
    assert 20 <= n_candidates(search) < 50
    longer = clone(search).set_params(stopping=None).fit(XR, YR)
    assert (
        longer.best_score_ - search.best_score_ < 0.1 * longer.cv_results_["std_test_score"].min()
    )


def own_budgets(n=(8, 8), **options):
    spaces = [({"alpha": (lo, hi, "log-uniform")}, k) for (lo, hi), k in zip(
        [(1e2, 1e3), (1e-3, 1e2)], n, strict=True)]  # fmt: skip
    return BayesSearchCV(Ridge(), spaces, cv=3, random_state=0, **options)


def in_first_space(search):
    return [params["alpha"] > 1e2 for params in search.cv_results_["params"]]


def test_a_target_ends_all_spaces():
    search = own_budgets().fit(XR, YR)
    n_first = sum(in_first_space(search))
    within_first = float(search.cv_results_["mean_test_score"][: n_first - 1].max())
    search.set_params(stopping=TargetScore(within_first)).fit(XR, YR)
    assert search.stopped_by_ == "target_score"
    assert all(in_first_space(search))


def test_another_rule_ends_the_turn_of_one_space():
    search = own_budgets((20, 20), stopping=NoImprovement(3)).fit(XR, YR)
    is_first = np.array(in_first_space(search))
    scores = search.cv_results_["mean_test_score"]
    for part in (scores[is_first], scores[~is_first]):
        # Each space counts for itself, and ends three after its own best.
        assert np.argmax(part) == len(part) - 4
        assert len(part) < 20
    assert search.stopped_by_ == "no_improvement"


def test_a_turn_that_was_cut_short_is_told_although_the_last_was_not():
    # One candidate in the second space cannot end by a rule that waits for three.
    search = own_budgets((20, 1), stopping=NoImprovement(3)).fit(XR, YR)
    assert sum(in_first_space(search)) == n_candidates(search) - 1 < 20
    assert search.stopped_by_ == "no_improvement"


class Spy(StoppingRule):
    name = "spy"
    seen = []  # noqa: RUF012  (shared on purpose: searches may clone their rules)

    def reason(self, progress):
        self.seen.append(progress)


@pytest.mark.parametrize("as_masks", [False, True])
def test_a_rule_sees_how_large_the_folds_are(as_masks):
    rows = np.arange(60)
    cv = [(rows < 40, rows >= 50), (rows >= 20, rows < 10)]  # 10 / 40 in both
    if not as_masks:
        cv = [(rows[train], rows[test]) for train, test in cv]
    Spy.seen.clear()
    BayesSearchCV(Ridge(), RANGE, n_iter=3, cv=cv, stopping=Spy(), random_state=0).fit(XR, YR)
    assert [len(progress.history) for progress in Spy.seen] == [1, 2, 3]
    assert {progress.test_train_ratio for progress in Spy.seen} == {0.25}
    assert Spy.seen[-1].optimizer.history.scores.tolist() == Spy.seen[-1].history.scores.tolist()


def test_rules_are_parameters():
    search = BayesSearchCV(Ridge(), RANGE, stopping=NoImprovement(5))
    assert search.get_params()["stopping__n_trials"] == 5
    search.set_params(stopping__n_trials=7, stopping__min_gain=0.1)
    copy = clone(search)
    assert copy.stopping is not search.stopping
    assert copy.stopping.get_params() == {"n_trials": 7, "min_gain": 0.1}
    listed = clone(GridSearchCV(Ridge(), RISING, stopping=["no_improvement", TargetScore(0.9)]))
    assert listed.stopping[0] == "no_improvement"
    assert listed.stopping[1].target == 0.9


def test_a_candidate_by_hand_is_not_stopped():
    search = ManualSearchCV(Ridge(), [{}], cv=3, stopping=TargetScore(-1e9)).fit(XR, YR)
    assert search.stopped_by_ == "target_score"
    search.try_candidate(XR, YR, alpha=2.0)
    assert n_candidates(search) == 2
    assert search.stopped_by_ == "budget"


def test_several_metrics_need_a_name():
    metrics = ["r2", "neg_mean_squared_error"]
    search = GridSearchCV(Unfit(), RISING, scoring=metrics, refit=False, stopping="no_improvement")
    with pytest.raises(ValueError, match=r"looks at one score.*'r2'.*in refit="):
        search.set_params(error_score="raise").fit(XR, YR)

    def both(estimator, X, y):
        return {"a": -estimator.alpha, "b": estimator.alpha}

    search = GridSearchCV(Ridge(), RISING, scoring=both, refit=False, stopping=NoImprovement(2))
    with pytest.raises(ValueError, match="looks at one score"):
        search.fit(XR, YR)
    assert n_candidates(search.set_params(refit="a").fit(XR, YR)) == 3
    assert n_candidates(search.set_params(refit="b").fit(XR, YR)) == 6


def test_failed_candidates_count_as_no_improvement():
    grid = {"alpha": [1.0, -1.0, -2.0, -3.0]}  # Ridge refuses negative ones
    search = GridSearchCV(Ridge(), grid, cv=3, stopping=NoImprovement(2))
    with pytest.warns(FitFailedWarning, match="6 fits failed out of a total of 9"):
        search.fit(XR, YR)
    assert n_candidates(search) == 3
    assert search.best_params_ == {"alpha": 1.0}


def test_verbose_says_why(capsys):
    GridSearchCV(Ridge(), RISING, cv=3, verbose=1, stopping=NoImprovement(2)).fit(XR, YR)
    said = capsys.readouterr().out
    assert "no_improvement after 3 candidates: the last 2 trials have not improved" in said


def test_metadata_is_routed_to_a_stopped_search():
    with sklearn.config_context(enable_metadata_routing=True):
        search = GridSearchCV(
            Ridge().set_fit_request(sample_weight=True).set_score_request(sample_weight=True),
            RISING,
            cv=GroupKFold(3),
            stopping=NoImprovement(2),
        )
        weight = np.linspace(0.1, 1.0, 60)
        search.fit(XR, YR, sample_weight=weight, groups=np.arange(60) % 3)
    assert search.stopped_by_ == "no_improvement"
    expected = Ridge(**search.best_params_).fit(XR, YR, sample_weight=weight)
    np.testing.assert_allclose(search.best_estimator_.coef_, expected.coef_)


STOPPED = {"cv": 2, "error_score": "raise", "stopping": [NoImprovement(1), TargetScore(0.0)]}


@pytest.mark.slow
@parametrize_with_checks(
    [
        GridSearchCV(Ridge(), RISING, **STOPPED),
        BayesSearchCV(Ridge(), RANGE, n_iter=4, random_state=0, **STOPPED),
    ]
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)
