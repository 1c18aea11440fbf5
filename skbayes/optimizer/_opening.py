"""The points before the surrogate chooses: those given, the best of earlier searches, the initial design."""

from collections.abc import Hashable
from typing import Any

from ..space import Space
from ._observations import Observations
from ._transfer import WarmStart

__all__ = ["Opening"]

Params = dict[str, Any]


class Opening:
    """Queues of points, in the order in which they come.

    Parameters
    ----------
    space : Space
        The design space.
    given : list of dict
        Points of the user, first of all.
    warm_start : WarmStart
        The best points of earlier searches of other objectives, while they lead.
    design : list of dict
        The initial design.
    n_initial : int
        How many points are told or proposed before the design ends.
    """

    def __init__(
        self,
        space: Space,
        given: list[Params],
        warm_start: WarmStart,
        design: list[Params],
        n_initial: int,
    ) -> None:
        self._space = space
        self._given, self._warm_start, self._design = given, warm_start, design
        self._n_initial = n_initial

    def is_over(self, n_told: int) -> bool:
        """Whether the surrogate chooses from now on."""
        return n_told >= self._n_initial and not self._given

    def take(self, n: int, taken: set[Hashable], told: Observations) -> list[Params]:
        """Take up to n new points from the queues, and add their keys to `taken`."""
        chosen = self._next_of(self._given, n, taken)
        return chosen + self._start(n - len(chosen), taken, told)

    def _start(self, n: int, taken: set[Hashable], told: Observations) -> list[Params]:
        """Up to n new points of earlier searches or of the initial design."""
        warm = self._warm_start
        if not warm.queue and not self._design:
            return []
        leads = warm.leads(told)
        chosen: list[Params] = []
        while len(chosen) < n:
            queue = warm.queue if leads or not warm.has_begun(taken) else []
            if not queue and len(taken) < self._n_initial:
                queue = self._design
            if not queue:
                break
            chosen += self._next_of(queue, 1, taken)
        return chosen

    def _next_of(self, queue: list[Params], n: int, taken: set[Hashable]) -> list[Params]:
        """Take up to n new points from the front of a queue, and add their keys to `taken`."""
        chosen: list[Params] = []
        while queue and len(chosen) < n:
            params = queue.pop(0)
            key = self._space.key(self._space.encode(params))
            if key not in taken:
                chosen.append(params)
                taken.add(key)
        return chosen
