"""A journal that grows, followed: what the page shows of it now, made anew when the file has changed."""

import hashlib
import math
import os
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..evaluation import JournalHeader
from ..exceptions import JournalError
from ..optimizer import History, Trial
from ._charts import importance_of
from ._json import dumps
from ._material import Material, material_of
from ._payload import payload_of

__all__ = ["Follower", "State"]

# Making the page again takes at most a fifth of one core's time, however long the journal has grown: the search needs
# the cores.
_REST = 4.0
# A fold of a candidate that is under way may wait for the others that were handed out before it.
_FOLDS_WAITED_FOR = 3.0
# Folds of milliseconds wait for the search to think; seconds.
_SHORTEST_WAIT = 10.0
# The importances are computed again when there are so many times as many candidates: all computations together take
# no more than three times the last one.
_GROWTH = 1.5
# Bytes; a header has a few hundred, a file without a line end in so many is no journal.
_LONGEST_HEADER = 1 << 16


@dataclass(frozen=True)
class State:
    """What a page is told.

    Parameters
    ----------
    payload : dict
        What it shows, see `report_data`.
    notice : str
        What to say of the journal.
    kind : {"live", "error"}
        Whether all is well.
    changed : float or None
        When the file was written to last, in seconds since 1970; None if there is none.
    """

    payload: dict[str, Any]
    notice: str
    kind: str
    changed: float | None

    def body(self) -> bytes:
        """Return the state as JSON."""
        parts = {"notice": self.notice, "kind": self.kind, "changed": self.changed}
        return dumps({"payload": self.payload, **parts}).encode("ascii")


@dataclass(frozen=True)
class Mark:
    """By what a file is known to be the one that was read; `changed` in seconds since 1970."""

    file: int
    n_bytes: int
    changed: float


class Shares:
    """The importance of the parameters, computed beside everything else, for it takes longer than all the rest."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {
            "missing": "The importance of the parameters is being computed."
        }
        self.n_trials = 0  # seen so far
        self._n_taken = 0  # of which so many are in the newest computation
        self._latest: Material | None = None
        self._thread: threading.Thread | None = None

    def of(self, material: Material) -> dict[str, Any]:
        """Return the newest shares, and begin to compute newer ones when they are due."""
        self._latest, self.n_trials = material, len(material.trials)
        self.go_on()
        return self.found

    def go_on(self, *, at_rest: bool = False) -> None:
        """Begin to compute newer shares: when many candidates came since, or any and no more are awaited."""
        due = self._n_taken + 1 if at_rest else max(1, math.ceil(_GROWTH * self._n_taken))
        if self.n_trials >= due and (self._thread is None or not self._thread.is_alive()):
            self._n_taken = self.n_trials
            self._thread = threading.Thread(target=self._compute, args=(self._latest,), daemon=True)
            self._thread.start()

    def _compute(self, material: Material) -> None:
        try:
            self.found = importance_of(material)
        except Exception as error:  # the page has the rest
            self.found = {"missing": f"It could not be computed: {type(error).__name__}: {error}"}


class Follower:
    """Knows what to show of a file that a search may be writing, or that is not there yet.

    Parameters
    ----------
    path : str
        A journal, or an exported history.
    space : object, default=None
        The space of the search, for parameters that are objects.
    metric : str, default=None
        Another metric to show than the one searched for.
    title : str, default=None
        Title of the page. None: that of the search.
    """

    def __init__(
        self, path: str, *, space: Any = None, metric: str | None = None, title: str | None = None
    ) -> None:
        self.path, self.space, self.metric, self.title = path, space, metric, title
        self._lock = threading.Lock()
        self._shares = Shares()
        self._seen: Mark | None = None
        self._header: JournalHeader | None = None
        self._shown: dict[str, Any] | None = None  # the shares on the page; None if it has none
        self._look_again_at = self._settles_at = self._rests_at = -math.inf
        self._keep(State(self._empty(), "", "live", None))

    def state(self) -> State:
        """Return what to show now."""
        with self._lock:
            began = time.monotonic()
            mark = _mark_of(self.path)
            if began >= self._look_again_at and (mark != self._seen or began >= self._settles_at):
                self._seen = mark
                self._keep(self._made(mark))
                self._look_again_at = time.monotonic() + _REST * (time.monotonic() - began)
            elif self._shown is not None:
                self._shares.go_on(at_rest=began >= self._rests_at)
                if self._shown is not self._shares.found:
                    self._shown = self._shares.found
                    payload = {**self._state.payload, "importance": self._shown}
                    self._keep(replace(self._state, payload=payload))
            return self._state

    def answer(self) -> tuple[bytes, str]:
        """Return the state as JSON, and its tag: equal tags, equal states."""
        self.state()
        with self._lock:
            return self._body, self._etag

    def _keep(self, state: State) -> None:
        self._state, self._body = state, state.body()
        self._etag = f'"{hashlib.blake2b(self._body, digest_size=12).hexdigest()}"'

    def _empty(self) -> dict[str, Any]:
        self._shown = None
        title = self.title or os.path.basename(self.path)
        payload = payload_of(material_of(History(())), title=title, importances=False)
        return {**payload, "importance": {"missing": "No candidate was evaluated yet."}}

    def _made(self, mark: Mark | None) -> State:
        """Return the state of the file as it is; of one that is gone or cannot be read, the last with a notice."""
        self._settles_at = math.inf
        name, changed = os.path.basename(self.path), None if mark is None else mark.changed
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                if mark is None or _has_no_line(self.path):
                    if self._shown is not None:
                        what = "is not there any more" if mark is None else "begins anew"
                        notice = f"{name} {what}: the page shows what was last read of it."
                        return replace(self._state, notice=notice, kind="error")
                    notice = f"Waiting for {name}: nothing has been evaluated yet."
                    return State(self._empty(), notice, "live", changed)
                payload, notice = self._payload(mark.changed)
            except (JournalError, OSError, ValueError) as error:
                notice = f"{name} cannot be read: {error}"
                return replace(self._state, notice=notice, kind="error", changed=changed)
            except Exception as error:  # whatever it is, the page stays and says so
                traceback.print_exc(file=sys.stderr)
                notice = f"The page cannot be made of {name}: {type(error).__name__}: {error}"
                return replace(self._state, notice=notice, kind="error", changed=changed)
        # That the last line is torn is no damage while the search writes.
        damages = [
            text for text in map(str, (w.message for w in caught)) if " damaged lines" in text
        ]
        return State(payload, " ".join([notice, *damages]), "error" if damages else "live", changed)

    def _payload(self, changed: float) -> tuple[dict[str, Any], str]:
        """Return what the page shows, and a line that says of how many candidates."""
        material = material_of(self.path, self.space, self.metric)
        wait = _longest_wait(material.trials)
        under_way = _under_way(material, max(changed, time.time()) - wait)
        self._rests_at = time.monotonic() + wait
        if under_way:
            self._settles_at = self._rests_at
            material = _without(material, under_way)
        payload = payload_of(material, title=self.title, importances=False)
        n = len(material.trials)
        # Another search at the same place; an exported history has no header.
        if material.header != self._header or n < self._shares.n_trials:
            self._header, self._shares = material.header, Shares()
        payload["importance"] = self._shown = self._shares.of(material)
        also = f", {len(under_way)} under way" if under_way else ""
        name = os.path.basename(self.path)
        return payload, f"Following {name}: {n} candidate{'s' * (n != 1)}{also}."


def _mark_of(path: str) -> Mark | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return Mark(found.st_ino, found.st_size, found.st_mtime)


def _has_no_line(path: str) -> bool:
    """Whether a file is empty or has the beginning of a first line alone, which is being written."""
    with open(path, "rb") as file:
        beginning = file.read(_LONGEST_HEADER)
    return len(beginning) < _LONGEST_HEADER and b"\n" not in beginning


def _longest_wait(trials: Sequence[Trial]) -> float:
    """How long the next result of a candidate may take, in seconds; a guess by the longest so far."""
    runs = [run for trial in trials for run in trial.runs or ()]
    times = [run.fit_time + run.score_time for run in runs]
    return max(_SHORTEST_WAIT, _FOLDS_WAITED_FOR * max(filter(math.isfinite, times), default=0.0))


def _under_way(material: Material, since: float) -> set[int]:
    """Return the numbers of the candidates that lack folds and had a result not long ago."""
    # A journal says of none that it was given up: that it lacks folds is all that is known.
    if material.header is None:
        return set()
    # With folds as the resource of a halving search a candidate is done once it has those of its rung.
    n_folds = [material.header.n_splits or material.header.n_folds]
    counts = (material.header.rungs or {}).get("folds", n_folds)
    pruned = (trial for trial in material.trials if trial.status == "pruned")
    lacking = (trial for trial in pruned if len(trial.runs or ()) not in counts)
    return {trial.number for trial in lacking if _ended(trial) >= since}


def _ended(trial: Trial) -> float:
    return max((run.ended for run in trial.runs or ()), default=-math.inf)


def _without(material: Material, numbers: set[int]) -> Material:
    history = material.source.history
    left = History(tuple(t for t in history.trials if t.number not in numbers), history.origin)
    incumbent = left.incumbent
    return replace(
        material,
        source=replace(material.source, history=left),
        best_row=None if incumbent is None else left.trials.index(incumbent),
    )
