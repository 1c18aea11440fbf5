"""Metadata such as `sample_weight`: what of it goes to the search, to the chosen candidates and to the scorer."""

from collections.abc import Mapping
from typing import Any

from sklearn.utils.metadata_routing import get_routing_for_object, process_routing

from .._sklearn import accepts_sample_weight, routed_metadata, routing_enabled

__all__ = ["for_candidates", "for_scorer", "for_search"]


def for_search(ensemble: Any, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the `fit` of the search gets.

    Parameters
    ----------
    ensemble : estimator object
        A router with the search, and with the scorer if it has one of its own.
    params : mapping of str to object
        What its `fit` was given.

    Raises
    ------
    TypeError
        If nobody asked for it, with routing on.
    """
    if not routing_enabled():
        return dict(params)
    return dict(process_routing(ensemble, "fit", **params).search.fit)


def for_candidates(search: Any, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the search gives of its metadata to the `fit` of its estimator."""
    return dict(routed_metadata(search, params, {}).estimator.fit)


def for_scorer(
    ensemble: Any, search: Any, scorer: Any, params: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what the scorer of the selection gets.

    Parameters
    ----------
    ensemble : estimator object
        A router.
    search : search object
        Whose scorer counts if the ensemble has none of its own.
    scorer : callable
        The scorer, one of several perhaps.
    params : mapping of str to object
        What the `fit` of the ensemble was given.
    """
    if not routing_enabled():
        weight = params.get("sample_weight")
        is_weighted = weight is not None and accepts_sample_weight(scorer)
        return {"sample_weight": weight} if is_weighted else {}
    if ensemble.scoring is not None:
        return dict(process_routing(ensemble, "fit", **params).scorer.score)
    routed = routed_metadata(search, for_search(ensemble, params), {}).scorer.score
    # What is routed to several metrics need not be for each of them.
    wanted = get_routing_for_object(scorer).consumes("score", list(routed))
    return {name: value for name, value in routed.items() if name in wanted}
