"""The benchmark of linear models: its objective is that of the peers, and its report compares round by round."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import Lasso, LogisticRegression, Ridge


@pytest.fixture(scope="module")
def scripts():
    """The scripts import each other as neighbours."""
    folder = str(Path(__file__).parents[2] / "benchmarks")
    sys.path.insert(0, folder)
    yield [
        importlib.import_module(name)
        for name in ("linear_rows", "linear_peers", "linear_report", "linear")
    ]
    sys.path.remove(folder)


def test_every_peer_of_a_row_exists(scripts):
    rows, peers, *_ = scripts
    for row in rows.ROWS.values():
        assert set(row.solvers) <= peers.PEERS[row.task].keys()


def gradient(problem, coef, intercept):
    """Central differences of the objective along the intercept and the coefficients that are not zero."""
    step, slopes = 1e-6, []
    for j in [None, *np.flatnonzero(coef)]:
        values = []
        for sign in (step, -step):
            moved, level = coef.copy(), intercept
            if j is None:
                level = intercept + sign
            else:
                moved[j] += sign
            values.append(problem.value(moved, level))
        slopes.append((values[0] - values[1]) / (2 * step))
    return np.array(slopes)


@pytest.mark.parametrize("family", ["ridge", "lasso", "logistic"])
def test_scikit_learns_solution_is_a_minimum_of_the_common_objective(scripts, family):
    rows, *_ = scripts
    X, y = rows.dense(200, 12, family="logistic" if family == "logistic" else "gaussian")
    if family == "lasso":
        problem = rows.Problem(X, y, alpha=0.1, l1_ratio=1.0)
        model = Lasso(0.1, tol=1e-12).fit(X, y)
    elif family == "ridge":
        problem = rows.Problem(X, y, alpha=0.1)
        model = Ridge(0.1 * 200).fit(X, y)
    else:
        problem = rows.Problem(X, y, family="logistic", alpha=0.1)
        model = LogisticRegression(C=1 / (0.1 * 200), tol=1e-10, max_iter=1000).fit(X, y)
    coef, intercept = np.ravel(model.coef_), float(np.ravel(model.intercept_)[0])
    # Differences of values near 1 over steps of 1e-6 carry errors of some 1e-10; the solver's tolerance adds to them.
    np.testing.assert_allclose(gradient(problem, coef, intercept), 0.0, atol=1e-6)
    assert problem.value(coef, intercept) < problem.null_value()


def test_at_the_largest_strength_all_coefficients_are_zero(scripts):
    rows, *_ = scripts
    X, y = rows.dense(200, 12)
    largest = rows.Problem(X, y, l1_ratio=1.0).alpha_max()
    assert not Lasso(largest * 1.0001, tol=1e-12).fit(X, y).coef_.any()
    assert Lasso(largest * 0.9999, tol=1e-12).fit(X, y).coef_.any()


def test_factors_are_medians_of_ratios_within_rounds(scripts):
    *_, report, _ = scripts
    # The machine was three times slower in the second round: the ratios do not see it.
    ours = {"row": "lasso10-200x5000", "cpu": [1.0, 3.0, 1.0]}
    peer = {"row": "lasso10-200x5000", "cpu": [2.0, 6.0, 2.2]}
    assert report.factor(peer, ours) == pytest.approx(2.0)


def test_the_loosest_tolerance_that_reaches_a_target_is_found(scripts, tmp_path):
    *_, linear = scripts

    class Linear:
        """Ends a third of its tolerance above the minimum of 1."""

        solver, null, n_fits = "it", 1.0, 0

        def ask(self, tol, repeat):
            self.n_fits += 1
            return {"values": [1.0 + tol / 3], "cpu": 0.0}

    known = linear.Known(tmp_path / "known.json", values={"row": [1.0]})
    for start in (1e-2, 1e-6, 1e-14):
        found = linear.seek(Linear(), "row", 1e-8, start, known, print)
        assert found == pytest.approx(10**-8 * 1.0)  # 10^-7.5 would end at 1.05e-8
