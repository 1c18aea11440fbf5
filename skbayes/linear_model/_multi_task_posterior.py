"""The posterior of several targets that share their features, given which features are in.

Notation: F(W) = ½ ‖S^½ (Y − 1 bᵀ − X W)‖² + a Σ_j ‖w_j‖ + ½ c ‖W‖², W (p, k) with rows w_j, S the row weights; with
noise of variance σ² in every target −log p(W, b | Y) is F/σ² and a constant. A row that is not zero has a curvature:
that of ‖w_j‖ is (1 − u_j u_jᵀ)/‖w_j‖ with u_j = w_j/‖w_j‖, none along the row. With A the columns of active rows and
of the intercepts, H = AᵀSA ⊗ 1_k + the curvatures is the Hessian of F, and σ² H⁻¹ the covariance given which rows are
active. γ = tr H⁻¹ (AᵀSA ⊗ 1_k) is the effective number of parameters, and σ² = ‖S^½ (Y − 1 bᵀ − X W)‖² / (k Σ s − γ):
one noise for all targets, for that is what F weighs them by.
"""

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from ..likelihoods import Gaussian, Likelihood
from ..posteriors import (
    CoefficientPosterior,
    CovarianceForm,
    DenseForm,
    PosteriorFacts,
    SupportForm,
)
from ._design import Design, weighted_mean
from ._outcome import Outcome
from ._record import Record
from ._symmetric import null_level

__all__ = ["RowSparseMode", "RowSparseOutcome", "RowSparsePosterior", "row_sparse_posterior"]

Array = NDArray[Any]

# Degrees of freedom below this are what rounding makes of none.
_NO_FREEDOM = 1e-4


@dataclass(frozen=True)
class RowSparsePosterior:
    """Normal distributions of each target's coefficients and intercept, given which rows of W are zero.

    Attributes
    ----------
    forms : list of CovarianceForm
        Covariance of the parameters of each target, the intercept last.
    noise_scale : float
        σ, the same for all targets; NaN where no degrees of freedom are left for it.
    dof : float
        k Σ s − γ.
    """

    forms: list[CovarianceForm]
    noise_scale: float
    dof: float


@dataclass(frozen=True)
class RowSparseMode:
    """A minimum of F, and what F is made of.

    Attributes
    ----------
    X : array or sparse matrix of shape (n, p)
        Features.
    Y : ndarray of shape (n, k)
        Targets.
    s : ndarray of shape (n,)
        Weights.
    W : ndarray of shape (p, k)
        Coefficients.
    b : ndarray of shape (k,)
        Intercepts; zeros without.
    a, c : float
        Strengths of the norms and of the squares.
    fit_intercept : bool
        Whether there are intercepts; their prior is flat.
    """

    X: Any
    Y: Array
    s: Array
    W: Array
    b: Array
    a: float
    c: float
    fit_intercept: bool


class RowSparseOutcome(Outcome):
    """What a fit of several targets that share their features leaves for their posteriors.

    Parameters
    ----------
    mode : RowSparseMode
        Where it ended.
    """

    def __init__(self, mode: RowSparseMode) -> None:
        super().__init__(list, (mode.X, mode.Y, mode.s, None), is_single=False)
        self._mode = mode

    @property
    def records(self) -> list[Record]:
        """None: a target has no objective of its own.

        Raises
        ------
        AttributeError
            Always.
        """
        raise AttributeError(
            "The targets of a multi-task model are fitted together: none has an objective of its own. Use MAPLasso or "
            "MAPElasticNet on each target."
        )

    @cached_property
    def _joint(self) -> RowSparsePosterior:
        if self._failure is not None:
            raise ValueError(self._failure)
        self._fingerprint.check()
        joint = row_sparse_posterior(self._mode)
        if np.isnan(joint.noise_scale):
            raise ValueError(
                f"The noise scale cannot be estimated, for the fit uses up all {len(self._mode.Y)} rows, and without "
                "it there is no posterior. Use fewer features, more rows or a larger alpha."
            )
        return joint

    @cached_property
    def posteriors(self) -> list[CoefficientPosterior]:
        """One for each target, given which features are in; nothing is computed until it is asked for."""
        return [
            CoefficientPosterior(partial(self._facts, t), log_evidence=_no_evidence)
            for t in range(self._mode.W.shape[1])
        ]

    def _facts(self, t: int) -> PosteriorFacts:
        mode, joint = self._mode, self._joint
        mean = np.append(mode.W[:, t], mode.b[t]) if mode.fit_intercept else mode.W[:, t]
        is_conditional = not np.any(mode.W, axis=1).all() and mode.a > 0.0
        kind = "support" if mode.a > 0.0 else "exact"
        return PosteriorFacts(mean, joint.forms[t], kind, is_conditional, dof=joint.dof)

    @cached_property
    def likelihoods(self) -> list[Likelihood]:
        """The same noise for each target."""
        return [Gaussian(scale=self._joint.noise_scale)] * self._mode.W.shape[1]

    def __getstate__(self) -> dict[str, Any]:
        # Posteriors form themselves, or keep the reason why they cannot.
        state: dict[str, Any] = {"is_single": False, "known_evidence": None, "_failure": None}
        state["posteriors"] = self.posteriors
        try:
            return {**state, "likelihoods": self.likelihoods}
        except (RuntimeError, ValueError) as error:
            return {**state, "_failure": str(error)}


def _no_evidence(facts: PosteriorFacts) -> float:
    raise AttributeError(
        "log_evidence is not there for several targets under one prior. Use MAPLasso or MAPElasticNet on each target."
    )


def row_sparse_posterior(mode: RowSparseMode) -> RowSparsePosterior:
    """Return the posterior at a minimum of F."""
    X, Y, s, W, b = mode.X, mode.Y, mode.s, mode.W, mode.b
    a, c, fit_intercept = mode.a, mode.c, mode.fit_intercept
    p, k = W.shape
    # Without the norms nothing holds a row at zero.
    active = np.flatnonzero(np.any(W, axis=1)) if a > 0.0 else np.arange(p)
    mean = weighted_mean(X, s)[active] if fit_intercept else None
    Z = np.asarray(Design(X).columns(active), dtype=np.float64)
    Z = Z if mean is None else Z - mean
    gram = (s[:, None] * Z).T @ Z
    # Parameters (row, target), the target running fastest. A flat intercept is integrated out by centring.
    of_data = np.kron(gram, np.eye(k))
    H = of_data + linalg.block_diag(np.zeros((0, 0)), *(_curvature(w, a, c) for w in W[active]))
    root = _inverse_root(H)
    gamma = float(np.sum(root * (of_data @ root))) + k * fit_intercept
    R = Y - X @ W - b
    freedom = k * float(s.sum()) - gamma
    square = float(np.sum(s[:, None] * R * R))
    noise = float(np.sqrt(square / freedom)) if freedom > _NO_FREEDOM else float("nan")
    index = np.append(active, p) if fit_intercept else active
    forms: list[CovarianceForm] = [
        SupportForm(p + fit_intercept, index, DenseForm(noise * of_target))
        for of_target in _by_target(
            root.reshape(active.size, k, root.shape[1]), mean, float(s.sum())
        )
    ]
    return RowSparsePosterior(forms, noise, freedom)


def _curvature(w: Array, a: float, c: float) -> Array:
    """Return the Hessian of a ‖w‖ + ½ c ‖w‖², (k, k)."""
    if a == 0.0:
        return c * np.eye(w.size)
    size = float(np.linalg.norm(w))
    unit = w / size
    return np.asarray((c + a / size) * np.eye(w.size) - a / size * np.outer(unit, unit))


def _inverse_root(H: Array) -> Array:
    """Return R with R Rᵀ = H⁻¹, without null directions."""
    values, vectors = np.linalg.eigh(H)
    kept = values > null_level(values)
    return np.asarray(vectors[:, kept] / np.sqrt(values[kept]))


def _by_target(roots: Array, mean: Array | None, total: float) -> list[Array]:
    """Return a root of the covariance of each target's parameters, for noise 1; `roots` is (|A|, k, r)."""
    if mean is None:
        return [roots[:, t] for t in range(roots.shape[1])]
    # b = b at the mean of X, of variance 1/Σ s and independent of the rest, less mean'w.
    level = np.zeros((len(mean) + 1, 1))
    level[-1] = total**-0.5
    return [
        np.hstack([np.vstack([roots[:, t], -mean @ roots[:, t]]), level])
        for t in range(roots.shape[1])
    ]
