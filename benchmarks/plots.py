"""What pictures and the page of a search cost, and whether the bands of partial dependences hold the truth.

    python benchmarks/plots.py page
    python benchmarks/plots.py pictures
    python benchmarks/plots.py bands

"page" writes the page of simulated searches of four parameters and five folds: its size, and CPU seconds. "pictures"
draws timelines of five folds for each candidate, and parallel coordinates. "bands" draws functions of which the partial
dependence is known, and counts how often mean ± 1.96 std of `partial_dependence` contain it; and it compares the
deviation of the drawn functions with that of the process they are drawn from, with drawn points on the ends of the
ranges and without. All searches are drawn with a seed.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: the matrices are small
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import matplotlib as mpl
import numpy as np
from scipy.stats import qmc

from skbayes import report
from skbayes.optimizer import History, Run, Trial, partial_dependence
from skbayes.optimizer._drawn_scores import _drawn
from skbayes.plots import ParallelCoordinatesDisplay, TimelineDisplay
from skbayes.space import as_space, prior_points
from skbayes.surrogates import GaussianProcess

__all__ = ["Waves", "coverage", "deviations", "history_of"]

SPACE = {
    "model__C": (1e-3, 1e3, "log-uniform"),
    "model__gamma": (1e-5, 1e1, "log-uniform"),
    "model__degree": (1, 9),
    "model__kernel": ["rbf", "poly", "linear"],
}
N_FOLDS, N_WORKERS = 5, 8


def history_of(n: int, seed: int = 0) -> History:
    """Return a search of n candidates: five folds each, one after the other on each of eight workers."""
    space, rng = as_space(SPACE), np.random.default_rng(seed)
    free = np.zeros(N_WORKERS)  # from when on each worker is
    trials = []
    for number, u in enumerate(rng.random((n, space.n_dims))):
        scores = 0.9 - np.square(u - 0.4).sum() + 0.02 * rng.standard_normal(N_FOLDS)
        seconds = rng.lognormal(0.0, 0.5, N_FOLDS)
        runs = []
        for fold in range(N_FOLDS):
            k = int(free.argmin())
            runs.append(Run(fold, free[k], seconds[fold], 0.01, f"host:{k}:1"))
            free[k] = runs[-1].ended
        params, metrics = space.decode(u), {"score_time": 0.01}
        folds = tuple(map(float, scores))
        trials.append(
            Trial(
                number,
                params,
                float(scores.mean()),
                fold_scores=folds,
                fit_time=float(seconds.mean()),
                metrics=metrics,
                runs=tuple(runs),
            )
        )
    return History(tuple(trials))


def page() -> None:
    """Print the size of pages."""
    print(
        "| candidates | MB | kB for each, beyond the first 10 | CPU s |\n| --- | --- | --- | --- |"
    )
    least = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "search.html"
        for n in (10, 100, 1_000, 10_000):
            history, start = history_of(n), process_time()
            report.write(history, path, space=SPACE)
            seconds, size = process_time() - start, path.stat().st_size
            each = f"{(size - least) / (n - 10) / 1e3:.2f}" if n > 10 else ""
            least = least or size
            print(f"| {n} | {size / 1e6:.2f} | {each} | {seconds:.1f} |", flush=True)


def pictures() -> None:
    """Print what it takes to compute, to make and to render pictures of many candidates."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    print("| picture | candidates | CPU s |\n| --- | --- | --- |")
    for display in (TimelineDisplay, ParallelCoordinatesDisplay):
        for n in (10, 100, 1_000, 10_000):  # the first warms up
            history = history_of(n)
            start = process_time()
            display.from_history(history).figure_.canvas.draw()
            print(f"| {display.__name__} | {n} | {process_time() - start:.2f} |", flush=True)
            plt.close("all")


@dataclass(frozen=True)
class Waves:
    """A random function with a Matérn covariance of smoothness 5/2, as a sum of waves over the cube.

    Attributes
    ----------
    frequencies : ndarray of shape (n_waves, n_dims)
        Of each wave along each parameter.
    phases : ndarray of shape (n_waves,)
        In radians.
    """

    frequencies: np.ndarray
    phases: np.ndarray

    @classmethod
    def draw(cls, n_dims: int, rng: np.random.Generator, n_waves: int = 400) -> Waves:
        """Draw one of variance 1; length scales are a third of the range to three ranges."""
        length_scales = np.exp(rng.uniform(np.log(1 / 3), np.log(3.0), n_dims))
        # The spectral density is Student's t with 5 degrees of freedom (Rasmussen and Williams 2006, eq. 4.15).
        normal = rng.standard_normal((n_waves, n_dims)) / length_scales
        chi2 = rng.chisquare(5, (n_waves, 1)) / 5
        return cls(normal / np.sqrt(chi2), rng.uniform(0.0, 2 * np.pi, n_waves))

    def __call__(self, U: np.ndarray) -> np.ndarray:
        """Return the values at points (m, n_dims) of the cube."""
        waves = np.cos(U @ self.frequencies.T + self.phases)
        return np.asarray(waves.sum(axis=1) * np.sqrt(2.0 / len(self.phases)))

    def dependence(self, column: int, values: np.ndarray) -> np.ndarray:
        """Return the mean over all other columns at values (m,) of one: a wave's is a product of integrals."""
        others = np.delete(self.frequencies, column, axis=1)
        # Of exp(i w u) for u from 0 to 1.
        integrals = np.prod((np.exp(1j * others) - 1.0) / (1j * others), axis=1)
        own = np.exp(1j * (np.outer(values, self.frequencies[:, column]) + self.phases))
        return np.asarray((own @ integrals).real * np.sqrt(2.0 / len(self.phases)))


def simulated(n: int, noise: float, seed: int, n_dims: int = 3) -> tuple[Waves, History]:
    """Return a function, and n evaluations of it at Sobol points."""
    rng = np.random.default_rng([seed, n])
    truth, U = Waves.draw(n_dims, rng), qmc.Sobol(n_dims, seed=rng).random(64)[:n]
    scores = truth(U) + noise * rng.standard_normal(n)
    return truth, History(
        tuple(
            Trial(i, {f"x{j}": float(u[j]) for j in range(n_dims)}, float(score))
            for i, (u, score) in enumerate(zip(U, scores, strict=True))
        )
    )


def space_of(n_dims: int = 3) -> dict[str, tuple[float, float]]:
    """Return the space of a simulated search: the cube."""
    return {f"x{j}": (0.0, 1.0) for j in range(n_dims)}


def coverage(n: int, noise: float, n_functions: int) -> np.ndarray:
    """Return for each function the share of values at which the 95 % band holds the truth."""
    shares = []
    for seed in range(n_functions):
        truth, history = simulated(n, noise, seed)
        found = partial_dependence(history, space_of(), random_state=seed)
        held = [
            np.abs(truth.dependence(j, np.array(each.grids[0].values)) - each.mean)
            <= 1.96 * each.std
            for j, each in enumerate(found)
        ]
        shares.append(np.mean(np.concatenate(held)))
    return np.array(shares)


def deviations(n: int, noise: float, seed: int, *, on_ends: bool, draws: int = 1000) -> np.ndarray:
    """Return the deviation of averages of drawn functions over that of the process, at 0, 1/2 and 1 of each range."""
    _, history = simulated(n, noise, seed)
    space, rng = as_space(space_of()), np.random.default_rng(seed)
    U = np.array([space.encode(trial.params) for trial in history])
    model = GaussianProcess(output_transform="standardize", random_state=seed)
    model.fit(U, np.array([trial.score for trial in history]))
    functions = _drawn(model, space, draws, rng, on_ends=on_ends)
    V = qmc.Sobol(space.n_dims, seed=rng).random(256)
    ratios = []
    for name in space_of():
        for value in (0.0, 0.5, 1.0):
            points = prior_points(space, V, {name: value})
            exact = np.sqrt(model.posterior(points).covariance.mean())
            ratios.append(functions(points).mean(axis=1).std(ddof=1) / exact)
    return np.array(ratios)


def bands(n_functions: int) -> None:
    """Print the shares of true partial dependences in their bands, and how the draws compare."""
    print("| evaluations | noise | in the 95 % bands | standard error |\n| --- | --- | --- | --- |")
    for n, noise in ((20, 0.0), (60, 0.0), (20, 0.5), (60, 0.5)):
        held = coverage(n, noise, n_functions)
        error = held.std(ddof=1) / np.sqrt(n_functions)
        print(f"| {n} | {noise} | {held.mean():.1%} | {error:.1%} |", flush=True)
    print("\n| drawn points | deviation over that of the process |\n| --- | --- |")
    for on_ends in (False, True):
        ratio = np.mean([deviations(60, 0.5, seed, on_ends=on_ends) for seed in range(20)])
        print(f"| {'half on the ends' if on_ends else 'inside'} | {ratio:.3f} |", flush=True)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["page", "pictures", "bands"])
    parser.add_argument("--functions", type=int, default=40, help="simulated for each band")
    options = parser.parse_args()
    if options.what == "bands":
        bands(options.functions)
    else:
        {"page": page, "pictures": pictures}[options.what]()


if __name__ == "__main__":
    main()
