"""What candidates predict for rows that they were not fitted on: kept by ``keep_predictions``, for ensembles.

A worker returns the predictions with the scores of a fold. They stay in memory, or the process that searches writes
them to one file for each (candidate, fold) and maps it when it is asked for.
"""

import os
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.base import is_classifier

from ._result import CandidateResult
from ._task import Task
from ._unit import EvaluationSetup, FoldResult

__all__ = [
    "FoldPredictions",
    "OutOfFoldPredictions",
    "PredictionFiles",
    "Predictor",
    "predictor_of",
]

Array = NDArray[Any]


@dataclass(frozen=True)
class FoldPredictions:
    """What one candidate predicts for the test part of one fold.

    Parameters
    ----------
    method : str
        ``"predict_proba"``, ``"decision_function"`` or ``"predict"``.
    values : ndarray of shape (n_test, ...)
        A row for each row of the test part.
    """

    method: str
    values: Array

    def load(self) -> Array:
        """Return the values."""
        return self.values


@dataclass(frozen=True)
class _StoredPredictions:
    """The same in a file."""

    method: str
    path: str

    def load(self) -> Array:
        mapped: Array = np.load(self.path, mmap_mode="r", allow_pickle=False)
        return mapped


@dataclass(frozen=True)
class Predictor:
    """Asks a fitted estimator for the most that it says: probabilities, decisions, else its predictions.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,) or None
        All classes of the target, sorted; None if the estimator is no classifier, or has several targets.
    """

    classes: Array | None

    def predict(self, estimator: Any, X: Any) -> FoldPredictions:
        """Return the predictions for rows X, with a column for each class of the whole target.

        Parameters
        ----------
        estimator : estimator object
            Fitted.
        X : array-like of shape (n_test, n_features)
            Rows it was not fitted on.
        """
        if self.classes is not None:
            if hasattr(estimator, "predict_proba"):
                values = self._aligned(estimator, estimator.predict_proba(X), absent=0.0)
                if values is not None:
                    return FoldPredictions("predict_proba", values)
            elif hasattr(estimator, "decision_function"):
                decisions = np.asarray(estimator.decision_function(X))
                if decisions.ndim == 1 and len(self.classes) == 2:
                    return FoldPredictions("decision_function", decisions)
                lowest = decisions.min(axis=1) if decisions.ndim == 2 else 0.0
                values = self._aligned(estimator, decisions, absent=lowest)
                if values is not None and not _is_one_against_one(estimator):
                    return FoldPredictions("decision_function", values)
        predicted = estimator.predict(X)
        # Of several targets that were sparse, labels are sparse too.
        is_sparse = issparse(predicted)
        return FoldPredictions(
            "predict", predicted.toarray() if is_sparse else np.asarray(predicted)
        )

    def _aligned(self, estimator: Any, values: Any, absent: Any) -> Array | None:
        """Return a column for each class, `absent` for one not seen; None unless there is one for each seen."""
        assert self.classes is not None
        values, seen = np.asarray(values), np.asarray(estimator.classes_)
        if values.ndim != 2 or values.shape[1] != len(seen):
            return None
        # Some number the classes inside, and do not say by which.
        if not set(seen.tolist()) <= set(self.classes.tolist()):
            return None
        places = np.searchsorted(self.classes, seen)
        aligned = np.empty((len(values), len(self.classes)), dtype=values.dtype)
        aligned[:] = np.reshape(absent, (-1, 1))
        aligned[:, places] = values
        return aligned


def _is_one_against_one(estimator: Any) -> bool:
    """Whether decisions are between two classes each: of three classes there are three, one for each class or pair."""
    return any(
        name.rpartition("__")[2] == "decision_function_shape" and value == "ovo"
        for name, value in estimator.get_params().items()
        if isinstance(value, str)
    )


def predictor_of(estimator: Any, y: Any) -> Predictor:
    """Return who predicts for a search over this estimator.

    Parameters
    ----------
    estimator : estimator object
        Unfitted.
    y : array-like or None
        Its whole target.

    Raises
    ------
    TypeError
        If it does not predict.
    """
    if not hasattr(estimator, "predict"):
        raise TypeError(
            f"keep_predictions needs an estimator with predict, and {type(estimator).__name__} has none. "
            "Set keep_predictions=False."
        )
    is_single = y is not None and not issparse(y) and np.shape(y)[1:] in ((), (1,))
    return Predictor(np.unique(np.asarray(y)) if is_classifier(estimator) and is_single else None)


class PredictionFiles:
    """Puts predictions into files, each search into a directory of its own.

    Parameters
    ----------
    directory : str or path-like
        Made if it does not exist. Nothing in it is ever deleted.

    Raises
    ------
    OSError
        If it is a file, or cannot be made.
    """

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        # Absolute, for it is read later, perhaps from elsewhere.
        place = os.path.abspath(directory)
        if os.path.exists(place) and not os.path.isdir(place):
            raise NotADirectoryError(
                f"keep_predictions={os.fspath(directory)!r} is a file. Give the path of a directory, which is made if "
                "it does not exist."
            )
        os.makedirs(place, exist_ok=True)
        self._directory = tempfile.mkdtemp(prefix="predictions-", dir=place)
        self._has_warned = False

    def put(self, task: Task, result: FoldResult) -> FoldResult:
        """Write the predictions of a task to a file.

        Parameters
        ----------
        task : Task
            Its numbers name the file.
        result : FoldResult
            What it gave.

        Returns
        -------
        result : FoldResult
            The same with a handle to the file; what has no predictions, or cannot be written, comes back as it is.
        """
        if not isinstance(result.predictions, FoldPredictions):
            return result
        name = f"candidate{task.candidate:06d}-fold{task.fold:03d}.npy"
        path = os.path.join(self._directory, name)
        values = result.predictions.values
        # Labels that are objects would need pickle, which could run code when it is read: numbers among
        # them are written as numbers, all else as text.
        plain = np.array(values.tolist()) if values.dtype.hasobject else values
        plain = plain.astype(str) if plain.dtype.hasobject else plain
        try:
            np.save(path, plain, allow_pickle=False)
        except OSError as error:  # a full disk does not cost the search
            self._warn_not_written(error)
            return result
        return replace(result, predictions=_StoredPredictions(result.predictions.method, path))

    def _warn_not_written(self, error: OSError) -> None:
        if not self._has_warned:
            self._has_warned = True
            warnings.warn(
                f"Predictions could not be written to {self._directory}: {error.strerror}. What does not fit "
                "there stays in memory. Make room, or give another keep_predictions=.",
                UserWarning,
                stacklevel=3,
            )


@dataclass(frozen=True, eq=False)
class OutOfFoldPredictions:
    """What the candidates of a search predict for rows that they were not fitted on.

    ``predictions[k]`` is what candidate k (a row of `cv_results_`) says of `rows`, an array of shape
    (n_oof,) or (n_oof, n_classes); None if it was not evaluated on all folds, failed, or could not predict.

    Parameters
    ----------
    rows : ndarray of shape (n_oof,)
        The test rows of all folds, one fold after the other.
    fold_sizes : tuple of int
        How many of them each fold has.
    classes : ndarray of shape (n_classes,) or None
        The classes of the columns, and of positive decisions the last; None if there are none.
    folds : tuple
        For each candidate its predictions fold by fold, or None.
    n_samples : int
        Rows of the data of the search.
    target : ndarray of shape (n_oof,) or (n_oof, n_outputs), or None
        The true target of `rows`; None for a sparse one, or without a target.

    Examples
    --------
    >>> from skbayes import GridSearchCV
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> grid = {"C": [0.1, 1.0]}
    >>> search = GridSearchCV(LogisticRegression(max_iter=1000), grid, keep_predictions=True)
    >>> predictions = search.fit(*load_iris(return_X_y=True)).predictions_
    >>> predictions.methods
    ('predict_proba', 'predict_proba')
    >>> predictions[0].shape
    (150, 3)
    """

    rows: Array
    fold_sizes: tuple[int, ...]
    classes: Array | None
    folds: tuple[Any, ...] = field(repr=False)
    n_samples: int
    target: Array | None = field(repr=False)

    def __len__(self) -> int:
        return len(self.folds)

    @property
    def methods(self) -> tuple[str | None, ...]:
        """What each candidate was asked for: the name of a method, None if there are no predictions of it."""
        return tuple(None if parts is None else parts[0].method for parts in self.folds)

    def __getitem__(self, k: int) -> Array | None:
        parts = self.folds[k]
        return None if parts is None else np.concatenate([part.load() for part in parts])

    @classmethod
    def of(
        cls,
        evaluated: Sequence[CandidateResult],
        folds: Sequence[tuple[Any, Any]],
        setup: EvaluationSetup,
    ) -> "OutOfFoldPredictions":
        """Collect the predictions of a search.

        Parameters
        ----------
        evaluated : sequence of CandidateResult
            In the order of `cv_results_`.
        folds : sequence of (train, test)
            The folds of the search.
        setup : EvaluationSetup
            Data and predictor of the search.
        """
        tests = [np.asarray(test) for _, test in folds]
        tests = [np.flatnonzero(test) if test.dtype == bool else test for test in tests]
        kept = tuple(_predictions_of(result, len(tests)) for result in evaluated)
        rows = np.concatenate(tests)
        n_samples = setup.X.shape[0] if hasattr(setup.X, "shape") else len(setup.X)
        is_plain = setup.y is not None and not issparse(setup.y)
        return cls(
            rows=rows,
            fold_sizes=tuple(map(len, tests)),
            classes=setup.predictor.classes,
            folds=kept,
            n_samples=int(n_samples),
            target=np.asarray(setup.y)[rows] if is_plain else None,
        )


def _predictions_of(result: CandidateResult, n_folds: int) -> tuple[Any, ...] | None:
    """Return the predictions fold by fold, None unless all folds have them in one form."""
    parts = tuple(fold.predictions for fold in result.folds_run if fold.status == "complete")
    is_whole = len(parts) == n_folds and all(part is not None for part in parts)
    return parts if is_whole and len({part.method for part in parts}) == 1 else None
