"""Prior scales, and the parameter of the likelihood, of highest Laplace evidence: for any likelihood and any number of
classes. For a Gaussian likelihood it is the evidence itself.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..exceptions import IncompatibleModelError
from ._design import Design, row_major
from ._evidence_ascent import highest_evidence
from ._evidence_surface import EvidenceSurface, Setting
from ._feature_reduction import Reduction, reduced
from ._tuning import Scaled, Tuned

__all__ = ["tuned_laplace"]

Array = NDArray[Any]

# Each of some fifty points of the search factorises a matrix of this side: 10000 take 800 MB and a minute.
_LARGEST = 10_000


def tuned_laplace(task: Scaled) -> Tuned:
    """Return what of prior and likelihood is unknown at the highest Laplace evidence, and the mode.

    Raises
    ------
    IncompatibleModelError
        If there are so many parameters that the curvature cannot be factorised again and again.
    ValueError
        If the evidence is undefined for every prior scale: features with a flat prior are collinear.
    """
    # Rows seen earlier speak of the features as they are.
    smaller = reduced(task) if task.model.seen is None else Reduction.none(task)
    model = task.model
    _refuse_too_many(smaller.task)
    surface = EvidenceSurface(
        Setting(
            # In double precision, as the slope of the evidence asks for, and rows are taken in blocks.
            Design(row_major(smaller.task.X).astype(np.float64, copy=False)),
            task.y,
            model.likelihood,
            smaller.task.scale,
            smaller.task.codes,
            task.n_groups,
            model.weight,
            task.offset,
            model.fit_intercept,
            model.intercept_prior,
            model.seen,
        )
    )
    summit = highest_evidence(surface)
    point = summit.point
    if not np.isfinite(point.value):
        raise ValueError(
            "The evidence is undefined: the curvature of the log posterior is singular for every prior scale. "
            "Give features with a flat prior (scale=inf) that are collinear a prior, or leave one of them out."
        )
    coef, intercept = surface.objective(point.theta).layout.split(point.w)
    return smaller.back(
        Tuned(
            likelihood=surface.likelihood(point.theta),
            scale=surface.scale(point.theta),
            coef=coef,
            intercept=intercept,
            log_evidence=point.value - surface.log_hyper_prior(point.theta),
            n_iter=summit.n_iter,
            converged=summit.converged,
            message=summit.message,
            is_mode=False,
        )
    )


def _refuse_too_many(task: Scaled) -> None:
    level = np.asarray(task.model.likelihood.start_intercept(task.y, task.model.weight))
    n_parameters = max(level.size, 1) * (task.X.shape[1] + task.model.fit_intercept)
    if n_parameters > _LARGEST:
        raise IncompatibleModelError(
            f"tune={task.how!r} factorises the curvature of all parameters many times, which is made for up to "
            f"{_LARGEST} of them; got {n_parameters}. With fewer rows than features tune='evidence' without groups "
            "needs one for each row only; else use tune='loo', or BayesSearchCV over prior__scale."
        )
