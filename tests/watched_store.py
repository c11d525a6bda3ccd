"""A little store, one publication of every kind of statement, and what there is before and after it."""

from __future__ import annotations

from typing import Any

from executed_engines import Warehouse

from sqlmonitor import engines

STORE = """
create schema if not exists watched;
create table watched.results (monitor varchar, value bigint);
create table watched.runs (monitor varchar, run_id varchar);
create table watched.kept_1 (value bigint)
"""
FILLING = """
insert into watched.results (monitor, value) values ('a', 1), ('a', 2), ('b', 1);
insert into watched.runs (monitor, run_id) values ('a', 'first'), ('b', 'first');
insert into watched.kept_1 (value) values (1)
"""
PUBLICATION = """
delete from watched.results as former where former.monitor = 'a' and value < 2;
insert into watched.results (monitor, value) select 'a' as monitor, 3 as value;
delete from watched.results where monitor = 'a' and value = 2;
update watched.runs set run_id = 'second' where monitor = 'a';
drop table if exists watched.kept_1;
create table watched.kept_2 as select value from watched.results;
create table if not exists watched.later (value bigint);
alter table watched.later add column name varchar;
create or replace view watched.latest as select * from watched.results
"""
BEFORE = ([("a", 1), ("a", 2), ("b", 1)], [("a", "first"), ("b", "first")], ["kept_1"])
AFTER = ([("a", 3), ("b", 1)], [("a", "second"), ("b", "first")], ["kept_2"])


def publish(engine: engines.Engine, text: str) -> None:
    with engine.transaction():
        for statement in text.split(";"):
            engine.execute(statement)


def filled(warehouse: Warehouse) -> Warehouse:
    with warehouse.connect() as engine:
        publish(engine, STORE)
        publish(engine, FILLING)
    return warehouse


def seen(engine: engines.Engine) -> tuple[list[Any], ...]:
    def rows(sql: str) -> list[Any]:
        return sorted(engine.query(sql).itertuples(index=False, name=None))

    listed = rows("select table_name from information_schema.tables where table_schema = 'watched'")
    return (
        rows("select monitor, value from watched.results"),
        rows("select monitor, run_id from watched.runs"),
        [one for (one,) in listed if one.startswith("kept")],
    )


def afresh(warehouse: Warehouse) -> tuple[list[Any], ...]:
    with warehouse.connect() as engine:
        return seen(engine)
