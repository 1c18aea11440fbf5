"""The adapters of HEBO and BoTorch."""

from __future__ import annotations

import logging
import math
import random
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from .dimensions import Cat, Dimension, Float, Int, Params

__all__ = ["Botorch", "Hebo"]


class Hebo:
    """HEBO with its defaults, one suggestion at a time, on the flat space."""

    distribution = "HEBO"

    def __init__(self, space: Sequence[Dimension], seed: int, budget: int) -> None:
        import torch
        from hebo.design_space.design_space import DesignSpace
        from hebo.optimizers.hebo import HEBO

        warnings.simplefilter("ignore")
        torch.set_num_threads(1)
        np.random.seed(seed)  # noqa: NPY002  (it draws from all three global states)
        random.seed(seed)
        torch.manual_seed(seed)
        self.space = space
        specification = [self._entry(d) for d in space]
        self.optimizer = HEBO(DesignSpace().parse(specification), scramble_seed=seed)

    @staticmethod
    def _entry(d: Dimension) -> dict[str, Any]:
        if isinstance(d, Cat):
            numbers = [str(k) for k in range(len(d.choices))]
            return {"name": d.name, "type": "cat", "categories": numbers}
        kinds = ("num", "pow") if isinstance(d, Float) else ("int", "pow_int")
        return {"name": d.name, "type": kinds[d.log], "lb": d.low, "ub": d.high}

    def ask(self) -> Params:
        """Ask for a frame of one row and keep it for `tell`."""
        self.asked = self.optimizer.suggest(1)
        row = self.asked.iloc[0]
        return {
            d.name: d.choices[int(row[d.name])] if isinstance(d, Cat) else row[d.name]
            for d in self.space
        }

    def tell(self, params: Params, score: float, fold_scores: Sequence[float] = ()) -> None:
        """Observe the loss of that row."""
        self.optimizer.observe(self.asked, np.array([[-score]]))

    def load(self, points: Sequence[Params], scores: Sequence[float]) -> None:
        """Observe rows of our own making."""
        import pandas as pd

        def plain(d: Dimension, value: Any) -> Any:
            return str(d.choices.index(value)) if isinstance(d, Cat) else value

        rows = [{d.name: plain(d, params[d.name]) for d in self.space} for params in points]
        self.optimizer.observe(pd.DataFrame(rows), -np.array(scores)[:, None])


class Botorch:
    """BoTorch by its own parts: Sobol points, then SingleTaskGP with qLogEI.

    It has no defaults for a whole space, so these are ours: min(10, 2 d) points of Sobol's
    sequence; numbers scaled to [0, 1] (in logarithm where declared), choices one-hot;
    `optimize_acqf` with 4 restarts of 256 samples on the relaxed space, then rounding. The model
    sees the rounded point.
    """

    distribution = "botorch"

    def __init__(self, space: Sequence[Dimension], seed: int, budget: int) -> None:
        import torch

        warnings.simplefilter("ignore")
        logging.getLogger("botorch").setLevel(logging.CRITICAL)
        torch.set_num_threads(1)
        torch.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002  (scipy's optimiser may draw from it)
        self.torch, self.space = torch, space
        self.rows: list[list[float]] = []
        self.scores: list[float] = []
        self.n_initial = min(10, 2 * len(space))
        self.sobol = torch.quasirandom.SobolEngine(len(space), scramble=True, seed=seed)

    def ask(self) -> Params:
        """Take the next point of the sequence, or maximise the acquisition."""
        if len(self.scores) < self.n_initial:
            unit = self.sobol.draw(1)[0].tolist()
            return {
                d.name: d.choices[min(int(u * len(d.choices)), len(d.choices) - 1)]
                if isinstance(d, Cat)
                else self._number(d, u)
                for d, u in zip(self.space, unit, strict=True)
            }
        return self._decoded(self._maximiser().tolist())

    def tell(self, params: Params, score: float, fold_scores: Sequence[float] = ()) -> None:
        """Record the point as the model sees it."""
        row: list[float] = []
        for d in self.space:
            value = params[d.name]
            if isinstance(d, Cat):
                row += [float(choice == value) for choice in d.choices]
            elif d.log:
                low, high = math.log(d.low), math.log(d.high)
                row.append((math.log(value) - low) / (high - low))
            else:
                row.append((value - d.low) / (d.high - d.low))
        self.rows.append(row)
        self.scores.append(score)

    def load(self, points: Sequence[Params], scores: Sequence[float]) -> None:
        """Record one after the other."""
        for params, score in zip(points, scores, strict=True):
            self.tell(params, score)

    def _maximiser(self) -> Any:
        from botorch import fit_gpytorch_mll
        from botorch.acquisition import qLogExpectedImprovement
        from botorch.models import SingleTaskGP
        from botorch.optim import optimize_acqf
        from gpytorch.mlls import ExactMarginalLogLikelihood

        X = self.torch.tensor(self.rows, dtype=self.torch.double)
        y = self.torch.tensor(self.scores, dtype=self.torch.double)[:, None]
        model = SingleTaskGP(X, y)
        fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
        n_columns = X.shape[1]
        cube = self.torch.stack([self.torch.zeros(n_columns), self.torch.ones(n_columns)]).double()
        acquisition = qLogExpectedImprovement(model, best_f=y.max())
        best, _ = optimize_acqf(acquisition, cube, q=1, num_restarts=4, raw_samples=256)
        return best[0]

    def _decoded(self, row: list[float]) -> Params:
        params: Params = {}
        for d in self.space:
            if isinstance(d, Cat):
                one_hot, row = row[: len(d.choices)], row[len(d.choices) :]
                params[d.name] = d.choices[int(np.argmax(one_hot))]
            else:
                params[d.name] = self._number(d, row[0])
                row = row[1:]
        return params

    @staticmethod
    def _number(d: Float | Int, u: float) -> float | int:
        """The value at a place of the unit interval."""
        value = d.low + u * (d.high - d.low)
        if d.log:
            value = math.exp(math.log(d.low) + u * math.log(d.high / d.low))
        return value if isinstance(d, Float) else int(min(max(round(value), d.low), d.high))
