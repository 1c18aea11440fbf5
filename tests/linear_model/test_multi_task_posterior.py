"""The posterior of the multi-task models: by finite differences of what they minimise, and as other models."""

import pickle

import numpy as np
import pytest
from scipy import linalg, sparse

from skbayes.linear_model import MAPElasticNet, MAPMultiTaskElasticNet, MAPMultiTaskLasso, MAPRidge

RNG = np.random.default_rng(0)
N, P, K = 40, 5, 3
X = RNG.standard_normal((N, P)) + 2.0
Y = X[:, :2] @ RNG.standard_normal((2, K)) + 1.0 + 0.5 * RNG.standard_normal((N, K))
WEIGHT = RNG.integers(0, 4, N).astype(float)


def precision_of(model, s):
    """Return the Hessian of what the model minimises, in its active rows (target by target) and intercepts."""
    active = np.flatnonzero(np.any(model.coef_, axis=0))
    size = active.size + 1
    total = s.sum()
    start = np.column_stack([model.coef_[:, active], model.intercept_])
    strength = model.alpha * model.l1_ratio, model.alpha * (1.0 - model.l1_ratio)

    def objective(flat):
        rows = flat.reshape(K, size)
        R = Y - X[:, active] @ rows[:, :-1].T - rows[:, -1]
        norms = np.linalg.norm(rows[:, :-1], axis=0).sum()
        penalty = strength[0] * norms + 0.5 * strength[1] * np.sum(rows[:, :-1] ** 2)
        return 0.5 * np.sum(s[:, None] * R * R) + total * penalty

    E = 1e-4 * np.eye(K * size)
    w = start.ravel()
    H = np.array(
        [
            [
                objective(w + a + b)
                - objective(w + a - b)
                - objective(w - a + b)
                + objective(w - a - b)
                for b in E
            ]
            for a in E
        ]
    )
    return H / 4e-8, active


@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.6])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix])
def test_covariance_is_that_of_the_active_rows(weight, l1_ratio, container):
    model = MAPMultiTaskElasticNet(alpha=0.4, l1_ratio=l1_ratio, tol=1e-12)
    model.fit(container(X), Y, sample_weight=weight)
    s = np.ones(N) if weight is None else weight
    H, active = precision_of(model, s)
    assert 0 < active.size < P
    # The data's part of H makes γ; one noise for all targets.
    A = np.column_stack([X[:, active], np.ones(N)])
    of_data = linalg.block_diag(*[(s[:, None] * A).T @ A] * K)
    gamma = np.trace(np.linalg.solve(H, of_data))
    R = Y - X @ model.coef_.T - model.intercept_
    variance = np.sum(s[:, None] * R * R) / (K * s.sum() - gamma)
    expected = variance * np.linalg.inv(H)
    index = np.append(active, P)
    # Second differences: of a sum of a hundred, and of norms near zero.
    for t, posterior in enumerate(model.posterior_):
        block = slice(t * index.size, (t + 1) * index.size)
        np.testing.assert_allclose(
            posterior.covariance[np.ix_(index, index)], expected[block, block], rtol=1e-3, atol=1e-7
        )
        assert posterior.dof == pytest.approx(K * s.sum() - gamma, rel=1e-5)
        assert (posterior.kind, posterior.is_conditional) == ("support", True)
        np.testing.assert_allclose(posterior.mean, [*model.coef_[t], model.intercept_[t]])
    np.testing.assert_array_equal(model.coef_std_ == 0.0, model.coef_ == 0.0)


def test_one_target_is_the_elastic_net_of_the_same_strength():
    y = Y[:, [0]]
    several = MAPMultiTaskElasticNet(alpha=0.1, l1_ratio=0.5, tol=1e-12).fit(X, y)
    one = MAPElasticNet(alpha=0.1, l1_ratio=0.5, tol=1e-12).fit(X, y[:, 0])
    np.testing.assert_allclose(several.coef_std_[0], one.coef_std_, rtol=1e-5)
    assert several.intercept_std_[0] == pytest.approx(one.intercept_std_, rel=1e-5)
    _, spread = several.predict(X[:3], return_std=True)
    np.testing.assert_allclose(spread[:, 0], one.predict(X[:3], return_std=True)[1], rtol=1e-5)


def test_without_the_norms_it_is_ridge_with_a_common_noise():
    model = MAPMultiTaskElasticNet(alpha=0.1, l1_ratio=0.0).fit(X, Y)
    ridge = MAPRidge(alpha=0.1 * N).fit(X, Y)
    common = np.sqrt(np.mean(ridge.noise_scale_**2))
    expected = ridge.coef_std_ / ridge.noise_scale_[:, None] * common
    np.testing.assert_allclose(model.coef_std_, expected, rtol=1e-7)
    assert not model.posterior_[0].is_conditional


def test_without_intercepts_there_is_no_place_for_them():
    model = MAPMultiTaskLasso(alpha=0.1, fit_intercept=False).fit(X, Y)
    assert model.posterior_[0].mean.shape == (P,)
    np.testing.assert_array_equal(model.intercept_std_, 0.0)


def test_a_pickle_has_the_posterior_and_no_data():
    model = MAPMultiTaskLasso(alpha=0.1).fit(X, Y)
    state = pickle.dumps(MAPMultiTaskLasso(alpha=0.1).fit(X, Y))
    again = pickle.loads(state)
    np.testing.assert_allclose(again.coef_std_, model.coef_std_)
    lower, upper = again.predict_interval(X[:2])
    np.testing.assert_allclose((lower + upper) / 2.0, model.predict(X[:2]))
    assert np.ascontiguousarray(X).tobytes()[:400] not in state


def test_data_changed_in_place_are_noticed():
    changed = X.copy()
    model = MAPMultiTaskLasso(alpha=0.1).fit(changed, Y)
    changed *= 2.0
    with pytest.raises((RuntimeError, AttributeError), match="changed in place"):
        _ = model.coef_std_


def test_a_fit_that_uses_up_the_rows_says_so():
    rng = np.random.default_rng(1)
    model = MAPMultiTaskElasticNet(alpha=1e-9, l1_ratio=0.5, max_iter=50_000)
    model.fit(rng.standard_normal((4, 3)), rng.standard_normal((4, 2)))
    with pytest.raises((ValueError, AttributeError), match="noise scale cannot be estimated"):
        _ = model.coef_std_


def test_a_target_has_no_evidence_and_no_record_of_its_own():
    model = MAPMultiTaskLasso(alpha=0.1).fit(X, Y)
    with pytest.raises(AttributeError, match="under one prior"):
        _ = model.log_evidence_
    with pytest.raises(AttributeError, match="fitted together"):
        _ = model._records
