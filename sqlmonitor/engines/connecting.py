"""Opens an engine: by a URL, or on what the user has open already."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlmonitor import dialects
from sqlmonitor.engines import address
from sqlmonitor.engines.engine import Engine
from sqlmonitor.errors import ConfigurationError, UnsupportedError


def _open_duckdb(url: str, read_only: bool, directory: Path | None) -> Engine:
    from sqlmonitor.engines.duckdb import DuckDB

    return DuckDB.open(address.without_driver(url), read_only=read_only, directory=directory)


def _open_postgres(url: str, read_only: bool, _: Path | None) -> Engine:
    from sqlmonitor.engines.postgres import Postgres

    return Postgres.open(url, read_only=read_only)


def _open_clickhouse(url: str, read_only: bool, _: Path | None) -> Engine:
    from sqlmonitor.engines.clickhouse import ClickHouse

    return ClickHouse.open(url, read_only=read_only)


def _open_spark(url: str, _: bool, __: Path | None) -> Engine:
    from sqlmonitor.engines.spark import Spark

    return Spark.open(url)


def _open_datafusion(url: str, read_only: bool, directory: Path | None) -> Engine:
    from sqlmonitor.engines.datafusion import DataFusion

    return DataFusion.open(address.without_driver(url), read_only=read_only, directory=directory)


def _open_snowflake(url: str, read_only: bool, _: Path | None) -> Engine:
    from sqlmonitor.engines.snowflake import Snowflake

    return Snowflake.open(address.without_driver(url), read_only=read_only)


def _adopt_duckdb(connection: Any) -> Engine:
    from sqlmonitor.engines.duckdb import DuckDB

    return DuckDB(connection)


def _adopt_postgres(connection: Any) -> Engine:
    from sqlmonitor.engines.postgres import Postgres

    return Postgres(connection)


def _adopt_clickhouse(connection: Any) -> Engine:
    from sqlmonitor.engines.clickhouse import ClickHouse

    # A DB-API connection, which SQLAlchemy hands over, has the client in it.
    return ClickHouse(getattr(connection, "client", connection))


def _adopt_spark(session: Any) -> Engine:
    from sqlmonitor.engines.spark import Spark

    return Spark(session)


def _adopt_datafusion(session: Any) -> Engine:
    from sqlmonitor.engines.datafusion import DataFusion

    return DataFusion(session)


def _adopt_snowflake(connection: Any) -> Engine:
    from sqlmonitor.engines.snowflake import Snowflake

    return Snowflake(connection)


# An engine's driver is imported where it is used, so that nobody needs the others.
OPENERS: dict[str, Callable[[str, bool, Path | None], Engine]] = {
    "duckdb": _open_duckdb,
    "postgres": _open_postgres,
    "clickhouse": _open_clickhouse,
    "spark": _open_spark,
    "datafusion": _open_datafusion,
    "snowflake": _open_snowflake,
}
"""By the dialect's name."""

CONNECTIONS: tuple[tuple[str, str, Callable[[Any], Engine]], ...] = (
    ("duckdb", "DuckDBPyConnection", _adopt_duckdb),
    ("psycopg", "Connection", _adopt_postgres),
    ("clickhouse_connect.driver.client", "Client", _adopt_clickhouse),
    ("clickhouse_connect.dbapi.connection", "Connection", _adopt_clickhouse),
    ("pyspark.sql", "SparkSession", _adopt_spark),
    ("pyspark.sql.connect.session", "SparkSession", _adopt_spark),
    ("datafusion", "SessionContext", _adopt_datafusion),
    ("snowflake.connector", "SnowflakeConnection", _adopt_snowflake),
)
"""Module and class of connections that can be handed over."""


Settings = Mapping[str, str | int | float | bool]


def connect(
    url: str,
    *,
    read_only: bool = False,
    directory: Path | None = None,
    settings: Settings = MappingProxyType({}),
    threads: int | None = None,
) -> Engine:
    """Opens a warehouse.

    Args:
        url: such as ``duckdb:///flights.duckdb``; ``duckdb://`` alone is in memory.
        read_only: True where nothing will be written.
        directory: what a relative path is relative to.
        settings: of the session, in the engine's words.
        threads: how many threads or processes a statement may take; None for as many as it likes.

    Raises:
        ConfigurationError: for a setting that results depend on.
        UnsupportedError: for a scheme that no engine serves, and a driver that is not installed.
        WarehouseError: where it cannot be opened.
    """
    scheme = address.scheme(url)
    name = dialects.SCHEMES.get(scheme, "")
    if name not in OPENERS:
        examples = [dialects.DIALECTS[served].address for served in OPENERS]
        written = "`sqlmonitor compile` writes its statements; " if name in dialects.DIALECTS else ""
        raise UnsupportedError(
            f"no engine for '{scheme}:' yet", remedy=f"{written}monitors run on: {', '.join(examples)}"
        )
    try:
        engine = OPENERS[name](url, read_only, directory)
    except ModuleNotFoundError as error:
        extra = dialects.DIALECTS[name].extra
        raise UnsupportedError(
            f"the driver for '{scheme}:' is not installed: there is no module {error.name}",
            remedy=f"pip install 'sqlmonitor[{extra}]'",
        ) from error
    try:
        _configure(engine, settings, threads)
    except BaseException:
        engine.close()
        raise
    return engine


def _configure(engine: Engine, settings: Settings, threads: int | None) -> None:
    for name, value in settings.items():
        if name.casefold() in engine.own_settings:
            raise ConfigurationError(
                f"results depend on the setting '{name}', which a run makes itself",
                key=f"settings.{name}",
                remedy="leave it out",
            )
        engine.configure(name, value)
    if threads is not None:
        engine.use_threads(threads)


def adopt(connection: Any) -> Engine:
    """Takes what is open already: a driver's connection, or a SQLAlchemy engine.

    Raises:
        UnsupportedError: for anything else.
    """
    for module, name, take in CONNECTIONS:
        if _is_a(connection, module, name):
            return take(connection)
    if _is_a(connection, "sqlalchemy", "Engine"):
        # Its own connection out of its pool: how it logs in is the engine's affair.
        pooled = connection.raw_connection()
        driver = pooled.driver_connection
        pooled.detach()
        return adopt(driver)
    shown = f"{type(connection).__module__}.{type(connection).__qualname__}"
    taken = ", ".join(f"{module}.{name}" for module, name, _ in CONNECTIONS)
    raise UnsupportedError(
        f"a {shown} is no connection that can be used", remedy=f"give a URL, {taken} or sqlalchemy.Engine"
    )


def _is_a(value: Any, module: str, name: str) -> bool:
    """Whether it is of the class, without importing a driver that is not in use."""
    package = module.partition(".")[0]
    return any(
        base.__name__ == name and base.__module__.partition(".")[0] in (package, f"_{package}")
        for base in type(value).__mro__
    ) and isinstance(value, getattr(import_module(module), name))
