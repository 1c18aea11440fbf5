"""What one `fit` of a search works with, checked and drawn once, before the first model is fitted."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags, indexable

from .._sklearn import (
    BaseSearchCV,
    accepts_sample_weight,
    get_scorers,
    metadata_rows,
    named_scorers,
    routed_metadata,
    routing_enabled,
    scorer_for_weights,
)
from ..evaluation import EvaluationSetup, draw_folds, predictor_of

__all__ = ["SearchRun", "keeps_predictions", "open_run"]


@dataclass(frozen=True)
class SearchRun:
    """The data, folds and scorers of one `fit`.

    Parameters
    ----------
    setup : EvaluationSetup
        Data, estimator, scorer and metadata that all evaluations share.
    folds : list of (train, test)
        Row indices.
    metadata : dict or None
        What scikit-learn's callbacks get to see.
    split_params : mapping, default={}
        Metadata of the splitter, such as `groups`.
    """

    setup: EvaluationSetup
    folds: list[tuple[Any, Any]]
    metadata: dict[str, Any] | None
    split_params: Mapping[str, Any] = field(default_factory=dict, kw_only=True)

    @property
    def n_splits(self) -> int:
        """Folds of a candidate."""
        return len(self.folds)


def open_run(
    search: BaseSearchCV,
    X: Any,
    y: Any,
    params: Mapping[str, Any],
    folds: list[tuple[Any, Any]] | None = None,
) -> SearchRun:
    """Check the data and metadata, route the metadata, and draw the folds.

    Parameters
    ----------
    search : BaseSearchCV
        Whose arguments count.
    X : array-like of shape (n_samples, ...)
        Training data; never converted here.
    y : array-like or None
        Target.
    params : mapping of str to object
        Metadata given to `fit`.
    folds : list of (train, test), default=None
        Folds of an earlier run, to score on the same ones.

    Returns
    -------
    run : SearchRun
        Ready to evaluate.

    Raises
    ------
    ValueError
        If the estimator needs `y` and got none, or lengths differ.
    TypeError
        If predictions are to be kept and the estimator does not predict.
    """
    scorer, _ = get_scorers(search)
    if y is None and _needs_target(search.estimator):
        raise ValueError(
            f"This {type(search).__name__} estimator requires y to be passed, but the target y is "
            f"None: {type(search.estimator).__name__} learns from a target. Call fit(X, y)."
        )
    X, y = indexable(X, y)
    params = metadata_rows(X, params=params)
    score_params = _weights_for(scorer, search, params)
    routed = routed_metadata(search, params, score_params)
    if folds is None:
        folds = draw_folds(search.cv, search.estimator, X, y, routed.splitter.split)
    setup = EvaluationSetup(
        estimator=clone(search.estimator),
        X=X,
        y=y,
        scorer=scorer_for_weights(scorer) if score_params else scorer,
        fit_params=routed.estimator.fit,
        score_params=routed.scorer.score,
        error_score=search.error_score,
        return_train_score=search.return_train_score,
        verbose=int(search.verbose),
        predictor=predictor_of(search.estimator, y) if keeps_predictions(search) else None,
    )
    weight = params.get("sample_weight")
    metadata = None if weight is None else {"sample_weight": weight}
    return SearchRun(setup, folds, metadata, split_params=routed.splitter.split)


def _needs_target(estimator: Any) -> bool:
    # A pipeline's own tag says that it can do without y; whether it can is up to its last step.
    while isinstance(estimator, Pipeline) and estimator.steps:
        estimator = estimator.steps[-1][1]
    return hasattr(estimator, "fit") and bool(get_tags(estimator).target_tags.required)


def keeps_predictions(search: BaseSearchCV) -> bool:
    """Return whether a search keeps predictions; halving has rungs of other rows and does not."""
    # An empty path is one too: the present directory.
    return getattr(search, "keep_predictions", False) is not False


def _weights_for(scorer: Any, search: BaseSearchCV, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``{"sample_weight": ...}`` if the scorer should get it; warn about metrics that cannot take it."""
    weight = params.get("sample_weight")
    if weight is None or routing_enabled():
        return {}
    named = named_scorers(scorer)
    metrics = named if isinstance(named, dict) else {"": named}
    accepting = {name: accepts_sample_weight(metric) for name, metric in metrics.items()}
    for name, metric in metrics.items():
        if not accepting[name]:
            label = f"{name}={metric}" if name else f"{metric}"
            warnings.warn(
                f"The scoring {label} does not support sample_weight, so {type(search).__name__} "
                "fits with weights and scores without them. Give a scorer that takes sample_weight.",
                UserWarning,
                stacklevel=2,
            )
    return {"sample_weight": weight} if any(accepting.values()) else {}
