"""What an optimizer believes of points after all that it was told, and how much it wants to look at them."""

from abc import ABC
from collections.abc import Hashable, Mapping, Sequence
from copy import deepcopy
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from ..posteriors import GaussianPosterior
from ..space import Space
from ._batch import next_surface
from ._observations import EncodedTrials, Observations
from ._opening import Opening
from ._regret import regret_bound
from ._suggest import fit_surrogate
from ._weights import Weighting

__all__ = ["Believing"]

Floats = NDArray[np.float64]

# Key of the random streams of `regret_bound`; those of the proposals count from 0.
_REGRET_KEY = 2**32 - 1


class Believing(ABC):
    """Base of the optimizers: the questions that change nothing."""

    space: Space
    _seeds: np.random.SeedSequence
    _surrogate: Any
    _acquisition: Any
    _weighting: Weighting
    _opening: Opening
    _told: EncodedTrials
    _pending: dict[Hashable, Floats]
    _fitted: tuple[Observations | None, Any]

    @property
    def is_opening(self) -> bool:
        """Whether the next point comes from the initial points or the initial design, a bool."""
        return not self._opening.is_over(len(self._told.keys | self._pending.keys()))

    @property
    def acquisition(self) -> Any:
        """What makes a point worth evaluating, an object of `skbayes.acquisition`."""
        return self._acquisition

    def copy(self) -> Self:
        """Return an optimizer that knows the same, and goes its own way.

        Returns
        -------
        optimizer : Optimizer
            Its next proposals are those of this one, until they are told different things. The objects that are
            choices of the space stay the same objects.

        Examples
        --------
        >>> from skbayes.optimizer import Optimizer
        >>> optimizer = Optimizer({"x": (0.0, 1.0)}, random_state=0)
        >>> optimizer.copy().ask() == optimizer.ask()
        True
        """
        choices = [
            choice
            for dimension in self.space.dimensions
            for choice in getattr(dimension, "categories", ())
        ]
        # None of these is ever changed, and the trials may be many.
        shared = (self.space, *choices, *self._told.observations().trials)
        return deepcopy(self, {id(each): each for each in shared})

    def score_posterior(self, params_list: Sequence[Mapping[str, Any]]) -> GaussianPosterior:
        """Return what is believed of the noise-free scores of some points after all that was told.

        Parameters
        ----------
        params_list : list of dict
            Points of the space.

        Returns
        -------
        posterior : GaussianPosterior
            Mean and standard deviation in the unit of the score.

        Raises
        ------
        ValueError
            If no finite score has been told, a point lies outside the space, or the surrogate
            cannot be fitted.
        """
        U = self._encoded(params_list)
        posterior: GaussianPosterior = self._model_or_raise().score_posterior(U)
        return posterior

    def score_interval(
        self, params_list: Sequence[Mapping[str, Any]], level: float = 0.95
    ) -> tuple[Floats, Floats]:
        """Return between which values the noise-free scores of some points are believed to lie.

        Parameters
        ----------
        params_list : list of dict
            Points of the space.
        level : float, default=0.95
            Probability of the interval, the same beyond either end; above 0 and below 1.

        Returns
        -------
        lower, upper : ndarray of shape (n_points,)
            Quantiles in the unit of the score. They need not be symmetric around the mean.

        Raises
        ------
        ValueError
            As for `score_posterior`, or if the level is none.

        Examples
        --------
        >>> from skbayes.optimizer import Optimizer
        >>> optimizer = Optimizer({"x": (0.0, 10.0)}, random_state=0)
        >>> for x in (0.0, 2.0, 4.0, 6.0, 8.0, 10.0):
        ...     optimizer.tell({"x": x}, score=-((x - 3.0) ** 2))
        >>> lower, upper = optimizer.score_interval([{"x": 5.0}])
        >>> bool(lower[0] < -4.0 < upper[0])
        True
        """
        if not 0.0 < level < 1.0:
            raise ValueError(
                f"level is a probability above 0 and below 1; got {level!r}. Give 0.95."
            )
        model = self._model_or_raise()
        latent = model.posterior(self._encoded(params_list))
        half = float(norm.ppf(0.5 + 0.5 * level)) * latent.std
        # The output transform increases: quantiles of the latent score are those of the score.
        lower, upper = model.output_.inverse(np.array([latent.mean - half, latent.mean + half]))
        return lower, upper

    def acquisition_value(self, params_list: Sequence[Mapping[str, Any]]) -> Floats:
        """Return how much the next `ask` wants to look at some points.

        Parameters
        ----------
        params_list : list of dict
            Points of the space.

        Returns
        -------
        value : ndarray of shape (n_points,)
            What `ask` makes as high as it can, once the initial design is over: the acquisition, in the surrogate's
            latent unit of the score, given that the points being evaluated turn out as expected, and weighted by
            priors, costs and the chance that a point does not fail. Of an acquisition that is drawn, as ``"mes"``, the
            next draw. -inf where it is not defined.

        Raises
        ------
        ValueError
            If the acquisition is a joint one that has no value of a point by itself, as ``"thompson"`` and ``"kg"``,
            no finite score has been told, a point lies outside the space, or the surrogate cannot be fitted.

        Examples
        --------
        >>> from skbayes.optimizer import Optimizer
        >>> optimizer = Optimizer({"x": (0.0, 10.0)}, random_state=0)
        >>> for x in (0.0, 2.0, 4.0, 6.0, 8.0, 10.0):
        ...     optimizer.tell({"x": x}, score=-((x - 3.0) ** 2))
        >>> at = optimizer.acquisition_value([{"x": 3.0}, {"x": 9.0}])
        >>> bool(at[0] > at[1])
        True
        """
        U = self._encoded(params_list)
        # The stream of the next proposal: an acquisition that is drawn will be this one.
        key = (*self._seeds.spawn_key, self._seeds.n_children_spawned)
        rng = np.random.default_rng(np.random.SeedSequence(self._seeds.entropy, spawn_key=key))
        surface = self._surface(self._model_or_raise(), rng)
        if surface is None:
            raise ValueError(
                f"{type(self._acquisition).__name__} has no value of a point by itself: it compares the points of a "
                "set drawn for each ask. Choose another acquisition, for example 'log_ei'."
            )
        value: Floats = surface.value(U)
        return value

    def regret_bound(self, kappa: float = 3.0) -> float:
        """Bound how much better than the best evaluated point any point of the space can be.

        Parameters
        ----------
        kappa : float, default=3.0
            Width of the bound in posterior standard deviations; non-negative.

        Returns
        -------
        bound : float
            Largest upper confidence bound over the space minus largest lower one over the evaluated
            points, non-negative, in the unit of the score; inf until the surrogate chooses.

        See Also
        --------
        RegretBound : The stopping rule that asks this.
        """
        if not self._opening.is_over(len(self._told)):
            return np.inf  # a fit now would be the start of the next one, and change what it finds
        model = self._model()
        if model is None:
            return np.inf
        # A stream beside those of the proposals, which stay the same whether this is asked or not.
        key = (*self._seeds.spawn_key, _REGRET_KEY, len(self._told))
        rng = np.random.default_rng(np.random.SeedSequence(self._seeds.entropy, spawn_key=key))
        return regret_bound(model, self._told.observations(), self.space, kappa, rng)

    def _encoded(self, params_list: Sequence[Mapping[str, Any]]) -> Floats:
        U = np.array([self.space.encode(params) for params in params_list])
        return U.reshape(len(U), self.space.n_dims)

    def _model(self) -> Any | None:
        """The surrogate fitted to all that was told; None if it cannot be."""
        observations = self._told.observations()
        fitted_to, model = self._fitted
        if fitted_to is not observations:
            if observations.n_finite:
                model = fit_surrogate(self._surrogate, self._weighting.lessons(observations))
            self._fitted = (observations, model)
        return model

    def _model_or_raise(self) -> Any:
        model = self._model()
        if model is None:
            raise ValueError(
                "There is no posterior: the surrogate needs a finite score and a fit without "
                f"error; got {self._told.observations().n_finite} finite scores. Tell more trials."
            )
        return model

    def _surface(self, model: Any, rng: np.random.Generator) -> Any | None:
        """What the next proposal maximises; None if that is no function of the point alone."""
        waiting = np.array([*self._pending.values()])
        pending = waiting.reshape(len(waiting), self.space.n_dims)
        return next_surface(**self._task(model), rng=rng, pending=pending)

    def _task(self, model: Any) -> dict[str, Any]:
        """What proposals are made of by the model, whatever their number."""
        observations = self._told.observations()
        return {
            "model": self._weighting.believing(model, observations),
            "observations": observations,
            "space": self.space,
            "acquisition": self._acquisition,
            "weights": self._weighting.weights(observations),
            "kept": self._weighting.kept(observations),
        }
