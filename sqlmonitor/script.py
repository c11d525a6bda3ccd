"""A plan as numbered SQL files that run by hand, in order."""

from __future__ import annotations

from sqlmonitor import dialects, store, templates
from sqlmonitor.plan import Plan


def script(plan: Plan, dialect: str = "duckdb") -> list[tuple[str, str]]:
    """File names and texts, in order; the last file stores the results.

    Raises:
        UnsupportedError: for a dialect that cannot be written yet.
    """
    dialects.dialect(dialect)
    files = [
        (
            "00_session.sql",
            "-- session: chunks are cut in UTC, as `sqlmonitor run` does.\nset timezone = 'UTC';\n",
        )
    ]
    for number, step in enumerate(plan.steps, 1):
        header = "\n".join(f"-- {line}" for line in templates.comment(step.template).splitlines())
        files.append(
            (
                f"{number:02d}_{step.name}.sql",
                f"{header}\n"
                + "".join(f"{statement};\n" for statement in templates.statements(step, dialect)),
            )
        )
    statements = [
        *store.creation(plan.schema),
        "begin transaction",
        *store.publication(
            plan,
            run_id="by_hand",
            stage="run",
            started_at="cast(current_timestamp as timestamp)",
            now="cast(current_timestamp as timestamp)",
        ),
        "commit",
    ]
    files.append(
        (
            f"{len(plan.steps) + 1:02d}_store.sql",
            "-- store: replaces this monitor's rows in the store, all or none.\n"
            + ";\n".join(statements)
            + ";\n",
        )
    )
    return files
