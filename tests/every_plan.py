"""Monitors of the small world whose plans together use every template."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import small_world

from sqlmonitor import planner, templates
from sqlmonitor.definitions import loads
from sqlmonitor.metrics import CATALOGUE
from sqlmonitor.plan import Plan

FOLDER = templates.folder()
OWN_TEMPLATE = Path(__file__).parent / "custom_metrics" / "largest_difference.sql"
"""A user's, over the distribution functions."""
TEMPLATES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.sql"))


def every(task: str, *, has_observed_at: bool = True) -> dict[str, list[str]]:
    """All metrics that fit a task, by family; those of delays where something says when labels became known."""
    chosen: dict[str, list[str]] = {"drift": [], "performance": [], "quality": [], "summary": []}
    for metric in CATALOGUE.values():
        if (not metric.tasks or task in metric.tasks) and (has_observed_at or not metric.needs_observed_at):
            chosen[metric.family].append(metric.name)
    return chosen


# More of everything than the small world's own monitor has.
MONITOR: dict[str, Any] = small_world.MONITOR | {
    "reference": "happened < timestamp '2024-06-01'",
    "target": small_world.MONITOR["target"] | {"maturity": "2 days", "observed_at": "known_at"},
    "features": {"numeric": ["amount", "hour", "income"], "categorical": ["region", "vehicle"]},
    "segments": ["vehicle", "region"],
    "blended": True,
    "kpis": [
        *small_world.MONITOR["kpis"],
        {"name": "hits", "sql": "sum(target.actual * predicted)"},
        {
            "name": "joined",
            "sql": "sum(amount * o.actual) / count(*) - 2 * avg(o.actual)",
            "join": {"relation": "outcomes", "on": ["id"], "alias": "o"},
        },
    ],
    "custom_metrics": [
        {"name": "total", "sql": "sum(amount)"},
        {"name": "thousands", "derived": "row_count / 1000"},
        # What a user may write is what the package itself has.
        {
            "name": "own",
            "template": str(FOLDER / "distance" / "jensen_shannon.sql"),
            "columns": "both",
        },
        {"name": "own_numeric", "template": str(OWN_TEMPLATE), "columns": "numeric"},
    ],
}


SEVERAL_CLASSES = {
    "task": "multiclass_classification",
    "predictions": {
        "sql": "select *, score as score_one, 0.7 * (1 - score) as score_zero, 0.3 * (1 - score) as score_two from scored"
    },
    "model": {"score": {"0": "score_zero", "1": "score_one", "2": "score_two"}, "label": "predicted"},
    "kpis": [
        *(kpi for kpi in MONITOR["kpis"] if "sql" in kpi),
        {"name": "worth_of_classes", "value_matrix": {"0": {"1": -2.5}, "1": {"0": -1, "1": 3}}},
    ],
}
COPIES = [f"region_{number}" for number in range(21)]
VARIANTS: dict[str, dict[str, Any]] = {
    "binned": {"resolution": "binned"},
    "exact": {"resolution": "exact"},
    "classes": SEVERAL_CLASSES | {"resolution": "binned"},
    "classes_exact": SEVERAL_CLASSES | {"resolution": "exact"},
    "regression": {
        "task": "regression",
        "model": {"label": "score"},
        "kpis": [kpi for kpi in MONITOR["kpis"] if "sql" in kpi],
        # More levels than one statement counts.
        "predictions": {"sql": f"select *, {', '.join(f'region as {name}' for name in COPIES)} from scored"},
        "features": {"numeric": ["amount"], "categorical": COPIES},
        "blended": False,
    },
    # As `compare` has it: two relations, one chunk and no order, id or store.
    "compared": {
        "task": "none",
        "id": None,
        "timestamp": None,
        "model": None,
        "target": None,
        "blended": False,
        "predictions": {"sql": "select * from scored where id % 2 = 0"},
        "reference": {"sql": "select * from scored where id % 2 = 1"},
        "chunks": {"count": 1},
        "segments": [],
        "kpis": [{"name": "amount_per_row", "sql": "sum(amount) / count(*)"}],
    },
}
# Comparisons repeat nearly every step, so their monitors have few metrics.
FEW: dict[str, Any] = {
    "compare": [
        "quarter",
        {"rolling": 3},
        "previous",
        "last_year",
        {"chunks": "quarter", "reference": {"last": 2}},
    ],
    "features": {"numeric": ["amount"], "categorical": ["region"]},
    "segments": ["vehicle"],
    "kpis": [
        {"name": "amount_per_row", "sql": "sum(amount) / count(*)"},
        {"name": "usual_amount", "sql": "avg(amount) filter (where hour > 3) + max(amount)"},
        {"name": "hours", "sql": "count(distinct hour)"},
    ],
    "custom_metrics": [],
}
DRIFT = ["jensen_shannon", "kolmogorov_smirnov", "total_variation"]
PLAIN = tuple(VARIANTS)
"""Those that compare nothing besides."""
VARIANTS |= {
    "merged": FEW
    | {
        "metrics": {
            "drift": DRIFT,
            "performance": ["f1", "roc_auc"],
            "quality": ["duplicates", "unseen"],
            "summary": ["std"],
        }
    },
    "merged_classes": SEVERAL_CLASSES
    | FEW
    | {
        "compare": ["quarter", {"reference": {"last": 2}}],
        "resolution": "exact",
        "metrics": {"drift": DRIFT, "performance": ["f1", "roc_auc"], "quality": [], "summary": ["mean"]},
    },
    "merged_regression": VARIANTS["regression"]
    | FEW
    | {
        "compare": ["quarter", {"rolling": 2}],
        "metrics": {"drift": [], "performance": ["r_squared", "rmse"], "quality": [], "summary": []},
    },
}
"""Monitors whose plans together use every template."""


def plan(variant: str = "binned", **changes: Any) -> Plan:
    """The plan of a variant with every metric that fits its task."""
    return made(variant, json.dumps(changes))


# Planning takes longer than most that is asked of a plan.
@cache
def made(variant: str, changes_as_json: str) -> Plan:
    changes = json.loads(changes_as_json)
    monitor = MONITOR | VARIANTS[variant] | changes
    monitor["metrics"] = monitor.get("metrics", every(monitor["task"]))
    if monitor["id"] is None:
        # Duplicates are of ids.
        monitor["metrics"]["quality"] = ["missing", "unseen", "out_of_range"]
    if not monitor["features"].get("numeric"):
        monitor["custom_metrics"] = [
            metric for metric in monitor["custom_metrics"] if metric.get("columns") != "numeric"
        ]
    project = loads(json.dumps({"version": 1, "warehouse": "duckdb://", "monitors": [monitor]}))
    return planner.plan(project, project.monitors[0], with_details=variant == "compared")
