"""The design space: where hyper-parameters live, and the map of a candidate to the unit cube and back."""

from ._choices import Categorical
from ._columns import Column, Condition
from ._design_space import Space
from ._frozen import Distribution
from ._notations import as_space, space_of, split_budget
from ._ranges import Dimension, Integer, Real

__all__ = [
    "Categorical",
    "Column",
    "Condition",
    "Dimension",
    "Distribution",
    "Integer",
    "Real",
    "Space",
    "as_space",
    "space_of",
    "split_budget",
]
