"""The table of what is known of each coefficient."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._pandas import frame_of

__all__ = ["summary_of"]


def summary_of(
    posteriors: Sequence[Any],
    features: list[Any],
    labels: tuple[str, list[Any]] | None,
    level: float,
) -> Any:
    """Return the data frame.

    Parameters
    ----------
    posteriors : list of CoefficientPosterior
        Of the rows of the coefficients, one after the other; coefficients first, the intercept last.
    features : list of length p
        Names.
    labels : tuple of (str, list) or None
        What the rows of coefficients are of, and which; None if there is one row.
    level : float
        Probability between the ends of an interval.
    """
    ends = [posterior.interval(level) for posterior in posteriors]
    columns = {
        "mean": [p.mean for p in posteriors],
        "std": [p.std for p in posteriors],
        "lower": [lower for lower, _ in ends],
        "upper": [upper for _, upper in ends],
        "p_positive": [p.probability_positive for p in posteriors],
    }
    table = {name: list(np.concatenate(values)) for name, values in columns.items()}
    n_rows = 1 if labels is None else len(labels[1])
    has_intercept = len(table["mean"]) > n_rows * len(features)
    names = [*features, "intercept"] if has_intercept else features
    index = {"feature": names * n_rows}
    if labels is not None:
        index = {labels[0]: [label for label in labels[1] for _ in names], **index}
    frame = frame_of({**index, **table}, "summary").set_index(list(index))
    frame.attrs.update(
        kind=posteriors[0].kind,
        is_conditional=any(p.is_conditional for p in posteriors),
        dof=posteriors[0].dof if len(posteriors) == 1 else [p.dof for p in posteriors],
        level=level,
    )
    return frame
