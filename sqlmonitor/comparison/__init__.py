"""Comparisons and profiles of any queries, files and tables, in one line and without a project file."""

from sqlmonitor.comparison.comparison import Comparison, as_json, compare
from sqlmonitor.comparison.connecting import connect

__all__ = ["Comparison", "as_json", "compare", "connect"]
