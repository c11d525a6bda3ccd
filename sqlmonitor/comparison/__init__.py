"""Comparisons and profiles of any queries, files and tables, in one line and without a project file."""

from sqlmonitor.comparison.comparison import Comparison, compare
from sqlmonitor.comparison.connecting import connect
from sqlmonitor.comparison.plain_values import as_json, profile_as_json
from sqlmonitor.comparison.profile import Profile, profile

__all__ = ["Comparison", "Profile", "as_json", "compare", "connect", "profile", "profile_as_json"]
