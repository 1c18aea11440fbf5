"""Where the candidates of a search come from: a fixed list here, a model in `_bayes.py`.

The loop in `_base.py` knows only this: ask for the next wave, tell the result of each candidate.
"""

from collections.abc import Iterable
from typing import Any, Protocol

from ..optimizer import History, Progress, Trial

__all__ = ["Candidate", "FixedProposals", "Proposals"]

Candidate = dict[str, Any]


class Proposals(Protocol):
    """A source of candidates."""

    n_candidates: int
    """How many candidates there will be at most."""

    names: frozenset[str]
    """All parameters that a candidate may have."""

    has_model: bool
    """Whether a model of the score proposes them."""

    def ask(self) -> list[Candidate]:
        """Return the next candidates to evaluate side by side; none when the search is over."""

    def tell(self, trial: Trial) -> None:
        """Record how one of them did."""

    def progress(self, history: History) -> Progress | None:
        """Return what stopping rules may look at, of the trials so far; None within a wave."""

    def end_turn(self) -> bool:
        """Propose no more of what is searched now, and return whether something else is left."""


class FixedProposals:
    """Candidates that are known beforehand, all in one wave: grid, random and manual search.

    Parameters
    ----------
    candidates : iterable of dict
        Parameters to set on the estimator.
    """

    has_model = False

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

    def progress(self, history: History) -> Progress | None:
        """Return all trials after each of them: only for the sake of speed is the list one wave."""
        return Progress(history)

    def end_turn(self) -> bool:
        """Return False: there is one list."""
        return False
