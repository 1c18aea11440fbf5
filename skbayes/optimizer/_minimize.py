"""Minimise a function: the whole loop in one call.

The one place where the sign turns: the function is minimised, its negative is the score.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import OptimizeResult

from ._checks import check_count
from ._optimizer import Optimizer
from ._stopping import Progress
from ._stopping_rules import as_stopping_rules, first_reason
from ._trial import History

__all__ = ["minimize"]


def minimize(
    func: Callable[[dict[str, Any]], float],
    space: Any,
    n_calls: int = 50,
    *,
    callback: Callable[[OptimizeResult], Any] | None = None,
    stopping: Any = None,
    **optimizer_options: Any,
) -> OptimizeResult:
    """Minimise a function over a design space by Bayesian optimisation.

    Parameters
    ----------
    func : callable
        ``func(params) -> float`` with `params` a dict of the active parameters. nan or an infinite
        value is a failed evaluation, whose region is avoided; an exception is passed on.
    space : dict, list of dict, list of Dimension, or Space
        The design space in any notation that `as_space` takes.
    n_calls : int, default=50
        Number of evaluations; fewer when a finite space has no more points.
    callback : callable, default=None
        ``callback(result)`` after each evaluation; when it returns true, the loop stops.
    stopping : str, StoppingRule or list of them, default=None
        When to stop before `n_calls`: ``"no_improvement"``, or an object such as
        ``TargetScore(0.1)``, whose target is a value of `func` here, or
        ``RegretBound(threshold=0.01)``. Each of a list may stop the loop.
    **optimizer_options : dict
        Keyword arguments of `Optimizer`: ``surrogate``, ``acquisition``, ``initial_points``,
        ``n_initial_points``, ``initial_design``, ``history``, ``constraint``, ``failures``,
        ``prior_weight``, ``random_fraction``, ``random_state``.

    Returns
    -------
    result : scipy.optimize.OptimizeResult
        ``x`` (dict) and ``fun`` of the best evaluation, ``x_iters`` (list of dict) and
        ``func_vals`` of all, ``nfev``, ``success``, ``message``, ``stopped_by`` (``"budget"``,
        ``"exhausted"``, ``"callback"`` or the name of a stopping rule), and ``history``, the
        `History` of the negated values.

    Raises
    ------
    ValueError
        If `n_calls` is not a positive integer, or a stopping rule or an argument of `Optimizer` is
        wrong.
    TypeError
        If `stopping` is no rule.

    See Also
    --------
    Optimizer : The loop with the evaluations left to the caller.

    Examples
    --------
    >>> from skbayes.optimizer import minimize
    >>> result = minimize(lambda p: (p["x"] - 1.0) ** 2, {"x": (-5.0, 5.0)}, 20, random_state=0)
    >>> result.fun < 1e-3
    True
    """
    n_calls = check_count(n_calls, "n_calls", 1)
    given = as_stopping_rules(stopping, has_model=True, owner="minimize")
    rules = [rule.negated() for rule in given]
    optimizer = Optimizer(space, **optimizer_options)
    stopped_by, message = "budget", "All evaluations were made."
    for _ in range(n_calls):
        asked = optimizer.ask(1)
        if not asked:
            stopped_by, message = "exhausted", "Every point of the design space was evaluated."
            break
        optimizer.tell(asked[0], -func(asked[0]))
        if callback is not None and callback(_result(optimizer.history, "Running.")):
            stopped_by, message = "callback", "Stopped by the callback."
            break
        if spoken := first_reason(rules, Progress(optimizer.history, optimizer)):
            rule, reason = spoken
            stopped_by, message = rule.name, f"Stopped by {rule.name}: {reason}."
            break
    return _result(optimizer.history, message, stopped_by)


def _result(history: History, message: str, stopped_by: str | None = None) -> OptimizeResult:
    best = history.incumbent
    return OptimizeResult(
        x=None if best is None else best.params,
        fun=np.nan if best is None else -best.score,
        x_iters=[trial.params for trial in history],
        func_vals=-history.scores,
        nfev=len(history),
        success=best is not None,
        message=message if best is not None else f"{message} None gave a finite value.",
        history=history,
        stopped_by=stopped_by,
    )
