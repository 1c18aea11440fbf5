"""One (candidate, fold) fitted and scored, and the pool that runs many of them on joblib's active back-end."""

from ._folds import draw_folds
from ._pool import CandidateResult, EvaluationPool
from ._unit import EvaluationSetup, FoldResult, fit_and_score

__all__ = [
    "CandidateResult",
    "EvaluationPool",
    "EvaluationSetup",
    "FoldResult",
    "draw_folds",
    "fit_and_score",
]
