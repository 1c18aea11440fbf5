"""A process that runs calls for this one: how it is started and how it is ended with all that it has started.

It is a new interpreter and never a fork (threads may be running), leads a session of its own, and holds two pipes:
the channel for calls and results, and the lifeline, which closes when this process ends in whatever way. Its
standard output and error are those of this process.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe
from typing import Any
from uuid import uuid4

__all__ = ["Spawned", "can_spawn", "close_pipes", "end_tree", "open_pipe", "spawn"]

# All descendants inherit this variable, also those that left the session.
_MARK = "SKBAYES_FIT_PROCESS"
# Trackers of multiprocessing and loky need milliseconds on an idle machine to remove what their owners left behind.
_SECONDS_TO_CLEAN = 10.0


@dataclass(frozen=True)
class Spawned:
    """A started child.

    Parameters
    ----------
    process : subprocess.Popen
        The child.
    channel : Connection
        Calls go in, results come out.
    lifeline : Connection
        Never written to; open as long as this process lives.
    mark : str
        Part of the environment of the child and of its descendants.
    """

    process: "subprocess.Popen[bytes]"
    channel: Connection
    lifeline: Connection
    mark: str


def can_spawn() -> bool:
    """Return whether this interpreter can start another one."""
    # A program that embeds Python may have no interpreter to start; WebAssembly has no processes.
    return bool(sys.executable) and sys.platform not in ("emscripten", "wasi")


def spawn(module: str, environment: Mapping[str, str]) -> Spawned:
    """Start an interpreter that runs ``main(channel, lifeline)`` of a module.

    Parameters
    ----------
    module : str
        Imported with the `sys.path` of this process.
    environment : mapping of str to str
        What the child's environment has beyond that of this process.

    Returns
    -------
    spawned : Spawned
        The child and this process's ends of its pipes.

    Raises
    ------
    OSError
        If the system starts no more processes.
    """
    here, there = Pipe(duplex=True)
    end_of_child, lifeline = Pipe(duplex=False)
    mark = uuid4().hex
    marks = os.environ.get(_MARK, "") + ":" + mark  # a search inside a fit has marks of its own
    handles = (there.fileno(), end_of_child.fileno())
    path = [entry for entry in sys.path if isinstance(entry, str)]
    code = f"import sys; sys.path[:] = {path!r}; from {module} import main; main{handles!r}"
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.DEVNULL,
            env={**os.environ, **environment, _MARK: marks},
            **_inherit(handles),
        )
    except BaseException:
        here.close()
        lifeline.close()
        raise
    finally:
        there.close()
        end_of_child.close()
    return Spawned(process, here, lifeline, mark)


if sys.platform == "win32":
    from multiprocessing.connection import PipeConnection

    def _inherit(handles: tuple[int, ...]) -> dict[str, Any]:
        for handle in handles:
            os.set_handle_inheritable(handle, True)
        attributes = {"handle_list": list(handles)}
        return {"startupinfo": subprocess.STARTUPINFO(lpAttributeList=attributes)}

    def open_pipe(handle: int, *, writable: bool) -> Any:
        """Return the connection behind a handle that was inherited."""
        os.set_handle_inheritable(handle, False)
        return PipeConnection(handle, writable=writable)

    def _end(process: "subprocess.Popen[bytes]", mark: str) -> None:
        subprocess.run(
            ["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False
        )

else:

    def _inherit(handles: tuple[int, ...]) -> dict[str, Any]:
        return {"pass_fds": handles, "start_new_session": True}

    def open_pipe(handle: int, *, writable: bool) -> Any:
        """Return the connection behind a handle that was inherited."""
        os.set_inheritable(handle, False)
        return Connection(handle, writable=writable)

    def _end(process: "subprocess.Popen[bytes]", mark: str) -> None:
        # Stopped first: while the members are counted, none may start another.
        _signal_group(process.pid, signal.SIGSTOP)
        seen: set[int] = set()
        trackers = []
        while new := set(_members(process.pid, mark)) - seen:
            for pid in new:
                if _is_tracker(pid):
                    trackers.append(pid)
                else:
                    _signal(pid, signal.SIGKILL)
            seen |= new
        for pid in trackers:
            _signal(pid, signal.SIGCONT)
        deadline = time.monotonic() + _SECONDS_TO_CLEAN
        while any(map(_is_alive, trackers)) and time.monotonic() < deadline:
            time.sleep(0.005)
        _signal_group(process.pid, signal.SIGKILL)


def end_tree(child: Spawned) -> None:
    """End a child and everything that it has started, at once and for certain; its pipes are closed.

    Parameters
    ----------
    child : Spawned
        It may have ended already.
    """
    _end(child.process, child.mark)
    child.process.kill()
    # A process that hangs in the kernel (a lost network drive) goes when the kernel lets it.
    with suppress(subprocess.TimeoutExpired):
        child.process.wait(timeout=5)
    close_pipes(child)


def close_pipes(child: Spawned) -> None:
    """Close this process's ends of the pipes of a child."""
    child.channel.close()
    child.lifeline.close()


def _signal_group(group: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):  # macOS: EPERM of a group of zombies
        os.killpg(group, number)


def _signal(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _members(session: int, mark: str) -> Iterator[int]:
    """Yield the processes of a session and those that carry the mark (without /proc: none)."""
    with suppress(OSError):
        for entry in os.listdir("/proc"):
            if entry.isdigit() and _belongs(int(entry), session, mark):
                yield int(entry)


def _belongs(pid: int, session: int, mark: str) -> bool:
    with suppress(OSError):
        if os.getsid(pid) == session:
            return True
        with open(f"/proc/{pid}/environ", "rb") as file:
            return mark.encode() in file.read()
    return False


def _is_tracker(pid: int) -> bool:
    """Whether it removes semaphores and folders of others; it goes by itself when they are gone."""
    with suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
        return b"resource_tracker" in file.read()
    return False


def _is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except OSError:
        return False
