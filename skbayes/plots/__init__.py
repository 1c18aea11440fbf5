"""Pictures, as scikit-learn's Display classes; matplotlib is imported when something is drawn."""

from ._likelihood import LikelihoodDisplay

__all__ = ["LikelihoodDisplay"]
