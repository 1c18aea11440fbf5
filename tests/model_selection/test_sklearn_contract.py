"""scikit-learn's estimator checks over all searches, with no expected failure."""

from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skbayes import BayesSearchCV, GridSearchCV, ManualSearchCV, RandomizedSearchCV

ALPHAS, CS = {"alpha": [0.1, 1.0]}, {"C": [0.1, 1.0]}
PIPE = make_pipeline(StandardScaler(), Ridge())
LOGISTIC = LogisticRegression(max_iter=200)
# As scikit-learn's own instances: error_score="raise", so that a check sees the estimator's own error.
COMMON = {"cv": 2, "error_score": "raise"}
SAMPLED = {**COMMON, "random_state": 0}
RANGE = (1e-2, 1e2, "log-uniform")
SEARCHES = [
    GridSearchCV(Ridge(), ALPHAS, **COMMON),
    GridSearchCV(LOGISTIC, CS, **COMMON),
    RandomizedSearchCV(Ridge(), ALPHAS, n_iter=2, **SAMPLED),
    RandomizedSearchCV(LOGISTIC, CS, n_iter=2, **SAMPLED),
    ManualSearchCV(Ridge(), [{"alpha": 0.1}, {}], **COMMON),
    ManualSearchCV(LOGISTIC, [{"C": 0.1}, {}], **COMMON),
    BayesSearchCV(Ridge(), {"alpha": RANGE}, n_iter=3, **SAMPLED),
    BayesSearchCV(LOGISTIC, {"C": RANGE}, n_iter=3, **SAMPLED),
    BayesSearchCV(PIPE, {"ridge__alpha": [0.1, 1.0]}, n_iter=3, **SAMPLED),
]


@parametrize_with_checks(SEARCHES)
def test_scikit_learns_checks(estimator, check):
    check(estimator)
