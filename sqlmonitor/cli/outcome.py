"""What became of a run, as one line of JSON for whatever started it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from sqlmonitor.errors import InternalError, SqlmonitorError
from sqlmonitor.store import literal, quoted

if TYPE_CHECKING:
    from sqlmonitor.engines import Engine
    from sqlmonitor.results import Results

__all__ = ["Reporter"]


@dataclass
class Reporter:
    """Writes a line to standard output for every monitor that has run, and for the failure that ended a command.

    Args:
        is_json: False to write nothing.
        fails_on_alert: alerts are told by the exit code.
        monitor: the one that runs; None before the first.
        began: when it began to run, in seconds of the system's steady clock, which no change of time moves.
    """

    is_json: bool
    fails_on_alert: bool = False
    monitor: str | None = None
    began: float = field(default_factory=time.monotonic)

    def begin(self, monitor: str) -> None:
        """Notes what runs; an attempt that is made again goes on with the first one's time."""
        if monitor != self.monitor:
            self.monitor, self.began = monitor, time.monotonic()

    def complete(self, engine: Engine, schema: str, results: Results) -> None:
        """Says what a run has read and found.

        Args:
            engine: an open warehouse.
            schema: the store's.
            results: what the run ended with.
        """
        if not self.is_json:
            return
        columns = "run_id, fit_id, reading, recounted_chunks, recounted_rows, row_count"
        run = engine.first(
            f"select {columns} from {quoted(schema)}.runs where monitor = {literal(self.monitor or '')} "
            "order by finished_at desc, run_id limit 1"
        )
        assert run is not None
        alerts = int(results.alerts_by_family()["alert_count"].sum())
        self._write(
            outcome="complete",
            run_id=run["run_id"],
            fit_id=run["fit_id"],
            chunks=int(run["recounted_chunks"]),
            rows=int(run["recounted_rows"]),
            all_rows=int(run["row_count"]),
            reading=run["reading"],
            alerts=alerts,
            not_computed=len(results.filter(period="analysis").failed()) if len(results) else 0,
            exit_code=1 if alerts and self.fails_on_alert else 0,
        )

    def failed(self, error: Exception) -> None:
        """Says why a command ended."""
        if not self.is_json:
            return
        if isinstance(error, SqlmonitorError):
            kind, message, code = type(error).__name__, error.headline(), error.exit_code
        else:
            kind, message = InternalError.__name__, f"{type(error).__name__}: {error}"
            code = InternalError.exit_code
        remedy = getattr(error, "remedy", None)
        self._write(
            outcome="failed", exit_code=code, error={"kind": kind, "message": message, "remedy": remedy}
        )

    def _write(self, **facts: Any) -> None:
        facts.setdefault("error", None)
        line = {"monitor": self.monitor, "seconds": round(time.monotonic() - self.began, 3)} | facts
        click.echo(json.dumps(line, ensure_ascii=False))
