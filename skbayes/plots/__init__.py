"""Pictures, as scikit-learn's Display classes; matplotlib is imported when something is drawn."""

from ._calibration import CalibrationIntervalDisplay
from ._calibration_data import calibration_interval_data
from ._coefficient_data import coefficient_data
from ._coefficients import CoefficientDisplay
from ._convergence import ConvergenceDisplay
from ._convergence_data import convergence_data
from ._dependence import PartialDependenceDisplay
from ._dependence_data import partial_dependence_data
from ._importance import ImportanceDisplay
from ._importance_data import importance_data
from ._likelihood import LikelihoodDisplay
from ._likelihood_data import likelihood_data
from ._parallel_coordinates import ParallelCoordinatesDisplay
from ._parallel_data import parallel_coordinates_data
from ._parameter import ParameterDisplay
from ._parameter_data import parameter_data
from ._pareto import ParetoDisplay
from ._pareto_data import pareto_data
from ._path import PathDisplay
from ._path_data import path_data
from ._source import Source, source_of
from ._surrogate import SurrogateDisplay
from ._surrogate_data import surrogate_data
from ._timeline import TimelineDisplay
from ._timeline_data import timeline_data

__all__ = [
    "CalibrationIntervalDisplay",
    "CoefficientDisplay",
    "ConvergenceDisplay",
    "ImportanceDisplay",
    "LikelihoodDisplay",
    "ParallelCoordinatesDisplay",
    "ParameterDisplay",
    "ParetoDisplay",
    "PartialDependenceDisplay",
    "PathDisplay",
    "Source",
    "SurrogateDisplay",
    "TimelineDisplay",
    "calibration_interval_data",
    "coefficient_data",
    "convergence_data",
    "importance_data",
    "likelihood_data",
    "parallel_coordinates_data",
    "parameter_data",
    "pareto_data",
    "partial_dependence_data",
    "path_data",
    "source_of",
    "surrogate_data",
    "timeline_data",
]
