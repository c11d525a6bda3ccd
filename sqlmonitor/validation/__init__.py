"""Is what the project file says true of the warehouse? Asked before and while a plan runs."""

from sqlmonitor.validation.asking import ask
from sqlmonitor.validation.report import validate
from sqlmonitor.validation.sources import check_sources

__all__ = ["ask", "check_sources", "validate"]
