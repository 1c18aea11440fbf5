"""What the score is on average at a value of one parameter, or of two, and how sure that is.

Notation: u a point of the cube, drawn from the priors of the space; f a function drawn from what a surrogate believes
of the score. The partial dependence of f on parameter i is f_i(v) = E[f(u) | parameter i of u has the value v].
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from ..space import Space, ValueGrid, as_space, prior_points, value_grid
from ._checks import check_count
from ._drawn_scores import DrawnScores, drawn_scores
from ._trial import Trial

__all__ = ["PartialDependence", "partial_dependence"]

Floats = NDArray[np.float64]

# Numbers of the cube among which those points are looked for where a parameter is active: of ten branches that are
# equally likely it is one in ten.
_N_NUMBERS = 2**12
# Points at which functions are evaluated at a time: of 64 functions 8 MB.
_N_AT_A_TIME = 2**14


@dataclass(frozen=True, eq=False)
class PartialDependence:
    """The mean score over the values of one parameter, or of two.

    Parameters
    ----------
    grids : tuple of ValueGrid
        The values, of one parameter or of two.
    mean : ndarray of shape (n_values,) or (n_values, n_values_of_second)
        Posterior mean of the partial dependence; nan where no point of the space has these values.
    std : ndarray of the same shape
        Posterior standard deviation; 0 for a surrogate that cannot draw functions.
    n_trials : int
        How many trials the surrogate was fitted to.

    See Also
    --------
    partial_dependence : Computes it.

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.optimizer import PartialDependence
    >>> from skbayes.space import ValueGrid
    >>> grid = ValueGrid("degree", (2, 3), "linear", is_complete=True)
    >>> found = PartialDependence((grid,), np.array([0.8, 0.9]), np.array([0.02, 0.01]), 20)
    >>> found.names
    ('degree',)
    """

    grids: tuple[ValueGrid, ...]
    mean: Floats
    std: Floats
    n_trials: int

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters, a tuple of str."""
        return tuple(grid.name for grid in self.grids)


def partial_dependence(
    history: Iterable[Trial],
    space: Any,
    parameters: Sequence[str | tuple[str, str]] | None = None,
    surrogate: Any = "auto",
    *,
    metric: str | None = None,
    n_values: int = 25,
    n_points: int = 256,
    n_functions: int = 64,
    random_state: Any = None,
) -> list[PartialDependence]:
    """Find what the score is on average at each value of a parameter.

    Parameters
    ----------
    history : History or iterable of Trial
        What was tried, as for `importances`.
    space : dict, list of dict, list of Dimension, or Space
        The design space, in any notation that `as_space` takes. Its priors say what the average is over; its
        constraint is not asked.
    parameters : sequence of str or of pairs of them, default=None
        Of which parameters, and of which pairs. None: of each parameter by itself.
    surrogate : str or Surrogate, default="auto"
        As for `importances`.
    metric : str or None, default=None
        The mean of another metric than the score: a name in the `metrics` of the trials, or ``"fit_time"``.
    n_values : int, default=25
        How many values of a range of numbers, at least 2; of each of two ranges four fifths as many. Choices are all
        taken.
    n_points : int, default=256
        How many points the average is over; positive. A power of two serves best.
    n_functions : int, default=64
        How many functions to draw from the posterior; positive.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default=None
        Seed.

    Returns
    -------
    found : list of PartialDependence
        In the order of `parameters`.

    Raises
    ------
    SpaceValueError
        If the space has no such parameter.
    TypeError
        If `parameters` is a string.
    ValueError
        With fewer than 5 trials that have a score, for a pair that is none, an unknown `metric` or `surrogate`, or if
        the surrogate cannot be fitted.

    See Also
    --------
    importances : How much each parameter matters.

    Notes
    -----
    With f a draw from the surrogate's posterior and u from the priors of the space, f_i(v) = E[f(u) | u_i = v]. The
    mean and the standard deviation are those of f_i(v) over the draws, as of any average over a random function [1]_;
    the average over u is taken at the points of a Sobol sequence, the same for all values and draws. A parameter that
    is active under a condition alone is averaged where it is active.

    The score of a single point may lie far outside of mean ± std: these are of the average. And where the best value
    of a parameter hangs on another one, it is not where the average is best.

    References
    ----------
    .. [1] Moosbauer, Herbinger, Casalicchio, Lindauer, Bischl (2021). Explaining hyperparameter optimization via
       partial dependence plots. NeurIPS 34, 2280-2291.
    .. [2] Friedman (2001). Greedy function approximation: a gradient boosting machine. Ann. Statist. 29, 1189-1232.
       doi:10.1214/aos/1013203451

    Examples
    --------
    >>> from skbayes.optimizer import Optimizer, partial_dependence
    >>> optimizer = Optimizer({"x": (-1.0, 1.0), "y": (-1.0, 1.0)}, random_state=0)
    >>> for params in optimizer.ask(30):
    ...     optimizer.tell(params, 3.0 * params["x"] + params["y"] ** 2)
    >>> [of_x] = partial_dependence(
    ...     optimizer.history, optimizer.space, ["x"], n_values=3, random_state=0
    ... )
    >>> of_x.grids[0].values, of_x.mean.round(1).tolist()  # 3 x, and 1/3 for y
    ((-1.0, 0.0, 1.0), [-2.7, 0.3, 3.3])
    """
    space = as_space(space)
    n_values = check_count(n_values, "n_values", 2)
    n_points = check_count(n_points, "n_points", 1)
    history = list(history)
    wanted = [_grids(space, each, n_values, history) for each in _groups(space, parameters)]
    rng, drawn = drawn_scores(
        history,
        space,
        surrogate,
        metric,
        n_functions,
        "score",
        random_state,
        "Partial dependences",
        on_ends=True,
    )
    V = qmc.Sobol(space.n_dims, seed=rng).random(max(_N_NUMBERS, n_points))
    return [_of(drawn, space, grids, V, n_points) for grids in wanted]


def _groups(
    space: Space, parameters: Sequence[str | tuple[str, str]] | None
) -> list[tuple[str, ...]]:
    if parameters is None:
        return [(name,) for name in dict.fromkeys(space.names) if name is not None]
    if isinstance(parameters, str):
        raise TypeError(
            f"parameters needs a list of names and pairs of names; got {parameters!r}. Write [{parameters!r}]."
        )
    groups = [(each,) if isinstance(each, str) else tuple(each) for each in parameters]
    for group in groups:
        if len(group) not in (1, 2) or len(set(group)) < len(group):
            raise ValueError(
                f"parameters needs names and pairs of different names; got {group!r}. Give for example "
                "['C', ('C', 'gamma')]."
            )
    return groups


def _grids(
    space: Space, names: tuple[str, ...], n: int, history: Sequence[Trial]
) -> tuple[ValueGrid, ...]:
    def of(n: int) -> tuple[ValueGrid, ...]:
        tried = {name: [t.params[name] for t in history if name in t.params] for name in names}
        return tuple(value_grid(space, name, n, including=tried[name]) for name in names)

    grids = of(n)
    if len(names) == 1 or min(len(grid.values) for grid in grids) < n:
        return grids
    # The values of a pair are all combinations: 400 of them for 25, and contours that look smooth.
    return of(max(2, 4 * n // 5))


def _of(
    drawn: DrawnScores, space: Space, grids: tuple[ValueGrid, ...], V: Floats, n_points: int
) -> PartialDependence:
    names = [grid.name for grid in grids]
    shape = tuple(len(grid.values) for grid in grids)
    mean, std = np.full(shape, np.nan), np.full(shape, np.nan)
    waiting: list[tuple[tuple[int, ...], Floats]] = []

    def finish() -> None:
        values = drawn.values(np.concatenate([U for _, U in waiting]))
        ends = np.cumsum([len(U) for _, U in waiting])
        for (where, _), part in zip(waiting, np.split(values, ends[:-1], axis=1), strict=True):
            averages = part.mean(axis=1)
            mean[where] = averages.mean()
            std[where] = averages.std(ddof=1) if len(averages) > 1 else 0.0
        waiting.clear()

    for where in np.ndindex(shape):
        given = {n: g.values[k] for n, g, k in zip(names, grids, where, strict=True)}
        U = _points(space, V, given, n_points)
        if len(U):
            waiting.append((where, U))
        if sum(len(U) for _, U in waiting) >= _N_AT_A_TIME:
            finish()
    if waiting:
        finish()
    return PartialDependence(grids, mean, std, drawn.n_trials)


def _points(space: Space, V: Floats, given: dict[str, Any], n_points: int) -> Floats:
    """Up to n points of the space that have the given values; more of the numbers are taken if few do."""
    first = prior_points(space, V[:n_points], given)
    if len(first) == n_points or len(V) == n_points:
        return first
    return prior_points(space, V, given)[:n_points]
