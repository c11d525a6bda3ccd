"""Settings of the session reach every engine, but for those that results depend on."""

from __future__ import annotations

from typing import Any

import pytest
from executed_engines import ENGINES

from sqlmonitor import engines
from sqlmonitor.errors import ConfigurationError, SqlmonitorError, UnsupportedError

# Settings, and threads; what is asked of the session, in the engine's own words, and its answer.
KNOWN: dict[str, tuple[dict[str, Any], int | None, str, Any]] = {
    "duckdb": (
        {"memory_limit": "1GB"},
        2,
        "current_setting('threads') || current_setting('memory_limit')",
        "2953.6 MiB",
    ),
    "postgres": (
        {"work_mem": "7MB"},
        2,
        "current_setting('work_mem') || current_setting('max_parallel_workers_per_gather')",
        "7MB1",
    ),
    "clickhouse": (
        {"max_execution_time": 77},
        2,
        "toString(getSetting('max_execution_time')) || toString(getSetting('max_threads'))",
        "772",
    ),
    "spark": ({"spark.sql.shuffle.partitions": 7}, None, "1 + 1", 2),
    "datafusion": (
        {"datafusion.execution.batch_size": 4096},
        2,
        "select value from information_schema.df_settings where name in "
        "('datafusion.execution.batch_size', 'datafusion.execution.target_partitions') order by name",
        ["4096", "2"],
    ),
    # The stand-in takes any parameter, and keeps none.
    "snowflake": ({"QUERY_TAG": "night's"}, None, "1 + 1", 2),
}
OWN = {
    "duckdb": ["TimeZone"],
    "postgres": ["standard_conforming_strings", "TimeZone"],
    "clickhouse": ["join_use_nulls", "group_by_overflow_mode"],
    "spark": ["spark.sql.session.timeZone"],
    # The second and third are other words for the first.
    "datafusion": ["datafusion.execution.time_zone", "timezone", "time.zone"],
    "snowflake": ["timezone"],
}


@pytest.mark.parametrize("name", ENGINES)
def test_settings(opened, name: str) -> None:
    url = opened(name).url
    settings, threads, asked, answer = KNOWN[name]
    with engines.connect(url, settings=settings, threads=threads) as engine:
        assert answered(engine, asked) == answer
        with engine.in_one_order():
            pass
        assert answered(engine, asked) == answer
    for own in OWN[name]:
        with pytest.raises(ConfigurationError, match="results depend on the setting") as refused:
            engines.connect(url, settings={own: "x"})
        assert refused.value.key == f"settings.{own}"
    if name in ("spark", "snowflake"):
        with pytest.raises(UnsupportedError, match="threads"):
            engines.connect(url, threads=2)
        # Spark and the stand-in take any name.
        return
    with pytest.raises(SqlmonitorError, match="no_such_setting"):
        engines.connect(url, settings={"no_such_setting": 1})


def answered(engine: Any, asked: str) -> Any:
    """What the session says, past any translation."""
    if engine.dialect == "clickhouse":
        return str(engine.client.command(f"select {asked}"))
    if engine.dialect == "spark":
        assert engine.session.conf.get("spark.sql.shuffle.partitions") == "7"
        return engine.session.sql(f"select {asked}").toArrow().column(0)[0].as_py()
    if engine.dialect == "datafusion":
        return engine.session.sql(asked).to_arrow_table().column("value").to_pylist()
    if engine.dialect == "snowflake":
        return engine.answer(f"select {asked}")[0][0]
    return engine.connection.execute(f"select {asked}").fetchone()[0]
