"""The adapter of SMAC3."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Sequence
from typing import Any

from .dimensions import Cat, Dimension, Float, Params

__all__ = ["Smac"]


class Smac:
    """SMAC3's facade for hyper-parameters (random forest, log EI) with conditions.

    It has no `load`: whatever it is told, it first asks for its whole initial design.
    """

    distribution = "smac"

    def __init__(self, space: Sequence[Dimension], seed: int, budget: int) -> None:
        import smac
        from smac.runhistory import TrialValue

        warnings.simplefilter("ignore")
        self.space, self.value = space, TrialValue
        self.configurations = self._notation(space, seed)
        self.folder = tempfile.TemporaryDirectory()
        scenario = smac.Scenario(
            self.configurations,
            output_directory=self.folder.name,
            deterministic=True,
            n_trials=budget,
            seed=seed,
        )
        self.optimizer = smac.HyperparameterOptimizationFacade(
            scenario, lambda config, seed=0: 0.0, overwrite=True, logging_level=logging.CRITICAL
        )

    @staticmethod
    def _notation(space: Sequence[Dimension], seed: int) -> Any:
        import ConfigSpace

        configurations = ConfigSpace.ConfigurationSpace(seed=seed)
        added: dict[str, Any] = {}
        positions = {d.name: d.choices for d in space if isinstance(d, Cat)}
        for d in space:
            if isinstance(d, Cat):
                numbers = [str(k) for k in range(len(d.choices))]
                added[d.name] = ConfigSpace.Categorical(d.name, numbers)
            else:
                kind = ConfigSpace.Float if isinstance(d, Float) else ConfigSpace.Integer
                added[d.name] = kind(d.name, (d.low, d.high), log=d.log)
            configurations.add(added[d.name])
        for d in space:
            if d.active_if is not None:
                parent, values = d.active_if
                numbers = [str(positions[parent].index(value)) for value in values]
                configurations.add(ConfigSpace.InCondition(added[d.name], added[parent], numbers))
        return configurations

    def ask(self) -> Params:
        """Ask for one configuration and keep it for `tell`."""
        self.asked = self.optimizer.ask()
        values = dict(self.asked.config)
        return {
            d.name: d.choices[int(values[d.name])] if isinstance(d, Cat) else values[d.name]
            for d in self.space
            if d.name in values
        }

    def tell(self, params: Params, score: float, fold_scores: Sequence[float] = ()) -> None:
        """Tell the cost of what was asked for."""
        self.optimizer.tell(self.asked, self.value(cost=-score))
