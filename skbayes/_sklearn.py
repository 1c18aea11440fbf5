"""The one gate to what is private or version-dependent in scikit-learn (1.6 to 1.9), each line with its reason.

Nothing else in skbayes imports an underscored name of scikit-learn; `tests/test_architecture.py` holds them to it.
"""

import copy
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from inspect import signature
from typing import Any

import numpy as np
from sklearn import get_config

# scikit-learn's decorator for `fit`: checks `_parameter_constraints`, opens the callback context (1.9).
from sklearn.base import BaseEstimator, _fit_context

# Private: the compiled descent on a Gram matrix. `enet_path` reaches it too, in ten times the time of a short run.
from sklearn.linear_model._cd_fast import enet_coordinate_descent_gram
from sklearn.metrics import get_scorer, make_scorer

# Private: the classes of multi-metric, ordinary and default scorers; there is no public way to tell them apart.
from sklearn.metrics._scorer import _BaseScorer, _MultimetricScorer, _PassthroughScorer

# Not exported by sklearn.model_selection: delegation, tags, routing and HTML of a search.
from sklearn.model_selection._search import BaseSearchCV, _yield_masked_array_for_each_param
from sklearn.utils import Bunch

# Private, and what bounded numbers and names in `_parameter_constraints` are made of.
from sklearn.utils._param_validation import Interval, StrOptions

# Private: refuses metadata while routing is off; whether `set_config(enable_metadata_routing=True)` holds.
from sklearn.utils.metadata_routing import _raise_for_params as raise_for_params
from sklearn.utils.metadata_routing import _routing_enabled as routing_enabled

# Private: rows of X and y for one fold; knows pairwise (precomputed kernel) input.
from sklearn.utils.metaestimators import _safe_split as safe_split
from sklearn.utils.parallel import delayed
from sklearn.utils.validation import (
    # Private: cuts metadata of one entry per sample to the rows of a fold.
    _check_method_params as metadata_rows,
)
from sklearn.utils.validation import (
    # Private: one weight for each row, with the messages that scikit-learn's checks want.
    _check_sample_weight,
)

__all__ = [
    "DOCUMENTATION",
    "SEARCH_CONSTRAINTS",
    "BaseSearchCV",
    "Documented",
    "ImpliedScoring",
    "Interval",
    "LazyAttributes",
    "StrOptions",
    "accepts_sample_weight",
    "check_refit_is_a_scorer",
    "check_sample_weight",
    "configured",
    "context_for_worker",
    "default_score",
    "enet_coordinate_descent_gram",
    "fit_context",
    "fold_indices",
    "get_scorers",
    "is_multimetric",
    "masked_parameter_columns",
    "metadata_rows",
    "named_scorer",
    "named_scorers",
    "no_callback_context",
    "raise_for_params",
    "root_callback_context",
    "routed_metadata",
    "routing_enabled",
    "safe_split",
    "scorer_for_weights",
    "scorer_with_labels",
    "set_step_size",
]


# The checks of the arguments that all searches share; `_parameter_constraints` is what `fit_context` reads.
SEARCH_CONSTRAINTS: dict[str, Any] = BaseSearchCV._parameter_constraints


def check_sample_weight(weight: Any, X: Any, dtype: Any) -> Any:
    """Return one finite, non-negative weight for each row of X."""
    return _check_sample_weight(weight, X, dtype=dtype, ensure_non_negative=True)


def fit_context() -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the decorator of a search's `fit`: parameter checks here, and again in the inner estimator."""
    return _fit_context(prefer_skip_nested_validation=False)


def get_scorers(search: BaseSearchCV) -> tuple[Any, Any]:
    """Return (scorer, refit metric) as scikit-learn reads `scoring` and `refit`."""
    return search._get_scorers()


class ImpliedScoring:
    """Lets a search say what its `scoring` stands for, wherever scikit-learn makes scorers of it."""

    scoring: Any

    def _implied_scoring(self) -> Any:
        return self.scoring

    def _get_scorers(self) -> tuple[Any, Any]:
        # Private, and the one place where scorers are made: for the routing of metadata too.
        stand_in, scoring = self, self._implied_scoring()
        if scoring is not self.scoring:
            stand_in = copy.copy(self)
            stand_in.scoring = scoring
        return super(ImpliedScoring, stand_in)._get_scorers()  # type: ignore[misc]


def check_refit_is_a_scorer(search: BaseSearchCV, scores: Iterable[str]) -> None:
    """Raise scikit-learn's own ValueError unless `refit` fits the metrics that a callable returned."""
    search._check_refit_for_multimetric(scores)


def is_multimetric(scorer: Any) -> bool:
    """Return whether the scorer was made of several named metrics."""
    return isinstance(scorer, _MultimetricScorer)


def named_scorers(scorer: Any) -> Any:
    """Return the dict of scorers behind several metrics, or the one scorer itself."""
    return scorer._scorers if is_multimetric(scorer) else scorer


def masked_parameter_columns(candidates: list[dict[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Yield ``("param_name", masked array)`` for each parameter that any candidate has."""
    return _yield_masked_array_for_each_param(candidates)


def accepts_sample_weight(scorer: Any) -> bool:
    """Return whether one scorer can take ``sample_weight``; scikit-learn has this from 1.7 on only."""
    if isinstance(scorer, _PassthroughScorer):
        return "sample_weight" in signature(scorer._estimator.score).parameters
    function = scorer._score_func if isinstance(scorer, _BaseScorer) else scorer
    try:
        return "sample_weight" in signature(function).parameters
    except (TypeError, ValueError):  # a builtin without a signature
        return False


def default_score(scorer: Any, is_classifier: bool) -> str | None:
    """Return the name of the score that an estimator without a `score` of its own has; None for another scorer."""
    if not isinstance(scorer, _PassthroughScorer):
        return None
    return "accuracy" if is_classifier else "r2"


def named_scorer(scorer: Any, names: Iterable[str]) -> str | None:
    """Return which of scikit-learn's own scorers this one is; None if it is none of those named."""
    # Private: a scorer does not know its name, and is told by its metric and how this is called.
    attributes = ("_score_func", "_sign", "_kwargs", "_response_method")
    for name in names:
        known = get_scorer(name)
        if type(scorer) is type(known) and all(
            getattr(scorer, attribute) == getattr(known, attribute) for attribute in attributes
        ):
            return name
    return None


def configured(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function with scikit-learn's present configuration, and warning filters, for a worker to use."""
    # scikit-learn's own Parallel does this to each call, and ours is not given to it.
    wrapped = delayed(function)()[0]
    config = get_config()
    if hasattr(wrapped, "with_config"):  # 1.6
        return wrapped.with_config(config)
    filters = getattr(warnings, "_get_filters", lambda: warnings.filters)()
    return wrapped.with_config_and_warning_filters(config, filters)


class _WithoutWeight:
    """A scorer that cannot take `sample_weight`, inside several metrics on scikit-learn 1.6."""

    def __init__(self, scorer: Any) -> None:
        self._scorer = scorer

    def __call__(self, estimator: Any, *args: Any, **kwargs: Any) -> Any:
        kwargs.pop("sample_weight", None)
        return self._scorer(estimator, *args, **kwargs)


def scorer_for_weights(scorer: Any) -> Any:
    """Return a scorer whose metrics each get `sample_weight` only if they take it; 1.6 gives it to all."""
    if not is_multimetric(scorer) or hasattr(scorer, "_accept_sample_weight"):
        return scorer
    metrics = {
        name: metric if accepts_sample_weight(metric) else _WithoutWeight(metric)
        for name, metric in scorer._scorers.items()
    }
    return _MultimetricScorer(scorers=metrics, raise_exc=scorer._raise_exc)


def scorer_with_labels(scorer: Any, classes: Any) -> Any:
    """Return a scorer that is told of all classes, since a fold may lack some; one that takes no labels stays."""
    # Private: what a scorer is made of, without which it cannot be made again.
    taken = signature(scorer._score_func).parameters if isinstance(scorer, _BaseScorer) else {}
    if "labels" not in taken:
        return scorer
    known = {"labels": classes}
    if len(classes) == 2 and "pos_label" in taken:
        known["pos_label"] = classes[-1]
    return make_scorer(
        scorer._score_func,
        greater_is_better=scorer._sign > 0,
        response_method=scorer._response_method,
        **{**known, **scorer._kwargs},
    )


def fold_indices(train: Any, test: Any, X: Any) -> tuple[Any, Any]:
    """Return indices in the array namespace of X, so that a torch X is cut by torch indices."""
    # Private, and only there since array API support began: 1.6 has it, later releases moved parts of it.
    from sklearn.utils._array_api import device, get_namespace

    xp, is_array_api = get_namespace(X)
    if not is_array_api:
        return np.asarray(train), np.asarray(test)
    return xp.asarray(train, device=device(X)), xp.asarray(test, device=device(X))


def routed_metadata(
    search: BaseSearchCV, params: Mapping[str, Any], score_params: dict[str, Any]
) -> Bunch:
    """Return who gets which metadata: ``estimator.fit``, ``splitter.split``, ``scorer.score``.

    With routing on, scikit-learn decides. With routing off, `groups` goes to the splitter, everything else
    to `fit`, and `score_params` to the scorer.
    """
    from sklearn.utils.metadata_routing import process_routing

    if routing_enabled():
        return process_routing(search, "fit", **params)
    rest = dict(params)
    groups = rest.pop("groups", None)
    return Bunch(
        estimator=Bunch(fit=rest),
        splitter=Bunch(split={"groups": groups}),
        scorer=Bunch(score=score_params),
    )


class NoCallbackContext:
    """Stands in for scikit-learn's callback context (1.9) on releases without `sklearn.callback`."""

    def __reduce__(self) -> str:
        return "no_callback_context"  # one object in a worker too, told by `is`

    def subcontext(self, **kwargs: Any) -> "NoCallbackContext":
        return self

    def call_on_fit_task_begin(self, **kwargs: Any) -> "NoCallbackContext":
        return self

    def call_on_fit_task_end(self, **kwargs: Any) -> bool:
        return False

    @contextmanager
    def propagate_callback_context(self, estimator: BaseEstimator) -> Iterator[None]:
        yield


no_callback_context = NoCallbackContext()


def root_callback_context(search: BaseSearchCV, max_subtasks: int) -> Any:
    """Return the root of the callback tree of one `fit`; if nobody listens it does nothing."""
    if not hasattr(search, "_init_callback_context") or not _is_listened_to(search):  # before 1.9
        return no_callback_context
    return search._init_callback_context(max_subtasks=max_subtasks)


def _is_listened_to(search: BaseSearchCV) -> bool:
    """Whether callbacks are registered on the search, what it is part of, or a part of its estimator."""
    parts = [search, search.estimator, *search.estimator.get_params(deep=True).values()]
    return hasattr(search, "_parent_callback_ctx") or any(
        getattr(part, "_skl_callbacks", None) for part in parts
    )


def context_for_worker(leaf: Any, estimator: Any) -> Any:
    """Hand the callbacks of a leaf on to an estimator that is fitted elsewhere, in a process of this machine.

    From then on the leaf does not call the callbacks that are handed on: the estimator does.

    Parameters
    ----------
    leaf : CallbackContext
        The task that the fit is.
    estimator : estimator object
        Of the kind that will be fitted; itself it is left as it is.

    Returns
    -------
    context : CallbackContext
        For `propagate_callback_context` where the estimator is fitted: a copy of the leaf and of the path to
        it, without its siblings and without callbacks that stay here.
    """
    with leaf.propagate_callback_context(estimator):
        pass
    if not hasattr(estimator, "set_callbacks"):  # it makes no context of its own
        return no_callback_context
    # Private: the tree grows with each task while joblib's threads pickle other tasks, and each would carry
    # the whole of it; callbacks that stay here may be anything, so they are not pickled.
    handed_on = getattr(leaf, "_propagated_callbacks", [])
    copied = first = copy.copy(leaf)
    while copied.parent is not None:
        copied._callbacks = handed_on
        parent = copied.parent = copy.copy(copied.parent)
        parent._children_map = {copied.task_id: copied}
        copied = parent
    copied._callbacks = handed_on
    return first


def set_step_size(model: BaseEstimator, name: str, value: float) -> None:
    """Set a parameter that the next `partial_fit` of a model takes as its step size."""
    model.set_params(**{name: value})
    # Private: MLPClassifier and MLPRegressor copy it into their optimizer at the first partial_fit and do not look
    # at the parameter again. The public way, `fit` with warm_start, would forget the moments at each epoch.
    optimizer = getattr(model, "_optimizer", None) if name == "learning_rate_init" else None
    if optimizer is not None:
        optimizer.learning_rate_init = value  # what Adam reads
        optimizer.learning_rate = value  # what SGD reads


# Where the documentation is: a page for each public class, as docs/api.rst has them made.
DOCUMENTATION = "https://skbayes.readthedocs.io/en/stable"


class Documented:
    """Leads from the page that scikit-learn draws of an estimator or a part to our documentation.

    Private are the three names that it reads, the same from 1.6 to 1.9. What is not public has no page, and so no
    link; a class that somebody derives of ours is theirs, and none is made either.
    """

    _doc_link_module = "skbayes"
    _doc_link_template = "{address}"

    def _doc_link_url_param_generator(self) -> dict[str, str]:
        name = type(self).__name__
        room = ".".join(type(self).__module__.split(".")[:2])
        is_public = name in getattr(sys.modules.get(room), "__all__", ())
        return {"address": f"{DOCUMENTATION}/api/{room}.{name}.html" if is_public else ""}


# Whether scikit-learn is drawing an estimator at the moment.
_is_drawing: ContextVar[bool] = ContextVar("is_drawing", default=False)


class LazyAttributes:
    """Keeps scikit-learn (1.9) from computing attributes that are made on demand.

    Its `dir` asks for every attribute whether it is there, and the page that it draws of a fitted estimator asks for
    every value, through `inspect.getmembers`. Private is the method that draws; releases before 1.9 have none of that
    name and never call this one.
    """

    _lazy_attributes: frozenset[str] = frozenset()

    def __dir__(self) -> list[str]:
        names, lazy = object.__dir__(self), self._lazy_attributes
        found = [name for name in names if name not in lazy and hasattr(self, name)]
        return found if _is_drawing.get() else sorted([*found, *lazy])

    def _get_fitted_attr_html(self, *args: Any, **options: Any) -> Any:
        token = _is_drawing.set(True)
        try:
            return super()._get_fitted_attr_html(*args, **options)  # type: ignore[misc]
        finally:
            _is_drawing.reset(token)
