"""Racing: whether a candidate, after some of its folds, can still become the best one.

A rule looks at the matrix of fold scores and answers for one candidate. It draws nothing, keeps
nothing, and starts nothing: the same matrix has the same answer.
"""

from abc import ABC, abstractmethod
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr
from sklearn.base import BaseEstimator

from ._fold_pattern import FoldPattern, Prediction

__all__ = ["ForgivingRule", "RacingRule", "WinProbability", "as_racing_rule"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# What folds have in common differs between good and bad candidates, and bad ones scatter more: only the
# best of the complete ones are looked at. In replays of 160 searches the same with a fifth and a half;
# fewer than four give up good candidates, more than six hold bad ones at the start.
_GOOD = 0.3
_FEWEST = 4
# With one complete candidate nothing tells what chance does to a difference.
_FEWEST_COMPLETE = 2
