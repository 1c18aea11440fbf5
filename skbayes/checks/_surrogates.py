"""Whether a surrogate keeps the contract of `Surrogate`."""

import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from ..posteriors import GaussianPosterior
from ..surrogates import Surrogate
from ._common import STEP, check_close, check_parameter_object, expect

__all__ = ["check_surrogate"]

# Differences of a posterior whose standard deviation is nearly zero keep half of the digits; two roads to one number.
_DIFFERENCE, _ROUNDING = 1e-4, 1e-7
_CATEGORIES = (0, 0, 4)
_N_OBSERVED, _N_ASKED = 40, 12


def check_surrogate(surrogate: Surrogate, random_state: int = 0) -> None:
    """Check that a surrogate keeps the contract, on scores of two numbers and a category.

    Parameters
    ----------
    surrogate : Surrogate
        The surrogate, unfitted; `categories` and `random_state` are set where they are parameters and None.
    random_state : int, default=0
        Seed of the points.

    Raises
    ------
    AssertionError
        If the contract is broken; the message says where, what the surrogate gives, and what is expected.

    Notes
    -----
    Checked are: parameters only stored; shapes and signs of the posterior, its joint covariance included; that it
    follows the scores (a tenth of their variance explained) in the score's unit; NaN in a column of the points; one and
    two observations, and scores that are all equal; `noise_variance`, one number or one for each; `condition` returns a
    copy that has learnt; the order of the points asked for does not matter; the same seed, the same posterior;
    `output_` there and back; `sample_functions`; with a gradient, `value_and_gradient` against differences; a deep
    copy; no argument is written to.

    Examples
    --------
    >>> from skbayes.checks import check_surrogate
    >>> from skbayes.surrogates import RandomForest
    >>> check_surrogate(RandomForest(n_estimators=10))
    """
    expect(
        isinstance(surrogate, Surrogate),
        surrogate,
        "is no skbayes.surrogates.Surrogate; derive it from that class.",
    )
    check_parameter_object(surrogate)
    surrogate = _prepared(surrogate, random_state)
    rng = np.random.default_rng(random_state)
    U, V = _points(_N_OBSERVED, rng), _points(_N_ASKED, rng)
    scores = np.sin(4.0 * U[:, 0]) + U[:, 2] + np.nan_to_num(U[:, 1])
    for array in (U, V, scores):
        array.flags.writeable = (
            False  # an assignment to it is an error of numpy that names the line
        )
    fitted = clone(surrogate)
    expect(fitted.fit(U, scores) is fitted, surrogate, "does not return itself from fit.")
    posterior = _check_posterior(fitted, V)
    _check_unit(fitted, U, scores)
    order = np.arange(_N_ASKED)[::-1]
    turned = fitted.posterior(V[order])
    check_close(surrogate, "mean", turned.mean[order], posterior.mean, _ROUNDING, "another order")
    check_close(surrogate, "std", turned.std[order], posterior.std, _ROUNDING, "another order")
    again = clone(surrogate).fit(U, scores).posterior(V)
    expect(
        np.array_equal(again.mean, posterior.mean),
        surrogate,
        "differs under the same random_state.",
    )
    copied = copy.deepcopy(fitted).posterior(V)
    expect(np.array_equal(copied.mean, posterior.mean), surrogate, "is another one after a copy.")
    _check_condition(fitted, V, posterior)
    _check_functions(fitted, U, V)
    if fitted.has_gradient:
        _check_gradient(fitted, V)
    _check_few(surrogate, U, V, scores)


def _prepared(surrogate: Any, random_state: int) -> Any:
    """Return a clone that knows its categories and its seed, as the optimizer makes one."""
    surrogate = clone(surrogate)
    for name, value in (("categories", _CATEGORIES), ("random_state", random_state)):
        if surrogate.get_params(deep=False).get(name, value) is None:
            surrogate.set_params(**{name: value})
    return surrogate


def _points(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Two numbers and a category of four; where it is the first, the second number is inactive."""
    U = rng.random((n, 3))
    U[:, 2] = (rng.integers(0, 4, n) + 0.5) / 4
    U[U[:, 2] < 0.25, 1] = np.nan
    return U


def _check_posterior(fitted: Any, V: NDArray[np.float64]) -> GaussianPosterior:
    posterior = fitted.posterior(V)
    expect(isinstance(posterior, GaussianPosterior), fitted, "gives no GaussianPosterior.")
    m = len(V)
    for name, array in (("mean", posterior.mean), ("std", posterior.std)):
        expect(array.shape == (m,), fitted, f"gives {name} of shape {array.shape} for {m} points.")
        expect(np.isfinite(array), fitted, f"gives a {name} that is not finite.")
    expect(posterior.std > 0.0, fitted, "is certain of a point that it has not seen.")
    covariance = posterior.covariance
    check_close(
        fitted, "diagonal of covariance", np.diag(covariance), posterior.std**2, _ROUNDING, "std²"
    )
    check_close(fitted, "covariance", covariance, covariance.T, _ROUNDING, "its transpose")
    least, largest = np.linalg.eigvalsh(covariance)[[0, -1]]
    expect(
        least >= -_ROUNDING * largest, fitted, f"gives a covariance with eigenvalue {least:.3g}."
    )
    return posterior


def _check_unit(fitted: Any, U: NDArray[np.float64], scores: NDArray[np.float64]) -> None:
    predicted = fitted.score_posterior(U)
    error = float(np.mean((predicted.mean - scores) ** 2))
    expect(
        error < 0.9 * scores.var(),
        fitted,
        f"misses the scores that it has seen by {error:.3g} in the mean square; their variance is {scores.var():.3g}."
        " Is score_posterior in the unit of the score?",
    )
    expect(predicted.std >= 0.0, fitted, "has a negative std in score_posterior.")
    back = fitted.output_.inverse(fitted.output_.forward(scores))
    check_close(fitted, "output_ there and back", back, scores, _ROUNDING, "the score")


def _check_condition(fitted: Any, V: NDArray[np.float64], before: GaussianPosterior) -> None:
    high = np.full(3, before.mean.max() + 3.0 * before.std.max())
    learnt = fitted.condition(np.repeat(V[:1], 3, axis=0), high).posterior(V[:1])
    expect(
        learnt.mean[0] > before.mean[0],
        fitted,
        "has not learnt from the fantasies of condition: a score far above the mean leaves it where it was.",
    )
    after = fitted.posterior(V)
    expect(
        np.array_equal(after.mean, before.mean), fitted, "is changed by condition; return a copy."
    )


def _check_functions(fitted: Any, U: NDArray[np.float64], V: NDArray[np.float64]) -> None:
    values = np.asarray(fitted.sample_functions(5, U, random_state=0)(V))
    expect(
        values.ndim == 2 and values.shape[0] <= 5 and values.shape[1] == len(V),
        fitted,
        f"gives functions of shape {values.shape}; expected (up to 5, {len(V)}).",
    )


def _check_gradient(fitted: Any, V: NDArray[np.float64]) -> None:
    posterior = fitted.posterior(V)
    mean, std, d_mean, d_std = fitted.value_and_gradient(V)
    check_close(fitted, "mean of value_and_gradient", mean, posterior.mean, _ROUNDING, "posterior")
    check_close(fitted, "std of value_and_gradient", std, posterior.std, _ROUNDING, "posterior")
    for column in (0, 1):
        up, down = V.copy(), V.copy()
        up[:, column] += STEP
        down[:, column] -= STEP
        above, below = fitted.posterior(up), fitted.posterior(down)
        for name, got, high, low in (
            ("d_mean", d_mean, above.mean, below.mean),
            ("d_std", d_std, above.std, below.std),
        ):
            slope = np.where(np.isnan(V[:, column]), 0.0, (high - low) / (2.0 * STEP))
            check_close(
                fitted, name, got[:, column], slope, _DIFFERENCE, "a difference of posterior"
            )
    expect(d_mean[:, 2] == 0.0, fitted, "has a slope along a category; give 0.")


def _check_few(
    surrogate: Any,
    U: NDArray[np.float64],
    V: NDArray[np.float64],
    scores: NDArray[np.float64],
) -> None:
    for n in (1, 2):
        posterior = clone(surrogate).fit(U[:n], scores[:n]).score_posterior(V)
        is_finite = np.isfinite(posterior.mean).all() and np.isfinite(posterior.std).all()
        expect(is_finite, surrogate, f"gives no finite posterior after {n} observation(s).")
    level = clone(surrogate).fit(U, np.full(len(U), 0.7)).score_posterior(V)
    expect(
        np.abs(level.mean - 0.7) < 1e-6, surrogate, "does not expect 0.7 where all scores are 0.7."
    )
    for noise in (0.1, np.full(len(U), 0.1)):
        noisy = clone(surrogate).fit(U, scores, noise_variance=noise).posterior(V)
        expect(
            np.isfinite(noisy.mean), surrogate, "gives no finite posterior with a noise_variance."
        )
