"""The page of a search: one HTML file with its results, its pictures and how to repeat it."""

from ._payload import report_data
from ._write import write

__all__ = ["report_data", "write"]
