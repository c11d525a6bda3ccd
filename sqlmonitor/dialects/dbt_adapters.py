"""dbt's adapters, as data: which settings of a profile make which part of a warehouse's URL.

Claim: a profile says all that a connection needs. Per adapter: the names of its settings differ, and so do the
parts of the engines' URLs. Remedy: one table. Adapters whose engine is only compiled for get a URL without secrets,
which names their dialect.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

__all__ = ["ADAPTERS", "Adapter"]

Settings = Mapping[str, Any]
ON_SERVER = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
"""How a path begins that is no file of this machine: ``md:``, ``s3://``."""


@dataclass(frozen=True)
class Adapter:
    """One adapter's settings; a part that may be named in several ways takes the first that is there.

    Args:
        scheme: of the URL.
        required: settings without which there is no connection, each by all its names.
        host: of the server.
        port: of the server.
        user: who logs in.
        password: settings with the password; none for adapters whose engine is compiled for only.
        path: the parts behind the host: a database, or a catalog and a schema.
        query: parameter of the URL → setting.
        fixed: parameters of the URL that are always there.
        session: parameter of the server's session → setting; they go where libpq takes them.
        schema: the schema that models have by default.
        database: the database that models have by default; empty where the engine has none.
        default_schema: what the schema is where the profile has none.
        driver: the setting that stands behind a plus in the scheme, for protocols that our engine does not speak.
        is_file: True where the path is a file, relative to dbt's project.
        unread: settings that change what a connection sees and that are not read.
        refused: setting → its value that makes it another engine than the scheme's, an empty one for any; and what
            to write in place of the profile.
        served_by: further dialects whose engines read its relations.
        ports: ports of another protocol, in whose place the driver's own port is taken.
    """

    scheme: str
    required: tuple[tuple[str, ...], ...] = ()
    host: tuple[str, ...] = ("host",)
    port: str = "port"
    user: tuple[str, ...] = ("user", "username")
    password: tuple[str, ...] = ()
    path: tuple[tuple[str, ...], ...] = ()
    query: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    session: Mapping[str, str] = field(default_factory=dict)
    schema: tuple[str, ...] = ("schema",)
    database: tuple[str, ...] = ("database",)
    default_schema: str = ""
    driver: str = ""
    is_file: bool = False
    unread: tuple[str, ...] = ()
    refused: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    ports: tuple[int, ...] = ()
    served_by: tuple[str, ...] = ()

    def missing(self, settings: Settings) -> str | None:
        """The first required setting that the profile lacks."""
        return next((names[0] for names in self.required if _first(settings, names) == ""), None)

    def refusal(self, settings: Settings) -> tuple[str, str] | None:
        """The first setting of another engine, and what to do about it."""
        for name, (value, remedy) in self.refused.items():
            given = settings.get(name)
            if given and value in ("", str(given).casefold()):
                return name, remedy
        return None

    def url(self, settings: Settings) -> str:
        """The warehouse's URL; every setting in it is escaped.

        Args:
            settings: one output of a profile, its expressions replaced.
        """
        if self.is_file:
            return f"{self.scheme}:///{without_parameters(_first(settings, ('path',))) or ':memory:'}"
        user, password = (quote(_first(settings, names), safe="") for names in (self.user, self.password))
        login = f"{user}:{password}@" if password else f"{user}@" if user else ""
        host = quote(_first(settings, self.host), safe=".-_[]:")
        port = _first(settings, (self.port,))
        place = f"{host}:{quote(port, safe='')}" if port and port not in map(str, self.ports) else host
        parts = [quote(_first(settings, names), safe="") for names in self.path]
        while parts and not parts[-1]:
            parts.pop()
        given = {name: _first(settings, (setting,)) for name, setting in self.query.items()}
        session = [
            f"-c {name}={_escaped(_first(settings, (setting,)))}"
            for name, setting in self.session.items()
            if _first(settings, (setting,))
        ]
        if session:
            given["options"] = " ".join(session)
        given |= self.fixed
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in given.items() if value)
        driver = _first(settings, (self.driver,)) if self.driver else ""
        scheme = f"{self.scheme}+{''.join(filter(str.isalnum, driver))}" if driver else self.scheme
        return f"{scheme}://{login}{place}/{'/'.join(parts)}" + (f"?{query}" if query else "")

    def place(self, settings: Settings) -> tuple[str, str]:
        """The database and the schema that models have by default; empty where the profile does not say."""
        database = _first(settings, self.database)
        if self.is_file and not database:
            file = without_parameters(_first(settings, ("path",))).rpartition("/")[2].rpartition(":")[2]
            # As the engine has it: up to the first dot, but for one that it begins with. In memory it is another.
            database = "" if file == "memory:" else file.lstrip(".").partition(".")[0]
        return database, _first(settings, self.schema) or self.default_schema


def without_parameters(path: str) -> str:
    """A path on a server without what stands behind its question mark, which may be a token; a file's as it is."""
    return path.partition("?")[0] if ON_SERVER.match(path) else path


def _first(settings: Settings, names: tuple[str, ...]) -> str:
    for name in names:
        value = settings.get(name)
        if value is not None and value != "":
            return str(value).lower() if isinstance(value, bool) else str(value)
    return ""


def _escaped(value: str) -> str:
    # libpq takes a blank for the end of the value.
    return value.replace("\\", "\\\\").replace(" ", "\\ ")


ADAPTERS: dict[str, Adapter] = {
    "duckdb": Adapter(
        "duckdb",
        is_file=True,
        default_schema="main",
        unread=(
            *("attach", "config_options", "extensions", "filesystems", "is_ducklake", "plugins", "secrets"),
            *("settings", "use_credential_provider"),
        ),
        refused={"remote": ("", "name a file as 'path:', or write the warehouse's URL as 'warehouse:'")},
    ),
    "postgres": Adapter(
        "postgresql",
        required=(("host",), ("user",), ("dbname", "database")),
        password=("password", "pass"),
        path=(("dbname", "database"),),
        query={
            "sslmode": "sslmode",
            "sslcert": "sslcert",
            "sslkey": "sslkey",
            "sslrootcert": "sslrootcert",
            "connect_timeout": "connect_timeout",
            "keepalives_idle": "keepalives_idle",
        },
        session={"role": "role", "search_path": "search_path"},
        database=("dbname", "database"),
    ),
    "clickhouse": Adapter(
        "clickhousedb",
        password=("password",),
        path=(("schema",),),
        query={
            "secure": "secure",
            "verify": "verify",
            "client_cert": "client_cert",
            "client_cert_key": "client_cert_key",
            "server_host_name": "server_host_name",
            "connect_timeout": "connect_timeout",
            "send_receive_timeout": "send_receive_timeout",
        },
        database=(),
        default_schema="default",
        unread=("custom_settings",),
        refused={"driver": ("chdb", "write its folder as a URL: warehouse: chdb:///FOLDER")},
        # dbt's native protocol; clickhouse-connect speaks HTTP.
        ports=(9000, 9440),
    ),
    "spark": Adapter(
        "spark",
        required=(("method",),),
        path=(("schema",),),
        database=(),
        # None of dbt's methods is Spark Connect.
        driver="method",
    ),
    "redshift": Adapter(
        "redshift", path=(("dbname", "database"),), database=("dbname", "database"), required=(("host",),)
    ),
    "snowflake": Adapter(
        "snowflake",
        required=(("account",),),
        host=("account",),
        # Of the server's address, which the account gives; both stand among the parameters.
        port="",
        password=("password",),
        path=(("database",), ("schema",)),
        query={
            "warehouse": "warehouse",
            "role": "role",
            "authenticator": "authenticator",
            "token": "token",
            "private_key_file": "private_key_path",
            "private_key_file_pwd": "private_key_passphrase",
            "host": "host",
            "port": "port",
            "protocol": "protocol",
            "client_session_keep_alive": "client_session_keep_alive",
        },
        refused={
            "private_key": ("", "write the key into a file and name it as 'private_key_path:'"),
            "oauth_client_secret": (
                "",
                "dbt asks for a token of its own with it: write the warehouse's URL as 'warehouse:'",
            ),
        },
    ),
    "bigquery": Adapter(
        "bigquery",
        host=("project", "database"),
        path=(("dataset", "schema"),),
        query={"location": "location"},
        schema=("dataset", "schema"),
        database=("project", "database"),
    ),
    "databricks": Adapter(
        "databricks",
        required=(("host",),),
        path=(("catalog", "database"), ("schema",)),
        query={"http_path": "http_path"},
        database=("catalog", "database"),
        served_by=("spark",),
    ),
    "trino": Adapter(
        "trino",
        required=(("host",),),
        path=(("database", "catalog"), ("schema",)),
        database=("database", "catalog"),
    ),
}
"""By the ``type`` of a profile's output."""
