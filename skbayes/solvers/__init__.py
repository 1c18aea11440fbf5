"""What minimises an objective; for now the schedules of the step size."""

from ._schedules import (
    SCHEDULES,
    constant,
    cosine,
    cyclic_cosine,
    exponential,
    inverse_scaling,
    step,
)

__all__ = [
    "SCHEDULES",
    "constant",
    "cosine",
    "cyclic_cosine",
    "exponential",
    "inverse_scaling",
    "step",
]
