"""Which task killed its worker? When a pool of processes breaks, all that ran in it is lost, and one task is to blame.

All of them run again, once; if the pool breaks again, each half of them by itself, and so on, until the one that
breaks a pool alone is found. Every other task is evaluated; the culprit was tried at least twice.
"""

from collections.abc import Iterable

from ..exceptions import WorkerDiedError

__all__ = ["Suspects", "worker_died"]


class Suspects:
    """Groups of tasks that ran when a pool broke, to be run again group by group."""

    def __init__(self) -> None:
        self._groups: list[list[int]] = []
        self._accused: set[int] = set()

    def next_group(self) -> list[int]:
        """Return the tasks to run now, and nothing beside them; none if there is no suspicion."""
        return list(self._groups[-1]) if self._groups else []

    def accuse(self, keys: Iterable[int]) -> list[int]:
        """Note that the pool broke while these tasks ran; return those now known to be guilty."""
        keys = sorted(keys)
        if not self._groups or set(self._groups[-1]).isdisjoint(keys):
            groups = [keys]
        else:
            self._groups.pop()
            middle = (len(keys) + 1) // 2
            groups = [keys[:middle], keys[middle:]]
        first_time = not self._accused.issuperset(keys)
        self._accused.update(keys)
        if len(keys) == 1 and not first_time:
            return keys
        self._groups += [group for group in groups if group]
        return []

    def acquit(self, keys: Iterable[int]) -> None:
        """Note that these tasks ended without harm."""
        ended = set(keys)
        self._groups = [
            left for group in self._groups if (left := [key for key in group if key not in ended])
        ]
        self._accused -= ended


def worker_died(error: BaseException) -> WorkerDiedError:
    """Return the error of a task that no worker gave a result of, twice."""
    return WorkerDiedError(
        f"No worker returned a result of this evaluation, twice: {error!r}. The worker died, out of "
        "memory perhaps, or the estimator or its parameters cannot be pickled or imported there. The "
        "other evaluations went on. Set fit_memory_limit, run fewer workers, or see the error."
    )
