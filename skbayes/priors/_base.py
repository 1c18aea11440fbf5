"""What a prior is: a parameter object with a log density; more only where it honestly exists.

Notation: w (n_parameters,) the parameters; a prior factorises over them, log p(w) = Σ_j log p(w_j), unless it
says otherwise.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from inspect import signature
from typing import Any, ClassVar, Self

from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from .._sklearn import Documented
from ._features import check_numbers, numbers, per_feature

__all__ = ["Prior"]


class Prior(Documented, BaseEstimator, ABC):
    """Base class of all priors.

    A subclass stores its parameters in ``__init__``, untouched, and defines `log_density`. It adds
    ``gradient(w)``, ``hessian(w)``, ``prox(w, step)`` and ``sample(n, random_state)`` where they
    exist; what a prior does not have, it does not define. Three more say what a solver can make of it:

    - ``separable() -> (loc, l1, l2)``: −log p(w) = Σ l1 |w − loc| + l2/2 (w − loc)² + constant;
    - ``quadratic() -> (loc, precision)``: −log p(w) = (w − loc)ᵀ P (w − loc)/2 + constant, with the precision a
      vector or a matrix;
    - ``majorizer(w) -> (loc, l1, l2)``: −log p(v) ≤ Σ l1 |v − loc| + l2/2 (v − loc)² + constant for every v, with
      equality at v = w, for a density that is not concave; ``majorizer(None)`` is one to begin with, before any w is
      known.

    And two, of a prior with kinks that factorises, what ``posterior="smoothed"`` asks for:

    - ``tilted(mean, variance) -> (log_integral, mean, variance)``: of p(w) N(w; mean, variance), by coefficient;
    - ``spread()``: the standard deviation of a normal density about as wide. (`Group` shows how groups do it.)

    See Also
    --------
    skbayes.checks.check_prior : Whether a subclass keeps the contract.
    """

    #: Parameters that there may be one of for each feature, and their kind: "finite", "positive" or "scale".
    _per_feature: ClassVar[dict[str, str]] = {}

    @property
    def is_smooth(self) -> bool:
        """Whether the log density is differentiable where it is finite, so that there is a `gradient`."""
        return True

    @property
    def is_positive(self) -> bool:
        """Whether only positive numbers have a density: a prior of a scale, not of a coefficient."""
        return False

    @property
    def is_joint(self) -> bool:
        """Whether it is of the coefficients of all classes together, row by row, and not of those of each class."""
        return False

    @property
    def least_factor(self) -> float:
        """By what its scales may be multiplied at least where the evidence looks for them."""
        return 0.0

    @abstractmethod
    def log_density(self, w: ArrayLike) -> float:
        """Logarithm of the normalised density, summed over the parameters.

        Parameters
        ----------
        w : array-like of shape (n_parameters,)
            Where to evaluate.

        Returns
        -------
        log_density : float
            Minus infinity outside the support. Where a scale is infinite the prior is flat and counts as 0.
        """

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
        prior : Prior
            With arrays in place of numbers and dicts; features that a dict does not name have the default.

        Raises
        ------
        ValueError
            If a length or a name does not fit the features, or a number is out of its range.
        """
        resolved = type(self)(**self.get_params(deep=False))
        defaults = signature(type(self)).parameters
        for name, kind in self._per_feature.items():
            given = getattr(self, name)
            array = per_feature(
                given, defaults[name].default, name, type(self).__name__, names, n_features
            )
            check_numbers(array, given, name, type(self).__name__, kind)
            setattr(resolved, name, array)
        return resolved

    def _numbers(self, name: str) -> NDArray[Any]:
        """Return a parameter as a checked array, of shape () or (n_features,)."""
        kind = self._per_feature[name]
        return numbers(getattr(self, name), name, type(self).__name__, kind)
