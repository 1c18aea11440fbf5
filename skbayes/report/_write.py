"""The page as a file: whole or not at all."""

import os
import threading
from contextlib import suppress
from typing import Any

from ._page import build_page
from ._payload import report_data

__all__ = ["write"]


def write(
    search: Any,
    path: str | os.PathLike[str],
    *,
    title: str | None = None,
    space: Any = None,
    metric: str | None = None,
) -> None:
    """Write the page of a search: one file that needs no network.

    Parameters
    ----------
    search : fitted search, Optimizer, History, iterable of Trial, or path-like
        A search of skbayes or of scikit-learn; a path is that of a journal, which may still grow, or of an exported
        history.
    path : str or path-like
        The file, such as ``"search.html"``. One that is there is replaced in one step.
    title : str, default=None
        Heading of the page; None: the class of the search and of its estimator.
    space : dict, list of dict, list of Dimension or Space, default=None
        The design space, for a history or a journal: with it the scales of the axes are known, and the objects that a
        journal has by their position alone.
    metric : str, default=None
        Another metric to show than the one searched for.

    Raises
    ------
    ImportError
        Without plotly.
    NotFittedError
        If the search is not fitted.
    TypeError
        If `search` is none of these.
    ValueError
        If there is no such metric.
    OSError
        If the file cannot be written.

    See Also
    --------
    report_data : What the page shows, as plain Python objects.

    Notes
    -----
    The page has the incumbent, a table of all candidates that can be sorted, filtered and saved as CSV, the
    convergence, the importance of the parameters, the scores along each of them, parallel coordinates, which worker
    ran what when, the front of several objectives, the versions in use and code that repeats the search. It holds
    the parameters and scores of the search and no data but what error messages quote. Whatever a parameter is called,
    it is shown as text.

    Examples
    --------
    >>> import os, tempfile
    >>> from skbayes import report
    >>> from skbayes.optimizer import History, Trial
    >>> history = History((Trial(0, {"C": 0.1}, 0.91), Trial(1, {"C": 1.0}, 0.93)))
    >>> path = os.path.join(tempfile.mkdtemp(), "search.html")
    >>> report.write(history, path)  # doctest: +SKIP
    """
    _check_folder(os.fspath(path))
    text = build_page(report_data(search, title=title, space=space, metric=metric))
    _replace(os.fspath(path), text)


def _check_folder(path: str) -> None:
    folder = os.path.dirname(path)
    if folder and not os.path.isdir(folder):
        raise FileNotFoundError(
            f"The page needs a folder that exists; got {path!r}, and {folder!r} is none. Make it first: "
            f"os.makedirs({folder!r})."
        )


def _replace(path: str, text: str) -> None:
    """Write a file beside the one to replace, and rename it: a reader finds the old page or the new one."""
    beside = f"{path}.{os.getpid()}-{threading.get_ident()}.tmp"
    try:
        # newline="": the digests in the page are of these very characters.
        with open(beside, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        os.replace(beside, path)
    except BaseException:
        with suppress(OSError):
            os.remove(beside)
        raise
