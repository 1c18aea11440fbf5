"""The rules for `refit=`: what they choose of a table, and in whose tables they work."""

import pickle
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import model_selection as sklearn_search
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.neighbors import KNeighborsClassifier

from skbayes import (
    BayesSearchCV,
    GridSearchCV,
    HalvingBayesSearchCV,
    ManualSearchCV,
    Optimizer,
    RandomizedSearchCV,
)
from skbayes.model_selection import best_posterior_mean, one_standard_error

X, y = load_iris(return_X_y=True)
GRID = {"n_neighbors": [1, 3, 5, 9, 15, 25, 40]}
RULES = [best_posterior_mean, one_standard_error(), one_standard_error("-n_neighbors")]
SEARCHES = {
    "bayes": partial(BayesSearchCV, search_spaces=GRID, n_iter=7, random_state=0),
    "grid": partial(GridSearchCV, param_grid=GRID),
    "random": partial(RandomizedSearchCV, param_distributions=GRID, n_iter=7, random_state=0),
    "manual": partial(ManualSearchCV, candidates=[{"n_neighbors": n} for n in (1, 9, 40)]),
    "halving": partial(
        HalvingBayesSearchCV, search_spaces={"n_neighbors": (1, 8)}, n_iter=8, random_state=0
    ),
    "raced": partial(GridSearchCV, param_grid=GRID, racing=True),
    "scikit-learn's grid": partial(sklearn_search.GridSearchCV, param_grid=GRID),
    "scikit-learn's random": partial(
        sklearn_search.RandomizedSearchCV, param_distributions=GRID, n_iter=7, random_state=0
    ),
}


def table(folds, metric="score", params=None, **columns):
    """The columns of `cv_results_` that a rule may read; fold scores (n, K)."""
    folds = np.asarray(folds, dtype=float)
    results = {f"split{k}_test_{metric}": column for k, column in enumerate(folds.T)}
    results[f"mean_test_{metric}"] = folds.mean(axis=1)
    results["mean_fit_time"], results["std_fit_time"] = np.ones(len(folds)), np.zeros(len(folds))
    results["params"] = [{"n": i} for i in range(len(folds))] if params is None else params
    return results | columns


def test_candidates_within_one_error_by_hand():
    # How far each is behind the best one. s²/4 of the three others: 4 (.01)² / 3 / 4 = 3.333e-5 twice, and of a
    # wild one 3.333e-3. The median is 3.333e-5, SE = .00577: a mean of .005 is within, .006 and .02 are not.
    step = np.array([0.02, 0.0, 0.02, 0.0])
    behind = np.array([0.0 * step, step - 0.005, step - 0.004, 10.0 * step - 0.08])
    results = table(0.9 - behind)
    assert one_standard_error("-n")(results) == 1
    assert one_standard_error("n")(results) == 0
    # The best one's own scores do not vary: nothing else is within the error of its mean.
    assert one_standard_error("-n", paired=False)(results) == 0


def test_the_unpaired_error_is_that_of_the_best_mean():
    best = 0.9 + np.array([0.03, -0.03, 0.03, -0.03])  # s² = .0012, SE = sqrt(.0003) = .01732
    results = table([best, best - 0.0173, best - 0.0174])
    assert one_standard_error("-n", paired=False)(results) == 1
    assert one_standard_error("-n")(results) == 0  # on every fold they are worse by the same


# Multiples of 1/1024 near 1: sums and differences of them have no rounding.
dyadic = st.lists(
    st.lists(st.integers(900, 1024), min_size=4, max_size=4), min_size=1, max_size=12
).map(lambda rows: np.array(rows) / 1024)


@given(dyadic, st.lists(st.integers(-8, 8), min_size=4, max_size=4))
def test_what_the_folds_have_in_common_plays_no_part(scores, pattern):
    rule = one_standard_error("-n")
    assert rule(table(scores)) == rule(table(scores + np.array(pattern) / 8))


@given(dyadic)
def test_who_is_chosen_is_no_more_complex_than_the_best(scores):
    # The best one is within the error of itself.
    for paired in (True, False):
        rule = one_standard_error("n", paired=paired)
        assert rule(table(scores)) <= int(np.argmax(scores.mean(axis=1)))


def test_of_equally_simple_candidates_the_better_one():
    noise = np.array([0.01, -0.01, 0.02, -0.02])
    scores = 0.9 + np.outer([1, -1, 1, -1], noise) + np.array([[0.0], [0.001], [0.002], [0.003]])
    results = table(scores, params=[{"n": n} for n in (2, 1, 1, 2)])
    assert one_standard_error("n")(results) == 2
    assert one_standard_error("-n")(results) == 3


def test_complexity_as_a_callable_and_of_what_lacks_the_parameter():
    scores = np.full((3, 4), 0.9)
    params = [{"degree": 3, "kernel": "poly"}, {"kernel": "rbf"}, {"degree": 2, "kernel": "poly"}]
    results = table(scores, params=params)
    assert one_standard_error("degree")(results) == 2
    assert one_standard_error("-degree")(results) == 0  # and not the one without
    assert one_standard_error(lambda p: p.get("degree", 0))(results) == 1


def test_predicted_fit_times_are_fooled_less_than_measured_ones():
    n = np.arange(24)
    params = [{"n": int(k)} for k in n]
    chosen, quickest = [], []
    for seed in range(10):
        # Five folds: the log of their mean has the standard deviation .3, and an n more takes a twentieth longer.
        noise = np.random.default_rng(seed).normal(0.0, 0.3, len(n))
        times = 0.01 * np.exp(0.05 * n + noise)
        clock = {"mean_fit_time": times, "std_fit_time": 0.3 * np.sqrt(5) * times}
        results = table(np.full((24, 5), 0.8), params=params, **clock)
        chosen.append(one_standard_error()(results))
        assert one_standard_error("fit_time")(results) == chosen[-1]
        quickest.append(int(times.argmin()))
    assert np.mean(chosen) < 0.5 * np.mean(quickest)


def test_luck_that_the_neighbours_do_not_bear_out_is_not_believed():
    x = np.arange(25)
    truth = -0.001 * (x - 12.0) ** 2
    regrets = {"posterior": [], "best": []}
    for seed in range(40):
        folds = truth[:, None] + np.random.default_rng(seed).normal(0.0, 0.08, (25, 5))
        results = table(folds)
        regrets["best"].append(-truth[results["mean_test_score"].argmax()])
        regrets["posterior"].append(-truth[best_posterior_mean(results)])
    # Errors without any likeness between neighbours; 40 pairs, of which the standard error is a tenth.
    assert np.mean(regrets["posterior"]) < 0.9 * np.mean(regrets["best"])


def test_the_noise_that_the_model_is_told_is_that_of_the_folds():
    # Scores without any: what is the same on all folds is believed to the last candidate.
    rng = np.random.default_rng(0)
    means = rng.normal(size=12)
    assert best_posterior_mean(table(np.tile(means[:, None], (1, 5)))) == int(means.argmax())


def test_of_equal_expectations_the_better_score_decides():
    params = [{"n": 1}, {"n": 1}, {"n": 9}]  # the first two are one point of the space
    scores = np.array([[0.8, 0.7], [0.8, 0.9], [0.1, 0.2]])
    assert best_posterior_mean(table(scores, params=params)) == 1


@pytest.mark.parametrize("rule", [best_posterior_mean, one_standard_error("-n")])
def test_who_was_given_up_or_failed_is_never_chosen(rule):
    scores = np.full((6, 3), 0.5)
    scores[1, 1:] = np.nan
    scores[2] = np.nan
    scores[:3, 0] = 0.99
    scores[5] = 0.9
    status = np.array(
        ["complete", "pruned", "failed", "complete", "complete", "timeout"], dtype=object
    )
    results = table(scores, status=status)
    assert rule(results) in (0, 3, 4)
    assert rule({k: v for k, v in results.items() if k != "status"}) in (0, 3, 4, 5)


@pytest.mark.parametrize("rule", [best_posterior_mean, one_standard_error("-n")])
def test_of_a_halving_search_the_largest_resource_competes(rule):
    scores = np.tile([[0.99], [0.98], [0.8], [0.7]], (1, 3))
    results = table(scores, n_resources=np.array([10, 10, 30, 30]))
    assert rule(results) == 2


@pytest.mark.parametrize("rule", [best_posterior_mean, one_standard_error("-n")])
def test_finals_and_constraints_on_other_metrics_count(rule):
    scores = np.tile([[0.9], [0.8], [0.78], [0.6]], (1, 3))
    finals = np.array([0.7, 0.75, np.nan, np.nan])
    assert rule(table(scores, mean_finalist_test_score=finals)) == 1
    assert rule(table(scores, is_feasible=np.array([False, False, True, True]))) == 2


@pytest.mark.parametrize("name", SEARCHES)
def test_every_search_takes_every_rule(name):
    for rule in RULES:
        search = SEARCHES[name](KNeighborsClassifier(), refit=rule, cv=3)
        fitted = clone(search).fit(X, y)
        assert fitted.best_index_ == rule(fitted.cv_results_)
        assert fitted.best_params_ == fitted.cv_results_["params"][fitted.best_index_]
        assert fitted.predict(X).shape == y.shape


def test_the_same_choice_in_our_table_as_in_scikit_learns():
    for rule in RULES:
        theirs, ours = (
            SEARCHES[name](KNeighborsClassifier(), refit=rule, cv=3).fit(X, y)
            for name in ("scikit-learn's grid", "grid")
        )
        if rule is not RULES[1]:  # fit times differ from run to run
            assert theirs.best_params_ == ours.best_params_


def test_rules_are_parameters_that_can_be_cloned_set_and_pickled():
    search = GridSearchCV(KNeighborsClassifier(), GRID, refit=one_standard_error("n_neighbors"))
    copied = clone(search).set_params(refit__complexity="-n_neighbors", refit__paired=False)
    assert repr(copied.refit) == "OneStandardError(complexity='-n_neighbors', paired=False)"
    assert repr(search.refit) == "OneStandardError(complexity='n_neighbors')"
    results = search.fit(X, y).cv_results_
    for rule in (copied.refit, search.refit, best_posterior_mean):
        assert pickle.loads(pickle.dumps(rule))(results) == rule(results)
    assert copied.refit(results) > search.refit(results)


def test_a_metric_among_several_is_named():
    scoring = ["accuracy", "neg_log_loss"]
    for rule in (
        one_standard_error("-n_neighbors", "neg_log_loss"),
        partial(best_posterior_mean, metric="accuracy"),
    ):
        search = GridSearchCV(KNeighborsClassifier(), GRID, scoring=scoring, refit=rule).fit(X, y)
        assert search.best_params_ == search.cv_results_["params"][rule(search.cv_results_)]
    results = search.cv_results_
    for rule in (best_posterior_mean, one_standard_error()):
        with pytest.raises(
            ValueError, match=r"one metric, and the results hold \['accuracy', 'neg_log_loss'\]"
        ):
            rule(results)
    with pytest.raises(ValueError, match=r"got metric='roc_auc'.*Name one of these"):
        best_posterior_mean(results, "roc_auc")


def test_what_a_rule_cannot_use_it_says():
    results = table(np.full((3, 4), 0.9), params=[{"n": None}, {"n": 2}, {"n": 3}])
    with pytest.raises(
        TypeError, match=r"needs a number for the complexity.*got None by complexity='n'"
    ):
        one_standard_error("n")(results)
    with pytest.raises(
        ValueError, match=r"complexity='-depth', and the candidates have the parameters \['n'\]"
    ):
        one_standard_error("-depth")(results)
    with pytest.raises(ValueError, match="scores of two folds or more; got 1"):
        one_standard_error("n")(table([[0.9], [0.8]]))
    for rule in (best_posterior_mean, one_standard_error()):
        with pytest.raises(
            ValueError, match="no candidate to choose: none of the 2 was evaluated on all folds"
        ):
            rule(table(np.full((2, 3), np.nan)))


def test_without_a_model_the_best_score_is_taken_with_a_warning(monkeypatch):
    # Hours of fits are over when the rule is asked: numerics that forbid a model must not end them with an error.
    def refuse(self, params_list):
        raise ValueError("There is no posterior")

    monkeypatch.setattr(Optimizer, "score_posterior", refuse)
    with pytest.warns(UserWarning, match=r"no model of the scores \(There is no posterior\)"):
        assert best_posterior_mean(table([[0.1, 0.2], [0.3, 0.4]])) == 1
