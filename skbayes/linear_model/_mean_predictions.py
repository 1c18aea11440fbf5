"""Predictions of the models whose linear predictor is the mean of y."""

from typing import Any

from ._uncertain import UncertainRegressor

__all__ = ["MeanPredictions"]


class MeanPredictions(UncertainRegressor):
    """Mix-in of regressors with Gaussian noise."""

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Predict the mean of y.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        return_std : bool, default=False
            Whether to return standard deviations too.

        Returns
        -------
        y_pred : ndarray of shape (n_samples,) or (n_samples, n_targets)
            X·coef + intercept.
        y_std : ndarray of shape (n_samples,) or (n_samples, n_targets)
            With `return_std`: standard deviations of an observation, of its noise and of the uncertainty of
            coefficients and intercept together.
        """
        model: Any = self
        mean = model._linear_predictor(X)
        return (mean, self._predictive_std(X)) if return_std else mean
