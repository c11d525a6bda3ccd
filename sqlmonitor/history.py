"""What was believed before: results that a later run replaced, each with the time in which it stood."""

from __future__ import annotations

from collections.abc import Iterable

KEY = (
    *("period", "chunk", "segment_column", "segment_value"),
    *("family", "metric", "column_name", "component"),
    *("chunk_length", "compared_with"),
)
"""The columns that name a result of a monitor and a fit."""

UNCOMPARED = ("monitor", "fit_id", "run_id", "computed_at", *KEY)


def replacement(
    place: str, step_table: str, columns: Iterable[str], *, own: Iterable[str], run_id: str, now: str
) -> list[str]:
    """Statements that replace the results that have changed, and keep the former ones.

    A result that has not changed keeps its row, with the run that computed it first and the time of that.

    Args:
        place: the store's schema, quoted.
        step_table: holds the new results, without ``run_id`` and ``computed_at``.
        columns: of the table ``results``.
        own: conditions on the results that the run replaces.
        run_id: SQL for the run's name.
        now: SQL for the time of publication.
    """
    listed = list(columns)
    same_key = " and ".join(f"former.{column} = fresh.{column}" for column in KEY)
    same = " and ".join(
        f"former.{column} is not distinct from fresh.{column}"
        for column in listed
        if column not in UNCOMPARED
    )
    is_former = " and ".join(f"former.{part}" for part in own)
    gone = f"{is_former} and not exists (select 1 from {step_table} as fresh where {same_key} and {same})"
    computed = [column for column in listed if column not in ("run_id", "computed_at")]
    chosen = ", ".join(f"fresh.{column}" for column in computed)
    return [
        f"insert into {place}.results_history ({', '.join(listed)}, valid_from, valid_to) "
        f"select {', '.join(f'former.{column}' for column in listed)}, former.computed_at, {now} "
        f"from {place}.results as former where {gone}",
        f"delete from {place}.results as former where {gone}",
        f"insert into {place}.results ({', '.join(computed)}, run_id, computed_at) "
        f"select {chosen}, {run_id}, {now} from {step_table} as fresh "
        f"where not exists (select 1 from {place}.results as former where {is_former} and {same_key}) "
        "order by chunk_length, compared_with, period desc, chunk, segment_column, segment_value, family, metric, column_name, component",
    ]


def as_of(place: str, columns: Iterable[str], *, monitor: str, time: str) -> str:
    """The SELECT of a monitor's results as they stood at a time, of the fit that was the newest then.

    Args:
        place: the store's schema, quoted.
        columns: of the table ``results``.
        monitor: its name as SQL.
        time: SQL for the time.
    """
    listed = list(columns)
    names = ", ".join(listed)
    fit = (
        f"(select fit_id from {place}.runs where monitor = {monitor} and finished_at <= {time} "
        "order by finished_at desc, run_id limit 1)"
    )
    return (
        f"select {names} from {place}.results "
        f"where monitor = {monitor} and fit_id = {fit} and computed_at <= {time} "
        f"union all select {names} from {place}.results_history "
        f"where monitor = {monitor} and fit_id = {fit} and valid_from <= {time} and valid_to > {time}"
    )
