"""Arguments under the names that other searches give them: not accepted, but understood well enough to say ours."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import ParamSpec

__all__ = ["NAMES_ELSEWHERE", "knows_names"]

P = ParamSpec("P")

# scikit-learn's two searches; scikit-optimize's `dimensions` and the `space` of Hyperopt and Ray come by habit, too.
NAMES_ELSEWHERE: dict[str, str] = dict.fromkeys(
    ("param_grid", "param_distributions", "dimensions", "space"), "search_spaces"
)


def knows_names(meant: Mapping[str, str]) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Return a decorator of an `__init__` that names the argument that was meant.

    Parameters
    ----------
    meant : dict of str -> str
        Names that the `__init__` does not have, each with the one that it has for the same.

    Returns
    -------
    decorator : callable
        Of an `__init__`, whose signature stays as it is.
    """

    def decorate(init: Callable[P, None]) -> Callable[P, None]:
        @wraps(init)
        def checked(*args: P.args, **kwargs: P.kwargs) -> None:
            for name in kwargs.keys() & meant.keys():
                raise TypeError(
                    f"{type(args[0]).__name__} has no argument {name!r}; got {name}=.... It is called {meant[name]!r} "
                    f"here and takes the same: write {meant[name]}=..., or give it second, without a name."
                )
            init(*args, **kwargs)

        return checked

    return decorate
