"""Linear models as likelihood x prior x solver: maximum likelihood and maximum a posteriori."""

from ._approximate_loo import LeaveOneOut
from ._classifier import MAPClassifier
from ._elastic_net import MAPElasticNet
from ._glm import MAPGammaRegressor, MAPPoissonRegressor
from ._lasso import MAPLasso
from ._lasso_cv import MAPElasticNetCV, MAPLassoCV
from ._lasso_path import enet_path, lasso_path
from ._linear_regression import LinearRegressionMLE
from ._logistic import MAPLogisticRegression
from ._logistic_cv import MAPLogisticRegressionCV
from ._multi_task import MAPMultiTaskElasticNet, MAPMultiTaskLasso
from ._regressor import MAPRegressor
from ._ridge import MAPRidge
from ._ridge_classifier import MAPRidgeClassifier, MAPRidgeClassifierCV
from ._ridge_cv import MAPRidgeCV
from ._student_t import MAPStudentTRegressor
from ._transfer import prior_from

__all__ = [
    "LeaveOneOut",
    "LinearRegressionMLE",
    "MAPClassifier",
    "MAPElasticNet",
    "MAPElasticNetCV",
    "MAPGammaRegressor",
    "MAPLasso",
    "MAPLassoCV",
    "MAPLogisticRegression",
    "MAPLogisticRegressionCV",
    "MAPMultiTaskElasticNet",
    "MAPMultiTaskLasso",
    "MAPPoissonRegressor",
    "MAPRegressor",
    "MAPRidge",
    "MAPRidgeCV",
    "MAPRidgeClassifier",
    "MAPRidgeClassifierCV",
    "MAPStudentTRegressor",
    "enet_path",
    "lasso_path",
    "prior_from",
]
