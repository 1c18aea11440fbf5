"""Cross-validation over a path of strengths: what MAPLassoCV and MAPElasticNetCV share."""

from collections.abc import Sequence
from functools import partial
from numbers import Integral, Number, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin
from sklearn.model_selection import check_cv
from sklearn.utils import check_scalar
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.validation import check_consistent_length, column_or_1d, validate_data

from .._sklearn import Interval, StrOptions, fit_context, raise_for_params, routing_enabled
from ..solvers import order_of
from ._base import LinearModel, check_weight
from ._elastic_net import MAPElasticNet
from ._lasso_descent import DescentOptions, alpha_grid
from ._lasso_folds import fold_errors, pooled
from ._lasso_outcome import SparseCoefficients, warn_unless_converged
from ._quadratic import CentredQuadratic

__all__ = ["PathCV"]

Array = NDArray[Any]


class PathCV(RegressorMixin, SparseCoefficients, LinearModel):
    """Base of models whose strength is chosen by cross-validation over a path."""

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "eps": [Interval(Real, 0, None, closed="neither")],
        "alphas": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "fit_intercept": ["boolean"],
        "precompute": [StrOptions({"auto"}), "array-like", "boolean"],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "copy_X": ["boolean"],
        "cv": ["cv_object"],
        "verbose": ["verbose"],
        "n_jobs": [Integral, None],
        "positive": ["boolean"],
        "random_state": ["random_state"],
        "selection": [StrOptions({"cyclic", "random"})],
    }

    @fit_context()
    def fit(
        self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None, **params: Any
    ) -> "PathCV":
        """Choose the strength by cross-validation, and fit all rows with it.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,)
            Target.
        sample_weight : float or array-like of shape (n_samples,), default=None
            How often each row counts, in fits and in test errors; non-negative. Folds count alike.
        **params : dict
            With metadata routing on, what the splitter asks for.

        Returns
        -------
        self : object
            The fitted model.

        Raises
        ------
        ValueError
            If data, weights or strengths are wrong, or there are several targets.
        """
        raise_for_params(params, self, "fit")
        X, y = self._checked(X, y)
        weight = None if isinstance(sample_weight, Number) else check_weight(sample_weight, X)
        ratios = np.atleast_1d(getattr(self, "l1_ratio", 1.0))
        grids = self._grids(X, y, weight, ratios)
        folds = list(check_cv(self.cv).split(X, y, **self._split_params(sample_weight, params)))
        order = order_of(self.selection, self.random_state)
        options = DescentOptions(self.tol, self.max_iter, self.positive, order)
        verbose = int(self.verbose)
        errors, paths, moments = fold_errors(
            X, y, weight, folds, grids, self.fit_intercept, options, self.n_jobs, verbose
        )
        self._choose(errors, ratios, grids)
        warn_unless_converged(paths, self.max_iter)
        self._refit(X, y, weight, None if moments is None else pooled(moments).gram)
        return self

    def _checked(self, X: Any, y: Any) -> tuple[Any, Array]:
        of_X = {
            "accept_sparse": "csc",
            "dtype": [np.float64, np.float32],
            "accept_large_sparse": False,
        }
        of_y = {"dtype": [np.float64, np.float32], "ensure_2d": False}
        X, y = validate_data(self, X, y, validate_separately=(of_X, of_y))
        check_consistent_length(X, y)
        if y.ndim > 1 and y.shape[1] > 1:
            name = type(self).__name__
            raise ValueError(
                f"For multi-task outputs, use MultiTask{name.removeprefix('MAP')}: {name} fits one target; "
                f"got {y.shape[1]}."
            )
        return X, column_or_1d(y, warn=True).astype(X.dtype, copy=False)

    def _grids(
        self, X: Any, y: Array, weight: Array | None, ratios: Array
    ) -> list[tuple[float, Array]]:
        if isinstance(self.alphas, Integral):
            form = CentredQuadratic(X, y, weight, self.fit_intercept)
            n_alphas = int(self.alphas)
            return [
                (float(r), alpha_grid(form, r, self.eps, n_alphas, self.positive)) for r in ratios
            ]
        check = partial(check_scalar, target_type=Real, min_val=0.0, include_boundaries="left")
        for index, alpha in enumerate(self.alphas):
            check(alpha, f"alphas[{index}]")
        alphas = np.sort(np.asarray(self.alphas, dtype=np.float64))[::-1]
        return [(float(ratio), alphas) for ratio in ratios]

    def _split_params(self, sample_weight: Any, params: dict[str, Any]) -> dict[str, Any]:
        if not routing_enabled():
            return {}
        return process_routing(self, "fit", sample_weight=sample_weight, **params).splitter.split

    def _choose(self, errors: Array, ratios: Array, grids: Sequence[tuple[float, Array]]) -> None:
        mean = errors.mean(axis=1)
        row, column = divmod(int(np.argmin(mean)), mean.shape[1])
        self.mse_path_ = np.squeeze(np.moveaxis(errors, 2, 1))
        self.alpha_ = grids[row][1][column]
        if hasattr(self, "l1_ratio"):
            self.l1_ratio_ = ratios[row]
        self._ratio = float(ratios[row])
        chosen = isinstance(self.alphas, Integral) and len(grids) > 1
        self.alphas_ = np.asarray([grid for _, grid in grids]) if chosen else grids[0][1]

    def _refit(self, X: Any, y: Array, weight: Array | None, G: Array | None) -> None:
        model = MAPElasticNet(
            self.alpha_,
            l1_ratio=self._ratio,
            fit_intercept=self.fit_intercept,
            precompute=self.precompute if isinstance(self.precompute, bool) else False,
            max_iter=self.max_iter,
            tol=self.tol,
            positive=self.positive,
            random_state=self.random_state,
            selection=self.selection,
        )
        del self._ratio
        model._fit_checked(X, y[:, None], weight, G)
        for name in (
            "coef_",
            "intercept_",
            "dual_gap_",
            "objective_",
            "n_iter_",
            "converged_",
            "noise_scale_",
        ):
            setattr(self, name, getattr(model, name))
        self._outcome = model._outcome

    def get_metadata_routing(self) -> MetadataRouter:
        """Return who wants which metadata: this model and its splitter.

        Returns
        -------
        routing : MetadataRouter
            As scikit-learn's metadata routing reads it.
        """
        to_split = MethodMapping().add(caller="fit", callee="split")
        router = MetadataRouter(owner=self).add_self_request(self)
        return router.add(splitter=check_cv(self.cv), method_mapping=to_split)
