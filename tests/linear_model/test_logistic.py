"""Logistic regression: scikit-learn's coefficients at scikit-learn's arguments, and what it adds."""

import warnings
from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse, stats
from sklearn.datasets import make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from skbayes.exceptions import IncompatibleModelError
from skbayes.linear_model import MAPLogisticRegression

# Both ends are solved to about 1e-10, so that the difference shows formulas and not tolerances.
TIGHT = {"tol": 1e-10, "max_iter": 2000}
FORMS = {
    "C order": np.ascontiguousarray,
    "Fortran order": np.asfortranarray,
    "CSR": sparse.csr_array,
    "CSC": sparse.csc_array,
}


@cache
def data(n_classes):
    X, y = make_classification(
        n_samples=150,
        n_features=6,
        n_informative=4,
        n_redundant=0,
        n_classes=n_classes,
        class_sep=0.5,
        flip_y=0.2,
        random_state=3,
    )
    X = X + np.array([0.0, 3.0, -1.0, 0.0, 0.5, 0.0])  # not centred: the intercept matters
    X[np.abs(X) < 0.3] = 0.0  # some zeros for the sparse forms
    return X, y


def scikit_learn(C, l1_ratio, **arguments):
    """Return scikit-learn's estimator, solved tightly, whatever its release calls the penalty."""
    penalty = {0.0: "l2", 1.0: "l1"}.get(l1_ratio, "elasticnet")
    if not np.isfinite(C):
        penalty, C, l1_ratio = None, 1.0, 0.0
    solver = "newton-cholesky" if l1_ratio == 0.0 else "saga"
    arguments = {"tol": 1e-12, "max_iter": 200_000, "solver": solver, "random_state": 0} | arguments
    model = LogisticRegression(C=C, penalty=penalty, l1_ratio=l1_ratio, **arguments)

    def fit(X, y, **weights):
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # on the release: the penalty deprecated, the ratio unused
            return model.fit(X, y, **weights)

    return fit


def assert_same(ours, theirs, rtol=1e-6):
    size = np.abs(theirs.coef_).max()
    assert_allclose(ours.coef_, theirs.coef_, rtol=rtol, atol=rtol * size)
    assert_allclose(ours.intercept_, theirs.intercept_, rtol=rtol, atol=rtol * max(size, 1e-3))


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize(
    ("C", "l1_ratio"),
    # At C = 1e-3 with a kink all coefficients are zero, and scikit-learn's saga leaves the intercept unfinished: the
    # closed form of that model has a test of its own.
    [(1e-3, 0.0), *((C, l1_ratio) for C in (0.1, 1.0, 30.0) for l1_ratio in (0.0, 0.4, 1.0))],
)
def test_coefficients_are_those_of_scikit_learn(n_classes, C, l1_ratio):
    X, y = data(n_classes)
    solver = "lbfgs" if l1_ratio == 0.0 else "saga"
    ours = MAPLogisticRegression(C=C, l1_ratio=l1_ratio, solver=solver, **TIGHT).fit(X, y)
    theirs = scikit_learn(C, l1_ratio)(X, y)
    assert ours.converged_
    assert_same(ours, theirs)
    assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-6)
    assert ours.coef_.shape == theirs.coef_.shape
    assert ours.intercept_.shape == theirs.intercept_.shape


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("l1_ratio", [0.4, 1.0])
def test_a_strong_kinked_prior_leaves_the_frequencies(n_classes, l1_ratio):
    X, y = data(n_classes)
    model = MAPLogisticRegression(C=1e-3, l1_ratio=l1_ratio, solver="saga", **TIGHT).fit(X, y)
    assert not np.any(model.coef_)
    assert_allclose(model.predict_proba(X[:1])[0], np.bincount(y) / len(y), rtol=1e-8)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("solver", ["lbfgs", "newton-cg", "newton-cholesky", "saga", "auto"])
def test_no_penalty_is_maximum_likelihood(n_classes, solver):
    X, y = data(n_classes)
    ours = MAPLogisticRegression(C=np.inf, solver=solver, **TIGHT).fit(X, y)
    assert_same(ours, scikit_learn(np.inf, 0.0)(X, y))


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_X_has_the_same_solution(n_classes, l1_ratio, form):
    X, y = data(n_classes)
    solver = "lbfgs" if l1_ratio == 0.0 else "saga"
    ours = MAPLogisticRegression(C=0.5, l1_ratio=l1_ratio, solver=solver, **TIGHT)
    assert_same(ours.fit(FORMS[form](X), y), scikit_learn(0.5, l1_ratio)(X, y))


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.4, 1.0])
def test_without_an_intercept(n_classes, l1_ratio):
    X, y = data(n_classes)
    solver = "lbfgs" if l1_ratio == 0.0 else "saga"
    ours = MAPLogisticRegression(
        C=0.5, l1_ratio=l1_ratio, solver=solver, fit_intercept=False, **TIGHT
    )
    theirs = scikit_learn(0.5, l1_ratio, fit_intercept=False)(X, y)
    assert_same(ours.fit(X, y), theirs)
    assert not np.any(ours.intercept_)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 0.5, 1: 3.0}])
@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
def test_weights_of_rows_and_classes(n_classes, class_weight, l1_ratio):
    X, y = data(n_classes)
    if isinstance(class_weight, dict):
        class_weight = class_weight | dict.fromkeys(range(2, n_classes), 1.0)
    # Of the same total in each class: releases before 1.7 count rows, later ones weights, for "balanced".
    weight = np.where(np.arange(len(y)) % 2 == 0, 0.5, 2.0)
    for k in range(n_classes):
        weight[y == k] *= (y == k).sum() / weight[y == k].sum()
    solver = "lbfgs" if l1_ratio == 0.0 else "saga"
    ours = MAPLogisticRegression(
        C=0.5, l1_ratio=l1_ratio, solver=solver, class_weight=class_weight, **TIGHT
    )
    theirs = scikit_learn(0.5, l1_ratio, class_weight=class_weight)(X, y, sample_weight=weight)
    assert_same(ours.fit(X, y, sample_weight=weight), theirs)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.4, 1.0])
def test_float32_stays_float32(n_classes, l1_ratio):
    X, y = data(n_classes)
    solver = "lbfgs" if l1_ratio == 0.0 else "saga"
    model = MAPLogisticRegression(C=0.5, l1_ratio=l1_ratio, solver=solver, tol=1e-4)
    model.fit(X.astype(np.float32), y)
    assert model.coef_.dtype == model.intercept_.dtype == np.float32
    assert model.predict_proba(X.astype(np.float32)).dtype == np.float32
    # float32 has 7 digits; a sum of 150 terms, and the tolerance, leave 3 to 4 of them.
    assert_same(model, scikit_learn(0.5, l1_ratio)(X, y), rtol=1e-3)


@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
@pytest.mark.parametrize("scaling", [1.0, 5.0])
def test_liblinear_penalises_the_intercept(l1_ratio, scaling):
    X, y = data(2)
    arguments = {"solver": "liblinear", "intercept_scaling": scaling}
    ours = MAPLogisticRegression(C=0.5, l1_ratio=l1_ratio, **arguments, **TIGHT).fit(X, y)
    theirs = scikit_learn(0.5, l1_ratio, **arguments)(X, y)
    assert_same(ours, theirs)
    flat = scikit_learn(0.5, l1_ratio)(X, y)
    assert abs(flat.intercept_[0] - theirs.intercept_[0]) > 1e-3  # else nothing was tested


def test_our_own_solver_names_give_the_same_solution():
    X, y = data(2)
    expected = MAPLogisticRegression(C=0.5, **TIGHT).fit(X, y)
    for solver in ("newton", "auto"):
        assert_same(MAPLogisticRegression(C=0.5, solver=solver, **TIGHT).fit(X, y), expected)
    expected = MAPLogisticRegression(C=0.5, l1_ratio=1, solver="saga", **TIGHT).fit(X, y)
    for solver in ("proximal_newton", "proximal_gradient", "auto"):
        model = MAPLogisticRegression(C=0.5, l1_ratio=1, solver=solver, **TIGHT).fit(X, y)
        assert_same(model, expected)
    with pytest.raises(IncompatibleModelError, match="Newton needs"):
        MAPLogisticRegression(l1_ratio=1, solver="newton").fit(X, y)


@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_weight_counts_as_rows(n_classes, l1_ratio):
    X, y = data(n_classes)
    counts = np.arange(len(y)) % 4
    solver = "lbfgs" if l1_ratio == 0.0 else "saga"
    model = MAPLogisticRegression(l1_ratio=l1_ratio, solver=solver, **TIGHT)
    weighted = model.fit(X, y, sample_weight=counts).coef_
    repeated = model.fit(np.repeat(X, counts, axis=0), np.repeat(y, counts)).coef_
    assert_allclose(weighted, repeated, rtol=1e-6, atol=1e-8)


def test_an_offset_takes_the_place_of_what_it_says():
    X, y = data(2)
    c = np.array([0.3, -0.2, 0.0, 0.5, 0.1, -1.0])
    plain = MAPLogisticRegression(C=np.inf, **TIGHT).fit(X, y)
    shifted = MAPLogisticRegression(C=np.inf, **TIGHT).fit(X, y, offset=X @ c)
    assert_allclose(shifted.coef_, plain.coef_ - c, rtol=1e-6, atol=1e-7)
    assert_allclose(shifted.predict_proba(X, offset=X @ c), plain.predict_proba(X), rtol=1e-6)
    assert shifted.score(X, y, offset=X @ c) == plain.score(X, y)


def test_the_objective_is_the_negative_log_posterior():
    # F of its definition, with scipy's densities.
    X, y = data(2)
    for l1_ratio, density in (
        (0.0, stats.norm(scale=np.sqrt(0.5))),
        (1.0, stats.laplace(scale=0.5)),
    ):
        model = MAPLogisticRegression(C=0.5, l1_ratio=l1_ratio, solver="saga", **TIGHT).fit(X, y)
        of_rows = model.predict_log_proba(X)[np.arange(len(y)), y]
        expected = -of_rows.sum() - density.logpdf(model.coef_).sum()
        assert model.objective_ == pytest.approx(expected, rel=1e-10)


def test_of_equally_good_coefficients_the_shortest():
    X, y = data(2)
    twice = np.hstack([X, X])
    alone = MAPLogisticRegression(C=np.inf, **TIGHT).fit(X, y)
    for solver in ("lbfgs", "newton-cholesky"):
        model = MAPLogisticRegression(C=np.inf, solver=solver, **TIGHT).fit(twice, y)
        assert_allclose(
            model.coef_, np.hstack([alone.coef_, alone.coef_]) / 2, rtol=1e-6, atol=1e-8
        )
        assert_allclose(model.intercept_, alone.intercept_, rtol=1e-6)


@pytest.mark.parametrize("C", [1.0, 1e3, 1e6])
def test_dependent_columns_under_a_weak_kinked_prior(C):
    # Of copies of a column it is the same to the lasso which bears the weight, and for the probabilities.
    X, y = data(2)
    model = MAPLogisticRegression(C=C, l1_ratio=1, solver="saga")
    alone = model.fit(X, y).predict_proba(X)
    twice = np.hstack(
        [X, X[:, ::-1], X[:, :1] + X[:, 1:2]]
    )  # the last one is not free: it can only save weight
    model.fit(twice[:, :12], y)
    assert model.converged_
    assert_allclose(model.predict_proba(twice[:, :12]), alone, rtol=1e-3)
    assert model.fit(twice, y).converged_
    assert model.n_iter_ < 20


@pytest.mark.parametrize("solver", ["lbfgs", "newton-cholesky"])
@pytest.mark.parametrize("C", [1.0, np.inf])
def test_the_classes_of_a_softmax_sum_to_zero(solver, C):
    X, y = data(3)
    model = MAPLogisticRegression(C=C, solver=solver).fit(X, y)
    assert_allclose(model.coef_.sum(axis=0), 0.0, atol=1e-12)
    assert model.intercept_.sum() == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("l1_ratio", [0.3, 1.0])
def test_no_common_shift_of_the_classes_pleases_the_prior_more(l1_ratio):
    X, y = data(3)
    model = MAPLogisticRegression(C=0.5, l1_ratio=l1_ratio, solver="saga", max_iter=3)
    with pytest.warns(
        ConvergenceWarning
    ):  # far from the end, where only the shift can have made it so
        model.fit(X, y)
    assert np.abs(model.coef_).max() > 0.1

    def cost(W):
        return np.sum(l1_ratio * np.abs(W) + (1 - l1_ratio) / 2 * W**2, axis=0)

    for step in (-0.1, -1e-3, 1e-3, 0.1):
        assert np.all(cost(model.coef_ + step) >= cost(model.coef_))


def test_labels_may_be_anything_that_sorts():
    X, y = data(3)
    names = np.array(["wren", "ant", "moth"])[y]
    model = MAPLogisticRegression(**TIGHT).fit(X, names)
    assert model.classes_.tolist() == ["ant", "moth", "wren"]
    by_number = MAPLogisticRegression(**TIGHT).fit(X, y)
    assert_allclose(model.coef_, by_number.coef_[[1, 2, 0]], rtol=1e-6, atol=1e-9)
    assert set(model.predict(X)) <= set(names)


def test_log_probabilities_do_not_underflow():
    X, y = data(2)
    model = MAPLogisticRegression().fit(X, y)
    far = 1e6 * model.coef_
    eta = model.decision_function(far)[0]
    assert model.predict_proba(far)[0, 0] == 0.0
    # log(1 / (1 + exp η)) = −η − log(1 + exp −η), the second term zero here.
    assert model.predict_log_proba(far)[0, 0] == pytest.approx(-eta, rel=1e-12)


def test_warm_start_is_only_a_start():
    X, y = data(3)
    cold = MAPLogisticRegression(C=10.0, **TIGHT).fit(X, y)
    warm = MAPLogisticRegression(C=9.0, warm_start=True, **TIGHT).fit(X, y)
    n_iter = warm.set_params(C=10.0).fit(X, y).n_iter_
    assert n_iter < cold.n_iter_
    assert_allclose(warm.coef_, cold.coef_, rtol=1e-6, atol=1e-9)
    with pytest.raises(ValueError, match=r"warm_start begins .* \(3, 7\), .* need shape \(3, 6\)"):
        warm.fit(X[:, :5], y)


def test_a_sparse_model_predicts_and_starts_the_same():
    X, y = data(2)
    model = MAPLogisticRegression(l1_ratio=1, C=0.03, solver="saga", warm_start=True).fit(X, y)
    expected, coef = model.predict_proba(X), model.coef_
    assert sparse.issparse(model.sparsify().coef_)
    assert_allclose(model.predict_proba(X), expected)
    assert_allclose(model.fit(X, y).coef_, coef, atol=1e-3)
    assert isinstance(model.sparsify().densify().coef_, np.ndarray)


def test_no_convergence_says_what_was_reached():
    X, y = data(2)
    model = MAPLogisticRegression(max_iter=1, tol=1e-12)
    said = r"lbfgs failed to converge after 1 iterations.*tolerance.*tol=1e-12.*max_iter"
    with pytest.warns(ConvergenceWarning, match=said):
        model.fit(X, y)
    assert not model.converged_
    assert model.n_iter_.tolist() == [1]


def test_scikit_learns_older_arguments_still_work():
    X, y = data(2)
    for penalty, l1_ratio, solver in (
        ("l2", 0.0, "lbfgs"),
        ("l1", 1.0, "saga"),
        ("elasticnet", 0.3, "saga"),
    ):
        model = MAPLogisticRegression(penalty, l1_ratio=l1_ratio, solver=solver, **TIGHT)
        with pytest.warns(FutureWarning, match="'penalty' was deprecated"):
            model.fit(X, y)
        new = MAPLogisticRegression(l1_ratio=l1_ratio, solver=solver, **TIGHT).fit(X, y)
        assert_allclose(model.coef_, new.coef_, rtol=1e-12)
    with pytest.warns(UserWarning, match="Inconsistent values: penalty=l1"):
        model = MAPLogisticRegression("l1", solver="saga").fit(X, y)
    assert model.prior_.get_params()["scale"] == 1.0  # the Laplace prior of l1
    with pytest.warns(UserWarning, match="penalty=None will ignore the C"):
        model = MAPLogisticRegression(None, C=4.0, **TIGHT).fit(X, y)
    assert_same(model, MAPLogisticRegression(C=np.inf, **TIGHT).fit(X, y))
    with pytest.warns(FutureWarning, match="'n_jobs' has no effect"):
        MAPLogisticRegression(n_jobs=2).fit(X, y)
    with pytest.warns(FutureWarning, match="'l1_ratio=None' was deprecated"):
        MAPLogisticRegression(l1_ratio=None).fit(X, y)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"solver": "lbfgs", "l1_ratio": 1}, "lbfgs supports only 'l2' or None penalties, got l1"),
        ({"solver": "sag", "dual": True}, "sag supports only dual=False"),
        ({"solver": "liblinear", "l1_ratio": 0.5}, "Only 'saga' solver supports elasticnet"),
        ({"solver": "liblinear", "C": np.inf}, "not supported for the liblinear solver"),
        (
            {"penalty": "elasticnet", "l1_ratio": None, "solver": "saga"},
            "l1_ratio must be specified",
        ),
        ({"C": 0.0}, "'C' parameter"),
        ({"solver": "simplex"}, "'solver' parameter"),
    ],
)
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        MAPLogisticRegression(**arguments).fit(*data(2))


def test_wrong_data_are_refused():
    X, y = data(3)
    model = MAPLogisticRegression()
    with pytest.raises(ValueError, match="only one class: 1"):
        model.fit(X, np.ones(len(y), dtype=int))
    with pytest.raises(ValueError, match="does not support multiclass classification"):
        MAPLogisticRegression(solver="liblinear").fit(X, y)
    with pytest.raises(
        ValueError, match=r"offset is added to the log odds .* got one with 3 classes"
    ):
        model.fit(X, y, offset=np.zeros(len(y)))
    with pytest.raises(ValueError, match="offset needs one number for each"):
        model.fit(X, y == 1, offset=np.zeros(3))
    with pytest.raises(ValueError, match="are not in class_weight"):
        MAPLogisticRegression(class_weight={7: 1.0}).fit(X, y)
