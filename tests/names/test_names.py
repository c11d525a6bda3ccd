"""User text to sqlglot trees: what is read, what is refused, and what the refusal says."""

from __future__ import annotations

import duckdb
import pytest
from sqlglot import exp

from sqlmonitor import names
from sqlmonitor.errors import ConfigurationError

HOSTILE = ["order", 'a "quoted" name', "Überprüfung", "'; drop table x --", " ", "a.b", "*", "\n"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_column_is_read_by_duckdb_as_it_is_named(name: str) -> None:
    with duckdb.connect() as connection:
        quoted = names.identifier(name).sql("duckdb")
        connection.execute(f"create table t as select 7 as {quoted}")
        sql = f"select {names.column(name, 't').sql('duckdb')} from t"
        assert connection.execute(sql).fetchall() == [(7,)]
        assert [row[0] for row in connection.execute("describe t").fetchall()] == [name]


@pytest.mark.parametrize("name", ["", "a\0b"])
def test_an_impossible_name_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="at least one character and no NUL"):
        names.identifier(name)


@pytest.mark.parametrize(
    ("text", "dialect", "expected"),
    [
        ("flights", "duckdb", '"flights"'),
        ("a.b.c", "duckdb", '"a"."b"."c"'),
        ("order", "duckdb", '"order"'),
        ("Flights", "duckdb", '"Flights"'),
        ("Überprüfung", "duckdb", '"Überprüfung"'),
        ('shop."a ""quoted"" name"', "duckdb", '"shop"."a ""quoted"" name"'),
        ('"\'; drop table x --"', "duckdb", '"\'; drop table x --"'),
        ("Shop.Flights", "postgres", '"shop"."flights"'),
        ('"Shop".Flights', "postgres", '"Shop"."flights"'),
        ("shop.flights", "snowflake", '"SHOP"."FLIGHTS"'),
        ("[a b].[c]", "tsql", "[a b].[c]"),
        ("'x.parquet'", "duckdb", '"x.parquet"'),
        ("'data/x.CSV.gz'", "duckdb", '"data/x.CSV.gz"'),
        ("read_parquet('x.parquet')", "duckdb", "READ_PARQUET('x.parquet')"),
        ("parquet_scan(['a', 'b'])", "duckdb", "PARQUET_SCAN(['a', 'b'])"),
        ("read_csv('x', header = true)", "duckdb", "READ_CSV('x', header = TRUE)"),
    ],
)
def test_a_relation_keeps_case_and_quoting(text: str, dialect: str, expected: str) -> None:
    assert names.relation(text, dialect).sql(dialect) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a relation is empty"),
        ("-- only a comment", "a relation is empty"),
        ("a b", "unexpected text at 'b'"),
        ("a; drop table x", "a relation cannot have a semicolon"),
        ("a.b.c.d", "too many parts"),
        ("(select 1)", "expected table name at '('"),
        ('"a', "a quote or comment is never closed"),
        ('a "quoted" name', "unexpected text"),
        ("a pivot(sum(x) for y in (1))", "is more than the name of a relation"),
        ("'secrets.txt'", "does not end in .parquet"),
        ("read_text('x')", "function read_text cannot stand in place of a table"),
        ("glob('*')", "function glob cannot stand"),
        ("generate_series(1, 2)", "function generate_series cannot stand"),
        ("main.read_csv('x')", "function read_csv cannot stand"),
        ("read_parquet(getenv('x'))", "takes plain values only"),
        ("read_parquet((select 'x'))", "takes plain values only"),
    ],
)
def test_a_broken_relation_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        names.relation(text)
    assert message in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize(
    "text",
    [
        "select 1",
        "select 1;",
        "select 1 -- why; not",
        "/* first */ select ';' as a",
        "with a as (select 1 as x) select * from a",
        "(select 1)",
        "select 1 union all select 2",
        "from flights",
        "select * from read_parquet('x.parquet')",
        "select *, row_number() over (order by a) from t",
    ],
)
def test_one_select_is_a_query(text: str) -> None:
    tree = names.query(text)
    assert tree.key in ("select", "union")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a query is empty"),
        (";", "a query is empty"),
        ("select 1; drop table x", "more than one statement"),
        ("select 1; select 2;", "more than one statement"),
        ("drop table x", "starts with DROP"),
        ("explain select 1", "starts with EXPLAIN"),
        ("copy x to 'y'", "starts with COPY"),
        ("attach 'x'", "starts with ATTACH"),
        ("pragma x", "starts with PRAGMA"),
        ("install httpfs", "starts with INSTALL"),
        ("load httpfs", "starts with LOAD"),
        ("set x = 1", "starts with SET"),
        ("insert into x select 1", "starts with INSERT"),
        ("with a as (select 1) insert into b select * from a", "is INSERT"),
        ("with a as (insert into x values (1) returning *) select * from a", "has INSERT"),
        ("with a as (delete from x returning *) select * from a", "has DELETE"),
        ("select 1 into y", "has INTO"),
        ("select * from t for update", "has FOR UPDATE"),
        ("select 'a", "never closed"),
        ("select (1", "expecting )"),
        ("select * from t where", "something is missing at 'where'"),
        ("select $1", "placeholder '1'"),
        ("select foo(x) from t", "function foo is not known in duckdb's SQL"),
        ("select * from t where main.foo(x)", "function foo is not known"),
        ("select getenv('HOME')", "function getenv reaches files"),
        ("select * from read_text('x')", "function read_text reaches files"),
        ("select * from query('drop table x')", "function query reaches files"),
        ("select read_csv('x')", "function read_csv reaches files"),
        ("select * from read_csv(getenv('x'))", "takes plain values only"),
    ],
)
def test_anything_but_one_reading_select_is_refused(
    text: str, message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        names.query(text)
    assert message in caught.value.message
    assert caught.value.remedy
    assert capfd.readouterr() == ("", ""), "sqlglot's own warnings must not reach the user"


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("carrier <> 'ZZ'", ["carrier"]),
        ("true", []),
        ("is_late", ["is_late"]),
        ("a = 1 and (b is null or a > 2)", ["a", "b"]),
        ("\"order\" = '''; drop table x --'", ["order"]),
        ('t."a ""quoted"" name" > 0', ['a "quoted" name']),
        ("Überprüfung between 1 and 2", ["Überprüfung"]),
        ("a in (select b from other where c)", ["a"]),
        ("a > (select max(b) from other)", ["a"]),
        ("at < timestamp '2013-05-01' -- before May", ["at"]),
        ("a like 'x;%'", ["a"]),
    ],
)
def test_a_condition_names_the_columns_it_reads(text: str, columns: list[str]) -> None:
    assert [one.name for one in names.columns_of(names.condition(text))] == columns


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a condition is empty"),
        ("a = 1;", "a condition cannot have a semicolon"),
        ("a = 1; drop table x", "a condition cannot have a semicolon"),
        ("a = 'x", "never closed"),
        ("(a = 1", "expecting )"),
        ("a = 1)", "unexpected text"),
        ("a b", "unexpected text at 'b'"),
        ("a as b", "unexpected text at 'as'"),
        ("a, b", "unexpected text at ','"),
        ("select 1", "unexpected text"),
        ("drop table x", "unexpected text"),
        ("1", "'1' is not true or false"),
        ("'text'", "is not true or false"),
        ("a + 1", "'a + 1' is not true or false"),
        ("(a, b)", "is not true or false"),
        ("{{ a }}", "is not true or false"),
        ("sum(a) > 1", "cannot have aggregates, but calls sum"),
        ("count(*) > 1", "cannot have aggregates, but calls count"),
        ("row_number() over () = 1", "cannot have window functions"),
        ("lag(a) > 1", "cannot have window functions"),
        ("a in (select 1 into y)", "has INTO"),
        ("unnest(a)", "cannot make rows"),
        ("columns('a.*') > 1", "must name its columns one by one"),
        ("a = ?", "placeholder '?'"),
        ("my_function(a)", "function my_function is not known"),
        ("getenv('x') = 'y'", "function getenv reaches files"),
        ("current_setting('x') = 'y'", "function current_setting reaches files"),
        ("pg_catalog.pg_read_file('x') = 'y'", "function pg_read_file reaches files"),
        ("a in (select content from read_text('x'))", "function read_text reaches files"),
    ],
)
def test_a_broken_condition_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        names.condition(text)
    assert message in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("sum(arr_delay) / count(*)", ["arr_delay"]),
        ("count(distinct x)", ["x"]),
        ("sum(x) filter (where y > 0) / nullif(count(z), 0)", ["x", "y", "z"]),
        ("sum(case when late = 1 then -amount else amount end)", ["late", "amount"]),
        ("case when count(*) > 0 then sum(x) / count(*) end", ["x"]),
        ("percentile_cont(0.5) within group (order by x)", ["x"]),
        ("any_value(x)", ["x"]),
        ('sum("order")', ["order"]),
    ],
)
def test_an_aggregate_names_the_columns_it_reads(text: str, columns: list[str]) -> None:
    assert sorted(one.name for one in names.columns_of(names.aggregate(text))) == sorted(columns)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "an aggregate expression is empty"),
        ("1", "'1' has no aggregate"),
        ("arr_delay", "'arr_delay' has no aggregate"),
        ("sum(x) + y", "column 'y' is not inside an aggregate"),
        ("sum(x) filter (where y) + z", "column 'z' is not inside an aggregate"),
        ("sum(sum(x))", "sum stands inside another aggregate"),
        ("sum(x) filter (where max(y) > 1)", "max stands inside another aggregate"),
        ("sum(x) over ()", "cannot have window functions"),
        ("lag(x)", "cannot have window functions"),
        ("(select sum(x) from t)", "cannot have subqueries"),
        ("sum((select 1))", "cannot have subqueries"),
        ("sum(x), sum(y)", "unexpected text at ','"),
        ("(sum(x), sum(y))", "is more than one expression"),
        ("sum(x) as y", "unexpected text at 'as'"),
        ("sum(x);", "cannot have a semicolon"),
        ("sum(x", "expecting )"),
        ("sum(*)", "must name its columns one by one"),
        ("sum(my_function(x))", "function my_function is not known"),
        ("max(getenv('x'))", "function getenv reaches files"),
    ],
)
def test_a_broken_aggregate_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        names.aggregate(text)
    assert message in caught.value.message
    assert caught.value.remedy


def test_an_allowed_function_is_accepted_in_any_case() -> None:
    a = [exp.to_identifier("a")]
    assert names.columns_of(names.condition("My_Function(a) > 1", "duckdb", ["my_function"])) == a
    assert names.columns_of(names.aggregate("sum(f(a))", "duckdb", ["F"])) == a
    assert names.query("select f(a) from t", "duckdb", ["f"]).key == "select"


def test_an_allowed_function_over_plain_columns_is_an_aggregate() -> None:
    x = [exp.to_identifier("x")]
    assert names.columns_of(names.aggregate("geomean(x)", "duckdb", ["geomean"])) == x
    with pytest.raises(ConfigurationError, match="column 'x' is not inside an aggregate"):
        names.aggregate("f(sum(y)) + x", "duckdb", ["f"])


def test_a_dangerous_function_cannot_be_allowed() -> None:
    with pytest.raises(ConfigurationError, match="getenv reaches files"):
        names.condition("getenv(a) = 'x'", "duckdb", ["getenv"])


@pytest.mark.parametrize(
    ("dialect", "functions"),
    [
        ("duckdb", "json_execute_serialized_sql json_deserialize_sql read_duckdb arrow_scan arrow_scan_dumb load_extension"),
        ("spark", "reflect java_method try_reflect read_files"),
        ("databricks", "reflect java_method try_reflect read_files"),
        ("clickhouse", "remoteSecure fileCluster urlCluster s3 s3Cluster odbc jdbc mysql postgresql url hdfs"),
        ("postgres", "lo_get lo_unlink pg_notify pg_ls_waldir pg_read_file dblink_exec crosstab4 query_to_xml_and_xmlschema"),
    ],
)  # fmt: skip
def test_functions_that_reach_out_cannot_be_allowed(dialect: str, functions: str) -> None:
    for function in functions.split():
        for text in (f"select {function}(a) as b from t", f"select * from {function}('a', 'b')"):
            with pytest.raises(ConfigurationError, match=f"(?i)function {function} reaches files"):
                names.query(text, dialect, [function])


@pytest.mark.parametrize("dialect", ["spark", "databricks"])
def test_rows_go_through_no_program(dialect: str) -> None:
    text = "select transform(a) using 'sh -c id' as (x string) from t"
    for query in (text, f"with p as ({text}) select * from p", f"select * from t where a in ({text})"):
        with pytest.raises(ConfigurationError, match="runs a program"):
            names.query(query, dialect)
    with pytest.raises(ConfigurationError, match="runs a program"):
        names.condition(f"a in ({text})", dialect)
    assert names.query("select transform(a, x -> x + 1) as b from t", dialect).key == "select"


PATHS = [
    *(f"{form}.`/etc/passwd`" for form in "text binaryFile csv json parquet orc avro delta".split()),
    "TEXT.`passwd`",
    "`text`.passwd",
    "shop.`s3://bucket/x`",
    "`org.apache.spark.sql.execution.datasources.text.TextFileFormat`.`passwd`",
]


@pytest.mark.parametrize("dialect", ["spark", "databricks"])
@pytest.mark.parametrize("path", PATHS)
def test_a_path_is_no_relation(path: str, dialect: str) -> None:
    calls = [
        lambda: names.relation(path, dialect),
        lambda: names.query(f"select * from {path}", dialect),
        lambda: names.query(f"select * from a join (select * from {path}) as b on a.id = b.id", dialect),
        lambda: names.condition(f"id in (select id from {path})", dialect),
    ]
    for call in calls:
        with pytest.raises(ConfigurationError, match="reads a file by its path") as caught:
            call()
        assert caught.value.remedy


def test_schemas_may_be_named_like_formats_elsewhere() -> None:
    assert names.relation("json.events", "postgres").sql("postgres") == '"json"."events"'
    assert names.relation("csv_files.events", "spark").sql("spark") == "`csv_files`.`events`"
    assert names.query("select text.a from shop.text", "spark").key == "select"


def test_an_unknown_function_says_how_to_allow_it() -> None:
    with pytest.raises(ConfigurationError) as caught:
        names.condition("my_function(a)")
    assert caught.value.remedy == "if it is meant, add it to the monitor: allow_functions: [my_function]"


@pytest.mark.parametrize(
    ("dialect", "written", "made"),
    [
        ("duckdb", "sum(a) / b_count(c)", "sum(a) / nullif(b_count(c), 0)"),
        ("trino", "max(below) / min(above)", "MAX(below) * CAST(1 AS DOUBLE) / NULLIF(MIN(above), 0)"),
        ("postgres", "sum(a) / count(*)", "SUM(a) * 1.0 / NULLIF(COUNT(*), 0)"),
        ("postgres", "sum((a + 1) / 2 / b)", "SUM(((a + 1) * 1.0 / NULLIF(2, 0)) * 1.0 / NULLIF(b, 0))"),
        ("postgres", "-sum(a * 2 / b) / 3", "-SUM((a * 2) * 1.0 / NULLIF(b, 0)) * 1.0 / NULLIF(3, 0)"),
        ("trino", "max(a) / min(b)", "MAX(a) * CAST(1 AS DOUBLE) / NULLIF(MIN(b), 0)"),
        ("bigquery", "max(a) / min(b)", "max(a) * CAST(1 AS FLOAT64) / NULLIF(min(b), 0)"),
    ],
)
def test_division_in_an_aggregate_keeps_its_decimals(dialect: str, written: str, made: str) -> None:
    allowed = ["b_count"]
    tree = names.aggregate(written, dialect, allowed)
    text = tree.sql(dialect)
    assert text.casefold() == made.casefold()
