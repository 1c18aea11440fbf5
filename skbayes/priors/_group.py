"""Group prior: whole groups of coefficients are at their location, or none of a group is (the group lasso).

Notation: g a group of k coefficients, b its scale, r = ‖w_g − m_g‖; p(w_g) = exp(−√k r/b) / Z,
Z = 2 π^(k/2) Γ(k) / (Γ(k/2) (√k/b)^k).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from ._base import Prior
from ._features import as_floats, standard_draws
from ._tilted import tilted_by_norm

__all__ = ["Group"]

# Halvings of an interval until it is as long as a rounding of its first length.
_HALVINGS = 60


class Group(Prior):
    """Multivariate Laplace distribution of each group of coefficients.

    Parameters
    ----------
    groups : array-like of shape (n_features,), dict of str to object or None, default=None
        Label of the group of each feature. A dict goes by feature name; a feature that it does not name is a group by
        itself. None: every feature is.
    loc : float, array-like of shape (n_features,) or dict of str to float, default=0.0
        Where the kink is; finite. A dict goes by feature name; features that it does not name have the default.
    scale : float, array-like of shape (n_features,) or dict of str to float, default=1.0
        Scale b, in the unit of a coefficient; positive, the same for all features of a group. ``inf`` leaves a group
        unpenalised.

    See Also
    --------
    Laplace : Groups of one.

    Notes
    -----
    −log p(w) = Σ_g √k_g ‖w_g − m_g‖/b_g + log Z_g, k_g the number of features in the group. By the factor √k_g, that
    of [1]_, a coefficient has the variance b² (k+1)/k in a group of any size: between 2b² (Laplace) and b². The
    density does not factorise within a group, so a solver needs its `prox`.

    References
    ----------
    .. [1] Yuan, Lin (2006). Model selection and estimation in regression with grouped variables. J. R. Stat. Soc. B
       68, 49-67. DOI 10.1111/j.1467-9868.2005.00532.x

    Examples
    --------
    >>> from skbayes.priors import Group
    >>> print(Group(groups=[0, 0, 1]).prox([3.0, 4.0, 0.5], step=1.0).round(3))
    [2.151 2.869 0.   ]
    """

    _per_feature = {"loc": "finite", "scale": "scale"}  # noqa: RUF012

    def __init__(
        self,
        groups: ArrayLike | dict[str, Any] | None = None,
        loc: ArrayLike | dict[str, float] = 0.0,
        scale: ArrayLike | dict[str, float] = 1.0,
    ) -> None:
        self.groups = groups
        self.loc = loc
        self.scale = scale

    @property
    def is_smooth(self) -> bool:
        return False

    def for_features(self, names: Sequence[str] | None, n_features: int) -> Self:
        """Return the same prior with its parameters written out, one for each feature.

        Parameters
        ----------
        names : sequence of str or None
            Names of the features; None if they have none.
        n_features : int
            How many features there are.

        Returns
        -------
        prior : Group
            With group numbers and arrays.

        Raises
        ------
        ValueError
            If a length or a name does not fit the features, a number is out of its range, or the scale differs
            within a group.
        """
        resolved = super().for_features(names, n_features)
        resolved.groups = _group_numbers(self.groups, names, n_features)
        resolved._layout(n_features)
        return resolved

    def _layout(self, n: int) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
        """Return the group of each of n features, and the size and scale of each group."""
        codes = _group_numbers(self.groups, None, n)
        count = np.bincount(codes)
        scale = np.broadcast_to(self._numbers("scale"), (n,))
        of_group = np.empty(count.size)
        of_group[codes] = scale
        if not np.array_equal(of_group[codes], scale):
            wrong = int(np.flatnonzero(of_group[codes] != scale)[0])
            raise ValueError(
                f"Group needs one scale for each group; got scale={scale[wrong]} and"
                f" {of_group[codes[wrong]]} in the group of feature {wrong}. Give them the same."
            )
        return codes, count.astype(float), of_group

    def _norms(self, d: NDArray[Any], codes: NDArray[np.intp]) -> NDArray[np.float64]:
        # Scaled by the largest of all, so that no square under- or overflows by itself.
        largest = float(np.abs(d).max(initial=0.0)) or 1.0
        norms: NDArray[np.float64] = np.sqrt(np.bincount(codes, weights=np.square(d / largest)))
        return largest * norms

    def log_density(self, w: ArrayLike) -> float:
        w = as_floats(w)
        codes, k, b = self._layout(w.size)
        r = self._norms(w - self._numbers("loc"), codes)
        bound = np.isfinite(b)
        k, rate, r = k[bound], np.sqrt(k[bound]) / b[bound], r[bound]
        log_z = (
            np.log(2.0) + 0.5 * k * np.log(np.pi) + gammaln(k) - gammaln(0.5 * k) - k * np.log(rate)
        )
        return float(-np.sum(rate * r + log_z))

    def prox(self, w: ArrayLike, step: float | NDArray[Any]) -> NDArray[Any]:
        """Return the argument of min_z Σ (z − w)²/2step − log p(z).

        Parameters
        ----------
        w : array-like of shape (n_parameters,)
            Where to start.
        step : float or array-like of shape (n_parameters,)
            Step size; positive.

        Returns
        -------
        z : ndarray of shape (n_parameters,)
            Each group drawn towards its location, by √k step/b along the line if the step is one number, and not
            beyond it.
        """
        w = as_floats(w)
        loc = self._numbers("loc")
        codes, k, b = self._layout(w.size)
        d = (w - loc).astype(float)
        # At the minimum d_j = (1 + a_j/r) (z_j − m_j) with r = ‖z_g − m_g‖: z follows from r of each group.
        bound = np.isfinite(b)[codes]
        a = np.where(bound, step * (np.sqrt(k) / b)[codes], 1.0)
        r = _radius(d, a, codes)[codes]
        z = np.where(bound, loc + d * (r / (r + a)), w)
        return z.astype(w.dtype, copy=False)

    def prox_within(
        self, w: ArrayLike, step: float | NDArray[Any], lower: ArrayLike, upper: ArrayLike
    ) -> NDArray[Any]:
        """Return the argument of min_z Σ (z − w)²/2step − log p(z) within lower ≤ z ≤ upper.

        Parameters
        ----------
        w : array-like of shape (n_parameters,)
            Where to start.
        step : float or array-like of shape (n_parameters,)
            Step size; positive.
        lower, upper : array-like of shape (n_parameters,)
            The box; infinite where there is no bound.

        Returns
        -------
        z : ndarray of shape (n_parameters,)
            Not the clipped `prox`: what a bound takes from a group changes how far the rest of it is drawn.
        """
        w = as_floats(w)
        loc = self._numbers("loc")
        codes, k, b = self._layout(w.size)
        d, low, high = (w - loc).astype(float), np.asarray(lower) - loc, np.asarray(upper) - loc
        a = step * (np.sqrt(k) / b)[codes]  # zero where the scale is infinite: the plain clip
        # As without a box, z follows from r = ‖z_g − m_g‖, here clipped; ‖z(r)‖ − r falls through 0 once.
        left = np.zeros(k.size)
        right = self._norms(np.clip(d, low, high), codes) + self._norms(
            np.clip(0.0, low, high), codes
        )
        for _ in range(_HALVINGS):
            r = 0.5 * (left + right)
            z = np.clip(d * _share(r[codes], a), low, high)
            longer = self._norms(z, codes) > r
            left, right = np.where(longer, r, left), np.where(longer, right, r)
        # A left end that never moved says that there is no such r: the group is at its location.
        z = np.clip(d * np.where(left[codes] > 0.0, _share(right[codes], a), 0.0), low, high)
        z = np.where(a > 0.0, z, np.clip(d, low, high))
        return np.clip(loc + z, lower, upper).astype(w.dtype, copy=False)

    def at_kink(self, w: ArrayLike) -> NDArray[np.bool_]:
        """Say which parameters lie where the log density has no derivative: in a group that is at its location.

        Parameters
        ----------
        w : array-like of shape (n_parameters,)
            Where to look.

        Returns
        -------
        is_at_kink : ndarray of shape (n_parameters,)
            The same for all of a group; never true where the scale is infinite.
        """
        w = as_floats(w)
        codes, k, b = self._layout(w.size)
        away = np.bincount(
            codes, weights=w != self._numbers("loc").astype(w.dtype), minlength=k.size
        )
        return ((away == 0.0) & np.isfinite(b))[codes]

    def hessian_off_kinks(self, w: ArrayLike) -> NDArray[np.float64]:
        """Second derivative of `log_density` by the parameters of the groups that are not at their location.

        Parameters
        ----------
        w : array-like of shape (n_parameters,)
            Where to evaluate.

        Returns
        -------
        hessian : ndarray of shape (n_parameters, n_parameters)
            −(√k/b) (I − u uᵀ) / r for each group, u the unit vector from the location to it; zeros for groups at their
            location, where there is none.
        """
        w = as_floats(w).astype(float)
        codes, k, b = self._layout(w.size)
        d = w - self._numbers("loc")
        r = self._norms(d, codes)
        with np.errstate(divide="ignore"):
            bend = np.where(r > 0.0, np.sqrt(k) / (b * r), 0.0)
        unit = np.divide(d, r[codes], out=np.zeros_like(d), where=r[codes] > 0.0)
        same = codes[:, None] == codes
        hessian: NDArray[np.float64] = np.where(same, np.outer(unit * bend[codes], unit), 0.0)
        hessian[np.diag_indices_from(hessian)] -= bend[codes]
        return hessian

    def spread(self) -> NDArray[np.float64]:
        """Return the standard deviation of a normal density that is about as wide.

        Returns
        -------
        spread : ndarray of shape (n_features,)
            b √((k + 1)/k), as the prior has it; ``inf`` where a feature is unpenalised.
        """
        codes, k, b = self._layout(np.asarray(self.groups).size)
        return (b * np.sqrt((k + 1.0) / k))[codes]

    def blocks(self, n_features: int) -> list[NDArray[np.intp]]:
        """Return which features are together.

        Parameters
        ----------
        n_features : int
            How many features there are.

        Returns
        -------
        blocks : list of ndarray of int
            The features of each group.
        """
        codes, k, _ = self._layout(n_features)
        order = np.argsort(codes, kind="stable")
        return np.split(order, np.cumsum(k.astype(int))[:-1])

    def tilted_block(
        self, block: NDArray[np.intp], mean: ArrayLike, covariance: ArrayLike
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        """Return integral and moments of p(w) N(w; mean, covariance) for one group, of k features.

        Parameters
        ----------
        block : ndarray of int
            The features of the group, as `blocks` gives them.
        mean : array-like of shape (k,)
            Of the normal density.
        covariance : array-like of shape (k, k)
            Of the normal density.

        Returns
        -------
        log_integral : float
            Logarithm of the integral of the product; of a group that is unpenalised the prior counts as 1.
        mean, variance : ndarray of shape (k,)
            Mean of the product as a density, and its variance, feature by feature.
        """
        mean, covariance = np.asarray(mean, dtype=float), np.asarray(covariance, dtype=float)
        loc, b = (
            part[block] if part.ndim else np.full(block.size, part)
            for part in (self._numbers("loc"), self._numbers("scale"))
        )
        if np.isinf(b[0]):
            return 0.0, mean, np.diag(covariance)
        rate = np.sqrt(block.size) / b[0]
        log_integral, centre, variance = tilted_by_norm(rate, mean - loc, covariance)
        return log_integral, loc + centre, variance

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
        loc, _ = standard_draws(self._numbers("loc"), self._numbers("scale"), "Group")
        size = loc.size if self.groups is None else np.asarray(self.groups).size
        codes, k, b = self._layout(size)
        rng = np.random.default_rng(random_state)
        # The direction is uniform, and √k r/b has the gamma distribution of shape k.
        direction = rng.standard_normal((n, size))
        norms = np.stack([self._norms(row, codes) for row in direction])
        r = rng.standard_gamma(k, size=norms.shape) * b / np.sqrt(k)
        return loc + direction * (r / norms)[:, codes]


def _share(r: NDArray[np.float64], a: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return r / (r + a), 0 where both are 0."""
    total = r + a
    share: NDArray[np.float64] = np.divide(r, total, out=np.zeros_like(total), where=total > 0.0)
    return share


def _radius(
    d: NDArray[np.float64], a: NDArray[np.float64], codes: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return the r ≥ 0 of each group at which Σ_j (d_j / (r + a_j))² = 1; 0 if the sum is below 1 already there."""
    r = np.zeros(np.bincount(codes).size)
    # Newton's steps on 1/√sum, which is concave and for equal a_j a straight line: they approach r from below.
    for _ in range(100):
        width = r[codes] + a
        share = np.square(d / width)
        total, slope = np.bincount(codes, share), np.bincount(codes, share / width)
        longer = np.sqrt(total) > 1.0
        gain = np.zeros(r.shape)
        gain[longer] = (total / np.where(slope > 0.0, slope, 1.0) * (np.sqrt(total) - 1.0))[longer]
        r += gain
        if np.all(gain <= 4.0 * np.finfo(float).eps * r):
            break
    return r


def _group_numbers(groups: Any, names: Sequence[str] | None, n_features: int) -> NDArray[np.intp]:
    """Return the number of the group of each feature, counted from 0."""
    if groups is None:
        return np.arange(n_features)
    if isinstance(groups, Mapping):
        if names is None:
            raise ValueError(
                f"Group(groups=...) is a dict by feature name and the features have no names; got"
                f" {groups!r}. Fit on a data frame, or give one label for each feature."
            )
        unknown = sorted(str(name) for name in groups.keys() - set(names))
        if unknown:
            raise ValueError(
                f"Group(groups=...) names features that are not there; got {unknown}. Correct or leave"
                f" out these names."
            )
        labels = [("", groups[name]) if name in groups else ("alone", name) for name in names]
        number = {label: i for i, label in enumerate(dict.fromkeys(labels))}
        return np.array([number[label] for label in labels], dtype=np.intp)
    array = np.asarray(groups)
    if array.shape != (n_features,):
        raise ValueError(
            f"Group needs one label for each feature; got groups of shape {array.shape} for"
            f" {n_features} features. Give an array of shape ({n_features},), or a dict by feature name."
        )
    return np.unique(array, return_inverse=True)[1].reshape(-1)
