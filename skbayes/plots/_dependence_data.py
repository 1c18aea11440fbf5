"""Partial dependences of the score, as numbers for a picture."""

from collections.abc import Sequence
from typing import Any

from ..optimizer import partial_dependence
from ._source import scored_source_of

__all__ = ["partial_dependence_data"]


def partial_dependence_data(
    search: Any,
    parameters: Sequence[str | tuple[str, str]] | None = None,
    *,
    space: Any = None,
    surrogate: Any = None,
    metric: str | None = None,
    score_name: str | None = None,
    n_values: int = 25,
    n_points: int = 256,
    n_functions: int = 64,
    random_state: Any = 0,
) -> dict[str, Any]:
    """Return what `PartialDependenceDisplay` is made of, without drawing it.

    Parameters
    ----------
    search : fitted search, Optimizer, History, iterable of Trial, or path-like
        A search of ours or of scikit-learn; a path is that of a journal or of an exported history.
    parameters : sequence of str or of pairs of them, default=None
        Of which parameters, and of which pairs. None: of each parameter by itself.
    space : dict, list of dict, list of Dimension, or Space, default=None
        The design space, in any notation; None: that of the search, or what the trials span.
    surrogate : str or Surrogate, default=None
        As for `skbayes.optimizer.partial_dependence`; None: that of the search.
    metric : str, default=None
        Another metric than the one searched for, with ``"-"`` before it if smaller is better.
    score_name : str, default=None
        What to call the score; None: by the metric.
    n_values : int, default=25
        How many values of a range of numbers, at least 2.
    n_points : int, default=256
        How many points each average is over; positive.
    n_functions : int, default=64
        How many functions to draw from the posterior; positive.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default=0
        Seed.

    Returns
    -------
    data : dict
        `dependences`: a `PartialDependence` for each panel. `tried`: for each of them the values of its parameters in
        the trials that have them. `score_name`.

    Raises
    ------
    NotFittedError
        If a search has not been fitted.
    TypeError
        If `search` is none of these, or `parameters` is a string.
    ValueError
        If there are fewer than 5 trials with a score, or a parameter is unknown.

    Examples
    --------
    >>> from skbayes.optimizer import Trial
    >>> from skbayes.plots import partial_dependence_data
    >>> trials = [Trial(k, {"x": 0.1 * k, "y": k % 3}, 0.1 * k) for k in range(11)]
    >>> data = partial_dependence_data(trials, ["x"], n_values=3)
    >>> (data["dependences"][0].mean.round(1) + 0.0).tolist(), data["tried"][0][1]
    ([0.0, 0.5, 1.0], (0.1,))
    """
    source = scored_source_of(search, space=space, metric=metric, score_name=score_name)
    if source.space is None:
        raise ValueError(
            "Partial dependences need at least 5 trials with a score; got a search without any trial. Try candidates "
            "first."
        )
    found = partial_dependence(
        source.history,
        source.space,
        parameters,
        source.surrogate if surrogate is None else surrogate,
        n_values=n_values,
        n_points=n_points,
        n_functions=n_functions,
        random_state=random_state,
    )
    tried = [
        [
            tuple(trial.params[name] for name in each.names)
            for trial in source.history
            if set(each.names) <= trial.params.keys()
        ]
        for each in found
    ]
    return {"dependences": found, "tried": tried, "score_name": source.score_name}
