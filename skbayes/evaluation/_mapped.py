"""An object written once to a folder of this machine and read by many processes, its large arrays memory-mapped.

Pickle's protocol 5 hands over the memory of each contiguous array beside the stream: of a plain array, of the parts
of a sparse matrix, of the blocks of a data frame. Those lie in one file, which each reader maps, so that ten
processes hold one copy; all the rest is in the stream.
"""

import mmap
import os
import pickle
import shutil
import tempfile
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from joblib.externals.loky.backend import resource_tracker

from ._joblib import cloudpickle

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["MappedFolder", "read_mapped"]

# Arrays start at multiples of a cache line, as those that numpy and BLAS allocate themselves.
_ALIGNMENT = 64
# The memory of the machine seen as a file system: nothing is written to a disk.
_MEMORY = Path("/dev/shm")
_PREFIX = "skbayes_"
# A folder is marked by its owner in less.
_SECONDS_TO_MARK = 60.0


class MappedFolder:
    """A folder that holds one object until `close`, or until this process ends, in whatever way.

    Parameters
    ----------
    obj : object
        What to write.
    temp_folder : str or None
        Where; None for ``JOBLIB_TEMP_FOLDER``, the memory file system if it has room, or the usual
        place of temporary files, in this order: as in joblib.
    by_value : bool
        Whether classes and functions of ``__main__`` and lambdas travel with the object, as they
        do to loky's workers. False: only their names, where the readers have the same ``__main__``.
    """

    def __init__(self, obj: Any, temp_folder: str | None, by_value: bool) -> None:
        stream, buffers = _pickled(obj, by_value)
        sizes = [buffer.nbytes for buffer in buffers]
        place = _place(temp_folder, sum(sizes) + len(stream))
        _sweep(place)
        self.path = tempfile.mkdtemp(prefix=_PREFIX, dir=place)
        # loky's tracker outlives a process that is killed, and then removes the folder.
        resource_tracker.register(self.path, "folder")
        self._remove = weakref.finalize(self, _remove, self.path, os.getpid(), _marked(self.path))
        offsets = []
        with open(Path(self.path, "arrays"), "wb") as file:
            for buffer in buffers:
                file.seek(-file.tell() % _ALIGNMENT, os.SEEK_CUR)
                offsets.append(file.tell())
                file.write(buffer)
        with open(Path(self.path, "object"), "wb") as file:
            pickle.dump((offsets, sizes, stream), file, protocol=5)

    def close(self) -> None:
        """Remove the files; who has read them keeps what was read."""
        self._remove()


def read_mapped(path: str, max_nbytes: int | None, mmap_mode: str) -> Any:
    """Read the object of a `MappedFolder`.

    Parameters
    ----------
    path : str
        The folder.
    max_nbytes : int or None
        Arrays of more bytes are mapped, others copied; None: all are copied.
    mmap_mode : {"r", "c"}
        Whether mapped arrays are read-only or copied where they are written to.

    Returns
    -------
    obj : object
        Equal to what was written.
    """
    with open(Path(path, "object"), "rb") as file:
        offsets, sizes, stream = pickle.load(file)
    buffers: list[Any] = []
    if sizes:
        view = _mapped(Path(path, "arrays"), mmap_mode)
        for offset, size in zip(offsets, sizes, strict=True):
            part = view[offset : offset + size]
            is_small = max_nbytes is None or size <= max_nbytes
            buffers.append(bytearray(part) if is_small else part)
    return pickle.loads(stream, buffers=buffers)


def _mapped(path: Path, mode: str) -> memoryview:
    if not path.stat().st_size:  # arrays without entries; nothing can be mapped
        return memoryview(b"")
    access = mmap.ACCESS_COPY if mode == "c" else mmap.ACCESS_READ
    with open(path, "rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=access))


def _pickled(obj: Any, by_value: bool) -> tuple[bytes, list[memoryview]]:
    buffers: list[pickle.PickleBuffer] = []
    if by_value:
        stream = _dumps(cloudpickle.Pickler, obj, buffers.append)
    else:
        try:
            stream = _dumps(pickle.Pickler, obj, buffers.append)
        except (pickle.PicklingError, AttributeError, TypeError):  # a lambda, a local class
            buffers.clear()
            stream = _dumps(cloudpickle.Pickler, obj, buffers.append)
    return stream, [buffer.raw() for buffer in buffers]


def _dumps(pickler: Any, obj: Any, keep: Callable[[pickle.PickleBuffer], None]) -> bytes:
    class Pickler(pickler):
        def reducer_override(self, part: Any) -> Any:
            if _is_file(part):
                return _open, (part.filename, part.dtype, part.offset, part.shape, _order(part))
            if type(part) is np.memmap:  # protocol 5 is for plain arrays alone
                return np.asarray(part).__reduce_ex__(5)
            inherited = getattr(super(), "reducer_override", None)
            return NotImplemented if inherited is None else inherited(part)

    file = BytesIO()
    Pickler(file, protocol=5, buffer_callback=keep).dump(obj)
    return file.getvalue()


def _is_file(part: Any) -> bool:
    """Whether an array is a whole file of the user's own, which every process can open itself."""
    return (
        type(part) is np.memmap
        and part.filename is not None
        and part.mode != "c"  # what was written to a copy is not in the file
        and isinstance(part.base, mmap.mmap)  # a slice has another array as its base
        and (part.flags.c_contiguous or part.flags.f_contiguous)
    )


def _order(part: np.ndarray) -> str:
    return "C" if part.flags.c_contiguous else "F"


def _open(filename: Any, dtype: Any, offset: int, shape: tuple[int, ...], order: Any) -> Any:
    return np.memmap(filename, dtype=dtype, mode="r", offset=offset, shape=shape, order=order)


def _place(temp_folder: str | None, n_bytes: int) -> str:
    chosen = temp_folder or os.environ.get("JOBLIB_TEMP_FOLDER")
    if chosen:
        os.makedirs(chosen, exist_ok=True)
        return chosen
    with suppress(OSError):
        # joblib's own rule is 2 GB of room; as much again as is needed keeps it for small objects.
        if shutil.disk_usage(_MEMORY).free > max(2e9, 2 * n_bytes) and os.access(_MEMORY, os.W_OK):
            return str(_MEMORY)
    return tempfile.gettempdir()


def _marked(path: str) -> Any:
    """Lock a file of the folder for as long as this process lives, and return it."""
    mark = open(Path(path, "owner"), "wb")  # noqa: SIM115 - held open
    if fcntl is not None:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(mark, fcntl.LOCK_SH)
    return mark


def _sweep(place: str) -> None:
    """Remove the folders of processes that were killed together with their tracker, as Ray does."""
    if fcntl is None:
        return
    for folder in Path(place).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # somebody else's, or just removed
            if time.time() - folder.stat().st_mtime < _SECONDS_TO_MARK:
                continue
            with open(folder / "owner", "rb") as mark:
                fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)  # refused while the owner lives
            shutil.rmtree(folder, ignore_errors=True)


def _remove(path: str, owner: int, mark: Any) -> None:
    if os.getpid() != owner:  # a forked child has a copy of the owner's objects
        return
    mark.close()
    shutil.rmtree(path, ignore_errors=True)
    if not os.path.exists(path):
        resource_tracker.unregister(path, "folder")
