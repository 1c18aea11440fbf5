"""Acquisitions: posterior -> how much we want to look there. They know nothing of the points."""

from ._base import AcquisitionContext, JointAcquisition, MarginalAcquisition
from ._expected_hypervolume import LogExpectedHypervolumeImprovement, MultiObjectiveAcquisition
from ._expected_improvement import ExpectedImprovement, LogExpectedImprovement
from ._knowledge_gradient import KnowledgeGradient
from ._max_value_entropy_search import MaxValueEntropySearch
from ._per_second import PerSecond
from ._portfolio import Portfolio
from ._probability_of_improvement import ProbabilityOfImprovement
from ._region import MOST_OBJECTIVES, NonDominatedRegion
from ._thompson import ThompsonSampling
from ._upper_confidence_bound import UpperConfidenceBound

__all__ = [
    "ACQUISITIONS",
    "MOST_OBJECTIVES",
    "MULTI_OBJECTIVE_ACQUISITIONS",
    "AcquisitionContext",
    "ExpectedImprovement",
    "JointAcquisition",
    "KnowledgeGradient",
    "LogExpectedHypervolumeImprovement",
    "LogExpectedImprovement",
    "MarginalAcquisition",
    "MaxValueEntropySearch",
    "MultiObjectiveAcquisition",
    "NonDominatedRegion",
    "PerSecond",
    "Portfolio",
    "ProbabilityOfImprovement",
    "ThompsonSampling",
    "UpperConfidenceBound",
]

ACQUISITIONS: dict[str, type] = {
    "log_ei": LogExpectedImprovement,
    "ei": ExpectedImprovement,
    "pi": ProbabilityOfImprovement,
    "ucb": UpperConfidenceBound,
    "log_ei_per_second": PerSecond,
    "thompson": ThompsonSampling,
    "mes": MaxValueEntropySearch,
    "kg": KnowledgeGradient,
    "portfolio": Portfolio,
}

# Of several objectives.
MULTI_OBJECTIVE_ACQUISITIONS: dict[str, type] = {"log_ehvi": LogExpectedHypervolumeImprovement}
