"""Informed prior: the normal posterior of another model, matched to the features and classes at hand.

Notation: m, C mean and covariance of the coefficients of the other model, d the discount; F the features that both
have. The coefficients of F are Normal(m_F, C_FF / d): those that only the other model has are integrated out. The rest
have the default prior.
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ._features import check_numbers
from ._normal import Normal

__all__ = ["Informed"]

Array = NDArray[Any]


class Informed(Normal):
    """Normal distribution of the coefficients at what another model found, by feature name.

    `skbayes.linear_model.prior_from` makes one of a fitted model.

    Parameters
    ----------
    loc : array-like of shape (n_source_features,) or (n_classes, n_source_features)
        Means; finite. A row for each class where there are more than two.
    covariance : array-like of shape (m, m) or (m,)
        Covariance of the means, m of them (row by row if there are classes), in the squared unit of a coefficient;
        symmetric, positive definite. Of shape (m,): their variances, and they are independent. ``inf`` among variances:
        nothing is known of that coefficient.
    names : sequence of str or None, default=None
        Names of the features that `loc` is of. None: they are those of the target, in its order.
    classes : sequence or None, default=None
        Labels of the classes: of the rows of `loc`; or of two classes, whose log odds `loc` is of. None: no classes.
    discount : float, default=1.0
        Part of the other model's rows that count, in (0, 1]: its precision is multiplied by it. 1 takes its posterior
        as it is.
    default : Normal or None, default=None
        Prior of features, and of classes, that the other model did not have, with finite scales; None: ``Normal()``.
    scale : float, default=1.0
        By what all standard deviations are multiplied, those of `default` too; positive. For ``tune="evidence"``.

    See Also
    --------
    Normal : With mean and covariance in the order of the features.
    skbayes.linear_model.prior_from : Makes this prior of a fitted model.

    Notes
    -----
    The discount is the exponent of the power prior [1]_: a likelihood to the power d has d times the precision. Between
    1 (the other rows are as good as those at hand) and 0 (they are forgotten) it is best found from the data: by
    cross-validation over ``prior__discount``, or by ``tune="evidence"``, whose factor on `scale` is 1/√d and never
    below 1.

    Of more than two classes the rows have one normal distribution together: what is known of the differences between
    classes is more than what is known of each. A target with some of the classes takes their rows, and one with two of
    them the differences.

    References
    ----------
    .. [1] Ibrahim, Chen (2000). Power prior distributions for regression models. Statistical Science 15, 46-60.
       doi:10.1214/ss/1009212673

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.priors import Informed, Normal
    >>> prior = Informed(
    ...     [2.0, -1.0],
    ...     [0.04, 0.09],
    ...     names=["age", "dose"],
    ...     discount=0.25,
    ...     default=Normal(scale=3.0),
    ... )
    >>> found = prior.for_features(["dose", "weight"], 2)
    >>> found.loc, found.scale
    (array([-1.,  0.]), array([0.6, 3. ]))
    """

    def __init__(
        self,
        loc: Any,
        covariance: Any,
        names: Sequence[str] | None = None,
        classes: Any = None,
        discount: float = 1.0,
        default: Any = None,
        scale: float = 1.0,
    ) -> None:
        self.loc: Any = loc
        self.covariance: Any = covariance
        self.names = names
        self.classes = classes
        self.discount = discount
        self.default = default
        self.scale: Any = scale

    # Whether loc, covariance and scale are those of a normal distribution, in the order of the features.
    _is_resolved = False

    @property
    def is_joint(self) -> bool:
        """Whether it is of the coefficients of all classes together, and not of those of each."""
        return np.ndim(self.loc) == 2

    @property
    def least_factor(self) -> float:
        # What another model learnt may count for less here, and never for more.
        return 1.0

    def for_classes(self, classes: Any, is_log_odds: bool) -> Self:
        """Return the prior for a classifier of these classes.

        Parameters
        ----------
        classes : array-like of shape (n_classes,) or None
            Labels, sorted. None: the model is no classifier.
        is_log_odds : bool
            Whether there is one linear predictor for two classes, and not one for each class.

        Returns
        -------
        prior : Informed
            With a row of `loc` for each class, or the log odds of the second of two. Nothing is known of a class that
            the other model did not have.

        Raises
        ------
        ValueError
            If one of the models has classes and the other has not, or none of the classes is known.
        """
        if self.classes is None:
            return self
        mine = list(self.classes)
        wanted = None if classes is None else list(classes)
        if not self.is_joint:
            if is_log_odds and (wanted is None or wanted == mine):
                return self
            raise ValueError(
                f"Informed is of the log odds of the classes {mine}, and the model is of {_labels(wanted)}. "
                "Give the classes the same labels, or fit the source to the classes of the target."
            )
        if wanted is None:
            raise ValueError(
                f"Informed has a row for each of the classes {mine}, and the model is no classifier. "
                "Use MAPClassifier, or a source without classes."
            )
        place = np.array([mine.index(label) if label in mine else -1 for label in wanted])
        if np.all(place < 0) or (is_log_odds and np.any(place < 0)):
            raise ValueError(
                f"Informed has the classes {mine}, and the model is of {_labels(wanted)}. "
                "Give the classes the same labels, or leave the prior out."
            )
        loc, covariance = self._moments()
        chosen = type(self)(**self.get_params(deep=False))
        chosen.classes = wanted
        chosen.loc, chosen.covariance = _rows(loc, covariance, place)
        if is_log_odds:
            chosen.loc, chosen.covariance = _difference(chosen.loc, chosen.covariance)
        return chosen

    def for_features(self, names: Sequence[str] | None, n_features: int) -> Self:
        """Return the prior of the coefficients of these features.

        Parameters
        ----------
        names : sequence of str or None
            Names of the features; None if they have none.
        n_features : int
            How many features there are.

        Returns
        -------
        prior : Informed
            With the discount and the default in `loc`, and in `covariance` or, where the coefficients are independent,
            in `scale`.

        Raises
        ------
        ValueError
            If features without names are not as many as those of the other model, none is known, or a parameter is out
            of its range.
        """
        loc, covariance = self._moments()
        known = self._known(names, n_features, loc.shape[-1])
        n_rows = len(np.atleast_2d(loc))
        # Where each coefficient comes from; below zero: from nowhere.
        start = loc.shape[-1] * np.arange(n_rows)[:, np.newaxis]
        place = np.where(known < 0, -1, start + known).ravel()
        variance = covariance if covariance.ndim == 1 else np.diag(covariance)
        place[np.isinf(variance[place])] = -1
        is_known = place >= 0
        if not is_known.any():
            raise ValueError(
                f"Informed is of the features {self._shown()}, and none of these is among those of the model. "
                "Use a prior such as Normal, or name the columns as the source had them."
            )
        mean, spread = self._default(names, n_features)
        resolved = type(self)(**self.get_params(deep=False))
        resolved.names, resolved.discount, resolved.default = None, 1.0, None
        located = np.where(is_known, loc.ravel()[place], np.tile(mean, n_rows))
        resolved.loc = located.reshape(n_rows, n_features) if self.is_joint else located
        own = place[is_known]
        if covariance.ndim == 1 and spread.ndim == 1:
            total = np.tile(spread, n_rows)
            total[is_known] = variance[own] / self._discount()
            resolved.covariance = None
            resolved.scale = np.broadcast_to(self.scale, total.shape) * np.sqrt(total)
        else:
            whole = np.kron(np.eye(n_rows), spread if spread.ndim == 2 else np.diag(spread))
            whole[is_known] = 0.0
            whole[:, is_known] = 0.0
            part = np.diag(variance[own]) if covariance.ndim == 1 else covariance[np.ix_(own, own)]
            whole[np.ix_(is_known, is_known)] = part / self._discount()
            resolved.covariance = whole
        resolved._is_resolved = True
        if resolved.covariance is not None:
            resolved._kept_factor = resolved._factor()
        check_numbers(located, self.loc, "loc", "Informed", "finite")
        check_numbers(
            np.asarray(resolved.scale, dtype=float), self.scale, "scale", "Informed", "positive"
        )
        return resolved

    def _numbers(self, name: str) -> Array:
        if not self._is_resolved:
            raise ValueError(
                "The features that Informed is to be of are not known here. Use the prior that "
                "for_features(names, n_features) returns."
            )
        return super()._numbers(name).ravel() if name == "loc" else super()._numbers(name)

    def _moments(self) -> tuple[Array, Array]:
        """Return loc, (p,) or (K, p), and the covariance, or variances."""
        loc = np.asarray(self.loc, dtype=float)
        size = loc.size
        covariance = np.ones(size) if self.covariance is None else self.covariance
        covariance = np.asarray(covariance, dtype=float)
        if loc.ndim not in (1, 2) or covariance.shape not in ((size,), (size, size)):
            raise ValueError(
                "Informed needs loc with an entry for each feature (and class) and a covariance with a row and column "
                f"for each, or variances; got shapes {loc.shape} and {covariance.shape}."
            )
        if loc.ndim == 2 and (self.classes is None or len(self.classes) != len(loc)):
            raise ValueError(
                f"Informed needs a label in classes for each of the {len(loc)} rows of loc; "
                f"got classes={self.classes!r}."
            )
        if self.names is not None and len(self.names) != loc.shape[-1]:
            raise ValueError(
                f"Informed needs a name for each of the {loc.shape[-1]} features of loc; got {len(self.names)}."
            )
        return loc, covariance

    def _known(self, names: Sequence[str] | None, n_features: int, n_source: int) -> Array:
        """Return which feature of the other model each one is; −1: none."""
        if self.names is not None and names is not None:
            place = {name: j for j, name in enumerate(self.names)}
            return np.array([place.get(name, -1) for name in names])
        if n_source != n_features:
            raise ValueError(
                f"Informed is of {n_source} features and the model has {n_features}, and they can be matched by name "
                "only where both have names. Fit both on data frames, or on the same columns."
            )
        return np.arange(n_features)

    def _discount(self) -> float:
        discount = float(self.discount)
        if not 0.0 < discount <= 1.0:
            raise ValueError(
                f"Informed needs discount in (0, 1]; got discount={self.discount!r}. 1 counts the rows of the other "
                "model in full; to forget them use another prior."
            )
        return discount

    def _default(self, names: Sequence[str] | None, n_features: int) -> tuple[Array, Array]:
        """Return mean and variances, or covariance, that features have of which nothing is known."""
        default = Normal() if self.default is None else self.default
        resolved = default.for_features(names, n_features)
        if not hasattr(resolved, "quadratic"):
            raise ValueError(
                f"Informed needs a normal default, since all coefficients are normal together; got {default!r}. "
                "Use Normal(scale=...)."
            )
        mean, precision = resolved.quadratic()
        if precision.ndim == 2:
            return mean, np.linalg.inv(precision)
        if not np.all(precision > 0.0):
            raise ValueError(
                f"Informed needs a default with finite scales; got {default!r}. Use Normal with a large scale."
            )
        return mean, 1.0 / precision

    def _shown(self) -> str:
        if self.names is None:
            return f"0 to {np.shape(self.loc)[-1] - 1}"
        return ", ".join(map(str, self.names[:10])) + (", ..." if len(self.names) > 10 else "")


def _labels(classes: Any) -> str:
    return "numbers" if classes is None else f"the classes {classes}"


def _rows(loc: Array, covariance: Array, place: Array) -> tuple[Array, Array]:
    """Return the moments of some rows; of a row below zero the variances are infinite."""
    n_features = loc.shape[1]
    index = (place[:, np.newaxis] * n_features + np.arange(n_features)).ravel()
    unknown = np.repeat(place < 0, n_features)
    mean = np.where(unknown, 0.0, loc.ravel()[index])
    if covariance.ndim == 1:
        return mean.reshape(-1, n_features), np.where(unknown, np.inf, covariance[index])
    chosen = covariance[np.ix_(index, index)]
    chosen[unknown] = 0.0
    chosen[:, unknown] = 0.0
    chosen[unknown, unknown] = np.inf
    return mean.reshape(-1, n_features), chosen


def _difference(loc: Array, covariance: Array) -> tuple[Array, Array]:
    """Return the moments of the second of two rows minus the first."""
    p = loc.shape[1]
    if covariance.ndim == 1:
        return loc[1] - loc[0], covariance[:p] + covariance[p:]
    both = covariance.reshape(2, p, 2, p)
    return loc[1] - loc[0], both[0, :, 0] + both[1, :, 1] - both[0, :, 1] - both[1, :, 0]
