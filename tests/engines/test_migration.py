"""A store of an older version gets its columns on every engine, and keeps its rows."""

from __future__ import annotations

from executed_engines import Warehouse

from sqlmonitor import migration, store
from sqlmonitor.engines import Engine
from sqlmonitor.store import TABLES


def columns(engine: Engine, place: str) -> list[str]:
    """In small letters: some engines make plain names large."""
    return [name.lower() for name in engine.describe(place)]


def test_an_older_store_gets_its_columns(warehouse: Warehouse, monkeypatch) -> None:
    older = {name: dict(columns) for name, columns in TABLES.items()}
    for column in ("owner", "url", "updated_column", "rows_until", "pruned_before"):
        del older["monitors"][column]
    del older["results"]["chunk_length"], older["results"]["compared_with"]
    with warehouse.connect() as engine:
        with monkeypatch.context() as patched, engine.transaction():
            patched.setattr(store, "TABLES", older)
            patched.setattr(store, "VERSION", store.VERSION - 1)
            for statement in store.creation("sqlmonitor"):
                engine.execute(statement)
            engine.execute(
                "insert into sqlmonitor.monitors (monitor, fit_id, run_id) values ('late', 'one', 'two')"
            )
            engine.execute(
                "insert into sqlmonitor.results (monitor, metric, value) values ('late', 'f1', 0.5)"
            )
        assert "owner" not in columns(engine, "sqlmonitor.monitors")
        assert "chunk_length" not in columns(engine, "sqlmonitor.results")
        assert migration.migrate(engine, "sqlmonitor")
        assert columns(engine, "sqlmonitor.monitors") == list(TABLES["monitors"])
        kept = engine.first("select monitor, fit_id, run_id, owner from sqlmonitor.monitors")
        assert kept == {"monitor": "late", "fit_id": "one", "run_id": "two", "owner": None}
        assert columns(engine, "sqlmonitor.results") == list(TABLES["results"])
        result = engine.first("select metric, value, chunk_length, compared_with from sqlmonitor.results")
        assert result == {"metric": "f1", "value": 0.5, "chunk_length": "", "compared_with": ""}
        for view in store.VIEWS:
            assert columns(engine, f"sqlmonitor.{view}") == list(TABLES["results"]), view
        assert not migration.migrate(engine, "sqlmonitor")
