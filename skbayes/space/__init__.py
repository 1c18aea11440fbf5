"""The design space: where hyper-parameters live, and the map of a point to the unit cube and back."""

from ._base import Dimension
from ._categorical import Categorical
from ._distribution import Distribution
from ._integer import Integer
from ._notation import as_space, space_of, split_budget
from ._prior_points import prior_points
from ._prior_weight import PriorWeight
from ._real import Real
from ._space import Space
from ._value_grid import ValueGrid, value_grid

__all__ = [
    "Categorical",
    "Dimension",
    "Distribution",
    "Integer",
    "PriorWeight",
    "Real",
    "Space",
    "ValueGrid",
    "as_space",
    "prior_points",
    "space_of",
    "split_budget",
    "value_grid",
]
