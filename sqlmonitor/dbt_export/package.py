"""The whole package: every file with its text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sqlmonitor import __version__, dialects, names, validation
from sqlmonitor.dbt_export.jinja import escaped
from sqlmonitor.dbt_export.macros import MACROS
from sqlmonitor.dbt_export.models import checks, models
from sqlmonitor.dbt_export.names import plain
from sqlmonitor.dbt_export.properties import of_models, of_published, text_of
from sqlmonitor.dbt_export.published import published
from sqlmonitor.dbt_export.readme import readme
from sqlmonitor.dbt_export.relations import Relations
from sqlmonitor.definitions import Monitor, Project
from sqlmonitor.dialects.dbt_adapters import ADAPTERS
from sqlmonitor.errors import UnsupportedError
from sqlmonitor.plan import Plan

MARK = f"written by sqlmonitor {__version__}: `sqlmonitor dbt export` writes it anew"
"""In the first line of every file, so that the next export knows which ones are its own."""
VERSIONS = [">=1.10.5", "<2.0.0"]
"""Of dbt: from the first one in which tests take `arguments`."""


@dataclass(frozen=True)
class Package:
    """What is exported.

    Args:
        name: the package's, in dbt.
        profile: the name of the connection in `profiles.yml`.
        files: texts by their paths in the package's folder.
    """

    name: str
    profile: str
    files: Mapping[str, str] = field(repr=False)


def package(
    project: Project,
    planned: Sequence[tuple[Monitor, Plan]],
    *,
    name: str,
    profile: str | None = None,
    calls: Mapping[str, str] = MappingProxyType({}),
) -> Package:
    """Writes monitors as a dbt package, which computes their results with no Python of ours.

    Args:
        project: where the monitors stand.
        planned: each monitor with its plan, which knows the types of the columns.
        name: the package's, as the user wrote it.
        profile: the name of the connection in `profiles.yml`; the package's own where it is None.
        calls: dbt's calls, such as ``ref('shop', 'scored')``, by the relations or queries that they gave, for a
            package of the dbt project that has these; all other relations are declared as sources.

    Raises:
        UnsupportedError: where dbt has no adapter for the dialect, or the dialect cannot say a step; and for files
            by a relative path.
    """
    dialect = project.dialect
    if dialect not in {dialects.SCHEMES[adapter.scheme] for adapter in ADAPTERS.values()}:
        raise UnsupportedError(
            f"dbt has no adapter for {dialect}",
            remedy="`sqlmonitor compile --out DIR` writes the SQL of every step as a file",
        )
    relations = _known(project, calls)
    called = plain(name)
    profile = profile or called
    files: dict[str, str] = {}
    for monitor, plan in planned:
        own = plain(monitor.name, 24)
        made = models(plan, monitor, relations, dialect)
        for model in made:
            files[f"models/{own}/{model.folder}/{model.name}.sql"] = _marked(model.sql)
        files[f"models/{own}/{own}.yml"] = _yaml(of_models(made, dialect))
        of_rows = validation.row_checks(project, monitor)
        for test, text in checks(plan, of_rows, relations, dialect).items():
            files[f"tests/{own}/{test}.sql"] = _marked(text)
    stored = published([plan for _, plan in planned], relations, dialect)
    files |= {f"models/{model}.sql": _marked(text) for model, text in stored.items()}
    about = {monitor.name: monitor.description for monitor, _ in planned}
    files["models/sqlmonitor.yml"] = _yaml(of_published(stored, about, dialect))
    if relations.declared:
        sources = {"version": 2, "sources": list(relations.declared.values())}
        files["models/sources.yml"] = _yaml(sources)
    files |= {f"macros/{macro}.sql": f"{{# {MARK} #}}\n{text}" for macro, text in MACROS.items()}
    files["dbt_project.yml"] = _yaml(_project(called, profile, project))
    is_alone = not relations.models and not relations.queries
    text = readme(called, profile, planned, stored, stands_alone=is_alone)
    files["README.md"] = f"<!-- {MARK} -->\n{text}"
    return Package(called, profile, files)


def _known(project: Project, calls: Mapping[str, str]) -> Relations:
    """The relations that dbt's calls gave."""
    found = Relations(project.dialect)
    functions = {
        monitor.predictions.sql: monitor.allow_functions
        for monitor in project.monitors
        if monitor.predictions.sql is not None
    }
    for text, call in calls.items():
        if text in functions:
            found.queries.append((names.query(text, project.dialect, functions[text]), f"{{{{ {call} }}}}"))
        else:
            found.models[found.parts(names.relation(text, project.dialect))] = f"{{{{ {call} }}}}"
    return found


def _project(name: str, profile: str, project: Project) -> dict[str, Any]:
    session = dialects.dialect(project.dialect).session
    return {
        "name": name,
        "version": "1.0.0",
        "config-version": 2,
        "require-dbt-version": VERSIONS,
        # dbt renders what stands here.
        "profile": escaped(profile),
        "flags": {"send_anonymous_usage_stats": False},
        "vars": {name: {"sqlmonitor_alert_severity": "warn"}},
        "models": {
            name: {
                "+schema": plain(project.store),
                "+materialized": "table",
                # Chunks are cut in UTC.
                "+pre-hook": [session],
                "+tags": ["sqlmonitor"],
            }
        },
        "data_tests": {name: {"+tags": ["sqlmonitor"]}},
    }


def _marked(text: str) -> str:
    return f"-- {MARK}\n{text}"


def _yaml(content: dict[str, Any]) -> str:
    return f"# {MARK}\n{text_of(content)}"
