"""What the user says: the project file, validated, with the file and line of every key."""

from sqlmonitor.definitions.business import (
    Constant,
    CustomMetric,
    Kpi,
    StandardDeviation,
    Threshold,
    ValueMatrix,
)
from sqlmonitor.definitions.chosen import Metrics, Normalize
from sqlmonitor.definitions.comparison import Comparison
from sqlmonitor.definitions.loading import json_schema, load, loads, validated
from sqlmonitor.definitions.model import Features, Model, Target
from sqlmonitor.definitions.monitor import Monitor
from sqlmonitor.definitions.project import Project
from sqlmonitor.definitions.source import Chunks, Reference, Source
from sqlmonitor.definitions.variables import read_overrides

__all__ = [
    "Chunks",
    "Comparison",
    "Constant",
    "CustomMetric",
    "Features",
    "Kpi",
    "Metrics",
    "Model",
    "Monitor",
    "Normalize",
    "Project",
    "Reference",
    "Source",
    "StandardDeviation",
    "Target",
    "Threshold",
    "ValueMatrix",
    "json_schema",
    "load",
    "loads",
    "read_overrides",
    "validated",
]
