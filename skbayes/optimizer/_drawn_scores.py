"""Functions of the score drawn from what a surrogate believes after a history: what importances and partial
dependences are taken of."""

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from ..exceptions import SpaceTypeError, SpaceValueError
from ..space import Space, prior_points
from ..surrogates import GaussianProcess
from ._checks import check_count, seed_sequence
from ._observations import EncodedTrials, Observations
from ._suggest import as_surrogate
from ._trial import Trial

__all__ = ["DrawnScores", "drawn_scores"]

Floats = NDArray[np.float64]

# With fewer scores than this the surrogate says what its priors say.
_FEWEST = 5
# Up to here hyper-parameters are drawn by a slice sampler, which takes a second or two with a hundred trials
# of thirty parameters (benchmarks/constants.py shares). From 16 noisy trials its intervals of 90 % hold 86 % of
# the shares, the ensemble's 81 % (benchmarks/importance.py).
_FEW = 100
# Points at which functions are drawn jointly; between them they are interpolated. The cost of a draw
# is that of the eigenvectors of their covariance.
_N_DRAWN = 128


@dataclass(frozen=True)
class DrawnScores:
    """Functions of the cube, each as likely as the others.

    Parameters
    ----------
    values : callable
        Takes valid points (m, n_dims) and returns values (n_functions, m).
    n_trials : int
        How many trials they know.
    is_constant : bool
        Whether all of these have the same score.
    """

    values: Callable[[Floats], Floats]
    n_trials: int
    is_constant: bool


def drawn_scores(
    history: Iterable[Trial],
    space: Space,
    surrogate: Any,
    metric: str | None,
    n_functions: int,
    unit: str,
    random_state: Any,
    what: str,
    *,
    on_ends: bool = False,
) -> tuple[np.random.Generator, DrawnScores]:
    """Fit a surrogate to a history and draw functions; arguments as for `importances`, `what` for messages.

    With `on_ends` they vary as they should at the ends of each range too. The generator is that which the points of
    an integral are to be drawn from.
    """
    n_functions = check_count(n_functions, "n_functions", 1)
    if unit not in ("score", "latent"):
        raise ValueError(f"unit={unit!r} is not known. Choose 'score' or 'latent'.")
    surrogate_seed, points_seed = seed_sequence(random_state).spawn(2)
    rng = np.random.default_rng(points_seed)
    trials = history if metric is None else _with_metric(history, metric)
    observations = _observations(trials, space, what)
    seed = int(surrogate_seed.generate_state(1)[0] // 2)
    is_named = isinstance(surrogate, str) and surrogate in ("auto", "gp")
    chosen = _process(unit, len(observations.U)) if is_named else surrogate
    model = as_surrogate(chosen, space, seed)
    U, scores, noise_variance = observations.training_data()
    model.fit(U, scores, noise_variance=noise_variance)
    functions = _drawn(model, space, n_functions, rng, on_ends=on_ends)

    def values(U: Floats) -> Floats:
        latent: Floats = functions(U)
        return latent if unit == "latent" else np.asarray(model.output_.inverse(latent))

    return rng, DrawnScores(values, len(U), not np.ptp(scores))


def _process(unit: str, n: int) -> GaussianProcess:
    # Shares of the score's variance ask for the score everywhere. A transform that serves the search for the
    # best bends it.
    transform = "standardize" if unit == "score" else "auto"
    return GaussianProcess(
        hyperparameters="slice" if n <= _FEW else "ensemble", output_transform=transform
    )


def _with_metric(history: Iterable[Trial], metric: str) -> list[Trial]:
    """The trials that have a metric, with it in the place of the score; an error if it is known nowhere."""
    trials = list(history)
    measured = [{"fit_time": trial.fit_time, **(trial.metrics or {})} for trial in trials]
    known = {name for each in measured for name, value in each.items() if value is not None}
    if metric not in known:
        raise ValueError(
            f"metric={metric!r} is in none of the {len(trials)} trials; they have {sorted(known)}. Choose one of "
            "these, or None for the score."
        )
    values = [each.get(metric) for each in measured]
    return [
        Trial(trial.number, trial.params, float(value))
        for trial, value in zip(trials, values, strict=True)
        if value is not None and np.isfinite(value)
    ]


def _observations(history: Iterable[Trial], space: Space, what: str) -> Observations:
    """Encode the trials inside the space; an error if too few have a score."""
    told = EncodedTrials(space)
    n_outside = 0
    for trial in history:
        try:
            told.add(trial)
        except (SpaceValueError, SpaceTypeError):
            n_outside += 1
    observations = told.observations()
    if observations.n_finite < _FEWEST:
        raise ValueError(
            f"{what} need at least {_FEWEST} trials with a score in the space; got "
            f"{observations.n_finite} ({n_outside} trials lie outside of it). Try more candidates."
        )
    if n_outside:
        warnings.warn(
            f"{n_outside} of {n_outside + len(told)} trials lie outside the design space, or have other parameters, "
            "and were left out. Widen the space to use them.",
            UserWarning,
            stacklevel=4,
        )
    return observations


def _drawn(model: Any, space: Space, n: int, rng: np.random.Generator, *, on_ends: bool) -> Any:
    """Functions of the cube; of a surrogate that cannot draw any, the posterior mean."""
    if not hasattr(model, "sample_functions"):
        return lambda U: model.posterior(U).mean[None]
    V = qmc.Sobol(space.n_dims, seed=rng).random(2 * _N_DRAWN if on_ends else _N_DRAWN)
    if on_ends:
        # Half of twice as many have one coordinate at an end. The deviation of averages over the other parameters
        # is then 8 % below that of the process instead of 18 % (60 noisy trials of three parameters;
        # benchmarks/plots.py bands).
        k = np.arange(_N_DRAWN)
        V[_N_DRAWN:][k, k % space.n_dims] = (k // space.n_dims) % 2
    return model.sample_functions(n, prior_points(space, V), rng)
