"""Mistakes at the door of the linear models: the right type of error, and a sentence that says what to do."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from skbayes.exceptions import IncompatibleModelError
from skbayes.likelihoods import Bernoulli, Gaussian, NegativeBinomial
from skbayes.likelihoods import Gamma as GammaLikelihood
from skbayes.likelihoods import StudentT as StudentTLikelihood
from skbayes.linear_model import (
    LinearRegressionMLE,
    MAPClassifier,
    MAPElasticNet,
    MAPElasticNetCV,
    MAPGammaRegressor,
    MAPLasso,
    MAPLassoCV,
    MAPLogisticRegression,
    MAPLogisticRegressionCV,
    MAPMultiTaskElasticNet,
    MAPMultiTaskLasso,
    MAPPoissonRegressor,
    MAPRegressor,
    MAPRidge,
    MAPRidgeClassifier,
    MAPRidgeCV,
    MAPStudentTRegressor,
)
from skbayes.priors import ElasticNet, Group, Horseshoe, Laplace, Normal, StudentT
from skbayes.solvers import SOLVERS

RNG = np.random.default_rng(0)
N, P = 30, 3
X = RNG.standard_normal((N, P))
Y = X @ [1.0, -2.0, 0.5] + 0.1 * RNG.standard_normal(N)
COUNTS = RNG.poisson(2.0, N)
LABELS = np.arange(N) % 3
BINARY = np.arange(N) % 2
FRAME = pd.DataFrame(X, columns=["age", "dose", "size"])


def holed(values, hole):
    """Return a copy whose second entry (of the second row) is the hole."""
    values = np.array(values, dtype=float)
    values[(1,) * values.ndim] = hole
    return values


def complex_rows():
    return X + 1j


CASES = {
    # -- priors
    "normal_negative_scale": (
        lambda: MAPRegressor(prior=Normal(scale=-1.0)).fit(X, Y),
        ValueError,
        r"Normal needs scale > 0; got scale=-1\.0\. Use a small positive number",
    ),
    "laplace_zero_scale": (
        lambda: MAPRegressor(prior=Laplace(scale=0.0)).fit(X, Y),
        ValueError,
        r"Laplace needs scale > 0; got scale=0\.0",
    ),
    "scale_nan": (
        lambda: MAPRegressor(prior=Normal(scale=np.nan)).fit(X, Y),
        ValueError,
        r"Normal needs scale > 0; got scale=nan",
    ),
    "one_negative_scale_among_three": (
        lambda: MAPClassifier(Normal(scale=[1.0, -2.0, 1.0])).fit(X, LABELS),
        ValueError,
        r"Normal needs scale > 0; got scale=\[-2\.0\] among them",
    ),
    "elastic_net_negative_l1_scale": (
        lambda: MAPRegressor(prior=ElasticNet(l1_scale=-1.0)).fit(X, Y),
        ValueError,
        r"ElasticNet needs l1_scale > 0; got l1_scale=-1\.0",
    ),
    "student_t_negative_df": (
        lambda: MAPRegressor(prior=StudentT(df=-1.0)).fit(X, Y),
        ValueError,
        r"StudentT needs (finite )?df > 0; got df=-1\.0",
    ),
    "horseshoe_negative_slab": (
        lambda: MAPRegressor(prior=Horseshoe(slab_scale=-1.0)).fit(X, Y),
        ValueError,
        r"Horseshoe needs slab_scale > 0; got slab_scale=-1\.0",
    ),
    "loc_infinite": (
        lambda: MAPRegressor(prior=Normal(loc=np.inf)).fit(X, Y),
        ValueError,
        r"Normal needs finite loc; got loc=inf",
    ),
    "scale_of_wrong_length": (
        lambda: MAPRegressor(prior=Normal(scale=[1.0, 2.0])).fit(X, Y),
        ValueError,
        r"Normal needs scale as one number or one for each feature; got scale of shape \(2,\) for 3 features",
    ),
    "loc_of_wrong_shape": (
        lambda: MAPClassifier(Laplace(loc=np.zeros((3, 1)))).fit(X, LABELS),
        ValueError,
        r"Laplace needs loc as one number or one for each feature; got loc of shape \(3, 1\)",
    ),
    "unknown_feature_name": (
        lambda: MAPRegressor(prior=Normal(scale={"height": 1.0})).fit(FRAME, Y),
        ValueError,
        r"names features that are not there; got \['height'\]\. The features are age, dose, size",
    ),
    "names_without_a_frame": (
        lambda: MAPRegressor(prior=Normal(loc={"age": 1.0})).fit(X, Y),
        ValueError,
        r"dict by feature name and the features have no names; got names \['age'\]\. Fit on a data frame",
    ),
    "covariance_of_wrong_shape": (
        lambda: MAPRegressor(prior=Normal(covariance=np.eye(2))).fit(X, Y),
        ValueError,
        r"Normal needs a covariance of shape \(3, 3\); got shape \(2, 2\)",
    ),
    "covariance_not_symmetric": (
        lambda: MAPRegressor(prior=Normal(covariance=np.triu(np.ones((3, 3))))).fit(X, Y),
        ValueError,
        r"Normal needs a symmetric covariance",
    ),
    "covariance_not_definite": (
        lambda: MAPRegressor(prior=Normal(covariance=np.diag([1.0, 1.0, -1.0]))).fit(X, Y),
        ValueError,
        r"Normal needs a positive definite covariance; got .* Add a small number to its diagonal",
    ),
    "covariance_with_infinite_scale": (
        lambda: MAPRegressor(prior=Normal(scale=np.inf, covariance=np.eye(3))).fit(X, Y),
        ValueError,
        r"Normal with a covariance needs finite scales; got scale=.* Use covariance=None",
    ),
    "groups_of_wrong_length": (
        lambda: MAPRegressor(prior=Group(groups=[0, 0, 1, 1])).fit(X, Y),
        ValueError,
        r"Group needs .*groups.* 3",
    ),
    "unknown_prior": (
        lambda: MAPRegressor(prior="ridge").fit(X, Y),
        ValueError,
        r"prior.*'ridge'.*'?normal'?",
    ),
    "prior_that_is_none": (
        lambda: MAPRegressor(prior=3.0).fit(X, Y),
        ValueError,
        r"The 'prior' parameter of MAPRegressor must be .* Got 3\.0 instead",
    ),
    "intercept_prior_name": (
        lambda: MAPClassifier(intercept_prior="normal").fit(X, LABELS),
        ValueError,
        r"The 'intercept_prior' parameter of MAPClassifier must be .* Got 'normal' instead",
    ),
    # -- likelihoods
    "unknown_likelihood": (
        lambda: MAPRegressor("weibull").fit(X, Y),
        ValueError,
        r"likelihood.*'weibull'.*gaussian",
    ),
    "noise_scale_zero": (
        lambda: MAPRegressor(Gaussian(scale=0.0)).fit(X, Y),
        ValueError,
        r"Gaussian needs a positive finite scale; got scale=0\.0\. Use None to have it estimated",
    ),
    "negative_dispersion": (
        lambda: MAPRegressor(NegativeBinomial(dispersion=-1.0)).fit(X, COUNTS),
        ValueError,
        r"NegativeBinomial needs a positive finite dispersion; got dispersion=-1\.0",
    ),
    "negative_degrees_of_freedom": (
        lambda: MAPRegressor(StudentTLikelihood(df=-2.0)).fit(X, Y),
        ValueError,
        r"StudentT needs .*df.* got df=-2\.0",
    ),
    "unknown_link": (
        lambda: MAPClassifier(likelihood=Bernoulli(link="cauchit")).fit(X, BINARY),
        ValueError,
        r"Bernoulli\(link='cauchit'\) is not known\. Use 'logit' or 'probit'",
    ),
    "three_classes_for_bernoulli": (
        lambda: MAPClassifier(likelihood="bernoulli").fit(X, LABELS),
        ValueError,
        r"bernoulli likelihood needs labels 0 and 1; got",
    ),
    # -- targets outside of the support
    "poisson_below_zero": (
        lambda: MAPRegressor("poisson").fit(X, holed(COUNTS, -1)),
        ValueError,
        r"poisson likelihood needs y >= 0; got y\[1\]=-1.* Use 'gaussian' for values of either sign",
    ),
    "poisson_regressor_below_zero": (
        lambda: MAPPoissonRegressor().fit(X, holed(COUNTS, -1)),
        ValueError,
        r"(y >= 0|valid range)",
    ),
    "gamma_regressor_of_zero": (
        lambda: MAPGammaRegressor().fit(X, holed(COUNTS + 1, 0)),
        ValueError,
        r"(y > 0|valid range)",
    ),
    "gamma_of_zero": (
        lambda: MAPRegressor(GammaLikelihood()).fit(X, holed(COUNTS + 1, 0)),
        ValueError,
        r"gamma likelihood needs y > 0; got y\[1\]=0\.0 \(1 of 30 values are not\)",
    ),
    "negative_binomial_of_a_fraction_below_zero": (
        lambda: MAPRegressor("negative_binomial").fit(X, Y),
        ValueError,
        r"negative.?binomial likelihood needs y >= 0; got",
    ),
    "one_class": (
        lambda: MAPClassifier().fit(X, np.zeros(N)),
        ValueError,
        r"MAPClassifier needs samples of at least 2 classes; the data have one class: (np\.float64\()?0",
    ),
    "one_class_for_logistic_regression": (
        lambda: MAPLogisticRegression().fit(X, np.full(N, "a")),
        ValueError,
        r"needs samples of at least 2 classes.*one class: .*a",
    ),
    "one_class_in_logistic_cv": (
        lambda: MAPLogisticRegressionCV().fit(X, np.ones(N)),
        ValueError,
        r"at least 2 classes.*one class",
    ),
    "numbers_for_a_classifier": (
        lambda: MAPClassifier().fit(X, Y),
        ValueError,
        r"Unknown label type: continuous",
    ),
    "numbers_for_a_ridge_classifier": (
        lambda: MAPRidgeClassifier().fit(X, Y),
        ValueError,
        r"Unknown label type: continuous",
    ),
    "text_for_a_regressor": (
        lambda: MAPRegressor().fit(X, np.full(N, "a")),
        ValueError,
        r"could not convert string to float|dtype='numeric' is not compatible",
    ),
    "target_nan": (
        lambda: MAPRidge().fit(X, holed(Y, np.nan)),
        ValueError,
        r"Input y contains NaN",
    ),
    "target_infinite": (
        lambda: MAPStudentTRegressor().fit(X, holed(Y, np.inf)),
        ValueError,
        r"Input y contains infinity",
    ),
    "targets_of_several_columns": (
        lambda: MAPPoissonRegressor().fit(X, np.c_[COUNTS, COUNTS]),
        ValueError,
        r"y should be a 1d array, got an array of shape \(30, 2\) instead",
    ),
    "one_column_for_multi_task": (
        lambda: MAPMultiTaskLasso().fit(X, Y),
        ValueError,
        r"For mono-task outputs, use (MAP)?(Lasso|ElasticNet)",
    ),
    # -- features
    "features_nan": (
        lambda: MAPLasso().fit(holed(X, np.nan), Y),
        ValueError,
        r"Input X contains NaN",
    ),
    "features_infinite_in_sparse": (
        lambda: MAPClassifier().fit(sparse.csr_array(holed(X, np.inf)), LABELS),
        ValueError,
        r"Input X contains infinity",
    ),
    "features_one_dimensional": (
        lambda: MAPRegressor().fit(X[:, 0], Y),
        ValueError,
        r"Expected 2D array, got 1D array instead",
    ),
    "features_complex": (
        lambda: MAPElasticNet().fit(complex_rows(), Y),
        ValueError,
        r"Complex data not supported",
    ),
    "no_rows": (
        lambda: LinearRegressionMLE().fit(X[:0], Y[:0]),
        ValueError,
        r"Found array with 0 sample\(s\)",
    ),
    "rows_that_do_not_match": (
        lambda: MAPRegressor().fit(X, Y[:-1]),
        ValueError,
        r"inconsistent numbers of samples: \[30, 29\]",
    ),
    "other_number_of_features": (
        lambda: MAPRidge().fit(X, Y).predict(X[:, :2]),
        ValueError,
        r"X has 2 features, but MAPRidge is expecting 3 features as input",
    ),
    "other_feature_names": (
        lambda: MAPRegressor().fit(FRAME, Y).predict(FRAME.rename(columns={"age": "years"})),
        ValueError,
        r"The feature names should match those that were passed during fit",
    ),
    "not_fitted": (
        lambda: MAPClassifier().predict(X),
        NotFittedError,
        r"This MAPClassifier instance is not fitted yet",
    ),
    # -- weights, offset, bounds
    "weight_negative": (
        lambda: MAPRegressor().fit(X, Y, sample_weight=holed(np.ones(N), -1.0)),
        ValueError,
        r"Negative values in data passed to `?sample_weight`?",
    ),
    "weights_all_zero": (
        lambda: MAPRegressor().fit(X, Y, sample_weight=np.zeros(N)),
        ValueError,
        # the first sentence is scikit-learn's, from 1.9 on
        r"[Ss]ample weights must contain at least one non-zero number|sample_weight is zero for every row",
    ),
    "weights_of_wrong_length": (
        lambda: MAPClassifier().fit(X, LABELS, sample_weight=np.ones(N - 1)),
        ValueError,
        r"sample_weight\.shape == \(29,\), expected \(30,\)",
    ),
    "offset_of_wrong_length": (
        lambda: MAPRegressor("poisson").fit(X, COUNTS, offset=np.zeros(3)),
        ValueError,
        r"offset needs one number for each of the 30 rows of X; got an array of shape \(3,\)",
    ),
    "offset_nan": (
        lambda: MAPRegressor("poisson").fit(X, COUNTS, offset=holed(np.zeros(N), np.nan)),
        ValueError,
        r"Input offset contains NaN",
    ),
    "offset_in_predict_of_wrong_length": (
        lambda: MAPRegressor().fit(X, Y).predict(X, offset=[1.0, 2.0]),
        ValueError,
        r"offset needs one number for each of the 30 rows of X; got an array of shape \(2,\)",
    ),
    "offset_for_three_classes": (
        lambda: MAPClassifier().fit(X, LABELS, offset=np.zeros(N)),
        ValueError,
        r"offset.* (two|2) classes",
    ),
    "bounds_crossed": (
        lambda: MAPRegressor(bounds=(1.0, [2.0, 0.0, 2.0])).fit(X, Y),
        ValueError,
        r"bounds needs lower <= upper for every feature; got 1\.0 and 0\.0 for feature 1",
    ),
    "bounds_of_unknown_feature": (
        lambda: MAPRegressor(bounds={"height": (0, None)}).fit(FRAME, Y),
        ValueError,
        r"bounds names the feature 'height', which X does not have; it has \['age', 'dose', 'size'\]",
    ),
    "bounds_of_wrong_length": (
        lambda: MAPRegressor(bounds=(np.zeros(2), None)).fit(X, Y),
        ValueError,
        r"bounds needs numbers or arrays with one entry per feature, of shape \(3,\); got shape \(2,\)",
    ),
    "bounds_that_are_no_pair": (
        lambda: MAPRegressor(bounds=(0.0, 1.0, 2.0)).fit(X, Y),
        ValueError,
        r"bounds needs a pair \(lower, upper\), or a dict of such pairs by feature name; got",
    ),
    # -- solvers that cannot
    "newton_at_a_kink": (
        lambda: MAPRegressor(prior=Laplace(scale=0.1), solver="newton").fit(X, Y),
        IncompatibleModelError,
        r"Newton needs .* prior Laplace\(scale=0\.1\) has none .*Use solver='coordinate_descent'",
    ),
    "lbfgs_at_a_kink": (
        lambda: MAPClassifier(Laplace(), solver="lbfgs").fit(X, LABELS),
        IncompatibleModelError,
        r"needs .*prior Laplace\(\) has none.*Use solver='.*or a smooth prior such as Normal",
    ),
    "closed_form_of_a_classifier": (
        lambda: MAPClassifier(solver="closed_form").fit(X, BINARY),
        IncompatibleModelError,
        r"ClosedForm needs .*quadratic.* likelihood Bernoulli\(\) has none.*Use solver='newton'",
    ),
    "closed_form_within_bounds": (
        lambda: MAPRegressor(bounds=(0, None), solver="closed_form").fit(X, Y),
        IncompatibleModelError,
        r"ClosedForm needs .* within bounds.*Use solver=",
    ),
    "coordinate_descent_with_a_group": (
        lambda: MAPRegressor(prior=Group(groups=[0, 0, 1]), solver="coordinate_descent").fit(X, Y),
        IncompatibleModelError,
        r"CoordinateDescent needs a sum of .* prior Group\(.*has none.*Use solver='proximal_gradient'",
    ),
    "unknown_solver": (
        lambda: MAPRegressor(solver="simplex").fit(X, Y),
        ValueError,
        r"solver.*'simplex'.*closed_form",
    ),
    "solver_that_is_no_solver": (
        lambda: MAPRegressor(solver=Normal()).fit(X, Y),
        (TypeError, ValueError),
        r"solver .*(Solver|SOLVERS).*Normal\(\)",
    ),
    "cholesky_of_lasso": (
        lambda: MAPLogisticRegression(l1_ratio=1.0, solver="lbfgs").fit(X, LABELS),
        ValueError,
        r"[Ss]olver.*lbfgs.*l1",
    ),
    # -- numbers of the named estimators
    "alpha_negative": (
        lambda: MAPRidge(alpha=-1.0).fit(X, Y),
        ValueError,
        r"The 'alpha' parameter of MAPRidge must be .* Got -1\.0 instead",
    ),
    "alphas_of_wrong_length": (
        lambda: MAPRidge(alpha=[1.0, 2.0, 3.0]).fit(X, np.c_[Y, Y]),
        ValueError,
        r"Number of targets and number of penalties do not correspond: 3 != 2",
    ),
    "l1_ratio_above_one": (
        lambda: MAPElasticNet(l1_ratio=1.5).fit(X, Y),
        ValueError,
        r"The 'l1_ratio' parameter of MAPElasticNet must be .* Got 1\.5 instead",
    ),
    "c_zero": (
        lambda: MAPLogisticRegression(C=0.0).fit(X, LABELS),
        ValueError,
        r"The 'C' parameter of MAPLogisticRegression must be .* Got 0\.0 instead",
    ),
    "alphas_zero_in_ridge_cv": (
        lambda: MAPRidgeCV(alphas=[1.0, -0.1]).fit(X, Y),
        ValueError,
        r"alphas.*-0\.1.*> 0|-0\.1",
    ),
    "unknown_tuning": (
        lambda: MAPRidgeCV(tune="aic").fit(X, Y),
        ValueError,
        r"The 'tune' parameter of MAPRidgeCV must be .*evidence.* Got 'aic' instead",
    ),
    "more_folds_than_rows": (
        lambda: MAPLassoCV(cv=50).fit(X, Y),
        ValueError,
        r"Cannot have number of splits n_splits=50 greater than the number of samples: n_samples=30",
    ),
    "l1_ratio_zero_has_no_path": (
        lambda: MAPElasticNetCV(l1_ratio=0.0).fit(X, Y),
        ValueError,
        r"l1_ratio=0",
    ),
    "max_iter_zero": (
        lambda: MAPMultiTaskElasticNet(max_iter=0).fit(X, np.c_[Y, Y]),
        ValueError,
        r"The 'max_iter' parameter of MAPMultiTaskElasticNet must be .* Got 0 instead",
    ),
    "tol_negative": (
        lambda: MAPRegressor(tol=-1e-3).fit(X, Y),
        ValueError,
        r"The 'tol' parameter of MAPRegressor must be .* Got -0\.001 instead",
    ),
}


@pytest.mark.parametrize(("act", "error", "match"), CASES.values(), ids=CASES)
def test_a_mistake_is_named(act, error, match):
    with pytest.raises(error, match=match):
        act()


def test_there_are_sixty_cases():
    assert len(CASES) >= 60


# Data on which one iteration is never enough: neighbouring columns nearly the same, and of different sizes.
WIDE = RNG.standard_normal((60, 20)).cumsum(axis=1) * np.geomspace(1, 100, 20)
TARGET = WIDE @ RNG.standard_normal(20) + RNG.standard_normal(60)
SMALL_COUNTS = RNG.poisson(np.exp(np.tanh(TARGET / TARGET.std())))
CLASSES = np.digitize(TARGET, np.quantile(TARGET, [0.5, 0.8]))
TIGHT = {"max_iter": 1, "tol": 1e-12}

UNFINISHED = {
    "lasso": (MAPLasso(alpha=1e-4, **TIGHT), TARGET),
    "elastic_net": (MAPElasticNet(alpha=1e-4, **TIGHT), TARGET),
    "multi_task_lasso": (MAPMultiTaskLasso(alpha=1e-4, **TIGHT), np.c_[TARGET, -TARGET[::-1]]),
    "logistic": (MAPLogisticRegression(**TIGHT), CLASSES),
    "logistic_l1": (MAPLogisticRegression(l1_ratio=1.0, solver="saga", **TIGHT), CLASSES),
    "poisson": (MAPPoissonRegressor(**TIGHT), SMALL_COUNTS),
    "gamma": (MAPGammaRegressor(**TIGHT), SMALL_COUNTS + 1),
    "lbfgs": (MAPClassifier(solver="lbfgs", **TIGHT), CLASSES),
    "newton": (MAPRegressor("poisson", solver="newton", **TIGHT), SMALL_COUNTS),
    "coordinate_descent": (
        MAPRegressor(Gaussian(1.0), Laplace(), solver="coordinate_descent", **TIGHT),
        TARGET,
    ),
    "proximal_gradient": (
        MAPRegressor(Gaussian(1.0), Laplace(), solver="proximal_gradient", **TIGHT),
        TARGET,
    ),
    "adam": (
        MAPRegressor(Gaussian(1.0), solver="adam", random_state=0, **TIGHT),
        TARGET,
    ),
}


@pytest.mark.parametrize(("model", "y"), UNFINISHED.values(), ids=UNFINISHED)
def test_what_does_not_converge_says_so(model, y):
    with pytest.warns(ConvergenceWarning) as caught:
        model.fit(WIDE, y)
    (sentence,) = {str(w.message) for w in caught if w.category is ConvergenceWarning}
    assert "did not converge" in sentence or "failed to converge" in sentence
    assert re.search(r"[Tt]ol(erance)?( of the duality gap)?[:= ]+\d", sentence)
    # the tolerance, and far above it what was reached
    numbers = [float(x) for x in re.findall(r"\d+\.?\d*e[-+]\d+|\d+\.\d+", sentence)]
    assert max(numbers) > 1e3 * min(numbers)
    assert re.search(r"after (max_iter=)?1 \w+", sentence)  # iterations
    assert "max_iter" in sentence  # what to do


@pytest.mark.parametrize("name", SOLVERS)
def test_a_solver_that_converges_says_nothing(name):
    models = {
        "closed_form": MAPRegressor(Gaussian(1.0)),
        "coordinate_descent": MAPRegressor(Gaussian(1.0), Laplace()),
        "proximal_newton": MAPRegressor("poisson", Laplace()),
    }
    model = models.get(name, MAPRegressor("poisson"))
    y = COUNTS if "poisson" in str(model) else Y
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        model.set_params(solver=name, random_state=0).fit(X, y)
    assert model.converged_
