"""How much each parameter of a search matters: its history, its space and its surrogate put together."""

from collections.abc import Mapping
from typing import Any

from sklearn.utils.validation import check_is_fitted

from ..optimizer import Importances, importances
from ..space import Space, as_space, space_of, split_budget

__all__ = ["importances_of"]


def importances_of(search: Any) -> Importances:
    """Return the importances of the parameters of a finished search.

    Parameters
    ----------
    search : object
        A fitted search with a `history_`.

    Returns
    -------
    importances : Importances
        Over the search's own space if it has one, with its own surrogate; otherwise over the space that the
        candidates span, with a Gaussian process. The same at each call.

    Raises
    ------
    AttributeError
        If the search had several metrics and was not told which of them to search for.
    ValueError
        With fewer than 5 candidates that have a score.
    """
    check_is_fitted(search, "cv_results_")
    if not hasattr(search, "history_"):
        raise AttributeError(
            f"{type(search).__name__} has no importances: it had several metrics, and no one score. Name one of "
            "them in refit= and fit again, or call skbayes.optimizer.importances with a history of your own."
        )
    surrogate = "auto"
    if hasattr(search, "search_spaces"):
        surrogate = search._optimizer_options()["surrogate"]
    # Scatter in the fourth digit is not worth a random_state: looked at twice, a search says the same.
    return importances(search.history_, _space_of(search), surrogate, random_state=0)


def _space_of(search: Any) -> Space:
    """The space of a search, with spaces of their own budgets as its branches; of another, what was tried."""
    if hasattr(search, "search_spaces"):
        parts = [part for part, _ in split_budget(search.search_spaces, 1)]
        if len(parts) == 1:
            return as_space(parts[0])
        listed = [part if isinstance(part, list | tuple) else [part] for part in parts]
        branches = [branch for part in listed for branch in part]
        if all(isinstance(branch, Mapping) for branch in branches):
            return as_space(branches)
    return space_of([trial.params for trial in search.history_])
