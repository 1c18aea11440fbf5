"""Distributions of scipy.stats, fitted by maximum likelihood or maximum a posteriori."""

from ._estimator import DistributionEstimator
from ._posterior import ParameterPosterior
from ._table import LikelihoodTable

__all__ = ["DistributionEstimator", "LikelihoodTable", "ParameterPosterior"]
