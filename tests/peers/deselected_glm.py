"""Tests of scikit-learn's `glm` that are not run on ours, each with its reason.

A key is `test_name`, or `test_name[pattern]` for some parameters only. A reason is a private internal of
scikit-learn, or a public feature that the documentation says we leave out.
"""

# The tests' own fixtures compute reference solutions by the private loss that they ask a model for.
SCAFFOLD = """
from sklearn._loss import HalfGammaLoss
PoissonRegressor._get_loss = lambda self, xp=None, device=None: HalfPoissonLoss()
GammaRegressor._get_loss = lambda self, xp=None, device=None: HalfGammaLoss()
"""

DESELECTED: dict[str, str] = {
    "test_linalg_warning_with_newton_solver": (
        "the hand-over of scikit-learn's Newton to its L-BFGS at a singular Hessian, and its warning; "
        "ours has no need of it"
    ),
}
