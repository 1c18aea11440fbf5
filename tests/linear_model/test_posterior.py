"""The covariance at a mode in all its forms, against matrices written out in numpy."""

import copy
import pickle

import numpy as np
import pytest
from scipy import sparse

from skbayes.exceptions import IncompatibleModelError
from skbayes.likelihoods import Bernoulli, Categorical, Gaussian, Poisson, StudentT
from skbayes.linear_model import MAPRegressor
from skbayes.linear_model._design import Design
from skbayes.linear_model._laplace import laplace_form
from skbayes.linear_model._low_rank import n_directions
from skbayes.linear_model._objective import LinearObjective
from skbayes.linear_model._posterior import posterior_of
from skbayes.linear_model._rank import column_rank
from skbayes.linear_model._record import Record
from skbayes.posteriors import BorderedForm, DenseForm, DiagonalForm, LowRankForm
from skbayes.priors import ElasticNet, Flat, Laplace, Normal
from skbayes.priors import StudentT as StudentTPrior
from skbayes.solvers import SOLVERS


def data_of(n, p, likelihood, seed=0, K=3):
    """Features, a target of the likelihood's kind, weights and offset."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) + rng.normal(size=p)
    eta = 0.3 * X @ rng.normal(size=p) / np.sqrt(p)
    if isinstance(likelihood, Categorical):
        y = rng.integers(K, size=n)
        y[:K] = np.arange(K)
    elif isinstance(likelihood, Bernoulli):
        y = (rng.random(n) < 1.0 / (1.0 + np.exp(-eta))).astype(float)
    elif isinstance(likelihood, Poisson):
        y = rng.poisson(np.exp(eta)).astype(float)
    else:
        y = eta + rng.normal(size=n)
    return X, y, rng.integers(1, 4, size=n).astype(float), 0.1 * rng.normal(size=n)


def objective_of(X, y, likelihood, prior, **options):
    p = X.shape[1]
    return LinearObjective(Design(X), y, likelihood, prior.for_features(None, p), **options)


def mode_of(objective, solver="lbfgs"):
    return SOLVERS[solver](tol=1e-10, max_iter=5000).solve(objective, objective.start()).w


def precision_of(objective, w, prior_precision, intercept_precision=0.0, second="hessian"):
    """H written out: sum of D_i (x) x_i x_i' and the prior; all in double precision."""
    data, layout = objective.data, objective.layout
    X = data.design.X
    X = np.asarray(X.toarray() if sparse.issparse(X) else X, dtype=float)
    X = np.column_stack([X, np.ones(len(X))]) if layout.fit_intercept else X
    coef, intercept = layout.split(w)
    eta = X[:, : layout.n_features] @ coef.T + intercept
    if data.offset is not None:
        eta = eta + data.offset
    D = -getattr(data.likelihood, second)(data.y, eta)
    s = np.ones(len(X)) if data.weight is None else data.weight
    D = D.reshape(len(X), layout.n_classes or 1, layout.n_classes or 1) * s[:, None, None]
    H = np.einsum("nkl,ni,nj->kilj", D, X, X).reshape(w.size, w.size)
    P = np.zeros((layout.width, layout.width))
    p = layout.n_features
    P[:p, :p] = np.diag(prior_precision) if np.ndim(prior_precision) == 1 else prior_precision
    P[p:, p:] = intercept_precision
    return H + np.kron(np.eye(layout.n_classes or 1), P)


LIKELIHOODS = [
    Gaussian(scale=0.7),
    Bernoulli(),
    Poisson(),
    StudentT(df=4.0, scale=0.8),
    Categorical(),
]
FORMATS = {
    "dense": np.asarray,
    "fortran": np.asfortranarray,
    "csr": sparse.csr_matrix,
    "csc": sparse.csc_matrix,
}


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=lambda part: type(part).__name__)
@pytest.mark.parametrize("layout", FORMATS)
@pytest.mark.parametrize("shape", [(60, 4), (12, 30)], ids=["tall", "wide"])
@pytest.mark.parametrize("covariance", ["full", "low_rank"])
def test_covariance_is_the_inverse_of_the_curvature(likelihood, layout, shape, covariance):
    X, y, s, offset = data_of(*shape, likelihood)
    scale = np.linspace(0.5, 2.0, X.shape[1])
    objective = objective_of(
        FORMATS[layout](X),
        y,
        likelihood,
        Normal(scale=scale),
        weight=s,
        offset=None if isinstance(likelihood, Categorical) else offset,
    )
    w = mode_of(objective)
    # A low rank needs curvatures that are nowhere negative, as those expected over y.
    second = "expected_hessian" if covariance == "low_rank" else "hessian"
    H = precision_of(objective, w, scale**-2.0, second=second)
    expected = np.linalg.pinv(H, hermitian=True)
    form = laplace_form(objective, w, covariance)
    np.testing.assert_allclose(form.dense(), expected, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(form.variance(), np.diag(expected), rtol=1e-8)
    rows = np.random.default_rng(1).normal(size=(7, w.size))
    along = np.einsum("ij,jk,ik->i", rows, expected, rows)
    np.testing.assert_allclose(form.along(rows), along, rtol=1e-8)
    np.testing.assert_allclose(form.along(sparse.csr_matrix(rows)), along, rtol=1e-8)
    np.testing.assert_allclose(form.times(rows), rows @ expected, rtol=1e-7, atol=1e-9)
    steps = rows @ expected  # in the range of H
    distance = np.einsum("ij,jk,ik->i", steps, H, steps)
    np.testing.assert_allclose(form.squared_distance(steps), distance, rtol=1e-7)
    values = np.linalg.eigvalsh(expected)
    values = values[values > 1e-9 * values[-1]]
    np.testing.assert_allclose(form.log_det, np.log(values).sum(), rtol=1e-8, atol=1e-8)


def test_priors_of_the_intercept_and_with_a_covariance_enter_the_inverse():
    likelihood = Bernoulli()
    X, y, s, _ = data_of(40, 3, likelihood)
    factor = np.random.default_rng(3).normal(size=(3, 3))
    covariance = factor @ factor.T + np.eye(3)
    prior = Normal(loc=[0.1, 0.0, -0.2], covariance=covariance)
    objective = objective_of(X, y, likelihood, prior, weight=s, intercept_prior=Normal(scale=0.5))
    w = mode_of(objective)
    H = precision_of(objective, w, np.linalg.inv(covariance), 4.0)
    np.testing.assert_allclose(laplace_form(objective, w).dense(), np.linalg.inv(H), rtol=1e-9)
    with pytest.raises(ValueError, match="prior that ties them"):
        laplace_form(objective, w, "low_rank")


def test_without_an_intercept():
    X, y, *_ = data_of(40, 3, Poisson())
    objective = objective_of(X, y, Poisson(), Normal(scale=2.0), fit_intercept=False)
    w = mode_of(objective)
    H = precision_of(objective, w, np.full(3, 0.25))
    for covariance in ("full", "low_rank"):
        form = laplace_form(objective, w, covariance)
        np.testing.assert_allclose(form.dense(), np.linalg.inv(H), rtol=1e-9)


def test_some_flat_features_are_integrated_out_of_the_low_rank_form():
    X, y, s, _ = data_of(15, 40, Gaussian(scale=1.0))
    scale = np.where(np.arange(40) < 3, np.inf, 1.0)
    objective = objective_of(X, y, Gaussian(scale=1.0), Normal(scale=scale), weight=s)
    w = mode_of(objective)
    expected = np.linalg.inv(precision_of(objective, w, scale**-2.0))
    form = laplace_form(objective, w, "low_rank")
    np.testing.assert_allclose(form.dense(), expected, rtol=1e-7, atol=1e-9)
    sparse_objective = objective_of(
        sparse.csr_matrix(X), y, Gaussian(scale=1.0), Normal(scale=scale), weight=s
    )
    variance = laplace_form(sparse_objective, w, "low_rank").variance()
    np.testing.assert_allclose(variance, np.diag(expected), rtol=1e-8)


def test_a_feature_far_from_zero_costs_no_digits():
    rng = np.random.default_rng(0)
    x = rng.normal(size=200)
    shift = 2.0**26  # x + shift is rounded to 2^-26, which is 1e-8 of its spread
    y = 2.0 * x + rng.normal(size=200)
    near = objective_of(x[:, None], y, Gaussian(scale=1.0), Flat())
    far = objective_of((x + shift)[:, None], y, Gaussian(scale=1.0), Flat())
    at = np.zeros(2)  # of a Gaussian the curvature is the same everywhere
    expected = laplace_form(near, at).dense()
    form = laplace_form(far, at)
    np.testing.assert_allclose(form.variance()[0], expected[0, 0], rtol=1e-7)
    # The predictor at the centre is as well known as the mean of y.
    centre = np.array([[shift + x.mean(), 1.0]])
    np.testing.assert_allclose(form.along(centre), 1.0 / 200.0, rtol=1e-6)


@pytest.mark.parametrize("covariance", ["auto", "robust"])
def test_what_nothing_determines_has_an_infinite_variance(covariance):
    X, y, *_ = data_of(50, 3, Gaussian(scale=1.0))
    X = np.column_stack([X, X[:, 0] + X[:, 1], np.full(50, 7.0)])  # collinear, and constant
    objective = objective_of(X, y, Gaussian(scale=1.0), Flat())
    form = laplace_form(objective, np.zeros(6), covariance)
    assert np.isinf(form.variance()).tolist() == [True, True, False, True, True, True]
    # Within the rows of X the predictions are those of the features that count.
    rows = np.column_stack([X, np.ones(50)])
    plain = objective_of(X[:, :3], y, Gaussian(scale=1.0), Flat())
    expected = laplace_form(plain, np.zeros(4), covariance).along(rows[:, [0, 1, 2, 5]])
    np.testing.assert_allclose(form.along(rows), expected, rtol=1e-7)
    outside = rows[:2].copy()
    outside[:, 3] += 0.1
    assert np.isinf(form.along(outside)).all()


@pytest.mark.parametrize("likelihood", [Gaussian(scale=1.0), Categorical()])
def test_the_rounding_of_a_mean_is_no_information(likelihood):
    rng = np.random.default_rng(1)
    s = rng.random(50)
    # Weighted means are off by their rounding for about half of all constants: one of those.
    x = rng.normal(size=50)
    candidates = (np.column_stack([x, np.full(50, c)]) for c in rng.normal(size=40))
    X = next(X for X in candidates if X[0, 1] != (X.T @ s)[1] / s.sum())
    y = rng.integers(3, size=50).astype(float)
    y = y.astype(int) if isinstance(likelihood, Categorical) else y
    objective = objective_of(X, y, likelihood, Flat(), weight=s)
    variance = laplace_form(objective, np.zeros(objective.n_parameters)).variance().reshape(-1, 3)
    assert np.isinf(variance[:, 1:]).all()
    assert np.isfinite(variance[:, 0]).all()


def test_nearly_collinear_features_tend_to_collinear_ones():
    X, y, *_ = data_of(50, 2, Gaussian(scale=1.0))
    noise = np.random.default_rng(5).normal(size=50)
    stds = []
    for distance in (1e-2, 1e-4, 1e-6):
        wide = np.column_stack([X, X[:, 0] + distance * noise])
        objective = objective_of(wide, y, Gaussian(scale=1.0), Flat())
        stds.append(np.sqrt(laplace_form(objective, np.zeros(4)).variance()[0]))
    np.testing.assert_allclose(np.diff(np.log10(stds)), 2.0, rtol=1e-2)


def test_flat_prior_with_more_features_than_rows():
    X, y, *_ = data_of(6, 10, Gaussian(scale=1.0))
    objective = objective_of(X, y, Gaussian(scale=1.0), Flat())
    form = laplace_form(objective, np.zeros(11))
    assert np.isinf(form.variance()).all()
    # At the rows of X each y is known by itself.
    rows = np.column_stack([X, np.ones(6)])
    np.testing.assert_allclose(form.along(rows), 1.0, rtol=1e-7)


@pytest.mark.parametrize("prior", [Flat(), Normal(scale=0.7)], ids=["flat", "normal"])
def test_common_shifts_of_all_classes_are_a_convention(prior):
    likelihood = Categorical()
    X, y, s, _ = data_of(80, 3, likelihood)
    objective = objective_of(X, y, likelihood, prior, weight=s)
    w = mode_of(objective)
    precision = np.zeros(3) if isinstance(prior, Flat) else np.full(3, 0.7**-2)
    expected = np.linalg.pinv(precision_of(objective, w, precision), hermitian=True, rcond=1e-10)
    form = laplace_form(objective, w)
    np.testing.assert_allclose(form.dense(), expected, rtol=1e-7, atol=1e-10)
    assert np.isfinite(form.variance()).all()


def test_float32_features_give_the_covariance_of_their_values():
    X, y, s, _ = data_of(40, 5, Bernoulli())
    single = X.astype(np.float32)
    forms = []
    for values in (single, single.astype(np.float64)):
        weight = s.astype(values.dtype)
        objective = objective_of(
            values, y.astype(values.dtype), Bernoulli(), Normal(scale=1.0), weight=weight
        )
        forms.append(
            [laplace_form(objective, np.full(6, 0.1), name) for name in ("full", "low_rank")]
        )
    for form, expected in zip(*forms, strict=True):
        # The curvature of a row is computed in single precision.
        np.testing.assert_allclose(form.dense(), expected.dense(), rtol=1e-4, atol=1e-6)
        assert form.variance().dtype == np.float64


def test_weights_are_repeated_rows():
    for likelihood in (Bernoulli(), Categorical()):
        X, y, s, _ = data_of(30, 4, likelihood)
        many = np.repeat(np.arange(30), s.astype(int))
        at = np.full(5 if isinstance(likelihood, Bernoulli) else 15, 0.1)
        weighted = objective_of(X, y, likelihood, Normal(), weight=s)
        repeated = objective_of(X[many], y[many], likelihood, Normal())
        for covariance in ("full", "low_rank", "diagonal", "robust"):
            np.testing.assert_allclose(
                laplace_form(weighted, at, covariance).dense(),
                laplace_form(repeated, at, covariance).dense(),
                rtol=1e-8,
                atol=1e-12,
            )


@pytest.mark.parametrize("prior", [Laplace(scale=0.3), ElasticNet(l1_scale=0.3, l2_scale=1.0)])
def test_support_is_the_inverse_on_the_free_parameters(prior):
    likelihood = Bernoulli()
    X, y, s, _ = data_of(60, 12, likelihood)
    y = (X[:, 0] - X[:, 1] + np.random.default_rng(1).normal(size=60) > 0.0).astype(float)
    objective = objective_of(X, y, likelihood, prior, weight=s)
    w = mode_of(objective, "coordinate_descent")
    free = np.append(w[:-1] != 0.0, True)
    assert 2 < free.sum() < 12
    precision = np.zeros(12) if isinstance(prior, Laplace) else np.ones(12)
    H = precision_of(objective, w, precision)[np.ix_(free, free)]
    expected = np.zeros((13, 13))
    expected[np.ix_(free, free)] = np.linalg.inv(H)
    np.testing.assert_allclose(laplace_form(objective, w).dense(), expected, rtol=1e-8, atol=1e-12)


def test_support_of_classes_differs_from_class_to_class():
    likelihood = Categorical()
    X, y, *_ = data_of(60, 6, likelihood)
    objective = objective_of(X, y, likelihood, Laplace(scale=0.2))
    w = mode_of(objective, "proximal_gradient")
    free = np.append(w.reshape(3, 7)[:, :-1] != 0.0, np.ones((3, 1), dtype=bool), axis=1).ravel()
    assert len({tuple(row) for row in free.reshape(3, 7)}) > 1
    H = precision_of(objective, w, np.zeros(6))[np.ix_(free, free)]
    expected = np.zeros((21, 21))
    expected[np.ix_(free, free)] = np.linalg.pinv(H, hermitian=True, rcond=1e-10)
    np.testing.assert_allclose(laplace_form(objective, w).dense(), expected, rtol=1e-7, atol=1e-9)


def test_active_bounds_are_exactly_known():
    X, y, *_ = data_of(60, 4, Gaussian(scale=1.0))
    y -= X[:, 0]
    objective = objective_of(X, y, Gaussian(scale=1.0), Normal(), bounds=(0.0, np.inf))
    w = mode_of(objective)
    held = np.flatnonzero(w[:-1] == 0.0)
    assert 0 < held.size < 4
    form = laplace_form(objective, w)
    assert np.all(form.variance()[held] == 0.0)
    free = np.setdiff1d(np.arange(5), held)
    H = precision_of(objective, w, np.ones(4))[np.ix_(free, free)]
    np.testing.assert_allclose(form.dense()[np.ix_(free, free)], np.linalg.inv(H), rtol=1e-9)


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=lambda part: type(part).__name__)
@pytest.mark.parametrize("shape", [(60, 4), (12, 30)], ids=["tall", "wide"])
def test_robust_is_the_sandwich(likelihood, shape):
    X, y, s, _ = data_of(*shape, likelihood)
    objective = objective_of(X, y, likelihood, Normal(), weight=s)
    w = mode_of(objective)
    bread = np.linalg.pinv(precision_of(objective, w, np.ones(shape[1])), hermitian=True)
    rows = np.column_stack([X, np.ones(len(X))])
    slope = likelihood.value_and_gradient(y, objective.linear_predictor(w))[1].reshape(len(X), -1)
    G = (slope[:, :, None] * rows[:, None, :]).reshape(len(X), -1)
    expected = bread @ (G.T * s) @ G @ bread
    form = laplace_form(objective, w, "robust")
    np.testing.assert_allclose(form.dense(), expected, rtol=1e-7, atol=1e-10)


def test_diagonal_takes_the_other_coefficients_as_known():
    X, y, s, _ = data_of(60, 4, Poisson())
    scale = np.array([0.5, 1.0, 2.0, np.inf])
    objective = objective_of(X, y, Poisson(), Normal(scale=scale), weight=s)
    w = mode_of(objective)
    H = precision_of(objective, w, scale**-2.0)
    eliminated = H[:4, :4] - np.outer(H[:4, 4], H[4, :4]) / H[4, 4]
    form = laplace_form(objective, w, "diagonal")
    np.testing.assert_allclose(form.variance()[:4], 1.0 / np.diag(eliminated), rtol=1e-9)
    mean = H[:4, 4] / H[4, 4]
    expected = 1.0 / H[4, 4] + mean**2 @ form.variance()[:4]
    np.testing.assert_allclose(form.variance()[4], expected, rtol=1e-9)
    csr = objective_of(sparse.csr_matrix(X), y, Poisson(), Normal(scale=scale), weight=s)
    np.testing.assert_allclose(
        laplace_form(csr, w, "diagonal").variance(), form.variance(), rtol=1e-9
    )


def test_fewer_directions_overstate_the_variance_and_never_understate_it(monkeypatch):
    likelihood = Categorical()
    X, y, *_ = data_of(200, 60, likelihood)
    objective = objective_of(X * 0.98 ** np.arange(60), y, likelihood, Normal())
    w = mode_of(objective)
    exact = laplace_form(objective, w, "full")
    rows = np.random.default_rng(2).normal(size=(50, w.size))
    errors = []
    for kept in (20, 60, 200):
        monkeypatch.setattr("skbayes.linear_model._low_rank._DIRECTIONS", kept)
        form = laplace_form(objective, w, "low_rank")
        assert isinstance(form, BorderedForm)
        assert form.inner.rows.shape[0] == min(kept, 180)
        ratio = form.along(rows) / exact.along(rows)
        assert ratio.min() > 1.0 - 1e-9
        errors.append(ratio.max() - 1.0)
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 1e-7  # 120 directions of 3 classes are all there are
    assert n_directions(10**7, 10**6) == 5


def test_auto_takes_the_form_that_the_size_allows(monkeypatch):
    X, y, *_ = data_of(20, 30, Bernoulli())
    normal = objective_of(X, y, Bernoulli(), Normal())
    flat = objective_of(X, y, Bernoulli(), Flat())
    at = np.full(31, 0.01)
    assert isinstance(laplace_form(normal, at).inner, DenseForm)
    monkeypatch.setattr("skbayes.linear_model._laplace._SMALL", 25)
    assert isinstance(laplace_form(normal, at).inner, LowRankForm)
    monkeypatch.setattr("skbayes.linear_model._low_rank._MOST_FLAT", 10)
    assert isinstance(laplace_form(flat, at).inner, DenseForm)
    monkeypatch.setattr("skbayes.linear_model._laplace._LARGEST_FULL", 25)
    with pytest.warns(UserWarning, match="understates"):
        assert isinstance(laplace_form(flat, at).inner, DiagonalForm)


def test_where_the_density_curves_upwards_the_expected_curvature_takes_over():
    X, y = np.ones((3, 1)), np.array([-5.0, 0.0, 5.0])
    objective = objective_of(
        X, y, StudentT(df=1.0, scale=1.0), Normal(scale=10.0), fit_intercept=False
    )
    at = np.array([-2.5])  # between two modes
    assert precision_of(objective, at, np.array([0.01])) < 0.0
    with pytest.warns(UserWarning, match="no maximum"):
        form = laplace_form(objective, at)
    # The Fisher information of a Cauchy location is 1/2 for each observation.
    np.testing.assert_allclose(form.variance(), 1.0 / (1.5 + 0.01), rtol=1e-9)


@pytest.mark.slow
def test_fifty_thousand_sparse_features_need_no_matrix_of_their_size():
    rng = np.random.default_rng(0)
    n, p = 2000, 50_000
    X = sparse.random(n, p, density=1e-3, format="csr", random_state=0)
    y = (rng.random(n) < 0.5).astype(float)
    objective = objective_of(X, y, Bernoulli(), Normal(scale=2.0))
    w = mode_of(objective)
    form = laplace_form(objective, w)
    assert isinstance(form, BorderedForm)
    assert isinstance(form.inner, LowRankForm)
    # Against H by conjugate gradients, a column at a time.
    multiply = objective.hessian_operator(w)
    operator = sparse.linalg.LinearOperator((p + 1, p + 1), matvec=multiply)
    variance = form.variance()
    for j in (0, 17, p - 1, p):
        unit = np.zeros(p + 1)
        unit[j] = 1.0
        column, failed = sparse.linalg.cg(operator, unit, atol=1e-12, maxiter=5000)
        assert not failed
        np.testing.assert_allclose(variance[j], column[j], rtol=1e-4)  # the default tolerance of cg
    rows = sparse.hstack([X[:20], np.ones((20, 1))], format="csr")
    np.testing.assert_allclose(
        form.along(rows), np.einsum("ij,ij->i", form.times(rows), rows.toarray()), rtol=1e-8
    )
    draws = form.draw(200, rng) @ rows.T
    ratio = draws.var(axis=0) / form.along(rows)
    assert np.all(np.abs(ratio - 1.0) < 5.0 * np.sqrt(2.0 / 200))  # five standard errors


# From the record of a fit to its posterior.


def record_of(objective, w, **options):
    data = objective.data
    return Record(
        lambda: objective, w, (data.design.X, data.y, data.weight, data.offset), **options
    )


def bernoulli_record(n=40, p=3, prior=None, seed=0, **options):
    X, y, *_ = data_of(n, p, Bernoulli(), seed)
    objective = objective_of(X, y, Bernoulli(), prior or Normal())
    return record_of(objective, mode_of(objective), **options)


def test_auto_is_exact_laplace_or_support_by_the_model():
    X, y, *_ = data_of(40, 3, Gaussian(scale=1.0))
    gaussian = objective_of(X, y, Gaussian(scale=1.0), Normal())
    w = mode_of(gaussian)
    exact = posterior_of(record_of(gaussian, w))
    assert (exact.kind, exact.is_conditional) == ("exact", False)
    assert posterior_of(bernoulli_record()).kind == "laplace"
    lasso = objective_of(X, y, Gaussian(scale=1.0), Laplace(scale=0.05))
    w = mode_of(lasso, "coordinate_descent")
    support = posterior_of(record_of(lasso, w))
    assert (support.kind, support.is_conditional) == ("support", True)
    assert np.all((support.std == 0.0) == (w == 0.0))
    with pytest.raises(IncompatibleModelError, match="posterior='support'"):
        posterior_of(record_of(lasso, w), "laplace").std  # noqa: B018


def test_nothing_is_computed_until_it_is_asked_for():
    def never():
        raise AssertionError("formed too early")

    record = Record(never, np.zeros(3), (np.ones((2, 2)), np.ones(2), None, None))
    posterior = posterior_of(record)
    assert "not formed" in repr(posterior)
    with pytest.raises(AssertionError, match="too early"):
        posterior.std  # noqa: B018


def test_changed_data_are_noticed():
    record = bernoulli_record()
    posterior = posterior_of(record)
    record._data[0][...] -= record._data[0].mean(axis=0)
    with pytest.raises(RuntimeError, match="changed in place"):
        posterior.std  # noqa: B018


@pytest.mark.parametrize("copied", [lambda a: pickle.loads(pickle.dumps(a)), copy.deepcopy])
def test_a_copy_is_formed_and_holds_no_data(copied):
    record = bernoulli_record(n=1000)
    posterior = posterior_of(record)
    other = copied(posterior)
    np.testing.assert_array_equal(other.covariance, posterior.covariance)
    assert other.log_evidence == posterior.log_evidence
    assert len(pickle.dumps(posterior)) < 1000 * 8  # less than a column of X
    with pytest.raises(RuntimeError, match="pickled or copied"):
        other.diagnostics()
    kept = copied(record)
    np.testing.assert_array_equal(kept.w, record.w)
    assert kept.layout == record.layout
    assert isinstance(kept.likelihood, Bernoulli)
    assert len(pickle.dumps(record)) < 1000 * 8
    with pytest.raises(RuntimeError, match="pickled or copied"):
        kept.objective  # noqa: B018


def test_a_posterior_that_cannot_be_formed_says_why_also_after_pickling():
    X, y, *_ = data_of(40, 3, Bernoulli())
    objective = objective_of(X, y, Bernoulli(), Laplace(scale=0.05))
    record = record_of(objective, mode_of(objective, "coordinate_descent"))
    other = pickle.loads(pickle.dumps(posterior_of(record, "laplace")))
    with pytest.raises(ValueError, match="kink or a bound"):
        other.std  # noqa: B018


def test_an_estimated_noise_scale_makes_the_marginals_student_t():
    X, y, *_ = data_of(12, 2, Gaussian(scale=1.0))
    objective = objective_of(X, y, Gaussian(scale=1.0), Flat())
    posterior = posterior_of(record_of(objective, mode_of(objective), dof=lambda objective, w: 9.0))
    assert posterior.dof == 9.0
    lower, upper = posterior.interval(0.95)
    # 2.262157: the 97.5 % quantile of Student's t with 9 degrees of freedom (tables).
    np.testing.assert_allclose((upper - lower) / posterior.std, 2 * 2.262157, rtol=1e-6)
    draws = posterior.sample(20_000, random_state=0)
    inside = (draws > lower) & (draws < upper)
    assert np.all(np.abs(inside.mean(axis=0) - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 20_000))


@pytest.mark.parametrize("covariance", ["full", "low_rank", "diagonal", "robust"])
@pytest.mark.parametrize("prior", [None, Normal(scale=3.0)], ids=["flat", "normal"])
def test_classes_have_the_covariance_of_their_predictors(covariance, prior):
    likelihood = Categorical()
    X, y, *_ = data_of(10, 14, likelihood)
    for made in (np.asarray, sparse.csr_matrix):
        objective = objective_of(made(X), y, likelihood, Normal(), intercept_prior=prior)
        posterior = posterior_of(record_of(objective, mode_of(objective)), covariance=covariance)
        rows = np.column_stack([X[:9], np.ones(9)])
        whole = posterior.covariance.reshape(3, 15, 3, 15)
        expected = np.einsum("ni,kilj,nj->nkl", rows, whole, rows)
        found = posterior.predictor_covariance(rows)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(
            posterior.predictor_covariance(sparse.csr_matrix(rows)), found, rtol=1e-9, atol=1e-12
        )


# Diagnostics.


def test_an_exact_posterior_has_equal_importance_weights():
    X, y, *_ = data_of(40, 3, Gaussian(scale=0.5))
    objective = objective_of(X, y, Gaussian(scale=0.5), Normal())
    found = posterior_of(record_of(objective, mode_of(objective))).diagnostics(random_state=0)
    assert found.pareto_k == -np.inf
    assert found.effective_sample_size == pytest.approx(2000)


def test_much_data_are_good_and_a_heavy_tail_is_noticed():
    good = posterior_of(bernoulli_record(n=2000)).diagnostics(random_state=0)
    assert good.pareto_k < 0.5
    assert good.effective_sample_size > 1500
    # Where the data say little, a prior with the tails of Cauchy shows.
    X, y = np.full((1, 10), 0.01), np.ones(1)
    objective = objective_of(
        X, y, Gaussian(scale=1.0), StudentTPrior(df=1.0, scale=1.0), fit_intercept=False
    )
    posterior = posterior_of(record_of(objective, mode_of(objective)))
    with pytest.warns(UserWarning, match="Pareto k"):
        assert posterior.diagnostics(random_state=0).pareto_k > 0.7


def test_diagnostics_see_a_shift_of_the_mean():
    # One logistic coefficient, few data: mean and mode of the posterior differ, which quadrature knows.
    x, y = np.array([[1.0], [2.0], [0.5], [-1.0]]), np.array([1.0, 1.0, 1.0, 0.0])
    objective = objective_of(x, y, Bernoulli(), Normal(scale=2.0), fit_intercept=False)
    posterior = posterior_of(record_of(objective, mode_of(objective)))
    grid = np.linspace(-8.0, 20.0, 4001)
    density = np.exp([-objective.value(np.array([w])) for w in grid])
    density /= density.sum()
    mean = density @ grid
    std = np.sqrt(density @ (grid - mean) ** 2)
    found = posterior.diagnostics(n_draws=20_000, random_state=0)
    shift = (mean - posterior.mean[0]) / posterior.std[0]
    assert found.mean_shift == pytest.approx(shift, rel=0.05)
    assert found.std_ratio[0] == pytest.approx(std / posterior.std[0], rel=0.05)


def test_diagnostics_of_classes_offsets_and_weights_use_the_objective():
    likelihood = Categorical()
    X, y, s, _ = data_of(50, 3, likelihood)
    objective = objective_of(X, y, likelihood, Normal(), weight=s)
    posterior = posterior_of(record_of(objective, mode_of(objective)))
    W = posterior.sample(5, random_state=0)
    ours = posterior.__dict__["_log_density"](W)
    theirs = np.array([-objective.value(w) for w in W])
    np.testing.assert_allclose(ours - ours[0], theirs - theirs[0], rtol=1e-9, atol=1e-9)
    X, y, s, offset = data_of(50, 3, Poisson())
    objective = objective_of(X, y, Poisson(), Laplace(scale=0.5), weight=s, offset=offset)
    posterior = posterior_of(record_of(objective, mode_of(objective, "coordinate_descent")))
    W = posterior.sample(5, random_state=0)
    ours = posterior.__dict__["_log_density"](W)
    theirs = np.array([-objective.value(w) for w in W])
    np.testing.assert_allclose(ours - ours[0], theirs - theirs[0], rtol=1e-9, atol=1e-9)


def test_a_robust_covariance_is_no_density():
    posterior = posterior_of(bernoulli_record(), covariance="robust")
    with pytest.raises(ValueError, match="robust"):
        posterior.diagnostics()


def test_a_wrong_form_is_named():
    record = bernoulli_record()
    with pytest.raises(ValueError, match="'sparse'"):
        laplace_form(record.objective, record.w, "sparse")
    assert isinstance(laplace_form(record.objective, record.w, "robust"), DenseForm)


# The number of parameters that a noise scale is corrected for.


@pytest.mark.parametrize("made", [np.asarray, sparse.csr_matrix], ids=["dense", "csr"])
@pytest.mark.parametrize("n", [30, 3000], ids=["few", "many"])
def test_the_rank_counts_independent_columns(made, n):
    rng = np.random.default_rng(0)
    group = np.append(np.zeros(3, dtype=int), rng.integers(1, 4, size=n - 3))  # one of them rare
    X = np.column_stack([np.eye(4)[group], rng.normal(size=n) + 1e6, np.full(n, 3.0)])
    X = np.column_stack([X, 1e-8 * X[:, 4], np.zeros(n)])
    # Three of the four groups beside the intercept, and one of the two proportional columns.
    assert column_rank(Design(made(X)), True) == 5
    # Without it all groups, of which the constant is the sum.
    assert column_rank(Design(made(X)), False) == 5
    assert column_rank(Design(made(X[:, [0, 1, 2, 4]])), True) == 5


def test_a_noise_scale_without_residuals_is_refused_when_asked_for():
    X, y, *_ = data_of(10, 20, Gaussian(scale=1.0))
    model = MAPRegressor(prior="flat").fit(X, y)
    with pytest.raises(ValueError, match="no degrees of freedom left"):
        model.posterior_.dof  # noqa: B018
    D = np.eye(3)[np.arange(40) % 3]
    target = np.random.default_rng(0).normal(size=40)
    assert MAPRegressor(prior="flat").fit(D, target).posterior_.dof == pytest.approx(37.0)
