"""Every form of a covariance against the matrix that it stands for."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse, stats

from skbayes.posteriors import (
    BorderedForm,
    CoefficientPosterior,
    DenseForm,
    DiagonalForm,
    DrawsForm,
    LowRankForm,
    PosteriorFacts,
    SupportForm,
)

RNG = np.random.default_rng(0)
ROOT = RNG.normal(size=(5, 5))
PRECISION = ROOT @ ROOT.T + np.eye(5)
VARIANCES = np.array([0.5, 1.0, 2.0, 3.0, 0.1])
ROWS = RNG.normal(size=(3, 5))
BASIS = np.linalg.qr(RNG.normal(size=(3, 1)))[0]
TAKEN = BASIS.T @ ROWS
NOISE = DenseForm.of_precision(np.array([[4.0]]))
SLOPE = np.array([[1.0, -2.0, 0.5, 0.0, 1.0]])


def bordered_matrix(inner):
    """Covariance of (b_0, b_1, u, b_2, ...), u = -C b + noise of variance 1/4."""
    follow = np.insert(np.eye(5), 2, -SLOPE, axis=0)
    unit = np.eye(6)[2]
    return follow @ inner @ follow.T + 0.25 * np.outer(unit, unit)


INVERSE = np.linalg.inv(PRECISION)
LOW_RANK = np.linalg.inv(np.diag(1.0 / VARIANCES) + ROWS.T @ ROWS)
REMOVED = ROWS - BASIS @ TAKEN
CENTRED = np.linalg.inv(np.diag(1.0 / VARIANCES) + REMOVED.T @ REMOVED)
SUPPORT = np.zeros((7, 7))
SUPPORT[np.ix_([0, 2, 3, 5, 6], [0, 2, 3, 5, 6])] = INVERSE

FORMS = {
    "dense": (DenseForm.of_precision(PRECISION), INVERSE),
    "root": (DenseForm(ROOT), ROOT @ ROOT.T),
    "diagonal": (DiagonalForm(VARIANCES), np.diag(VARIANCES)),
    "low_rank": (LowRankForm(VARIANCES, ROWS), LOW_RANK),
    "low_rank_sparse": (LowRankForm(VARIANCES, sparse.csr_matrix(ROWS)), LOW_RANK),
    "low_rank_removed": (LowRankForm(VARIANCES, ROWS, (BASIS, TAKEN)), CENTRED),
    "low_rank_sparse_removed": (
        LowRankForm(VARIANCES, sparse.csr_matrix(ROWS), (BASIS, TAKEN)),
        CENTRED,
    ),
    "bordered": (
        BorderedForm(np.array([2]), SLOPE, DenseForm.of_precision(PRECISION), NOISE),
        bordered_matrix(INVERSE),
    ),
    "bordered_low_rank": (
        BorderedForm(np.array([2]), SLOPE, LowRankForm(VARIANCES, ROWS), NOISE),
        bordered_matrix(LOW_RANK),
    ),
    "support": (
        SupportForm(7, np.array([0, 2, 3, 5, 6]), DenseForm.of_precision(PRECISION)),
        SUPPORT,
    ),
}


@pytest.fixture(params=FORMS, name="pair")
def _pair(request):
    return FORMS[request.param]


def test_matrix_and_its_parts(pair):
    form, matrix = pair
    np.testing.assert_allclose(form.dense(), matrix, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(form.variance(), np.diag(matrix), rtol=1e-12)
    assert form.size == len(matrix)
    values = np.linalg.eigvalsh(matrix)
    values = values[values > 1e-12]
    np.testing.assert_allclose(form.log_det, np.log(values).sum(), rtol=1e-10)


@pytest.mark.parametrize("made", [np.asarray, sparse.csr_matrix], ids=["dense", "csr"])
def test_combinations(pair, made):
    form, matrix = pair
    A = np.random.default_rng(1).normal(size=(8, form.size))
    A[0] = 0.0
    expected = np.einsum("ij,jk,ik->i", A, matrix, A)
    np.testing.assert_allclose(form.along(made(A)), expected, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(form.times(made(A)), A @ matrix, rtol=1e-10, atol=1e-12)
    assert form.along(made(A)[:0]).shape == (0,)


def test_rows_in_chunks_are_rows_at_once(pair, monkeypatch):
    form, _ = pair
    A = np.random.default_rng(1).normal(size=(8, form.size))
    whole = form.along(A), form.variance()
    monkeypatch.setattr("skbayes.posteriors._forms._CHUNK", 15)  # two or three rows at a time
    for found, expected in zip((form.along(A), form.variance()), whole, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_precision_and_distance_are_of_the_inverse(pair):
    form, matrix = pair
    inverse = np.linalg.pinv(matrix, hermitian=True)
    precision = form.precision()
    np.testing.assert_allclose(
        np.diag(precision) if precision.ndim == 1 else precision, inverse, rtol=1e-9, atol=1e-10
    )
    D = np.random.default_rng(1).normal(size=(8, form.size)) @ matrix
    expected = np.einsum("ij,jk,ik->i", D, inverse, D)
    np.testing.assert_allclose(form.squared_distance(D), expected, rtol=1e-9)


def test_draws_have_the_covariance(pair):
    form, matrix = pair
    n = 40_000
    draws = form.draw(n, np.random.default_rng(2))
    # Five standard errors of an empirical covariance: sqrt((S_ii S_jj + S_ij^2) / n).
    error = np.sqrt((np.outer(np.diag(matrix), np.diag(matrix)) + matrix**2) / n)
    assert np.all(np.abs(draws.T @ draws / n - matrix) <= 5.0 * error + 1e-15)
    assert np.all(np.abs(draws.mean(axis=0)) <= 5.0 * np.sqrt(np.diag(matrix) / n))


def test_pickles_hold_the_form(pair):
    form, _ = pair
    other = pickle.loads(pickle.dumps(form))
    np.testing.assert_array_equal(other.variance(), form.variance())


@settings(max_examples=60, deadline=None)
@given(
    matrix=hnp.arrays(float, (4, 4), elements=st.floats(-3.0, 3.0)),
    ridge=st.floats(1e-3, 10.0),
    units=hnp.arrays(float, 4, elements=st.floats(1e-4, 1e4)),
)
def test_variances_take_the_units_of_the_parameters(matrix, ridge, units):
    # H in the units w * u is H / (u u'): variances scale with u^2, whatever H is.
    H = matrix @ matrix.T + ridge * np.eye(4)
    plain = DenseForm.of_precision(H).variance()
    scaled = DenseForm.of_precision(H / np.outer(units, units)).variance()
    np.testing.assert_allclose(scaled, plain * units**2, rtol=1e-6)


def test_null_directions_are_infinite_along_themselves_only():
    v = np.array([1.0, 1.0, 0.0]) / np.sqrt(2.0)
    H = np.eye(3) - np.outer(v, v)
    form = DenseForm.of_precision(H)
    np.testing.assert_array_equal(form.variance(), [np.inf, np.inf, 1.0])
    np.testing.assert_allclose(form.along(np.array([[1.0, -1.0, 0.0]])), 2.0)
    direction = form.undetermined_directions[:, 0]
    np.testing.assert_allclose(direction / direction[0], [1.0, 1.0, 0.0], atol=1e-12)
    # By convention it is fixed, and the pseudo-inverse says all.
    fixed = DenseForm.of_precision(H, v[:, None])
    np.testing.assert_allclose(fixed.dense(), np.linalg.pinv(H), atol=1e-12)
    spread = SupportForm(4, np.array([0, 1, 3]), form)
    np.testing.assert_array_equal(spread.variance(), [np.inf, np.inf, 0.0, 1.0])


def test_negative_curvature_is_refused():
    with pytest.raises(np.linalg.LinAlgError, match="negative curvature"):
        DenseForm.of_precision(np.array([[1.0, 2.0], [2.0, 1.0]]))


def test_the_precision_of_very_many_parameters_is_its_diagonal():
    n = 2001
    rows = RNG.normal(size=(2, n))
    form = LowRankForm(np.full(n, 2.0), rows)
    np.testing.assert_allclose(form.precision(), 0.5 + (rows**2).sum(axis=0), rtol=1e-12)
    border = BorderedForm(np.array([n]), np.ones((1, n)), form, NOISE)
    np.testing.assert_allclose(border.precision()[:-1], form.precision() + 4.0, rtol=1e-12)


def test_infinite_variances_of_a_diagonal():
    form = DiagonalForm(np.array([1.0, np.inf, 0.0]))
    np.testing.assert_array_equal(form.along(np.eye(3)), [1.0, np.inf, 0.0])
    np.testing.assert_array_equal(form.along(sparse.csr_matrix(np.eye(3))), [1.0, np.inf, 0.0])
    assert np.isfinite(form.draw(5, np.random.default_rng(0))).all()
    assert form.log_det == 0.0


# Draws.

DRAWS = np.random.default_rng(3).gamma(2.0, size=(500, 2)) - 2.0


def test_draws_speak_for_themselves():
    form = DrawsForm(DRAWS)
    expected = np.cov(DRAWS.T)
    np.testing.assert_allclose(form.dense(), expected, rtol=1e-12)
    np.testing.assert_allclose(form.variance(), np.diag(expected), rtol=1e-12)
    A = np.array([[1.0, -1.0], [0.0, 2.0]])
    np.testing.assert_allclose(form.along(A), (DRAWS @ A.T).var(axis=0, ddof=1), rtol=1e-12)
    np.testing.assert_allclose(form.log_det, np.log(np.linalg.det(expected)), rtol=1e-10)
    drawn = form.draw(50, np.random.default_rng(0))
    assert all((row == DRAWS).all(axis=1).any() for row in drawn)
    with pytest.raises(ValueError, match="bootstrap"):
        form.squared_distance(DRAWS)


def test_intervals_of_draws_are_their_quantiles():
    mean = np.array([1.0, -1.0])
    posterior = CoefficientPosterior(PosteriorFacts(mean, DrawsForm(DRAWS), "bootstrap"))
    lower, upper = posterior.interval(0.9)
    np.testing.assert_allclose(lower, np.quantile(mean + DRAWS, 0.05, axis=0))
    np.testing.assert_allclose(upper, np.quantile(mean + DRAWS, 0.95, axis=0))
    expected = (mean + DRAWS > 0.0).mean(axis=0)
    np.testing.assert_allclose(posterior.probability_positive, expected, atol=1e-12)


# Marginals.


@settings(max_examples=40, deadline=None)
@given(
    mean=st.floats(-5.0, 5.0),
    std=st.floats(1e-3, 10.0),
    dof=st.none() | st.floats(1.0, 100.0),
    level=st.floats(0.01, 0.99),
)
def test_marginals_are_normal_or_student_t(mean, std, dof, level):
    facts = PosteriorFacts(np.array([mean]), DiagonalForm(np.array([std**2])), "laplace", dof=dof)
    posterior = CoefficientPosterior(facts)
    marginal = stats.norm(mean, std) if dof is None else stats.t(dof, mean, std)
    lower, upper = posterior.interval(level)
    np.testing.assert_allclose([lower[0], upper[0]], marginal.interval(level), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(posterior.probability_positive, marginal.sf(0.0), rtol=1e-9)


def test_what_is_known_and_what_is_not():
    form = DiagonalForm(np.array([0.0, 0.0, np.inf]))
    posterior = CoefficientPosterior(PosteriorFacts(np.array([0.0, 2.0, 3.0]), form, "support"))
    np.testing.assert_array_equal(posterior.probability_positive, [0.5, 1.0, 0.5])
    lower, upper = posterior.interval()
    np.testing.assert_array_equal(lower, [0.0, 2.0, -np.inf])
    np.testing.assert_array_equal(upper, [0.0, 2.0, np.inf])


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0])
def test_a_level_is_a_probability(level):
    posterior = CoefficientPosterior(PosteriorFacts(np.zeros(1), DiagonalForm(np.ones(1)), "exact"))
    with pytest.raises(ValueError, match="0 < level < 1"):
        posterior.interval(level)


def test_facts_are_found_out_once():
    calls = []

    def find():
        calls.append(1)
        return PosteriorFacts(np.zeros(1), DiagonalForm(np.ones(1)), "exact")

    posterior = CoefficientPosterior(find)
    assert not posterior.is_formed
    assert not calls
    assert (posterior.kind, posterior.std[0], posterior.mean[0]) == ("exact", 1.0, 0.0)
    assert posterior.is_formed
    assert len(calls) == 1
    with pytest.raises(AttributeError, match="no log_evidence"):
        posterior.log_evidence  # noqa: B018


def test_the_same_seed_draws_the_same():
    form, _ = FORMS["bordered_low_rank"]
    posterior = CoefficientPosterior(PosteriorFacts(np.zeros(6), form, "laplace", dof=5.0))
    one, two = posterior.sample(3, random_state=1), posterior.sample(3, random_state=1)
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, posterior.sample(3, random_state=2))
