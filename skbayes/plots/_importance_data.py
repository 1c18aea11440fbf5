"""What a picture of importances is made of: the shares of a search, the largest first."""

from typing import Any

import numpy as np

from ..optimizer import Importances, importances
from ._source import scored_source_of

__all__ = ["importance_data"]


def importance_data(
    search: Any,
    *,
    space: Any = None,
    metric: str | None = None,
    score_name: str | None = None,
    surrogate: Any = None,
    n_functions: int = 64,
    unit: str = "score",
    random_state: Any = 0,
) -> dict[str, Any]:
    """Return what `ImportanceDisplay` is made of, without drawing it.

    Parameters
    ----------
    search : fitted search, Optimizer, History, iterable of Trial, path-like, or Importances
        A search of ours or of scikit-learn; a path is that of a journal or of an exported history. Of importances that
        have been computed only `score_name` is asked.
    space : dict, list of dict, list of Dimension, or Space, default=None
        The design space, in any notation. None: that of the search, or what the trials span.
    metric : str, default=None
        Another metric than the one searched for.
    score_name : str, default=None
        What to call the score. None: by the metric.
    surrogate : str or Surrogate, default=None
        As for `skbayes.optimizer.importances`; None: that of the search, if it has one.
    n_functions : int, default=64
        How many functions to draw from the posterior; positive.
    unit : {"score", "latent"}, default="score"
        Of what the variance is, as for `skbayes.optimizer.importances`.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default=0
        Seed.

    Returns
    -------
    data : dict
        Names and values of the arguments of `ImportanceDisplay`.

    Raises
    ------
    NotFittedError
        If a search has not been fitted.
    TypeError
        If `search` is none of these.
    ValueError
        With fewer than 5 trials that have a score, or an unknown `unit`, `metric` or `surrogate`.

    Examples
    --------
    >>> from skbayes.optimizer import Optimizer
    >>> from skbayes.plots import importance_data
    >>> optimizer = Optimizer({"x": (-1.0, 1.0), "y": (-1.0, 1.0)}, random_state=0)
    >>> for params in optimizer.ask(30):
    ...     optimizer.tell(params, params["x"] - 3.0 * params["y"])
    >>> data = importance_data(optimizer)
    >>> data["names"], data["first_order"].round(1).tolist()
    (['y', 'x'], [0.9, 0.1])
    """
    if isinstance(search, Importances):
        return _sorted(search, score_name or search.metric or "score")
    source = scored_source_of(search, space=space, metric=metric, score_name=score_name)
    if source.space is None:
        raise ValueError(
            "Importances need at least 5 candidates with a score; got a search without any. Tell some first."
        )
    found = importances(
        source.history,
        source.space,
        source.surrogate if surrogate is None else surrogate,
        n_functions=n_functions,
        unit=unit,
        random_state=random_state,
    )
    return _sorted(found, source.score_name)


def _sorted(found: Importances, score_name: str) -> dict[str, Any]:
    # Equal shares, and those of a score that does not vary, in the order of the space.
    total = np.array([found.total[name] for name in found.names])
    names = [found.names[i] for i in np.argsort(-total, kind="stable")]
    shares = np.array(list(found.pairs.values()))
    known = list(found.pairs)
    pairs = [known[i] for i in np.argsort(-shares, kind="stable")]

    def of_names(values: dict[str, float]) -> np.ndarray:
        return np.array([values[name] for name in names], dtype=float)

    return {
        "names": names,
        "first_order": of_names(found.first_order),
        "first_order_std": of_names(found.first_order_std),
        "total": of_names(found.total),
        "total_std": of_names(found.total_std),
        "pair_names": pairs,
        "pairs": np.array([found.pairs[pair] for pair in pairs], dtype=float),
        "pairs_std": np.array([found.pairs_std[pair] for pair in pairs], dtype=float),
        "n_trials": found.n_trials,
        "explained": found.explained,
        "score_name": score_name,
        "unit": found.unit,
    }
