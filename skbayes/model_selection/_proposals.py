"""Where the candidates of a search come from: a fixed list here, a model in `_bayes.py`.

The loop in `_base.py` knows only this: ask for the next wave, tell the result of each candidate.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from ..evaluation import Candidate
from ..optimizer import History, Progress, Trial

__all__ = ["FixedProposals", "Params", "Proposals"]

Params = dict[str, Any]


class Proposals(Protocol):
    """A source of candidates."""

    n_candidates: int
    """How many candidates there will be at most."""

    names: frozenset[str]
    """All parameters that a candidate may have."""

    has_model: bool
    """Whether a model of the score proposes them."""

    def ask(self, n: int | None) -> list[Candidate]:
        """Return the next wave to evaluate side by side (None), or up to n candidates for free workers.

        None are left if none of those asked for is still to be told; otherwise there may be more later.
        """

    def adopt(self, known: Sequence[Params]) -> None:
        """Propose candidates of an earlier run first: its results are at hand."""

    def tell(self, trial: Trial, candidate: Candidate) -> None:
        """Record how one of them did."""

    def tell_again(self, trial: Trial) -> None:
        """Record more folds of a trial that was told; nothing is asked after it."""

    def expected_seconds(self, params: Params) -> float | None:
        """Return how long a fit will take; None if that is unknown."""

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

    def __init__(self, candidates: Iterable[Params]) -> None:
        self._left = [Candidate(params) for params in candidates]
        self.n_candidates = len(self._left)
        self.names = frozenset(name for candidate in self._left for name in candidate.params)

    def ask(self, n: int | None) -> list[Candidate]:
        """Return all that are left, or the next n of them."""
        n = len(self._left) if n is None else n
        wave, self._left = self._left[:n], self._left[n:]
        return wave

    def adopt(self, known: Sequence[Params]) -> None:
        """Do nothing: the list is fixed."""

    def tell(self, trial: Trial, candidate: Candidate) -> None:
        """Do nothing: the list is fixed."""

    def tell_again(self, trial: Trial) -> None:
        """Do nothing."""

    def expected_seconds(self, params: Params) -> float | None:
        """Return None: there is no model."""

    def progress(self, history: History) -> Progress | None:
        """Return all trials after each of them: only for the sake of speed is the list one wave."""
        return Progress(history)

    def end_turn(self) -> bool:
        """Return False: there is one list."""
        return False
