"""Functional ANOVA of known functions, by closed forms and by sums over all points of a finite space."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skbayes.optimizer._anova import anova
from skbayes.optimizer._polynomial_effects import Basis, PolynomialEffects
from skbayes.space import Categorical, as_space, prior_points

PI = np.pi


def shares(f, p, seed=0, valid=lambda V: V, groups=None):
    groups = [[j] for j in range(p)] if groups is None else groups
    return anova(f, valid, groups, p, np.random.default_rng(seed))


def ishigami(U):
    """Ishigami, Homma (1990), a = 7, b = 0.1; V = a²/8 + b π⁴/5 + b² π⁸/18 + 1/2."""
    x = PI * (2.0 * U - 1.0)
    return np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


ISHIGAMI = {"V": 49 / 8 + 0.1 * PI**4 / 5 + 0.01 * PI**8 / 18 + 0.5}
ISHIGAMI["0"] = 0.5 * (1.0 + 0.1 * PI**4 / 5) ** 2 / ISHIGAMI["V"]
ISHIGAMI["1"] = 49 / 8 / ISHIGAMI["V"]
ISHIGAMI["02"] = 0.01 * PI**8 * (1 / 18 - 1 / 50) / ISHIGAMI["V"]


@pytest.mark.parametrize("n_others", [0, 7])
@pytest.mark.parametrize("seed", range(3))
def test_ishigami(seed, n_others):
    found = shares(lambda U: ishigami(U)[None], 3 + n_others, seed)
    first, pairs = np.zeros(3 + n_others), np.zeros((3 + n_others,) * 2)
    first[:2] = ISHIGAMI["0"], ISHIGAMI["1"]
    pairs[0, 2] = pairs[2, 0] = ISHIGAMI["02"]
    total = first + pairs.sum(axis=1)
    # Twenty seeds err by .0010 at most.
    np.testing.assert_allclose(found.first[0], first, atol=0.002)
    np.testing.assert_allclose(found.total[0], total, atol=0.002)
    np.testing.assert_allclose(found.pairs[0], pairs, atol=0.002)


def test_sobol_g_function():
    # Saltelli, Sobol' (1995): g = Π (|4u − 2| + a) / (1 + a); 1 + V = Π (1 + V_i), V_i = 1 / 3(1 + a)².
    a = np.array([0.0, 1.0, 4.5, 9.0])
    V_i = 1.0 / (3.0 * (1.0 + a) ** 2)
    V = np.prod(1.0 + V_i) - 1.0
    found = shares(lambda U: np.prod((np.abs(4 * U - 2) + a) / (1 + a), axis=1)[None], 4)
    # Its kinks are no polynomials: the errors are those of plain Sobol points, and ten seeds err by .0032 at most.
    np.testing.assert_allclose(found.first[0], V_i / V, atol=0.007)
    pairs = np.outer(V_i, V_i) / V
    np.fill_diagonal(pairs, 0.0)
    np.testing.assert_allclose(found.pairs[0], pairs, atol=0.007)
    others = [np.prod(np.delete(1.0 + V_i, k)) for k in range(4)]
    np.testing.assert_allclose(found.total[0], V_i * others / V, atol=0.007)


def test_many_functions_at_once_are_each_by_themselves():
    def both(U):
        return np.stack([U[:, 0], U[:, 0] + U[:, 1], np.full(len(U), 3.0)])

    found = shares(both, 2)
    np.testing.assert_allclose(found.first[0], [1.0, 0.0], atol=1e-6)
    np.testing.assert_allclose(found.first[1], [0.5, 0.5], atol=1e-6)
    assert np.isnan(found.first[2]).all()  # 0 / 0: a constant has no shares


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_shares_do_not_hang_on_unit_and_level(scale):
    plain = shares(lambda U: ishigami(U)[None], 3)
    other = shares(lambda U: scale * (ishigami(U)[None] - 5.0), 3)
    np.testing.assert_allclose(other.first, plain.first, atol=1e-9)


def test_a_group_counts_as_one_input():
    found = shares(lambda U: ishigami(U)[None], 3, groups=[[0, 2], [1]])
    # Within a group no polynomials of two columns are fitted: the errors are those of plain Sobol points.
    np.testing.assert_allclose(found.first[0], [1.0 - ISHIGAMI["1"], ISHIGAMI["1"]], atol=0.01)
    np.testing.assert_allclose(found.pairs[0], 0.0, atol=0.01)


def test_one_input_explains_all():
    found = shares(lambda U: np.exp(U[:, 0])[None], 1)
    np.testing.assert_array_equal([found.first[0, 0], found.total[0, 0]], 1.0)


@st.composite
def tables(draw):
    sizes = draw(st.lists(st.integers(2, 4), min_size=2, max_size=3))
    entries = st.lists(st.floats(-1, 1), min_size=int(np.prod(sizes)), max_size=int(np.prod(sizes)))
    weights = [draw(st.lists(st.integers(1, 4), min_size=k, max_size=k)) for k in sizes]
    return np.array(draw(entries)).reshape(sizes), weights


@given(case=tables())
@settings(max_examples=12, deadline=None)
def test_any_table_of_categories_has_the_shares_of_its_sums(case):
    table, weights = case
    sizes = table.shape
    p = [np.array(w) / sum(w) for w in weights]
    space = as_space(
        {
            f"p{i}": Categorical([f"c{k}" for k in range(n)], prior=list(p[i]))
            for i, n in enumerate(sizes)
        }
    )
    probability = np.ones(sizes)
    for i, weight in enumerate(p):
        probability = probability * weight.reshape([-1 if j == i else 1 for j in range(len(sizes))])
    exact = exact_terms(table, probability)
    V = sum(exact.values())
    if V < 1e-6:
        return

    def f(U):
        index = tuple(np.floor(U[:, j] * n).astype(int) for j, n in enumerate(sizes))
        return table[index][None]

    found = shares(f, len(sizes), valid=lambda points: prior_points(space, points))
    # Steps of one and two columns are taken off exactly. What three do together is left to the Sobol points, of
    # which few meet a spike in one cell of many.
    tolerance = 0.002 + 0.1 * (exact.get((0, 1, 2), 0.0) / V) ** 0.5
    for i in range(len(sizes)):
        assert abs(found.first[0, i] - exact[(i,)] / V) < tolerance
        for j in range(i):
            assert abs(found.pairs[0, i, j] - exact[(j, i)] / V) < tolerance


def exact_terms(table, probability):
    """Variances of the ANOVA terms of a function on a finite product space, by inclusion and exclusion."""
    n = table.ndim
    closed, terms = {}, {}
    for size in range(n + 1):
        for S in itertools.combinations(range(n), size):
            others = tuple(j for j in range(n) if j not in S)
            weight = probability.sum(axis=others, keepdims=True)
            mean = (table * probability).sum(axis=others, keepdims=True) / weight
            closed[S] = float((mean**2 * weight).sum())
            terms[S] = closed[S] - sum(terms[T] for T in terms if set(T) < set(S))
    return {S: max(value, 0.0) for S, value in terms.items() if S}


# ------------------------------------------------------------------------------------------------- polynomial effects


def test_the_basis_is_orthonormal_on_ranges_and_on_few_values():
    space = as_space(
        {"x": (0.0, 1.0), "n": (1, 5), "k": Categorical(["a", "b", "c"], prior=[0.2, 0.5, 0.3])}
    )
    V = (np.arange(20_000)[:, None] + 0.5) / 20_000 * np.ones(3)
    basis = Basis.seen(V, prior_points(space, V))
    assert [steps is None for steps in basis.steps] == [True, False, False]
    L = basis.values(V)
    for j, n_functions in enumerate([9, 5, 3]):
        gram = L[:, j].T @ L[:, j] / len(V)
        np.testing.assert_allclose(gram, np.diag(np.arange(9) < n_functions), atol=1e-4)


def test_exact_variances_are_those_of_the_values():
    rng = np.random.default_rng(0)
    h = PolynomialEffects(
        columns=np.array([[0, 1, 0, 1], [0, 1, 1, 2]]),
        degrees=np.array([[1, 3, 2, 1], [0, 0, 1, 1]]),
        coefficients=np.array([[1.0, 2.0, 3.0, 4.0]]),
    )
    exact = h.variances(np.arange(3), 3)[0]
    np.testing.assert_array_equal(exact, [[1.0, 9.0, 0.0], [9.0, 4.0, 16.0], [0.0, 16.0, 0.0]])
    U = rng.random((200_000, 3))
    values = h.values(Basis((None,) * 3).values(U))
    np.testing.assert_allclose(values.var(), 1 + 4 + 9 + 16, rtol=0.02)  # five standard errors


def test_the_change_is_the_difference_of_values():
    rng = np.random.default_rng(0)
    h = PolynomialEffects(
        columns=np.array([[0, 1, 0, 1], [0, 1, 1, 2]]),
        degrees=np.array([[1, 3, 2, 1], [0, 0, 1, 1]]),
        coefficients=rng.standard_normal((2, 4)),
    )
    basis = Basis((None,) * 3)
    A, B = rng.random((2, 50, 3))
    for group in ([0], [1], [2], [0, 2]):
        mixed = A.copy()
        mixed[:, group] = B[:, group]
        expected = h.values(basis.values(mixed)) - h.values(basis.values(A))
        np.testing.assert_allclose(
            h.change(basis.values(A), basis.values(B), group), expected, atol=1e-12
        )
