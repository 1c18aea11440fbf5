"""Where the candidates of a Bayesian search come from: an optimizer for each space with its own budget."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._sklearn import BaseSearchCV
from ..optimizer import MultiObjectiveOptimizer, Optimizer
from ..space import Space, split_budget
from ._aims import Aims
from ._model_proposals import ModelProposals, known_to, own_parameters
from ._origin import earlier_searches, origin_of
from ._parameters import check_parameter_names
from ._run import SearchRun

__all__ = ["bayes_proposals"]


def bayes_proposals(
    search: BaseSearchCV,
    run: SearchRun,
    seed: int | None,
    spaces: list[Space],
    aims: Aims,
    metric: str | None,
    options: Mapping[str, Any],
) -> ModelProposals:
    """Return the optimizers of a search.

    Parameters
    ----------
    search : BayesSearchCV
        Whose arguments count.
    run : SearchRun
        Data and folds.
    seed : int or None
        Seed of the proposals.
    spaces : list of Space
        One for each budget.
    aims : Aims
        What the search is after.
    metric : str or None
        The metric that a trial's score is of; None if there is only one.
    options : mapping
        Further arguments of the optimizers.

    Raises
    ------
    ValueError, TypeError
        If a parameter's name, an initial point, the history or an option cannot be used.
    """
    for space in spaces:
        names = [name for name in space.names if name is not None]
        check_parameter_names(search.estimator, names, "search_spaces")
        if search.verbose > 0:
            print(space.describe())
    points = [dict(point) for point in search.initial_points or ()]
    placed = ModelProposals.place(points, spaces)
    seeds = np.random.SeedSequence(seed).spawn(len(spaces))
    origin = None if search.history is None else origin_of(run, metric)
    own = search.estimator.get_params(deep=True)
    earlier = earlier_searches(search.history, origin, own)
    kind: Any = Optimizer
    options = {**options, "metric_constraints": aims.constraints}
    if aims.objectives:
        kind = MultiObjectiveOptimizer
        options["objectives"] = [str(objective) for objective in aims.objectives]
    optimizers = [
        kind(
            space,
            initial_points=own_parameters(search.estimator, space) + given,
            history=known_to(space, earlier, len(spaces) == 1),
            random_state=int(sequence.generate_state(1)[0]),
            **options,
        )
        for space, given, sequence in zip(spaces, placed, seeds, strict=True)
    ]
    budgets = [n_iter for _, n_iter in split_budget(search.search_spaces, search.n_iter)]
    return ModelProposals(optimizers, budgets, search.n_points, aims.constraints)
