"""A plan as numbered SQL files that run by hand, in order."""

from __future__ import annotations

from sqlmonitor import dialects, store, templates
from sqlmonitor.plan import Plan


def script(plan: Plan, name: str = dialects.CANONICAL) -> list[tuple[str, str]]:
    """File names and texts, in order; the last file stores the results.

    Args:
        plan: of a monitor.
        name: the dialect's.

    Raises:
        UnsupportedError: for a dialect that cannot be written, or cannot say a step.
    """
    dialect = dialects.dialect(name)
    # Files are run in the order of their names.
    width = max(len(str(len(plan.steps) + 1)), 2)
    session = "-- session: chunks are cut in UTC, as `sqlmonitor run` does."
    files = [(f"{0:0{width}d}_session.sql", f"{session}\n{dialect.session};\n")]
    for number, step in enumerate(plan.steps, 1):
        header = "\n".join(f"-- {line}" for line in templates.comment(step.template).splitlines())
        made = dialect.temporary.format(table=step.table, select=templates.sql(step, name))
        files.append((f"{number:0{width}d}_{step.name}.sql", f"{header}\n{made};\n"))
    stored = store.publication(
        plan,
        run_id="by_hand",
        stage="run",
        started_at="cast(current_timestamp as timestamp)",
        now="cast(current_timestamp as timestamp)",
    )
    created = store.creation(plan.schema)
    if dialect.clone:
        statements = dialects.by_hand([*created, *stored], dialect, lambda table: store.TABLES[table.name])
    else:
        schema, *tables = (dialects.translated(one, name) for one in created)
        statements = [schema, *([dialect.after_schema] if dialect.after_schema else []), *tables]
        statements += [dialect.begin] if dialect.begin else []
        statements += [dialects.translated(one, name) for one in stored]
        statements += [dialect.commit] if dialect.begin else []
    how = "table by table" if dialect.clone else "all or none"
    files.append(
        (
            f"{len(plan.steps) + 1:0{width}d}_store.sql",
            f"-- store: replaces this monitor's rows in the store, {how}.\n" + ";\n".join(statements) + ";\n",
        )
    )
    return files
