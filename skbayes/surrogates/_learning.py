"""Which hyper-parameters a fit uses: those given, those kept from the last fit, or new ones.

Optimising costs O(n³) per step, so beyond a few hundred observations it happens when their number
has grown by a share, and on a part of them; in between, hyper-parameters and Cholesky factor stay.

Notation: as in `_hyperparameters`. The targets there are the latent scores over the root of their
mean square, `unit`, so the priors mean the same whatever the unit of the scores.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ._columns import Columns, PairTable, Points
from ._hyperparameters import Hyperparameters, LogPosterior, maximize, prior_of
from ._kernels import Kernel
from ._subset import Rows, representative

__all__ = ["Memory", "Observations", "learn", "objective_on"]

FloatArray = NDArray[np.float64]

# Up to here every fit optimises, at 1.5 ms a step (benchmarks/constants.py process).
_ALWAYS = 250
# Beyond it, when the number of observations has grown by a tenth.
_GROWTH = 1.1
# Never on more than these: a step costs 6 ms there, 37 ms at 1000, and beyond it grows with the cube.
_LARGEST = 500
# A warm start alone may end in a poorer maximum than the prior's mode (that all is noise, learnt when
# it seemed so). So the mode is tried too: always while steps are cheap, later now and then.
_FEW = 40
_NOW_AND_THEN = 5


@dataclass(frozen=True)
class Observations:
    """What hyper-parameters are learnt from.

    Parameters
    ----------
    kernel : Kernel
        The correlation function.
    columns : Columns
        How two entries of a column differ.
    points : Points
        The n observed points.
    latent : ndarray of shape (n,)
        Latent scores.
    known_noise : ndarray of shape (n,) or None
        Known noise variances in the latent unit.
    """

    kernel: Kernel
    columns: Columns
    points: Points
    latent: FloatArray
    known_noise: FloatArray | None

    @property
    def unit(self) -> float:
        """Mean square of the latent scores, 1 if they are all zero; finite for raw scores too."""
        with np.errstate(over="ignore"):
            return min(float(np.mean(self.latent**2)), 1e300) or 1.0

    def __getitem__(self, rows: Rows) -> "Observations":
        """Return some of the observations."""
        known = None if self.known_noise is None else self.known_noise[rows]
        return replace(self, points=self.points[rows], latent=self.latent[rows], known_noise=known)


@dataclass(frozen=True)
class Memory:
    """What an optimisation leaves to the next fit on the same object.

    Parameters
    ----------
    kernel : Kernel
        The correlation function.
    columns : Columns
        How two entries of a column differ.
    points : Points
        The points that the optimum was found with.
    pairs : PairTable or None
        Their squared differences; None if they were too many to keep.
    hyperparameters : Hyperparameters
        The optimum, in the latent unit.
    """

    kernel: Kernel
    columns: Columns
    points: Points
    pairs: PairTable | None
    hyperparameters: Hyperparameters

    def is_of(self, data: Observations) -> bool:
        """Whether `data` extends what this memory is of."""
        return (
            self.kernel.is_same_as(data.kernel)
            and self.columns == data.columns
            and data.points.starts_with(self.points)
        )


def learn(
    data: Observations, start: Hyperparameters, memory: Memory | None, seed: int | None
) -> tuple[Hyperparameters, Memory | None]:
    """Return hyper-parameters in the latent unit, and the memory for the next fit.

    `start` is returned as it is while there is nothing to learn from: one observation, or all
    scores equal.
    """
    n, unit = len(data.latent), data.unit
    if memory is not None and not memory.is_of(data):
        memory = None
    if n < 2 or not data.latent.any():
        return start, memory
    if memory is not None and n > _ALWAYS and n < _GROWTH * len(memory.points):
        return memory.hyperparameters, memory
    pairs, part = _pairs_and_part(data, memory)
    objective = objective_on(data, pairs, part)
    theta, _ = maximize(objective, _starts(n, start.scaled(1.0 / unit), memory, unit, seed))
    optimum = Hyperparameters.of(theta).scaled(unit)
    kept = pairs if n <= _LARGEST else None
    return optimum, Memory(data.kernel, data.columns, data.points, kept, optimum)


def objective_on(data: Observations, pairs: PairTable, part: Rows) -> LogPosterior:
    """Return the log posterior of the hyper-parameters given the observations that `pairs` are of.

    Its targets are those over the root of the mean square of all observations.
    """
    known = None if data.known_noise is None else data.known_noise[part] / data.unit
    return LogPosterior(
        data.kernel,
        pairs.squared_differences,
        data.latent[part] / np.sqrt(data.unit),
        known,
        prior_of(len(data.columns.n_categories)),
    )


def _pairs_and_part(data: Observations, memory: Memory | None) -> tuple[PairTable, Rows]:
    """Return the pairs to optimise on and whose they are, grown from the last fit's if possible."""
    if len(data.points) > _LARGEST:
        part = representative(data.latent, _LARGEST)
        return PairTable(data.columns, data.points[part]), part
    if memory is not None and memory.pairs is not None:
        pairs = memory.pairs
        # A copy of the surrogate may have grown the table with points of its own.
        if data.points.starts_with(pairs.points):
            pairs.grow(data.points)
            return pairs, slice(None)
    return PairTable(data.columns, data.points), slice(None)


def _starts(
    n: int, start: Hyperparameters, memory: Memory | None, unit: float, seed: int | None
) -> list[FloatArray]:
    """Points that the maximiser starts from, for targets of mean square 1."""
    if memory is not None:
        warm = memory.hyperparameters.scaled(1.0 / unit).theta
        again = n <= _FEW or (n <= _ALWAYS and n % _NOW_AND_THEN == 0)
        return [warm, start.theta] if again else [warm]
    if n > _ALWAYS:
        return [start.theta]
    # Within a factor e of the mode: where there are several maxima, they differ in which columns
    # matter. The prior's mode is the best guess of all, and a second one is the cheapest way to doubt it.
    rng = np.random.default_rng(seed)
    return [start.theta, start.theta + rng.standard_normal(len(start.theta))]
