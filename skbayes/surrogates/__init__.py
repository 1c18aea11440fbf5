"""Surrogates: arrays of the unit cube and their scores in, a posterior over the score out."""

from ._base import Surrogate
from ._forest import ExtraTrees, RandomForest
from ._gaussian_process import GaussianProcess
from ._kernels import KERNELS, RBF, Kernel, Matern32, Matern52
from ._output import OUTPUT_TRANSFORMS, FittedOutput, fit_output
from ._ranking_ensemble import RankingEnsemble

__all__ = [
    "KERNELS",
    "OUTPUT_TRANSFORMS",
    "RBF",
    "SURROGATES",
    "ExtraTrees",
    "FittedOutput",
    "GaussianProcess",
    "Kernel",
    "Matern32",
    "Matern52",
    "RandomForest",
    "RankingEnsemble",
    "Surrogate",
    "fit_output",
]

SURROGATES: dict[str, type[Surrogate]] = {
    "gp": GaussianProcess,
    "forest": RandomForest,
    "extra_trees": ExtraTrees,
}
