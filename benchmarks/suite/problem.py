"""What a problem is: a space and a score to be maximised, with the scores of its folds or its noise."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, log_loss, r2_score, roc_auc_score

from .data import Fold, folds
from .dimensions import Dimension, Params

__all__ = ["Evaluation", "Function", "LiveTask", "Problem"]

# A fit that fails, or a score that is not finite or lower than this, counts as this.
FLOOR = -1e6


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation shows, what it would show without noise, and the score of each fold."""

    observed: float
    true: float
    fold_scores: tuple[float, ...] = ()


@dataclass(frozen=True)
class Function:
    """A function with a known maximum, perhaps observed with noise of a given standard deviation."""

    name: str
    space: Sequence[Dimension]
    func: Callable[[Params], float]
    optimum: float
    noise: float | Callable[[Params], float] = 0.0

    kind = "synthetic"

    def score(self, params: Params) -> float:
        """Return the score without noise."""
        return float(self.func(params))

    def noise_at(self, params: Params) -> float:
        """Return the standard deviation of the noise."""
        return self.noise(params) if callable(self.noise) else self.noise

    def evaluate(self, params: Params, rng: np.random.Generator) -> Evaluation:
        """Evaluate once; without noise nothing is drawn."""
        true, noise = self.score(params), self.noise_at(params)
        return Evaluation(true + noise * rng.standard_normal() if noise else true, true)


def _accuracy(model: Any, X: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    return accuracy_score(y, model.predict(X))


def _log_likelihood(model: Any, X: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    return -log_loss(y, model.predict_proba(X), labels=model.classes_)


def _auc(model: Any, X: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    if hasattr(model, "decision_function"):
        return roc_auc_score(y, model.decision_function(X))
    return roc_auc_score(y, model.predict_proba(X)[:, 1])


def _r2(model: Any, X: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    return r2_score(y, model.predict(X))


METRICS = {"accuracy": _accuracy, "log_likelihood": _log_likelihood, "auc": _auc, "r2": _r2}


@dataclass(frozen=True)
class LiveTask:
    """The mean score over fixed folds of the model that `build` makes of a candidate.

    Data, folds and the model's own seed are fixed, so a candidate has one score.
    """

    name: str
    space: Sequence[Dimension]
    build: Callable[[Params], Any]
    data: str
    metric: str
    n_splits: int = 5

    kind = "live"
    optimum = None  # nobody knows it

    @property
    def folds(self) -> list[Fold]:
        """The folds; stratified for classes."""
        return folds(self.data, self.n_splits, self.metric != "r2")

    def fold_score(self, params: Params, fold: int) -> float:
        """Return the score of a candidate on one fold."""
        X_train, y_train, X_test, y_test = self.folds[fold]
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # candidates at the edge of a space rarely converge
            try:
                model = self.build(dict(params)).fit(X_train, y_train)
                score = float(METRICS[self.metric](model, X_test, y_test))
            except (ValueError, FloatingPointError, np.linalg.LinAlgError):
                return FLOOR
        return max(score, FLOOR) if math.isfinite(score) else FLOOR

    def fold_scores(self, params: Params) -> tuple[float, ...]:
        """Return the score of a candidate on every fold."""
        return tuple(self.fold_score(params, fold) for fold in range(self.n_splits))

    def score(self, params: Params) -> float:
        """Return the mean score of a candidate."""
        return float(np.mean(self.fold_scores(params)))

    def noise_at(self, params: Params) -> float:
        """Return 0: the folds are fixed."""
        return 0.0

    def evaluate(self, params: Params, rng: np.random.Generator) -> Evaluation:
        """Evaluate on all folds."""
        fold_scores = self.fold_scores(params)
        mean = float(np.mean(fold_scores))
        return Evaluation(mean, mean, fold_scores)


Problem = LiveTask | Function
