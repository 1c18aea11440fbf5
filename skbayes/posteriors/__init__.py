"""What both wings produce: a distribution after data."""

from ._bordered import BorderedForm
from ._coefficients import CoefficientPosterior, PosteriorFacts
from ._dense import DenseForm
from ._draws import DrawsForm
from ._forms import CovarianceForm, DiagonalForm
from ._gaussian import GaussianPosterior
from ._importance import Diagnostics, pareto_smoothed_weights
from ._low_rank import LowRankForm
from ._support import SupportForm

__all__ = [
    "BorderedForm",
    "CoefficientPosterior",
    "CovarianceForm",
    "DenseForm",
    "Diagnostics",
    "DiagonalForm",
    "DrawsForm",
    "GaussianPosterior",
    "LowRankForm",
    "PosteriorFacts",
    "SupportForm",
    "pareto_smoothed_weights",
]
