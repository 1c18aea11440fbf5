"""What a fit leaves for the posteriors of its targets: a recipe of their records, followed when they are asked for."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, NoReturn

from ..likelihoods import Likelihood
from ..posteriors import CoefficientPosterior
from ._fingerprint import Fingerprint
from ._posterior import posterior_of
from ._record import Record

__all__ = ["NoOutcome", "Outcome"]


class Outcome:
    """All targets of one fit, or one classifier.

    Making it costs a look at a few entries of the data. Whoever pickles or copies it deeply gets the posteriors formed,
    and no data.

    Parameters
    ----------
    make_records : callable
        Without arguments; returns a Record for each target.
    data : sequence of array, sparse matrix or None
        X, y, weights and offset of all targets: what must not change until the records are made.
    is_single : bool
        Whether there is one target, and it is no list of one.
    kind, covariance, random_state
        As `posterior_of` takes them.
    log_evidence : float, list of float or None, default=None
        Where the fit knows them already: those of the targets.
    """

    def __init__(
        self,
        make_records: Callable[[], list[Record]],
        data: tuple[Any, ...],
        *,
        is_single: bool,
        kind: str = "auto",
        covariance: str = "auto",
        random_state: Any = None,
        log_evidence: list[float] | None = None,
    ) -> None:
        self.is_single = is_single
        self.known_evidence = log_evidence
        self._make_records = make_records
        self._fingerprint = Fingerprint(data)
        self._options = (kind, covariance, random_state)
        self._failure: Exception | None = None

    @cached_property
    def records(self) -> list[Record]:
        """One for each target.

        Raises
        ------
        RuntimeError
            If the data were changed in place since the fit.
        ValueError
            If there is no posterior, and this is a copy of a model that found that out.
        """
        if self._failure is not None:
            raise type(self._failure)(*self._failure.args)
        self._fingerprint.check()
        return self._make_records()

    @cached_property
    def posteriors(self) -> list[CoefficientPosterior]:
        """One for each target."""
        return [posterior_of(record, *self._options) for record in self.records]

    @cached_property
    def likelihoods(self) -> list[Likelihood]:
        """With their noise known, one for each target."""
        return [record.likelihood for record in self.records]

    def __getstate__(self) -> dict[str, Any]:
        names = ("records", "posteriors", "likelihoods")
        state: dict[str, Any] = {"is_single": self.is_single, "known_evidence": self.known_evidence}
        try:
            return {**state, "_failure": None, **{name: getattr(self, name) for name in names}}
        except (RuntimeError, ValueError) as error:
            # A model without a posterior can be kept too; who asks for it is told then, and in the same way.
            kind = ValueError if isinstance(error, ValueError) else RuntimeError
            return {**state, "_failure": kind(str(error))}


class NoOutcome:
    """Stands for the outcome of a fit that has no posterior.

    Parameters
    ----------
    reason : str
        Why; what to do.
    """

    is_single = True
    known_evidence = None

    def __init__(self, reason: str) -> None:
        self._reason = reason

    @property
    def records(self) -> NoReturn:
        """None.

        Raises
        ------
        AttributeError
            Always, with the reason.
        """
        raise AttributeError(self._reason)

    @property
    def posteriors(self) -> NoReturn:
        """None, as there are no records."""
        raise AttributeError(self._reason)

    @property
    def likelihoods(self) -> NoReturn:
        """None, as there are no records."""
        raise AttributeError(self._reason)
