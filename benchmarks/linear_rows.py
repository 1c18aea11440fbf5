"""The problems of `linear.py`: data, the objective that all solvers share, and the rows of the table.

One unit for all: F(w, b) = mean loss + alpha (l1_ratio |w|_1 + (1 - l1_ratio) / 2 |w|^2), or alpha times the sum of the
groups' norms. What a solver reaches is (F - best F known) / F of the null model, which has an intercept alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse
from scipy.special import log_softmax, xlogy
from sklearn.datasets import load_digits

N_ALPHAS = 100
LOOSE, TIGHT = 1e-4, 1e-8


@dataclass
class Problem:
    """Data and strength of a row, in the unit of this module."""

    X: Any
    y: np.ndarray
    family: str = "gaussian"
    alpha: float = 0.0
    l1_ratio: float = 0.0
    alphas: np.ndarray | None = None  # descending
    group_size: int = 0
    fit_intercept: bool = True
    n_jobs: int = 1
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def n_samples(self) -> int:
        """Rows of X."""
        return self.X.shape[0]

    def value(self, coef: np.ndarray, intercept: Any, alpha: float | None = None) -> float:
        """F at coefficients (p,) or (K, p)."""
        alpha = self.alpha if alpha is None else alpha
        eta = self.X @ coef.T + intercept
        loss = LOSSES[self.family](self.y, np.asarray(eta)).mean()
        if self.group_size:
            return float(
                loss + alpha * np.linalg.norm(coef.reshape(-1, self.group_size), axis=1).sum()
            )
        l1, l2 = np.abs(coef).sum(), (coef**2).sum()
        return float(loss + alpha * (self.l1_ratio * l1 + (1 - self.l1_ratio) / 2 * l2))

    def null_value(self) -> float:
        """F of the intercept alone (of nothing, without one)."""
        mean, shape = self.y.mean(), (self.X.shape[1],)
        if self.family == "softmax":
            share = np.bincount(self.y) / len(self.y)
            return self.value(np.zeros((len(share), *shape)), np.log(share))
        level = LINKS[self.family](mean) if self.fit_intercept else 0.0
        return self.value(np.zeros(shape), level)

    def alpha_max(self) -> float:
        """The smallest strength of an L1 or group prior at which all coefficients are zero."""
        null = {"gaussian": self.y.mean(), "logistic": self.y.mean()}[self.family]
        null = null if self.fit_intercept else {"gaussian": 0.0, "logistic": 0.5}[self.family]
        slope = np.asarray(self.X.T @ (self.y - null)) / self.n_samples
        if self.group_size:
            return float(np.linalg.norm(slope.reshape(-1, self.group_size), axis=1).max())
        return float(np.abs(slope).max() / self.l1_ratio)


def _poisson(y: np.ndarray, eta: np.ndarray) -> np.ndarray:
    # half the deviance, so that no constant of y hides a difference
    return np.exp(eta) - y * eta + xlogy(y, y) - y


def _softmax(y: np.ndarray, eta: np.ndarray) -> np.ndarray:
    return -log_softmax(eta, axis=1)[np.arange(len(y)), y]


LOSSES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "gaussian": lambda y, eta: (y - eta) ** 2 / 2,
    "logistic": lambda y, eta: np.logaddexp(0, eta) - y * eta,
    "poisson": _poisson,
    "softmax": _softmax,
}


LINKS: dict[str, Callable[[float], float]] = {
    "gaussian": float,
    "logistic": lambda mean: float(np.log(mean / (1 - mean))),
    "poisson": lambda mean: float(np.log(mean)),
}


def dense(n: int, p: int, *, family: str = "gaussian", order: str = "F", seed: int = 0,
          n_classes: int = 5, centre: bool = False) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Columns with a correlation of a half between neighbours, some with an effect; a third as much noise as signal."""
    rng = np.random.default_rng([seed, n, p])
    X = rng.standard_normal((n, p))
    for j in range(1, p):
        X[:, j] = 0.5 * X[:, j - 1] + np.sqrt(0.75) * X[:, j]
    k = min(100, n // 10, p // 4)
    chosen = rng.choice(p, k, replace=False)
    w = rng.standard_normal((k, n_classes if family == "softmax" else 1))
    eta = X[:, chosen] @ w
    eta = eta / eta.std(axis=0) * (1.5 if family == "softmax" else 1.0)
    X += rng.uniform(-1, 1, p)  # an intercept is needed
    y = _target(rng, family, eta if family == "softmax" else eta[:, 0])
    if centre:
        X, y = X - X.mean(axis=0), y - y.mean()
    return np.asarray(X, order=order), y


def factors(n: int, p: int, k: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Columns that share k factors, which have the effect: of independent ones, ridge learns nothing if p > n."""
    rng = np.random.default_rng([n, p, k])
    hidden = rng.standard_normal((n, k))
    X = (
        hidden @ rng.standard_normal((k, p)) / np.sqrt(k)
        + rng.standard_normal((n, p))
        + rng.uniform(-1, 1, p)
    )
    return X, hidden @ rng.standard_normal(k) / np.sqrt(k) + rng.standard_normal(n)


def _target(rng: np.random.Generator, family: str, eta: np.ndarray) -> np.ndarray:
    if family == "gaussian":
        return 3 * eta + rng.standard_normal(len(eta))
    if family == "logistic":
        return (rng.uniform(size=len(eta)) < 1 / (1 + np.exp(-3 * eta))).astype(int)
    if family == "poisson":
        return rng.poisson(np.exp(eta)).astype(float)
    return (eta + rng.gumbel(size=eta.shape)).argmax(axis=1)


def text(n: int, p: int, family: str = "gaussian", form: str = "csc") -> tuple[Any, np.ndarray]:
    """Counts of words with Zipf frequencies, 600 draws to a row: logarithmic, of unit norm (density about 0.01)."""
    rng = np.random.default_rng([n, p])
    frequency = 1 / (np.arange(p) + 300.0)
    words = rng.choice(p, size=(n, 600), p=frequency / frequency.sum())
    X = sparse.csr_matrix(
        (np.ones(words.size), (np.repeat(np.arange(n), 600), words.ravel())), (n, p)
    )
    X.data = 1 + np.log(X.data)
    X = sparse.diags(1 / np.sqrt(X.multiply(X).sum(axis=1).A1)) @ X
    chosen = rng.choice(2000, 200, replace=False)
    eta = X[:, chosen] @ rng.standard_normal(200)
    y = _target(rng, family, (eta - eta.mean()) / eta.std())
    return X.asformat(form), y


def one_hot(n: int, levels: tuple[int, ...]) -> tuple[Any, np.ndarray, list[np.ndarray]]:
    """Categories as indicator columns (CSR), counts, and the codes for who can use them."""
    rng = np.random.default_rng(0)
    codes = [rng.choice(m, n, p=rng.dirichlet(np.full(m, 2.0))) for m in levels]
    starts = np.concatenate([[0], np.cumsum(levels)])
    columns = np.stack([c + s for c, s in zip(codes, starts[:-1], strict=True)], axis=1)
    data = np.ones(columns.size)
    X = sparse.csr_matrix((data, columns.ravel(), np.arange(n + 1) * len(levels)), (n, starts[-1]))
    eta = X @ (0.3 * rng.standard_normal(starts[-1]))
    return X, rng.poisson(np.exp(eta - 1)).astype(float), codes


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Parameters
    ----------
    title : str
        What the report calls it.
    task : str
        `solve`, `path`, `cv`, `loo`, `evidence` or `ard`.
    make : callable
        Returns the problem.
    solvers : tuple of str
        Peers; ours are added.
    factor : float
        How many times faster than the fastest peer it should be.
    targets : tuple of float
        What solves and paths are to reach; other tasks run at their default tolerance.
    """

    title: str
    task: str
    make: Callable[[], Problem]
    solvers: tuple[str, ...]
    factor: float = 1.0
    targets: tuple[float, ...] = (LOOSE, TIGHT)

    @property
    def has_kernels(self) -> bool:
        """Whether ours is another with compiled kernels: where a coefficient may be zero."""
        return self.task in ("path", "cv") or any(
            word in self.title for word in ("lasso", "elastic", "L1")
        )


CD = ("sklearn", "celer", "skglm", "adelie")


def _ridge_cv(n: int, p: int) -> Callable[[], Problem]:
    def make() -> Problem:
        X, y = dense(n, p, order="C") if n > p else factors(n, p)
        return Problem(X, y, alphas=np.logspace(2, -6, N_ALPHAS))

    return make


def _l1(
    data: Callable[[], tuple[Any, np.ndarray]], ratio: float, **options: Any
) -> Callable[[], Problem]:
    def make() -> Problem:
        X, y = data()
        problem = Problem(X, y, **{"l1_ratio": 1.0, **options})
        problem.alpha = problem.alpha_max() * ratio
        return problem

    return make


def _path(n: int, p: int, depth: float, **options: Any) -> Callable[[], Problem]:
    def make() -> Problem:
        X, y = dense(n, p, centre=True)
        problem = Problem(X, y, **{"l1_ratio": 1.0, "fit_intercept": False, **options})
        problem.alphas = problem.alpha_max() * np.logspace(0, np.log10(depth), N_ALPHAS)
        return problem

    return make


def _lasso_cv(n: int, p: int, n_jobs: int = 1) -> Callable[[], Problem]:
    return lambda: Problem(*dense(n, p), l1_ratio=1.0, n_jobs=n_jobs)


def _l2(
    data: Callable[[], tuple[Any, np.ndarray]], family: str, strength: float
) -> Callable[[], Problem]:
    # strength: of the summed loss, 1 / C of scikit-learn's logistic regression
    def make() -> Problem:
        X, y = data()
        return Problem(X, y, family=family, alpha=strength / X.shape[0])

    return make


def _digits() -> tuple[np.ndarray, np.ndarray]:
    X, y = load_digits(return_X_y=True)
    return X / 16, y


def _one_hot_poisson() -> Problem:
    X, y, codes = one_hot(100_000, (200, 100, 50, 30, 20, 10))
    return Problem(X, y, family="poisson", alpha=1e-3, extra={"codes": codes})


def _rows() -> dict[str, Row]:
    rows: dict[str, Row] = {}
    tall, wide, mid = (100_000, 100), (1000, 10_000), (5000, 500)
    for (n, p), factor in {tall: 10.0, (200, 5000): 2.5, wide: 2.0}.items():
        rows[f"loo-{n}x{p}"] = Row(f"ridge, {N_ALPHAS} strengths by leave-one-out, {n} x {p}", "loo",
                                   _ridge_cv(n, p), ("sklearn",), factor)  # fmt: skip
    for (n, p), factor in {tall: 10.0, mid: 4.0, (200, 5000): 20.0}.items():
        rows[f"evidence-{n}x{p}"] = Row(f"ridge by evidence, with covariance, {n} x {p}", "evidence",
                                        _ridge_cv(n, p), ("sklearn",), factor)  # fmt: skip
    for n, p in (mid, tall):
        rows[f"ard-{n}x{p}"] = Row(f"ARD, {n} x {p}", "ard", _ridge_cv(n, p), ("sklearn",), 5.0)
    for (n, p), factor in {tall: 5.0, mid: 2.0}.items():
        rows[f"lassocv-{n}x{p}"] = Row(f"LassoCV, 5 folds x {N_ALPHAS}, {n} x {p}", "cv",
                                       _lasso_cv(n, p), ("sklearn", "adelie"), factor)  # fmt: skip
    rows["lassocv2-100000x100"] = Row("LassoCV, 100000 x 100, two processes (wall time)", "cv",
                                      _lasso_cv(*tall, n_jobs=2), ("sklearn",))  # fmt: skip
    for (n, p), factor in {(200, 5000): 2.0, wide: 2.0, mid: 1.2, (20_000, 1000): 1.0}.items():
        solvers = (*CD, "glum") if p <= 500 else CD
        for part, more in ((10, factor), (100, 1.0)):
            make = _l1(lambda n=n, p=p: dense(n, p), 1 / part)
            rows[f"lasso{part}-{n}x{p}"] = Row(
                f"lasso at lambda_max / {part}, {n} x {p}", "solve", make, solvers, more
            )
    for n, p in (wide, mid):
        make = _l1(lambda n=n, p=p: dense(n, p), 0.1, l1_ratio=0.5)
        rows[f"enet-{n}x{p}"] = Row(
            f"elastic net, l1_ratio 0.5, lambda_max / 10, {n} x {p}", "solve", make, CD
        )
    make = _l1(lambda: dense(*wide), 0.1, group_size=10)
    rows["group-1000x10000"] = Row("group lasso, groups of 10, lambda_max / 10, 1000 x 10000", "solve", make,
                                   ("celer", "skglm", "adelie"))  # fmt: skip
    make = _l1(lambda: text(5000, 50_000), 0.1)
    rows["lasso-text"] = Row(
        "lasso at lambda_max / 10, sparse text 5000 x 50000", "solve", make, CD
    )
    for (n, p), depth in {tall: 1e-3, (200, 5000): 1e-2, wide: 1e-2, (20_000, 1000): 1e-3}.items():
        rows[f"path-{n}x{p}"] = Row(
            f"lasso path, {N_ALPHAS} strengths, {n} x {p}", "path", _path(n, p, depth), CD
        )
    return rows | _glm_rows()


def _glm_rows() -> dict[str, Row]:
    rows: dict[str, Row] = {}
    newton = ("sklearn lbfgs", "sklearn newton-cholesky", "glum", "adelie")
    sizes = {"100000x100": (100_000, 100), "20000x1000": (20_000, 1000)}
    for name, (n, p) in sizes.items():
        make = _l2(lambda n=n, p=p: dense(n, p, family="logistic", order="C"), "logistic", 1.0)
        rows[f"logistic-{name}"] = Row(
            f"logistic, L2, {n} x {p}", "solve", make, newton, 1.5 if p == 100 else 1.0
        )
    make = _l2(lambda: dense(100_000, 100, family="logistic", order="F"), "logistic", 1.0)
    rows["logistic-F-100000x100"] = Row(
        "logistic, L2, 100000 x 100, F order", "solve", make, newton, 1.5
    )
    softmax = ("sklearn lbfgs", "sklearn newton-cholesky")
    rows["softmax-digits"] = Row(
        "softmax, L2, digits 1797 x 64", "solve", _l2(_digits, "softmax", 1.0), softmax, 1.5
    )
    make = _l2(lambda: dense(100_000, 100, family="softmax", order="C"), "softmax", 1.0)
    rows["softmax-100000x100"] = Row("softmax, 5 classes, L2, 100000 x 100", "solve", make, softmax)
    make = _l2(lambda: dense(100_000, 50, family="poisson", order="C"), "poisson", 100.0)
    rows["poisson-100000x50"] = Row("Poisson, L2, 100000 x 50", "solve", make, newton, 1.8)
    rows["poisson-onehot"] = Row("Poisson, one-hot 100000 x 410", "solve", _one_hot_poisson,
                                 ("sklearn lbfgs", "sklearn newton-cholesky", "glum", "glum categorical"))  # fmt: skip
    l1 = ("sklearn liblinear", "celer", "skglm", "adelie")
    logistic = {"family": "logistic", "fit_intercept": False}
    for part in (10, 50):
        make = _l1(
            lambda: dense(1000, 10_000, family="logistic", centre=False), 1 / part, **logistic
        )
        rows[f"l1logistic{part}-1000x10000"] = Row(f"logistic, L1 at lambda_max / {part}, 1000 x 10000", "solve",
                                                   make, l1)  # fmt: skip
    make = _l1(lambda: text(5000, 50_000, "logistic"), 0.1, **logistic)
    rows["l1logistic-text"] = Row(
        "logistic, L1 at lambda_max / 10, sparse text 5000 x 50000", "solve", make, l1
    )
    make = _l2(lambda: text(5000, 50_000, "logistic", "csr"), "logistic", 1.0)
    rows["logistic-text"] = Row("logistic, L2, sparse text 5000 x 50000", "solve", make,
                                ("sklearn lbfgs", "sklearn newton-cg"))  # fmt: skip
    for n, p in ((100_000, 100), (200, 5000), (1000, 10_000), (5000, 500), (20_000, 1000)):
        make = _l2(lambda n=n, p=p: dense(n, p, order="C"), "gaussian", 1.0)
        rows[f"ridge-{n}x{p}"] = Row(f"one ridge, {n} x {p}", "solve", make,
                                     ("sklearn", "glum") if p <= 1000 else ("sklearn",), targets=(TIGHT,))  # fmt: skip
    make = _l2(lambda: text(5000, 50_000, "gaussian", "csr"), "gaussian", 1.0)
    rows["ridge-text"] = Row(
        "one ridge, sparse text 5000 x 50000", "solve", make, ("sklearn", "sklearn lsqr")
    )
    return rows


ROWS = _rows()
