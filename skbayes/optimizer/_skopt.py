"""scikit-optimize's view of a search: its `optimizer_kwargs`, its callbacks and its result object.

The one place where scores are shown negated (`fun`, `func_vals`), because code written for scikit-optimize
reads them so; ours stand beside them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.optimize import OptimizeResult

from ..acquisition import (
    ExpectedImprovement,
    LogExpectedImprovement,
    PerSecond,
    ProbabilityOfImprovement,
    UpperConfidenceBound,
)
from ._trial import History

__all__ = ["as_callbacks", "optimizer_options", "search_state"]

# What an Optimizer of ours takes under the same name.
_OURS = (
    "surrogate",
    "acquisition",
    "n_initial_points",
    "initial_design",
    "failures",
    "prior_weight",
    "random_fraction",
)
_SURROGATES = {"GP": "gp", "RF": "forest", "ET": "extra_trees"}
_DESIGNS = {
    "random": "random",
    "sobol": "sobol",
    "lhs": "latin_hypercube",
    "grid": "grid",
    # Low-discrepancy sequences like Sobol's, which stands in for them.
    "halton": "sobol",
    "hammersly": "sobol",
}
# What tunes scikit-optimize's own maximiser and memory has no counterpart here and changes no promise.
_PURE_EXPLORATION = 1e6  # stands for an infinite kappa: the mean no longer counts
_WITHOUT_EFFECT = (
    "acq_optimizer",
    "acq_optimizer_kwargs",
    "avoid_duplicates",
    "dimensions",
    "model_queue_size",
    "n_jobs",
)


def optimizer_options(kwargs: Mapping[str, Any] | None) -> dict[str, Any]:
    """Translate scikit-optimize's `optimizer_kwargs` into arguments of :class:`skbayes.Optimizer`.

    Parameters
    ----------
    kwargs : mapping or None
        Keys of ``skopt.Optimizer``, or of ours, which are taken as they are.

    Returns
    -------
    options : dict
        Arguments of our Optimizer.

    Raises
    ------
    ValueError
        If a key or a value is unknown.
    """
    given = dict(kwargs or {})
    options: dict[str, Any] = {name: given.pop(name) for name in _OURS if name in given}
    if "base_estimator" in given:
        options["surrogate"] = _surrogate(given.pop("base_estimator"))
    if "acq_func" in given or "acq_func_kwargs" in given:
        settings = dict(given.pop("acq_func_kwargs", None) or {})
        options["acquisition"] = _acquisition(given.pop("acq_func", "gp_hedge"), settings)
    if given.get("n_random_starts") is not None:  # scikit-optimize's older name
        options["n_initial_points"] = given["n_random_starts"]
    if "initial_point_generator" in given:
        options["initial_design"] = _design(given.pop("initial_point_generator"))
    if given.get("space_constraint") is not None:
        options["constraint"] = _OfValues(given["space_constraint"])
    if given.get("random_state") is not None:
        options["random_state"] = given["random_state"]
    for name in ("n_random_starts", "space_constraint", "random_state", *_WITHOUT_EFFECT):
        given.pop(name, None)
    if given:
        raise ValueError(
            f"optimizer_kwargs has unknown keys {sorted(given)}. Known are those of skopt.Optimizer "
            "and of skbayes.Optimizer, such as 'base_estimator' and 'n_initial_points'."
        )
    return options


class _OfValues:
    """A constraint on a list of values in the order of the sorted names, as scikit-optimize calls it."""

    def __init__(self, constraint: Callable[[list[Any]], bool]) -> None:
        self.constraint = constraint

    def __call__(self, params: Mapping[str, Any]) -> bool:
        return bool(self.constraint([params[name] for name in sorted(params)]))


def _surrogate(base_estimator: Any) -> Any:
    if not isinstance(base_estimator, str):
        raise ValueError(
            f"optimizer_kwargs has base_estimator={base_estimator!r}, an object of another library. "
            "Use 'GP', 'RF' or 'ET', or give BayesSearchCV a surrogate= of skbayes."
        )
    name = _SURROGATES.get(base_estimator.upper())
    if name is None:
        raise ValueError(
            f"optimizer_kwargs has base_estimator={base_estimator!r}, which skbayes does not have. "
            "Use 'GP', 'RF' or 'ET'."
        )
    return name


def _acquisition(name: str, settings: Mapping[str, Any]) -> Any:
    # gp_hedge draws among EI, PI and LCB to hedge against EI's numerical failures, which log EI does not
    # have. The "ps" forms are per second, the whole of it as there.
    margin = _setting(settings, "xi", 0.0)
    kappa = min(_setting(settings, "kappa", 1.96), _PURE_EXPLORATION)
    table: dict[str, Any] = {
        "gp_hedge": lambda: "auto",
        "MES": lambda: "mes",
        "PVRS": lambda: "auto",
        "EI": lambda: ExpectedImprovement(margin=margin),
        "EIps": lambda: PerSecond(LogExpectedImprovement(margin=margin), exponent=1.0),
        "PI": lambda: ProbabilityOfImprovement(margin=margin),
        "PIps": lambda: PerSecond(ProbabilityOfImprovement(margin=margin), exponent=1.0),
        "LCB": lambda: UpperConfidenceBound(kappa=kappa),
    }
    if name not in table:
        raise ValueError(
            f"optimizer_kwargs has acq_func={name!r}, which is not known. "
            f"Use one of {', '.join(table)}."
        )
    return table[name]()


def _setting(settings: Mapping[str, Any], name: str, default: float) -> float:
    try:
        value = float(settings.get(name, default))  # "inf" is a value of scikit-optimize's kappa
    except (TypeError, ValueError):
        value = np.nan
    if not value >= 0:
        raise ValueError(
            f"optimizer_kwargs has acq_func_kwargs with {name}={settings[name]!r}; it must be a "
            "non-negative number."
        )
    return value


def _design(generator: Any) -> str:
    if not isinstance(generator, str) or generator not in _DESIGNS:
        raise ValueError(
            f"optimizer_kwargs has initial_point_generator={generator!r}, which is not known. "
            f"Use one of {', '.join(_DESIGNS)}."
        )
    return _DESIGNS[generator]


def as_callbacks(callback: Any) -> list[Callable[[Any], Any]]:
    """Return the callables that `fit(callback=)` was given.

    Parameters
    ----------
    callback : None, callable or list of callables
        As in scikit-optimize.

    Returns
    -------
    callbacks : list of callables
        Empty for None.

    Raises
    ------
    TypeError
        If something in it cannot be called.
    """
    if callback is None:
        return []
    callbacks = list(callback) if isinstance(callback, Sequence) else [callback]
    for call in callbacks:
        if not callable(call):
            raise TypeError(
                f"callback must be a callable or a list of callables; got {call!r}. "
                "Give functions of one argument, the state of the search."
            )
    return callbacks


def search_state(history: History, names: Iterable[str] | None = None) -> OptimizeResult:
    """Return scikit-optimize's result object of a history, ours beside it.

    Parameters
    ----------
    history : History
        The trials so far.
    names : iterable of str, default=None
        All parameters that a trial may have; None for those seen so far.

    Returns
    -------
    state : OptimizeResult
        ``x_iters`` (values in the order of the sorted names, None where a parameter is inactive), ``func_vals``
        (negated scores), ``x`` and ``fun`` (the best of them), and ours: ``names``, ``params``, ``score``,
        ``history``.
    """
    if names is None:
        names = {name for trial in history for name in trial.params}
    names = sorted(names)
    points = [[trial.params.get(name) for name in names] for trial in history]
    values = np.array([-trial.score for trial in history], dtype=float)
    state = OptimizeResult(
        x_iters=points, func_vals=values, names=names, history=history,
        x=None, fun=np.nan, params=None, score=np.nan,
    )  # fmt: skip
    if np.isfinite(values).any():
        best = int(np.nanargmin(values))
        state.update(x=points[best], fun=float(values[best]))
        state.update(params=history.trials[best].params, score=-float(values[best]))
    return state
