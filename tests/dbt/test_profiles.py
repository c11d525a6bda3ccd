"""profiles.yml: which URL each adapter's settings make, where the file is looked for, and what is never shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg.conninfo
import pytest
from dbt_manifests import Shop

from sqlmonitor import dbt, engines
from sqlmonitor.cli.entry import main
from sqlmonitor.dbt.profiles import Target, find_target
from sqlmonitor.definitions import loads
from sqlmonitor.dialects import DIALECTS, SCHEMES
from sqlmonitor.dialects.dbt_adapters import ADAPTERS
from sqlmonitor.errors import ConfigurationError, UnsupportedError

SECRET = "hunter2 /@:?#&%'\""
HIDDEN = "hunter2%20%2F%40%3A%3F%23%26%25%27%22"
# Settings as the adapters' own documentation has them, and the URL by hand.
CASES: dict[str, tuple[dict[str, Any], str, tuple[str, str]]] = {
    "duckdb": ({"path": "data/shop.duckdb"}, "duckdb:///FOLDER/data/shop.duckdb", ("shop", "main")),
    "postgres": (
        {
            "host": "h",
            "port": 5433,
            "user": "u",
            "password": SECRET,
            "dbname": "d",
            "schema": "s",
            "sslmode": "require",
        },
        f"postgresql://u:{HIDDEN}@h:5433/d?sslmode=require",
        ("d", "s"),
    ),
    "clickhouse": (
        {
            "host": "h",
            "port": 8443,
            "user": "u",
            "password": SECRET,
            "schema": "s",
            "secure": True,
            "verify": False,
        },
        f"clickhousedb://u:{HIDDEN}@h:8443/s?secure=true&verify=false",
        ("", "s"),
    ),
    "redshift": (
        {"host": "h", "port": 5439, "user": "u", "password": SECRET, "dbname": "d", "schema": "s"},
        "redshift://u@h:5439/d",
        ("d", "s"),
    ),
    "snowflake": (
        {
            **{"account": "a-b.eu", "user": "u", "password": SECRET, "database": "D", "schema": "S"},
            **{"warehouse": "W H", "role": "R", "port": 444},
        },
        f"snowflake://u:{HIDDEN}@a-b.eu/D/S?warehouse=W%20H&role=R&port=444",
        ("D", "S"),
    ),
    "bigquery": (
        {
            "method": "service-account-json",
            "project": "p-1",
            "dataset": "s",
            "keyfile_json": {"private_key": SECRET},
        },
        "bigquery://p-1/s",
        ("p-1", "s"),
    ),
    "databricks": (
        {"host": "h.net", "http_path": "/sql/1.0", "token": SECRET, "catalog": "c", "schema": "s"},
        "databricks://h.net/c/s?http_path=%2Fsql%2F1.0",
        ("c", "s"),
    ),
    "spark": (
        {"method": "thrift", "host": "h", "port": 10001, "user": "u", "schema": "s"},
        "spark+thrift://u@h:10001/s",
        ("", "s"),
    ),
    "trino": (
        {
            "method": "ldap",
            "host": "h",
            "port": 8080,
            "user": "u",
            "password": SECRET,
            "database": "c",
            "schema": "s",
        },
        "trino://u@h:8080/c/s",
        ("c", "s"),
    ),
}


def target(folder: Path, settings: dict[str, Any], **options: Any) -> Target:
    profiles = {"shop": {"target": "prod", "outputs": {"prod": settings}}}
    (folder / "profiles.yml").write_text(json.dumps(profiles), encoding="utf-8")
    return find_target("shop", options.get("name"), [folder])


@pytest.fixture(autouse=True)
def _no_profiles_around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DBT_PROFILES_DIR", "DBT_TARGET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def test_every_adapter_has_a_case() -> None:
    assert set(CASES) == set(ADAPTERS)


@pytest.mark.parametrize("adapter", CASES)
def test_settings_make_a_url_that_names_the_dialect(adapter: str, tmp_path: Path) -> None:
    settings, url, place = CASES[adapter]
    found = target(tmp_path, {"type": adapter, "threads": 4, **settings})
    assert found.url == url.replace("FOLDER", str(tmp_path))
    assert found.place == place
    text = f"version: 1\nwarehouse: {json.dumps(found.url)}\nmonitors: [{{name: a, task: none, predictions: t, id: i, reference: 'i < 1', chunks: {{size: 5}}}}]"
    dialect = loads(text).dialect
    assert dialect == SCHEMES[ADAPTERS[adapter].scheme]
    assert dialect in DIALECTS
    assert SECRET not in repr(found)


@pytest.mark.parametrize("adapter", ["redshift", "bigquery", "databricks", "trino"])
def test_an_engine_that_is_compiled_for_says_so_when_it_is_opened(adapter: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="no engine for") as found:
        engines.connect(target(tmp_path, {"type": adapter, **CASES[adapter][0]}).url)
    assert "hunter2" not in str(found.value)


def test_sparks_thrift_server_is_not_taken_for_spark_connect(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="not reached by thrift") as found:
        engines.connect(target(tmp_path, {"type": "spark", **CASES["spark"][0]}).url)
    assert "sc://host:15002" in str(found.value)


def test_the_servers_role_and_path_reach_libpq(tmp_path: Path) -> None:
    settings = {**CASES["postgres"][0], "role": "analyst", "search_path": r"a\b, public"}
    read = psycopg.conninfo.conninfo_to_dict(target(tmp_path, {"type": "postgres", **settings}).url)
    assert read["password"] == SECRET
    assert read["options"] == r"-c role=analyst -c search_path=a\\b,\ public"


@pytest.mark.parametrize(
    ("path", "database"),
    [
        # As DuckDB itself names the database of a file.
        ("data/my.db.duckdb", "my"),
        ("/data/.hidden.duckdb", "hidden"),
        (":memory:", ""),
        ("md:shop?motherduck_token=hunter2", "shop"),
        ("s3://bucket/shop.duckdb", "shop"),
    ],
)
def test_a_duckdb_has_the_name_of_its_file(path: str, database: str, tmp_path: Path) -> None:
    assert target(tmp_path, {"type": "duckdb", "path": path}).place == (database, "main")


@pytest.mark.parametrize(
    "path", ["md:shop?motherduck_token=hunter2", "motherduck:shop", "s3://bucket/x.duckdb"]
)
def test_a_duckdb_on_a_server_is_no_file_here(path: str, tmp_path: Path) -> None:
    found = target(tmp_path, {"type": "duckdb", "path": path, "motherduck_token": "hunter2"})
    assert found.url == f"duckdb:///{path.partition('?')[0]}"
    with pytest.raises(UnsupportedError, match="no DuckDB file of this machine; MotherDuck") as refused:
        engines.connect(f"duckdb:///{path}")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("settings", "key", "hint"),
    [
        (
            {"type": "duckdb", "path": "a.duckdb", "remote": {"host": "h", "password": SECRET}},
            "remote",
            "name a file",
        ),
        ({"type": "clickhouse", "driver": "chdb", "chdb_path": "/data"}, "driver", "chdb:///FOLDER"),
        ({"type": "snowflake", "account": "a", "private_key": SECRET}, "private_key", "'private_key_path:'"),
        (
            {"type": "snowflake", "account": "a", "token": SECRET, "oauth_client_secret": SECRET},
            "oauth_client_secret",
            "the warehouse's URL",
        ),
    ],
)
def test_a_profile_of_another_engine_is_refused(
    settings: dict[str, Any], key: str, hint: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError) as found:
        target(tmp_path, settings)
    assert found.value.key == f"shop.outputs.prod.{key}"
    assert found.value.message == f"a profile of adapter {settings['type']} with '{key}' is not read"
    assert hint in str(found.value)
    assert "hunter2" not in str(found.value)


@pytest.mark.parametrize(("adapter", "key"), [("trino", "catalog"), ("databricks", "database")])
def test_a_setting_may_have_its_other_name(adapter: str, key: str, tmp_path: Path) -> None:
    settings, url, place = CASES[adapter]
    (former,) = {"database", "catalog"} & settings.keys()
    renamed = {key if name == former else name: value for name, value in settings.items()}
    assert key != former
    found = target(tmp_path, {"type": adapter, **renamed})
    assert (found.url, found.place) == (url, place)


@pytest.mark.parametrize(
    ("adapter", "login"),
    [
        ("bigquery", {"method": "oauth-secrets", "refresh_token": SECRET, "client_secret": SECRET}),
        ("bigquery", {"method": "service-account", "keyfile": "/keys/a.json"}),
        ("databricks", {"auth_type": "oauth", "client_id": "i", "client_secret": SECRET, "token": None}),
        ("redshift", {"method": "iam", "access_key_id": SECRET, "secret_access_key": SECRET}),
        ("trino", {"method": "jwt", "jwt_token": SECRET, "password": None}),
        ("spark", {"method": "http", "token": SECRET, "organization": "0", "cluster": "c"}),
    ],
)
def test_however_one_logs_in_the_place_is_the_same_and_no_secret_is_read(
    adapter: str, login: dict[str, Any], tmp_path: Path
) -> None:
    settings, url, place = CASES[adapter]
    found = target(tmp_path, {"type": adapter, **settings, **login})
    scheme = "spark+http" if adapter == "spark" else url.partition("://")[0]
    assert (found.url, found.place) == (f"{scheme}://{url.partition('://')[2]}", place)


def test_the_native_port_gives_way_to_the_drivers_own(tmp_path: Path) -> None:
    settings = {"type": "clickhouse", "host": "h", "port": 9000, "schema": "s"}
    assert target(tmp_path, settings).url == "clickhousedb://h/s"


def test_the_environment_is_asked_for_the_chosen_target_only(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shop()
    monkeypatch.delenv("SHOP_FILE", raising=False)
    assert find_target("shop", "prod", [folder]).url == f"duckdb:///{folder / 'shop.duckdb'}"
    monkeypatch.setenv("SHOP_FILE", "/data/other.duckdb")
    assert find_target("shop", "prod", [folder]).url == "duckdb:////data/other.duckdb"
    monkeypatch.setenv("SHOP_PORT", "6000")
    monkeypatch.setenv("DBT_ENV_SECRET_SHOP", SECRET)
    found = find_target("shop", "server", [folder])
    assert found.settings["port"] == 6000
    assert f"shop:{HIDDEN}@db.example.com:6000/shop" in found.url
    assert SECRET in found.hidden
    monkeypatch.setenv("SHOP_PORT", SECRET)
    assert find_target("shop", None, [folder]).name == "dev"
    with pytest.raises(ConfigurationError) as wrong:
        find_target("shop", "server", [folder])
    assert (wrong.value.line, wrong.value.key) == (16, "shop.outputs.server.port")
    assert "hunter2" not in str(wrong.value)
    monkeypatch.setenv("DBT_TARGET", "prod")
    assert find_target("shop", None, [folder]).name == "prod"


@pytest.mark.parametrize(
    ("settings", "name", "message", "hint"),
    [
        ({"type": "postgress"}, None, "unknown adapter 'postgress'", "did you mean 'postgres'?"),
        ({"host": "h"}, None, "key 'type' is missing", "allowed: duckdb"),
        ({"type": "postgres", "host": "h"}, None, "key 'user' is missing", "add 'user:'"),
        ({"type": "duckdb"}, "pord", "profile 'shop' has no target 'pord'", "did you mean 'prod'?"),
        ({"type": "{{ env_var('NO_SUCH_THING') }}"}, None, "variable NO_SUCH_THING is not set", "a default"),
        ({"type": "{{ var('x') }}"}, None, "'var' is not known here", "allowed: env_var"),
        (
            {"type": "{{ env_var.__globals__ }}"},
            None,
            "has more than may stand there (getattr)",
            "write {{ var",
        ),
        ({"type": "{% include '/etc/passwd' %}{{ 1 }}"}, None, "is not allowed", ""),
    ],
)
def test_a_wrong_profile_has_its_place(
    settings: dict[str, Any], name: str | None, message: str, hint: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError) as found:
        target(tmp_path, {"password": SECRET, **settings}, name=name)
    assert found.value.file == str(tmp_path / "profiles.yml")
    assert found.value.line == 1
    assert message in found.value.message
    assert hint in "\n".join(found.value.hints())
    assert "hunter2" not in str(found.value)


def test_profiles_are_looked_for_where_dbt_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project, named, home = tmp_path / "project", tmp_path / "named", tmp_path / "home" / ".dbt"
    for folder in (project, named, home):
        folder.mkdir(parents=True)
    with pytest.raises(ConfigurationError, match=r"there is no profiles\.yml") as found:
        find_target("shop", None, [project])
    assert str(home) in found.value.message
    for folder in (home, project, named):
        if folder is named:
            monkeypatch.setenv("DBT_PROFILES_DIR", str(named))
        file = folder / "profiles.yml"
        file.write_text(f"shop: {{target: a, outputs: {{a: {{type: duckdb, path: {folder.name}.duckdb}}}}}}")
        # A relative path is the project's, wherever the profile stands.
        assert find_target("shop", None, [project]).url == f"duckdb:///{project / folder.name}.duckdb"
    with pytest.raises(ConfigurationError) as found:
        find_target("shp", None, [project])
    assert "did you mean 'shop'?" in str(found.value)


def test_what_a_connection_would_lack_is_said(
    shop: Shop, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shop(warehouse=True)
    profiles = folder / "profiles.yml"
    text = profiles.read_text().replace(
        "path: shop.duckdb\n", "path: shop.duckdb\n      attach: [{path: x.db}]\n", 1
    )
    profiles.write_text(text)
    dbt.load(dbt=folder)
    assert [record.getMessage() for record in caplog.records] == [
        "profile 'shop', target 'dev': not read: attach"
    ]


def test_no_password_is_printed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The server is not there: what the driver says of it has the address in it."""
    folder = shop("postgres")
    monkeypatch.setenv("DBT_TARGET", "server")
    monkeypatch.setenv("DBT_ENV_SECRET_SHOP", SECRET)
    text = (
        (folder / "profiles.yml").read_text().replace("db.example.com", "127.0.0.1").replace("'5432'", "'1'")
    )
    (folder / "profiles.yml").write_text(text.replace("schema: scores", "schema: main"))
    for arguments in (["validate", "-v"], ["validate", "--show"], ["run"], ["compile"]):
        with pytest.raises(SystemExit):
            main([*arguments, "--dbt", str(folder)])
        said = capsys.readouterr()
        assert said.out + said.err
        for form in (SECRET, HIDDEN, "hunter2"):
            assert form not in said.out + said.err, arguments


@pytest.mark.parametrize(
    ("adapter", "relation", "written"),
    [
        ("snowflake", "shop.main.scored_loans", '"SHOP"."MAIN"."SCORED_LOANS"'),
        ("snowflake", 'shop.main."Scored loans"', '"SHOP"."MAIN"."Scored loans"'),
        ("bigquery", "`p-1`.`s`.`scored_loans`", "`p-1`.`s`.`scored_loans`"),
        ("databricks", "`c`.`s`.`scored_loans`", "`c`.`s`.`scored_loans`"),
        ("trino", '"c"."s"."scored_loans"', '"c"."s"."scored_loans"'),
        ("spark", "s.scored_loans", "`s`.`scored_loans`"),
        ("clickhouse", "`s`.`scored_loans`", '"s"."scored_loans"'),
    ],
)
def test_relations_are_compiled_in_the_adapters_dialect(
    adapter: str, relation: str, written: str, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the adapters quote them; a plain name is folded as the engine folds it."""

    def change(data: dict[str, Any]) -> None:
        data["metadata"]["adapter_type"] = adapter
        data["exposures"] = {}
        amounts = data["nodes"]["model.shop.amounts"]
        amounts.update(relation_name=relation, schema=CASES[adapter][2][1], database=CASES[adapter][2][0])
        data["nodes"] = {"model.shop.amounts": amounts}
        amounts["config"]["meta"]["sqlmonitor"]["resolution"] = "exact"

    folder = shop(change=change)
    settings = {"type": adapter, **CASES[adapter][0]}
    profiles = {"shop": {"target": "prod", "outputs": {"prod": settings}}}
    (folder / "profiles.yml").write_text(json.dumps(profiles), encoding="utf-8")
    with pytest.raises(SystemExit) as stopped:
        main(["compile", "--dbt", str(folder)])
    said = capsys.readouterr()
    assert stopped.value.code == 0, said.err
    assert written in said.out
    assert "hunter2" not in said.out
