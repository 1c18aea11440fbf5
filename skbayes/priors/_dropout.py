"""Dropout as a prior: a normal one whose scale follows what the data say about each coefficient.

Notation: δ the rate; I_j = Σ_i s_i d_i x_ij² the Fisher information of coefficient j, with s_i the weight of row i and
d_i the Fisher information of its linear predictor; p(w) = Π_j N(w_j; 0, (1 − δ) / (δ I_j)).
"""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._normal import Normal

__all__ = ["Dropout"]


class Dropout(Normal):
    """Normal distribution that does what dropping features at random during training does, on average.

    Parameters
    ----------
    rate : float, default=0.5
        Part of the features of a row that is dropped, δ, in [0, 1). 0 is flat.
    information : float, array-like of shape (n_features,) or dict of str to float, default=1.0
        Fisher information I_j of each coefficient, in one over the square of its unit; non-negative, 0 leaves the
        feature unpenalised. A fit sets it to that of its data, and what is given here holds until then. A dict goes by
        feature name; features that it does not name have the default.

    See Also
    --------
    Normal : With a scale of its own.

    Notes
    -----
    Dropping sets each x_ij to zero with probability δ and multiplies those that stay by 1 / (1 − δ), anew at each look
    at the row. The expectation of the negative log likelihood over this noise is, to second order in it [1]_,

        −Σ_i s_i log p(y_i | x_i·w) + ½ Σ_j w_j² δ/(1 − δ) Σ_i s_i d_i x_ij²,

    for a Gaussian likelihood without a remainder. The second sum is the negative logarithm of this prior. d_i depends
    on w (but for a Gaussian likelihood), so `fit` refreshes the information at the coefficients found until both
    agree: what of the penalty's gradient comes from the change of d_i with w is left out. The rates compare features in
    whatever units: a coefficient is shrunk by its own signal, as if features were scaled to unit information. The
    intercept is never dropped. Under Gaussian noise of unknown scale, which cancels, it is ridge regression with
    δ/(1 − δ) Σ_i s_i x_ij² in place of ``alpha``.

    A row of weight two is two rows: each of them is dropped from by itself, and I counts both. Of K classes with the
    curvature matrix D_i, d_i is tr D_i / (K − 1): for two classes the same as for one log odds; for more, classes that
    are sure and classes that are not share one penalty.

    It depends on the data, so it is no prior that could be had before them, and `log_evidence_` takes it as given.

    References
    ----------
    .. [1] Wager, Wang, Liang (2013). Dropout training as adaptive regularization. Advances in Neural Information
       Processing Systems 26, 351-359. arXiv:1307.1493

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skbayes.linear_model import MAPClassifier
    >>> from skbayes.priors import Dropout
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = MAPClassifier(Dropout(rate=0.3)).fit(X, y)
    >>> model.prior_.information.shape
    (30,)
    """

    _per_feature: ClassVar[dict[str, str]] = {"information": "finite"}

    def __init__(self, rate: float = 0.5, information: ArrayLike | dict[str, float] = 1.0) -> None:
        self.rate = rate
        self.information = information

    # What a normal distribution has as parameters follows here from the two above.

    @property
    def loc(self) -> float:  # type: ignore[override]
        """Mean of each coefficient: zero."""
        return 0.0

    @property
    def scale(self) -> Any:  # type: ignore[override]
        """Standard deviation of each coefficient, in its unit; inf where nothing is known of it, or nothing dropped."""
        return self._numbers("scale")

    @property
    def covariance(self) -> None:  # type: ignore[override]
        """None: the coefficients are independent."""
        return None

    def _numbers(self, name: str) -> NDArray[Any]:
        information = super()._numbers("information")
        if np.any(information < 0.0):
            raise ValueError(
                f"Dropout needs information >= 0; got information={self.information!s}. Use 0 for a feature that is "
                "to be left unpenalised."
            )
        if name == "loc":
            return np.zeros(information.shape)
        with np.errstate(divide="ignore"):
            scale: NDArray[np.float64] = 1.0 / np.sqrt(self._odds() * information)
        return scale

    def _odds(self) -> float:
        rate = float(self.rate)
        if not 0.0 <= rate < 1.0:
            raise ValueError(
                f"Dropout needs rate in [0, 1); got rate={self.rate!r}. At 1 nothing would be left of a feature."
            )
        return rate / (1.0 - rate)

    def at_information(self, information: NDArray[Any]) -> "Dropout":
        """Return the same prior for data of another information.

        Parameters
        ----------
        information : ndarray of shape (n_features,)
            I_j.

        Returns
        -------
        prior : Dropout
            With that information.
        """
        return type(self)(self.rate, np.asarray(information, dtype=np.float64))
