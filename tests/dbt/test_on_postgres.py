"""A profile of dbt-postgres opens a real server, as another role, and a dbt project's monitors run there."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg
import pytest
from dbt_manifests import LOANS, Shop
from executed_engines import postgres_server

import sqlmonitor

LOANS_THERE = (
    LOANS.replace("main_labels", "scores_labels")
    .replace("main.", "scores.")
    .replace("interval (i * 6) hour", "i * interval '6 hour'")
    .replace("from range(800) as numbers (i)", "from generate_series(0, 799) as numbers (i)")
)


@pytest.mark.slow
def test_a_profile_opens_the_server_and_the_monitors_run(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shop("postgres")
    with postgres_server(tmp_path) as make:
        url = make().url
        parts = urlsplit(url)
        host = parse_qs(parts.query)["host"][0]
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"create schema scores; {LOANS_THERE}".encode())
            connection.execute("create role reader; create schema sqlmonitor authorization reader")
            connection.execute("create schema public2; grant usage on schema scores, scores_labels to reader")
            connection.execute("grant select on all tables in schema scores, scores_labels to reader")
            database = unquote(parts.path.removeprefix("/"))
            connection.execute(f"grant create on database {database} to reader".encode())
        profiles = folder / "profiles.yml"
        text = (
            profiles.read_text()
            .replace("db.example.com", host)
            .replace("dbname: shop", f"dbname: {database}")
        )
        text = text.replace("user: shop", f"user: {unquote(parts.username or '')}").replace(
            "require", "prefer"
        )
        profiles.write_text(text.replace("port: \"{{ env_var('SHOP_PORT', '5432') | int }}\"", "port: 5432"))
        manifest = folder / "target" / "manifest.json"
        relations = manifest.read_text().replace('\\"shop\\".', f'\\"{database}\\".')
        manifest.write_text(relations.replace('"database": "shop"', f'"database": "{database}"'))
        monkeypatch.setenv("DBT_TARGET", "server")
        project = sqlmonitor.load(dbt=folder)
        with project.connect() as warehouse:
            row = warehouse.first("select current_user as role, current_setting('search_path') as path")
            results = project["loan_default"].run(warehouse).to_pandas()
        assert row == {"role": "reader", "path": "scores, public"}
        with psycopg.connect(url) as connection:
            owner = connection.execute("select owner from sqlmonitor.monitors").fetchall()
        assert owner == [("Risk team <risk@example.com>",)]
    counts = results[(results["metric"] == "row_count") & (results["segment_column"] == "")]
    # 800 rows, four a day from 2024-01-01 on: 31, 29, 31, 30, 31, 30 days, and 18 of July.
    assert counts.sort_values("chunk")["value"].tolist() == [124, 116, 124, 120, 124, 120, 72]
