"""The candidates of a finished search as a library to choose from: what they predict, and the score of an average."""

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context

from .._sklearn import metadata_rows, safe_split
from ._averaging import as_numbers, common_rule
from ._given import given_predictions
from ._quick_scores import quick_scores

__all__ = ["FoldScores", "Library", "open_library"]

Array = NDArray[Any]


class FoldScores:
    """Scores predictions as the search scores its candidates: the mean of the scores of the folds.

    Parameters
    ----------
    scorer : callable
        ``scorer(estimator, X, y)``.
    metric : str or None
        Which of several scores counts; None if there is one.
    folds : list of (X, y, score_params)
        The test parts, in the order of the predictions.
    rule : str
        What the predictions are.
    classes : ndarray or None
        Of a classifier.
    """

    def __init__(
        self,
        scorer: Any,
        metric: str | None,
        folds: list[tuple[Any, Any, dict[str, Any]]],
        rule: str,
        classes: Array | None,
    ) -> None:
        self._scorer = scorer
        self._metric = metric
        self._folds = folds
        self._ends = np.cumsum([len(y) for _, y, _ in folds])[:-1]
        self._rule = rule
        self._classes = classes
        is_plain = metric is None and not any(params for *_, params in folds)
        targets = [np.asarray(y) for _, y, _ in folds]
        self._quick = quick_scores(scorer, targets, rule, classes) if is_plain else None

    def __call__(self, numbers: Array) -> float:
        """Return the mean score over the folds."""
        return self.by_scorer(numbers) if self._quick is None else self._quick(numbers)

    def by_scorer(self, numbers: Array) -> float:
        """Return the same by the scorer itself."""
        # What scikit-learn checks at each call of a metric has been checked by the search.
        with config_context(skip_parameter_validation=True):
            parts = np.split(numbers, self._ends)
            return float(
                np.mean([self._of_fold(*fold) for fold in zip(parts, self._folds, strict=True)])
            )

    def _of_fold(self, numbers: Array, fold: tuple[Any, Any, dict[str, Any]]) -> float:
        X, y, params = fold
        given = given_predictions(numbers, self._rule, self._classes)
        try:
            score = self._scorer(given, X, y, **params)
            return float(score[self._metric] if isinstance(score, dict) else score)
        except Exception as error:
            what = {"vote": "labels", "predict": "values"}.get(self._rule, self._rule)
            raise ValueError(
                f"The metric of the selection cannot be computed from averaged predictions ({what}): {error}. "
                "Give scoring= a metric that can, such as 'accuracy' or 'r2'."
            ) from error


@dataclass(frozen=True)
class Library:
    """Candidates with out-of-fold predictions and a finite score; a sequence of these predictions, as numbers.

    Parameters
    ----------
    candidates : ndarray of int, shape (n_candidates,)
        Their rows in `cv_results_`.
    methods : list of str
        What each of them was asked for.
    rule : str
        How they are averaged.
    classes : ndarray or None
        Of a classifier.
    scales : ndarray of shape (n_candidates,)
        What the numbers of each are divided by.
    alone : ndarray of shape (n_candidates,)
        Their scores.
    score : FoldScores
        Scores an average.
    kept : OutOfFoldPredictions
        Of the search.
    """

    candidates: NDArray[np.intp]
    methods: list[str]
    rule: str
    classes: Array | None
    scales: NDArray[np.float64]
    alone: NDArray[np.float64]
    score: FoldScores
    kept: Any

    def __len__(self) -> int:
        return len(self.candidates)

    def __getitem__(self, k: int) -> Array:
        values = self.kept[int(self.candidates[k])]
        numbers = as_numbers(values, self.methods[k], self.rule, self.classes)
        return numbers if self.scales[k] == 1.0 else numbers / self.scales[k]

    def __iter__(self) -> Iterator[Array]:
        return (self[k] for k in range(len(self)))


def open_library(
    search: Any, scorer: Any, metric: str | None, X: Any, y: Any, score_params: Mapping[str, Any]
) -> Library:
    """Return the candidates that can be chosen.

    Parameters
    ----------
    search : search object
        Fitted, with `predictions_`.
    scorer : callable
        Of the selection.
    metric : str or None
        Which of several scores counts.
    X : array-like of shape (n_samples, ...)
        What the search was fitted on.
    y : array-like of shape (n_samples,)
        Its target.
    score_params : mapping
        Metadata of the scorer; entries of length n_samples are cut to the folds.

    Returns
    -------
    library : Library
        In the order of `cv_results_`.

    Raises
    ------
    ValueError
        If there is no candidate, or if the metric cannot be computed from predictions.
    """
    kept = search.predictions_
    found = _usable(search)
    if not found:
        raise ValueError(
            f"None of the {len(kept)} candidates of the search was evaluated on all folds and predicted: there is "
            "nothing to choose from. See status and the scores in cv_results_."
        )
    methods = [kept.methods[k] for k in found]
    rule = common_rule(methods, kept.classes is not None)
    parts = _test_parts(search, X, y, score_params)
    score = FoldScores(scorer, metric, parts, rule, kept.classes)
    ones, none = np.ones(len(found)), np.empty(0)
    library = Library(np.array(found), methods, rule, kept.classes, ones, none, score, kept)
    if rule == "decision_function":
        library = replace(library, scales=np.array([_scale(numbers) for numbers in library]))
    return _with_finite_scores(library)


def _usable(search: Any) -> list[int]:
    """Return the candidates with predictions; if some keep to the constraints of the search, only these."""
    found = [k for k, method in enumerate(search.predictions_.methods) if method is not None]
    keeps_to = search.cv_results_.get("is_feasible", np.ones(len(search.predictions_), dtype=bool))
    return [k for k in found if keeps_to[k]] or found


def _with_finite_scores(library: Library) -> Library:
    """Return the candidates that have a score alone, with it."""
    alone = np.array([library.score(numbers) for numbers in library])
    usable = np.flatnonzero(np.isfinite(alone))
    if not len(usable):
        raise ValueError(
            f"The score of each of the {len(alone)} candidates alone is not finite: {alone}. "
            "Give scoring= a metric that is defined on every fold."
        )
    if len(usable) < len(alone):
        warnings.warn(
            f"{len(alone) - len(usable)} of {len(alone)} candidates have no finite score by the metric of the "
            "selection and are left out. scoring= takes another metric.",
            UserWarning,
            stacklevel=2,
        )
    return replace(
        library,
        candidates=library.candidates[usable],
        methods=[library.methods[k] for k in usable],
        scales=library.scales[usable],
        alone=alone[usable],
    )


def _scale(decisions: Array) -> float:
    """Return the root mean square of decisions: their unit is each model's own, and their sign is not."""
    scale = float(np.sqrt(np.mean(np.square(decisions))))
    return scale if np.isfinite(scale) and scale > 0 else 1.0


def _test_parts(
    search: Any, X: Any, y: Any, score_params: Mapping[str, Any]
) -> list[tuple[Any, Any, dict[str, Any]]]:
    kept = search.predictions_
    parts = []
    for rows in np.split(kept.rows, np.cumsum(kept.fold_sizes)[:-1]):
        X_test, y_test = safe_split(search.estimator, X, y, rows)
        parts.append((X_test, y_test, metadata_rows(X, params=score_params, indices=rows)))
    return parts
