"""What the snapshot ensembles share."""

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.utils import check_random_state, indexable
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from .._sklearn import metadata_rows, routing_enabled
from ._averaging import best_method, common_rule
from ._base import AveragingEstimator, check_kind, single_target
from ._training import Run, as_schedule, find_step_size, seeded, train

__all__ = ["SnapshotEnsemble"]


class SnapshotEnsemble(AveragingEstimator):
    """What the ensembles of classifiers and of regressors share; not for direct use."""

    def __init__(
        self,
        estimator: Any,
        *,
        n_snapshots: int = 5,
        n_epochs: int = 100,
        schedule: Any = "cyclic_cosine",
        step_size: float | None = None,
        step_size_param: str = "auto",
        batch_size: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.n_snapshots = n_snapshots
        self.n_epochs = n_epochs
        self.schedule = schedule
        self.step_size = step_size
        self.step_size_param = step_size_param
        self.batch_size = batch_size
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Train one model, and keep a copy of it at the end of each cycle.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data.
        y : array-like of shape (n_samples,)
            Target.
        **params : dict of str -> object
            Metadata for `partial_fit`, such as `sample_weight`. Entries of length n_samples are cut to the batches.

        Returns
        -------
        self : object
            The fitted ensemble.

        Raises
        ------
        TypeError
            If the estimator is of another kind, has no `partial_fit`, or does not take the metadata.
        ValueError
            If an argument is wrong, the estimator has no step size, or the target has several columns.
        """
        self._check_arguments()
        y = single_target(self, y)
        X, y = indexable(X, y)
        routed = self._for_model(X, params)
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        rng = np.random.default_rng(seed)
        run = self._plan(len(y), rng)
        classes = np.unique(np.asarray(y)) if is_classifier(self) else None
        self.estimators_ = train(run, X, y, classes, routed, rng)
        self.step_sizes_ = run.step_sizes
        n = len(self.estimators_)
        self.weights_ = np.full(n, 1.0 / n)
        self.scales_ = np.ones(n)  # one model: its decisions keep their unit
        method = best_method(self.estimators_[0]) if classes is not None else "predict"
        self.methods_ = [method] * n
        self.rule_ = common_rule(self.methods_, classes is not None)
        if classes is not None:
            self.classes_ = classes
        self._set_features()
        return self

    def get_metadata_routing(self) -> MetadataRouter:
        """Return who gets which metadata: `partial_fit` of the estimator.

        Returns
        -------
        routing : MetadataRouter
            For scikit-learn's metadata routing.
        """
        mapping = MethodMapping().add(caller="fit", callee="partial_fit")
        router = MetadataRouter(owner=self).add_self_request(self)
        return router.add(estimator=self.estimator, method_mapping=mapping)

    def _template(self) -> Any:
        return self.estimator

    def _plan(self, n_samples: int, rng: np.random.Generator) -> Run:
        name = find_step_size(self.estimator, self.step_size_param)
        largest = self.step_size
        if largest is None:
            largest = self.estimator.get_params(deep=True)[name]
        n_batches = 1 if self.batch_size is None else max(1, -(-n_samples // self.batch_size))
        n_steps = self.n_epochs * n_batches
        if n_steps < self.n_snapshots:
            raise ValueError(
                f"{self.n_snapshots} snapshots need as many steps; n_epochs={self.n_epochs} makes {n_steps}. "
                "Raise n_epochs, or give a smaller batch_size."
            )
        step_sizes = self._step_sizes(name, largest, n_steps)
        model = seeded(self.estimator, name, rng)
        return Run(model, name, step_sizes, self.n_epochs, self.n_snapshots)

    def _step_sizes(self, name: str, largest: Any, n_steps: int) -> NDArray[np.float64]:
        if not isinstance(largest, Real) or not 0 < float(largest) < np.inf:
            raise ValueError(
                f"The largest step size must be a positive number; got {largest!r} (step_size={self.step_size!r}, "
                f"parameter {name!r} of {type(self.estimator).__name__}). Give step_size=, for example 0.01."
            )
        schedule = as_schedule(self.schedule, self.n_snapshots)
        factors = np.array([schedule(t, n_steps) for t in range(n_steps)], dtype=np.float64)
        if not (np.isfinite(factors) & (factors > 0)).all():
            t = int(np.flatnonzero(~(np.isfinite(factors) & (factors > 0)))[0])
            raise ValueError(
                f"A schedule must return a positive number for each step; schedule={self.schedule!r} returned "
                f"{factors[t]} at step {t} of {n_steps}. See skbayes.solvers.SCHEDULES for examples."
            )
        return float(largest) * factors

    def _for_model(self, X: Any, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return what `partial_fit` gets."""
        if routing_enabled():
            params = process_routing(self, "fit", **params).estimator.partial_fit
        return dict(metadata_rows(X, params=params))

    def _check_arguments(self) -> None:
        """Refuse wrong arguments before any fit."""
        name, kind = type(self).__name__, type(self.estimator).__name__
        check_kind(self, self.estimator, kind)
        if not hasattr(self.estimator, "partial_fit"):
            raise TypeError(
                f"{name} needs an estimator with partial_fit; {kind} has none. Use for example SGDClassifier, "
                "SGDRegressor, MLPClassifier or MLPRegressor (solver='adam' or 'sgd')."
            )
        counts = {"n_snapshots": self.n_snapshots, "n_epochs": self.n_epochs}
        if self.batch_size is not None:
            counts["batch_size"] = self.batch_size
        for argument, value in counts.items():
            if not isinstance(value, Integral) or value < 1:
                raise ValueError(f"{argument} must be a whole number of at least 1; got {value!r}.")
