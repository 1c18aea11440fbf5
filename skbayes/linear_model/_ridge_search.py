"""What chooses a ridge strength: leave-one-out, folds, or the evidence.

Notation: k targets, A strengths. Scores are better when higher.
"""

from functools import partial
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
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
from ._design import Design
from ._evidence import ridge_evidence, ridge_evidence_wide
from ._leave_one_out import loo_errors, loo_residuals
from ._ridge_folds import fold_coefficients
from ._ridge_options import set_coefficients, sigma
from ._ridge_solve import residual_power_of
from ._spectrum import Spectrum, spectrum_of

__all__ = ["RIDGE_CV_CONSTRAINTS", "RidgeSearch"]

Array = NDArray[Any]

RIDGE_CV_CONSTRAINTS: dict[str, Any] = {
    "alphas": ["array-like", Interval(Real, 0, None, closed="neither")],
    "fit_intercept": ["boolean"],
    "scoring": [StrOptions(set(get_scorer_names())), callable, None],
    "cv": ["cv_object"],
    "store_cv_results": ["boolean"],
}


class RidgeSearch(LinearModel):
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
        self,
        X: Any,
        Y: Array,
        y: Array,
        weight: Array | None,
        is_single: bool,
        params: dict[str, Any],
    ) -> None:
        """Choose by targets Y (n, k), of which y is what a scorer is shown, and set the attributes."""
        raise_for_params(params, self, "fit")
        tune = self._tune()
        if hasattr(self, "cv_results_"):
            del self.cv_results_
        if tune == "evidence":
            self._by_evidence(X, Y, weight, is_single)
            return
        alphas = self._strengths(may_be_zero=tune == "cv")
        routed = self._routed(weight, params)
        choose = self._by_folds if tune == "cv" else self._by_leave_one_out
        choose(X, Y, y, weight, is_single, alphas, routed)

    def _tune(self) -> str:
        """Return what chooses.

        Raises
        ------
        ValueError
            If arguments contradict one another.
        """
        tune = self.tune or ("loo" if self.cv is None else "cv")
        if tune != "cv" and self.cv is not None:
            raise ValueError(f"tune={tune!r} uses no folds; got cv={self.cv!r}. Leave cv at None, or use tune='cv'.")
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
            raise ValueError("alphas needs at least one strength; got none. Give some, such as [0.1, 1.0, 10.0].")
        names = [f"alphas[{i}]" if len(self.alphas) > 1 else "alphas" for i in range(len(self.alphas))]
        return np.array([float(check(a, name)) for a, name in zip(self.alphas, names, strict=True)])

    # Leave-one-out.

    def _by_leave_one_out(
        self,
        X: Any,
        Y: Array,
        y: Array,
        weight: Array | None,
        is_single: bool,
        alphas: Array,
        routed: Bunch,
    ) -> None:
        spectrum = spectrum_of(
            X,
            Y,
            weight,
            self.fit_intercept,
            least_alpha=float(alphas.min()),
            by_qr=self.gcv_mode == "svd" and not Design(X).is_sparse,
        )
        arguments = (X, Y, weight, self.fit_intercept, spectrum)
        if self.scoring is None:
            scores = self._mean_errors(arguments, alphas, is_single)
        else:
            scores = self._scores_of_predictions(arguments, alphas, y, is_single, routed.scorer.score)
        if not (self.alpha_per_target and Y.shape[1] > 1):
            scores = scores.mean(axis=0, keepdims=True)
        best = np.argmax(scores, axis=1)
        chosen, top = alphas[best], scores[np.arange(len(best)), best]
        self.alpha_ = chosen if len(best) > 1 else float(chosen[0])
        self.best_score_ = top if len(best) > 1 else float(top[0])
        self._set_from_spectrum(X, Y, weight, spectrum, chosen, is_single)

    def _mean_errors(self, arguments: Any, alphas: Array, is_single: bool) -> Array:
        """Return minus the mean squared errors, (k, A)."""
        X, Y, weight = arguments[:3]
        if not self.store_cv_results:
            return -loo_errors(*arguments, alphas) / X.shape[0]
        stored = np.empty((*Y.shape, alphas.size))
        for rows, residuals in loo_residuals(*arguments, alphas):
            squares = residuals**2
            stored[rows] = squares if weight is None else squares * weight[rows, None, None]
        self._store(stored, X, is_single)
        means: Array = -stored.mean(axis=0)
        return means

    def _scores_of_predictions(
        self, arguments: Any, alphas: Array, y: Array, is_single: bool, score_params: dict[str, Any]
    ) -> Array:
        """Return what the scorer says of the leave-one-out predictions, (k or 1, A)."""
        X, Y = arguments[:2]
        scorer = check_scoring(self, scoring=self.scoring)
        # Predictions for as many strengths at a time as take a quarter of the memory of X; all of them if they are kept.
        size = alphas.size
        if not self.store_cv_results:
            size = max(1, min(size, X.shape[1] // (4 * Y.shape[1])))
        scores = []
        for start in range(0, alphas.size, size):
            some = alphas[start : start + size]
            predicted = np.empty((*Y.shape, some.size))
            for rows, residuals in loo_residuals(*arguments, some):
                np.subtract(Y[rows, :, None], residuals, out=predicted[rows])
            scores += [
                self._scores_of(scorer, predicted[:, :, a], y, is_single, score_params)
                for a in range(some.size)
            ]
        if self.store_cv_results:
            self._store(predicted, X, is_single)
        return np.array(scores, dtype=np.float64).T

    def _scores_of(
        self, scorer: Any, predicted: Array, y: Array, is_single: bool, score_params: dict[str, Any]
    ) -> list[float]:
        if self.alpha_per_target and predicted.shape[1] > 1:
            return [
                scorer(Predicted(), predicted[:, j], y[:, j], **score_params) for j in range(y.shape[1])
            ]
        return [scorer(self._stand_in(), predicted[:, 0] if is_single else predicted, y, **score_params)]

    def _stand_in(self) -> Any:
        return Predicted()

    def _store(self, values: Array, X: Any, is_single: bool) -> None:
        self.cv_results_ = (values[:, 0] if is_single else values).astype(X.dtype, copy=False)

    def _set_from_spectrum(
        self, X: Any, Y: Array, weight: Array | None, spectrum: Spectrum, alpha: Array, is_single: bool
    ) -> None:
        alpha = np.broadcast_to(alpha, (Y.shape[1],))
        coef = spectrum.coef(Design(X, spectrum.mean if self.fit_intercept else None), weight, alpha)
        intercept = spectrum.target_mean - spectrum.mean @ coef
        set_coefficients(self, coef, intercept, X.dtype, is_single)
        power = spectrum.residual_power(alpha)
        if np.any(power <= 1e-8 * spectrum.power):  # a difference that has lost half of its digits
            power = residual_power_of(X, Y, weight, coef, intercept)
        dof = spectrum.effective_dof(alpha) + self.fit_intercept
        self.noise_scale_ = sigma(power, spectrum.total - dof, is_single)

    # Folds.

    def _by_folds(
        self,
        X: Any,
        Y: Array,
        y: Array,
        weight: Array | None,
        is_single: bool,
        alphas: Array,
        routed: Bunch,
    ) -> None:
        splitter = check_cv(self.cv, y, classifier=is_classifier(self))
        folds = list(splitter.split(X, y, **routed.splitter.split))
        scorer = check_scoring(self._fixed_model(), scoring=self.scoring)
        paths = fold_coefficients(X, Y, weight, self.fit_intercept, alphas, folds)
        scores = [
            self._scores_of_path(scorer, X, y, test, coef, intercept, is_single, routed.scorer.score)
            for (_, test), (coef, intercept) in zip(folds, paths, strict=True)
        ]
        means = np.mean(scores, axis=0)
        best = int(np.argmax(means))
        self.alpha_, self.best_score_ = float(alphas[best]), float(means[best])
        spectrum = spectrum_of(X, Y, weight, self.fit_intercept, least_alpha=self.alpha_)
        self._set_from_spectrum(X, Y, weight, spectrum, np.array([self.alpha_]), is_single)

    def _scores_of_path(
        self,
        scorer: Any,
        X: Any,
        y: Array,
        test: Array,
        coef: Array,
        intercept: Array,
        is_single: bool,
        score_params: dict[str, Any],
    ) -> list[float]:
        """Return the scores of all strengths on the test part of a fold, (A,)."""
        model = self._fixed_model(fit_intercept=self.fit_intercept)
        model.n_features_in_ = X.shape[1]
        for name in ("classes_", "label_binarizer_"):
            if hasattr(self, name):
                setattr(model, name, getattr(self, name))
        part, target = X[test], y[test]
        params = metadata_rows(X, score_params, indices=test)
        scores = []
        with config_context(assume_finite=True):  # X has passed the door
            for a in range(coef.shape[2]):
                set_coefficients(model, coef[:, :, a], intercept[:, a], X.dtype, is_single)
                scores.append(float(scorer(model, part, target, **params)))
        return scores

    # Evidence.

    def _by_evidence(self, X: Any, Y: Array, weight: Array | None, is_single: bool) -> None:
        """Set the attributes of the most probable strength of each target."""
        spectrum = spectrum_of(X, Y, weight, self.fit_intercept)
        known = np.isfinite(spectrum.values)
        # In the coordinates of the spectrum the Gram matrix is diagonal, for all targets.
        gram, targets = np.diag(spectrum.values[known]), spectrum.targets[known]
        n_flat = int(self.fit_intercept)
        found = [
            ridge_evidence_wide(gram, targets[:, j], spectrum.total, n_flat=n_flat)
            if spectrum.is_wide
            else ridge_evidence(gram, targets[:, j], float(spectrum.power[j]), spectrum.total, n_flat=n_flat)
            for j in range(Y.shape[1])
        ]
        alpha = np.array([(e.noise_scale / e.prior_scale) ** 2 for e in found])
        evidence = np.array([e.log_evidence for e in found])
        self._set_from_spectrum(X, Y, weight, spectrum, alpha, is_single)
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
        if weight is not None and (self.cv is not None or self.scoring is not None):
            if accepts_sample_weight(check_scoring(self, scoring=self.scoring)):
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
            scorer=self._routed_scorer(), method_mapping=MethodMapping().add(caller="fit", callee="score")
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
