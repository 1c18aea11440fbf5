"""Conformance suites: whether a part written elsewhere is one of the family.

Plain functions; each raises an AssertionError that says what the part does, and what is expected of it.
"""

from ._acquisitions import check_acquisition
from ._likelihoods import check_likelihood
from ._priors import check_prior
from ._solvers import check_solver
from ._surrogates import check_surrogate

__all__ = [
    "check_acquisition",
    "check_likelihood",
    "check_prior",
    "check_solver",
    "check_surrogate",
]
