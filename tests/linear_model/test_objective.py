"""The objective of the linear wing: values from densities, derivatives from differences."""

import numpy as np
import pytest
from scipy import sparse, stats
from scipy.special import expit

from skbayes.likelihoods import (
    Bernoulli,
    Categorical,
    Gamma,
    Gaussian,
    NegativeBinomial,
    Poisson,
    StudentT,
)
from skbayes.linear_model import _data_term, _preconditioner
from skbayes.linear_model._design import Design
from skbayes.linear_model._objective import LinearObjective
from skbayes.priors import ElasticNet, Flat, Group, Laplace, Normal
from skbayes.priors import StudentT as StudentTPrior

N, P = 40, 4
LIKELIHOODS = {
    "gaussian": Gaussian(scale=0.7),
    "logit": Bernoulli(),
    "probit": Bernoulli("probit"),
    "categorical": Categorical(),
    "poisson": Poisson(),
    "gamma": Gamma(shape=2.0),
    "negative_binomial": NegativeBinomial(dispersion=0.5),
    "student_t": StudentT(df=4.0, scale=0.8),
}
COVARIANCE = 0.5 * np.eye(P) + 0.2
SMOOTH_PRIORS = {
    "flat": Flat(),
    "normal": Normal(loc=[0.1, -0.2, 0.3, 0.0], scale=[0.5, 1.0, np.inf, 2.0]),
    "covariance": Normal(loc=0.1, covariance=COVARIANCE),
    "student_t": StudentTPrior(df=3.0, scale=0.7),
}
KINKED_PRIORS = {
    "laplace": Laplace(loc=0.1, scale=0.5),
    "elastic_net": ElasticNet(l1_scale=0.5, l2_scale=2.0),
    "group": Group([0, 0, 1, 1], scale=0.5),
}
FORMATS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "csr": sparse.csr_matrix,
    "csc": sparse.csc_array,
}


def problem(name, n=N, p=P, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) * (rng.random((n, p)) < 0.8) + np.linspace(-0.3, 0.3, p)
    eta = 0.3 + X @ np.linspace(1.0, -0.5, p)
    if name == "categorical":
        eta = np.column_stack([eta, -eta, 0.5 * eta])
    y = np.asarray(LIKELIHOODS[name].sample(eta, random_state=seed))
    y = y if name == "categorical" else y.astype(dtype)
    return X.astype(dtype), y, rng


def make(name, prior=None, form="C", n=N, p=P, **options):
    X, y, rng = problem(name, n, p)
    prior = Normal() if prior is None else prior
    return LinearObjective(Design(FORMATS[form](X)), y, LIKELIHOODS[name], prior, **options), rng


def differences(function, w, step=1e-5):
    columns = [(function(w + e) - function(w - e)) / (2 * step) for e in step * np.eye(w.size)]
    return np.stack(columns, axis=-1)


def random_options(name, rng):
    shape = (N, 3) if name == "categorical" else (N,)
    return {
        "weight": rng.integers(0, 4, N).astype(float),
        "offset": 0.3 * rng.standard_normal(shape),
    }


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", LIKELIHOODS)
def test_derivatives_match_differences(name, form):
    rng = np.random.default_rng(1)
    objective, _ = make(
        name, form=form, intercept_prior=Normal(scale=2.0), **random_options(name, rng)
    )
    w = 0.3 * rng.standard_normal(objective.n_parameters)
    _, gradient = objective.value_and_gradient(w)
    np.testing.assert_allclose(gradient, differences(objective.value, w), rtol=1e-6, atol=1e-6)
    hessian = objective.hessian(w)
    slopes = differences(lambda v: objective.value_and_gradient(v)[1], w)
    np.testing.assert_allclose(hessian, slopes, rtol=1e-6, atol=1e-6)
    v = rng.standard_normal(w.size)
    np.testing.assert_allclose(objective.hessian_operator(w)(v), hessian @ v, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("prior", SMOOTH_PRIORS)
@pytest.mark.parametrize("name", ["logit", "categorical"])
def test_derivatives_of_smooth_priors_match_differences(name, prior):
    objective, rng = make(name, SMOOTH_PRIORS[prior], fit_intercept=False)
    w = 0.3 * rng.standard_normal(objective.n_parameters)
    gradient = objective.value_and_gradient(w)[1]
    np.testing.assert_allclose(gradient, differences(objective.value, w), rtol=1e-6, atol=1e-6)
    slopes = differences(lambda v: objective.value_and_gradient(v)[1], w)
    np.testing.assert_allclose(objective.hessian(w), slopes, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(objective.hessian_diagonal(w), np.diag(slopes), rtol=1e-6)


def test_the_value_is_the_sum_of_the_log_densities():
    X, y, rng = problem("poisson")
    s = rng.random(N) * 3
    prior = Normal(loc=0.5, scale=[1.0, 2.0, 3.0, np.inf])
    objective = LinearObjective(
        Design(X), y, Poisson(), prior, weight=s, intercept_prior=Laplace(scale=2.0)
    )
    w = 0.2 * rng.standard_normal(P + 1)
    eta = X @ w[:P] + w[P]
    expected = -s @ stats.poisson(np.exp(eta)).logpmf(y)
    expected -= stats.norm(0.5, [1.0, 2.0, 3.0]).logpdf(w[:3]).sum()
    expected -= stats.laplace(scale=2.0).logpdf(w[P])
    assert objective.value(w) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("prior", [*SMOOTH_PRIORS.values(), *KINKED_PRIORS.values()], ids=repr)
def test_smooth_and_nonsmooth_part_sum_to_the_value(prior, split):
    objective, rng = make("logit", prior, split=split)
    w = 0.3 * rng.standard_normal(P + 1)
    total = objective.smooth_value(w) + objective.constant + objective.nonsmooth_value(w)
    assert objective.value(w) == pytest.approx(total, rel=1e-12)
    assert objective.value_and_gradient(w)[0] == pytest.approx(objective.smooth_value(w), rel=1e-12)
    if "separable" in objective.offers:
        other = 0.3 * rng.standard_normal(P + 1)
        change = objective.penalty.value(w) - objective.penalty.value(other)
        expected = objective.nonsmooth_value(w) - objective.nonsmooth_value(other)
        assert change == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_a_weight_is_how_often_a_row_counts(name):
    X, y, rng = problem(name)
    s = rng.integers(0, 4, N)
    weighted = LinearObjective(
        Design(X), y, LIKELIHOODS[name], Normal(), weight=s.astype(float), n_classes=3
    )
    rows = np.repeat(np.arange(N), s)
    repeated = LinearObjective(Design(X[rows]), y[rows], LIKELIHOODS[name], Normal(), n_classes=3)
    w = 0.3 * rng.standard_normal(weighted.n_parameters)
    assert weighted.value(w) == pytest.approx(repeated.value(w), rel=1e-12)
    np.testing.assert_allclose(
        weighted.value_and_gradient(w)[1], repeated.value_and_gradient(w)[1], rtol=1e-10, atol=1e-10
    )
    np.testing.assert_allclose(weighted.hessian(w), repeated.hessian(w), rtol=1e-10, atol=1e-10)
    assert weighted.total_weight == repeated.total_weight


def test_a_constant_offset_is_a_shift_of_the_intercept():
    X, y, rng = problem("gamma")
    plain = LinearObjective(Design(X), y, LIKELIHOODS["gamma"], Normal())
    shifted = LinearObjective(Design(X), y, LIKELIHOODS["gamma"], Normal(), offset=np.full(N, 0.7))
    w = 0.3 * rng.standard_normal(P + 1)
    moved = w + 0.7 * np.eye(P + 1)[P]
    assert shifted.value(w) == pytest.approx(plain.value(moved), rel=1e-12)


@pytest.mark.parametrize("form", ["F", "csr", "csc"])
@pytest.mark.parametrize("name", ["poisson", "categorical"])
def test_formats_and_chunks_of_rows_make_no_difference(name, form, monkeypatch):
    objective, rng = make(name, n=1100)
    w = 0.1 * rng.standard_normal(objective.n_parameters)
    value, gradient = objective.value_and_gradient(w)
    monkeypatch.setattr(_data_term, "_CHUNK_BYTES", 1)  # the fewest rows at once
    other, _ = make(name, form=form, n=1100)
    assert other.value(w) == pytest.approx(objective.value(w), rel=1e-12)
    assert other.value_and_gradient(w)[0] == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(other.value_and_gradient(w)[1], gradient, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(other.hessian_diagonal(w), np.diag(objective.hessian(w)), rtol=1e-9)


def test_a_centred_design_is_the_matrix_less_its_means():
    X, y, rng = problem("logit")
    mean = X.mean(axis=0)
    w = 0.3 * rng.standard_normal(P + 1)
    centred = LinearObjective(Design(X - mean), y, Bernoulli(), Normal())
    for form in FORMATS.values():
        implicit = LinearObjective(Design(form(X), mean), y, Bernoulli(), Normal())
        np.testing.assert_allclose(
            implicit.value_and_gradient(w)[1], centred.value_and_gradient(w)[1], atol=1e-10
        )
        np.testing.assert_allclose(implicit.hessian(w), centred.hessian(w), atol=1e-10)
        np.testing.assert_allclose(
            implicit.hessian_diagonal(w), np.diag(centred.hessian(w)), atol=1e-10
        )


def test_float32_stays_and_sums_are_double():
    X, y, _ = problem("logit", n=20_000, dtype=np.float32)
    objective = LinearObjective(Design(X), y, Bernoulli(), Normal())
    double = LinearObjective(Design(X.astype(float)), y.astype(float), Bernoulli(), Normal())
    w = np.linspace(-0.5, 0.5, P + 1, dtype=np.float32)
    value, gradient = objective.value_and_gradient(w)
    assert objective.start().dtype == gradient.dtype == np.float32
    assert objective.value_and_gradient(w.astype(float))[1].dtype == np.float64
    # Rows are rounded, 6e-8 each, but their errors do not add up in one direction.
    assert value == pytest.approx(double.value_and_gradient(w.astype(float))[0], rel=1e-7)


def test_weights_and_offset_of_another_type_do_not_make_float32_double():
    X, y, rng = problem("poisson", dtype=np.float32)
    objective = LinearObjective(
        Design(X), y, Poisson(), Normal(), weight=rng.random(N), offset=rng.random(N)
    )
    w = np.zeros(P + 1, dtype=np.float32)
    assert objective.linear_predictor(w).dtype == np.float32
    assert objective.curvature(w).dtype == np.float32
    assert objective.quadratic_at(w).data.y.dtype == np.float32


def test_batches_of_all_rows_average_to_the_whole():
    objective, rng = make("poisson", weight=np.arange(1.0, N + 1))
    w = 0.1 * rng.standard_normal(P + 1)
    parts = [objective.batch(rows) for rows in np.split(rng.permutation(N), 5)]
    value, gradient = objective.value_and_gradient(w)
    assert np.mean([part.value_and_gradient(w)[0] for part in parts]) == pytest.approx(value)
    np.testing.assert_allclose(
        np.mean([part.value_and_gradient(w)[1] for part in parts], axis=0), gradient, rtol=1e-9
    )


@pytest.mark.parametrize("name", ["logit", "probit", "poisson", "gamma", "student_t"])
def test_the_quadratic_model_touches_in_gradient_and_expected_curvature(name):
    rng = np.random.default_rng(2)
    objective, _ = make(name, Laplace(scale=0.5), **random_options(name, rng))
    w = 0.3 * rng.standard_normal(P + 1)
    model = objective.quadratic_at(w)
    assert "quadratic" in model.offers
    np.testing.assert_allclose(
        model.value_and_gradient(w)[1], objective.value_and_gradient(w)[1], rtol=1e-8, atol=1e-8
    )
    np.testing.assert_allclose(
        np.diag(model.hessian(w)), objective.hessian_diagonal(w), rtol=1e-7, atol=1e-7
    )
    S, T = np.array([0, P]), np.array([1, 2, P])
    np.testing.assert_allclose(model.gram(S, T), model.hessian(w)[np.ix_(S, T)], rtol=1e-9)


@pytest.mark.parametrize(
    "prior",
    [Normal(loc=0.3, scale=0.2), Laplace(loc=-0.1, scale=0.05), ElasticNet(l1_scale=0.1)],
    ids=repr,
)
@pytest.mark.parametrize("bounds", [None, (0.0, np.inf), (-0.2, 0.3)])
def test_the_duality_gap_bounds_what_is_missing_and_closes_at_the_minimum(prior, bounds):
    rng = np.random.default_rng(3)
    objective, _ = make(
        "gaussian", prior, split=True, bounds=bounds, **random_options("gaussian", rng)
    )
    # Proximal gradient, long enough: the minimum by another road.
    step = 1.0 / np.linalg.norm(objective.hessian(np.zeros(P + 1)), 2)
    w = objective.start().astype(float)
    trail = [w]
    for _ in range(4000):
        w = objective.prox(w - step * objective.value_and_gradient(w)[1], step)
        trail.append(w)
    best = objective.value(w)
    for at in trail[::200]:
        assert objective.duality_gap(at) >= objective.value(at) - best - 1e-9
    assert objective.duality_gap(w) == pytest.approx(0.0, abs=1e-6)


def test_what_is_offered_is_what_there_is():
    offers = {
        name: make("poisson", prior)[0].offers
        for name, prior in {**SMOOTH_PRIORS, **KINKED_PRIORS}.items()
    }
    for name in SMOOTH_PRIORS:
        assert {"smooth", "bounds", "gradient", "hessian", "batch"} <= offers[name]
        assert not {"prox", "separable", "quadratic"} & offers[name]
    for name in KINKED_PRIORS:
        assert "prox" in offers[name]
        assert not {"smooth", "bounds"} & offers[name]
    assert "separable" in offers["laplace"]
    assert "separable" not in offers["group"]
    inside = make("gaussian", bounds=(0.0, 1.0))[0].offers
    assert {"bounds", "separable", "prox", "quadratic", "duality_gap"} <= inside
    assert "smooth" not in inside
    assert "columns" not in make("categorical")[0].offers


def test_outside_of_the_bounds_the_value_is_infinite():
    objective, _ = make("poisson", bounds=(np.zeros(P), np.inf))
    w = np.zeros(P + 1)
    assert np.isfinite(objective.value(w))
    w[P] = -1.0  # the intercept is free
    assert np.isfinite(objective.value(w))
    w[0] = -1e-9
    assert objective.value(w) == np.inf


# The preconditioner.


def matrix_of(solve, m):
    return np.stack([solve(e) for e in np.eye(m)], axis=1)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("shape", [(60, 5), (12, 30)], ids=["cholesky", "few rows"])
def test_on_few_data_the_preconditioner_is_the_inverse_hessian(shape, form):
    rng = np.random.default_rng(4)
    n, p = shape
    objective, _ = make(
        "poisson",
        Normal(scale=0.8),
        form=form,
        n=n,
        p=p,
        weight=rng.integers(0, 3, n).astype(float),
    )
    w = 0.1 * rng.standard_normal(p + 1)
    inverse = matrix_of(objective.precondition(w), p + 1)
    # Where rows are few the flat intercept has a precision of its own, 1e-6 of what the data say of it if the features
    # are known: here they say a thirtieth of that if they are not.
    np.testing.assert_allclose(inverse @ objective.hessian(w), np.eye(p + 1), atol=1e-4)


@pytest.mark.parametrize("form", ["C", "csr"])
def test_a_sample_of_the_rows_gives_nearly_the_hessian(form, monkeypatch):
    monkeypatch.setattr(_preconditioner, "_CHEAP_GRAM", 0)
    monkeypatch.setattr(_preconditioner, "_CHEAP_SPARSE_GRAM", 0)
    objective, rng = make("logit", form=form, n=20_000, p=10)
    assert _preconditioner.sample_rows(objective.design).size <= 2000
    w = 0.1 * rng.standard_normal(11)
    product = matrix_of(objective.precondition(w), 11) @ objective.hessian(w)
    # 1000 rows or more for 11 parameters: (1 ± √(11/1000))^∓2 and some.
    assert np.all(np.abs(np.linalg.eigvals(product) - 1.0) < 0.35)


def test_a_feature_that_the_sample_did_not_see_has_curvature(monkeypatch):
    monkeypatch.setattr(_preconditioner, "_CHEAP_GRAM", 0)
    rng = np.random.default_rng(5)
    X = rng.standard_normal((20_000, 3))
    unseen = np.setdiff1d(np.arange(20_000), _preconditioner.sample_rows(Design(X)))
    X[:, 1] = 0.0
    X[unseen[:50], 1] = 1.0
    y = (rng.random(20_000) < 0.5).astype(float)
    objective = LinearObjective(Design(X), y, Bernoulli(), Flat())
    step = objective.precondition(np.zeros(4))(np.eye(4)[1])
    assert step[1] == pytest.approx(1.0 / (50 * 0.25), rel=0.05)


@pytest.mark.parametrize("form", ["C", "csr"])
def test_in_high_dimension_the_preconditioner_is_the_diagonal_of_centred_features(
    form, monkeypatch
):
    monkeypatch.setattr(_preconditioner, "_LARGEST_FACTOR", 3)
    objective, rng = make("poisson", form=form)
    w = 0.1 * rng.standard_normal(P + 1)
    hessian = objective.hessian(w)
    # Coefficients of centred features leave the intercept where it is.
    T = np.eye(P + 1)
    T[P, :P] = hessian[P, :P] / hessian[P, P]
    centred = np.linalg.inv(T).T @ hessian @ np.linalg.inv(T)
    expected = np.linalg.inv(T.T @ np.diag(np.diag(centred)) @ T)
    np.testing.assert_allclose(
        matrix_of(objective.precondition(w), P + 1), expected, rtol=1e-9, atol=1e-12
    )


def test_in_high_dimension_without_intercept_it_is_the_plain_diagonal(monkeypatch):
    monkeypatch.setattr(_preconditioner, "_LARGEST_FACTOR", 3)
    objective, rng = make("poisson", fit_intercept=False)
    w = 0.1 * rng.standard_normal(P)
    expected = np.diag(1.0 / objective.hessian_diagonal(w))
    np.testing.assert_allclose(matrix_of(objective.precondition(w), P), expected)


@pytest.mark.parametrize("prior", [Normal(scale=0.8), Normal(covariance=COVARIANCE)], ids=repr)
def test_of_what_classes_have_in_common_the_prior_alone_knows(prior):
    # Softmax does not change when all classes move together.
    objective, rng = make("categorical", prior, fit_intercept=False)
    w = 0.1 * rng.standard_normal(3 * P)
    inverse = matrix_of(objective.precondition(w), 3 * P)
    np.testing.assert_allclose(inverse, inverse.T, atol=1e-12)
    common = np.tile(rng.standard_normal(P), 3)
    np.testing.assert_allclose(inverse @ (objective.hessian(w) @ common), common, rtol=1e-8)


def test_two_classes_are_the_logistic_regression():
    X, y, rng = problem("logit")
    w = rng.standard_normal(P + 1)
    softmax = LinearObjective(Design(X), y.astype(int), Categorical(), Flat())
    eta = X @ w[:P] + w[P]
    expected = -np.sum(np.where(y == 1, np.log(expit(eta)), np.log(expit(-eta))))
    assert softmax.value(np.concatenate([0 * w, w])) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("has_intercept", [False, True])
def test_a_gram_of_few_rows_is_shrunk_towards_independent_features(has_intercept):
    # 40 features of 60 rows, independent but far from zero: what they share is the intercept's, the rest is accident.
    rng = np.random.default_rng(6)
    Z = rng.standard_normal((60, 40)) + (10.0 if has_intercept else 0.0)
    Z = np.column_stack([Z, np.ones(60)]) if has_intercept else Z
    mean = np.append(np.full(40, 10.0), 1.0) if has_intercept else np.zeros(40)
    truth = 60 * (np.outer(mean, mean) + np.diag([1.0] * 40 + [0.0] * has_intercept))
    gram = Z.T @ Z
    shrunk = _preconditioner._shrunk(gram, 40 / 60, has_intercept)
    spread = [
        np.ptp(np.log(np.linalg.eigvals(np.linalg.solve(matrix, truth)).real))
        for matrix in (gram, shrunk)
    ]
    assert spread[1] < 0.6 * spread[0]
    np.testing.assert_allclose(np.diag(shrunk), np.diag(gram))
    np.testing.assert_array_equal(_preconditioner._shrunk(gram, 0.05, has_intercept), gram)


def test_a_preconditioner_is_worth_renewing_where_it_is_near_the_hessian():
    X = np.zeros((20_000, 3))
    assert make("logit")[0].has_sharp_preconditioner
    assert make("logit", n=12, p=30)[0].has_sharp_preconditioner
    assert _preconditioner.is_sharp(Design(X))
    # 3 rows of 20000 for each parameter:
    assert not _preconditioner.is_sharp(Design(np.broadcast_to(0.0, (20_000, 1500))))
    assert not _preconditioner.is_sharp(Design(sparse.csr_matrix((3000, 5000))))  # a diagonal


def test_a_value_is_not_computed_again_where_f_was():
    objective, rng = make("poisson", Laplace(scale=0.5))
    w, other = 0.1 * rng.standard_normal((2, P + 1))
    fresh = objective.value(w), objective.value(other)
    objective.value_and_gradient(w)
    assert objective.value(w) == pytest.approx(fresh[0], rel=1e-13)
    assert objective.value(other) == fresh[1]
    w += 1.0  # the same array, another point
    assert objective.value(w) != pytest.approx(fresh[0], rel=1e-6)
