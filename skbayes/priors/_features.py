"""What a prior's parameter may be: one number, one for each feature, or a dict by feature name."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["as_floats", "check_numbers", "numbers", "per_feature", "standard_draws"]


def per_feature(
    value: Any, missing: float, name: str, prior: str, names: Sequence[str] | None, n_features: int
) -> NDArray[np.float64]:
    """Return one number for each feature.

    Parameters
    ----------
    value : float, array-like of shape (n_features,) or dict of str to float
        As the user gave it.
    missing : float
        For features that the dict does not name.
    name, prior : str
        What is read, for messages: ``"scale"`` of ``"Laplace"``.
    names : sequence of str or None
        Names of the features, if they have names.
    n_features : int
        How many features there are.

    Raises
    ------
    ValueError
        If the length is wrong, a name is unknown, or names are given and the features have none.
    """
    if not isinstance(value, Mapping):
        array = np.asarray(value, dtype=float)
        if array.shape not in ((), (n_features,)):
            raise ValueError(
                f"{prior} needs {name} as one number or one for each feature; got {name} of shape"
                f" {array.shape} for {n_features} features. Give a number, an array of shape"
                f" ({n_features},), or a dict by feature name."
            )
        return np.broadcast_to(array, (n_features,)).copy()
    if names is None:
        raise ValueError(
            f"{prior}({name}=...) is a dict by feature name and the features have no names; got names"
            f" {sorted(map(str, value))}. Fit on a data frame, or give an array of shape ({n_features},)."
        )
    unknown = sorted(str(key) for key in value.keys() - set(names))
    if unknown:
        known = ", ".join(map(str, names[:10])) + (", ..." if len(names) > 10 else "")
        raise ValueError(
            f"{prior}({name}=...) names features that are not there; got {unknown}. The features are"
            f" {known}. Correct or leave out these names."
        )
    return np.array([float(value.get(key, missing)) for key in names])


def numbers(value: Any, name: str, prior: str, kind: str) -> NDArray[np.float64]:
    """Return a parameter as an array, checked; a dict has to be resolved before.

    Raises
    ------
    ValueError
        If it is a dict, or not of its kind.
    """
    if isinstance(value, Mapping):
        raise ValueError(
            f"{prior}({name}=...) is a dict by feature name, and the features are not known here; got"
            f" {value!r}. Use the prior that for_features(names, n_features) returns."
        )
    array = np.asarray(value, dtype=float)
    check_numbers(array, value, name, prior, kind)
    return array


def check_numbers(array: NDArray[np.float64], given: Any, name: str, prior: str, kind: str) -> None:
    """Refuse numbers that are not ``"finite"``, ``"positive"`` (and finite) or a ``"scale"`` (inf is flat)."""
    if kind == "finite":
        good, needs, advice = (
            np.isfinite(array),
            f"finite {name}",
            "Use 0.0 where nothing is known.",
        )
    else:
        good, needs = array > 0.0, f"{name} > 0"
        advice = "Use a small positive number to hold a coefficient where it is."
        if kind == "scale":
            advice = advice[:-1] + ", inf to leave it unpenalised."
        else:
            good &= np.isfinite(array)
            needs, advice = f"finite {name} > 0", "Correct it."
    if not np.all(good):
        shown = given if np.ndim(given) == 0 else f"{array[~good][:3].tolist()} among them"
        raise ValueError(f"{prior} needs {needs}; got {name}={shown!s}. {advice}")


def as_floats(w: ArrayLike) -> NDArray[Any]:
    """Return w as an array: float32 stays, anything else becomes float64."""
    array = np.asarray(w)
    return array if array.dtype == np.float32 else array.astype(np.float64, copy=False)


def standard_draws(
    loc: NDArray[Any], scale: NDArray[Any], prior: str
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return location and scale of each parameter to draw; a flat one cannot be drawn from.

    Raises
    ------
    ValueError
        If a scale is infinite.
    """
    loc, scale = np.broadcast_arrays(np.atleast_1d(loc), np.atleast_1d(scale))
    if not np.all(np.isfinite(scale)):
        raise ValueError(
            f"{prior} cannot be drawn from where it is flat; got {int(np.isinf(scale).sum())} infinite"
            f" scales. Give finite scales."
        )
    return loc, scale
