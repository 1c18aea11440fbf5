"""What a finished search says beside its table: computed when it is asked for."""

from typing import Any

from sklearn.utils.validation import check_is_fitted

from ..optimizer import Importances
from ._finalists import all_folds
from ._frames import results_frame
from ._importances import importances_of
from ._optimism import Optimism, estimate_optimism
from ._pareto_front import pareto_front
from ._results import deciding_column

__all__ = ["SearchFindings"]

_COMPUTED = {"optimism_", "importances_", "pareto_front_"}


class SearchFindings:
    """Findings of a finished search, by its table and its history."""

    cv_results_: dict[str, Any]
    best_index_: int
    # Test samples over training samples in a fold, set by fit.
    _test_train_ratio: float

    def __dir__(self) -> list[str]:
        # Whoever lists the names reads the values too (a notebook that shows the search, from scikit-learn 1.9 on
        # `dir` itself), and these take seconds or raise. They are there for those who ask for them.
        names = object.__dir__(self)
        return [name for name in names if name not in _COMPUTED and hasattr(self, name)]

    @property
    def optimism_(self) -> Optimism:
        """By how much `best_score_` overstates the true score of `best_params_`, with an interval.

        See :func:`~skbayes.model_selection.estimate_optimism` for how it is estimated.
        """
        check_is_fitted(self, "cv_results_")
        if not hasattr(self, "best_index_"):
            raise AttributeError(
                f"optimism_ is about the candidate at best_index_, and this {type(self).__name__} has none: it has "
                "several metrics and refit=False. Name one of them in refit=."
            )
        results, metric = self.cv_results_, self._deciding_metric()
        if deciding_column(results, metric or "score").startswith("mean_finalist"):
            results = all_folds(results, metric or "score")
        return estimate_optimism(
            results, self.best_index_, metric, test_train_ratio=self._test_train_ratio
        )

    @property
    def importances_(self) -> Importances:
        """How much each parameter, and each pair, matters to the score: see :func:`~skbayes.optimizer.importances`."""
        check_is_fitted(self, "cv_results_")
        return importances_of(self)

    @property
    def pareto_front_(self) -> Any:
        """The candidates of a search with `objectives` that no other one dominates, a frame.

        See :func:`~skbayes.model_selection.pareto_front` for its columns.
        """
        check_is_fitted(self, "cv_results_")
        objectives = getattr(self, "objectives", None)
        if objectives is None:
            raise AttributeError(
                f"pareto_front_ is of a search with objectives, and this {type(self).__name__} has none. Use "
                "skbayes.model_selection.pareto_front(search.cv_results_, [...]) with metrics of its table."
            )
        return pareto_front(self.cv_results_, objectives)

    def to_frame(self) -> Any:
        """Return `cv_results_` as a frame.

        Returns
        -------
        frame : pandas.DataFrame
            A row for each candidate in the order of evaluation, with a column for each parameter.

        Raises
        ------
        NotFittedError
            If the search is not fitted.
        ImportError
            Without pandas.
        """
        return results_frame(self)

    def _deciding_metric(self) -> str | None:
        """Return the metric by which the best was chosen; None if there is one only."""
        raise NotImplementedError
