"""Suggest what to evaluate next: where space, surrogate and acquisition meet.

`suggest` is a pure function. The optimizer calls the two halves of it itself, `fit_surrogate`
(which it need not repeat while nothing new is told) and `propose` in `_batch.py`.
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import clone

from .._registry import resolve
from ..acquisition import ACQUISITIONS
from ..space import Space
from ..surrogates import SURROGATES
from ._batch import propose
from ._observations import Observations, encode_trials
from ._trial import History
from ._unseen import unseen
from ._weights import Weighting

__all__ = ["as_acquisition", "as_surrogate", "fit_surrogate", "suggest"]


def suggest(
    history: History,
    space: Space,
    surrogate: Any,
    acquisition: Any,
    rng: np.random.Generator,
    n: int = 1,
    *,
    pending: Sequence[Mapping[str, Any]] = (),
    failures: str = "auto",
    prior_weight: float = 10.0,
) -> list[dict[str, Any]]:
    """Suggest the next points to evaluate.

    Parameters
    ----------
    history : History
        Finished trials, all inside `space`.
    space : Space
        The design space, as `as_space` builds it.
    surrogate : str or Surrogate
        A name of the registry, ``"auto"`` (the Gaussian process), or an object, which is cloned
        and not changed.
    acquisition : str, MarginalAcquisition or JointAcquisition
        A name of the registry, ``"auto"`` (log EI), or an object.
    rng : numpy.random.Generator
        Source of randomness; with an equal generator the suggestion is the same.
    n : int, default=1
        How many points to suggest, to be evaluated side by side.
    pending : sequence of dict, default=()
        Points that are being evaluated now; they are not suggested again, and the suggestions keep
        away from them.
    failures : {"auto", "worst", "weigh"}, default="auto"
        What failed trials teach, as for `Optimizer`.
    prior_weight : float, default=10.0
        How strongly the priors of the space weigh the acquisition, as for `Optimizer`.

    Returns
    -------
    points : list of dict
        Distinct points that are neither in the history nor pending; fewer than n, or none, when a
        finite space has no more. Without any finite score they are drawn from the prior.

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.optimizer import History, Trial, suggest
    >>> from skbayes.space import as_space
    >>> trials = [
    ...     Trial(i, {"x": x}, score=-((x - 2.0) ** 2)) for i, x in enumerate([0.0, 1.0, 4.0])
    ... ]
    >>> rng = np.random.default_rng(0)
    >>> [point] = suggest(History(tuple(trials)), as_space({"x": (0.0, 5.0)}), "gp", "log_ei", rng)
    >>> 1.0 < point["x"] < 3.0
    True
    """
    observations = encode_trials(history, space)
    waiting = [space.encode(params) for params in pending]
    exclude = observations.keys | {space.key(u) for u in waiting}
    acquisition = as_acquisition(acquisition)
    model = None
    if observations.n_finite:
        seed = int(rng.integers(2**31))
        surrogate = as_surrogate(surrogate, space, seed)
        weighting = Weighting(
            space,
            acquisition,
            surrogate,
            failures=failures,
            prior_weight=prior_weight,
            seed=seed,
        )
        model = fit_surrogate(surrogate, weighting.lessons(observations))
    if model is None:
        return [space.decode(u) for u in unseen(space, n, exclude, rng)]
    chosen = propose(
        weighting.believing(model, observations),
        observations,
        space,
        acquisition,
        rng,
        n,
        pending=np.array(waiting).reshape(len(waiting), space.n_dims),
        exclude=exclude,
        weights=weighting.weights(observations),
    )
    return [space.decode(u) for u in chosen]


def as_surrogate(surrogate: Any, space: Space, seed: int) -> Any:
    """Return a surrogate of our own for this space: a clone that knows its categories and seed."""
    registry = {**SURROGATES, "auto": SURROGATES["gp"]}
    surrogate = clone(resolve(surrogate, registry, "surrogate"), safe=False)
    params = surrogate.get_params(deep=False) if hasattr(surrogate, "get_params") else {}
    if "categories" in params and params["categories"] is None:
        surrogate.set_params(categories=space.n_categories)
    if "random_state" in params and params["random_state"] is None:
        surrogate.set_params(random_state=seed)
    return surrogate


def as_acquisition(acquisition: Any) -> Any:
    """Return the acquisition for a name or an object."""
    registry = {**ACQUISITIONS, "auto": ACQUISITIONS["log_ei"]}
    return resolve(acquisition, registry, "acquisition")


def fit_surrogate(surrogate: Any, observations: Observations) -> Any | None:
    """Fit the surrogate to what was observed; None, with a warning, when numerics forbid it."""
    U, scores, noise_variance = observations.training_data()
    try:
        return surrogate.fit(U, scores, noise_variance=noise_variance)
    except (np.linalg.LinAlgError, ArithmeticError) as error:
        warnings.warn(
            f"{type(surrogate).__name__} could not be fitted to {len(U)} trials ({error}); the "
            "next points are drawn from the prior instead. Look for extreme scores, or choose "
            "another surrogate, for example 'forest'.",
            RuntimeWarning,
            stacklevel=2,
        )
        return None
