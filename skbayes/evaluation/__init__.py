"""One (candidate, fold) fitted and scored, and the pool that runs many of them on joblib's active back-end."""

from ._events import NoEvents
from ._fingerprint import fingerprint
from ._folds import draw_folds
from ._journal import Journal
from ._journal_header import JournalHeader
from ._known_candidates import KnownCandidate, read_journal
from ._limits import as_limits
from ._pool import EvaluationPool, PoolOptions
from ._predictions import OutOfFoldPredictions, PredictionFiles, predictor_of
from ._racing import ForgivingRule, RacingRule, WinProbability, as_racing_rule
from ._result import CandidateResult
from ._sealed import read_sealed, write_sealed
from ._task import Candidate, Task
from ._unit import EvaluationSetup, FoldResult, fit_and_score

__all__ = [
    "Candidate",
    "CandidateResult",
    "EvaluationPool",
    "EvaluationSetup",
    "FoldResult",
    "ForgivingRule",
    "Journal",
    "JournalHeader",
    "KnownCandidate",
    "NoEvents",
    "OutOfFoldPredictions",
    "PoolOptions",
    "PredictionFiles",
    "RacingRule",
    "Task",
    "WinProbability",
    "as_limits",
    "as_racing_rule",
    "draw_folds",
    "fingerprint",
    "fit_and_score",
    "predictor_of",
    "read_journal",
    "read_sealed",
    "write_sealed",
]
