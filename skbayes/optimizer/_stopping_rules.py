"""The stopping rules by name, and what `stopping=` takes: a name, a rule, or a list of them."""

import numbers
from collections.abc import Sequence
from typing import Any

from .._registry import resolve
from ..exceptions import IncompatibleModelError
from ._regret_rule import RegretBound
from ._stopping import NoImprovement, Progress, StoppingRule, TargetScore

__all__ = ["STOPPING_RULES", "as_stopping_rules", "first_reason"]

STOPPING_RULES: dict[str, type] = {
    rule.name: rule for rule in (NoImprovement, TargetScore, RegretBound)
}


def as_stopping_rules(
    stopping: Any, *, has_model: bool, n_folds: int = 0, owner: str
) -> tuple[StoppingRule, ...]:
    """Return the rules that `stopping=` was given, checked before any work.

    Parameters
    ----------
    stopping : None, str, StoppingRule, or list of str and StoppingRule
        Each rule of a list may end the search.
    has_model : bool
        Whether the search has a model of the score.
    n_folds : int, default=0
        How many fold scores a trial has.
    owner : str
        The name of the search, for messages.

    Returns
    -------
    rules : tuple of StoppingRule
        Empty for None. Those that end all spaces come first.

    Raises
    ------
    TypeError
        If something in it is no rule.
    ValueError
        If a name is unknown, a rule has a wrong parameter, or it cannot work in this search.
    """
    if stopping is None:
        return ()
    given = list(stopping) if isinstance(stopping, list | tuple) else [stopping]
    rules = [_as_rule(rule) for rule in given]
    for rule in rules:
        rule.check()
        _check_fit(rule, has_model, n_folds, owner)
    # Else the end of one space's turn could hide that the whole search has reached its target.
    return tuple(sorted(rules, key=lambda rule: not rule.ends_all_spaces))


def _as_rule(given: Any) -> StoppingRule:
    rule = resolve(given, STOPPING_RULES, "stopping")
    if isinstance(rule, StoppingRule):
        return rule
    hint = "Give one of " + ", ".join(map(repr, STOPPING_RULES)) + ", an object, or a list of them."
    if isinstance(given, numbers.Real):
        hint = f"Give TargetScore({given!r}) to stop at a score."
    elif callable(given):
        hint = "Give a function of your own as callback=, or derive a class from StoppingRule."
    raise TypeError(f"stopping has no rule in {given!r}. {hint}")


def _check_fit(rule: StoppingRule, has_model: bool, n_folds: int, owner: str) -> None:
    if rule.needs_model and not has_model:
        raise IncompatibleModelError(
            f"The stopping rule {rule!r} asks a model of the score, and {owner} has none. "
            "Use 'no_improvement' or TargetScore there, or BayesSearchCV."
        )
    if rule.needs_folds and n_folds < 2:
        raise IncompatibleModelError(
            f"The stopping rule {rule!r} needs two fold scores or more for a standard error; "
            f"{owner} has {n_folds}. Give it a threshold= in the unit of the score."
        )


def first_reason(
    rules: Sequence[StoppingRule], progress: Progress
) -> tuple[StoppingRule, str] | None:
    """Return the first rule that speaks and its reason.

    Parameters
    ----------
    rules : sequence of StoppingRule
        In this order.
    progress : Progress
        The search so far.

    Returns
    -------
    spoken : (StoppingRule, str) or None
        None if all want to go on.
    """
    for rule in rules:
        reason = rule.reason(progress)
        if reason is not None:
            return rule, reason
    return None
