"""Poisson and gamma regression: scikit-learn's coefficients at scikit-learn's arguments, and what they add."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse, stats
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import GammaRegressor, PoissonRegressor
from sklearn.metrics import d2_tweedie_score

from skbayes.linear_model import MAPGammaRegressor, MAPPoissonRegressor

# Both ends are solved to about 1e-10, so that the difference shows formulas and not tolerances.
TIGHT = {"tol": 1e-10, "max_iter": 1000}
FORMS = {
    "C order": np.ascontiguousarray,
    "Fortran order": np.asfortranarray,
    "CSR": sparse.csr_array,
    "CSC": sparse.csc_array,
}


@pytest.fixture(scope="module")
def X():
    X = np.random.default_rng(0).normal([0.0, 1.0, -2.0, 0.5], [1.0, 0.5, 1.0, 2.0], size=(120, 4))
    X[np.abs(X) < 0.3] = 0.0
    return X


@pytest.fixture(params=["poisson", "gamma"])
def pair(request, X):
    """Return (our class, scikit-learn's, y, power of the deviance)."""
    rng = np.random.default_rng(1)
    mean = np.exp(X @ [0.3, -0.5, 0.2, 0.1] + 1.0)
    if request.param == "poisson":
        return MAPPoissonRegressor, PoissonRegressor, rng.poisson(mean).astype(float), 1
    return MAPGammaRegressor, GammaRegressor, mean * rng.gamma(3.0, 1 / 3.0, size=120), 2


def theirs(pair, **arguments):
    return pair[1](solver="newton-cholesky", **(TIGHT | {"tol": 1e-12} | arguments))


def assert_same(ours, other, rtol=1e-6):
    assert_allclose(ours.coef_, other.coef_, rtol=rtol, atol=rtol * 1e-2)
    assert ours.intercept_ == pytest.approx(other.intercept_, rel=rtol, abs=rtol)


@pytest.mark.parametrize("solver", ["lbfgs", "newton-cholesky", "auto"])
@pytest.mark.parametrize("alpha", [0.0, 1e-3, 1.0, 30.0])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
def test_coefficients_are_those_of_scikit_learn(X, pair, solver, alpha, fit_intercept, weighted):
    y = pair[2]
    weight = np.linspace(0.0, 3.0, len(y)) if weighted else None
    arguments = {"alpha": alpha, "fit_intercept": fit_intercept}
    ours = pair[0](solver=solver, **arguments, **TIGHT).fit(X, y, sample_weight=weight)
    other = theirs(pair, **arguments).fit(X, y, sample_weight=weight)
    assert ours.converged_
    assert_same(ours, other)
    assert_allclose(ours.predict(X), other.predict(X), rtol=1e-6)
    # D² to four digits less where it is near zero, as under a strong prior.
    score = other.score(X, y, sample_weight=weight)
    assert ours.score(X, y, sample_weight=weight) == pytest.approx(score, rel=1e-6, abs=1e-10)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_X_has_the_same_solution(X, pair, form):
    assert_same(
        pair[0](alpha=0.1, **TIGHT).fit(FORMS[form](X), pair[2]),
        theirs(pair, alpha=0.1).fit(X, pair[2]),
    )


def test_float32_stays_float32(X, pair):
    model = pair[0](alpha=0.1).fit(X.astype(np.float32), pair[2].astype(np.float32))
    assert model.coef_.dtype == np.float32
    assert model.predict(X.astype(np.float32)).dtype == np.float32
    # float32 has 7 digits; a sum of 120 terms, and the tolerance, leave 3 to 4 of them.
    assert_same(model, theirs(pair, alpha=0.1).fit(X, pair[2]), rtol=1e-3)


def test_the_score_is_that_of_the_metric(X, pair):
    y = pair[2]
    model = pair[0](alpha=0.01).fit(X, y)
    assert model.score(X, y) == pytest.approx(d2_tweedie_score(y, model.predict(X), power=pair[3]))


def test_of_a_constant_target_the_score_is_one_or_zero(X, pair):
    model = pair[0]().fit(X, pair[2])
    assert model.score(X, np.full(len(X), 2.0)) == 0.0
    model.coef_ = np.zeros(4)
    model.intercept_ = 0.0
    assert model.score(X, np.ones(len(X))) == 1.0


def test_the_objective_is_the_negative_log_posterior(X):
    y = np.random.default_rng(1).poisson(2.0, size=len(X))
    weight = np.linspace(0.5, 2.0, len(y))
    model = MAPPoissonRegressor(alpha=0.3, **TIGHT).fit(X, y, sample_weight=weight)
    prior = stats.norm(scale=1.0 / np.sqrt(0.3 * weight.sum()))
    of_rows = weight @ stats.poisson(model.predict(X)).logpmf(y)
    expected = -of_rows - prior.logpdf(model.coef_).sum()
    assert model.objective_ == pytest.approx(expected, rel=1e-10)


def test_an_offset_is_an_exposure(X):
    # Counts over exposures e, with offset log e, are rates counts / e with weight e: the same likelihood.
    rng = np.random.default_rng(2)
    exposure = rng.uniform(0.5, 20.0, size=len(X))
    counts = rng.poisson(exposure * np.exp(X @ [0.3, -0.5, 0.2, 0.1]))
    by_offset = MAPPoissonRegressor(alpha=0.2 / len(X), **TIGHT)
    by_offset.fit(X, counts, offset=np.log(exposure))
    by_weight = MAPPoissonRegressor(alpha=0.2 / exposure.sum(), **TIGHT)
    by_weight.fit(X, counts / exposure, sample_weight=exposure)
    assert_same(by_offset, by_weight)
    rates = by_weight.predict(X)
    assert_allclose(by_offset.predict(X, offset=np.log(exposure)), exposure * rates, rtol=1e-6)
    score = by_weight.score(X, counts / exposure, sample_weight=exposure)
    assert by_offset.score(X, counts, offset=np.log(exposure)) == pytest.approx(score, rel=1e-6)


def test_an_offset_of_a_gamma_is_a_unit(X):
    y = np.random.default_rng(3).gamma(2.0, size=len(X))
    unit = np.random.default_rng(4).uniform(0.1, 10.0, size=len(X))
    plain = MAPGammaRegressor(alpha=0.1, **TIGHT).fit(X, y)
    scaled = MAPGammaRegressor(alpha=0.1, **TIGHT).fit(X, y * unit, offset=np.log(unit))
    assert_same(scaled, plain)
    score = plain.score(X, y)
    assert scaled.score(X, y * unit, offset=np.log(unit)) == pytest.approx(score, rel=1e-6)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("solver", ["lbfgs", "newton-cholesky"])
@pytest.mark.parametrize("shape", ["tall", "wide"])
def test_without_a_prior_the_limit_of_a_vanishing_one(X, pair, shape, solver, fit_intercept):
    # Maximum likelihood does not say which of the coefficients that predict the same; the limit alpha → 0 does.
    X, y = (np.hstack([X, X[:, :2]]), pair[2]) if shape == "tall" else (X[:3], pair[2][:3] + 1.0)
    arguments = {"solver": solver, "fit_intercept": fit_intercept} | TIGHT
    flat = pair[0](alpha=0.0, **arguments).fit(X, y)
    # By Newton: so weak a prior is lost in the rounding of values, by which L-BFGS judges.
    weak = pair[0](alpha=1e-9, **(arguments | {"solver": "newton-cholesky"})).fit(X, y)
    # alpha over the least curvature bounds the distance: about 1e-6 here.
    assert_allclose(flat.coef_, weak.coef_, rtol=1e-4, atol=1e-5)
    assert flat.intercept_ == pytest.approx(weak.intercept_, rel=1e-4, abs=1e-5)


def test_warm_start_is_only_a_start(X, pair):
    y = pair[2]
    cold = pair[0](alpha=0.1, **TIGHT).fit(X, y)
    warm = pair[0](alpha=0.11, warm_start=True, **TIGHT).fit(X, y)
    n_iter = warm.set_params(alpha=0.1).fit(X, y).n_iter_
    assert n_iter <= cold.n_iter_
    assert_same(warm, cold)
    assert warm.fit(X, y).n_iter_ == 0  # there already
    with pytest.raises(ValueError, match=r"warm_start begins at the 4 coefficients .* X has 3"):
        warm.fit(X[:, :3], y)


def test_targets_outside_of_the_range_are_refused(X, pair):
    y = pair[2].copy()
    y[7] = -1.0
    said = r"Some value\(s\) of y are out of the valid range .* got y\[7\]=-1.0"
    with pytest.raises(ValueError, match=said):
        pair[0]().fit(X, y)
    with pytest.raises(ValueError, match=said):
        pair[0]().fit(X, pair[2]).score(X, y)
    if pair[0] is MAPGammaRegressor:
        with pytest.raises(ValueError, match="y > 0"):
            MAPGammaRegressor().fit(X, np.zeros(len(X)))


def test_counts_of_nothing_predict_nothing(X):
    model = MAPPoissonRegressor().fit(X, np.zeros(len(X)))
    assert np.all(model.predict(X) < 0.1)
    assert np.all(np.isfinite(model.coef_))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"alpha": -1.0}, "'alpha' parameter"),
        ({"solver": "newton-cg"}, "'solver' parameter"),
        ({"max_iter": 0}, "'max_iter' parameter"),
    ],
)
def test_wrong_arguments_are_refused(X, pair, arguments, message):
    with pytest.raises(ValueError, match=message):
        pair[0](**arguments).fit(X, pair[2])


def test_no_convergence_says_what_was_reached(X, pair):
    model = pair[0](max_iter=1, tol=1e-12, alpha=1e-3)
    with pytest.warns(ConvergenceWarning, match="did not converge: .* tolerance .* after 1 "):
        model.fit(X, pair[2])
    assert not model.converged_


def test_wrong_offsets_are_refused(X, pair):
    model = pair[0]().fit(X, pair[2])
    with pytest.raises(ValueError, match="offset needs one number for each of the 120 rows"):
        model.fit(X, pair[2], offset=np.zeros(5))
    with pytest.raises(ValueError, match="offset needs one number"):
        model.predict(X, offset=np.zeros(5))
