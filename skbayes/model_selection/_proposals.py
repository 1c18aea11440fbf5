"""Where the candidates of a search come from: a fixed list here, a model in `_bayes.py`.

The loop in `_base.py` knows only this: ask for the next wave, tell the result of each candidate.
"""

from collections.abc import Iterable
from typing import Any, Protocol

from ..optimizer import Trial

__all__ = ["Candidate", "FixedProposals", "Proposals"]

Candidate = dict[str, Any]


class Proposals(Protocol):
    """A source of candidates."""

    n_candidates: int
    """How many candidates there will be at most."""

    names: frozenset[str]
    """All parameters that a candidate may have."""

    def ask(self) -> list[Candidate]:
        """Return the next candidates to evaluate side by side; none when the search is over."""

    def tell(self, trial: Trial) -> None:
        """Record how one of them did."""


class FixedProposals:
    """Candidates that are known beforehand, all in one wave: grid, random and manual search.

    Parameters
    ----------
    candidates : iterable of dict
        Parameters to set on the estimator.
    """

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self._wave = list(candidates)
        self.n_candidates = len(self._wave)
        self.names = frozenset(name for candidate in self._wave for name in candidate)

    def ask(self) -> list[Candidate]:
        """Return all candidates the first time, and none afterwards."""
        wave, self._wave = self._wave, []
        return wave

    def tell(self, trial: Trial) -> None:
        """Do nothing: the list is fixed."""
