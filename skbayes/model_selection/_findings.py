"""What a finished search says about itself beside its table: computed when it is asked for."""

from typing import Any

from sklearn.utils.validation import check_is_fitted

__all__ = ["SearchFindings"]


class SearchFindings:
    """Findings of a finished search."""

    cv_results_: dict[str, Any]
