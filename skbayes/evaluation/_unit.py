"""The unit of work of every search: one candidate fitted on the training part of one fold and scored on its test part.

A unit never raises for a bad candidate unless ``error_score="raise"``: a fit that fails, a scorer that fails
and a scorer that returns no number are all recorded, so that one bad unit cannot lose the others.
"""

import numbers
import time
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from traceback import format_exc
from typing import Any

from joblib.logger import short_format_time
from sklearn.base import clone

from .._sklearn import (
    fold_indices,
    is_multimetric,
    metadata_rows,
    named_scorers,
    no_callback_context,
    safe_split,
)

__all__ = ["EvaluationSetup", "FoldResult", "Scores", "failed_result", "fit_and_score"]

Scores = float | dict[str, float]


@dataclass(frozen=True)
class EvaluationSetup:
    """What all units of one search share.

    Parameters
    ----------
    estimator : estimator object
        Unfitted; every unit clones it.
    X : array-like of shape (n_samples, ...)
        Training data, as the user gave them.
    y : array-like or None
        Target.
    scorer : callable
        ``scorer(estimator, X, y)``, returning a number or a dict of numbers.
    fit_params, score_params : mapping
        Metadata for `fit` and for the scorer; entries of length n_samples are cut to the fold.
    error_score : "raise" or float
        The score of a unit that fails, or ``"raise"`` to stop the search.
    return_train_score : bool
        Score the training part too.
    verbose : int
        Above 1, a line is printed for each unit.
    predictor : object or None, default=None
        ``predictor.predict(estimator, X)`` returns what to keep of the predictions for the test part.
    """

    estimator: Any
    X: Any
    y: Any
    scorer: Any
    fit_params: Mapping[str, Any]
    score_params: Mapping[str, Any]
    error_score: Any
    return_train_score: bool
    verbose: int
    predictor: Any = None


@dataclass(frozen=True)
class FoldResult:
    """What one unit gave.

    Parameters
    ----------
    test_scores : float or dict of str to float
        Score of the test part, higher is better; a dict when there are several metrics.
    train_scores : float, dict of str to float, or None
        Score of the training part, None when not asked for.
    fit_time, score_time : float
        Seconds.
    n_test_samples : int
        Rows of the test part.
    fit_error : str or None
        Traceback of a fit that failed.
    score_error : str or None
        Traceback or reason when no number came from the scorer.
    ended_by : str or None
        ``"timeout"`` or ``"memory"`` if the fit was ended at a limit.
    started : float
        When the unit began, in seconds since the epoch by the clock of the worker.
    worker : str
        Host, process and thread that ran it.
    predictions : object or None
        What the predictor of the setup returned for the test part.
    """

    test_scores: Scores
    train_scores: Scores | None
    fit_time: float
    score_time: float
    n_test_samples: int
    fit_error: str | None = None
    score_error: str | None = None
    ended_by: str | None = None
    started: float = 0.0
    worker: str = ""
    predictions: Any = field(default=None, compare=False, repr=False)

    @property
    def status(self) -> str:
        """``"complete"``, ``"failed"``, ``"timeout"`` or ``"memory"``."""
        return self.ended_by or ("failed" if self.fit_error or self.score_error else "complete")


def fit_and_score(
    setup: EvaluationSetup,
    params: Mapping[str, Any],
    fold: tuple[Any, Any],
    label: str = "",
    context: Any = no_callback_context,
) -> FoldResult:
    """Fit one candidate on one fold and score it.

    Parameters
    ----------
    setup : EvaluationSetup
        What all units share.
    params : mapping of str to object
        The candidate; estimators among the values are cloned.
    fold : (train, test) index arrays
        The rows to fit and to score on.
    label : str, default=""
        Progress such as ``" 2/5; 1/50"``, printed when verbose.
    context : CallbackContext, default=no callbacks
        What scikit-learn's callbacks need that are handed on to the estimator.

    Returns
    -------
    result : FoldResult
        Scores and times, or what failed.
    """
    estimator = clone(setup.estimator)
    train, test = fold_indices(*fold, setup.X)
    fit_params = metadata_rows(setup.X, params=setup.fit_params, indices=train)
    message = ", ".join(f"{name}={params[name]}" for name in sorted(params))
    if setup.verbose > 9:
        print(f"[CV{label}] START {message}".ljust(80, "."))

    start = time.time()
    error = None
    try:
        estimator.set_params(**clone(dict(params), safe=False))
        X_train, y_train = safe_split(estimator, setup.X, setup.y, train)
        X_test, y_test = safe_split(estimator, setup.X, setup.y, test, train)
        _fit(estimator, X_train, y_train, fit_params, context)
    except Exception:
        if setup.error_score == "raise":
            raise
        error = format_exc()
    fit_time = time.time() - start
    if error is not None:
        result = failed_result(setup, error, fit_time, len(test))
    else:
        result = _scored(
            setup, estimator, (X_train, y_train, train), (X_test, y_test, test), fit_time
        )
    if setup.verbose > 1:
        _print_end(label, message, result, setup.verbose)
    return result


def failed_result(
    setup: EvaluationSetup,
    error: str,
    fit_time: float,
    n_test_samples: int,
    ended_by: str | None = None,
) -> FoldResult:
    """Return the result of a unit whose fit did not end by itself, with the error score."""
    train_scores = _error_scores(setup) if setup.return_train_score else None
    return FoldResult(
        _error_scores(setup),
        train_scores,
        fit_time,
        0.0,
        n_test_samples,
        fit_error=error,
        ended_by=ended_by,
    )


def _fit(estimator: Any, X: Any, y: Any, fit_params: dict[str, Any], context: Any) -> None:
    with context.propagate_callback_context(estimator):
        if y is None:
            estimator.fit(X, **fit_params)
        else:
            estimator.fit(X, y, **fit_params)


def _scored(
    setup: EvaluationSetup,
    estimator: Any,
    train: tuple[Any, Any, Any],
    test: tuple[Any, Any, Any],
    fit_time: float,
) -> FoldResult:
    start = time.time()
    test_scores, test_error = _score(setup, estimator, *test)
    score_time = time.time() - start
    train_scores, train_error = None, None
    if setup.return_train_score:
        train_scores, train_error = _score(setup, estimator, *train)
    return FoldResult(
        test_scores,
        train_scores,
        fit_time,
        score_time,
        len(test[2]),
        score_error=test_error or train_error,
        predictions=_predictions(setup, estimator, test[0]),
    )


def _predictions(setup: EvaluationSetup, estimator: Any, X: Any) -> Any:
    """Return what is to be kept of the predictions; None, with a warning, if the estimator cannot predict."""
    if setup.predictor is None:
        return None
    try:
        return setup.predictor.predict(estimator, X)
    except Exception as error:  # of a fitted model of others, which may raise anything
        if setup.error_score == "raise":
            raise
        warnings.warn(
            f"{type(estimator).__name__} was scored and could not predict, so predictions_ has nothing of it: "
            f"{error!r}",
            UserWarning,
            stacklevel=2,
        )
        return None


def _score(
    setup: EvaluationSetup, estimator: Any, X: Any, y: Any, rows: Any
) -> tuple[Scores, str | None]:
    """Return (scores, None), or (the error score, why)."""
    score_params = metadata_rows(setup.X, params=setup.score_params, indices=rows)
    raises = setup.error_score == "raise"
    try:
        given = setup.scorer(estimator, X, *(() if y is None else (y,)), **score_params)
    except Exception:
        if raises:
            raise
        _warn_scoring_failed(setup.error_score, why := format_exc())
        return _error_scores(setup), why
    if not isinstance(given, dict):
        return _number(given, setup, "scoring")
    scores = {}
    problems: list[str] = []
    for name, value in given.items():
        scores[name], problem = _number(value, setup, name)
        problems += [problem] if problem is not None else []
    return scores, "\n".join(problems) or None


def _number(value: Any, setup: EvaluationSetup, name: str) -> tuple[float, str | None]:
    """Return (value, None) for a number, else (the error score, why)."""
    if hasattr(value, "item"):
        with suppress(ValueError, RuntimeError):  # a numpy or memory-mapped scalar
            value = value.item()
    if isinstance(value, numbers.Number):
        return value, None  # type: ignore[return-value]
    if isinstance(value, str) and is_multimetric(setup.scorer):
        why = value  # scikit-learn hands over the traceback of one failed metric as its "score"
    else:
        why = (
            f"scoring must return a number, got {value!r} ({type(value)}) instead. (scorer={name}) "
            "Return a float, or a dict of floats for several metrics."
        )
        if setup.error_score == "raise":
            raise ValueError(why)
    _warn_scoring_failed(setup.error_score, why)
    return setup.error_score, why


def _warn_scoring_failed(error_score: Any, why: str) -> None:
    warnings.warn(
        "Scoring failed. The score on this train-test partition for these parameters will be "
        f"set to {error_score}. Mend the scorer, or see error_score='raise'. Details:\n{why}",
        UserWarning,
        stacklevel=2,
    )


def _error_scores(setup: EvaluationSetup) -> Scores:
    if is_multimetric(setup.scorer):
        return dict.fromkeys(named_scorers(setup.scorer), setup.error_score)
    return setup.error_score


def _print_end(label: str, message: str, result: FoldResult, verbose: int) -> None:
    """Print scikit-learn's line for a finished unit: parameters, scores, time."""
    text = f"{message};" if message else ""
    if verbose > 2:
        text += _scores_text(result)
    text += f" total time={short_format_time(result.fit_time + result.score_time)}"
    head = f"[CV{label}] END "
    print(head + "." * (80 - len(head) - len(text)) + text)


def _scores_text(result: FoldResult) -> str:
    test, train = result.test_scores, result.train_scores
    if isinstance(test, dict):
        parts = []
        for name in sorted(test):
            before = f"train={train[name]:.3f}, " if isinstance(train, dict) else ""
            parts.append(f" {name}: ({before}test={test[name]:.3f})")
        return "".join(parts)
    if train is None:
        return f", score={test:.3f}"
    return f", score=(train={train:.3f}, test={test:.3f})"
