"""What both wings produce: a distribution after data."""

from ._gaussian import GaussianPosterior

__all__ = ["GaussianPosterior"]
