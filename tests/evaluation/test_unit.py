"""One (candidate, fold): scores and times as scikit-learn's, and nothing that a bad candidate can break."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, check_scoring, get_scorer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skbayes.evaluation import EvaluationSetup, fit_and_score

X, y = load_iris(return_X_y=True)
FOLD = (np.arange(0, 150, 2), np.arange(1, 150, 2))


def setup(estimator=None, scorer=None, **changes):
    estimator = SVC() if estimator is None else estimator
    values = {
        "estimator": estimator,
        "X": X,
        "y": y,
        "scorer": check_scoring(estimator, scorer),
        "fit_params": {},
        "score_params": {},
        "error_score": np.nan,
        "return_train_score": False,
        "verbose": 0,
    }
    return EvaluationSetup(**{**values, **changes})


def test_scores_are_those_of_fitting_and_scoring_by_hand():
    result = fit_and_score(setup(return_train_score=True), {"C": 0.1}, FOLD)
    train, test = FOLD
    model = SVC(C=0.1).fit(X[train], y[train])
    assert result.test_scores == accuracy_score(y[test], model.predict(X[test]))
    assert result.train_scores == accuracy_score(y[train], model.predict(X[train]))
    assert result.n_test_samples == len(test)
    assert result.fit_error is None
    assert result.score_error is None


def test_weights_are_cut_to_the_fold_in_fit_and_in_the_score():
    weight = np.linspace(0.1, 3.0, len(y))
    weighted = setup(
        scorer="accuracy",
        fit_params={"sample_weight": weight},
        score_params={"sample_weight": weight},
    )
    train, test = FOLD
    model = SVC().fit(X[train], y[train], sample_weight=weight[train])
    expected = accuracy_score(y[test], model.predict(X[test]), sample_weight=weight[test])
    assert fit_and_score(weighted, {}, FOLD).test_scores == expected


def test_the_estimator_given_stays_unfitted_and_unchanged():
    given = make_pipeline(StandardScaler(), SVC(C=3.0))
    step = LogisticRegression()
    fit_and_score(setup(given), {"svc": step}, FOLD)
    assert isinstance(given[-1], SVC)
    assert given[-1].C == 3.0
    assert not hasattr(step, "coef_")  # an estimator among the parameters is cloned


@pytest.mark.parametrize("params", [{"C": -1.0}, {"no_such": 1}])
def test_a_fit_that_fails_becomes_the_error_score(params):
    result = fit_and_score(setup(error_score=-7.0), params, FOLD)
    assert result.test_scores == -7.0
    assert "Error" in result.fit_error
    with pytest.raises(ValueError, match=r"C|no_such"):
        fit_and_score(setup(error_score="raise"), params, FOLD)


def test_several_metrics_fail_with_the_error_score_each():
    metrics = check_scoring(SVC(), ["accuracy", "f1_macro"])
    result = fit_and_score(setup(scorer=None, **{}), {"C": 1.0}, FOLD)
    assert isinstance(result.test_scores, float)
    failed = setup(error_score=0.5)
    failed = EvaluationSetup(**{**vars(failed), "scorer": metrics})
    assert fit_and_score(failed, {"C": -1}, FOLD).test_scores == {"accuracy": 0.5, "f1_macro": 0.5}


@pytest.mark.parametrize("bad", ["a string", None, [0.5, 0.5], object()])
def test_a_scorer_that_returns_no_number_is_recorded_and_warned_about(bad):
    broken = setup(scorer=lambda estimator, X, y: bad)
    with pytest.warns(UserWarning, match="scoring must return a number"):
        result = fit_and_score(broken, {}, FOLD)
    assert np.isnan(result.test_scores)
    assert "must return a number" in result.score_error
    with pytest.raises(ValueError, match="scoring must return a number"):
        fit_and_score(EvaluationSetup(**{**vars(broken), "error_score": "raise"}), {}, FOLD)


def test_one_broken_metric_does_not_spoil_the_others():
    def scorer(estimator, X, y):
        return {"good": get_scorer("accuracy")(estimator, X, y), "bad": "text"}

    with pytest.warns(UserWarning, match=r"scorer=bad"):
        result = fit_and_score(setup(scorer=scorer), {}, FOLD)
    assert result.test_scores["good"] > 0.9
    assert np.isnan(result.test_scores["bad"])


def test_a_scorer_that_raises_is_recorded():
    def scorer(estimator, X, y):
        raise RuntimeError("no score today")

    with pytest.warns(UserWarning, match="no score today"):
        result = fit_and_score(setup(scorer=scorer, error_score=-1.0), {}, FOLD)
    assert result.test_scores == -1.0


def test_verbose_prints_scikit_learns_line(capsys):
    fit_and_score(setup(verbose=3), {"C": 2.0}, FOLD, label=" 1/5")
    out = capsys.readouterr().out
    assert out.startswith("[CV 1/5] END ")
    assert "C=2.0;, score=0." in out
    assert "total time=" in out


class NeedsKernelRows(ClassifierMixin, BaseEstimator):
    """Fails unless it is given square training kernels, as a pairwise estimator is."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = True
        return tags

    def fit(self, X, y):
        assert X.shape[0] == X.shape[1]
        self.classes_ = np.unique(y)
        self.n_train_ = len(y)
        return self

    def predict(self, X):
        assert X.shape[1] == self.n_train_
        return np.repeat(self.classes_[:1], len(X))


def test_precomputed_kernels_are_cut_in_both_directions():
    kernel = X @ X.T
    result = fit_and_score(setup(clone(NeedsKernelRows()), X=kernel), {}, FOLD)
    assert result.fit_error is None
    assert result.test_scores == pytest.approx(1 / 3)
