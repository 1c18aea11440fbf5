"""How much each parameter matters: functional ANOVA of what the surrogate believes of the score.

The variance is that of the score over the whole space, each parameter drawn from its prior
independently of the others. Every function drawn from the surrogate's posterior has shares of its
own; their mean is the answer and their standard deviation how sure it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._pandas import MISSING, frame_of
from ..space import as_space, prior_points
from ._anova import Anova, anova
from ._drawn_scores import drawn_scores
from ._trial import Trial

__all__ = ["BRANCH", "Importances", "importances"]

Floats = NDArray[np.float64]

# What the choice among several dicts of a space is called; no parameter has such a name.
BRANCH = "(branch)"
# What a pair explains at least to be shown, and how many rows are.
_SHOWN, _MOST_SHOWN = 0.01, 12


@dataclass(frozen=True, repr=False)
class Importances:
    """Shares of the parameters, and of pairs of them, in the variance of the score.

    Parameters
    ----------
    names : tuple of str
        The parameters; ``"(branch)"`` for the choice among several dicts of a space.
    first_order : dict of str to float
        Share of each parameter by itself, 0 to 1; nan if the score does not vary at all.
    first_order_std : dict of str to float
        Posterior standard deviation of it; nan for a surrogate that cannot draw functions.
    pairs : dict of (str, str) to float
        What two parameters explain together beyond the two by themselves. Names in the order of `names`.
    pairs_std : dict of (str, str) to float
        Posterior standard deviations.
    total : dict of str to float
        Share of all terms in which the parameter takes part, of whatever order.
    total_std : dict of str to float
        Posterior standard deviations.
    explained : float
        Sum of the first order and of all pairs; what is missing to 1 are interactions of three and more.
    n_trials : int
        How many trials the surrogate was fitted to.
    unit : str
        ``"score"`` or ``"latent"``: of what the variance is.
    metric : str or None
        Name of the metric that the variance is of; None for the score.

    See Also
    --------
    importances : Computes them.

    Examples
    --------
    >>> from skbayes.optimizer import Importances
    >>> shares, stds = {"C": 0.7, "gamma": 0.2}, {"C": 0.05, "gamma": 0.04}
    >>> Importances(
    ...     ("C", "gamma"), shares, stds, {("C", "gamma"): 0.1}, {("C", "gamma"): 0.02}, shares, stds,
    ...     explained=1.0, n_trials=30,
    ... )  # fmt: skip
    Shares of the variance of the score, from 30 trials
      C            0.70 ± 0.05
      gamma        0.20 ± 0.04
      C × gamma    0.10 ± 0.02
    """

    names: tuple[str, ...]
    first_order: dict[str, float]
    first_order_std: dict[str, float]
    pairs: dict[tuple[str, str], float]
    pairs_std: dict[tuple[str, str], float]
    total: dict[str, float]
    total_std: dict[str, float]
    explained: float
    n_trials: int
    unit: str = "score"
    metric: str | None = None

    def __repr__(self) -> str:
        rows = [(name, self.first_order[name], self.first_order_std[name]) for name in self.names]
        rows += [
            (" × ".join(pair), share, self.pairs_std[pair])
            for pair, share in self.pairs.items()
            if share >= _SHOWN
        ]
        rows.sort(key=lambda row: -row[1])
        width = max(len(row[0]) for row in rows)
        what = "the score" if self.metric is None else self.metric
        unit = "" if self.unit == "score" else " in the latent unit"
        lines = [f"Shares of the variance of {what}{unit}, from {self.n_trials} trials"]
        for label, share, std in rows[:_MOST_SHOWN]:
            spread = f" ± {std:.2f}" if np.isfinite(std) else ""
            lines.append(f"  {label:<{width}}    {share:.2f}{spread}")
        if len(rows) > _MOST_SHOWN:
            lines.append(f"  and {len(rows) - _MOST_SHOWN} more")
        return "\n".join(lines)

    def to_frame(self) -> Any:
        """Return a row for each parameter and each pair, the largest share first.

        Returns
        -------
        frame : pandas.DataFrame
            Columns `parameter`, `with` (the other one of a pair, missing for a single parameter), `share`, `std`,
            and `total`, `total_std` (missing for pairs).

        Raises
        ------
        ImportError
            Without pandas.
        """
        rows: list[tuple[Any, ...]] = [
            (name, MISSING, *(each[name] for each in (
                self.first_order, self.first_order_std, self.total, self.total_std)))
            for name in self.names
        ]  # fmt: skip
        rows += [
            (*pair, share, self.pairs_std[pair], MISSING, MISSING)
            for pair, share in self.pairs.items()
        ]
        rows.sort(key=lambda row: -row[2])
        names = ("parameter", "with", "share", "std", "total", "total_std")
        columns = {name: [row[k] for row in rows] for k, name in enumerate(names)}
        return frame_of(columns, "Importances.to_frame()")


def importances(
    history: Iterable[Trial],
    space: Any,
    surrogate: Any = "auto",
    *,
    metric: str | None = None,
    n_functions: int = 64,
    unit: str = "score",
    random_state: Any = None,
) -> Importances:
    """Find how much each parameter matters, by functional ANOVA on a surrogate of the score.

    Parameters
    ----------
    history : History or iterable of Trial
        What was tried. A failed trial counts as the worst score seen and one pruned after some folds as the
        estimate of its mean, as in the search itself. Trials outside the space are left out, with a warning.
    space : dict, list of dict, list of Dimension, or Space
        The design space, in any notation that `as_space` takes. Its priors say what the variance is over; its
        constraint is not asked.
    surrogate : str or Surrogate, default="auto"
        ``"gp"``, ``"forest"``, ``"extra_trees"`` or an object, which is cloned. ``"auto"`` is ``"gp"``: here a
        Gaussian process averaged over its hyper-parameters, of the scores as they are (standardised), or of
        their usual output transform for ``unit="latent"``.
    metric : str or None, default=None
        Find what matters to another metric than the score: a name in the `metrics` of the trials, or
        ``"fit_time"``. Trials without it are left out.
    n_functions : int, default=64
        How many functions to draw from the posterior; positive.
    unit : {"score", "latent"}, default="score"
        Of what the variance is: of the score, or of the score after the surrogate's output transform. In the
        latter, scores far below the median count less: where a few candidates have failed utterly, the variance of the
        score is all theirs.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default=None
        Seed. None is different each time, in the third digit.

    Returns
    -------
    importances : Importances
        Shares and their standard deviations; nan if all scores are equal.

    Raises
    ------
    ValueError
        With fewer than 5 trials that have a score, for an unknown `unit`, `metric` or `surrogate`, or if the surrogate
        cannot be fitted.

    See Also
    --------
    Importances : What comes out.

    Notes
    -----
    With u uniform on the cube in which the priors are flat, a function f drawn from the posterior splits uniquely
    into terms that are uncorrelated and of mean zero:
    f(u) = f₀ + Σ_i f_i(u_i) + Σ_{i<j} f_ij(u_i, u_j) + ... . The first-order share of i is Var f_i / Var f, that of a
    pair Var f_ij / Var f, the total that of all terms with i. All are estimated by pick-freeze estimators on Sobol
    points, to a few thousandths.

    A parameter has no effect where it is inactive; that it is active is an effect of its parent, or of
    ``"(branch)"``. A parameter that has different ranges in different branches counts once, with all its columns.

    The functions of a Gaussian process are joint draws, those of a forest its trees [2]_; any other surrogate gives its
    posterior mean, and no standard deviations.

    References
    ----------
    .. [1] Sobol' (2001). Global sensitivity indices for nonlinear mathematical models and their Monte Carlo
       estimates. Math. Comput. Simul. 55, 271-280. doi:10.1016/S0378-4754(00)00270-6
    .. [2] Hutter, Hoos, Leyton-Brown (2014). An efficient approach for assessing hyperparameter importance. ICML,
       PMLR 32, 754-762.
    .. [3] Oakley, O'Hagan (2004). Probabilistic sensitivity analysis of complex models: a Bayesian approach.
       J. R. Stat. Soc. B 66, 751-769. doi:10.1111/j.1467-9868.2004.05304.x

    Examples
    --------
    >>> from skbayes.optimizer import Optimizer, importances
    >>> optimizer = Optimizer({"x": (-1.0, 1.0), "y": (-1.0, 1.0)}, random_state=0)
    >>> for params in optimizer.ask(30):
    ...     optimizer.tell(params, 3.0 * params["x"] - params["y"])
    >>> found = importances(optimizer.history, optimizer.space, random_state=0)
    >>> round(found.first_order["x"], 2), round(found.first_order["y"], 2)
    (0.9, 0.1)
    """
    space = as_space(space)
    rng, drawn = drawn_scores(
        history, space, surrogate, metric, n_functions, unit, random_state, "Importances"
    )

    def valid(V: Floats) -> Floats:
        return prior_points(space, V)

    names = tuple(dict.fromkeys(BRANCH if name is None else name for name in space.names))
    labels = [BRANCH if name is None else name for name in space.names]
    groups = [[j for j, label in enumerate(labels) if label == name] for name in names]
    shares = anova(drawn.values, valid, groups, space.n_dims, rng)
    if drawn.is_constant:
        shares = Anova(*(np.full_like(each, np.nan) for each in vars(shares).values()))
    return replace(_summary(names, shares, drawn.n_trials), unit=unit, metric=metric)


def _summary(names: tuple[str, ...], shares: Anova, n_trials: int) -> Importances:
    # A function that is constant, as a tree of one leaf, says nothing of shares.
    varies = np.isfinite(shares.first).all(axis=1)
    mean, std = {}, {}
    for key in ("first", "total", "pairs"):
        values = getattr(shares, key)[varies]
        nothing = np.full(values.shape[1:], np.nan)
        # The estimate of a share near 0 may fall below it.
        mean[key] = np.clip(values.mean(axis=0), 0.0, 1.0) if len(values) else nothing
        std[key] = values.std(axis=0, ddof=1) if len(values) > 1 else nothing
    p = len(names)
    where = [(i, j) for i in range(p) for j in range(i + 1, p)]

    def by_name(values: Floats) -> dict[str, float]:
        return dict(zip(names, values.tolist(), strict=True))

    def by_pair(values: Floats) -> dict[tuple[str, str], float]:
        return {(names[i], names[j]): float(values[i, j]) for i, j in where}

    pairs = by_pair(mean["pairs"])
    return Importances(
        names=names,
        first_order=by_name(mean["first"]),
        first_order_std=by_name(std["first"]),
        pairs=pairs,
        pairs_std=by_pair(std["pairs"]),
        total=by_name(mean["total"]),
        total_std=by_name(std["total"]),
        explained=float(min(mean["first"].sum() + sum(pairs.values()), 1.0)),
        n_trials=n_trials,
    )
