"""Comparisons against SciPy and NumPy, and what becomes of columns that are not alike."""

from __future__ import annotations

import json

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon
from two_sides import ROWS, side

from sqlmonitor import comparison
from sqlmonitor.comparison.schemas import schemas
from sqlmonitor.engines.duckdb import DuckDB
from sqlmonitor.errors import ConfigurationError, SqlmonitorError


@pytest.fixture(scope="module")
def found(files: list[str]) -> pd.DataFrame:
    with DuckDB(duckdb.connect()) as opened:
        return comparison.compare(opened, *files).columns.set_index("column")


def test_distances_are_scipys(found: pd.DataFrame) -> None:
    before, after = (side(number) for number in (0, 1))
    for name in ("amount", "steady"):
        expected = stats.ks_2samp(before[name].dropna(), after[name].dropna(), method="asymp")
        assert found.loc[name, "kolmogorov_smirnov"] == pytest.approx(expected.statistic, abs=1e-3)
    for name in ("colour", "flag"):
        levels = pd.concat([before[name], after[name]]).to_numpy()
        table = pd.crosstab(levels, [0] * len(before) + [1] * len(after))
        # With two levels SciPy corrects for continuity, and so does the catalogue.
        chi_square = stats.chi2_contingency(table)
        assert found.loc[name, "chi_square"] == pytest.approx(chi_square.statistic)
        assert found.loc[name, "chi_square_p_value"] == pytest.approx(chi_square.pvalue, abs=1e-9)
        shares = table / table.sum()
        expected = jensenshannon(shares[0], shares[1], base=2)
        assert found.loc[name, "jensen_shannon"] == pytest.approx(expected)


def test_every_distance_has_its_noise_floor(found: pd.DataFrame) -> None:
    for name in ("jensen_shannon", "hellinger", "total_variation", "population_stability_index"):
        assert (found.loc[["amount", "steady", "colour", "flag"], f"{name}_noise_floor"] > 0).all()
    for name in ("kolmogorov_smirnov", "wasserstein", "wasserstein_normalized"):
        assert (found.loc[["amount", "steady"], f"{name}_noise_floor"] > 0).all()


def test_missing_and_means(found: pd.DataFrame) -> None:
    before, after = (side(number)["amount"] for number in (0, 1))
    row = found.loc["amount"]
    assert [row["reference_missing"], row["missing"]] == pytest.approx(
        [before.isna().mean(), after.isna().mean()]
    )
    assert [row["reference_mean"], row["mean"]] == pytest.approx([before.mean(), after.mean()])


def test_levels_that_came_and_went(found: pd.DataFrame) -> None:
    row = found.loc["colour"]
    assert (row["new_levels"], row["gone_levels"]) == (("it's | new",), ("blue",))
    assert (row["new_level_count"], row["gone_level_count"]) == (1, 1)
    assert found.loc["flag", "new_levels"] == ()


def test_what_changed_stands_first_and_what_is_not_alike_last(found: pd.DataFrame) -> None:
    assert dict(found["status"]) == {
        "colour": "changed",
        "amount": "changed",
        "channel": "added",
        "old": "removed",
        "zip": "retyped",
        "steady": "same",
        "flag": "same",
        "row_id": "left out",
        "at": "left out",
    }
    changes = found.loc[found["status"] == "changed", "change"]
    assert changes.is_monotonic_decreasing
    order = ["changed", "added", "removed", "retyped", "same", "left out"]
    assert list(dict.fromkeys(found["status"])) == order
    assert found.loc["zip", "type"] == "BIGINT → VARCHAR"
    assert found.loc["row_id", "note"] == "an identifier: 1,200 values in 1,200 rows"


def test_missing_values_alone_are_a_change(engine: DuckDB) -> None:
    query = "select case when i % 10 >= {} then i % 7 end as x, i % 3 as y from range(3000) as t (i)"
    found = comparison.compare(engine, query.format(0), query.format(3)).columns.set_index("column")
    assert dict(found["status"]) == {"x": "changed", "y": "same"}
    assert found.loc["x", "change"] == pytest.approx(0.3)


def test_nothing_changes_against_itself(engine: DuckDB, files: list[str]) -> None:
    found = comparison.compare(engine, files[0], files[0])
    assert set(found.columns["status"]) == {"same", "left out"}
    assert found.columns["jensen_shannon"].max() == 0
    assert found.drifted(0) == []


@pytest.mark.slow
def test_few_draws_of_one_distribution_are_called_changed(engine: DuckDB) -> None:
    """One comparison in twenty at most calls any of its columns changed."""
    rng = np.random.default_rng(7)
    called = 0
    for _ in range(20):
        frames = [
            pd.DataFrame({f"c{n}": rng.gamma(2, 1, 500).round(3) for n in range(4)}).assign(
                k=rng.choice(list("abcd"), 500)
            )
            for _ in range(2)
        ]
        for name, frame in zip(("one", "two"), frames, strict=True):
            engine.connection.register(name, frame)
        called += "changed" in set(comparison.compare(engine, "one", "two").columns["status"])
    assert called <= 4


def test_a_condition_parts_one_side_as_two_queries_do(engine: DuckDB, files: list[str]) -> None:
    engine.connection.execute(f"create table both_sides as from '{files[0].replace(chr(39), chr(39) * 2)}'")
    condition = "at < timestamp '2024-01-20'"
    one = comparison.compare(engine, "both_sides", condition=condition, where="steady < 4")
    two = comparison.compare(
        engine,
        f"select * from both_sides where {condition}",
        f"with late as (from both_sides) select * from late where not ({condition}) -- late",
        where="steady < 4",
    )
    pd.testing.assert_frame_equal(one.columns, two.columns)
    assert one.counts.row_counts == two.counts.row_counts
    assert sum(one.counts.row_counts) == int((side(0)["steady"] < 4).sum())


def test_nothing_is_left_behind(engine: DuckDB, files: list[str]) -> None:
    comparison.compare(engine, *files)
    tables = engine.query("select table_schema, table_name from information_schema.tables")
    assert tables.empty
    assert "sqlmonitor" not in set(
        engine.query("select schema_name from information_schema.schemata")["schema_name"]
    )


def test_csv_and_columns_by_name(engine: DuckDB, tmp_path, files: list[str]) -> None:
    paths = []
    for number in (0, 1):
        paths.append(str(tmp_path / f"{number}.csv"))
        side(number).to_csv(paths[-1], index=False)
    found = comparison.compare(engine, *paths, columns=["colour", "row_id"]).columns.set_index("column")
    assert set(found.index) == {"colour", "row_id"}
    # A column that is named is taken, whatever it holds.
    assert found.loc["row_id", "new_level_count"] == ROWS[1]


def test_sides_without_a_column_in_common(engine: DuckDB) -> None:
    found = comparison.compare(engine, "select 1 as a", "select 2 as b")
    assert dict(zip(found.columns["column"], found.columns["status"], strict=True)) == {
        "b": "added",
        "a": "removed",
    }


def test_columns_that_differ_by_case_alone_are_pairs(engine: DuckDB) -> None:
    query = "select i % 7 as {}, i % 3 as y from range(300) as t (i)"
    found = comparison.compare(engine, query.format("AMOUNT"), query.format("Amount"))
    assert dict(zip(found.columns["column"], found.columns["status"], strict=True)) == {
        "Amount": "same",
        "y": "same",
    }
    one = comparison.compare(engine, query.format("AMOUNT"), query.format("Amount"), columns=["amount"])
    assert list(one.columns["column"]) == ["Amount"]


def test_pairs_must_be_clear() -> None:
    found = schemas({"A": "BIGINT", "b": "BIGINT", "B": "TEXT"}, {"b": "BIGINT", "a": "BIGINT"})
    assert (dict(found.kinds), found.renamed, found.removed, found.added) == (
        {"b": "numeric", "a": "numeric"},
        {"a": "A"},
        ("B",),
        (),
    )
    for sides in (({"A": "TEXT"}, {"a": "TEXT", "Ä": "TEXT"}), ({"ä": "TEXT"}, {"Ä": "TEXT"})):
        assert len(schemas(*sides).renamed) == 1
    unclear = ({"Amount": "BIGINT", "AMOUNT": "BIGINT", "x": "TEXT"}, {"amount": "BIGINT", "x": "TEXT"})
    with pytest.raises(ConfigurationError, match="Amount and AMOUNT and amount differ by case alone"):
        schemas(*unclear)
    assert list(schemas(*unclear, ["X"]).kinds) == ["x"]


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        (["select 1 as a; drop table x", "x"], {}, "first argument: more than one statement"),
        (["select 1 as a", "delete from x"], {}, "second argument"),
        (["select read_text('x') as a", "select 1 as a"], {}, "read_text reaches files"),
        (["nothing.parquet", "select 1 as a"], {}, "nothing.parquet: IO Error: No files found"),
        (["select nope from range(3)", "select 1 as a"], {}, 'first argument: Binder Error: .*"nope"'),
        (["select 1 as a"], {}, "one side is given"),
        (["select 1 as a", "select 1 as a"], {"condition": "a > 1"}, "two sides and a condition"),
        (["select 1 as a"], {"condition": "b > 1"}, "--reference: there is no column 'b'"),
        (["select 1 as a"], {"condition": "a"}, "is not true or false|no rows"),
        (["select 1 as a", "select 1 as a"], {"where": "a > 1; select 2"}, "--where: a condition cannot"),
        (["select 1 as a", "select 1 as a"], {"columns": ["b"]}, "--columns: there is no column 'b'"),
        (["select 1 as a", "select 1 as a"], {"columns": []}, "--columns: no column is named"),
        (["select 1 as a where false", "select 1 as a"], {}, "select 1 as a where false: no rows"),
        (["select 1 as a", "select 1 as a where false"], {}, "select 1 as a where false: no rows"),
    ],
)
def test_mistakes_are_named(engine: DuckDB, arguments, options, words) -> None:
    with pytest.raises(SqlmonitorError, match=words):
        comparison.compare(engine, *arguments, **options)


def test_plain_values_are_json(engine: DuckDB, files: list[str]) -> None:
    made = comparison.as_json(comparison.compare(engine, *files))
    read = json.loads(json.dumps(made, allow_nan=False))
    assert read["reference"]["row_count"] == 1200
    assert read["columns"][0]["column"] == "colour"


def test_from_python(files: list[str]) -> None:
    import sqlmonitor

    found = sqlmonitor.compare(*files, columns=["colour"])
    assert list(found.to_pandas()["status"]) == ["changed"]
    with duckdb.connect() as connection:
        connection.execute("create table t as select 1 as a")
        assert sqlmonitor.profile("t", warehouse=connection).row_count == 1
        # What was open stays open.
        assert connection.execute("from t").fetchall() == [(1,)]


def test_a_measure_whose_values_all_differ_is_compared(engine: DuckDB) -> None:
    query = (
        "select i as row_id, (i * 7919 * 10007 % 1000000007) * {} as revenue_cents from range(5000) as t (i)"
    )
    found = comparison.compare(engine, query.format(1), query.format(10)).columns.set_index("column")
    assert dict(found["status"]) == {"revenue_cents": "changed", "row_id": "left out"}
