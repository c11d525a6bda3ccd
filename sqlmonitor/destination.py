"""Where the rows of a plan's steps go: the store's table of each, and what they are there."""

from __future__ import annotations

from collections.abc import Collection, Iterable

DESTINATION = {
    "edges": ("edges", False),
    "levels": ("levels", False),
    "calibration": ("calibration", False),
    "thresholds": ("thresholds", False),
    "numeric_histograms": ("histograms", True),
    "categorical_histograms": ("histograms", True),
    "score_histograms": ("score_histograms", True),
    "class_score_histograms": ("score_histograms", True),
}
"""The store's table for the rows of a stored step, and whether they are counted by chunk."""

# What a step does not know of the table that takes its rows.
LEFT_OUT = {
    "numeric_histograms": ("level",),
    "categorical_histograms": ("lower_edge", "value_sum"),
    "score_histograms": ("class",),
}


def rows(
    name: str, step_table: str, columns: Iterable[str], *, chunk: Collection[str], keys: str
) -> tuple[list[str], str]:
    """The rows of a step as its table in the store takes them.

    Args:
        name: a key of ``DESTINATION``.
        step_table: holds the rows.
        columns: of the store's table, without those that say whose a row is.
        chunk: those of them that say which chunk and segment it is of.
        keys: SQL for the columns that say whose a row is.

    Returns:
        The columns that have values, but for the keys, and the SELECT of keys and values.
    """
    is_counted = DESTINATION[name][1]
    kept = [column for column in columns if column not in LEFT_OUT.get(name, ())]
    own = [column for column in kept if not (is_counted and column in chunk)]
    # Labels have the type of the user's column; engines differ in how they would make text of it.
    chosen = ", ".join(
        f"cast(rows_of_step.{column} as varchar) as {column}"
        if column.endswith("_label")
        else f"rows_of_step.{column}"
        for column in own
    )
    if not is_counted:
        return own, f"select {keys}, {chosen} from {step_table} as rows_of_step"
    placed = "chunks.period, chunks.chunk, rows_of_step.segment_column, rows_of_step.segment_value"
    return [*chunk, *own], (
        f"select {keys}, {placed}, {chosen} from {step_table} as rows_of_step "
        "inner join sqlmonitor_chunks as chunks on rows_of_step.chunk_number = chunks.chunk_number "
        "where rows_of_step.segment_column = ''"
    )
