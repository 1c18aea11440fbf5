"""Student-t prior: normal near its location, with heavy tails, so that large coefficients are shrunk little.

Notation: m the location, s the scale, ν the degrees of freedom, d = w − m;
p(w) = Π_j Γ((ν+1)/2) / (Γ(ν/2) √(νπ) s_j) · (1 + d_j²/νs_j²)^(−(ν+1)/2).
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln

from ._base import Prior
from ._features import as_floats, standard_draws

__all__ = ["StudentT"]


class StudentT(Prior):
    """Student's t distribution of each coefficient.

    Parameters
    ----------
    df : float, array-like of shape (n_features,) or dict of str to float, default=4.0
        Degrees of freedom ν; positive. 1 is the Cauchy distribution; the larger, the closer to Normal.
    loc : float, array-like of shape (n_features,) or dict of str to float, default=0.0
        Median; finite. A dict goes by feature name; features that it does not name have the default.
    scale : float, array-like of shape (n_features,) or dict of str to float, default=1.0
        Scale, in the unit of a coefficient; positive. ``inf`` leaves a feature unpenalised.

    See Also
    --------
    Normal : The limit of many degrees of freedom.
    Horseshoe : Heavy tails and a kink at zero.

    Notes
    -----
    −log p(w) = Σ_j (ν+1)/2 · log(1 + (w_j − m_j)²/νs_j²) + constant. It is smooth and not convex: a fit may have
    several maxima. It lies below the quadratic of precision (ν+1)/(νs² + d²) that touches it at d, since log is
    concave; `majorizer` gives this quadratic.

    Examples
    --------
    >>> from skbayes.priors import StudentT
    >>> print(StudentT(df=1.0).gradient([1.0, 100.0]).round(2))
    [-1.   -0.02]
    """

    _per_feature = {"df": "positive", "loc": "finite", "scale": "scale"}  # noqa: RUF012

    def __init__(
        self,
        df: ArrayLike | dict[str, float] = 4.0,
        loc: ArrayLike | dict[str, float] = 0.0,
        scale: ArrayLike | dict[str, float] = 1.0,
    ) -> None:
        self.df = df
        self.loc = loc
        self.scale = scale

    def _parts(self, w: ArrayLike) -> tuple[NDArray[Any], ...]:
        """Return w, d, ν and νs²."""
        w, df = as_floats(w), self._numbers("df")
        return w, w - self._numbers("loc"), df, df * np.square(self._numbers("scale"))

    def log_density(self, w: ArrayLike) -> float:
        w, d, df, width = self._parts(w)
        df, width = np.broadcast_to(df, w.shape), np.broadcast_to(width, w.shape)
        bound = np.isfinite(width)
        d, df, width = d[bound], df[bound], width[bound]
        tails = 0.5 * (df + 1.0) * np.log1p(d * d / width)
        # Γ((ν+1)/2) / (Γ(ν/2) √π) = 1 / B(ν/2, 1/2)
        return float(-np.sum(tails + betaln(0.5 * df, 0.5) + 0.5 * np.log(width)))

    def gradient(self, w: ArrayLike) -> NDArray[Any]:
        """Derivative of `log_density` by each parameter.

        Parameters
        ----------
        w : array-like of shape (n_parameters,)
            Where to evaluate.

        Returns
        -------
        gradient : ndarray of shape (n_parameters,)
            −(ν+1) d / (νs² + d²).
        """
        w, d, df, width = self._parts(w)
        return (-(df + 1.0) * d / (width + d * d)).astype(w.dtype, copy=False)

    def hessian(self, w: ArrayLike) -> NDArray[Any]:
        """Diagonal of the second derivative of `log_density`.

        Parameters
        ----------
        w : array-like of shape (n_parameters,)
            Where to evaluate.

        Returns
        -------
        hessian : ndarray of shape (n_parameters,)
            (ν+1) (d² − νs²) / (νs² + d²)²; positive in the tails.
        """
        w, d, df, width = self._parts(w)
        with np.errstate(invalid="ignore"):
            hessian = (df + 1.0) * ((d * d - width) / (width + d * d)) / (width + d * d)
        return np.where(np.isinf(width), 0.0, hessian).astype(w.dtype, copy=False)

    def majorizer(
        self, w: ArrayLike | None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Location and weights of a bound −log p(v) ≤ Σ l1 |v − loc| + l2/2 (v − loc)² + constant that touches at w.

        Parameters
        ----------
        w : array-like of shape (n_parameters,) or None
            Where the bound touches; None, before any w is known: at m.

        Returns
        -------
        loc, l1, l2 : ndarray of shape (n_parameters,)
            m, zeros, and (ν+1) / (νs² + d²).
        """
        if w is None:
            df, loc, scale = (self._numbers(name) for name in ("df", "loc", "scale"))
            w = np.broadcast_arrays(loc, df, scale)[0]
        w, d, df, width = self._parts(w)
        l2 = (df + 1.0) / (width + np.square(d.astype(float)))
        return np.broadcast_to(self._numbers("loc"), w.shape), np.zeros(w.shape), l2

    def sample(
        self, n: int = 1, random_state: int | np.random.Generator | None = None
    ) -> NDArray[np.float64]:
        """Draw from the prior.

        Parameters
        ----------
        n : int, default=1
            Number of draws.
        random_state : int, numpy.random.Generator or None, default=None
            Seed or generator.

        Returns
        -------
        draws : ndarray of shape (n, n_parameters)
            One draw per row; one column if all parameters are scalars.

        Raises
        ------
        ValueError
            If a scale is infinite.
        """
        loc, scale = standard_draws(self._numbers("loc"), self._numbers("scale"), "StudentT")
        df, loc, scale = np.broadcast_arrays(np.atleast_1d(self._numbers("df")), loc, scale)
        draws = np.random.default_rng(random_state).standard_t(df, size=(n, loc.size))
        return loc + scale * draws
