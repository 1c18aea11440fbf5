"""Errors of skbayes: each is also a built-in type, so that `except ValueError` keeps working."""

__all__ = [
    "ExhaustedSpaceError",
    "IncompatibleModelError",
    "JournalError",
    "SpaceTypeError",
    "SpaceValueError",
    "UnboundedLikelihoodError",
    "WorkerDiedError",
]


class SpaceValueError(ValueError):
    """A design space, a dimension or a point has an impossible value."""


class SpaceTypeError(TypeError):
    """A design space, a dimension or a point is of a kind that cannot be understood."""


class ExhaustedSpaceError(RuntimeError):
    """Every point of a finite design space has been proposed already."""


class IncompatibleModelError(ValueError):
    """Two parts were chosen that cannot work together."""


class WorkerDiedError(RuntimeError):
    """The process that ran an evaluation ended without a result, twice."""


class JournalError(ValueError):
    """A journal cannot be used: it is of another search, in use, or damaged."""


class UnboundedLikelihoodError(ValueError):
    """A likelihood grows without bound, so that it has no maximum."""
