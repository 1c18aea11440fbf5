"""What chooses a ridge strength: leave-one-out, folds, or the evidence.

Notation: k targets, A strengths. Scores are better when higher.
"""

import warnings
from collections.abc import Iterator
from functools import partial
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn import config_context
from sklearn.base import BaseEstimator, RegressorMixin, is_classifier
from sklearn.metrics import check_scoring, get_scorer_names
from sklearn.model_selection import check_cv
from sklearn.utils import Bunch, check_scalar
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from .._sklearn import (
    Interval,
    StrOptions,
    accepts_sample_weight,
    metadata_rows,
    raise_for_params,
    routing_enabled,
)
from ._base import LinearModel
from ._evidence import ridge_evidence, ridge_evidence_wide
from ._gaussian_record import ridge_records
from ._leave_one_out import loo_errors, loo_residuals
from ._ridge_data import RidgeData
from ._ridge_folds import fold_coefficients
from ._ridge_options import set_coefficients, sigma
from ._ridge_solve import LOST_DIGITS
from ._spectrum import Spectrum, spectrum_of
from ._uncertain import Uncertain

__all__ = ["RIDGE_CV_CONSTRAINTS", "RidgeSearch"]

Array = NDArray[Any]

RIDGE_CV_CONSTRAINTS: dict[str, Any] = {
    "alphas": ["array-like", Interval(Real, 0, None, closed="neither")],
    "fit_intercept": ["boolean"],
    "scoring": [StrOptions(set(get_scorer_names())), callable, None],
    "cv": ["cv_object"],
    "store_cv_results": ["boolean"],
}


class RidgeSearch(Uncertain, LinearModel):
    """Base of the ridge estimators that choose their strength."""

    alphas: Any
    fit_intercept: bool
    scoring: Any
    cv: Any
    gcv_mode: str | None = None
    store_cv_results: bool
    alpha_per_target: bool = False
    tune: str | None = None
    _fixed_model: ClassVar[Any]

    alpha_: Any
    best_score_: Any
    noise_scale_: Any
    cv_results_: Array

    def _choose_and_fit(
        self, data: RidgeData, y: Array, is_single: bool, params: dict[str, Any]
    ) -> None:
        """Choose, and set the attributes; y is what a scorer is shown of the targets."""
        raise_for_params(params, self, "fit")
        tune = self._tune()
        if hasattr(self, "cv_results_"):
            del self.cv_results_
        if tune == "evidence":
            self._by_evidence(data, is_single)
            return
        alphas = self._strengths(may_be_zero=tune == "cv")
        routed = self._routed(data.weight, params)
        if tune == "cv":
            self._by_folds(data, y, is_single, alphas, routed)
        else:
            self._by_leave_one_out(data, y, is_single, alphas, routed.scorer.score)

    def _tune(self) -> str:
        """Return what chooses.

        Raises
        ------
        ValueError
            If arguments contradict one another.
        """
        tune = self.tune or ("loo" if self.cv is None else "cv")
        if tune == "loo" and self.cv is not None:
            raise ValueError(
                f"tune='loo' uses no folds; got cv={self.cv!r}. Leave cv at None, or use tune='cv'."
            )
        if tune == "loo":
            return tune
        name = "cv!=None" if tune == "cv" else "tune='evidence'"
        for argument in ("store_cv_results", "alpha_per_target"):
            if getattr(self, argument) and (tune == "cv" or argument == "store_cv_results"):
                raise ValueError(f"{name} and {argument}=True are incompatible")
        return tune

    def _strengths(self, *, may_be_zero: bool) -> Array:
        """Return the strengths, (A,).

        Raises
        ------
        ValueError
            If one is out of range.
        TypeError
            If one is no number.
        """
        check = partial(
            check_scalar,
            target_type=Real,
            min_val=0.0,
            include_boundaries="left" if may_be_zero else "neither",
        )
        if np.ndim(self.alphas) == 0:
            return np.array([float(check(self.alphas, "alphas"))])
        if len(self.alphas) == 0:
            raise ValueError(
                "alphas needs at least one strength; got none. Give some, such as [0.1, 1.0, 10.0]."
            )
        names = [
            f"alphas[{i}]" if len(self.alphas) > 1 else "alphas" for i in range(len(self.alphas))
        ]
        return np.array([float(check(a, name)) for a, name in zip(self.alphas, names, strict=True)])

    # Leave-one-out.

    def _by_leave_one_out(
        self,
        data: RidgeData,
        y: Array,
        is_single: bool,
        alphas: Array,
        score_params: dict[str, Any],
    ) -> None:
        if data.weight is not None and np.count_nonzero(data.weight) < 2:
            raise ValueError(
                "Leave-one-out needs at least two rows of positive weight; got one. Give more, or choose with cv."
            )
        spectrum = spectrum_of(data, least_alpha=float(alphas.min()), by_qr=self._by_qr(data.X))
        if self.scoring is None:
            scores = self._mean_errors(data, spectrum, alphas, is_single)
        else:
            scores = self._scores_of_predictions(data, spectrum, alphas, y, is_single, score_params)
        if not (self.alpha_per_target and data.n_targets > 1):
            scores = scores.mean(axis=0, keepdims=True)
        best = np.argmax(scores, axis=1)
        chosen, top = alphas[best], scores[np.arange(len(best)), best]
        self.alpha_ = chosen if len(best) > 1 else float(chosen[0])
        self.best_score_ = top if len(best) > 1 else float(top[0])
        self._set_from_spectrum(data, spectrum, chosen, is_single)

    def _by_qr(self, X: Any) -> bool:
        """Return whether leave-one-out shall factorise X itself."""
        if self.gcv_mode == "svd" and sparse.issparse(X):
            # scikit-learn's own category: it announces an error for its release 1.11.
            warnings.warn(
                "The 'svd' mode is not supported for sparse X: gcv_mode='eigen' is used instead. Pass 'eigen' or None.",
                FutureWarning,
                stacklevel=6,
            )
            return False
        return self.gcv_mode == "svd"

    def _mean_errors(
        self, data: RidgeData, spectrum: Spectrum, alphas: Array, is_single: bool
    ) -> Array:
        """Return minus the mean squared errors, (k, A)."""
        if not self.store_cv_results:
            return -loo_errors(data, spectrum, alphas) / data.X.shape[0]
        stored = np.empty((*data.Y.shape, alphas.size))
        for rows, residuals in loo_residuals(data, spectrum, alphas):
            np.square(residuals, out=stored[rows])
            if data.weight is not None:
                stored[rows] *= data.weight[rows, None, None]
        self._store(stored, data.X, is_single)
        means: Array = -stored.mean(axis=0)
        return means

    def _scores_of_predictions(
        self,
        data: RidgeData,
        spectrum: Spectrum,
        alphas: Array,
        y: Array,
        is_single: bool,
        score_params: dict[str, Any],
    ) -> Array:
        """Return what the scorer says of the leave-one-out predictions, (k or 1, A)."""
        scorer = check_scoring(self, scoring=self.scoring)
        # For as many strengths at a time as take a quarter of the memory of X; for all if the predictions are kept.
        size = alphas.size
        if not self.store_cv_results:
            size = max(1, min(size, data.X.shape[1] // (4 * data.n_targets)))
        scores = []
        for start in range(0, alphas.size, size):
            some = alphas[start : start + size]
            predicted = np.empty((*data.Y.shape, some.size))
            for rows, residuals in loo_residuals(data, spectrum, some):
                np.subtract(data.Y[rows, :, None], residuals, out=predicted[rows])
            scores += [
                self._scores_of(scorer, predicted[:, :, a], y, is_single, score_params)
                for a in range(some.size)
            ]
        if self.store_cv_results:
            self._store(predicted, data.X, is_single)
        return np.array(scores, dtype=np.float64).T

    def _scores_of(
        self, scorer: Any, predicted: Array, y: Array, is_single: bool, score_params: dict[str, Any]
    ) -> list[float]:
        if self.alpha_per_target and predicted.shape[1] > 1:
            return [
                scorer(Predicted(), predicted[:, j], y[:, j], **score_params)
                for j in range(y.shape[1])
            ]
        return [
            scorer(self._stand_in(), predicted[:, 0] if is_single else predicted, y, **score_params)
        ]

    def _stand_in(self) -> Any:
        return Predicted()

    def _store(self, values: Array, X: Any, is_single: bool) -> None:
        self.cv_results_ = (values[:, 0] if is_single else values).astype(X.dtype, copy=False)

    def _set_from_spectrum(
        self, data: RidgeData, spectrum: Spectrum, alpha: Array, is_single: bool
    ) -> None:
        alpha = np.broadcast_to(alpha, (data.n_targets,))
        coef = spectrum.coef(data, alpha)
        intercept = spectrum.intercept(coef)
        set_coefficients(self, coef, intercept, data.X.dtype, is_single)
        power = spectrum.residual_power(alpha)
        if np.any(power <= LOST_DIGITS * spectrum.power):
            power = data.residual_power(coef, intercept)
        left = spectrum.total - spectrum.effective_dof(alpha) - self.fit_intercept
        self.noise_scale_ = sigma(power, left, is_single)
        make = partial(ridge_records, data, alpha, coef, intercept, power, left)
        self._remember(make, data.parts, is_single=data.n_targets == 1)

    # Folds.

    def _by_folds(
        self, data: RidgeData, y: Array, is_single: bool, alphas: Array, routed: Bunch
    ) -> None:
        splitter = check_cv(self.cv, y, classifier=is_classifier(self))
        folds = list(splitter.split(data.X, y, **routed.splitter.split))
        scorer = check_scoring(self._fixed_model(), scoring=self.scoring)
        scores = []
        for (_, test), path in zip(folds, fold_coefficients(data, alphas, folds), strict=True):
            params = metadata_rows(data.X, routed.scorer.score, indices=test)
            models = self._models_of(data, path, is_single)
            with config_context(assume_finite=True):  # X has passed the door
                scores.append([float(scorer(m, data.X[test], y[test], **params)) for m in models])
        means = np.mean(scores, axis=0)
        best = int(np.argmax(means))
        self.alpha_, self.best_score_ = float(alphas[best]), float(means[best])
        spectrum = spectrum_of(data, least_alpha=self.alpha_)
        self._set_from_spectrum(data, spectrum, np.array([self.alpha_]), is_single)

    def _models_of(
        self, data: RidgeData, path: tuple[Array, Array], is_single: bool
    ) -> Iterator[Any]:
        """Yield a fitted model for each strength of a path: coefficients (p, k, A), intercepts (k, A)."""
        coef, intercept = path
        model = self._fixed_model(fit_intercept=self.fit_intercept)
        model.n_features_in_ = data.X.shape[1]
        for name in ("classes_", "label_binarizer_"):
            if hasattr(self, name):
                setattr(model, name, getattr(self, name))
        for a in range(coef.shape[2]):
            set_coefficients(model, coef[:, :, a], intercept[:, a], data.X.dtype, is_single)
            yield model

    # Evidence.

    def _by_evidence(self, data: RidgeData, is_single: bool) -> None:
        """Set the attributes of the most probable strength of each target."""
        spectrum = spectrum_of(data)
        known = np.isfinite(spectrum.values)
        # In the coordinates of the spectrum the Gram matrix is diagonal, for all targets.
        gram, targets = np.diag(spectrum.values[known]), spectrum.targets[known]
        n_flat = int(self.fit_intercept)
        found = [
            ridge_evidence_wide(gram, targets[:, j], spectrum.total, n_flat=n_flat)
            if spectrum.is_wide
            else ridge_evidence(gram, targets[:, j], power, spectrum.total, n_flat=n_flat)
            for j, power in enumerate(spectrum.power.tolist())
        ]
        alpha = np.array([(e.noise_scale / e.prior_scale) ** 2 for e in found])
        evidence = np.array([e.log_evidence for e in found])
        self._set_from_spectrum(data, spectrum, alpha, is_single)
        self.alpha_ = float(alpha[0]) if is_single else alpha
        self.best_score_ = float(evidence[0]) if is_single else evidence

    # Metadata.

    def _routed(self, weight: Array | None, params: dict[str, Any]) -> Bunch:
        """Return what goes to ``scorer.score`` and ``splitter.split``; weights go to every scorer that takes them."""
        if routing_enabled():
            given = params if weight is None else {**params, "sample_weight": weight}
            routed = process_routing(self, "fit", **given)
            if "splitter" not in routed:
                routed["splitter"] = Bunch(split={})
            return routed
        score = {}
        is_scored = self.cv is not None or self.scoring is not None
        scorer = check_scoring(self, scoring=self.scoring) if is_scored else None
        if weight is not None and is_scored and accepts_sample_weight(scorer):
            score = {"sample_weight": weight}
        return Bunch(scorer=Bunch(score=score), splitter=Bunch(split={}))

    def get_metadata_routing(self) -> MetadataRouter:
        """Return what metadata `fit` asks for and hands on.

        Returns
        -------
        routing : MetadataRouter
            Of this estimator, its scorer and its splitter.
        """
        router = MetadataRouter(owner=self).add_self_request(self)
        router.add(
            scorer=self._routed_scorer(),
            method_mapping=MethodMapping().add(caller="fit", callee="score"),
        )
        mapping = MethodMapping().add(caller="fit", callee="split")
        return router.add(splitter=self.cv, method_mapping=mapping)

    def _routed_scorer(self) -> Any:
        if routing_enabled() and self.scoring is None:
            return self._scorer_of_default().set_score_request(sample_weight=True)
        return check_scoring(self, scoring=self.scoring, allow_none=True)

    def _scorer_of_default(self) -> Any:
        raise NotImplementedError

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


class Predicted(RegressorMixin, BaseEstimator):
    """Stands in for a fitted model before a scorer: its X are predictions already."""

    def predict(self, X: Array) -> Array:
        """Return X."""
        return X

    def __sklearn_is_fitted__(self) -> bool:
        return True
