"""Acquisitions: posterior -> how much we want to look there. They know nothing of the points."""

from ._base import AcquisitionContext, JointAcquisition, MarginalAcquisition
from ._expected_improvement import ExpectedImprovement, LogExpectedImprovement
from ._probability_of_improvement import ProbabilityOfImprovement
from ._thompson import ThompsonSampling
from ._upper_confidence_bound import UpperConfidenceBound

__all__ = [
    "ACQUISITIONS",
    "AcquisitionContext",
    "ExpectedImprovement",
    "JointAcquisition",
    "LogExpectedImprovement",
    "MarginalAcquisition",
    "ProbabilityOfImprovement",
    "ThompsonSampling",
    "UpperConfidenceBound",
]

ACQUISITIONS: dict[str, type] = {
    "log_ei": LogExpectedImprovement,
    "ei": ExpectedImprovement,
    "pi": ProbabilityOfImprovement,
    "ucb": UpperConfidenceBound,
    "thompson": ThompsonSampling,
}
