"""Predictions of a linear classifier whose linear predictor is a log odds (two classes) or goes through a softmax.

Notation: eta (n,) for two classes, p(second class) = 1 / (1 + exp(−eta)); eta (n, K) for K classes, p ∝ exp(eta_k).
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.special import expit, log_expit, log_softmax, softmax
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils.validation import check_is_fitted

from ._base import LinearModel, check_offset
from ._uncertain import UncertainClassifier

__all__ = ["ClassPredictions"]

Array = NDArray[Any]


class ClassPredictions(UncertainClassifier, ClassifierMixin, LinearModel):
    """A fitted one has `classes_`, `coef_` (1, p) or (K, p), and `intercept_` (1,) or (K,)."""

    classes_: Array
    coef_: Any

    def _set_coefficients(self, w: Array, n_features: int) -> None:
        """Take over a matrix whose rows are the coefficients and, if there is one, the intercept."""
        self.coef_ = w[:, :n_features]
        has_intercept = w.shape[1] > n_features
        self.intercept_ = w[:, n_features] if has_intercept else np.zeros(len(w), w.dtype)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = getattr(self, "solver", None) != "liblinear"
        return tags

    def decision_function(self, X: Any, offset: ArrayLike | None = None) -> Array:
        """Return the linear predictor.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        offset : array-like of shape (n_samples,), default=None
            Added to the log odds of the second class; for two classes only.

        Returns
        -------
        eta : ndarray of shape (n_samples,) or (n_samples, n_classes)
            Log odds of the second of two classes; else the class with the largest is predicted.

        Raises
        ------
        ValueError
            If X has other features than in `fit`, or an offset is given for more than two classes.
        """
        check_offset_of_classes(offset, getattr(self, "classes_", ()))
        eta = self._linear_predictor(X)
        if len(self.classes_) > 2:
            return eta
        odds: Array = eta[:, 0] if eta.shape[1] == 1 else eta[:, 1] - eta[:, 0]
        return odds if offset is None else odds + check_offset(offset, odds)

    def predict(self, X: Any, offset: ArrayLike | None = None) -> Array:
        """Return the most probable class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        offset : array-like of shape (n_samples,), default=None
            Added to the log odds of the second class; for two classes only.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            Of equally probable classes the first.
        """
        eta = self.decision_function(X, offset)
        index = (eta > 0).astype(int) if eta.ndim == 1 else eta.argmax(axis=1)
        return self.classes_[index]

    def predict_proba(
        self, X: Any, offset: ArrayLike | None = None, *, averaged: bool = False
    ) -> Array:
        """Return the probabilities of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        offset : array-like of shape (n_samples,), default=None
            Added to the log odds of the second class; for two classes only.
        averaged : bool, default=False
            Whether to average over the posterior of the coefficients: rows unlike those of the fit get probabilities
            nearer to each other. False: at the mode, as scikit-learn.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        if averaged:
            return self._averaged_probabilities(X, offset)
        eta = self.decision_function(X, offset)
        if eta.ndim == 1:
            # Of both signs, since 1 − p loses the digits of a p near 1.
            return np.column_stack([expit(-eta), expit(eta)])
        return softmax(eta, axis=1)

    def predict_log_proba(self, X: Any, offset: ArrayLike | None = None) -> Array:
        """Return the logarithms of the probabilities of the classes, finite where the probabilities underflow.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        offset : array-like of shape (n_samples,), default=None
            Added to the log odds of the second class; for two classes only.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        eta = self.decision_function(X, offset)
        if eta.ndim == 1:
            return np.column_stack([log_expit(-eta), log_expit(eta)])
        return log_softmax(eta, axis=1)

    def score(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
    ) -> float:
        """Return the accuracy of `predict`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,)
            True classes.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.
        offset : array-like of shape (n_samples,), default=None
            Added to the log odds of the second class; for two classes only.

        Returns
        -------
        score : float
            Part of the rows predicted right, from 0 to 1.
        """
        return float(accuracy_score(y, self.predict(X, offset), sample_weight=sample_weight))

    def sparsify(self) -> "ClassPredictions":
        """Store the coefficients as a sparse matrix: less memory where most of them are zero.

        Returns
        -------
        self : ClassPredictions
            The same model, which predicts the same.
        """
        check_is_fitted(self, "coef_")
        self.coef_ = sparse.csr_matrix(self.coef_)
        return self

    def densify(self) -> "ClassPredictions":
        """Store the coefficients as an array again.

        Returns
        -------
        self : ClassPredictions
            The same model, which predicts the same.
        """
        check_is_fitted(self, "coef_")
        if sparse.issparse(self.coef_):
            self.coef_ = self.coef_.toarray()
        return self


def check_offset_of_classes(offset: ArrayLike | None, classes: Any) -> None:
    """Refuse an offset for more than two classes.

    Raises
    ------
    ValueError
        If there is one; the same number added to every class would change no probability.
    """
    if offset is not None and len(classes) > 2:
        raise ValueError(
            f"offset is added to the log odds of the second of two classes; got one with {len(classes)} classes. "
            "Leave it out."
        )
