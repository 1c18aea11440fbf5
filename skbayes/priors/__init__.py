"""Priors p(w): what is believed of a parameter before the data."""

from ._base import Prior
from ._log_normal import LogNormal

__all__ = ["PRIORS", "LogNormal", "Prior"]

PRIORS: dict[str, type[Prior]] = {"log_normal": LogNormal}
