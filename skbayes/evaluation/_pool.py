"""The pool that evaluates candidates: (candidate, fold) units through joblib's active back-end, results in order.

``with joblib.parallel_config("dask")`` around `fit` is all it takes to leave the machine. A back-end that can hand
back results as they finish (loky, threading, Dask) is read as a stream; another one in whole waves.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import Any

import numpy as np
from sklearn.utils.parallel import Parallel, delayed

from .._sklearn import no_callback_context
from ._unit import EvaluationSetup, FoldResult, fit_and_score

__all__ = ["CandidateResult", "EvaluationPool"]


@dataclass(frozen=True)
class CandidateResult:
    """One candidate with the results of its folds.

    Parameters
    ----------
    params : dict of str to object
        The candidate as proposed: the user's own objects.
    folds : tuple of FoldResult
        One per fold, in the order of the folds.
    """

    params: dict[str, Any]
    folds: tuple[FoldResult, ...]

    def fold_scores(self, metric: str) -> np.ndarray:
        """Return the test score of each fold, shape (n_splits,).

        Parameters
        ----------
        metric : str
            The name of the metric; ignored when there is only one without a name.

        Returns
        -------
        scores : ndarray of shape (n_splits,)
            Higher is better; what a failed fold counts as is `error_score`.
        """
        return np.array([_pick(fold.test_scores, metric) for fold in self.folds], dtype=float)

    @property
    def has_failed(self) -> bool:
        """Whether any fold could not be fitted or scored."""
        return any(fold.fit_error or fold.score_error for fold in self.folds)

    @property
    def mean_fit_time(self) -> float:
        """Seconds per fold."""
        return float(np.mean([fold.fit_time for fold in self.folds]))


def _pick(scores: float | dict[str, float], metric: str) -> float:
    return scores[metric] if isinstance(scores, dict) else scores


class EvaluationPool:
    """Runs candidates over all folds; a context manager that keeps the workers between waves.

    Parameters
    ----------
    setup : EvaluationSetup
        What all units share.
    folds : sequence of (train, test)
        The folds, drawn once.
    n_jobs : int or None
        As in joblib.
    pre_dispatch : int or str
        As in joblib: how many units are prepared ahead.
    caller : estimator, default=None
        The search, for scikit-learn's callbacks.
    """

    def __init__(
        self,
        setup: EvaluationSetup,
        folds: Sequence[tuple[Any, Any]],
        n_jobs: int | None,
        pre_dispatch: int | str,
        caller: Any = None,
    ) -> None:
        self.setup = setup
        self.folds = folds
        self._caller = caller
        self._n_units = 0
        options = {"n_jobs": n_jobs, "pre_dispatch": pre_dispatch}
        try:
            self._parallel = Parallel(return_as="generator", **options)
        except ValueError:  # the back-end cannot stream (multiprocessing, Ray, Spark)
            self._parallel = Parallel(**options)

    def __enter__(self) -> "EvaluationPool":
        self._parallel.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._parallel.__exit__(kind, value, traceback)

    def run(
        self, candidates: Sequence[dict[str, Any]], context: Any = no_callback_context
    ) -> Iterator[CandidateResult]:
        """Evaluate candidates side by side and yield each, in order, when its last fold is done.

        Parameters
        ----------
        candidates : sequence of dict
            Parameters to set on the estimator.
        context : CallbackContext, default=no callbacks
            The search's node in scikit-learn's callback tree.

        Yields
        ------
        result : CandidateResult
            In the order of `candidates`.
        """
        # Contexts and labels are made before the dispatch: joblib's threads must not change
        # objects that another thread is pickling.
        units = [
            (params, fold, self._label(i, len(candidates), j), self._leaf(context))
            for i, params in enumerate(candidates)
            for j, fold in enumerate(self.folds)
        ]
        caller = None if context is no_callback_context else self._caller
        is_left = False

        def jobs() -> Iterator[Any]:
            for params, fold, label, leaf in units:
                if is_left:
                    return
                yield delayed(fit_and_score)(self.setup, params, fold, label, caller, leaf)

        results = iter(self._parallel(jobs()))
        try:
            for params in candidates:
                yield CandidateResult(params, tuple(islice(results, len(self.folds))))
        finally:
            # Left early: nothing more is dispatched, and what runs already is waited for, because
            # joblib's own way to drop it is a warning.
            is_left = True
            for _ in results:
                pass

    def _leaf(self, context: Any) -> Any:
        number, self._n_units = self._n_units, self._n_units + 1
        return context.subcontext(task_name="candidate-split-evaluation", task_id=number)

    def _label(self, candidate: int, n_candidates: int, fold: int) -> str:
        verbose = self.setup.verbose
        text = f" {fold + 1}/{len(self.folds)}" if verbose > 2 else ""
        return text + (f"; {candidate + 1}/{n_candidates}" if verbose > 9 else "")
