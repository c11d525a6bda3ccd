"""Is what the project file says true of the warehouse? Asked before and while a plan runs."""

from sqlmonitor.validation.asking import ask
from sqlmonitor.validation.every_feature import ResolvedFeatures, resolve_features
from sqlmonitor.validation.report import validate
from sqlmonitor.validation.sources import check_rows, check_sources, row_checks

__all__ = [
    "ResolvedFeatures",
    "ask",
    "check_rows",
    "check_sources",
    "resolve_features",
    "row_checks",
    "validate",
]
