"""Attributes that are computed when somebody asks for them, and not when scikit-learn draws or lists an estimator."""

from contextvars import ContextVar
from typing import Any

__all__ = ["LazyAttributes"]

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
