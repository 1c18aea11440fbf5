"""A finished search as an optimizer: its space, its surrogate, and all that it tried."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..optimizer import Optimizer, Trial
from ..space import Space, as_space, space_of, split_budget
from ._aims import aims_of
from ._origin import earlier_searches
from ._search_history import search_history

__all__ = ["optimizer_from", "search_space", "search_surrogate"]


def search_space(search: Any) -> Space:
    """Return the design space of a finished search.

    Parameters
    ----------
    search : fitted search
        Of skbayes, or of scikit-learn.

    Returns
    -------
    space : Space
        That of a Bayesian search, under its constraint; spaces with budgets of their own are the branches of it. Of
        any other search the space that its candidates span.

    Raises
    ------
    NotFittedError
        If the search has not been fitted.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from skbayes.model_selection import GridSearchCV, search_space
    >>> search = GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [1, 5, 9]})
    >>> print(search_space(search.fit(*load_iris(return_X_y=True))).describe())
    n_neighbors: integer from 1 to 9, uniform
    """
    check_is_fitted(search, "cv_results_")
    if hasattr(search, "search_spaces"):
        space = _own_space(search.search_spaces, search._optimizer_options()["constraint"])
        if space is not None:
            return space
    return space_of(search.cv_results_["params"])


def search_surrogate(search: Any) -> Any:
    """Return the model of the score that a search was given.

    Parameters
    ----------
    search : search
        Of skbayes, or any other.

    Returns
    -------
    surrogate : str or Surrogate
        Of a Bayesian search its `surrogate`, or that of its `optimizer_kwargs`; of any other ``"auto"``.

    Examples
    --------
    >>> from sklearn.svm import SVC
    >>> from skbayes import BayesSearchCV
    >>> from skbayes.model_selection import search_surrogate
    >>> kwargs = {"base_estimator": "RF"}
    >>> search_surrogate(BayesSearchCV(SVC(), {"C": (0.1, 1.0)}, optimizer_kwargs=kwargs))
    'forest'
    """
    if not hasattr(search, "search_spaces"):
        return "auto"
    return search._optimizer_options()["surrogate"]


def _own_space(search_spaces: Any, constraint: Any) -> Space | None:
    """The space of a Bayesian search; None for budgets over spaces that cannot be put side by side."""
    parts = [part for part, _ in split_budget(search_spaces, 1)]
    if len(parts) == 1:
        return as_space(parts[0], constraint)
    listed = [part if isinstance(part, list | tuple) else [part] for part in parts]
    branches = [branch for part in listed for branch in part]
    if all(isinstance(branch, Mapping) for branch in branches):
        return as_space(branches, constraint)
    return None


def optimizer_from(search: Any, *, metric: str | None = None, random_state: Any = 0) -> Optimizer:
    """Return an optimizer that has been told the history of a finished search.

    It goes on where the search has ended, with `ask` and `tell`, and says what is believed of the score.

    Parameters
    ----------
    search : fitted search
        Of skbayes, or of scikit-learn.
    metric : str, default=None
        What the score is to be: the name of a metric of the search, ``"fit_time"`` or ``"score_time"``, with ``"-"``
        before it if smaller is better. None: what the search itself was after.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default=0
        Seed of the optimizer. Its proposals are not those that the search would have made next.

    Returns
    -------
    optimizer : Optimizer
        With the space, surrogate, acquisition and other options of a Bayesian search, and with what its `history` told
        it. For any other search with the space that its candidates span, and the defaults. Of a search with
        several objectives it is after one alone, by the default acquisition. Of a halving search it knows the last
        rung.

    Raises
    ------
    NotFittedError
        If the search has not been fitted.
    ValueError
        If there is no such metric, or there are several and none of them decided.

    See Also
    --------
    search_history : What it is told.
    search_space : Where it looks.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skbayes import BayesSearchCV
    >>> from skbayes.model_selection import optimizer_from
    >>> X, y = load_iris(return_X_y=True)
    >>> ranges = {"C": (0.01, 100.0, "log-uniform")}
    >>> search = BayesSearchCV(SVC(), ranges, n_iter=10, random_state=0).fit(X, y)
    >>> optimizer = optimizer_from(search)
    >>> len(optimizer.history), list(optimizer.ask())
    (10, ['C'])
    """
    history = search_history(search, metric=metric)
    options = _options(search, is_own_metric=metric is None)
    optimizer = Optimizer(search_space(search), random_state=random_state, **options)
    for trial in history:
        _tell(optimizer, trial)
    return optimizer


def _options(search: Any, *, is_own_metric: bool) -> dict[str, Any]:
    """The arguments of the optimizer that a Bayesian search had; empty for others."""
    if not hasattr(search, "search_spaces"):
        return {}
    options: dict[str, Any] = search._optimizer_options()
    del options["constraint"], options["random_state"]  # the one is in the space
    aims = aims_of(search)
    if aims.objectives:
        options["acquisition"] = "auto"
    options["metric_constraints"] = aims.constraints
    history = getattr(search, "history_", None)
    if is_own_metric and history is not None and not aims.objectives:
        own = search.estimator.get_params(deep=True)
        options["history"] = earlier_searches(search.history, history.origin, own)
    return options


def _tell(optimizer: Optimizer, trial: Trial) -> None:
    is_scored = np.isfinite(trial.score)
    # Another metric may be missing where the score was complete.
    status = None if trial.status == "complete" and not is_scored else trial.status
    optimizer.tell(
        trial.params,
        trial.score,
        noise_variance=trial.noise_variance,
        fold_scores=trial.fold_scores,
        fit_time=trial.fit_time,
        status=status,
        metrics=trial.metrics,
    )
