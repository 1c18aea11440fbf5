"""An ensemble of the candidates of a search, chosen by what they predict for rows that they were not fitted on."""

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.metrics import check_scoring
from sklearn.utils import check_random_state, indexable
from sklearn.utils.metadata_routing import UNUSED, MetadataRouter, MethodMapping
from sklearn.utils.parallel import Parallel, delayed

from .._sklearn import get_scorers, is_multimetric, metadata_rows, named_scorers
from ._base import AveragingEstimator, check_kind, single_target
from ._library import Library, open_library
from ._metadata import for_candidates, for_scorer, for_search
from ._selection import Selection, averaged, bagged, greedy, top_k

__all__ = ["SearchEnsemble"]

SELECTIONS = ("greedy", "top_k")


class SearchEnsemble(AveragingEstimator):
    """What the ensembles of classifiers and of regressors share; not for direct use."""

    # `callback` is the search's own, not metadata to be routed.
    __metadata_request__fit: ClassVar[dict[str, str]] = {"callback": UNUSED}

    def __init__(
        self,
        search: Any,
        *,
        size: int = 25,
        selection: str = "greedy",
        n_initial: int = 1,
        n_bags: int | None = None,
        bag_fraction: float = 0.5,
        scoring: Any = None,
        n_jobs: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.search = search
        self.size = size
        self.selection = selection
        self.n_initial = n_initial
        self.n_bags = n_bags
        self.bag_fraction = bag_fraction
        self.scoring = scoring
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, *, callback: Any = None, **params: Any) -> Self:
        """Search, choose candidates by their out-of-fold predictions, and fit these to all data.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, n_samples)
            Training data; anything that the estimator of the search takes.
        y : array-like of shape (n_samples,)
            Target.
        callback : callable or list of callables, default=None
            For the `fit` of the search.
        **params : dict of str -> object
            Metadata for the search, such as `sample_weight` and `groups`. The chosen candidates are fitted with
            what the search gives to its estimator.

        Returns
        -------
        self : object
            The fitted ensemble.

        Raises
        ------
        TypeError
            If `search` is no search that keeps predictions, or searches for another kind of estimator.
        ValueError
            If an argument is wrong, the target has several columns, no candidate can be chosen, or the metric
            cannot be computed from predictions.
        """
        self._check_arguments()
        y = single_target(self, y)
        search = clone(self.search)
        self._check_metric(search)
        if search.keep_predictions is False:
            search.set_params(keep_predictions=True)
        search.fit(X, y, callback=callback, **for_search(self, params))
        has_best = hasattr(search, "best_estimator_")
        return self._build(search, X, y, params, search.best_index_ if has_best else None)

    @classmethod
    def from_search(
        cls, search: Any, X: Any, y: Any, *, params: Mapping[str, Any] | None = None, **options: Any
    ) -> Self:
        """Make an ensemble of the candidates of a search that is fitted already.

        Parameters
        ----------
        search : search object
            Fitted on these data, with `keep_predictions`.
        X : array-like of shape (n_samples, n_features) or (n_samples, n_samples)
            What it was fitted on.
        y : array-like of shape (n_samples,)
            Its target.
        params : dict of str -> object, default=None
            The metadata that its `fit` was given.
        **options : dict of str -> object
            The other arguments of the class, such as `size`.

        Returns
        -------
        ensemble : object
            The fitted ensemble; all chosen candidates are fitted anew.

        Raises
        ------
        TypeError
            As `fit`.
        ValueError
            If the search has no predictions, or has them for other data; and as `fit`.
        """
        ensemble = cls(search, **options)
        ensemble._check_arguments()
        ensemble._check_metric(search)
        y = single_target(ensemble, y)
        _check_predictions(search, y, cls.__name__)
        return ensemble._build(search, X, y, dict(params or {}), None)

    def get_metadata_routing(self) -> MetadataRouter:
        """Return who gets which metadata: the search, and the scorer if `scoring` is given.

        Returns
        -------
        routing : MetadataRouter
            For scikit-learn's metadata routing.
        """
        router = MetadataRouter(owner=self).add_self_request(self)
        to_fit = MethodMapping().add(caller="fit", callee="fit")
        router.add(search=self.search, method_mapping=to_fit)
        if self.scoring is not None:
            to_score = MethodMapping().add(caller="fit", callee="score")
            router.add(scorer=self._own_scorer(self.search), method_mapping=to_score)
        return router

    def _template(self) -> Any:
        return self.search

    def _own_scorer(self, search: Any) -> Any:
        return check_scoring(search.estimator, scoring=self.scoring)

    def _scorer(self, search: Any) -> tuple[Any, str | None]:
        """Return the scorer of the selection, and which of several scores counts."""
        if self.scoring is not None:
            return self._own_scorer(search), None
        if not search.multimetric_:
            return search.scorer_, None
        several = isinstance(search.scorer_, dict)
        metric = _named_metric(search, search.scorer_ if several else None)
        return (search.scorer_[metric], None) if several else (search.scorer_, metric)

    def _check_metric(self, search: Any) -> None:
        """Refuse metrics of which it is not clear which one selects, as far as that is known before a fit."""
        if self.scoring is None:
            scorer = get_scorers(search)[0]
            if is_multimetric(scorer):
                _named_metric(search, named_scorers(scorer))
        elif is_multimetric(self._own_scorer(search)):
            raise ValueError(
                f"The selection is by one metric; got scoring={self.scoring!r}. Give one of them."
            )

    def _build(
        self, search: Any, X: Any, y: Any, params: dict[str, Any], refitted: int | None
    ) -> Self:
        """Choose from a finished search and fit what was chosen, but for the row that the search has refitted."""
        X, y = indexable(X, y)
        params = metadata_rows(X, params=params)
        scorer, metric = self._scorer(search)
        score_params = for_scorer(self, search, scorer, params)
        library = open_library(search, scorer, metric, X, y, score_params)
        selection = self._select(library)
        chosen = np.flatnonzero(selection.weights)
        # Heaviest first; of equal ones the better, which the stable sort of the better ones leaves in front.
        chosen = chosen[np.argsort(-library.alone[chosen], kind="stable")]
        chosen = chosen[np.argsort(-selection.weights[chosen], kind="stable")]
        rows = library.candidates[chosen]
        fit_params = for_candidates(search, for_search(self, params))
        self.estimators_ = self._fitted(search, rows, (X, y, fit_params), refitted)
        self.weights_ = selection.weights[chosen]
        self.candidates_ = rows
        self.params_ = [search.cv_results_["params"][row] for row in rows]
        self.methods_ = [library.methods[k] for k in chosen]
        self.scales_ = library.scales[chosen]
        self.rule_ = library.rule
        if library.classes is not None:
            self.classes_ = library.classes
        self.score_path_ = selection.path
        self.selection_score_ = library.score(averaged(library, selection.weights))
        self.search_ = search
        self._set_features()
        return self

    def _select(self, library: Library) -> Selection:
        alone, score = library.alone, library.score
        if self.selection == "top_k":
            return top_k(library, score, alone, self.size)
        if self.n_bags is None:
            return greedy(library, score, alone, self.size, self.n_initial)
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        return bagged(
            library,
            score,
            alone,
            self.size,
            self.n_initial,
            self.n_bags,
            self.bag_fraction,
            np.random.default_rng(seed),
        )

    def _fitted(
        self, search: Any, rows: NDArray[np.intp], data: tuple[Any, ...], refitted: int | None
    ) -> list[Any]:
        """Return the candidates of these rows, fitted to all data."""
        params = search.cv_results_["params"]
        fitted = Parallel(n_jobs=self.n_jobs)(
            delayed(_fit)(search.estimator, params[row], *data) for row in rows if row != refitted
        )
        models = iter(fitted)
        return [search.best_estimator_ if row == refitted else next(models) for row in rows]

    def _check_arguments(self) -> None:
        """Refuse wrong arguments before any fit."""
        self._check_search()
        if self.selection not in SELECTIONS:
            raise ValueError(
                f"selection must be one of {', '.join(map(repr, SELECTIONS))}; got {self.selection!r}."
            )
        counts = {"size": self.size, "n_initial": self.n_initial, "n_bags": self.n_bags}
        for name, value in counts.items():
            is_none = name == "n_bags" and value is None
            if not is_none and (not isinstance(value, Integral) or value < 1):
                raise ValueError(f"{name} must be a whole number of at least 1; got {value!r}.")
        if not isinstance(self.bag_fraction, Real) or not 0 < self.bag_fraction <= 1:
            raise ValueError(
                f"bag_fraction must be above 0 and at most 1, a share of the candidates; got {self.bag_fraction!r}."
            )

    def _check_search(self) -> None:
        name, kind = type(self).__name__, type(self.search).__name__
        params = self.search.get_params(deep=False) if hasattr(self.search, "get_params") else ()
        if "keep_predictions" not in params:  # halving has the attribute and does not keep any
            raise TypeError(
                f"{name} needs a search that can keep out-of-fold predictions; got {kind}. Use BayesSearchCV, "
                "GridSearchCV, RandomizedSearchCV or ManualSearchCV of skbayes."
            )
        check_kind(self, self.search, f"{kind} over {type(self.search.estimator).__name__}")


def _named_metric(search: Any, metrics: Any) -> str:
    """Return which of several metrics a search is after; `metrics` are their names, None if these are not known."""
    metric = search.refit if isinstance(search.refit, str) else getattr(search, "objective", None)
    if metric is None or (metrics is not None and metric not in metrics):
        raise ValueError(
            f"The search has several metrics and names none that follows from predictions: refit={search.refit!r}. "
            "Give the ensemble scoring=, or the search refit= with the name of a metric."
        )
    return str(metric)


def _fit(template: Any, candidate: Mapping[str, Any], X: Any, y: Any, fit_params: Any) -> Any:
    model = clone(template).set_params(**clone(dict(candidate), safe=False))
    return model.fit(X, y, **fit_params)


def _check_predictions(search: Any, y: Any, name: str) -> None:
    """Refuse a search without predictions, or with those of other data."""
    kept = getattr(search, "predictions_", None)
    if kept is None:
        raise ValueError(
            f"from_search needs a search fitted with keep_predictions=True; got {type(search).__name__} with "
            f"keep_predictions={search.keep_predictions!r} and no predictions_. Fit it again with "
            f"keep_predictions=True, or let {name}(search).fit(X, y) do it."
        )
    is_same = kept.n_samples == len(y)
    if is_same and kept.target is not None:
        is_same = np.array_equal(np.ravel(np.asarray(y)[kept.rows]), np.ravel(kept.target))
    if not is_same:
        raise ValueError(
            f"The search kept predictions for {kept.n_samples} rows, and these {len(y)} have another target. Give the "
            "X and y that the search was fitted on, in the same order."
        )
