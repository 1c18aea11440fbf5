"""Tests of scikit-learn's `coordinate_descent` that are not run on ours, each with its reason.

A key is `test_name`, or `test_name[pattern]` for some parameters only. A reason is a private internal of
scikit-learn, or a public feature that the documentation says we leave out.
"""

_ANY_ORDER = "X is taken in either memory order also without checks; there it is an error"
_NOT_OVERWRITTEN = "asserts that X is overwritten with copy_X=False; ours never overwrites X"
_N_ALPHAS = "n_alphas, deprecated in scikit-learn 1.9, is not a parameter of ours: `alphas` takes the number"

DESELECTED: dict[str, str] = {
    "test_check_input_false": _ANY_ORDER,
    "test_enet_copy_X_False_check_input_False": _NOT_OVERWRITTEN,
    "test_lassoCV_does_not_set_precompute": "replaces the name Lasso inside scikit-learn's private module",
    "test_path_function_deprecated_n_alphas": _N_ALPHAS,
}
