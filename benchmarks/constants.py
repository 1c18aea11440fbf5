"""Times and ratios that comments beside the constants in the code give as reasons, measured on one core.

    python benchmarks/constants.py                   # all
    python benchmarks/constants.py process asking    # some

Each part prints what it measures, and of what: `PARTS` at the end has their names. A time is the least CPU time of
several repeats, so that other work on the machine counts little. They are orders of magnitude: a constant that hangs
on one is right within a factor of two or three.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))  # before numpy

import argparse
from collections.abc import Callable, Iterator
from time import perf_counter, process_time
from typing import Any
from unittest import mock

import numpy as np
from scipy import linalg, sparse, stats
from scipy.linalg.blas import dsyrk
from sklearn.datasets import load_breast_cancer, make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer
from sklearn.preprocessing import scale
from threadpoolctl import ThreadpoolController

from skbayes import MAPClassifier, MAPRegressor, Optimizer
from skbayes.evaluation._memory import memory_in_use
from skbayes.linear_model._design import add_gram, product
from skbayes.model_selection import GridSearchCV
from skbayes.optimizer import Trial, importances
from skbayes.optimizer._feasibility import FeasibilityModel
from skbayes.optimizer._observations import encode_trials
from skbayes.priors import Dropout, Horseshoe, Laplace
from skbayes.solvers import SGD
from skbayes.space import as_space
from skbayes.surrogates import GaussianProcess, Matern52, RankingEnsemble
from skbayes.surrogates._hyperparameters import LogPosterior, prior_of
from skbayes.surrogates._subset import _near_and_covering

__all__ = ["PARTS", "least"]

Lines = Iterator[tuple[str, str]]


def least(call: Callable[[], Any], repeats: int = 5) -> float:
    """Return the least CPU seconds of some calls."""
    seconds = []
    for _ in range(repeats):
        start = process_time()
        call()
        seconds.append(process_time() - start)
    return min(seconds)


def each(call: Callable[[], Any], n: int) -> float:
    """Return the CPU seconds of one of n calls that are too short to be timed alone."""
    return least(lambda: [call() for _ in range(n)]) / n


def milliseconds(seconds: float) -> str:
    return f"{1e3 * seconds:.3g} ms"


def gram() -> Lines:
    """Yield products of a matrix with itself: linear_model/_design.py, _moments.py, _preconditioner.py."""
    rng = np.random.default_rng(0)
    dense = rng.standard_normal((20_000, 200))
    n, p = dense.shape
    block = least(lambda: add_gram(np.zeros((p, p), order="F"), dense))
    yield "dense, multiplications per ns", f"{n * p * p / block / 1e9:.0f}"
    for density in (0.02, 0.05, 0.2):
        thin = sparse.random(n, p, density=density, format="csr", random_state=rng)
        rate = n * (density * p) ** 2 / least(lambda thin=thin: product(thin)) / 1e9
        yield f"sparse, density {density}, multiplications per ns", f"{rate:.2f}"
    lower, upper = (least(lambda k=k: dsyrk(1.0, dense.T, lower=k), 9) for k in (1, 0))
    yield "upper over lower triangle", f"{upper / lower:.2f}"
    centred = least(lambda: dsyrk(1.0, (dense - 1.0).T, lower=1), 9)
    yield "rows centred, over rows as they are", f"{centred / lower:.2f}"
    v, w = rng.standard_normal(n), rng.standard_normal(p)
    per_second = n * p * p / lower / (2 * n * p / least(lambda: (dense @ w, v @ dense), 9))
    yield "operations per second, Gram over products with vectors", f"{per_second:.0f}"


def chunks() -> Lines:
    """Yield both products of a gradient by chunks of the rows: linear_model/_data_term.py."""
    X = np.random.default_rng(0).standard_normal((100_000, 100))

    def gradient(n_bytes: int) -> None:
        w, g, n_rows = np.ones(100), np.zeros(100), n_bytes // (8 * 100)
        for start in range(0, len(X), n_rows):
            rows = X[start : start + n_rows]
            g += rows.T @ (rows @ w)

    base = least(lambda: gradient(2**20), 9)
    for name, n_bytes in (("all rows", X.nbytes), ("1/2 MB", 2**19), ("2 MB", 2**21)):
        yield (
            f"{name} at a time, over 1 MB",
            f"{least(lambda n=n_bytes: gradient(n), 9) / base:.2f}",
        )


def newton() -> Lines:
    """Yield preconditioned L-BFGS over Newton's method: linear_model/_match.py."""
    rng = np.random.default_rng(0)
    for n, p in ((5_000, 50), (20_000, 1_000)):
        X = rng.standard_normal((n, p))
        y = rng.random(n) < 1.0 / (1.0 + np.exp(-X @ rng.standard_normal(p) / np.sqrt(p)))
        seconds = [
            least(lambda s=s, X=X, y=y: MAPClassifier("normal", solver=s).fit(X, y), 2)
            for s in ("lbfgs", "newton")
        ]
        yield f"logistic, {n} x {p}", f"{seconds[0] / seconds[1]:.2f}"


def factors() -> Lines:
    """Yield factors: linear_model/_laplace.py, _preconditioner.py, _site_systems.py, surrogates/_threads.py."""
    for m in (600, 2_000, 4_000):
        A = np.eye(m) + 0.5
        yield f"Cholesky factor, {m}", milliseconds(least(lambda A=A: linalg.cholesky(A), 2))
    yield "inverse, 4000", milliseconds(least(lambda: linalg.inv(A, check_finite=False), 1))
    yield "finding the BLAS libraries", milliseconds(least(ThreadpoolController))
    blas = ThreadpoolController().select(user_api="blas")

    def limit() -> None:
        with blas.limit(limits=1):
            pass

    yield "limiting their threads", milliseconds(each(limit, 100))


def process() -> Lines:
    """Yield times of the Gaussian process in ten dimensions: surrogates/_learning.py, _subset.py."""
    rng = np.random.default_rng(0)
    U, points = rng.random((10_000, 10)), rng.random((480, 10))
    scores = np.sin(U @ np.arange(10.0)) + 0.1 * rng.standard_normal(len(U))
    for n in (250, 500, 1000):
        i, j = np.triu_indices(n)
        # Pairs by columns, as a packed upper triangle has them.
        order = np.lexsort((i, j))
        D = np.square(U[i[order]] - U[j[order]]).T
        objective = LogPosterior(Matern52(), D, stats.zscore(scores[:n]), None, prior_of(10))
        theta = np.zeros(12)
        seconds = least(lambda o=objective, t=theta: o.value_and_gradient(t))
        yield f"a step on the hyper-parameters, {n} observations", milliseconds(seconds)
    fixed = {"optimize": False, "length_scale": 1.0, "signal_variance": 1.0, "noise_variance": 0.1}
    known = GaussianProcess(**fixed).fit(U[:1000], scores[:1000])
    yield (
        "conditioning on 1000",
        milliseconds(least(lambda: GaussianProcess(**fixed).fit(U[:1000], scores[:1000]))),
    )
    yield "on a row more", milliseconds(least(lambda: known.condition(U[1000:1001], [0.0])))
    yield (
        "480 candidates of a proposal, value",
        milliseconds(least(lambda: known.posterior(points).std)),
    )
    yield (
        "choosing 1000 of 10,000",
        milliseconds(least(lambda: _near_and_covering(U, scores, 1000))),
    )


def small() -> Lines:
    """Yield what is short: surrogates/_kernels.py, space/_distribution.py, evaluation/_children.py."""
    kernel = Matern52()
    yield "repr of a kernel by scikit-learn", milliseconds(each(lambda: repr(kernel), 50))
    flat = as_space({"x": stats.uniform(0.0, 2.0)})
    curved = as_space({"x": stats.beta(1.0, 1.0, 0.0, 2.0)})
    ratio = each(lambda: curved.decode([0.3]), 200) / each(lambda: flat.decode([0.3]), 200)
    yield "decoding by a distribution of scipy, over a range", f"{ratio:.0f}"
    yield "a look at the memory", milliseconds(each(lambda: memory_in_use(os.getpid()), 50))


def child() -> Lines:
    """Yield the seconds of a search with a limit of time beyond one without: evaluation/_child_main.py."""
    X, y = load_breast_cancer(return_X_y=True)

    def seconds(**limits: float) -> float:
        search = GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=2, refit=False, **limits)
        start = perf_counter()
        search.fit(scale(X), y)
        return perf_counter() - start

    seconds()
    yield "start of a child, wall time", f"{seconds(fit_timeout=60.0) - seconds():.1f} s"


def asking() -> Lines:
    """Yield the time of five points beside a thousand that are being evaluated: docs/cluster.rst."""
    space = {f"x{j}": (-10.0, 10.0) for j in range(10)}
    rng = np.random.default_rng(0)

    def seconds() -> float:
        optimizer = Optimizer(space, random_state=0)
        draw = [optimizer.space.decode(u) for u in rng.random((1_500, 10))]
        for params in draw[:500]:
            optimizer.tell(params, -sum(x * x for x in params.values()))
        optimizer.add_pending(draw[500:])
        optimizer.ask()  # fits the model
        return least(lambda: optimizer.ask(5), 3)

    yield "on shared surfaces", milliseconds(seconds())
    with mock.patch("skbayes.optimizer._batch.points_per_surface", return_value=1):
        yield "with a surface each", milliseconds(seconds())


def levy(x: np.ndarray) -> float:
    """Levy's function; minimum 0 at ones."""
    w = 1.0 + (x - 1.0) / 4.0
    inner = np.square(w[:-1] - 1.0) * (1.0 + 10.0 * np.square(np.sin(np.pi * w[:-1] + 1.0)))
    end = (w[-1] - 1.0) ** 2 * (1.0 + np.sin(2.0 * np.pi * w[-1]) ** 2)
    return float(np.sin(np.pi * w[0]) ** 2 + inner.sum() + end)


def ackley(x: np.ndarray) -> float:
    """Ackley's function; minimum 0 at zeros."""
    spread = -20.0 * np.exp(-0.2 * np.sqrt(np.mean(x * x)))
    return float(spread - np.exp(np.mean(np.cos(2.0 * np.pi * x))) + 20.0 + np.e)


def batches(seeds: int = 16) -> Lines:
    """Yield log10 of the regret after six batches of 32: optimizer/_shared_surface.py."""

    def regret(func: Callable[[np.ndarray], float], n_dims: int, seed: int) -> float:
        low, high = -9.0, 11.0  # the minima are neither in the middle nor on an end
        optimizer = Optimizer({f"x{j}": (low, high) for j in range(n_dims)}, random_state=seed)
        for _ in range(6):
            for params in optimizer.ask(32):
                optimizer.tell(params, -func(np.array(list(params.values()))))
        return float(np.log10(-optimizer.history.incumbent.score))

    each_alone = mock.patch("skbayes.optimizer._batch.points_per_surface", return_value=1)
    for func, n_dims in ((levy, 10), (ackley, 6)):
        shared = [regret(func, n_dims, seed) for seed in range(seeds)]
        with each_alone:
            alone = [regret(func, n_dims, seed) for seed in range(seeds)]
        for name, logs in (("a surface each", alone), ("shared surfaces", shared)):
            error = np.std(logs, ddof=1) / np.sqrt(seeds)
            yield (
                f"{func.__name__}, {n_dims} parameters, {name}",
                f"{np.mean(logs):.2f} ± {error:.2f}",
            )


def ranking() -> Lines:
    """Yield what weights of earlier searches cost: surrogates/_ranking_ensemble.py."""
    U = np.random.default_rng(0).random((200, 5))
    z = np.sin(U @ np.arange(5.0))
    times = []
    for k in (1, 3):
        model = RankingEnsemble(sources=[(U, z)] * k, random_state=0).fit(U[:100], z[:100])
        times.append(least(lambda m=model: m.fit(U[:100], z[:100]), 3))
    yield "for each source, 100 observations", milliseconds((times[1] - times[0]) / 2)


def failures() -> Lines:
    """Yield how often 40 trials of which a third failed are taken for a region: optimizer/_feasibility.py."""
    shapes: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
        "by chance": lambda U, rng: rng.random(len(U)),
        "half-space": lambda U, rng: U @ rng.standard_normal(U.shape[1]),
        "ball": lambda U, rng: np.linalg.norm(U - rng.random(U.shape[1]), axis=1),
        "corner": lambda U, rng: U.max(axis=1),
    }
    for name, depth in shapes.items():
        found = []
        for p in (2, 4, 6):
            for seed in range(12):
                rng = np.random.default_rng([p, seed])
                U = rng.random((40, p))
                is_failed = depth(U, rng).argsort().argsort() < 13
                space = as_space({f"x{j}": (0.0, 1.0) for j in range(p)})
                trials = [
                    Trial(
                        i, space.decode(u), np.nan if bad else 1.0, "failed" if bad else "complete"
                    )
                    for i, (u, bad) in enumerate(zip(U, is_failed, strict=True))
                ]
                found.append(FeasibilityModel(space, seed).is_region(encode_trials(trials, space)))
        yield f"failed {name}, taken for a region", f"{sum(found)} of {len(found)}"


def bootstrap() -> Lines:
    """Yield the seconds of 500 refits: docs/posterior_kinds.rst."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((100, 20))
    y = X[:, :3].sum(axis=1) + rng.standard_normal(100)
    cancer, is_benign = scale(load_breast_cancer().data), load_breast_cancer().target
    options = {"posterior": "bootstrap", "random_state": 0}
    for name, model, data in (
        ("lasso, 100 x 20", MAPRegressor(prior=Laplace(0.1), **options), (X, y)),
        ("horseshoe, 100 x 20", MAPRegressor(prior=Horseshoe(), **options), (X, y)),
        (
            "sparse classifier, 569 x 30",
            MAPClassifier(Laplace(0.5), **options),
            (cancer, is_benign),
        ),
    ):
        model.fit(*data)
        yield name, f"{least(lambda m=model: m.posterior_.std, 1):.2f} s"


def dropout() -> Lines:
    """Yield coefficients with a tenth of the features dropped: docs/leave_one_out.rst."""
    rng = np.random.default_rng(0)
    X = 3.0 * rng.standard_normal((20_000, 3))
    y = rng.random(20_000) < 1.0 / (1.0 + np.exp(-X @ [1.0, -1.0, 0.5]))
    noisy = SGD(dropout=0.1, batch_size=100, max_iter=40, random_state=0)
    for name, model in (
        ("without", MAPClassifier("flat")),
        ("by steps", MAPClassifier("flat", solver=noisy)),
        ("by the prior", MAPClassifier(Dropout(rate=0.1))),
    ):
        yield name, " ".join(f"{w:.2f}" for w in np.ravel(model.fit(X, y).coef_))


def scorers() -> Lines:
    """Yield the time of a metric by scikit-learn: docs/ensembles.rst."""
    X, y = make_classification(400, random_state=0)
    model = LogisticRegression().fit(X, y)
    for name in ("f1_macro", "balanced_accuracy", "average_precision", "matthews_corrcoef"):
        scorer = get_scorer(name)
        yield name, milliseconds(each(lambda s=scorer: s(model, X[:80], y[:80]), 20))


def shares() -> Lines:
    """Yield the time of `importances` with 30 parameters and 100 trials: optimizer/_drawn_scores.py."""
    space = as_space({f"x{j}": (0.0, 1.0) for j in range(30)})
    points = [space.decode(u) for u in np.random.default_rng(0).random((100, 30))]
    history = [Trial(i, p, 3 * p["x0"] + np.sin(6 * p["x1"])) for i, p in enumerate(points)]
    seconds = least(lambda: importances(history, space, random_state=0), 1)
    yield "an answer, hyper-parameters by slices", f"{seconds:.1f} s"


_TIMES = (gram, chunks, newton, factors, process, small, child, asking, ranking, bootstrap, scorers)
PARTS = {part.__name__: part for part in (*_TIMES, shares, failures, dropout, batches)}


def main() -> None:
    """Print the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", help=f"some of {', '.join(PARTS)}; none: all")
    options = parser.parse_args()
    for name in options.parts or PARTS:
        print(f"\n{name}: {(PARTS[name].__doc__ or '').partition(': ')[2]}")
        for what, value in PARTS[name]():
            print(f"| {what} | {value} |", flush=True)


if __name__ == "__main__":
    main()
