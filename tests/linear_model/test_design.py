"""Design and moments: products of centred, weighted data, against sums in extended precision."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from skbayes.linear_model import _moments
from skbayes.linear_model._design import Design, blocks, is_thin, weighted_mean
from skbayes.linear_model._moments import centred, joint_products, moments_of


def exact(X, Y, s):
    """Return mean, ZᵀSZ, ZᵀSV in extended precision."""
    X, Y, s = (np.asarray(a, dtype=np.longdouble) for a in (X, Y, s))
    mu, nu = s @ X / s.sum(), s @ Y / s.sum()
    Z, V = X - mu, Y - nu
    return tuple(
        np.asarray(a, dtype=float) for a in (mu, Z.T @ (s[:, None] * Z), Z.T @ (s[:, None] * V))
    )


def data(n, p, offset, order, seed=0):
    rng = np.random.default_rng(seed)
    X = np.asarray(rng.normal(size=(n, p)) + offset, order=order)
    X[:, 1] = 0.1  # constant, and no binary fraction
    return X, rng.normal(size=(n, 2)) + 3.0, rng.uniform(0.0, 2.0, n)


FORMS = {
    "C": lambda X: np.ascontiguousarray(X),
    "F": lambda X: np.asfortranarray(X),
    "strided": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "csr": sparse.csr_array,
    "csc": sparse.csc_array,
}


@pytest.mark.parametrize("is_weighted", [False, True])
@pytest.mark.parametrize("offset", [0.0, 1e6])  # in standard deviations of a column
@pytest.mark.parametrize("form", FORMS)
def test_moments_are_right_to_the_last_digits(form, offset, is_weighted):
    X, Y, s = data(3000, 6, offset, "C")
    if form.startswith("cs"):
        X *= np.random.default_rng(1).random(X.shape) < 0.03
        X[:, 0] = (
            np.random.default_rng(2).normal(size=len(X)) + offset
        )  # a full column, far from zero
    s = s if is_weighted else np.ones(len(X))
    mu, G, q = exact(X, Y, s)
    m = moments_of(FORMS[form](X), Y, s if is_weighted else None, True)
    unit = np.sqrt(np.outer(np.diag(G), np.diag(G))) + 1e-30
    # The constant column: its products are zero, nearly zero, or it was made one with a spread.
    unit[1] = unit[:, 1] = 1.0
    assert np.max(np.abs(m.gram - G) / np.maximum(unit, 1e-9 * G.max())) < 1e-12
    np.testing.assert_allclose(m.mean, mu, rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose(m.cross, q, atol=1e-12 * np.abs(q).max())


@pytest.mark.parametrize("is_weighted", [False, True])
@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csc_array, sparse.csr_matrix])
def test_moments_of_a_nearly_empty_matrix(container, is_weighted):
    # So few entries that products of sparse matrices are taken; a full column far from zero, and a constant one.
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 120)) * (rng.random((400, 120)) < 0.01)
    X[:, 5] = rng.normal(size=400) + 1e6
    X[:, 9] = 0.1
    Y, s = rng.normal(size=(400, 2)), rng.uniform(0.0, 2.0, 400) if is_weighted else np.ones(400)
    thin = container(X)
    assert is_thin(thin)
    mu, G, q = exact(X, Y, s)
    m = moments_of(thin, Y, s if is_weighted else None, True)
    scale = np.sqrt(np.diag(G)) + 1e-6
    np.testing.assert_allclose(
        m.gram / np.outer(scale, scale), G / np.outer(scale, scale), atol=1e-9
    )
    np.testing.assert_allclose(m.cross / scale[:, None], q / scale[:, None], atol=1e-8)
    assert not m.gram[9].any()
    design = Design(thin, mu)
    np.testing.assert_allclose(design.gram(s)[:5, :5], G[:5, :5], atol=1e-9)
    near = Design(container(X[:, :5]), mu[:5])
    Z = X[:, :5] - mu[:5]
    np.testing.assert_allclose(
        near.row_gram(np.arange(5.0)), (Z * np.arange(5.0)) @ Z.T, atol=1e-12
    )


def test_a_constant_column_has_moments_of_exactly_zero():
    X, Y, s = data(2500, 4, 0.0, "C")
    for form in (X, np.asfortranarray(X), sparse.csr_array(X)):
        m = moments_of(form, Y, s, True)
        assert not np.concatenate([m.gram[1], m.gram[:, 1], m.cross[1]]).any()


def test_a_sample_of_rows_that_misleads_is_noticed(monkeypatch):
    # Every evenly spaced row, of which the provisional mean is made, is far away from all others: δ² = 200 variances.
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(200_000, 2)), rng.normal(size=(200_000, 1))
    X[::200] += 1e6
    shifts = []

    def noted(X, Y, weight, shift, *rest):
        shifts.append(shift)
        return joint_products(X, Y, weight, shift, *rest)

    monkeypatch.setattr(_moments, "joint_products", noted)
    m = moments_of(X, Y, None, True)
    assert len(shifts) == 2
    assert np.all(np.abs(shifts[0]) > 9e5)
    assert np.all(np.abs(shifts[1]) < 6e3)
    np.testing.assert_allclose(
        m.gram, exact(X, Y, np.ones(len(X)))[1], rtol=1e-12, atol=1e-12 * m.gram.max()
    )


def test_sums_of_pieces_are_the_moments_of_the_whole():
    X, Y, s = data(400, 5, 1e6, "C")
    shift, nu = X[0], Y[0]
    pieces = [
        joint_products(X[i], Y[i], s[i], shift, nu, np.float64)
        for i in np.array_split(np.arange(400), 3)
    ]
    m = centred(sum(pieces), shift, nu, True)
    _, G, q = exact(X, Y, s)
    np.testing.assert_allclose(m.gram, G, atol=1e-11 * G.max())
    np.testing.assert_allclose(m.cross, q, atol=1e-11 * np.abs(q).max())
    np.testing.assert_allclose(m.target_mean, s @ Y / s.sum(), rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("form", FORMS)
def test_products_of_the_map_are_those_of_the_matrix(form, dtype):
    rng = np.random.default_rng(0)
    dense = (rng.normal(size=(300, 7)) + 2.0).astype(dtype)
    d, scale = rng.normal(size=300), rng.uniform(0.0, 2.0, 7)
    for mean in (None, dense.mean(axis=0)):
        X = FORMS[form](dense)
        design = Design(X, mean)
        Z = dense.astype(float) - (0.0 if mean is None else mean.astype(float))
        close = {
            "rtol": 1e-4 if dtype == np.float32 else 1e-11,
            "atol": 2e-3 if dtype == np.float32 else 1e-10,
        }
        np.testing.assert_allclose(design.gram(), Z.T @ Z, **close)
        np.testing.assert_allclose(
            design.gram(d), Z.T @ (d[:, None] * Z), **close
        )  # d of both signs
        np.testing.assert_allclose(design.row_gram(scale), (Z * scale) @ Z.T, **close)
        np.testing.assert_allclose(design.columns(np.array([4, 1])), Z[:, [4, 1]], **close)
        W, R = rng.normal(size=(7, 2)).astype(dtype), rng.normal(size=(300, 2)).astype(dtype)
        np.testing.assert_allclose(design.matvec(W), Z @ W, **close)
        np.testing.assert_allclose(design.rmatvec(R), Z.T @ R, **close)
        np.testing.assert_allclose(design.rows(slice(3, 9)).matvec(W), Z[3:9] @ W, **close)
        assert design.gram().dtype == design.matvec(W).dtype == dtype


@settings(max_examples=50, deadline=None)
@given(n=st.integers(1, 5000), p=st.integers(1, 5000))
def test_blocks_cover_each_row_once(n, p):
    rows = np.concatenate([np.arange(n)[part] for part in blocks(n, p)])
    assert np.array_equal(rows, np.arange(n))


def test_nothing_of_the_size_of_x_is_allocated():
    import tracemalloc

    X = np.random.default_rng(0).normal(size=(60000, 40))  # 19 MB, blocks of 4 MB
    Y = X[:, :1].copy()
    for form in (X, np.asfortranarray(X)):
        tracemalloc.start()
        moments_of(form, Y, np.ones(len(X)), True)
        Design(form, weighted_mean(form)).gram(np.ones(len(X)))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 0.5 * X.nbytes
