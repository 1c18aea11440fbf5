"""A journal or an exported history, read: for analysis, or to start another search from."""

import os
from collections.abc import Mapping
from typing import Any

from ..evaluation import CandidateResult, JournalHeader, read_journal
from ..optimizer import History, Trial
from ._export import codec_of, is_export, read_export
from ._journal_codec import readable
from ._journal_rungs import OnRung, on_rungs
from ._loop import trial_of

__all__ = ["load_history"]


def load_history(path: str | os.PathLike[str], space: Any = None) -> History:
    """Read the journal of a search, or what `save_history` wrote, as a history of trials.

    Parameters
    ----------
    path : str or path-like
        The file; the search that writes a journal may be running.
    space : dict, list of dicts, list of (dict, int) or Space, default=None
        The space of that search. The file holds objects (estimators, tuples, functions) by their position among the
        choices, and the space has the objects. None: a text such as ``"<2: SVC()>"`` stands in their place.

    Returns
    -------
    history : History
        A trial per candidate, in the order of asking. For ``BayesSearchCV(history=...)`` it counts as the same
        objective if the data, folds, scorer and estimator are the same.

    Raises
    ------
    JournalError
        If the file is neither, has objects that `space` has not, or is damaged: an exported history in any way, a
        journal beyond what a warning can say.
    OSError
        If it cannot be read.

    See Also
    --------
    save_history : Writes any history to a file.
    BayesSearchCV : Takes the history as a warm start.

    Notes
    -----
    Of a journal, a candidate that lacks some folds, because racing gave it up or because the search was ended, has
    the status ``"pruned"``, nan in their place, and no score. With several metrics the scores are those of the metric
    that was searched for; if none was, they are nan.

    Of a halving search a candidate on each rung is a trial, without a resource that is a parameter. Those on the last
    rung are as in the `history_` of the search; those below it are ``"pruned"`` and have no score, for theirs are of
    less. (A journal that an earlier version began says it of subsamples alone.)

    Examples
    --------
    >>> import os, tempfile
    >>> from skbayes import GridSearchCV
    >>> from skbayes.model_selection import load_history
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> path = os.path.join(tempfile.mkdtemp(), "search.jsonl")
    >>> search = GridSearchCV(SVC(), {"C": [0.1, 1.0]}, journal=path)
    >>> _ = search.fit(*load_iris(return_X_y=True))
    >>> [trial.params for trial in load_history(path)]
    [{'C': 0.1}, {'C': 1.0}]
    """
    if is_export(path):
        return read_export(path, space)
    header, candidates = read_journal(path)
    decode = _as_readable if space is None else codec_of(space).decode
    found, origin = on_rungs(header, candidates)
    trials = [_trial(k, each, decode(each.params), header) for k, each in enumerate(found)]
    return History(tuple(trials), origin)


def _trial(number: int, found: OnRung, params: dict[str, Any], header: JournalHeader) -> Trial:
    trial = trial_of(number, CandidateResult(params, found.folds), header.objective)
    return trial if found.is_last else trial.as_pruned()


def _as_readable(view: Mapping[str, Any]) -> dict[str, Any]:
    return {name: readable(value) for name, value in view.items()}
