"""Conformance suites: whether a part written elsewhere is one of the family.

Plain functions; each raises an AssertionError that says what the part does, and what is expected of it.
"""

from ._likelihoods import check_likelihood
from ._priors import check_prior
from ._solvers import check_solver

__all__ = ["check_likelihood", "check_prior", "check_solver"]
