"""How much each parameter of a search matters: its history, its space and its surrogate put together."""

from typing import Any

from sklearn.utils.validation import check_is_fitted

from ..optimizer import Importances, importances
from ._as_optimizer import search_space, search_surrogate

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
    # Scatter in the fourth digit is not worth a random_state: looked at twice, a search says the same.
    return importances(
        search.history_, search_space(search), search_surrogate(search), random_state=0
    )
