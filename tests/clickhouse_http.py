"""ClickHouse's HTTP interface over chDB, as far as a run needs it: the real engine behind a real connection.

No wheel has a server. So what is in between is ours, and what is said on both sides is ClickHouse's.

    python tests/engines/clickhouse_http.py FOLDER PORT
"""

from __future__ import annotations

import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import chdb

OF_THE_TRANSPORT = {
    "client_protocol_version",
    "compress",
    "database",
    "http_headers_progress_interval_ms",
    "query",
    "query_id",
    "send_progress_in_http_headers",
    "session_id",
    "wait_end_of_query",
}
"""Parameters that are no settings."""


class Session:
    """What a session of the server keeps: its database, its settings, and its temporary tables."""

    def __init__(self, folder: str) -> None:
        self.connection = chdb.connect(folder)
        self.settings: dict[str, str] = {}
        self.database = ""

    def answer(self, statement: str, parameters: dict[str, str]) -> bytes:
        if parameters.get("database", self.database) != self.database:
            self.database = parameters["database"]
            self.connection.query(f"use `{self.database}`")
        for name, value in parameters.items():
            if name not in OF_THE_TRANSPORT and self.settings.get(name) != value:
                self.connection.query(f"set {name} = '{value}'")
                self.settings[name] = value
        return bytes(self.connection.query(statement, "TabSeparated").bytes())


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        parameters = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        statement = "\n".join(part for part in (parameters.get("query", ""), body) if part)
        try:
            answer = self.server.session(parameters.get("session_id", "")).answer(statement, parameters)
            status, code = 200, ""
        except Exception as error:
            answer, status = str(error).encode(), 500
            found = re.search(r"Code: (\d+)", str(error))
            code = found[1] if found else ""
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.send_header("X-ClickHouse-Format", "TabSeparated")
        if code:
            self.send_header("X-ClickHouse-Exception-Code", code)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Nothing is said of what goes well."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, folder: str, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.folder = folder
        self.sessions: dict[str, Session] = {}

    def session(self, name: str) -> Session:
        if name not in self.sessions:
            self.sessions[name] = Session(self.folder)
        return self.sessions[name]


if __name__ == "__main__":
    Server(sys.argv[1], int(sys.argv[2])).serve_forever()
