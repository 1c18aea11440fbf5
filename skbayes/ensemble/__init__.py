"""Ensembles: of the candidates of a search, and of snapshots of one training run."""

from ._search_ensembles import SearchEnsembleClassifier, SearchEnsembleRegressor
from ._snapshot_ensembles import SnapshotEnsembleClassifier, SnapshotEnsembleRegressor

__all__ = [
    "SearchEnsembleClassifier",
    "SearchEnsembleRegressor",
    "SnapshotEnsembleClassifier",
    "SnapshotEnsembleRegressor",
]
