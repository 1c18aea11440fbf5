"""Tests of scikit-learn's `logistic` that are not run on ours, each with its reason.

A key is `test_name`, or `test_name[pattern]` for some parameters only. A reason is a private internal of
scikit-learn, or a public feature that the documentation says we leave out.
"""

_PATH = "calls scikit-learn's private path functions, not an estimator"
_CALLBACKS = "callbacks, which MAPLogisticRegression leaves out and says so"

DESELECTED: dict[str, str] = {
    "test_liblinear_dual_random_state": (
        "wants two seeds to give different coefficients, as liblinear's random dual descent does; "
        "ours gives the solution"
    ),
    "test_logistic_cv_multinomial_score": f"{_PATH}, and compares its rounding with ours",
    "test_logistic_regression_callback_fitted_estimator": _CALLBACKS,
    "test_logistic_regression_callback_support": _CALLBACKS,
    "test_logistic_regression_callback_support_warning": _CALLBACKS,
    "test_logistic_regression_path_coefs_multinomial": _PATH,
    "test_logistic_regression_path_convergence_fail": _PATH,
    "test_logistic_regression_path_init_coefs": _PATH,
    "test_logreg_predict_proba_multinomial": "calls the private _predict_proba_lr",
    "test_newton_cholesky_fallback_to_lbfgs": (
        "the hand-over of scikit-learn's Newton to its L-BFGS at a singular Hessian; ours has no need of it"
    ),
}
