"""Linear models as likelihood x prior x solver: maximum likelihood and maximum a posteriori."""

from ._classifier import MAPClassifier
from ._glm import MAPGammaRegressor, MAPPoissonRegressor
from ._logistic import MAPLogisticRegression
from ._logistic_cv import MAPLogisticRegressionCV
from ._regressor import MAPRegressor

__all__ = [
    "MAPClassifier",
    "MAPGammaRegressor",
    "MAPLogisticRegression",
    "MAPLogisticRegressionCV",
    "MAPPoissonRegressor",
    "MAPRegressor",
]
