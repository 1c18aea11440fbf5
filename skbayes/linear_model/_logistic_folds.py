"""Cross-validation of logistic regressions: on each fold a warm-started path along C, scored as it goes.

Notation: F folds, R values of l1_ratio, Q values of C, K rows of coefficients (1 for two classes), d coefficients of
a row with its intercept.
"""

import warnings
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.parallel import Parallel, delayed

from .._sklearn import metadata_rows, scorer_with_labels
from ._logistic_path import LogisticMode, LogisticProblem

__all__ = ["FoldPaths", "fit_folds"]

Array = NDArray[Any]


@dataclass(frozen=True)
class FoldPaths:
    """What came of all folds.

    Attributes
    ----------
    coefs : ndarray of shape (F, R, Q, K, d)
        Coefficients, intercepts last.
    scores : ndarray of shape (F, R, Q)
        Scores on the rows left out.
    n_iter : ndarray of shape (F, R, Q)
        Iterations of the solver.
    """

    coefs: Array
    scores: Array
    n_iter: Array


def fit_folds(
    problem: LogisticProblem,
    folds: Sequence[tuple[Array, Array]],
    Cs: Array,
    l1_ratios: Sequence[float],
    score: Callable[[list[Array], Array], list[float]],
    n_jobs: int | None,
    verbose: int,
) -> FoldPaths:
    """Return the paths of all folds and values of l1_ratio, in parallel.

    Parameters
    ----------
    problem : LogisticProblem
        Of all rows.
    folds : sequence of (train, test)
        Positions of rows.
    Cs : ndarray of shape (Q,)
        The strengths, in the order of the path.
    l1_ratios : sequence of float
        Of the paths.
    score : callable
        ``score(ws, test)``: how good each of some coefficients is on the rows left out.
    n_jobs, verbose : int or None, int
        Of joblib.
    """
    tasks = [(train, test, l1_ratio) for train, test in folds for l1_ratio in l1_ratios]
    done = Parallel(n_jobs=n_jobs, verbose=verbose, prefer="processes")(
        delayed(_fold_path)(problem, train, test, Cs, l1_ratio, score)
        for train, test, l1_ratio in tasks
    )
    modes = [mode for path, _ in done for mode in path]
    _warn_of_no_convergence(modes)
    shape = (len(folds), len(l1_ratios), len(Cs))
    return FoldPaths(
        np.array([mode.w for mode in modes]).reshape(*shape, *problem.shape),
        np.array([scores for _, scores in done], dtype=float).reshape(shape),
        np.array([mode.result.n_iter for mode in modes], dtype=np.int32).reshape(shape),
    )


def _fold_path(
    problem: LogisticProblem,
    train: Array,
    test: Array,
    Cs: Array,
    l1_ratio: float,
    score: Callable[[list[Array], Array], list[float]],
) -> tuple[list[LogisticMode], list[float]]:
    part = replace(
        problem,
        X=problem.X[train],
        code=problem.code[train],
        weight=None if problem.weight is None else problem.weight[train],
    )
    modes: list[LogisticMode] = []
    for C in Cs:
        modes.append(part.solve(float(C), l1_ratio, modes[-1].w if modes else None))
    return modes, score([mode.w for mode in modes], test)


class FoldScore:
    """Scores coefficients on the rows of a fold that were left out, by a scorer of scikit-learn's.

    Parameters
    ----------
    template : estimator
        Predicts once it has coefficients.
    scorer : callable
        ``scorer(estimator, X, y, **params)``.
    X, y : array-like
        All rows.
    params : dict
        Metadata for the scorer, of all rows.
    """

    def __init__(
        self, template: Any, scorer: Any, X: Any, y: Array, params: dict[str, Any]
    ) -> None:
        self.template = template
        self.scorer = scorer_with_labels(scorer, template.classes_)
        self.X = X
        self.y = y
        self.params = params

    def __call__(self, ws: list[Array], test: Array) -> list[float]:
        X, y = self.X[test], self.y[test]
        params = metadata_rows(self.X, self.params, indices=test)
        model = copy(self.template)  # other threads score other folds
        scores = []
        for w in ws:
            model._set_coefficients(w, X.shape[1])
            scores.append(float(self.scorer(model, X, y, **params)))
        return scores


def _warn_of_no_convergence(modes: list[LogisticMode]) -> None:
    """Warn once for all fits of all folds."""
    failed = [mode for mode in modes if not mode.result.converged]
    if failed:
        warnings.warn(
            f"{len(failed)} of {len(modes)} fits of the cross-validation did not converge; the first one: "
            f"{type(failed[0].solver).__name__}: {failed[0].result.message}. Increase the number of iterations "
            "(max_iter), scale the data, or give a larger tol.",
            ConvergenceWarning,
            stacklevel=5,
        )
