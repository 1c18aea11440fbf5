"""Output transforms: from scores to latent scores in which a Gaussian process is at home, and back.

A transform is a rule (`OUTPUT_TRANSFORMS[name](y) -> map`) that looks at the scores and returns an
increasing map. The latent scores have mean 0 and variance 1, except under None.

Notation: y scores, z latent scores, m the median of y.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import rankdata

from ._output_maps import Affine, Chain, Interpolated, Level, LogLosers, OutputMap

__all__ = ["OUTPUT_TRANSFORMS", "FittedOutput", "fit_output"]

FloatArray = NDArray[np.float64]

# Below this many scores their values say less than their order; with ranks below 25 searches found
# less (benchmarks/suite, with this constant changed; docs/defaults.rst has the figures).
_FEW = 15

# Relative differences up to the first are rounding; and differences up to the second, where the
# largest score is about 1, are none, so that a slope between two scores stays finite.
_ROUNDING = 16.0 * float(np.finfo(float).eps)
_TINY = 1e-305

# A known noise beyond this says nothing of the score; its square still is a number.
_LARGEST_STD = 1e100

# How many times their own spread the winners must lie above the median for it to be taken for a
# value of diverged scores.
_FAR = 10.0

# Distances of the quartiles below the lower one from where on Tukey calls a value far out.
_FENCE = 3.0

# The trapezoidal rule: spectrally exact for smooth maps, and good at the kinks of these, where the
# nodes of Gauss and Hermite, few and far out, miss the mean by a fifth of a standard deviation.
_NODES = np.linspace(-6.0, 6.0, 121)
_WEIGHTS = np.exp(-0.5 * _NODES**2)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


def standardize(y: FloatArray) -> OutputMap:
    """Mean 0 and variance 1; scores that differ by rounding alone are one score."""
    center, width = float(y.mean()), _rounding(y)
    return Level(center, width) if _is_level(y) else Affine(center, float(y.std()))


def _rounding(y: FloatArray) -> float:
    """Differences up to here are the rounding of a sum of a few scores."""
    return max(_ROUNDING * float(np.abs(y).max()), _TINY)


def _is_level(y: FloatArray) -> bool:
    return bool(np.ptp(y) <= _rounding(y))


def log_losers(y: FloatArray) -> OutputMap:
    """Losers below the median squashed by a logarithm, winners left linear; then standardised.

    The unit of the logarithm is the winners' mean distance from the median, so what is below by
    their measure counts by its order of magnitude, and from twenty times it on hardly at all.
    """
    if _is_level(y):
        return standardize(y)
    knee = _knee(y)
    winners = _above(y, knee)
    distances = winners - knee if len(winners) else knee + _above(-y, -knee)
    scale = float(distances.mean())
    first = LogLosers(knee, scale, (float(y.min()) - knee) / scale)
    return Chain(first, standardize(first.forward(y)))


def _knee(y: FloatArray) -> float:
    """The median; where more than half have diverged, the median of those that have not."""
    kept = y
    while True:
        median = float(np.median(kept))
        above = _above(y, median)
        # Two values have a spread by chance alone; three that lie together are a cluster.
        if len(above) < 3 or above.min() - median <= _FAR * np.ptp(above) or _is_level(above):
            return median
        kept = above


def _above(y: FloatArray, level: float) -> FloatArray:
    """Scores above the level by more than rounding; a diverged score far below does not count."""
    above = y[y > level]
    return above[above > level + _rounding(np.append(above, level))]


def log_outliers(y: FloatArray) -> OutputMap:
    """Scores far below the others squashed by a logarithm, all others left linear; then standardised.

    For one of several objectives: what is below its median may be the best there is in another.
    """
    if _is_level(y):
        return standardize(y)
    lower, upper = np.quantile(y, [0.25, 0.75])
    width = float(upper - lower)
    knee = float(lower) - _FENCE * width
    if y.min() >= knee or width <= _rounding(y):
        return standardize(y)
    # No outlier is more than 1e12 of the unit away, so that the way back is a number too.
    scale = max(width, 1e-12 * float(np.ptp(y)))
    first = LogLosers(knee, scale, (float(y.min()) - knee) / scale)
    return Chain(first, standardize(first.forward(y)))


def normal_scores(y: FloatArray) -> OutputMap:
    """Ranks to quantiles of the normal distribution, ties sharing their mean rank."""
    if _is_level(y):
        return standardize(y)
    nodes, node = _distinct(y)
    # Blom's positions, nearly the expected order statistics of normal draws.
    z = ndtri((rankdata(node) - 0.375) / (len(y) + 0.25))
    _, first = np.unique(node, return_index=True)
    return Chain(Interpolated(nodes, z[first]), standardize(z))


def _distinct(y: FloatArray) -> tuple[FloatArray, NDArray[np.intp]]:
    """Scores that differ by more than rounding, increasing, and which of them each score is."""
    order = np.argsort(y, kind="stable")
    low, high = y[order[:-1]], y[order[1:]]
    gap = np.maximum(_ROUNDING * np.maximum(np.abs(low), np.abs(high)), _TINY)
    is_new = np.concatenate([[True], high - low > gap])
    node = np.empty(len(y), dtype=np.intp)
    node[order] = np.cumsum(is_new) - 1
    return y[order[is_new]], node


def auto(y: FloatArray) -> OutputMap:
    """`normal_scores` for few scores, `log_losers` from 15 on."""
    return normal_scores(y) if len(y) < _FEW else log_losers(y)


def raw(y: FloatArray) -> OutputMap:
    """Nothing at all."""
    return Affine(0.0, 1.0)


OUTPUT_TRANSFORMS: dict[str, Callable[[FloatArray], OutputMap]] = {
    "standardize": standardize,
    "log_losers": log_losers,
    "log_outliers": log_outliers,
    "normal_scores": normal_scores,
    "auto": auto,
}


@dataclass(frozen=True)
class FittedOutput:
    """An output transform fitted to scores: the way to latent scores and back.

    Parameters
    ----------
    exponent : int
        The scores are multiplied by 2**−exponent, which brings them into [−1, 1].
    map : OutputMap
        The map of the scores so scaled.

    See Also
    --------
    fit_output : Makes one.

    Notes
    -----
    The power of two is exact, and it lets scores of any magnitude that a float holds be squared.

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.surrogates import fit_output
    >>> output = fit_output("standardize", np.array([0.7, 0.8, 0.9]))
    >>> output.forward(np.array([0.8, 0.9])).round(2) + 0.0
    array([0.  , 1.22])
    >>> output.inverse(np.array([0.0]))
    array([0.8])
    """

    exponent: int
    map: OutputMap

    def forward(self, y: FloatArray) -> FloatArray:
        """Return the latent scores.

        Parameters
        ----------
        y : ndarray of shape (n,)
            Scores.

        Returns
        -------
        z : ndarray of shape (n,)
            Latent scores.
        """
        return self.map.forward(np.ldexp(y, -self.exponent))

    def latent_variance(self, y: FloatArray, variance: FloatArray) -> FloatArray:
        """Return the variance that a noise has in the latent unit.

        Parameters
        ----------
        y : ndarray of shape (n,)
            Scores.
        variance : ndarray of shape (n,)
            Variance of the noise of each, in the squared unit of the score.

        Returns
        -------
        variance : ndarray of shape (n,)
            The same in the squared latent unit.
        """
        # Divided, since the product of a large noise and a steep slope may be too large itself.
        slope = np.maximum(self.map.derivative(np.ldexp(y, -self.exponent)), 1.0 / _LARGEST_STD)
        with np.errstate(over="ignore"):
            std = np.ldexp(np.sqrt(variance), -self.exponent)
        latent_std: FloatArray = np.minimum(std, _LARGEST_STD / slope) * slope
        return latent_std**2

    def inverse(self, z: FloatArray) -> FloatArray:
        """Return the scores.

        Parameters
        ----------
        z : ndarray of shape (n,)
            Latent scores.

        Returns
        -------
        y : ndarray of shape (n,)
            Scores.
        """
        return np.ldexp(self.map.inverse(z), self.exponent)

    def score_moments(self, mean: FloatArray, std: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return mean and standard deviation of the inverse of N(mean, std²), by quadrature.

        Parameters
        ----------
        mean : ndarray of shape (m,)
            Latent means.
        std : ndarray of shape (m,)
            Latent standard deviations.

        Returns
        -------
        mean : ndarray of shape (m,)
            In the unit of the score.
        std : ndarray of shape (m,)
            In the unit of the score.
        """
        y = self.map.inverse(mean[:, None] + std[:, None] * _NODES)
        center = y @ _WEIGHTS
        spread = np.sqrt((y - center[:, None]) ** 2 @ _WEIGHTS)
        with np.errstate(over="ignore"):
            return np.ldexp(center, self.exponent), np.ldexp(spread, self.exponent)


def fit_output(name: str | None, scores: FloatArray) -> FittedOutput:
    """Return an output transform fitted to scores, as a surrogate keeps it in `output_`.

    Parameters
    ----------
    name : str or None
        A key of `OUTPUT_TRANSFORMS`; None leaves the scores as they are.
    scores : ndarray of shape (n,)
        Finite scores.

    Returns
    -------
    output : FittedOutput
        The fitted transform.

    Raises
    ------
    ValueError
        If the name is not known.

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.surrogates import fit_output
    >>> fit_output("normal_scores", np.array([1.0, 5.0, 1000.0])).forward(np.array([5.0])) + 0.0
    array([0.])
    """
    if name is None:
        return FittedOutput(0, raw(scores))
    if name not in OUTPUT_TRANSFORMS:
        known = ", ".join(repr(key) for key in OUTPUT_TRANSFORMS)
        raise ValueError(f"output_transform={name!r} is not known. Choose one of {known}, or None.")
    exponent = int(np.frexp(np.abs(scores).max())[1])
    return FittedOutput(exponent, OUTPUT_TRANSFORMS[name](np.ldexp(scores, -exponent)))
