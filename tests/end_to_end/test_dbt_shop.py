"""The example of a dbt project does what its README says, on DuckDB and on PostgreSQL."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import psycopg
import pytest
from dbt_projects import COMMAND, needs_dbt
from executed_engines import PostgresWarehouse, postgres_server

EXAMPLES = Path(__file__).parents[2] / "examples"
README = (EXAMPLES / "dbt_shop" / "README.md").read_text(encoding="utf-8")
DOCS = (EXAMPLES.parent / "docs" / "dbt_export.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
    if not line.startswith(("pip ", "cd "))
]
ORDER = "order by period, chunk, segment_column, segment_value, family, metric, column_name, component"

CHANGED = "family = 'realized' and metric = 'roc_auc' and chunk = '2013-08-01' and segment_column = ''"

pytestmark = [needs_dbt, pytest.mark.slow]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A copy of the project, with the data where it looks for them."""
    shutil.copytree(EXAMPLES / "flights" / "data", tmp_path / "flights" / "data")
    kept = shutil.ignore_patterns("target", "logs", "dbt_packages", "monitoring", "packages.yml", "*.duckdb*")
    return Path(shutil.copytree(EXAMPLES / "dbt_shop", tmp_path / "dbt_shop", ignore=kept))


def typed(command: str, folder: Path, **variables: str) -> str:
    """Types a command in a folder; both environments' commands are on the path."""
    assert COMMAND is not None
    path = os.pathsep.join([str(Path(sys.executable).parent), str(Path(COMMAND).parent), os.environ["PATH"]])
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=os.environ | {"PATH": path, "DBT_USE_COLORS": "false", "DO_NOT_TRACK": "1"} | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def test_what_the_readme_says_on_duckdb(shop: Path) -> None:
    assert len(COMMANDS) == 7
    printed = {command: typed(command, shop) for command in COMMANDS}
    assert printed["python compare.py"] in README
    assert "0.6421 ▼" in printed["sqlmonitor run --dbt ."]
    build = printed["dbt build --select package:monitoring"]
    assert re.search(r"WARN \d+ sqlmonitor_no_open_alerts", build)
    assert "WARN=1 ERROR=0 SKIP=0" in build
    # A second build reads the newest months alone, here with views where tables are read once, and fails on alerts.
    asked = "{sqlmonitor_read_once: view, sqlmonitor_alert_severity: error}"
    with pytest.raises(AssertionError, match="WARN=0 ERROR=1"):
        typed(f"dbt build --select package:monitoring --vars '{asked}'", shop)
    typed("python compare.py", shop)
    # As docs/dbt_export.md has it: the test with arguments, of all alerts of realized values; and a history.
    alerts, history = re.findall(r"^```yaml\n(.*?)^```$", DOCS, re.MULTILINE | re.DOTALL)
    (shop / "models" / "alerts.yml").write_text(alerts, encoding="utf-8")
    (shop / "models" / "my_results.sql").write_text("select * from {{ ref('sqlmonitor_results') }}\n")
    (shop / "snapshots").mkdir()
    (shop / "snapshots" / "history.yml").write_text(history, encoding="utf-8")
    chosen = "dbt build --select my_results sqlmonitor_results_history"
    with pytest.raises(AssertionError, match=rf"Got {realized_alerts(shop)} results, configured to fail"):
        typed(chosen, shop)
    with duckdb.connect(str(shop / "shop.duckdb")) as connection:
        connection.execute(f"update main_sqlmonitor.sqlmonitor_results set value = 2 * value where {CHANGED}")
    with pytest.raises(AssertionError, match="configured to fail"):
        typed(chosen, shop)
    with duckdb.connect(str(shop / "shop.duckdb")) as connection:
        kept = connection.execute(
            "select former.value, later.value, former.valid_to = later.valid_from and later.valid_to is null "
            "from sqlmonitor_results_history as former inner join sqlmonitor_results_history as later "
            "using (family, metric, chunk, segment_column, segment_value, component, column_name) "
            "where former.valid_to is not null and later.valid_from > former.valid_from"
        ).fetchall()
        ((current,),) = connection.execute(
            "select count(*) from sqlmonitor_results_history where valid_to is null"
        ).fetchall()
    assert current == 4920
    ((before, after, is_followed),) = kept
    assert is_followed
    assert after == 2 * before
    # Without the project, on the tables that it has made.
    typed("sqlmonitor dbt export ../apart --sources --dbt .", shop)
    apart = shop.parent / "apart"
    models = "".join(path.read_text(encoding="utf-8") for path in (apart / "models").rglob("*.sql"))
    assert "ref('shop'" not in models
    file = {"DBT_SHOP_FILE": str(shop / "shop.duckdb")}
    typed("dbt build --profiles-dir ../dbt_shop --select +late_flights__chunks", apart, **file)


def realized_alerts(shop: Path) -> int:
    """How many there are, by what a run has stored."""
    question = "select count(*) from sqlmonitor.open_alerts where family = 'realized'"
    with duckdb.connect(str(shop / "shop.duckdb"), read_only=True) as connection:
        ((count,),) = connection.execute(question).fetchall()
    assert count > 0
    return int(count)


def test_the_same_on_postgres(shop: Path, tmp_path: Path) -> None:
    with postgres_server(tmp_path) as opened:
        warehouse = opened()
        assert isinstance(warehouse, PostgresWarehouse)
        load_sample(warehouse, shop)
        given = psycopg.conninfo.conninfo_to_dict(warehouse.url)
        variables = {
            "DBT_TARGET": "postgres",
            "PGHOST": str(given["host"]),
            "PGPORT": str(given.get("port") or 5432),
            "PGUSER": str(given["user"]),
            "PGPASSWORD": str(given.get("password") or ""),
            "PGDATABASE": str(given["dbname"]),
        }
        held_back = "scheduled_at >= timestamp '2013-11-10 00:00:00'"
        warehouse.run(f"create table later as select * from airline.flights_scored where {held_back}")
        warehouse.run(f"delete from airline.flights_scored where {held_back}")
        for command in COMMANDS[:-1]:
            typed(command, shop, **variables)
        # Later builds and runs read what is new.
        warehouse.run("insert into airline.flights_scored select * from later")
        typed("dbt build", shop, **variables)
        typed("sqlmonitor run --dbt .", shop, **variables)
        with warehouse.connect() as engine:
            by_run = engine.query(f"select * from sqlmonitor.latest_results {ORDER}")
            by_dbt = engine.query(f"select * from public_sqlmonitor.sqlmonitor_results {ORDER}")
    assert len(by_run) > 2000
    assert by_dbt["chunk"].max() == "2013-12-01"
    of_the_run = ["run_id", "computed_at"]
    pd.testing.assert_frame_equal(
        by_dbt.drop(columns=of_the_run),
        by_run.drop(columns=of_the_run),
        check_exact=False,
        rtol=1e-9,
        atol=1e-12,
    )


def load_sample(warehouse: PostgresWarehouse, shop: Path) -> None:
    """One flight in ten, in the schema that the project's source names."""
    warehouse.run("create schema airline")
    for name in ("flights_scored", "flights_outcomes"):
        with duckdb.connect() as connection:
            file = shop.parent / "flights" / "data" / f"{name}.parquet"
            rows = connection.sql(f"select * from '{file}' where flight_id % 10 = 3").to_arrow_table()
        warehouse.load(name, rows)
        warehouse.run(f"alter table {name} set schema airline")
