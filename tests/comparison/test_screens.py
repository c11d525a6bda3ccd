"""The commands as they are typed: what they print, in which width, and how they end."""

from __future__ import annotations

import io
import json
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from sqlmonitor import comparison
from sqlmonitor.cli import compared, profiled
from sqlmonitor.cli.blocks import bar, blocks, percent, share
from sqlmonitor.cli.entry import main
from sqlmonitor.cli.summary import Screen
from sqlmonitor.engines.duckdb import DuckDB

pytestmark = pytest.mark.usefixtures("in_folder")


def outcome(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[object, str, str]:
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    said = capsys.readouterr()
    return stopped.value.code, said.out, said.err


def screen(width: int, encoding: str = "utf-8") -> tuple[Console, io.BytesIO]:
    kept = io.BytesIO()
    text = io.TextIOWrapper(kept, encoding=encoding, write_through=True)
    return Console(file=text, width=width, highlight=False, legacy_windows=False), kept


def test_a_comparison_in_one_line(capsys: pytest.CaptureFixture[str], in_folder: Path) -> None:
    code, out, err = outcome(capsys, "compare", "march.parquet", "april.parquet")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "reference  1,200 rows  march.parquet"
    assert lines[1] == "analysis   1,500 rows  april.parquet"
    assert lines[3] == "2 of 4 columns changed, 1 new, 1 gone, 1 of another type"
    assert [line.split()[0] for line in lines[5:8]] == ["column", "colour", "amount"]
    assert "1 new: it's | new; 1 gone: blue" in lines[6]
    assert "10 → 25 %" in lines[7].replace("10.0 → 25.0", "10 → 25")
    assert "other type    zip BIGINT → VARCHAR" in lines
    assert any(line.startswith("within noise  ") and "steady" in line for line in lines)
    # Nothing is written beside what was there.
    assert sorted(path.name for path in in_folder.iterdir()) == ["april.parquet", "march.parquet"]


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_screens_fit(encoding: str) -> None:
    with DuckDB(duckdb.connect()) as engine:
        found = comparison.compare(engine, "march.parquet", "april.parquet")
        profile = comparison.profile(engine, "march.parquet")
    for print_one, made in ((compared.print_comparison, found), (profiled.print_profile, profile)):
        for width in (60, 80, 100, 120, 200):
            out, kept = screen(width, encoding)
            print_one(made, out)
            text = kept.getvalue().decode(encoding)
            assert len(text) > 200
            longest = max(map(cell_len, text.splitlines()))
            assert longest <= width, f"{longest}\n{text}"


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("41.10 → 53.54, 20.2 % outside", 29, "41.10 → 53.54, 20.2 % outside"),
        ("41.10 → 53.54, 20.2 % outside", 28, "41.10 → 53.54, …"),
        ("1 new: a; 2 gone: bb, cc", 23, "1 new: a; 2 gone: bb, …"),
        ("1 new: a; 2 gone: bb, cc", 22, "1 new: a; …"),
        ("nowhere to cut", 8, "nowhere…"),
    ],
)
def test_notes_are_cut_between_their_parts(text: str, width: int, shown: str) -> None:
    assert compared.whole(text, width) == shown


def test_what_rows_of_both_sides_fit_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    chosen = ("march.parquet", "april.parquet", "--where", "steady > 0", "--columns", "colour")
    for format_, said in (
        ("table", "both       where steady > 0"),
        ("markdown", "- both: `where steady > 0`"),
    ):
        _, out, _ = outcome(capsys, "compare", *chosen, "--format", format_)
        assert said in out.splitlines()
    _, out, _ = outcome(capsys, "compare", *chosen, "--format", "json")
    assert json.loads(out)["where"] == "steady > 0"
    _, out, _ = outcome(capsys, "profile", chosen[0], *chosen[2:])
    assert out.startswith("march.parquet where steady > 0\n")


def test_nothing_of_the_data_is_obeyed_by_a_terminal_or_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    name, level = "two\nlines\x1b[31m", "\x1b]0;hi\x07[x](http://y) | `z`"
    with duckdb.connect() as connection:
        for file, share in (("a.parquet", 3), ("b.parquet", 2)):
            connection.execute(
                f"copy (select case when i % {share} = 0 then $1 else 'o' end as \"{name}\""
                f", i % 20 as \"[bold]n[/bold]\" from range(400) as t (i)) to '{file}'",
                [level],
            )
    for command in (("compare", "a.parquet", "b.parquet"), ("profile", "a.parquet")):
        for format_ in ("table", "markdown"):
            _, out, _ = outcome(capsys, *command, "--format", format_)
            assert all(sign.isprintable() or sign == "\n" for sign in out), out
            unescaped = out.replace("\\", "")
            assert "two lines�[31m" in unescaped
            assert "[bold]n[/bold]" in unescaped
            assert format_ == "table" or "[x](http://y)" not in out
    for line in out.splitlines():
        if line.startswith("|"):
            assert line.replace("\\|", "").count("|") in (6, 13), line


def test_a_screen_has_the_styles_of_ours_and_no_sign_of_the_datas() -> None:
    text = io.StringIO()
    Screen(file=text, width=80, force_terminal=True, color_system="standard").print(
        Text("a\x1b[2Jb\nc", style="bold")
    )
    assert text.getvalue() == "\x1b[1ma�[2Jb\x1b[0m\n\x1b[1mc\x1b[0m\n"


def test_formats_of_a_comparison(capsys: pytest.CaptureFixture[str]) -> None:
    sides = ("march.parquet", "april.parquet")
    _, out, _ = outcome(capsys, "compare", *sides, "--format", "json")
    assert [one["column"] for one in json.loads(out)["columns"]][:2] == ["colour", "amount"]
    _, out, _ = outcome(capsys, "compare", *sides, "--format", "csv")
    table = pd.read_csv(io.StringIO(out))
    assert table.loc[0, "new_levels"] == '["it\'s | new"]'
    assert table.set_index("column").loc["zip", "status"] == "retyped"
    _, out, _ = outcome(capsys, "compare", *sides, "--format", "markdown", "--columns", "colour, amount")
    rows = [line for line in out.splitlines() if line.startswith("|")]
    assert len(rows) == 4
    assert "it's \\| new" in rows[2]


@pytest.mark.parametrize(
    ("limit", "code", "said"), [("0.05", 1, "colour, amount, old, zip"), ("2", 1, "old, zip")]
)
def test_fails_where_asked(capsys: pytest.CaptureFixture[str], limit: str, code: int, said: str) -> None:
    found, _, err = outcome(capsys, "compare", "march.parquet", "april.parquet", "--fail-over", limit)
    assert (found, err) == (code, f"changed by more than {limit}, or lost: {said}\n")


def test_fails_not_where_nothing_changed(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = outcome(capsys, "compare", "march.parquet", "march.parquet", "--fail-over", "0")
    assert (code, err) == (0, "")


def test_a_profile_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = outcome(capsys, "profile", "march.parquet")
    assert (code, err) == (0, "")
    assert out.startswith("march.parquet\n1,200 rows, 8 columns\n")
    assert "green" in out
    _, out, _ = outcome(capsys, "profile", "march.parquet", "--format", "json", "--columns", "colour")
    assert json.loads(out)["columns"][0]["levels"][0][0] == "red"
    _, out, _ = outcome(capsys, "profile", "march.parquet", "--format", "csv")
    assert len(pd.read_csv(io.StringIO(out))) == 8
    _, out, _ = outcome(capsys, "profile", "march.parquet", "--format", "markdown")
    assert out.startswith("**`march.parquet`**: 1,200 rows")


def test_a_table_in_a_warehouse_that_others_have_open(
    capsys: pytest.CaptureFixture[str], in_folder: Path
) -> None:
    with duckdb.connect("shop.duckdb") as connection:
        connection.execute("create schema mart; create table mart.scores as from 'march.parquet'")
    before = Path("shop.duckdb").read_bytes()
    code, out, _ = outcome(
        capsys,
        *("compare", "mart.scores", "--reference", "steady = 1", "--warehouse", "duckdb:///shop.duckdb"),
    )
    assert code == 0
    assert out.splitlines()[0].endswith("mart.scores where steady = 1")
    assert Path("shop.duckdb").read_bytes() == before


def test_mistakes_are_a_few_lines(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, words in (
        (("march.parquet", "nope"), "nope: Catalog Error"),
        (("march.parquet", "april.parquet", "--warehouse", "nope://x"), "--warehouse: unknown engine 'nope'"),
        (("march.parquet", "april.parquet", "--warehouse", "${NOT_SET_AT_ALL}"), "NOT_SET_AT_ALL is not set"),
    ):
        code, out, err = outcome(capsys, "compare", *arguments)
        assert (code, out) == (2, "")
        assert words in err
        assert len(err.splitlines()) <= 4


def test_a_folder_is_said_to_be_one(capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path("days")
    folder.mkdir()
    for name in ("a.csv", "b.csv", "c.parquet", "notes.md"):
        (folder / name).write_text("k\n1\n", encoding="utf-8")
    for written in ("days", "days/", str(folder.absolute())):
        code, out, err = outcome(capsys, "profile", written)
        assert (code, out) == (2, "")
        pattern = str(Path(written) / "*.csv")
        assert err == f"argument: {written} is a folder\n  name the files in it: '{pattern}'\n"
    code, out, _ = outcome(capsys, "profile", "days/*.csv")
    assert code == 0
    assert "2 rows, 1 columns" in out
    # A table goes before a folder of its name.
    with duckdb.connect("shop.duckdb") as connection:
        connection.execute("create or replace table days as select 1 as k from range(3)")
    code, out, _ = outcome(capsys, "profile", "days", "--warehouse", "duckdb:///shop.duckdb")
    assert code == 0
    assert "3 rows, 1 columns" in out


def test_a_condition_on_a_part_of_a_structure(capsys: pytest.CaptureFixture[str]) -> None:
    rows = "select {'k': {'deep': i}} as s, i from range(4) as made (i)"
    for condition in ("s.k.deep > 0", "S.k.deep > 0", '"s".k.deep > 0'):
        code, out, _ = outcome(capsys, "profile", rows, "--where", condition)
        assert code == 0
        assert "3 rows, 2 columns" in out
    code, _, err = outcome(capsys, "profile", rows, "--where", "z.k > 0")
    assert code == 2
    assert "--where: there is no column 'k'" in err


def test_drawings() -> None:
    assert blocks([0, 0.1, 0.5, 1], 1) == " ▁▅█"
    assert bar(0.5, 8, is_ascii=False) == "████"
    assert bar(0.001, 8, is_ascii=False) == "▏"
    assert bar(0.5, 8, is_ascii=True) == "####"
    assert [percent(value) for value in (0, 0.0001, 0.123, 0.9999, 1)] == [
        "0",
        "<0.1",
        "12.3",
        ">99.9",
        "100",
    ]
    assert share(0.1, 0.1) == "10.0 %"
    assert share(0.1, 0.25) == "10.0 → 25.0 %"
