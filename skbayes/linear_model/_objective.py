"""The objective of the linear wing: the negative log posterior of coefficients and intercept, for any solver.

Notation: w (m,) the parameters as `Layout` orders them; eta_i = x_iᵀ coef + intercept + offset_i; s_i sample weights;
F(w) = −Σ_i s_i log p(y_i given eta_i) − log p(w) = f(w) + h(w), f smooth, h with the kinks and the bounds.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..likelihoods import Gaussian, Likelihood
from ..priors import Prior
from ..solvers import Objective, SeparablePenalty
from ._batch_noise import BatchNoise
from ._closed import inverse_curvature
from ._data_term import DataTerm
from ._design import Design
from ._duality import duality_gap
from ._layout import Layout
from ._preconditioner import gram_diagonal, is_sharp, preconditioner
from ._prior_term import PriorTerm
from ._profiled import Profile, profiled
from ._rescaling import RescaledObjective, coordinates_at
from ._restricted import RestrictedObjective
from ._seen import Expansion

__all__ = ["LinearObjective"]

Array = NDArray[Any]

# A working response divides by the curvature; where that underflows, any positive number gives the same gradient.
_LEAST_CURVATURE = 1e-10


class LinearObjective(Objective):
    """Negative log posterior F = f + h of a linear model.

    Parameters
    ----------
    design : Design
        X, (n, p).
    y : ndarray of shape (n,)
        Targets; for classes the numbers 0 .. K − 1.
    likelihood : Likelihood
        Without unknowns of its own (`is_fixed`).
    prior : Prior
        Of the coefficients (of each class).
    weight : ndarray of shape (n,) or None, default=None
        Multiplicities s.
    offset : ndarray of shape (n,) or (n, K) or None, default=None
        Added to the linear predictor.
    fit_intercept : bool, default=True
        Whether w ends with an intercept (each row of classes).
    intercept_prior : Prior or None, default=None
        Of each intercept; None: flat.
    bounds : tuple of (lower, upper) or None, default=None
        Box of the coefficients: scalars or arrays (p,).
    split : bool, default=False
        Whether every separable prior belongs to h, also a smooth one, as coordinate descent likes it.
    n_classes : int or None, default=None
        K of a categorical likelihood; None: the largest class in `y` plus 1.
    seen : Expansion or None, default=None
        What rows say that are not among the data, added to f.

    Attributes
    ----------
    offers : frozenset of str
        ``gradient``: `value_and_gradient` of f, `precondition`. ``hessian``: `hessian`, `hessian_operator`.
        ``smooth``: F = f. ``bounds``: F = f inside `lower` ≤ w ≤ `upper` (infinite where there is no bound).
        ``separable``: h is `penalty`; ``prox``: `prox`, `nonsmooth_value`. ``quadratic``: f is quadratic; `gram`.
        ``columns``: `design`, `curvature`, `quadratic_at`. ``batch``: `n_samples`, `batch`; ``noise``: `noised`.
        ``duality_gap``.
        ``proximal``: `prox` of h, also where h is zero. ``rescaling``: `rescaled`.
        ``restriction``: `restricted` to a few features.
    """

    # What is dropped from batches; None: nothing.
    _noise: BatchNoise | None = None

    def __init__(
        self,
        design: Design,
        y: Array,
        likelihood: Likelihood,
        prior: Prior,
        *,
        weight: Array | None = None,
        offset: Array | None = None,
        fit_intercept: bool = True,
        intercept_prior: Prior | None = None,
        bounds: tuple[Any, Any] | None = None,
        split: bool = False,
        n_classes: int | None = None,
        seen: Expansion | None = None,
    ) -> None:
        self._split = split
        n_classes = n_classes if seen is None else seen.layout.n_classes
        level = np.asarray(likelihood.start_intercept(y, weight))
        # One level per class, or a single one: that is how many linear predictors a sample has.
        n_outputs = None if level.ndim == 0 else n_classes or level.size
        layout = Layout(design.shape[1], n_outputs, fit_intercept)
        self._set(
            DataTerm(design, y, likelihood, weight, offset, layout),
            PriorTerm(prior, intercept_prior, layout, bounds, split, seen),
        )

    def _set(self, data: DataTerm, prior: PriorTerm) -> None:
        self.data = data
        self.prior = prior
        self.layout = data.layout
        # The last point and f there: a solver ends by asking for the value where it was already.
        self._last: tuple[Array, float] | None = None

    def _of(self, data: DataTerm) -> "LinearObjective":
        # The same priors with other data.
        other = object.__new__(LinearObjective)
        other._split, other._noise = self._split, self._noise
        other._set(data, self.prior)
        return other

    # What it is.

    @cached_property
    def offers(self) -> frozenset[str]:
        prior = self.prior
        facts = {
            "gradient": True,
            "hessian": prior.has_hessian,
            "smooth": prior.is_smooth and not prior.is_bounded,
            "bounds": prior.is_smooth,
            "separable": prior.has_penalty
            and (self._split or prior.is_bounded or not prior.is_smooth),
            "prox": prior.has_prox and (prior.is_bounded or not prior.is_smooth),
            "quadratic": self.is_quadratic,
            "columns": self.layout.n_classes is None,
            "batch": True,
            "noise": True,
            "proximal": prior.has_prox,
            "rescaling": True,
            "restriction": prior.has_penalty and prior.is_diagonal,
            "duality_gap": self.is_quadratic and prior.has_penalty and not self.layout.n_classes,
        }
        return frozenset(name for name, is_true in facts.items() if is_true)

    @property
    def is_quadratic(self) -> bool:
        """Whether f is a quadratic function of w."""
        return self.data.likelihood.is_quadratic and self.prior.is_quadratic

    @property
    def n_parameters(self) -> int:
        """Length of w."""
        return self.layout.n_parameters

    @property
    def n_samples(self) -> int:
        """Rows of X."""
        return self.data.n_samples

    @cached_property
    def total_weight(self) -> float:
        """Number of observations, by their weights."""
        weight = self.data.weight
        return float(self.n_samples) if weight is None else float(np.sum(weight, dtype=np.float64))

    @property
    def design(self) -> Design:
        """X."""
        return self.data.design

    @property
    def dtype(self) -> Any:
        """The floating type of X: that of w."""
        return self.data.design.dtype

    @property
    def lower(self) -> Array:
        """Lower bounds of w, (m,)."""
        return self.prior.lower

    @property
    def upper(self) -> Array:
        """Upper bounds of w, (m,)."""
        return self.prior.upper

    @property
    def penalty(self) -> SeparablePenalty:
        """h, where it is separable, without its constant."""
        if self.prior.penalty is None:
            raise AttributeError(f"prior {self.prior.coefficient_prior!r} is not separable")
        return self.prior.penalty

    def start(self) -> Array:
        """Return where to begin: coefficients zero (inside the box), intercepts of the model without features.

        Where earlier rows were seen, at the mode that they had.
        """
        if self.prior.seen is not None:
            return np.clip(self.prior.seen.centre, self.lower, self.upper).astype(self.dtype)
        coef, _ = self.layout.split(np.zeros(self.n_parameters, dtype=self.dtype))
        level = np.zeros(coef.shape[:-1], dtype=self.dtype)
        if self.layout.fit_intercept and self.data.offset is None:
            level = np.asarray(self.data.likelihood.start_intercept(self.data.y, self.data.weight))
        w = self.layout.join(coef, level)
        return np.clip(w, self.lower, self.upper).astype(self.dtype)

    # Values.

    @cached_property
    def constant(self) -> float:
        """What `value_and_gradient` leaves out of f: the terms of the likelihood free of w."""
        return self.data.constant()

    def value(self, w: Array) -> float:
        """Return F(w), with normalised densities."""
        if self._last is not None and np.array_equal(self._last[0], w):
            return self._last[1] + self.constant + self.prior.nonsmooth_value(w)
        return self.data.value(w) + self.constant + self.prior.value(w)

    def value_and_gradient(self, w: Array) -> tuple[float, Array]:
        """Return f(w) without `constant`, and its gradient in the type of w."""
        value, gradient = self.data.value_and_gradient(w)
        self.prior.add_gradient(w, gradient)
        value += self.prior.smooth_value(w)
        self._last = w.copy(), value
        return value, gradient.astype(w.dtype, copy=False)

    def smooth_value(self, w: Array) -> float:
        """Return f(w) without `constant`."""
        return self.data.value(w) + self.prior.smooth_value(w)

    def nonsmooth_value(self, w: Array) -> float:
        """Return h(w), with its constant."""
        return self.prior.nonsmooth_value(w)

    def linear_predictor(self, w: Array) -> Array:
        """Return eta, (n,) or (n, K)."""
        return self.data.linear_predictor(w)

    # Curvature.

    def hessian(self, w: Array) -> Array:
        """Return the Hessian of f, (m, m)."""
        hessian = self.data.hessian(w)
        for k, precision in enumerate(self.prior.precisions(w)):
            block = slice(k * self.layout.width, (k + 1) * self.layout.width)
            hessian[block, block] += np.diag(precision) if precision.ndim == 1 else precision
        self.prior.add_coupling(hessian)
        return hessian

    def hessian_operator(self, w: Array) -> Callable[[Array], Array]:
        """Return v -> (Hessian of f at w) v."""
        of_data = self.data.curvature_operator(w)
        precisions = self.prior.precisions(w)

        def multiply(v: Array) -> Array:
            product = of_data(v).reshape(-1, self.layout.width)
            rows = v.reshape(-1, self.layout.width)
            for out, row, precision in zip(product, rows, precisions, strict=True):
                out += precision * row if precision.ndim == 1 else precision @ row
            return product.ravel() + self.prior.coupling(v)

        return multiply

    def hessian_diagonal(self, w: Array) -> Array:
        """Return the diagonal of the Hessian of f, of its expectation where the two differ: (m,)."""
        d = self.data.curvature(w, expected=True)
        of_data = (
            gram_diagonal(self.data, d)
            if d.ndim == 1
            else np.stack([gram_diagonal(self.data, d[:, k, k]) for k in range(d.shape[1])])
        )
        of_prior = [p if p.ndim == 1 else np.diag(p) for p in self.prior.precisions(w)]
        return np.ravel(of_data + np.reshape(of_prior, self.layout.shape))

    def precondition(self, w: Array) -> Callable[[Array], Array]:
        """Return r -> M⁻¹ r, where M is positive definite and near the Hessian of f at w."""
        return preconditioner(self.data, self.prior, w)

    def inverse_curvature(self) -> Callable[[Array], Array]:
        """Return g -> (Hessian of f)⁻¹ g, for a quadratic f and one output."""
        (precision,) = self.prior.precisions(np.zeros(self.n_parameters))
        return inverse_curvature(self.data, precision)

    @cached_property
    def has_sharp_preconditioner(self) -> bool:
        """Whether `precondition` is worth calling again at another point."""
        return is_sharp(self.design)

    def curvature(self, w: Array) -> Array:
        """Return −s_i ∂² log p / ∂eta², (n,) or (n, K, K)."""
        return self.data.curvature(w)

    # Nonsmooth part.

    def prox(self, w: Array, step: float | Array) -> Array:
        """Return argmin_z ½ Σ (z_j − w_j)² / step_j + h(z)."""
        return self.prior.prox(w, step)

    def duality_gap(self, w: Array) -> float:
        """Return F(w) minus a lower bound of the minimum of F, from the scaled residuals at w."""
        return duality_gap(self.data, self.penalty, w)

    # Other objectives made of this one.

    def gram(self, S: Array, T: Array | None = None) -> Array:
        """Return the Hessian of f in the parameters S and T (none: S), (|S|, |T|); f is quadratic."""
        T = S if T is None else T
        d = self.data.curvature(np.zeros(self.n_parameters, dtype=self.dtype))
        block = (self._columns(S) * d[:, None]).T @ self._columns(T)
        (precision,) = self.prior.precisions(np.zeros(self.n_parameters))
        full = np.diag(precision) if precision.ndim == 1 else precision
        return block + full[np.ix_(S, T)]

    def _columns(self, S: Array) -> Array:
        # Columns of X and, for the last parameter, of ones: (n, |S|).
        S = np.asarray(S)
        is_feature = self.layout.n_features > S
        block = np.ones((self.n_samples, S.size), dtype=self.dtype)
        block[:, is_feature] = self.design.columns(S[is_feature])
        return block

    def quadratic_at(self, w: Array) -> "LinearObjective":
        """Return the model of F at w with f's likelihood replaced by its second-order expansion in eta."""
        d = self.data.curvature(w, expected=True)
        # Of one row each: a row of little weight has little curvature, and it is exact.
        s = np.ones_like(d) if self.data.weight is None else self.data.weight
        of_one = np.divide(d, s, out=np.zeros_like(d), where=s > 0.0)
        least = _LEAST_CURVATURE * max(float(of_one.max(initial=0.0)), _LEAST_CURVATURE)
        d = s * np.maximum(of_one, least)
        eta = self.data.linear_predictor(w)
        slope = self.data.likelihood.value_and_gradient(self.data.y, eta)[1]
        slope = slope if self.data.weight is None else slope * self.data.weight
        offset = self.data.offset
        response = eta + np.divide(slope, d, out=np.zeros_like(d), where=d > 0.0)
        return self._of(
            DataTerm(self.design, response, Gaussian(scale=1.0), d, offset, self.layout)
        )

    def profiled(self) -> Profile:
        """Return the quadratic form and the penalty, without a flat intercept: what coordinate descent works on."""
        return profiled(self)

    def reweighted(self, weight: Array) -> "LinearObjective":
        """Return the objective of the same rows with other multiplicities."""
        data = self.data
        return self._of(
            DataTerm(data.design, data.y, data.likelihood, weight, data.offset, data.layout)
        )

    def batch(self, rows: Any) -> "LinearObjective":
        """Return the objective of some rows, scaled to n rows, with the whole prior."""
        n_rows = self.data.y[rows].shape[0]
        data = self.data.part(rows, self.n_samples / n_rows)
        return self._of(data if self._noise is None else self._noise.on(data))

    @property
    def noise_variance(self) -> float:
        """Variance of what the features in a batch are multiplied by; the mean is 1."""
        return 0.0 if self._noise is None else self._noise.variance

    def noised(
        self, dropout: float, drop_connect: float, rng: np.random.Generator
    ) -> "LinearObjective":
        """Return the same objective whose batches have features, or weights of each class, dropped at random."""
        other = self._of(self.data)
        other._noise = BatchNoise(dropout, drop_connect, rng)
        return other

    def restricted(self, parameters: Array, w: Array) -> RestrictedObjective:
        """Return the objective in the features that these parameters are of, and the intercepts; all others as in w."""
        return RestrictedObjective(self, parameters, w)

    def rescaled(self, w: Array) -> RescaledObjective:
        """Return the same objective in coordinates in which its curvature at w is about the same in all directions."""
        # By their weights: a row of weight two is two rows, down to the path of the solver.
        coordinates = coordinates_at(self, w, self.total_weight)
        return RescaledObjective(self._by_rows, coordinates, self.total_weight)

    @cached_property
    def _by_rows(self) -> "LinearObjective":
        # Rows of a CSC matrix cost as much as all of it: a copy, once.
        if not (self.design.is_sparse and self.design.X.format == "csc"):
            return self
        design = Design(self.design.X.tocsr(), self.design.mean)
        data = self.data
        return self._of(
            DataTerm(design, data.y, data.likelihood, data.weight, data.offset, self.layout)
        )
